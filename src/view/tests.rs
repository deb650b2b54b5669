//! The view as a whole: what it shows at several sizes, and that nothing that happens is too odd for it.

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};
use serde_json::{Value, json};

use super::{
    film::Moment,
    pane::Subject,
    scrollback::tests::InMemory,
    state::{Focus, RunState},
    table::RowsOf,
    *,
};
use crate::{
    cluster::UsageByPod,
    doctor::{Code, Finding, Report},
    follow::{drive::Batch, note::Note},
    k8s::{ContainerId, InstanceId, Line, Pod, Stamp, Usage, targets},
    overview::{RowState, Standing},
    render::{JobIds, Masking, Theme, Transforms},
    session::{Notice, RunEvent, ending::Ending},
};

const ID: &str = "job-429825360482416da20736cf3ed51a95";
/// 2026-11-24T12:00:00Z.
const BEGAN: i64 = 1_795_521_600;
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn second(second: i64) -> Stamp {
    Stamp((BEGAN + second) * 1_000_000_000)
}

fn time(at: i64) -> Value {
    second(at).to_timestamp().to_string().into()
}

fn pod(name: &str, node: &str, containers: Value, phase: &str) -> Pod {
    let names: Vec<Value> =
        containers.as_array().unwrap().iter().map(|status| json!({"name": status["name"]})).collect();
    let statuses = if phase == "Pending" { json!([]) } else { containers };
    serde_json::from_value(json!({
        "metadata": {"name": name, "uid": name, "namespace": "default", "creationTimestamp": time(0)},
        "spec": {"containers": names, "nodeName": if phase == "Pending" { "" } else { node }},
        "status": {"phase": phase, "containerStatuses": statuses},
    }))
    .unwrap()
}

fn waits(name: &str) -> Value {
    json!({"name": name, "state": {"waiting": {"reason": "PodInitializing"}}})
}

fn runs(name: &str, at: i64) -> Value {
    json!({"name": name, "ready": true, "state": {"running": {"startedAt": time(at)}}})
}

fn ended(name: &str, from: i64, to: i64, code: i32) -> Value {
    let reason = if code == 0 { "Completed" } else { "Error" };
    let terminated = json!({"startedAt": time(from), "finishedAt": time(to), "exitCode": code, "reason": reason, "containerID": "x"});
    json!({"name": name, "state": {"terminated": terminated}})
}

fn batch(shard: usize) -> String {
    format!("blastn-batch-s{shard:02}-job-000-3ed51a95-x{shard:04}")
}

fn of(pod: &str, container: &str) -> InstanceId {
    let container = ContainerId { uid: pod.to_owned(), container: container.to_owned() };
    InstanceId { container: Arc::new(container), restart: 0 }
}

fn lines(of: &InstanceId, lines: &[(i64, String)]) -> ViewNews {
    let line = |(at, text): &(i64, String)| Line { stamp: second(*at), text: text.clone().into() };
    let lines = lines.iter().map(line).collect();
    ViewNews::Event(RunEvent::Lines(Batch { instance: of.clone(), stream: None, lines }))
}

fn empty(size: (u16, u16)) -> View {
    let log = Scrollback::new(ScrollbackLimits { memory: 4, file: 64 }, Some(Box::new(InMemory::default())));
    View::new(log, Transforms::default().then(Masking::default()), Look::default(), size)
}

fn tell(view: &mut View, pod: &Pod) {
    for target in targets(pod) {
        view.take(ViewNews::Event(RunEvent::Found(Arc::new(target))));
    }
    view.take(ViewNews::Pod(Box::new(pod.clone())));
}

