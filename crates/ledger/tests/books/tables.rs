//! Tables: what the ledger answers, line by line, as a person would write it down.
//!
//! A line is `command words… => answer`. A command that is refused answers with the refusal's name and the number that
//! goes with it. Lines begin a table with what there is and go on with what is done; `#` begins a remark.
//!
//! ```text
//! at      2026-03-28T10:00
//! sku     spinach weighed
//! lot     L1 spinach use_by=2026-03-30
//! move    L1 supplier→bin 20000g              => ok
//! promise R1 spinach 30000g by=2026-03-28T20:00 => short_stock 20000 g
//! ```

use std::{collections::BTreeMap, fs, path::Path};

use edge::Problem;
use kernel::{BlockId, Instant, LotId, Measure, Quantity, ReservationId};
use ledger::{BlockFlag, BlockFlags, LedgerRefusal, LotState, Pick, Rest, Unusable, WasteReason, WriteOff};
use store::{
    Tx,
    testing::{self, TestDb},
};

use crate::{
    laws::audit,
    shop::{MIGRATIONS, Shop, date, lot_of, person, sku},
};

#[tokio::test]
async fn every_table_is_answered_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables");
    let mut tables: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    tables.sort();
    assert!(!tables.is_empty());
    for table in tables {
        let text = fs::read_to_string(&table).unwrap();
        for db in testing::both(MIGRATIONS).await {
            read_out(&db, &table.display().to_string(), &text).await;
        }
    }
}

async fn read_out(db: &TestDb, name: &str, text: &str) {
    let mut reader = Reader::open(db).await;
    for (nth, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (command, expected) = line.split_once("=>").unwrap_or((line, "ok"));
        let words: Vec<&str> = command.split_whitespace().collect();
        let answer = reader.answer(&words).await;
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(answer, expected.join(" "), "{name}:{}: {line}", nth + 1);
        audit(&reader.shop).await;
    }
}

struct Reader {
    shop: Shop,
    skus: BTreeMap<String, catalog::Sku>,
    lots: BTreeMap<String, LotId>,
    reservations: BTreeMap<String, ReservationId>,
    blocks: BTreeMap<String, BlockId>,
}

impl Reader {
    async fn open(db: &TestDb) -> Self {
        Self {
            shop: Shop::open(db).await,
            skus: BTreeMap::new(),
            lots: BTreeMap::new(),
            reservations: BTreeMap::new(),
            blocks: BTreeMap::new(),
        }
    }

    async fn answer(&mut self, words: &[&str]) -> String {
        match self.act(words).await {
            Ok(answer) => answer,
            Err(refusal) => told(refusal),
        }
    }

