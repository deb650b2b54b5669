//! [`KeyAction`]: what keys do. The list that `?` shows and the documentation are made of the same table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAction {
    /// Ends the view.
    Quit,
    /// Ends it as an interruption.
    Interrupt,
    /// Stops the process until the shell goes on with it.
    Suspend,
    /// Shows the keys.
    Help,
    /// Closes what is open, or gives up what is under way.
    Back,
    /// Goes to the other part.
    Focus,
    /// Up by rows.
    Up,
    /// Down by rows.
    Down,
    /// Up by a page.
    PageUp,
    /// Down by a page.
    PageDown,
    /// Up by half a page.
    HalfUp,
    /// Down by half a page.
    HalfDown,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// To the left.
    Left,
    /// To the right.
    Right,
    /// The log alone, of what the cursor is on.
    Open,
    /// The log alone, or not.
    Zoom,
    /// Other rows.
    Rows,
    /// Rows of a kind.
    RowsOf(super::table::RowsOf),
    /// Another order.
    Sort,
    /// The order turned round.
    Reverse,
    /// Only rows of a standing.
    Only,
    /// Only rows of a name.
    RowFilter,
    /// The log of the whole job.
    All,
    /// A search in the log.
    Search,
    /// The next match.
    Next,
    /// The match before.
    Previous,
    /// Only lines that match.
    Filter,
    /// Only lines that tell of a problem.
    Problems,
    /// The next problem.
    NextProblem,
    /// The problem before.
    PreviousProblem,
    /// Long lines go on in the next row, or not.
    Wrap,
    /// Times, or none.
    Times,
    /// Stops following, or follows; in an archive time passes or stops.
    Space,
    /// Stops following, or follows.
    Follow,
    /// Draws all of the screen.
    Redraw,
    /// Copies a line, or all that are shown.
    Copy,
    /// Writes the log to a file.
    Save,
    /// What the doctor has found.
    Findings,
    /// Examines once more.
    Examine,
    /// Lets the terminal have the mouse, or takes it.
    Mouse,
    /// Time back a little, of an archive.
    Earlier,
    /// Time on a little.
    Later,
    /// Time back a lot.
    MuchEarlier,
    /// Time on a lot.
    MuchLater,
    /// Time passes faster.
    Faster,
    /// Time passes more slowly.
    Slower,
}

/// Where keys are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chapter {
    /// Anywhere.
    Everywhere,
    /// The rows.
    Table,
    /// The log.
    Log,
    /// An archive.
    Time,
}

impl Chapter {
    /// Its heading.
    pub fn as_str(self) -> &'static str {
        match self {
            Chapter::Everywhere => "Everywhere",
            Chapter::Table => "Rows",
            Chapter::Log => "Log",
            Chapter::Time => "Time (watch --archive)",
        }
    }
}

/// All keys: where, which, what they do.
pub const KEYS: [(Chapter, &str, &str); 36] = [
    (Chapter::Everywhere, "?", "these keys"),
    (Chapter::Everywhere, "Tab", "to the rows, to the log"),
    (Chapter::Everywhere, "j k ↓ ↑", "down and up by one"),
    (Chapter::Everywhere, "Ctrl-d Ctrl-u", "by half a page"),
    (Chapter::Everywhere, "Ctrl-f Ctrl-b PgDn PgUp", "by a page"),
    (Chapter::Everywhere, "g G Home End", "to the first, to the last"),
    (Chapter::Everywhere, "d", "what the doctor has found"),
    (Chapter::Everywhere, "r", "let the doctor look again"),
    (Chapter::Everywhere, "m", "leave the mouse to the terminal, or take it"),
    (Chapter::Everywhere, "Esc", "close, give up a search, take back a filter"),
    (Chapter::Everywhere, "q", "end; Ctrl-C: end with 130"),
    (Chapter::Table, "Enter", "its log alone"),
    (Chapter::Table, "t 1 2 3", "containers, pods, batches"),
    (Chapter::Table, "s S", "another order, turned round"),
    (Chapter::Table, "f", "only names or nodes that match"),
    (Chapter::Table, "o", "only failed, running, waiting ones"),
    (Chapter::Log, "z", "the log alone, or with the rows"),
    (Chapter::Log, "a", "of the whole job, or of what is chosen"),
    (Chapter::Log, "/ n N", "search, next, previous"),
    (Chapter::Log, "&", "only lines that match"),
    (Chapter::Log, "e E", "next, previous problem"),
    (Chapter::Log, "x", "only problems"),
    (Chapter::Log, "space p", "stop, or follow again"),
    (Chapter::Log, "h l ← →", "sideways"),
    (Chapter::Log, "w", "wrap long lines"),
    (Chapter::Log, "T", "times"),
    (Chapter::Log, "y", "copy the line that was found, or what is shown (OSC 52)"),
    (Chapter::Log, "W", "write it to a file"),
    (Chapter::Time, "space", "play, stop"),
    (Chapter::Time, "[ ]", "a hundredth back, on"),
    (Chapter::Time, "{ }", "a tenth back, on"),
    (Chapter::Time, "+ -", "faster, slower"),
    (Chapter::Time, "p", "stop the log, or follow again"),
    (Chapter::Everywhere, "mouse", "wheel scrolls, a click chooses, on the bar of time it seeks"),
    (Chapter::Everywhere, "Ctrl-Z", "stop until fg"),
    (Chapter::Everywhere, "Ctrl-L", "draw anew"),
];

