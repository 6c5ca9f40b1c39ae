//! What was wanted on a day on which the goods ran out.

/// The demand of a day that sold `sold` and ran out when `share_bp` of ten thousand parts of such a day's demand have
/// usually come: what was sold, divided by the share. None where the share says nothing.
///
/// ```
/// assert_eq!(forecast::latent(30, 6_000), Some(50));
/// assert_eq!(forecast::latent(30, 0), None);
/// ```
pub fn latent(sold: i64, share_bp: i64) -> Option<i64> {
    if !(1..=10_000).contains(&share_bp) || sold < 0 {
        return None;
    }
    let dividend = i128::from(sold) * 10_000 + i128::from(share_bp) / 2;
    i64::try_from(dividend / i128::from(share_bp)).ok()
}

/// How many days the profile of a category is worth beside the days of the product itself.
const CATEGORY_DAYS: i64 = 8;

/// The share of a day that is over at some hour, from the product's own days and its category's: few own days lean
/// on the category.
pub fn shrunk_share_bp(own_bp: i64, own_days: i64, category_bp: i64) -> i64 {
    let own_days = own_days.max(0);
    (own_bp * own_days + category_bp * CATEGORY_DAYS) / (own_days + CATEGORY_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_sold_by_six_tenths_of_the_day_are_fifty_wanted() {
        assert_eq!(latent(30, 6_000), Some(50));
        assert_eq!(latent(30, 10_000), Some(30));
        assert_eq!(latent(1, 3), Some(3_333));
    }

    #[test]
    fn few_own_days_lean_on_the_category() {
        assert_eq!(shrunk_share_bp(9_000, 0, 5_000), 5_000);
        assert_eq!(shrunk_share_bp(9_000, 8, 5_000), 7_000);
        assert!(shrunk_share_bp(9_000, 800, 5_000) > 8_900);
    }
}
