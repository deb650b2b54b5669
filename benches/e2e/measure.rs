//! Running a command to its end, with what it cost.
//!
//! The kernel counts a child's processor time and memory for its parent, over all children. So a process of its own, this very
//! program, starts the command and has no other child.

use std::{
    env, fs,
    io::Read,
    process::{Command, Stdio},
    time::Instant,
};

use nix::sys::resource::{UsageWho, getrusage};

/// The first argument that makes this program a measuring parent.
pub const WORD: &str = "__measure";

/// What a command cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Seconds from its start to its end.
    pub wall: f64,
    /// Seconds of processor time, user and system.
    pub cpu: f64,
    /// Its memory at the most, in MB.
    pub peak: f64,
    /// Lines it printed.
    pub lines: usize,
}

/// The measuring parent: `FILE COMMAND…`.
pub fn run(words: &[String]) {
    let began = Instant::now();
    let status = Command::new(&words[1]).args(&words[2..]).status().unwrap();
    let wall = began.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
    fs::write(&words[0], format!("{wall} {cpu} {}", usage.max_rss() as f64 / 1024.0)).unwrap();
    assert!(status.success(), "{words:?}: {status}");
}

/// Runs a command, reads all it prints through a pipe, and tells what it cost.
pub fn measure(command: &Command) -> Cost {
    measure_with(command, Stdio::piped())
}

/// The same with `/dev/null` in the pipe's place, as `curl` has it; no lines are counted.
pub fn measure_unread(command: &Command) -> Cost {
    measure_with(command, Stdio::null())
}

fn measure_with(command: &Command, stdout: Stdio) -> Cost {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("cost");
    let mut parent = Command::new(env::current_exe().unwrap());
    parent.arg(WORD).arg(&file).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        parent.env(name, value.unwrap());
    }
    let mut child = parent.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null()).spawn().unwrap();
    let mut buffer = vec![0; 1 << 20];
    let mut lines = 0;
    if let Some(mut stdout) = child.stdout.take() {
        while let length @ 1.. = stdout.read(&mut buffer).unwrap() {
            lines += memchr::memchr_iter(b'\n', &buffer[..length]).count();
        }
    }
    assert!(child.wait().unwrap().success(), "{command:?} failed");
    let text = fs::read_to_string(file).unwrap();
    let mut figures = text.split(' ').map(|figure| figure.parse().unwrap());
    let mut next = || figures.next().unwrap();
    Cost { wall: next(), cpu: next(), peak: next(), lines }
}

/// Processor cores of this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
