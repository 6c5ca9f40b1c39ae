//! The pages of `scenarios/` happen as they are written, on both databases.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use testkit::{
    FIRST_MORNING, Opening, Shop,
    scenario::{Scenario, Stage},
};

/// Plays the guide: pages that go on from one another in one shop, from its first morning on.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_guide_is_true() {
    let pages = pages();
    let mut wrong = Vec::new();
    for thread in threads(&pages) {
        for shop in Shop::on_both(Opening { sites: 1, ..Opening::default() }).await {
            shop.go_to(FIRST_MORNING.parse().expect("an instant")).await;
            let mut stage = Stage::of(&shop).await;
            for name in &thread {
                if let Err(misread) = pages[name.as_str()].play(&mut stage).await {
                    wrong.push(format!("{name} on {}, {misread}", engine(&shop)));
                    break;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A reader finds each page from the front page.
#[test]
fn the_front_page_lists_every_page() {
    let front = fs::read_to_string(folder().join("README.md")).expect("the guide has a front page");
    let missing: Vec<String> = pages().into_keys().filter(|name| !front.contains(&format!("({name})"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn pages() -> BTreeMap<String, Scenario> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(folder()).expect("the guide has a folder").filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_none_or(|kind| kind != "md") || name == "README.md" {
            continue;
        }
        let text = fs::read_to_string(entry.path()).expect("a page is text");
        let page = Scenario::read(&text).unwrap_or_else(|misread| panic!("{name}, {misread}"));
        assert!(page.requests() > 0, "{name} only talks");
        pages.insert(name, page);
    }
    assert!(pages.len() > 1, "the guide has no pages");
    pages
}

/// The pages in the order of reading: first one that goes on from none, then whatever goes on from it.
fn threads(pages: &BTreeMap<String, Scenario>) -> Vec<Vec<&String>> {
    let follows = |name: &String| {
        let mut followers = pages.iter().filter(|(_, page)| page.after.as_ref() == Some(name)).map(|(next, _)| next);
        let next = followers.next();
        assert!(followers.next().is_none(), "two pages go on from {name}");
        next
    };
    let begins = pages.iter().filter(|(_, page)| page.after.is_none()).map(|(name, _)| name);
    let threads: Vec<Vec<&String>> =
        begins.map(|first| std::iter::successors(Some(first), |name| follows(name)).collect()).collect();
    assert_eq!(threads.iter().map(Vec::len).sum::<usize>(), pages.len(), "a page goes on from one that is not there");
    threads
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

fn engine(shop: &Shop) -> &'static str {
    if shop.database().starts_with("sqlite") { "SQLite" } else { "PostgreSQL" }
}
