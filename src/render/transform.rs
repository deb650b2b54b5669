//! [`Transform`]: what is done to lines before they are rendered.

use bytes::Bytes;

use crate::k8s::{InstanceId, Line, Stream};

/// A line on its way to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLine {
    /// The stream it was written to, where that is known.
    pub stream: Option<Stream>,
    /// The line.
    pub line: Line,
    /// Its text as its pod wrote it, by which it is judged whatever is shown of it.
    pub written: Bytes,
}

/// Changes lines on their way to a person: masks them, leaves some out, folds several into one. What a run knows of its lines, such
/// as whether some are missing, is not touched by it, nor is what is kept of them.
pub trait Transform: Send {
    /// Whether it may do anything about the next line of an instance. Lines that concern nobody are not copied.
    fn concerns(&mut self, of: &InstanceId, line: &Line) -> bool {
        let _ = (of, line);
        true
    }

    /// Takes neighbouring lines of one instance and leaves in `lines` what is shown of them, in their order.
    fn apply(&mut self, of: &InstanceId, lines: &mut Vec<ShownLine>);

    /// Whether there is something to show that waits for what comes next.
    fn is_waiting(&self) -> bool {
        false
    }

    /// What is shown of it when nothing comes.
    fn wait_no_longer(&mut self) -> Vec<(InstanceId, ShownLine)> {
        Vec::new()
    }

    /// What there is to say when all lines were taken, as a sentence.
    fn last_word(&self) -> Option<String> {
        None
    }
}

/// All that is done to lines, in order.
#[derive(Default)]
pub struct Transforms(Vec<Box<dyn Transform>>);

impl Transforms {
    /// Adds what is done after all that is done already.
    pub fn then(mut self, transform: impl Transform + 'static) -> Self {
        self.0.push(Box::new(transform));
        self
    }

    /// [`Transforms::then`], if there is something to be done.
    pub fn and(self, transform: Option<impl Transform + 'static>) -> Self {
        match transform {
            Some(transform) => self.then(transform),
            None => self,
        }
    }

    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything may be done about neighbouring lines of one instance. Otherwise they are shown as they are.
    pub fn concern(&mut self, of: &InstanceId, lines: &[Line]) -> bool {
        self.0.iter_mut().any(|transform| lines.iter().any(|line| transform.concerns(of, line)))
    }

    /// What is shown of neighbouring lines of one instance.
    pub fn apply(&mut self, of: &InstanceId, stream: Option<Stream>, lines: &[Line]) -> Vec<ShownLine> {
        let mut lines: Vec<_> =
            lines.iter().map(|line| ShownLine { stream, line: line.clone(), written: line.text.clone() }).collect();
        for transform in &mut self.0 {
            transform.apply(of, &mut lines);
        }
        lines
    }

    /// Whether there is something to show that waits for what comes next.
    pub fn are_waiting(&self) -> bool {
        self.0.iter().any(|transform| transform.is_waiting())
    }

    /// What is shown of it when nothing comes. Stages behind the one that lets it wait do not see it.
    pub fn wait_no_longer(&mut self) -> Vec<(InstanceId, ShownLine)> {
        self.0.iter_mut().flat_map(|transform| transform.wait_no_longer()).collect()
    }

    /// What each has to say when all lines were taken.
    pub fn last_words(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|transform| transform.last_word())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::k8s::{ContainerId, Stamp};

    struct Without(&'static str);

    impl Transform for Without {
        fn apply(&mut self, _: &InstanceId, lines: &mut Vec<ShownLine>) {
            lines.retain(|line| line.line.text != self.0);
        }
    }

    struct Doubled;

    impl Transform for Doubled {
        fn apply(&mut self, of: &InstanceId, lines: &mut Vec<ShownLine>) {
            for ShownLine { line, .. } in lines {
                line.text = [&line.text[..], of.container.container.as_bytes()].concat().into();
            }
        }

        fn last_word(&self) -> Option<String> {
            Some("doubled".to_owned())
        }
    }

    #[test]
    fn lines_go_through_all_in_order() {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "!".to_owned() });
        let of = InstanceId { container, restart: 0 };
        let lines = ["a", "b", "a!"].map(|text| Line { stamp: Stamp(0), text: text.into() });
        let shown = |mut transforms: Transforms| -> Vec<_> {
            let shown = transforms.apply(&of, Some(Stream::Stderr), &lines);
            assert!(shown.iter().all(|line| line.stream == Some(Stream::Stderr)));
            shown.into_iter().map(|line| line.line.text).collect()
        };
        assert_eq!(shown(Transforms::default()), ["a", "b", "a!"]);
        assert_eq!(shown(Transforms::default().then(Without("a")).and(Some(Doubled))), ["b!", "a!!"]);
        assert_eq!(shown(Transforms::default().then(Doubled).then(Without("a!"))), ["b!", "a!!"]);
        assert!(!Transforms::default().and(None::<Doubled>).concern(&of, &lines));
        assert!(Transforms::default().and(Some(Doubled)).concern(&of, &lines));
        let words: Vec<_> = Transforms::default().then(Without("a")).then(Doubled).last_words().collect();
        assert_eq!(words, ["doubled"]);
    }
}
