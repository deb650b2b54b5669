//! [`refill`]: chunks of an archive that cannot be read any more, made again of what Kubernetes still has.

use std::collections::BTreeMap;

use futures::StreamExt;

use crate::{
    archive::{ArchiveError, ArchivedInstance, ArchivedJob, ChunkCheck, LostChunk},
    cluster::{Cluster, ClusterError, LogAnswer, LogQuery},
    discover::Match,
    follow::cursor::KeptAs,
    k8s::{
        Line,
        lines::{LogPiece, Splitter},
        status::LogPlace,
    },
};

/// How much earlier than a chunk's first line a log is read from: later lines may be stamped earlier.
const REACH: i64 = 2_000_000_000;

/// What became of the chunks that could not be read.
#[derive(Default)]
pub struct Refilled {
    /// They are there again.
    pub filled: Vec<LostChunk>,
    /// They are not: their lines are missing, with why they cannot be read again.
    pub lost: Vec<(LostChunk, String)>,
}

/// Looks for chunks of the pods that are still there, and fills those that cannot be read with the lines that they were made of.
/// `kept_as` is what was made of lines before they were kept.
///
/// # Errors
/// What the store says.
pub async fn refill(
    cluster: &Cluster,
    job: &ArchivedJob,
    pods: &[Match],
    check: ChunkCheck,
    kept_as: Option<KeptAs>,
) -> Result<Refilled, ArchiveError> {
    let place = |instance: &ArchivedInstance| place(pods, instance);
    // Only what can be filled is worth to be read; what else is lost is told where that costs nothing.
    let is_read = |instance: &ArchivedInstance| check == ChunkCheck::Contents && place(instance).is_some();
    let mut lost = job.lost_chunks(ChunkCheck::Sizes, |instance| !is_read(instance)).await?;
    lost.extend(job.lost_chunks(ChunkCheck::Contents, is_read).await?);
    let mut by_instance: BTreeMap<ArchivedInstance, Vec<LostChunk>> = BTreeMap::new();
    for chunk in lost {
        by_instance.entry(chunk.instance().clone()).or_default().push(chunk);
    }
    let mut refilled = Refilled::default();
    for (instance, mut chunks) in by_instance {
        let why = match place(&instance) {
            None => "Kubernetes does not have its log any more".to_owned(),
            Some(place) => match read(cluster, job, place, &mut chunks, kept_as, &mut refilled).await {
                Ok(()) => "Kubernetes does not have these lines any more as they were written".to_owned(),
                Err(error) => error.to_string(),
            },
        };
        refilled.lost.extend(chunks.into_iter().map(|chunk| (chunk, why.clone())));
    }
    Ok(refilled)
}

/// Where the log of an instance can be read: its query, without a beginning.
fn place(pods: &[Match], instance: &ArchivedInstance) -> Option<LogQuery> {
    let pod = &pods.iter().find(|found| found.pod.uid() == instance.uid)?.pod;
    let previous = match pod.container(&instance.container).place(instance.restart) {
        LogPlace::Live | LogPlace::Latest => false,
        LogPlace::Previous => true,
        LogPlace::Future | LogPlace::Nowhere => return None,
    };
    Some(LogQuery { container: instance.container.clone(), previous, timestamps: true, ..LogQuery::default() })
}

/// Reads a log, and moves what is made of it to `refilled`.
async fn read(
    cluster: &Cluster,
    job: &ArchivedJob,
    place: LogQuery,
    chunks: &mut Vec<LostChunk>,
    kept_as: Option<KeptAs>,
    refilled: &mut Refilled,
) -> Result<(), ClusterError> {
    let Some(instance) = chunks.first().map(|chunk| chunk.instance().clone()) else { return Ok(()) };
    let first = chunks.iter().filter_map(LostChunk::first).min();
    let query = LogQuery { since_time: first.map(|first| first.back(REACH).to_timestamp()), ..place };
    let mut body = match cluster.log(&instance.namespace, &instance.pod, &query).await? {
        LogAnswer::Body(body) => body,
        LogAnswer::NotScheduled => return Ok(()),
    };
    let mut splitter = Splitter::default();
    while let Some(bytes) = body.next().await {
        splitter.push(bytes?);
        for piece in splitter.by_ref() {
            if let LogPiece::Line(line) = piece {
                take(job, &line, chunks, kept_as, refilled).await;
            }
        }
        if chunks.is_empty() {
            return Ok(());
        }
    }
    // A container's last line need not have an end.
    if let Some(line) = Line::parse(splitter.rest()) {
        take(job, &line, chunks, kept_as, refilled).await;
    }
    Ok(())
}

