//! [`Terminal`]: the binary on a terminal of some width.

use std::process::{Command, Stdio};

/// A terminal.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    pub columns: u16,
    /// What `$TERM` says.
    pub term: &'static str,
}

impl Terminal {
    /// One that knows colours.
    pub fn of(columns: u16) -> Terminal {
        Terminal { columns, term: "xterm-256color" }
    }

    /// Runs `command` on it to its end, and returns all that it got: lines and messages, with their colours.
    pub fn run(self, command: &Command) -> String {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
        let line = format!("stty cols {} rows 50 -onlcr; exec {}", self.columns, shlex::try_join(words).unwrap());
        // util-linux's `script` runs a command on a terminal of its own.
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).stdin(Stdio::null());
        script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.env("TERM", self.term).env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        let output = script.output().expect("script, of util-linux, is needed for tests on a terminal");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// `text` without its colours.
pub fn uncoloured(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\x1b[") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('m').expect("nothing but colours");
        assert!(rest[at + 2..at + end].bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{rest:?}");
        rest = &rest[at + end + 1..];
    }
    out + rest
}
