//! [`Renderer`]: lines → bytes.

use std::sync::Arc;

use super::{
    Format, Highlight, JobIds, LineTemplate, Meaning, Names, PrintedContainer, Screen, TemplateError, Theme, Times,
    Widths, Wrap,
    columns::{Columns, Shape},
    object::{LineOrigin, ObjectStart},
    palette::color_of,
    plain,
    printed_container::{LineStart, SharedContainer},
    sanitize,
    stamp_text::StampText,
    template::{TemplateContainer, TemplateLine},
    wrap::{self, Room},
};
use crate::k8s::{Line, Stamp, Stream, Target};

/// How lines are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RenderOptions {
    /// What a line consists of.
    pub format: Format,
    /// Whether prefixes are coloured; see [`ColorChoice::decide`](super::ColorChoice::decide).
    pub color: bool,
    /// Whether a terminal shows what is printed: then text is sanitized. Otherwise its bytes pass as they are.
    pub terminal: bool,
    /// Whether the locale is a UTF-8 one; see [`is_utf8`](super::is_utf8).
    pub utf8: bool,
    /// Whether the time stands before the text. JSON has it always.
    pub timestamps: bool,
    /// Which colours.
    pub theme: Theme,
    /// Whether texts may have line breaks in them. No line of a log has one, but what a program pipes in may, and could pass for
    /// another container's line.
    pub breaks: bool,
}

impl RenderOptions {
    /// What stands between prefix and text: a box's edge on a terminal that has it, and what a script can split at otherwise.
    fn separator(&self) -> char {
        if self.terminal && self.utf8 { '│' } else { '|' }
    }
}

/// How wide a mark is: a job's short id.
const SHORT: usize = 8;

/// Appends lines to a buffer, each with its container's prefix.
///
/// Names and widths depend on the containers introduced before, so introduce those that are known before the first line.
#[derive(Debug, Default)]
pub struct Renderer {
    options: RenderOptions,
    /// Whose job the containers are that are introduced.
    job: JobIds,
    names: Names,
    widths: Widths,
    /// Of objects.
    stamp: StampText,
    /// Of objects and lines of a template.
    sequence: u64,
    /// Before texts.
    times: Times,
    highlight: Option<Highlight>,
    template: Option<LineTemplate>,
    /// What a template said of the first line that it could not make.
    fault: Option<TemplateError>,
    screen: Option<Screen>,
}

