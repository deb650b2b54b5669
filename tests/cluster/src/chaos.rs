//! A seeded source of faults.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::call::{Call, Kind};
use crate::faults::{Action, Cut};

/// Decides at random, but the same way for the same seed and the same order of requests.
///
/// ```no_run
/// # fn f(cluster: &testcluster::TestCluster) {
/// let mut chaos = testcluster::Chaos::new(7).log_rate(0.5);
/// cluster.faults().hook(move |call| chaos.decide(call));
/// # }
/// ```
#[derive(Debug)]
pub struct Chaos {
    rng: StdRng,
    log_rate: f64,
    watch_rate: f64,
    answer_rate: f64,
    most_bytes: u64,
    cuts: Vec<Cut>,
}

impl Chaos {
    /// Half of the logs and a third of the watches are cut, one request in ten gets an error.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            log_rate: 0.5,
            watch_rate: 0.3,
            answer_rate: 0.1,
            most_bytes: 200_000,
            cuts: vec![Cut::Reset, Cut::Fin, Cut::End, Cut::StreamReset, Cut::Stall],
        }
    }

    /// The share of log requests that go wrong on the way.
    #[must_use]
    pub fn log_rate(self, rate: f64) -> Self {
        Self { log_rate: rate, ..self }
    }

    /// The share of watches that go wrong on the way.
    #[must_use]
    pub fn watch_rate(self, rate: f64) -> Self {
        Self { watch_rate: rate, ..self }
    }

    /// The share of log, watch and list requests that are answered with 429, 500 or 503.
    #[must_use]
    pub fn answer_rate(self, rate: f64) -> Self {
        Self { answer_rate: rate, ..self }
    }

    /// The most bytes that arrive before a cut.
    #[must_use]
    pub fn most_bytes(self, bytes: u64) -> Self {
        Self { most_bytes: bytes, ..self }
    }

    /// The ways bodies are cut; without [`Cut::Stall`] nothing depends on the client's patience.
    #[must_use]
    pub fn cuts(self, cuts: &[Cut]) -> Self {
        Self { cuts: cuts.to_vec(), ..self }
    }

    /// What happens to this request.
    pub fn decide(&mut self, call: &Call) -> Option<Action> {
        let rate = match call.kind {
            Kind::Log | Kind::NodeFile => self.log_rate,
            Kind::Watch => self.watch_rate,
            Kind::List => 0.0,
            _ => return None,
        };
        if self.rng.random_bool(self.answer_rate) {
            let code = [429, 500, 503][self.rng.random_range(0..3)];
            return Some(Action::Answer { code, retry_after: (code == 429).then_some(1) });
        }
        if self.cuts.is_empty() || !self.rng.random_bool(rate) {
            return None;
        }
        let after = self.rng.random_range(0..=self.most_bytes);
        if self.rng.random_ratio(1, 12) {
            return Some(Action::GoAway);
        }
        // Node files are read by their length, and nobody speaks between.
        if call.kind != Kind::NodeFile && self.rng.random_ratio(1, 8) {
            return Some(match call.kind {
                Kind::Watch => Action::ExpireWatch { after },
                _ => {
                    Action::InBand { after, text: "failed to create fsnotify watcher: too many open files".to_owned() }
                }
            });
        }
        let how = self.cuts[self.rng.random_range(0..self.cuts.len())];
        // A file is there, so its reader may wait longer than a run should take.
        let how = if call.kind == Kind::NodeFile && how == Cut::Stall { Cut::Reset } else { how };
        Some(Action::Cut { after, how })
    }
}
