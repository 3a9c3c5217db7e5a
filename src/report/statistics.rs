//! What is usual and what is rare in a list of numbers.

/// The middle of the values, or the mean of the two in the middle; none of none.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*sorted.get(sorted.len() / 2 - 1)?, upper))
}

/// The least of the values that 95 of 100 do not exceed; none of none.
pub(super) fn percentile_95(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
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
}
