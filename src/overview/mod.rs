//! [`Overview`]: what a run says → the state of its job. A fold without I/O or clock: whoever feeds it says when it is.
//!
//! It takes [`RunEvent`]s, and where they can be had the pods and Jobs as the cluster tells them and the row's status. What it
//! answers is made when it is asked for: [`Overview::steps`], [`Overview::batches`], [`Overview::estimate`]. Lines are taken as
//! they are shown: whoever masks them does so before.

mod container;
mod estimate;
mod gap;
mod job;
mod pod;
mod problem;
mod rate;
mod span;
mod step;
mod summary;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::Serialize;

use self::job::KnownJob;
pub use self::{
    container::{ContainerLife, InstanceEnd, InstanceLife},
    estimate::Estimate,
    gap::SeenGap,
    job::{JobLife, JobWord},
    pod::PodState,
    problem::{Problem, Problems},
    rate::Rate,
    span::{Span, duration},
    step::{Step, StepCounts, StepState},
    summary::{Summary, SummaryOf},
};
pub use crate::k8s::Standing;
use crate::{
    k8s::{ContainerId, InstanceId, JobCondition, Line, Phase, Pod, Role, Stamp, Target, job_name, job_of_name},
    render::{JobIds, Meaning, short_name},
    session::{Notice, RunEvent, ending::Ending},
};

/// How much is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Depth {
    /// When things began and ended: of lines the first and the last of what arrives at once.
    Ends,
    /// Every line: what it says, how long it is, and how many there are a second.
    #[default]
    Lines,
}

/// What the row says of the job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowState {
    /// Its `status`, such as `running`.
    pub status: Option<String>,
    /// Its `phase`, such as `exporting_results`.
    pub phase: Option<String>,
}

/// Something that was told of the run itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimedNotice {
    /// When.
    pub at: Stamp,
    /// What.
    pub notice: Notice,
}

/// Notices that are kept, the latest ones.
const NOTICES: usize = 50;

/// The state of a job, as far as its run has told it.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    depth: Depth,
    /// Whose job it is.
    #[serde(flatten)]
    pub ids: JobIds,
    /// What its row says, if it has one.
    pub row: Option<RowState>,
    /// Lines that were taken.
    pub lines: u64,
    /// The bytes of their texts; 0 where only ends are looked at.
    pub bytes: u64,
    /// How the followed job ended, once it has and all was read.
    pub ended: Option<Ending>,
    /// When the end was told.
    pub ended_at: Option<Stamp>,
    /// What lines said that went wrong.
    pub problems: Problems,
    /// Where lines are missing.
    pub gaps: Vec<SeenGap>,
    /// What was told of the run itself, the latest last.
    pub notices: Vec<TimedNotice>,
    containers: Vec<ContainerLife>,
    #[serde(skip)]
    places: HashMap<Arc<ContainerId>, usize>,
    /// The places of a pod's containers, by its uid.
    #[serde(skip)]
    by_pod: HashMap<String, Vec<usize>>,
    #[serde(skip)]
    jobs: Vec<KnownJob>,
    #[serde(skip)]
    jobs_by_name: BTreeMap<String, usize>,
    pods: BTreeMap<String, PodState>,
}

impl Overview {
    /// One that has heard of nothing.
    pub fn new(depth: Depth) -> Overview {
        Overview { depth, ..Overview::default() }
    }

    /// The containers, in the order in which they were found.
    pub fn containers(&self) -> &[ContainerLife] {
        &self.containers
    }

    /// A container.
    pub fn container(&self, id: &ContainerId) -> Option<&ContainerLife> {
        self.containers.get(self.place(id)?)
    }

    /// The place of a container among [`Overview::containers`], which it keeps.
    pub fn place(&self, id: &ContainerId) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// A pod as the cluster told it last, by its uid.
    pub fn pod_of(&self, uid: &str) -> Option<&PodState> {
        self.pods.get(uid)
    }

    /// The pods that the cluster told, by uid.
    pub fn pods(&self) -> &BTreeMap<String, PodState> {
        &self.pods
    }

