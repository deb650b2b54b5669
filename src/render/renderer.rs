//! [`Renderer`]: lines → bytes.

use std::sync::Arc;

use super::{
    Format, Highlight, Names, PrintedContainer, Times, Widths,
    columns::Columns,
    json::{self, LineOrigin},
    palette::color_of,
    plain, sanitize,
    source::{Inner, LineStart},
    stamp_text::StampText,
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
}

impl RenderOptions {
    /// What stands between prefix and text: a box's edge on a terminal that has it, and what a script can split at otherwise.
    fn separator(&self) -> char {
        if self.terminal && self.utf8 { '│' } else { '|' }
    }
}

/// Appends lines to a buffer, each with its container's prefix.
///
/// Names and widths depend on the containers introduced before, so introduce those that are known before the first line.
#[derive(Debug, Default)]
pub struct Renderer {
    options: RenderOptions,
    names: Names,
    widths: Widths,
    /// Of objects.
    stamp: StampText,
    /// Before texts.
    times: Times,
    highlight: Option<Highlight>,
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

    /// Makes a container known. `short` is the job's `SHORT`, or empty when there is none.
    pub fn introduce(&mut self, target: &Target, short: &str) -> PrintedContainer {
        let pod = self.names.name(&target.namespace, &target.pod, short);
        let container = plain(&target.container, usize::MAX);
        let label = format!("{pod}/{container}");
        let start = match self.options.format {
            Format::Default => {
                self.widths.grow(&pod, &container);
                let color = self.options.color.then(|| color_of(target, short));
                LineStart::Columns(Columns::new(&pod, &container, target.phase, color, self.options.separator()))
            }
            Format::Raw => LineStart::Nothing,
            Format::Json => LineStart::Object(json::fields(target)),
        };
        PrintedContainer(Arc::new(Inner { label, start }))
    }

    /// Appends a line of an instance of a container, with its line end. `restart` is the instance's number.
    pub fn line(&mut self, out: &mut Vec<u8>, source: &PrintedContainer, restart: u32, line: &Line) {
        self.line_of(out, source, restart, None, line);
    }

    /// [`Renderer::line`] for one of which the stream may be known.
    pub fn line_of(
        &mut self,
        out: &mut Vec<u8>,
        source: &PrintedContainer,
        restart: u32,
        stream: Option<Stream>,
        line: &Line,
    ) {
        self.write(out, source, LineOrigin { restart, stream }, line.stamp, &line.text);
    }

    /// [`Renderer::line`] for a text that is no longer the line's own, such as one in which secrets are masked.
    pub fn text(&mut self, out: &mut Vec<u8>, source: &PrintedContainer, restart: u32, stamp: Stamp, text: &[u8]) {
        self.write(out, source, LineOrigin { restart, stream: None }, stamp, text);
    }

    fn write(&mut self, out: &mut Vec<u8>, source: &PrintedContainer, place: LineOrigin, stamp: Stamp, text: &[u8]) {
        match &source.0.start {
            LineStart::Object(fields) => json::object(out, self.stamp.of(stamp), fields, place, text),
            LineStart::Columns(columns) => {
                columns.write(out, self.widths);
                self.plain(out, stamp, text);
            }
            LineStart::Nothing => self.plain(out, stamp, text),
        }
        out.push(b'\n');
    }

    /// Time, if wanted, and text.
    fn plain(&mut self, out: &mut Vec<u8>, stamp: Stamp, text: &[u8]) {
        if self.options.timestamps {
            self.times.write(out, stamp);
            out.push(b' ');
        }
        let from = out.len();
        if self.options.terminal {
            sanitize(text, out);
        } else {
            out.extend_from_slice(text);
        }
        if let Some(highlight) = &self.highlight {
            highlight.mark(out, from);
        }
    }
}