    async fn act(&mut self, words: &[&str]) -> Result<String, LedgerRefusal> {
        let ok = || Ok("ok".to_owned());
        let shop = self.shop.clone();
        match words {
            ["at", time] => {
                shop.set_now(self.instant(time));
                ok()
            }
            ["sku", name, measure, rest @ ..] => {
                let mut new = sku(name, Measure::from_code(measure).unwrap());
                new.life_at_door_days = option(rest, "door").map_or(0, |days| days.parse().unwrap());
                new.shelf_life_days = option(rest, "life").map(|days| days.parse().unwrap());
                new.estimate_buffer_bp = option(rest, "buffer").map_or(0, |share| share.parse().unwrap());
                let listed = shop.sku(new).await;
                self.skus.insert((*name).to_owned(), listed);
                ok()
            }
            ["lot", name, of, rest @ ..] => {
                let mut new = lot_of(&shop, self.skus[*of].id, option(rest, "use_by"));
                new.harvested_on = option(rest, "harvested").map(date);
                let lot = shop.lot(new).await.lot.id;
                if !rest.contains(&"at_dock") {
                    shop.turn(lot, LotState::Approved, person(1)).await?;
                }
                self.lots.insert((*name).to_owned(), lot);
                ok()
            }
            ["move", lot, way, amounts @ ..] => {
                let (from, to) = way.split_once('→').unwrap();
                let (from, to) = (shop.place_called(from).await.id, shop.place_called(to).await.id);
                shop.carry(self.lots[*lot], from, to, quantity(amounts)).await?;
                ok()
            }
            ["promise", name, of, rest @ ..] => {
                let by = self.instant(option(rest, "by").unwrap());
                let line = u128::try_from(self.reservations.len()).unwrap() + 1;
                let mut want = shop.want(line, self.skus[*of].id, quantity(rest), by);
                want.expires_at = option(rest, "lapses").map(|time| self.instant(time));
                let promised = shop.promise(want).await?;
                self.reservations.insert((*name).to_owned(), promised.id);
                ok()
            }
            ["bind", name] => {
                let binding = shop.bind(self.reservations[*name]).await?;
                let lots: BTreeMap<LotId, &String> = self.lots.iter().map(|(name, lot)| (*lot, name)).collect();
                let mut answer = Vec::new();
                for bound in &binding.bounds {
                    let (lot, place) = (lots[&bound.lot], self.place_name(bound.place));
                    answer.push(format!("{lot}@{place} {}", bound.quantity));
                }
                answer.sort_unstable();
                for skipped in &binding.skipped {
                    answer.push(format!("not {} {}", lots[&skipped.lot], skipped.why));
                }
                Ok(answer.join("; "))
            }
            ["pick", name, lot, place, amounts @ ..] => {
                let pick = Pick {
                    reservation: self.reservations[*name],
                    lot: self.lots[*lot],
                    place: shop.place_called(place).await.id,
                    actual: quantity(amounts),
                    to: shop.tote,
                    rest: if amounts.contains(&"keep") { Rest::Keep } else { Rest::Release },
                };
                let (cause, day) = (shop.cause(), shop.day());
                shop.run(async move |tx, stamp| ledger::consume(tx, stamp, cause, day, &pick).await).await?;
                ok()
            }
            ["release", name] => {
                let id = self.reservations[*name];
                shop.run(async move |tx, stamp| ledger::release(tx, stamp, id).await).await?;
                ok()
            }
            ["block", name, lot, flags @ ..] => {
                let flags: BlockFlags = flags.iter().map(|code| BlockFlag::from_code(code).unwrap()).collect();
                let lot = self.lots[*lot];
                let block = shop.run(async move |tx, stamp| ledger::block(tx, stamp, lot, flags, "seen").await).await?;
                self.blocks.insert((*name).to_owned(), block.id);
                ok()
            }
            ["lift", name] => {
                let block = self.blocks[*name];
                shop.run(async move |tx, stamp| ledger::lift(tx, stamp, block, "settled").await).await?;
                ok()
            }
            ["turn", lot, state, rest @ ..] => {
                let who = option(rest, "by").map_or(1, |nth| nth.parse().unwrap());
                shop.turn(self.lots[*lot], LotState::from_code(state).unwrap(), person(who)).await?;
                ok()
            }
            ["shorten", lot, until] => {
                let (lot, until) = (self.lots[*lot], self.instant(until));
                shop.run(async move |tx, stamp| ledger::shorten_life(tx, stamp, lot, until, "warm").await).await?;
                ok()
            }
            ["waste", lot, place, amounts @ ..] => {
                let off = WriteOff {
                    lot: self.lots[*lot],
                    place: shop.place_called(place).await.id,
                    quantity: Some(quantity(amounts)),
                    reason: WasteReason::Spoilage,
                };
                let (cause, day) = (shop.cause(), shop.day());
                shop.run(async move |tx, stamp| ledger::write_off(tx, stamp, cause, day, &off).await).await?;
                ok()
            }
            ["sweep"] => {
                let now = shop.now();
                let swept = shop.run(async move |tx, stamp| ledger::expire_lots(tx, stamp, now).await).await?;
                let lots: BTreeMap<LotId, &String> = self.lots.iter().map(|(name, lot)| (*lot, name)).collect();
                let names: Vec<&str> = swept.iter().map(|expired| lots[&expired.lot.id].as_str()).collect();
                Ok(if names.is_empty() { "none".to_owned() } else { names.join(" ") })
            }
            ["lapse"] => {
                let now = shop.now();
                let lapsed = shop.run(async move |tx, stamp| ledger::expire_promises(tx, stamp, now).await).await?;
                Ok(self.names_of(lapsed.iter().map(|reservation| reservation.id)))
            }
            ["available", of, by] => {
                let by = self.instant(option(&[by], "by").unwrap());
                Ok(shop.available(self.skus[*of].id, by).await.to_string())
            }
            ["held", lot, place] => {
                let place = shop.place_called(place).await.id;
                Ok(shop.held(self.lots[*lot], place).await.to_string())
            }
            ["state", name] => Ok(shop.reservation(self.reservations[*name]).await.state.to_string()),
            ["uncovered", of] => {
                let (site, sku) = (shop.site, self.skus[*of].id);
                let found = shop.db.read(async move |tx: &mut Tx| ledger::uncovered(tx, site, sku).await).await?;
                Ok(self.names_of(found.iter().map(|reservation| reservation.id)))
            }
            other => panic!("no such command: {other:?}"),
        }
    }

    fn instant(&self, text: &str) -> Instant {
        let (day, clock) = text.split_once('T').unwrap();
        let (hour, minute) = clock.split_once(':').unwrap();
        self.shop.at(day, hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap())
    }

    fn names_of(&self, ids: impl Iterator<Item = ReservationId>) -> String {
        let names: BTreeMap<ReservationId, &String> = self.reservations.iter().map(|(name, id)| (*id, name)).collect();
        let found: Vec<&str> = ids.map(|id| names[&id].as_str()).collect();
        if found.is_empty() { "none".to_owned() } else { found.join(" ") }
    }

    fn place_name(&self, place: kernel::PlaceId) -> &'static str {
        let shop = &self.shop;
        [(shop.bin, "bin"), (shop.bin2, "bin2"), (shop.face, "face")]
            .into_iter()
            .find_map(|(id, name)| (id == place).then_some(name))
            .unwrap()
    }
}

fn option<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

/// `3pcs`, `1250g`, or both.
fn quantity(words: &[&str]) -> Quantity {
    let mut quantity = Quantity::NONE;
    for word in words {
        if let Some(pieces) = word.strip_suffix("pcs") {
            quantity.pieces = Some(pieces.parse().unwrap());
        } else if let Some(grams) = word.strip_suffix('g').and_then(|grams| grams.parse().ok()) {
            quantity.grams = Some(grams);
        }
    }
    quantity
}

/// The refusal's name, and what it knows.
fn told(refusal: LedgerRefusal) -> String {
    let number =
        if let LedgerRefusal::ShortAtPlace { available, .. } | LedgerRefusal::ShortStock { available, .. } = &refusal {
            format!(" {available}")
        } else if let LedgerRefusal::LotUnusable { why: Unusable::NotApproved { state }, .. } = &refusal {
            format!(" {state}")
        } else if let LedgerRefusal::LotUnusable { why: Unusable::Blocked { flags }, .. } = &refusal {
            format!(" {flags}")
        } else if let LedgerRefusal::Store(error) = &refusal {
            panic!("{error}");
        } else {
            String::new()
        };
    let problem = Problem::from(refusal);
    format!("{}{number}", problem.code().trim_start_matches("ledger/").replace('-', "_"))
}
