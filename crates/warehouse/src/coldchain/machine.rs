//! The alarm machine of one probe. Pure: limits and readings in, turns out.
//!
//! Waiting begins with the first reading beyond a limit and is cancelled by any reading within it; when it has lasted
//! for the delay, the alarm is raised. It clears at the first reading at or below `clear`, so that it does not flutter.
//! Above `high_high` it is raised at once. A probe that says nothing for longer than the limit is silent from then on;
//! silence clears no alarm and cancels no waiting, for an unknown hour is a bad hour.

use ::store::codes;
use kernel::{DeciCelsius, Instant};

use super::band::TemperatureBand;

codes! {
    /// What the machine last concluded.
    Over {
        Fine = "fine",
        /// Warmer than the limit, not yet for the delay.
        PendingHigh = "pending_high",
        PendingLow = "pending_low",
        High = "high",
        HighHigh = "high_high",
        Low = "low",
    }
}

codes! {
    /// What an excursion is.
    AlarmKind {
        High = "high",
        /// Far too warm: raised without delay.
        HighHigh = "high_high",
        Low = "low",
        /// The probe says nothing.
        Silent = "silent",
    }
}

/// One measured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    pub at: Instant,
    pub value: DeciCelsius,
}

/// A time in which a rise is expected: a door that is open for loading, a defrost cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inhibited {
    pub from: Instant,
    pub until: Instant,
}

impl Inhibited {
    fn covers(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// Whether the probe is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    Heard,
    Silent,
}

/// What is known of a probe after its last reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    pub over: Over,
    /// When waiting or the excursion began.
    pub since: Option<Instant>,
    /// The last reading by event time; before the first, the registration, without a value.
    pub heard_at: Instant,
    pub last: Option<DeciCelsius>,
    pub voice: Voice,
}

/// What changes because of a reading, or because none came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// `began_at` is the first reading beyond the limit.
    Raised {
        kind: AlarmKind,
        began_at: Instant,
        at: Instant,
        value: DeciCelsius,
    },
    Cleared {
        at: Instant,
    },
    Silent {
        at: Instant,
    },
    /// The silent probe speaks again.
    Heard {
        at: Instant,
    },
}

impl Watch {
    /// A probe that has said nothing yet.
    pub const fn from(registered_at: Instant) -> Self {
        Self { over: Over::Fine, since: None, heard_at: registered_at, last: None, voice: Voice::Heard }
    }

    /// When the probe becomes silent if nothing comes.
    pub const fn silent_at(&self, band: &TemperatureBand) -> Instant {
        self.heard_at.plus_minutes(band.missing_minutes)
    }

    /// Whether it has become silent by `now`, without waiting for its next word.
    pub fn fall_silent(&mut self, band: &TemperatureBand, now: Instant) -> Option<Turn> {
        let at = self.silent_at(band);
        if self.voice == Voice::Silent || now <= at {
            return None;
        }
        self.voice = Voice::Silent;
        Some(Turn::Silent { at })
    }

    /// Takes readings in the order of their event time.
    pub fn run(&mut self, band: &TemperatureBand, inhibited: &[Inhibited], samples: &[Sample]) -> Vec<Turn> {
        let mut turns = Vec::new();
        for sample in samples {
            turns.extend(self.fall_silent(band, sample.at));
            if self.voice == Voice::Silent {
                self.voice = Voice::Heard;
                turns.push(Turn::Heard { at: sample.at });
            }
            self.heard_at = sample.at;
            self.last = Some(sample.value);
            // A door may stand open for loading; a room that is far too warm may not.
            let excused = inhibited.iter().any(|window| window.covers(sample.at)) && sample.value <= band.high_high;
            if !excused {
                self.judge(band, *sample, &mut turns);
            }
        }
        turns
    }

