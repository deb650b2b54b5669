//! `elbtail config show`.

use clap::{ArgMatches, CommandFactory, parser::ValueSource};

use super::{
    Setting, ShowArgs,
    file::{ConfigEntry, ConfigFile},
    settings_of, source,
};
use crate::{
    cli::{args::Cli, failure::Failure, stdout},
    exit::Exit,
    mask::mask,
    render::{ColorChoice, table},
};

/// What a secret is shown as.
const SECRET: &str = "***";

/// Lists the settings.
pub fn run(args: &ShowArgs, color: ColorChoice) -> Result<Exit, Failure> {
    let head = ["SETTING", "VALUE", "FROM"].map(str::to_owned).to_vec();
    let rows = args.settings.iter().map(|setting| {
        vec![setting.name.clone(), setting.value.clone().unwrap_or_else(|| "-".to_owned()), setting.from.clone()]
    });
    stdout::print_page(&table(&[head].into_iter().chain(rows).collect::<Vec<_>>()), color)?;
    Ok(Exit::Done)
}

/// All settings, with what `matches` says of them. Those of other commands come from the file or not at all.
pub(super) fn settings(matches: &ArgMatches, file: Option<&ConfigFile>, entries: &[ConfigEntry]) -> Vec<Setting> {
    let command = Cli::command();
    let mut all = Vec::new();
    for arg in settings_of(&command) {
        let id = arg.get_id().as_str();
        let entry = entries.iter().find(|entry| entry.id == id);
        let place = entry.zip(file).map(|(entry, file)| format!("{}:{}", file.path.display(), entry.line));
        let from = match (source(matches, id), place) {
            (Some(ValueSource::CommandLine), _) => "flag".to_owned(),
            (Some(ValueSource::EnvVariable), _) => {
                arg.get_env().map_or_else(|| "environment".to_owned(), |name| name.to_string_lossy().into_owned())
            }
            (_, Some(place)) => place,
            _ => "default".to_owned(),
        };
        let values = raw(matches, id).or_else(|| entry.map(|entry| entry.values.clone()));
        let value = values
            .filter(|values| !values.is_empty())
            .map(|values| if id == "db_headers" { SECRET.to_owned() } else { mask(&values.join(", ")).into_owned() });
        all.push(Setting { name: arg.get_long().unwrap_or(id).to_owned(), value, from });
    }
    all
}

/// A flag's values as they were written.
pub(super) fn raw(matches: &ArgMatches, id: &str) -> Option<Vec<String>> {
    if let Ok(Some(values)) = matches.try_get_raw(id) {
        return Some(values.map(|value| value.to_string_lossy().into_owned()).collect());
    }
    raw(matches.subcommand()?.1, id)
}
