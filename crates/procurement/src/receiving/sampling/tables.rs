//! Tables 1, 2-A, 2-B and 2-C of ISO 2859-1:1999 (GB/T 2828.1-2012), as the rule that generates them.

use super::{Level, Severity};

pub(super) const AQLS: [&str; 26] = [
    "0.010", "0.015", "0.025", "0.040", "0.065", "0.10", "0.15", "0.25", "0.40", "0.65", "1.0", "1.5", "2.5", "4.0",
    "6.5", "10", "15", "25", "40", "65", "100", "150", "250", "400", "650", "1000",
];

/// The code letters; I and O are left out as on the printed page, S exists only in the tightened table.
const LETTERS: [char; 17] = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S'];

const SAMPLE: [i64; 17] = [2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150];
const SAMPLE_REDUCED: [i64; 16] = [2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800];

/// Table 1: the largest load of each row, and its letters for S-1, S-2, S-3, S-4, I, II, III.
const CODE_LETTERS: [(i64, [u8; 7]); 15] = [
    (8, *b"AAAAAAB"),
    (15, *b"AAAAABC"),
    (25, *b"AABBBCD"),
    (50, *b"ABBCCDE"),
    (90, *b"BBCCCEF"),
    (150, *b"BBCDDFG"),
    (280, *b"BCDEEGH"),
    (500, *b"BCDEFHJ"),
    (1_200, *b"CCEFGJK"),
    (3_200, *b"CDEGHKL"),
    (10_000, *b"CDFGJLM"),
    (35_000, *b"CDFHKMN"),
    (150_000, *b"DEGJLNP"),
    (500_000, *b"DEGJMPQ"),
    (i64::MAX, *b"DEHKNQR"),
];

/// One resolved cell.
pub(super) struct Row {
    pub(super) letter: char,
    pub(super) sample: i64,
    pub(super) accept: i64,
}

/// The index of the load's code letter.
pub(super) fn letter(units: i64, level: Level) -> usize {
    let column = match level {
        Level::S1 => 0,
        Level::S2 => 1,
        Level::S3 => 2,
        Level::S4 => 3,
        Level::I => 4,
        Level::II => 5,
        Level::III => 6,
    };
    let row = CODE_LETTERS.iter().find(|(largest, _)| units <= *largest);
    let letter = row.and_then(|(_, letters)| letters.get(column)).map_or('R', |letter| char::from(*letter));
    LETTERS.iter().position(|known| *known == letter).unwrap_or(0)
}

/// What a cell says.
enum Cell {
    Accept(i64),
    Down,
    Up,
}

/// Reads the cell and follows its arrows along the column. An arrow that leaves the table turns round.
pub(super) fn resolve(letter: usize, aql: usize, severity: Severity) -> Row {
    let rows = rows_of(aql, severity);
    let mut at = letter.min(rows - 1);
    let mut down = None;
    // Each row is passed at most twice, once in either direction.
    for _ in 0..rows * 2 {
        let arrow_down = match cell(at, aql, severity) {
            Cell::Accept(accept) => return Row { letter: LETTERS[at], sample: sample_of(at, severity), accept },
            Cell::Down => true,
            Cell::Up => false,
        };
        let going_down = *down.get_or_insert(arrow_down);
        at = match (going_down, at) {
            (true, at) if at + 1 < rows => at + 1,
            (false, at) if at > 0 => at - 1,
            (_, at) => {
                down = Some(!going_down);
                at
            }
        };
    }
    // No column of the three tables is without a number; the strictest plan would be the safe answer to one that were.
    Row { letter: 'A', sample: sample_of(rows - 1, severity), accept: 0 }
}

/// Letter S (3150 units) exists in one place only: the tightened table at AQL 0.025.
const fn rows_of(aql: usize, severity: Severity) -> usize {
    match severity {
        Severity::Tightened if aql == 2 => 17,
        Severity::Normal | Severity::Tightened | Severity::Reduced | Severity::Stopped => 16,
    }
}

fn sample_of(letter: usize, severity: Severity) -> i64 {
    let samples: &[i64] = match severity {
        Severity::Normal | Severity::Tightened | Severity::Stopped => &SAMPLE,
        Severity::Reduced => &SAMPLE_REDUCED,
    };
    samples.get(letter).copied().unwrap_or(SAMPLE[16])
}

/// Acceptance numbers from the diagonal 14 (or 15) on; between the first and the second lie arrows.
fn cell(letter: usize, aql: usize, severity: Severity) -> Cell {
    // Rows A and B of the reduced table run along the rows instead, because two units are the least one can draw.
    const REDUCED_SMALL: [i64; 9] = [1, 2, 3, 5, 7, 10, 14, 21, 30];
    let diagonal = letter + aql;
    // Below these diagonals the acceptance number would exceed what the sample could show.
    let last = match aql {
        0..=20 => 24,
        21 => 25,
        _ => 26,
    };
    if diagonal > last {
        return Cell::Up;
    }
    match severity {
        Severity::Normal | Severity::Stopped => match diagonal {
            0..=13 | 16 => Cell::Down,
            14 => Cell::Accept(0),
            15 => Cell::Up,
            _ => accept(&[1, 2, 3, 5, 7, 10, 14, 21, 30, 44], diagonal - 17),
        },
        Severity::Tightened => match diagonal {
            0..=14 | 16 | 17 => Cell::Down,
            15 => Cell::Accept(0),
            _ => accept(&[1, 2, 3, 5, 8, 12, 18, 27, 41], diagonal - 18),
        },
        Severity::Reduced if letter < 2 && aql >= 17 => accept(&REDUCED_SMALL, aql - 17),
        Severity::Reduced => match diagonal {
            0..=13 | 16 | 17 => Cell::Down,
            14 => Cell::Accept(0),
            15 => Cell::Up,
            _ => accept(&[1, 2, 3, 5, 6, 8, 10, 14, 21], diagonal - 18),
        },
    }
}

fn accept(numbers: &[i64], at: usize) -> Cell {
    numbers.get(at).map_or(Cell::Up, |number| Cell::Accept(*number))
}
