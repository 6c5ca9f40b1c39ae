-- The embedded database takes a partial index only where its condition stands in the query word for word, and the shelf
-- is asked for promises and for gaps one at a time: an index for each, and no walk through every reservation ever made.
DROP INDEX reservation_by_shelf;
CREATE INDEX reservation_promised ON reservation (site, sku, needed_until) WHERE state = 'promised';
CREATE INDEX reservation_uncovered ON reservation (site, sku, placed_at) WHERE state = 'uncovered';
CREATE INDEX lot_by_source ON lot (source, source_noun);
