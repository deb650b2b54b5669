//! [`PipedRun`]: lines of JSON that a run has printed, as what that run had to say.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    EventObject, RunEvent,
    event_object::{Detail, ObjectOf},
    filter::ContainerFilter,
};
use crate::{
    follow::drive::{Batch, DriverEvent},
    k8s::{ContainerId, ContainerKind, InstanceId, Line, Phase, Role, Stamp, Stream, Target},
    render::JobIds,
};

/// A line as an object.
#[derive(Deserialize)]
#[serde(expecting = "an object with a line")]
struct LineObject {
    timestamp: Stamp,
    #[serde(flatten)]
    of: ObjectOf,
    #[serde(flatten)]
    ids: JobIds,
    #[serde(default)]
    restart: u32,
    #[serde(default)]
    stream: Option<Stream>,
    /// A text; with `-o extjson` any value.
    message: Value,
    #[serde(default)]
    message_base64: Option<String>,
}

/// What an object is.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct AnyObject {
    #[serde(default)]
    kind: Option<String>,
}

/// Reads objects of one run or several, and tells what those told.
#[derive(Default)]
pub struct PipedRun {
    filter: ContainerFilter,
    since: Option<Stamp>,
    /// Of what is told at present.
    ids: JobIds,
    /// All that were told.
    jobs: HashSet<JobIds>,
    /// Containers that were found, and whether they are wanted.
    found: HashMap<(ObjectOf, JobIds), Option<Arc<ContainerId>>>,
}

impl PipedRun {
    /// A run of which only these containers are wanted, and only lines since then.
    pub fn new(filter: ContainerFilter, since: Option<Stamp>) -> PipedRun {
        PipedRun { filter, since, ..PipedRun::default() }
    }

    /// Adds to `events` what one object tells; lines of one instance that follow one another are told together.
    ///
    /// # Errors
    /// Why `text` is no such object.
    pub fn take(&mut self, text: &[u8], events: &mut Vec<RunEvent>) -> Result<(), String> {
        // serde_json's own place is in a line of its own, which is of no use to anybody.
        let told = |error: serde_json::Error| {
            let told = error.to_string();
            told.rsplit_once(" at line ").map_or(told.clone(), |(what, _)| what.to_owned())
        };
        let any: AnyObject = serde_json::from_slice(text).map_err(told)?;
        match any.kind.as_deref() {
            None | Some("line") => self.line(serde_json::from_slice(text).map_err(told)?, events),
            Some(_) => {
                self.event(serde_json::from_slice(text).map_err(told)?, events);
                Ok(())
            }
        }
    }

    /// Adds text that is no object, as a line of a container of its own.
    pub fn foreign(&mut self, text: &[u8], now: Stamp, events: &mut Vec<RunEvent>) {
        let of = ObjectOf {
            namespace: String::new(),
            pod: "stdin".to_owned(),
            container: "text".to_owned(),
            node: None,
            role: Role::Other,
            phase: Phase::Running,
        };
        if let Some(container) = self.container(of, JobIds::default(), now.to_timestamp(), events) {
            let line = Line { stamp: now, text: Bytes::copy_from_slice(text) };
            push(events, InstanceId { container, restart: 0 }, None, line);
        }
    }

    fn line(&mut self, object: LineObject, events: &mut Vec<RunEvent>) -> Result<(), String> {
        let text = match (object.message_base64, object.message) {
            (Some(exact), _) => BASE64_STANDARD.decode(exact).map_err(|error| format!("message_base64: {error}"))?,
            (None, Value::String(text)) => text.into_bytes(),
            (None, value) => value.to_string().into_bytes(),
        };
        let at = object.timestamp.to_timestamp();
        let Some(container) = self.container(object.of, object.ids, at, events) else { return Ok(()) };
        if self.since.is_some_and(|since| object.timestamp < since) {
            return Ok(());
        }
        let instance = InstanceId { container, restart: object.restart };
        let line = Line { stamp: object.timestamp, text: Bytes::from(text) };
        push(events, instance, object.stream, line);
        Ok(())
    }