/// What a container printed, with the seconds.
type Printed = (&'static str, Vec<(i64, String)>);

/// What is told of the incident's job at second 100: a shard is done, one uploads, two search, one has failed.
fn story() -> Vec<(Pod, Vec<Printed>)> {
    let text = |at: i64, text: &str| (at, text.to_owned());
    let search = |from: i64, query: i64| -> Vec<(i64, String)> {
        let mut all =
            vec![text(from, "BASH version 5.2.21(1)-release"), text(from, "run start 000 blastn core_nt_shard_03")];
        all.extend((0..query).map(|at| {
            (
                from + 1 + at,
                format!(
                    "Warning: [blastn] Query_{at} contig_{at}: Could not calculate ungapped Karlin-Altschul parameters"
                ),
            )
        }));
        all
    };
    let setup = |node: i64| {
        let name = format!("init-ssd-3ed51a95-{node}-7vvqw");
        let statuses = json!([ended("get-blastdb", 2, 14, 0), ended("import-query-batches", 2, 5, 0)]);
        let printed = vec![
            text(3, &format!("Shard download: idx={node:02} prefix=core_nt_shard_{node:02} db=core_nt")),
            text(14, "Tue Nov 24 12:00:14 UTC 2026 RUNTIME download-core_nt 12.5 seconds"),
        ];
        (pod(&name, &format!("aks-blast-{node}"), statuses, "Succeeded"), vec![("get-blastdb", printed)])
    };
    let both = |blast: Value, export: Value| json!([blast, export]);
    let mut done = search(20, 30);
    done.extend([text(60, "RUNTIME blast-job-000 40.000000 seconds"), text(60, "run end 000 0")]);
    let mut failed = search(22, 2);
    failed.extend([
        text(30, "BLAST Database error: No alias or index file found for nucleotide database [core_nt_shard_04]"),
        text(30, "run end 000 2"),
    ]);
    let uploads = vec![
        text(
            61,
            "+ azcopy cp batch_000.out.gz https://acct.blob.core.windows.net/results/x?sv=2024&sig=abcDEF123%2Bsecret%3D",
        ),
        text(70, "55.0 %, 3 Done, 0 Failed, 2 Pending, 0 Skipped, 5 Total, 2-sec Throughput (Mb/s): 812.3"),
    ];
    let mut story: Vec<_> = (0..5).map(setup).collect();
    story.push((
        pod(&batch(0), "aks-blast-0", both(ended("blast", 20, 60, 0), ended("results-export", 20, 75, 0)), "Succeeded"),
        vec![
            ("blast", done),
            ("results-export", vec![text(75, "INFO: azcopy upload completed batch_000-blastn-s00.out.gz")]),
        ],
    ));
    story.push((
        pod(&batch(1), "aks-blast-1", both(ended("blast", 20, 60, 0), runs("results-export", 20)), "Running"),
        vec![("blast", search(20, 5)), ("results-export", uploads)],
    ));
    for shard in [2, 3] {
        let statuses = both(runs("blast", 21), runs("results-export", 21));
        story.push((
            pod(&batch(shard), &format!("aks-blast-{shard}"), statuses, "Running"),
            vec![("blast", search(21, 70))],
        ));
    }
    story.push((
        pod(&batch(4), "aks-blast-4", both(ended("blast", 22, 30, 2), ended("results-export", 22, 31, 2)), "Failed"),
        vec![("blast", failed)],
    ));
    let finalizer = json!([runs("finalizer", 16)]);
    let waits_for =
        vec![text(16, "ElasticBLAST Finalizer started"), text(17, "Detected 5 BLAST job(s); waiting for completion")];
    story.push((
        pod("elb-finalizer-3ed51a95-kb79l", "aks-system-0", finalizer, "Running"),
        vec![("finalizer", waits_for)],
    ));
    story
}

fn told(view: &mut View) {
    view.tick(second(100));
    view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
    view.take(ViewNews::Row(RowState { status: Some("running".to_owned()), phase: Some("running".to_owned()) }));
    let story = story();
    for (pod, _) in &story {
        tell(view, pod);
    }
    for (pod, logs) in story {
        for (container, printed) in logs {
            view.take(lines(&of(pod.uid(), container), &printed));
        }
    }
    view.tick(second(101));
}

fn incident(size: (u16, u16)) -> View {
    let mut view = empty(size);
    told(&mut view);
    view
}

fn report() -> Box<Report> {
    let problem = Finding::problem(Code::ALL[0], "3 pods have no node: not enough memory on any node")
        .evidence("blastn-batch-s00-job-000-3ed51a95-xrvsf: 0/3 nodes are available: 3 Insufficient memory.")
        .next("kubectl -n default describe nodes");
    let note = Finding::note(Code::ALL[1], "the row is 12 minutes old").advice("nothing needs to be done");
    Box::new(Report {
        job: Some(ID.to_owned()),
        row: None,
        cluster: None,
        namespace: None,
        healthy: false,
        summary: "x".to_owned(),
        checks: Vec::new(),
        findings: vec![problem, note],
        exit_code: 9,
        exit: crate::exit::Exit::ProblemFound,
        has_pods: true,
    })
}

fn screen(view: &View) -> String {
    let (width, height) = view.size();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view)).unwrap();
    terminal.backend().to_string()
}

fn press(view: &mut View, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\x1b' => KeyCode::Esc,
            c => KeyCode::Char(c),
        };
        effects.extend(view.input(Event::Key(KeyEvent::new(code, KeyModifiers::NONE))));
        view.tick(second(101));
    }
    view.refresh();
    effects
}

/// A job of so many batches, each of which stands as its number says.
fn many(count: usize, size: (u16, u16)) -> View {
    let mut view = empty(size);
    view.tick(second(100));
    view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
    for number in 0..count {
        let name = format!("blastn-batch-nt-job-{number:03}-3ed51a95-x{number:04}");
        let statuses = match number {
            _ if number % 97 == 13 => json!([ended("blast", 10, 40, 1), ended("results-export", 10, 41, 1)]),
            _ if number < count / 2 => {
                json!([ended("blast", 10, 40 + (number % 30) as i64, 0), ended("results-export", 10, 80, 0)])
            }
            _ if number < count * 6 / 10 => json!([runs("blast", 60), runs("results-export", 60)]),
            _ => json!([waits("blast"), waits("results-export")]),
        };
        let phase = if number < count * 6 / 10 { "Running" } else { "Pending" };
        tell(&mut view, &pod(&name, &format!("aks-{}", number % 40), statuses, phase));
    }
    view.tick(second(101));
    view.refresh();
    view
}

/// Makes the view that is shown at a size.
type Make = fn((u16, u16)) -> View;

fn screens() -> Vec<(&'static str, Make)> {
    fn pressed(size: (u16, u16), keys: &str) -> View {
        let mut view = incident(size);
        press(&mut view, keys);
        view
    }
    vec![
        ("empty", |size| {
            let mut view = empty(size);
            view.tick(second(1));
            view
        }),
        ("containers", incident),
        ("pods", |size| pressed(size, "2")),
        ("batches", |size| pressed(size, "3")),
        ("heat", |size| {
            let mut view = many(1000, size);
            press(&mut view, "3jjj");
            view
        }),
        ("usage", |size| {
            let mut view = incident(size);
            let used = Usage { cpu: 7900, memory: 12 << 30 };
            let usage: UsageByPod = [(batch(2), [("blast".to_owned(), used)].into())].into();
            view.take(ViewNews::Usage(Some(usage)));
            press(&mut view, "sssss");
            view
        }),
        ("sorted_and_filtered", |size| pressed(size, "sSofs0\n")),
        ("log", |size| pressed(size, "jj\n")),
        ("log_wrapped", |size| pressed(size, "zwT")),
        ("search", |size| pressed(size, "/query_7\nN")),
        ("search_typed", |size| pressed(size, "/run (start|end")),
        ("filter", |size| pressed(size, "&run \n")),
        ("problems", |size| pressed(size, "xe")),
        ("stopped", |size| pressed(size, "p\tkkk")),
        ("keys", |size| pressed(size, "?")),
        ("findings", |size| {
            let mut view = incident(size);
            view.take(ViewNews::Examined(Ok(report())));
            press(&mut view, "d");
            view
        }),
        ("gap", |size| {
            let mut view = incident(size);
            view.take(ViewNews::Examined(Ok(report())));
            let gap = Note::Gap { restart: 0, after: second(30), before: Some(second(40)) };
            view.take(ViewNews::Event(RunEvent::Gap { instance: of(&batch(2), "blast"), note: gap }));
            view.tick(second(102));
            view.refresh();
            view
        }),
        ("ended", |size| {
            let mut view = incident(size);
            view.take(ViewNews::Event(RunEvent::Ended(Ending { failed: true, pods: 11 })));
            view.take(ViewNews::Over(Ok(())));
            view.tick(second(103));
            view.refresh();
            view
        }),
        ("broken", |size| {
            let mut view = incident(size);
            view.take(ViewNews::Over(Err("cannot reach the cluster 127.0.0.1:6443: connection refused".to_owned())));
            view.tick(second(103));
            view
        }),
        ("save", |size| pressed(size, "W")),
        ("ascii", |size| {
            let mut view = incident(size);
            view.look = Look { theme: Theme::ColorBlind, signs: Signs::Ascii };
            press(&mut view, "3");
            view
        }),
        ("archive", |size| archived(size, "{{{")),
    ]
}

