//! Which bin suits: zone, neighbours, lane and room. Pure.

use catalog::{Hygiene, Odour, Sku, Zone};
use kernel::{Date, PlaceId, Quantity, SkuId};
use ledger::{Place, PlaceKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ReceivingRefusal;

/// What lies in a bin already.
#[derive(Clone, Debug)]
pub(super) struct Neighbour {
    pub(super) sku: Sku,
    pub(super) use_by: Option<Date>,
    pub(super) quantity: Quantity,
}

/// A bin with everything that decides about it.
#[derive(Clone, Debug)]
pub(super) struct Bin {
    pub(super) place: Place,
    pub(super) zone: Option<Zone>,
    pub(super) holds: Vec<Neighbour>,
    /// None: nobody has said what it bears.
    pub(super) capacity_grams: Option<i64>,
}

/// Goods that want a bin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guest<'a> {
    pub(super) sku: &'a Sku,
    pub(super) use_by: Option<Date>,
    pub(super) quantity: Quantity,
}

codes! {
    /// Why two products may not lie in one bin.
    Separation {
        /// Durian beside milk.
        Odour = "odour",
        /// Raw above what is eaten as it is.
        Hygiene = "hygiene",
        /// An allergen that the other product must be free of.
        Allergen = "allergen",
    }
}

codes! {
    /// Why a bin is offered; the better reasons come first.
    BinLane {
        /// The same goods of the same date go on.
        SameDate = "same_date",
        Empty = "empty",
        /// The same goods of another date: pickers must look.
        SameSku = "same_sku",
        /// Other goods that get along.
        Shared = "shared",
    }
}

/// A bin that suits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuggestedBin {
    pub place: PlaceId,
    pub code: String,
    pub kind: PlaceKind,
    pub lane: BinLane,
    /// What it still bears, where somebody has said so.
    pub room_grams: Option<i64>,
}

impl Bin {
    /// Refuses goods that do not belong here: by zone, by neighbour, by room.
    pub(super) fn admit(&self, guest: Guest<'_>) -> Result<BinLane, ReceivingRefusal> {
        let bin = || self.place.code.clone();
        let class = self.zone.as_ref().map(|zone| zone.class);
        if class != Some(guest.sku.temperature_class) {
            let (zone, wanted) = (class.map_or("none", kernel::TemperatureClass::code), guest.sku.temperature_class);
            return Err(ReceivingRefusal::WrongZone { bin: bin(), zone, wanted: wanted.code() });
        }
        for neighbour in &self.holds {
            if let Some(why) = separation(guest.sku, &neighbour.sku) {
                return Err(ReceivingRefusal::KeptApart { bin: bin(), neighbour: neighbour.sku.code.clone(), why });
            }
        }
        if let Some(room) = self.room_grams()
            && weight(guest.sku, guest.quantity) > room
        {
            return Err(ReceivingRefusal::BinFull { bin: bin(), room });
        }
        Ok(self.lane(guest.sku.id, guest.use_by))
    }

    fn room_grams(&self) -> Option<i64> {
        let held: i64 = self.holds.iter().map(|held| weight(&held.sku, held.quantity)).sum();
        self.capacity_grams.map(|capacity| capacity.saturating_sub(held).max(0))
    }

    fn lane(&self, sku: SkuId, use_by: Option<Date>) -> BinLane {
        let same = |held: &&Neighbour| held.sku.id == sku;
        match (self.holds.is_empty(), self.holds.iter().find(same)) {
            (true, _) => BinLane::Empty,
            (false, Some(_)) if self.holds.iter().all(|held| held.sku.id == sku && held.use_by == use_by) => {
                BinLane::SameDate
            }
            (false, Some(_)) => BinLane::SameSku,
            (false, None) => BinLane::Shared,
        }
    }
}

/// The bins that suit, the best first: storage before pick faces, because what is picked first lies in front already.
pub(super) fn suggest(bins: &[Bin], guest: Guest<'_>, most: usize) -> Vec<SuggestedBin> {
    let mut suited: Vec<(&Bin, BinLane)> =
        bins.iter().filter_map(|bin| bin.admit(guest).ok().map(|lane| (bin, lane))).collect();
    suited.sort_by_key(|(bin, lane)| (bin.place.kind != PlaceKind::Bin, *lane, bin.place.path, bin.place.id));
    suited
        .into_iter()
        .take(most)
        .map(|(bin, lane)| SuggestedBin {
            place: bin.place.id,
            code: bin.place.code.clone(),
            kind: bin.place.kind,
            lane,
            room_grams: bin.room_grams(),
        })
        .collect()
}

/// Why two products may not share a bin, if they may not.
pub(super) fn separation(a: &Sku, b: &Sku) -> Option<Separation> {
    if a.id == b.id {
        return None;
    }
    let odours = (a.odour, b.odour);
    if matches!(odours, (Odour::Gives, Odour::Takes) | (Odour::Takes, Odour::Gives)) {
        return Some(Separation::Odour);
    }
    // Packed goods are shut off; what lies open is not.
    let open = |sku: &Sku| sku.hygiene != Hygiene::Packaged;
    let raw_and_ready =
        |one: &Sku, other: &Sku| one.hygiene == Hygiene::Raw && other.hygiene != Hygiene::Raw && open(other);
    if raw_and_ready(a, b) || raw_and_ready(b, a) {
        return Some(Separation::Hygiene);
    }
    let free_of = |one: &Sku, other: &Sku| one.allergens.iter().any(|allergen| !other.allergens.contains(allergen));
    if open(a) && open(b) && (free_of(a, b) || free_of(b, a)) {
        return Some(Separation::Allergen);
    }
    None
}

