//! A server process that cannot outlive the test binary.

use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::free_port::free_port;

/// Waits for the end of its stdin, which the test binary holds, and then ends the server. Destructors of statics do not
/// run, and a test binary may be killed: only the kernel surely closes the pipe.
const KEEPER: &str = r#"
signal=$1; shift
"$@" </dev/null &
server=$!
cat >/dev/null
kill -"$signal" "$server" 2>/dev/null
( sleep 10; kill -KILL "$server" ) 2>/dev/null &
killer=$!
wait "$server"
kill "$killer" 2>/dev/null
"#;
/// As [`KEEPER`], for the directory of a server that is shared by all tests.
const SWEEPER: &str = r#"cat >/dev/null; sleep 1; rm -rf "$1""#;

/// A running server.
pub struct Process {
    keeper: Child,
}

impl Process {
    /// Starts `command`, which is ended with `signal`; its output goes to `log`.
    pub fn start(signal: &str, command: &[String], log: &Path) -> Self {
        let output = std::fs::File::create(log).unwrap();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", signal])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        Self { keeper }
    }

    /// Ends the server and waits for its end.
    pub fn stop(mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap();
    }
}

/// A server with a directory and a port of its own, which can be stopped and started again.
pub struct Server {
    name: &'static str,
    directory: PathBuf,
    port: u16,
    process: Option<Process>,
}

impl Server {
    /// Starts nothing yet; `name` is the program's.
    pub fn new(name: &'static str) -> Self {
        Self { name, directory: directory(name), port: free_port(), process: None }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A file in its directory.
    pub fn file(&self, name: &str) -> String {
        self.directory.join(name).to_string_lossy().into_owned()
    }

    /// The file of the authority that [`pki::write`](super::pki::write) makes.
    pub fn authority(&self) -> String {
        self.file("ca.pem")
    }

    /// Starts it (again) with `command`, which is ended with `signal`, and waits until it listens.
    pub fn start(&mut self, signal: &str, command: &[String]) {
        let log = self.directory.join("log");
        self.process = Some(Process::start(signal, command, &log));
        listening(self.port, self.name, &log);
    }

    /// Stops it.
    pub fn down(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop();
        }
    }
}

/// Removes `directory` when the test binary ends, whatever ends it.
fn sweep(directory: &Path) {
    let sweeper = Command::new("sh").args(["-c", SWEEPER, "sh"]).arg(directory).stdin(Stdio::piped()).spawn().unwrap();
    // Its stdin stays open as long as the process lives.
    std::mem::forget(sweeper);
}

/// A temporary directory that is removed with the test binary.
pub fn directory(name: &str) -> PathBuf {
    let directory = tempfile::Builder::new().prefix(&format!("elbtail-{name}-")).tempdir().unwrap().keep();
    sweep(&directory);
    directory
}

/// Waits until something listens on `port`.
fn listening(port: u16, what: &str, log: &Path) {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(start.elapsed() < Duration::from_secs(60), "{what} does not start:\n{}", log());
        thread::sleep(Duration::from_millis(50));
    }
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
}

/// The program `name` in `$PATH` or one of `places`, else a failure that says how to get it.
pub fn program(name: &str, places: &[PathBuf]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = places.iter().cloned().chain(std::env::split_paths(&path)).map(|place| place.join(name));
    let found = found.into_iter().find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed, and the tests need it: {}", super::INSTALL))
}

/// Whether this is root, which some servers refuse to run as.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