/// The same job from an archive.
fn archived(size: (u16, u16), keys: &str) -> View {
    archived_and_drawn(size, keys, usize::MAX, SAVED)
}

/// When the archive was made, by one look.
const SAVED: i64 = 95;

/// The same, drawn each time so many things were told; its pods were looked at then.
fn archived_and_drawn(size: (u16, u16), keys: &str, each: usize, saved: i64) -> View {
    let mut view = empty(size).of_archive();
    let mut count = 0;
    let mut take = |view: &mut View, news: ViewNews| {
        view.take(news);
        count += 1;
        if count % each == 0 {
            view.tick(second(1000));
            view.refresh();
        }
    };
    take(&mut view, ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
    let story = story();
    for (pod, _) in &story {
        for target in targets(pod) {
            take(&mut view, ViewNews::Event(RunEvent::Found(Arc::new(target))));
        }
        take(&mut view, ViewNews::At(second(saved), Moment::Pod(Box::new(pod.clone()))));
    }
    let mut all: Vec<(i64, InstanceId, String)> = Vec::new();
    for (pod, logs) in story {
        for (container, printed) in logs {
            all.extend(printed.into_iter().map(|(at, text)| (at, of(pod.uid(), container), text)));
        }
    }
    all.sort_by_key(|(at, ..)| *at);
    for (at, of, text) in all {
        take(&mut view, lines(&of, &[(at, text)]));
    }
    take(&mut view, ViewNews::Over(Ok(())));
    while view.tick(second(1000)) {}
    view.refresh();
    press(&mut view, keys);
    while view.tick(second(1001)) {}
    view.refresh();
    view
}

/// Shows a second of an archive.
fn seek(view: &mut View, at: i64) {
    let (from, to) = view.film.as_ref().unwrap().extent();
    let part = (second(at).0 - from.0) as f64 / (to.0 - from.0) as f64;
    let film = view.film.as_mut().unwrap();
    film.seek(part, &mut view.overview);
    while view.tick(second(1001)) {}
    view.refresh();
}

#[test]
fn at_each_moment_of_an_archive_containers_are_what_they_were_then() {
    // Whether they were looked at once after all, or in between too.
    for looks in [vec![SAVED], vec![40, SAVED], vec![1, 15, 25, 61, 70, SAVED]] {
        let mut view = empty((120, 40)).of_archive();
        view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
        let pods: Vec<Pod> = story().into_iter().map(|(pod, _)| pod).collect();
        for look in looks {
            for (number, pod) in pods.iter().enumerate() {
                let mut pod = crate::k8s::as_it_was::pod_at(pod, second(look));
                if made(number) > look {
                    continue;
                }
                pod.metadata.creation_timestamp = Some(jiff_time(made(number)));
                for target in targets(&pod) {
                    view.take(ViewNews::Event(RunEvent::Found(Arc::new(target))));
                }
                view.take(ViewNews::At(second(look), Moment::Pod(Box::new(pod))));
            }
        }
        view.take(ViewNews::Over(Ok(())));
        while view.tick(second(1000)) {}
        for at in (1..SAVED).chain((1..SAVED).rev().step_by(7)) {
            seek(&mut view, at);
            let shown = view.overview.containers();
            let there = pods.iter().enumerate().filter(|(number, _)| made(*number) <= at);
            let expected: Vec<_> = there
                .flat_map(|(_, pod)| pod.status.container_statuses.iter().map(move |it| (pod.name(), it)))
                .collect();
            assert_eq!(shown.len(), expected.len(), "at {at}: {shown:?}");
            for (pod, status) in expected {
                let (running, ended) = (&status.state.running, &status.state.terminated);
                let by = |time: Option<jiff::Timestamp>| {
                    time.and_then(Stamp::from_timestamp).is_some_and(|it| it <= second(at))
                };
                let started =
                    running.as_ref().and_then(|it| it.started_at).or(ended.as_ref().and_then(|it| it.started_at));
                let standing = match ended {
                    Some(ended) if by(ended.finished_at) && ended.exit_code == 0 => Standing::Done,
                    Some(ended) if by(ended.finished_at) => Standing::Failed,
                    _ if by(started) => Standing::Running,
                    _ => Standing::Waiting,
                };
                let of = ContainerId { uid: pod.to_owned(), container: status.name.clone() };
                assert_eq!(view.overview.container(&of).unwrap().standing(), standing, "{pod} {} at {at}", status.name);
            }
        }
    }
}

/// When the pod of this number was made.
fn made(number: usize) -> i64 {
    if number < 5 { 1 } else { 10 + number as i64 % 6 }
}

fn jiff_time(at: i64) -> k8s_openapi::apimachinery::pkg::apis::meta::v1::Time {
    k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(second(at).to_timestamp())
}

#[test]
fn a_row_is_shown_since_it_was_written_and_makes_no_job_longer() {
    let mut view = empty((120, 40)).of_archive();
    let row = |status: &str| Moment::Row(RowState { status: Some(status.to_owned()), phase: None });
    for (at, status) in [(-9_000_000, "submitted"), (40, "running"), (9_000_000, "completed")] {
        view.take(ViewNews::At(second(at), row(status)));
    }
    tell_archived(&mut view, &pod(&batch(0), "n", json!([ended("blast", 20, 60, 0)]), "Succeeded"));
    view.take(ViewNews::Over(Ok(())));
    while view.tick(second(1000)) {}
    assert_eq!(view.film.as_ref().unwrap().extent(), (second(0), second(60)));
    for (at, status) in [(60, "completed"), (59, "running"), (40, "running"), (39, "submitted"), (0, "submitted")] {
        seek(&mut view, at);
        assert_eq!(view.overview.row.as_ref().and_then(|row| row.status.as_deref()), Some(status), "at {at}");
    }
}

fn tell_archived(view: &mut View, pod: &Pod) {
    for target in targets(pod) {
        view.take(ViewNews::Event(RunEvent::Found(Arc::new(target))));
    }
    view.take(ViewNews::At(second(SAVED), Moment::Pod(Box::new(pod.clone()))));
}

#[test]
fn who_prints_before_its_pod_was_made_is_there() {
    let mut view = empty((120, 40)).of_archive();
    view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
    for (shard, at) in [(0, 50), (1, 20)] {
        let mut pod = pod(&batch(shard), "n", json!([runs("blast", at)]), "Running");
        pod.metadata.creation_timestamp = Some(jiff_time(at));
        for target in targets(&pod) {
            view.take(ViewNews::Event(RunEvent::Found(Arc::new(target))));
        }
        view.take(ViewNews::At(second(90), Moment::Pod(Box::new(pod))));
    }
    // The clock of a node is behind.
    for (shard, at) in [(0, 10), (1, 30), (0, 60)] {
        view.take(lines(&of(&batch(shard), "blast"), &[(at, format!("of {shard}"))]));
    }
    view.take(ViewNews::Over(Ok(())));
    while view.tick(second(1000)) {}
    for (at, lines) in [(12, vec![0, 1]), (31, vec![1, 1]), (61, vec![1, 2]), (90, vec![1, 2]), (11, vec![0, 1])] {
        seek(&mut view, at);
        let counts: Vec<u64> = view.overview.containers().iter().map(|it| it.lines).collect();
        assert_eq!(counts, lines, "at {at}");
    }
}

#[test]
fn what_an_archive_shows_does_not_depend_on_when_it_came() {
    for keys in ["", "{{", "2", "3"] {
        let shown = screen(&archived((120, 40), keys));
        for each in [1, 2, 7, 40] {
            assert_eq!(
                screen(&archived_and_drawn((120, 40), keys, each, SAVED)),
                shown,
                "{keys:?}, drawn after each {each}"
            );
        }
    }
}

#[test]
fn every_screen_looks_as_it_did() {
    for (name, make) in screens() {
        for size in SIZES {
            let view = make(size);
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), screen(&view));
        }
    }
}

