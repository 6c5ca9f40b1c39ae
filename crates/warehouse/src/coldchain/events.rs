//! What others may learn from the cold chain. Readings are not among it: alarms and decisions made of them are.

use events::Told;
use kernel::{Date, DeciCelsius, Instant, LotId, SkuId, TemperatureClass};
use serde::{Deserialize, Serialize};

use super::{
    band::TemperatureBand,
    excursions::{Action, Cause, Rung},
    inhibits::InhibitKind,
    machine::AlarmKind,
    probes::ProbeKind,
    quarantine::{QuarantineState, QuarantineWhy},
    thermal::ThermalLaw,
};

macro_rules! told {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl Told for $name {
            const KIND: &'static str = $kind;
            const VERSION: i64 = 1;
        }
    )*};
}

told! {
    ProbeRegistered = "probe_registered" { code: String, kind: ProbeKind, class: TemperatureClass, topic: String, }
    ProbeCalibrated = "probe_calibrated" { code: String, calibrated_on: Date, calibration_due: Date, }
    ProbeRetired = "probe_retired" { code: String, reason: String, }
    TemperatureLimitsSet = "temperature_limits_set" { class: TemperatureClass, limits: TemperatureBand, }
    ThermalLawSet = "thermal_law_set" { law: ThermalLaw, }
    /// A rise is expected: a door that is open, a defrost cycle.
    AlarmInhibited = "alarm_inhibited" { kind: InhibitKind, starts_at: Instant, ends_at: Instant, }
    TemperatureAlarmRaised = "temperature_alarm_raised" {
        probe: String,
        kind: AlarmKind,
        class: TemperatureClass,
        began_at: Instant,
        raised_at: Instant,
        value: Option<DeciCelsius>,
    }
    /// It became far too warm.
    TemperatureAlarmWorsened = "temperature_alarm_worsened" { probe: String, at: Instant, value: DeciCelsius, }
    TemperatureAlarmEscalated = "temperature_alarm_escalated" { probe: String, rung: Rung, minutes: i64, }
    TemperatureAlarmAcknowledged = "temperature_alarm_acknowledged" { probe: String, minutes: i64, }
    TemperatureActionTaken = "temperature_action_taken" { probe: String, action: Action, note: String, }
    /// The cold is back, or the probe speaks again.
    TemperatureRestored = "temperature_restored" { probe: String, kind: AlarmKind, at: Instant, minutes: i64, }
    TemperatureAlarmClosed = "temperature_alarm_closed" { probe: String, cause: Cause, note: String, }
    /// The probe was wrong: nothing was too warm.
    TemperatureAlarmVoided = "temperature_alarm_voided" { probe: String, proof: String, }
    QuarantineOpened = "quarantine_opened" {
        lot: LotId,
        code: String,
        sku: SkuId,
        why: QuarantineWhy,
        over_minutes: i64,
        far_minutes: i64,
        peak: Option<DeciCelsius>,
    }
    QuarantineDecided = "quarantine_decided" { lot: LotId, code: String, decision: QuarantineState, reason: String, }
    HaccpDaySigned = "haccp_day_signed" {
        day: Date,
        probes: i64,
        readings: i64,
        doubtful_readings: i64,
        minutes_watched: i64,
        minutes_over: i64,
        minutes_silent: i64,
        alarms: i64,
        quarantined: i64,
        note: String,
    }
}
