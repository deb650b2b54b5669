//! [`AroundProblems`]: what went wrong, with a few lines around it.

use super::{Context, Groups, around::Around};
use crate::{
    k8s::InstanceId,
    render::{Meaning, ShownLine, Transform},
};

/// Lines around a problem: what led to it, and what came of it.
const CONTEXT: Context = Context { before: 3, after: 2 };

/// Lines that tell of a problem, and a few around them; see [`Meaning::is_problem`]. Warnings are none: BLAST prints one for each
/// query.
pub struct AroundProblems(Around);

impl AroundProblems {
    /// With so many lines around them.
    pub fn new(context: Context) -> AroundProblems {
        AroundProblems(Around::new(context))
    }

    /// With something between those that were not neighbours.
    #[must_use]
    pub fn with_groups(self, groups: Groups) -> AroundProblems {
        AroundProblems(self.0.with_groups(groups))
    }
}

impl Default for AroundProblems {
    fn default() -> AroundProblems {
        AroundProblems::new(CONTEXT)
    }
}

impl Transform for AroundProblems {
    fn apply(&mut self, of: &InstanceId, lines: &mut Vec<ShownLine>) {
        self.0.choose(of, lines, |line| Meaning::of(&line.written).is_some_and(Meaning::is_problem));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        k8s::{ContainerId, Line, Stamp},
        render::{Masking, Transforms},
    };

    #[test]
    fn what_is_masked_in_a_line_does_not_hide_that_it_tells_of_a_problem() {
        let of = InstanceId { container: Arc::new(ContainerId::default()), restart: 0 };
        let mut stages = Transforms::default().then(Masking::default()).then(AroundProblems::new(Context::default()));
        for text in ["AZURE_STORAGE_KEY=exit_code=3", "password='fatal: no'", "token=error: bad", "ERROR: no"] {
            let line = Line { stamp: Stamp(0), text: text.into() };
            assert!(Meaning::of(text.as_bytes()).is_some_and(Meaning::is_problem), "{text}");
            assert_eq!(stages.apply(&of, None, &[line]).len(), 1, "{text}");
        }
    }

    #[test]
    fn problems_are_shown_with_a_few_lines_around_them() {
        let container = Arc::new(ContainerId { uid: "1".to_owned(), container: "blast".to_owned() });
        let of = InstanceId { container, restart: 0 };
        let texts = [
            "BASH version 5",
            "run start 000 blastn nt",
            "blastn -db nt",
            "Warning: [blastn] Query_1: x",
            "a",
            "BLAST Database error: No alias or index file found",
            "RUNTIME blast-job-000 1.0 seconds",
            "run end 000 2",
            "b",
            "c",
            "d",
            "e",
        ];
        let shown_of = |text: &'static str| ShownLine {
            stream: None,
            line: Line { stamp: Stamp(0), text: text.into() },
            written: text.into(),
        };
        let mut lines: Vec<_> = texts.map(shown_of).to_vec();
        AroundProblems::default().apply(&of, &mut lines);
        let shown: Vec<_> = lines.into_iter().map(|line| line.line.text).collect();
        assert_eq!(shown, texts[2..10]);
    }
}
