//! [`Film`]: an archived job, of which any moment can be shown.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use bytes::Bytes;
use k8s_openapi::api::batch::v1::Job;

use super::scrollback::{Direction, LineChoice, Scrollback, Visited};
use crate::{
    k8s::{
        Line, Pod, Stamp, Target,
        as_it_was::{is_settled, job_at, job_times, pod_at, pod_times},
        job_name,
    },
    overview::{Overview, RowState},
    session::RunEvent,
};

/// Something that was told at some time, besides lines.
#[derive(Debug, Clone)]
pub enum Moment {
    /// By the run.
    Event(Box<RunEvent>),
    /// By the cluster, of a pod.
    Pod(Box<Pod>),
    /// By the cluster: the pod of this uid goes on no more.
    PodGone(String),
    /// By the cluster, of a Job.
    Job(Box<Job>),
    /// By the row.
    Row(RowState),
}

/// What was so from some time on.
enum Change {
    Event(Box<RunEvent>),
    Pod(Arc<Pod>),
    /// The pod as it was before it was told, as far as its times say.
    PodThen(Arc<Pod>),
    PodGone(String),
    Job(Arc<Job>),
    JobThen(Arc<Job>),
    Row(RowState),
}

/// How much faster than it was.
pub const SPEEDS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0];

/// States that are kept, to come back to; twice as far apart when there are more.
const FRAMES: usize = 48;
/// Lines between two of them at first.
const SPACING: u64 = 20_000;
/// Bytes of lines that are gone through at a time.
const STEP: usize = 8 << 20;

/// The job as it was at some time.
struct Frame {
    at: Stamp,
    number: u64,
    change: usize,
    overview: Overview,
}

/// An archived job, of which any moment can be shown.
pub struct Film {
    changes: Vec<(Stamp, Change)>,
    /// Those before it were taken.
    change: usize,
    /// Whether those that were not taken are in order.
    sorted: bool,
    /// When each pod and each Job was told last: what it says of the time before that was told already.
    told: HashMap<String, Stamp>,
    /// When each pod was made, by its uid.
    made: HashMap<String, Stamp>,
    /// Containers that have no place yet: they get one in the order in which their pods were made.
    unplaced: Vec<Arc<Target>>,
    /// Containers by their places, and when their pods were made. As many of them are there as the state that is shown has.
    placed: Vec<(Stamp, Arc<Target>)>,
    /// Lines before it are shown.
    number: u64,
    /// What is shown, and where that is going to.
    at: Stamp,
    goal: Stamp,
    /// The first moment and the last.
    extent: Option<(Stamp, Stamp)>,
    /// The time of the latest line.
    line: Stamp,
    frames: Vec<Frame>,
    spacing: u64,
    /// Whether time passes by itself.
    pub playing: bool,
    /// The place in [`SPEEDS`].
    pub speed: usize,
    /// Whether all of it is there.
    pub loaded: bool,
}

impl Default for Film {
    fn default() -> Film {
        Film {
            changes: Vec::new(),
            change: 0,
            sorted: true,
            told: HashMap::new(),
            made: HashMap::new(),
            unplaced: Vec::new(),
            placed: Vec::new(),
            number: 0,
            at: Stamp(i64::MIN),
            // What is shown follows what is read, until somebody wants to see another moment.
            goal: Stamp(i64::MAX),
            extent: None,
            line: Stamp(i64::MIN),
            frames: Vec::new(),
            spacing: SPACING,
            playing: false,
            speed: 3,
            loaded: false,
        }
    }
}

impl Film {
    /// The moment that is shown.
    pub fn at(&self) -> Stamp {
        let (from, to) = self.extent.unwrap_or_default();
        self.at.clamp(from, to)
    }

    /// The first moment and the last.
    pub fn extent(&self) -> (Stamp, Stamp) {
        self.extent.unwrap_or_default()
    }

    /// The number of the first line that is not shown.
    pub fn end(&self) -> u64 {
        self.number
    }

    /// Whether the moment that is wanted is not shown yet.
    pub fn is_behind(&self) -> bool {
        self.at < self.goal.min(self.extent().1)
    }

    /// How far through it is, from 0 to 1.
    pub fn part(&self) -> f64 {
        self.part_of(self.at())
    }

    /// How far through it will be, once the moment that is wanted is shown.
    pub fn part_wanted(&self) -> f64 {
        let (from, to) = self.extent();
        self.part_of(self.goal.clamp(from, to))
    }

    fn part_of(&self, at: Stamp) -> f64 {
        let (from, to) = self.extent();
        let whole = to.0.saturating_sub(from.0);
        if whole <= 0 { 1.0 } else { at.0.saturating_sub(from.0) as f64 / whole as f64 }
    }

