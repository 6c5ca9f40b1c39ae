//! Delivery windows: when a site delivers, to how many, and until when one may order for it.

use ::store::{FromRow, Result as Stored, Row, StoreError, Tx, args, sql};
use catalog::Position;
use edge::{Problem, Revised, parse};
use events::Object;
use kernel::{DeliveryWindowId, Instant, SiteId, Stamp, Window};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{IntakeRefusal, events::WindowOpened, events::WindowResized};
use crate::{
    allocation::{WindowOffer, great_circle_metres},
    order::OrderRefusal,
};

/// The most orders that one window can be planned for.
pub const CAPACITY_MAX: i64 = 100_000;
/// Windows are opened at most so long: a delivery promised "within three days" is no promise.
const LENGTH_MAX_MINUTES: i64 = 24 * 60;
/// The most windows that a shop screen is offered: two sites for a week.
const OFFERED_MAX: i64 = 200;

/// When a site delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryWindow {
    pub id: DeliveryWindowId,
    pub site: SiteId,
    #[serde(flatten)]
    span: Window,
    /// Until then one may order for it.
    pub cut_off: Instant,
    /// How many orders it takes.
    pub capacity: i64,
    pub taken: i64,
    pub revision: i64,
}

impl DeliveryWindow {
    /// From when until when.
    pub const fn span(&self) -> Window {
        self.span
    }
}

/// The table holds no other.
fn span(start: Instant, end: Instant) -> Stored<Window> {
    Window::new(start, end).map_err(|error| StoreError::Impossible {
        statement: WINDOW.name(),
        column: "ends_at".to_owned(),
        found: error.to_string(),
    })
}

impl Revised for DeliveryWindow {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A window to be opened.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWindow {
    pub site: SiteId,
    pub start: Instant,
    pub end: Instant,
    pub cut_off: Instant,
    #[schema(minimum = 1, maximum = 100_000)]
    pub capacity: i64,
}

impl NewWindow {
    pub fn parse(self) -> Result<Self, Problem> {
        parse::within("capacity", self.capacity, 1, CAPACITY_MAX)?;
        if Window::new(self.start, self.end).is_err() || self.end.minutes_since(self.start) > LENGTH_MAX_MINUTES {
            return Err(Problem::invalid("end", "a window ends after it starts, within a day"));
        }
        if self.cut_off > self.start {
            return Err(Problem::invalid("cut_off", "the cut-off is not after the start"));
        }
        Ok(self)
    }
}

/// How many orders a window takes from now on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Not fewer than it has already; as many as it has closes it.
    #[schema(minimum = 0, maximum = 100_000)]
    pub capacity: i64,
}

/// A window as the shop offers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferedWindow {
    pub id: DeliveryWindowId,
    pub site: SiteId,
    pub start: Instant,
    pub end: Instant,
    pub cut_off: Instant,
    /// How many more orders it takes.
    pub room: i64,
    pub distance_metres: i64,
}

macro_rules! window_columns {
    () => {
        "id, site, starts_at, ends_at, cut_off, capacity, taken, revision"
    };
}

