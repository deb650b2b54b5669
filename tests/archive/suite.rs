//! What holds in every store.

use elbtail::{
    archive::{
        Access, Archive, ArchiveError, JobState, ObjectLog, WantedPart, Writer,
        object_store::{ObjectStoreExt, path::Path},
        prune, verify,
    },
    k8s::Stamp,
};
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};

use crate::{
    backend::Backend,
    everywhere,
    logs::{instance, job, kept, line, lines, next_writer, small, stream},
};

everywhere! {
    lines_come_back_byte_for_byte
    a_writer_that_vanished_is_gone_on_from
    a_second_writer_is_refused_and_told_of_the_first
    a_writer_that_was_replaced_stops
    one_that_is_known_to_have_ended_is_replaced_at_once
    what_is_lost_or_damaged_is_told
    a_damaged_chunk_does_not_keep_the_next_writer_from_going_on
    a_joined_segment_loses_its_damaged_commit_alone
    a_joined_segment_that_is_damaged_is_read_in_its_parts
    gaps_and_unread_ends_are_told
    the_index_stays_small
    merged_lines_are_in_the_order_of_time
    old_jobs_are_pruned_and_nothing_else
    a_job_that_lacks_a_commit_is_not_pruned
    what_is_no_archive_is_refused
    a_commit_that_is_damaged_hides_no_other_and_is_not_written_after
}

async fn lines_come_back_byte_for_byte(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    for container in 0..5 {
        let id = writer.stream(stream(container, 0)).unwrap();
        for from in (0..600).step_by(50) {
            writer.push(id, &lines(container, from..from + 50)).await.unwrap();
        }
        writer.complete(id, "the log's end was read twice").await.unwrap();
    }
    let pod = serde_json::json!({"kind": "Pod", "metadata": {"name": "a\nb"}});
    writer.change(ObjectLog::Pods, Stamp(5), &pod).await.unwrap();
    writer
        .tell(JobState {
            row: Some("18b9edca".into()),
            status: Some("completed".into()),
            ended: true,
            ..JobState::default()
        })
        .await
        .unwrap();
    writer.finish().await.unwrap();

    let archive = backend.archive().await;
    for container in 0..5 {
        assert_eq!(kept(&archive, &stream(container, 0)).await, lines(container, 0..600));
    }
    let pods = kept(&archive, &elbtail::archive::ArchivedStream::Changes(ObjectLog::Pods)).await;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&pods[0].text).unwrap(), pod);
    assert_eq!(archive.jobs().await.unwrap(), [job()]);
    let summary = archive.job(&job()).await.unwrap().summary();
    assert_eq!((summary.lines, summary.instances, summary.incomplete, summary.gaps), (3000, 5, 0, 0));
    assert_eq!((summary.row.as_deref(), summary.status.as_deref()), (Some("18b9edca"), Some("completed")));
    let report = verify(&archive, &job()).await.unwrap();
    assert_eq!(report.objects, 1);
    assert_eq!((report.lines, report.faults), (3000, vec![]));
}

async fn a_writer_that_vanished_is_gone_on_from(backend: Backend) {
    let archive = backend.begun().await;
    {
        let mut writer = next_writer(&archive).await;
        let id = writer.stream(stream(1, 0)).unwrap();
        writer.push(id, &lines(1, 0..1000)).await.unwrap();
        writer.flush().await.unwrap();
        // These lie in open chunks.
        writer.push(id, &lines(1, 1000..1003)).await.unwrap();
        let done = writer.stream(stream(2, 0)).unwrap();
        writer.push(done, &lines(2, 0..3)).await.unwrap();
        writer.complete(done, "read").await.unwrap();
        writer.flush().await.unwrap();
        writer.push(id, &lines(1, 1003..1007)).await.unwrap();
    }
    forget_lease(&backend).await;
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    let position = writer.position(id).await.unwrap();
    assert_eq!((position.lines, position.complete), (1003, false));
    let from = 1003 - position.tail.len() as u64;
    assert!(position.tail.len() >= 256);
    assert_eq!(position.tail, lines(1, from..1003));
    assert_eq!(position.before, lines(1, 0..from).iter().map(|line| line.stamp).max());
    let done = writer.stream(stream(2, 0)).unwrap();
    assert!(writer.position(done).await.unwrap().complete);
    let new = writer.stream(stream(1, 1)).unwrap();
    assert_eq!(writer.position(new).await.unwrap().lines, 0);
    writer.push(id, &lines(1, 1003..1500)).await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..1500));
}

