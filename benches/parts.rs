//! The parts of the hot path, one at a time: `cargo bench --bench parts`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot run shall say why")]

mod support;

use bytes::Bytes;
use divan::{Bencher, black_box, counter::BytesCount};
use elbtail::{
    follow::{
        cursor::Cursor,
        drive::{Batch, DriverEvent},
    },
    k8s::{ContainerId, InstanceId, Line, Stamp, lines::Splitter},
    mask::mask_bytes,
    merge,
    render::{
        Format, LineTemplate, Masking, RenderOptions, Renderer, Screen, ScreenWidth, TemplateStyle, Transforms, Wrap,
        choice::{Context, LineFilter},
        sanitize,
    },
    session::RunEvent,
};
use tokio::sync::mpsc;

fn main() {
    divan::main();
}

fn bytes(log: &Bytes) -> BytesCount {
    BytesCount::new(log.len())
}

#[divan::bench]
fn stamp(bencher: Bencher) {
    let line = b"2026-11-24T12:58:26.959221551Z BLAST RUNTIME start";
    bencher.bench_local(|| Stamp::parse(black_box(line)));
}

#[divan::bench]
fn splitter(bencher: Bencher) {
    let log = support::log();
    let frames = support::frames(&log);
    bencher.counter(bytes(&log)).bench_local(|| {
        let mut splitter = Splitter::default();
        let mut lines = 0;
        for frame in &frames {
            splitter.push(frame.clone());
            for piece in splitter.by_ref() {
                black_box(piece);
                lines += 1;
            }
        }
        lines
    });
}

#[divan::bench]
fn cursor(bencher: Bencher) {
    let log = support::log();
    let lines = support::lines(&log);
    bencher.counter(bytes(&log)).bench_local(|| {
        let mut cursor = Cursor::default();
        lines.iter().for_each(|line| cursor.read(line));
        cursor
    });
}

/// A reading that brings again what is remembered.
#[divan::bench]
fn dedupe(bencher: Bencher) {
    let log = support::log();
    let lines = support::lines(&log);
    let mut cursor = Cursor::default();
    lines.iter().for_each(|line| cursor.read(line));
    let again = &lines[lines.len() - 200..];
    let since = Some(again[0].stamp);
    let length: usize = again.iter().map(|line| line.text.len() + 31).sum();
    bencher.counter(BytesCount::new(length)).bench_local(|| {
        let mut overlap = cursor.overlap(since);
        again.iter().for_each(|line| _ = black_box(overlap.judge(line)));
        overlap.is_over()
    });
}

/// Splitter, cursor, state machine and renderer together.
#[divan::bench]
fn whole_path(bencher: Bencher) {
    let log = support::log();
    let frames = support::frames(&log);
    bencher.counter(bytes(&log)).bench_local(|| {
        let (mut renderer, mut follower) = support::opened(RenderOptions::default());
        support::hot_path(&mut follower, &mut renderer, &frames)
    });
}

/// The same for a terminal, where every line is looked at for secrets before it is rendered.
#[divan::bench(args = ["secrets kept", "secrets masked"])]
fn whole_path_terminal(bencher: Bencher, secrets: &str) {
    let log = support::log();
    let frames = support::frames(&log);
    let container = ContainerId { uid: "1".to_owned(), container: "blast".to_owned() };
    let of = InstanceId { container: container.into(), restart: 0 };
    let options = RenderOptions { color: true, terminal: true, utf8: true, ..Default::default() };
    bencher.counter(bytes(&log)).bench_local(|| {
        let masking = (secrets == "secrets masked").then(Masking::default);
        let mut transforms = Transforms::default().and(masking);
        let (mut renderer, mut follower) = support::opened(options);
        // A number may look like a word's part: then its lines are looked at once more, which is not counted here.
        let look = |lines: &[Line]| {
            black_box(transforms.concern(&of, lines));
        };
        support::hot_path_past(look, &mut follower, &mut renderer, &frames)
    });
}

fn render(bencher: Bencher, options: RenderOptions) {
    render_by(bencher, Renderer::new(options));
}

fn render_by(bencher: Bencher, mut renderer: Renderer) {
    let log = support::log();
    let lines = support::lines(&log);
    let source = renderer.introduce(&support::target(), "3ed51a95", None);
    let mut out = Vec::with_capacity(4 << 20);
    bencher.counter(bytes(&log)).bench_local(|| {
        out.clear();
        lines.iter().for_each(|line| renderer.line(&mut out, &source, 0, None, line));
        out.len()
    });
}

#[divan::bench]
fn render_pipe(bencher: Bencher) {
    render(bencher, RenderOptions::default());
}

#[divan::bench]
fn render_terminal(bencher: Bencher) {
    render(bencher, RenderOptions { color: true, terminal: true, utf8: true, timestamps: true, ..Default::default() });
}