    fn event(&mut self, object: EventObject, events: &mut Vec<RunEvent>) {
        let (told, at) = (object.whole_detail(), object.timestamp);
        let container = match object.of {
            Some(of) => match self.container(of, object.ids, at, events) {
                Some(container) => Some(container),
                None => return,
            },
            None => None,
        };
        let event = match (told, container, object.restart) {
            (Some(Detail::Note(note)), Some(container), _) => DriverEvent::Note(container, note).into(),
            (Some(Detail::Complete { lines, proof }), Some(container), Some(restart)) => {
                RunEvent::Complete { instance: InstanceId { container, restart }, lines, proof }
            }
            (Some(Detail::Notice(notice)), ..) => RunEvent::Notice(notice),
            (Some(Detail::JobEnded(ending)), ..) => RunEvent::Ended(ending),
            // A container that was found, which was told by now, or what a later version tells.
            _ => return,
        };
        events.extend([RunEvent::At(at), event]);
    }

    /// The names of containers that were told and are not wanted, when none that was told is.
    pub fn all_unwanted(&self) -> Option<Vec<String>> {
        let is_none_wanted = !self.found.is_empty() && self.found.values().all(Option::is_none);
        is_none_wanted.then(|| self.found.keys().map(|(of, _)| format!("{}/{}", of.pod, of.container)).collect())
    }

    /// The container of an object of that time, if it is wanted. It is told when it comes first, and once more when a second job shows
    /// that jobs are to be told apart.
    fn container(
        &mut self,
        of: ObjectOf,
        ids: JobIds,
        at: Timestamp,
        events: &mut Vec<RunEvent>,
    ) -> Option<Arc<ContainerId>> {
        if ids.job.is_some() && self.jobs.insert(ids.clone()) && self.jobs.len() > 1 {
            self.found.retain(|_, wanted| wanted.is_none());
        }
        if let Some(known) = self.found.get(&(of.clone(), ids.clone())) {
            return known.clone();
        }
        let ObjectOf { namespace, pod, container, node, role, phase } = of.clone();
        // Objects have no uid; names tell containers of one moment apart, and ids those of several jobs.
        let uid =
            [Some(&*namespace), Some(&*pod), ids.job.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
        let target = Target { namespace, pod, uid, container, kind: ContainerKind::Regular, role, phase, node };
        self.filter.short = ids.short();
        let wanted = self.filter.admits(&target).then(|| Arc::new(target.id()));
        self.found.insert((of, ids.clone()), wanted.clone());
        if wanted.is_some() {
            if self.ids != ids {
                self.ids = ids.clone();
                events.push(RunEvent::Job(ids));
            }
            events.extend([RunEvent::At(at), RunEvent::Found(Arc::new(target))]);
        }
        wanted
    }
}

/// What is done with lines once all were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrangement {
    /// Lines of each container that are left, the last ones; `None`: all.
    pub tail: Option<u64>,
    /// Whether they are put in the order of time.
    pub by_time: bool,
}

impl Arrangement {
    /// Whether anything is done.
    pub fn is_one(self) -> bool {
        self != Arrangement::default()
    }

