//! [`Columns`]: a container's prefix.

use owo_colors::{Style, XtermColors};
use unicode_width::UnicodeWidthStr;

use super::Widths;
use crate::k8s::Phase;

/// The width of the phase's column: the longest of [`Phase::short`].
const PHASE: usize = 6;

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
}

impl Columns {
    /// The prefix of a container, in colour if one is given; `separator` stands before the text.
    pub(super) fn new(pod: &str, container: &str, phase: Phase, color: Option<XtermColors>, separator: char) -> Self {
        let style = color.map_or_else(Style::new, |color| Style::new().color(color));
        let (on, off) = (style.prefix_formatter(), style.suffix_formatter());
        Self {
            pod: format!("{on}{pod}").into_bytes().into(),
            container: container.as_bytes().into(),
            end: format!("{phase:PHASE$}{off} {separator} ", phase = phase.short()).into_bytes().into(),
            widths: Widths { pod: pod.width(), container: container.width() },
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
}

/// Appends the blanks that fill a column, and the one behind it.
fn pad(out: &mut Vec<u8>, missing: usize) {
    out.resize(out.len() + missing + 1, b' ');
}
