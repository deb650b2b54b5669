//! The follower against a model of a kubelet: whatever is cut, delayed or restarted, its output equals the log.
//!
//! The model keeps each instance's log as the runtime stores it (chunks of one stream, each stamped) and answers requests as
//! the kubelet does; the API's status lags behind it. A seed decides everything, so a failure is replayed by its seed.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;

use super::{
    follower::{Action, BodyEnd, Event, Follower, Output, Request, Scope},
    note::Note,
    refusal::Refusal,
};
use crate::k8s::{
    Line, Stamp, lines,
    status::{Ended, InstanceState, PodLife, Status},
};

/// What may happen in a run.
#[derive(Debug, Clone, Copy, Default)]
struct Hazards {
    cuts: bool,
    same_lines: bool,
    unordered: bool,
    clock_set_back: bool,
    long_lines: bool,
    restarts: u32,
    rotation: bool,
    stalls: bool,
    /// The container's last line has no end.
    unfinished: bool,
    /// The pod is deleted in the middle of the run.
    deleted: bool,
    /// Instances before a dead one are collected, as a kubelet does it.
    collects: bool,
    /// The kubelet writes errors into answers.
    in_band: bool,
    /// Permission is away for a while.
    denials: bool,
    /// Lists tell the status beside the watch.
    lists: bool,
    /// Whoever takes the lines is slow at times.
    slow: bool,
}

/// What a request for a log finds.
enum Served {
    Instance(usize),
    /// The kubelet's own text.
    Text(&'static str),
    Refused(Refusal),
}

const COLLECTED: &str = "unable to retrieve container logs for containerd://0123";
/// What a kubelet writes into an answer in passing.
const PASSING: [&str; 3] = [
    "failed to try resolving symlinks in path \"/var/log/pods/a/c/0.log\": lstat: no such file or directory",
    "failed to create fsnotify watcher: too many open files",
    "rpc error: code = Unavailable desc = connection error",
];

struct Chunk {
    stamp: i64,
    bytes: Vec<u8>,
    partial: bool,
}

#[derive(Default)]
struct Log {
    chunks: Vec<Chunk>,
    file_start: usize,
    ended: Option<i64>,
    started: i64,
}

struct Answer {
    instance: usize,
    next: usize,
    new_line: bool,
    request: Request,
    ready: VecDeque<u8>,
    stalled: bool,
    file_start: usize,
}

impl Answer {
    /// An answer that is the kubelet's own text.
    fn text(text: &str, request: Request) -> Answer {
        let ready = text.bytes().collect();
        Answer { instance: usize::MAX, next: 0, new_line: true, request, ready, stalled: false, file_start: 0 }
    }

    /// The kubelet's writer, over what the log holds now.
    fn fill(&mut self, log: &Log, limit: usize) {
        if log.file_start > self.file_start {
            // A follower reads the old file to its end, then the new one from its start.
            self.file_start = log.file_start;
            self.new_line = true;
        }
        for chunk in log.chunks.iter().take(limit).skip(self.next) {
            let since = self.request.since.map_or(i64::MIN, |since| since.0.div_euclid(1_000_000_000) * 1_000_000_000);
            if chunk.stamp >= since {
                if self.new_line {
                    self.ready.extend(format!("{:.9} ", Stamp(chunk.stamp).to_timestamp()).into_bytes());
                }
                self.ready.extend(&chunk.bytes);
                if !chunk.partial {
                    self.ready.push_back(b'\n');
                }
            }
            self.new_line = !chunk.partial;
        }
        self.next = self.next.max(limit);
    }
}

/// The lines of a log as an uninterrupted reader gets them.
fn lines_of(log: &Log) -> Vec<Line> {
    let request = Request::default();
    let mut answer =
        Answer { instance: 0, next: 0, new_line: true, request, ready: VecDeque::new(), stalled: false, file_start: 0 };
    answer.fill(log, log.chunks.len());
    lines::lines_of(answer.ready.make_contiguous())
}

const STEP: Duration = Duration::from_millis(50);
const EPOCH: i64 = 1_790_000_000_000_000_000;

struct World {
    rng: fastrand::Rng,
    hazards: Hazards,
    now: Duration,
    clock_offset: i64,
    logs: Vec<Log>,
    waiting: bool,
    life: PodLife,
    /// When the object of a pod that is being deleted goes.
    gone_at: Option<Duration>,
    /// Until when nothing may be read.
    denied_until: Duration,
    /// Answers in a row in which the log's file was missing.
    files_missing: u32,
    answer: Option<Answer>,
    /// When the question for the pod's status is answered.
    confirm_at: Option<Duration>,
    /// Until when the server wants no request.
    not_before: Duration,
    /// Whether the follower hears of changes.
    watched: bool,
    statuses: VecDeque<(Duration, Status)>,
    follower: Follower,
    output: Vec<Vec<Line>>,
    notes: Vec<Note>,
    sequence: u64,
}

impl World {
    fn new(seed: u64, hazards: Hazards) -> World {
        World {
            rng: fastrand::Rng::with_seed(seed),
            hazards,
            now: Duration::ZERO,
            clock_offset: 0,
            logs: vec![Log { started: EPOCH, ..Log::default() }],
            waiting: false,
            life: PodLife::Active,
            gone_at: None,
            denied_until: Duration::ZERO,
            files_missing: 0,
            answer: None,
            confirm_at: None,
            not_before: Duration::ZERO,
            watched: true,
            statuses: VecDeque::new(),
            follower: Follower::new(Scope { follow: true, ..Scope::default() }, seed),
            output: Vec::new(),
            notes: Vec::new(),
            sequence: 0,
        }
    }

