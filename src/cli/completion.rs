//! `elbtail completion SHELL`.

use std::io::Write;

use super::{args::CompletionArgs, failure::Failure};
use crate::exit::Exit;

/// Prints the script.
pub fn run(args: &CompletionArgs) -> Result<Exit, Failure> {
    // A closed pipe ends it quietly, and nothing else can be done about another failure.
    let _ = std::io::stdout().write_all(&script(args.shell));
    Ok(Exit::Done)
}

/// The script of a shell, from the command line's definition.
pub fn script(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "elbtail", &mut script);
    script
}
