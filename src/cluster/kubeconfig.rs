//! Finding and merging kubeconfig files, and choosing a context in them, by kubectl's rules.

use std::{
    collections::HashSet,
    env, fs, io,
    path::{Path, PathBuf},
};

use kube::config::{AuthInfo, Cluster};
use serde_json::{Map, Value};
use serde_saphyr::DuplicateKeyPolicy;

use super::{
    ClusterError, ConnectEnvironment, ConnectOptions,
    entry::{EntryKind, KubeconfigEntry, plain, what},
    settings::check_namespace,
};
use crate::yaml;

/// The entries of all files, and where they came from.
#[derive(Debug, Default)]
pub(super) struct Kubeconfigs {
    /// The context to use when no flag names one.
    pub current_context: Option<String>,
    contexts: Vec<KubeconfigEntry>,
    clusters: Vec<KubeconfigEntry>,
    users: Vec<KubeconfigEntry>,
    /// Every place that was looked at, for the message that there was nothing.
    pub looked_at: Vec<PathBuf>,
}

/// What the chosen context amounts to.
#[derive(Debug, Default)]
pub(super) struct ChosenContext {
    pub cluster: Cluster,
    pub user: AuthInfo,
    pub namespace: Option<String>,
    /// The entry the cluster is from, for messages; none when no context or cluster was chosen.
    pub origin: Option<String>,
    /// The entry the user is from, for messages.
    pub user_origin: Option<String>,
}

/// `--kubeconfig` alone, else the files of `$KUBECONFIG`, else `~/.kube/config`.
pub(super) fn find(args: &ConnectOptions, environment: &ConnectEnvironment) -> Result<Kubeconfigs, ClusterError> {
    let looked_at: Vec<PathBuf> = match (&args.kubeconfig, &environment.kubeconfig) {
        (Some(path), _) => vec![path.clone()],
        (None, Some(list)) => env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
        (None, None) => environment.home.iter().map(|home| home.join(".kube").join("config")).collect(),
    };
    let mut found = Kubeconfigs::default();
    for path in &looked_at {
        let is_there = found.add(path)?;
        // Named on purpose, so it has to be there.
        if !is_there && args.kubeconfig.is_some() {
            return Err(ClusterError::Config(format!("--kubeconfig {}: there is no such file", path.display())));
        }
    }
    Ok(Kubeconfigs { looked_at, ..found })
}

