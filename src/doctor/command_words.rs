//! [`CommandWords`]: how the doctor was asked, as words that the commands it suggests repeat.

use std::path::Path;

use secrecy::ExposeSecret;

use crate::{
    cluster::{ConnectOptions, UserExtra},
    mask::command::{self, NO_FLAG},
    source::{DbOptions, JobArg, JobUrl},
};

/// Words of a command line, quoted for a shell; each is empty or begins with a space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandWords {
    /// The connection flags, which kubectl and elbtail share; without the namespace.
    pub connect: String,
    /// Those that choose a context of the kubeconfig are left out, for commands that name another one.
    pub connect_elsewhere: String,
    /// What elbtail alone takes everywhere: where rows are, and how logs are read.
    pub db: String,
    /// The row, as it was named.
    pub job: String,
}

impl CommandWords {
    /// What the flags say.
    pub fn of(flags: &ConnectOptions) -> CommandWords {
        // All of them by name, so that none that is added later is forgotten.
        let ConnectOptions {
            kubeconfig,
            context,
            cluster,
            user,
            namespace: _,
            impersonate,
            impersonate_groups,
            impersonate_uid,
            impersonate_user_extra,
            server,
            token,
            username,
            password,
            client_certificate,
            client_key,
            certificate_authority,
            insecure_skip_tls_verify,
            insecure_skip_tls_verify_backend,
            tls_server_name,
            request_timeout: _,
        } = flags;
        let path = |path: &Option<std::path::PathBuf>| path.as_deref().map(Path::to_string_lossy).map(String::from);
        let mut everywhere = String::new();
        flag(&mut everywhere, "--kubeconfig", path(kubeconfig));
        flag(&mut everywhere, "--as", impersonate.clone());
        for group in impersonate_groups {
            flag(&mut everywhere, "--as-group", Some(group.clone()));
        }
        flag(&mut everywhere, "--as-uid", impersonate_uid.clone());
        for UserExtra { key, value } in impersonate_user_extra {
            flag(&mut everywhere, "--as-user-extra", Some(format!("{key}={value}")));
        }
        let mut here = String::new();
        flag(&mut here, "--context", context.clone());
        flag(&mut here, "--cluster", cluster.clone());
        flag(&mut here, "--user", user.clone());
        flag(&mut here, "--server", server.clone());
        // What is a secret is not told whatever it is.
        flag(&mut here, "--token", token.as_ref().map(|_| String::new()));
        flag(&mut here, "--username", username.clone());
        flag(&mut here, "--password", password.as_ref().map(|_| String::new()));
        flag(&mut here, "--client-certificate", path(client_certificate));
        flag(&mut here, "--client-key", path(client_key));
        flag(&mut here, "--certificate-authority", path(certificate_authority));
        if *insecure_skip_tls_verify {
            here.push_str(" --insecure-skip-tls-verify");
        }
        flag(&mut here, "--tls-server-name", tls_server_name.clone());
        // kubectl takes it for logs alone.
        let backend = if *insecure_skip_tls_verify_backend { " --insecure-skip-tls-verify-backend" } else { "" };
        let connect = format!("{everywhere}{here}");
        CommandWords { connect, connect_elsewhere: everywhere, db: backend.to_owned(), ..CommandWords::default() }
    }

    /// Adds how the row was named. A URL that `from_environment` says is not repeated.
    #[must_use]
    pub fn row(
        mut self,
        target: Option<&JobArg>,
        job: Option<&str>,
        latest: bool,
        db: &DbOptions,
        from_environment: bool,
    ) -> CommandWords {
        let DbOptions { db: url, db_table, db_key, db_payload, db_headers, job: job_url, request_timeout: _ } = db;
        if let Some(url) = url.as_ref().filter(|_| !from_environment) {
            let url = url.expose_secret();
            if let Some(JobUrl { pick }) = job_url {
                word(&mut self.job, url);
                flag(&mut self.job, "--job", pick.clone());
            } else {
                flag(&mut self.db, "--db", Some(url.to_owned()));
            }
        }
        db_headers.iter().for_each(|_| flag(&mut self.db, "--db-header", Some(String::new())));
        flag(&mut self.db, "--db-table", db_table.clone());
        flag(&mut self.db, "--db-key", db_key.as_ref().map(ToString::to_string));
        flag(&mut self.db, "--db-payload", db_payload.as_ref().map(ToString::to_string));
        match target {
            Some(JobArg::Path(path)) => word(&mut self.job, &path.to_string_lossy()),
            Some(JobArg::Id(id)) => word(&mut self.job, id.as_str()),
            Some(JobArg::Stdin) => word(&mut self.job, "-"),
            None => {}
        }
        if latest {
            self.job.push_str(" --latest");
        }
        flag(&mut self.job, "--job", job.map(str::to_owned));
        self
    }
}

fn flag(out: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        // A value that begins with a hyphen would be read as a flag.
        let between = if value.starts_with('-') { '=' } else { ' ' };
        out.extend([" ", name]);
        out.push(between);
        out.push_str(&command::value(name, &value));
    }
}

fn word(out: &mut String, word: &str) {
    out.push(' ');
    out.push_str(&command::value(NO_FLAG, word));
}
