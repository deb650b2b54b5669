//! [`View`]: all that is on the screen. What comes is taken, keys are obeyed, and what is to be done outside is handed back; nothing
//! is drawn here.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{
    areas::Areas,
    film::{Film, Moment, SPEEDS},
    keys::KeyAction,
    pane::{Pane, Pattern, SeekEnd, Sought, Subject},
    scrollback::{Direction, EntryRef, Scrollback},
    table::{RowKey, RowsOf, SortedTable},
    theme::Look,
};
use crate::{
    cluster::UsageByPod,
    doctor::Report,
    k8s::{ContainerId, InstanceId, Line, Pod, Stamp, Stream, Target},
    overview::{Estimate, Overview, RowState, Span, Standing, StepState},
    render::{JobIds, Meaning, Transforms, color_index, plain, sanitize, short_name},
    session::{Notice, RunEvent},
};

/// What happens outside.
#[derive(Debug)]
pub enum ViewNews {
    /// The run says something.
    Event(RunEvent),
    /// The cluster tells a pod.
    Pod(Box<Pod>),
    /// The pod of this uid is gone.
    PodGone(String),
    /// The cluster tells the job's Jobs.
    Jobs(Vec<k8s_openapi::api::batch::v1::Job>),
    /// The row says something else.
    Row(RowState),
    /// What pods use; `None`: the cluster does not tell.
    Usage(Option<UsageByPod>),
    /// The cluster has answered a question, whatever it said.
    Answered,
    /// It has not; with why.
    Unanswered(String),
    /// The doctor looks.
    Examining,
    /// What the doctor says; or why it cannot.
    Examined(Result<Box<Report>, String>),
    /// What was told when, of an archived job.
    At(Stamp, Moment),
    /// The run is over: well, or by an error.
    Over(Result<(), String>),
    /// Something to say to whoever looks.
    Say(String),
}

/// What is to be done outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The view ends.
    Quit(ViewEnd),
    /// A text goes to the clipboard.
    Copy(String),
    /// Lines are written to a new file; [`View::chosen_lines`] has them.
    Save(PathBuf),
    /// The doctor is to look now.
    Examine,
    /// The process stops until it is continued.
    Suspend,
    /// The mouse is taken, or left to the terminal.
    Mouse(Capture),
    /// All of the screen is drawn.
    Redraw,
}

/// How the view was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewEnd {
    /// By whoever looked.
    Quit,
    /// By Ctrl-C.
    Interrupted,
}

/// Who has the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Capture {
    /// The view.
    #[default]
    View,
    /// The terminal, which selects text with it.
    Terminal,
}

/// What keys move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Focus {
    /// The rows.
    #[default]
    Table,
    /// The log.
    Log,
}

/// What lies over the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// The keys, from a line on.
    Help(usize),
    /// The doctor's findings, from a line on.
    Findings(usize),
}

/// What is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What for.
    pub of: PromptOf,
    /// Until now.
    pub text: String,
}

/// What is typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptOf {
    /// A search.
    Search,
    /// A choice of lines.
    Filter,
    /// A choice of rows.
    Rows,
    /// A file's name.
    Save,
}

/// A container, as its lines begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownContainer {
    /// Its pod's short name and its own.
    pub name: String,
    /// The container's own.
    pub container: String,
    /// What tells its pod from others of its Job: the end of the name.
    pub suffix: String,
    /// Its colour, of 256.
    pub color: u8,
}

/// What the doctor says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// The last report.
    pub report: Option<Box<Report>>,
    /// When that was made.
    pub at: Stamp,
    /// Whether it looks at present.
    pub looking: bool,
    /// Why it cannot.
    pub trouble: Option<String>,
    /// Whether there is a doctor: an archive has none.
    pub none: bool,
}

/// That the cluster does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    /// Since when.
    pub since: Stamp,
    /// Why.
    pub why: String,
}

/// What is worked out of the overview when the rows are: too much for every frame.
#[derive(Debug, Default)]
pub struct OverviewFacts {
    /// How far the steps are.
    pub steps: Vec<StepState>,
    /// When the batches will have ended.
    pub estimate: Option<Estimate>,
    /// How long it has taken.
    pub elapsed: Option<Span>,
    /// How the batches stand, by name.
    pub batches: Vec<(String, Standing)>,
}

/// How the run is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RunState {
    /// It goes on.
    #[default]
    Live,
    /// It is over.
    Over,
    /// It ended by an error.
    Broken(String),
}

