//! The configuration file: what flags of display and databases say when nobody gives them. Flags beat the environment, and that beats
//! the file.
//!
//! What the file says becomes the default of the flag of that name, so that there is one set of names, values and checks.

mod file;
mod show;

pub use self::{file::ConfigFile, show::run as show};

use std::ffi::OsString;

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use self::file::{ConfigEntry, ConfigError};
use super::{
    args::Cli,
    examples, flags,
    flags_first::flags_first,
    program,
    switches::{self, is_switch},
};
use crate::environment::Environment;

/// The headings of flags that may stand in the file.
const HEADINGS: [&str; 2] = [flags::DISPLAY, flags::DATABASE];

/// The commands whose flags may, besides those of all.
const COMMANDS: [&[&str]; 4] = [&["logs"], &["watch"], &["replay"], &["config", "show"]];

/// Flags of which one takes the place of the others: one that is given beats another that the file has.
const RIVALS: [&[&str]; 2] = [&["output", "template", "template_file"], &["redact", "no_redact"]];

/// Variables that decide on colours where no flag does, and so beat the file.
const COLOR_VARIABLES: [&str; 4] = ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "CLICOLOR"];

/// `elbtail config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What there is to do about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// List what can stand in the configuration file, with the value that holds and where it comes from
    ///
    /// The file is $ELBTAIL_CONFIG, else $XDG_CONFIG_HOME/elbtail/config.toml, else ~/.config/elbtail/config.toml. It is TOML: the
    /// names of flags with their values, such as color = "never", highlight = ["ERROR"] or timestamps = true.
    #[command(after_help = examples::CONFIG)]
    Show(ShowArgs),
}

/// `elbtail config show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// What would be said by flags.
    #[command(flatten)]
    pub print: flags::PrintArgs,
    /// What was found out while the command line was read.
    #[arg(skip)]
    pub settings: Vec<Setting>,
}

/// One thing that can stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name: the flag's.
    pub name: String,
    /// What holds, with secrets masked; `None` when it is not set.
    pub value: Option<String>,
    /// Where it comes from.
    pub from: String,
}

/// Why a command line cannot be taken.
pub enum Unparsed {
    /// It is wrong, or asks for help.
    CommandLine(clap::Error),
    /// The file is.
    File(ConfigError),
}

/// Reads a command line with what the file of `environment` says where it says nothing.
///
/// # Errors
/// When one of the two is wrong. Help is given whatever is in the file.
pub fn parse(
    words: &[OsString],
    environment: &Environment,
    home: Option<&std::path::Path>,
) -> Result<Cli, Box<Unparsed>> {
    let read = ConfigFile::find(environment, home).and_then(|file| {
        let entries = file.as_ref().map(|file| file.check(&Cli::command())).transpose()?;
        Ok((file, entries.unwrap_or_default()))
    });
    let (file, mut entries) = match read {
        Ok(read) => read,
        Err(error) => return without_file(words, error),
    };
    if COLOR_VARIABLES.iter().any(|name| environment.get(name).is_some()) {
        entries.retain(|entry| entry.id != "color");
    }
    let parse = |entries: &[ConfigEntry]| {
        let defaulted: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        let command = with_defaults(program::command(), entries);
        let words = flags_first(switches::plain(words, Cli::command, &defaulted), &command);
        let parsed = command.try_get_matches_from(words.iter());
        parsed.map_err(|error| Box::new(Unparsed::CommandLine(error)))
    };
    let mut matches = parse(&entries)?;
    let beaten = beaten(&matches, &entries);
    if !beaten.is_empty() {
        entries.retain(|entry| !beaten.contains(&entry.id));
        matches = parse(&entries)?;
    }
    if has_misfit_events(&matches) {
        entries.retain(|entry| entry.id != EVENTS);
        matches = parse(&entries)?;
    }
    if let Some(error) = refused_by_stdin(&matches) {
        return Err(Box::new(Unparsed::CommandLine(error)));
    }
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| Box::new(Unparsed::CommandLine(error)))?;
    if let super::args::Command::Config(ConfigArgs { command: ConfigCommand::Show(args) }) = &mut cli.command {
        args.settings = show::settings(&matches, file.as_ref(), &entries);
    }
    Ok(cli)
}

/// What there is when the file is wrong: whoever asks for help gets it all the same, and so does a shell that asks for its script,
/// to which settings make no difference.
fn without_file(words: &[OsString], error: ConfigError) -> Result<Cli, Box<Unparsed>> {
    match program::command().try_get_matches_from(words) {
        Err(help) if !help.use_stderr() => Err(Box::new(Unparsed::CommandLine(help))),
        Ok(matches) if matches.subcommand_name() == Some("completion") => {
            Cli::from_arg_matches(&matches).map_err(|error| Box::new(Unparsed::CommandLine(error)))
        }
        _ => Err(Box::new(Unparsed::File(error))),
    }
}

/// The id of `--events`.
const EVENTS: &str = "events";

/// Whether the file asks for objects of events where lines are none: a default is without effect where it does not fit. `config show`
/// shows it all the same.
fn has_misfit_events(matches: &ArgMatches) -> bool {
    let is_default = source(matches, EVENTS) == Some(ValueSource::DefaultValue);
    let is_on = show::raw(matches, EVENTS).is_some_and(|values| values == ["true"]);
    let output = show::raw(matches, "output").and_then(|values| values.into_iter().next());
    let is_json = output.is_some_and(|format| ["json", "extjson", "ppextjson"].contains(&&*format));
    let has_template = ["template", "template_file"].iter().any(|id| show::raw(matches, id).is_some());
    let shows_settings = matches.subcommand_name() == Some("config");
    is_default && is_on && !shows_settings && (!is_json || has_template)
}

