//! When a followed job has ended: what is asked, and how often, before it is believed.

use std::time::Duration;

use tokio::time::Instant;

use super::{Ending, FollowRun};
use crate::{
    discover::watch as pods,
    session::ending::{self, JobFacts, JobVerdict},
};

/// The pause between questions whether the Jobs have ended, when no pod runs.
const ASK_JOBS: Duration = Duration::from_secs(2);

impl FollowRun<'_> {
    /// Whether no pod runs and nothing is unread, so that only the Jobs can say whether more will come.
    pub(super) fn is_quiet(&self) -> bool {
        self.pods.are_read() && ending::judge(&self.pods.facts(), self.row_ended.is_some()) == JobVerdict::AskJobs
    }

    /// Whether the job has ended and everything was read. The watch may lag behind the row and the Jobs, so the pods are
    /// listed once more before that is believed.
    pub(super) async fn has_ended(&mut self) -> bool {
        while self.seems_to_have_ended().await {
            let known = self.pods.facts();
            self.list_again().await;
            if self.pods.are_read() && self.pods.facts() == known {
                return true;
            }
        }
        false
    }

    /// Takes the pods as they are. A cluster that does not answer any more has nothing to add.
    async fn list_again(&mut self) {
        for selection in self.selections.clone() {
            let found = pods::list(&self.cluster.client(), &self.namespace, &selection).await;
            for pod in found.into_iter().flatten() {
                // When nobody listens any more, the next event shows it.
                let _ = self.on_pod(Box::new(pod)).await;
            }
        }
    }

    /// Whether all that is known says so.
    async fn seems_to_have_ended(&mut self) -> bool {
        if !self.pods.are_read() || self.listed < 2 * self.selections.len().min(1) {
            return false;
        }
        let facts = self.pods.facts();
        match ending::judge(&facts, self.row_ended.is_some()) {
            JobVerdict::Ended => {
                if self.jobs.is_none() {
                    self.jobs = self.ask_jobs().await;
                }
                true
            }
            JobVerdict::Running => facts.is_empty() && self.row_ended.is_some() && !self.selections.is_empty(),
            JobVerdict::AskJobs if Instant::now() < self.ask_at => false,
            JobVerdict::AskJobs => {
                self.ask_at = Instant::now() + ASK_JOBS;
                self.jobs = self.ask_jobs().await;
                // Without permission to list Jobs, the pods' own word must do.
                self.jobs.is_none_or(|jobs| ending::judge_jobs(&facts, jobs))
            }
        }
    }

    /// The job's Jobs; `None` when they cannot be listed.
    pub(super) async fn ask_jobs(&self) -> Option<JobFacts> {
        let ids: Vec<_> = self.selections.iter().map(|selection| selection.id.clone()).collect();
        let jobs = pods::jobs(&self.cluster.client(), &self.namespace, &ids).await.ok()?;
        Some(JobFacts::of(&jobs))
    }

    pub(super) fn ending(&self) -> Ending {
        let row_failed = self.row_ended.as_deref().is_some_and(|status| status != "completed");
        Ending { failed: row_failed || ending::has_failed(&self.pods.facts(), self.jobs), pods: self.pods.len() }
    }
}