#[test]
fn secrets_and_control_characters_are_on_no_screen() {
    let mut view = incident((120, 40));
    let hostile = "\x1b]0;title\x07\x1b[2Jred \u{202e}turned AZURE_STORAGE_KEY=planted\u{9b}";
    view.take(lines(&of(&batch(2), "blast"), &[(90, hostile.to_owned())]));
    view.tick(second(103));
    view.refresh();
    let shown = screen(&view);
    assert!(shown.contains("red \\u{202e}turned AZURE_STORAGE_KEY=***"), "{shown}");
    assert!(!shown.contains("planted") && !shown.contains("secret"), "{shown}");
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    let mut written = Vec::new();
    let count = view.chosen_lines(|line| {
        written.extend_from_slice(line);
        Ok::<(), ()>(())
    });
    assert!(count.unwrap() > 150);
    let written = String::from_utf8(written).unwrap();
    assert!(!written.contains("planted") && !written.contains('\x1b') && written.contains("AZURE_STORAGE_KEY=***"));
}

#[test]
fn what_is_typed_is_obeyed() {
    let mut view = incident((120, 40));
    assert_eq!(press(&mut view, "q"), [Effect::Quit(ViewEnd::Quit)]);
    let control = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
    assert_eq!(view.input(control('c')), [Effect::Quit(ViewEnd::Interrupted)]);
    assert_eq!(view.input(control('z')), [Effect::Suspend]);
    assert_eq!(press(&mut view, "m"), [Effect::Mouse(Capture::Terminal)]);
    assert_eq!(press(&mut view, "r"), [Effect::Examine]);
    assert_eq!(press(&mut view, "jW"), []);
    assert_eq!(press(&mut view, "\n"), [Effect::Save("elbtail-blastn-s04-000-x0004-results-export.log".into())]);
    // Ctrl-C ends it whatever is typed.
    press(&mut view, "/abc");
    assert_eq!(view.input(control('c')), [Effect::Quit(ViewEnd::Interrupted)]);
    press(&mut view, "\x1b");
    press(&mut view, "a/run end\n");
    assert_eq!(press(&mut view, "y"), [Effect::Copy("run end 000 2".to_owned())]);
    assert_eq!(press(&mut view, "?"), []);
    assert_eq!(press(&mut view, "q"), [], "it closes what is open");
    assert_eq!(view.overlay, None);
    press(&mut view, "3jz");
    assert!(view.zoom && view.table.of == RowsOf::Batches && view.focus == Focus::Log);
    press(&mut view, "\x1b");
    assert!(!view.zoom);
    press(&mut view, "a");
    assert_eq!(view.pane.subject, Subject::All);
}

