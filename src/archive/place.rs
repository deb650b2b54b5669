//! [`ArchivePlace`]: what DEST means.

use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use url::Url;

use super::{ArchiveError, job::MARKER};

/// The schemes of object stores.
const STORES: [&str; 10] = ["az", "azure", "adl", "abfs", "abfss", "s3", "s3a", "gs", "https", "http"];

/// Where an archive is.
#[derive(Clone, PartialEq, Eq)]
pub enum ArchivePlace {
    /// A directory of this machine, or one that is mounted.
    Directory(PathBuf),
    /// A container or bucket, and a path in it.
    ObjectStore(Url),
}

impl ArchivePlace {
    /// Whether a word that may name other things as well means an archive: the URL of an object store or of a directory, or a directory that
    /// holds one. `http://` and `https://` may be anything.
    pub fn is_meant_by(word: &OsStr) -> bool {
        match word.to_str().and_then(|text| text.split_once("://")) {
            Some((scheme, _)) => {
                let scheme = scheme.to_ascii_lowercase();
                scheme == "file" || (!scheme.starts_with("http") && STORES.contains(&scheme.as_str()))
            }
            None => Path::new(word).join(MARKER).is_file(),
        }
    }
}

impl FromStr for ArchivePlace {
    type Err = ArchiveError;

    fn from_str(text: &str) -> Result<Self, ArchiveError> {
        let usage = |why: String| ArchiveError::Usage(format!("DEST {text:?}: {why}"));
        if text.trim().is_empty() {
            return Err(ArchiveError::Usage(
                "DEST is empty; give a directory or a URL such as az://CONTAINER/PATH".into(),
            ));
        }
        // `C:\logs` is a path, and so is `a:b`.
        let Some((scheme, _)) = text.split_once("://") else {
            return match meant(text) {
                Some(meant) => Err(ArchiveError::Usage(meant)),
                None => Ok(ArchivePlace::Directory(PathBuf::from(text))),
            };
        };
        // A SAS may be in it.
        let hidden = |why: String| ArchiveError::Usage(format!("DEST {scheme}://…: {why}"));
        let url = Url::parse(text).map_err(|error| hidden(error.to_string()))?;
        match url.scheme() {
            "file" => {
                let path =
                    url.to_file_path().map_err(|()| usage("is no path of this machine; write file:///PATH".into()))?;
                Ok(ArchivePlace::Directory(path))
            }
            known if STORES.contains(&known) => {
                if url.host_str().unwrap_or_default().is_empty() {
                    return Err(hidden("names no container or bucket".into()));
                }
                // Azure's abfss:// names its container there.
                let names_container = matches!(known, "abfs" | "abfss");
                if url.password().is_some() || !(url.username().is_empty() || names_container) {
                    return Err(hidden("a key does not belong into the URL; put it into the environment".into()));
                }
                Ok(ArchivePlace::ObjectStore(url))
            }
            other => Err(hidden(format!(
                "{other}:// is not known; known are az://, abfss://, s3://, gs://, file:// and plain directories"
            ))),
        }
    }
}

/// What was meant by a path that nobody means: a URL without its `//`, or `~` that no shell has replaced.
fn meant(path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix('~') {
        let written = if rest.is_empty() || rest.starts_with('/') {
            format!("\"$HOME{rest}\"")
        } else {
            "the whole path".to_owned()
        };
        return Some(format!(
            "DEST {path:?}: the shell has not replaced the ~, which is quoted, stands behind a word or names nobody here; write \
             {written}, or ./{path} for a directory of that name"
        ));
    }
    let (scheme, rest) = path.split_once(':')?;
    let known = scheme.to_ascii_lowercase();
    if known != "file" && !STORES.contains(&known.as_str()) {
        return None;
    }
    // A SAS or a key may be in it.
    let rest = if rest.contains(['?', '@', '#']) { "…" } else { rest.trim_start_matches('/') };
    let root = if known == "file" { "/" } else { "" };
    Some(format!(
        "DEST {scheme}:…: a URL has two slashes behind its scheme; write {known}://{root}{rest}, or ./{scheme}:… for a directory of \
         that name"
    ))
}

/// As it is called in messages; nothing secret is in it.
impl fmt::Display for ArchivePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchivePlace::Directory(path) => write!(f, "{}", path.display()),
            ArchivePlace::ObjectStore(url) => {
                let mut shown = url.clone();
                shown.set_query(None);
                shown.set_fragment(None);
                f.write_str(shown.as_str().trim_end_matches('/'))
            }
        }
    }
}

impl fmt::Debug for ArchivePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_are_told_apart() {
        for path in ["logs", "/var/logs", "./a:b", "a:b", "C:\\logs", "a b", "./s3:bucket", "./~/x", "x~", "s3", "s4:b"]
        {
            assert_eq!(path.parse::<ArchivePlace>().unwrap(), ArchivePlace::Directory(path.into()));
        }
        assert_eq!("file:///var/a%20b".parse::<ArchivePlace>().unwrap(), ArchivePlace::Directory("/var/a b".into()));
        for url in [
            "az://c/p",
            "abfss://c@a.dfs.core.windows.net/p",
            "s3://bucket",
            "gs://bucket/a/b",
            "https://a.blob.core.windows.net/c",
        ] {
            assert!(matches!(url.parse::<ArchivePlace>(), Ok(ArchivePlace::ObjectStore(_))), "{url}");
        }
    }

    #[test]
    fn a_url_without_its_slashes_and_a_tilde_are_no_directories() {
        for (text, form) in [
            ("file:/var/logs", "file:///var/logs"),
            ("file:logs", "file:///logs"),
            ("s3:bucket/p", "s3://bucket/p"),
            ("s3:/bucket/p", "s3://bucket/p"),
            ("S3:bucket", "s3://bucket"),
            ("az:c/p", "az://c/p"),
            ("gs:b", "gs://b"),
            ("abfss:c@a.dfs.core.windows.net/p", "abfss://…"),
            ("https:a.blob.core.windows.net/c?sig=pl4nted", "https://…"),
            ("~/x", "\"$HOME/x\""),
            ("~", "\"$HOME\""),
            ("~blast/logs", "./~blast/logs"),
            ("~blast", "the whole path"),
        ] {
            let error = text.parse::<ArchivePlace>().unwrap_err();
            assert!(matches!(error, ArchiveError::Usage(_)), "{text}");
            let error = error.to_string();
            assert!(error.contains(form) && !error.contains("pl4nted"), "{text}: {error}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_without_its_secrets() {
        for bad in [
            "",
            " ",
            "ftp://h/p",
            "s3:///p",
            "az://",
            "file://host/p",
            "s3://k:pl4nted@b/p",
            "s3://pl4nted@b/p",
            "https://pl4nted@a.blob.core.windows.net/c",
            "az://c:x/?sig=pl4nted",
        ] {
            let error = bad.parse::<ArchivePlace>().unwrap_err();
            assert!(matches!(error, ArchiveError::Usage(_)), "{bad}");
            assert!(!error.to_string().contains("pl4nted"), "{error}");
        }
        let sas: ArchivePlace = "https://a.blob.core.windows.net/c/p?sv=1&sig=pl4nted".parse().unwrap();
        assert_eq!(sas.to_string(), "https://a.blob.core.windows.net/c/p");
        assert!(!format!("{sas:?}").contains("pl4nted"));
    }
}
