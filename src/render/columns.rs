//! [`Columns`]: a container's prefix.

use owo_colors::{Style, XtermColors};
use unicode_width::UnicodeWidthStr;

use super::Widths;
use crate::k8s::Phase;

/// The width of the phase's column: the longest of [`Phase::short`].
const PHASE: usize = 6;

/// The width of what stands between the last column and the text.
const BAR: usize = 3;

/// The widest screen on which a prefix has no room for all its columns.
const NARROW: usize = 60;

/// The fewest columns that are left to the text of a line before its prefix gives way.
const LEAST_TEXT: usize = 20;

/// `pod container phase │ `, made once for a container.
///
/// It is kept in three parts, so that columns may grow at any time: what is between the parts is padding, which is written
/// with each line, and nothing ever needs to be made again.
#[derive(Debug)]
pub(super) struct Columns {
    pod: Box<[u8]>,
    container: Box<[u8]>,
    end: Box<[u8]>,
    widths: Widths,
    /// The end of the pod's column where it stands alone, and the bar before rows that go on.
    pod_end: Box<[u8]>,
    bar: Box<[u8]>,
    is_coloured: bool,
}

/// How much of a prefix is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// All of it.
    Full,
    /// The pod.
    Pod,
    /// A bar, which has the container's colour.
    Bar,
}

impl Columns {
    /// The prefix of a container, in colour if one is given; `separator` stands before the text.
    pub(super) fn new(pod: &str, container: &str, phase: Phase, color: Option<XtermColors>, separator: char) -> Self {
        let style = color.map_or_else(Style::new, |color| Style::new().color(color));
        let (on, off) = (style.prefix_formatter(), style.suffix_formatter());
        let bytes = |text: String| -> Box<[u8]> { text.into_bytes().into() };
        Self {
            pod: bytes(format!("{on}{pod}")),
            container: container.as_bytes().into(),
            end: bytes(format!("{phase:PHASE$}{off} {separator} ", phase = phase.short())),
            widths: Widths { pod: pod.width(), container: container.width() },
            pod_end: bytes(format!("{off}{separator} ")),
            bar: bytes(format!("{on}{separator}{off} ")),
            is_coloured: color.is_some(),
        }
    }

    /// Appends it in columns of these widths.
    pub(super) fn write(&self, out: &mut Vec<u8>, widths: Widths) {
        out.extend_from_slice(&self.pod);
        pad(out, widths.pod.saturating_sub(self.widths.pod));
        out.extend_from_slice(&self.container);
        pad(out, widths.container.saturating_sub(self.widths.container));
        out.extend_from_slice(&self.end);
    }

    /// How much of it is shown on a screen so wide. On a narrow one the text has at least half of it, as long as colours tell
    /// containers apart.
    pub(super) fn shape(&self, widths: Widths, screen: usize) -> Shape {
        if screen > NARROW && self.width(widths, Shape::Full) + LEAST_TEXT <= screen {
            Shape::Full
        } else if !self.is_coloured || self.width(widths, Shape::Pod) * 2 <= screen {
            Shape::Pod
        } else {
            Shape::Bar
        }
    }

    /// How wide it is.
    pub(super) fn width(&self, widths: Widths, shape: Shape) -> usize {
        let pod = widths.pod.max(self.widths.pod) + 1;
        match shape {
            Shape::Full => pod + widths.container.max(self.widths.container) + 1 + PHASE + BAR,
            Shape::Pod => pod + BAR - 1,
            Shape::Bar => BAR - 1,
        }
    }

    /// Appends what is shown of it.
    pub(super) fn write_shaped(&self, out: &mut Vec<u8>, widths: Widths, shape: Shape) {
        match shape {
            Shape::Full => self.write(out, widths),
            Shape::Pod => {
                out.extend_from_slice(&self.pod);
                pad(out, widths.pod.saturating_sub(self.widths.pod));
                out.extend_from_slice(&self.pod_end);
            }
            Shape::Bar => out.extend_from_slice(&self.bar),
        }
    }

    /// Appends what stands before a row that goes on: the bar alone, in its place.
    pub(super) fn write_bar(&self, out: &mut Vec<u8>, widths: Widths, shape: Shape) {
        let blanks = self.width(widths, shape) - (BAR - 1);
        out.resize(out.len() + blanks, b' ');
        out.extend_from_slice(&self.bar);
    }
}

/// Appends the blanks that fill a column, and the one behind it.
fn pad(out: &mut Vec<u8>, missing: usize) {
    out.resize(out.len() + missing + 1, b' ');
}
