//! What picking asks of the ledger: take from the bin, look for another lot, and keep the tasks in step with what is
//! bound.

use ::store::Tx;
use events::{Object, tell};
use kernel::{LotId, PickTaskId, PlaceId, Quantity, SkuId, Stamp};
use ledger::{Binding, Bound, Cause, LedgerRefusal, Pick, Rest};

use super::{
    FulfilmentRefusal,
    events::{LineShorted, TaskRebound},
    rules::{Done, OpenTask, PickTask, ShortReason, TaskState},
    store::{self, Note},
    waves::{self, TaskCard, Walk},
};

/// Goods leave the bin for the tote, as weighed; answers what the journal has written.
pub(super) async fn take(
    tx: &mut Tx,
    stamp: &Stamp,
    task: &PickTask,
    note: &Note,
    (weighed, tote): (Quantity, PlaceId),
    rest: Rest,
) -> Result<Quantity, FulfilmentRefusal> {
    let day = catalog::site(tx, note.site).await?.time.business_day(stamp.at);
    let pick = Pick { reservation: task.reservation, lot: task.lot, place: task.bin, actual: weighed, to: tote, rest };
    let cause = Cause::of(task.id).line(task.order_line);
    let consumed = ledger::consume(tx, stamp, cause, day, &pick).await?;
    Ok(consumed.posted.and_then(|posted| posted.brought_to(tote)).unwrap_or(weighed))
}

/// How many lots of a product a bin holds.
pub(super) async fn lots_in_bin(tx: &mut Tx, bin: PlaceId, sku: SkuId) -> Result<i64, FulfilmentRefusal> {
    Ok(store::lots_in_bin(tx, bin, sku).await?)
}

/// Takes the task's line off its lot and binds what other lots can give; answers all that is bound to the line now.
pub(super) async fn bind_elsewhere(
    tx: &mut Tx,
    stamp: &Stamp,
    task: &PickTask,
) -> Result<Vec<Bound>, FulfilmentRefusal> {
    bounds(ledger::rebind_excluding(tx, stamp, task.reservation, task.lot).await)
}

/// Binds anew what has lost its goods before anybody came to pick it.
pub(super) async fn bind_again(tx: &mut Tx, stamp: &Stamp, task: &PickTask) -> Result<Vec<Bound>, FulfilmentRefusal> {
    bounds(ledger::bind_what_there_is(tx, stamp, task.reservation).await)
}

