//! [`Case`]: the facts of a job that has an id on a cluster that answers, with what every rule needs to look up.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::{batch::v1::Job, core::v1::Event};

use crate::{
    discover::{Match, age::human},
    doctor::{ClusterAnswers, Facts, LogFacts, TailLine, TailPart},
    job_id::JobId,
    k8s::{JobCondition, Pod, Role, status::PodLife},
    shell::quote,
};

/// What is looked at.
pub(super) struct Case<'a> {
    pub facts: &'a Facts,
    pub seen: &'a ClusterAnswers,
    pub id: &'a JobId,
}

impl<'a> Case<'a> {
    pub fn new(facts: &'a Facts, seen: &'a ClusterAnswers, id: &'a JobId) -> Self {
        Self { facts, seen, id }
    }

    /// The namespace as a flag of kubectl.
    pub fn ns(&self) -> &str {
        &self.facts.place.namespace
    }

    /// [`Place::kubectl`](crate::doctor::Place::kubectl)
    pub fn kubectl(&self, words: &str) -> String {
        self.facts.place.kubectl(words)
    }

    /// `kubectl describe KIND NAME`
    pub fn describe(&self, kind: &str, name: &str) -> String {
        self.kubectl(&format!("describe {kind} {}", quote(name)))
    }

    /// `elbtail COMMAND JOB MORE`
    pub fn elbtail(&self, command: &str, more: &str) -> String {
        self.facts.place.elbtail(command, self.id.as_str(), more)
    }

    /// `elbtail logs JOB …` of one container.
    pub fn elbtail_logs(&self, pod: &Pod, container: &str) -> String {
        self.elbtail("logs", &format!(" --pod {} -c {}", quote(pod.name()), quote(container)))
    }

    /// What keeps the lines there are in a file.
    pub fn keep(&self, more: &str) -> String {
        format!("{} > {}.log", self.elbtail("logs", more), self.id)
    }

    /// What lists the job's files in the storage account that the row names, its logs among them.
    pub fn storage(&self) -> Option<String> {
        let row = self.facts.row.row.as_ref()?;
        let account = row.column("storage_account")?.trim();
        let is_name = !account.is_empty() && account.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let prefix = match row.column("results_prefix").map(|prefix| prefix.trim().trim_matches('/')) {
            Some(prefix) if !prefix.is_empty() => prefix.to_owned(),
            _ => format!("results/{}", row.id()?),
        };
        is_name.then(|| format!("azcopy list {}", quote(&format!("https://{account}.blob.core.windows.net/{prefix}"))))
    }

    /// Whether the log of this container was asked for and refused, so that nothing is known of what it holds.
    pub fn is_unread(&self, pod: &Pod, container: &str) -> bool {
        let read = [TailPart::Tail, TailPart::Previous, TailPart::Head]
            .into_iter()
            .filter_map(|part| self.log(pod, container, part));
        read.into_iter().all(|log| !matches!(log.answer, crate::doctor::TailAnswer::Lines(_)))
    }

    /// Whether the server did not say that this is forbidden.
    pub fn may(&self, verb: &str, resource: &str) -> bool {
        !self.seen.grants.iter().any(|it| it.verb == verb && it.resource == resource && it.allowed == Some(false))
    }

    pub fn row_is_terminal(&self) -> bool {
        self.facts.row.row.as_ref().is_some_and(crate::row::Row::is_terminal)
    }

