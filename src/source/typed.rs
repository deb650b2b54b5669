//! [`Typed`]: a `--db` URL as it was typed, looked at before a parser takes a part of a password for something else.

use crate::mask::url::unclear;

/// What is stored as a SQLite database, by the end of its name.
const FILES: [&str; 4] = [".db", ".db3", ".sqlite", ".sqlite3"];

/// A URL's scheme and the rest of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Typed<'a> {
    /// In lower case, without the driver that SQLAlchemy names: `postgresql` of `postgresql+asyncpg`.
    pub scheme: String,
    /// Whether it named a driver.
    pub driver: bool,
    /// What stands behind the `:`.
    pub rest: &'a str,
}

impl<'a> Typed<'a> {
    /// Takes `text` apart, or says why it cannot be: in words that repeat nothing of what may be a password.
    pub fn read(text: &'a str) -> Result<Self, String> {
        if text.contains(char::is_control) {
            return Err("it holds a control character, such as a line break; percent-encode it".to_owned());
        }
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
            return Err(no_url(text));
        };
        let scheme = scheme.to_ascii_lowercase();
        let (base, driver) = scheme.split_once('+').map_or((scheme.as_str(), false), |(base, _)| (base, true));
        let typed = Self { scheme: base.to_owned(), driver, rest };
        if typed.is_sqlite() {
            if typed.sqlite().split('?').next().is_none_or(str::is_empty) {
                return Err("it names no file; write sqlite:PATH".to_owned());
            }
            // A path may hold an `@`; a user and a host have no place in it.
            return match rest.strip_prefix("//") {
                Some(path) if !path.starts_with(['/', '.']) && path.contains('@') => {
                    Err("a SQLite database has no user and no host; write sqlite:PATH".to_owned())
                }
                _ => Ok(typed),
            };
        }
        if !rest.starts_with("//") {
            return Err(match base {
                "jdbc" => {
                    "it is a URL of JDBC; leave out `jdbc:`, and put user and password before the host".to_owned()
                }
                _ => no_url(text),
            });
        }
        match unclear(text) {
            Some(why) => Err(format!("{}://***: {why}", crate::render::plain(base, 20))),
            None => Ok(typed),
        }
    }

    /// Whether it is a SQLite file, which has no user and no host.
    pub fn is_sqlite(&self) -> bool {
        self.scheme == "sqlite"
    }

    /// The path and the query of a SQLite database. With a driver's name it is a URL of SQLAlchemy, whose third `/` only ends
    /// the host that is not there.
    pub fn sqlite(&self) -> String {
        let path = self.rest.strip_prefix(if self.driver { "///" } else { "//" });
        let path = path.or_else(|| self.rest.strip_prefix("//")).unwrap_or(self.rest);
        let path = path.strip_prefix("file:").unwrap_or(path);
        let slash = if path.starts_with('/') { "/" } else { "" };
        format!("{slash}{}", path.trim_start_matches('/'))
    }
}

/// Why `text` is no URL, with what it may be meant as.
fn no_url(text: &str) -> String {
    let file = text.strip_prefix("file:").map_or(text, |path| path.trim_start_matches("//"));
    let path = file.split('?').next().unwrap_or_default().to_ascii_lowercase();
    // Whatever could be a user and a password is not shown.
    let harmless = !file.contains('@') && !file.contains("://") && file.len() <= 200;
    if harmless && FILES.iter().any(|end| path.ends_with(end)) {
        return format!("a SQLite file is named by sqlite:{}", crate::render::plain(file, 200));
    }
    "it is no URL".to_owned()
}