fn bounds(rebound: Result<Binding, LedgerRefusal>) -> Result<Vec<Bound>, FulfilmentRefusal> {
    match rebound {
        Ok(binding) => Ok(binding.bounds),
        // Whoever gave the reservation back meanwhile wants nothing more of it.
        Err(LedgerRefusal::ReservationClosed { .. }) => Ok(Vec::new()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// A task that ends, with what of it has been picked.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) open: OpenTask,
    pub(super) picked: Quantity,
    pub(super) tote: Option<PlaceId>,
}

/// Brings the tasks of an order line in step with what is bound to it now: the task at hand ends, others that lost
/// their goods with it end too, and every new binding gets a task. Answers how the task at hand ended, and where the
/// picker goes next.
pub(super) async fn settle(
    tx: &mut Tx,
    stamp: &Stamp,
    note: &Note,
    ending: Ending,
    bounds: &[Bound],
    reason: ShortReason,
) -> Result<(Done, Vec<TaskCard>), FulfilmentRefusal> {
    let at_hand = ending.open.task().clone();
    let others = store::other_open_tasks(tx, &at_hand).await?;
    let owed = |task: &PickTask| task.target.measure.promised(task.target.wanted);
    let still_owed = at_hand.target.measure.promised(at_hand.target.rest(ending.picked));
    let wanted = others.iter().map(owed).fold(still_owed, i64::saturating_add);
    let there = bounds.iter().map(|bound| bound.amount).fold(0, i64::saturating_add);
    let mut missing = wanted.saturating_sub(there).max(0);
    let (kept, lost): (Vec<PickTask>, Vec<PickTask>) =
        others.into_iter().partition(|task| bounds.iter().any(|bound| serves(bound, task)));

    let mut next = Vec::new();
    let mut fresh = Vec::new();
    let sku = catalog::sku(tx, at_hand.sku).await?;
    let of = Walk { wave: at_hand.wave, note: at_hand.note, picker: at_hand.picker };
    for bound in bounds {
        match kept.iter().find(|task| serves(bound, task)) {
            Some(task) if owed(task) == bound.amount => {}
            Some(task) => {
                let wanted = sku.estimate(bound.quantity).unwrap_or(bound.quantity);
                store::set_target(tx, task.id, wanted).await?;
                next.push(task.id);
            }
            None => fresh.push(waves::task_for(tx, stamp, of, at_hand.order_line, &sku, bound).await?),
        }
    }
    next.extend(fresh.iter().map(|task| task.id));
    store::add_tasks(tx, &fresh, Some(at_hand.id), stamp).await?;
    waves::count(tx, at_hand.wave, fresh.len()).await?;

    let lots: Vec<LotId> = fresh.iter().map(|task| task.lot).collect();
    let done = end(tx, stamp, note, ending, &mut missing, (&lots, reason)).await?;
    for task in lost {
        let ending = Ending { open: OpenTask::lost(task)?, picked: Quantity::NONE, tote: None };
        end(tx, stamp, note, ending, &mut missing, (&lots, reason)).await?;
    }
    Ok((done, cards(tx, &next).await?))
}

fn serves(bound: &Bound, task: &PickTask) -> bool {
    bound.lot == task.lot && bound.place == task.bin
}

async fn end(
    tx: &mut Tx,
    stamp: &Stamp,
    note: &Note,
    ending: Ending,
    missing: &mut i64,
    (lots, reason): (&[LotId], ShortReason),
) -> Result<Done, FulfilmentRefusal> {
    let task = ending.open.task().clone();
    let owed = task.target.measure.promised(task.target.rest(ending.picked));
    let lacking = owed.min(*missing);
    *missing = missing.saturating_sub(lacking);
    let done = ending.open.give_up(ending.picked, ending.tote, lacking, reason);
    if store::end_task(tx, &done, None, stamp.at).await? != 1 {
        return Err(FulfilmentRefusal::ChangedMeanwhile);
    }
    tell_end(tx, stamp, note, &task, &done, (lots, reason)).await?;
    waves::count_out(tx, stamp, task.wave).await?;
    Ok(done)
}

pub(super) async fn tell_end(
    tx: &mut Tx,
    stamp: &Stamp,
    note: &Note,
    task: &PickTask,
    done: &Done,
    (lots, reason): (&[LotId], ShortReason),
) -> Result<(), FulfilmentRefusal> {
    let also = [
        Object::of(task.lot),
        Object::of(task.bin),
        Object::of(task.order_line),
        Object::of(note.order),
        Object::of(note.note),
        Object::of(note.site),
    ];
    if !done.rebound.is_nothing() {
        let (order_line, from_lot, to_lots) = (task.order_line, task.lot, lots.to_vec());
        let body = TaskRebound { order_line, from_lot, to_lots, quantity: done.rebound, reason };
        tell(tx, stamp, Object::of(task.id), &also, &body).await?;
    }
    if done.state == TaskState::Shorted {
        let body = LineShorted {
            order: note.order,
            order_line: task.order_line,
            sku: task.sku,
            lot: task.lot,
            bin: task.bin,
            short: done.short,
            reason,
        };
        tell(tx, stamp, Object::of(task.id), &also, &body).await?;
    }
    Ok(())
}

pub(super) async fn cards(tx: &mut Tx, tasks: &[PickTaskId]) -> Result<Vec<TaskCard>, FulfilmentRefusal> {
    let mut cards = Vec::with_capacity(tasks.len());
    for task in tasks {
        cards.extend(store::named_task(tx, *task).await?.map(TaskCard::from));
    }
    Ok(cards)
}
