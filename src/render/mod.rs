//! A line and where it comes from → the bytes that are printed. Pure.
//!
//! A [`Renderer`] is told about each container once ([`Renderer::introduce`]) and then appends whole lines:
//!
//! ```text
//! blastn-s03-000-p9vp5 blast                run    │ run start 000 blastn core_nt_shard_03
//! init-ssd-3-vc4tz     get-blastdb          stage  │ Shard download: idx=03
//! ```
//!
//! One call appends exactly one line, so lines of different containers cannot mix as long as one writer prints what was
//! appended. Into a pipe a line's bytes pass as they are; on a terminal [`sanitize`] takes their power over it.

mod charset;
pub mod choice;
mod color;
mod columns;
pub(crate) mod document;
mod fold;
mod format;
mod highlight;
mod json;
mod logfmt;
mod masking;
mod meaning;
mod names;
mod object;
mod palette;
mod paragraph;
mod plain;
mod printed_container;
mod renderer;
mod sanitize;
mod screen;
mod size;
mod stamp_text;
mod table;
mod template;
mod theme;
mod times;
mod tint;
mod transform;
mod trouble_words;
mod unsafe_chars;
mod widths;
mod wrap;

#[cfg(test)]
mod tests;

pub use charset::is_utf8;
pub use choice::Patterns;
pub use color::ColorChoice;
pub use fold::Fold;
pub(crate) use fold::alike;
pub use format::Format;
pub use highlight::Highlight;
pub use masking::Masking;
pub use meaning::{AzcopyProgress, Meaning, run_end, runtime};
pub use names::{Names, short_name};
pub use object::JobIds;
#[cfg(feature = "watch")]
pub(crate) use palette::color_index;
pub(crate) use paragraph::{columns_of, paragraphs};
pub(crate) use plain::{plain, plain_lines};
pub use printed_container::PrintedContainer;
pub use renderer::{RenderOptions, Renderer};
pub use sanitize::sanitize;
pub(crate) use sanitize::sanitize_lines;
pub use screen::{Screen, ScreenWidth};
pub(crate) use size::bytes;
#[cfg(feature = "archive")]
pub(crate) use stamp_text::StampText;
pub use table::Headers;
pub(crate) use table::{Table, table};
pub(crate) use unsafe_chars::is_unsafe;

pub use template::{LineTemplate, TemplateError, TemplateStyle};
pub use theme::Theme;
pub use times::{TimeFormat, Times};
pub(crate) use tint::tint;
pub use transform::{ShownLine, Transform, Transforms};
pub use widths::Widths;
pub use wrap::Wrap;
