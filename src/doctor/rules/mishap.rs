//! [`Mishap`]: the same mishap of many pods or containers is one finding.

use crate::{
    discover::Match,
    doctor::{Code, Finding},
    numbers::counted,
};

/// One mishap. `what` is a sentence in which `{}` stands for whom it befell, and `<is|are>` for the verb that fits.
pub(super) struct Mishap<'a> {
    pub code: Code,
    pub is_problem: bool,
    pub found: &'a Match,
    /// Empty when it is about the pod.
    pub container: String,
    pub what: String,
    /// What shows it, in a line.
    pub shown: String,
    /// The last words, shown for the first of many.
    pub words: Vec<String>,
    pub next: String,
}

/// Groups what is the same: the code, the container's name and the sentence.
pub(super) fn group(troubles: Vec<Mishap<'_>>) -> Vec<Finding> {
    let mut groups: Vec<Vec<Mishap<'_>>> = Vec::new();
    for mishap in troubles {
        let same = |other: &Mishap<'_>| {
            (other.code, other.is_problem, &other.container, &other.what)
                == (mishap.code, mishap.is_problem, &mishap.container, &mishap.what)
        };
        match groups.iter_mut().find(|group| group.first().is_some_and(same)) {
            Some(group) => group.push(mishap),
            None => groups.push(vec![mishap]),
        }
    }
    groups.into_iter().filter_map(finding).collect()
}

/// Chooses the verbs.
fn agree(text: &str, is_one: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<')
        && let Some((verbs, after)) = after.split_once('>')
    {
        let (one, many) = verbs.split_once('|').unwrap_or((verbs, verbs));
        out.push_str(before);
        out.push_str(if is_one { one } else { many });
        rest = after;
    }
    out + rest
}

fn finding(group: Vec<Mishap<'_>>) -> Option<Finding> {
    let first = group.first()?;
    let pods = match group.len() {
        1 => format!("pod {}", first.found.pod.name()),
        several => counted(several, "pod"),
    };
    let whom = if first.container.is_empty() { pods } else { format!("container {} of {pods}", first.container) };
    let mut finding =
        Finding::graded(
            first.code,
            first.is_problem,
            agree(&first.what, group.len() == 1 || !first.container.is_empty()).replace("{}", &whom),
        )
        .next(&first.next)
        .evidences(group.iter().filter(|it| !it.shown.is_empty()).take(3).map(|it| {
            if group.len() == 1 { it.shown.clone() } else { format!("{}: {}", it.found.pod.name(), it.shown) }
        }))
        .evidences(&first.words);
    for mishap in &group {
        finding = finding.about(mishap.found.pod.name());
        finding = mishap.found.pod.jobs().fold(finding, |finding, job| finding.about(job));
    }
    Some(finding)
}
