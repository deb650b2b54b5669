//! `elbtail targets JOB [-w]`.

use std::io::Write;

use futures::{StreamExt, pin_mut};
use jiff::Timestamp;

use super::{
    args::TargetsArgs,
    connect, doctor,
    failure::Failure,
    interrupt::interruptible,
    job::{Job, RowPlace},
    logs,
};
use crate::{
    cluster::{Cluster, ConnectArgs},
    discover::{
        Changes, Entry, Selection, entries, view,
        watch::{self as pods, Change},
    },
    exit::Exit,
    session::filter::Filter,
};

/// Lists the job's containers.
pub async fn run(args: TargetsArgs, flags: ConnectArgs, place: RowPlace) -> Result<Exit, Failure> {
    let job = Job::find(&args.job, &place).await?;
    let selection = Selection { id: job.id()?, include_setup: args.select.include_setup };
    let cluster = connect(&flags).await?;
    let namespace = job.namespace(cluster.namespace());
    let filter = args.select.filter();
    if args.watch {
        return match interruptible(watch(&args, &cluster, &namespace, &selection, &filter)).await {
            Some(ended) => ended,
            None => Ok(Exit::Interrupted),
        };
    }
    let found = pods::list(&cluster.client(), &namespace, &selection).await?;
    if found.is_empty() {
        let text = logs::nothing_found(&selection, &namespace, &cluster.host());
        return Err(Failure::NoPods(doctor::explain(text, &job, &cluster, &namespace).await));
    }
    let wanted = only(entries(&found), &filter);
    if wanted.is_empty() {
        return Err(Failure::NoPods(logs::nothing_wanted(&found)));
    }
    print(&view::render(args.output, &selection.id, &wanted, Timestamp::now())?);
    Ok(Exit::Done)
}

/// Prints what changes, until nobody reads it.
async fn watch(
    args: &TargetsArgs,
    cluster: &Cluster,
    namespace: &str,
    selection: &Selection,
    filter: &Filter,
) -> Result<Exit, Failure> {
    let changes = pods::watch(&cluster.client(), namespace, selection);
    pin_mut!(changes);
    let mut known = Changes::new(args.output);
    let mut printer = view::Printer::new(args.output);
    let (mut listed, mut found, mut troubled) = (0, false, false);
    while let Some(change) = changes.next().await {
        let news = match change {
            Change::Pod { found, .. } => known.apply(&found),
            Change::Gone(uid) => known.remove(&uid),
            Change::Listed => {
                listed += 1;
                if listed == 2 && !found {
                    eprintln!("no pods of {} in namespace {namespace} yet, waiting for them", selection.id);
                }
                continue;
            }
            Change::Failed(error) => return Err(error.into()),
            Change::Polling(error) => {
                eprintln!("pods may not be watched, so they are listed every few seconds: {error}");
                continue;
            }
            Change::Trouble(error) => {
                if !std::mem::replace(&mut troubled, true) {
                    eprintln!("the watch on the pods is interrupted and goes on by itself: {error}");
                }
                continue;
            }
        };
        troubled = false;
        found |= !news.is_empty();
        let news = only(news, filter);
        if !news.is_empty() && !print(&printer.print(&news, Timestamp::now())?) {
            break;
        }
    }
    Ok(Exit::Done)
}

fn only(entries: Vec<Entry>, filter: &Filter) -> Vec<Entry> {
    entries.into_iter().filter(|entry| filter.admits(&entry.target)).collect()
}

/// Prints; `false` when nobody reads it any more.
fn print(text: &str) -> bool {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_ok()
}
