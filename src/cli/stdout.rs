//! The one place that writes to stdout, and whether anybody reads it.

use std::{
    fs::File,
    io::{self, ErrorKind, IsTerminal},
    os::fd::AsFd,
    thread,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
};
use tokio::sync::oneshot;

use super::{environment::variables, failure::Failure};
use crate::render::{ColorChoice, sanitize_lines, tint};

/// Whether what was printed can have been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// As far as is known.
    There,
    /// The pipe is closed: whoever read it has seen enough.
    Gone,
}

/// Prints text, such as an object or a script, so that a terminal obeys nothing of it.
pub fn print(text: &str) -> Result<Reader, Failure> {
    outcome(write(&sanitize_lines(text)))
}

/// Prints a table or a report, in colour where there is colour.
pub fn print_page(text: &str, color: ColorChoice) -> Result<Reader, Failure> {
    let text = sanitize_lines(text);
    let color = color.decide(variables(), is_terminal());
    match std::str::from_utf8(&text) {
        Ok(text) if color => outcome(write(tint(text).as_bytes())),
        _ => outcome(write(&text)),
    }
}

/// Writes bytes as they are: lines that `render` has taken care of.
///
/// To the descriptor itself: the standard library takes a stdout that was opened for reading for one that takes everything. One
/// that was closed is `/dev/null` by the time that we are asked, as with kubectl.
pub fn write(bytes: &[u8]) -> io::Result<()> {
    // Nobody else's bytes come in between.
    let stdout = stdout().lock();
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(&stdout, rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            // A pipe that another program has told not to block.
            Err(Errno::AGAIN) => {
                poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The descriptor as a file, for bytes that are no lines: the standard library takes a stdout that was opened for reading for one
/// that takes everything.
pub fn file() -> io::Result<File> {
    stdout().as_fd().try_clone_to_owned().map(File::from)
}

/// Where a whole screen is drawn.
#[cfg(feature = "watch")]
pub fn screen() -> io::Stdout {
    stdout()
}

/// What a write means for the run.
pub fn outcome(written: io::Result<()>) -> Result<Reader, Failure> {
    match written {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(failure(error)),
    }
}

/// That stdout cannot be written.
pub fn failure(error: io::Error) -> Failure {
    Failure::Other(anyhow::Error::new(error).context("cannot write to stdout"))
}

/// Whether a terminal shows it.
pub fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// How many columns the terminal has; 0 when that is not known.
pub fn columns() -> u16 {
    terminal_size::terminal_size_of(stdout()).map_or(0, |(width, _)| width.0)
}

/// Waits until nobody reads stdout any more: for ever with a file or a terminal, whose end comes as a signal. A run that prints
/// nothing for hours would not notice by writing.
pub async fn closed() {
    let (sender, closed) = oneshot::channel();
    if !is_terminal() {
        // A thread of its own, which blocks for as long as the run lasts: there is no portable way to wait for this and nothing
        // else in the runtime. It ends with the process.
        thread::spawn(move || {
            if until_closed() {
                // The run may be over already.
                let _ = sender.send(());
            }
        });
    }
    if closed.await.is_err() {
        std::future::pending().await
    }
}

/// Waits until stdout's other end is closed; `false` when that cannot be known.
fn until_closed() -> bool {
    let stdout = stdout();
    // Without a wish, what is reported is that the other end is gone.
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    loop {
        match poll(&mut polled, None) {
            Ok(_) => return polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

#[allow(clippy::disallowed_methods)] // This is the one place.
fn stdout() -> io::Stdout {
    io::stdout()
}