    /// A line of this time is there.
    pub fn line(&mut self, time: Stamp) {
        self.line = self.line.max(time);
        self.grow(time);
    }

    /// When that was which the run tells now: no sooner than the lines before it. How objects were is told before all lines.
    pub fn told_at(&self) -> Stamp {
        self.line
    }

    /// All of it is there. What is shown is gone through once more: while it came, what was told late of an early time was taken
    /// late.
    pub fn close(&mut self, overview: &mut Overview) {
        self.loaded = true;
        let end = self.extent().1;
        self.changes.iter_mut().for_each(|(at, _)| *at = end.min(*at));
        self.changes.sort_by_key(|(at, _)| *at);
        self.frames.clear();
        (self.at, self.number, self.change) = (Stamp(i64::MIN), 0, 0);
        *overview = Overview::default();
    }

    fn grow(&mut self, time: Stamp) {
        let (from, to) = self.extent.unwrap_or((time, time));
        self.extent = Some((from.min(time), to.max(time)));
    }

    /// Something was told then. What is told later of an earlier time is taken when it is told. Pods and Jobs are shown as they were from
    /// when they were made on, whenever they were looked at.
    pub fn tell(&mut self, at: Stamp, moment: Moment) {
        match moment {
            Moment::Event(event) => self.add(at, Change::Event(event)),
            Moment::PodGone(uid) => self.add(at, Change::PodGone(uid)),
            // A row may be older than all else.
            Moment::Row(row) => self.add_aside(at, Change::Row(row)),
            Moment::Pod(pod) => {
                let (times, uid, pod) = (pod_times(&pod), pod.uid().to_owned(), Arc::new(*pod));
                if let Some(first) = times.first() {
                    let made = self.made.entry(uid.clone()).or_insert(*first);
                    *made = (*made).min(*first);
                }
                for time in self.news(uid, times, at) {
                    self.add(time, Change::PodThen(pod.clone()));
                }
                if !is_settled(&pod) {
                    self.add(at, Change::Pod(pod));
                }
            }
            Moment::Job(job) => {
                let (times, name, job) = (job_times(&job), job_name(&job).to_owned(), Arc::new(*job));
                for time in self.news(name, times, at) {
                    self.add(time, Change::JobThen(job.clone()));
                }
                self.add(at, Change::Job(job));
            }
        }
    }

    /// The times of something told at `at` that were not told before.
    fn news(&mut self, of: String, times: Vec<Stamp>, at: Stamp) -> impl Iterator<Item = Stamp> + use<> {
        let before = self.told.insert(of, at).unwrap_or(Stamp(i64::MIN));
        times.into_iter().filter(move |time| before < *time && *time < at)
    }

    fn add(&mut self, at: Stamp, change: Change) {
        self.add_aside(at, change);
        if at.0 > i64::MIN {
            self.grow(at);
        }
    }

    /// Adds what makes the job neither begin earlier nor end later.
    fn add_aside(&mut self, at: Stamp, change: Change) {
        self.sorted &= self.changes.get(self.change..).and_then(|rest| rest.last()).is_none_or(|(last, _)| *last <= at);
        self.changes.push((at, change));
    }

    /// A container was found.
    pub fn find(&mut self, target: Arc<Target>) {
        self.unplaced.push(target);
    }

    /// The containers that have no place yet, in the order in which they get one.
    pub fn take_unplaced(&mut self) -> Vec<Arc<Target>> {
        let mut unplaced = std::mem::take(&mut self.unplaced);
        unplaced.sort_by_cached_key(|target| self.made_at(target));
        unplaced
    }

    fn made_at(&self, target: &Target) -> Stamp {
        self.made.get(&target.uid).copied().unwrap_or(Stamp(i64::MIN))
    }

    /// A container has this place: the one after all others, or its own.
    pub fn put(&mut self, place: usize, target: Arc<Target>) {
        match self.placed.get_mut(place) {
            Some((_, before)) => *before = target,
            None => {
                // Places are found in their order.
                let made = self.placed.last().map_or(Stamp(i64::MIN), |(made, _)| *made).max(self.made_at(&target));
                self.placed.push((made, target));
            }
        }
    }

    /// Wants the moment so far through it shown, from 0 to 1. Returns whether the state before is to be given up.
    pub fn seek(&mut self, part: f64, overview: &mut Overview) -> bool {
        let (from, to) = self.extent();
        let whole = to.0.saturating_sub(from.0) as f64;
        let goal = Stamp(from.0.saturating_add((whole * part.clamp(0.0, 1.0)).round() as i64));
        self.seek_to(goal, overview)
    }