    /// The events of a whole run, arranged: containers are told first, in the order in which they came, and of one moment things
    /// stay as they came.
    pub fn of(self, events: Vec<RunEvent>) -> Vec<RunEvent> {
        if !self.is_one() {
            return events;
        }
        // All jobs first, so that each is told from the others from the first line on.
        let mut arranged: Vec<RunEvent> = Vec::new();
        for event in &events {
            if let RunEvent::Job(ids) = event
                && !arranged.iter().any(|known| matches!(known, RunEvent::Job(known) if known == ids))
            {
                arranged.push(event.clone());
            }
        }
        let (mut told, mut at) = (Vec::new(), None);
        for event in events {
            match event {
                RunEvent::At(time) => at = Some(time),
                RunEvent::Job(_) => arranged.push(event),
                RunEvent::Found(_) => {
                    arranged.extend(at.take().map(RunEvent::At));
                    arranged.push(event);
                }
                RunEvent::Lines(Batch { instance, stream, lines }) => {
                    told.extend(
                        lines.into_iter().map(|line| (line.stamp, PipedItem::Line(instance.clone(), stream, line))),
                    );
                }
                event => {
                    let at = at.take();
                    let stamp = at.and_then(Stamp::from_timestamp).unwrap_or_default();
                    told.push((stamp, PipedItem::Event(at, event)));
                }
            }
        }
        if let Some(tail) = self.tail {
            let mut left: HashMap<Arc<ContainerId>, u64> = HashMap::new();
            let mut is_last = |told: &PipedItem| match told {
                PipedItem::Line(instance, ..) => {
                    let left = left.entry(instance.container.clone()).or_insert(tail);
                    let is_last = *left > 0;
                    *left = left.saturating_sub(1);
                    is_last
                }
                PipedItem::Event(..) => true,
            };
            let kept: Vec<bool> = told.iter().rev().map(|(_, told)| is_last(told)).collect();
            let mut kept = kept.into_iter().rev();
            told.retain(|_| kept.next().unwrap_or(true));
        }
        if self.by_time {
            told.sort_by_key(|(stamp, _)| *stamp);
        }
        for (_, told) in told {
            match told {
                PipedItem::Line(instance, stream, line) => push(&mut arranged, instance, stream, line),
                PipedItem::Event(at, event) => arranged.extend(at.map(RunEvent::At).into_iter().chain([event])),
            }
        }
        arranged
    }
}

/// A line, or something else with its time.
enum PipedItem {
    Line(InstanceId, Option<Stream>, Line),
    Event(Option<Timestamp>, RunEvent),
}

