//! [`write()`]: what the dashboard keeps of a job's logs, made from what the archive has.
//!
//! The dashboard itself keeps the end of each container's log, in chunks of JSON per step, and in the row a few lines of each
//! step. Both are made anew from the archive whenever a run has ended, so that whatever interrupted an earlier run, they are whole.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::replay::{pods, target};
use crate::{
    archive::{Archive, ArchiveError, ArchivedInstance, ArchivedJob, ArchivedStream, JobKey},
    k8s::{Pod, Target},
    mask,
};

/// Lines that the dashboard keeps of a container.
const LINES: usize = 200;

/// Characters that it keeps of a line.
const LINE: usize = 4000;

/// Events in one of its chunks.
const EVENTS: usize = 100;

/// Characters of a step's `last_output`.
const LAST_OUTPUT: usize = 6000;

/// The version of the dashboard's format.
const VERSION: u32 = 1;

/// A chunk of a step's lines.
#[derive(Debug, Serialize)]
struct DashboardChunk<'a> {
    schema_version: u32,
    job_id: &'a str,
    step: &'a str,
    sequence: u64,
    events: &'a [DashboardEvent],
    created_at: Timestamp,
}

/// A line.
#[derive(Debug, Serialize)]
struct DashboardEvent {
    stream: String,
    line: String,
    index: u64,
}

/// What belongs into the row, as `payload._progress` has it.
#[derive(Debug, Serialize)]
struct DashboardProgress<'a> {
    schema_version: u32,
    job_id: &'a str,
    steps: BTreeMap<&'static str, DashboardStep>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct DashboardStep {
    last_output: String,
}

/// Writes `ROW/execution-steps/logs/STEP/NNNNNN.json` and `ROW/execution-steps/progress.json` beside the jobs of an archive. ROW is
/// the row's id, or the ElasticBLAST id of a job without a row. Secrets are masked, as the dashboard does.
///
/// # Errors
/// What the store says. What is damaged is left out.
pub async fn write(archive: &Archive, key: &JobKey) -> Result<(), ArchiveError> {
    let job = archive.job(key).await?;
    let pods = pods(&job).await?;
    let row = job.state.row.as_deref().filter(|row| JobKey::new(row).is_ok());
    let job_id = row.unwrap_or(key.as_str()).to_owned();
    let directory = format!("{job_id}/execution-steps");
    let created_at = Timestamp::now();
    let mut steps = BTreeMap::new();
    for (step, containers) in by_step(&job, &pods) {
        let mut writing = Writing {
            archive,
            directory: &directory,
            job_id: &job_id,
            step,
            created_at,
            events: Vec::new(),
            index: 0,
            sequence: 0,
            clip: Clip::default(),
        };
        for (target, instances) in containers {
            let lines = last_lines(&job, &instances).await?;
            writing.container(&target, lines).await?;
        }
        writing.flush().await?;
        steps.insert(step, DashboardStep { last_output: writing.clip.text() });
    }
    let progress = DashboardProgress { schema_version: VERSION, job_id: &job_id, steps, created_at };
    archive.put_beside(&format!("{directory}/progress.json"), json(&progress)?).await
}

fn json(value: &impl Serialize) -> Result<Bytes, ArchiveError> {
    Ok(serde_json::to_vec(value).map_err(|error| ArchiveError::Usage(error.to_string()))?.into())
}

/// The containers of each step, with their instances in order.
fn by_step(
    job: &ArchivedJob,
    pods: &HashMap<String, Pod>,
) -> BTreeMap<&'static str, Vec<(Target, Vec<ArchivedInstance>)>> {
    let mut steps: BTreeMap<_, Vec<(Target, Vec<ArchivedInstance>)>> = BTreeMap::new();
    for (instance, _) in job.logs() {
        let target = target(instance, pods);
        let containers = steps.entry(target.phase.as_str()).or_default();
        match containers.last_mut() {
            Some((known, instances)) if known.id() == target.id() => instances.push(instance.clone()),
            _ => containers.push((target, vec![instance.clone()])),
        }
    }
    steps
}

