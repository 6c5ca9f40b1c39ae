-- 商品目錄. Facts that every context reads: sites, zones, SKUs, prices.
--
--   sku:    active ⇄ retired          (a retired SKU is neither bought nor sold; its stock runs out)
--   price:  valid from … [until …)    (a price is never changed; a later one ends it)

CREATE TABLE site (
    id                      UUID PRIMARY KEY,
    code                    TEXT NOT NULL UNIQUE,
    name                    TEXT NOT NULL,
    currency                TEXT NOT NULL,
    time_zone               TEXT NOT NULL,
    day_turns_at_minute     BIGINT NOT NULL,
    profile                 TEXT NOT NULL,
    latitude_microdegrees   BIGINT NOT NULL,
    longitude_microdegrees  BIGINT NOT NULL,
    delivery_radius_metres  BIGINT NOT NULL,
    revision                BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT site_currency CHECK (currency IN ('TWD', 'CNY')),
    CONSTRAINT site_profile CHECK (profile IN ('tw', 'cn')),
    CONSTRAINT site_day_turns CHECK (day_turns_at_minute BETWEEN 0 AND 720),
    CONSTRAINT site_latitude CHECK (latitude_microdegrees BETWEEN -90000000 AND 90000000),
    CONSTRAINT site_longitude CHECK (longitude_microdegrees BETWEEN -180000000 AND 180000000),
    CONSTRAINT site_radius CHECK (delivery_radius_metres >= 0)
);

CREATE TABLE zone (
    id                UUID PRIMARY KEY,
    site              UUID NOT NULL REFERENCES site (id),
    code              TEXT NOT NULL,
    class             TEXT NOT NULL,
    low_decicelsius   BIGINT NOT NULL,
    high_decicelsius  BIGINT NOT NULL,
    CONSTRAINT zone_code UNIQUE (site, code),
    CONSTRAINT zone_class CHECK (class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT zone_limits CHECK (low_decicelsius < high_decicelsius)
);

CREATE TABLE sku (
    id                   UUID PRIMARY KEY,
    code                 TEXT NOT NULL UNIQUE,
    name_en              TEXT NOT NULL,
    name_zh_hant         TEXT NOT NULL,
    name_zh_hans         TEXT NOT NULL,
    category             TEXT NOT NULL,
    measure              TEXT NOT NULL,
    nominal_grams        BIGINT,
    tolerance_bp         BIGINT NOT NULL,
    estimate_buffer_bp   BIGINT NOT NULL,
    temperature_class    TEXT NOT NULL,
    shelf_life_days      BIGINT,
    life_at_door_days    BIGINT NOT NULL,
    tax_tw               TEXT NOT NULL,
    tax_cn               TEXT NOT NULL,
    gtin                 TEXT UNIQUE,
    allergens            TEXT NOT NULL,
    odour                TEXT NOT NULL,
    hygiene              TEXT NOT NULL,
    case_amount          BIGINT NOT NULL,
    listing              TEXT NOT NULL,
    revision             BIGINT NOT NULL,
    CONSTRAINT sku_measure CHECK (measure IN ('counted', 'weighed', 'catch_weight')),
    CONSTRAINT sku_nominal CHECK (nominal_grams > 0),
    CONSTRAINT sku_nominal_of_pieces CHECK (measure <> 'catch_weight' OR nominal_grams IS NOT NULL),
    CONSTRAINT sku_tolerance CHECK (tolerance_bp BETWEEN 0 AND 5000),
    CONSTRAINT sku_buffer CHECK (estimate_buffer_bp BETWEEN 0 AND 5000),
    CONSTRAINT sku_temperature CHECK (temperature_class IN ('ambient', 'chilled', 'frozen')),
    CONSTRAINT sku_life CHECK (shelf_life_days > 0),
    CONSTRAINT sku_life_at_door CHECK (life_at_door_days >= 0),
    CONSTRAINT sku_tax_tw CHECK (tax_tw IN ('taxed_5', 'exempt', 'zero')),
    CONSTRAINT sku_tax_cn CHECK (tax_cn IN ('vat_9', 'vat_13', 'exempt')),
    CONSTRAINT sku_gtin CHECK (length(gtin) = 14),
    CONSTRAINT sku_odour CHECK (odour IN ('neutral', 'gives', 'takes')),
    CONSTRAINT sku_hygiene CHECK (hygiene IN ('packaged', 'produce', 'raw', 'ready_to_eat')),
    CONSTRAINT sku_case CHECK (case_amount > 0),
    CONSTRAINT sku_listing CHECK (listing IN ('active', 'retired'))
);

-- channel and customer_group: '*' stands for any, so that the key is never NULL and may be unique.
CREATE TABLE price (
    id              UUID PRIMARY KEY,
    site            UUID NOT NULL REFERENCES site (id),
    sku             UUID NOT NULL REFERENCES sku (id),
    channel         TEXT NOT NULL,
    customer_group  TEXT NOT NULL,
    money           BIGINT NOT NULL,
    base            TEXT NOT NULL,
    valid_from      BIGINT NOT NULL,
    valid_until     BIGINT,
    CONSTRAINT price_begins_once UNIQUE (site, sku, channel, customer_group, valid_from),
    CONSTRAINT price_money CHECK (money >= 0),
    CONSTRAINT price_validity CHECK (valid_until IS NULL OR valid_until > valid_from)
);
