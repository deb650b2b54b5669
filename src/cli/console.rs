//! [`Console`]: all that is printed of a run. Lines go to stdout, everything else to stderr, in the order in which it was told.

use std::{
    collections::{BTreeSet, HashMap},
    io, slice,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    causes::Causes,
    environment::variables,
    failure::Failure,
    flags::{LineArgs, PrintArgs},
    live::{LiveRow, Narrowed, ProgressLine},
    stderr::{self, Tone},
    stdout, terminal,
};
use crate::{
    follow::note::Note,
    k8s::{ContainerId, InstanceId, Line, Stream, Target},
    merge::{Merged, MergedLine, Origin},
    overview::{Summary, SummaryOf},
    render::{
        self, AzcopyProgress, ColorChoice, JobIds, PrintedContainer, RenderOptions, Renderer, Screen, ShownLine,
        Transforms, document,
    },
    session::{
        EventObject, Notice, Outlet, RunEvent, Sink,
        fan_out::{FanOut, RunningSink, SinkError, SinkRunner},
        sink::Stop,
    },
};

/// Bytes written together at most, while more is waiting.
const WRITE: usize = 256 << 10;

/// How long names are collected that one cause has struck.
const GATHER: Duration = Duration::from_secs(1);

/// What goes to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
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
pub struct StderrStyle {
    /// What is said.
    pub verbosity: Verbosity,
    /// Whether it is set apart from the lines by colour: warnings stand out, the rest steps back.
    pub color: bool,
}

impl StderrStyle {
    /// For this process's stderr.
    pub fn of(verbosity: Verbosity, color: ColorChoice) -> StderrStyle {
        StderrStyle { verbosity, color: color.decide(variables(), stderr::is_terminal()) }
    }
}

/// What is shown of lines, and how.
pub struct Printing {
    renderer: Renderer,
    transforms: Transforms,
    events: Option<EventStyle>,
    live: Option<LiveRow>,
    summary: Option<Summary>,
}

/// How what is told besides lines is written among them, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventStyle {
    /// In which layout.
    pub layout: EventLayout,
    /// Whether secrets in it are masked, as in lines.
    pub is_masked: bool,
}

/// The layout of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventLayout {
    /// An object on one line.
    Line,
    /// An object over several lines.
    Pretty,
}

impl Printing {
    /// As the flags say, on this process's stdout.
    ///
    /// # Errors
    /// When what they say cannot be meant.
    pub fn of(print: &PrintArgs, lines: &LineArgs, color: ColorChoice) -> Result<Printing, Failure> {
        let (screen, terminal) = (&print.screen, stdout::is_terminal());
        let renderer = renderer(print, color)
            .with_highlight(print.highlight(lines.include()))
            .with_template(print.template(color.decide(variables(), terminal), terminal)?);
        // First, as a private key is known by the line that it begins with, which may not be among those that are chosen.
        let masking = Transforms::default().and(screen.masking(print.output, terminal));
        let transforms = lines
            .transforms(masking, print.groups())?
            .and(screen.problems(lines.context_of(screen.wants_problems())?, print.groups()))
            .and(screen.fold(terminal, render::is_utf8(variables())));
        // A row is drawn again only where the cursor can be moved.
        let live = (terminal && !variables().is_dumb()).then(|| LiveRow::on(Narrowed::of(variables())));
        Ok(Printing { renderer, transforms, events: print.events()?, live, summary: None })
    }

    /// Of lines that no log has cut at its line ends.
    pub fn of_pieces(self) -> Printing {
        Printing { renderer: self.renderer.with_breaks(), ..self }
    }

    /// With a summary when the job has ended, of that much of it.
    pub fn with_summary(self, extent: SummaryOf) -> Printing {
        Printing { summary: Some(Summary::new(extent)), ..self }
    }
}

/// How lines look on this process's stdout.
pub fn renderer(args: &PrintArgs, color: ColorChoice) -> Renderer {
    let terminal = stdout::is_terminal();
    Renderer::new(RenderOptions {
        format: args.output,
        color: color.decide(variables(), terminal),
        terminal,
        utf8: render::is_utf8(variables()),
        timestamps: args.has_times(),
        theme: args.screen.theme(),
        breaks: false,
    })
    .with_times(args.times())
    .with_screen(terminal.then(|| Screen { wrap: args.screen.wrap(), width: terminal::width() }))
}

