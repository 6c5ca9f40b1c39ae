-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE TRIGGER weighing_kept BEFORE UPDATE ON weighing
BEGIN SELECT RAISE(ABORT, 'weighing is append-only'); END;
CREATE TRIGGER weighing_stays BEFORE DELETE ON weighing
BEGIN SELECT RAISE(ABORT, 'weighing is append-only'); END;
CREATE TRIGGER parcel_content_kept BEFORE UPDATE ON parcel_content
BEGIN SELECT RAISE(ABORT, 'parcel_content is append-only'); END;
CREATE TRIGGER parcel_content_stays BEFORE DELETE ON parcel_content
BEGIN SELECT RAISE(ABORT, 'parcel_content is append-only'); END;
CREATE TRIGGER stock_audit_kept BEFORE UPDATE ON stock_audit
BEGIN SELECT RAISE(ABORT, 'stock_audit is append-only'); END;
CREATE TRIGGER stock_audit_stays BEFORE DELETE ON stock_audit
BEGIN SELECT RAISE(ABORT, 'stock_audit is append-only'); END;
