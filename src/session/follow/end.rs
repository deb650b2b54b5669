//! When a followed job has ended: what is asked, and how often, before it is believed.

use std::time::Duration;

use tokio::time::Instant;

use super::FollowRun;
use crate::{
    discover::watch as pods,
    session::{
        asked::job_facts,
        ending::{self, Ending, JobVerdict, JobsStatus, PodFacts},
    },
};

/// The pause between questions whether the Jobs have ended, when no pod runs.
const ASK_JOBS: Duration = Duration::from_secs(2);

/// The pause between questions for the pods that have other labels than those asked for: they may be many.
const ASK_PODS: Duration = Duration::from_secs(10);

impl FollowRun<'_> {
    /// Whether no pod runs and nothing is unread, so that only the Jobs can say whether more will come, or the pods that have other
    /// labels than those asked for.
    pub(super) fn is_quiet(&self) -> bool {
        self.pods.are_read()
            && (ending::judge(&self.pods.facts(), self.row_ended.is_some()) == JobVerdict::AskJobs
                || self.is_listed() && self.chooses_none_by_labels())
    }

    /// Whether labels are asked for that no pod has.
    fn chooses_none_by_labels(&self) -> bool {
        self.pods.is_empty() && self.selections.iter().any(|selection| selection.labels.is_some())
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

    /// The facts of the job's pods, whatever their labels: it may end without one that has those asked for.
    async fn facts_of_others(&self) -> Vec<PodFacts> {
        let mut facts = Vec::new();
        for selection in &self.selections {
            let found = pods::list(&self.cluster.client(), &self.namespace, &selection.of_any_labels()).await;
            facts.extend(found.into_iter().flatten().map(|found| PodFacts::of(&found.pod)));
        }
        facts
    }

    /// Whether all that is known says so.
    async fn seems_to_have_ended(&mut self) -> bool {
        if !self.pods.are_read() || !self.is_listed() {
            return false;
        }
        let may_ask = Instant::now() >= self.ask_at;
        let mut facts = self.pods.facts();
        if self.row_ended.is_none() && self.chooses_none_by_labels() {
            if !may_ask {
                return false;
            }
            self.ask_at = Instant::now() + ASK_PODS;
            facts = self.facts_of_others().await;
        }
        let known = Known {
            row_ended: self.row_ended.is_some(),
            has_id: !self.selections.is_empty(),
            knows_jobs: self.jobs.is_some(),
            may_ask,
        };
        match known.step(&facts) {
            EndStep::GoOn => false,
            EndStep::End => true,
            EndStep::AskWhetherFailed => {
                self.jobs = self.ask_jobs().await;
                true
            }
            EndStep::AskWhetherEnded => {
                self.ask_at = Instant::now() + ASK_JOBS;
                self.jobs = self.ask_jobs().await;
                // Without permission to list Jobs, the pods' own word must do.
                self.jobs.is_none_or(|jobs| ending::judge_jobs(&facts, jobs))
            }
        }
    }

    /// The job's Jobs; `None` when they cannot be listed.
    pub(super) async fn ask_jobs(&self) -> Option<JobsStatus> {
        let ids: Vec<_> = self.selections.iter().map(|selection| selection.id.clone()).collect();
        job_facts(&self.cluster, &self.namespace, &ids).await
    }

    pub(super) fn ending(&self) -> Ending {
        let row_failed = self.row_ended.as_deref().is_some_and(|status| status != "completed");
        Ending { failed: row_failed || ending::has_failed(&self.pods.facts(), self.jobs), pods: self.pods.len() }
    }
}

/// What is known besides the pods, all of which were read as far as they are known.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The row says that the job has ended.
    row_ended: bool,
    /// It has said which job it is.
    has_id: bool,
    /// What the Jobs say is known.
    knows_jobs: bool,
    /// They were not asked a moment ago.
    may_ask: bool,
}

/// What is to be done to know whether the job has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndStep {
    /// Nothing: it goes on.
    GoOn,
    /// Nothing: it has ended.
    End,
    /// It has ended, and the Jobs are asked whether it failed.
    AskWhetherFailed,
    /// The Jobs are asked.
    AskWhetherEnded,
}

impl Known {
    fn step(self, pods: &[PodFacts]) -> EndStep {
        match ending::judge(pods, self.row_ended) {
            JobVerdict::Ended if self.knows_jobs => EndStep::End,
            JobVerdict::Ended => EndStep::AskWhetherFailed,
            // Its row says that it has, and there is no pod of it.
            JobVerdict::Running if pods.is_empty() && self.row_ended && self.has_id => EndStep::End,
            JobVerdict::AskJobs if self.may_ask => EndStep::AskWhetherEnded,
            JobVerdict::Running | JobVerdict::AskJobs => EndStep::GoOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::{Role, status::PodLife};

    #[test]
    fn what_is_known_says_what_is_asked_before_an_end_is_believed() {
        let pod = |role, life| PodFacts { role, life, failed: false };
        let (runs, over) = (pod(Role::Batch, PodLife::Active), pod(Role::Batch, PodLife::Finished));
        let finalized = pod(Role::Finalizer, PodLife::Finished);
        let nothing = Known { row_ended: false, has_id: true, knows_jobs: false, may_ask: true };
        let row = Known { row_ended: true, ..nothing };
        for (pods, known, step) in [
            (&[][..], nothing, EndStep::GoOn),
            (&[], row, EndStep::End),
            (&[], Known { has_id: false, ..row }, EndStep::GoOn),
            (&[runs], row, EndStep::GoOn),
            (&[runs, finalized], row, EndStep::GoOn),
            (&[over], nothing, EndStep::AskWhetherEnded),
            (&[over], Known { may_ask: false, ..nothing }, EndStep::GoOn),
            (&[over], Known { knows_jobs: true, ..nothing }, EndStep::AskWhetherEnded),
            (&[over], row, EndStep::AskWhetherFailed),
            (&[over], Known { may_ask: false, ..row }, EndStep::AskWhetherFailed),
            (&[over], Known { knows_jobs: true, ..row }, EndStep::End),
            (&[over, finalized], nothing, EndStep::AskWhetherFailed),
            (&[over, finalized], Known { knows_jobs: true, ..nothing }, EndStep::End),
        ] {
            assert_eq!(known.step(pods), step, "{pods:?} {known:?}");
        }
    }
}
