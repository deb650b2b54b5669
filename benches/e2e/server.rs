//! The test cluster in a process of its own.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// The first argument that makes this program the server.
pub const WORD: &str = "__server";

/// Serves until stdin ends.
pub fn serve(words: Vec<String>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(testcluster::serve::run(words.into_iter())).unwrap();
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    child: Child,
    stdin: ChildStdin,
    kubeconfig: PathBuf,
}

impl Server {
    /// Starts one with a scenario of `testcluster`.
    pub fn start(words: &str) -> Server {
        let mut child = Command::new(env::current_exe().unwrap())
            .arg(WORD)
            .args(words.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let stdin = child.stdin.take().unwrap();
        Server { child, stdin, kubeconfig: line.trim_end().into() }
    }

    /// Finished pods of two containers each.
    pub fn load(containers: usize, lines: usize) -> Server {
        Server::start(&format!("load --pods {} --containers 2 --lines {lines}", containers / 2))
    }

    /// Running pods of two containers each; they have printed a line each.
    pub fn flow(containers: usize) -> Server {
        Server::start(&format!("flow --pods {} --containers 2", containers / 2))
    }

    /// Lines a second from now on.
    pub fn rate(&mut self, lines: usize) {
        writeln!(self.stdin, "{lines}").unwrap();
    }

    /// Its kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A command that talks to it.
    pub fn client(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env("KUBECONFIG", &self.kubeconfig);
        command
    }

    /// `elbtail` with these arguments.
    pub fn elbtail(&self, arguments: &[&str]) -> Command {
        self.client(env!("CARGO_BIN_EXE_elbtail"), arguments)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
