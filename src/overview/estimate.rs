//! [`Estimate`]: when the batches will have ended, by those that have.

use std::{cmp::Reverse, collections::BinaryHeap};

use serde::Serialize;

use super::{JobLife, Standing};
use crate::k8s::Stamp;

/// When the last batch will have ended. The batches that are left are put one after another where batches run at present, each as
/// long as those that have ended: as the middle one of these, as one of the short ones, as one of the long ones.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Seconds from now.
    pub seconds: f64,
    /// If those that are left are short, as one in ten was.
    pub at_least: f64,
    /// If they are long, as one in ten was. Half as long again while fewer than five have ended.
    pub at_most: f64,
    /// Batches that have ended well, from which it is known.
    pub from: usize,
    /// Batches that are left.
    pub left: usize,
}

/// From so many batches on their spread is believed.
const ENOUGH: usize = 5;

impl Estimate {
    pub(super) fn of<'a>(batches: impl Iterator<Item = JobLife<'a>>, now: Stamp) -> Option<Estimate> {
        let (mut took, mut running, mut waiting) = (Vec::new(), Vec::new(), 0);
        for batch in batches {
            match batch.standing {
                Standing::Done => took.extend(batch.run.map(|run| run.seconds())),
                Standing::Running => running.push(batch.seconds(now).unwrap_or_default()),
                Standing::Waiting => waiting += 1,
                Standing::Failed | Standing::Lost => {}
            }
        }
        took.sort_by(f64::total_cmp);
        Estimate::by(&took, &running, waiting)
    }

    /// From how long those took that have ended, in order, those that run have run, and how many wait.
    fn by(took: &[f64], running: &[f64], waiting: usize) -> Option<Estimate> {
        let left = running.len() + waiting;
        if took.is_empty() || left == 0 {
            return None;
        }
        let (few, many) = if took.len() < ENOUGH { (2.0 / 3.0, 1.5) } else { (1.0, 1.0) };
        Some(Estimate {
            seconds: end(took, running, waiting, 0.5, 1.0),
            at_least: end(took, running, waiting, 0.1, few),
            at_most: end(took, running, waiting, 0.9, many),
            from: took.len(),
            left,
        })
    }
}

/// Seconds until the last one ends, when each takes as long as this part of those that have ended did not exceed.
fn end(took: &[f64], running: &[f64], waiting: usize, part: f64, times: f64) -> f64 {
    let quantile = |took: &[f64]| took.get(((took.len() - 1) as f64 * part).round() as usize).copied();
    let usual = quantile(took).unwrap_or_default() * times;
    let rest = |ran: &f64| {
        // One that has run for longer than most is as one of those that took longer still; if none did, as much again at most.
        let longer = &took[took.partition_point(|other| other <= ran)..];
        let whole = if longer.is_empty() { ran * (1.0 + part) } else { quantile(longer).unwrap_or_default() * times };
        (whole - ran).max(0.0)
    };
    // In milliseconds, which have an order.
    let mut free: BinaryHeap<Reverse<u64>> = running
        .iter()
        .map(|ran| Reverse((rest(ran) * 1000.0) as u64))
        .chain(running.is_empty().then_some(Reverse(0)))
        .collect();
    for _ in 0..waiting {
        if let Some(Reverse(at)) = free.pop() {
            free.push(Reverse(at.saturating_add((usual * 1000.0) as u64)));
        }
    }
    free.into_iter().map(|Reverse(at)| at).max().unwrap_or_default() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_left_takes_as_long_as_what_has_ended() {
        let like = |count: usize| vec![60.0; count];
        for (took, running, waiting, expected) in [
            (like(10), vec![], 0, None),
            (vec![], vec![5.0], 3, None),
            // Two at a time: each has 40 s left, and two more follow each.
            (like(10), vec![20.0, 20.0], 4, Some((160.0, 160.0, 160.0))),
            (like(10), vec![], 2, Some((120.0, 120.0, 120.0))),
            // It has run for longer than any other.
            (like(10), vec![100.0], 0, Some((50.0, 10.0, 90.0))),
            // One alone says little.
            (like(1), vec![0.0], 0, Some((60.0, 40.0, 90.0))),
        ] {
            let estimate = Estimate::by(&took, &running, waiting);
            let near = |one: f64, two: f64| (one - two).abs() < 0.01;
            match (estimate, expected) {
                (None, None) => {}
                (Some(got), Some((seconds, least, most))) => {
                    assert!(
                        near(got.seconds, seconds) && near(got.at_least, least) && near(got.at_most, most),
                        "{got:?}"
                    );
                    assert_eq!((got.from, got.left), (took.len(), running.len() + waiting));
                }
                (got, expected) => panic!("{got:?} {expected:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_between_the_least_and_the_most(
            mut took in proptest::collection::vec(0.0f64..1e5, 1..40),
            running in proptest::collection::vec(0.0f64..1e5, 0..20),
            waiting in 0usize..200,
        ) {
            took.sort_by(f64::total_cmp);
            if let Some(it) = Estimate::by(&took, &running, waiting) {
                prop_assert!(it.at_least <= it.seconds + 0.01 && it.seconds <= it.at_most + 0.01, "{it:?}");
                prop_assert!(it.at_least >= 0.0 && it.at_most.is_finite());
            }
        }
    }
}
