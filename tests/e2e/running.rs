//! [`Running`]: the binary while it runs, with what it has said so far.

use std::{
    io::Read,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use crate::lines::lines;

/// What came out of a pipe so far, and whether it has been closed.
#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    closed: bool,
}

#[derive(Clone, Default)]
struct Collector(Arc<(Mutex<Collected>, Condvar)>);

impl Collector {
    fn on(mut pipe: impl Read + Send + 'static) -> Collector {
        let collector = Collector::default();
        let listening = collector.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = pipe.read(&mut buffer).unwrap_or(0);
                let (said, changed) = &*listening.0;
                let mut said = said.lock().unwrap();
                said.bytes.extend_from_slice(&buffer[..read]);
                said.closed = read == 0;
                changed.notify_all();
                if said.closed {
                    return;
                }
            }
        });
        collector
    }

    fn until(&self, patience: Duration, holds: impl Fn(&Collected) -> bool) -> bool {
        let (said, changed) = &*self.0;
        let waiting = changed.wait_timeout_while(said.lock().unwrap(), patience, |said| !holds(said) && !said.closed);
        holds(&waiting.unwrap().0)
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.0.lock().unwrap().bytes.clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

/// The binary in the background. It is killed when dropped.
pub struct Running {
    child: Child,
    stdout: Option<Collector>,
    stderr: Collector,
    patience: Duration,
}

/// How it ended.
pub struct Ended {
    /// As a shell has it: 128 and the signal's number for one that a signal ended.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ended {
    /// Its lines.
    pub fn lines(&self) -> Vec<String> {
        lines(&self.stdout)
    }

    /// Checks the exit code.
    #[track_caller]
    pub fn code(self, expected: i32) -> Ended {
        assert_eq!(self.code, Some(expected), "stderr:\n{}", self.stderr);
        self
    }
}

impl Running {
    pub fn start(mut command: Command, patience: Duration) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = Some(Collector::on(child.stdout.take().unwrap()));
        let stderr = Collector::on(child.stderr.take().unwrap());
        Running { child, stdout, stderr, patience }
    }

    /// Starts it with a reader that takes the first line and goes away, as `head -1` does.
    pub fn start_for_one_line(mut command: Command, patience: Duration) -> (Running, String) {
        use std::io::{BufRead, BufReader};
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = Collector::on(child.stderr.take().unwrap());
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        (Running { child, stdout: None, stderr, patience }, first)
    }

    /// Waits until stderr holds `text`.
    #[track_caller]
    pub fn until_said(&self, text: &str) {
        let found = self.stderr.until(self.patience, |said| contains(&said.bytes, text));
        assert!(found, "{text:?} was never said:\n{}", self.stderr.text());
    }

    /// What stderr holds so far.
    #[cfg(feature = "archive")]
    pub fn said(&self) -> String {
        self.stderr.text()
    }

    /// Waits until stdout holds `text`.
    #[track_caller]
    pub fn until_printed(&self, text: &str) {
        let stdout = self.stdout.as_ref().unwrap();
        let found = stdout.until(self.patience, |said| contains(&said.bytes, text));
        assert!(found, "{text:?} was never printed:\n{}\nstderr:\n{}", stdout.text(), self.stderr.text());
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Holds it while `meanwhile` happens, so that it hears of all of it at once.
    pub fn held(&self, meanwhile: impl FnOnce()) {
        self.signal("-STOP");
        meanwhile();
        self.signal("-CONT");
    }

    /// Sends a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        let status = self.wait();
        let stdout = self.stdout.as_ref().map(Collector::bytes).unwrap_or_default();
        let stderr = self.stderr.text();
        let text = String::from_utf8_lossy(&stdout);
        let tail: Vec<&str> = text.lines().rev().take(5).collect();
        let status = status.unwrap_or_else(|| panic!("it does not end; stderr:\n{stderr}\nlast lines: {tail:#?}"));
        let signal = status.signal();
        Ended { code: status.code().or(signal.map(|signal| 128 + signal)), signal, stdout, stderr }
    }

    fn wait(&mut self) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < self.patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                for collector in self.stdout.iter().chain([&self.stderr]) {
                    collector.until(self.patience, |said| said.closed);
                }
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, usually.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}