    fn judge(&mut self, band: &TemperatureBand, sample: Sample, turns: &mut Vec<Turn>) {
        let cleared = match self.over {
            Over::High | Over::HighHigh => sample.value <= band.clear,
            Over::Low => band.low_clear.is_none_or(|clear| sample.value >= clear),
            Over::Fine | Over::PendingHigh | Over::PendingLow => false,
        };
        if cleared {
            turns.push(Turn::Cleared { at: sample.at });
            (self.over, self.since) = (Over::Fine, None);
        }
        let since = self.since.unwrap_or(sample.at);
        let waited = sample.at >= since.plus_minutes(band.delay_minutes);
        let side = Side::of(band, sample.value);
        let (over, raised) = match (self.over, side) {
            (Over::HighHigh, _)
            | (Over::High, Side::High | Side::Within | Side::Low)
            | (Over::Low, Side::Low | Side::Within) => {
                return;
            }
            (Over::High | Over::PendingHigh, Side::FarHigh) => (Over::HighHigh, Some((AlarmKind::HighHigh, since))),
            (Over::Fine | Over::PendingLow | Over::Low, Side::FarHigh) => {
                (Over::HighHigh, Some((AlarmKind::HighHigh, sample.at)))
            }
            (Over::PendingHigh, Side::High) if waited => (Over::High, Some((AlarmKind::High, since))),
            (Over::PendingLow, Side::Low) if waited => (Over::Low, Some((AlarmKind::Low, since))),
            (Over::PendingHigh, Side::High) | (Over::PendingLow, Side::Low) => return,
            (Over::Fine | Over::PendingLow | Over::Low, Side::High) if band.delay_minutes == 0 => {
                (Over::High, Some((AlarmKind::High, sample.at)))
            }
            (Over::Fine | Over::PendingHigh, Side::Low) if band.delay_minutes == 0 => {
                (Over::Low, Some((AlarmKind::Low, sample.at)))
            }
            (Over::Fine | Over::PendingLow | Over::Low, Side::High) => (Over::PendingHigh, None),
            (Over::Fine | Over::PendingHigh, Side::Low) => (Over::PendingLow, None),
            (Over::Fine | Over::PendingHigh | Over::PendingLow, Side::Within) => (Over::Fine, None),
        };
        self.over = over;
        self.since = match (over, raised) {
            (Over::Fine, _) => None,
            (_, Some((_, began_at))) => Some(began_at),
            (_, None) => Some(sample.at),
        };
        if let Some((kind, began_at)) = raised {
            turns.push(Turn::Raised { kind, began_at, at: sample.at, value: sample.value });
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Low,
    Within,
    High,
    FarHigh,
}

impl Side {
    fn of(band: &TemperatureBand, value: DeciCelsius) -> Self {
        if value > band.high_high {
            Self::FarHigh
        } else if value > band.high {
            Self::High
        } else if band.low.is_some_and(|low| value < low) {
            Self::Low
        } else {
            Self::Within
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::TemperatureClass;
    use proptest::prelude::*;

    use super::*;

    fn band() -> TemperatureBand {
        TemperatureBand {
            low: None,
            low_clear: None,
            high: DeciCelsius(80),
            clear: DeciCelsius(70),
            high_high: DeciCelsius(120),
            delay_minutes: 15,
            missing_minutes: 30,
            ..TemperatureBand::of_class(TemperatureClass::Chilled)
        }
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn samples(trace: &[(i64, i32)]) -> Vec<Sample> {
        trace.iter().map(|(seconds, value)| Sample { at: at(*seconds), value: DeciCelsius(*value) }).collect()
    }

    /// The turns as a person on duty hears them, in seconds.
    fn heard(band: &TemperatureBand, trace: &[(i64, i32)]) -> Vec<(i64, &'static str)> {
        let turns = Watch::from(at(0)).run(band, &[], &samples(trace));
        turns.into_iter().filter_map(told).collect()
    }

    fn told(turn: Turn) -> Option<(i64, &'static str)> {
        match turn {
            Turn::Raised { kind: AlarmKind::High, at, .. } => Some((at.millis() / 1_000, "ALARM_H")),
            Turn::Raised { kind: AlarmKind::HighHigh, at, .. } => Some((at.millis() / 1_000, "ALARM_HH")),
            Turn::Raised { kind: AlarmKind::Low, at, .. } => Some((at.millis() / 1_000, "ALARM_L")),
            Turn::Raised { kind: AlarmKind::Silent, .. } | Turn::Heard { .. } => None,
            Turn::Cleared { at } => Some((at.millis() / 1_000, "CLEAR")),
            Turn::Silent { at } => Some((at.millis() / 1_000, "NO_DATA")),
        }
    }

    const TRACE: [(i64, i32); 13] = [
        (0, 40),
        (300, 84),
        (600, 81),
        (900, 74),
        (1200, 86),
        (1500, 90),
        (1800, 94),
        (2100, 91),
        (2400, 76),
        (2700, 69),
        (3000, 125),
        (3300, 60),
        (6000, 50),
    ];
    const EXPECTED: [(i64, &str); 5] =
        [(2100, "ALARM_H"), (2700, "CLEAR"), (3000, "ALARM_HH"), (3300, "CLEAR"), (5100, "NO_DATA")];

    #[test]
    fn the_written_trace_is_heard_as_written() {
        assert_eq!(heard(&band(), &TRACE), EXPECTED);
    }

    #[test]
    fn the_trace_of_the_test_data_is_heard_as_expected() {
        let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
            println!("skipped: no data");
            return;
        };
        let text = std::fs::read_to_string(format!("{folder}/coldchain/sensor_vectors.json")).unwrap();
        let vectors: serde_json::Value = serde_json::from_str(&text).unwrap();
        let trace = &vectors["alarm_trace"];
        let tenths =
            |value: &serde_json::Value| -> DeciCelsius { super::super::payload::tenths(&value.to_string()).unwrap() };
        let minutes = |name: &str| trace["rule"][name].as_i64().unwrap() / 60;
        let band = TemperatureBand {
            high: tenths(&trace["rule"]["high"]),
            clear: tenths(&trace["rule"]["clear"]),
            high_high: tenths(&trace["rule"]["high_high"]),
            delay_minutes: minutes("delay_s"),
            missing_minutes: minutes("missing_s"),
            ..band()
        };
        let samples: Vec<Sample> = trace["samples"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sample| Sample { at: at(sample[0].as_i64().unwrap()), value: tenths(&sample[1]) })
            .collect();
        let expected: Vec<(i64, String)> = trace["expected"]
            .as_array()
            .unwrap()
            .iter()
            .map(|turn| (turn[0].as_i64().unwrap(), turn[1].as_str().unwrap().to_owned()))
            .collect();
        let turns = Watch::from(samples[0].at).run(&band, &[], &samples);
        let heard: Vec<(i64, String)> =
            turns.into_iter().filter_map(told).map(|(at, what)| (at, what.to_owned())).collect();
        assert_eq!(heard, expected);
    }

    #[test]
    fn silence_does_not_end_an_alarm() {
        let trace = [(0, 40), (60, 130), (6000, 100), (6060, 60)];
        assert_eq!(heard(&band(), &trace), [(60, "ALARM_HH"), (1860, "NO_DATA"), (6060, "CLEAR")]);
    }

    #[test]
    fn waiting_goes_on_through_silence() {
        assert_eq!(heard(&band(), &[(0, 40), (60, 90), (4000, 90)]), [(1860, "NO_DATA"), (4000, "ALARM_H")]);
    }

    #[test]
    fn warm_becomes_far_too_warm_within_one_excursion() {
        let trace = [(0, 90), (900, 90), (1200, 130), (1500, 75), (1800, 70)];
        assert_eq!(heard(&band(), &trace), [(900, "ALARM_H"), (1200, "ALARM_HH"), (1800, "CLEAR")]);
    }

    #[test]
    fn frost_hurts_lettuce_too() {
        let band = TemperatureBand { low: Some(DeciCelsius(-10)), low_clear: Some(DeciCelsius(0)), ..band() };
        let trace = [(0, 20), (300, -20), (1200, -20), (1500, -5), (1800, 0)];
        assert_eq!(heard(&band, &trace), [(1200, "ALARM_L"), (1800, "CLEAR")]);
    }

    #[test]
    fn an_open_door_is_excused_but_not_a_warm_room() {
        let doors = [Inhibited { from: at(300), until: at(2400) }];
        let trace = samples(&[(0, 40), (300, 90), (1200, 90), (2100, 90), (2400, 40)]);
        assert_eq!(Watch::from(at(0)).run(&band(), &doors, &trace), []);
        let trace = samples(&[(0, 40), (300, 125)]);
        assert_eq!(Watch::from(at(0)).run(&band(), &doors, &trace).len(), 1);
    }

    #[test]
    fn a_probe_that_never_speaks_is_missed() {
        let mut watch = Watch::from(at(0));
        assert_eq!(watch.fall_silent(&band(), at(1_800)), None);
        assert_eq!(watch.fall_silent(&band(), at(1_801)), Some(Turn::Silent { at: at(1_800) }));
        assert_eq!(watch.fall_silent(&band(), at(9_999)), None);
    }

    proptest! {
        /// However readings are cut into batches, the same is heard.
        #[test]
        fn batches_change_nothing(
            steps in proptest::collection::vec((1..3_000_i64, -50..160_i32), 1..60),
            cut in 0..60_usize,
        ) {
            let mut clock = 0;
            let trace: Vec<(i64, i32)> = steps.iter().map(|(step, value)| { clock += step; (clock, *value) }).collect();
            let trace = samples(&trace);
            let mut whole = Watch::from(at(0));
            let heard_whole = whole.run(&band(), &[], &trace);
            let (first, rest) = trace.split_at(cut.min(trace.len()));
            let mut parts = Watch::from(at(0));
            let mut heard_parts = parts.run(&band(), &[], first);
            heard_parts.extend(parts.run(&band(), &[], rest));
            prop_assert_eq!(heard_whole, heard_parts);
            prop_assert_eq!(whole, parts);
        }

        /// An alarm is raised before it is cleared, and never twice without that but for its becoming worse.
        #[test]
        fn alarms_are_raised_and_cleared_in_turn(
            steps in proptest::collection::vec((1..900_i64, 30..140_i32), 1..80),
        ) {
            let mut clock = 0;
            let trace: Vec<(i64, i32)> = steps.iter().map(|(step, value)| { clock += step; (clock, *value) }).collect();
            let mut standing: Option<AlarmKind> = None;
            for turn in Watch::from(at(0)).run(&band(), &[], &samples(&trace)) {
                match turn {
                    Turn::Raised { kind, .. } => {
                        prop_assert!(standing.is_none() || standing == Some(AlarmKind::High) && kind == AlarmKind::HighHigh);
                        standing = Some(kind);
                    }
                    Turn::Cleared { .. } => {
                        prop_assert!(standing.is_some());
                        standing = None;
                    }
                    Turn::Silent { .. } | Turn::Heard { .. } => {}
                }
            }
        }
    }
}
