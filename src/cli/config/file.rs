//! [`ConfigFile`]: the file, and what stands in it.

use std::{
    fmt, fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use clap::{ArgAction, Command};
use jiff::tz::TimeZone;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{RIVALS, settings_of};
use crate::{
    cli::{suggestions::is_near, switches::is_switch},
    environment::Environment,
    render::{LineTemplate, TemplateStyle, plain},
};

/// The variable that names it.
const VARIABLE: &str = "ELBTAIL_CONFIG";

/// The longest that is read.
const LONGEST: u64 = 1 << 20;

/// A configuration file, as it was read.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// Where it is.
    pub path: PathBuf,
    text: String,
}

/// A flag's value in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The flag's id in the command line.
    pub id: String,
    /// Its values, as they would be written on the command line.
    pub values: Vec<String>,
    /// The line, from 1.
    pub line: usize,
}

/// A file that cannot be used. `Display` names file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    path: PathBuf,
    line: Option<usize>,
    what: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; 'elbtail config show --help' says what can stand there", self.what)
    }
}

impl ConfigFile {
    /// The file that `environment` names, or that stands where such files do. `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(environment: &Environment, home: Option<&Path>) -> Result<Option<ConfigFile>, ConfigError> {
        let named = environment.get(VARIABLE).map(PathBuf::from);
        let base = environment.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = || Some(base.or_else(|| Some(home?.join(".config")))?.join("elbtail").join("config.toml"));
        let is_named = named.is_some();
        let Some(path) = named.or_else(usual) else { return Ok(None) };
        let failed = |what: String| ConfigError { path: path.clone(), line: None, what };
        let file = match fs::metadata(&path) {
            Err(error) if !is_named && is_absent(&error) => return Ok(None),
            file => file,
        };
        let read = file.and_then(|file| {
            if file.len() > LONGEST {
                Err(io::Error::other("it is longer than any configuration"))
            } else {
                fs::read_to_string(&path)
            }
        });
        match read {
            Ok(text) => Ok(Some(ConfigFile { path, text })),
            Err(error) if is_named => Err(failed(format!("{error} (named by {VARIABLE})"))),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// What it says to `command`.
    ///
    /// # Errors
    /// When it is no TOML, or says what no flag takes.
    pub fn check(&self, command: &Command) -> Result<Vec<ConfigEntry>, ConfigError> {
        let table = DeTable::parse(&self.text)
            .map_err(|error| self.wrong(error.span(), error.message().replace('\n', ", ")))?;
        let mut entries = Vec::new();
        for (key, value) in table.get_ref() {
            if let Some(entry) = self.entry(command, key, value)? {
                entries.push(entry);
            }
        }
        entries.sort_by_key(|entry| entry.line);
        match rivals(&entries) {
            Some((first, second)) => Err(ConfigError {
                path: self.path.clone(),
                line: Some(second.line),
                what: format!("{} does not go with {} of line {}", name_of(&second.id), name_of(&first.id), first.line),
            }),
            None => Ok(entries),
        }
    }

    fn entry(
        &self,
        command: &Command,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Option<ConfigEntry>, ConfigError> {
        let name = key.get_ref().replace('_', "-");
        let settings = settings_of(command);
        let Some(arg) = settings.iter().find(|arg| arg.get_long() == Some(&name)) else {
            let shown = plain(&name, 60);
            let near = settings.iter().filter_map(|arg| arg.get_long()).find(|known| is_near(&name, known));
            let is_flag =
                command.get_subcommands().flat_map(Command::get_arguments).any(|arg| arg.get_long() == Some(&name));
            let hint = match (near, is_flag, value.get_ref()) {
                (Some(near), ..) => format!(" (did you mean {near:?}?)"),
                (None, true, _) => "; it is a flag of single runs".to_owned(),
                (None, false, DeValue::Table(_)) => "; settings stand at the top, in no section".to_owned(),
                _ => String::new(),
            };
            return Err(self.wrong(Some(key.span()), format!("no setting {shown:?}{hint}")));
        };
        let line = self.line(value.span().start);
        let mut values = self.values(&name, value)?;
        if let Some(fault) = type_fault(arg, value.get_ref()) {
            return Err(self.wrong(Some(value.span()), format!("{name} {fault}")));
        }
        if arg.get_id() == "template_file" {
            // A path in the file is one from where the file is.
            values.iter_mut().for_each(|path| *path = self.beside(path));
        }
        let entry = ConfigEntry { id: arg.get_id().to_string(), values, line };
        if is_switch(arg) {
            return match entry.values.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["true"] => Ok(Some(entry)),
                // As without it.
                ["false"] => Ok(None),
                _ => Err(self.wrong(Some(value.span()), format!("{name} is true or false"))),
            };
        }
        // What a flag says of a value it says here too.
        let words = entry.values.iter().map(|value| format!("--value={value}"));
        let alone = Command::new("elbtail").no_binary_name(true).arg(alike(arg));
        match alone.try_get_matches_from(words) {
            Ok(_) if entry.values.is_empty() => Ok(None),
            Ok(_) => match template_fault(&entry) {
                Some(fault) => Err(self.wrong(Some(value.span()), format!("{name}: {fault}"))),
                None => Ok(Some(entry)),
            },
            Err(error) => {
                let told = error.render().to_string();
                let told = told.split("\n\nFor more information").next().unwrap_or_default();
                let told = told.trim_start_matches("error: ").replace("--value <VALUE>", &name);
                let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
                let is_secret = arg.is_hide_env_values_set();
                let told = if is_secret { format!("{name} has no value that it may have") } else { told };
                Err(self.wrong(Some(value.span()), told))
            }
        }
    }

    /// What stands behind a name, as words of a command line.
    fn values(&self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, ConfigError> {
        let wrong = |what: &str| {
            self.wrong(
                Some(value.span()),
                format!("{name} is a text, a number, true or false, or a list of texts{what}"),
            )
        };
        match value.get_ref() {
            DeValue::String(text) => Ok(vec![text.to_string()]),
            DeValue::Boolean(yes) => Ok(vec![yes.to_string()]),
            DeValue::Integer(_) | DeValue::Float(_) => Ok(vec![self.text[value.span()].replace('_', "")]),
            DeValue::Array(values) => {
                let mut all = Vec::new();
                for value in values.iter() {
                    if matches!(value.get_ref(), DeValue::Array(_)) {
                        return Err(wrong(", not of lists"));
                    }
                    all.extend(self.values(name, value)?);
                }
                Ok(all)
            }
            DeValue::Datetime(_) => Err(wrong("; put a time into quotes")),
            DeValue::Table(_) => Err(wrong("")),
        }
    }

    /// Where a path of the file is.
    fn beside(&self, path: &str) -> String {
        self.path.parent().unwrap_or(Path::new("")).join(path).to_string_lossy().into_owned()
    }

    fn wrong(&self, at: Option<Range<usize>>, what: String) -> ConfigError {
        ConfigError { path: self.path.clone(), line: at.map(|at| self.line(at.start)), what }
    }

    fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }
}

/// What is wrong with the type of a value. That a word is none of those that a flag knows, the flag says itself.
fn type_fault(arg: &clap::Arg, value: &DeValue<'_>) -> Option<&'static str> {
    let is_text = |value: &DeValue<'_>| matches!(value, DeValue::String(_));
    // `timestamps = true` is what `-t` says.
    let needs_none = is_switch(arg) || arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    let takes_text = !needs_none && arg.get_possible_values().is_empty();
    match value {
        DeValue::Array(_) if !matches!(arg.get_action(), ArgAction::Append) => Some("has one value, and takes no list"),
        DeValue::Array(values) if takes_text && !values.iter().all(|value| is_text(value.get_ref())) => {
            Some("is a list of texts: put each into quotes")
        }
        DeValue::Boolean(_) | DeValue::Integer(_) | DeValue::Float(_) if takes_text => {
            Some("is a text: put it into quotes")
        }
        _ => None,
    }
}

/// Two settings of which one takes the place of the other, with nothing that says which.
fn rivals(entries: &[ConfigEntry]) -> Option<(&ConfigEntry, &ConfigEntry)> {
    RIVALS.iter().find_map(|rivals| {
        let mut both = entries.iter().filter(|entry| rivals.contains(&entry.id.as_str()));
        Some((both.next()?, both.next()?))
    })
}

/// How a flag of this id is written.
fn name_of(id: &str) -> String {
    id.replace('_', "-")
}

/// What is wrong with a template, or with the file of one, if that is what an entry is.
fn template_fault(entry: &ConfigEntry) -> Option<String> {
    let value = entry.values.last()?;
    let text = match &*entry.id {
        "template" => value.clone(),
        "template_file" => match fs::read_to_string(value) {
            Ok(text) => text,
            Err(error) => return Some(format!("{value}: {error}")),
        },
        _ => return None,
    };
    let style = TemplateStyle { color: false, terminal: false, zone: TimeZone::UTC };
    let error = LineTemplate::new(&text, style).err()?;
    Some(format!("{error}; docs/templates.md has the fields, filters and examples").replace('\n', ", "))
}

/// A flag that takes what another takes, and knows of no others: they are not there.
fn alike(arg: &clap::Arg) -> clap::Arg {
    let mut alone = clap::Arg::new("value").long("value").value_name("VALUE");
    alone = alone.value_parser(arg.get_value_parser().clone()).action(arg.get_action().clone());
    if let Some(delimiter) = arg.get_value_delimiter() {
        alone = alone.value_delimiter(delimiter);
    }
    alone
}

/// That there is none of this user's: in a directory that may not even be searched, such as the home that `sudo -u` left in
/// HOME, nobody has put settings for whoever asks.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    fn check(text: &str) -> Result<Vec<ConfigEntry>, String> {
        let file = ConfigFile { path: PathBuf::from("config.toml"), text: text.to_owned() };
        file.check(&Cli::command()).map_err(|error| error.to_string())
    }