/// Adds a line to the batch before it, if that is of the same instance and stream.
fn push(events: &mut Vec<RunEvent>, instance: InstanceId, stream: Option<Stream>, line: Line) {
    match events.last_mut() {
        Some(RunEvent::Lines(batch)) if batch.instance == instance && batch.stream == stream => batch.lines.push(line),
        _ => events.push(RunEvent::Lines(Batch { instance, stream, lines: vec![line] })),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        follow::note::{Note, Proof, WantedFrom},
        k8s::status::Ended,
        render::{Format, RenderOptions, Renderer},
        session::{Notice, RunStats, ending::Ending},
    };

    fn target(container: &str, node: Option<&str>) -> Target {
        Target {
            namespace: "default".to_owned(),
            pod: "blastn-batch-s03-job-000-3ed51a95-p9vp5".to_owned(),
            uid: "1".to_owned(),
            container: container.to_owned(),
            kind: ContainerKind::Regular,
            role: Role::Batch,
            phase: Phase::Running,
            node: node.map(str::to_owned),
        }
    }

    fn ids() -> JobIds {
        JobIds { job: Some("job-1".to_owned()), row: Some("row".to_owned()) }
    }

    fn printed(format: Format, target: &Target, lines: &[(u32, Option<Stream>, Line)]) -> Vec<u8> {
        let mut renderer = Renderer::new(RenderOptions { format, ..RenderOptions::default() });
        renderer.of_job(&ids());
        let (source, mut out) = (renderer.introduce(target, "3ed51a95", None), Vec::new());
        for (restart, stream, line) in lines {
            renderer.line(&mut out, &source, *restart, *stream, line);
        }
        out
    }

    fn read(run: &mut PipedRun, text: &[u8]) -> Vec<RunEvent> {
        let mut events = Vec::new();
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            run.take(line, &mut events).unwrap();
        }
        events
    }

    fn lines_of(events: &[RunEvent]) -> Vec<(u32, Option<Stream>, Line)> {
        let batches = events.iter().filter_map(|event| match event {
            RunEvent::Lines(batch) => Some(batch),
            _ => None,
        });
        batches
            .flat_map(|batch| batch.lines.iter().map(|line| (batch.instance.restart, batch.stream, line.clone())))
            .collect()
    }

    proptest! {
        #[test]
        fn lines_come_back_as_they_were(lines in proptest::collection::vec((
            0u32..3, proptest::option::of(proptest::sample::select(vec![Stream::Stdout, Stream::Stderr])), any::<i64>(),
            prop_oneof![proptest::collection::vec(any::<u8>(), 0..20), ".{0,20}".prop_map(String::into_bytes)],
        ), 0..12)) {
            let lines: Vec<_> = lines
                .into_iter()
                .map(|(restart, stream, stamp, text)| (restart, stream, Line { stamp: Stamp(stamp), text: text.into() }))
                .collect();
            let text = printed(Format::Json, &target("blast", Some("node-1")), &lines);
            let events = read(&mut PipedRun::default(), &text);
            prop_assert_eq!(lines_of(&events), lines);
        }
    }

    #[test]
    fn a_message_that_is_a_value_is_shown_as_json() {
        let line = (0, None, Line { stamp: Stamp(1), text: r#"{"a": [1]}"#.into() });
        let text = printed(Format::ExtJson, &target("blast", None), &[line]);
        assert_eq!(lines_of(&read(&mut PipedRun::default(), &text))[0].2.text, r#"{"a":[1]}"#);
    }

    #[test]
    fn a_container_is_told_once_and_what_is_not_wanted_is_left_out() {
        let line = |stamp| (0, None, Line { stamp: Stamp(stamp), text: "a".into() });
        let text = [
            printed(Format::Json, &target("blast", None), &[line(1), line(2)]),
            printed(Format::Json, &target("results-export", None), &[line(1)]),
            printed(Format::Json, &target("blast", None), &[line(3)]),
        ]
        .concat();
        let filter = ContainerFilter {
            without_containers: vec![regex::Regex::new("results").unwrap()],
            ..ContainerFilter::default()
        };
        let events = read(&mut PipedRun::new(filter, Some(Stamp(2))), &text);
        let [RunEvent::Job(of), RunEvent::At(_), RunEvent::Found(found), RunEvent::Lines(batch)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((of, &*found.container, batch.lines.len()), (&ids(), "blast", 2));
    }

    /// Everything that can be told besides lines.
    fn told() -> Vec<RunEvent> {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "blast".to_owned() });
        let reason = || "why".to_owned();
        let ended = Ended { exit_code: 4, reason: "Error".to_owned(), has_log: true, started: None, finished: None };
        let notes = vec![
            Note::Waiting(reason()),
            Note::Started(1),
            Note::Ended(1, ended),
            Note::NoLog(reason()),
            Note::StartsLate { restart: 1, wanted: WantedFrom::All(Stamp(1)), first: Stamp(2) },
            Note::Gap { restart: 1, after: Stamp(1), before: Some(Stamp(2)) },
            Note::Missing { restart: 1, reason: reason() },
            Note::GoneBefore { count: 2 },
            Note::Gone { restart: 1, reason: reason() },
            Note::Unreadable { restart: 1, last: Some(Stamp(1)), reason: reason() },
            Note::Lost { restart: 1, reason: reason() },
            Note::Unverified { restart: 1, last: None, reason: reason() },
            Note::Unchecked { restart: 1, reason: reason() },
            Note::NodeFiles(reason()),
            Note::InBand(reason()),
            Note::Interrupted(reason()),
            Note::Struggling(reason()),
            Note::Denied(reason()),
            Note::Forbidden(reason()),
        ];
        let notes = notes.into_iter().map(|note| DriverEvent::Note(container.clone(), note).into());
        let instance = InstanceId { container: container.clone(), restart: 1 };
        notes
            .chain([
                RunEvent::Complete { instance, lines: 3, proof: Proof::Checked },
                RunEvent::Notice(Notice::NoIdYet),
                RunEvent::Ended(Ending { failed: true, pods: 4 }),
            ])
            .collect()
    }

    #[test]
    fn what_was_told_is_told_again_and_counts_the_same() {
        let (mut live, mut again, mut run) = (RunStats::default(), RunStats::default(), PipedRun::default());
        let target = target("blast", None);
        live.take(&RunEvent::Found(Arc::new(target.clone())));
        for (at, event) in told().iter().enumerate() {
            live.take(event);
            let of = !matches!(event, RunEvent::Notice(_) | RunEvent::Ended(_));
            let object =
                EventObject::of(event, of.then_some(&target), &ids(), Timestamp::UNIX_EPOCH, at as u64).unwrap();
            let text = serde_json::to_string(&object).unwrap();
            assert!(!object.message.is_empty() && text.contains(&format!("\"sequence\":{at}")), "{text}");
            let events = read(&mut run, text.as_bytes());
            events.iter().for_each(|event| again.take(event));
            let note = |event: &RunEvent| match event {
                RunEvent::Note { note, .. } | RunEvent::Gap { note, .. } => format!("{note:?}"),
                RunEvent::Complete { lines, proof, .. } => format!("{lines} {proof}"),
                other => format!("{other:?}"),
            };
            assert_eq!(events.last().map(note), Some(note(event)), "{text}");
        }
        assert_eq!((live.incomplete(), &live.forbidden), (again.incomplete(), &again.forbidden));
        assert_eq!((live.ended, live.containers), (again.ended, again.containers));
    }

    #[test]
    fn what_another_program_has_left_the_detail_out_of_is_told_as_far_as_the_rest_says() {
        let target = target("blast", None);
        let mut left_out = Vec::new();
        for event in told() {
            let of = !matches!(event, RunEvent::Notice(_) | RunEvent::Ended(_));
            let mut object = EventObject::of(&event, of.then_some(&target), &ids(), Timestamp::UNIX_EPOCH, 1).unwrap();
            object.detail = None;
            let text = serde_json::to_string(&object).unwrap();
            let events = read(&mut PipedRun::default(), text.as_bytes());
            match events.last() {
                Some(RunEvent::Found(_)) | None => left_out.push(object.kind),
                Some(RunEvent::Note { note, .. } | RunEvent::Gap { note, .. }) => {
                    let kind = |note: &Note| {
                        let event = DriverEvent::Note(Arc::new(target.id()), note.clone()).into();
                        EventObject::of(&event, None, &ids(), Timestamp::UNIX_EPOCH, 1).unwrap().kind
                    };
                    assert_eq!(kind(note), object.kind, "{text}");
                }
                Some(RunEvent::Ended(ending)) => assert!(ending.failed, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        use crate::session::event_object::EventKind;
        // How many lines there were, and what there was to tell of the run, no other field says.
        assert_eq!(left_out, [EventKind::Complete, EventKind::Notice]);
    }

    #[test]
    fn the_last_lines_and_the_order_of_time_are_known_when_all_was_read() {
        let line = |container: &str, stamps: &[i64]| {
            let lines: Vec<_> =
                stamps.iter().map(|stamp| (0, None, Line { stamp: Stamp(*stamp), text: "a".into() })).collect();
            printed(Format::Json, &target(container, None), &lines)
        };
        let text = [line("blast", &[5, 6]), line("results-export", &[1, 5, 9]), line("blast", &[2, 7])].concat();
        let arranged = |arrangement: Arrangement| {
            let events = arrangement.of(read(&mut PipedRun::default(), &text));
            let found = events.iter().rposition(|event| matches!(event, RunEvent::Found(_)));
            let first = events.iter().position(|event| matches!(event, RunEvent::Lines(_)));
            assert!(!arrangement.is_one() || first.is_none() || found < first, "containers are told first");
            lines_of(&events).iter().map(|(_, _, line)| line.stamp.0).collect::<Vec<_>>()
        };
        for (tail, by_time, stamps) in [
            (None, false, &[5, 6, 1, 5, 9, 2, 7][..]),
            (None, true, &[1, 2, 5, 5, 6, 7, 9]),
            (Some(1), false, &[9, 7]),
            (Some(2), false, &[5, 9, 2, 7]),
            (Some(2), true, &[2, 5, 7, 9]),
            (Some(0), false, &[]),
        ] {
            assert_eq!(arranged(Arrangement { tail, by_time }), stamps, "{tail:?} {by_time}");
        }
    }

    #[test]
    fn what_is_no_object_of_a_run_is_told() {
        for (text, part) in [
            ("", "EOF"),
            ("text", "expected"),
            ("{}", "missing field"),
            (r#"{"kind":"line","timestamp":"never"}"#, "as year"),
            ("[1]", "expected"),
            (
                r#"{"timestamp":"2026-11-24T12:58:26Z","namespace":"d","pod":"p","container":"c","role":"batch","phase":"running","message":"","message_base64":"!"}"#,
                "message_base64",
            ),
        ] {
            let mut events = Vec::new();
            let error = PipedRun::default().take(text.as_bytes(), &mut events).unwrap_err();
            assert!(events.is_empty() && !error.contains("at line"), "{text}: {error}");
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn text_that_is_no_object_is_a_line_of_a_container_of_its_own() {
        let (mut run, mut events) = (PipedRun::default(), Vec::new());
        run.foreign(b"plain", Stamp(5), &mut events);
        run.foreign(b"text", Stamp(6), &mut events);
        let [RunEvent::At(_), RunEvent::Found(found), RunEvent::Lines(batch)] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!((&*found.pod, &*found.container), ("stdin", "text"));
        assert_eq!(batch.lines.iter().map(|line| &line.text[..]).collect::<Vec<_>>(), [&b"plain"[..], b"text"]);
    }

    #[test]
    fn lines_from_before_since_are_left_out() {
        let line = |stamp| (0, None, Line { stamp: Stamp(stamp), text: "a".into() });
        let text = printed(Format::Json, &target("blast", None), &[line(1), line(2), line(3)]);
        let events = read(&mut PipedRun::new(ContainerFilter::default(), Some(Stamp(2))), &text);
        assert_eq!(lines_of(&events), [line(2), line(3)]);
    }

    #[test]
    fn it_is_told_which_containers_there_were_if_none_of_them_is_wanted() {
        let line = (0, None, Line { stamp: Stamp(1), text: "a".into() });
        let text = |container: &str| printed(Format::Json, &target(container, None), std::slice::from_ref(&line));
        let only = |name: &str| ContainerFilter {
            containers: vec![super::super::filter::whole(name).unwrap()],
            ..ContainerFilter::default()
        };
        let mut run = PipedRun::new(only("other"), None);
        assert_eq!(run.all_unwanted(), None, "there was none");
        read(&mut run, &text("blast"));
        assert_eq!(run.all_unwanted(), Some(vec!["blastn-batch-s03-job-000-3ed51a95-p9vp5/blast".to_owned()]));
        read(&mut run, &text("other"));
        assert_eq!(run.all_unwanted(), None);
    }

    #[test]
    fn a_second_job_has_the_containers_of_the_first_told_once_more() {
        let line = (0, None, Line { stamp: Stamp(1), text: "a".into() });
        let of = |job: Option<&str>| {
            let mut renderer = Renderer::new(RenderOptions { format: Format::Json, ..RenderOptions::default() });
            renderer.of_job(&JobIds { job: job.map(str::to_owned), row: None });
            let (source, mut out) = (renderer.introduce(&target("blast", None), "3ed51a95", None), Vec::new());
            renderer.line(&mut out, &source, line.0, line.1, &line.2);
            out
        };
        let mut run = PipedRun::default();
        let found = |events: &[RunEvent]| events.iter().filter(|event| matches!(event, RunEvent::Found(_))).count();
        for (job, times) in [
            (None, 1),
            (None, 0),
            (Some("1"), 1),
            (Some("1"), 0),
            (None, 0),
            (Some("2"), 1),
            (Some("1"), 1),
            (Some("2"), 0),
        ] {
            assert_eq!(found(&read(&mut run, &of(job))), times, "{job:?}");
        }
    }

    #[test]
    fn jobs_are_told_first_where_a_run_is_arranged_and_nothing_is_moved_where_it_is_not() {
        let job = |name: &str| RunEvent::Job(JobIds { job: Some(name.to_owned()), row: None });
        let found = |name: &str| RunEvent::Found(Arc::new(target(name, None)));
        let lines = || RunEvent::Notice(Notice::RowReadable);
        let events = vec![job("a"), found("x"), lines(), job("b"), found("y")];
        assert_eq!(Arrangement::default().of(events.clone()), events);
        let arranged = Arrangement { by_time: true, ..Arrangement::default() }.of(events);
        assert_eq!(arranged[..2], [job("a"), job("b")]);
        assert_eq!(arranged.last(), Some(&lines()), "containers are told before");
    }
}
