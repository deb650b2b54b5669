//! [`Action`]: what keys do. The list that `?` shows and the documentation are made of the same table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
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

impl Action {
    /// What a key does; nothing for one that has no meaning.
    pub fn of(key: KeyEvent) -> Option<Action> {
        use super::table::RowsOf::{Batches, Containers, Pods};
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        if control {
            return Some(match key.code {
                KeyCode::Char('c') => Action::Interrupt,
                KeyCode::Char('z') => Action::Suspend,
                KeyCode::Char('d') => Action::HalfDown,
                KeyCode::Char('u') => Action::HalfUp,
                KeyCode::Char('f') => Action::PageDown,
                KeyCode::Char('b') => Action::PageUp,
                KeyCode::Char('n') => Action::Down,
                KeyCode::Char('p') => Action::Up,
                KeyCode::Char('l') => Action::Redraw,
                _ => return None,
            });
        }
        if key.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        Some(match key.code {
            KeyCode::Char('q') => Action::Quit,
            KeyCode::Char('?') | KeyCode::F(1) => Action::Help,
            KeyCode::Esc => Action::Back,
            KeyCode::Tab | KeyCode::BackTab => Action::Focus,
            KeyCode::Char('k') | KeyCode::Up => Action::Up,
            KeyCode::Char('j') | KeyCode::Down => Action::Down,
            KeyCode::PageUp => Action::PageUp,
            KeyCode::PageDown => Action::PageDown,
            KeyCode::Char('g') | KeyCode::Home => Action::First,
            KeyCode::Char('G') | KeyCode::End => Action::Last,
            KeyCode::Char('h') | KeyCode::Left => Action::Left,
            KeyCode::Char('l') | KeyCode::Right => Action::Right,
            KeyCode::Enter => Action::Open,
            KeyCode::Char('z') => Action::Zoom,
            KeyCode::Char('t') => Action::Rows,
            KeyCode::Char('1') => Action::RowsOf(Containers),
            KeyCode::Char('2') => Action::RowsOf(Pods),
            KeyCode::Char('3') => Action::RowsOf(Batches),
            KeyCode::Char('s') => Action::Sort,
            KeyCode::Char('S') => Action::Reverse,
            KeyCode::Char('o') => Action::Only,
            KeyCode::Char('f') => Action::RowFilter,
            KeyCode::Char('a') => Action::All,
            KeyCode::Char('/') => Action::Search,
            KeyCode::Char('n') => Action::Next,
            KeyCode::Char('N') => Action::Previous,
            KeyCode::Char('&') => Action::Filter,
            KeyCode::Char('x') => Action::Problems,
            KeyCode::Char('e') => Action::NextProblem,
            KeyCode::Char('E') => Action::PreviousProblem,
            KeyCode::Char('w') => Action::Wrap,
            KeyCode::Char('T') => Action::Times,
            KeyCode::Char(' ') => Action::Space,
            KeyCode::Char('p') => Action::Follow,
            KeyCode::Char('y') => Action::Copy,
            KeyCode::Char('W') => Action::Save,
            KeyCode::Char('d') => Action::Findings,
            KeyCode::Char('r') => Action::Examine,
            KeyCode::Char('m') => Action::Mouse,
            KeyCode::Char('[') => Action::Earlier,
            KeyCode::Char(']') => Action::Later,
            KeyCode::Char('{') => Action::MuchEarlier,
            KeyCode::Char('}') => Action::MuchLater,
            KeyCode::Char('+' | '=') => Action::Faster,
            KeyCode::Char('-') => Action::Slower,
            _ => return None,
        })
    }
}
