//! `elbtail jobs --db URL`.

use super::{block_on, failure::Failure, flags::JobsArgs, job::RowPlace, stderr, stdout};
use crate::{
    exit::Exit,
    render::ColorChoice,
    source::listing::{self, JobsFormat},
};

/// Lists rows.
pub fn run(args: &JobsArgs, place: &RowPlace, color: ColorChoice) -> Result<Exit, Failure> {
    let Some(source) = place.source() else {
        let text = "jobs lists the rows of a database: name it with --db URL or ELBTAIL_DB";
        return Err(Failure::Usage(text.to_owned()));
    };
    block_on(async {
        let rows = source.list(&args.filter()).await?;
        if rows.is_empty() {
            stderr::say(&format!("no rows at {}", source.describe()));
        }
        let text = listing::render(args.output, &rows, args.headers())?;
        match args.output {
            JobsFormat::Table => stdout::print_page(&text, color)?,
            JobsFormat::Json | JobsFormat::Name => stdout::print(&text)?,
        };
        Ok(Exit::Done)
    })
}
