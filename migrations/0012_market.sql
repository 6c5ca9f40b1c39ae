-- 市場調研. What was sold, what the market asked, and on which days the goods ran out.
--
--   sale, sold_out:  written once, in the transaction that settles the order
--   sales_day:       what a file or another system says of a day; said again, it is replaced
--   price_quote:     the same

-- One line of a settled order.
CREATE TABLE sale (
    order_line  UUID PRIMARY KEY,
    site        UUID NOT NULL REFERENCES site (id),
    sku         UUID NOT NULL REFERENCES sku (id),
    day         TEXT NOT NULL,
    -- In what the SKU is promised by: pieces, or grams of loose goods.
    amount      BIGINT NOT NULL,
    -- Net of tax.
    revenue     BIGINT NOT NULL,
    sold_at     BIGINT NOT NULL,
    CONSTRAINT sale_amounts CHECK (amount >= 0 AND revenue >= 0)
);
CREATE INDEX sale_by_day ON sale (site, day, sku);

-- A day on which somebody wanted more than was there.
CREATE TABLE sold_out (
    site  UUID NOT NULL REFERENCES site (id),
    sku   UUID NOT NULL REFERENCES sku (id),
    day   TEXT NOT NULL,
    at    BIGINT NOT NULL,
    CONSTRAINT sold_out_of PRIMARY KEY (site, sku, day)
);

CREATE TABLE sales_day (
    site             UUID NOT NULL REFERENCES site (id),
    sku              UUID NOT NULL REFERENCES sku (id),
    day              TEXT NOT NULL,
    amount           BIGINT NOT NULL,
    revenue          BIGINT NOT NULL,
    cost             BIGINT NOT NULL,
    shelf            TEXT NOT NULL,
    -- How much of such a day's demand has usually come when it ran out.
    share_bp         BIGINT,
    recorded_by      TEXT NOT NULL,
    recorded_by_id   UUID,
    recorded_at      BIGINT NOT NULL,
    CONSTRAINT sales_day_of PRIMARY KEY (site, sku, day),
    CONSTRAINT sales_day_amounts CHECK (amount >= 0 AND revenue >= 0 AND cost >= 0),
    CONSTRAINT sales_day_shelf CHECK (shelf IN ('stocked', 'sold_out')),
    CONSTRAINT sales_day_share CHECK (share_bp IS NULL OR (shelf = 'sold_out' AND share_bp BETWEEN 1 AND 10000))
);
CREATE INDEX sales_day_by_day ON sales_day (site, day, sku);

CREATE TABLE price_quote (
    id              UUID PRIMARY KEY,
    market          TEXT NOT NULL,
    sku             UUID NOT NULL REFERENCES sku (id),
    grade           TEXT NOT NULL,
    day             TEXT NOT NULL,
    currency        TEXT NOT NULL,
    base            TEXT NOT NULL,
    upper           BIGINT NOT NULL,
    middle          BIGINT NOT NULL,
    lower           BIGINT NOT NULL,
    volume_grams    BIGINT,
    source          TEXT NOT NULL,
    recorded_by     TEXT NOT NULL,
    recorded_by_id  UUID,
    recorded_at     BIGINT NOT NULL,
    CONSTRAINT price_quote_once UNIQUE (sku, market, grade, day),
    CONSTRAINT price_quote_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT price_quote_order CHECK (0 <= lower AND lower <= middle AND middle <= upper),
    CONSTRAINT price_quote_volume CHECK (volume_grams IS NULL OR volume_grams >= 0)
);
CREATE INDEX price_quote_by_day ON price_quote (sku, day, market, grade);
