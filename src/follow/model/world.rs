//! [`World`]: a container, its kubelet and the API around a follower.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use bytes::Bytes;

use super::{
    super::{
        earlier::Earlier,
        follower::{Action, BodyEnd, Event, Follower, Output, Request, Scope},
        note::Note,
        refusal::Refusal,
    },
    kubelet::{Answer, Log, StoredPart},
};
use crate::k8s::{
    Line, Stamp, lines,
    status::{Ended, InstanceState, PodLife, Status},
};

/// Where in a container's life a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Moment {
    #[default]
    Running,
    /// It has not started yet, and may never do so.
    NotStarted,
    /// It has ended and waits to be started again.
    Waiting,
    Ended,
    /// It has ended, and its pod with it.
    Finished,
    /// It runs, and its pod is being deleted.
    Terminating,
    /// It has ended, and its pod is being deleted.
    EndedTerminating,
}

impl Moment {
    fn is_running(self) -> bool {
        matches!(self, Moment::Running | Moment::Terminating)
    }

    fn life(self) -> PodLife {
        match self {
            Moment::Running | Moment::NotStarted | Moment::Waiting | Moment::Ended => PodLife::Active,
            Moment::Finished => PodLife::Finished,
            Moment::Terminating | Moment::EndedTerminating => PodLife::Terminating,
        }
    }
}

/// What may happen in a run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// When a follower begins that does not begin with its container.
    pub moment: Moment,
    pub cuts: bool,
    pub same_lines: bool,
    pub unordered: bool,
    pub clock_set_back: bool,
    pub long_lines: bool,
    pub restarts: u32,
    pub rotation: bool,
    /// Answers are silent from some moment on, and do not end.
    pub stalls: bool,
    /// The container's last line has no end.
    pub unfinished: bool,
    /// The pod is deleted in the middle of the run, and gone whether or not it was read to its end.
    pub deleted: bool,
    /// Instances before a dead one are collected, as a kubelet does it.
    pub collects: bool,
    /// The kubelet writes errors into answers.
    pub in_band: bool,
    /// Permission is away for a while.
    pub denials: bool,
    /// Lists tell the status beside the watch.
    pub lists: bool,
    /// Whoever takes the lines is slow at times.
    pub slow: bool,
    /// A plain reading goes on to where the log ends when it gets there, not when it was opened.
    pub grows: bool,
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

/// How a log was opened that was not a kubelet's text.
pub struct Opening {
    pub instance: usize,
    pub request: Request,
    /// Where in the log its newest file began then, and where the log ended.
    pub file_start: usize,
    /// See `file_start`.
    pub known: usize,
    /// Lines of the instance that had been handed on.
    pub handed: usize,
    /// Whether its answer brought a new line.
    pub shown: bool,
}

/// The instance of which a note says that its log, or a part of it, was not read.
fn of_instance(note: &Note) -> Option<u32> {
    match note {
        Note::Unchecked { restart, .. } | Note::Gone { restart, .. } => Some(*restart),
        note => note.gap(),
    }
}

const STEP: Duration = Duration::from_millis(50);
const EPOCH: i64 = 1_790_000_000_000_000_000;

