-- 反饋與改進. What people suggest, and what review meetings decide. Figures have no table: they are added up from the
-- log and the journal.
--
--   suggestion:   made ──▶ accepted | declined
--   meeting:      open ──▶ closed
--   action_item:  open ──▶ done

CREATE TABLE suggestion (
    id           UUID PRIMARY KEY,
    site         UUID REFERENCES site (id),
    -- The step of the workflow that it is about: 2.2.
    step         TEXT NOT NULL,
    author       TEXT NOT NULL,
    author_id    UUID NOT NULL,
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    made_at      BIGINT NOT NULL,
    -- Until then it has to be answered.
    due_at       BIGINT NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT,
    answerer     TEXT,
    answerer_id  UUID,
    answered_at  BIGINT,
    votes        BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT suggestion_state CHECK (state IN ('made', 'accepted', 'declined')),
    CONSTRAINT suggestion_answer CHECK (
        (state = 'made') = (answered_at IS NULL)
        AND (answered_at IS NULL) = (reason IS NULL)
        AND (answered_at IS NULL) = (answerer IS NULL)
    ),
    CONSTRAINT suggestion_due CHECK (due_at >= made_at),
    CONSTRAINT suggestion_votes CHECK (votes >= 0)
);
CREATE INDEX suggestion_by_author ON suggestion (author_id, id);
CREATE INDEX suggestion_unanswered ON suggestion (due_at, id) WHERE state = 'made';

CREATE TABLE suggestion_vote (
    suggestion  UUID NOT NULL REFERENCES suggestion (id),
    voter       TEXT NOT NULL,
    voter_id    UUID NOT NULL,
    at          BIGINT NOT NULL,
    CONSTRAINT suggestion_vote_once PRIMARY KEY (suggestion, voter, voter_id)
);

CREATE TABLE meeting (
    id         UUID PRIMARY KEY,
    site       UUID NOT NULL REFERENCES site (id),
    -- The business days that it looks back on.
    first_day  TEXT NOT NULL,
    last_day   TEXT NOT NULL,
    state      TEXT NOT NULL,
    called_by  TEXT NOT NULL,
    caller_id  UUID,
    called_at  BIGINT NOT NULL,
    minutes    TEXT,
    closed_at  BIGINT,
    CONSTRAINT meeting_state CHECK (state IN ('open', 'closed')),
    CONSTRAINT meeting_closed CHECK (
        (state = 'open') = (closed_at IS NULL) AND (closed_at IS NULL) = (minutes IS NULL)
    ),
    CONSTRAINT meeting_days CHECK (first_day <= last_day)
);
CREATE INDEX meeting_of_site ON meeting (site, id);

-- What the system put before the meeting.
CREATE TABLE agenda_item (
    meeting  UUID NOT NULL REFERENCES meeting (id),
    nth      BIGINT NOT NULL,
    topic    TEXT NOT NULL,
    -- The indicator, the step of a procedure, the step that a suggestion is about.
    subject  TEXT NOT NULL,
    object   UUID,
    value    BIGINT,
    target   BIGINT,
    body     TEXT NOT NULL,
    CONSTRAINT agenda_item_of PRIMARY KEY (meeting, nth),
    CONSTRAINT agenda_item_topic CHECK (topic IN ('breach', 'miss', 'overdue_action', 'unanswered_suggestion'))
);

CREATE TABLE decision (
    meeting  UUID NOT NULL REFERENCES meeting (id),
    nth      BIGINT NOT NULL,
    item     BIGINT,
    body     TEXT NOT NULL,
    at       BIGINT NOT NULL,
    CONSTRAINT decision_of PRIMARY KEY (meeting, nth)
);

CREATE TABLE action_item (
    id         UUID PRIMARY KEY,
    meeting    UUID NOT NULL REFERENCES meeting (id),
    site       UUID NOT NULL REFERENCES site (id),
    body       TEXT NOT NULL,
    owner      UUID NOT NULL,
    due_on     TEXT NOT NULL,
    -- The figure that it is to move, and where that stood.
    indicator  TEXT,
    before     BIGINT,
    agreed_at  BIGINT NOT NULL,
    state      TEXT NOT NULL,
    result     TEXT,
    done_at    BIGINT,
    CONSTRAINT action_item_state CHECK (state IN ('open', 'done')),
    CONSTRAINT action_item_done CHECK ((state = 'open') = (done_at IS NULL) AND (done_at IS NULL) = (result IS NULL))
);
CREATE INDEX action_item_of_meeting ON action_item (meeting, id);
CREATE INDEX action_item_of_owner ON action_item (owner, id);
CREATE INDEX action_item_of_site ON action_item (site, state, due_on, id);
