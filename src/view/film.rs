//! [`Film`]: an archived job, of which any moment can be shown.

use std::ops::ControlFlow;

use bytes::Bytes;

use super::scrollback::{Choice, Direction, Scrollback, Visited};
use crate::{
    k8s::{Line, Pod, Stamp},
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
    /// By the cluster, of a Job.
    Job(Box<k8s_openapi::api::batch::v1::Job>),
    /// By the row.
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
    moment: usize,
    overview: Overview,
}

/// An archived job, of which any moment can be shown.
pub struct Film {
    moments: Vec<(Stamp, Moment)>,
    /// Those before it were taken.
    moment: usize,
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
            moments: Vec::new(),
            moment: 0,
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
        let (from, to) = self.extent();
        let whole = to.0.saturating_sub(from.0);
        if whole <= 0 { 1.0 } else { self.at().0.saturating_sub(from.0) as f64 / whole as f64 }
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
        self.moments.sort_by_key(|(at, _)| *at);
        self.frames.clear();
        (self.at, self.number, self.moment) = (Stamp(i64::MIN), 0, 0);
        *overview = Overview::default();
    }

    fn grow(&mut self, time: Stamp) {
        let (from, to) = self.extent.unwrap_or((time, time));
        self.extent = Some((from.min(time), to.max(time)));
    }

    /// Something was told then. What is told later of an earlier time is taken when it is told.
    pub fn tell(&mut self, at: Stamp, moment: Moment) {
        let place = self.moments.partition_point(|(other, _)| *other <= at).max(self.moment);
        self.moments.insert(place, (at, moment));
        if at.0 > i64::MIN {
            self.grow(at);
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
                let Frame { at, number, moment, overview: then } = &self.frames[at];
                (self.at, self.number, self.moment) = (*at, *number, *moment);
                *overview = then.clone();
            }
            None => {
                (self.at, self.number, self.moment) = (Stamp(i64::MIN), 0, 0);
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
        let visited = log.visit(from, Direction::Forward, &Choice::default(), STEP, |entry| {
            if entry.time > goal {
                return ControlFlow::Break(());
            }
            if entry.number % self.spacing == 0 && self.frames.last().is_none_or(|last| last.number < entry.number) {
                self.keep(overview, entry.number);
            }
            self.moments_to(entry.time, overview);
            let line = Line { stamp: entry.stamp, text: Bytes::copy_from_slice(entry.text) };
            overview.line_at(entry.place, entry.restart, &line, entry.meaning);
            show(&entry);
            (self.at, self.number) = (entry.time, entry.number + 1);
            ControlFlow::Continue(())
        });
        if !matches!(visited, Visited::GoOn(_)) {
            self.moments_to(goal, overview);
            self.at = goal;
        }
    }

    fn moments_to(&mut self, time: Stamp, overview: &mut Overview) {
        let first = self.extent().0;
        while let Some((at, moment)) = self.moments.get(self.moment).filter(|(at, _)| *at <= time) {
            match moment {
                Moment::Event(event) => overview.take(event, first.max(*at)),
                Moment::Pod(pod) => overview.pod(pod, *at),
                Moment::Job(job) => overview.job(job),
                Moment::Row(row) => overview.row = Some(row.clone()),
            }
            self.moment += 1;
        }
    }

    fn keep(&mut self, overview: &Overview, number: u64) {
        self.frames.push(Frame { at: self.at, number, moment: self.moment, overview: overview.clone() });
        if self.frames.len() > FRAMES {
            self.spacing *= 2;
            let spacing = self.spacing;
            self.frames.retain(|frame| frame.number % spacing == 0);
        }
    }
}
