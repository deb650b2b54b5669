//! `elbtail prune DEST --older-than DURATION`.

use jiff::Timestamp;

use super::{args::PruneArgs, open};
use crate::{
    archive::{Pruned, prune},
    cli::{failure::Failure, interrupt::interruptible, stderr, stdout},
    exit::Exit,
    numbers::counted,
    render::bytes,
};

/// Deletes what is too old.
pub async fn run(args: &PruneArgs) -> Result<Exit, Failure> {
    let work = async {
        let archive = open(&args.dest.dest).await?;
        let before = Timestamp::now().checked_sub(args.older_than);
        // What is older than time is not there.
        let pruning = prune(&archive, before.unwrap_or(Timestamp::MIN), args.dry_run).await?;
        let text: String = pruning.pruned.iter().map(|pruned| told(pruned, args.dry_run)).collect();
        stdout::print(&text)?;
        for foreign in pruning.pruned.iter().flat_map(|pruned| &pruned.foreign) {
            stderr::say(&format!("{foreign}: was not written by elbtail, so it stays"));
        }
        for left in &pruning.left {
            stderr::warn(&format!("left as it is: {left}"));
        }
        if pruning.pruned.is_empty() {
            stderr::say("nothing is that old");
        }
        Ok(Exit::Done)
    };
    interruptible(work).await.unwrap_or_else(Ok)
}

fn told(pruned: &Pruned, dry_run: bool) -> String {
    let Pruned { job, saved, objects, size, .. } = pruned;
    let done = if dry_run { "would be deleted" } else { "deleted" };
    format!("{job}: {done}: saved last at {saved:.0}, {}, {}\n", counted(*objects, "object"), bytes(*size))
}
