//! [`TakenTerminal`]: the terminal while the view has it, and as it was before once it has not, whatever ended it.

use std::{
    io::{self, BufWriter, Stdout, Write},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use crossterm::{
    cursor, event, execute,
    terminal::{self, EnterAlternateScreen, LeaveAlternateScreen},
};
use ratatui::{Terminal, backend::CrosstermBackend};

use crate::{cli::stdout, view::Capture};

/// Whether the terminal is the view's.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while the view has it. Dropped, it is as it was.
pub struct TakenTerminal(pub Terminal<CrosstermBackend<BufWriter<Stdout>>>);

impl TakenTerminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be written or set.
    pub fn take() -> io::Result<TakenTerminal> {
        restore_in_a_panic();
        enter(Capture::View)?;
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(64 << 10, stdout::screen())));
        // What was taken is given back.
        terminal.map(TakenTerminal).inspect_err(|_| leave())
    }

    /// Gives the terminal back for as long as `away` takes.
    ///
    /// # Errors
    /// When it cannot be taken again.
    pub fn away(&mut self, mouse: Capture, away: impl FnOnce()) -> io::Result<()> {
        leave();
        away();
        enter(mouse)?;
        self.0.clear()
    }

    /// Takes the terminal once more: who stopped the process has changed it, and nobody could give it back before.
    ///
    /// # Errors
    /// When it cannot be written or set.
    pub fn take_again(&mut self, mouse: Capture) -> io::Result<()> {
        // It is believed to be raw still.
        terminal::disable_raw_mode()?;
        enter(mouse)?;
        self.0.clear()
    }

    /// Takes the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// When the terminal cannot be written.
    pub fn capture(&mut self, mouse: Capture) -> io::Result<()> {
        match mouse {
            Capture::View => execute!(stdout::screen(), event::EnableMouseCapture),
            Capture::Terminal => execute!(stdout::screen(), event::DisableMouseCapture),
        }
    }

    /// Writes bytes that the terminal obeys.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tell(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = stdout::screen();
        stdout.write_all(bytes)?;
        stdout.flush()
    }
}

impl Drop for TakenTerminal {
    fn drop(&mut self) {
        leave();
    }
}

fn enter(mouse: Capture) -> io::Result<()> {
    TAKEN.store(true, SeqCst);
    let entered = terminal::enable_raw_mode()
        .and_then(|()| execute!(stdout::screen(), EnterAlternateScreen, event::EnableBracketedPaste, cursor::Hide))
        .and_then(
            |()| if mouse == Capture::View { execute!(stdout::screen(), event::EnableMouseCapture) } else { Ok(()) },
        );
    entered.inspect_err(|_| leave())
}

/// Gives the terminal back, once.
pub fn leave() {
    if !TAKEN.swap(false, SeqCst) {
        return;
    }
    // Whatever of it fails, the rest is done.
    let _ = execute!(stdout::screen(), event::DisableMouseCapture, event::DisableBracketedPaste);
    let _ = execute!(stdout::screen(), LeaveAlternateScreen, cursor::Show);
    let _ = terminal::disable_raw_mode();
}

/// What a panic says is read on the terminal as it was, and what is typed then is seen.
fn restore_in_a_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            leave();
            before(info);
        }));
    });
}

#[cfg(test)]
mod tests {
    use crate::cli::watch::tmux::Tmux;

    #[test]
    #[ignore = "what the test below runs on a terminal"]
    fn panics_with_the_terminal_taken() {
        let _screen = super::TakenTerminal::take().unwrap();
        panic!("planted");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_is_read_there_on_tmux() {
        let tmux = Tmux::new(100, 50);
        let test = std::env::current_exe().unwrap();
        let name = "cli::watch::screen::tests::panics_with_the_terminal_taken";
        let words = [test.to_str().unwrap(), "--ignored", "--exact", "--nocapture", name];
        tmux.type_line(&format!("RUST_BACKTRACE=0 {}", shlex::try_join(words).unwrap()));
        let screen = tmux.until("test result: FAILED");
        assert!(screen.contains("planted"), "{screen}");
        tmux.assert_restored();
    }
}
