//! `elbtail jobs --db URL`.

use std::io::Write;

use super::{block_on, failure::Failure, job::RowPlace};
use crate::{
    exit::Exit,
    row::listing::{self, JobsArgs},
};

/// Lists rows.
pub fn run(args: &JobsArgs, place: &RowPlace) -> Result<Exit, Failure> {
    let Some(source) = place.source() else {
        let text = "jobs lists the rows of a database: name it with --db URL or ELBTAIL_DB";
        return Err(Failure::Usage(text.to_owned()));
    };
    block_on(async {
        let rows = source.list(&args.filter()).await?;
        if rows.is_empty() {
            eprintln!("no rows at {}", source.describe());
        }
        // A closed pipe ends it quietly.
        let _ = std::io::stdout().write_all(listing::render(args.output, &rows)?.as_bytes());
        Ok(Exit::Done)
    })
}