/// The last lines of a container, over its instances: what a crash left stands in the one before the latest.
async fn last_lines(job: &ArchivedJob, instances: &[ArchivedInstance]) -> Result<Vec<String>, ArchiveError> {
    let mut all: Vec<String> = Vec::new();
    for instance in instances.iter().rev() {
        let wanted = LINES - all.len();
        let mut lines = match job.last_lines(&ArchivedStream::Log(instance.clone()), wanted).await {
            Ok(lines) => lines,
            Err(ArchiveError::Damaged { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        lines.drain(..lines.len().saturating_sub(wanted));
        let mut masked = mask::LineMasker::default();
        let text = lines.iter().map(|line| {
            let text = String::from_utf8_lossy(&line.text);
            masked.mask(&text).chars().take(LINE).collect::<String>()
        });
        let earlier = text.collect::<Vec<_>>();
        all.splice(..0, earlier);
        if all.len() >= LINES {
            break;
        }
    }
    Ok(all)
}

/// The chunks of one step.
struct Writing<'a> {
    archive: &'a Archive,
    directory: &'a str,
    job_id: &'a str,
    step: &'static str,
    created_at: Timestamp,
    events: Vec<DashboardEvent>,
    /// Events before these.
    index: u64,
    sequence: u64,
    clip: Clip,
}

impl Writing<'_> {
    async fn container(&mut self, target: &Target, lines: Vec<String>) -> Result<(), ArchiveError> {
        if lines.is_empty() {
            return Ok(());
        }
        let stream = format!("{}/{}", target.pod, target.container);
        self.clip.line(&format!("--- {stream} ---"));
        for line in lines {
            self.clip.line(&line);
            self.events.push(DashboardEvent { stream: stream.clone(), line, index: self.index });
            self.index += 1;
            if self.events.len() == EVENTS {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ArchiveError> {
        if self.events.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.events);
        let Writing { job_id, step, sequence, created_at, directory, .. } = *self;
        let chunk = DashboardChunk { schema_version: VERSION, job_id, step, sequence, events: &events, created_at };
        self.archive.put_beside(&format!("{directory}/logs/{step}/{sequence:06}.json"), json(&chunk)?).await?;
        self.sequence += 1;
        Ok(())
    }
}

/// Stands between the halves of what is too long.
const MARKER: &str = "\n...\n(cut: the rest is in execution-steps/logs)\n...\n";

/// Lines, of which the first and the last characters are kept when they are too many.
#[derive(Debug, Default)]
struct Clip {
    head: String,
    /// Characters in `head`.
    headed: usize,
    tail: VecDeque<char>,
    cut: bool,
}

impl Clip {
    fn line(&mut self, line: &str) {
        let separator = if self.headed > 0 { "\n" } else { "" };
        for character in separator.chars().chain(line.chars()) {
            if self.headed < LAST_OUTPUT / 2 {
                self.head.push(character);
                self.headed += 1;
                continue;
            }
            self.tail.push_back(character);
            if self.tail.len() > LAST_OUTPUT / 2 {
                self.tail.pop_front();
                self.cut = true;
            }
        }
    }

    fn text(&self) -> String {
        if !self.cut {
            return self.head.chars().chain(self.tail.iter().copied()).collect();
        }
        let marker = MARKER.chars().count();
        let (head, tail) = (LAST_OUTPUT / 2 - marker, self.tail.iter().copied());
        self.head.chars().take(head).chain(MARKER.chars()).chain(tail).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        archive::JobState,
        session::fixtures::{MemoryArchive, instance, line},
    };

    fn clipped(lines: &[String]) -> String {
        let mut clip = Clip::default();
        lines.iter().for_each(|line| clip.line(line));
        clip.text()
    }

    /// The dashboard's objects, by their paths, without the time.
    async fn written(kept: &MemoryArchive) -> BTreeMap<String, Value> {
        write(&kept.archive, &kept.key).await.unwrap();
        let mut all = BTreeMap::new();
        for path in kept.paths("/execution-steps/").await {
            let mut object: Value = serde_json::from_slice(&kept.bytes(&path).await).unwrap();
            assert!(object["created_at"].as_str().unwrap().parse::<Timestamp>().is_ok());
            object.as_object_mut().unwrap().remove("created_at");
            all.insert(path.to_string(), object);
        }
        all
    }

    #[tokio::test]
    async fn a_steps_last_lines_are_in_chunks_and_their_ends_in_the_row() {
        let kept = MemoryArchive::new().await;
        let mut writer = kept.writer_of_chunks(1 << 20).await;
        let export = ArchivedInstance { container: "results-export".to_owned(), ..instance("a", 0) };
        let at = |of: &str, number: i64| line(number, &format!("{of} {number}"));
        let many = |of: &str, count| (0..count).map(|number| at(of, number)).collect::<Vec<_>>();
        let odd = vec![line(1, &"x".repeat(LINE + 1)), line(2, "API_TOKEN=pl4nted0Secr3t")];
        for (of, lines) in [
            (instance("a", 0), many("a", 250)),
            // What a crash left stands before what came after it.
            (instance("b", 0), many("crashed", 190)),
            (instance("b", 1), many("again", 11)),
            (instance("empty", 0), Vec::new()),
            (export, odd),
        ] {
            let id = writer.stream(ArchivedStream::Log(of)).unwrap();
            writer.push(id, &lines).await.unwrap();
            writer.complete(id, "read").await.unwrap();
        }
        writer.finish().await.unwrap();
        let id = kept.key.as_str();
        let objects = written(&kept).await;
        let [a, b, e] = ["a", "b", "a"].map(|name| instance(name, 0).pod);
        let mut expected: Vec<(String, String)> = Vec::new();
        expected.extend((50..250).map(|number| (format!("{a}/a"), format!("a {number}"))));
        expected.extend((1..190).map(|number| (format!("{b}/b"), format!("crashed {number}"))));
        expected.extend((0..11).map(|number| (format!("{b}/b"), format!("again {number}"))));
        let events: Vec<Value> = (0..)
            .zip(&expected)
            .map(|(index, (stream, line))| json!({"stream": stream, "line": line, "index": index}))
            .collect();
        let chunk =
            |step: &str, sequence: u64| &objects[&format!("{id}/execution-steps/logs/{step}/{sequence:06}.json")];
        for (sequence, events) in (0..).zip(events.chunks(EVENTS)) {
            let head = json!({
                "schema_version": 1, "job_id": id, "step": "running", "sequence": sequence, "events": events,
            });
            assert_eq!(*chunk("running", sequence), head);
        }
        let exported = &chunk("exporting_results", 0)["events"];
        assert_eq!(exported[0], json!({"stream": format!("{e}/results-export"), "line": "x".repeat(LINE), "index": 0}));
        let secret = exported[1]["line"].as_str().unwrap();
        assert!(secret.starts_with("API_TOKEN=") && !secret.contains("Secr3t"), "{secret}");
        assert_eq!(objects.len(), 4 + 1 + 1, "chunks of both steps, and the row's: {:?}", objects.keys());
        let progress = &objects[&format!("{id}/execution-steps/progress.json")];
        assert_eq!((&progress["schema_version"], &progress["job_id"]), (&json!(1), &json!(id)));
        let last = progress["steps"]["running"]["last_output"].as_str().unwrap();
        let steps: Vec<&String> = progress["steps"].as_object().unwrap().keys().collect();
        assert_eq!(steps, ["exporting_results", "running"]);
        let mut whole = clipped(
            &[vec![format!("--- {a}/a ---")], (50..250).map(|number| format!("a {number}")).collect()].concat(),
        );
        let rest = [
            vec![format!("--- {b}/b ---")],
            (1..190).map(|number| format!("crashed {number}")).collect(),
            (0..11).map(|number| format!("again {number}")).collect(),
        ];
        whole = whole + "\n" + &rest.concat().join("\n");
        assert_eq!(last, whole);
    }

    #[tokio::test]
    async fn a_job_of_a_row_is_written_where_the_row_is_looked_for_and_without_what_cannot_be_read() {
        for (row, directory) in [(Some("18b9edca"), "18b9edca"), (Some("../x"), super::super::fixtures::ID)] {
            let kept = MemoryArchive::new().await;
            let mut writer = kept.writer().await;
            for (name, text) in [("a", "lost"), ("b", "there")] {
                let id = writer.stream(ArchivedStream::Log(instance(name, 0))).unwrap();
                writer.push(id, &[line(1, text)]).await.unwrap();
            }
            writer.tell(JobState { row: row.map(str::to_owned), ..JobState::default() }).await.unwrap();
            writer.finish().await.unwrap();
            let chunks = kept.paths("uid-a").await;
            kept.remove(&chunks[0]).await;
            let objects = written(&kept).await;
            let events = &objects[&format!("{directory}/execution-steps/logs/running/000000.json")]["events"];
            assert_eq!((events.as_array().unwrap().len(), &events[0]["line"]), (1, &json!("there")));
        }
    }

    #[test]
    fn one_character_too_many_is_cut() {
        for (count, is_cut) in [(LAST_OUTPUT - 1, false), (LAST_OUTPUT, false), (LAST_OUTPUT + 1, true)] {
            let text = clipped(&["x".repeat(count)]);
            assert_eq!((text.chars().count(), text.contains(MARKER)), (count.min(LAST_OUTPUT), is_cut));
        }
    }

    proptest! {
        #[test]
        fn a_steps_output_is_its_lines_or_their_two_ends(
            lines in proptest::collection::vec("[a-z€ß]{1,300}", 0..60),
        ) {
            let (whole, text) = (lines.join("\n"), clipped(&lines));
            prop_assert!(text.chars().count() <= LAST_OUTPUT);
            if whole.chars().count() <= LAST_OUTPUT {
                prop_assert_eq!(text, whole);
            } else {
                let (head, tail) = text.split_once(MARKER).unwrap();
                prop_assert!(whole.starts_with(head) && whole.ends_with(tail));
                prop_assert_eq!(text.chars().count(), LAST_OUTPUT);
            }
        }
    }
}