    /// The short name of the job that a container works for, as [`JobLife::name`].
    pub fn job_of(&self, container: &ContainerLife) -> &str {
        self.jobs.get(container.job).map_or("", |job| &job.name)
    }

    /// Takes what was said, at `now`.
    pub fn take(&mut self, event: &RunEvent, now: Stamp) {
        match event {
            RunEvent::Job(ids) => self.ids = ids.clone(),
            RunEvent::Found(target) => self.found(target),
            RunEvent::Lines(batch) => self.lines_of(&batch.instance, &batch.lines),
            RunEvent::Merged(merged) => {
                for (of, line) in merged.iter() {
                    self.lines_of(&of.instance, std::slice::from_ref(line));
                }
            }
            RunEvent::Note { container, note } => {
                if let Some(container) = self.container_mut(container) {
                    container.note(note, now);
                }
            }
            RunEvent::Gap { instance, note } => {
                if let Some(container) = self.container_mut(&instance.container) {
                    container.missing += 1;
                    self.gaps.push(SeenGap::new(instance, note, now));
                }
            }
            RunEvent::Complete { instance, proof, .. } => {
                if let Some(container) = self.container_mut(&instance.container) {
                    container.instance(instance.restart, now).proof = Some(*proof);
                }
            }
            RunEvent::Notice(notice) => {
                if self.notices.len() == NOTICES {
                    self.notices.remove(0);
                }
                self.notices.push(TimedNotice { at: now, notice: notice.clone() });
            }
            RunEvent::Ended(ending) => {
                let ended = self.ended.get_or_insert_default();
                (ended.failed, ended.pods) = (ended.failed || ending.failed, ended.pods + ending.pods);
                self.ended_at = Some(now);
            }
            // Whoever takes it gives the time.
            RunEvent::At(_) => {}
        }
    }

    /// Takes lines of one instance, in order.
    pub fn lines_of(&mut self, of: &InstanceId, lines: &[Line]) {
        let Some(place) = self.place(&of.container) else { return };
        match self.depth {
            Depth::Ends => {
                self.lines += lines.len() as u64;
                self.containers[place].ends_of(of.restart, lines);
            }
            Depth::Lines => {
                for line in lines {
                    self.line_at(place, of.restart, line, Meaning::of(&line.text));
                }
            }
        }
    }

    /// Takes a line of the container at a place, when it is known what the line says.
    pub fn line_at(&mut self, place: usize, restart: u32, line: &Line, meaning: Option<Meaning>) {
        let Some(container) = self.containers.get_mut(place) else { return };
        self.lines += 1;
        self.bytes += line.text.len() as u64;
        container.line(restart, line, meaning, &mut self.problems);
    }

    /// Takes a pod as the cluster tells it. Containers that were not found are of no account.
    pub fn pod(&mut self, pod: &Pod, now: Stamp) {
        let state = PodState::of(pod);
        let over = state.is_over;
        let job = short_name(pod.job(), &self.ids.short());
        for place in self.by_pod.get(pod.uid()).cloned().unwrap_or_default() {
            self.containers[place].pod(pod, now);
            self.containers[place].over |= over;
            self.belongs_to(place, &job);
        }
        self.pods.insert(pod.uid().to_owned(), state);
    }

    /// The pod of this uid is there no more.
    pub fn pod_gone(&mut self, uid: &str) {
        if let Some(pod) = self.pods.get_mut(uid) {
            (pod.is_gone, pod.is_over) = (true, true);
        }
        for place in self.by_pod.get(uid).into_iter().flatten() {
            self.containers[*place].over = true;
        }
    }

    /// Takes a Kubernetes Job of the job as the cluster tells it.
    pub fn job(&mut self, job: &k8s_openapi::api::batch::v1::Job) {
        let (name, role) = (short_name(job_name(job), &self.ids.short()), Role::of_job(job));
        let started = job.status.as_ref().and_then(|status| status.start_time.as_ref());
        let word = JobWord {
            condition: JobCondition::of(job),
            started: started.and_then(|time| Stamp::from_timestamp(time.0)),
        };
        let at = self.job_named(&name, role);
        self.jobs[at].word = Some(word);
    }

