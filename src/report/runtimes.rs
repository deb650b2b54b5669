//! How long batches took: [`Runtimes`] of a list of seconds.

use super::data::Runtimes;

/// With fewer there is no usual time.
const ENOUGH: usize = 4;
/// What took less than so many times the median is no straggler, however alike the others are.
const LATE: f64 = 1.5;

/// The distribution of so many seconds; `None` of nothing.
pub fn runtimes(mut seconds: Vec<f64>) -> Option<Runtimes> {
    seconds.sort_by(f64::total_cmp);
    let (min, max) = (*seconds.first()?, *seconds.last()?);
    let (q1, median, q3) = (quantile(&seconds, 0.25), quantile(&seconds, 0.5), quantile(&seconds, 0.75));
    // Tukey's fence.
    let late_after = (q3 + 1.5 * (q3 - q1)).max(LATE * median);
    Some(Runtimes {
        batches: seconds.len() as u64,
        min,
        q1,
        median,
        q3,
        p90: quantile(&seconds, 0.9),
        max,
        mean: seconds.iter().sum::<f64>() / seconds.len() as f64,
        late_after: (seconds.len() >= ENOUGH).then_some(late_after),
    })
}

/// The value that a part of `sorted` does not exceed, between two of them where it falls between them; 0 of none.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let at = part * (sorted.len().saturating_sub(1)) as f64;
    let value = |at: f64| sorted.get(at as usize).copied().unwrap_or_default();
    let (low, high) = (value(at.floor()), value(at.ceil()));
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quarters_and_stragglers() {
        let of = runtimes(vec![40.0, 10.0, 30.0, 20.0, 200.0]).unwrap();
        assert_eq!((of.min, of.q1, of.median, of.q3, of.max), (10.0, 20.0, 30.0, 40.0, 200.0));
        assert_eq!((of.mean, of.late_after), (60.0, Some(70.0)));
        assert_eq!(runtimes(vec![10.0; 10]).unwrap().late_after, Some(15.0), "a second more is no straggler");
        assert_eq!(runtimes(vec![1.0, 2.0, 300.0]).unwrap().late_after, None, "of three none is usual");
        assert_eq!(runtimes(Vec::new()), None);
    }

    proptest! {
        #[test]
        fn quantiles_are_in_order(seconds in proptest::collection::vec(0.0..1e6f64, 1..50)) {
            let of = runtimes(seconds).unwrap();
            let all = [of.min, of.q1, of.median, of.q3, of.p90.max(of.q3), of.max];
            prop_assert!(all.is_sorted(), "{of:?}");
            prop_assert!(of.mean >= of.min - 1e-6 && of.mean <= of.max + 1e-6);
        }
    }
}