/// Whose lines are printed.
pub enum Whose {
    /// One job's: its short id, which is left out of pod names.
    One(String),
    /// Those of the jobs with these short ids, each of which stands before the pod.
    Several(Vec<String>),
    /// Those of the jobs that are told, by their short ids: each is marked once there are several.
    AsTold(Vec<String>),
}

/// What stands for the job of a pod whose name does not say it.
const NO_MARK: &str = "-";

impl Whose {
    /// The short id in a pod's name, and what marks its job.
    fn of<'a>(&'a self, pod: &str) -> (&'a str, Option<&'a str>) {
        match self {
            Whose::One(short) => (short, None),
            Whose::AsTold(shorts) if shorts.len() < 2 => (shorts.first().map_or("", String::as_str), None),
            Whose::Several(shorts) | Whose::AsTold(shorts) => {
                let short = shorts.iter().find(|short| pod.split('-').any(|segment| segment == short.as_str()));
                (short.map_or("", String::as_str), Some(short.map_or(NO_MARK, String::as_str)))
            }
        }
    }
}

/// The listener that prints.
pub struct Console {
    renderer: Renderer,
    /// What is done to lines before they are rendered.
    transforms: Transforms,
    whose: Whose,
    style: StderrStyle,
    containers: HashMap<Arc<ContainerId>, PrintedContainer>,
    events: Option<EventStyle>,
    /// The jobs that were told, the latest last.
    jobs: Vec<JobIds>,
    /// What objects of events say of containers.
    targets: HashMap<Arc<ContainerId>, (Arc<Target>, JobIds)>,
    /// Permissions that were told to be missing, for good or at present.
    forbidden: BTreeSet<String>,
    denied: BTreeSet<String>,
    causes: Causes,
    /// When what comes next was told, if not now.
    told: Option<Timestamp>,
    /// Where progress is drawn, if it is.
    live: Option<LiveRow>,
    /// What is told at the job's end, if it is.
    summary: Option<Summary>,
    /// Rendered and not yet written.
    lines: Vec<u8>,
}

impl From<io::Error> for Stop<io::Error> {
    /// A closed pipe is no failure: whoever read it has seen enough.
    fn from(error: io::Error) -> Stop<io::Error> {
        if error.kind() == io::ErrorKind::BrokenPipe { Stop::Enough } else { Stop::Failed(error) }
    }
}

/// Starts a console as the only listener there is; returns it with what it listens to.
///
/// # Errors
/// When no thread can be started.
pub fn alone(
    printing: Printing,
    whose: Whose,
    style: StderrStyle,
) -> Result<(RunningSink<io::Error>, Outlet), Failure> {
    let Printing { renderer, transforms, events, live, summary } = printing;
    let console = Console::new(renderer, transforms, whose, style).with_events(events);
    let console = Console { live, summary, ..console };
    let mut listeners = FanOut::default();
    let running = listeners
        .add(console, SinkRunner::Thread)
        .map_err(|error| Failure::Other(anyhow::Error::new(error).context("cannot start the console's thread")))?;
    Ok((running, listeners.open()))
}

/// Waits until all that was sent is written.
///
/// # Errors
/// When stdout cannot be written.
pub async fn finished(console: RunningSink<io::Error>) -> Result<(), Failure> {
    match console.finish().await {
        Ok(()) => Ok(()),
        Err(SinkError::Failed(error)) => Err(stdout::failure(error)),
        Err(SinkError::Vanished) => Err(Failure::Other(anyhow::anyhow!("the console ended unexpectedly"))),
    }
}

/// It blocks where stdout does, so it needs a thread of its own.
impl Sink for Console {
    type Error = io::Error;

    async fn event(&mut self, event: &RunEvent) -> Result<(), Stop<io::Error>> {
        Ok(self.take(event)?)
    }