#[test]
fn the_next_problem_is_found_far_back_and_the_end_again() {
    let mut view = incident((80, 24));
    let blast = of(&batch(3), "blast");
    for round in 0..40 {
        let many: Vec<_> = (0..1000).map(|at| (100 + round, format!("line {at} of round {round}"))).collect();
        view.take(lines(&blast, &many));
    }
    view.tick(second(200));
    let first = |view: &View| view.pane.shown().first().and_then(|(at, _)| Some(view.pane.window().get(*at)?.number));
    let before = first(&view);
    press(&mut view, "E");
    assert!(view.pane.mark.is_some(), "{}", screen(&view));
    assert!(screen(&view).contains("run end 000 2"), "{}", screen(&view));
    press(&mut view, "zg");
    assert_eq!(first(&view), Some(0));
    for _ in 0..3000 {
        press(&mut view, "j");
    }
    assert!(first(&view) >= Some(2900), "{:?}", first(&view));
    press(&mut view, "Gz");
    assert_eq!(first(&view), before);
    assert!(view.pane.follows());
    view.take(lines(&blast, &[(300, "the newest".to_owned())]));
    view.tick(second(300));
    assert!(screen(&view).contains("the newest"));
    press(&mut view, "p");
    view.take(lines(&blast, &[(301, "one more".to_owned())]));
    view.tick(second(301));
    assert!(!screen(&view).lines().rev().take(8).any(|line| line.contains("one more")), "it is stopped");
}

/// A view of lines of one container, each told in turn.
fn of_lines(size: (u16, u16), texts: &[String]) -> View {
    let mut view = empty(size);
    view.tick(second(100));
    view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
    tell(&mut view, &pod(&batch(0), "n", json!([runs("blast", 20), runs("results-export", 20)]), "Running"));
    let printed: Vec<_> = texts.iter().enumerate().map(|(at, text)| (at as i64, text.clone())).collect();
    view.take(lines(&of(&batch(0), "blast"), &printed));
    view.tick(second(101));
    view.refresh();
    view
}

/// Lets a search come to its end.
fn found(view: &mut View) -> Option<u64> {
    while view.tick(second(101)) {}
    view.refresh();
    view.pane.mark
}

#[test]
fn a_search_goes_on_at_the_other_end_and_says_so() {
    let text = |at: usize| match at {
        3 => "a needle".to_owned(),
        5 | 10 => format!("ERROR: number {at}"),
        _ => format!("line {at}"),
    };
    let texts: Vec<String> = (0..300).map(text).collect();
    let mut view = of_lines((80, 24), &texts);
    let step = |view: &mut View, keys: &str| {
        view.message = None;
        press(view, keys);
        (found(view), view.message.as_ref().map(|(said, _)| said.clone()).unwrap_or_default())
    };
    let (top, bottom) = ("wrapped to the top".to_owned(), "wrapped to the bottom".to_owned());
    // All of them are above what is in sight.
    assert_eq!(step(&mut view, "ze"), (Some(5), top.clone()));
    assert!(screen(&view).contains("wrapped to the top"), "{}", screen(&view));
    assert_eq!(step(&mut view, "e"), (Some(10), String::new()));
    assert_eq!(step(&mut view, "e"), (Some(5), top.clone()));
    assert_eq!(step(&mut view, "E"), (Some(10), bottom.clone()));
    assert_eq!(step(&mut view, "G/needle\n"), (Some(3), String::new()), "it looks back from the end");
    assert_eq!(step(&mut view, "n"), (Some(3), top));
    assert_eq!(step(&mut view, "N"), (Some(3), bottom));
    assert_eq!(step(&mut view, "/nowhere\n").1, "no line matches");
    press(&mut view, "\x1b\x1bj\x1b2j");
    let mut quiet = of_lines((80, 24), &["nothing".to_owned()]);
    assert_eq!(step(&mut quiet, "e").1, "no line tells of a problem");
    assert_eq!(step(&mut quiet, "j\ne").1, "no line of this log tells of a problem");
}

/// What stands out as a hit, row by row.
fn hits(view: &View) -> Vec<String> {
    let (width, height) = view.size();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let row = |y: u16| -> String {
        let cells = (0..width).filter_map(|x| buffer.cell((x, y)));
        cells.filter(|cell| cell.bg == ratatui::style::Color::Yellow).map(|cell| cell.symbol()).collect()
    };
    (1..height).map(row).filter(|row| !row.is_empty() && !row.starts_with('/')).collect()
}

#[test]
fn a_hit_beyond_the_edge_is_brought_into_sight() {
    let texts = [
        format!("{}needle{}", "a".repeat(300), "b".repeat(100)),
        "x".repeat(50),
        "測".repeat(60) + "needle",
        "the needle".to_owned(),
        format!("{}needle", "c".repeat(20_000)),
    ];
    for size in SIZES {
        let mut view = of_lines(size, &texts);
        press(&mut view, "z/needle\n");
        for at in [4, 3, 2, 0, 4] {
            assert_eq!(found(&mut view), Some(at));
            assert!(hits(&view).iter().any(|hit| hit == "needle"), "{at}: {}", screen(&view));
            // Where it can be, the beginning is in sight too.
            assert_eq!(view.pane.shift == 0, at == 3 || (at == 2 && size.0 > 130 + 28), "{at}: {}", view.pane.shift);
            press(&mut view, "N");
        }
    }
}

#[test]
fn a_hit_is_one_of_the_whole_line_whatever_part_of_it_is_shown() {
    let texts = [format!("{}abc{}", "-".repeat(64), "abc".repeat(40)), "abc".to_owned()];
    let mut view = of_lines((80, 24), &texts);
    press(&mut view, "z/^abc\n");
    assert_eq!(found(&mut view), Some(1));
    for _ in 0..4 {
        press(&mut view, "l");
        assert!(hits(&view).iter().all(|hit| hit != "abc"), "{}", screen(&view));
    }
    press(&mut view, "hhhhw");
    assert_eq!(hits(&view), ["abc"], "{}", screen(&view));
    // Over the end of a row.
    press(&mut view, "/-abcabcabc\n");
    found(&mut view);
    assert_eq!(hits(&view).concat(), "-abcabcabc");
}