    #[test]
    fn settings_are_read_in_order_with_their_lines() {
        let text = "# mine\ncolor = \"never\"\n\ntimestamps = true\nhighlight = [\n  \"a\",\n  \"b\"]\ndb_table = 'jobs'\nevents = false\n";
        let entries = check(text).unwrap();
        let shown: Vec<_> =
            entries.iter().map(|entry| (entry.id.as_str(), entry.values.join(" "), entry.line)).collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            shown,
            [
                ("color", text("never"), 2),
                ("timestamps", text("true"), 4),
                ("highlight", text("a b"), 5),
                ("db_table", text("jobs"), 8)
            ]
        );
        assert_eq!(check(""), Ok(vec![]));
        assert_eq!(check("highlight = []"), Ok(vec![]));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, parts) in [
            ("\ncolr = 'never'", &["config.toml:2: no setting \"colr\" (did you mean \"color\"?); 'elbtail"][..]),
            ("color = 'never'\nfollow = true", &["config.toml:2: no setting \"follow\"; it is a flag of single runs"]),
            ("nonsense = 1", &["config.toml:1: no setting \"nonsense\"; 'elbtail config show --help'"]),
            ("[logs]\ncolor = 'never'", &["config.toml:1: ", "in no section"]),
            ("\n\ncolor = 'nevr'", &["config.toml:3: ", "nevr", "always", "never"]),
            ("color = {a = 1}", &["config.toml:1: color is a text"]),
            ("color = ['never']", &["config.toml:1: color has one value, and takes no list"]),
            ("db = ['sqlite:a.db', 'x']", &["config.toml:1: db has one value, and takes no list"]),
            ("color = 'never'\ndb = 5", &["config.toml:2: db is a text: put it into quotes"]),
            ("db-table = true", &["config.toml:1: db-table is a text: put it into quotes"]),
            ("template = 1.5", &["config.toml:1: template is a text: put it into quotes"]),
            ("highlight = 3", &["config.toml:1: highlight is a text: put it into quotes"]),
            ("highlight = ['a', 3]", &["config.toml:1: highlight is a list of texts: put each into quotes"]),
            ("output = 3", &["config.toml:1: invalid value '3' for 'output'", "extjson"]),
            ("output = 'json'\n\ntemplate = 'x'", &["config.toml:3: template does not go with output of line 1"]),
            ("redact = true\nno-redact = true", &["config.toml:2: no-redact does not go with redact of line 1"]),
            ("timestamps = 2026-01-01", &["put a time into quotes"]),
            ("events = 'perhaps'", &["config.toml:1: events is true or false"]),
            ("timezone = 'Mars/Olympus'", &["config.toml:1: ", "Asia/Seoul"]),
            ("highlight = ['(']", &["config.toml:1: ", "unclosed group"]),
            ("color = 'never'\ncolor = 'always'", &["config.toml:2: ", "duplicate key"]),
            ("color = ", &["config.toml:1: "]),
            ("color = 'a\u{1b}[2J'", &["config.toml:1: "]),
        ] {
            let error = check(text).unwrap_err();
            for part in parts {
                assert!(error.contains(part), "{text:?}: {error}");
            }
            assert!(!error.contains('\n'), "{error:?}");
        }
        let secret = check("db-key = 'a\"b'").unwrap_err();
        assert!(secret.contains("config.toml:1: "), "{secret}");
    }

    #[test]
    fn the_file_is_looked_for_where_such_files_are() {
        let directory = tempfile::tempdir().unwrap();
        let path = |base: &str| directory.path().join(base).join("elbtail/config.toml");
        for base in ["xdg", "home/.config"] {
            fs::create_dir_all(path(base).parent().unwrap()).unwrap();
            fs::write(path(base), "").unwrap();
        }
        let named = directory.path().join("named.toml");
        let home = directory.path().join("home");
        let find = |variables: &[(&str, &Path)], home: Option<&Path>| {
            ConfigFile::find(&variables.iter().copied().collect(), home).map(|file| file.map(|file| file.path))
        };
        let xdg = directory.path().join("xdg");
        assert_eq!(find(&[], None), Ok(None));
        assert_eq!(find(&[], Some(&home)), Ok(Some(path("home/.config"))));
        assert_eq!(find(&[("XDG_CONFIG_HOME", &xdg)], Some(&home)), Ok(Some(path("xdg"))));
        assert_eq!(find(&[("XDG_CONFIG_HOME", Path::new("relative"))], Some(&home)), Ok(Some(path("home/.config"))));
        assert_eq!(find(&[("XDG_CONFIG_HOME", &home)], Some(&home)), Ok(None));
        let error = find(&[("ELBTAIL_CONFIG", &named)], Some(&home)).unwrap_err().to_string();
        assert!(error.contains("named.toml: ") && error.contains("named by ELBTAIL_CONFIG"), "{error}");
        fs::write(&named, "").unwrap();
        assert_eq!(find(&[("ELBTAIL_CONFIG", &named), ("XDG_CONFIG_HOME", &xdg)], None), Ok(Some(named)));
        assert!(find(&[("ELBTAIL_CONFIG", directory.path())], None).is_err(), "a directory is no file");
    }
}