/// All that is on the screen.
pub struct View {
    /// The state of the job.
    pub overview: Overview,
    /// Its lines.
    pub log: Scrollback,
    /// Its rows.
    pub table: SortedTable,
    /// The log that is shown.
    pub pane: Pane,
    /// Colours and signs.
    pub look: Look,
    /// The archive it is of, if it is of one.
    pub film: Option<Film>,
    /// What keys move.
    pub focus: Focus,
    /// Whether the log has the whole screen.
    pub zoom: bool,
    /// What lies over the rest.
    pub overlay: Option<Overlay>,
    /// What is being typed.
    pub prompt: Option<Prompt>,
    /// What there is to say, until when.
    pub message: Option<(String, Stamp)>,
    /// What the doctor says.
    pub findings: Findings,
    /// What is worked out of the overview.
    pub facts: OverviewFacts,
    /// What pods use.
    pub usage: Option<UsageByPod>,
    /// Lines that were not taken because they came too fast. The run has counted them.
    pub missed: u64,
    /// How the run is.
    pub run: RunState,
    /// That its cluster does not answer, if it does not.
    pub unreached: Option<Unreached>,
    /// Who has the mouse.
    pub mouse: Capture,
    /// The zone of times.
    pub zone: jiff::tz::TimeZone,
    shown_containers: Vec<ShownContainer>,
    places: HashMap<Arc<ContainerId>, usize>,
    ids: JobIds,
    transforms: Transforms,
    /// Columns and rows.
    size: (u16, u16),
    now: Stamp,
    refreshed: Stamp,
    /// Whether anything may look otherwise than when it was drawn.
    changed: bool,
    stale: bool,
    clean: Vec<u8>,
    wishes: Vec<Effect>,
}

/// How long something is said.
const SAID: i64 = 6_000_000_000;
/// From what age on it is said when the doctor has looked, in nanoseconds: it looks each minute, if that does not ask for much.
const OLD: i64 = 90_000_000_000;
/// How often rows are made anew, while they change.
const REFRESH: i64 = 500_000_000;

impl View {
    /// An empty one. `transforms` are what is done to lines before they are kept and shown, such as masking.
    pub fn new(log: Scrollback, transforms: Transforms, look: Look, size: (u16, u16)) -> View {
        let mut view = View {
            overview: Overview::default(),
            log,
            table: SortedTable::default(),
            pane: Pane::default(),
            look,
            film: None,
            focus: Focus::Table,
            zoom: false,
            overlay: None,
            prompt: None,
            message: None,
            findings: Findings::default(),
            facts: OverviewFacts::default(),
            usage: None,
            missed: 0,
            run: RunState::Live,
            unreached: None,
            wishes: Vec::new(),
            mouse: Capture::View,
            zone: jiff::tz::TimeZone::UTC,
            shown_containers: Vec::new(),
            places: HashMap::new(),
            ids: JobIds::default(),
            transforms,
            size,
            now: Stamp::default(),
            refreshed: Stamp(i64::MIN),
            changed: true,
            stale: true,
            clean: Vec::new(),
        };
        view.arrange();
        view
    }

    /// The same for an archived job.
    pub fn of_archive(self) -> View {
        let findings = Findings { none: true, ..Findings::default() };
        View { film: Some(Film::default()), findings, ..self }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        self.size
    }

    /// The moment that is shown.
    pub fn now(&self) -> Stamp {
        self.film.as_ref().map_or(self.now, Film::at)
    }

    /// A container, as its lines begin.
    pub fn shown_container(&self, place: usize) -> Option<&ShownContainer> {
        self.shown_containers.get(place)
    }

    /// Whether anything may look otherwise than when this was asked last.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The number of the first line that is not shown.
    fn end(&self) -> u64 {
        self.film.as_ref().map_or_else(|| self.log.end(), Film::end)
    }

    fn place(&self, id: &ContainerId) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// What short names leave out.
    fn short(&self) -> String {
        self.ids.short()
    }

