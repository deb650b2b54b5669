//! The id: where it stands, and whether the cluster knows it.

use super::case::Case;
use crate::{
    discover::age::human,
    doctor::{Code, Facts, Finding},
    numbers::counted,
    resolve::{Mirror, MirrorVerdict, Outcome},
    row::{Row, Wait},
};

/// Characters of a value that are shown.
const VALUE: usize = 80;

/// What the row says by itself.
pub(super) fn find(facts: &Facts) -> Vec<Finding> {
    let (Some(row), Some(resolution)) = (&facts.row.row, &facts.row.resolution) else { return Vec::new() };
    match &resolution.outcome {
        Outcome::Given { .. } | Outcome::Chosen { .. } => Vec::new(),
        Outcome::Inferred { id, path } => {
            let summary = format!("the id {id} was read off captured output: no mirror field holds it");
            let finding = Finding::note(Code::IdInferred, summary).evidence(format!("found in {path}"));
            vec![finding.advice("check that the id is this row's").next(facts.place.elbtail_row("resolve"))]
        }
        Outcome::Ambiguous { ids } => {
            let summary = format!("no mirror field holds an id, and captured output shows {}", ids.len());
            let shown = resolution.inferred.iter().map(|found| format!("{}: {}", found.path, found.id));
            let next = ids.first().map(|id| facts.place.elbtail("doctor", id.as_str(), "")).unwrap_or_default();
            let finding = Finding::problem(Code::IdAmbiguous, summary).evidences(shown);
            vec![finding.advice("give the right one of the ids instead of the row").next(next)]
        }
        Outcome::None if is_explained(facts, row) => Vec::new(),
        Outcome::None => vec![missing(facts, row, &resolution.mirrors)],
    }
}

/// Whether the row is of a kind that has no id of its own.
fn is_explained(facts: &Facts, row: &Row) -> bool {
    !facts.row.children.is_empty() || row.row_type().is_some_and(|kind| kind.eq_ignore_ascii_case("warmup"))
}

fn missing(facts: &Facts, row: &Row, mirrors: &[Mirror]) -> Finding {
    let wait = Wait::of(row, facts.now);
    let shown = mirrors.iter().filter(|mirror| mirror.verdict != MirrorVerdict::Absent).map(mirror_line);
    // One odd object may stand in the way to several places.
    let mut shown: Vec<String> = shown.collect();
    shown.dedup();
    let absent = mirrors.iter().filter(|mirror| mirror.verdict == MirrorVerdict::Absent).count();
    let rest = format!("nothing at all is in {}", counted(absent, "place"));
    if let Some(wait) = wait.as_ref().filter(|wait| !wait.is_overdue()) {
        let finding = Finding::note(Code::IdPending, waits(wait)).next(facts.place.elbtail_row("logs -f"));
        return finding.advice("wait for it: logs -f takes the id up when the row has it");
    }
    let summary = match &wait {
        Some(wait) => format!("the row holds no ElasticBLAST id; {wait}, for longer than it should"),
        None => "the row holds no ElasticBLAST id".to_owned(),
    };
    let untouched = wait.as_ref().and_then(|wait| {
        let (age, limit) = (human(wait.untouched?), human(wait.limit));
        Some(format!("the row was not touched for {age}; more than {limit} is odd in this phase"))
    });
    let finding =
        Finding::problem(Code::IdMissing, summary).evidences(untouched.into_iter().chain(shown).chain([rest]));
    if row.is_terminal() {
        let finding =
            finding.advice("look at the row's submitting step; if you know the id, give it instead of the row");
        finding.next(facts.place.elbtail_row("resolve"))
    } else {
        let finding = finding.advice("give the right one of the ids in the cluster instead of the row");
        finding.next(facts.place.kubectl("get jobs -l elb-job-id -L elb-job-id"))
    }
}

/// What is said of a job that waits.
pub(super) fn waits(wait: &Wait) -> String {
    let since = wait.untouched.map(|age| format!(", last touched {} ago", human(age))).unwrap_or_default();
    format!("{wait}{since}")
}

/// Mirrors that disagree: a note when the chosen id has pods, else a problem.
pub(super) fn against_cluster(case: &Case<'_>) -> Option<Finding> {
    let resolution = case.facts.row.resolution.as_ref()?;
    let Outcome::Chosen { id, path } = &resolution.outcome else { return None };
    let conflicts: Vec<&Mirror> =
        resolution.mirrors.iter().filter(|it| it.verdict == MirrorVerdict::Conflicts).collect();
    if conflicts.is_empty() {
        return None;
    }
    let here = !case.seen.pods().is_empty();
    let other = case.seen.of_other_ids.iter().find(|(_, pods)| *pods > 0);
    let summary = match other {
        Some((other, pods)) if !here => {
            format!("the row's mirrors disagree: {id} has no pods here, but {other} has {pods}")
        }
        _ => format!("the row's mirrors disagree; {id} from {path} is used"),
    };
    let finding = Finding::graded(Code::IdConflict, !here && other.is_some(), summary)
        .evidence(format!("{path}: {id} (chosen)"))
        .evidences(conflicts.iter().map(|mirror| mirror_line(mirror)));
    Some(match other {
        Some((other, _)) if !here => finding.next(case.facts.place.elbtail("doctor", other.as_str(), "")),
        _ => finding,
    })
}

/// A place and what stands there.
fn mirror_line(mirror: &Mirror) -> String {
    let at = mirror.blocked_at.as_deref().unwrap_or(&mirror.path);
    let value = mirror.raw.as_ref().map(ToString::to_string).unwrap_or_default();
    let value: String = value.chars().take(VALUE).collect();
    format!("{at}: {value} ({})", mirror.verdict.as_str())
}