    /// The Job that owns a pod, if it is still there.
    pub fn job_of(&self, pod: &Pod) -> Option<&'a Job> {
        let owner = pod.jobs().next()?.to_owned();
        self.seen.jobs().iter().find(|job| job.metadata.name.as_deref() == Some(owner.as_str()))
    }

    /// Whether a pod's failure has been made good by another try.
    pub fn is_made_good(&self, pod: &Pod) -> bool {
        if self.job_of(pod).is_some_and(|job| matches!(JobCondition::of(job), JobCondition::Complete { .. })) {
            return true;
        }
        // Without permission to list Jobs, a sister pod that succeeded says the same.
        let owner = pod.jobs().next();
        owner.is_some()
            && self
                .seen
                .pods()
                .iter()
                .any(|found| found.pod.jobs().next() == owner && found.pod.status.phase.as_deref() == Some("Succeeded"))
    }

    /// Another pod of the same Job, made later.
    pub fn successor(&self, pod: &Pod) -> Option<&'a Match> {
        let owner = pod.jobs().next()?;
        self.seen.pods().iter().find(|found| {
            found.pod.jobs().next() == Some(owner)
                && found.pod.uid() != pod.uid()
                && found.pod.created() >= pod.created()
        })
    }

    /// Events about a pod, by its name: a pod's name is its own for as long as events live.
    pub fn events_of(&self, name: &str) -> impl Iterator<Item = &'a Event> {
        let name = name.to_owned();
        self.seen.events.iter().filter(move |event| event.involved_object.name.as_deref() == Some(name.as_str()))
    }

    /// The newest event about something for one of these reasons, as a line.
    pub fn event(&self, name: &str, reasons: &[&str]) -> Option<&'a Event> {
        let matching = self.events_of(name).filter(|event| reasons.contains(&reason(event)));
        matching.max_by_key(|event| last_seen(event))
    }

    /// A piece of a container's log that was read.
    pub fn log(&self, pod: &Pod, container: &str, part: TailPart) -> Option<&'a LogFacts> {
        let logs = self.seen.logs.iter();
        logs.into_iter()
            .find(|log| log.part == part && log.target.container == container && log.target.uid == pod.uid())
    }

    /// The lines of a container that were read: the instance before, then the latest.
    pub fn lines(&self, pod: &Pod, container: &str) -> impl Iterator<Item = &'a TailLine> {
        let before = self.log(pod, container, TailPart::Previous).map_or(&[][..], LogFacts::lines);
        let latest = self.log(pod, container, TailPart::Tail).map_or(&[][..], LogFacts::lines);
        before.iter().chain(latest)
    }

    /// The last words of a container's latest instance that has any.
    pub fn last_words(&self, pod: &Pod, container: &str, count: usize) -> Vec<String> {
        let lines = [TailPart::Tail, TailPart::Previous].into_iter().find_map(|part| {
            let lines = self.log(pod, container, part)?.lines();
            lines.iter().any(|line| !line.text.trim().is_empty()).then_some(lines)
        });
        let texts = lines.unwrap_or_default().iter().map(|line| line.text.trim_end()).filter(|text| !text.is_empty());
        let texts: Vec<String> = texts.map(|text| format!("| {text}")).collect();
        texts[texts.len().saturating_sub(count)..].to_vec()
    }

    /// How long ago something was.
    pub fn ago(&self, at: Timestamp) -> SignedDuration {
        self.facts.now.duration_since(at)
    }

    /// The same in words.
    pub fn ago_text(&self, at: Timestamp) -> String {
        format!("{} ago", human(self.ago(at)))
    }
}

/// Whether no container of the pod runs or will.
pub(super) fn is_over(pod: &Pod) -> bool {
    pod.life() == PodLife::Finished
}

/// Whether a container of the pod runs.
pub(super) fn is_running(found: &Match) -> bool {
    let status = &found.pod.status;
    let mut all = status.init_container_statuses.iter().chain(&status.container_statuses);
    !found.pod.is_deleted() && all.any(|status| status.state.running.is_some())
}

/// Whether one of its containers runs that does the pod's work: not one that only prepares it.
pub(super) fn runs_main(found: &Match) -> bool {
    !found.pod.is_deleted() && found.pod.status.container_statuses.iter().any(|status| status.state.running.is_some())
}

pub(super) fn is_search(pod: &Pod) -> bool {
    Role::of(pod) == Role::Batch
}

/// An event's reason.
pub(super) fn reason(event: &Event) -> &str {
    event.reason.as_deref().unwrap_or_default()
}

/// An event as a line.
pub(super) fn said(event: &Event) -> String {
    format!("event {}: {}", reason(event), event.message.as_deref().unwrap_or_default())
}

fn last_seen(event: &Event) -> Option<Timestamp> {
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    last.or_else(|| event.event_time.as_ref().map(|time| time.0))
        .or_else(|| event.metadata.creation_timestamp.as_ref().map(|time| time.0))
}
