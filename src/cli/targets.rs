//! `elbtail targets JOB [-w]`.

use futures::{StreamExt, pin_mut};
use jiff::Timestamp;

use super::{
    args::TargetsArgs,
    doctor::{self, Asker},
    failure::Failure,
    interrupt::interruptible,
    job::RowPlace,
    nothing, stderr,
    stdout::{self, Reader},
    which::Located,
};
use crate::{
    cluster::Cluster,
    discover::{
        Changes, Match, Selection, TargetEntry, TargetsFormat, entries, output,
        watch::{self as pods, PodChange},
    },
    exit::Exit,
    render::ColorChoice,
    session::{Notice, awaited::Awaited, filter::ContainerFilter, unchosen::Unchosen},
};

/// Lists the job's containers.
pub async fn run(args: TargetsArgs, asker: Asker, place: RowPlace, color: ColorChoice) -> Result<Exit, Failure> {
    let Located { args: which, job, cluster, found_in } = Located::find(&args.job, &place, &asker.flags).await?;
    let selection = args.select.selection(job.id()?);
    let cluster = Located::connected(cluster, &asker.flags, &which).await?;
    let namespace = found_in.unwrap_or_else(|| job.namespace(cluster.namespace()));
    let filter = args.select.filter(selection.id.short());
    if args.watch {
        let work = async {
            tokio::select! {
                ended = watch(&args, &cluster, &namespace, &selection, &filter, color) => ended,
                () = stdout::closed() => Ok(Exit::Done),
            }
        };
        return interruptible(work).await.unwrap_or_else(Ok);
    }
    let found = pods::list(&cluster.client(), &namespace, &selection).await?;
    if found.is_empty() {
        if let Some(text) = nothing::so_labelled(&selection, &namespace, &cluster).await {
            return Err(Failure::NoPods(text));
        }
        let text = nothing::found(&selection, &namespace, &cluster);
        return Err(Failure::NoPods(doctor::explain(text, &job, &cluster, &asker, &namespace).await));
    }
    let taken: Vec<Match> = found.iter().filter(|found| filter.admits_pod(&found.pod)).cloned().collect();
    let wanted = only(entries(&taken), &filter);
    if wanted.is_empty() {
        return Err(Failure::NoPods(Unchosen::of(&found, &filter).to_string()));
    }
    let text = output::render(args.output, &selection.id, &wanted, args.headers(), Timestamp::now())?;
    print(args.output, &text, color)?;
    Ok(Exit::Done)
}

/// Prints what changes, until nobody reads it.
async fn watch(
    args: &TargetsArgs,
    cluster: &Cluster,
    namespace: &str,
    selection: &Selection,
    filter: &ContainerFilter,
    color: ColorChoice,
) -> Result<Exit, Failure> {
    let changes = pods::watch(&cluster.client(), namespace, selection);
    pin_mut!(changes);
    let mut known = Changes::new(args.output);
    let mut printer = output::Printer::new(args.output, args.headers());
    let (mut listed, mut pods, mut shown, mut troubled) = (0, 0, 0, false);
    while let Some(change) = changes.next().await {
        let news = match change {
            PodChange::Pod(pod) => {
                pods += 1;
                let is_wanted = filter.admits_pod(&pod.pod) || known.knows(pod.pod.uid());
                if is_wanted { known.apply(&pod) } else { Vec::new() }
            }
            PodChange::Gone(uid) => known.remove(&uid),
            PodChange::Listed => {
                listed += 1;
                if listed == 2 {
                    let awaited = Awaited::of(pods, shown, filter);
                    let notice = awaited.notice(cluster, namespace, std::slice::from_ref(selection), filter).await;
                    notice.iter().for_each(stderr::notice);
                }
                continue;
            }
            PodChange::Failed(error) => return Err(error.into()),
            PodChange::Polling(error) => {
                stderr::notice(&Notice::ListsOnly(error.to_string()));
                continue;
            }
            PodChange::Trouble(error) => {
                if !std::mem::replace(&mut troubled, true) {
                    stderr::notice(&Notice::WatchInterrupted(error.to_string()));
                }
                continue;
            }
        };
        troubled = false;
        let news = only(news, filter);
        shown += news.len();
        if !news.is_empty() && print(args.output, &printer.print(&news, Timestamp::now())?, color)? == Reader::Gone {
            break;
        }
    }
    Ok(Exit::Done)
}

fn only(entries: Vec<TargetEntry>, filter: &ContainerFilter) -> Vec<TargetEntry> {
    entries.into_iter().filter(|entry| filter.admits(&entry.target) && filter.admits_state(entry.state)).collect()
}

/// Prints a table in colour, and anything else without.
fn print(format: TargetsFormat, text: &str, color: ColorChoice) -> Result<Reader, Failure> {
    match format {
        TargetsFormat::Table | TargetsFormat::Wide => stdout::print_page(text, color),
        TargetsFormat::Name | TargetsFormat::Json | TargetsFormat::Yaml => stdout::print(text),
    }
}