    /// Wants a moment so many seconds away shown.
    pub fn seek_by(&mut self, seconds: f64, overview: &mut Overview) -> bool {
        let (from, to) = self.extent();
        let goal = self.at().0.saturating_add((seconds * 1e9).round() as i64);
        self.seek_to(Stamp(goal).clamp(from, to), overview)
    }

    fn seek_to(&mut self, goal: Stamp, overview: &mut Overview) -> bool {
        self.goal = goal;
        if goal >= self.at {
            return false;
        }
        match self.frames.iter().rposition(|frame| frame.at <= goal) {
            Some(at) => {
                let Frame { at, number, change, overview: then } = &self.frames[at];
                (self.at, self.number, self.change) = (*at, *number, *change);
                *overview = then.clone();
            }
            None => {
                (self.at, self.number, self.change) = (Stamp(i64::MIN), 0, 0);
                *overview = Overview::default();
            }
        }
        true
    }

    /// Time passes.
    pub fn pass(&mut self, seconds: f64, overview: &mut Overview) {
        if !self.playing {
            return;
        }
        let by = seconds * SPEEDS[self.speed.min(SPEEDS.len() - 1)];
        self.seek_by(by, overview);
        if self.loaded && self.goal >= self.extent().1 {
            self.playing = false;
        }
    }

    /// Goes on towards what is wanted; lines that are shown from now on are handed to `show`.
    pub fn step(
        &mut self,
        overview: &mut Overview,
        log: &mut Scrollback,
        mut show: impl FnMut(&super::scrollback::EntryRef<'_>),
    ) {
        let goal = self.goal.min(self.extent().1);
        let from = self.number.max(log.first());
        let visited = log.visit(from, Direction::Forward, &LineChoice::default(), STEP, |entry| {
            if entry.time > goal {
                return ControlFlow::Break(());
            }
            if entry.number % self.spacing == 0 && self.frames.last().is_none_or(|last| last.number < entry.number) {
                self.keep(overview, entry.number);
            }
            self.changes_to(entry.time, overview);
            // Whoever prints is there, whatever the clocks say.
            while overview.containers().len() <= entry.place && self.put_next(overview) {}
            let line = Line { stamp: entry.stamp, text: Bytes::copy_from_slice(entry.text) };
            overview.line_at(entry.place, entry.restart, &line, entry.meaning);
            show(&entry);
            (self.at, self.number) = (entry.time, entry.number + 1);
            ControlFlow::Continue(())
        });
        if !matches!(visited, Visited::GoOn(_)) {
            self.changes_to(goal, overview);
            self.at = goal;
        }
    }

    fn changes_to(&mut self, time: Stamp, overview: &mut Overview) {
        if !std::mem::replace(&mut self.sorted, true)
            && let Some(rest) = self.changes.get_mut(self.change..)
        {
            rest.sort_by_key(|(at, _)| *at);
        }
        let first = self.extent().0;
        while let Some((at, change)) = self.changes.get(self.change).filter(|(at, _)| *at <= time) {
            // Whose job it is comes before all else.
            if at.0 > i64::MIN {
                self.put_to(*at, overview);
            }
            match change {
                Change::Event(event) => overview.take(event, first.max(*at)),
                Change::Pod(pod) => overview.pod(pod, *at),
                Change::PodThen(pod) => overview.pod(&pod_at(pod, *at), *at),
                Change::PodGone(uid) => overview.pod_gone(uid),
                Change::Job(job) => overview.job(job),
                Change::JobThen(job) => overview.job(&job_at(job, *at)),
                Change::Row(row) => overview.row = Some(row.clone()),
            }
            self.change += 1;
        }
        self.put_to(time, overview);
    }

    /// Containers of pods that were made by then are there.
    fn put_to(&self, time: Stamp, overview: &mut Overview) {
        while self.placed.get(overview.containers().len()).is_some_and(|(made, _)| *made <= time) {
            if !self.put_next(overview) {
                return;
            }
        }
    }

    /// The container of the next place is there; `false` when all are.
    fn put_next(&self, overview: &mut Overview) -> bool {
        let before = overview.containers().len();
        let Some((made, target)) = self.placed.get(before) else { return false };
        overview.take(&RunEvent::Found(target.clone()), *made);
        overview.containers().len() > before
    }

    fn keep(&mut self, overview: &Overview, number: u64) {
        self.frames.push(Frame { at: self.at, number, change: self.change, overview: overview.clone() });
        if self.frames.len() > FRAMES {
            self.spacing *= 2;
            let spacing = self.spacing;
            self.frames.retain(|frame| frame.number % spacing == 0);
        }
    }
}
