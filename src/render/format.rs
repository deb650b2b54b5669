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
    /// The same; a message that is JSON stands in it as what it is.
    ExtJson,
    /// The same over several lines.
    PpExtJson,
    /// `key=value` pairs.
    Logfmt,
}

/// How an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectStyle {
    Json,
    ExtJson,
    PpExtJson,
    Logfmt,
}

impl Format {
    /// How lines are written as objects, if they are: such lines are made for programs, and go into stores and tickets.
    pub(super) fn object(self) -> Option<ObjectStyle> {
        match self {
            Format::Default | Format::Raw => None,
            Format::Json => Some(ObjectStyle::Json),
            Format::ExtJson => Some(ObjectStyle::ExtJson),
            Format::PpExtJson => Some(ObjectStyle::PpExtJson),
            Format::Logfmt => Some(ObjectStyle::Logfmt),
        }
    }

    /// The same without pod and container before the text. An object has them anyhow.
    #[must_use]
    pub fn without_prefix(self) -> Format {
        if self == Format::Default { Format::Raw } else { self }
    }

    /// Whether each line is an object.
    pub fn is_object(self) -> bool {
        self.object().is_some()
    }
}
