//! Trace 追溯: from a lot to everybody who has it, and back to where it came from, with nothing missing between.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kernel::{Date, Instant, LotId, PlaceId, Quantity};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Filed, Holder, LedgerRefusal, Lot, Place, PlaceKind,
    journal::{holdings_of, moves_of_lot},
    lots::{self, store as lot_store},
    places,
};

/// The most lots in one trace. A recall that would be larger is followed from its parts.
const LOTS_MAX: usize = 10_000;

/// The family of a lot in one direction, nearest first, each with where it came from and where it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    pub lots: Vec<TracedLot>,
}

/// One lot of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TracedLot {
    pub lot: Lot,
    /// How many generations from the lot that was asked for.
    pub generation: i64,
    /// From suppliers, customers, other lots and corrections.
    pub came: Vec<Leg>,
    /// To customers, suppliers, waste, other lots and corrections.
    pub went: Vec<Leg>,
    /// What is still in the house or on the road.
    pub remains: Vec<Remains>,
    pub mass: MassBalance,
}

/// Goods that crossed the border of the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Leg {
    pub place: PlaceId,
    pub kind: PlaceKind,
    /// The supplier or customer.
    pub holder: Option<Holder>,
    pub quantity: Quantity,
    pub cause_noun: String,
    pub cause: Uuid,
    pub cause_line: Option<Uuid>,
    pub at: Instant,
    #[schema(value_type = String, format = Date)]
    pub day: Date,
}

/// What a place holds of a lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Remains {
    pub place: PlaceId,
    pub kind: PlaceKind,
    pub quantity: Quantity,
}

/// All that came in against all that went out and is still here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MassBalance {
    pub came: Quantity,
    pub went: Quantity,
    pub on_hand: Quantity,
}

impl MassBalance {
    /// Whether nothing is missing, to the piece and the gram.
    pub fn holds(&self) -> bool {
        self.went.plus(self.on_hand).is_some_and(|out| {
            out.pieces_or_zero() == self.came.pieces_or_zero() && out.grams_or_zero() == self.came.grams_or_zero()
        })
    }
}

enum Direction {
    Forward,
    Backward,
}

/// The lot and every lot made of it, with the customers that have them.
pub async fn forward(tx: &mut Tx, lot: LotId) -> Result<Trace, LedgerRefusal> {
    follow(tx, lot, &Direction::Forward).await
}

/// The lot and every lot that it was made of, with the suppliers that they came from.
pub async fn backward(tx: &mut Tx, lot: LotId) -> Result<Trace, LedgerRefusal> {
    follow(tx, lot, &Direction::Backward).await
}

async fn follow(tx: &mut Tx, from: LotId, direction: &Direction) -> Result<Trace, LedgerRefusal> {
    let mut seen = BTreeSet::from([from]);
    let mut queue = VecDeque::from([(from, 0_i64)]);
    let mut houses: BTreeMap<PlaceId, Place> = BTreeMap::new();
    let mut lots = Vec::new();
    while let Some((id, generation)) = queue.pop_front() {
        lots.push(traced(tx, id, generation, &mut houses).await?);
        let next = match direction {
            Direction::Forward => lot_store::children(tx, id).await?,
            Direction::Backward => lot_store::parents(tx, id).await?,
        };
        for relative in next {
            if seen.len() < LOTS_MAX && seen.insert(relative.lot) {
                queue.push_back((relative.lot, generation.saturating_add(1)));
            }
        }
    }
    Ok(Trace { lots })
}

async fn traced(
    tx: &mut Tx,
    id: LotId,
    generation: i64,
    houses: &mut BTreeMap<PlaceId, Place>,
) -> Result<TracedLot, LedgerRefusal> {
    let lot = lots::lot(tx, id).await?;
    let (mut came, mut went) = (Vec::new(), Vec::new());
    for moved in moves_of_lot(tx, id).await? {
        let from = known(tx, moved.from, houses).await?;
        let to = known(tx, moved.to, houses).await?;
        if !from.kind.is_solid() {
            came.push(leg(&from, &moved));
        }
        if !to.kind.is_solid() {
            went.push(leg(&to, &moved));
        }
    }
    let held = holdings_of(tx, id, lot.measure).await?;
    let remains: Vec<Remains> = held
        .into_iter()
        .filter(|(_, (kind, quantity))| kind.is_solid() && !quantity.is_nothing())
        .map(|(place, (kind, quantity))| Remains { place, kind, quantity })
        .collect();
    let sum = |quantities: &mut dyn Iterator<Item = Quantity>| Quantity::sum(quantities).unwrap_or(Quantity::NONE);
    let mass = MassBalance {
        came: sum(&mut came.iter().map(|leg: &Leg| leg.quantity)),
        went: sum(&mut went.iter().map(|leg: &Leg| leg.quantity)),
        on_hand: sum(&mut remains.iter().map(|rest| rest.quantity)),
    };
    Ok(TracedLot { lot, generation, came, went, remains, mass })
}

async fn known(tx: &mut Tx, id: PlaceId, houses: &mut BTreeMap<PlaceId, Place>) -> Result<Place, LedgerRefusal> {
    if let Some(place) = houses.get(&id) {
        return Ok(place.clone());
    }
    let place = places::place(tx, id).await?;
    houses.insert(id, place.clone());
    Ok(place)
}

fn leg(place: &Place, moved: &Filed) -> Leg {
    Leg {
        place: place.id,
        kind: place.kind,
        holder: place.holder.clone(),
        quantity: moved.quantity,
        cause_noun: moved.cause_noun.clone(),
        cause: moved.cause,
        cause_line: moved.cause_line,
        at: moved.at,
        day: moved.day,
    }
}
