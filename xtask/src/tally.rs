//! Counts tests by reading what `cargo test -- --show-output` prints.
//!
//! libtest knows no "skipped": a test without its data returns early and says so in one line. Only `--show-output`
//! brings that line to daylight, together with everything else that passing tests print, which is held back here.

/// How the tests of a run ended, over all test programs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Tests that returned early; libtest has them among the passed.
    said_skipped: u64,
    without_postgres: u64,
    place: Place,
    /// The test whose output is being read, until it has been counted as skipped.
    speaker: Option<String>,
}

/// Which part of a test program's output the next line belongs to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Progress,
    OutputOfPassed,
    OutputOfFailed,
}

const NO_DATA: &str = "skipped: no data";
const NO_POSTGRES: &str = "skipped: no TEST_POSTGRES_URL";

impl Tally {
    /// Takes one line of output and answers what to print of it, if anything.
    pub(crate) fn read(&mut self, line: &str) -> Option<String> {
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.place = Place::Progress;
            self.passed += count(counts, "passed");
            self.failed += count(counts, "failed");
            self.ignored += count(counts, "ignored");
            return Some(line.to_owned());
        }
        match line {
            "successes:" => self.place = Place::OutputOfPassed,
            "failures:" => self.place = Place::OutputOfFailed,
            _ => {}
        }
        match self.place {
            Place::OutputOfPassed => self.read_passed(line),
            Place::OutputOfFailed => Some(line.to_owned()),
            Place::Progress => {
                self.speaker = Some(line.to_owned());
                self.read_skip(line);
                Some(line.to_owned())
            }
        }
    }

    fn read_passed(&mut self, line: &str) -> Option<String> {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            self.speaker = Some(name.to_owned());
            return None;
        }
        let name = self.read_skip(line)?;
        Some(format!("test {name} ... {}", line.trim()))
    }

    /// Counts a test once, however often it says that it is skipped.
    fn read_skip(&mut self, line: &str) -> Option<String> {
        let without_postgres = line.contains(NO_POSTGRES);
        if !without_postgres && !line.contains(NO_DATA) {
            return None;
        }
        let name = self.speaker.take()?;
        self.said_skipped += 1;
        self.without_postgres += u64::from(without_postgres);
        Some(name)
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed
    }

    pub(crate) fn without_postgres(&self) -> u64 {
        self.without_postgres
    }

    /// A stage that failed without a failing test, such as a warning, so that bad news is never "0 failed".
    pub(crate) fn add_failed_stage(&mut self) {
        self.failed += 1;
    }

    pub(crate) fn add_skipped_stage(&mut self) {
        self.ignored += 1;
    }

    pub(crate) fn closing_line(&self) -> String {
        let passed = self.passed.saturating_sub(self.said_skipped);
        let skipped = self.ignored + self.said_skipped;
        format!("{passed} passed, {} failed, {skipped} skipped", self.failed)
    }
}

/// Reads `2` for `failed` from `FAILED. 1 passed; 2 failed; 0 ignored; …`.
fn count(counts: &str, word: &str) -> u64 {
    let mut parts = counts.split(['.', ';']).map(str::trim);
    parts.find_map(|part| part.strip_suffix(word)?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_PROGRAMS: &str = "\
running 3 tests
test kernel_vectors ... ok
test spinach_is_weighed ... ok
test lots_on_postgres ... ok

successes:

---- kernel_vectors stdout ----
looking for vectors
skipped: no data
skipped: no data, really

---- lots_on_postgres stdout ----
skipped: no TEST_POSTGRES_URL

successes:
    kernel_vectors
    spinach_is_weighed
    lots_on_postgres

test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 2 tests
failures:

---- cod_is_frozen stdout ----
the cod said: skipped: no data

failures:
    cod_is_frozen

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.12s";

    #[test]
    fn tests_are_counted_over_programs_and_skips_once_each() {
        let mut tally = Tally::default();

        for line in TWO_PROGRAMS.lines() {
            tally.read(line);
        }

        assert_eq!(tally.closing_line(), "2 passed, 1 failed, 3 skipped");
        assert_eq!(tally.without_postgres(), 1);
    }

    #[test]
    fn chatter_of_passing_tests_is_held_back_but_their_skips_are_named() {
        let mut tally = Tally::default();

        let printed: Vec<String> = TWO_PROGRAMS.lines().filter_map(|line| tally.read(line)).collect();

        assert!(!printed.iter().any(|line| line == "looking for vectors"));
        assert!(printed.iter().any(|line| line == "test kernel_vectors ... skipped: no data"));
        assert!(printed.iter().any(|line| line == "the cod said: skipped: no data"));
    }

    #[test]
    fn a_failed_stage_is_never_zero_failed() {
        let mut tally = Tally::default();

        tally.add_failed_stage();

        assert_eq!(tally.closing_line(), "0 passed, 1 failed, 0 skipped");
    }
}