    fn clock(&self) -> i64 {
        EPOCH + self.now.as_nanos() as i64 + self.clock_offset
    }

    fn status(&self) -> Status {
        let restart = (self.logs.len() - 1) as u32;
        let ended = |log: &Log| Ended {
            exit_code: 1,
            reason: "Error".into(),
            started: Some(Stamp(log.started).floor_second()),
            has_log: true,
        };
        let log = &self.logs[restart as usize];
        let earlier = restart.checked_sub(1).map(|at| ended(&self.logs[at as usize]));
        let (state, last) = match (log.ended, self.waiting) {
            (None, _) => (InstanceState::Running { started: Some(Stamp(log.started).floor_second()) }, earlier),
            (Some(_), true) => (InstanceState::Waiting { reason: "CrashLoopBackOff".into() }, Some(ended(log))),
            (Some(_), false) => (InstanceState::Ended(ended(log)), earlier),
        };
        Status { restart, state, last, pod: self.life }
    }

    fn publish(&mut self) {
        if !self.watched {
            return;
        }
        let lag = Duration::from_millis(self.rng.u64(0..800));
        let due = self.statuses.back().map_or(Duration::ZERO, |(due, _)| *due).max(self.now + lag);
        let status = self.status();
        self.statuses.push_back((due, status));
    }

    fn print(&mut self) {
        let mut stamp = self.clock() + self.rng.i64(0..STEP.as_nanos() as i64);
        if self.hazards.same_lines && self.rng.u8(..3) == 0 {
            stamp = stamp / 100_000_000 * 100_000_000;
        }
        if self.hazards.unordered && self.rng.u8(..4) == 0 {
            stamp -= self.rng.i64(0..300_000_000);
        }
        self.sequence += 1;
        let text =
            if self.hazards.same_lines { format!("l{}", self.rng.u8(..2)) } else { format!("seq={}", self.sequence) };
        let log = self.logs.last_mut().unwrap();
        if self.hazards.long_lines && self.rng.u8(..12) == 0 {
            let stderr_between = self.rng.bool();
            log.chunks.push(Chunk { stamp, bytes: [text.as_bytes(), &[b'x'; 16 << 10]].concat(), partial: true });
            if stderr_between {
                log.chunks.push(Chunk { stamp, bytes: format!("err {}", self.sequence).into_bytes(), partial: false });
            }
            let stamp = stamp + self.rng.i64(0..1_200_000_000);
            self.clock_offset += 1_200_000_000;
            log.chunks.push(Chunk { stamp, bytes: b"end of it".to_vec(), partial: false });
        } else {
            log.chunks.push(Chunk { stamp, bytes: text.into_bytes(), partial: false });
        }
    }

