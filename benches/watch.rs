//! How long a frame of the view takes, from what has come to the last cell: 1,000 containers of 500 batches at 20,000 lines a second.
//!
//! ```sh
//! cargo bench --bench watch
//! cargo bench --bench e2e -- watch    # what the view costs beside `logs -f`
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot run shall say why")]

use std::{sync::Arc, time::Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use elbtail::{
    follow::drive::Batch,
    k8s::{InstanceId, Line, Pod, Stamp, Target, targets},
    render::{JobIds, Masking, Transforms},
    session::RunEvent,
    view::{Look, Scrollback, ScrollbackLimits, View, ViewNews, draw},
};
use ratatui::{Terminal, backend::CrosstermBackend};

/// What a frame may take, in milliseconds.
const BAR: f64 = 50.0;
const BATCHES: usize = 500;
const LINES: i64 = 20_000;
/// Frames a second, as the view draws them.
const FRAMES: i64 = 10;
/// Seconds that are shown.
const SECONDS: i64 = 10;

fn pod(batch: usize) -> Pod {
    let name = format!("blastn-batch-nt-job-{batch:03}-3ed51a95-x{batch:04}");
    let running =
        |name: &str| serde_json::json!({"name": name, "state": {"running": {"startedAt": "2026-11-24T12:00:00Z"}}});
    serde_json::from_value(serde_json::json!({
        "metadata": {"namespace": "default", "name": name, "uid": name},
        "spec": {"nodeName": format!("aks-{}", batch % 40), "containers": [{"name": "blast"}, {"name": "results-export"}]},
        "status": {"phase": "Running", "containerStatuses": [running("blast"), running("results-export")]},
    }))
    .unwrap()
}

fn main() {
    println!("a frame of the view: {} containers, {LINES} lines a second, {FRAMES} frames a second", 2 * BATCHES);
    for (name, keys) in [
        ("containers", ""),
        ("batches, with the heat strip", "3"),
        ("one container's log", "jz"),
        ("a filter", "&hits=.*7\n"),
    ] {
        for size in [(80, 24), (200, 60)] {
            run(name, keys, size);
        }
    }
}

fn run(name: &str, keys: &str, size: (u16, u16)) {
    let log = Scrollback::new(ScrollbackLimits { memory: 64, file: 0 }, None);
    let mut view = View::new(log, Transforms::default().then(Masking::default()), Look::default(), size);
    let job = Some("job-429825360482416da20736cf3ed51a95".to_owned());
    view.take(ViewNews::Event(RunEvent::Job(JobIds { job, row: None })));
    let mut all: Vec<Target> = Vec::new();
    for batch in 0..BATCHES {
        let pod = pod(batch);
        for target in targets(&pod) {
            view.take(ViewNews::Event(RunEvent::Found(Arc::new(target.clone()))));
            all.push(target);
        }
        view.take(ViewNews::Pod(Box::new(pod)));
    }
    let instances: Vec<InstanceId> =
        all.iter().map(|target| InstanceId { container: Arc::new(target.id()), restart: 0 }).collect();
    // What goes to a terminal is written nowhere; the cells are compared all the same.
    let mut terminal = Terminal::with_options(
        CrosstermBackend::new(std::io::sink()),
        ratatui::TerminalOptions {
            viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, size.0, size.1)),
        },
    )
    .unwrap();
    let began = 1_795_521_700_000_000_000;
    let (mut frames, mut next) = (Vec::new(), 0usize);
    for frame in 0..SECONDS * FRAMES {
        let now = Stamp(began + frame * 1_000_000_000 / FRAMES);
        let line = |at: i64| {
            let text = format!(
                "[{at:07}] blastn: query batch_000.fa volume {:03} hits={:06} e-value=1e-50",
                at % 997,
                at * 7 % 999_983
            );
            Line { stamp: now, text: text.into() }
        };
        let news: Vec<ViewNews> = (0..LINES / FRAMES)
            .map(|at| {
                next = (next + 1) % instances.len();
                let lines = vec![line(frame * LINES / FRAMES + at)];
                ViewNews::Event(RunEvent::Lines(Batch { instance: instances[next].clone(), stream: None, lines }))
            })
            .collect();
        let start = Instant::now();
        news.into_iter().for_each(|news| view.take(news));
        view.tick(now);
        if frame == 0 {
            view.refresh();
            for c in keys.chars() {
                let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
                view.input(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
            }
        }
        terminal.draw(|frame| draw(frame, &view)).unwrap();
        frames.push(start.elapsed().as_secs_f64() * 1e3);
    }
    frames.sort_by(f64::total_cmp);
    let (median, most) = (frames[frames.len() / 2], frames[frames.len() - 1]);
    let busy: f64 = frames.iter().sum::<f64>() / (SECONDS as f64 * 1e3);
    println!(
        "{:>3}x{:<3} {name:<30} median {median:6.2} ms, longest {most:6.2} ms: {:.2} of {BAR} ms; {:4.1} % of a core",
        size.0,
        size.1,
        most / BAR,
        busy * 100.0
    );
}