/// Everything. A seed decides what happens.
pub struct World {
    pub rng: fastrand::Rng,
    pub faults: Faults,
    pub logs: Vec<Log>,
    pub life: PodLife,
    /// Whether the container was ever started.
    pub has_started: bool,
    /// Whether the follower hears of changes.
    pub watched: bool,
    /// Whether a container that has ended is started again.
    starts: bool,
    pub scope: Scope,
    pub follower: Follower,
    /// What was handed on, by instance.
    pub output: Vec<Vec<Line>>,
    pub notes: Vec<Note>,
    pub openings: Vec<Opening>,
    pub now: Duration,
    clock_offset: i64,
    waiting: bool,
    /// When the object of a pod that is being deleted goes.
    gone_at: Option<Duration>,
    /// Until when nothing may be read.
    denied_until: Duration,
    /// Answers in a row in which the log's file was missing, with no line between them and no end as it should be of one that was
    /// the log. An answer that was opened says nothing yet: the kubelet's text begins like that too.
    files_missing: u32,
    /// When the request that is on its way is answered.
    opening: Option<(Duration, Request)>,
    answer: Option<Answer>,
    /// What was asked for last.
    asked: Option<Request>,
    /// Of which instance: the follower goes by the status that it was told.
    asked_of: u32,
    /// The latest instance by that status.
    told_restart: u32,
    /// What arrives while the status is asked for stays on the connection, as with the driver.
    holds: bool,
    /// When the question for the log's last lines is answered.
    probe: Option<(Duration, Request)>,
    /// When the question for the pod's status is answered.
    confirm_at: Option<Duration>,
    /// Until when the server wants no request: all that is asked is held back.
    closed_until: Duration,
    /// The same, as the follower was told.
    told_until: Duration,
    /// Whoever takes the lines is busy until then, and nothing is told to the follower.
    busy_until: Duration,
    statuses: VecDeque<(Duration, Status)>,
    /// Instances of which it was told how their first reading began.
    pub started: BTreeSet<u32>,
    /// Instances of which it was told that no more of them is read.
    pub sealed: BTreeSet<u32>,
    /// The latest instance of which anything was said.
    reached: u32,
    sequence: u64,
}

impl World {
    pub fn new(seed: u64, faults: Faults) -> World {
        let scope = Scope { follow: true, ..Scope::default() };
        World {
            rng: fastrand::Rng::with_seed(seed),
            faults,
            logs: vec![Log { started: EPOCH, ..Log::default() }],
            life: PodLife::Active,
            has_started: faults.moment != Moment::NotStarted,
            watched: true,
            starts: true,
            scope,
            follower: Follower::new(scope, seed),
            output: Vec::new(),
            notes: Vec::new(),
            openings: Vec::new(),
            now: Duration::ZERO,
            clock_offset: 0,
            waiting: false,
            gone_at: None,
            denied_until: Duration::ZERO,
            files_missing: 0,
            opening: None,
            answer: None,
            asked: None,
            asked_of: 0,
            told_restart: 0,
            holds: !seed.is_multiple_of(4),
            probe: None,
            confirm_at: None,
            closed_until: Duration::ZERO,
            told_until: Duration::ZERO,
            busy_until: Duration::ZERO,
            statuses: VecDeque::new(),
            started: BTreeSet::new(),
            sealed: BTreeSet::new(),
            reached: 0,
            sequence: 0,
        }
    }

    /// A container in the middle of its life.
    pub fn in_the_middle(seed: u64, faults: Faults) -> World {
        let mut world = World::new(seed, faults);
        world.watched = false;
        if faults.moment != Moment::NotStarted {
            world.live_alone(100);
            world.reach_the_moment();
        }
        world
    }

    /// Lets the container live on alone to the moment at which a follower begins, or to one like it if the pod is being deleted.
    pub fn reach_the_moment(&mut self) {
        let moment = self.faults.moment;
        if moment == Moment::NotStarted {
            return;
        }
        while self.is_running() != moment.is_running() && (self.is_running() || self.life == PodLife::Active) {
            self.live(!moment.is_running());
            self.now += STEP;
        }
        self.life = self.life.max(moment.life());
        self.waiting = moment == Moment::Waiting && !self.is_running();
    }

    /// Whether the instance that the open request is for has ended.
    fn has_ended_since_asked(&self) -> bool {
        self.logs[self.asked_of as usize].ended.is_some()
    }

    fn is_running(&self) -> bool {
        self.has_started && self.logs.last().is_some_and(|log| log.ended.is_none())
    }

    /// Lets another follower begin, and ends the one before.
    pub fn begin(&mut self, scope: Scope, seed: u64, earlier: Earlier) {
        (self.scope, self.watched) = (scope, scope.follow);
        self.close();
        self.statuses.clear();
        (self.told_until, self.busy_until, self.reached) = (Duration::ZERO, Duration::ZERO, 0);
        self.follower = Follower::resuming(scope, seed, earlier);
        let status = self.status();
        self.tell_status(status);
    }

