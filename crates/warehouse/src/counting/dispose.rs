//! Write-offs 報損: what cannot be sold is found, weighed by one person and thrown away before another.

use ::events::{Object, tell};
use ::store::{StoreError, Tx};
use accounts::costing::{self, Booking, Goods};
use catalog::Site;
use edge::{Duty, Problem, Sites, parse};
use kernel::{Actor, Date, EntryId, Instant, LotId, Money, PlaceId, Quantity, SiteId, SkuId, Stamp, WriteOffId};
use ledger::{Cause, Expired, PlaceKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    CountingRefusal,
    adjust::cost,
    events::{ExpirySwept, GoodsDisposed, GoodsWeighedForDisposal, WriteOffProposed, WriteOffWithdrawn},
    rules::{Authority, CountRules, DisposalReason, WriteOffState, demand_authority, in_shape},
    store,
};
use crate::works_at;

/// Goods to be thrown away, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteOff {
    pub id: WriteOffId,
    pub site: SiteId,
    pub place: PlaceId,
    pub place_code: String,
    pub lot: LotId,
    pub lot_code: String,
    pub sku: SkuId,
    pub reason: DisposalReason,
    /// What the book held when it was proposed.
    pub quantity: Quantity,
    pub state: WriteOffState,
    pub proposer: Actor,
    pub proposed_at: Instant,
    /// What the scale showed.
    pub gone: Option<Quantity>,
    pub device: Option<String>,
    pub weigher: Option<Actor>,
    pub weighed_at: Option<Instant>,
    /// What it cost.
    #[schema(value_type = Option<i64>)]
    pub value: Option<Money>,
    pub witness: Option<Actor>,
    pub disposed_at: Option<Instant>,
    /// Where it stands in the money journal; nothing for goods that cost nothing.
    pub entry: Option<EntryId>,
    pub because: Option<String>,
}

/// What the daily search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpirySweep {
    pub site: SiteId,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    pub at: Instant,
    /// Lots that lay unfit somewhere in the house.
    pub lots: i64,
    /// How many of them were newly proposed for writing off.
    pub write_offs: i64,
}

/// Proposes what has just run out, where it lies.
pub async fn propose_expired(tx: &mut Tx, stamp: &Stamp, expired: &[Expired]) -> Result<(), CountingRefusal> {
    for Expired { lot, remains } in expired {
        for rest in remains.iter().filter(|rest| rest.kind.is_shelf() || rest.kind == PlaceKind::Dock) {
            add(tx, stamp, lot.site, (rest.place, lot.id, lot.sku), rest.quantity, DisposalReason::Expiry).await?;
        }
    }
    Ok(())
}

/// Looks once a business day for everything unfit that still lies in the house, and proposes what nobody has proposed.
/// `None` when the day has been swept.
pub async fn sweep_of_the_day(tx: &mut Tx, stamp: &Stamp, site: &Site) -> Result<Option<ExpirySweep>, CountingRefusal> {
    let day = site.time.business_day(stamp.at);
    if store::is_swept(tx, site.id, day).await? {
        return Ok(None);
    }
    let unfit = store::unfit(tx, site.id).await?;
    let lots = i64::try_from(unfit.len()).unwrap_or(i64::MAX);
    let mut write_offs = 0;
    for goods in unfit {
        let of = (goods.place, goods.lot, goods.sku);
        if add(tx, stamp, site.id, of, goods.quantity, goods.reason).await? == Added::New {
            write_offs += 1;
        }
    }
    let sweep = ExpirySweep { site: site.id, day, at: stamp.at, lots, write_offs };
    store::add_sweep(tx, &sweep).await?;
    let body = ExpirySwept { day, lots, write_offs };
    tell(tx, stamp, Object::of(site.id), &[], &body).await?;
    Ok(Some(sweep))
}

#[derive(PartialEq, Eq)]
enum Added {
    New,
    Before,
}

