-- PostgreSQL changes the CHECK of conformance_case in its place.

ALTER TABLE conformance_case DROP CONSTRAINT conformance_case_noun;
ALTER TABLE conformance_case ADD CONSTRAINT conformance_case_noun CHECK (noun IN (
    'customer_order', 'purchase_order', 'arrival', 'sku', 'supplier', 'requisition', 'excursion', 'count_sheet',
    'courier'
));
