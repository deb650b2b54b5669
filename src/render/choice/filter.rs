//! [`LineFilter`]: lines chosen by what they say, with those around them.

use super::{Context, Groups, Patterns, around::Around};
use crate::{
    k8s::InstanceId,
    render::{ShownLine, Transform},
};

/// Lines that match one of some patterns and none of others, and the lines around them of the same container.
pub struct LineFilter {
    include: Patterns,
    exclude: Patterns,
    around: Around,
}

impl LineFilter {
    /// The filter of these patterns, or nothing when there are none. Without `include` all lines are chosen that are not excluded; an
    /// excluded line is not shown around others either.
    pub fn new(include: Patterns, exclude: Patterns, context: Context) -> Option<LineFilter> {
        let is_needed = !include.is_empty() || !exclude.is_empty();
        is_needed.then(|| LineFilter { include, exclude, around: Around::new(context) })
    }

    /// With something between lines around chosen ones that were not neighbours.
    #[must_use]
    pub fn with_groups(self, groups: Groups) -> LineFilter {
        LineFilter { around: self.around.with_groups(groups), ..self }
    }
}

impl Transform for LineFilter {
    fn apply(&mut self, of: &InstanceId, lines: &mut Vec<ShownLine>) {
        if !self.exclude.is_empty() {
            lines.retain(|line| !self.exclude.is_match(&line.line.text));
        }
        if !self.include.is_empty() {
            self.around.choose(of, lines, |line| self.include.is_match(&line.line.text));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use regex::bytes::Regex;

    use super::*;
    use crate::k8s::{ContainerId, Line, Stamp, Stream};

    fn of(container: &str, restart: u32) -> InstanceId {
        InstanceId {
            container: Arc::new(ContainerId { uid: "1".to_owned(), container: container.to_owned() }),
            restart,
        }
    }

    fn filter(include: &[&str], exclude: &[&str], before: usize, after: usize) -> LineFilter {
        let patterns = |texts: &[&str]| texts.iter().map(|text| Regex::new(text).unwrap()).collect();
        LineFilter::new(patterns(include), patterns(exclude), Context { before, after }).unwrap()
    }

    fn apply(filter: &mut LineFilter, of: &InstanceId, texts: &[&'static str]) -> Vec<String> {
        let line = |text: &&'static str| ShownLine {
            stream: text.starts_with('e').then_some(Stream::Stderr),
            line: Line { stamp: Stamp(0), text: (*text).into() },
            written: (*text).into(),
        };
        let mut lines: Vec<_> = texts.iter().map(line).collect();
        filter.apply(of, &mut lines);
        for shown in &lines {
            assert_eq!(shown.stream.is_some(), shown.line.text.starts_with(b"e"), "a line keeps its stream");
        }
        lines.into_iter().map(|line| String::from_utf8(line.line.text.to_vec()).unwrap()).collect()
    }

    #[test]
    fn lines_are_chosen_by_what_they_say() {
        let texts = &["a", "err 1", "b err", "c", "err 2"];
        for (include, exclude, shown) in [
            (&["err"][..], &[][..], &["err 1", "b err", "err 2"][..]),
            (&["^err"], &[], &["err 1", "err 2"]),
            (&["^c$", "1"], &[], &["err 1", "c"]),
            (&[], &["err"], &["a", "c"]),
            (&["err"], &["b", "2"], &["err 1"]),
        ] {
            assert_eq!(
                apply(&mut filter(include, exclude, 0, 0), &of("x", 0), texts),
                shown,
                "{include:?} {exclude:?}"
            );
        }
        assert!(LineFilter::new(Patterns::default(), Patterns::default(), Context { before: 1, after: 1 }).is_none());
    }

    #[test]
    fn lines_around_are_those_of_the_same_instance() {
        let mut filter = filter(&["!"], &["-"], 2, 1);
        let (one, two) = (of("one", 0), of("two", 0));
        assert_eq!(apply(&mut filter, &one, &["a", "e", "c"]), [""; 0]);
        assert_eq!(apply(&mut filter, &two, &["x"]), [""; 0]);
        assert_eq!(apply(&mut filter, &one, &["-!", "d!", "-"]), ["e", "c", "d!"], "excluded lines are not around");
        assert_eq!(apply(&mut filter, &two, &["y", "z", "!"]), ["y", "z", "!"]);
        assert_eq!(apply(&mut filter, &one, &["e", "f"]), ["e"], "one after, in whatever batch it comes");
        assert_eq!(apply(&mut filter, &of("one", 1), &["!"]), ["!"], "another instance's lines are not around");
    }

    proptest! {
        #[test]
        fn batches_make_no_difference(
            texts in proptest::collection::vec(proptest::sample::select(vec!["a", "b", "!", "!b", "-"]), 0..30),
            cuts in proptest::collection::vec(0usize..30, 0..6), before in 0usize..4, after in 0usize..4,
        ) {
            let chosen: Vec<&str> = texts.iter().copied().filter(|text| *text != "-").collect();
            let hits: Vec<usize> = (0..chosen.len()).filter(|at| chosen[*at].contains('!')).collect();
            let near = |at: usize| hits.iter().any(|hit| *hit <= at + before && at <= hit + after);
            let expected: Vec<&str> = (0..chosen.len()).filter(|at| near(*at)).map(|at| chosen[at]).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(texts.len())).collect();
            cuts.extend([0, texts.len()]);
            cuts.sort_unstable();
            let mut filter = filter(&["!"], &["-"], before, after);
            let shown: Vec<String> =
                cuts.windows(2).flat_map(|cut| apply(&mut filter, &of("x", 3), &texts[cut[0]..cut[1]])).collect();
            prop_assert_eq!(shown, expected);
        }
    }
}
