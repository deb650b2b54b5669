//! The follower against a model of a kubelet: whatever is cut, delayed or restarted, its output equals the log.
//!
//! The model keeps each instance's log as the runtime stores it (chunks of one stream, each stamped) and answers requests as
//! the kubelet does; the API's status lags behind it. A seed decides everything, so a failure is replayed by its seed.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;

use super::{
    follower::{Action, End, Event, Follower, Output, Request, Scope},
    lines::{self, Line},
    note::Note,
    refusal::Refusal,
    stamp::Stamp,
    status::{Ended, PodLife, State, Status},
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
}

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
            (None, _) => (State::Running { started: Some(Stamp(log.started).floor_second()) }, earlier),
            (Some(_), true) => (State::Waiting { reason: "CrashLoopBackOff".into() }, Some(ended(log))),
            (Some(_), false) => (State::Ended(ended(log)), earlier),
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

    fn serves(&self, request: Request) -> Option<usize> {
        let latest = self.logs.len() - 1;
        let instance = if request.previous && !self.waiting { latest.checked_sub(1)? } else { latest };
        Some(instance)
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
                    let tail = self.serves(request).map(|instance| {
                        let log = &self.logs[instance];
                        let skip = log.chunks.len().saturating_sub(request.tail.unwrap() as usize).max(log.file_start);
                        parse_from(log, skip)
                    });
                    self.tell(Event::Probed(tail));
                }
            }
        }
    }

    fn open(&mut self, request: Request) {
        assert!(self.answer.is_none(), "two requests at once");
        // Who gives up one instance goes on to the next, and the gate holds that back.
        assert!(self.now >= self.not_before || !self.watched, "asked while the server wants to be left alone");
        if self.hazards.cuts && self.rng.u8(..4) == 0 {
            let pause = self.rng.bool().then(|| Duration::from_millis(self.rng.u64(..3000)));
            self.not_before = self.now + pause.unwrap_or_default();
            return self.tell(Event::Refused(Refusal::Passing("503".into(), pause)));
        }
        let Some(instance) = self.serves(request) else {
            return self.tell(Event::Refused(Refusal::NoInstance("previous terminated container not found".into())));
        };
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
        let log = &self.logs[answer.instance];
        answer.fill(log, log.chunks.len());
        if answer.stalled && self.rng.u8(..20) == 0 {
            return;
        }
        if self.hazards.cuts && self.rng.u8(..30) == 0 {
            let end = if self.rng.bool() { End::Clean } else { End::Broken("reset".into()) };
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
        let over = answer.ready.is_empty() && (!answer.request.follow || log.ended.is_some());
        if over {
            self.finish(bytes, End::Clean);
        } else if !bytes.is_empty() {
            self.tell(Event::Data(Bytes::from(bytes)));
        }
    }

    fn finish(&mut self, bytes: Vec<u8>, end: End) {
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
        self.life = PodLife::Finished;
        self.publish();
        for _ in 0..100_000 {
            if self.follower.is_done() {
                break;
            }
            self.step();
        }
        assert!(self.follower.is_done(), "does not end: {:?}", self.follower);
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
    // What was rotated away before the first look at an instance leaves no trace.
    let provable = |log: &Log| -> Vec<u64> {
        let numbers: Vec<u64> = lines_of(log).iter().map(sequence).collect();
        let first = numbers.iter().position(|number| got.contains(number)).unwrap_or(numbers.len());
        numbers[if hazards.rotation { first } else { 0 }..].to_vec()
    };
    let lost: Vec<u64> = world.logs.iter().flat_map(provable).filter(|number| !got.contains(number)).collect();
    assert!(lost.is_empty() || !world.missing().is_empty(), "seed {seed}: {lost:?} lost and nothing told");
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

/// Starts a follower in the middle of a container's life and expects exactly what its scope asks for.
fn scoped(seed: u64, scope: Scope, from: impl Fn(Stamp) -> Option<Stamp>, mut hazards: Hazards) {
    let mut world = World::new(seed, hazards);
    world.watched = false;
    for _ in 0..100 {
        world.live(false);
        world.now += STEP;
    }
    // What restarts after a single look began may be read under the wrong number: nobody tells. So nothing waits for a restart.
    hazards.restarts = 0;
    while world.logs.last().is_some_and(|log| log.ended.is_some()) {
        world.live(false);
        world.now += STEP;
    }
    (world.hazards, world.watched) = (hazards, scope.follow);
    let middle = Stamp(world.clock()).back(world.rng.i64(0..5_000_000_000));
    let scope = Scope { since: from(middle), ..scope };
    world.follower = Follower::new(scope, seed);
    let (status, latest) = (world.status(), world.logs.len() - 1);
    let first = if scope.tail.is_some() { latest } else { status.first_readable() as usize };
    let wanted = |line: &Line| scope.since.is_none_or(|since| line.stamp >= since);
    let filtered = |log: &Log| -> Vec<Line> { lines_of(log).into_iter().filter(|line| wanted(line)).collect() };
    let before: Vec<usize> = world.logs.iter().map(|log| filtered(log).len()).collect();
    world.tell(Event::Listed(status));
    if scope.follow {
        world.run(100);
    } else {
        for _ in 0..100_000 {
            if world.follower.is_done() {
                break;
            }
            if world.rng.bool() {
                world.live(false);
            }
            world.step();
        }
        assert!(world.follower.is_done(), "seed {seed}: does not end: {:?}", world.follower);
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
    fn a_single_look_is_the_log_at_its_opening(seed in any::<u64>(), cuts in any::<bool>()) {
        scoped(seed, Scope::default(), |_| None, Hazards { cuts, restarts: 1, ..Hazards::default() });
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
