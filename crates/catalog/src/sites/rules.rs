//! Sites and zones as facts.

use edge::{Problem, Revised, parse};
use kernel::{Currency, DeciCelsius, SiteId, SiteTime, TemperatureClass, ZoneId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The law and the habits that a site trades under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// 臺灣: e-invoice, 5 % business tax, 台斤.
    Tw,
    /// 中國大陸: VAT 9 % and 13 %, 市斤.
    Cn,
}

impl Profile {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Tw => "tw",
            Self::Cn => "cn",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Tw, Self::Cn].into_iter().find(|profile| profile.code() == code)
    }
}

/// A point on the map in millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    #[schema(minimum = -90_000_000, maximum = 90_000_000)]
    pub latitude_microdegrees: i64,
    #[schema(minimum = -180_000_000, maximum = 180_000_000)]
    pub longitude_microdegrees: i64,
}

impl Position {
    pub fn parse(self, field: &str) -> Result<Self, Problem> {
        parse::within(&format!("{field}/latitude_microdegrees"), self.latitude_microdegrees, -90_000_000, 90_000_000)?;
        parse::within(
            &format!("{field}/longitude_microdegrees"),
            self.longitude_microdegrees,
            -180_000_000,
            180_000_000,
        )?;
        Ok(self)
    }
}

/// A warehouse with its delivery area, its calendar and its law.
#[derive(Clone, Debug)]
pub struct Site {
    pub id: SiteId,
    pub code: String,
    pub name: String,
    pub currency: Currency,
    /// IANA name, as entered.
    pub time_zone: String,
    pub day_turns_at_minute: i64,
    pub profile: Profile,
    pub position: Position,
    pub delivery_radius_metres: i64,
    pub revision: i64,
    /// How this site counts days.
    pub time: SiteTime,
}

/// A site as it is shown and sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SiteCard {
    pub id: SiteId,
    pub code: String,
    pub name: String,
    pub currency: Currency,
    pub time_zone: String,
    /// The business day begins so many minutes after midnight.
    pub day_turns_at_minute: i64,
    pub profile: Profile,
    pub position: Position,
    pub delivery_radius_metres: i64,
    pub revision: i64,
}

impl Revised for SiteCard {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl From<Site> for SiteCard {
    fn from(site: Site) -> Self {
        Self {
            id: site.id,
            code: site.code,
            name: site.name,
            currency: site.currency,
            time_zone: site.time_zone,
            day_turns_at_minute: site.day_turns_at_minute,
            profile: site.profile,
            position: site.position,
            delivery_radius_metres: site.delivery_radius_metres,
            revision: site.revision,
        }
    }
}

/// A site to be opened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSite {
    #[schema(min_length = 1, max_length = 12, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
    pub currency: Currency,
    /// IANA name: `Asia/Taipei`.
    #[schema(max_length = 64)]
    pub time_zone: String,
    #[schema(minimum = 0, maximum = 720)]
    pub day_turns_at_minute: i64,
    pub profile: Profile,
    pub position: Position,
    #[schema(minimum = 0, maximum = 200_000)]
    pub delivery_radius_metres: i64,
}

impl NewSite {
    /// Checks the bounds and reads the time zone.
    pub fn parse(mut self) -> Result<(Self, SiteTime), Problem> {
        self.code = parse::code("code", &self.code, 12)?;
        self.name = parse::text("name", &self.name, 1, 80)?;
        self.position = self.position.parse("position")?;
        parse::within("day_turns_at_minute", self.day_turns_at_minute, 0, 720)?;
        parse::within("delivery_radius_metres", self.delivery_radius_metres, 0, 200_000)?;
        let time = SiteTime::new(&self.time_zone, self.day_turns_at_minute)
            .ok_or_else(|| Problem::invalid("time_zone", "not a time zone of the IANA list"))?;
        Ok((self, time))
    }
}

/// A part of a site that is kept at one temperature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Zone {
    pub id: ZoneId,
    pub site: SiteId,
    pub code: String,
    pub class: TemperatureClass,
    /// Tenths of a degree; colder is an excursion.
    #[schema(value_type = i32)]
    pub low: DeciCelsius,
    /// Tenths of a degree; warmer is an excursion.
    #[schema(value_type = i32)]
    pub high: DeciCelsius,
}

/// A zone to be opened.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewZone {
    #[schema(min_length = 1, max_length = 12, pattern = "^[A-Za-z0-9._-]+$")]
    pub code: String,
    pub class: TemperatureClass,
    #[schema(value_type = i32, minimum = -900, maximum = 900)]
    pub low: DeciCelsius,
    #[schema(value_type = i32, minimum = -900, maximum = 900)]
    pub high: DeciCelsius,
}

impl NewZone {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.code = parse::code("code", &self.code, 12)?;
        for (field, limit) in [("low", self.low), ("high", self.high)] {
            if !limit.is_plausible() {
                return Err(Problem::invalid(field, "a limit lies between -90.0 and 90.0 degrees"));
            }
        }
        if self.low >= self.high {
            return Err(Problem::invalid("high", "the upper limit is above the lower one"));
        }
        Ok(self)
    }
}