/// What the end of a process does to its lease, where nothing frees it: here the writer's process goes on.
async fn forget_lease(backend: &Backend) {
    if backend.directory().is_none() {
        backend.raw().delete(&Path::from(format!("jobs/{}/lease.json", job()))).await.unwrap();
    }
}

async fn a_second_writer_is_refused_and_told_of_the_first(backend: Backend) {
    let archive = backend.begun().await;
    let first = next_writer(&archive).await;
    let Err(error) = Writer::open(&archive, &job(), small()).await else { panic!("two writers") };
    let text = error.to_string();
    assert!(matches!(error, ArchiveError::Busy { .. }), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())) && text.contains("since 20"), "{text}");
    first.finish().await.unwrap();
    next_writer(&archive).await.finish().await.unwrap();
}

async fn a_writer_that_was_replaced_stops(backend: Backend) {
    let archive = backend.begun().await;
    let mut first = next_writer(&archive).await;
    let id = first.stream(stream(1, 0)).unwrap();
    first.push(id, &lines(1, 0..10)).await.unwrap();
    first.flush().await.unwrap();
    match backend.directory() {
        Some(directory) => std::fs::remove_file(directory.join(format!("jobs/{}/writer.lock", job()))).unwrap(),
        None => forget_lease(&backend).await,
    }
    let mut second = next_writer(&archive).await;
    let id = second.stream(stream(1, 0)).unwrap();
    second.push(id, &lines(1, 10..20)).await.unwrap();
    second.flush().await.unwrap();
    first.push(id, &[line(9, 9)]).await.unwrap();
    let error = first.flush().await.unwrap_err();
    assert!(matches!(error, ArchiveError::Taken { .. }), "{error}");
    let again = first.push(id, &[line(9, 9)]).await.and(first.flush().await);
    assert!(matches!(again, Err(ArchiveError::Taken { .. })), "{again:?}");
    second.finish().await.unwrap();
    assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..20));
}

async fn one_that_is_known_to_have_ended_is_replaced_at_once(backend: Backend) {
    let archive = backend.begun().await;
    let mut first = next_writer(&archive).await;
    let id = first.stream(stream(1, 0)).unwrap();
    first.push(id, &lines(1, 0..10)).await.unwrap();
    first.flush().await.unwrap();
    let other = Writer::open_after(&archive, &job(), small(), Some("another-host")).await;
    assert!(matches!(other, Err(ArchiveError::Busy { .. })), "it is another that has ended");
    let own = elbtail::archive::host();
    let second = Writer::open_after(&archive, &job(), small(), Some(&own)).await;
    // Of a directory it is known: a lock is held as long as its process lives.
    if backend.directory().is_some() {
        assert!(matches!(second, Err(ArchiveError::Busy { .. })));
        return;
    }
    let mut second = second.unwrap();
    let id = second.stream(stream(1, 0)).unwrap();
    second.push(id, &lines(1, 10..20)).await.unwrap();
    second.flush().await.unwrap();
    // It had not, and finds out.
    first.push(id, &[line(9, 9)]).await.unwrap();
    let error = first.flush().await.unwrap_err();
    assert!(matches!(error, ArchiveError::Taken { .. }), "{error}");
    second.finish().await.unwrap();
    assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..20));
}

/// The paths of a job's objects that contain `part`, in order.
pub async fn objects(backend: &Backend, part: &str) -> Vec<Path> {
    let all: Vec<_> = backend.raw().list(None).try_collect().await.unwrap();
    let mut paths: Vec<Path> =
        all.into_iter().map(|object| object.location).filter(|at| at.as_ref().contains(part)).collect();
    paths.sort();
    paths
}

