//! What `elbtail report` reads of an archive.

use std::{collections::BTreeSet, ffi::OsStr, sync::Arc};

use jiff::Timestamp;

use super::{
    args::ArchivedJobArgs,
    choose, open,
    replay::{exit, nothing_wanted},
};
use crate::{
    archive::{ArchivedJob, ObjectFate, ObjectLog, Saving},
    cli::{
        args::SelectArgs,
        failure::Failure,
        report::{Collecting, ReadJob, diagnosis_of, job_facts, listen, outcome_of, taken},
    },
    doctor::{Facts, examine, gather},
    follow::note::Proof,
    job_id::JobId,
    k8s::{Pod, Stamp},
    render::JobIds,
    report::{About, Gathered, LinesCommand, Redaction},
    session::{
        RunEvent,
        filter::ContainerFilter,
        replay::{Replay, replay},
    },
    source::JobArg,
};

/// Reads a job of the archive at `dest`.
pub async fn read(
    dest: &OsStr,
    job: Option<JobArg>,
    select: &SelectArgs,
    redaction: Redaction,
) -> Result<ReadJob, Failure> {
    let filter = select.filter_of_archive("");
    let archive = open(dest).await?;
    let job = choose(&archive, &ArchivedJobArgs { job }).await?;
    let saving = archive.saving(&job).await?;
    let short = job.key.id().parse().map(|id: JobId| id.short().to_owned()).unwrap_or_default();
    let filter = ContainerFilter { short, ..filter };
    let Collecting { out, running, gathered, stats } = listen(redaction)?;
    // When nobody listens any more, the next event shows it.
    let _ = out.send(JobIds { job: Some(job.key.id().to_owned()), row: job.state.row.clone() }).await;
    let replayed = replay(&job, &Replay { filter: filter.clone(), ..Replay::default() }, out).await;
    let mut gathered = taken(running, gathered).await?;
    replayed?;
    let stats = stats.now();
    objects(&job, &filter, &mut gathered).await?;
    if gathered.overview.containers().is_empty() {
        return Err(Failure::NoPods(nothing_wanted(&job, &[], &filter).await?));
    }
    let notices = (saving != Saving::Ended).then(|| format!("the archive: {saving}")).into_iter().collect();
    let mut facts = gather::archived(&job).await?;
    let now = Timestamp::now();
    let seen = job.saved.unwrap_or(now);
    let source =
        format!("read from the archive {}, saved last at {}", job.place(), seen.strftime("%Y-%m-%d %H:%M:%S UTC"));
    let namespace = job.state.namespace().map(str::to_owned);
    let status = job.state.status.as_deref().filter(|_| job.state.ended);
    let mut about = About {
        job: job_facts(facts.row.row.as_ref(), Some(job.key.id().to_owned()), namespace, source, redaction),
        outcome: status.and_then(outcome_of),
        seen,
        generated: now,
        doctor: None,
        notices,
        command: Some(LinesCommand { words: job.command("replay") }),
        redaction,
    };
    about.job.row = about.job.row.or(job.state.row.clone());
    about.job.status = about.job.status.or(job.state.status.clone());
    facts.now = seen;
    about.doctor = Some(diagnosis(&facts));
    let again = job.command("report --archive");
    Ok(ReadJob { gathered, about, exit: exit(&job, saving, &stats).await?, again })
}

/// What the doctor would have said when the job was saved last, without what it would have asked the cluster next.
fn diagnosis(facts: &Facts) -> crate::report::Diagnosis {
    let mut diagnosis = diagnosis_of(examine(facts));
    for finding in &mut diagnosis.findings {
        finding.next = None;
        finding.consequences.iter_mut().for_each(|other| other.next = None);
    }
    diagnosis
}

/// Tells what the archived pods and Jobs say: when containers started and ended, and of those that never did.
async fn objects(job: &ArchivedJob, filter: &ContainerFilter, gathered: &mut Gathered) -> Result<(), Failure> {
    let now = job.saved.and_then(Stamp::from_timestamp).unwrap_or_default();
    job.objects(ObjectLog::Pods, |_, object, fate| {
        let Ok(pod) = serde_json::from_value::<Pod>(object) else { return };
        for target in filter.targets(&pod) {
            gathered.take(&RunEvent::Found(Arc::new(target)), now);
        }
        gathered.overview.pod(&pod, now);
        if fate == ObjectFate::Deleted {
            gathered.overview.pod_gone(pod.uid());
        }
    })
    .await?;
    job.objects(ObjectLog::Jobs, |_, object, _| {
        if let Ok(job) = serde_json::from_value(object) {
            gathered.overview.job(&job);
        }
    })
    .await?;
    for (instance, kept) in job.logs().filter(|(_, kept)| kept.complete.is_some()) {
        let complete = RunEvent::Complete { instance: instance.id(), lines: kept.lines(), proof: Proof::Checked };
        gathered.take(&complete, now);
    }
    if job.state.ended {
        // Of pods that the archive holds no word of nothing more is to come either.
        let uids: BTreeSet<String> =
            gathered.overview.containers().iter().map(|life| life.target.uid.clone()).collect();
        uids.iter().for_each(|uid| gathered.overview.pod_gone(uid));
    }
    Ok(())
}
