//! Each rule is shown a tree that breaks it and must see exactly that.

use serde_json::json;
use tempfile::TempDir;

use super::*;

/// Plants files in a temporary folder and answers the findings as `path:line rule`.
fn found(planted: &[(&str, &str)]) -> Vec<String> {
    let root = TempDir::new().unwrap();
    for (path, text) in planted {
        let file = root.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let files = read_tree(root.path()).unwrap();
    text_findings(&files).iter().map(|finding| format!("{}:{} {}", finding.path, finding.line, finding.rule)).collect()
}

fn edge(from: &str, to: &str, kind: &serde_json::Value) -> Vec<Finding> {
    let package = |name: &str, dependencies: serde_json::Value| json!({ "name": name, "manifest_path": format!("/x/crates/{name}/Cargo.toml"), "dependencies": dependencies });
    let metadata = json!({ "packages": [
        package(from, json!([{ "name": "serde", "kind": null }, { "name": to, "kind": kind }])),
        package(to, json!([])),
    ]});
    let text = format!("[dependencies]\nserde.workspace = true\n{to}.workspace = true\n");
    arrow::points_one_way(&metadata, &[TextFile { path: format!("crates/{from}/Cargo.toml"), text }])
}

#[test]
fn the_arrow_lets_the_agreed_edges_pass() {
    for (from, to) in [
        ("store", "kernel"),
        ("customers", "identity"),
        ("ledger", "catalog"),
        ("accounts", "customers"),
        ("orders", "accounts"),
        ("delivery", "routing"),
        ("flows", "warehouse"),
        ("cli", "server"),
        ("testkit", "server"),
    ] {
        assert!(edge(from, to, &json!(null)).is_empty(), "{from} -> {to}");
    }
    assert!(edge("ledger", "testkit", &json!("dev")).is_empty());
}

#[test]
fn the_arrow_refuses_the_others_at_their_line() {
    for (from, to) in [
        ("kernel", "store"),
        ("catalog", "identity"),
        ("ledger", "accounts"),
        ("orders", "warehouse"),
        ("warehouse", "flows"),
        ("sim", "server"),
        ("routing", "kernel"),
        ("kernel", "newcomer"),
    ] {
        let findings = edge(from, to, &json!(null));
        assert!(
            findings.iter().any(|finding| finding.path == format!("crates/{from}/Cargo.toml") && finding.line == 3),
            "{from} -> {to}"
        );
    }
    assert_eq!(edge("orders", "warehouse", &json!("dev")).len(), 1);
    assert_eq!(edge("newcomer", "kernel", &json!(null)).len(), 1);
}

#[test]
fn a_step_opens_with_its_number_and_name() {
    let right = "//! Step 1.6 驗收與入庫. Weighs and judges a load.\n";
    let lib = "mod receiving;\nmod market;\nmod odds;\n";

    let seen = found(&[
        ("crates/procurement/src/lib.rs", lib),
        ("crates/procurement/src/receiving/mod.rs", right),
        ("crates/procurement/src/market/mod.rs", "//! Step 1.2 市場調研\n"),
        ("crates/procurement/src/odds/mod.rs", "//! Odds and ends\n"),
    ]);

    let both =
        ["crates/procurement/src/market/mod.rs:1 step-number", "crates/procurement/src/odds/mod.rs:1 step-number"];
    assert_eq!(seen, both);
}

#[test]
fn a_file_that_nobody_declares_is_an_orphan() {
    let seen = found(&[
        ("crates/kernel/src/lib.rs", "pub mod money;\nmod lot;\n"),
        ("crates/kernel/src/money.rs", "mod rounding;\n"),
        ("crates/kernel/src/money/rounding.rs", ""),
        ("crates/kernel/src/lot/mod.rs", ""),
        ("crates/kernel/src/lot/label.rs", ""),
    ]);

    assert_eq!(seen, ["crates/kernel/src/lot/label.rs:1 orphan-file"]);
}

#[test]
fn life_dates_are_compared_in_the_judge_only() {
    let breaches = "\
fn a(lot: Lot) { lot.use_by < today; }
fn b(lot: Lot) { today >= lot.use_by; }
fn c(lot: Lot) { today.cmp(&lot.use_by); }
fn d(lot: Lot) { lot.usable_until
    > now; }
const E: &str = \"SELECT lot FROM lot WHERE usable_until>$1\";
const F: &str = \"SELECT lot FROM lot WHERE $1 BETWEEN made_on AND use_by\";
const G: &str = \"SELECT lot FROM lot WHERE COALESCE(l.use_by) <= $1\";
fn h(lot: Lot) { lot.use_by.cmp(&other); }
";
    let blameless = "\
/// use_by < today is judged elsewhere
struct Lot { use_by: Option<Date>, usable_until: Instant }
fn sort(lots: &mut [Lot]) { lots.sort_by_key(|lot| lot.use_by); }
const BY_AGE: &str = \"SELECT lot, use_by FROM lot WHERE grams > 0 ORDER BY use_by, lot\";
fn decode(row: &Row) -> Lot { Lot { use_by: row.get::<Date>(\"use_by\"), grams: 1 } }
fn age(lot: &Lot) -> Age { match lot { Lot { use_by, .. } => use_by } }
";
    let declared = "mod stock;\nmod expiry;\n";

    let seen = found(&[
        ("crates/warehouse/src/lib.rs", declared),
        ("crates/warehouse/src/stock.rs", breaches),
        ("crates/warehouse/src/expiry.rs", blameless),
        ("crates/ledger/src/lib.rs", "mod usable;\n"),
        ("crates/ledger/src/usable.rs", breaches),
        (
            "migrations/0001_lot.sql",
            "-- lot: use_by < made_on never\nCREATE TABLE lot (\n  CHECK (use_by >= made_on));\n",
        ),
    ]);

    let lines = [1, 2, 3, 4, 6, 7, 8, 9].map(|line| format!("crates/warehouse/src/stock.rs:{line} life-date"));
    assert_eq!(seen[..8], lines);
    assert_eq!(seen[8..], ["migrations/0001_lot.sql:3 life-date"]);
}

#[test]
fn a_refusal_without_texts_is_seen_and_media_types_are_not() {
    let code = "\
fn slug() -> &'static str { \"receiving/too-warm\" }
const TYPE: &str = \"application/json\";
const FIELD: &str = \"price/money\";
const OTHER: &str = \"receiving/not-on-order\";
#[cfg(test)]
mod tests {
    const INVENTED: &str = \"receiving/invented\";
}
";
    let texts = r#"{ "receiving/not-on-order": { "en": "no", "zh-Hant": "否", "zh-Hans": "否" } }"#;
    let catalogue = crate::locales::parse(texts).unwrap();
    let list = crate::generated::errors(&catalogue);

    let fresh = found(&[
        ("crates/procurement/src/lib.rs", code),
        ("locales/procurement.json", texts),
        ("docs/errors.md", &list),
    ]);
    let stale = found(&[("locales/procurement.json", texts), ("docs/errors.md", "# Refusals\n")]);
    let missing = found(&[("locales/procurement.json", texts)]);

    assert_eq!(fresh, ["crates/procurement/src/lib.rs:1 refusal-texts"]);
    assert_eq!(stale, ["docs/errors.md:1 stale-file"]);
    assert_eq!(missing, ["docs/errors.md:1 stale-file"]);
}

#[test]
fn texts_speak_three_languages_with_the_same_facts() {
    let half = "{\n\"notice.late\": { \"en\": \"late\", \"zh-Hant\": \"遲到\" },\n\"notice.eta\": { \"en\": \"at {eta}\", \"zh-Hant\": \"{eta} 到\", \"zh-Hans\": \"{time} 到\" }\n}";
    let list = crate::generated::errors(&crate::locales::parse(half).unwrap());

    let seen = found(&[("locales/orders.json", half), ("locales/broken.json", "{"), ("docs/errors.md", &list)]);

    let three = [
        "locales/broken.json:1 refusal-texts",
        "locales/orders.json:2 refusal-texts",
        "locales/orders.json:3 refusal-texts",
    ];
    assert_eq!(seen, three);
}

#[test]
fn words_are_seen_where_they_do_not_belong() {
    let seen = found(&[
        ("crates/ledger/Cargo.toml", "[dependencies]\nrusqlite = \"1\"\n"),
        ("crates/ledger/src/lib.rs", "// f64 would lose grams\nfn kilos() -> f64 { 1.0 }\nmod helpers;\n"),
        ("crates/ledger/src/helpers.rs", "struct LotManager;\nenum Role { OperationsManager }\n"),
        ("crates/store/src/lib.rs", "use rusqlite::Connection;\nfn later() { todo!() }\nstruct GeneralManager;\n"),
        ("docs/guide.md", "# Guide\n\nLies in /home/cook/shop, not in https://example.org/home/cook. PO-XXX\n"),
    ]);

    assert_eq!(
        seen,
        [
            "crates/ledger/Cargo.toml:2 database-name",
            "crates/ledger/src/helpers.rs:1 vague-name",
            "crates/ledger/src/helpers.rs:1 vague-name",
            "crates/ledger/src/lib.rs:2 float",
            "crates/ledger/src/lib.rs:3 vague-name",
            "crates/store/src/lib.rs:2 left-for-later",
            "docs/guide.md:3 left-for-later",
            "docs/guide.md:3 machine-path",
        ]
    );
}

#[test]
fn documents_have_one_title_outside_their_examples() {
    let seen = found(&[
        ("docs/none.md", "No title\n"),
        ("docs/two.md", "# One\n\n```sh\n# a comment\n```\n\n# Two\n"),
        ("docs/right.md", "# One\n\n## Part\n"),
    ]);

    assert_eq!(seen, ["docs/none.md:1 one-title", "docs/two.md:7 one-title"]);
}

#[test]
fn migrations_are_explained_and_numbered_once() {
    let seen = found(&[
        ("migrations/0001_lot.sql", "-- open -> closed\nCREATE TABLE lot (id UUID);\n"),
        ("migrations/0002_index.sqlite.sql", "-- why\n"),
        ("migrations/0002_index.postgres.sql", "-- why\n"),
        ("migrations/0001_bin.sql", "-- again\n"),
        ("migrations/0003_bare.sql", "CREATE TABLE bare (id UUID);\n"),
        ("migrations/late.sql", "-- no number\n"),
    ]);

    assert_eq!(
        seen,
        [
            "migrations/0001_lot.sql:1 migration-number",
            "migrations/0003_bare.sql:1 migration-comment",
            "migrations/late.sql:1 migration-number",
        ]
    );
}

#[test]
fn a_lock_file_names_no_host() {
    let lock = "{\n  \"resolved\": \"https://mirror.example/react.tgz\"\n}\n";

    assert_eq!(found(&[("client/package-lock.json", lock)]), ["client/package-lock.json:2 lock-file-host"]);
}
