//! What is usual and what is rare in a list of numbers.

/// The middle of the values, or the mean of the two in the middle; none of none.
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*sorted.get(sorted.len() / 2 - 1)?, upper))
}

/// The least of the values that 95 of 100 do not exceed; none of none.
pub fn percentile_95(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// Where the true share lies when `passed` of `all` passed, with 95 % confidence: the interval of Wilson, which stays
/// within 0 and 1 and is of use for small numbers too.
#[expect(clippy::cast_precision_loss, reason = "nobody repeats a case 2^52 times")]
pub fn wilson(passed: usize, all: usize) -> [f64; 2] {
    // The 97.5 % point of the normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    if all == 0 {
        return [0.0, 1.0];
    }
    let (n, share) = (all as f64, passed as f64 / all as f64);
    let spread = 1.0 + Z * Z / n;
    let middle = (share + Z * Z / (2.0 * n)) / spread;
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / spread;
    [(middle - half).max(0.0), (middle + half).min(1.0)]
}

/// How likely so many of `all` fair coins, or more, show heads: the exact one-sided sign test.
#[expect(clippy::cast_precision_loss, reason = "a power of two is exact as far as it matters")]
pub(super) fn sign_test(heads: usize, all: usize) -> f64 {
    let mut probability = 0.5f64.powi(i32::try_from(all).unwrap_or(i32::MAX));
    let mut tail = 0.0;
    for taken in 0..=all {
        if taken >= heads {
            tail += probability;
        }
        probability *= (all - taken) as f64 / (taken + 1) as f64;
    }
    tail.min(1.0)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_and_the_rare_of_a_list() {
        assert_eq!((median(&[]), percentile_95(&[])), (None, None));
        assert_eq!((median(&[3.0]), percentile_95(&[3.0])), (Some(3.0), Some(3.0)));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        let hundred: Vec<f64> = (1..=100).map(f64::from).rev().collect();
        assert_eq!(percentile_95(&hundred), Some(95.0));
        assert_eq!(percentile_95(&[1.0, 2.0, 9.0]), Some(9.0));
    }

    #[test]
    fn a_share_has_an_interval_and_a_change_a_probability() {
        let close = |one: f64, other: f64| assert!((one - other).abs() < 1e-4, "{one} {other}");
        // The textbook's values.
        for (passed, all, low, high) in
            [(8, 10, 0.4902, 0.9433), (0, 5, 0.0, 0.4345), (5, 5, 0.5655, 1.0)]
        {
            let [from, to] = wilson(passed, all);
            close(from, low);
            close(to, high);
        }
        let [from, to] = wilson(0, 0);
        close(from, 0.0);
        close(to, 1.0);
        close(sign_test(5, 5), 1.0 / 32.0);
        close(sign_test(4, 5), 6.0 / 32.0);
        close(sign_test(0, 5), 1.0);
        close(sign_test(0, 0), 1.0);
    }
}