impl KeyAction {
    /// What a key does; nothing for one that has no meaning.
    pub fn of(key: KeyEvent) -> Option<KeyAction> {
        use super::table::RowsOf::{Batches, Containers, Pods};
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control {
            return Some(match key.code {
                KeyCode::Char('c') => KeyAction::Interrupt,
                KeyCode::Char('z') => KeyAction::Suspend,
                KeyCode::Char('d') => KeyAction::HalfDown,
                KeyCode::Char('u') => KeyAction::HalfUp,
                KeyCode::Char('f') => KeyAction::PageDown,
                KeyCode::Char('b') => KeyAction::PageUp,
                KeyCode::Char('n') => KeyAction::Down,
                KeyCode::Char('p') => KeyAction::Up,
                KeyCode::Char('l') => KeyAction::Redraw,
                _ => return None,
            });
        }
        if key.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        Some(match key.code {
            KeyCode::Char('q') => KeyAction::Quit,
            KeyCode::Char('?') | KeyCode::F(1) => KeyAction::Help,
            KeyCode::Esc => KeyAction::Back,
            KeyCode::Tab | KeyCode::BackTab => KeyAction::Focus,
            KeyCode::Char('k') | KeyCode::Up => KeyAction::Up,
            KeyCode::Char('j') | KeyCode::Down => KeyAction::Down,
            KeyCode::PageUp => KeyAction::PageUp,
            KeyCode::PageDown => KeyAction::PageDown,
            KeyCode::Char('g') | KeyCode::Home => KeyAction::First,
            KeyCode::Char('G') | KeyCode::End => KeyAction::Last,
            KeyCode::Char('h') | KeyCode::Left => KeyAction::Left,
            KeyCode::Char('l') | KeyCode::Right => KeyAction::Right,
            KeyCode::Enter => KeyAction::Open,
            KeyCode::Char('z') => KeyAction::Zoom,
            KeyCode::Char('t') => KeyAction::Rows,
            KeyCode::Char('1') => KeyAction::RowsOf(Containers),
            KeyCode::Char('2') => KeyAction::RowsOf(Pods),
            KeyCode::Char('3') => KeyAction::RowsOf(Batches),
            KeyCode::Char('s') => KeyAction::Sort,
            KeyCode::Char('S') => KeyAction::Reverse,
            KeyCode::Char('o') => KeyAction::Only,
            KeyCode::Char('f') => KeyAction::RowFilter,
            KeyCode::Char('a') => KeyAction::All,
            KeyCode::Char('/') => KeyAction::Search,
            KeyCode::Char('n') => KeyAction::Next,
            KeyCode::Char('N') => KeyAction::Previous,
            KeyCode::Char('&') => KeyAction::Filter,
            KeyCode::Char('x') => KeyAction::Problems,
            KeyCode::Char('e') => KeyAction::NextProblem,
            KeyCode::Char('E') => KeyAction::PreviousProblem,
            KeyCode::Char('w') => KeyAction::Wrap,
            KeyCode::Char('T') => KeyAction::Times,
            KeyCode::Char(' ') => KeyAction::Space,
            KeyCode::Char('p') => KeyAction::Follow,
            KeyCode::Char('y') => KeyAction::Copy,
            KeyCode::Char('W') => KeyAction::Save,
            KeyCode::Char('d') => KeyAction::Findings,
            KeyCode::Char('r') => KeyAction::Examine,
            KeyCode::Char('m') => KeyAction::Mouse,
            KeyCode::Char('[') => KeyAction::Earlier,
            KeyCode::Char(']') => KeyAction::Later,
            KeyCode::Char('{') => KeyAction::MuchEarlier,
            KeyCode::Char('}') => KeyAction::MuchLater,
            KeyCode::Char('+' | '=') => KeyAction::Faster,
            KeyCode::Char('-') => KeyAction::Slower,
            _ => return None,
        })
    }
}