sql! {
    ADD = concat!("INSERT INTO delivery_window (", window_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    WINDOW = concat!("SELECT ", window_columns!(), " FROM delivery_window WHERE id = $1");
    /// Served by `delivery_window_once`.
    BY_SPAN = concat!(
        "SELECT ", window_columns!(), " FROM delivery_window WHERE site = $1 AND starts_at = $2 AND ends_at = $3"
    );
    OPEN = concat!(
        "SELECT ", window_columns!(), " FROM delivery_window
         WHERE site = $1 AND cut_off > $2 AND taken < capacity
         ORDER BY starts_at, ends_at LIMIT $3"
    );
    PAGE = concat!(
        "SELECT ", window_columns!(), " FROM delivery_window
         WHERE site = $1 AND (starts_at > $2 OR (starts_at = $2 AND id > $3))
         ORDER BY starts_at, id LIMIT $4"
    );
    /// Two orders cannot both take the last place: the second finds no row.
    TAKE = "UPDATE delivery_window SET taken = taken + 1 WHERE id = $1 AND taken < capacity AND cut_off > $2";
    GIVE_BACK = "UPDATE delivery_window SET taken = taken - 1 WHERE id = $1 AND taken > 0";
    RESIZE = "UPDATE delivery_window SET capacity = $2, revision = revision + 1 WHERE id = $1 AND taken <= $2";
}

impl FromRow for DeliveryWindow {
    fn from_row(row: &Row<'_>) -> Stored<Self> {
        Ok(Self {
            id: row.get(0)?,
            site: row.get(1)?,
            span: span(row.get(2)?, row.get(3)?)?,
            cut_off: row.get(4)?,
            capacity: row.get(5)?,
            taken: row.get(6)?,
            revision: row.get(7)?,
        })
    }
}

/// Opens a window. A second one of the same span at the same site is refused.
pub async fn open_window(tx: &mut Tx, stamp: &Stamp, new: NewWindow) -> Result<DeliveryWindow, IntakeRefusal> {
    catalog::site(tx, new.site).await?;
    let known: Option<DeliveryWindow> = tx.optional(BY_SPAN, args![new.site, new.start, new.end]).await?;
    if let Some(known) = known {
        return Err(IntakeRefusal::WindowExists { window: known.id });
    }
    let window = DeliveryWindow {
        id: stamp.mint(),
        site: new.site,
        span: span(new.start, new.end)?,
        cut_off: new.cut_off,
        capacity: new.capacity,
        taken: 0,
        revision: 1,
    };
    let arguments = args![
        window.id,
        window.site,
        window.span.start(),
        window.span.end(),
        window.cut_off,
        window.capacity,
        window.taken,
        window.revision,
    ];
    tx.put(ADD, arguments).await?;
    let body = WindowOpened { start: new.start, end: new.end, cut_off: new.cut_off, capacity: new.capacity };
    ::events::tell(tx, stamp, Object::of(window.id), &[Object::of(window.site)], &body).await?;
    Ok(window)
}

/// Changes how many orders a window takes, down to as many as it has.
pub async fn resize_window(
    tx: &mut Tx,
    stamp: &Stamp,
    id: DeliveryWindowId,
    capacity: i64,
) -> Result<DeliveryWindow, IntakeRefusal> {
    let window = by_id(tx, id).await?;
    if tx.execute(RESIZE, args![id, capacity]).await? == 0 {
        return Err(IntakeRefusal::CapacityBelowTaken { capacity, taken: window.taken });
    }
    let body = WindowResized { before: window.capacity, after: capacity };
    ::events::tell(tx, stamp, Object::of(id), &[Object::of(window.site)], &body).await?;
    Ok(DeliveryWindow { capacity, revision: window.revision.saturating_add(1), ..window })
}

/// The window of a site; another's is not known.
pub async fn window(tx: &mut Tx, site: SiteId, id: DeliveryWindowId) -> Result<DeliveryWindow, OrderRefusal> {
    let found = by_id(tx, id).await?;
    if found.site == site { Ok(found) } else { Err(OrderRefusal::NoSuchWindow { window: id }) }
}

/// The window, which must exist.
pub(super) async fn by_id(tx: &mut Tx, id: DeliveryWindowId) -> Result<DeliveryWindow, OrderRefusal> {
    tx.optional(WINDOW, args![id]).await?.ok_or(OrderRefusal::NoSuchWindow { window: id })
}

/// The windows of a site from `from` on, by start.
pub(super) async fn page(
    tx: &mut Tx,
    site: SiteId,
    after: (Instant, Option<DeliveryWindowId>),
    limit: i64,
) -> Stored<Vec<DeliveryWindow>> {
    tx.all(PAGE, args![site, after.0, after.1, limit]).await
}

/// The open windows with room of every site whose area covers the door, nearest site first.
pub async fn offered(tx: &mut Tx, door: Position, now: Instant) -> Result<Vec<OfferedWindow>, IntakeRefusal> {
    let mut offered = Vec::new();
    for site in catalog::sites(tx).await? {
        let distance_metres = great_circle_metres(site.position, door);
        if distance_metres > site.delivery_radius_metres {
            continue;
        }
        let open: Vec<DeliveryWindow> = tx.all(OPEN, args![site.id, now, OFFERED_MAX]).await?;
        offered.extend(open.into_iter().map(|window| OfferedWindow {
            id: window.id,
            site: window.site,
            start: window.span.start(),
            end: window.span.end(),
            cut_off: window.cut_off,
            room: window.capacity - window.taken,
            distance_metres,
        }));
    }
    offered.sort_by_key(|window| (window.start, window.end, window.distance_metres, window.site));
    Ok(offered)
}

/// What a site offers for a span of time, for allocation to judge.
pub(crate) async fn offer(tx: &mut Tx, site: SiteId, span: Window) -> Stored<Option<WindowOffer>> {
    let found: Option<DeliveryWindow> = tx.optional(BY_SPAN, args![site, span.start(), span.end()]).await?;
    Ok(found.map(|window| WindowOffer {
        id: window.id,
        cut_off: window.cut_off,
        capacity: window.capacity,
        taken: window.taken,
    }))
}

/// Takes a place in a window, before anybody pays.
pub(super) async fn take(tx: &mut Tx, id: DeliveryWindowId, now: Instant) -> Result<(), IntakeRefusal> {
    if tx.execute(TAKE, args![id, now]).await? == 1 {
        return Ok(());
    }
    let window = by_id(tx, id).await?;
    if now >= window.cut_off {
        return Err(IntakeRefusal::PastCutOff { cut_off: window.cut_off });
    }
    Err(IntakeRefusal::WindowFull { capacity: window.capacity })
}

/// Gives the place back: cancelled, declined, or never paid for.
pub(crate) async fn give_back(tx: &mut Tx, id: DeliveryWindowId) -> Result<(), StoreError> {
    tx.put(GIVE_BACK, args![id]).await
}
