//! Sharing out without losing a gram or a cent.

/// Splits `whole` in proportion to `weights` by the largest remainder; the shares always add up to `whole`.
///
/// Equal remainders go to the earlier share, so that the same split is made on every machine.
/// Empty when the weights do not say how: none given, one negative, or all zero.
pub fn split(whole: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().copied().map(i128::from).sum();
    if total <= 0 || weights.iter().any(|weight| *weight < 0) {
        return Vec::new();
    }
    let sign = i128::from(whole.signum());
    let magnitude = i128::from(whole.unsigned_abs());
    let mut shares: Vec<(i128, i128)> = weights
        .iter()
        .map(|weight| {
            let product = magnitude.saturating_mul(i128::from(*weight));
            (product.checked_div(total).unwrap_or(0), product.checked_rem(total).unwrap_or(0))
        })
        .collect();
    let given: i128 = shares.iter().map(|(share, _)| *share).sum();
    // Fewer units are left over than there are shares, because each remainder is below one unit.
    let left = usize::try_from(magnitude.saturating_sub(given)).unwrap_or(0);
    let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
    by_remainder.sort_by_key(|at| std::cmp::Reverse(shares.get(*at).map_or(0, |(_, rest)| *rest)));
    for at in by_remainder.into_iter().take(left) {
        if let Some((share, _)) = shares.get_mut(at) {
            *share = share.saturating_add(1);
        }
    }
    shares.into_iter().filter_map(|(share, _)| i64::try_from(share.saturating_mul(sign)).ok()).collect()
}
