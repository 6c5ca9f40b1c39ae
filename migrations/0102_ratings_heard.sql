-- What a rating suggests is asked for every minute: only what nobody has taken on yet is walked through.
ALTER TABLE rating ADD COLUMN heard BIGINT NOT NULL DEFAULT 0;
UPDATE rating SET heard = 1 WHERE id IN (SELECT rating FROM rating_suggestion);
DROP INDEX rating_suggests;
CREATE INDEX rating_unheard ON rating (at, id) WHERE suggestion <> '' AND heard = 0;