#[test]
fn it_is_told_that_the_cluster_does_not_answer_until_it_does() {
    for size in SIZES {
        let mut view = incident(size);
        view.take(ViewNews::Examined(Ok(Box::new(Report { findings: Vec::new(), healthy: true, ..*report() }))));
        let title = |view: &View| screen(view).lines().next().unwrap().to_owned();
        assert!(title(&view).contains(" live") && screen(&view).contains("doctor: no problem  "), "{}", screen(&view));
        view.take(ViewNews::Event(RunEvent::Notice(Notice::WatchInterrupted("connection refused".to_owned()))));
        view.tick(second(102));
        view.take(ViewNews::Unanswered(
            "cannot reach the cluster at h:1: connection refused; is it running?".to_owned(),
        ));
        for later in [103, 200, 5000] {
            view.tick(second(later));
            view.refresh();
            let shown = screen(&view);
            assert!(title(&view).contains("not connected since 12:01:41") && !title(&view).contains("live"), "{shown}");
            assert!(shown.contains("cannot reach the cluster at h:1: connection refused"), "{shown}");
            assert!(!shown.contains("no problem"), "{shown}");
            assert!(title(&view).contains("3ed51a95"), "{shown}");
        }
        press(&mut view, "d");
        assert!(
            screen(&view).contains("The cluster does not answer") && screen(&view).contains("As of 12:01:41"),
            "{}",
            screen(&view)
        );
        press(&mut view, "q");
        assert_eq!(view.take_wishes(), []);
        view.take(ViewNews::Answered);
        assert_eq!(view.take_wishes(), [Effect::Examine], "the doctor is asked again");
        view.take(ViewNews::Answered);
        assert_eq!(view.take_wishes(), [], "once");
        view.tick(second(5001));
        view.refresh();
        // What it said before is old, until it has looked.
        assert!(
            title(&view).contains(" live") && screen(&view).contains("doctor: no problem as of 12:01:41"),
            "{}",
            screen(&view)
        );
        view.take(ViewNews::Examined(Ok(report())));
        view.refresh();
        assert!(
            screen(&view).contains("problem: 3 pods have no node") && !screen(&view).contains("as of"),
            "{}",
            screen(&view)
        );
        // When the job has ended there is nobody to be connected with.
        view.take(ViewNews::Event(RunEvent::Ended(Ending::default())));
        view.take(ViewNews::Unanswered("x".to_owned()));
        view.refresh();
        assert!(title(&view).contains("job ended"), "{}", screen(&view));
    }
}

#[test]
fn what_is_said_is_said_to_its_end() {
    let mut view = incident((80, 24));
    let why = format!("cannot write, No space left on device (os error 28): {}/the-end.log", "long/".repeat(30));
    view.say(why);
    let shown: String = screen(&view).lines().map(|line| line.trim_matches(['"', ' '])).collect();
    assert!(shown.contains("No space left on device") && shown.ends_with("/the-end.log"), "{}", screen(&view));
    view.say("word ".repeat(1000));
    let shown = screen(&view);
    assert!(shown.trim_end().ends_with("…\"") && shown.contains("POD CONTAINER"), "{shown}");
}

#[test]
fn what_finds_no_room_ends_in_a_mark() {
    let long = "a-very-long-name-of-a-job-that-nobody-ever-wanted".repeat(3);
    for size in [(80, 24), (40, 24), (30, 14)] {
        let mut view = of_lines(size, &["y".repeat(500)]);
        view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(long.clone()), row: None })));
        view.take(ViewNews::Row(RowState { status: Some(long.clone()), phase: Some(long.clone()) }));
        view.take(ViewNews::Examined(Ok(report())));
        view.refresh();
        let shown = screen(&view);
        let rows: Vec<&str> = shown.lines().map(|row| row.trim_matches('"').trim_end()).collect();
        for wanted in ["a-very", "problem: ", "yyyy"].into_iter().filter(|wanted| size.0 < 80 || *wanted != "problem: ")
        {
            let row = rows.iter().find(|row| row.contains(wanted)).unwrap_or_else(|| panic!("{wanted}: {shown}"));
            assert!(row.contains('…'), "{wanted}: {shown}");
        }
    }
}

#[test]
fn why_something_waits_stands_where_its_last_line_would() {
    let mut view = empty((120, 40));
    view.tick(second(100));
    view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
    let mut waits = pod(&batch(0), "", json!([waits("blast")]), "Pending");
    waits.status.conditions = serde_json::from_value(json!([
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient memory."},
    ]))
    .unwrap();
    tell(&mut view, &waits);
    view.tick(second(101));
    for keys in ["1", "2", "3"] {
        press(&mut view, keys);
        assert!(screen(&view).contains("0/3 nodes are available: 3 Insufficient"), "{keys}: {}", screen(&view));
    }
    view.take(lines(&of(&batch(0), "blast"), &[(50, "it runs".to_owned())]));
    press(&mut view, "1");
    assert!(!screen(&view).contains("0/3 nodes"), "{}", screen(&view));
}