    pub fn clock(&self) -> i64 {
        EPOCH + self.now.as_nanos() as i64 + self.clock_offset
    }

    /// As the API has it now.
    pub fn status(&self) -> Status {
        let restart = (self.logs.len() - 1) as u32;
        let ended = |log: &Log| Ended {
            exit_code: 1,
            reason: "Error".into(),
            started: Some(Stamp(log.started).floor_second()),
            finished: None,
            has_log: true,
        };
        let log = &self.logs[restart as usize];
        let earlier = restart.checked_sub(1).map(|at| ended(&self.logs[at as usize]));
        let (state, last) = match (log.ended, self.waiting) {
            (None, _) if !self.has_started => (InstanceState::Waiting { reason: "PodInitializing".into() }, None),
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
        if self.faults.same_lines && self.rng.u8(..3) == 0 {
            stamp = stamp / 100_000_000 * 100_000_000;
        }
        if self.faults.unordered && self.rng.u8(..4) == 0 {
            stamp -= self.rng.i64(0..300_000_000);
        }
        self.sequence += 1;
        let text =
            if self.faults.same_lines { format!("l{}", self.rng.u8(..2)) } else { format!("seq={}", self.sequence) };
        let log = self.logs.last_mut().unwrap();
        if self.faults.long_lines && self.rng.u8(..12) == 0 {
            let stderr_between = self.rng.bool();
            log.chunks.push(StoredPart { stamp, bytes: [text.as_bytes(), &[b'x'; 16 << 10]].concat(), partial: true });
            if stderr_between {
                log.chunks.push(StoredPart {
                    stamp,
                    bytes: format!("err {}", self.sequence).into_bytes(),
                    partial: false,
                });
            }
            let stamp = stamp + self.rng.i64(0..1_200_000_000);
            self.clock_offset += 1_200_000_000;
            log.chunks.push(StoredPart { stamp, bytes: b"end of it".to_vec(), partial: false });
        } else {
            log.chunks.push(StoredPart { stamp, bytes: text.into_bytes(), partial: false });
        }
    }

    /// One step of the container's life.
    fn live(&mut self, ending: bool) {
        let running = self.is_running();
        if self.faults.denials && self.rng.u8(..60) == 0 {
            self.denied_until = self.now + Duration::from_millis(self.rng.u64(..4000));
        }
        if self.faults.deleted && self.life == PodLife::Active && self.rng.u8(..100) == 0 {
            self.life = PodLife::Terminating;
            self.publish();
        }
        if self.life == PodLife::Gone {
            return;
        }
        if self.gone_at.is_some_and(|at| at <= self.now) {
            return self.go();
        }
        if self.life != PodLife::Active && !running {
            // No container starts any more. A pod that has ended may be deleted as well.
            if self.faults.deleted && (self.life == PodLife::Terminating || self.rng.u8(..40) == 0) {
                let soon = self.now + Duration::from_millis(self.rng.u64(..3000));
                self.gone_at.get_or_insert(soon);
            }
            return;
        }
        if !self.has_started {
            if self.rng.u8(..20) == 0 {
                (self.has_started, self.logs[0].started) = (true, self.clock());
                self.publish();
            }
            return;
        }
        let ending = ending || (self.life == PodLife::Terminating && self.rng.u8(..10) == 0);
        if running {
            for _ in 0..self.rng.usize(..4) {
                self.print();
            }
            if self.faults.clock_set_back && self.rng.u8(..100) == 0 {
                self.clock_offset -= self.rng.i64(0..20_000_000_000);
            }
            if self.faults.rotation && self.rng.u8(..60) == 0 {
                let log = self.logs.last_mut().unwrap();
                log.file_start = log.chunks.len();
            }
            let may_end = !self.starts || (self.logs.len() as u32) <= self.faults.restarts;
            if ending || (may_end && self.rng.u8(..40) == 0) {
                if self.faults.unfinished && self.rng.bool() {
                    self.print();
                    self.logs.last_mut().unwrap().chunks.last_mut().unwrap().partial = true;
                }
                let clock = self.clock();
                self.logs.last_mut().unwrap().ended = Some(clock);
                self.waiting = false;
                self.publish();
            }
        } else if ending || !self.starts {
            // It stays as it is.
        } else if !self.waiting && self.rng.bool() {
            self.waiting = true;
            self.publish();
        } else if self.rng.u8(..4) == 0 {
            let started = self.clock();
            self.logs.push(Log { started, ..Log::default() });
            self.waiting = false;
            self.publish();
        }
    }

    /// The pod's object goes, and its logs with it.
    fn go(&mut self) {
        self.life = PodLife::Gone;
        self.publish();
    }

    fn serves(&self, request: Request) -> Served {
        let none = || Served::Refused(Refusal::NoInstance("previous terminated container not found".into()));
        if self.life == PodLife::Gone {
            return Served::Refused(Refusal::NotFound("pods \"p\" not found".into()));
        }
        if self.now < self.denied_until {
            return Served::Refused(Refusal::Forbidden { reason: "no".into(), withdrawn: true });
        }
        if !self.has_started {
            return Served::Refused(Refusal::Waiting("PodInitializing".into()));
        }
        let latest = self.logs.len() - 1;
        let earlier = self.scope.asks_previous(request) && !self.waiting;
        match latest.checked_sub(1).filter(|_| earlier) {
            Some(_) if self.faults.collects && self.logs[latest].ended.is_some() => Served::Text(COLLECTED),
            Some(before) => Served::Instance(before),
            None if earlier => none(),
            None => Served::Instance(latest),
        }
    }

    /// The log's last lines, as a small answer beside the stream has them.
    fn answer_probe(&mut self, request: Request) -> Option<Vec<Line>> {
        if self.faults.cuts && self.rng.u8(..12) == 0 {
            self.wants_peace();
            return None;
        }
        match self.serves(request) {
            Served::Refused(_) => None,
            Served::Text(text) => lines::tail_of(text.as_bytes()),
            Served::Instance(instance) => Some(self.logs[instance].tail(request.tail.unwrap())),
        }
    }

    fn tell_status(&mut self, status: Status) {
        self.told_restart = status.restart;
        self.tell(Event::Status(self.scope.part_of(status.clone()).unwrap_or(status)));
    }

    fn tell(&mut self, event: Event) {
        let mut out = Output::default();
        let was_done = self.follower.is_done();
        let ticks = event == Event::Tick;
        let asks = self.confirm_at.is_some();
        self.follower.on(event, self.now, &mut out);
        if was_done {
            assert_eq!(format!("{out:?}"), format!("{:?}", Output::default()), "after its end");
        }
        if ticks {
            assert!(self.follower.deadline().is_none_or(|at| at > self.now), "a tick that leaves its deadline");
        }
        self.take(&mut out, asks);
        if !out.seals.is_empty() {
            // Who gives up one instance goes on to the next, and is held back.
            self.told_until = Duration::ZERO;
        }
        for action in out.actions {
            let asks = action != Action::Close;
            assert!(!asks || self.now >= self.told_until, "asked while the server wants to be left alone");
            match action {
                Action::Close => {
                    let waits =
                        self.opening.is_some_and(|(_, request)| !(request.follow && self.has_ended_since_asked()));
                    assert!(!ticks || !waits, "given up while it waits for its turn");
                    self.close();
                }
                Action::Open(request) => self.open(request),
                Action::Confirm(pause) => {
                    assert!(self.confirm_at.is_none(), "two questions at once");
                    self.confirm_at = Some(self.now + pause + Duration::from_millis(self.rng.u64(0..200)));
                }
                Action::Probe(request) => {
                    assert!(self.probe.is_none(), "two probes at once");
                    // The last lines of what has ended are asked for even before its stream is opened.
                    let opening = self.opening.map(|(_, open)| open).filter(|_| self.has_ended_since_asked());
                    let open = opening.or(self.answer.as_ref().map(|open| open.request));
                    // What ended while its instance was asked for may not have been looked at yet.
                    let open = open.or(self.asked.filter(|_| !self.holds));
                    assert!(open.is_some_and(|open| open.follow), "a probe beside no stream");
                    self.probe = Some((self.now + Duration::from_millis(self.rng.u64(0..500)), request));
                }
            }
        }
    }

    /// Takes what an event brought, `asks`: while the pod's status was asked for.
    fn take(&mut self, out: &mut Output, asks: bool) {
        let brings = !(out.lines.is_empty() && out.notes.is_empty());
        if brings && self.faults.slow && self.rng.u8(..8) == 0 {
            self.busy_until = self.now + self.some_time();
        }
        self.started.extend(out.start.map(|start| start.restart));
        assert!(out.before.is_empty(), "one event brings lines of one instance");
        if !out.lines.is_empty() {
            assert!(!asks, "handed on while the pod's status is asked for");
            self.take_lines(out.restart, &mut out.lines);
        }
        // Notes are told before seals: each rises by itself.
        let reached = self.reached;
        self.rises_to(out.seals.iter().map(|seal| seal.restart));
        let sealed = std::mem::replace(&mut self.reached, reached);
        self.rises_to(out.notes.iter().filter_map(of_instance));
        self.reached = self.reached.max(sealed);
        self.sealed.extend(out.seals.iter().map(|seal| seal.restart));
        let gaps = out.notes.iter().filter_map(|note| match note {
            Note::Unchecked { restart, .. } => Some(*restart),
            note => note.gap(),
        });
        assert!(gaps.eq(out.read.iter().map(|(restart, _)| *restart)), "what had been read is told with each gap");
        for note in &out.notes {
            assert!(self.may_be_silent(note), "the server was not silent: {note}");
        }
        self.notes.append(&mut out.notes);
    }

    fn take_lines(&mut self, restart: u32, lines: &mut Vec<Line>) {
        let instance = restart as usize;
        self.rises_to([restart]);
        self.output.resize_with(self.output.len().max(instance + 1), Vec::new);
        self.output[instance].append(lines);
        if let Some(opening) = self.openings.last_mut() {
            opening.shown = true;
        }
        // What was read before a restart was told may have been the next instance's.
        self.sealed.remove(&restart);
    }

    /// Whether a note that tells of a silence is true.
    fn may_be_silent(&self, note: &Note) -> bool {
        let (Note::Interrupted(reason) | Note::Struggling(reason) | Note::Unreadable { reason, .. }) = note else {
            return true;
        };
        let (is_stream, is_reading) = (reason == "the stream stalled", reason.starts_with("nothing came"));
        let is_silent = self.answer.as_ref().is_some_and(|answer| answer.stalled);
        // What is hidden behind a clock's step looks the same.
        !(is_stream || is_reading) || is_silent || (is_stream && self.faults.clock_set_back)
    }

    /// Something is said of these instances, one after the other.
    fn rises_to(&mut self, instances: impl IntoIterator<Item = u32>) {
        for instance in instances {
            assert!(instance >= self.reached, "the instance falls");
            self.reached = instance;
        }
    }

    /// From a moment to a minute, of which short ones are as likely as long ones.
    fn some_time(&mut self) -> Duration {
        Duration::from_millis(1 << self.rng.u32(..17))
    }

    fn open(&mut self, request: Request) {
        assert!(self.answer.is_none() && self.opening.is_none(), "two requests at once");
        self.opening = Some((self.now + Duration::from_millis(self.rng.u64(0..150)), request));
        (self.asked, self.asked_of) = (Some(request), self.told_restart);
    }

    /// The server refuses a request, and may want to be left alone for a time, which holds for all requests.
    fn wants_peace(&mut self) -> Option<Duration> {
        let pause = self.rng.bool().then(|| self.some_time());
        self.closed_until = self.closed_until.max(self.now + pause.unwrap_or_default());
        pause
    }

    fn answer_request(&mut self, request: Request) {
        if self.faults.cuts && self.rng.u8(..4) == 0 {
            let pause = self.wants_peace();
            self.told_until = self.now + pause.unwrap_or_default();
            return self.tell(Event::Refused(Refusal::Passing("503".into(), pause)));
        }
        // A file is away for a moment only, so not so often that it must be believed.
        let text =
            if self.faults.in_band && self.rng.u8(..8) == 0 { Some(*self.rng.choice(&PASSING).unwrap()) } else { None };
        let text = text.filter(|text| !text.contains("symlinks") || self.files_missing < 3);
        let instance = match (self.serves(request), text) {
            (Served::Refused(refusal), _) => return self.tell(Event::Refused(refusal)),
            (Served::Text(text), _) | (Served::Instance(_), Some(text)) => {
                // Other texts say nothing about the file.
                self.files_missing += u32::from(text.contains("symlinks"));
                self.answer = Some(Answer::text(text, request));
                return self.tell(Event::Opened);
            }
            (Served::Instance(instance), None) => instance,
        };
        let log = &self.logs[instance];
        let known = log.chunks.len();
        let mut answer = Answer::log(instance, log, request);
        answer.limit = (!request.follow && !self.faults.grows).then_some(known);
        let handed = self.output.get(instance).map_or(0, Vec::len);
        self.openings.push(Opening { instance, request, file_start: log.file_start, known, handed, shown: false });
        self.answer = Some(answer);
        self.tell(Event::Opened);
    }

    fn close(&mut self) {
        (self.opening, self.answer, self.probe, self.confirm_at, self.asked) = (None, None, None, None, None);
    }

    /// Delivers some bytes of the open answer, or its end.
    fn deliver(&mut self) {
        let Some(answer) = self.answer.as_mut().filter(|_| !self.holds || self.confirm_at.is_none()) else { return };
        if let Some(end) = answer.end.take() {
            if answer.instance.is_some() && end == BodyEnd::Clean {
                self.sees_file();
            }
            (self.answer, self.probe) = (None, None);
            return self.tell(Event::Closed(end));
        }
        let log = answer.instance.map(|instance| &self.logs[instance]);
        if let Some(log) = log {
            answer.fill(log);
        }
        answer.stalled |= self.faults.stalls && self.rng.u8(..60) == 0;
        if answer.stalled {
            return;
        }
        if self.faults.cuts && self.rng.u8(..30) == 0 {
            let end = if self.rng.bool() { BodyEnd::Clean } else { BodyEnd::Broken("reset".into()) };
            let some = self.rng.usize(..=answer.ready.len());
            let bytes: Vec<u8> = answer.ready.drain(..some).collect();
            return self.finish(bytes, end);
        }
        let whole = answer.ready.len() < 4 || self.rng.bool();
        let some = if whole { answer.ready.len() } else { self.rng.usize(..answer.ready.len()) };
        let bytes: Vec<u8> = answer.ready.drain(..some).collect();
        let over = answer.ready.is_empty() && (!answer.request.follow || log.is_none_or(|log| log.ended.is_some()));
        if over {
            self.finish(bytes, BodyEnd::Clean);
        } else {
            self.hand_over(bytes);
        }
    }

    /// The open answer ends with these bytes.
    fn finish(&mut self, bytes: Vec<u8>, end: BodyEnd) {
        if let Some(answer) = &mut self.answer {
            answer.end = Some(end);
        }
        self.hand_over(bytes);
        self.deliver();
    }

    /// Some bytes of the open answer.
    fn hand_over(&mut self, bytes: Vec<u8>) {
        if self.answer.as_ref().is_some_and(|answer| answer.instance.is_some()) && bytes.contains(&b'\n') {
            self.sees_file();
        }
        if !bytes.is_empty() {
            self.tell(Event::Data(Bytes::from(bytes)));
        }
    }

    /// The follower is shown that the log's file is there. What comes while the status is asked for may never be looked at.
    fn sees_file(&mut self) {
        if self.confirm_at.is_none() {
            self.files_missing = 0;
        }
    }

    fn step(&mut self) {
        self.now += STEP;
        if self.now < self.busy_until {
            return;
        }
        if std::mem::take(&mut self.busy_until) > Duration::ZERO {
            self.follower.excuse(self.now);
        }
        while self.statuses.front().is_some_and(|(due, _)| *due <= self.now) {
            if let Some((_, status)) = self.statuses.pop_front() {
                self.tell_status(status);
            }
        }
        // What the server does not want now is held back.
        let asked = if self.now < self.closed_until { Duration::ZERO } else { self.now };
        if self.confirm_at.take_if(|at| *at <= asked).is_some() {
            let unanswered = self.faults.cuts && self.rng.u8(..8) == 0;
            if unanswered {
                self.wants_peace();
            }
            let status = if unanswered { None } else { self.scope.part_of(self.status()) };
            if let Some(status) = &status {
                self.told_restart = self.told_restart.max(status.restart);
            }
            self.tell(Event::Confirmed(status));
        }
        if self.faults.lists && self.watched && self.rng.u8(..40) == 0 {
            // What the watch had to tell before comes later, and is older.
            let status = self.status();
            self.tell_status(status);
        }
        if let Some((_, request)) = self.probe.take_if(|(due, _)| *due <= asked) {
            let tail = self.answer_probe(request);
            self.tell(Event::Probed(tail));
        }
        if let Some((_, request)) = self.opening.take_if(|(due, _)| *due <= asked) {
            self.answer_request(request);
        }
        if self.follower.deadline().is_some_and(|at| at <= self.now) {
            self.tell(Event::Tick);
        }
        for _ in 0..3 {
            self.deliver();
        }
    }

    /// Lets the container live on for so many steps, while nobody reads it.
    pub fn live_alone(&mut self, steps: usize) {
        for _ in 0..steps {
            self.live(false);
            self.now += STEP;
        }
    }

    /// Lets the container live on for so many steps.
    pub fn go_on(&mut self, steps: usize) {
        self.publish();
        for _ in 0..steps {
            self.live(false);
            self.step();
        }
    }

    /// Lets the container live on for so many steps, then end, and the follower read everything.
    pub fn run(&mut self, steps: usize) {
        self.go_on(steps);
        while self.is_running() {
            self.live(true);
            self.step();
        }
        if self.life == PodLife::Active {
            self.life = PodLife::Finished;
            self.publish();
        }
        for _ in 0..100_000 {
            if self.follower.is_done() {
                return;
            }
            if self.faults.deleted {
                self.live(false);
            } else if self.life == PodLife::Terminating && self.is_read() {
                self.go();
            }
            self.step();
        }
        panic!("does not end: {:?}", self.notes);
    }

    /// Whether the follower knows all, and has read it.
    fn is_read(&self) -> bool {
        self.statuses.is_empty() && self.follower.is_settled()
    }

    /// Lets a single look go on to its end, while the container lives on. None starts from here on: what restarts after a look
    /// began may be read under the wrong number, and nobody tells.
    pub fn look(&mut self) {
        self.starts = false;
        for _ in 0..100_000 {
            if self.follower.is_done() {
                return;
            }
            if self.rng.bool() {
                self.live(false);
            }
            self.step();
        }
        panic!("does not end: {:?}", self.follower);
    }

    /// Whether a note says that lines of this instance are missing, or may be.
    pub fn names(&self, instance: usize) -> bool {
        self.notes.iter().any(|note| match note {
            Note::Gap { restart, .. }
            | Note::Gone { restart, .. }
            | Note::Unreadable { restart, .. }
            | Note::Lost { restart, .. }
            | Note::Unverified { restart, .. }
            | Note::Unchecked { restart, .. } => *restart as usize == instance,
            Note::GoneBefore { count } => (*count as usize) > instance,
            // Whatever was not read by then.
            Note::Forbidden(_) => !self.sealed.contains(&(instance as u32)),
            _ => false,
        })
    }

    /// Notes that lines are missing, or may be.
    pub fn missing(&self) -> Vec<&Note> {
        let unsure = |note: &&Note| note.lines_missing() || matches!(note, Note::Unchecked { .. });
        self.notes.iter().filter(unsure).collect()
    }
}
