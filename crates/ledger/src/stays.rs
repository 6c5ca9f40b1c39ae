//! Time in place: where the goods of a lot lay, from when to when. The journal tells.

use std::collections::BTreeMap;

use kernel::{Instant, LotId, PlaceId, SiteId, ZoneId};
use serde::{Deserialize, Serialize};
use store::{Tx, args, sql};
use utoipa::ToSchema;

use crate::{LedgerRefusal, PlaceKind, lots, moves_of_lot, places};

/// Goods of a lot in one place, from their first coming to the last one's leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stay {
    pub place: PlaceId,
    pub kind: PlaceKind,
    pub zone: Option<ZoneId>,
    pub from: Instant,
    /// None while they are there.
    pub until: Option<Instant>,
}

impl Stay {
    /// The part of the stay between two instants; `None` when there is none.
    pub fn within(&self, from: Instant, until: Instant) -> Option<(Instant, Instant)> {
        let start = self.from.max(from);
        let end = self.until.map_or(until, |left| left.min(until));
        (start < end).then_some((start, end))
    }
}

/// A part of a site that is kept at one temperature: a zone with its places, or one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    Zone(ZoneId),
    Place(PlaceId),
}

/// The stays of a lot in places that hold goods, in the order in which they began.
pub async fn stays_of(tx: &mut Tx, id: LotId) -> Result<Vec<Stay>, LedgerRefusal> {
    let lot = lots::lot(tx, id).await?;
    let mut known = BTreeMap::new();
    let mut held: BTreeMap<PlaceId, (i64, Instant)> = BTreeMap::new();
    let mut stays = Vec::new();
    for moved in moves_of_lot(tx, id).await? {
        let amount = lot.measure.promised(moved.quantity);
        for place in [moved.from, moved.to] {
            if let std::collections::btree_map::Entry::Vacant(unknown) = known.entry(place) {
                unknown.insert(places::place(tx, place).await?);
            }
        }
        let place_of = |id: PlaceId| known.get(&id).filter(|place| place.kind.is_solid());
        if let Some(from) = place_of(moved.from)
            && let Some((left, since)) = held.get_mut(&from.id)
        {
            *left = left.saturating_sub(amount);
            if *left <= 0 {
                stays.push(Stay {
                    place: from.id,
                    kind: from.kind,
                    zone: from.zone,
                    from: *since,
                    until: Some(moved.at),
                });
                held.remove(&from.id);
            }
        }
        if let Some(to) = place_of(moved.to) {
            let (there, _) = held.entry(to.id).or_insert((0, moved.at));
            *there = there.saturating_add(amount);
        }
    }
    for (id, (_, since)) in held {
        if let Some(place) = known.get(&id) {
            stays.push(Stay { place: id, kind: place.kind, zone: place.zone, from: since, until: None });
        }
    }
    stays.sort_by_key(|stay| (stay.from, stay.place));
    Ok(stays)
}

/// The lots of which something lay in an area of a site at or after `since`, by id.
pub async fn lots_in(tx: &mut Tx, site: SiteId, area: Area, since: Instant) -> Result<Vec<LotId>, LedgerRefusal> {
    Ok(match area {
        Area::Zone(zone) => tx.all(IN_ZONE, args![site, since, zone]).await?,
        Area::Place(place) => tx.all(IN_PLACE, args![site, since, place]).await?,
    })
}

// A balance row stays when its goods have gone, so it names every lot that ever lay there; the moves away tell which
// of them were still there. Served by `balance_of` and `stock_move_of_lot`.
macro_rules! lots_there {
    ($area:literal) => {
        concat!(
            "SELECT DISTINCT b.lot
             FROM balance b JOIN place p ON p.id = b.place
             WHERE b.site = $1 AND b.solid = 1 AND ",
            $area,
            " AND (b.pieces > 0 OR b.grams > 0
                   OR EXISTS (SELECT 1 FROM stock_move m WHERE m.lot = b.lot AND m.from_place = b.place AND m.at >= $2))
             ORDER BY b.lot"
        )
    };
}

sql! {
    IN_ZONE = lots_there!("p.zone = $3");
    IN_PLACE = lots_there!("p.id = $3");
}