async fn add(
    tx: &mut Tx,
    stamp: &Stamp,
    site: SiteId,
    (place, lot, sku): (PlaceId, LotId, SkuId),
    quantity: Quantity,
    reason: DisposalReason,
) -> Result<Added, CountingRefusal> {
    let id: WriteOffId = stamp.mint();
    if store::add_write_off(tx, stamp, id, site, (place, lot, sku), quantity, reason).await? == 0 {
        return Ok(Added::Before);
    }
    let body = WriteOffProposed { place, lot, sku, quantity, reason };
    let also = [Object::of(site), Object::of(lot), Object::of(sku), Object::of(place)];
    tell(tx, stamp, Object::of(id), &also, &body).await?;
    Ok(Added::New)
}

/// Proposes goods that somebody found unfit: all that lies there, until the scale says how much it is.
pub async fn propose_write_off(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    (place, lot): (PlaceId, LotId),
    reason: DisposalReason,
) -> Result<WriteOff, CountingRefusal> {
    let place = ledger::place(tx, place).await?;
    let lot = ledger::lot(tx, lot).await?;
    let countable = place.kind.is_shelf() || place.kind == PlaceKind::Dock;
    if !works_at(sites, place.site) || lot.site != place.site || !countable {
        return Err(CountingRefusal::NothingThere);
    }
    let held = ledger::held_at(tx, place.id, lot.id, stamp.at).await?;
    if held.is_nothing() {
        return Err(CountingRefusal::NothingThere);
    }
    let of = (place.id, lot.id, lot.sku);
    match add(tx, stamp, place.site, of, held, reason).await? {
        Added::New => store::open_write_off(tx, place.id, lot.id).await?.ok_or(CountingRefusal::NoSuchWriteOff),
        Added::Before => Err(CountingRefusal::WriteOffOpen),
    }
}

/// What is thrown away, on the scale.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisposalWeighing)]
pub struct Weighing {
    /// Pieces of what is counted, grams of what is weighed, both of what is sold by the weighed piece.
    pub quantity: Quantity,
    /// The scale; `hand` when it was only counted.
    #[schema(min_length = 1, max_length = 20)]
    pub device: String,
    /// Another reason than was proposed.
    #[serde(default)]
    pub reason: Option<DisposalReason>,
}

impl Weighing {
    pub fn parse(mut self) -> Result<Self, Problem> {
        self.device = parse::code("device", &self.device, 20)?;
        self.quantity = parse::quantity("quantity", self.quantity)?;
        Ok(self)
    }
}

/// Puts proposed goods on the scale. Nothing is booked before a witness has signed.
pub async fn weigh(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: WriteOffId,
    weighing: &Weighing,
) -> Result<WriteOff, CountingRefusal> {
    let mut write_off = own(tx, sites, id).await?;
    match write_off.state {
        WriteOffState::Proposed | WriteOffState::Weighed => {}
        state @ (WriteOffState::Disposed | WriteOffState::Withdrawn) => {
            return Err(CountingRefusal::WriteOffIs { state });
        }
    }
    let lot = ledger::lot(tx, write_off.lot).await?;
    let gone = in_shape(lot.measure, weighing.quantity)?;
    let held = ledger::held_at(tx, write_off.place, lot.id, stamp.at).await?;
    // The pieces of whole fish must be there; their weight is what the scale says it is.
    if lot.measure.promised(gone) > lot.measure.promised(held) {
        return Err(CountingRefusal::MoreThanThere { held, weighed: gone });
    }
    write_off.state = WriteOffState::Weighed;
    write_off.gone = Some(gone);
    write_off.device = Some(weighing.device.clone());
    write_off.weigher = Some(stamp.by);
    write_off.weighed_at = Some(stamp.at);
    write_off.reason = weighing.reason.unwrap_or(write_off.reason);
    store::save_write_off(tx, &write_off).await?;
    let body = GoodsWeighedForDisposal {
        lot: lot.id,
        quantity: gone,
        reason: write_off.reason,
        device: weighing.device.clone(),
    };
    tell(tx, stamp, Object::of(id), &around(&write_off), &body).await?;
    Ok(write_off)
}