    /// One step of the container's life.
    fn live(&mut self, ending: bool) {
        let running = self.logs.last().unwrap().ended.is_none();
        if self.hazards.denials && self.rng.u8(..60) == 0 {
            self.denied_until = self.now + Duration::from_millis(self.rng.u64(..4000));
        }
        if self.hazards.deleted && self.life == PodLife::Active && self.rng.u8(..100) == 0 {
            self.life = PodLife::Terminating;
            self.publish();
        }
        if self.life == PodLife::Gone {
            return;
        }
        if self.life == PodLife::Terminating {
            if self.gone_at.is_some_and(|at| at <= self.now) {
                self.life = PodLife::Gone;
                self.publish();
                return;
            }
            if !running {
                // No container starts any more.
                let soon = self.now + Duration::from_millis(self.rng.u64(..3000));
                self.gone_at.get_or_insert(soon);
                return;
            }
        }
        let ending = ending || (self.life == PodLife::Terminating && self.rng.u8(..10) == 0);
        if running {
            for _ in 0..self.rng.usize(..4) {
                self.print();
            }
            if self.hazards.clock_set_back && self.rng.u8(..100) == 0 {
                self.clock_offset -= self.rng.i64(0..20_000_000_000);
            }
            if self.hazards.rotation && self.rng.u8(..60) == 0 {
                let log = self.logs.last_mut().unwrap();
                log.file_start = log.chunks.len();
            }
            let may_restart = (self.logs.len() as u32) <= self.hazards.restarts;
            if ending || (may_restart && self.rng.u8(..40) == 0) {
                if self.hazards.unfinished && self.rng.bool() {
                    self.print();
                    self.logs.last_mut().unwrap().chunks.last_mut().unwrap().partial = true;
                }
                let clock = self.clock();
                self.logs.last_mut().unwrap().ended = Some(clock);
                self.waiting = false;
                self.publish();
            }
        } else if !ending && !self.waiting && self.rng.bool() {
            self.waiting = true;
            self.publish();
        } else if !ending && self.rng.u8(..4) == 0 {
            let started = self.clock();
            self.logs.push(Log { started, ..Log::default() });
            self.waiting = false;
            self.publish();
        }
    }

    fn serves(&self, request: Request) -> Served {
        let none = || Served::Refused(Refusal::NoInstance("previous terminated container not found".into()));
        if self.life == PodLife::Gone {
            return Served::Refused(Refusal::NotFound("pods \"p\" not found".into()));
        }
        if self.now < self.denied_until {
            return Served::Refused(Refusal::Forbidden { reason: "no".into(), withdrawn: true });
        }
        let latest = self.logs.len() - 1;
        let earlier = request.previous && !self.waiting;
        match latest.checked_sub(1).filter(|_| earlier) {
            Some(_) if self.hazards.collects && self.logs[latest].ended.is_some() => Served::Text(COLLECTED),
            Some(before) => Served::Instance(before),
            None if earlier => none(),
            None => Served::Instance(latest),
        }
    }

    /// The log's last lines, as a small answer beside the stream has them.
    fn probe(&mut self, request: Request) -> Option<Vec<Line>> {
        if self.hazards.cuts && self.rng.u8(..12) == 0 {
            return None;
        }
        match self.serves(request) {
            Served::Refused(_) => None,
            Served::Text(text) => lines::tail_of(text.as_bytes()),
            Served::Instance(instance) => {
                let log = &self.logs[instance];
                let skip = log.chunks.len().saturating_sub(request.tail.unwrap() as usize).max(log.file_start);
                Some(parse_from(log, skip))
            }
        }
    }

    fn tell(&mut self, event: Event) {
        let mut out = Output::default();
        let was_done = self.follower.is_done();
        let ticks = event == Event::Tick;
        let asks = self.confirm_at.is_some();
        self.follower.on(event, self.now, &mut out);
        if was_done {
            assert!(out.lines.is_empty() && out.notes.is_empty() && out.actions.is_empty(), "after its end: {out:?}");
        }
        if ticks {
            assert!(self.follower.deadline().is_none_or(|at| at > self.now), "a tick that leaves its deadline");
        }
        let restart = out.restart as usize;
        if !out.lines.is_empty() {
            assert!(!asks, "handed on while the pod's status is asked for");
            assert!(restart + 1 >= self.output.len(), "the instance falls");
            self.output.resize_with(self.output.len().max(restart + 1), Vec::new);
            self.output[restart].append(&mut out.lines);
        }
        self.notes.append(&mut out.notes);
        for action in out.actions {
            match action {
                Action::Close => (self.answer, self.confirm_at) = (None, None),
                Action::Open(request) => self.open(request),
                Action::Confirm(pause) => {
                    assert!(self.confirm_at.is_none(), "two questions at once");
                    self.confirm_at = Some(self.now + pause + Duration::from_millis(self.rng.u64(0..200)));
                }
                Action::Probe(request) => {
                    let tail = self.probe(request);
                    self.tell(Event::Probed(tail));
                }
            }
        }
    }

