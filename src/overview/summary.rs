//! [`Summary`]: what a job was, once it has ended.

use std::fmt;

use super::{Depth, JobLife, Overview, Span, Standing, duration};
use crate::{
    k8s::Stamp,
    numbers::{counted, thousands},
    session::RunEvent,
};

/// Batches named as the slowest.
const SLOWEST: usize = 3;

/// Of what it is: of a job, or of what was chosen of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummaryOf {
    /// All of it.
    Job,
    /// Some of its containers.
    Choice,
}

/// What a job was: how long each of its phases took, and what became of its batches. `Display` is a few lines.
#[derive(Debug)]
pub struct Summary {
    overview: Overview,
    of: SummaryOf,
}

impl Summary {
    /// One that has heard of nothing.
    pub fn new(of: SummaryOf) -> Summary {
        Summary { overview: Overview::new(Depth::Ends), of }
    }

    /// Takes note of what was said.
    pub fn take(&mut self, event: &RunEvent) {
        // When things were told is of no account to what they took.
        self.overview.take(event, Stamp::default());
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = self.overview.phases();
        let took = phases.iter().map(|(phase, span)| format!("{} {}", phase.as_str(), duration(span.seconds())));
        let took = took.collect::<Vec<_>>().join(", ");
        let whole = phases.values().copied().reduce(|one, two| one.and(Some(two)));
        f.write_str("the job has ended")?;
        if let Some(whole) = whole {
            let took = match self.of {
                SummaryOf::Job => " after",
                SummaryOf::Choice => "; what was chosen of it took",
            };
            write!(f, "{took} {}", duration(whole.seconds()))?;
        }
        if !took.is_empty() {
            write!(f, ": {took}")?;
        }
        let batches: Vec<JobLife<'_>> = self.overview.batches().collect();
        if !batches.is_empty() {
            let count = |outcome| batches.iter().filter(|batch| batch.outcome == Some(outcome)).count();
            let (done, failed) = (count(Standing::Done), count(Standing::Failed));
            let retried = batches.iter().filter(|batch| batch.was_retried()).count();
            let open = batches.len() - done - failed;
            write!(f, "\nbatches: {done} done, {failed} failed, {retried} retried")?;
            if open > 0 {
                write!(f, ", {open} without an end that was seen")?;
            }
            let mut slowest: Vec<_> =
                batches.iter().filter_map(|batch| Some((batch.span.map(Span::seconds)?, batch.name))).collect();
            slowest.sort_by(|one, two| two.0.total_cmp(&one.0).then_with(|| one.1.cmp(two.1)));
            let slowest = slowest.iter().take(SLOWEST).map(|(took, name)| format!("{name} {}", duration(*took)));
            write!(f, "; slowest: {}", slowest.collect::<Vec<_>>().join(", "))?;
        }
        write!(
            f,
            "\nlines: {} of {}, ",
            thousands(self.overview.lines),
            counted(self.overview.containers().len(), "container")
        )?;
        match self.overview.with_gaps() {
            0 => f.write_str("complete as far as is known"),
            count => write!(f, "some are missing from {count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        follow::{drive::Batch as LineBatch, note::Note},
        k8s::{InstanceId, Line, Pod, Target, status::Ended, targets},
        merge::{Merged, MergedLine, Origin},
        render::JobIds,
        session::ending::Ending,
    };

    fn pod(name: &str) -> Vec<Target> {
        let containers: &[&str] =
            if name.contains("-batch-") { &["blast", "results-export"] } else { &["get-blastdb"] };
        let containers: Vec<_> = containers.iter().map(|name| serde_json::json!({"name": name})).collect();
        let pod: Pod = serde_json::from_value(serde_json::json!({
            "metadata": {"name": name, "uid": name}, "spec": {"containers": containers},
        }))
        .unwrap();
        targets(&pod)
    }

    fn second(second: i64) -> Stamp {
        Stamp(second * 1_000_000_000)
    }

    /// Tells of a pod whose containers print at these seconds and end with these codes.
    fn tell(summary: &mut Summary, name: &str, seconds: &[i64], restart: u32, codes: &[i32], last: &'static str) {
        for (target, code) in pod(name).into_iter().zip(codes) {
            let target = Arc::new(target);
            summary.take(&RunEvent::Found(target.clone()));
            let container = Arc::new(target.id());
            let instance = InstanceId { container: container.clone(), restart };
            summary.take(&RunEvent::Note { container: container.clone(), note: Note::Started(restart) });
            let line = |at: &i64| Line { stamp: second(*at), text: "x".into() };
            let mut lines: Vec<Line> = seconds.iter().map(line).collect();
            lines.last_mut().unwrap().text = last.into();
            if restart == 0 {
                summary.take(&RunEvent::Lines(LineBatch { instance, stream: None, lines }));
            } else {
                let merged = lines.into_iter().map(|line| MergedLine { of: 0, line }).collect();
                summary.take(&RunEvent::Merged(Merged { of: vec![Origin { instance, stream: None }], lines: merged }));
            }
            let ended = Ended { exit_code: *code, started: Some(second(seconds[0])), ..Ended::default() };
            summary.take(&RunEvent::Note { container, note: Note::Ended(restart, ended) });
        }
    }

    #[test]
    fn phases_batches_and_lines_are_told() {
        let mut summary = Summary::new(SummaryOf::Job);
        let job = Some("job-429825360482416da20736cf3ed51a95".to_owned());
        summary.take(&RunEvent::Job(JobIds { job, row: None }));
        let batch = |shard: usize, suffix: &str| format!("blastn-batch-s{shard:02}-job-000-3ed51a95-{suffix}");
        tell(&mut summary, "init-ssd-3ed51a95-0-7vvqw", &[0, 70], 0, &[0], "x");
        tell(&mut summary, &batch(0, "aaaaa"), &[100, 130], 0, &[0, 0], "run end 000 0");
        tell(&mut summary, &batch(1, "bbbbb"), &[100, 160], 1, &[0, 0], "run end 000 0");
        // Its pod was lost, and another did its work.
        tell(&mut summary, &batch(2, "ccccc"), &[100, 105], 0, &[137, 0], "x");
        tell(&mut summary, &batch(2, "ddddd"), &[110, 140], 0, &[0, 0], "run end 000 0");
        // NCBI's container ends with 0 although BLAST failed.
        tell(&mut summary, &batch(3, "eeeee"), &[100, 101], 0, &[0, 0], "run end 000 3");
        for target in pod(&batch(4, "fffff")) {
            summary.take(&RunEvent::Found(Arc::new(target.clone())));
            let instance = InstanceId { container: Arc::new(target.id()), restart: 0 };
            let note = Note::Lost { restart: 0, reason: "deleted".to_owned() };
            summary.take(&RunEvent::Gap { instance, note });
        }
        summary.take(&RunEvent::Ended(Ending { failed: false, pods: 7 }));
        assert_eq!(
            summary.to_string(),
            "the job has ended after 2 min 40 s: staging_db 1 min 10 s, running 1 min 0 s, exporting_results 1 min 0 s\n\
             batches: 3 done, 1 failed, 2 retried, 1 without an end that was seen; slowest: blastn-s01-000 1 min 0 s, \
             blastn-s02-000 40.0 s, blastn-s00-000 30.0 s\n\
             lines: 22 of 13 containers, some are missing from 2"
        );
    }

    #[test]
    fn a_job_of_which_nothing_was_read_has_a_summary_too() {
        assert_eq!(
            Summary::new(SummaryOf::Choice).to_string(),
            "the job has ended\nlines: 0 of 0 containers, complete as far as is known"
        );
    }
}
