//! [`PrintedContainer`]: a container as the renderer knows it.

use std::sync::Arc;

use super::{columns::Columns, object::ObjectStart, template::TemplateContainer};

/// A container whose lines are printed, with all that can be made ahead of them. Clones share it.
#[derive(Debug, Clone)]
pub struct PrintedContainer(pub(super) Arc<SharedContainer>);

#[derive(Debug)]
pub(super) struct SharedContainer {
    pub(super) label: String,
    pub(super) start: LineStart,
}

/// What a container's lines start with.
#[derive(Debug)]
pub(super) enum LineStart {
    /// Pod, container and phase.
    Columns(Columns),
    /// Pod, container and phase, if anything, on a screen that lines are laid out on.
    Shaped(Option<Columns>),
    /// Nothing.
    Nothing,
    /// They are objects.
    Object(ObjectStart),
    /// A template makes them.
    Template(Arc<TemplateContainer>),
}

impl PrintedContainer {
    /// The container's name for notices, such as `blastn-s03-000-p9vp5/blast`.
    pub fn label(&self) -> &str {
        &self.0.label
    }
}
