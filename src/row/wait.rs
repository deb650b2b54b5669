//! [`Wait`]: what a row waits for before its job has an ElasticBLAST id, and whether it has done so for too long.

use jiff::{SignedDuration, Timestamp};

use super::Row;

/// How long a step of the dashboard itself takes at most: `elastic-blast submit` needs minutes, and the row is touched with
/// every step. This and the two limits below are elbtail's own judgement: neither the dashboard nor ElasticBLAST states one.
const STEP: SignedDuration = SignedDuration::from_mins(30);
/// How long a job may wait for others: a warm-up that stages a large database, or a search that fills the cluster.
const TURN: SignedDuration = SignedDuration::from_hours(6);
/// How long the children of a split job may search, while nothing touches their parent.
const CHILDREN: SignedDuration = SignedDuration::from_hours(24);
/// A time that is later than now by more than a clock may be wrong tells nothing.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

/// Phases in which there is no id yet, what each waits for, and for how long it may.
const PHASES: [(&str, &str, SignedDuration); 13] = [
    ("queued", "its turn in the queue", TURN),
    ("pending", "its turn in the queue", TURN),
    ("preparing", "its preparation", STEP),
    ("configuring", "its configuration", STEP),
    ("submitting", "elastic-blast submit, which makes the id", STEP),
    ("submitted", "elastic-blast submit, which makes the id", STEP),
    ("warming_up", "the database's warm-up", TURN),
    ("warmup_ready", "its submission, now that the database is warm", STEP),
    ("submit_retryable_failure", "another try to submit, after one that failed", STEP),
    ("waiting_for_warmup", "the database's warm-up", TURN),
    ("waiting_for_database", "its database", TURN),
    ("waiting_for_capacity", "capacity in the cluster", TURN),
    ("waiting_for_submit_slot", "a free slot to submit", TURN),
];

/// A wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The phase as the row spells it.
    pub phase: String,
    /// For what, in words.
    pub what: String,
    /// For how long the row has not been touched; `None` when it tells no time that can be.
    pub untouched: Option<SignedDuration>,
    /// For how long that may be.
    pub limit: SignedDuration,
}

impl Wait {
    /// What the row waits for; `None` when its job has ended, or should have an id in this phase.
    pub fn of(row: &Row, now: Timestamp) -> Option<Wait> {
        if row.is_terminal() {
            return None;
        }
        let (phase, what, limit) = [row.phase(), row.status()].into_iter().flatten().find_map(|word| {
            let (what, limit) = waits_for(word)?;
            Some((word.trim().to_owned(), what, limit))
        })?;
        // The later of the two, for a row is touched whenever something happens; but no time that is yet to come.
        let ages = [row.updated_at(), row.created_at()].into_iter().flatten().map(|at| now.duration_since(at));
        let untouched = ages.filter(|age| *age > -SKEW).min().map(|age| age.max(SignedDuration::ZERO));
        Some(Wait { phase, what, untouched, limit })
    }

    /// Whether it has waited for too long. Without a time nobody knows, and a wait is no fault.
    pub fn is_overdue(&self) -> bool {
        self.untouched.is_some_and(|age| age > self.limit)
    }
}

/// `not submitted yet: waits for WHAT (row: PHASE)`
impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not submitted yet: waits for {} (row: {})", self.what, crate::render::plain(&self.phase, 60))
    }
}

/// The phase in which a job has its id, but no batch Jobs: the database is brought to the nodes.
const STAGING: &str = "staging_db";

/// Whether a row in this phase has no batch Jobs yet.
pub(crate) fn is_before_jobs(phase: &str) -> bool {
    normal(phase) == STAGING || waits_for(phase).is_some()
}

/// A phase in the spelling of [`PHASES`].
fn normal(word: &str) -> String {
    word.trim().to_lowercase().replace('-', "_")
}

fn waits_for(word: &str) -> Option<(String, SignedDuration)> {
    let word = normal(word);
    if let Some((_, what, limit)) = PHASES.iter().find(|(phase, ..)| *phase == word) {
        return Some(((*what).to_owned(), *limit));
    }
    if word.starts_with("split_") {
        return Some(("its child searches, which have rows and ids of their own".to_owned(), CHILDREN));
    }
    // The dashboard may learn to wait for more.
    let what = word.strip_prefix("waiting_for_").filter(|what| !what.is_empty())?;
    Some((crate::render::plain(&what.replace('_', " "), 60), TURN))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wait(row: serde_json::Value) -> Option<Wait> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        Wait::of(&Row::new(row.as_object().unwrap().clone()), now)
    }

    #[test]
    fn every_phase_before_the_id_is_a_wait() {
        for phase in [
            "queued",
            "preparing",
            "configuring",
            "submitting",
            "submitted",
            "warming_up",
            "waiting_for_warmup",
            "waiting_for_database",
            "waiting_for_capacity",
            "waiting_for_submit_slot",
            "waiting_for_something_new",
            " Waiting_For_Capacity ",
            "waiting-for-capacity",
            "warmup_ready",
            "submit_retryable_failure",
            "split_children_submitted",
            "split_children_aggregating",
            "split_children_merge_ready",
            "split_results_merging",
        ] {
            for status in ["running", "queued", "RUNNING"] {
                let found = wait(json!({"status": status, "phase": phase, "updated_at": "2026-11-24T11:55:00Z"}));
                assert!(found.is_some_and(|wait| !wait.is_overdue()), "{phase}");
                assert_eq!(wait(json!({"status": "failed", "phase": phase})), None);
            }
        }
        for phase in ["running", "exporting_results", "results_pending", "waiting_for_", "", "splitting"] {
            assert_eq!(wait(json!({"status": "running", "phase": phase})), None, "{phase}");
            assert!(!is_before_jobs(phase), "{phase}");
        }
    }

    #[test]
    fn what_waits_has_no_jobs_yet_and_neither_has_what_stages() {
        for (phase, ..) in PHASES {
            assert!(is_before_jobs(phase), "{phase}");
        }
        for phase in ["staging_db", "Staging-DB", "waiting-for-capacity", "split_children_submitted", "warmup-ready"] {
            assert!(is_before_jobs(phase), "{phase}");
        }
    }

    #[test]
    fn only_a_time_that_can_be_makes_a_wait_too_long() {
        let overdue = |created: Option<&str>, updated: Option<&str>| {
            let row = json!({"status": "running", "phase": "submitting", "created_at": created, "updated_at": updated});
            wait(row).unwrap().is_overdue()
        };
        let (old, fresh, near, far) =
            ("2026-11-22T12:00:00Z", "2026-11-24T11:58:00Z", "2026-11-24T12:10:00Z", "2031-01-01T00:00:00Z");
        assert!(overdue(Some(old), Some(old)));
        assert!(overdue(Some(old), None));
        assert!(overdue(None, Some(old)));
        assert!(overdue(Some(old), Some(far)), "a time years ahead tells nothing");
        assert!(!overdue(Some(old), Some(fresh)));
        assert!(!overdue(Some(old), Some(near)), "a clock that is minutes ahead has just touched it");
        assert!(!overdue(Some(fresh), None));
        assert!(!overdue(None, None));
        assert!(!overdue(None, Some(far)));
        assert!(!overdue(None, Some("yesterday")));
        assert!(!overdue(Some("0000-00-00"), None));
    }
}