    /// Takes what happened outside.
    pub fn take(&mut self, news: ViewNews) {
        self.changed = true;
        match news {
            ViewNews::Event(RunEvent::Lines(batch)) => self.lines(&batch.instance, batch.stream, &batch.lines),
            ViewNews::Event(RunEvent::Merged(merged)) => {
                for (of, line) in merged.iter() {
                    self.lines(&of.instance, of.stream, std::slice::from_ref(line));
                }
            }
            ViewNews::Event(event) => self.event(event),
            ViewNews::Pod(pod) => {
                self.overview.pod(&pod, self.now);
                self.answered();
            }
            ViewNews::PodGone(uid) => self.overview.pod_gone(&uid),
            ViewNews::Jobs(jobs) => jobs.iter().for_each(|job| self.overview.job(job)),
            ViewNews::Row(row) => self.overview.row = Some(row),
            ViewNews::Usage(usage) => self.usage = usage,
            ViewNews::Answered => self.answered(),
            ViewNews::Unanswered(why) => self.unanswered(&why),
            ViewNews::Examining => self.findings.looking = true,
            ViewNews::Examined(Ok(report)) => {
                self.findings = Findings { report: Some(report), at: self.now, ..Findings::default() };
            }
            ViewNews::Examined(Err(why)) => {
                (self.findings.looking, self.findings.trouble) = (false, Some(plain(&why, 400)));
            }
            ViewNews::At(at, moment) => {
                if let Some(film) = &mut self.film {
                    film.tell(at, moment);
                }
            }
            ViewNews::Over(ended) => {
                self.place_all();
                self.run = match ended {
                    Ok(()) => RunState::Over,
                    Err(why) => RunState::Broken(plain(&why, 400)),
                };
                if let Some(film) = &mut self.film {
                    film.close(&mut self.overview);
                    self.back_in_time();
                }
            }
            ViewNews::Say(text) => self.say(plain(&text, 400)),
        }
        self.stale = true;
    }

    fn unanswered(&mut self, why: &str) {
        let why = plain(why, 400);
        let since = self.unreached.as_ref().map_or(self.now, |unreached| unreached.since);
        self.unreached = Some(Unreached { since, why });
    }

    /// It answers again: what the doctor has said meanwhile is of a cluster that did not.
    fn answered(&mut self) {
        if self.unreached.take().is_some() {
            self.wishes.push(Effect::Examine);
        }
    }

