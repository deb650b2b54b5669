//! [`Widths`]: how wide the columns of a prefix are.

use unicode_width::UnicodeWidthStr;

/// The widest a column gets.
///
/// A longer name is printed whole, since a cut one may be another's too, and moves only its own lines' text to the right.
const WIDEST: usize = 40;

/// The widths of the columns for pod and container, in terminal columns. They grow and never shrink, so what has been printed
/// stays aligned as well as it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Widths {
    /// Of the pods' names.
    pub pod: usize,
    /// Of the containers' names.
    pub container: usize,
}

impl Widths {
    /// Makes room for a container.
    pub fn grow(&mut self, pod: &str, container: &str) {
        self.pod = self.pod.max(pod.width().min(WIDEST));
        self.container = self.container.max(container.width().min(WIDEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn widths_grow_to_a_limit(names in proptest::collection::vec((".{0,60}", ".{0,60}"), 0..10)) {
            let mut widths = Widths::default();
            for (pod, container) in &names {
                let before = widths;
                widths.grow(pod, container);
                prop_assert!(widths.pod >= before.pod && widths.container >= before.container);
                prop_assert!(widths.pod <= WIDEST && widths.container <= WIDEST);
                prop_assert!(widths.pod >= pod.width().min(WIDEST));
                prop_assert!(widths.container >= container.width().min(WIDEST));
            }
        }
    }
}
