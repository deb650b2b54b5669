//! What is asked of a node and what is told then, against the test cluster's kubelet.

use std::{ops::Range, time::Duration};

use bytes::Bytes;
use futures::FutureExt;
use jiff::Timestamp;
use testcluster::{Access, Action, Cut, Kind, Rule, Stream as Written};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};

use super::{
    super::{
        event::{Output, ReadingStart, Scope},
        fixtures::{FOLLOW, OnePod, second},
    },
    *,
};
use crate::node_logs::NodeLogs;

/// A container that prints ten numbered lines a second.
struct Scene(OnePod);

/// A log as it was written: up to each of these numbers, where a new file begins, and to its end.
type Files<'a> = &'a [usize];

fn at(number: usize) -> Timestamp {
    let start: Timestamp = "2026-11-25T17:00:00Z".parse().unwrap();
    start + Duration::from_millis(100 * number as u64)
}

fn stamp(number: usize) -> Stamp {
    Stamp::from_timestamp(at(number)).unwrap()
}

fn line(number: usize) -> Line {
    Line { stamp: stamp(number), text: Bytes::from(format!("line {number}")) }
}

fn number(stamp: Stamp) -> i64 {
    (stamp.0 - self::stamp(0).0) / 100_000_000
}

impl Scene {
    async fn new(user: Access, instances: &[Files<'_>]) -> Scene {
        let scene = Scene(OnePod::started(user, at(0)).await);
        let pod = &scene.0.pod;
        for (instance, files) in instances.iter().enumerate() {
            if instance > 0 {
                pod.restart("blast");
            }
            let mut next = 0;
            for (file, end) in files.iter().enumerate() {
                if file > 0 {
                    pod.rotate("blast");
                }
                scene.print(std::mem::replace(&mut next, *end)..*end);
            }
        }
        scene
    }

    fn print(&self, numbers: Range<usize>) {
        for number in numbers {
            self.0.pod.print_at("blast", at(number), Written::Stdout, format!("line {number}"));
        }
    }

    /// Whoever may read the files of nodes, and a log of these files.
    async fn of(files: Files<'_>) -> Scene {
        Scene::new(Access::all(), &[files]).await
    }

    fn nodes(&self, wanted: NodeLogs) -> Arc<Nodes> {
        Arc::new(Nodes::new(&self.0.cluster, wanted))
    }

    async fn recovery(&self, nodes: &Arc<Nodes>, scope: Scope) -> (Recovery<mpsc::Sender<DriverEvent>>, Heard) {
        let (listener, heard) = mpsc::channel(1000);
        (Recovery::new(nodes.clone(), self.0.target().await, scope, None, listener), Heard(heard))
    }

    /// What is told when a follower's output is handed on, with the node's files where they are wanted and permitted.
    async fn told(&self, scope: Scope, mut out: Output) -> Vec<String> {
        let (mut recovery, mut heard) = self.recovery(&self.nodes(NodeLogs::Auto), scope).await;
        recovery.hand_on(&mut out).await.unwrap();
        heard.all()
    }
}

struct Heard(mpsc::Receiver<DriverEvent>);

impl Heard {
    /// In short words; lines of an instance that follow each other are one stretch.
    fn all(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        let mut lines: Option<(u32, Range<i64>)> = None;
        while let Ok(event) = self.0.try_recv() {
            let text = match event {
                DriverEvent::Lines(Batch { instance, lines: new, .. }) => {
                    for line in new {
                        let number = number(line.stamp);
                        assert_eq!(line.text, format!("line {number}"));
                        match &mut lines {
                            Some((restart, range)) if (*restart, range.end) == (instance.restart, number) => {
                                range.end += 1;
                            }
                            _ => all.extend(lines.replace((instance.restart, number..number + 1)).map(short)),
                        }
                    }
                    continue;
                }
                DriverEvent::Note(_, Note::Gap { restart, after, before }) => {
                    format!("gap {restart} {}..{:?}", number(after), before.map(number))
                }
                DriverEvent::Note(_, Note::StartsLate { first, .. }) => format!("late {}", number(first)),
                DriverEvent::Note(_, Note::GoneBefore { count }) => format!("gone before {count}"),
                DriverEvent::Note(_, Note::Unverified { restart, last, .. }) => {
                    format!("unverified {restart} {:?}", last.map(number))
                }
                DriverEvent::Note(_, Note::Unreadable { restart, last, .. }) => {
                    format!("unreadable {restart} {:?}", last.map(number))
                }
                DriverEvent::Note(_, Note::Unchecked { restart, .. }) => format!("unchecked {restart}"),
                DriverEvent::Note(_, Note::Lost { restart, .. }) => format!("lost {restart}"),
                DriverEvent::Note(_, Note::Gone { restart, .. }) => format!("gone {restart}"),
                DriverEvent::Note(_, note) => note.to_string(),
                DriverEvent::Complete { instance, lines, proof } => {
                    format!("complete {} {lines} {proof:?}", instance.restart)
                }
            };
            all.extend(lines.take().map(short));
            all.push(text);
        }
        all.extend(lines.map(short));
        all
    }
}

fn short((restart, range): (u32, Range<i64>)) -> String {
    format!("{restart}: {range:?}")
}

const OLDER: &str = "they are older than the files that node node1 keeps";
const NOT_PERMITTED: &str = "with permission to get nodes/proxy they could be read from node node1";
const NOT_KEPT: &str = "node node1 keeps no file of it any more";

/// A note on lines that are missing after those that were read, and the lines that came after it.
fn missing(note: Note, read: Range<usize>, after: Range<usize>) -> Output {
    let mut cursor = Cursor::default();
    read.for_each(|number| cursor.read(&line(number)));
    let mut out = Output::default();
    let restart = note.gap().or(note.open_end()).unwrap_or_default();
    out.missing(note, restart, &cursor);
    after.for_each(|number| out.line(line(number), restart));
    out
}

fn gap(read: usize, after: usize) -> Output {
    let note = Note::Gap { restart: 0, after: stamp(read - 1), before: Some(stamp(after)) };
    missing(note, 0..read, after..after + 5)
}

fn reason() -> String {
    "gone".to_owned()
}

/// A log whose oldest file that is left begins with line 20, since a node keeps five.
const CUT: Files = &[10, 20, 30, 40, 50, 60, 70];

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_is_filled_or_narrowed_to_what_no_file_has() {
    for (files, read, after, expected) in [
        (&[15, 30][..], 10, 20, vec!["0: 10..25"]),
        (CUT, 25, 40, vec!["0: 25..45"]),
        (CUT, 10, 40, vec!["0: 20..40", "gap 0 9..Some(20)", OLDER, "0: 40..45"]),
    ] {
        assert_eq!(Scene::of(files).await.told(FOLLOW, gap(read, after)).await, expected, "{files:?} {read} {after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recovered_of_a_gap_is_not_handed_on_again_with_the_next_one() {
    let scene = Scene::of(CUT).await;
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
    recovery.hand_on(&mut gap(15, 40)).await.unwrap();
    assert_eq!(heard.all(), ["0: 20..40", "gap 0 14..Some(20)", OLDER, "0: 40..45"]);
    // The follower knows what it has read itself: the first lines, and those behind the gap.
    let mut read = Cursor::default();
    (0..15).chain(40..45).for_each(|number| read.read(&line(number)));
    let mut out = Output::default();
    out.missing(Note::Gap { restart: 0, after: stamp(44), before: Some(stamp(60)) }, 0, &read);
    (60..65).for_each(|number| out.line(line(number), 0));
    recovery.hand_on(&mut out).await.unwrap();
    assert_eq!(heard.all(), ["0: 45..65"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_node_does_not_help_is_said_once_and_not_where_it_was_not_asked() {
    let scene = Scene::new(Access::all().deny("*", "nodes/proxy"), &[&[15, 30]]).await;
    let told = "gap 0 9..Some(20)";
    for (wanted, first, again) in [
        (NodeLogs::Auto, vec![told, NOT_PERMITTED, "0: 20..25"], vec![told, "0: 20..25"]),
        (NodeLogs::Never, vec![told, "0: 20..25"], vec![told, "0: 20..25"]),
    ] {
        let nodes = scene.nodes(wanted);
        for expected in [first, again] {
            let (mut recovery, mut heard) = scene.recovery(&nodes, FOLLOW).await;
            recovery.hand_on(&mut gap(10, 20)).await.unwrap();
            assert_eq!(heard.all(), expected, "{wanted:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_log_is_handed_on_and_what_was_told_is_no_longer_true() {
    let unverified = |last| Note::Unverified { restart: 0, last, reason: reason() };
    let unreadable = |last| Note::Unreadable { restart: 0, last, reason: reason() };
    let ten = Some(stamp(9));
    for (files, note, read, expected) in [
        (&[15, 30][..], unverified(ten), 10, vec!["0: 10..30"]),
        (&[15, 30], unreadable(ten), 10, vec!["0: 10..30"]),
        (&[15, 30], Note::Unchecked { restart: 0, reason: reason() }, 10, vec!["0: 10..30"]),
        (&[15, 30], Note::Gap { restart: 0, after: stamp(9), before: None }, 10, vec!["0: 10..30"]),
        (&[30], Note::Lost { restart: 0, reason: reason() }, 0, vec!["0: 0..30"]),
        (&[30], Note::Gone { restart: 0, reason: reason() }, 0, vec!["0: 0..30"]),
        (&[30], unverified(None), 0, vec!["0: 0..30"]),
        (CUT, unverified(ten), 10, vec!["0: 20..70", "gap 0 9..Some(20)", OLDER]),
        (
            CUT,
            Note::Gap { restart: 0, after: stamp(9), before: None },
            10,
            vec!["0: 20..70", "gap 0 9..Some(20)", OLDER],
        ),
    ] {
        let scene = Scene::of(files).await;
        assert_eq!(scene.told(FOLLOW, missing(note.clone(), 0..read, 0..0)).await, expected, "{files:?} {note:?}");
    }
    // Of which only files are left: those that were removed may have had more.
    let begins = "the log of instance 0 was read from its node's files, which start at 2026-11-25T17:00:02Z: earlier lines may have \
                  been rotated away";
    for note in [Note::Lost { restart: 0, reason: reason() }, unverified(None)] {
        let told = Scene::of(CUT).await.told(FOLLOW, missing(note.clone(), 0..0, 0..0)).await;
        assert_eq!(told, ["0: 20..70", begins], "{note:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_node_has_nothing_it_is_told_what_the_follower_told() {
    let scene = Scene::of(&[30]).await;
    scene.0.pod.remove_log("blast");
    let last = Some(stamp(9));
    for (note, expected) in [
        (Note::Unverified { restart: 0, last, reason: reason() }, vec!["unverified 0 Some(9)", NOT_KEPT]),
        (Note::Unreadable { restart: 0, last, reason: reason() }, vec!["unreadable 0 Some(9)", NOT_KEPT]),
        (Note::Unchecked { restart: 0, reason: reason() }, vec!["unchecked 0", NOT_KEPT]),
        (Note::Lost { restart: 0, reason: reason() }, vec!["lost 0", NOT_KEPT]),
        (Note::Gone { restart: 0, reason: reason() }, vec!["gone 0"]),
        (Note::Started(0), vec!["started"]),
    ] {
        assert_eq!(scene.told(FOLLOW, missing(note.clone(), 0..10, 0..0)).await, expected, "{note:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_instances_that_were_gone_those_are_handed_on_that_the_node_has() {
    let scene = Scene::new(Access::all(), &[&[10], &[20], &[30]]).await;
    let kept: Vec<u32> = scene.0.pod.kept("blast").into_iter().map(|(instance, _)| instance).collect();
    assert!(kept.contains(&1) && kept.contains(&2), "{kept:?}");
    let gone = |count| Output { notes: vec![Note::GoneBefore { count }], ..Output::default() };
    let told = scene.told(FOLLOW, gone(2)).await;
    let expected = if kept.contains(&0) { vec!["0: 0..10", "1: 0..20"] } else { vec!["1: 0..20", "gone before 1"] };
    assert_eq!(told, expected);
    let nobody = Scene::new(Access::all().deny("*", "nodes/proxy"), &[&[10], &[20], &[30]]).await;
    assert_eq!(nobody.told(FOLLOW, gone(2)).await, ["gone before 2"]);
    let all = Scene::new(Access::all(), &[&[10], &[20]]).await;
    assert_eq!(all.told(FOLLOW, gone(1)).await, ["0: 0..10"]);
    let empty = Scene::new(Access::all(), &[&[0], &[20]]).await;
    assert!(empty.told(FOLLOW, gone(1)).await.is_empty(), "there was nothing in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_an_instances_end_is_what_is_known_of_it_in_the_end() {
    let unchecked = || Note::Unchecked { restart: 0, reason: reason() };
    let unverified = || Note::Unverified { restart: 0, last: None, reason: reason() };
    let full = Scene::of(&[30]).await;
    let removed = Scene::of(&[30]).await;
    removed.0.pod.remove_log("blast");
    for (scene, note, proof, complete) in [
        (&full, None, Some(Proof::Checked), Some("complete 0 0 Checked")),
        (&full, None, Some(Proof::Empty), Some("complete 0 0 Empty")),
        (&full, Some(unchecked()), Some(Proof::StreamEnded), Some("complete 0 30 NodeFiles")),
        (&full, Some(unverified()), None, Some("complete 0 30 NodeFiles")),
        (&removed, Some(unchecked()), Some(Proof::StreamEnded), Some("complete 0 0 StreamEnded")),
        (&removed, Some(unchecked()), Some(Proof::Rotated), Some("complete 0 0 Rotated")),
        (&removed, Some(unchecked()), None, None),
        (&removed, Some(unverified()), None, None),
    ] {
        let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
        if let Some(note) = note.clone() {
            recovery.hand_on(&mut missing(note, 0..0, 0..0)).await.unwrap();
        }
        heard.all();
        recovery.seal(Seal { restart: 0, proof }).await.unwrap();
        assert_eq!(heard.all(), complete.into_iter().collect::<Vec<_>>(), "{note:?} {proof:?}");
        if complete.is_some() {
            recovery.seal(Seal { restart: 0, proof: Some(Proof::Checked) }).await.unwrap();
            assert_eq!(heard.all(), ["complete 0 0 Checked"], "what was told before is forgotten");
        }
    }
}

fn begun(scope: Scope, first: Range<usize>) -> Output {
    let start = ReadingStart {
        restart: 0,
        started: Some(stamp(0)),
        tail: scope.tail,
        previous: false,
        silent: Duration::ZERO,
        waited: false,
    };
    let mut out = Output { start: Some(start), ..Output::default() };
    first.for_each(|number| out.line(line(number), 0));
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_rotated_away_before_the_first_look_is_read_from_the_node() {
    let since = |number| Scope { since: Some(stamp(number)), ..FOLLOW };
    let tail = |tail| Scope { tail: Some(tail), ..FOLLOW };
    for (files, scope, first, expected) in [
        (&[30][..], FOLLOW, 0, vec!["0: 0..30"]),
        (&[20, 30], FOLLOW, 20, vec!["0: 0..30"]),
        (CUT, FOLLOW, 60, vec!["0: 20..60", "late 20", OLDER, "0: 60..70"]),
        (&[20, 30], since(2), 20, vec!["0: 2..30"]),
        (CUT, since(30), 60, vec!["0: 30..70"]),
        (CUT, since(62), 62, vec!["0: 62..70"]),
        (CUT, since(2), 60, vec!["0: 20..60", "late 20", OLDER, "0: 60..70"]),
        // Not late, and not so fast that a file can have been filled before.
        (&[5, 30], FOLLOW, 5, vec!["0: 5..30"]),
        (&[20, 25], tail(12), 20, vec!["0: 13..25"]),
        (&[20, 25], tail(3), 22, vec!["0: 22..25"]),
        (CUT, tail(60), 60, vec!["0: 20..60", "late 20", OLDER, "0: 60..70"]),
        (CUT, tail(50), 60, vec!["0: 20..70"]),
    ] {
        let last = *files.last().unwrap();
        let told = Scene::of(files).await.told(scope, begun(scope, first..last)).await;
        assert_eq!(told, expected, "{files:?} {scope:?} {first}");
    }
}

/// Whatever files have from before what is wanted shows that nothing of it was rotated away.
#[tokio::test(flavor = "multi_thread")]
async fn a_silence_that_files_reach_back_over_is_no_late_start() {
    let scene = Scene::of(&[10, 20, 30, 40, 50]).await;
    scene.print(100..110);
    let since = Scope { since: Some(stamp(70)), ..FOLLOW };
    assert_eq!(scene.told(since, begun(since, 100..110)).await, ["0: 100..110"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_newest_file_has_as_many_lines_as_are_wanted_no_other_is_read() {
    let (scene, tail) = (Scene::of(&[20, 25]).await, Scope { tail: Some(3), ..FOLLOW });
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), tail).await;
    let read = || scene.0.server.counts().requests(testcluster::Kind::NodeFile);
    let last: Vec<Line> = (22..25).map(line).collect();
    assert_eq!(recovery.count_from(0, &last, 3).await, Some(3));
    let counted = read();
    recovery.hand_on(&mut begun(tail, 22..25)).await.unwrap();
    assert_eq!((heard.all(), read()), (vec!["0: 22..25".to_owned()], 2 * counted), "they are counted, and that is all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_the_files_do_not_have_is_left_as_it_is() {
    let scene = Scene::of(&[20, 25]).await;
    let tail = Scope { tail: Some(12), ..FOLLOW };
    assert_eq!(scene.told(tail, begun(tail, 100..105)).await, ["0: 100..105"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_lines_of_a_log_that_is_gone_are_as_many_as_are_wanted() {
    let tail = Scope { tail: Some(3), ..FOLLOW };
    let lost = || missing(Note::Lost { restart: 0, reason: reason() }, 0..0, 0..0);
    let scene = Scene::of(&[30]).await;
    assert_eq!(scene.told(tail, lost()).await, ["0: 27..30"]);
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), tail).await;
    recovery.any = true;
    recovery.hand_on(&mut lost()).await.unwrap();
    assert_eq!(heard.all(), ["0: 0..30"], "of the instances after the first, all are");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_line_without_end_is_one_where_nothing_came_after() {
    let scene = Scene::of(&[15, 30]).await;
    scene.0.pod.chunk("blast", at(30), Written::Stdout, true, b"line 30");
    let lost = missing(Note::Lost { restart: 0, reason: reason() }, 0..0, 0..0);
    assert_eq!(scene.told(FOLLOW, lost).await[0], "0: 0..31");
    let told = scene.told(FOLLOW, gap(10, 45)).await;
    let away = "they cannot be read from node node1 either: its files were rotated away while they were read";
    assert_eq!(told, ["0: 10..30", "gap 0 29..Some(45)", away, "0: 45..50"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_lines_that_come_later_is_told_after_those_before() {
    let scene = Scene::of(&[30]).await;
    scene.0.pod.remove_log("blast");
    let out = |restart, note: Note| Output { restart, ..missing(note, 0..0, 0..0) };
    let lost = |restart| Note::Lost { restart, reason: reason() };
    for (note, expected) in [
        (lost(1), ["1: 0..5", "lost 1"]),
        (lost(2), ["1: 0..5", "lost 2"]),
        (lost(0), ["lost 0", "1: 0..5"]),
        (Note::Started(1), ["started again (restart 1)", "1: 0..5"]),
    ] {
        let mut out = out(1, note.clone());
        (0..5).for_each(|number| out.lines.push(line(number)));
        let told: Vec<String> = scene.told(FOLLOW, out).await.into_iter().filter(|text| text != NOT_KEPT).collect();
        assert_eq!(told, expected, "{note:?}");
    }
}

/// Lines of a KiB each.
fn large(out: &mut Output, numbers: Range<usize>) {
    let text = Bytes::from(vec![b'x'; 1024]);
    numbers.for_each(|number| out.line(Line { stamp: stamp(number), text: text.clone() }, 0));
}

/// What is told of the beginning of a log whose first lines are these, a KiB each, besides them.
async fn judged(scene: &Scene, scope: Scope, previous: bool, first: usize, lines: usize) -> Vec<String> {
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), scope).await;
    let mut out = begun(scope, 0..0);
    out.start = out.start.map(|start| ReadingStart { previous, ..start });
    large(&mut out, first..first + lines);
    recovery.hand_on(&mut out).await.unwrap();
    let mut notes = Vec::new();
    while let Ok(event) = heard.0.try_recv() {
        if let DriverEvent::Note(_, note) = event {
            notes.push(match note {
                Note::StartsLate { first, .. } => format!("late {}", number(first)),
                note => note.to_string(),
            });
        }
    }
    notes
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_permitted_the_rate_tells_whether_a_file_may_have_been_before() {
    let viewer = || Access::all().deny("*", "nodes/proxy");
    let scene = Scene::new(viewer(), &[&[30]]).await;
    let late = ["late 2000".to_owned(), NOT_PERMITTED.to_owned()];
    assert_eq!(judged(&scene, FOLLOW, false, 2000, 100).await, late, "10 KiB a second, for 200 s");
    assert!(judged(&scene, FOLLOW, false, 200, 100).await.is_empty(), "for 20 s");
    assert!(judged(&scene, FOLLOW, false, 2000, 50).await.is_empty(), "too little was read");
    // The newest file reaches back, or does not.
    let since = |number| Scope { since: Some(stamp(number)), ..FOLLOW };
    assert!(judged(&scene, since(500), false, 2000, 100).await.is_empty());
    let later = Scene::new(viewer(), &[&[30], &[0]]).await;
    later.print(600..610);
    for (since_when, previous, late) in
        [(500, false, true), (600, false, true), (601, false, false), (500, true, false)]
    {
        let told = judged(&later, since(since_when), previous, 2000, 100).await;
        assert_eq!(!told.is_empty(), late, "{since_when} {previous}: {told:?}");
    }
    // A stamp is all that is asked for, however large the log is.
    let asked = later.0.server.requests();
    let logs: Vec<_> = asked.iter().filter(|request| request.contains("/log?")).collect();
    assert!(!logs.is_empty() && logs.iter().all(|request| request.contains("limitBytes=")), "{logs:?}");
}

/// Lines of a MiB each, the first a second after the container's start, which came fast.
async fn outrun(scene: &Scene) -> Vec<String> {
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
    let nanos = |nanos: i64| Stamp(stamp(10).0 + nanos);
    let text = Bytes::from(vec![b'x'; 1 << 20]);
    for range in [0..1, 1..10] {
        let mut out = if range.start == 0 { begun(FOLLOW, 0..0) } else { Output::default() };
        range.for_each(|number| {
            out.line(
                Line {
                    stamp: nanos(100_000_000 * number),
                    text: text.slice(..if number == 0 { 1 } else { text.len() }),
                },
                0,
            )
        });
        recovery.hand_on(&mut out).await.unwrap();
    }
    let mut notes = Vec::new();
    while let Ok(event) = heard.0.try_recv() {
        if let DriverEvent::Note(_, note) = event {
            notes.push(note.to_string());
        }
    }
    notes
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_came_so_fast_that_a_file_may_have_been_filled_before_are_told_unless_it_was_never_rotated() {
    assert!(outrun(&Scene::of(&[30]).await).await.is_empty());
    let told = outrun(&Scene::of(&[15, 30]).await).await;
    assert!(told.len() == 2 && told[1].contains("it showed only when later lines had been printed"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_whether_the_files_may_be_read() {
    for (user, may) in [(Access::all(), true), (Access::all().deny("*", "nodes/proxy"), false)] {
        let scene = Scene::new(user, &[&[3]]).await;
        assert_eq!(scene.nodes(NodeLogs::Auto).may_read().await.unwrap(), may);
    }
}

/// A server that wants to be left alone says so at the first answer, not when all tries are in vain.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_answered_with_a_wish_to_be_left_alone_nobody_asks_on() {
    for kind in [Kind::Log, Kind::NodeFile, Kind::List] {
        let scene = Scene::of(&[15, 30]).await;
        let busy = Action::Answer { code: 429, retry_after: Some(30) };
        let (mut recovery, _heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
        scene.0.server.faults().push(Rule::new(move |call| call.kind == kind, busy));
        let asked = async {
            match kind {
                Kind::Log => drop(recovery.newest_begins(false).await),
                _ => drop(recovery.open(0, None).await),
            }
            // It may have given up by now.
            std::future::pending::<()>().await;
        };
        let heeded = async {
            while scene.0.cluster.limiter().enter(true).now_or_never().is_some() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        let first = async {
            tokio::select! { () = asked => {}, () = heeded => {} }
        };
        timeout(second(10), first).await.unwrap_or_else(|_| panic!("{kind:?}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_log_begins_is_not_waited_for_without_end() {
    let scene = Scene::of(&[30]).await;
    let nodes = Arc::new(Nodes::new(&scene.0.cluster.impatient(), NodeLogs::Auto));
    let (recovery, _heard) = scene.recovery(&nodes, FOLLOW).await;
    assert_eq!(recovery.newest_begins(false).await, Some(stamp(0)));
    let stall = Action::Cut { after: 10, how: Cut::Stall };
    scene.0.server.faults().push(Rule::new(|call| call.kind == Kind::Log, stall));
    assert_eq!(timeout(second(5), recovery.newest_begins(false)).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_late_because_it_was_opened_late_is_told_at_once_without_the_node() {
    let scene = Scene::new(Access::all().deny("*", "nodes/proxy"), &[&[100]]).await;
    let start = |waited, silent| {
        let mut out = begun(FOLLOW, 30..40);
        out.start = out.start.map(|start| ReadingStart { waited, silent, ..start });
        out
    };
    let late = vec!["late 30", NOT_PERMITTED, "0: 30..40"];
    assert_eq!(scene.told(FOLLOW, start(true, second(0))).await, late);
    assert_eq!(scene.told(FOLLOW, start(false, second(0))).await, ["0: 30..40"], "many a program is silent at first");
    assert_eq!(scene.told(FOLLOW, start(true, second(2))).await, ["0: 30..40"], "it lay open meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_asked_for_only_while_the_pod_is_the_one_that_is_read() {
    let scene = Scene::of(&[15, 30]).await;
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
    Arc::make_mut(&mut recovery.target).uid = "another".to_owned();
    recovery.hand_on(&mut gap(10, 20)).await.unwrap();
    assert_eq!(
        heard.all()[..2],
        ["gap 0 9..Some(20)", "they cannot be read from node its node either: it is not known"]
    );
    // It was told where the container runs, and need not ask for the pod.
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
    scene.0.server.add_user("user", "user", Access::all().deny("list", "pods"));
    recovery.hand_on(&mut gap(10, 20)).await.unwrap();
    assert_eq!(heard.all()[0], "gap 0 9..Some(20)");
    for node in [None, Some("node1"), Some("node9")] {
        recovery.runs_on(node);
    }
    recovery.hand_on(&mut gap(10, 20)).await.unwrap();
    assert_eq!(heard.all(), ["0: 10..25"], "the first word counts: a pod does not move");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_to_be_shown_is_handed_on_whatever_was_read() {
    let scene = Scene::of(&[15, 30]).await;
    let (mut recovery, mut heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
    recovery.shown = Some(stamp(12));
    recovery.hand_on(&mut gap(10, 20)).await.unwrap();
    recovery.seal(Seal { restart: 0, proof: Some(Proof::Checked) }).await.unwrap();
    assert_eq!(heard.all(), ["0: 12..25", "complete 0 13 Checked"]);
    let mut old = Output::default();
    old.line(line(3), 0);
    recovery.hand_on(&mut old).await.unwrap();
    assert!(heard.all().is_empty(), "no empty batch");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_several_instances_are_handed_on_as_what_they_are() {
    let scene = Scene::of(&[30]).await;
    let mut out = Output::default();
    for (number, restart) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        out.line(line(number), restart);
    }
    assert_eq!(scene.told(FOLLOW, out).await, ["0: 0..2", "1: 0..2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ended_is_noticed_even_when_there_is_nothing_to_say() {
    let scene = Scene::of(&[30]).await;
    let (mut recovery, heard) = scene.recovery(&scene.nodes(NodeLogs::Auto), FOLLOW).await;
    assert_eq!(recovery.hand_on(&mut Output::default()).await, Ok(()));
    drop(heard);
    assert_eq!(recovery.hand_on(&mut Output::default()).await, Err(Unheard));
}