async fn what_is_lost_or_damaged_is_told(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    for container in 0..3 {
        let id = writer.stream(stream(container, 0)).unwrap();
        writer.push(id, &lines(container, 0..500)).await.unwrap();
        writer.complete(id, "read").await.unwrap();
        // In a commit of its own.
        writer.flush().await.unwrap();
    }
    writer.finish().await.unwrap();
    let chunks = objects(&backend, "000000000000-").await;
    assert!(chunks.iter().filter(|path| path.as_ref().ends_with(".zst")).count() == 3, "{chunks:?}");
    backend.raw().delete(&chunks[0]).await.unwrap();
    let mut bytes = backend.raw().get(&chunks[1]).await.unwrap().bytes().await.unwrap().to_vec();
    bytes[20] ^= 1;
    backend.raw().put(&chunks[1], bytes.into()).await.unwrap();
    let report = verify(&archive, &job()).await.unwrap();
    let told: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("job-000-3ed51a95-x blast instance 0: lines 0 to") && told[0].contains("it is not there"));
    assert!(told[1].contains("job-001-3ed51a95-x") && told[1].contains("SHA-256"), "{told:?}");
    assert!(report.lines < 1500 && report.lines > 500);

    let commits = objects(&backend, "/index/").await;
    assert!(commits.len() > 2);
    backend.raw().put(&commits[1], "{\"type\":\"chunk\"".into()).await.unwrap();
    let report = verify(&archive, &job()).await.unwrap();
    assert!(report.faults[0].to_string().starts_with("the index: "), "{:?}", report.faults);
    assert!(matches!(Writer::open(&archive, &job(), small()).await, Err(ArchiveError::Damaged { .. })));
    backend.raw().delete(&commits[1]).await.unwrap();
    let report = verify(&archive, &job()).await.unwrap();
    assert!(report.faults[0].to_string().contains("commit 1 is missing"), "{:?}", report.faults);
    assert!(matches!(Writer::open(&archive, &job(), small()).await, Err(ArchiveError::Damaged { .. })));
}

/// What cannot be read at the end of a log is read once more; before that, there are lines to go on from.
async fn a_damaged_chunk_does_not_keep_the_next_writer_from_going_on(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    for part in 0..4 {
        writer.push(id, &lines(1, part * 40..part * 40 + 40)).await.unwrap();
        writer.flush().await.unwrap();
    }
    writer.finish().await.unwrap();
    let mut chunks = objects(&backend, "/blast/0/").await;
    chunks.sort();
    assert_eq!(chunks.len(), 4);
    for (damaged, tail, before) in [
        (&[][..], 0..160, None),
        (&[3], 0..120, None),
        (&[1], 80..160, Some(0..80)),
        (&[0, 3], 40..120, Some(0..40)),
        (&[0, 1, 2, 3], 0..0, None),
    ] {
        let mut whole = Vec::new();
        for at in damaged {
            whole.push(backend.raw().get(&chunks[*at]).await.unwrap().bytes().await.unwrap());
            backend.raw().put(&chunks[*at], "not zstd".into()).await.unwrap();
        }
        let mut writer = next_writer(&archive).await;
        let id = writer.stream(stream(1, 0)).unwrap();
        let position = writer.position(id).await.unwrap();
        assert_eq!((position.lines, position.tail), (160, lines(1, tail)), "{damaged:?}");
        let latest = before.and_then(|before| lines(1, before).iter().map(|line| line.stamp).max());
        assert_eq!(position.before, latest, "{damaged:?}");
        writer.finish().await.unwrap();
        for (at, whole) in damaged.iter().zip(whole) {
            backend.raw().put(&chunks[*at], whole.into()).await.unwrap();
        }
    }
}

