-- What was written once is never changed: the table itself refuses it, in the words of this engine.

CREATE FUNCTION warehouse_append_only() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''% is append-only'', TG_TABLE_NAME; END';

CREATE TRIGGER weighing_kept BEFORE UPDATE OR DELETE ON weighing
FOR EACH ROW EXECUTE FUNCTION warehouse_append_only();
CREATE TRIGGER parcel_content_kept BEFORE UPDATE OR DELETE ON parcel_content
FOR EACH ROW EXECUTE FUNCTION warehouse_append_only();
CREATE TRIGGER stock_audit_kept BEFORE UPDATE OR DELETE ON stock_audit
FOR EACH ROW EXECUTE FUNCTION warehouse_append_only();