    async fn pause(&mut self) -> Result<Option<Duration>, Stop<io::Error>> {
        // What is rendered never waits for what has not come.
        self.flush()?;
        Ok((self.causes.is_due() || self.transforms.are_waiting()).then_some(GATHER))
    }

    async fn silence(&mut self) -> Result<(), Stop<io::Error>> {
        self.wait_no_longer()?;
        if self.causes.is_due() {
            self.make_way()?;
            self.tell_causes();
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(), Stop<io::Error>> {
        self.wait_no_longer()?;
        let progress = self.live.as_mut().map(LiveRow::take_all).unwrap_or_default();
        self.lines.extend(progress.into_iter().flatten());
        self.flush()?;
        self.tell_causes();
        if self.style.verbosity >= Verbosity::Some {
            self.transforms.last_words().for_each(|word| stderr::tell(Tone::Aside, &word, self.style.color));
        }
        Ok(())
    }
}

impl Console {
    /// A console that has heard of nothing.
    pub fn new(renderer: Renderer, transforms: Transforms, whose: Whose, style: StderrStyle) -> Console {
        Console {
            renderer,
            transforms,
            whose,
            style,
            containers: HashMap::new(),
            events: None,
            jobs: Vec::new(),
            targets: HashMap::new(),
            forbidden: BTreeSet::new(),
            denied: BTreeSet::new(),
            causes: Causes::default(),
            told: None,
            live: None,
            summary: None,
            lines: Vec::with_capacity(WRITE),
        }
    }

    /// Writes what is told besides lines among them.
    pub fn with_events(self, events: Option<EventStyle>) -> Console {
        Console { events, ..self }
    }

    fn take(&mut self, event: &RunEvent) -> io::Result<()> {
        if let Some(summary) = &mut self.summary {
            summary.take(event);
        }
        if let Some(style) = self.events {
            self.object(event, style)?;
        }
        match event {
            RunEvent::Job(ids) => {
                self.jobs.retain(|known| known.job != ids.job);
                self.jobs.push(ids.clone());
                match &mut self.whose {
                    Whose::One(short) => *short = ids.short(),
                    Whose::AsTold(shorts) if ids.job.is_some() && !shorts.contains(&ids.short()) => {
                        shorts.push(ids.short());
                    }
                    Whose::AsTold(_) | Whose::Several(_) => {}
                }
                Ok(())
            }
            RunEvent::Found(target) => {
                self.renderer.of_job(&self.ids_of(&target.pod));
                let (short, mark) = self.whose.of(&target.pod);
                let container = self.renderer.introduce(target, short, mark);
                self.containers.insert(Arc::new(target.id()), container);
                Ok(())
            }
            RunEvent::Lines(batch) => self.lines(&batch.instance, batch.stream, &batch.lines),
            RunEvent::Merged(merged) => self.merged(merged),
            RunEvent::Note { container, note } => self.note(container, note),
            RunEvent::Gap { instance, note } => self.note(&instance.container, note),
            RunEvent::Notice(notice) => self.notice(notice),
            RunEvent::Complete { instance, .. } => {
                self.end_progress(&instance.container);
                Ok(())
            }
            RunEvent::Ended(_) => self.tell_summary(),
            RunEvent::At(at) => {
                self.told = Some(*at);
                Ok(())
            }
        }
    }

    /// Whose a pod is that is found now: of several jobs, the one that its name says.
    fn ids_of(&self, pod: &str) -> JobIds {
        let Whose::Several(_) = &self.whose else { return self.run_ids() };
        let (short, _) = self.whose.of(pod);
        let named = self.jobs.iter().find(|ids| !short.is_empty() && ids.short() == short);
        named.cloned().unwrap_or_default()
    }

    /// Whose the run is, when it is of one job.
    fn run_ids(&self) -> JobIds {
        match &self.whose {
            Whose::One(_) | Whose::AsTold(_) => self.jobs.last().cloned().unwrap_or_default(),
            Whose::Several(_) => JobIds::default(),
        }
    }

    /// Writes the object of what is told besides lines.
    fn object(&mut self, event: &RunEvent, style: EventStyle) -> io::Result<()> {
        let container = match event {
            RunEvent::Found(target) => {
                self.targets.insert(Arc::new(target.id()), (target.clone(), self.ids_of(&target.pod)));
                Some(Arc::new(target.id()))
            }
            RunEvent::Note { container, .. } => Some(container.clone()),
            RunEvent::Gap { instance, .. } | RunEvent::Complete { instance, .. } => Some(instance.container.clone()),
            RunEvent::Notice(_) | RunEvent::Ended(_) => None,
            RunEvent::Job(_) | RunEvent::Lines(_) | RunEvent::Merged(_) | RunEvent::At(_) => return Ok(()),
        };
        let of = container.and_then(|container| self.targets.get(&container));
        let none = self.run_ids();
        let (target, ids) = of.map_or((None, &none), |(target, ids)| (Some(&**target), ids));
        let at = self.told.take().unwrap_or_else(Timestamp::now);
        let number = self.renderer.next_number();
        let Some(object) = EventObject::of(event, target, ids, at, number) else { return Ok(()) };
        let object = if style.is_masked { object.masked() } else { object };
        let text = match style.layout {
            EventLayout::Line => document::json_line(&object),
            EventLayout::Pretty => document::json(&object),
        };
        self.lines.extend_from_slice(text.map_err(io::Error::other)?.as_bytes());
        self.make_room()
    }

    fn tell_summary(&mut self) -> io::Result<()> {
        // Of nothing there is nothing to sum up: what is said instead follows.
        let Some(summary) = self.summary.take().filter(|_| !self.containers.is_empty()) else { return Ok(()) };
        self.wait_no_longer()?;
        summary.to_string().lines().try_for_each(|line| self.say(Tone::Aside, line))
    }

    fn lines(&mut self, of: &InstanceId, stream: Option<Stream>, lines: &[Line]) -> io::Result<()> {
        // Found before anything is said of it.
        let Some(container) = self.containers.get(&of.container).cloned() else { return Ok(()) };
        self.printed(&container, of, stream, lines)
    }

    /// Lines of several instances: whose they are is looked up once for all.
    fn merged(&mut self, merged: &Merged) -> io::Result<()> {
        let known = merged.of.iter().map(|of| Some((self.containers.get(&of.instance.container)?.clone(), of)));
        let origins: Vec<_> = known.collect();
        merged.fetch();
        for MergedLine { of, line } in &merged.lines {
            let Some(Some((container, Origin { instance, stream }))) = origins.get(*of) else { continue };
            self.printed(container, instance, *stream, slice::from_ref(line))?;
        }
        Ok(())
    }

    /// Lines of one instance, as far as they are shown.
    fn printed(
        &mut self,
        container: &PrintedContainer,
        of: &InstanceId,
        stream: Option<Stream>,
        lines: &[Line],
    ) -> io::Result<()> {
        if !self.transforms.concern(of, lines) {
            return lines.iter().try_for_each(|line| self.print(container, of, stream, line));
        }
        let shown = self.transforms.apply(of, stream, lines);
        shown.iter().try_for_each(|ShownLine { stream, line, .. }| self.print(container, of, *stream, line))
    }

    fn print(
        &mut self,
        container: &PrintedContainer,
        of: &InstanceId,
        stream: Option<Stream>,
        line: &Line,
    ) -> io::Result<()> {
        if self.live.is_some() && self.is_progress(container, of, line) {
            return Ok(());
        }
        self.renderer.line(&mut self.lines, container, of.restart, stream, line);
        self.make_room()
    }

    /// Whether a line is progress, which is drawn and not printed until something else comes.
    fn is_progress(&mut self, container: &PrintedContainer, of: &InstanceId, line: &Line) -> bool {
        if AzcopyProgress::of(&line.text).is_some() {
            let mut progress = ProgressLine::default();
            if self.renderer.row(&mut progress.row, container, line).is_some()
                && let Some(live) = &mut self.live
            {
                self.renderer.line(&mut progress.line, container, of.restart, None, line);
                live.put(&of.container, progress);
                return true;
            }
        }
        self.end_progress(&of.container);
        false
    }

    /// Prints what a container said last of its progress.
    fn end_progress(&mut self, of: &ContainerId) {
        if let Some(line) = self.live.as_mut().and_then(|live| live.take(of)) {
            self.lines.extend_from_slice(&line);
        }
    }

    /// Prints what waits for what comes next.
    fn wait_no_longer(&mut self) -> io::Result<()> {
        for (of, ShownLine { stream, line, .. }) in self.transforms.wait_no_longer() {
            if let Some(container) = self.containers.get(&of.container).cloned() {
                self.print(&container, &of, stream, &line)?;
            }
        }
        self.flush()
    }

    /// Writes what is rendered, if that is much.
    fn make_room(&mut self) -> io::Result<()> {
        if self.lines.len() >= WRITE { self.flush() } else { Ok(()) }
    }

    fn notice(&mut self, notice: &Notice) -> io::Result<()> {
        let text = notice.to_string();
        if notice.is_warning() {
            return self.say(Tone::Warning, &text);
        }
        if self.style.verbosity >= Verbosity::Some {
            self.say(Tone::Aside, &text)?;
            self.causes.said(&text);
        }
        Ok(())
    }

    fn note(&mut self, container: &ContainerId, note: &Note) -> io::Result<()> {
        // Found before anything is said of it.
        let Some(label) = self.containers.get(container).map(|container| container.label().to_owned()) else {
            return Ok(());
        };
        // Once for all: the same permission is missing for each.
        let is_news = match note {
            Note::Forbidden(message) => self.forbidden.insert(message.clone()),
            Note::Denied(message) => self.denied.insert(message.clone()),
            _ => true,
        };
        if !is_news {
            return Ok(());
        }
        let tone = match weight(note) {
            Verbosity::Little => Tone::Warning,
            weight if weight <= self.style.verbosity => Tone::Aside,
            _ => return Ok(()),
        };
        // With -v each is told as it comes.
        if self.style.verbosity < Verbosity::Verbose && self.causes.take(&label, note) {
            return Ok(());
        }
        self.say(tone, &format!("{label}: {note}"))
    }

    /// Tells whom else the causes that were told have struck.
    fn tell_causes(&mut self) {
        for text in self.causes.due() {
            stderr::tell(Tone::Aside, &text, self.style.color);
        }
    }

    /// Writes to stderr, after the lines that came before. What is said is one line, whatever a server put into it.
    fn say(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        self.make_way()?;
        self.tell_causes();
        stderr::tell(tone, &text.replace(['\n', '\r'], " "), self.style.color);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(live) = &mut self.live
            && (live.is_due() || !self.lines.is_empty())
        {
            let mut rows = Vec::with_capacity(self.lines.len() + 512);
            live.erase(&mut rows, stdout::columns());
            rows.append(&mut self.lines);
            live.draw(&mut rows);
            self.lines = rows;
        }
        self.write()
    }

    /// Writes what is rendered, and leaves the last row to other words.
    fn make_way(&mut self) -> io::Result<()> {
        if let Some(live) = &mut self.live {
            let mut rows = Vec::new();
            live.erase(&mut rows, stdout::columns());
            rows.append(&mut self.lines);
            self.lines = rows;
        }
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        if !self.lines.is_empty() {
            stdout::write(&self.lines)?;
            self.lines.clear();
        }
        if let Some(fault) = self.renderer.take_fault() {
            let text = format!("the template fails for some lines, which are printed as they are: {fault}");
            stderr::tell(Tone::Warning, &text, self.style.color);
        }
        Ok(())
    }
}

/// From which chattiness on a note is told.
fn weight(note: &Note) -> Verbosity {
    match note {
        _ if note.lines_missing() => Verbosity::Little,
        Note::Forbidden(_) | Note::Denied(_) | Note::Unchecked { .. } => Verbosity::Little,
        Note::Interrupted(_) => Verbosity::Verbose,
        Note::Started(_) => Verbosity::Normal,
        Note::Ended(_, ended) if ended.exit_code == 0 => Verbosity::Normal,
        _ => Verbosity::Some,
    }
}
