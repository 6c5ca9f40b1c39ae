//! What a class of goods bears, as data: each site may say otherwise than the house does.

use edge::{Problem, Revised, parse};
use kernel::{DeciCelsius, SiteId, TemperatureClass};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The limits of one temperature class: its band 溫區範圍, in tenths of a degree and whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TemperatureBand {
    /// Colder is an excursion too; none where cold does no harm.
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    pub low: Option<DeciCelsius>,
    /// At this or warmer, an excursion to the cold side is over.
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    pub low_clear: Option<DeciCelsius>,
    /// Warmer than this for `delay_minutes` is an excursion.
    #[schema(value_type = i32)]
    pub high: DeciCelsius,
    /// At this or colder, an excursion is over.
    #[schema(value_type = i32)]
    pub clear: DeciCelsius,
    /// Warmer than this is an excursion at once.
    #[schema(value_type = i32)]
    pub high_high: DeciCelsius,
    #[schema(minimum = 0, maximum = 1440)]
    pub delay_minutes: i64,
    /// A probe that says nothing for longer is silent.
    #[schema(minimum = 1, maximum = 1440)]
    pub missing_minutes: i64,
    /// So many minutes outside the limits goods bear in one excursion.
    #[schema(minimum = 1, maximum = 100_000)]
    pub bears_minutes: i64,
    /// So many above `high_high`.
    #[schema(minimum = 1, maximum = 100_000)]
    pub bears_far_minutes: i64,
    /// So many outside the limits in all excursions of their life together.
    #[schema(minimum = 1, maximum = 100_000)]
    pub bears_total_minutes: i64,
    /// What a room comes to when its cooling is off: an hour that nobody measured is charged as such an hour.
    #[schema(value_type = i32)]
    pub ambient: DeciCelsius,
}

impl TemperatureBand {
    /// What the house begins with: frozen goods at −18 °C with a short rise to −15, refused above −12; chilled goods
    /// up to 7 °C.
    pub const fn of_class(class: TemperatureClass) -> Self {
        match class {
            TemperatureClass::Ambient => Self {
                low: Some(DeciCelsius(20)),
                low_clear: Some(DeciCelsius(40)),
                high: DeciCelsius(300),
                clear: DeciCelsius(290),
                high_high: DeciCelsius(400),
                delay_minutes: 60,
                missing_minutes: 30,
                bears_minutes: 720,
                bears_far_minutes: 240,
                bears_total_minutes: 2_880,
                ambient: DeciCelsius(350),
            },
            TemperatureClass::Chilled => Self {
                low: Some(DeciCelsius(-15)),
                low_clear: Some(DeciCelsius(-5)),
                high: DeciCelsius(70),
                clear: DeciCelsius(60),
                high_high: DeciCelsius(120),
                delay_minutes: 30,
                missing_minutes: 30,
                bears_minutes: 120,
                bears_far_minutes: 30,
                bears_total_minutes: 240,
                ambient: DeciCelsius(250),
            },
            TemperatureClass::Frozen => Self {
                low: None,
                low_clear: None,
                high: DeciCelsius(-150),
                clear: DeciCelsius(-165),
                high_high: DeciCelsius(-120),
                delay_minutes: 30,
                missing_minutes: 30,
                bears_minutes: 120,
                bears_far_minutes: 60,
                bears_total_minutes: 180,
                ambient: DeciCelsius(250),
            },
        }
    }

    pub fn parse(self) -> Result<Self, Problem> {
        let temperatures = [
            ("high", Some(self.high)),
            ("clear", Some(self.clear)),
            ("high_high", Some(self.high_high)),
            ("low", self.low),
            ("low_clear", self.low_clear),
            ("ambient", Some(self.ambient)),
        ];
        for (field, temperature) in temperatures {
            if temperature.is_some_and(|temperature| !temperature.is_plausible()) {
                return Err(Problem::invalid(field, "a limit lies between -90.0 and 90.0 degrees"));
            }
        }
        if self.clear > self.high {
            return Err(Problem::invalid("clear", "an alarm clears at or below its limit"));
        }
        if self.high > self.high_high {
            return Err(Problem::invalid("high_high", "the second limit is not below the first"));
        }
        match (self.low, self.low_clear) {
            (None, None) => {}
            (Some(low), Some(clear)) if low <= clear && clear <= self.clear => {}
            (Some(_), Some(_)) => {
                return Err(Problem::invalid("low_clear", "an alarm of the cold side clears between low and clear"));
            }
            (Some(_), None) | (None, Some(_)) => {
                return Err(Problem::invalid("low_clear", "low and low_clear belong together"));
            }
        }
        parse::within("delay_minutes", self.delay_minutes, 0, 1_440)?;
        parse::within("missing_minutes", self.missing_minutes, 1, 1_440)?;
        parse::within("bears_minutes", self.bears_minutes, 1, 100_000)?;
        parse::within("bears_far_minutes", self.bears_far_minutes, 1, 100_000)?;
        parse::within("bears_total_minutes", self.bears_total_minutes, 1, 100_000)?;
        Ok(self)
    }

    /// Whether a temperature is outside, on either side.
    pub fn is_over(&self, value: DeciCelsius) -> bool {
        value > self.high || self.low.is_some_and(|low| value < low)
    }
}

/// The limits of a class at a site, with the revision that a change must name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteBand {
    pub site: SiteId,
    pub class: TemperatureClass,
    pub band: TemperatureBand,
    /// 0 while the site has said nothing and the house's own limits hold.
    pub revision: i64,
}

impl SiteBand {
    /// Those of the house, while the site has said nothing.
    pub(super) const fn of_the_house(site: SiteId, class: TemperatureClass) -> Self {
        Self { site, class, band: TemperatureBand::of_class(class), revision: 0 }
    }
}

impl Revised for SiteBand {
    fn revision(&self) -> i64 {
        self.revision
    }
}