/// On a screen on which every line is broken once, and on one on which none is.
#[divan::bench(args = [80, 200])]
fn render_screen(bencher: Bencher, columns: u16) {
    let width = ScreenWidth::default();
    width.set(columns);
    let options = RenderOptions { color: true, terminal: true, utf8: true, ..Default::default() };
    render_by(bencher, Renderer::new(options).with_screen(Some(Screen { wrap: Wrap::Hang, width })));
}

#[divan::bench]
fn render_json(bencher: Bencher) {
    render(bencher, RenderOptions { format: Format::Json, ..Default::default() });
}

fn templated(bencher: Bencher, text: &str) {
    let style = TemplateStyle { color: false, terminal: false, zone: jiff::tz::TimeZone::UTC };
    let template = LineTemplate::new(text, style).unwrap();
    render_by(bencher, Renderer::default().with_template(Some(template)));
}

#[divan::bench]
fn render_template(bencher: Bencher) {
    templated(bencher, "{{ name }} {{ container }} {{ message }}");
}

#[divan::bench]
fn render_template_line_as_json(bencher: Bencher) {
    templated(bencher, "{{ line | tojson }}");
}

/// Lines chosen by what they say, with those around them; a hundredth of them is.
fn chosen(bencher: Bencher, patterns: &[&str], context: Context) {
    let log = support::log();
    let lines = support::lines(&log);
    let compiled = || patterns.iter().map(|pattern| regex::bytes::Regex::new(pattern).unwrap()).collect();
    let mut stages = Transforms::default().and(LineFilter::new(compiled(), Default::default(), context));
    let container = ContainerId { uid: "1".to_owned(), container: "blast".to_owned() };
    let of = InstanceId { container: container.into(), restart: 0 };
    bencher
        .counter(bytes(&log))
        .bench_local(|| lines.chunks(100).map(|lines| stages.apply(&of, None, lines).len()).sum::<usize>());
}

#[divan::bench]
fn include(bencher: Bencher) {
    chosen(bencher, &["7[0-9]*7 "], Context::default());
}

#[divan::bench]
fn include_with_context(bencher: Bencher) {
    chosen(bencher, &["7[0-9]*7 ", "(?i)error"], Context { before: 3, after: 3 });
}

#[divan::bench]
fn sanitize_controls(bencher: Bencher) {
    let text = "\x1b[32mVolume 07\x1b[0m ▒▒▒ 55 %\r\x1b[32mVolume 07\x1b[0m ███ 100 %".repeat(8);
    let mut out = Vec::new();
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| {
        out.clear();
        sanitize(text.as_bytes(), &mut out);
        out.len()
    });
}

/// Lines without secrets, which nearly all are.
#[divan::bench]
fn mask_nothing(bencher: Bencher) {
    let log = support::log();
    let lines = support::lines(&log);
    bencher
        .counter(bytes(&log))
        .bench_local(|| lines.iter().map(|line| mask_bytes(black_box(&line.text)).len()).sum::<usize>());
}

#[divan::bench]
fn mask_secrets(bencher: Bencher) {
    let line =
        "azcopy cp https://s.blob.core.windows.net/q/a.fa?sv=2022-11-02&sp=r&sig=a%2Bb%3D . AZURE_STORAGE_KEY=abc";
    bencher.counter(BytesCount::of_str(line)).bench_local(|| mask_bytes(black_box(line.as_bytes())).len());
}

/// 60 logs that alternate line by line, which is the worst for merging by time.
#[divan::bench]
fn merge_by_time(bencher: Bencher) {
    const LOGS: usize = 60;
    let log = support::log();
    let lines = support::lines(&log);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let logs: Vec<Vec<Line>> =
        (0..LOGS).map(|first| lines.iter().skip(first).step_by(LOGS).cloned().collect()).collect();
    bencher.counter(bytes(&log)).bench_local(|| {
        runtime.block_on(async {
            let inputs = logs.iter().enumerate().map(|(source, lines)| {
                let (sender, input) = mpsc::channel(8);
                let container = ContainerId { uid: source.to_string(), container: "blast".to_owned() };
                let instance = InstanceId { container: container.into(), restart: 0 };
                for lines in lines.chunks(100) {
                    let batch = Batch { instance: instance.clone(), stream: None, lines: lines.to_vec() };
                    sender.try_send(DriverEvent::Lines(batch)).unwrap();
                }
                input
            });
            let (sender, mut merged) = mpsc::channel::<RunEvent>(64);
            let merging = tokio::spawn(merge::by_time(inputs.collect(), sender));
            let mut count = 0;
            while let Some(event) = merged.recv().await {
                count += event.lines();
            }
            merging.await.unwrap();
            assert_eq!(count, support::LINES);
        });
    });
}
