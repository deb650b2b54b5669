//! [`Console`]: the one writer. Lines go to stdout, everything else to stderr, in the order in which it was told.

use std::{
    io,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{runtime::Handle, sync::mpsc, time::timeout};

use super::{
    args::PrintArgs,
    causes::Causes,
    failure::Failure,
    stderr::{self, Tone},
    stdout,
};
use crate::{
    follow::{drive::Told, note::Note},
    merge::Sourced,
    render::{self, ColorChoice, RenderOptions, Renderer, Source},
    session::{UPDATES, Update},
};

/// Bytes written together at most, while more is waiting.
const WRITE: usize = 256 << 10;

/// How long names are collected that one cause has struck.
const GATHER: Duration = Duration::from_secs(1);

/// What goes to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chatter {
    /// Errors and missing lines.
    Little,
    /// What is out of the ordinary: for a single look, where starts and ends are history.
    Some,
    /// Every container's start, end, waiting and restart.
    Normal,
    /// Also what happens underneath.
    Verbose,
}

/// How stderr is spoken to.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    /// What is said.
    pub chatter: Chatter,
    /// Whether it is set apart from the lines by colour: warnings stand out, the rest steps back.
    pub color: bool,
}

impl Voice {
    /// For this process's stderr.
    pub fn of(chatter: Chatter, color: ColorChoice) -> Voice {
        Voice { chatter, color: color.decide(|name| std::env::var_os(name), stderr::is_terminal()) }
    }
}

/// How lines look on this process's stdout.
pub fn renderer(args: &PrintArgs, color: ColorChoice) -> Renderer {
    let terminal = stdout::is_terminal();
    let env = |name: &str| std::env::var_os(name);
    Renderer::new(RenderOptions {
        format: args.output,
        color: color.decide(env, terminal),
        terminal,
        utf8: render::is_utf8(env),
        timestamps: args.timestamps,
    })
}

/// What was told in a run.
#[derive(Debug, Default)]
pub struct Account {
    /// Containers of which lines are missing.
    pub missing: std::collections::BTreeSet<usize>,
    /// How many containers may not be read, by what the server said.
    pub forbidden: std::collections::BTreeMap<String, usize>,
    /// Lines printed.
    pub lines: u64,
    /// Containers that were found.
    pub sources: usize,
}

/// A running writer.
pub struct Console {
    thread: JoinHandle<io::Result<Account>>,
}

impl Console {
    /// Starts the writer. It ends when the sender is dropped, or when nobody reads stdout any more.
    pub fn start(renderer: Renderer, short: String, voice: Voice) -> (Console, mpsc::Sender<Update>) {
        let (sender, updates) = mpsc::channel(UPDATES);
        let writer = Writer {
            renderer,
            short,
            voice,
            sources: Vec::new(),
            account: Account::default(),
            denied: std::collections::BTreeSet::new(),
            causes: Causes::default(),
            lines: Vec::with_capacity(WRITE),
        };
        let runtime = Handle::current();
        // A thread, not a task: writing to a paused terminal blocks, and must block nothing but the writer.
        (Console { thread: thread::spawn(move || writer.run(updates, &runtime)) }, sender)
    }

    /// Waits until all that was sent is written.
    ///
    /// # Errors
    /// When stdout cannot be written. A closed pipe is none: whoever read it has seen enough.
    pub async fn finish(self) -> Result<Account, Failure> {
        let ended = tokio::task::spawn_blocking(move || self.thread.join()).await;
        match ended {
            Ok(Ok(Ok(account))) => Ok(account),
            Ok(Ok(Err(error))) => Err(stdout::failure(error)),
            _ => Err(Failure::Other(anyhow::anyhow!("the writer ended unexpectedly"))),
        }
    }
}

struct Writer {
    renderer: Renderer,
    /// The job's short id, which is left out of pod names.
    short: String,
    voice: Voice,
    sources: Vec<Source>,
    account: Account,
    /// Permissions that were told to be missing at present.
    denied: std::collections::BTreeSet<String>,
    causes: Causes,
    /// Rendered and not yet written.
    lines: Vec<u8>,
}

