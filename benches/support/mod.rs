//! The same log for all benchmarks, and the hot path over it.

use std::time::Duration;

use bytes::Bytes;
use elbtail::{
    follow::follower::{Event, Follower, Output, Scope},
    k8s::{
        Line, Pod, Target,
        lines::{LogPiece, Splitter},
        status::{InstanceState, Status},
        targets,
    },
    render::{RenderOptions, Renderer},
};

/// Lines of the log.
pub const LINES: usize = 20_000;

/// What arrives at once: an HTTP/2 frame of a server's usual size.
const FRAME: usize = 16 << 10;

/// A log of BLAST's kind, a hundred lines a second, with stamps.
pub fn log() -> Bytes {
    let start: jiff::Timestamp = "2026-11-24T12:58:26.959221551Z".parse().unwrap();
    let text: String = (0..LINES)
        .map(|line| {
            let at = start + jiff::SignedDuration::from_millis(10 * line as i64);
            format!(
                "{at:.9} [{line:07}] blastn: query batch_000.fa volume {:03} hits={:06} e-value=1e-50\n",
                line % 997,
                line * 7 % 999_983
            )
        })
        .collect();
    Bytes::from(text)
}

/// A log in the pieces in which it arrives.
pub fn frames(log: &Bytes) -> Vec<Bytes> {
    (0..log.len()).step_by(FRAME).map(|at| log.slice(at..log.len().min(at + FRAME))).collect()
}

/// Its lines.
#[allow(dead_code, reason = "not every benchmark needs them")]
pub fn lines(log: &Bytes) -> Vec<Line> {
    let mut splitter = Splitter::default();
    splitter.push(log.clone());
    let line = |piece| match piece {
        LogPiece::Line(line) => line,
        LogPiece::Bare(_) => panic!("a line without a stamp"),
    };
    splitter.map(line).collect()
}

/// A container.
pub fn target() -> Target {
    let pod: Pod = serde_json::from_value(serde_json::json!({
        "metadata": {"namespace": "default", "name": "blastn-batch-s03-job-000-3ed51a95-p9vp5", "uid": "1"},
        "spec": {"containers": [{"name": "blast"}]},
    }))
    .unwrap();
    targets(&pod).remove(0)
}

/// A renderer, and a follower whose stream is open.
pub fn opened(options: RenderOptions) -> (Renderer, Follower) {
    let running = Status { state: InstanceState::Running { started: None }, ..Status::default() };
    let mut follower = Follower::new(Scope { follow: true, ..Scope::default() }, 1);
    let mut out = Output::default();
    follower.on(Event::Status(running.clone()), Duration::ZERO, &mut out);
    follower.on(Event::Opened, Duration::ZERO, &mut out);
    follower.on(Event::Confirmed(Some(running)), Duration::ZERO, &mut out);
    (Renderer::new(options), follower)
}

/// What happens to a line between its arrival and its writing. Never inlined, so that a profiler finds it by its name.
#[inline(never)]
pub fn hot_path(follower: &mut Follower, renderer: &mut Renderer, frames: &[Bytes]) -> usize {
    hot_path_past(|_| {}, follower, renderer, frames)
}

/// The same past somebody who looks at the lines.
pub fn hot_path_past(
    mut look: impl FnMut(&[Line]),
    follower: &mut Follower,
    renderer: &mut Renderer,
    frames: &[Bytes],
) -> usize {
    let source = renderer.introduce(&target(), "3ed51a95", None);
    let mut screen = Vec::with_capacity(1 << 20);
    let mut printed = 0;
    let mut out = Output::default();
    for frame in frames {
        follower.on(Event::Data(frame.clone()), Duration::ZERO, &mut out);
        look(&out.lines);
        for line in out.lines.drain(..) {
            renderer.line(&mut screen, &source, out.restart, None, &line);
        }
        if screen.len() > 256 << 10 {
            printed += screen.len();
            screen.clear();
        }
    }
    printed + screen.len()
}
