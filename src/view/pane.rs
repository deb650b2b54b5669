//! [`Pane`]: the lines of what is chosen, and where in them one is.

use std::{collections::VecDeque, ops::ControlFlow};

use regex::bytes::{Regex, RegexBuilder};
use unicode_width::UnicodeWidthStr;

use super::{
    places::Places,
    scrollback::{Direction, Entry, EntryRef, LineChoice, Scrollback, Visited},
    text,
};
use crate::{overview::Overview, render::Meaning};

/// Lines at hand, around those that are shown.
const WINDOW: usize = 4000;
/// Lines fetched together.
const FETCH: usize = 500;
/// Bytes that are looked through at a time, so that keys are heard meanwhile.
const STEP: usize = 16 << 20;

/// Whose lines are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Subject {
    /// All of the job.
    #[default]
    All,
    /// Those of a Kubernetes Job, by its short name.
    Job(String),
    /// Those of a pod, by its uid.
    Pod(String),
    /// Those of a container, by its place.
    Container(usize),
}

/// A regular expression as it was typed.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// What was typed.
    pub typed: String,
    /// What it means.
    pub regex: Regex,
}

impl Pattern {
    /// What was typed: a regular expression, or, where it is none, the words themselves. Without a capital letter it means both cases.
    /// `None` for nothing.
    pub fn of(typed: &str) -> Option<Pattern> {
        let is_small = !typed.chars().any(char::is_uppercase);
        let build = |text: &str| RegexBuilder::new(text).case_insensitive(is_small).size_limit(1 << 20).build();
        let regex = build(typed).or_else(|_| build(&regex::escape(typed))).ok()?;
        (!typed.is_empty()).then(|| Pattern { typed: typed.to_owned(), regex })
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
enum Goal {
    Match(Regex),
    Problem,
}

/// A search under way.
#[derive(Debug, Clone)]
struct Seek {
    goal: Goal,
    direction: Direction,
    from: u64,
    /// Where it began.
    origin: u64,
    lap: Lap,
}

/// Which part of the lines a search goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lap {
    /// From where it began to the end that way.
    First,
    /// From the other end back to where it began.
    Second,
}

/// What was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// A line that matches.
    Match,
    /// One that tells of a problem.
    Problem,
}

/// What a search came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeekEnd {
    /// It goes on.
    Searching,
    /// The line is shown.
    Found,
    /// The line is shown, and was found only behind the end that way: at the top, or at the bottom.
    Wrapped(Direction),
    /// There is none.
    NotFound(Sought),
}

impl Goal {
    fn is_met_by(&self, entry: &EntryRef<'_>) -> bool {
        match self {
            Goal::Match(regex) => regex.is_match(entry.text),
            Goal::Problem => entry.meaning.is_some_and(Meaning::is_problem),
        }
    }

    fn sought(&self) -> Sought {
        match self {
            Goal::Match(_) => Sought::Match,
            Goal::Problem => Sought::Problem,
        }
    }
}

impl Seek {
    /// Whether it has come back to where it began.
    fn is_round(&self, number: u64) -> bool {
        self.lap == Lap::Second
            && match self.direction {
                Direction::Forward => number >= self.origin,
                Direction::Back => number < self.origin,
            }
    }
}

/// The lines of what is chosen.
#[derive(Debug)]
pub struct Pane {
    /// Whose lines.
    pub subject: Subject,
    /// Which of them.
    pub filter: Option<Pattern>,
    /// Only those that tell of a problem.
    pub problems: bool,
    /// What stands out in them.
    pub search: Option<Pattern>,
    /// Whether long lines go on in the next row.
    pub wrap: bool,
    /// Whether each begins with its time.
    pub times: bool,
    /// Columns that are out of sight to the left.
    pub shift: usize,
    /// The line that was found last.
    pub mark: Option<u64>,
    choice: LineChoice,
    window: VecDeque<Entry>,
    /// Whether there is nothing before the window, and nothing after it.
    whole: (bool, bool),
    /// The first line that is shown; `None`: the last ones are, and follow what comes.
    top: Option<usize>,
    seek: Option<Seek>,
    /// From where on the window is still to be filled towards its beginning.
    fill: Option<u64>,
    /// The same towards its end.
    ahead: Option<u64>,
    size: (usize, usize),
}

impl Default for Pane {
    /// All lines, of which there are none yet.
    fn default() -> Pane {
        Pane {
            subject: Subject::All,
            filter: None,
            problems: false,
            search: None,
            wrap: false,
            times: false,
            shift: 0,
            mark: None,
            choice: LineChoice::default(),
            window: VecDeque::new(),
            whole: (true, true),
            top: None,
            seek: None,
            fill: None,
            ahead: None,
            size: (0, 0),
        }
    }
}