    fn open(&mut self, request: Request) {
        assert!(self.answer.is_none(), "two requests at once");
        // Who gives up one instance goes on to the next, and the limiter holds that back.
        assert!(self.now >= self.not_before || !self.watched, "asked while the server wants to be left alone");
        if self.hazards.cuts && self.rng.u8(..4) == 0 {
            let pause = self.rng.bool().then(|| Duration::from_millis(self.rng.u64(..3000)));
            self.not_before = self.now + pause.unwrap_or_default();
            return self.tell(Event::Refused(Refusal::Passing("503".into(), pause)));
        }
        // A file is away for a moment only, so not so often that it must be believed.
        let text = if self.hazards.in_band && self.rng.u8(..8) == 0 {
            Some(*self.rng.choice(&PASSING).unwrap())
        } else {
            None
        };
        let text = text.filter(|text| !text.contains("symlinks") || self.files_missing < 3);
        let instance = match (self.serves(request), text) {
            (Served::Refused(refusal), _) => return self.tell(Event::Refused(refusal)),
            (Served::Text(text), _) | (Served::Instance(_), Some(text)) => {
                self.files_missing = if text.contains("symlinks") { self.files_missing + 1 } else { 0 };
                self.answer = Some(Answer::text(text, request));
                return self.tell(Event::Opened);
            }
            (Served::Instance(instance), None) => instance,
        };
        self.files_missing = 0;
        let log = &self.logs[instance];
        let mut next = log.file_start;
        if let Some(tail) = request.tail {
            next = next.max(log.chunks.len().saturating_sub(tail as usize));
        }
        let stalled = self.hazards.stalls && request.follow && self.rng.u8(..3) == 0;
        let file_start = log.file_start;
        self.answer =
            Some(Answer { instance, next, new_line: true, request, ready: VecDeque::new(), stalled, file_start });
        self.tell(Event::Opened);
    }

    /// Delivers some bytes of the open answer, or its end.
    fn deliver(&mut self) {
        let Some(answer) = &mut self.answer else { return };
        let log = self.logs.get(answer.instance);
        if let Some(log) = log {
            answer.fill(log, log.chunks.len());
        }
        if answer.stalled && self.rng.u8(..20) == 0 {
            return;
        }
        if self.hazards.cuts && self.rng.u8(..30) == 0 {
            let end = if self.rng.bool() { BodyEnd::Clean } else { BodyEnd::Broken("reset".into()) };
            let some = self.rng.usize(..=answer.ready.len());
            let bytes: Vec<u8> = answer.ready.drain(..some).collect();
            return self.finish(bytes, end);
        }
        if answer.stalled && self.rng.bool() {
            return;
        }
        let whole = answer.ready.len() < 4 || self.rng.bool();
        let some = if whole { answer.ready.len() } else { self.rng.usize(..answer.ready.len()) };
        let bytes: Vec<u8> = answer.ready.drain(..some).collect();
        let over = answer.ready.is_empty() && (!answer.request.follow || log.is_none_or(|log| log.ended.is_some()));
        if over {
            self.finish(bytes, BodyEnd::Clean);
        } else if !bytes.is_empty() {
            self.tell(Event::Data(Bytes::from(bytes)));
        }
    }

    fn finish(&mut self, bytes: Vec<u8>, end: BodyEnd) {
        if !bytes.is_empty() {
            self.tell(Event::Data(Bytes::from(bytes)));
        }
        if self.answer.take().is_some() {
            self.tell(Event::Closed(end));
        }
    }