/// What goods weigh, by the scale or by the book.
fn weight(sku: &Sku, quantity: Quantity) -> i64 {
    let by_the_book = || quantity.pieces_or_zero().saturating_mul(sku.nominal_grams.unwrap_or(0));
    quantity.grams.unwrap_or_else(by_the_book)
}

#[cfg(test)]
mod tests {
    use catalog::{Allergen, Listing, Names, TaxClass, TaxClasses};
    use kernel::{DeciCelsius, Id, Measure, SiteId, TemperatureClass, ZoneId};
    use uuid::Uuid;

    use super::*;

    fn sku(id: u128, code: &str) -> Sku {
        Sku {
            id: SkuId::from_uuid(Uuid::from_u128(id)),
            code: code.to_owned(),
            names: Names::alike(code),
            category: "vegetables".to_owned(),
            measure: Measure::Weighed,
            nominal_grams: None,
            tolerance_bp: 0,
            estimate_buffer_bp: 0,
            temperature_class: TemperatureClass::Chilled,
            shelf_life_days: Some(7),
            life_at_door_days: 1,
            tax: TaxClasses { tw: TaxClass::Exempt, cn: TaxClass::Vat9 },
            gtin: None,
            allergens: Vec::new(),
            odour: Odour::Neutral,
            hygiene: Hygiene::Packaged,
            case_amount: 1_000,
            listing: Listing::Active,
            revision: 1,
        }
    }

    fn bin(path: i64, kind: PlaceKind, class: TemperatureClass, holds: Vec<Neighbour>) -> Bin {
        let (site, zone) = (SiteId::from_uuid(Uuid::nil()), ZoneId::from_uuid(Uuid::nil()));
        let place = Place {
            id: PlaceId::from_uuid(Uuid::from_u128(u128::try_from(path).unwrap())),
            site,
            kind,
            code: format!("B{path}"),
            zone: Some(zone),
            holder: None,
            path,
        };
        let zone = Zone { id: zone, site, code: "Z".to_owned(), class, low: DeciCelsius(0), high: DeciCelsius(40) };
        Bin { place, zone: Some(zone), holds, capacity_grams: None }
    }

    fn holding(sku: &Sku, use_by: &str, grams: i64) -> Neighbour {
        Neighbour { sku: sku.clone(), use_by: use_by.parse().ok(), quantity: Quantity::grams(grams) }
    }

    #[test]
    fn durian_lies_with_nobody_who_takes_its_smell() {
        let durian = Sku { odour: Odour::Gives, ..sku(1, "DURIAN") };
        let milk = Sku { odour: Odour::Takes, ..sku(2, "MILK") };
        assert_eq!(separation(&durian, &milk), Some(Separation::Odour));
        assert_eq!(separation(&milk, &durian), Some(Separation::Odour));
        assert_eq!(separation(&durian, &durian), None);
    }

    #[test]
    fn raw_fish_lies_with_nothing_that_is_eaten_as_it_is() {
        let fish = Sku { hygiene: Hygiene::Raw, ..sku(1, "COD") };
        let salad = Sku { hygiene: Hygiene::ReadyToEat, ..sku(2, "SALAD") };
        let tinned = sku(3, "TIN");
        assert_eq!(separation(&fish, &salad), Some(Separation::Hygiene));
        assert_eq!(separation(&fish, &tinned), None);
    }

    #[test]
    fn open_nuts_lie_apart_from_open_fruit() {
        let nuts = Sku { hygiene: Hygiene::Produce, allergens: vec![Allergen::Nuts], ..sku(1, "NUTS") };
        let fruit = Sku { hygiene: Hygiene::Produce, ..sku(2, "FRUIT") };
        assert_eq!(separation(&nuts, &fruit), Some(Separation::Allergen));
    }

    #[test]
    fn the_same_date_goes_on_before_an_empty_bin_is_opened() {
        let spinach = sku(1, "SPINACH");
        let chilled = TemperatureClass::Chilled;
        let bins = [
            bin(1, PlaceKind::PickFace, chilled, Vec::new()),
            bin(2, PlaceKind::Bin, chilled, Vec::new()),
            bin(3, PlaceKind::Bin, chilled, vec![holding(&spinach, "2026-04-02", 1_000)]),
            bin(4, PlaceKind::Bin, chilled, vec![holding(&spinach, "2026-04-01", 1_000)]),
            bin(5, PlaceKind::Bin, TemperatureClass::Frozen, Vec::new()),
        ];
        let guest = Guest { sku: &spinach, use_by: "2026-04-02".parse().ok(), quantity: Quantity::grams(500) };

        let codes: Vec<String> = suggest(&bins, guest, 5).into_iter().map(|bin| bin.code).collect();

        assert_eq!(codes, ["B3", "B2", "B4", "B1"]);
    }

    #[test]
    fn a_full_bin_and_a_warm_one_are_refused() {
        let spinach = sku(1, "SPINACH");
        let guest = Guest { sku: &spinach, use_by: None, quantity: Quantity::grams(600) };
        let held = vec![holding(&spinach, "2026-04-02", 500)];
        let full = Bin { capacity_grams: Some(1_000), ..bin(1, PlaceKind::Bin, TemperatureClass::Chilled, held) };
        let warm = bin(2, PlaceKind::Bin, TemperatureClass::Ambient, Vec::new());
        assert!(matches!(full.admit(guest), Err(ReceivingRefusal::BinFull { room: 500, .. })));
        assert!(matches!(warm.admit(guest), Err(ReceivingRefusal::WrongZone { .. })));
    }
}