/// Hands a line to all chunks, and puts those that it completes.
async fn take(
    job: &ArchivedJob,
    line: &Line,
    chunks: &mut Vec<LostChunk>,
    kept_as: Option<KeptAs>,
    refilled: &mut Refilled,
) {
    let kept = kept_as.map(|kept_as| Line { stamp: line.stamp, text: kept_as(&line.text).into_owned().into() });
    let line = kept.as_ref().unwrap_or(line);
    let mut at = 0;
    while at < chunks.len() {
        // What cannot be compressed cannot be filled.
        match chunks[at].take(line).ok().flatten() {
            Some(object) => {
                let chunk = chunks.remove(at);
                // What cannot be put, such as where something odd stands in its place, does not keep the rest from being saved.
                match job.refill(&chunk, object).await {
                    Ok(()) => refilled.filled.push(chunk),
                    Err(error) => refilled.lost.push((chunk, error.to_string())),
                }
            }
            None => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use testcluster::{Access, PodHandle, Stream};

    use super::*;
    use crate::{
        archive::ArchivedStream,
        k8s::{Stamp, targets},
        mask,
        session::fixtures::{MemoryArchive, Scene},
    };

    const POD: &str = "blastn-batch-s03-job-000-3ed51a95-p9vp5";

    /// A pod with two containers, of which the first was started again, and an archive of all it has printed, a chunk a line.
    struct Filled {
        scene: Scene,
        pod: PodHandle,
        kept: MemoryArchive,
        found: Vec<Match>,
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    impl Filled {
        async fn new() -> Filled {
            let scene = Scene::new(Access::all()).await;
            let pod = scene.server.pod(POD).label("elb-job-id", crate::session::fixtures::ID).restart_policy("Always");
            let pod = pod.container("c").container("d").create();
            pod.start_all(&["c", "d"]);
            let print = |container, seconds: &[i64]| {
                for second in seconds {
                    pod.print_at(container, at(*second), Stream::Stdout, format!("{container} {second}"));
                }
            };
            print("d", &[1, 2, 3]);
            print("c", &[1, 2, 3, 4]);
            pod.terminate("c", 1).restart("c");
            print("c", &[11, 12, 13, 14]);
            let kept = MemoryArchive::new().await;
            let found = scene.pods().await;
            let mut writer = kept.writer().await;
            for (container, restart, seconds) in [("c", 0, 1..5), ("c", 1, 11..15), ("d", 0, 1..4)] {
                let id = writer.stream(ArchivedStream::Log(instance(&found, container, restart))).unwrap();
                for second in seconds {
                    let stamp = Stamp::from_timestamp(at(second)).unwrap();
                    writer.push(id, &[Line { stamp, text: format!("{container} {second}").into() }]).await.unwrap();
                }
            }
            writer.finish().await.unwrap();
            Filled { scene, pod, kept, found }
        }

        /// Takes these lines' chunks away, each as its place among all, and returns what becomes of them.
        async fn lose(&self, lost: &[usize]) -> Refilled {
            let chunks = self.kept.paths("/chunks/logs/").await;
            for at in lost {
                self.kept.remove(&chunks[*at]).await;
            }
            self.refill(ChunkCheck::Sizes, &self.found, None).await
        }

        async fn refill(&self, check: ChunkCheck, found: &[Match], kept_as: Option<KeptAs>) -> Refilled {
            refill(&self.scene.cluster, &self.kept.job().await, found, check, kept_as).await.unwrap()
        }
    }

    fn instance(found: &[Match], container: &str, restart: u32) -> ArchivedInstance {
        let target = targets(&found[0].pod).into_iter().find(|target| target.container == container).unwrap();
        let (namespace, pod, uid) = (target.namespace, target.pod, target.uid);
        ArchivedInstance { namespace, pod, uid, container: container.to_owned(), restart }
    }

    fn said(refilled: &Refilled) -> (Vec<String>, Vec<(String, &str)>) {
        let filled = refilled.filled.iter().map(ToString::to_string).collect();
        (filled, refilled.lost.iter().map(|(chunk, why)| (chunk.to_string(), &**why)).collect())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn chunks_are_made_again_of_what_the_logs_still_hold() {
        let filled = Filled::new().await;
        let all = filled.kept.paths("/chunks/logs/").await;
        assert_eq!(all.len(), 11);
        assert_eq!(said(&filled.refill(ChunkCheck::Contents, &filled.found, None).await), (vec![], vec![]));
        // Of the instance before, two of the latest, the other container's last one.
        let refilled = filled.lose(&[1, 4, 6, 10]).await;
        let chunk = |container: &str, restart: u32, line: u64| {
            format!("{POD} {container} instance {restart}: lines {line} to {line}")
        };
        let expected = vec![chunk("c", 0, 1), chunk("c", 1, 0), chunk("c", 1, 2), chunk("d", 0, 2)];
        assert_eq!(said(&refilled), (expected, vec![]));
        assert_eq!(filled.kept.paths("/chunks/logs/").await, all, "each is where it was");
        let asked = filled.scene.server.requests();
        let since = asked.iter().filter(|request| request.contains("/log?") && request.contains("sinceTime=")).count();
        assert_eq!(since, 3, "no log is read from its start: {asked:?}");
        for (container, restart, lines) in [("c", 0, 4), ("c", 1, 4), ("d", 0, 3)] {
            let stream = ArchivedStream::Log(instance(&filled.found, container, restart));
            assert_eq!(filled.kept.kept(&stream).await.len(), lines);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_kubernetes_has_no_more_stays_lost_and_is_told_with_why() {
        let filled = Filled::new().await;
        let chunks = filled.kept.paths("/chunks/logs/").await;
        filled.kept.remove(&chunks[5]).await;
        // Another pod is not it.
        let mut others = filled.found.clone();
        others[0].pod.metadata.uid = Some("another".to_owned());
        for found in [&[][..], &others] {
            let refilled = filled.refill(ChunkCheck::Contents, found, None).await;
            let expected = (format!("{POD} c instance 1: lines 1 to 1"), "Kubernetes does not have its log any more");
            assert_eq!(said(&refilled), (vec![], vec![expected]));
        }
        filled.pod.remove_log("c");
        filled.pod.print("c", "what comes later");
        let refilled = filled.refill(ChunkCheck::Sizes, &filled.found, None).await;
        let (none, lost) = said(&refilled);
        assert_eq!((none, lost.len()), (vec![], 1), "{lost:?}");
        // As they were kept they are not in the log, if something else is made of them.
        let refilled = Filled::new().await.lose(&[]).await;
        assert_eq!(said(&refilled), (vec![], vec![]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn bytes_that_are_not_those_that_were_written_are_found_by_their_contents() {
        let filled = Filled::new().await;
        let chunks = filled.kept.paths("/chunks/logs/").await;
        let mut bytes = filled.kept.bytes(&chunks[2]).await.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        filled.kept.put(&chunks[2], bytes).await;
        assert_eq!(said(&filled.refill(ChunkCheck::Sizes, &filled.found, None).await), (vec![], vec![]));
        // What cannot be filled is not worth to be read.
        assert_eq!(said(&filled.refill(ChunkCheck::Contents, &[], None).await), (vec![], vec![]));
        let masked: KeptAs = |_| b"something else".into();
        let refilled = filled.refill(ChunkCheck::Contents, &filled.found, Some(masked)).await;
        let chunk = format!("{POD} c instance 0: lines 2 to 2");
        let why = "Kubernetes does not have these lines any more as they were written";
        assert_eq!(said(&refilled), (vec![], vec![(chunk.clone(), why)]));
        let refilled = filled.refill(ChunkCheck::Contents, &filled.found, Some(mask::mask_bytes)).await;
        assert_eq!(said(&refilled), (vec![chunk], vec![]));
    }
}
