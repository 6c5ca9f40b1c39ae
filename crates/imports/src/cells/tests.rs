use super::*;

fn typed_in(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn code_of(refused: Result<impl std::fmt::Debug, Problem>) -> &'static str {
    refused.unwrap_err().code()
}

#[test]
fn a_date_is_read_as_people_of_both_calendars_write_it() {
    let good_friday: Date = "2026-04-03".parse().unwrap();
    for written in [
        "2026-04-03",
        "2026/4/3",
        "2026.04.03",
        "20260403",
        "2026年4月3日",
        "115/4/3",
        "115-04-03",
        "1150403",
        "民國115年4月3日",
        "民國 115.04.03",
        "ROC 115/04/03",
        "１１５／４／３",
    ] {
        assert_eq!(date(&typed_in(written)).unwrap(), good_friday, "{written}");
    }
    assert_eq!(date(&Cell::Date { year: 2026, month: 4, day: 3, minute: 0 }).unwrap(), good_friday);
    for bad in ["26/4/3", "2026-02-30", "115/13/1", "soon", "4/3/2026", "2026-04", "0", "99999999"] {
        assert_eq!(code_of(date(&typed_in(bad))), "imports/not-a-date", "{bad}");
    }
}

#[test]
fn a_weight_is_exact_in_every_unit() {
    for (written, wanted) in [
        ("900", 900),
        ("0.6kg", 600),
        ("1 台斤", 600),
        ("1.5臺斤", 900),
        ("2斤", 1000),
        ("3 公斤", 3000),
        ("2 台兩", 75),
        ("1,200 g", 1200),
        ("１．５ 公斤", 1500),
        ("5 100g", 500),
    ] {
        assert_eq!(grams(&typed_in(written), 1..=1_000_000).unwrap(), wanted, "{written}");
    }
    assert_eq!(code_of(grams(&typed_in("1 台兩"), 1..=1_000_000)), "imports/not-whole-grams");
    assert_eq!(code_of(grams(&typed_in("1 磅"), 1..=1_000_000)), "imports/unit-unknown");
    assert_eq!(code_of(grams(&typed_in("1,5 kg"), 1..=1_000_000)), "imports/not-a-weight");
    assert_eq!(code_of(grams(&typed_in("0"), 1..=1_000_000)), "imports/out-of-range");
}

#[test]
fn a_number_is_never_rounded() {
    assert_eq!(scaled(&typed_in("1,234.50"), 2, 0, 1_000_000).unwrap(), 123_450);
    assert_eq!(scaled(&typed_in("-25.078"), 6, -90_000_000, 90_000_000).unwrap(), -25_078_000);
    assert_eq!(whole(&typed_in("12.0"), 0, 100).unwrap(), 12);
    assert_eq!(code_of(scaled(&typed_in("1.005"), 2, 0, 1_000)), "imports/too-exact");
    assert_eq!(code_of(whole(&typed_in("1.5"), 0, 100)), "imports/not-whole");
    assert_eq!(code_of(whole(&typed_in("101"), 0, 100)), "imports/out-of-range");
    for bad in ["", "1.", "1e3", "12,34", "twelve", "--1", "1.2.3"] {
        assert_eq!(code_of(whole(&typed_in(bad), 0, 100)), "imports/not-a-number", "{bad}");
    }
}

#[test]
fn a_code_that_lost_its_zeros_is_refused() {
    assert_eq!(code(&typed_in("0042"), 32).unwrap(), "0042");
    assert_eq!(code_of(code(&Cell::Number("42".to_owned()), 32)), "imports/code-as-number");
    assert_eq!(code_of(code(&typed_in("菠菜"), 32)), "imports/not-a-code");
}

#[test]
fn a_time_of_day_is_a_minute() {
    assert_eq!(minute(&typed_in("9:30")).unwrap(), 570);
    assert_eq!(minute(&typed_in("24:00")).unwrap(), 1440);
    assert_eq!(minute(&Cell::Date { year: 1899, month: 12, day: 31, minute: 600 }).unwrap(), 600);
    for bad in ["25:00", "9", "9:60", "24:01"] {
        assert_eq!(code_of(minute(&typed_in(bad))), "imports/not-a-time", "{bad}");
    }
}