impl Pane {
    /// The lines at hand that may be shown.
    pub fn window(&self) -> &VecDeque<Entry> {
        &self.window
    }

    /// Whether it follows what comes.
    pub fn follows(&self) -> bool {
        self.top.is_none()
    }

    /// Whether a search is under way.
    pub fn is_seeking(&self) -> bool {
        self.seek.is_some()
    }

    /// Whether there is more to be done: a search, or lines to be fetched.
    pub fn is_busy(&self) -> bool {
        self.seek.is_some() || self.fill.is_some() || self.ahead.is_some()
    }

    /// Gives up what is looked for.
    pub fn stop_seeking(&mut self) {
        self.seek = None;
    }

    /// It is so wide and high.
    pub fn resize(&mut self, width: usize, height: usize) {
        self.size = (width, height);
    }

    /// Lets the choice be what is chosen now, and shows the last lines that may be shown: those before number `end`.
    pub fn reset(&mut self, overview: &Overview, log: &mut Scrollback, end: u64) {
        self.choose(overview);
        self.window.clear();
        (self.whole, self.top, self.seek, self.mark) = ((false, true), None, None, None);
        (self.fill, self.ahead) = (Some(end), None);
        self.step(log, end);
    }

    /// Containers were found: they may be among those that are chosen.
    pub fn choose(&mut self, overview: &Overview) {
        let all = overview.containers().iter().enumerate();
        let places: Option<Places> = match &self.subject {
            Subject::All => None,
            Subject::Job(name) => Some(all.filter(|(_, it)| overview.job_of(it) == name).map(|(at, _)| at).collect()),
            Subject::Pod(uid) => Some(all.filter(|(_, it)| it.target.uid == *uid).map(|(at, _)| at).collect()),
            Subject::Container(place) => Some([*place].into_iter().collect()),
        };
        let pattern = self.filter.as_ref().map(|filter| filter.regex.clone());
        self.choice = LineChoice { places, pattern, problems: self.problems };
    }

    /// Which lines are chosen.
    pub fn choice(&self) -> &LineChoice {
        &self.choice
    }

    /// A line came.
    pub fn take(&mut self, entry: &EntryRef<'_>) {
        if !self.whole.1 || !self.choice.admits(entry) {
            return;
        }
        if self.window.len() >= WINDOW {
            if self.top.is_some() {
                self.whole.1 = false;
                return;
            }
            self.window.pop_front();
            self.whole.0 = false;
            self.fill = None;
        }
        self.window.push_back(entry.to_entry());
    }

