//! Putting back: a lot was stopped after it was picked and before it was packed.

use ::store::Tx;
use edge::Sites;
use events::{Object, tell};
use kernel::{Instant, PickTaskId, Quantity, Stamp};
use ledger::{Bound, Cause, LedgerRefusal, Move, Purpose, Want};

use super::{
    FulfilmentRefusal, PickAnswer,
    events::GoodsPutBack,
    goods,
    pick::{own_task, unfit_for},
    rules::{PickTask, ShortReason},
    store::{self, Note},
    waves::{self, Walk},
};

/// Takes picked goods out of their tote and back to their bin, because their lot may not be sent any more, and looks
/// for others in their place. Goods that may be sent are not put back: they are packed.
pub async fn put_back(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: PickTaskId,
) -> Result<PickAnswer, FulfilmentRefusal> {
    let task = store::lock_task(tx, id).await?;
    let (task, note) = own_task(tx, sites, task).await?;
    let (Some(tote), None) = (task.tote, task.parcel) else { return Err(FulfilmentRefusal::NothingToPutBack) };
    let lot = ledger::lot(tx, task.lot).await?;
    let reservation = ledger::reservation(tx, task.reservation).await?;
    let unfit =
        [Purpose::Pack, Purpose::Ship].into_iter().find_map(|purpose| unfit_for(stamp, &reservation, &lot, purpose));
    let Some(reason) = unfit else { return Err(FulfilmentRefusal::StillFit { lot: lot.code }) };

    let day = catalog::site(tx, note.site).await?.time.business_day(stamp.at);
    let back = Move { lot: task.lot, from: tote, to: task.bin, quantity: task.picked };
    ledger::post(tx, stamp, Cause::of(task.id).line(task.order_line), note.site, day, &[back]).await?;
    let bounds = bind_in_place_of(tx, stamp, &task).await?;
    let owed = task.target.measure.promised(task.owed_for_picked());
    let there = bounds.iter().map(|bound| bound.amount).fold(0, i64::saturating_add);
    let done = task.put_back(owed.saturating_sub(there).max(0), reason).ok_or(FulfilmentRefusal::NothingToPutBack)?;
    if store::put_back(tx, &done, stamp.at).await? != 1 {
        return Err(FulfilmentRefusal::ChangedMeanwhile);
    }
    let sku = catalog::sku(tx, task.sku).await?;
    let of = Walk { wave: task.wave, note: task.note, picker: None };
    let mut fresh = Vec::with_capacity(bounds.len());
    for bound in &bounds {
        fresh.push(waves::task_for(tx, stamp, of, task.order_line, &sku, bound).await?);
    }
    store::add_tasks(tx, &fresh, Some(task.id), stamp).await?;
    waves::count(tx, task.wave, fresh.len()).await?;
    tell_put_back(tx, stamp, &task, &note, reason).await?;
    goods::tell_end(
        tx,
        stamp,
        &note,
        &task,
        &done,
        (&bounds.iter().map(|bound| bound.lot).collect::<Vec<_>>(), reason),
    )
    .await?;
    let next = goods::cards(tx, &fresh.iter().map(|task| task.id).collect::<Vec<_>>()).await?;
    let quantity = Quantity::NONE;
    Ok(match done.short_reason {
        Some(reason) => PickAnswer::Short { task: id, reason, quantity, short: done.short, next },
        None => PickAnswer::Rebound { task: id, reason, quantity, next },
    })
}

/// The pick has consumed its reservation, so the line asks anew, and takes what there is.
async fn bind_in_place_of(tx: &mut Tx, stamp: &Stamp, task: &PickTask) -> Result<Vec<Bound>, FulfilmentRefusal> {
    let old = ledger::reservation(tx, task.reservation).await?;
    let owed = task.owed_for_picked();
    let measure = task.target.measure;
    match bind_anew(tx, stamp, task, owed, old.deliver_by).await {
        Err(LedgerRefusal::ShortStock { available, .. }) if measure.promised(available) > 0 => {
            let there = super::weight::Target { wanted: owed, ..task.target }.part(measure.promised(available));
            Ok(bind_anew(tx, stamp, task, there, old.deliver_by).await?)
        }
        Err(LedgerRefusal::ShortStock { .. }) => Ok(Vec::new()),
        bound => Ok(bound?),
    }
}

async fn bind_anew(
    tx: &mut Tx,
    stamp: &Stamp,
    task: &PickTask,
    quantity: Quantity,
    deliver_by: Instant,
) -> Result<Vec<Bound>, LedgerRefusal> {
    if task.target.measure.promised(quantity) == 0 {
        return Ok(Vec::new());
    }
    let old = ledger::reservation(tx, task.reservation).await?;
    let want =
        Want { order_line: task.order_line, site: old.site, sku: task.sku, quantity, deliver_by, expires_at: None };
    let mut bounds = Vec::new();
    for promised in ledger::promise(tx, stamp, &[want]).await? {
        bounds.extend(ledger::bind_what_there_is(tx, stamp, promised.id).await?.bounds);
    }
    Ok(bounds)
}

async fn tell_put_back(
    tx: &mut Tx,
    stamp: &Stamp,
    task: &PickTask,
    note: &Note,
    reason: ShortReason,
) -> Result<(), FulfilmentRefusal> {
    let also = [Object::of(task.lot), Object::of(task.order_line), Object::of(note.order), Object::of(note.site)];
    let body =
        GoodsPutBack { order_line: task.order_line, lot: task.lot, bin: task.bin, quantity: task.picked, reason };
    tell(tx, stamp, Object::of(task.id), &also, &body).await?;
    Ok(())
}