impl Kubeconfigs {
    /// Adds a file's entries, unless an earlier file has the name; `false` when there is no such file.
    fn add(&mut self, path: &Path) -> Result<bool, ClusterError> {
        let wrong = |why: String| ClusterError::Config(format!("kubeconfig {}: {why}", path.display()));
        let text = match fs::read(path) {
            Ok(bytes) => decode(bytes).map_err(|why| wrong(why.to_owned()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(wrong(format!("{error}; name a file that can be read with --kubeconfig"))),
        };
        for document in parse(&text).map_err(wrong)? {
            let mut document = match document {
                Value::Object(fields) => fields,
                Value::Null => continue,
                other => return Err(wrong(format!("it holds {}, not the mapping of a kubeconfig", what(&other)))),
            };
            self.add_document(path, &mut document)?;
        }
        Ok(true)
    }

    fn add_document(&mut self, path: &Path, document: &mut Map<String, Value>) -> Result<(), ClusterError> {
        let text = |field: &str| document.get(field).and_then(plain).filter(|text| !text.is_empty());
        if let Some(kind) = text("kind").filter(|kind| kind != "Config") {
            let file = path.display();
            return Err(ClusterError::Config(format!("kubeconfig {file}: its kind is {kind:?}, not \"Config\"")));
        }
        // `kubectl config unset` leaves an empty name behind, which must not hide the next file's.
        let current = text("current-context");
        self.current_context = self.current_context.take().or(current);
        for kind in [EntryKind::Context, EntryKind::Cluster, EntryKind::User] {
            let known = self.entries_mut(kind);
            let entries = KubeconfigEntry::all(kind, path, document)?;
            if let Some(name) = twice(&entries) {
                let (file, list) = (path.display(), kind.list());
                return Err(ClusterError::Config(format!(
                    "kubeconfig {file}: {list} has two entries called {name:?}, which kubectl refuses too; rename or remove one"
                )));
            }
            for entry in entries {
                if known.iter().all(|other| other.name != entry.name) {
                    known.push(entry);
                }
            }
        }
        Ok(())
    }

    fn entries_mut(&mut self, kind: EntryKind) -> &mut Vec<KubeconfigEntry> {
        match kind {
            EntryKind::Context => &mut self.contexts,
            EntryKind::Cluster => &mut self.clusters,
            EntryKind::User => &mut self.users,
        }
    }

    fn entries(&self, kind: EntryKind) -> &[KubeconfigEntry] {
        match kind {
            EntryKind::Context => &self.contexts,
            EntryKind::Cluster => &self.clusters,
            EntryKind::User => &self.users,
        }
    }

    /// The names of the contexts.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.iter().map(|context| context.name.as_str())
    }

    /// The cluster that a context names, if it can be told.
    pub fn cluster_of(&self, context: &str) -> Option<String> {
        self.contexts.iter().find(|entry| entry.name == context)?.named("cluster").ok().flatten()
    }

    /// The entry of a name, or which there are instead; `by` says who named it.
    fn named(&self, kind: EntryKind, by: &str, name: &str) -> Result<&KubeconfigEntry, ClusterError> {
        let entries = self.entries(kind);
        entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            ClusterError::Config(match names.as_slice() {
                [] => format!("{by} {name:?}: {} has no {kind} at all", self.files()),
                names => format!("{by} {name:?}: {} has no such {kind}; it has {}", self.files(), names.join(", ")),
            })
        })
    }

    fn files(&self) -> String {
        let files: Vec<String> = self.looked_at.iter().map(|path| path.display().to_string()).collect();
        format!("the kubeconfig {}", files.join(", "))
    }

    /// The cluster, user and namespace that the flags and the current context name.
    pub fn choose(&self, args: &ConnectOptions) -> Result<ChosenContext, ClusterError> {
        let context = match (&args.context, &self.current_context) {
            (Some(name), _) => Some(self.named(EntryKind::Context, "--context", name)?),
            (None, Some(name)) => Some(self.named(EntryKind::Context, "current-context", name)?),
            (None, None) => None,
        };
        let of_context = |field: &str| match context {
            Some(entry) => Ok::<_, ClusterError>(
                entry.named(field)?.map(|name| (format!("the {field} of context {:?},", entry.name), name)),
            ),
            None => Ok(None),
        };
        let flag = |flag: &str, name: &Option<String>| name.clone().map(|name| (flag.to_owned(), name));

        let by_flag = flag("--cluster", &args.cluster);
        let cluster = match by_flag.clone().map_or_else(|| of_context("cluster"), |it| Ok(Some(it)))? {
            // With --server the entry is a convenience; without, it is all there is.
            Some((by, name)) => match self.named(EntryKind::Cluster, &by, &name) {
                Err(_) if by_flag.is_none() && args.server.is_some() => None,
                entry => Some(entry?),
            },
            None => None,
        };
        let user = match flag("--user", &args.user).map_or_else(|| of_context("user"), |it| Ok(Some(it)))? {
            Some((by, name)) => Some(self.named(EntryKind::User, &by, &name)?),
            None => None,
        };
        let namespace = match context {
            Some(entry) => entry.named("namespace")?.map(|name| check_namespace(&format!("{entry}: namespace"), name)),
            None => None,
        };
        Ok(ChosenContext {
            cluster: cluster.map(KubeconfigEntry::cluster).transpose()?.unwrap_or_default(),
            user: user.map(KubeconfigEntry::user).transpose()?.unwrap_or_default(),
            namespace: namespace.transpose()?,
            origin: cluster.or(context).map(KubeconfigEntry::to_string),
            user_origin: user.map(KubeconfigEntry::to_string),
        })
    }
}

/// The name that two entries of one list have. Of several files the first to have a name counts.
fn twice(entries: &[KubeconfigEntry]) -> Option<&str> {
    let mut names = HashSet::new();
    entries.iter().map(|entry| entry.name.as_str()).find(|name| !names.insert(*name))
}

/// The text of a file, which an editor of Windows may have written.
fn decode(bytes: Vec<u8>) -> Result<String, &'static str> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes.chunks(2).map(|pair| unit([pair[0], pair.get(1).copied().unwrap_or_default()])).collect();
        String::from_utf16(&units).map_err(|_| "it is no UTF-16")
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes)
            .map(|text| text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
            .map_err(|_| "it is no text (no UTF-8)"),
    }
}