fn said() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "ERROR: ",
        "error",
        "fatal: ",
        "password=",
        "AZURE_STORAGE_KEY=",
        "token: ",
        "\x1b[31m",
        "\x1b[0m",
        "exit code 3",
        "failed",
        "Bearer ",
        "sig=abc%2Fdef",
        "x",
        " ",
        "\r",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "retrying in 3s",
    ]);
    proptest::collection::vec(word, 0..6).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn as_many_lines_tell_of_problems_as_in_a_report(texts in proptest::collection::vec(said(), 0..20)) {
        let view = of_lines((80, 24), &texts);
        let mut gathered = crate::report::Gathered::new(crate::report::Redaction::On);
        let target = targets(&pod(&batch(0), "n", json!([runs("blast", 20)]), "Running")).swap_remove(0);
        gathered.take(&RunEvent::Found(Arc::new(target)), second(0));
        let ViewNews::Event(event) = lines(&of(&batch(0), "blast"), &texts.iter().map(|text| (1, text.clone())).collect::<Vec<_>>()) else {
            unreachable!()
        };
        gathered.take(&event, second(1));
        prop_assert_eq!(view.overview.problems.count, gathered.overview.problems.count);
        prop_assert_eq!(gathered.troubles.kinds().1, view.overview.problems.count);
        prop_assert_eq!(view.overview.lines, gathered.overview.lines);
    }

    #[test]
    fn a_search_comes_to_every_hit(
        marked in proptest::collection::btree_set(0usize..120, 1..8), keys in "[jkgGn]{0,6}", forward in any::<bool>(),
    ) {
        let texts: Vec<String> = (0..120).map(|at| if marked.contains(&at) { "needle".to_owned() } else { at.to_string() }).collect();
        let mut view = of_lines((80, 24), &texts);
        press(&mut view, "z/needle\n");
        found(&mut view);
        press(&mut view, &keys);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..=marked.len() {
            press(&mut view, if forward { "n" } else { "N" });
            seen.extend(found(&mut view).map(|number| number as usize));
        }
        prop_assert_eq!(seen, marked);
    }
}

#[test]
fn time_of_an_archive_can_be_gone_through() {
    let mut view = archived((120, 40), "");
    let told = |view: &View| (view.overview.lines, view.overview.problems.count, view.now());
    let at_the_end = told(&view);
    assert_eq!(at_the_end.2, second(SAVED));
    let to = |view: &mut View, keys: &str| {
        press(view, keys);
        while view.tick(second(1001)) {}
        told(view)
    };
    let (lines, problems, at) = to(&mut view, "{{{{{{{{{{");
    assert!(lines == 0 && problems == 0 && at == second(0), "{lines} {problems} {at:?}");
    let (lines, problems, _) = to(&mut view, "}}}}");
    assert!(lines > 30 && problems == 2, "{lines} {problems}");
    assert_eq!(to(&mut view, "}}}}}}}}}}}}"), at_the_end, "the same as before");
    // From its end it plays from its beginning.
    press(&mut view, " ");
    assert!(view.film.as_ref().unwrap().playing);
    view.tick(second(1002));
    view.tick(second(1003));
    assert!(view.now() > second(0) && view.now() < second(60), "{:?}", view.now());
    for later in 0..20 {
        view.tick(second(1004 + later));
    }
    assert_eq!((view.now(), view.film.as_ref().unwrap().playing), (second(SAVED), false));
    assert_eq!(told(&view), at_the_end);
}

