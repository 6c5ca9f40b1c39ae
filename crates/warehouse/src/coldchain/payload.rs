//! What probes send, read without a float: our own JSON, and the form of Zigbee2MQTT.

use kernel::{DeciCelsius, Instant};
use serde::Deserialize;
use serde_json::Value;

/// Readings out of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// None when the message does not say when: it was now.
    pub at: Option<Instant>,
    pub value: DeciCelsius,
}

/// Why a message says nothing that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unspoken {
    #[error("the message is no JSON object")]
    NotAnObject,
    #[error("the message holds no temperature")]
    NoTemperature,
    #[error("a temperature or a time in it cannot be read")]
    Unreadable,
    #[error("more than {BATCH_MAX} readings in one message")]
    TooMany,
}

/// A day of one reading a minute, and some.
pub const BATCH_MAX: usize = 2_000;

#[derive(Deserialize)]
struct Own {
    at: Instant,
    decicelsius: i32,
}

/// Reads a message. Ours is `{"readings": [{"at": "2026-03-28T00:05:00Z", "decicelsius": -185}]}`; Zigbee2MQTT says
/// `{"temperature": 4.3, …}` and means now, unless it says `last_seen`.
pub fn read(payload: &[u8]) -> Result<Vec<Spoken>, Unspoken> {
    let message: Value = serde_json::from_slice(payload).map_err(|_| Unspoken::NotAnObject)?;
    let Value::Object(mut message) = message else { return Err(Unspoken::NotAnObject) };
    if let Some(readings) = message.remove("readings") {
        let Value::Array(readings) = readings else { return Err(Unspoken::Unreadable) };
        if readings.len() > BATCH_MAX {
            return Err(Unspoken::TooMany);
        }
        return readings.into_iter().map(own).collect();
    }
    let temperature = message.get("temperature").filter(|value| !value.is_null()).ok_or(Unspoken::NoTemperature)?;
    // A number is written as it was sent, which saves it from being a float on the way to tenths.
    let value = tenths(&temperature.to_string()).ok_or(Unspoken::Unreadable)?;
    let at = match message.get("last_seen") {
        None | Some(Value::Null) => None,
        Some(seen) => Some(seen_at(seen).ok_or(Unspoken::Unreadable)?),
    };
    Ok(vec![Spoken { at, value }])
}

fn own(reading: Value) -> Result<Spoken, Unspoken> {
    let own: Own = serde_json::from_value(reading).map_err(|_| Unspoken::Unreadable)?;
    let value = DeciCelsius(own.decicelsius);
    if value.is_plausible() { Ok(Spoken { at: Some(own.at), value }) } else { Err(Unspoken::Unreadable) }
}

/// Zigbee2MQTT writes `last_seen` as it is told to: RFC 3339, or milliseconds.
fn seen_at(seen: &Value) -> Option<Instant> {
    let at = match seen {
        Value::String(text) => text.parse().ok()?,
        Value::Number(millis) => Instant::from_millis(millis.as_i64()?),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (Instant::MIN..=Instant::MAX).contains(&at).then_some(at)
}

/// A decimal number as tenths, halves away from zero: `27.34` is 27.3, `-18.25` is −18.3. `None` for what is no
/// number of a thermometer.
pub fn tenths(text: &str) -> Option<DeciCelsius> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || whole.len() > 4 || fraction.len() > 20 {
        return None;
    }
    let mut digits = fraction.bytes().map(|byte| i32::from(byte - b'0'));
    let (first, second) = (digits.next().unwrap_or(0), digits.next().unwrap_or(0));
    let magnitude = whole.parse::<i32>().ok()?.checked_mul(10)?.checked_add(first)? + i32::from(second >= 5);
    let value = DeciCelsius(if negative { -magnitude } else { magnitude });
    value.is_plausible().then_some(value)
}

/// A line of a logger's file: an instant and a temperature, by comma, semicolon or tab.
pub fn csv_line(line: &str) -> Option<Spoken> {
    let (at, value) = line.split_once([',', ';', '\t'])?;
    let at: Instant = at.trim().trim_matches('"').parse().ok()?;
    let value = tenths(value.trim().trim_matches('"'))?;
    (Instant::MIN..=Instant::MAX).contains(&at).then_some(Spoken { at: Some(at), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_are_read_without_a_float() {
        for (text, expected) in
            [("27.34", 273), ("-18.25", -183), ("4", 40), ("0.05", 1), ("-0.04", 0), ("22.75", 228), ("90", 900)]
        {
            assert_eq!(tenths(text), Some(DeciCelsius(expected)), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1e3", "NaN", "91", "163.835", "4,5", "--4"] {
            assert_eq!(tenths(text), None, "{text}");
        }
    }

    #[test]
    fn our_own_message_is_a_batch() {
        let payload = br#"{"readings":[{"at":"2026-03-28T00:05:00Z","decicelsius":-185},{"at":"2026-03-28T00:10:00Z","decicelsius":-184}]}"#;
        let spoken = read(payload).unwrap();
        assert_eq!(spoken.iter().map(|one| one.value.0).collect::<Vec<_>>(), [-185, -184]);
        assert!(spoken.iter().all(|one| one.at.is_some()));
    }

    #[test]
    fn nonsense_is_told_apart_from_silence() {
        assert_eq!(read(b"{\"state\":\"online\"}"), Err(Unspoken::NoTemperature));
        assert_eq!(read(b"{\"temperature\":null}"), Err(Unspoken::NoTemperature));
        assert_eq!(read(b"online"), Err(Unspoken::NotAnObject));
        assert_eq!(read(b"\xff"), Err(Unspoken::NotAnObject));
        assert_eq!(read(b"{\"temperature\":\"warm\"}"), Err(Unspoken::Unreadable));
        assert_eq!(read(b"{\"readings\":[{\"at\":\"now\",\"decicelsius\":40}]}"), Err(Unspoken::Unreadable));
    }

    #[test]
    fn zigbee_says_when_it_was_seen() {
        let spoken = read(br#"{"temperature":4.26,"last_seen":1774656300000,"battery":86}"#).unwrap();
        assert_eq!(spoken, [Spoken { at: Some(Instant::from_millis(1_774_656_300_000)), value: DeciCelsius(43) }]);
    }

    #[test]
    fn the_zigbee_messages_of_the_test_data_are_read() {
        let Ok(folder) = std::env::var("FRESHET_TEST_DATA") else {
            println!("skipped: no data");
            return;
        };
        let text = std::fs::read_to_string(format!("{folder}/coldchain/sensor_vectors.json")).unwrap();
        let vectors: Value = serde_json::from_str(&text).unwrap();
        for vector in vectors["zigbee2mqtt"].as_array().unwrap() {
            let spoken = read(vector["payload"].to_string().as_bytes());
            match vector.get("temperature_c") {
                Some(expected) => {
                    let expected = tenths(&expected.to_string()).unwrap();
                    assert_eq!(spoken, Ok(vec![Spoken { at: None, value: expected }]));
                }
                None => assert_eq!(spoken, Err(Unspoken::NoTemperature)),
            }
        }
    }

    #[test]
    fn a_loggers_file_has_a_reading_a_line() {
        let expected = Spoken { at: Some("2026-03-28T00:05:00Z".parse().unwrap()), value: DeciCelsius(-185) };
        for line in
            ["2026-03-28T00:05:00Z,-18.5", "\"2026-03-28T08:05:00+08:00\";-18.50", "2026-03-28T00:05:00Z\t-18.5"]
        {
            assert_eq!(csv_line(line), Some(expected.clone()), "{line}");
        }
        assert_eq!(csv_line("time,temperature"), None);
    }
}
