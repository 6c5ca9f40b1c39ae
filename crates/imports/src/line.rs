//! One row as its kind reads it: cell by cell, every fault noted, so that a bad row is told whole.

use std::ops::RangeInclusive;

use edge::Problem;
use kernel::{Base, Currency, Date, Money, Price, Quantity};
use sheets::{Cell, Row};

use crate::{
    cells::{self, refused},
    columns::{Column, coded, spoken},
    faults::Fault,
};

/// Where the columns of a kind stand in the file at hand.
pub(crate) struct Layout {
    pub(crate) columns: &'static [Column],
    /// For each column of the kind, its place in the file.
    pub(crate) places: Vec<Option<usize>>,
}

/// A row that is being read.
pub(crate) struct Line<'a> {
    layout: &'a Layout,
    row: &'a Row,
    lang: kernel::Lang,
    pub(crate) faults: Vec<Fault>,
}

static NOTHING: Cell = Cell::Empty;

impl<'a> Line<'a> {
    pub(crate) const fn new(layout: &'a Layout, row: &'a Row, lang: kernel::Lang) -> Self {
        Self { layout, row, lang, faults: Vec::new() }
    }

    fn cell(&self, column: &str) -> &'a Cell {
        let nth = self.layout.columns.iter().position(|known| known.code == column);
        let place = nth.and_then(|nth| self.layout.places.get(nth).copied().flatten());
        place.and_then(|place| self.row.cells.get(place)).unwrap_or(&NOTHING)
    }

    pub(crate) fn is_given(&self, column: &str) -> bool {
        !self.cell(column).is_empty()
    }

    pub(crate) fn fault(&mut self, column: &'static str, problem: Problem) {
        self.faults.push(Fault { row: self.row.number, column: Some(column), problem });
    }

    /// The value of a column that must be filled.
    pub(crate) fn must<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&Cell) -> Result<T, Problem>,
    ) -> Option<T> {
        if !self.is_given(column) {
            self.fault(column, refused("imports/missing"));
            return None;
        }
        self.may(column, read)
    }

    /// The value of a column that may be empty; `None` is noted as a fault only if something stood there.
    pub(crate) fn may<T>(&mut self, column: &'static str, read: impl FnOnce(&Cell) -> Result<T, Problem>) -> Option<T> {
        let cell = self.cell(column);
        if cell.is_empty() {
            return None;
        }
        match read(cell) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fault(column, problem);
                None
            }
        }
    }

    pub(crate) fn code(&mut self, column: &'static str, max: usize) -> Option<String> {
        self.must(column, |cell| cells::code(cell, max))
    }

    pub(crate) fn text(&mut self, column: &'static str, max: usize) -> Option<String> {
        self.must(column, |cell| cells::text(cell, max))
    }

    pub(crate) fn text_if_any(&mut self, column: &'static str, max: usize) -> Option<String> {
        self.may(column, |cell| cells::text(cell, max))
    }

    pub(crate) fn date_if_any(&mut self, column: &'static str) -> Option<Date> {
        self.may(column, cells::date)
    }

    pub(crate) fn whole_if_any(&mut self, column: &'static str, min: i64, max: i64) -> Option<i64> {
        self.may(column, |cell| cells::whole(cell, min, max))
    }

    /// How much, in one of two columns: by the piece or by weight.
    pub(crate) fn pieces_or_weight(
        &mut self,
        pieces: RangeInclusive<i64>,
        grams: RangeInclusive<i64>,
    ) -> Option<Quantity> {
        let pieces = self.whole_if_any("pieces", *pieces.start(), *pieces.end());
        let grams = self.may("weight", |cell| cells::grams(cell, grams));
        match (self.is_given("pieces"), self.is_given("weight")) {
            (true, false) => pieces.map(Quantity::pieces),
            (false, true) => grams.map(Quantity::grams),
            (true, true) => {
                self.fault("weight", refused("imports/one-quantity"));
                None
            }
            (false, false) => {
                self.fault("pieces", refused("imports/quantity-missing"));
                None
            }
        }
    }

    /// A word of the column's closed list, as the code that it stands for.
    fn word(&self, column: &'static str, said: &Cell) -> Result<&'static str, Problem> {
        let words = self.layout.columns.iter().find(|known| known.code == column).map_or(&[][..], |known| known.words);
        let said = cells::shown(said);
        coded(words, &said).ok_or_else(|| {
            let choices: Vec<String> = words.iter().map(|word| spoken(self.lang, word)).collect();
            refused("imports/not-one-of").with("value", said).with("choices", choices.join(", "))
        })
    }

    pub(crate) fn choice<T>(&mut self, column: &'static str, from: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let word = self.must_word(column)?;
        from(word)
    }

    pub(crate) fn choice_if_any<T>(&mut self, column: &'static str, from: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        if self.is_given(column) { self.choice(column, from) } else { None }
    }

    fn must_word(&mut self, column: &'static str) -> Option<&'static str> {
        if !self.is_given(column) {
            self.fault(column, refused("imports/missing"));
            return None;
        }
        match self.word(column, self.cell(column)) {
            Ok(word) => Some(word),
            Err(problem) => {
                self.fault(column, problem);
                None
            }
        }
    }

    /// Several words of the column's closed list, with blanks, commas or 、 between them.
    pub(crate) fn choices<T>(&mut self, column: &'static str, from: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let said = cells::shown(self.cell(column));
        let mut found = Vec::new();
        for word in said.split([' ', ',', '、', '，', ';', '；', '\u{3000}']).filter(|word| !word.is_empty()) {
            match self.word(column, &Cell::Text(word.to_owned())) {
                Ok(word) => found.extend(from(word)),
                Err(problem) => self.fault(column, problem),
            }
        }
        found
    }

    /// Money per piece or per a unit of weight, in two columns.
    pub(crate) fn price(&mut self, amount: &'static str, base: &'static str, currency: Currency) -> Option<Price> {
        let money = self.must(amount, |cell| cells::money(cell, currency));
        let base = self.choice(base, Base::from_code);
        Some(Price { money: money?, base: base? })
    }

    pub(crate) fn money_if_any(&mut self, column: &'static str, currency: Currency) -> Option<Money> {
        self.may(column, |cell| cells::money(cell, currency))
    }
}

/// The bases of a price, as files spell them.
pub(crate) const BASES: &[&str] = &["piece", "gram", "kilogram", "hundred_grams", "jin", "taiwan_jin", "taiwan_liang"];
