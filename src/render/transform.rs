//! [`Transform`]: what is done to lines before they are rendered.

use std::borrow::Cow;

use crate::k8s::{InstanceId, Line};

/// Changes lines on their way to a person: masks them, leaves some out, folds several into one.
pub trait Transform: Send {
    /// Takes neighbouring lines of one instance and leaves in `lines` what is shown of them, in their order.
    fn apply(&mut self, of: &InstanceId, lines: &mut Vec<Line>);
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

    /// Whether nothing is done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is shown of neighbouring lines of one instance. Where nothing is done, nothing is copied.
    pub fn apply<'a>(&mut self, of: &InstanceId, lines: &'a [Line]) -> Cow<'a, [Line]> {
        if self.is_empty() {
            return Cow::Borrowed(lines);
        }
        let mut lines = lines.to_vec();
        for transform in &mut self.0 {
            transform.apply(of, &mut lines);
        }
        Cow::Owned(lines)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::k8s::{ContainerId, Stamp};

    struct Without(&'static str);

    impl Transform for Without {
        fn apply(&mut self, _: &InstanceId, lines: &mut Vec<Line>) {
            lines.retain(|line| line.text != self.0);
        }
    }

    struct Doubled;

    impl Transform for Doubled {
        fn apply(&mut self, of: &InstanceId, lines: &mut Vec<Line>) {
            for line in lines {
                line.text = [&line.text[..], of.container.container.as_bytes()].concat().into();
            }
        }
    }

    #[test]
    fn lines_go_through_all_in_order() {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "!".to_owned() });
        let of = InstanceId { container, restart: 0 };
        let lines = ["a", "b", "a!"].map(|text| Line { stamp: Stamp(0), text: text.into() });
        let shown = |mut transforms: Transforms| -> Vec<_> {
            transforms.apply(&of, &lines).iter().map(|line| line.text.clone()).collect()
        };
        assert_eq!(shown(Transforms::default()), ["a", "b", "a!"]);
        assert_eq!(shown(Transforms::default().then(Without("a")).then(Doubled)), ["b!", "a!!"]);
        assert_eq!(shown(Transforms::default().then(Doubled).then(Without("a!"))), ["b!", "a!!"]);
        assert!(matches!(Transforms::default().apply(&of, &lines), Cow::Borrowed(_)), "nothing is copied for nothing");
    }
}