    /// What is to be done outside because of what happened there.
    pub fn take_wishes(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.wishes)
    }

    /// Whether what the doctor has said may not be so any more: it could not look since, or has not for long.
    pub fn is_report_old(&self) -> bool {
        let age = self.now.0.saturating_sub(self.findings.at.0);
        self.unreached.is_some() || self.findings.trouble.is_some() || age > OLD
    }

    fn event(&mut self, event: RunEvent) {
        match &event {
            RunEvent::Found(target) if self.film.is_none() => self.found(target),
            RunEvent::Job(ids) => self.ids = ids.clone(),
            RunEvent::Notice(notice) => {
                self.say(plain(&notice.to_string(), 400));
                match notice {
                    Notice::WatchInterrupted(why) => self.unanswered(why),
                    Notice::WatchWorksAgain => self.answered(),
                    _ => {}
                }
            }
            _ => {}
        }
        match (&mut self.film, event) {
            (Some(film), RunEvent::Found(target)) => film.find(target),
            // Whose job it is, is so at any time.
            (Some(film), event @ RunEvent::Job(_)) => film.tell(Stamp(i64::MIN), Moment::Event(Box::new(event))),
            (Some(film), event) => film.tell(film.told_at(), Moment::Event(Box::new(event))),
            (None, event) => {
                self.overview.take(&event, self.now);
                if matches!(event, RunEvent::Found(_)) {
                    self.pane.choose(&self.overview);
                }
            }
        }
    }

    /// The containers of an archive get their places, before a line of one is kept by it.
    fn place_all(&mut self) {
        let unplaced = self.film.as_mut().map(Film::take_unplaced).unwrap_or_default();
        for target in unplaced {
            self.found(&target);
            let place = self.place(&target.id());
            if let (Some(film), Some(place)) = (&mut self.film, place) {
                film.put(place, target);
            }
        }
    }

    fn found(&mut self, target: &Arc<Target>) {
        let id = target.id();
        let short = self.short();
        let (pod, container) = (plain(&short_name(&target.pod, &short), 80), plain(&target.container, 40));
        let suffix = pod.rsplit('-').next().unwrap_or_default().to_owned();
        let name = format!("{pod} {container}");
        let color = color_index(target, &short, self.look.theme);
        if self.place(&id).is_none() {
            self.places.insert(Arc::new(id), self.shown_containers.len());
            self.shown_containers.push(ShownContainer { name, container, suffix, color });
        }
    }

    fn lines(&mut self, of: &InstanceId, stream: Option<Stream>, lines: &[Line]) {
        self.place_all();
        let Some(place) = self.place(&of.container) else { return };
        for line in lines {
            // What a line says is judged before anything in it is masked, as everywhere.
            let meaning = Meaning::of(&line.text);
            if !self.transforms.concern(of, std::slice::from_ref(line)) {
                self.line(place, of.restart, line, meaning);
                continue;
            }
            for shown in self.transforms.apply(of, stream, std::slice::from_ref(line)) {
                self.line(place, of.restart, &shown.line, meaning);
            }
        }
    }

    /// Keeps a line as it is shown.
    fn line(&mut self, place: usize, restart: u32, line: &Line, meaning: Option<Meaning>) {
        self.clean.clear();
        sanitize(&line.text, &mut self.clean);
        let number = self.log.push(place, restart, line.stamp, meaning, &self.clean);
        match &mut self.film {
            Some(film) => film.line(line.stamp),
            None => {
                let (stamp, time, text) = (line.stamp, line.stamp, &self.clean);
                self.pane.take(&EntryRef { number, place, restart, stamp, time, meaning, text });
                self.overview.line_at(place, restart, line, meaning);
            }
        }
    }

    /// Time has passed. Returns whether more is to be done at once.
    pub fn tick(&mut self, now: Stamp) -> bool {
        // A process that was stopped has missed nothing of an archive.
        let passed = now.0.saturating_sub(self.now.0).clamp(0, 1_000_000_000);
        // Ages and rates change with the seconds.
        self.changed |= now.0.div_euclid(1_000_000_000) != self.now.0.div_euclid(1_000_000_000);
        self.now = now;
        if self.message.as_ref().is_some_and(|(_, until)| now > *until) {
            self.message = None;
            self.changed = true;
        }
        if let Some(trouble) = self.log.take_trouble() {
            self.say(trouble);
        }
        let is_behind = self.roll(passed as f64 / 1e9);
        let sought = self.pane.is_busy();
        let end = self.end();
        match self.pane.step(&mut self.log, end) {
            Some(SeekEnd::NotFound(sought)) => self.say(self.nothing_found(sought)),
            Some(SeekEnd::Wrapped(Direction::Forward)) => self.say("wrapped to the top".to_owned()),
            Some(SeekEnd::Wrapped(Direction::Back)) => self.say("wrapped to the bottom".to_owned()),
            Some(SeekEnd::Found) => self.changed = true,
            Some(SeekEnd::Searching) | None => {}
        }
        self.changed |= sought;
        let due = now.0.saturating_sub(self.refreshed.0) >= REFRESH;
        if due && (self.stale || self.changed) {
            self.refresh();
        }
        is_behind || self.pane.is_busy()
    }

    fn nothing_found(&self, sought: Sought) -> String {
        let which = match &self.pane.subject {
            Subject::All => "no line",
            Subject::Job(_) | Subject::Pod(_) | Subject::Container(_) => "no line of this log",
        };
        match sought {
            Sought::Match => format!("{which} matches"),
            Sought::Problem => format!("{which} tells of a problem"),
        }
    }

    /// Lets an archive's time pass.
    fn roll(&mut self, seconds: f64) -> bool {
        let Some(film) = &mut self.film else { return false };
        film.pass(seconds, &mut self.overview);
        if !film.is_behind() {
            return false;
        }
        let pane = &mut self.pane;
        film.step(&mut self.overview, &mut self.log, |entry| pane.take(entry));
        pane.choose(&self.overview);
        (self.changed, self.stale) = (true, true);
        film.is_behind()
    }

    /// Makes the rows anew.
    pub fn refresh(&mut self) {
        (self.refreshed, self.stale, self.changed) = (self.now, false, true);
        let now = self.now();
        self.facts = OverviewFacts {
            steps: self.overview.steps(),
            estimate: self.overview.estimate(now),
            elapsed: self.overview.elapsed(now),
            batches: self.overview.batches().map(|batch| (batch.name.to_owned(), batch.standing)).collect(),
        };
        self.table.refresh(&self.overview, self.usage.as_ref(), now);
        self.arrange();
    }

    /// Gives each part its size.
    fn arrange(&mut self) {
        let areas = Areas::of(self);
        self.table.resize(usize::from(areas.rows.height));
        self.pane.resize(usize::from(areas.log.width), usize::from(areas.log.height));
    }

    /// Says something for a while.
    pub fn say(&mut self, text: String) {
        self.message = Some((text, Stamp(self.now.0.saturating_add(SAID))));
        self.changed = true;
    }

    /// Obeys what the terminal tells.
    pub fn input(&mut self, event: Event) -> Vec<Effect> {
        self.changed = true;
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::Resize(columns, rows) => {
                self.size = (columns, rows);
                self.arrange();
                Vec::new()
            }
            Event::Paste(text) => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.text.extend(text.chars().filter(|c| !c.is_control()).take(PASTED));
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if self.prompt.is_some() {
            return self.type_key(key);
        }
        let Some(action) = KeyAction::of(key) else { return Vec::new() };
        if let Some(overlay) = self.overlay
            && let Some(effects) = self.in_overlay(overlay, action)
        {
            return effects;
        }
        self.act(action)
    }

    /// What a key does while something lies over the rest; `None`: as usual.
    fn in_overlay(&mut self, overlay: Overlay, action: KeyAction) -> Option<Vec<Effect>> {
        let (from, page) = match overlay {
            Overlay::Help(from) | Overlay::Findings(from) => (from, usize::from(self.size.1.saturating_sub(4)).max(1)),
        };
        let to = match action {
            KeyAction::Up => from.saturating_sub(1),
            KeyAction::Down => from + 1,
            KeyAction::PageUp | KeyAction::HalfUp => from.saturating_sub(page),
            KeyAction::PageDown | KeyAction::HalfDown | KeyAction::Space => from + page,
            KeyAction::First => 0,
            KeyAction::Last => usize::MAX,
            KeyAction::Interrupt | KeyAction::Suspend | KeyAction::Redraw | KeyAction::Examine | KeyAction::Mouse => {
                return None;
            }
            _ => {
                self.overlay = None;
                return Some(Vec::new());
            }
        };
        let lines = super::draw::overlay_lines(self, overlay).len();
        let to = to.min(lines.saturating_sub(page));
        self.overlay = Some(match overlay {
            Overlay::Help(_) => Overlay::Help(to),
            Overlay::Findings(_) => Overlay::Findings(to),
        });
        Some(Vec::new())
    }

    fn act(&mut self, action: KeyAction) -> Vec<Effect> {
        let end = self.end();
        match action {
            KeyAction::Quit => return vec![Effect::Quit(ViewEnd::Quit)],
            KeyAction::Interrupt => return vec![Effect::Quit(ViewEnd::Interrupted)],
            KeyAction::Suspend => return vec![Effect::Suspend],
            KeyAction::Redraw => return vec![Effect::Redraw],
            KeyAction::Help => self.overlay = Some(Overlay::Help(0)),
            KeyAction::Back => self.back(),
            KeyAction::Focus => self.focus = if self.focus == Focus::Table { Focus::Log } else { Focus::Table },
            KeyAction::Up => self.scroll(-1),
            KeyAction::Down => self.scroll(1),
            KeyAction::PageUp => self.scroll(-self.page()),
            KeyAction::PageDown => self.scroll(self.page()),
            KeyAction::HalfUp => self.scroll(-(self.page() / 2).max(1)),
            KeyAction::HalfDown => self.scroll((self.page() / 2).max(1)),
            KeyAction::First if self.is_in_log() => self.pane.go_to_start(&mut self.log, end),
            KeyAction::Last if self.is_in_log() => self.pane.go_to_end(&mut self.log, end),
            KeyAction::First => self.move_to(0),
            KeyAction::Last => self.move_to(usize::MAX),
            KeyAction::Left => self.pane.shift = self.pane.shift.saturating_sub(SHIFT),
            KeyAction::Right => self.pane.shift = (self.pane.shift + SHIFT).min(LINE),
            KeyAction::Open => {
                if !self.is_in_log() {
                    self.follow_cursor();
                }
                (self.zoom, self.focus) = (true, Focus::Log);
            }
            KeyAction::Zoom => {
                self.zoom = !self.zoom;
                self.focus = if self.zoom { Focus::Log } else { Focus::Table };
            }
            KeyAction::Rows => self.rows_of(self.table.of.next()),
            KeyAction::RowsOf(of) => self.rows_of(of),
            KeyAction::Sort => self.table.sort = self.table.sort.next(self.usage.is_some()),
            KeyAction::Reverse => self.table.reversed = !self.table.reversed,
            KeyAction::Only => self.table.only = self.table.only.next(),
            KeyAction::RowFilter => self.ask(PromptOf::Rows, String::new()),
            KeyAction::All => {
                if self.pane.subject == Subject::All {
                    self.follow_cursor();
                } else {
                    self.show(Subject::All);
                }
            }
            KeyAction::Search => self.ask(PromptOf::Search, String::new()),
            KeyAction::Filter => {
                let typed = self.pane.filter.as_ref().map(|filter| filter.typed.clone()).unwrap_or_default();
                self.ask(PromptOf::Filter, typed);
            }
            KeyAction::Next => self.pane.seek_match(Direction::Forward, end),
            KeyAction::Previous => self.pane.seek_match(Direction::Back, end),
            KeyAction::NextProblem => self.pane.seek_problem(Direction::Forward, end),
            KeyAction::PreviousProblem => self.pane.seek_problem(Direction::Back, end),
            KeyAction::Problems => {
                self.pane.problems = !self.pane.problems;
                self.reset_pane();
            }
            KeyAction::Wrap => self.pane.wrap = !self.pane.wrap,
            KeyAction::Times => self.pane.times = !self.pane.times,
            KeyAction::Space if self.film.is_some() => self.play(),
            KeyAction::Space | KeyAction::Follow => self.pane.pause(&mut self.log, end),
            KeyAction::Copy => return self.copy(),
            KeyAction::Save => self.ask(PromptOf::Save, self.file_name()),
            KeyAction::Findings => {
                self.overlay = Some(Overlay::Findings(0));
                // What it said last may be old.
                if !self.findings.none && !self.findings.looking {
                    return vec![Effect::Examine];
                }
            }
            KeyAction::Examine if self.findings.none => self.say("an archive has no doctor".to_owned()),
            KeyAction::Examine => return vec![Effect::Examine],
            KeyAction::Mouse => {
                self.mouse = if self.mouse == Capture::View { Capture::Terminal } else { Capture::View };
                self.say(match self.mouse {
                    Capture::View => "the mouse scrolls and chooses".to_owned(),
                    Capture::Terminal => "the mouse is the terminal's, to select text".to_owned(),
                });
                return vec![Effect::Mouse(self.mouse)];
            }
            KeyAction::Earlier => self.scrub(-0.01),
            KeyAction::Later => self.scrub(0.01),
            KeyAction::MuchEarlier => self.scrub(-0.1),
            KeyAction::MuchLater => self.scrub(0.1),
            KeyAction::Faster => self.faster(1),
            KeyAction::Slower => self.faster(-1),
        }
        if matches!(
            action,
            KeyAction::Sort | KeyAction::Reverse | KeyAction::Only | KeyAction::Rows | KeyAction::RowsOf(_)
        ) {
            self.refresh();
        }
        self.arrange();
        Vec::new()
    }

    fn is_in_log(&self) -> bool {
        self.zoom || self.focus == Focus::Log
    }

    fn page(&self) -> isize {
        let areas = Areas::of(self);
        let rows = if self.is_in_log() { areas.log.height } else { areas.rows.height };
        isize::try_from(rows.saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn scroll(&mut self, by: isize) {
        if self.is_in_log() {
            self.scroll_log(by);
        } else {
            self.table.move_by(by);
            self.follow_cursor();
        }
    }

    fn scroll_log(&mut self, by: isize) {
        let end = self.end();
        if by < 0 {
            self.pane.up(by.unsigned_abs(), &mut self.log, end);
        } else {
            self.pane.down(by.unsigned_abs(), &mut self.log, end);
        }
    }

    fn move_to(&mut self, row: usize) {
        self.table.move_to(row);
        self.follow_cursor();
    }

    /// Shows the log of what the cursor is on.
    fn follow_cursor(&mut self) {
        let Some(row) = self.table.chosen() else { return };
        self.show(match row.key.clone() {
            RowKey::Container(place) => Subject::Container(place),
            RowKey::Pod(uid) => Subject::Pod(uid),
            RowKey::Batch(name) => Subject::Job(name),
        });
    }

    fn show(&mut self, subject: Subject) {
        if self.pane.subject != subject {
            self.pane.subject = subject;
            self.reset_pane();
        }
    }

    fn reset_pane(&mut self) {
        let end = self.end();
        self.pane.reset(&self.overview, &mut self.log, end);
    }

    fn rows_of(&mut self, of: RowsOf) {
        self.table.of = of;
        self.refresh();
        self.table.move_to(0);
    }

    fn back(&mut self) {
        if self.pane.is_seeking() {
            self.pane.stop_seeking();
        } else if self.zoom {
            (self.zoom, self.focus) = (false, Focus::Table);
        } else if self.pane.search.take().is_some() || self.message.take().is_some() {
        } else if self.pane.filter.take().is_some() || std::mem::take(&mut self.pane.problems) {
            self.reset_pane();
        } else if self.table.filter.take().is_some() || self.table.only != super::table::Only::All {
            self.table.only = super::table::Only::All;
            self.refresh();
        } else if self.focus == Focus::Log {
            self.focus = Focus::Table;
        }
    }

    fn ask(&mut self, of: PromptOf, text: String) {
        self.prompt = Some(Prompt { of, text });
    }

    fn type_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return vec![Effect::Quit(ViewEnd::Interrupted)],
            KeyCode::Char('u') if control => prompt.text.clear(),
            KeyCode::Char('w') if control => {
                let kept = prompt.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                prompt.text.truncate(kept);
            }
            KeyCode::Char(_) if control => {}
            KeyCode::Char(c) if !c.is_control() && prompt.text.len() < PASTED => prompt.text.push(c),
            KeyCode::Backspace if !prompt.text.is_empty() => drop(prompt.text.pop()),
            KeyCode::Backspace | KeyCode::Esc => self.prompt = None,
            KeyCode::Enter => return self.typed(),
            _ => {}
        }
        Vec::new()
    }

    fn typed(&mut self) -> Vec<Effect> {
        let Some(Prompt { of, text }) = self.prompt.take() else { return Vec::new() };
        let end = self.end();
        match of {
            PromptOf::Search => {
                // Nothing typed is the search before once more.
                self.pane.search = Pattern::of(&text).or(self.pane.search.take());
                self.pane.mark = None;
                let direction = if self.pane.follows() { Direction::Back } else { Direction::Forward };
                self.pane.seek_match(direction, end);
            }
            PromptOf::Filter => {
                self.pane.filter = Pattern::of(&text);
                self.reset_pane();
            }
            PromptOf::Rows => {
                self.table.filter = Pattern::of(&text);
                self.refresh();
            }
            PromptOf::Save if text.trim().is_empty() => {}
            PromptOf::Save => return vec![Effect::Save(PathBuf::from(text.trim()))],
        }
        Vec::new()
    }

    /// What lines are called that are written to a file.
    fn file_name(&self) -> String {
        let of = match &self.pane.subject {
            Subject::All => self.short(),
            Subject::Job(name) => name.clone(),
            Subject::Container(place) => {
                self.shown_container(*place).map(|it| it.name.replace(' ', "-")).unwrap_or_default()
            }
            Subject::Pod(uid) => {
                let name = |it: &crate::overview::ContainerLife| short_name(&it.target.pod, &self.short());
                self.overview.containers().iter().find(|it| it.target.uid == *uid).map(name).unwrap_or_default()
            }
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let of: String = of.chars().filter(|c| is_plain(*c)).collect();
        if of.is_empty() { "elbtail.log".to_owned() } else { format!("elbtail-{of}.log") }
    }

    /// Hands on all lines that are chosen, as they are shown, until one cannot be taken.
    ///
    /// # Errors
    /// What whoever takes them says.
    pub fn chosen_lines<E>(&mut self, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<u64, E> {
        let (end, choice, names) = (self.end(), self.pane.choice().clone(), self.pane.names().is_some());
        let (shown_containers, zone) = (&self.shown_containers, &self.zone);
        let (mut count, mut failed, mut line) = (0, None, Vec::new());
        let first = self.log.first();
        self.log.visit(first, Direction::Forward, &choice, usize::MAX, |entry| {
            if entry.number >= end {
                return std::ops::ControlFlow::Break(());
            }
            line.clear();
            let time = entry.stamp.to_timestamp().to_zoned(zone.clone());
            line.extend_from_slice(time.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z ").to_string().as_bytes());
            if let Some(shown) = shown_containers.get(entry.place).filter(|_| names) {
                line.extend_from_slice(format!("{:WRITTEN$} ", shown.name).as_bytes());
            }
            line.extend_from_slice(entry.text);
            line.push(b'\n');
            match take(&line) {
                Ok(()) => {
                    count += 1;
                    std::ops::ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    std::ops::ControlFlow::Break(())
                }
            }
        });
        failed.map_or(Ok(count), Err)
    }

    fn copy(&mut self) -> Vec<Effect> {
        let shown = self.pane.shown();
        let window = self.pane.window();
        let marked = self.pane.mark.and_then(|mark| window.iter().find(|entry| entry.number == mark));
        let text = |entry: &super::scrollback::Entry| String::from_utf8_lossy(&entry.text).into_owned();
        let lines: Vec<String> = match marked {
            Some(entry) => vec![text(entry)],
            None => shown.iter().filter_map(|(at, _)| window.get(*at)).map(text).collect(),
        };
        if lines.is_empty() {
            self.say("there is no line to copy".to_owned());
            return Vec::new();
        }
        self.say(match lines.len() {
            1 => "copied the line".to_owned(),
            count => format!("copied the {count} lines that are shown"),
        });
        vec![Effect::Copy(lines.join("\n"))]
    }

    fn play(&mut self) {
        let Some(film) = &mut self.film else { return };
        film.playing = !film.playing;
        // At its end it begins anew.
        if film.playing && film.part() >= 1.0 && film.seek(0.0, &mut self.overview) {
            self.back_in_time();
        }
    }

    /// Goes through time by a part of the whole.
    fn scrub(&mut self, by: f64) {
        let Some(film) = &mut self.film else { return };
        // Keys may be pressed faster than a moment is shown.
        let part = film.part_wanted() + by;
        if film.seek(part, &mut self.overview) {
            self.back_in_time();
        }
    }

    fn scrub_to(&mut self, part: f64) {
        let Some(film) = &mut self.film else { return };
        if film.seek(part, &mut self.overview) {
            self.back_in_time();
        }
    }

    /// Lines that were shown are yet to come.
    fn back_in_time(&mut self) {
        self.reset_pane();
        (self.stale, self.changed) = (true, true);
    }

    fn faster(&mut self, by: isize) {
        if let Some(film) = &mut self.film {
            film.speed = film.speed.saturating_add_signed(by).min(SPEEDS.len() - 1);
        }
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Vec<Effect> {
        let areas = Areas::of(self);
        let at = (mouse.column, mouse.row).into();
        if let Some(overlay) = self.overlay {
            let action = match mouse.kind {
                MouseEventKind::ScrollUp => KeyAction::Up,
                MouseEventKind::ScrollDown => KeyAction::Down,
                MouseEventKind::Down(_) => KeyAction::Back,
                _ => return Vec::new(),
            };
            return self.in_overlay(overlay, action).unwrap_or_default();
        }
        match mouse.kind {
            MouseEventKind::ScrollUp if areas.table.contains(at) => self.table.move_by(-1),
            MouseEventKind::ScrollDown if areas.table.contains(at) => self.table.move_by(1),
            MouseEventKind::ScrollUp => self.scroll_log(-3),
            MouseEventKind::ScrollDown => self.scroll_log(3),
            MouseEventKind::Down(MouseButton::Left) | MouseEventKind::Drag(MouseButton::Left)
                if areas.time.contains(at) && self.film.is_some() =>
            {
                let bar = super::draw::time_bar(areas.time, self);
                let width = f64::from(bar.width.saturating_sub(1).max(1));
                self.scrub_to(f64::from(mouse.column.saturating_sub(bar.x)) / width);
            }
            MouseEventKind::Down(MouseButton::Left) if areas.findings.contains(at) => {
                self.overlay = Some(Overlay::Findings(0));
            }
            MouseEventKind::Down(MouseButton::Left) if areas.strip.contains(at) => {
                let cell = usize::from(mouse.row - areas.strip.y) * usize::from(areas.strip.width)
                    + usize::from(mouse.column - areas.strip.x);
                let cells = usize::from(areas.strip.width) * usize::from(areas.strip.height);
                let first = super::draw::first_of_cell(cell, self.facts.batches.len(), cells);
                if let Some((name, _)) = self.facts.batches.get(first).cloned() {
                    self.table.choose(&RowKey::Batch(name.clone()));
                    self.show(Subject::Job(name));
                }
            }
            MouseEventKind::Down(MouseButton::Left) if areas.rows.contains(at) => {
                self.focus = Focus::Table;
                let row = self.table.cursor().1 + usize::from(mouse.row - areas.rows.y);
                if row < self.table.rows().len() {
                    self.move_to(row);
                }
            }
            MouseEventKind::Down(MouseButton::Left) if areas.log.contains(at) => self.focus = Focus::Log,
            _ => {}
        }
        self.arrange();
        Vec::new()
    }
}

/// Columns of pod and container in a file.
const WRITTEN: usize = 38;
/// Columns that the log is moved sideways.
const SHIFT: usize = 16;
/// Columns that it is moved at most.
const LINE: usize = 64 << 10;
/// Characters that are typed or pasted at most.
const PASTED: usize = 1000;
