//! The id: where it stands, and whether the cluster knows it.

use jiff::SignedDuration;

use super::scene::{Scene, count};
use crate::{
    doctor::{Code, Facts, Finding},
    resolve::{Mirror, Outcome, Verdict},
    row::Row,
};

/// Phases in which `elastic-blast submit` has not written the id yet.
const BEFORE_ID: [&str; 6] = ["queued", "preparing", "configuring", "submitting", "submitted", "warming_up"];
/// Characters of a value that are shown.
const VALUE: usize = 80;
/// How long they may last.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// What the row says by itself.
pub(super) fn find(facts: &Facts) -> Vec<Finding> {
    let (Some(row), Some(resolution)) = (&facts.row.row, &facts.row.resolution) else { return Vec::new() };
    match &resolution.outcome {
        Outcome::Given { .. } | Outcome::Chosen { .. } => Vec::new(),
        Outcome::Inferred { id, path } => {
            let summary = format!("the id {id} was read off captured output: no mirror field holds it");
            let finding = Finding::note(Code::IdInferred, summary).evidence(format!("found in {path}"));
            vec![finding.next("elbtail resolve shows every place: check that the id is this row's")]
        }
        Outcome::Ambiguous { ids } => {
            let summary = format!("no mirror field holds an id, and captured output shows {}", ids.len());
            let shown = resolution.inferred.iter().map(|found| format!("{}: {}", found.path, found.id));
            let next = "give the right one instead of the row: elbtail doctor job-<32 hex digits>";
            vec![Finding::problem(Code::IdAmbiguous, summary).evidences(shown).next(next)]
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
    let age = row.updated_at().map(|at| facts.now.duration_since(at));
    let early = [row.phase(), row.status()]
        .into_iter()
        .flatten()
        .any(|word| BEFORE_ID.iter().any(|phase| word.eq_ignore_ascii_case(phase)));
    let pending = early && !row.is_terminal() && age.is_none_or(|age| age < PATIENCE);
    let shown = mirrors.iter().filter(|mirror| mirror.verdict != Verdict::Absent).map(mirror_line);
    // One odd object may stand in the way to several places.
    let mut shown: Vec<String> = shown.collect();
    shown.dedup();
    let absent = mirrors.iter().filter(|mirror| mirror.verdict == Verdict::Absent).count();
    let rest = format!("{} hold nothing at all", count(absent, "place"));
    if pending {
        let summary = format!("the job is not submitted yet ({}), so it has no id", row.phase().unwrap_or("queued"));
        let finding = Finding::note(Code::IdPending, summary);
        return finding.next("try again when it is, or wait for it: elbtail logs -f waits for the id");
    }
    let next = if row.is_terminal() {
        "look at the row's submitting step; if you know the id, give it: elbtail doctor job-<32 hex digits>"
    } else {
        "kubectl get jobs -l elb-job-id -L elb-job-id lists the ids in the cluster; give the right one instead of the row"
    };
    Finding::problem(Code::IdMissing, "the row holds no ElasticBLAST id")
        .evidences(shown.into_iter().chain([rest]))
        .next(next)
}

/// Mirrors that disagree: a note when the chosen id has pods, else a problem.
pub(super) fn against_cluster(scene: &Scene<'_>) -> Option<Finding> {
    let resolution = scene.facts.row.resolution.as_ref()?;
    let Outcome::Chosen { id, path } = &resolution.outcome else { return None };
    let conflicts: Vec<&Mirror> = resolution.mirrors.iter().filter(|it| it.verdict == Verdict::Conflicts).collect();
    if conflicts.is_empty() {
        return None;
    }
    let here = !scene.seen.pods().is_empty();
    let other = scene.seen.of_other_ids.iter().find(|(_, pods)| *pods > 0);
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
        Some((other, _)) if !here => finding.next(format!("elbtail doctor {other} -n {}", scene.ns())),
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