    fn step(&mut self) {
        self.now += STEP;
        while self.statuses.front().is_some_and(|(due, _)| *due <= self.now) {
            if let Some((_, status)) = self.statuses.pop_front() {
                self.tell(Event::Status(status));
            }
        }
        if self.confirm_at.take_if(|at| *at <= self.now).is_some() {
            let unanswered = self.hazards.cuts && self.rng.u8(..8) == 0;
            let status = (!unanswered).then(|| self.status());
            self.tell(Event::Confirmed(status));
        }
        if self.hazards.lists && self.watched && self.rng.u8(..40) == 0 {
            // What the watch had to tell before comes later, and is older.
            let status = self.status();
            self.tell(Event::Status(status));
        }
        if self.hazards.slow && self.rng.u8(..20) == 0 {
            self.follower.excuse(self.now);
        }
        if self.follower.deadline().is_some_and(|at| at <= self.now) {
            self.tell(Event::Tick);
        }
        for _ in 0..3 {
            self.deliver();
        }
    }

    fn run(&mut self, steps: usize) {
        self.publish();
        for _ in 0..steps {
            self.live(false);
            self.step();
        }
        while self.logs.last().unwrap().ended.is_none() {
            self.live(true);
            self.step();
        }
        if self.life == PodLife::Active {
            self.life = PodLife::Finished;
            self.publish();
        }
        for _ in 0..100_000 {
            if self.follower.is_done() {
                break;
            }
            if self.life == PodLife::Terminating {
                self.live(false);
            }
            self.step();
        }
        assert!(self.follower.is_done(), "does not end: {:?}", self.notes);
    }

    /// Whether a note says that lines of this instance are missing, or may be.
    fn names(&self, instance: usize) -> bool {
        self.notes.iter().any(|note| match note {
            Note::Gap { restart, .. }
            | Note::Gone { restart, .. }
            | Note::Unreadable { restart, .. }
            | Note::Lost { restart, .. }
            | Note::Unverified { restart, .. }
            | Note::Unchecked { restart, .. } => *restart as usize == instance,
            Note::GoneBefore { count } => (*count as usize) > instance,
            _ => false,
        })
    }