#[test]
fn each_of_several_keys_goes_through_time_however_fast_they_are_pressed() {
    for (keys, part) in [("{{{", 0.7), ("{{{}", 0.8), ("[[", 0.98), ("{{{{{{{{{{{{}}", 0.2), ("{{}}}}", 1.0)] {
        let mut view = archived((80, 24), "");
        for c in keys.chars() {
            view.input(Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
        while view.tick(second(1001)) {}
        let shown = view.film.as_ref().unwrap().part();
        assert!((shown - part).abs() < 1e-6, "{keys}: {shown}");
    }
}

#[test]
fn a_moment_is_shown_from_the_state_nearest_before_it() {
    let mut view = empty((80, 24)).of_archive();
    view.take(ViewNews::Event(RunEvent::Job(JobIds { job: Some(ID.to_owned()), row: None })));
    let pod = pod(&batch(0), "aks-blast-0", json!([runs("blast", 0), runs("results-export", 0)]), "Running");
    for target in targets(&pod) {
        view.take(ViewNews::Event(RunEvent::Found(Arc::new(target))));
    }
    // More than there are between two states that are kept.
    for minute in 0..60 {
        let printed: Vec<_> = (0..1000).map(|at| (10 * minute, format!("line {at} of {minute}"))).collect();
        view.take(lines(&of(&batch(0), "blast"), &printed));
    }
    view.take(ViewNews::Over(Ok(())));
    while view.tick(second(1000)) {}
    assert_eq!((view.overview.lines, view.now()), (60_000, second(590)));
    for (keys, minutes) in [("{{{{{", 30), ("}}", 42), ("{{{{{{", 6), ("}}}}}}}}}", 60), ("{", 54)] {
        press(&mut view, keys);
        while view.tick(second(1000)) {}
        assert_eq!(view.overview.lines, 1000 * minutes, "{keys}");
        let shown = screen(&view);
        assert!(shown.contains(&format!("line 999 of {}", minutes - 1)), "{shown}");
        assert!(!shown.contains(&format!(" of {minutes} ")), "{shown}");
    }
}

#[test]
fn the_mouse_scrolls_chooses_and_seeks() {
    let mouse = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
    let mut view = archived((80, 24), "");
    view.input(mouse(MouseEventKind::Down(MouseButton::Left), 10, 8));
    assert!(matches!(view.pane.subject, Subject::Container(_)));
    view.input(mouse(MouseEventKind::ScrollUp, 10, 18));
    view.input(mouse(MouseEventKind::Down(MouseButton::Left), 0, 22));
    while view.tick(second(1001)) {}
    assert_eq!(view.now(), second(0));
    view.input(mouse(MouseEventKind::Down(MouseButton::Left), 3, 3));
    assert!(view.overlay.is_some());
}

fn news() -> impl Strategy<Value = ViewNews> {
    let pods: Vec<Pod> = story().into_iter().map(|(pod, _)| pod).collect();
    let pod = proptest::sample::select(pods);
    let instance = (0usize..6, prop_oneof![Just("blast"), Just("results-export"), Just("none")])
        .prop_map(|(shard, container)| of(&batch(shard), container));
    prop_oneof![
        4 => pod.clone().prop_flat_map(|pod| proptest::sample::select(targets(&pod)))
            .prop_map(|target| ViewNews::Event(RunEvent::Found(Arc::new(target)))),
        2 => pod.clone().prop_map(|pod| ViewNews::Pod(Box::new(pod))),
        2 => (pod, any::<i64>()).prop_map(|(pod, at)| ViewNews::At(Stamp(at), Moment::Pod(Box::new(pod)))),
        6 => (instance.clone(), proptest::collection::vec((any::<i64>(), ".{0,60}"), 1..6)).prop_map(|(of, printed)| {
            let lines = printed.into_iter().map(|(at, text)| Line { stamp: Stamp(at), text: text.into() }).collect();
            ViewNews::Event(RunEvent::Lines(Batch { instance: of, stream: None, lines }))
        }),
        1 => instance.prop_map(|of| ViewNews::Event(RunEvent::Gap { instance: of, note: Note::Lost { restart: 0, reason: "x".into() } })),
        1 => Just(()).prop_map(|()| ViewNews::Examined(Ok(report()))),
        1 => Just(()).prop_map(|()| ViewNews::Event(RunEvent::Notice(Notice::RowReadable))),
        1 => Just(()).prop_map(|()| ViewNews::Event(RunEvent::Ended(Ending::default()))),
        1 => Just(()).prop_map(|()| ViewNews::Over(Err("x".to_owned()))),
        1 => ".{0,20}".prop_map(|job| ViewNews::Event(RunEvent::Job(JobIds { job: Some(job), row: None }))),
    ]
}

fn input() -> impl Strategy<Value = Event> {
    let code = prop_oneof![
        10 => proptest::sample::select("qjkgGhlztsSofa/nN&xewTpyWdm[]{}+-123? E".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        2 => proptest::sample::select(vec![KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::Up, KeyCode::PageDown, KeyCode::PageUp, KeyCode::Backspace, KeyCode::Home, KeyCode::End]),
    ];
    prop_oneof![
        10 => code.prop_map(|code| Event::Key(KeyEvent::new(code, KeyModifiers::NONE))),
        1 => proptest::sample::select("dufbnpl".chars().collect::<Vec<_>>()).prop_map(|c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))),
        2 => (0u16..250, 0u16..80).prop_map(|(columns, rows)| Event::Resize(columns, rows)),
        3 => (0u16..250, 0u16..80, 0usize..4).prop_map(|(column, row, kind)| {
            let kinds = [MouseEventKind::ScrollUp, MouseEventKind::ScrollDown, MouseEventKind::Down(MouseButton::Left), MouseEventKind::Drag(MouseButton::Left)];
            Event::Mouse(MouseEvent { kind: kinds[kind], column, row, modifiers: KeyModifiers::NONE })
        }),
        1 => ".{0,30}".prop_map(Event::Paste),
    ]
}

#[derive(Debug)]
enum Happens {
    ViewNews(ViewNews),
    Input(Event),
    Passes(i64),
}

fn happens() -> impl Strategy<Value = Vec<Happens>> {
    proptest::collection::vec(
        prop_oneof![
            4 => news().prop_map(Happens::ViewNews),
            4 => input().prop_map(Happens::Input),
            1 => (-10_000_000_000i64..100_000_000_000).prop_map(Happens::Passes),
        ],
        0..60,
    )
}

proptest! {
    #[test]
    fn nothing_that_happens_is_too_odd(all in happens(), archive in any::<bool>(), size in (0u16..220, 0u16..70), begun in any::<bool>()) {
        let mut view = match (archive, begun) {
            (true, true) => archived(size, ""),
            (true, false) => empty(size).of_archive(),
            (false, true) => incident(size),
            (false, false) => empty(size),
        };
        let mut now = second(100).0;
        let steps = all.len();
        for (step, happens) in all.into_iter().enumerate() {
            match happens {
                Happens::ViewNews(news) => view.take(news),
                Happens::Input(event) => drop(view.input(event)),
                Happens::Passes(time) => {
                    now += time;
                    view.tick(Stamp(now));
                }
            }
            let (cursor, top) = view.table.cursor();
            prop_assert!(view.table.rows().is_empty() || (cursor < view.table.rows().len() && top <= cursor));
            // To draw costs the most.
            if step % 8 == 0 || step + 1 == steps {
                let shown = screen_of(&view);
                prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
            }
        }
        prop_assert!(matches!(view.run, RunState::Live | RunState::Over | RunState::Broken(_)));
    }
}

/// A screen without cells has no text.
fn screen_of(view: &View) -> String {
    let (width, height) = view.size();
    if width == 0 || height == 0 {
        let mut buffer = Terminal::new(TestBackend::new(1, 1)).unwrap();
        buffer.draw(|frame| draw(frame, view)).unwrap();
        return String::new();
    }
    screen(view)
}

#[test]
fn the_list_of_keys_names_every_key() {
    use super::keys::KeyAction;
    let listed: Vec<&str> = KEYS.iter().flat_map(|(_, keys, _)| keys.split(' ')).collect();
    for c in ('!'..='~').chain([' ']) {
        let does = KeyAction::of(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)).is_some();
        let name = if c == ' ' { "space".to_owned() } else { c.to_string() };
        let is_alias = c == '=';
        assert_eq!(does && !is_alias, listed.contains(&name.as_str()), "{c}");
    }
}

#[test]
fn the_documentation_lists_the_same_keys() {
    let mut table = String::new();
    for chapter in [Chapter::Everywhere, Chapter::Table, Chapter::Log, Chapter::Time] {
        for (_, keys, what) in KEYS.iter().filter(|(of, ..)| *of == chapter) {
            table += &format!("| {} | `{keys}` | {what} |\n", chapter.as_str());
        }
    }
    let docs = include_str!("../../docs/watch.md");
    assert!(docs.contains(&table), "docs/watch.md, between the marks of keys:\n{table}");
}