/// Signs as witness that weighed goods were thrown away, and books them: to waste, and from stock to waste by cause.
pub async fn witness(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    authority: Authority,
    id: WriteOffId,
) -> Result<WriteOff, CountingRefusal> {
    let mut write_off = own(tx, sites, id).await?;
    let (WriteOffState::Weighed, Some(gone), Some(weigher)) = (write_off.state, write_off.gone, write_off.weigher)
    else {
        return Err(CountingRefusal::WriteOffIs { state: write_off.state });
    };
    let history = [(weigher, Duty::CountStock)];
    identity::may(&history, stamp.by, Duty::ApproveAdjustments).map_err(|_| CountingRefusal::OwnCount)?;
    let site = catalog::site(tx, write_off.site).await?;
    let lot = ledger::lot(tx, write_off.lot).await?;
    let day = site.time.business_day(stamp.at);
    let off = ledger::WriteOff {
        lot: lot.id,
        place: write_off.place,
        quantity: Some(gone),
        reason: write_off.reason.in_the_ledger(),
    };
    let posted = ledger::write_off(tx, stamp, Cause::of(id), day, &off).await?;
    let taken = posted.moves.iter().fold(Quantity::NONE, |sum, each| {
        let signed = if each.from == write_off.place { Some(each.quantity) } else { each.quantity.negated() };
        signed.and_then(|quantity| sum.plus(quantity)).unwrap_or(sum)
    });
    let lost = taken.negated().unwrap_or(Quantity::NONE);
    let value = cost(tx, stamp.at, &lot, lost).await?;
    // Refusing here undoes the moves: the value is known when the goods have left the book.
    demand_authority(authority, value, CountRules::house(site.currency))?;
    let booking = Booking { site: site.id, currency: site.currency, cause: accounts::Cause::of(id) };
    let goods = [Goods { sku: lot.sku, lot: lot.id, cost: value }];
    write_off.entry = costing::waste(tx, stamp, booking, write_off.reason.in_the_books(), &goods).await?;
    write_off.state = WriteOffState::Disposed;
    write_off.value = Some(value);
    write_off.witness = Some(stamp.by);
    write_off.disposed_at = Some(stamp.at);
    store::save_write_off(tx, &write_off).await?;
    let body = GoodsDisposed {
        place: write_off.place,
        lot: lot.id,
        sku: lot.sku,
        quantity: gone,
        value,
        reason: write_off.reason,
    };
    tell(tx, stamp, Object::of(id), &around(&write_off), &body).await?;
    Ok(write_off)
}

/// Takes a proposal back: the goods are fit after all, or are not there.
pub async fn withdraw(
    tx: &mut Tx,
    stamp: &Stamp,
    sites: &Sites,
    id: WriteOffId,
    because: String,
) -> Result<WriteOff, CountingRefusal> {
    let mut write_off = own(tx, sites, id).await?;
    match write_off.state {
        WriteOffState::Proposed | WriteOffState::Weighed => {}
        state @ (WriteOffState::Disposed | WriteOffState::Withdrawn) => {
            return Err(CountingRefusal::WriteOffIs { state });
        }
    }
    write_off.state = WriteOffState::Withdrawn;
    write_off.because = Some(because.clone());
    store::save_write_off(tx, &write_off).await?;
    tell(tx, stamp, Object::of(id), &around(&write_off), &WriteOffWithdrawn { lot: write_off.lot, because }).await?;
    Ok(write_off)
}

async fn own(tx: &mut Tx, sites: &Sites, id: WriteOffId) -> Result<WriteOff, CountingRefusal> {
    let found: Result<Option<WriteOff>, StoreError> = store::lock_write_off(tx, id).await;
    found?.filter(|found| works_at(sites, found.site)).ok_or(CountingRefusal::NoSuchWriteOff)
}

fn around(write_off: &WriteOff) -> [Object; 4] {
    [Object::of(write_off.site), Object::of(write_off.lot), Object::of(write_off.sku), Object::of(write_off.place)]
}
