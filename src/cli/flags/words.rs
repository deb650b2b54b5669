//! The words that flags such as `-o` take, for enums that know nothing of a command line.

use clap::{ValueEnum, builder::PossibleValue};

use crate::{
    discover::TargetsFormat,
    doctor::output::DoctorFormat,
    jobs::JobsFormat,
    k8s::{Phase, StateName, Stream},
    node_logs::NodeLogs,
    render::{ColorChoice, Format, Theme, Wrap},
    resolve::ResolveFormat,
    session::snapshot::Order,
};

/// A word for each variant, with what `--help` says of it. A variant without one does not compile.
macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal: $help:literal,)+ }) => {
        impl ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$variant),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self {
                    $(Self::$variant => PossibleValue::new($word).help($help),)+
                })
            }
        }
    };
}

words!(ColorChoice {
    Auto = "auto": "On a terminal, unless the environment says otherwise",
    Always = "always": "Also into a pipe",
    Never = "never": "Not at all",
});

words!(Stream {
    Stdout = "stdout": "Standard output",
    Stderr = "stderr": "Standard error",
});

/// What `--container-state` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateWord {
    /// They run.
    Running,
    /// They wait to be started.
    Waiting,
    /// They have ended.
    Terminated,
    /// Any of these.
    All,
}

impl StateWord {
    /// The states that some words mean; none stand for all.
    pub fn states(words: &[StateWord]) -> Vec<StateName> {
        let state = |word: &StateWord| match word {
            StateWord::Running => Some(StateName::Running),
            StateWord::Waiting => Some(StateName::Waiting),
            StateWord::Terminated => Some(StateName::Terminated),
            StateWord::All => None,
        };
        words.iter().map(state).collect::<Option<_>>().unwrap_or_default()
    }
}

words!(StateWord {
    Running = "running": "They run",
    Waiting = "waiting": "They wait to be started",
    Terminated = "terminated": "They have ended",
    All = "all": "Any of these",
});

words!(Format {
    Default = "default": "Pod, container and phase in columns, then the text",
    Raw = "raw": "The text alone",
    Json = "json": "One JSON object a line, as `docs/lines.schema.json` describes it",
    ExtJson = "extjson": "The same; a message that is JSON is a value of it",
    PpExtJson = "ppextjson": "The same over several lines",
    Logfmt = "logfmt": "`key=value` pairs",
});

words!(Order {
    Time = "time": "By their stamps",
    Arrival = "arrival": "As they arrive",
});

words!(Wrap {
    Hang = "hang": "It goes on in the next row, under its own text",
    Cut = "cut": "It ends with the row",
    None = "none": "It is left to the terminal, which goes on at the left edge",
});

words!(Theme {
    Default = "default": "Many hues; good news are green and bad news red",
    ColorBlind = "color-blind": "Fewer colours, which are told apart without seeing red, green or blue",
});

words!(NodeLogs {
    Auto = "auto": "Where that is permitted",
    Never = "never": "Never",
    Always = "always": "Yes, and it is an error when it is not permitted",
});

words!(Phase {
    Submitting = "submitting": "Making the batch Jobs",
    WarmingUp = "warming_up": "Loading a database ahead of time",
    StagingDb = "staging_db": "Copying the database and the queries to the nodes",
    Running = "running": "Searching",
    ExportingResults = "exporting_results": "Uploading results, and finishing the job",
});

words!(TargetsFormat {
    Table = "table": "A line for each container",
    Wide = "wide": "The same with all there is to know",
    Name = "name": "`<namespace>/<pod>/<container>` for each container",
    Json = "json": "One object; with `-w` one for each container, a line each",
    Yaml = "yaml": "The same object; with `-w` a document for each container",
});

words!(ResolveFormat {
    Name = "name": "The id alone",
    Json = "json": "One object, valid also without an id",
    Yaml = "yaml": "The same object",
    Table = "table": "Each place, its verdict and what stands there",
});

words!(JobsFormat {
    Table = "table": "A line for each job",
    Wide = "wide": "The same with all there is to know",
    Name = "name": "What JOB may be for each: its row's id, else its own",
    Json = "json": "An array, empty without jobs",
    Yaml = "yaml": "The same array",
});

words!(DoctorFormat {
    Text = "text": "A few lines for a person",
    Json = "json": "One object, as `docs/doctor.schema.json` describes it",
    Junit = "junit": "Test results in XML, as CI systems show them",
});

#[cfg(feature = "archive")]
words!(crate::archive::output::ArchivesFormat {
    Table = "table": "A line for each job",
    Wide = "wide": "The same with all there is to know",
    Name = "name": "The jobs' ids alone",
    Json = "json": "An array, empty without jobs",
    Yaml = "yaml": "The same array",
});
