//! MariaDB with a user, a password, TLS and an empty database.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::PathBuf,
    process::Command,
    sync::OnceLock,
};

use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

use super::{
    PLANTED, encoded, pki,
    process::{self, Server},
    rows::Sample,
};

/// A server of its own.
pub struct MariaDb {
    server: Server,
}

impl Deref for MariaDb {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for MariaDb {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

/// The one that tests share which do not stop it.
pub fn shared() -> &'static MariaDb {
    static SHARED: OnceLock<MariaDb> = OnceLock::new();
    SHARED.get_or_init(MariaDb::start)
}

impl MariaDb {
    /// Makes a server and starts it.
    pub fn start() -> Self {
        let mut mariadb = Self { server: Server::new("mariadbd") };
        pki::write(mariadb.directory());
        let users = format!(
            "CREATE DATABASE IF NOT EXISTS jobs;\n\
             CREATE USER IF NOT EXISTS elb@'127.0.0.1' IDENTIFIED BY '{PLANTED}';\nGRANT ALL ON jobs.* TO elb@'127.0.0.1';\n\
             CREATE USER IF NOT EXISTS nobody@'127.0.0.1' IDENTIFIED BY '{PLANTED}';\n"
        );
        fs::write(mariadb.file("users.sql"), users).unwrap();
        let install = process::program("mariadb-install-db", &[]);
        let mut install = Command::new(install);
        install.arg("--no-defaults").arg(mariadb.option("datadir", "data")).arg("--skip-test-db");
        install.arg("--auth-root-authentication-method=normal");
        if process::is_root() {
            install.arg("--user=root");
        }
        process::run(&mut install);
        mariadb.up();
        mariadb
    }

    /// Starts it (again).
    pub fn up(&mut self) {
        let mut command = vec![
            process::program("mariadbd", &[PathBuf::from("/usr/sbin")]).to_string_lossy().into_owned(),
            "--no-defaults".to_owned(),
            self.option("datadir", "data"),
            self.option("socket", "socket"),
            self.option("pid-file", "pid"),
            self.option("init-file", "users.sql"),
            self.option("ssl-cert", "server.pem"),
            self.option("ssl-key", "server.key"),
            format!("--port={}", self.port()),
            "--bind-address=127.0.0.1".to_owned(),
            "--skip-name-resolve".to_owned(),
            "--innodb-flush-log-at-trx-commit=0".to_owned(),
        ];
        if process::is_root() {
            command.push("--user=root".to_owned());
        }
        self.server.start("TERM", &command);
    }

    /// The URL with the password in it.
    pub fn url(&self) -> String {
        self.url_of("elb", "jobs")
    }

    /// The URL for another user or database.
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("mysql://{user}:{}@127.0.0.1:{}/{database}", encoded(PLANTED), self.port())
    }

    /// Runs statements.
    pub async fn run(&self, sql: &str) {
        let mut connection = MySqlConnection::connect(&self.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// Makes `table` with the samples in it.
    pub async fn load(&self, table: &str, key: &str, payload: &str, kind: &str, samples: &[Sample]) {
        let names = super::rows::columns(samples);
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let types: Vec<String> =
            names.iter().zip(&quoted).map(|(name, quoted)| format!("{quoted} {}", of(name))).collect();
        let mut connection = MySqlConnection::connect(&self.url()).await.unwrap();
        let create = format!(
            "DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (`{key}` varchar(64), {}, `{payload}` {kind})",
            types.join(", ")
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut connection).await.unwrap();
        for sample in samples {
            let places = vec!["?"; names.len() + 2].join(", ");
            let insert = format!("INSERT INTO {table} (`{key}`, {}, `{payload}`) VALUES ({places})", quoted.join(", "));
            let mut query = sqlx::query(AssertSqlSafe(insert)).bind(&sample.id);
            for name in &names {
                let value = sample.column(name);
                // It takes no offset in a time.
                let value = value.map(|text| if of(name) == "datetime" { text.replace("+00:00", "") } else { text });
                query = query.bind(value);
            }
            query.bind(sample.payload()).execute(&mut connection).await.unwrap();
        }
    }

    fn option(&self, name: &str, file: &str) -> String {
        format!("--{name}={}", self.file(file))
    }
}

/// The type of a column.
fn of(name: &str) -> &'static str {
    match name {
        "schema_version" => "int",
        "created_at" => "datetime",
        _ => "text",
    }
}
