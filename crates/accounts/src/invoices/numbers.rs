//! Invoice numbers: ranges set aside, handed out one by one in the transaction of the invoice.

use ::store::{FromRow, Row, StoreError, Tx, args, sql};
use catalog::{Profile, Site};
use kernel::{Date, SiteId, Stamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InvoicePeriod, InvoiceRefusal, events::InvoiceRangeOpened};

/// Eight digits.
const NUMBER_MAX: i64 = 99_999_999;
/// A full range is left for the next by every writer that meets it; more rounds than ranges end a day.
const ROUNDS_MAX: usize = 16;

/// Numbers that the tax office has assigned.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRange {
    /// The first month of the two: `2026-03`.
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    pub period: String,
    /// 字軌: two capital letters.
    #[schema(pattern = "^[A-Z]{2}$")]
    pub prefix: String,
    #[schema(minimum = 0, maximum = 99_999_999)]
    pub first: i64,
    #[schema(minimum = 0, maximum = 99_999_999)]
    pub last: i64,
}

/// A range and how much of it is left.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Range {
    pub site: SiteId,
    pub period: String,
    pub prefix: String,
    pub first: i64,
    pub last: i64,
    /// The number that the next invoice will have, while it is not above `last`.
    pub next: i64,
}

impl FromRow for Range {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            site: row.get(0)?,
            period: row.get(1)?,
            prefix: row.get(2)?,
            first: row.get(3)?,
            last: row.get(4)?,
            next: row.get(5)?,
        })
    }
}

/// Enters a range of numbers; refuses one that overlaps another of the same period, at whatever site.
pub async fn open_range(tx: &mut Tx, stamp: &Stamp, site: SiteId, new: &NewRange) -> Result<Range, InvoiceRefusal> {
    let bad = |given: &str, reason| InvoiceRefusal::BadRange { given: given.to_owned(), reason };
    let period =
        InvoicePeriod::parse(&new.period).ok_or_else(|| bad(&new.period, "a period begins with an odd month"))?;
    if new.prefix.len() != 2 || !new.prefix.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(bad(&new.prefix, "a prefix is two capital letters"));
    }
    if new.first < 0 || new.last < new.first || new.last > NUMBER_MAX {
        return Err(bad(&format!("{} to {}", new.first, new.last), "a range runs upwards within eight digits"));
    }
    if tx.one::<i64>(OVERLAPPING, args![period.as_str(), &new.prefix, new.first, new.last]).await? > 0 {
        return Err(InvoiceRefusal::RangeOverlaps { prefix: new.prefix.clone(), first: new.first, last: new.last });
    }
    let range = Range {
        site,
        period: period.as_str().to_owned(),
        prefix: new.prefix.clone(),
        first: new.first,
        last: new.last,
        next: new.first,
    };
    insert(tx, &range).await?;
    let body = InvoiceRangeOpened {
        period: range.period.clone(),
        prefix: range.prefix.clone(),
        first: range.first,
        last: range.last,
    };
    events::tell(tx, stamp, events::Object::of(site), &[], &body).await?;
    Ok(range)
}

/// The ranges of a site, the latest period first.
pub async fn ranges(tx: &mut Tx, site: SiteId) -> Result<Vec<Range>, StoreError> {
    tx.all(OF_SITE, args![site]).await
}

/// A number that is now the invoice's, and the period it counts in.
pub(super) struct Number {
    pub(super) text: String,
    pub(super) period: InvoicePeriod,
}

/// The next number of the site on that day. From here to the end of the transaction the others wait in line, so a
/// verb takes it last.
pub(super) async fn take(tx: &mut Tx, site: &Site, day: Date) -> Result<Number, InvoiceRefusal> {
    let period = match site.profile {
        Profile::Tw => InvoicePeriod::of(day),
        Profile::Cn => {
            let range = Range {
                site: site.id,
                period: InvoicePeriod::all().as_str().to_owned(),
                prefix: "CN".to_owned(),
                first: 1,
                last: NUMBER_MAX,
                next: 1,
            };
            insert(tx, &range).await?;
            InvoicePeriod::all()
        }
    };
    for _ in 0..ROUNDS_MAX {
        let Some(range) = tx.optional::<i64>(UNUSED, args![site.id, period.as_str()]).await? else { break };
        if let Some((prefix, number)) = tx.optional::<(String, i64)>(TAKE, args![range]).await? {
            return Ok(Number { text: format!("{prefix}{number:08}"), period });
        }
    }
    Err(InvoiceRefusal::NumbersExhausted { period: period.as_str().to_owned() })
}

async fn insert(tx: &mut Tx, range: &Range) -> Result<(), StoreError> {
    let row = args![range.site, &range.period, &range.prefix, range.first, range.last];
    tx.put(INSERT, row).await
}

sql! {
    INSERT = "INSERT INTO invoice_range (site, period, prefix, first, last, next)
              VALUES ($1, $2, $3, $4, $5, $4)
              ON CONFLICT DO NOTHING";

    OVERLAPPING = "SELECT COUNT(*)
                   FROM invoice_range
                   WHERE period = $1 AND prefix = $2 AND first <= $4 AND last >= $3";

    OF_SITE = "SELECT site, period, prefix, first, last, next
               FROM invoice_range
               WHERE site = $1
               ORDER BY period DESC, prefix, first";

    /// Index `invoice_range_once`.
    UNUSED = "SELECT seq
              FROM invoice_range
              WHERE site = $1 AND period = $2 AND next <= last
              ORDER BY prefix, first
              LIMIT 1";

    TAKE = "UPDATE invoice_range
            SET next = next + 1
            WHERE seq = $1 AND next <= last
            RETURNING prefix, next - 1";
}