    fn found(&mut self, target: &Arc<Target>) {
        if let Some(container) = self.container_mut(&target.id()) {
            container.target = target.clone();
            return;
        }
        // Until its pod is told, which knows its Job by name.
        let name = short_name(job_of_name(&target.pod), &self.ids.short());
        let job = self.job_named(&name, target.role);
        let place = self.containers.len();
        self.jobs[job].containers.push(place);
        let id = Arc::new(target.id());
        self.places.insert(id.clone(), place);
        self.by_pod.entry(target.uid.clone()).or_default().push(place);
        self.containers.push(ContainerLife::new(id, target.clone(), job));
    }

    /// A container works for the Job of this name.
    fn belongs_to(&mut self, place: usize, name: &str) {
        let (before, role) = (self.containers[place].job, self.containers[place].target.role);
        if self.jobs[before].name == name {
            return;
        }
        let job = self.job_named(name, role);
        self.containers[place].job = job;
        self.jobs[job].containers.push(place);
        let taken_for = &mut self.jobs[before];
        taken_for.containers.retain(|other| *other != place);
        if taken_for.containers.is_empty() && taken_for.word.is_none() {
            self.jobs_by_name.remove(&taken_for.name);
        }
    }

    fn job_named(&mut self, name: &str, role: Role) -> usize {
        if let Some(at) = self.jobs_by_name.get(name) {
            return *at;
        }
        let at = self.jobs.len();
        self.jobs.push(KnownJob::new(name.to_owned(), role));
        self.jobs_by_name.insert(name.to_owned(), at);
        at
    }

    fn container_mut(&mut self, id: &ContainerId) -> Option<&mut ContainerLife> {
        let place = self.place(id)?;
        self.containers.get_mut(place)
    }

    /// What became of each Kubernetes Job, by name. Where Jobs may not be listed they are known by their pods.
    pub fn jobs(&self) -> impl Iterator<Item = JobLife<'_>> {
        self.jobs_by_name.values().map(|at| self.jobs[*at].life(&self.containers))
    }

    /// What became of the batches, by name.
    pub fn batches(&self) -> impl Iterator<Item = JobLife<'_>> {
        self.jobs().filter(|job| job.role == Role::Batch)
    }

    /// How long each phase took that has a container that printed something, in order.
    pub fn phases(&self) -> BTreeMap<Phase, Span> {
        let mut phases: BTreeMap<Phase, Span> = BTreeMap::new();
        for container in &self.containers {
            let Some(span) = container.span() else { continue };
            let of_phase = phases.get(&container.target.phase).copied();
            phases.insert(container.target.phase, span.and(of_phase));
        }
        phases
    }

    /// How far each step of the job is, in order; those that it does not have are left out.
    pub fn steps(&self) -> Vec<StepState> {
        step::steps(self)
    }

    /// When the last batch will have ended, by those that have: as of `now`. `None` before one has ended well, and when none is left.
    pub fn estimate(&self, now: Stamp) -> Option<Estimate> {
        Estimate::of(self.batches(), now)
    }

    /// From when on the job did something until it was seen to do something last, or until `now` while it goes on.
    pub fn elapsed(&self, now: Stamp) -> Option<Span> {
        let spans = self.containers.iter().filter_map(ContainerLife::span);
        let whole = spans.reduce(|one, two| one.and(Some(two)))?;
        let goes_on = self.ended.is_none()
            && self.containers.iter().any(|it| matches!(it.standing(), Standing::Running | Standing::Waiting));
        Some(if goes_on { Span { to: whole.to.max(now), ..whole } } else { whole })
    }

    /// Of how many containers lines are missing.
    pub fn with_gaps(&self) -> usize {
        self.containers.iter().filter(|container| container.missing > 0).count()
    }
}

#[cfg(test)]
mod tests;
