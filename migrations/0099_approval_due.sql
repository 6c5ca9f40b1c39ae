-- 審批: a signature has its time. What waits longer may be signed one level up.
--
--   requisition_step:  open → open and escalated → approved | rejected | returned
--
-- A step has a due time from its turn on; those that were open when this came have none and are not escalated.

ALTER TABLE approval_rule ADD COLUMN within_minutes BIGINT NOT NULL DEFAULT 240
    CONSTRAINT approval_rule_within CHECK (within_minutes BETWEEN 1 AND 10080);

ALTER TABLE requisition_step ADD COLUMN within_minutes BIGINT NOT NULL DEFAULT 240
    CONSTRAINT requisition_step_within CHECK (within_minutes BETWEEN 1 AND 10080);
ALTER TABLE requisition_step ADD COLUMN due_at BIGINT;
ALTER TABLE requisition_step ADD COLUMN escalated_to TEXT
    CONSTRAINT requisition_step_escalated_to
    CHECK (escalated_to IN ('buying', 'department', 'finance', 'general_manager'));
ALTER TABLE requisition_step ADD COLUMN escalated_at BIGINT
    CONSTRAINT requisition_step_escalated CHECK ((escalated_at IS NULL) = (escalated_to IS NULL));

CREATE INDEX requisition_step_due ON requisition_step (due_at)
    WHERE state = 'open' AND escalated_at IS NULL AND due_at IS NOT NULL;