    /// Notes that lines are missing, or may be.
    fn missing(&self) -> Vec<&Note> {
        let unsure = |note: &&Note| note.lines_missing() || matches!(note, Note::Unchecked { .. });
        self.notes.iter().filter(unsure).collect()
    }
}

fn parse_from(log: &Log, skip: usize) -> Vec<Line> {
    let request = Request::default();
    let mut answer = Answer {
        instance: 0,
        next: skip,
        new_line: true,
        request,
        ready: VecDeque::new(),
        stalled: false,
        file_start: log.file_start,
    };
    answer.fill(log, log.chunks.len());
    lines::lines_of(answer.ready.make_contiguous())
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines
        .iter()
        .map(|line| format!("{} {}", line.stamp.0, String::from_utf8_lossy(&line.text[..line.text.len().min(40)])))
        .collect()
}

/// Runs a world in which lines may be lost, and expects the rest in order, once each, and the loss told.
fn honest(seed: u64, hazards: Hazards) {
    let mut world = World::new(seed, hazards);
    world.run(200);
    let sequence =
        |line: &Line| -> u64 { String::from_utf8_lossy(&line.text).trim_start_matches("seq=").parse().unwrap() };
    let got: Vec<u64> = world.output.iter().flatten().map(sequence).collect();
    for pair in got.windows(2) {
        assert!(pair[0] < pair[1], "seed {seed}: {} then {}; {:?}", pair[0], pair[1], world.notes);
    }
    for (instance, log) in world.logs.iter().enumerate() {
        let numbers: Vec<u64> = lines_of(log).iter().map(sequence).collect();
        // What was rotated away before the first look at an instance leaves no trace.
        let first = numbers.iter().position(|number| got.contains(number)).unwrap_or(numbers.len());
        let provable = &numbers[if hazards.rotation { first } else { 0 }..];
        let lost: Vec<&u64> = provable.iter().filter(|number| !got.contains(number)).collect();
        assert!(
            lost.is_empty() || world.names(instance),
            "seed {seed}: {lost:?} of {instance} lost and not told: {:?}",
            world.notes
        );
        // A line's number is the one of the instance that printed it.
        let lines =
            world.output.get(instance).map(|lines| lines.iter().map(sequence).collect::<Vec<_>>()).unwrap_or_default();
        let foreign: Vec<&u64> = lines.iter().filter(|number| !numbers.contains(number)).collect();
        assert!(foreign.is_empty(), "seed {seed}: {foreign:?} are not lines of {instance}");
    }
}

/// Runs a world in which every line can be had, and expects exactly all of them.
fn complete(seed: u64, hazards: Hazards) {
    let mut world = World::new(seed, hazards);
    world.run(200);
    // Per instance: a line under another instance's number is wrong.
    let tagged = |(instance, lines): (usize, Vec<String>)| -> Vec<String> {
        lines.into_iter().map(|line| format!("{instance}: {line}")).collect()
    };
    let expected: Vec<String> =
        world.logs.iter().map(|log| texts(&lines_of(log))).enumerate().flat_map(tagged).collect();
    let got: Vec<String> = world.output.iter().map(|lines| texts(lines)).enumerate().flat_map(tagged).collect();
    if let Some(at) = (0..expected.len().max(got.len())).find(|at| expected.get(*at) != got.get(*at)) {
        let near = |all: &[String]| all[at.saturating_sub(2).min(all.len())..(at + 4).min(all.len())].to_vec();
        panic!(
            "seed {seed}: differs at {at} of {}/{}\nlog {:?}\ngot {:?}\nnotes {:?}",
            expected.len(),
            got.len(),
            near(&expected),
            near(&got),
            world.notes
        );
    }
    assert!(world.missing().is_empty(), "seed {seed}: {:?}", world.missing());
}

impl World {
    /// A container in the middle of its life, at a moment when nothing waits for a restart, and none comes from here on: what
    /// restarts after a single look began may be read under the wrong number, and nobody tells.
    fn in_the_middle(seed: u64, hazards: Hazards) -> World {
        let mut world = World::new(seed, hazards);
        world.watched = false;
        for _ in 0..100 {
            world.live(false);
            world.now += STEP;
        }
        while world.logs.last().is_some_and(|log| log.ended.is_some()) && world.life == PodLife::Active {
            world.live(false);
            world.now += STEP;
        }
        world.hazards.restarts = 0;
        world
    }