impl Renderer {
    /// A renderer that knows no container.
    pub fn new(options: RenderOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Writes times in this way, where they stand before the text.
    pub fn with_times(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// Marks parts of texts, where there is colour. Objects are not marked.
    pub fn with_highlight(self, highlight: Option<Highlight>) -> Self {
        Self { highlight: highlight.filter(|_| self.options.color), ..self }
    }

    /// Lets texts have line breaks in them.
    pub fn with_breaks(mut self) -> Self {
        self.options.breaks = true;
        self
    }

    /// Lets a template make the lines, whatever the format.
    pub fn with_template(self, template: Option<LineTemplate>) -> Self {
        Self { template, ..self }
    }

    /// Takes whose job the containers are that are introduced from here on.
    pub fn of_job(&mut self, ids: &JobIds) {
        self.job.clone_from(ids);
    }

    /// The number of the next object, when something else than a line is one.
    pub fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// What the template said of a line that it could not make, which was printed as it is; once.
    pub fn take_fault(&mut self) -> Option<TemplateError> {
        self.fault.take()
    }

    /// Lays lines out on a screen, and colours those that are known by what they say. Objects are not.
    pub fn with_screen(self, screen: Option<Screen>) -> Self {
        Self { screen: screen.filter(|_| self.options.terminal), ..self }
    }

    /// Makes a container known. `short` is the job's `SHORT`, or empty when there is none. Among containers of several jobs `mark` tells
    /// which it is of, and stands before the pod.
    pub fn introduce(&mut self, target: &Target, short: &str, mark: Option<&str>) -> PrintedContainer {
        let mut pod = self.names.name(&target.namespace, &target.pod, short);
        if let Some(mark) = mark {
            pod = format!("{mark:SHORT$} {pod}").into();
        }
        let container = plain(&target.container, usize::MAX);
        let label = format!("{pod}/{container}");
        let start = match (&self.template, self.options.format.object()) {
            (Some(_), _) => LineStart::Template(Arc::new(self.template_container(target, &pod, &container, short))),
            (None, Some(style)) => LineStart::Object(ObjectStart::new(style, target, &self.job)),
            (None, None) if self.options.format == Format::Raw && self.screen.is_some() => LineStart::Shaped(None),
            (None, None) if self.options.format == Format::Raw => LineStart::Nothing,
            (None, None) => {
                self.widths.grow(&pod, &container);
                let color = self.options.color.then(|| color_of(target, short, self.options.theme));
                let columns = Columns::new(&pod, &container, target.phase, color, self.options.separator());
                if self.screen.is_some() { LineStart::Shaped(Some(columns)) } else { LineStart::Columns(columns) }
            }
        };
        PrintedContainer(Arc::new(SharedContainer { label, start }))
    }

    fn template_container(&self, target: &Target, name: &str, container: &str, short: &str) -> TemplateContainer {
        let text = |text: &str| plain(text, usize::MAX);
        TemplateContainer {
            namespace: text(&target.namespace),
            pod: text(&target.pod),
            name: name.to_owned(),
            container: container.to_owned(),
            node: target.node.as_deref().map(text),
            role: target.role.as_str(),
            phase: target.phase.as_str(),
            job_id: self.job.job.as_deref().map(text),
            row_id: self.job.row.as_deref().map(text),
            color: color_of(target, short, self.options.theme).into(),
        }
    }

    /// Appends a line of an instance of a container, with its line end. `restart` is the instance's number.
    pub fn line(
        &mut self,
        out: &mut Vec<u8>,
        container: &PrintedContainer,
        restart: u32,
        stream: Option<Stream>,
        line: &Line,
    ) {
        self.write(out, container, LineOrigin { restart, stream }, line.stamp, &line.text);
    }

    /// [`Renderer::line`] for a text that is no longer the line's own, such as one in which secrets are masked.
    pub fn text(&mut self, out: &mut Vec<u8>, container: &PrintedContainer, restart: u32, stamp: Stamp, text: &[u8]) {
        self.write(out, container, LineOrigin { restart, stream: None }, stamp, text);
    }

    fn write(&mut self, out: &mut Vec<u8>, container: &PrintedContainer, place: LineOrigin, stamp: Stamp, text: &[u8]) {
        match &container.0.start {
            LineStart::Object(start) => {
                self.sequence += 1;
                start.write(out, self.stamp.of(stamp), place, self.sequence, text);
            }
            LineStart::Columns(columns) => {
                columns.write(out, self.widths);
                self.plain(out, stamp, text);
            }
            LineStart::Nothing => self.plain(out, stamp, text),
            LineStart::Template(container) => self.templated(out, container, place, stamp, text),
            LineStart::Shaped(columns) => self.shaped(out, columns.as_ref(), stamp, text),
        }
        out.push(b'\n');
    }

    /// Appends a line as a row that fits the screen, without an end; `None` when it is not known what fits.
    pub fn row(&mut self, out: &mut Vec<u8>, container: &PrintedContainer, line: &Line) -> Option<()> {
        let screen = self.screen.clone()?;
        screen.width.get()?;
        let LineStart::Shaped(columns) = &container.0.start else { return None };
        let (columns, cut) = (columns.as_ref(), Screen { wrap: Wrap::Cut, ..screen.clone() });
        self.screen = Some(cut);
        self.shaped(out, columns, line.stamp, &line.text);
        self.screen = Some(screen);
        Some(())
    }

    /// A line laid out on a screen.
    fn shaped(&mut self, out: &mut Vec<u8>, columns: Option<&Columns>, stamp: Stamp, text: &[u8]) {
        let Some(Screen { wrap, width }) = &self.screen else { return };
        let (wrap, width) = (*wrap, width.get());
        // Where nothing is known of the screen, and where the terminal breaks lines itself, they are as they always were.
        let laid_out = width.filter(|_| wrap != Wrap::None);
        let prefix = columns.map(|columns| {
            let shape = laid_out.map_or(Shape::Full, |width| columns.shape(self.widths, width));
            columns.write_shaped(out, self.widths, shape);
            (columns, shape)
        });
        let from = out.len();
        self.time(out, stamp);
        let said = out.len();
        sanitize(text, out);
        if self.options.color {
            self.colour(out, said);
        }
        if let Some(highlight) = &self.highlight {
            highlight.mark(out, said);
        }
        let Some(width) = laid_out else { return };
        let start = prefix.map_or(0, |(columns, shape)| columns.width(self.widths, shape));
        let room = Room { start, width };
        match (wrap, prefix) {
            (Wrap::Hang, Some((columns, shape))) => {
                wrap::hang(out, from, room, |out| columns.write_bar(out, self.widths, shape));
            }
            (Wrap::Cut, _) => wrap::cut(out, from, room, if self.options.utf8 { '…' } else { '>' }),
            // Without a prefix there is nothing to hang below.
            (Wrap::Hang, None) | (Wrap::None, _) => {}
        }
    }

    /// Colours what is printed from `from` on by what it says.
    fn colour(&self, out: &mut Vec<u8>, from: usize) {
        let Some(meaning) = Meaning::of(&out[from..]) else { return };
        let style = self.options.theme.style(meaning);
        out.splice(from..from, style.prefix_formatter().to_string().into_bytes());
        out.extend_from_slice(style.suffix_formatter().to_string().as_bytes());
    }

    /// Time, if wanted, and text.
    fn plain(&mut self, out: &mut Vec<u8>, stamp: Stamp, text: &[u8]) {
        self.time(out, stamp);
        let from = out.len();
        self.shown(out, text);
        if let Some(highlight) = &self.highlight {
            highlight.mark(out, from);
        }
    }

    /// The text as it may be shown.
    fn shown(&self, out: &mut Vec<u8>, text: &[u8]) {
        match self.options {
            RenderOptions { terminal: true, .. } => sanitize(text, out),
            RenderOptions { breaks: false, .. } => out.extend_from_slice(text),
            _ => {
                for (at, part) in text.split(|byte| *byte == b'\n').enumerate() {
                    out.extend_from_slice(if at > 0 { b"^J" } else { b"" });
                    out.extend_from_slice(part);
                }
            }
        }
    }

    fn templated(
        &mut self,
        out: &mut Vec<u8>,
        container: &Arc<TemplateContainer>,
        place: LineOrigin,
        stamp: Stamp,
        text: &[u8],
    ) {
        let (from, mut message) = (out.len(), Vec::new());
        self.shown(&mut message, text);
        let line = TemplateLine {
            container: container.clone(),
            timestamp: String::from_utf8_lossy(self.stamp.of(stamp)).into_owned(),
            message: String::from_utf8_lossy(&message).into_owned(),
            restart: place.restart,
            stream: place.stream.map(Stream::as_str),
            sequence: self.next_number(),
        };
        let made = self.template.as_ref().map(|template| template.write(out, line));
        if let Some(Err(fault)) = made {
            // No line is lost by it.
            out.extend_from_slice(&message);
            self.fault.get_or_insert(fault);
        }
        if let Some(highlight) = &self.highlight {
            highlight.mark(out, from);
        }
    }

    fn time(&mut self, out: &mut Vec<u8>, stamp: Stamp) {
        if self.options.timestamps {
            self.times.write(out, stamp);
            out.push(b' ');
        }
    }
}
