//! The thread that draws: what happens and what is typed → the view, and frames on the terminal.

use std::{
    fs::OpenOptions,
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use crossterm::{
    event::{self, Event},
    terminal,
};
use jiff::Timestamp;
use signal_hook::{consts::SIGTSTP, low_level::emulate_default_handler};
use tokio::sync::mpsc;

use super::{screen::TakenTerminal, signals::SignalRequests};
use crate::{
    cli::environment,
    k8s::Stamp,
    numbers::counted,
    view::{Effect, Inbox, View, ViewEnd, draw},
};

/// Between two frames, unless a key is pressed.
const FRAME: Duration = Duration::from_millis(100);
/// Between two frames, while keys are pressed or much is to be done.
const QUICK: Duration = Duration::from_millis(16);

/// What the drawing thread is told and tells.
pub struct Outside {
    /// What happens.
    pub inbox: Inbox,
    /// Whether it shall end.
    pub stop: Arc<AtomicBool>,
    /// What signals ask for.
    pub asked: SignalRequests,
    /// The doctor is to look.
    pub examine: mpsc::UnboundedSender<()>,
}

/// Draws until somebody ends it; `None`: it was told to end.
///
/// # Errors
/// When the terminal cannot be read or written.
pub fn run(mut view: View, outside: &Outside) -> io::Result<Option<ViewEnd>> {
    let mut screen = TakenTerminal::take()?;
    let mut next = Instant::now();
    loop {
        if event::poll(next.saturating_duration_since(Instant::now()))? {
            // All that was typed meanwhile is obeyed before anything is drawn.
            loop {
                for effect in view.input(event::read()?) {
                    if let Some(ended) = obey(&mut view, &mut screen, outside, effect)? {
                        return Ok(Some(ended));
                    }
                }
                if !event::poll(Duration::ZERO)? {
                    break;
                }
            }
            next = next.min(Instant::now() + QUICK);
        }
        if outside.stop.load(Relaxed) {
            return Ok(None);
        }
        if outside.asked.take_stop() {
            obey(&mut view, &mut screen, outside, Effect::Suspend)?;
        }
        if outside.asked.take_goes_on() {
            screen.take_again(view.mouse)?;
            view.input(Event::FocusGained);
        }
        if Instant::now() < next {
            continue;
        }
        // The sign that a window was resized can be lost when a key comes with it; asking costs less than a frame.
        if let Ok((columns, rows)) = terminal::size()
            && (columns, rows) != view.size()
        {
            view.input(Event::Resize(columns, rows));
        }
        let busy = turn(&mut view, &outside.inbox);
        for effect in view.take_wishes() {
            obey(&mut view, &mut screen, outside, effect)?;
        }
        if view.take_changed() {
            screen.0.draw(|frame| draw(frame, &view))?;
        }
        next = Instant::now() + if busy { QUICK } else { FRAME };
    }
}

/// Takes what happened. Returns whether more is to be done at once.
fn turn(view: &mut View, inbox: &Inbox) -> bool {
    let (news, missed) = inbox.take();
    news.into_iter().for_each(|news| view.take(news));
    view.missed = missed;
    view.tick(Stamp::from_timestamp(Timestamp::now()).unwrap_or_default())
}

fn obey(view: &mut View, screen: &mut TakenTerminal, outside: &Outside, effect: Effect) -> io::Result<Option<ViewEnd>> {
    match effect {
        Effect::Quit(ended) => return Ok(Some(ended)),
        // Whoever asks the doctor ends with the run, and then it has nothing new to say.
        Effect::Examine => drop(outside.examine.send(())),
        Effect::Copy(text) => screen.tell(format!("\x1b]52;c;{}\x07", BASE64_STANDARD.encode(text)).as_bytes())?,
        Effect::Save(path) => {
            let path = at_home(path);
            let said = match save(view, &path) {
                Ok(lines) => format!("wrote {} to {}", counted(lines, "line"), path.display()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    format!("{} is there already: give another name", path.display())
                }
                // Why comes first: a path may be long.
                Err(error) => format!("cannot write, {error}: {}", path.display()),
            };
            view.say(said);
        }
        Effect::Mouse(mouse) => screen.capture(mouse)?,
        Effect::Redraw => screen.0.clear()?,
        Effect::Suspend => {
            let mouse = view.mouse;
            // It returns when the shell goes on with the process; if it cannot stop, it goes on at once.
            screen.away(mouse, || drop(emulate_default_handler(SIGTSTP)))?;
        }
    }
    Ok(None)
}

/// The path with the home directory for `~`, as a shell has it.
fn at_home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), environment::home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

/// Writes the chosen lines to a new file, which nobody else may read.
fn save(view: &mut View, path: &Path) -> io::Result<u64> {
    if path.is_dir() {
        return Err(io::Error::other("it is a directory: name a file in it"));
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let mut out = BufWriter::new(file);
    let lines = view.chosen_lines(|line| out.write_all(line))?;
    out.flush()?;
    Ok(lines)
}