/// Flags about a cluster or rows beside `--stdin`, which needs neither. What the environment or the file says of them is no mistake.
fn refused_by_stdin(matches: &ArgMatches) -> Option<clap::Error> {
    let logs = matches.subcommand_matches("logs").filter(|logs| logs.get_flag("stdin"))?;
    let command = Cli::command();
    let is_about_others =
        |arg: &&Arg| arg.get_help_heading().is_some_and(|heading| [flags::CLUSTER, flags::DATABASE].contains(&heading));
    let is_given = |arg: &&Arg| source(logs, arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let given = command.get_arguments().filter(is_about_others).find(is_given)?.get_long()?;
    let mut error = clap::Error::new(ErrorKind::ArgumentConflict).with_cmd(&command);
    error.insert(ContextKind::InvalidArg, ContextValue::String("--stdin".to_owned()));
    error.insert(ContextKind::PriorArg, ContextValue::String(format!("--{given}")));
    Some(error)
}

/// Whether a flag may stand in the file: those under some headings, and `--color`, which is every command's. Which row is meant is
/// said each time.
fn is_setting(arg: &Arg) -> bool {
    let is_headed = arg.get_help_heading().is_some_and(|heading| HEADINGS.contains(&heading));
    !arg.is_hide_set() && arg.get_long().is_some_and(|name| (is_headed && name != "latest") || name == "color")
}

/// Flags that may stand in the file, each once.
fn settings_of(command: &Command) -> Vec<&Arg> {
    let mut found: Vec<&Arg> = Vec::new();
    let places =
        COMMANDS.iter().filter_map(|path| path.iter().try_fold(command, |command, name| command.find_subcommand(name)));
    for arg in places.chain([command]).flat_map(Command::get_arguments).filter(|arg| is_setting(arg)) {
        if !found.iter().any(|known| known.get_long() == arg.get_long()) {
            found.push(arg);
        }
    }
    found
}

/// The command line in which `entries` are the defaults.
fn with_defaults(command: Command, entries: &[ConfigEntry]) -> Command {
    if entries.is_empty() {
        return command;
    }
    let own = apply(command, entries);
    COMMANDS.iter().fold(own, |command, path| below(command, path, entries))
}

fn below(command: Command, path: &[&'static str], entries: &[ConfigEntry]) -> Command {
    match path {
        [] => apply(command, entries),
        // Not every command is in every build.
        [name, ..] if command.find_subcommand(name).is_none() => command,
        [name, rest @ ..] => command.mut_subcommand(name, |command| below(command, rest, entries)),
    }
}

fn apply(command: Command, entries: &[ConfigEntry]) -> Command {
    entries.iter().fold(command, |command, entry| {
        let has_it = command.get_arguments().any(|arg| arg.get_id() == entry.id.as_str() && is_setting(arg));
        if has_it { command.mut_arg(entry.id.clone(), |arg| defaulted(arg, entry)) } else { command }
    })
}

/// The flag with another default.
fn defaulted(arg: Arg, entry: &ConfigEntry) -> Arg {
    let arg = if is_switch(&arg) {
        // So that what the file switches on can be switched off.
        arg.action(ArgAction::Set).num_args(0..=1).require_equals(true).default_missing_value("true")
    } else {
        arg
    };
    let is_secret = arg.is_hide_env_values_set();
    // clap takes defaults that live as long as the program, and these do: there is one file, which is read once.
    let values = entry.values.iter().map(|value| &*Box::leak(value.clone().into_boxed_str()));
    arg.default_values(values.collect::<Vec<&'static str>>()).hide_default_value(is_secret)
}

/// Entries whose place was taken on the command line or in the environment by a rival.
fn beaten(matches: &ArgMatches, entries: &[ConfigEntry]) -> Vec<String> {
    let given = |id: &str| source(matches, id).is_some_and(|source| source != ValueSource::DefaultValue);
    let rivals = RIVALS.iter().filter(|rivals| rivals.iter().any(|id| given(id)));
    let beaten = rivals.flat_map(|rivals| rivals.iter().filter(|id| !given(id)));
    beaten.filter(|id| entries.iter().any(|entry| entry.id == **id)).map(|id| (*id).to_owned()).collect()
}

/// Where a flag's value comes from, in the command that is run or in those around it.
fn source(matches: &ArgMatches, id: &str) -> Option<ValueSource> {
    let own = matches.try_contains_id(id).is_ok().then(|| matches.value_source(id)).flatten();
    own.or_else(|| source(matches.subcommand()?.1, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_of_display_and_databases_can_stand_in_the_file() {
        let command = Cli::command();
        let names: Vec<_> = settings_of(&command).iter().filter_map(|arg| arg.get_long()).collect();
        for name in [
            "color",
            "output",
            "timestamps",
            "timezone",
            "highlight",
            "template",
            "events",
            "db",
            "db-table",
            "db-header",
        ] {
            assert!(names.contains(&name), "{name} {names:?}");
        }
        for name in ["follow", "include", "container", "token", "kubeconfig", "stdin", "latest"] {
            assert!(!names.contains(&name), "{name}");
        }
    }
}