/// The documents of a file, as kubectl's YAML parser reads them: of a key that is there twice the last counts.
fn parse(text: &str) -> Result<Vec<Value>, String> {
    let mut options = yaml::options(text);
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    // The fields it is used in are base64 anyhow.
    options.ignore_binary_tag_for_string = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
        if let Some(told) = yaml::told(&error) {
            return told;
        }
        // The place only: the parser's own words quote the lines around it, which may hold a token.
        let place = error.location().map(|at| format!("line {}, column {}: ", at.line(), at.column()));
        format!("{}this is not the YAML of a kubeconfig", place.unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const FIRST: &str = "
apiVersion: v1
kind: Config
current-context: ''
clusters: [{name: red, cluster: {server: 'https://red', certificate-authority: ca.pem}}]
users: [{name: red, user: {tokenFile: sub/token}}]
";
    const SECOND: &str = "
apiVersion: v1
kind: Config
current-context: red
contexts: [{name: red, context: {cluster: red, user: red, namespace: blast}}]
clusters: [{name: red, cluster: {server: 'https://not-this-one'}}, {name: blue, cluster: {server: 'https://blue'}}]
";

    fn environment(paths: &[&Path]) -> ConnectEnvironment {
        ConnectEnvironment { kubeconfig: Some(env::join_paths(paths).unwrap()), ..ConnectEnvironment::nothing() }
    }

    #[test]
    fn files_merge_as_kubectl_merges_them() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, FIRST).unwrap();
        fs::write(&two, SECOND).unwrap();
        let environment = environment(&[&dir.path().join("missing"), Path::new(""), &one, &two]);

        let args = ConnectOptions::default();
        let choice = find(&args, &environment).unwrap().choose(&args).unwrap();
        assert_eq!(choice.cluster.server.as_deref(), Some("https://red"), "the first file to set a name wins");
        assert_eq!(choice.cluster.certificate_authority.as_deref(), dir.path().join("ca.pem").to_str());
        assert_eq!(choice.user.token_file.as_deref(), dir.path().join("sub/token").to_str());
        assert_eq!(choice.namespace.as_deref(), Some("blast"));

        let args = ConnectOptions { cluster: Some("blue".to_owned()), ..ConnectOptions::default() };
        let choice = find(&args, &environment).unwrap().choose(&args).unwrap();
        assert_eq!(choice.cluster.server.as_deref(), Some("https://blue"));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, SECOND).unwrap();
        let named = ConnectOptions { kubeconfig: Some(path), ..ConnectOptions::default() };
        let found = find(&named, &ConnectEnvironment::nothing()).unwrap();
        let text = |args: &ConnectOptions| {
            found
                .choose(args)
                .unwrap_err()
                .to_string()
                .replace(&format!(" {}", named.kubeconfig.as_ref().unwrap().display()), "")
        };
        assert_eq!(
            text(&ConnectOptions { context: Some("green".to_owned()), ..named.clone() }),
            "--context \"green\": the kubeconfig has no such context; it has red"
        );
        assert_eq!(
            text(&ConnectOptions { cluster: Some("green".to_owned()), ..named.clone() }),
            "--cluster \"green\": the kubeconfig has no such cluster; it has red, blue"
        );
        assert_eq!(text(&named), "the user of context \"red\", \"red\": the kubeconfig has no user at all");
    }

    #[test]
    fn two_entries_of_one_name_in_a_list_are_refused_and_in_two_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        let fault = |text: &str| {
            fs::write(&path, text).unwrap();
            let args = ConnectOptions { kubeconfig: Some(path.clone()), ..ConnectOptions::default() };
            find(&args, &ConnectEnvironment::nothing()).map(drop).map_err(|error| error.to_string())
        };
        for list in ["contexts", "clusters", "users"] {
            let text = fault(&format!("{list}: [{{name: a}}, {{name: b}}, {{name: a, x: planted}}]\n")).unwrap_err();
            assert!(
                text.starts_with(&format!("kubeconfig {}: {list} has two entries called \"a\"", path.display())),
                "{text}"
            );
            assert!(!text.contains("planted"), "{text}");
        }
        // A list of another kind, or another file, may have the name.
        fault("contexts: [{name: a}]\nclusters: [{name: a}]\n---\ncontexts: [{name: a}]\n").unwrap();
        // kubectl lets the last of a key count.
        fault("current-context: a\ncurrent-context: b\nusers: []\n").unwrap();
    }

    #[test]
    fn a_malformed_file_is_named_with_the_place_and_without_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, "apiVersion: v1\nusers:\n- name: me\n  user: {planted-secret\n").unwrap();
        let args = ConnectOptions { kubeconfig: Some(path.clone()), ..ConnectOptions::default() };
        let text = find(&args, &ConnectEnvironment::nothing()).unwrap_err().to_string();
        assert!(text.starts_with(&format!("kubeconfig {}: line ", path.display())), "{text}");
        assert!(!text.contains("planted"), "{text}");

        let level = |at: usize| format!("k{}: &n{} [{}]\n", at, at + 1, vec![format!("*n{at}"); 9].join(", "));
        fs::write(&path, "k: &n0 [planted]\n".to_owned() + &(0..30).map(level).collect::<String>()).unwrap();
        let text = find(&args, &ConnectEnvironment::nothing()).unwrap_err().to_string();
        assert!(text.contains("unfold to more than is read") && !text.contains("planted"), "{text}");

        let args = ConnectOptions { kubeconfig: Some(dir.path().join("none")), ..ConnectOptions::default() };
        assert!(find(&args, &ConnectEnvironment::nothing()).unwrap_err().to_string().contains("no such file"));
    }
}
