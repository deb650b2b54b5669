//! Writes the manual pages into a directory: `cargo run --example man -- target/man`.

use std::{env, fs, path::Path, process::ExitCode};

fn main() -> ExitCode {
    let Some(directory) = env::args_os().nth(1) else {
        eprintln!("name the directory that the pages go to");
        return ExitCode::from(2);
    };
    match write(Path::new(&directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", directory.display());
            ExitCode::FAILURE
        }
    }
}

/// A page for the program, and one for each of its commands.
fn write(directory: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut command = elbtail::cli::command().disable_help_subcommand(true);
    // Commands know their whole names then.
    command.build();
    clap_mangen::generate_to(briefly(command), directory)
}

/// With usage lines as `--help` has them, where a synopsis would name each of sixty flags.
fn briefly(mut command: clap::Command) -> clap::Command {
    let usage = command.render_usage().to_string();
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let command = command.override_usage(usage.trim_start_matches("Usage: ").to_owned());
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, briefly))
}
