//! Which site serves an order. Pure.

use catalog::Position;
use kernel::{DeliveryWindowId, Instant, SiteId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a site could serve, and if not, what the first thing was that it lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Suitability {
    /// The nearest that could: it serves the order.
    Chosen,
    /// It was not asked; a nearer one serves.
    NotNeeded,
    OutOfArea {
        radius_metres: i64,
    },
    /// It delivers at other times.
    WindowUnknown,
    PastCutOff {
        cut_off: Instant,
    },
    WindowFull {
        capacity: i64,
    },
    /// A line has no price there.
    NoPrice {
        line: usize,
    },
    ShortStock {
        line: usize,
        wanted: i64,
        available: i64,
    },
}

impl Suitability {
    /// How far a site came before something was missing: the refusal that is told is of the one that came furthest,
    /// because that is what the customer could change.
    const fn reached(&self) -> u8 {
        match self {
            Self::OutOfArea { .. } => 0,
            Self::WindowUnknown => 1,
            Self::PastCutOff { .. } => 2,
            Self::WindowFull { .. } => 3,
            Self::NoPrice { .. } => 4,
            Self::ShortStock { .. } => 5,
            Self::Chosen | Self::NotNeeded => 6,
        }
    }
}

/// A site that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    pub site: SiteId,
    pub distance_metres: i64,
    #[serde(flatten)]
    pub suitability: Suitability,
}

/// What an order asks of a site's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowOffer {
    pub id: DeliveryWindowId,
    pub cut_off: Instant,
    pub capacity: i64,
    pub taken: i64,
}

/// Whether there is still room in a window at `now`.
pub fn room(offer: Option<WindowOffer>, now: Instant) -> Result<DeliveryWindowId, Suitability> {
    let Some(offer) = offer else { return Err(Suitability::WindowUnknown) };
    if now >= offer.cut_off {
        return Err(Suitability::PastCutOff { cut_off: offer.cut_off });
    }
    if offer.taken >= offer.capacity {
        return Err(Suitability::WindowFull { capacity: offer.capacity });
    }
    Ok(offer.id)
}

/// A site with its distance, nearest first; equal distances by id, so that every machine chooses alike.
pub fn nearest_first(sites: impl IntoIterator<Item = (SiteId, Position)>, door: Position) -> Vec<(SiteId, i64)> {
    let mut by_distance: Vec<(SiteId, i64)> =
        sites.into_iter().map(|(site, position)| (site, super::great_circle_metres(position, door))).collect();
    by_distance.sort_by_key(|(site, metres)| (*metres, *site));
    by_distance
}

/// Of sites that all refused: the one whose refusal says most.
pub fn most_telling(candidates: &[Candidate]) -> Option<&Candidate> {
    // The first of the furthest: candidates come nearest first.
    candidates.iter().rev().max_by_key(|candidate| candidate.suitability.reached())
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Instant};

    use super::*;

    fn site(nth: u8) -> SiteId {
        format!("00000000-0000-7000-8000-0000000000{nth:02}").parse().unwrap()
    }

    fn offer(taken: i64) -> WindowOffer {
        let id = DeliveryWindowId::from_uuid(site(9).uuid());
        WindowOffer { id, cut_off: Instant::from_millis(1_000), capacity: 2, taken }
    }

    #[test]
    fn a_window_closes_at_its_cut_off_and_when_it_is_full() {
        assert!(room(Some(offer(1)), Instant::from_millis(999)).is_ok());
        let late = room(Some(offer(0)), Instant::from_millis(1_000));
        assert_eq!(late, Err(Suitability::PastCutOff { cut_off: Instant::from_millis(1_000) }));
        assert_eq!(room(Some(offer(2)), Instant::MIN), Err(Suitability::WindowFull { capacity: 2 }));
        assert_eq!(room(None, Instant::MIN), Err(Suitability::WindowUnknown));
    }

    #[test]
    fn the_nearest_comes_first_and_ties_are_settled() {
        let door = Position { latitude_microdegrees: 25_000_000, longitude_microdegrees: 121_500_000 };
        let near = Position { latitude_microdegrees: 25_010_000, ..door };
        let far = Position { latitude_microdegrees: 25_100_000, ..door };
        let order = nearest_first([(site(1), far), (site(3), near), (site(2), near)], door);
        assert_eq!(order.iter().map(|(site, _)| *site).collect::<Vec<_>>(), [site(2), site(3), site(1)]);
    }

    #[test]
    fn what_came_furthest_is_told() {
        let at = |nth, suitability| Candidate { site: site(nth), distance_metres: i64::from(nth), suitability };
        let short = Suitability::ShortStock { line: 0, wanted: 3, available: 1 };
        let candidates = [
            at(1, Suitability::WindowUnknown),
            at(2, short.clone()),
            at(3, short),
            at(4, Suitability::OutOfArea { radius_metres: 1 }),
        ];
        assert_eq!(most_telling(&candidates).map(|candidate| candidate.site), Some(site(2)));
        assert_eq!(most_telling(&[]), None);
    }
}
