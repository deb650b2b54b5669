//! [`Format`]: what a printed line consists of.

/// What `-o` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Pod, container and phase in columns, then the text.
    #[default]
    Default,
    /// The text alone.
    Raw,
    /// One JSON object a line.
    Json,
}