/// The job's first joined segment and what is in it, after so many commits of ten lines each.
async fn joined(backend: &Backend, archive: &Archive, commits: u64) -> (Path, bytes::Bytes) {
    let mut writer = next_writer(archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    for commit in 0..commits {
        writer.push(id, &lines(1, commit * 10..commit * 10 + 10)).await.unwrap();
        writer.flush().await.unwrap();
    }
    writer.complete(id, "read").await.unwrap();
    writer.tell(JobState { ended: true, ..JobState::default() }).await.unwrap();
    writer.finish().await.unwrap();
    let joined = objects(backend, "/index/000000000000-000000000063").await.remove(0);
    let whole = backend.raw().get(&joined).await.unwrap().bytes().await.unwrap();
    (joined, whole)
}

/// 64 commits are one object; what is damaged in it is missing, and no more.
async fn a_joined_segment_loses_its_damaged_commit_alone(backend: Backend) {
    let archive = backend.begun().await;
    let (joined, whole) = joined(&backend, &archive, 140).await;
    let text = String::from_utf8(whole.to_vec()).unwrap();
    // The chunk of commit 7, and then its head.
    for (from, to) in [("\"first_line\":70,", "\"first_line\":71,"), ("\"number\":7,", "\"numbre\":7,")] {
        assert_eq!(text.matches(from).count(), 1);
        backend.raw().put(&joined, text.replace(from, to).into()).await.unwrap();
        let read = kept(&archive, &stream(1, 0)).await;
        assert_eq!(read, [lines(1, 0..70), lines(1, 80..1400)].concat());
        let report = verify(&archive, &job()).await.unwrap();
        let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
        assert_eq!((report.lines, faults.len()), (1390, 2), "{faults:?}");
        assert!(faults[0].contains("commit 7: ") && faults[1].ends_with("names lines 70 to 79"), "{faults:?}");
    }
    backend.raw().put(&joined, whole.into()).await.unwrap();
    assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
}

/// As long as the commits that were joined lie beside it, whatever happens to the joined one costs nothing.
async fn a_joined_segment_that_is_damaged_is_read_in_its_parts(backend: Backend) {
    let archive = backend.begun().await;
    let (joined, whole) = joined(&backend, &archive, 70).await;
    // Another name for it says nothing.
    let odd = Path::from(joined.as_ref().replace("000000000063", "000000000999"));
    backend.raw().put(&odd, whole.clone().into()).await.unwrap();
    for cut in [0, 20, whole.len() / 2, whole.len() - 1] {
        backend.raw().put(&joined, whole.slice(..cut).into()).await.unwrap();
        assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..700), "{cut}");
        assert_eq!(verify(&archive, &job()).await.unwrap().faults, [], "{cut}");
    }
    // One of them is lost as well: what the joined one has left of it counts.
    let part = objects(&backend, "/index/000000000003-").await.remove(0);
    let text = backend.raw().get(&part).await.unwrap().bytes().await.unwrap();
    backend.raw().delete(&part).await.unwrap();
    assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..700));
    assert!(Writer::open(&archive, &job(), small()).await.is_err());
    backend.raw().put(&part, text.into()).await.unwrap();
    // Whoever writes on keeps the parts, however many commits follow.
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(2, 0)).unwrap();
    for commit in 0..140 {
        writer.push(id, &lines(2, commit * 10..commit * 10 + 10)).await.unwrap();
        writer.flush().await.unwrap();
    }
    writer.complete(id, "read").await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..700));
    assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
}

async fn gaps_and_unread_ends_are_told(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    writer.push(id, &lines(1, 0..5)).await.unwrap();
    writer.gap(id, "rotated away").await.unwrap();
    writer.push(id, &lines(1, 9..12)).await.unwrap();
    writer.complete(id, "read").await.unwrap();
    let unread = writer.stream(stream(2, 0)).unwrap();
    writer.gap(unread, "pod deleted before it was read").await.unwrap();
    let open = writer.stream(stream(3, 0)).unwrap();
    writer.push(open, &lines(3, 0..1)).await.unwrap();
    writer.finish().await.unwrap();
    let report = verify(&archive, &job()).await.unwrap();
    let told: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].ends_with("lines after line 5 are missing: rotated away"));
    assert!(told[1].ends_with("lines after line 0 are missing: pod deleted before it was read"));
    assert!(told[2].contains("job-002-") && told[2].contains("not known to be complete"));
    assert!(told[3].contains("job-003-") && told[3].contains("not known to be complete"));
}

