//! `elbtail targets JOB [-w]`.

use super::{args::TargetsArgs, connect, doctor, failure::Failure, job::Job, logs};
use crate::{
    cluster::ConnectArgs,
    discover::{Selection, watch as pods},
    exit::Exit,
};

/// Lists the job's containers.
pub async fn run(args: TargetsArgs, flags: ConnectArgs) -> Result<Exit, Failure> {
    let job = Job::read(&args.job)?;
    let selection = Selection { id: job.id()?, include_setup: args.select.include_setup };
    let cluster = connect(&flags).await?;
    let namespace = job.namespace(cluster.namespace());
    let found = pods::list(&cluster.client(), &namespace, &selection).await?;
    if found.is_empty() {
        let text = logs::nothing_found(&selection, &namespace, &cluster.host());
        return Err(Failure::NoPods(doctor::explain(text, &job, &cluster, &namespace).await));
    }
    Ok(Exit::Done)
}
