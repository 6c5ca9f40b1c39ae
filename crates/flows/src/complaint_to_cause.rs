//! 4.4 meets 2.2, 2.1, 4.3 and 1.2: a complaint is joined with the lot, supplier, room, picker, courier and temperature
//! that it concerns, and its probable cause is noted. What a rule may give back is given back at once.

use delivery::{
    feedback::{self, Complaint, ComplaintFacts, Evidence, NotJoined},
    remedies::{self, Decider, RemedyRefusal, Verdict},
};
use edge::Problem;
use kernel::{Actor, ComplaintId, Id, IdSource, Instant, Stamp};
use ledger::LotState;
use store::{Db, Tx};
use warehouse::fulfilment;

use crate::{FlowRefusal, complaint_to_remedy};

/// Complaints of so many days speak together.
const LOOKS_BACK_MS: i64 = 7 * 86_400_000;
/// A complaint waits so long for the payment of its order to be taken; then a person looks at it.
const PATIENCE_MS: i64 = 86_400_000;
/// Complaints that one look takes on.
const AT_ONCE: i64 = 50;

/// The complaints that have still to be joined, the oldest first.
async fn open_complaints(tx: &mut Tx) -> Result<Vec<ComplaintId>, FlowRefusal> {
    Ok(feedback::unjoined(tx, AT_ONCE).await?)
}

/// Looks into every complaint that is open, each in a transaction of its own. One that fails does not keep the others
/// waiting; it is tried again the next time, and after some tries it is left to a person.
pub async fn look_into_all(db: &Db, ids: &IdSource, now: Instant) -> Result<(), FlowRefusal> {
    for complaint in db.look(async |tx: &mut Tx| open_complaints(tx).await).await? {
        let stamp = Stamp::system(now, ids);
        let looked = db.write(async move |tx: &mut Tx| look_into(tx, &stamp.again(), complaint).await).await;
        let Err(error) = looked else { continue };
        let why = error.to_string();
        let then = db.write(async move |tx: &mut Tx| feedback::note_not_joined(tx, complaint, &why, now).await).await?;
        match then {
            NotJoined::TryAgain => tracing::warn!(%complaint, %error, "a complaint will be looked into again"),
            NotJoined::LeftToPerson => tracing::error!(%complaint, %error, "a complaint waits for a person"),
        }
    }
    Ok(())
}

/// Joins a complaint and decides, by rule, whether it is remedied.
async fn look_into(tx: &mut Tx, stamp: &Stamp, id: ComplaintId) -> Result<(), FlowRefusal> {
    let complaint = feedback::complaint(tx, id).await?;
    let waited = stamp.at.since(complaint.sheet().made_at);
    if !complaint_to_remedy::is_paid(tx, &complaint).await? && waited < PATIENCE_MS {
        return Ok(());
    }
    join(tx, stamp, &complaint).await?;
    match complaint_to_remedy::give_back(tx, stamp, id, Decider::Rule).await {
        Ok(_) => remedies::review(tx, id, Verdict::Refunded, None, stamp.at).await?,
        Err(FlowRefusal::Remedy(RemedyRefusal::Store(error))) => return Err(error.into()),
        // What a rule may not decide waits for a person, with the rule's reason.
        Err(FlowRefusal::Remedy(refusal)) => {
            let why = Problem::from(refusal).code().to_owned();
            remedies::review(tx, id, Verdict::LeftToPerson, Some(&why), stamp.at).await?;
        }
        Err(refusal) => return Err(refusal),
    }
    Ok(())
}

async fn join(tx: &mut Tx, stamp: &Stamp, complaint: &Complaint) -> Result<(), FlowRefusal> {
    let sheet = complaint.sheet();
    let since = stamp.at.plus_millis(-LOOKS_BACK_MS);
    let mut facts = ComplaintFacts::default();
    let mut stopped_lots = 0;
    let mut limit = None;
    for pick in fulfilment::picks_of_line(tx, sheet.order_line).await? {
        let lot = ledger::lot(tx, pick.lot).await?;
        let place = ledger::place(tx, pick.bin).await?;
        facts.lots.push(lot.id);
        facts.suppliers.extend(lot.supplier);
        if let Some(zone) = place.zone {
            let zone = catalog::zone(tx, zone).await?;
            limit = Some(zone.high);
            facts.zones.push(zone.id);
        }
        if let Some(Actor::Staff(picker)) = pick.picker {
            facts.pickers.push(picker);
        }
        if let Some(at) = pick.done_at {
            facts.findings.insert(format!("picked {}", lot.code), at.to_string());
        }
        if let Some(until) = lot.usable_until {
            facts.findings.insert(format!("usable until {}", lot.code), until.to_string());
        }
        let turns = ledger::turns_of(tx, lot.id).await?;
        stopped_lots += i64::from(turns.iter().any(|turn| turn.to == LotState::Quarantined));
    }
    let mut door = None;
    if let Some(asked) = feedback::asked_about(tx, sheet.order).await? {
        facts.couriers.push(asked.courier);
        facts.runs.push(asked.run);
        let measured = feedback::door_temperature(tx, sheet.order).await?;
        if let Some(measured) = measured {
            facts.findings.insert("door temperature".to_owned(), measured.to_string());
        }
        door = measured.zip(limit);
    }
    once(&mut facts.lots);
    once(&mut facts.suppliers);
    once(&mut facts.zones);
    once(&mut facts.pickers);
    let evidence = Evidence {
        kind: sheet.kind,
        others_of_lots: about(tx, &facts.lots, since).await?,
        others_of_picker: about(tx, &facts.pickers, since).await?,
        others_of_run: about(tx, &facts.runs, since).await?,
        stopped_lots,
        door,
    };
    feedback::join(tx, stamp, sheet.id, &facts).await?;
    feedback::note_causes(tx, sheet.id, &feedback::rank(&evidence)).await?;
    Ok(())
}

/// Complaints of late that concern one of these, this one not yet among them.
async fn about<I: Id>(tx: &mut Tx, things: &[I], since: Instant) -> Result<i64, FlowRefusal> {
    let mut sum = 0;
    for thing in things {
        sum += feedback::complaints_about(tx, *thing, since).await?;
    }
    Ok(sum)
}

fn once<I: Id>(ids: &mut Vec<I>) {
    ids.sort_unstable();
    ids.dedup();
}