impl Writer {
    fn run(mut self, mut updates: mpsc::Receiver<Update>, runtime: &Handle) -> io::Result<Account> {
        loop {
            // While names are collected, silence is waited for too, which only the runtime can.
            let next = if self.causes.is_due() {
                runtime.block_on(async { timeout(GATHER, updates.recv()).await })
            } else {
                Ok(updates.blocking_recv())
            };
            let Ok(mut next) = next else {
                self.tell_causes();
                continue;
            };
            if next.is_none() {
                self.tell_causes();
                return Ok(self.account);
            }
            // More that is waiting is written with it; what is rendered never waits for what has not come.
            while let Some(update) = next {
                if let Err(error) = self.take(update) {
                    return self.end(error);
                }
                next = if self.lines.len() < WRITE { updates.try_recv().ok() } else { None };
            }
            if let Err(error) = self.flush() {
                return self.end(error);
            }
        }
    }

    fn end(self, error: io::Error) -> io::Result<Account> {
        if error.kind() == io::ErrorKind::BrokenPipe { Ok(self.account) } else { Err(error) }
    }

    fn take(&mut self, update: Update) -> io::Result<()> {
        match update {
            Update::Source(number, target) => {
                debug_assert_eq!(number, self.sources.len());
                self.account.sources += 1;
                self.sources.push(self.renderer.introduce(&target, &self.short));
                Ok(())
            }
            Update::Told(Told::Lines(batch)) => {
                let source = self.sources[batch.source].clone();
                self.account.lines += batch.lines.len() as u64;
                for line in &batch.lines {
                    self.renderer.line_of(&mut self.lines, &source, batch.restart, batch.stream, line);
                    if self.lines.len() >= WRITE {
                        self.flush()?;
                    }
                }
                Ok(())
            }
            Update::Sorted(lines) => {
                self.account.lines += lines.len() as u64;
                for Sourced { source, restart, stream, line } in &lines {
                    self.renderer.line_of(&mut self.lines, &self.sources[*source], *restart, *stream, line);
                    if self.lines.len() >= WRITE {
                        self.flush()?;
                    }
                }
                Ok(())
            }
            Update::Told(Told::Note(source, note)) => self.note(source, &note),
            Update::Say(text) if self.voice.chatter >= Chatter::Some => {
                self.say(Tone::Aside, &text)?;
                self.causes.said(&text);
                Ok(())
            }
            Update::Say(_) => Ok(()),
            Update::Warn(text) => self.say(Tone::Warning, &text),
        }
    }

    fn note(&mut self, source: usize, note: &Note) -> io::Result<()> {
        let label = self.sources[source].label().to_owned();
        if note.lines_missing() {
            self.account.missing.insert(source);
        }
        if let Note::Forbidden(message) = note {
            // Once for all: the same permission is missing for each.
            let count = self.account.forbidden.entry(message.clone()).or_default();
            *count += 1;
            if *count > 1 {
                return Ok(());
            }
        }
        if let Note::Denied(message) = note
            && !self.denied.insert(message.clone())
        {
            return Ok(());
        }
        let tone = match weight(note) {
            Chatter::Little => Tone::Warning,
            weight if weight <= self.voice.chatter => Tone::Aside,
            _ => return Ok(()),
        };
        // With -v each is told as it comes.
        if self.voice.chatter < Chatter::Verbose && self.causes.take(&label, note) {
            return Ok(());
        }
        self.say(tone, &format!("{label}: {note}"))
    }

    /// Tells whom else the causes that were told have struck.
    fn tell_causes(&mut self) {
        for text in self.causes.due() {
            stderr::tell(Tone::Aside, &text, self.voice.color);
        }
    }

    /// Writes to stderr, after the lines that came before. What is said is one line, whatever a server put into it.
    fn say(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.flush()?;
        self.tell_causes();
        stderr::tell(tone, &text.replace(['\n', '\r'], " "), self.voice.color);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.lines.is_empty() {
            stdout::write(&self.lines)?;
            self.lines.clear();
        }
        Ok(())
    }
}

/// From which chattiness on a note is told.
fn weight(note: &Note) -> Chatter {
    match note {
        _ if note.lines_missing() => Chatter::Little,
        Note::Forbidden(_) | Note::Denied(_) | Note::Unchecked { .. } => Chatter::Little,
        Note::Interrupted(_) => Chatter::Verbose,
        Note::Started(_) => Chatter::Normal,
        Note::Ended(_, ended) if ended.exit_code == 0 => Chatter::Normal,
        _ => Chatter::Some,
    }
}