async fn the_index_stays_small(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    for number in 0..300 {
        writer.push(id, &[line(1, number)]).await.unwrap();
        writer.flush().await.unwrap();
    }
    writer.finish().await.unwrap();
    // 4 joined ones, the 64 that the last of these was made of, and those after it.
    let commits = objects(&backend, "/index/").await.len();
    assert!((5..=4 + 64 + 64).contains(&commits), "{commits}");
    assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..300));
    let mut writer = crate::logs::next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    assert_eq!(writer.position(id).await.unwrap().lines, 300);
    writer.finish().await.unwrap();
}

async fn merged_lines_are_in_the_order_of_time(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    for container in 0..4 {
        let id = writer.stream(stream(container, 0)).unwrap();
        writer.push(id, &lines(container, container * 10..400)).await.unwrap();
    }
    writer.finish().await.unwrap();
    let job = archive.job(&job()).await.unwrap();
    let mut merged = job.merged(None, |it| if *it == instance(2, 0) { WantedPart::Nothing } else { WantedPart::All });
    assert_eq!(merged.instances().count(), 3);
    let (mut reached, mut count) = ([Stamp(i64::MIN); 3], 0);
    let mut last = (Stamp(i64::MIN), 0);
    let mut each: [Vec<_>; 3] = Default::default();
    while let Some(next) = merged.next().await.unwrap() {
        reached[next.source] = reached[next.source].max(next.line.stamp);
        assert_eq!(next.counts_as, reached[next.source]);
        assert!(last <= (reached[next.source], next.source));
        last = (reached[next.source], next.source);
        each[next.source].push(next.line);
        count += 1;
    }
    assert_eq!(count, 400 + 390 + 370);
    assert_eq!(each, [lines(0, 0..400), lines(1, 10..400), lines(3, 30..400)]);

    // A log's last lines, and no chunk from before a time.
    let mut last =
        job.merged(None, |it| if *it == instance(1, 0) { WantedPart::Last(170) } else { WantedPart::Nothing });
    let mut found = Vec::new();
    while let Some(next) = last.next().await.unwrap() {
        assert_eq!(next.number, 220 + found.len() as u64);
        found.push(next.line);
    }
    assert_eq!(found, lines(1, 230..400));
    let since = line(0, 300).stamp;
    let mut late =
        job.merged(Some(since), |it| if *it == instance(0, 0) { WantedPart::All } else { WantedPart::Nothing });
    let mut found = Vec::new();
    while let Some(next) = late.next().await.unwrap() {
        found.push(next.line);
    }
    let from = 400 - found.len();
    assert!(from > 0 && from <= 300, "{from}");
    assert_eq!(found, lines(0, from as u64..400));
}

async fn old_jobs_are_pruned_and_nothing_else(backend: Backend) {
    let archive = backend.begun().await;
    let mut writer = next_writer(&archive).await;
    let id = writer.stream(stream(1, 0)).unwrap();
    writer.push(id, &lines(1, 0..500)).await.unwrap();
    writer.flush().await.unwrap();
    let foreign = Path::from(format!("jobs/{}/thesis.txt", job()));
    let other = Path::from("jobs/holiday.jpg");
    for path in [&foreign, &other] {
        backend.raw().put(path, "mine".into()).await.unwrap();
    }
    let (old, now) =
        (Timestamp::now() - SignedDuration::from_hours(1), Timestamp::now() + SignedDuration::from_secs(5));
    assert_eq!(prune(&archive, old, false).await.unwrap().pruned, []);
    for dry_run in [true, false] {
        let pruning = prune(&archive, now, dry_run).await.unwrap();
        assert_eq!(pruning.pruned, [], "it is being written");
        assert!(matches!(pruning.left[..], [ArchiveError::Busy { .. }]), "{pruning:?}");
    }
    writer.finish().await.unwrap();
    let told = prune(&archive, now, true).await.unwrap().pruned;
    assert_eq!((told.len(), told[0].foreign.len()), (1, 1), "{told:?}");
    assert!(verify(&archive, &job()).await.unwrap().lines == 500, "a dry run");
    let pruned = prune(&archive, now, false).await.unwrap().pruned;
    assert_eq!(pruned, told);
    assert_eq!(objects(&backend, "").await, [Path::from("elbtail-archive.json"), other, foreign]);
    assert!(matches!(archive.job(&job()).await, Err(ArchiveError::NoJob { .. })));
    assert_eq!(prune(&archive, now, false).await.unwrap().pruned, []);
}