fn is_scheme(text: &str) -> bool {
    // One letter is a drive of Windows.
    text.len() > 1
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_at_sign_behind_the_host_is_refused_without_a_word_of_it() {
        for (url, escapes) in [
            ("mysql://me:99/Secret@db/jobs", "/ as %2F"),
            ("postgres://me:/Secret@h/d", "/ as %2F"),
            ("postgres://me:p@ss/Secret@h/jobs", "/ as %2F"),
            ("postgres://me:Secret?x@h/jobs", "? as %3F"),
            ("postgresql+asyncpg://me:Secret#x@h/jobs", "# as %23"),
            ("https://me:Secret\\x@h/v1/jobs", "\\ as %5C"),
            ("http://Sec/ret@h", "/ as %2F"),
            ("https://h/v1/jobs?user=Secret@corp", "? as %3F"),
            ("https://acc.table.core.windows.net/t?sv=1&sig=Secret@x", "@ as %40"),
            ("whatever://me:/Secret@h", "/ as %2F"),
        ] {
            let why = Typed::read(url).unwrap_err();
            assert!(why.contains(escapes) && why.contains("@ as %40"), "{url}: {why}");
            assert!(!why.contains("Secret") && !why.contains("me:") && !why.contains("@h"), "{url}: {why}");
        }
        for fine in
            ["postgres://me:p@ss@h/d", "https://h/a%40b?c=%40", "sqlite:/var/me@corp/x.db", "sqlite:///a@b/x.db?a=@"]
        {
            assert!(Typed::read(fine).is_ok(), "{fine}");
        }
        for nothing in ["sqlite:", "sqlite://", "sqlite:?mode=ro"] {
            assert!(Typed::read(nothing).unwrap_err().contains("names no file"), "{nothing}");
        }
        assert!(Typed::read("sqlite://me:99/Secret@db/jobs").unwrap_err().contains("sqlite:PATH"));
        assert!(Typed::read("me:Secret@h://x").unwrap_err().contains("no URL"));
        assert!(Typed::read("postgres://me:a\nb@h/d").unwrap_err().contains("control character"));
        assert!(Typed::read("jdbc:postgresql://h/d?password=Secret").unwrap_err().contains("leave out `jdbc:`"));
    }

    #[test]
    fn a_file_is_told_how_it_is_named() {
        for (text, hint) in [
            ("jobs.db", "sqlite:jobs.db"),
            ("./a/jobs.sqlite3", "sqlite:./a/jobs.sqlite3"),
            ("C:\\jobs.DB", "sqlite:C:\\jobs.DB"),
            ("file:jobs.db", "sqlite:jobs.db"),
            ("/var/jobs.sqlite?mode=ro", "sqlite:/var/jobs.sqlite?mode=ro"),
        ] {
            assert!(Typed::read(text).unwrap_err().ends_with(hint), "{text}");
        }
        assert_eq!(Typed::read("me:Secret@h.db").unwrap_err(), "it is no URL");
    }

    #[test]
    fn the_drivers_of_sqlalchemy_are_left_out() {
        for (url, scheme) in [
            ("postgresql+asyncpg://h/d", "postgresql"),
            ("postgresql+psycopg_async://h/d", "postgresql"),
            ("MySQL+pymysql://h/d", "mysql"),
            ("mariadb+mariadbconnector://h/d", "mariadb"),
            ("sqlite+aiosqlite:///x.db", "sqlite"),
        ] {
            assert_eq!(Typed::read(url).map(|typed| typed.scheme), Ok(scheme.to_owned()), "{url}");
        }
        for (url, path) in [
            ("sqlite:x.db", "x.db"),
            ("sqlite://x.db", "x.db"),
            ("sqlite:///x.db", "/x.db"),
            ("sqlite:////x.db", "/x.db"),
            ("sqlite+pysqlite:///x.db?mode=ro", "x.db?mode=ro"),
            ("sqlite+pysqlite:////x.db", "/x.db"),
            ("sqlite:file:x.db?mode=ro", "x.db?mode=ro"),
        ] {
            assert_eq!(Typed::read(url).map(|typed| typed.sqlite()), Ok(path.to_owned()), "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_refusal_repeats_a_password(
            scheme in "(postgres|postgresql\\+asyncpg|mysql|mariadb\\+x|http|https|sqlite|ftp|nonsense)",
            user in "[a-z/?#@:%\\\\]{0,6}",
            before in "[/?#@:%\\\\\\[ \t\"']{0,4}",
            after in "[/?#@:%\\\\\\[ \t\"']{0,4}",
        ) {
            let url = format!("{scheme}://{user}:{before}SECRET{after}@db.example/jobs");
            if let Err(why) = Typed::read(&url) {
                prop_assert!(!why.contains("SECRET"), "{url}: {why}");
            }
        }
    }
}
