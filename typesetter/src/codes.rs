//! Codes that scanners read: Code 128 for hand scanners, QR for telephones, as modules that the template draws.

use barcoders::sym::code128::Code128;
use qrcode::{EcLevel, QrCode};
use serde_json::{Map, Value};

/// Numbers of documents are short.
const CODE_MAX: usize = 60;

/// `bars`: ones and zeros from left to right. `square`: rows of ones and zeros.
pub(crate) fn drawn(code: &str) -> Result<Map<String, Value>, String> {
    let plain = code.bytes().all(|byte| byte.is_ascii_graphic());
    if code.is_empty() || code.len() > CODE_MAX || !plain {
        return Err(format!("{code:?} cannot be drawn as a code"));
    }
    // Ɓ begins character set B, which has all of plain ASCII.
    let bars = Code128::new(format!("\u{0181}{code}")).map_err(|error| error.to_string())?.encode();
    let bars: String = bars.iter().map(|module| if *module == 1 { '1' } else { '0' }).collect();
    let square = QrCode::with_error_correction_level(code, EcLevel::M).map_err(|error| error.to_string())?;
    let width = square.width();
    let rows: Vec<Value> = square
        .to_colors()
        .chunks(width)
        .map(|row| row.iter().map(|module| module.select('1', '0')).collect::<String>().into())
        .collect();
    let mut drawn = Map::new();
    drawn.insert("code".to_owned(), code.into());
    drawn.insert("bars".to_owned(), bars.into());
    drawn.insert("square".to_owned(), rows.into());
    Ok(drawn)
}