async fn a_job_that_lacks_a_commit_is_not_pruned(backend: Backend) {
    let archive = backend.begun().await;
    for container in 0..3 {
        let mut writer = next_writer(&archive).await;
        let id = writer.stream(stream(container, 0)).unwrap();
        writer.push(id, &lines(container, 0..20)).await.unwrap();
        writer.finish().await.unwrap();
    }
    let commits = objects(&backend, "/index/").await;
    let later = Timestamp::now() + SignedDuration::from_secs(5);
    for lost in [0, 1] {
        let whole = backend.raw().get(&commits[lost]).await.unwrap().bytes().await.unwrap();
        backend.raw().delete(&commits[lost]).await.unwrap();
        for dry_run in [true, false] {
            let pruning = prune(&archive, later, dry_run).await.unwrap();
            assert_eq!(pruning.pruned, []);
            let told = pruning.left[0].to_string();
            assert!(told.contains(&format!("commit {lost} is missing")), "{told}");
        }
        backend.raw().put(&commits[lost], whole.into()).await.unwrap();
    }
    assert_eq!(prune(&archive, later, false).await.unwrap().pruned.len(), 1);
}

async fn what_is_no_archive_is_refused(backend: Backend) {
    if let Some(directory) = backend.directory() {
        let place: elbtail::archive::ArchivePlace = backend.place.parse().unwrap();
        let missing = elbtail::archive::open(&place, Access::Read, &elbtail::environment::Environment::default());
        assert!(matches!(missing.map(drop), Err(ArchiveError::NoArchive { .. })));
        assert!(!directory.exists(), "reading makes nothing");
    }
    let store = backend.store(Access::Write);
    assert!(matches!(Archive::open(store.clone()).await.map(drop), Err(ArchiveError::NoArchive { .. })));
    for (text, newer) in [("{\"format\":\"elbtail archive\",\"version\":2}", true), ("[]", false)] {
        backend.raw().put(&Path::from("elbtail-archive.json"), text.into()).await.unwrap();
        let error = Archive::open_or_begin(store.clone()).await.map(drop).unwrap_err();
        assert_eq!(matches!(error, ArchiveError::Newer { version: 2, known: 1, .. }), newer, "{error}");
        assert!(newer || matches!(error, ArchiveError::Damaged { .. }), "{error}");
    }
}

async fn a_commit_that_is_damaged_hides_no_other_and_is_not_written_after(backend: Backend) {
    let archive = backend.begun().await;
    for container in 0..2 {
        let mut writer = next_writer(&archive).await;
        let id = writer.stream(stream(container, 0)).unwrap();
        writer.push(id, &lines(container, 0..20)).await.unwrap();
        writer.complete(id, "read").await.unwrap();
        writer.finish().await.unwrap();
    }
    let commits = objects(&backend, "/index/").await;
    let whole = backend.raw().get(&commits[0]).await.unwrap().bytes().await.unwrap();
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        backend.raw().put(&commits[0], whole.slice(..cut).into()).await.unwrap();
        assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..20), "{cut} bytes are left");
        assert!(archive.job(&job()).await.unwrap().summary().damaged);
        let report = verify(&archive, &job()).await.unwrap();
        assert_eq!(report.lines, 20);
        assert!(report.faults[0].to_string().contains(commits[0].filename().unwrap()), "{:?}", report.faults);
        let error = Writer::open(&archive, &job(), small()).await.map(drop).unwrap_err();
        assert!(matches!(error, ArchiveError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(&format!("jobs/{} away", job())), "{error}");
        let later = Timestamp::now() + SignedDuration::from_secs(5);
        let pruning = prune(&archive, later, false).await.unwrap();
        assert!(matches!(pruning.left[..], [ArchiveError::Damaged { .. }]), "{pruning:?}");
    }
    backend.raw().put(&commits[0], whole.into()).await.unwrap();
    next_writer(&archive).await.finish().await.unwrap();
    assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
}
