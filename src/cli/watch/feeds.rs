//! What the view is told besides the run: Jobs, what pods use, the doctor's findings.

use std::{future::pending, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    cli::{doctor, doctor::Asker, job::Job},
    cluster::{self, Cluster},
    discover::watch as pods,
    exit::Exit,
    job_id::JobId,
    k8s::labels,
    view::{Inbox, ViewNews},
};

/// Between two questions for the Jobs, and while no answer comes.
const JOBS: Duration = Duration::from_secs(10);
const UNANSWERED: Duration = Duration::from_secs(2);
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two questions for what pods use: a metrics server asks the kubelets as often.
const USAGE: Duration = Duration::from_secs(15);
/// Before the doctor looks first, and between two looks at least.
const FIRST_LOOK: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_secs(60);

/// Tells the Jobs of the job, again and again, and whether the cluster answers at all: nothing else asks it so often. Who may not list
/// them knows the batches by their pods.
pub async fn jobs(cluster: Cluster, namespace: String, ids: watch::Receiver<Vec<JobId>>, inbox: Inbox) {
    loop {
        let asked = ids.borrow().clone();
        let mut pause = JOBS;
        if !asked.is_empty() {
            let answer = timeout(PATIENCE, pods::all_jobs(&cluster.client(), &namespace, &asked)).await;
            match answer {
                Ok(Ok(jobs)) => {
                    inbox.put(ViewNews::Jobs(jobs));
                    inbox.put(ViewNews::Answered);
                }
                Ok(Err(error)) if !(error.is_transient() || error.exit() == Exit::Unreachable) => {
                    inbox.put(ViewNews::Answered);
                }
                other => {
                    let why = other.map_or_else(
                        |_| format!("{} has not answered for {} s", cluster.host(), PATIENCE.as_secs()),
                        |answer| answer.err().map(|error| error.to_string()).unwrap_or_default(),
                    );
                    inbox.put(ViewNews::Unanswered(why));
                    pause = UNANSWERED;
                }
            }
        }
        sleep(pause).await;
    }
}

/// Tells what pods use, as long as the cluster does.
pub async fn usage(cluster: Cluster, namespace: String, ids: watch::Receiver<Vec<JobId>>, inbox: Inbox) {
    loop {
        let asked = ids.borrow().last().cloned();
        if let Some(id) = asked {
            match cluster::usage(&cluster.client(), &namespace, &labels::of_job(&id)).await {
                Ok(Some(usage)) => inbox.put(ViewNews::Usage(Some(usage))),
                Ok(None) => {
                    inbox.put(ViewNews::Usage(None));
                    return;
                }
                // The next time it may answer.
                Err(_) => {}
            }
        }
        sleep(USAGE).await;
    }
}

/// Lets the doctor look, at times and when it is asked.
pub async fn doctor(
    job: Job,
    cluster: Cluster,
    asker: &Asker,
    namespace: String,
    mut asked: mpsc::UnboundedReceiver<()>,
    inbox: Inbox,
) {
    let mut wait = FIRST_LOOK;
    loop {
        // Nobody asks any more, since the view was left.
        if let Ok(None) = timeout(wait, asked.recv()).await {
            return pending().await;
        }
        inbox.put(ViewNews::Examining);
        let began = Instant::now();
        let report = doctor::report(&job, &cluster, asker, &namespace).await;
        inbox.put(ViewNews::Examined(report.map(Box::new).ok_or_else(|| "it took too long".to_owned())));
        // Of a large job it asks much: then more seldom.
        wait = LOOK.max(began.elapsed() * 20);
    }
}