    /// Goes on with what is under way: filling the window, searching. Lines from number `end` on are not shown.
    pub fn step(&mut self, log: &mut Scrollback, end: u64) -> Option<SeekEnd> {
        if let Some(from) = self.fill {
            self.fill = self.fetch_before(log, from);
        }
        if let Some(from) = self.ahead {
            self.ahead = self.fetch_after(log, from, end);
        }
        let mut seek = self.seek.clone()?;
        let choice = match &seek.goal {
            Goal::Problem => LineChoice { problems: true, ..self.choice.clone() },
            Goal::Match(_) => self.choice.clone(),
        };
        let (mut found, mut is_round) = (None, false);
        let visited = log.visit(seek.from, seek.direction, &choice, STEP, |entry| {
            is_round = seek.is_round(entry.number);
            if !is_round && entry.number < end && seek.goal.is_met_by(&entry) {
                found = Some(entry.number);
            }
            if is_round || found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.seek = None;
        match (found, visited) {
            (Some(number), _) => {
                self.show(log, number, end);
                self.reveal(&seek.goal);
                Some(if seek.lap == Lap::First { SeekEnd::Found } else { SeekEnd::Wrapped(seek.direction) })
            }
            (None, Visited::GoOn(from)) if from < end || seek.direction == Direction::Back => {
                self.seek = Some(Seek { from, ..seek });
                Some(SeekEnd::Searching)
            }
            _ if seek.lap == Lap::First => {
                seek.lap = Lap::Second;
                seek.from = match seek.direction {
                    Direction::Forward => log.first(),
                    Direction::Back => end,
                };
                self.seek = Some(seek);
                Some(SeekEnd::Searching)
            }
            _ => Some(SeekEnd::NotFound(seek.goal.sought())),
        }
    }

    /// Moves sideways until what was found is in sight: where it can be, the line's beginning is too.
    fn reveal(&mut self, goal: &Goal) {
        let Goal::Match(regex) = goal else {
            self.shift = 0;
            return;
        };
        let marked = self.window.iter().find(|entry| Some(entry.number) == self.mark);
        let Some(text) = marked.map(|entry| text::untabbed(&entry.text)) else { return };
        let Some(hit) = regex.find(text.as_bytes()) else { return };
        let column = |at: usize| text.get(..at).map_or(0, UnicodeWidthStr::width);
        let (from, to) = (column(hit.start()), column(hit.end()));
        // In the last column may stand that the line goes on.
        let room = self.size.0.saturating_sub(self.prefix() + 1);
        let is_in_sight = |shift: usize| shift <= from && to <= shift + room;
        if is_in_sight(0) {
            self.shift = 0;
        } else if !is_in_sight(self.shift) {
            self.shift = from.saturating_sub(room / 3);
        }
    }

    /// Looks for the next line that matches, or the one before.
    pub fn seek_match(&mut self, direction: Direction, end: u64) {
        if let Some(search) = &self.search {
            self.begin_seek(Goal::Match(search.regex.clone()), direction, end);
        }
    }

    /// Looks for the next line that tells of a problem, or the one before.
    pub fn seek_problem(&mut self, direction: Direction, end: u64) {
        self.begin_seek(Goal::Problem, direction, end);
    }

    /// From what is in sight on, and then from the other end.
    fn begin_seek(&mut self, goal: Goal, direction: Direction, end: u64) {
        let from = self.seek_from(direction, end);
        self.seek = Some(Seek { goal, direction, from, origin: from, lap: Lap::First });
    }

    fn seek_from(&self, direction: Direction, end: u64) -> u64 {
        let shown = self.shown();
        let (first, last) = (shown.first().map(|row| row.0), shown.last().map(|row| row.0));
        let number = |at: Option<usize>| at.and_then(|at| self.window.get(at)).map(|entry| entry.number);
        let is_shown =
            |mark: &u64| number(first).is_some_and(|it| it <= *mark) && number(last).is_some_and(|it| *mark <= it);
        match (self.mark.filter(is_shown), direction) {
            (Some(mark), Direction::Forward) => mark + 1,
            (Some(mark), Direction::Back) => mark,
            (None, Direction::Forward) => number(first).unwrap_or(end),
            (None, Direction::Back) => number(last).map_or(end, |last| last + 1),
        }
    }

    /// Shows a line, a third from the top.
    fn show(&mut self, log: &mut Scrollback, number: u64, end: u64) {
        self.mark = Some(number);
        if !self.window.iter().any(|entry| entry.number == number) {
            self.window.clear();
            self.whole = (false, false);
            self.fill = self.fetch_before(log, number);
            self.ahead = self.fetch_after(log, number, end);
        }
        let at = self.window.iter().position(|entry| entry.number == number).unwrap_or_default();
        let top = at.saturating_sub(self.size.1 / 3);
        // Below the last line there is nothing to see.
        self.top = Some(if self.whole.1 { top.min(self.tail_top()) } else { top });
        self.settle(log, end);
    }

    /// Fetches lines before a number into the window; returns from where on it is to go on with that.
    fn fetch_before(&mut self, log: &mut Scrollback, from: u64) -> Option<u64> {
        let (mut got, window) = (0, &mut self.window);
        let visited = log.visit(from, Direction::Back, &self.choice, STEP, |entry| {
            window.push_front(entry.to_entry());
            got += 1;
            if got < FETCH { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        self.top = self.top.map(|top| top + got);
        match visited {
            Visited::Enough => None,
            Visited::All => {
                self.whole.0 = true;
                None
            }
            Visited::GoOn(from) => Some(from),
        }
    }

    /// The same of lines from a number on.
    fn fetch_after(&mut self, log: &mut Scrollback, from: u64, end: u64) -> Option<u64> {
        let (mut got, window) = (0, &mut self.window);
        let mut whole = false;
        let visited = log.visit(from, Direction::Forward, &self.choice, STEP, |entry| {
            if entry.number >= end {
                whole = true;
                return ControlFlow::Break(());
            }
            window.push_back(entry.to_entry());
            got += 1;
            if got < FETCH { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        match visited {
            Visited::Enough if !whole => None,
            Visited::GoOn(from) if from < end => Some(from),
            _ => {
                self.whole.1 = true;
                None
            }
        }
    }

    /// Up, towards the older lines.
    pub fn up(&mut self, rows: usize, log: &mut Scrollback, end: u64) {
        let top = self.top.unwrap_or_else(|| self.tail_top());
        self.top = Some(top.saturating_sub(rows));
        if top < rows && !self.whole.0 && self.fill.is_none() {
            let before = self.window.len();
            let from = self.window.front().map_or(end, |entry| entry.number);
            self.fill = self.fetch_before(log, from);
            let got = self.window.len() - before;
            self.top = Some((top + got).saturating_sub(rows));
        }
        self.settle(log, end);
    }

    /// Down, towards the newer lines; behind the last one it follows again.
    pub fn down(&mut self, rows: usize, log: &mut Scrollback, end: u64) {
        let Some(top) = self.top else { return };
        self.top = Some(top + rows);
        self.settle(log, end);
        if self.whole.1 && self.top.is_some_and(|top| top >= self.tail_top()) {
            self.top = None;
        }
    }

    /// To the first line there is.
    pub fn go_to_start(&mut self, log: &mut Scrollback, end: u64) {
        self.window.clear();
        (self.whole, self.top, self.fill) = ((true, false), Some(0), None);
        self.ahead = self.fetch_after(log, log.first(), end);
    }

    /// To the last line, and follows what comes.
    pub fn go_to_end(&mut self, log: &mut Scrollback, end: u64) {
        if !self.whole.1 {
            self.window.clear();
            (self.whole, self.ahead) = ((false, true), None);
            self.fill = self.fetch_before(log, end);
        }
        self.top = None;
    }

    /// Stops following, or follows again.
    pub fn pause(&mut self, log: &mut Scrollback, end: u64) {
        match self.top {
            None => self.top = Some(self.tail_top()),
            Some(_) => self.go_to_end(log, end),
        }
    }

    /// Keeps lines after those that are shown at hand, and the window within its bounds.
    fn settle(&mut self, log: &mut Scrollback, end: u64) {
        let Some(top) = self.top else { return };
        if !self.whole.1 && self.ahead.is_none() && top + 2 * self.size.1 > self.window.len() {
            let from = self.window.back().map_or(end, |entry| entry.number + 1);
            self.ahead = self.fetch_after(log, from, end);
        }
        let mut top = top.min(self.window.len().saturating_sub(1));
        while self.window.len() > WINDOW && top > FETCH {
            self.window.pop_front();
            self.whole.0 = false;
            top -= 1;
        }
        while self.window.len() > WINDOW {
            self.window.pop_back();
            self.whole.1 = false;
        }
        self.top = Some(top);
    }

    /// How many rows a line fills.
    fn height(&self, entry: &Entry, prefix: usize) -> usize {
        if !self.wrap {
            return 1;
        }
        text::rows(&text::untabbed(&entry.text), self.size.0.saturating_sub(prefix)).len()
    }

    /// Columns before a line's text.
    pub fn prefix(&self) -> usize {
        let names = self.names().map_or(0, |width| width + 1);
        names + if self.times { TIME + 1 } else { 0 }
    }

    /// Columns of what each line begins with: pod and container, or of them what is not the same in all lines.
    pub fn names(&self) -> Option<usize> {
        let names = match &self.subject {
            Subject::All if self.size.0 >= WIDE => WIDE_NAMES,
            Subject::All => NAMES,
            Subject::Job(_) => JOB_NAMES,
            Subject::Pod(_) => POD_NAMES,
            Subject::Container(_) => return None,
        };
        // On a narrow screen something of the lines is to be seen too.
        Some(names.min(self.size.0 / 2))
    }

    /// The first line that is shown when the last ones are.
    fn tail_top(&self) -> usize {
        let (mut rows, prefix) = (0, self.prefix());
        for (at, entry) in self.window.iter().enumerate().rev() {
            rows += self.height(entry, prefix);
            if rows >= self.size.1 {
                return if rows > self.size.1 { (at + 1).min(self.window.len() - 1) } else { at };
            }
        }
        0
    }

    /// What is shown: places in the window, each with how many rows it fills.
    pub fn shown(&self) -> Vec<(usize, usize)> {
        let (top, prefix) = (self.top.unwrap_or_else(|| self.tail_top()), self.prefix());
        let (mut left, mut shown) = (self.size.1, Vec::new());
        for (at, entry) in self.window.iter().enumerate().skip(top) {
            if left == 0 {
                break;
            }
            let rows = self.height(entry, prefix).min(left);
            left -= rows;
            shown.push((at, rows));
        }
        shown
    }
}

/// Columns of pod and container before a line, and where the screen is wide.
const NAMES: usize = 28;
const WIDE_NAMES: usize = 38;
/// From so many columns on.
const WIDE: usize = 110;
/// Columns of the end of a pod's name, and a container: `x7k2p results-export`.
const JOB_NAMES: usize = 20;
/// Columns of a container.
const POD_NAMES: usize = 14;
/// Columns of a time: `12:58:30`.
pub const TIME: usize = 8;