    /// Lets a single look go on to its end, while the container lives on.
    fn look(&mut self, seed: u64) {
        for _ in 0..100_000 {
            if self.follower.is_done() {
                return;
            }
            if self.rng.bool() {
                self.live(false);
            }
            self.step();
        }
        panic!("seed {seed}: does not end: {:?}", self.follower);
    }
}

/// Starts a follower in the middle of a container's life and expects exactly what its scope asks for.
fn scoped(seed: u64, scope: Scope, from: impl Fn(Stamp) -> Option<Stamp>, hazards: Hazards) {
    let mut world = World::in_the_middle(seed, hazards);
    (world.hazards, world.watched) = (Hazards { restarts: 0, ..hazards }, scope.follow);
    let middle = Stamp(world.clock()).back(world.rng.i64(0..5_000_000_000));
    let scope = Scope { since: from(middle), ..scope };
    world.follower = Follower::new(scope, seed);
    let (status, latest) = (world.status(), world.logs.len() - 1);
    let first = if scope.tail.is_some() { latest } else { status.first_readable() as usize };
    let wanted = |line: &Line| scope.since.is_none_or(|since| line.stamp >= since);
    let filtered = |log: &Log| -> Vec<Line> { lines_of(log).into_iter().filter(|line| wanted(line)).collect() };
    let before: Vec<usize> = world.logs.iter().map(|log| filtered(log).len()).collect();
    world.tell(Event::Status(status));
    if scope.follow {
        world.run(100);
    } else {
        world.look(seed);
    }
    // A single look gives up after many failures in a row, and says so.
    let given_up: Vec<usize> = world
        .notes
        .iter()
        .filter_map(|note| match note {
            Note::Unreadable { restart, .. } => Some(*restart as usize),
            _ => None,
        })
        .collect();
    assert_eq!(world.missing().len(), given_up.len(), "seed {seed}: {:?}", world.missing());
    assert!(given_up.is_empty() || (hazards.cuts && !scope.follow), "seed {seed}: {:?}", world.missing());
    world.output.resize_with(world.logs.len(), Vec::new);
    for (instance, log) in world.logs.iter().enumerate() {
        let (log, got) = (texts(&filtered(log)), texts(&world.output[instance]));
        if given_up.contains(&instance) {
            assert!(log.starts_with(&got), "seed {seed}: instance {instance}");
            continue;
        }
        if instance < first {
            assert!(got.is_empty(), "seed {seed}: instance {instance} was not asked for");
            continue;
        }
        let known = before.get(instance).copied().unwrap_or_default();
        let tail = scope.tail.filter(|_| instance == first).map(|tail| usize::try_from(tail).unwrap());
        let starts = match tail {
            None => 0,
            // What was printed between the look at the pod and the opening moves the start.
            Some(0) if !scope.follow => continue,
            Some(tail) => got
                .first()
                .map_or(log.len(), |begin| log.iter().position(|line| line == begin).unwrap())
                .max(known.saturating_sub(tail)),
        };
        let ends = if scope.follow { log.len() } else { starts + got.len() };
        assert_eq!(got, log[starts..ends.min(log.len())], "seed {seed}: {scope:?} of instance {instance}");
        assert!(ends >= known, "seed {seed}: {scope:?} ends before what there was: {ends} of {known}");
        if let Some(tail) = tail.filter(|_| !scope.follow) {
            assert!(got.len() >= tail.min(known), "seed {seed}: {} of {tail} lines", got.len());
        }
    }
}

/// A single look at a container whose log is rotated meanwhile, or whose pod goes: all that could be read at its opening comes,
/// once each and in order, or a note names the instance.
fn looked(seed: u64, hazards: Hazards) {
    let mut world = World::in_the_middle(seed, Hazards { restarts: 1, ..hazards });
    world.follower = Follower::new(Scope::default(), seed);
    let known: Vec<Vec<String>> = world.logs.iter().map(|log| texts(&lines_of(log))).collect();
    let status = world.status();
    let first = status.first_readable() as usize;
    world.tell(Event::Status(status));
    world.look(seed);
    world.output.resize_with(world.logs.len(), Vec::new);
    for (instance, log) in world.logs.iter().enumerate() {
        let (log, got) = (texts(&lines_of(log)), texts(&world.output[instance]));
        let places: Vec<usize> = got.iter().map(|line| log.iter().position(|of| of == line).unwrap()).collect();
        assert!(places.is_sorted_by(|a, b| a < b), "seed {seed}: order or repetition in instance {instance}");
        let whole = places.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let last = places.last().map_or(0, |last| last + 1);
        // What was rotated away before the first line was read leaves no trace.
        let all = instance < first || got.is_empty() && hazards.rotation || (whole && last >= known[instance].len());
        assert!(all || world.names(instance), "seed {seed}: {} of {}, {:?}", last, known[instance].len(), world.notes);
        assert!(instance >= first || got.is_empty(), "seed {seed}: instance {instance} was not asked for");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undisturbed(seed in any::<u64>()) {
        complete(seed, Hazards { same_lines: true, unordered: true, ..Hazards::default() });
    }

    #[test]
    fn cut_anywhere(seed in any::<u64>()) {
        complete(seed, Hazards { cuts: true, ..Hazards::default() });
    }

    #[test]
    fn cut_anywhere_among_equal_and_unordered_lines(seed in any::<u64>()) {
        complete(seed, Hazards { cuts: true, same_lines: true, unordered: true, ..Hazards::default() });
    }

    #[test]
    fn cut_anywhere_in_long_lines(seed in any::<u64>()) {
        complete(seed, Hazards { cuts: true, long_lines: true, ..Hazards::default() });
    }

    #[test]
    fn stalled_without_an_end(seed in any::<u64>()) {
        complete(seed, Hazards { cuts: true, stalls: true, ..Hazards::default() });
    }

    #[test]
    fn clocks_set_back(seed in any::<u64>()) {
        complete(seed, Hazards { cuts: true, clock_set_back: true, ..Hazards::default() });
    }

    #[test]
    fn restarted_once(seed in any::<u64>()) {
        complete(seed, Hazards { restarts: 1, ..Hazards::default() });
    }

    #[test]
    fn restarted_once_and_cut(seed in any::<u64>()) {
        complete(seed, Hazards { restarts: 1, cuts: true, ..Hazards::default() });
    }

    #[test]
    fn restarted_often(seed in any::<u64>()) {
        honest(seed, Hazards { restarts: 9, cuts: true, ..Hazards::default() });
    }

    #[test]
    fn rotated(seed in any::<u64>()) {
        honest(seed, Hazards { rotation: true, cuts: true, ..Hazards::default() });
    }

    #[test]
    fn rotated_restarted_and_stalled(seed in any::<u64>()) {
        honest(seed, Hazards { rotation: true, cuts: true, stalls: true, restarts: 3, ..Hazards::default() });
    }

    #[test]
    fn a_last_line_without_end(seed in any::<u64>()) {
        complete(seed, Hazards { unfinished: true, cuts: true, restarts: 1, ..Hazards::default() });
    }

    #[test]
    fn a_long_last_line_without_end(seed in any::<u64>()) {
        complete(seed, Hazards { unfinished: true, cuts: true, long_lines: true, ..Hazards::default() });
    }

    #[test]
    fn a_pod_that_is_deleted(seed in any::<u64>(), cuts in any::<bool>(), stalls in any::<bool>()) {
        honest(seed, Hazards { deleted: true, cuts, stalls, restarts: 2, ..Hazards::default() });
    }

    #[test]
    fn dead_instances_that_are_collected(seed in any::<u64>(), cuts in any::<bool>(), deleted in any::<bool>()) {
        honest(seed, Hazards { collects: true, deleted, cuts, restarts: 5, ..Hazards::default() });
    }

    #[test]
    fn errors_in_answers(seed in any::<u64>(), cuts in any::<bool>()) {
        complete(seed, Hazards { in_band: true, cuts, restarts: 1, ..Hazards::default() });
    }

    #[test]
    fn a_permission_that_is_away_for_a_moment(seed in any::<u64>(), cuts in any::<bool>()) {
        complete(seed, Hazards { denials: true, cuts, ..Hazards::default() });
    }

    #[test]
    fn lists_beside_the_watch(seed in any::<u64>(), cuts in any::<bool>(), stalls in any::<bool>()) {
        complete(seed, Hazards { lists: true, cuts, stalls, restarts: 1, ..Hazards::default() });
    }

    #[test]
    fn whoever_takes_the_lines_is_slow(seed in any::<u64>()) {
        complete(seed, Hazards { slow: true, cuts: true, stalls: true, ..Hazards::default() });
    }

    #[test]
    fn everything_at_once(seed in any::<u64>()) {
        honest(seed, Hazards {
            cuts: true, restarts: 4, rotation: true, stalls: true, deleted: true, collects: true, in_band: true,
            denials: true, lists: true, slow: true, ..Hazards::default()
        });
    }

    #[test]
    fn a_single_look_is_the_log_at_its_opening(seed in any::<u64>(), cuts in any::<bool>()) {
        scoped(seed, Scope::default(), |_| None, Hazards { cuts, restarts: 1, ..Hazards::default() });
    }

    #[test]
    fn a_single_look_while_the_log_is_rotated(seed in any::<u64>(), cuts in any::<bool>(), deleted in any::<bool>()) {
        looked(seed, Hazards { rotation: true, cuts, deleted, in_band: true, ..Hazards::default() });
    }

    #[test]
    fn only_what_is_new_is_followed(seed in any::<u64>(), restarts in 0_u32..2) {
        let scope = Scope { follow: true, tail: Some(0), ..Scope::default() };
        scoped(seed, scope, |_| None, Hazards { restarts, ..Hazards::default() });
    }

    #[test]
    fn since_is_a_filter_of_the_log(seed in any::<u64>(), cuts in any::<bool>(), follow in any::<bool>()) {
        let scope = Scope { follow, ..Scope::default() };
        scoped(seed, scope, Some, Hazards { cuts, restarts: 1, ..Hazards::default() });
    }

    #[test]
    fn tail_is_the_end_of_the_log(seed in any::<u64>(), follow in any::<bool>(), tail in 0_u64..40) {
        scoped(seed, Scope { follow, tail: Some(tail), ..Scope::default() }, |_| None, Hazards::default());
    }
}
