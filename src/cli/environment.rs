//! What the process is surrounded by: its variables, its home directory, its terminal. Read here and nowhere else.

use std::{
    env,
    io::{self, IsTerminal},
    path::PathBuf,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::stderr;
use crate::{
    cluster::{ConnectEnvironment, ConnectOptions, Tell},
    environment::Environment,
    source::{JobArg, SourceEnvironment},
};

/// The variables of this process, as they were when the first of them was asked for.
#[allow(clippy::disallowed_methods)] // The one place.
pub fn variables() -> &'static Environment {
    static VARIABLES: LazyLock<Environment> = LazyLock::new(|| env::vars_os().collect());
    &VARIABLES
}

/// The home directory, if there is one.
#[allow(clippy::disallowed_methods)] // The one place.
pub fn home() -> Option<PathBuf> {
    env::home_dir()
}

/// Whether each request to a cluster is told: one word for the whole process, given before anything is asked.
static REQUESTS: AtomicBool = AtomicBool::new(false);

/// Lets each request be told on stderr from here on.
pub fn tell_requests() {
    REQUESTS.store(true, Relaxed);
}

/// The directory that paths are looked for in, if there still is one.
#[allow(clippy::disallowed_methods)] // The one place.
pub fn directory() -> Option<PathBuf> {
    env::current_dir().ok()
}

/// What decides where the cluster is, besides flags. Where standard input holds the row, which `job` then says, a credential
/// plugin does not get it.
#[allow(clippy::disallowed_methods)] // The one place.
pub fn of_cluster(job: Option<&JobArg>) -> ConnectEnvironment {
    ConnectEnvironment {
        home: home(),
        terminal: io::stdin().is_terminal() && job != Some(&JobArg::Stdin),
        notice: Arc::new(stderr::hand_on),
        requests: REQUESTS.load(Relaxed).then(|| Arc::new(stderr::say) as Tell),
        ..ConnectEnvironment::of(variables())
    }
}

/// The same for an answer to a shell, which waits for nobody and hears nothing beside it.
pub fn silent() -> ConnectEnvironment {
    ConnectEnvironment { terminal: false, notice: Arc::new(|_| {}), ..of_cluster(None) }
}

/// Whether flags or variables name a cluster, or the file in which it is looked for.
pub fn names_a_cluster(flags: &ConnectOptions) -> bool {
    flags.name_a_cluster() || variables().get("KUBECONFIG").is_some_and(|files| !files.is_empty())
}

/// Whether a person can be asked: one who types and sees what is said, on a terminal on which a list can be moved through.
#[allow(clippy::disallowed_methods)] // The one place.
pub fn asks_a_person() -> bool {
    io::stdin().is_terminal() && stderr::is_terminal() && !variables().is_dumb()
}

/// What is known of credentials for rows.
pub fn of_rows() -> SourceEnvironment {
    SourceEnvironment::of(variables())
}
