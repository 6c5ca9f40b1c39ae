//! Time: instants, a site's days, windows, and the clock that is handed in.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::{PartialSchema, ToSchema};

pub use jiff::civil::Date;

/// A moment, in milliseconds since 1970 in UTC. Written as RFC 3339 in every document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The range that a civil calendar can write down (years 1970 to 9998).
    pub const MIN: Self = Self(0);
    pub const MAX: Self = Self(253_339_228_800_000);

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_millis(minutes.saturating_mul(60_000))
    }

    /// Milliseconds from `earlier` to this; negative when it is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole minutes from `earlier` to this, rounded down.
    pub const fn minutes_since(self, earlier: Self) -> i64 {
        self.since(earlier).div_euclid(60_000)
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl FromStr for Instant {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse::<Timestamp>()?.as_millisecond()))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let instant: Self = text.parse().map_err(serde::de::Error::custom)?;
        if instant < Self::MIN || instant > Self::MAX {
            return Err(serde::de::Error::custom("instant outside 1970 to 9998"));
        }
        Ok(instant)
    }
}

impl PartialSchema for Instant {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, milliseconds"))
            .into()
    }
}

impl ToSchema for Instant {}

/// A site's way of counting days: its time zone, and the minute after midnight at which its business day turns.
/// A night shift that packs until 02:00 still packs for the day on which it began.
#[derive(Clone, Debug)]
pub struct SiteTime {
    zone: TimeZone,
    turns_at_minute: i64,
}

impl SiteTime {
    /// `None` when the zone's name is unknown or the turn lies outside the first twelve hours.
    pub fn new(zone: &str, turns_at_minute: i64) -> Option<Self> {
        if !(0..=720).contains(&turns_at_minute) {
            return None;
        }
        Some(Self { zone: TimeZone::get(zone).ok()?, turns_at_minute })
    }

    /// The business day that `at` belongs to.
    pub fn business_day(&self, at: Instant) -> Date {
        self.date(at.plus_minutes(self.turns_at_minute.saturating_neg()))
    }

    /// The date on the wall calendar.
    pub fn date(&self, at: Instant) -> Date {
        at.timestamp().to_zoned(self.zone.clone()).date()
    }

    /// Minutes after midnight on the wall clock.
    pub fn minute_of_day(&self, at: Instant) -> i64 {
        let time = at.timestamp().to_zoned(self.zone.clone()).time();
        i64::from(time.hour()).saturating_mul(60).saturating_add(i64::from(time.minute()))
    }

    /// The instant of a wall-clock minute on a date; minutes past midnight of the next day are fine.
    pub fn at(&self, date: Date, minute_of_day: i64) -> Instant {
        let midnight = date.to_zoned(self.zone.clone()).map_or(0, |zoned| zoned.timestamp().as_millisecond());
        Instant(midnight).plus_minutes(minute_of_day)
    }

    /// The first instant after `date` on the wall calendar: where "use by that day, inclusive" ends.
    pub fn end_of(&self, date: Date) -> Instant {
        self.at(date.saturating_add(jiff::Span::new().days(1)), 0)
    }

    /// `18:05` on the wall clock, for messages.
    pub fn clock_face(&self, at: Instant) -> String {
        let time: Time = at.timestamp().to_zoned(self.zone.clone()).time();
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// The zone's offset from UTC at `at`, as `+08:00`.
    pub fn offset(&self, at: Instant) -> String {
        at.timestamp().to_zoned(self.zone.clone()).strftime("%:z").to_string()
    }
}

/// A span of time with a beginning before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Window {
    start: Instant,
    end: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a window must begin before it ends")]
pub struct WindowError;

impl Window {
    pub fn new(start: Instant, end: Instant) -> Result<Self, WindowError> {
        if start < end { Ok(Self { start, end }) } else { Err(WindowError) }
    }

    pub const fn start(self) -> Instant {
        self.start
    }

    pub const fn end(self) -> Instant {
        self.end
    }

    pub fn contains(self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ends {
            start: Instant,
            end: Instant,
        }
        let ends = Ends::deserialize(deserializer)?;
        Self::new(ends.start, ends.end).map_err(serde::de::Error::custom)
    }
}

/// The clock that the edge reads and hands inwards. Real, or stepped by a simulation.
#[derive(Clone, Debug)]
pub enum Clock {
    Real,
    /// Stands still until it is moved; only a database created for demonstration accepts it.
    Stepped(Arc<AtomicI64>),
}

impl Clock {
    pub fn stepped(start: Instant) -> Self {
        Self::Stepped(Arc::new(AtomicI64::new(start.millis())))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the real clock is read")]
    pub fn now(&self) -> Instant {
        match self {
            Self::Real => Instant(Timestamp::now().as_millisecond()),
            Self::Stepped(now) => Instant(now.load(Ordering::Acquire)),
        }
    }

    /// Moves a stepped clock forward and answers whether it moved; a real clock and the past do not move.
    pub fn advance_to(&self, at: Instant) -> bool {
        match self {
            Self::Real => false,
            Self::Stepped(now) => now.fetch_max(at.millis(), Ordering::AcqRel) <= at.millis(),
        }
    }
}
