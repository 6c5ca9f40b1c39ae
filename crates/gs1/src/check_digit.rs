//! The digit that catches a slip of the hand: weights 3, 1, 3… from the right, up to the next ten.

/// The check digit that belongs behind `body`; `None` if it is no row of digits.
///
/// ```
/// assert_eq!(gs1::check_digit("629104150021"), Some('3'));
/// ```
pub fn check_digit(body: &str) -> Option<char> {
    let mut sum = 0_u32;
    for (digit, weight) in body.chars().rev().zip([3_u32, 1].into_iter().cycle()) {
        sum = sum.saturating_add(digit.to_digit(10)?.saturating_mul(weight));
    }
    if body.is_empty() { None } else { char::from_digit(10_u32.saturating_sub(sum % 10) % 10, 10) }
}

/// Whether the last digit of `code` is its check digit.
pub fn is_checked(code: &str) -> bool {
    let mut body = code.chars();
    let last = body.next_back();
    last.is_some() && check_digit(body.as_str()) == last
}
