//! PostgreSQL with a password, TLS and nothing in it.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::PathBuf,
    process::Command,
    sync::OnceLock,
};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{
    PLANTED, encoded, pki,
    process::{self, Server},
    rows::Sample,
};

/// A cluster of its own.
pub struct Postgres {
    server: Server,
}

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for Postgres {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

/// The one that tests share which do not stop it.
pub fn shared() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(Postgres::start)
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start() -> Self {
        let mut postgres = Self { server: Server::new("postgres") };
        fs::write(postgres.file("password"), PLANTED).unwrap();
        pki::write(postgres.directory());
        Command::new("chmod").arg("600").arg(postgres.file("server.key")).status().unwrap();
        if process::is_root() {
            process::run(Command::new("chown").args(["-R", "postgres"]).arg(postgres.directory()));
        }
        let [data, password] = ["data", "password"].map(|name| postgres.file(name));
        let init = ["-D", &data, "-U", "postgres", "--auth=scram-sha-256", "--no-sync", "--pwfile", &password];
        let init = postgres.command("initdb", &init);
        process::run(Command::new(&init[0]).args(&init[1..]).current_dir("/"));
        postgres.up();
        postgres
    }

    /// Starts it (again).
    pub fn up(&mut self) {
        let port = self.port().to_string();
        let [data, directory, certificate, key] = ["data", "", "server.pem", "server.key"].map(|name| self.file(name));
        let command = self.command(
            "postgres",
            &[
                "-D",
                &data,
                "-p",
                &port,
                "-k",
                &directory,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "ssl=on",
                "-c",
                &format!("ssl_cert_file={certificate}"),
                "-c",
                &format!("ssl_key_file={key}"),
            ],
        );
        // INT: the quick way, which does not wait for clients.
        self.server.start("INT", &command);
    }

    /// The URL with the password in it.
    pub fn url(&self) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/postgres", encoded(PLANTED), self.port())
    }

    /// A connection that may write.
    pub async fn connect(&self) -> PgConnection {
        for _ in 0..100 {
            if let Ok(connection) = PgConnection::connect(&self.url()).await {
                return connection;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("postgres does not let us in:\n{}", fs::read_to_string(self.file("log")).unwrap());
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connect().await).await.unwrap();
    }

    /// Makes `table` with the samples in it: text columns, the key and the payload as they are called, of a type.
    pub async fn load(&self, table: &str, key: &str, payload: &str, kind: &str, samples: &[Sample]) {
        let names = super::rows::columns(samples);
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let types: Vec<String> =
            names.iter().zip(&quoted).map(|(name, quoted)| format!("{quoted} {}", of(name))).collect();
        let mut connection = self.connect().await;
        let create = format!(
            "DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (\"{key}\" text, {}, \"{payload}\" {kind})",
            types.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        for sample in samples {
            let places: Vec<String> =
                names.iter().enumerate().map(|(at, name)| format!("${}::text::{}", at + 2, of(name))).collect();
            let last = names.len() + 2;
            let insert = format!(
                "INSERT INTO {table} (\"{key}\", {}, \"{payload}\") VALUES ($1, {}, ${last}::text::{kind})",
                quoted.join(", "),
                places.join(", ")
            );
            let mut query = sqlx::query(AssertSqlSafe(insert)).bind(&sample.id);
            for name in &names {
                query = query.bind(sample.column(name));
            }
            query.bind(sample.payload()).execute(&mut connection).await.unwrap();
        }
    }

    /// A program of the server, as a user that it accepts.
    fn command(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let places: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
        let program = process::program(name, &places).to_string_lossy().into_owned();
        let user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"].map(str::to_owned);
        let user = user.into_iter().filter(|_| process::is_root());
        user.chain([program]).chain(arguments.iter().map(|argument| (*argument).to_owned())).collect()
    }
}

/// The type of a column.
fn of(name: &str) -> &'static str {
    match name {
        "schema_version" => "integer",
        "created_at" => "timestamptz",
        _ => "text",
    }
}
