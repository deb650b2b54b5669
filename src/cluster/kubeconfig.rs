//! Finding and merging kubeconfig files, and choosing a context in them, by kubectl's rules.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};

use super::{ClusterError, ConnectArgs, Surroundings};

/// The merged kubeconfig and where it came from.
#[derive(Debug)]
pub(super) struct Found {
    /// All files merged; empty when none exists.
    pub kubeconfig: Kubeconfig,
    /// Every place that was looked at, for the message that there was nothing.
    pub looked_at: Vec<PathBuf>,
}

/// What the chosen context amounts to.
#[derive(Debug)]
pub(super) struct Choice {
    pub cluster: Cluster,
    pub user: AuthInfo,
    pub namespace: Option<String>,
}

/// `--kubeconfig` alone, else the files of `$KUBECONFIG`, else `~/.kube/config`.
pub(super) fn find(args: &ConnectArgs, around: &Surroundings) -> Result<Found, ClusterError> {
    if let Some(path) = &args.kubeconfig {
        // Named on purpose, so it has to be there.
        let kubeconfig = read(path)?
            .ok_or_else(|| ClusterError::Config(format!("--kubeconfig {}: there is no such file", path.display())))?;
        return Ok(Found { kubeconfig, looked_at: vec![path.clone()] });
    }
    let looked_at: Vec<PathBuf> = match &around.kubeconfig {
        Some(list) => env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => around.home.iter().map(|home| home.join(".kube").join("config")).collect(),
    };
    let mut kubeconfig = Kubeconfig::default();
    for path in &looked_at {
        if let Some(next) = read(path)? {
            kubeconfig = kubeconfig
                .merge(next)
                .map_err(|error| ClusterError::Config(format!("kubeconfig {}: {error}", path.display())))?;
        }
    }
    Ok(Found { kubeconfig, looked_at })
}

/// One file, its relative paths resolved; `None` when it does not exist.
fn read(path: &Path) -> Result<Option<Kubeconfig>, ClusterError> {
    let wrong = |why: String| ClusterError::Config(format!("kubeconfig {}: {why}", path.display()));
    match Kubeconfig::read_from(path) {
        Ok(mut kubeconfig) => {
            // `kubectl config unset` leaves an empty name behind, which must not hide the next file's.
            kubeconfig.current_context = kubeconfig.current_context.filter(|name| !name.is_empty());
            Ok(Some(kubeconfig))
        }
        Err(KubeconfigError::ReadConfig(error, _)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(KubeconfigError::ReadConfig(error, _)) => Err(wrong(error.to_string())),
        Err(KubeconfigError::Parse(error)) => {
            // The place only: the parser's own words quote the lines around it, which may hold a token.
            let place = error.location().map(|at| format!("line {}, column {}: ", at.line(), at.column()));
            Err(wrong(format!("{}this is not the YAML of a kubeconfig", place.unwrap_or_default())))
        }
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The cluster, user and namespace that the flags and the current context name.
pub(super) fn choose(kubeconfig: &Kubeconfig, args: &ConnectArgs) -> Result<Choice, ClusterError> {
    let name = args.context.as_ref().or(kubeconfig.current_context.as_ref());
    let context = match name {
        Some(name) => {
            let known = kubeconfig.contexts.iter().find(|context| &context.name == name);
            let known = known.ok_or_else(|| {
                let flag = if args.context.is_some() { "--context" } else { "current-context" };
                unknown("context", flag, name, kubeconfig.contexts.iter().map(|context| &context.name))
            })?;
            known.context.clone().unwrap_or_default()
        }
        None => Default::default(),
    };

    let cluster = args.cluster.as_ref().or(Some(&context.cluster).filter(|name| !name.is_empty()));
    let cluster = match cluster {
        Some(name) => {
            let known = kubeconfig.clusters.iter().find(|cluster| &cluster.name == name);
            // With --server the entry is a convenience; without, it is all there is.
            if known.is_none() && (args.cluster.is_some() || args.server.is_none()) {
                let names = kubeconfig.clusters.iter().map(|cluster| &cluster.name);
                let flag = if args.cluster.is_some() { "--cluster" } else { "the context's cluster" };
                return Err(unknown("cluster", flag, name, names));
            }
            known.and_then(|cluster| cluster.cluster.clone()).unwrap_or_default()
        }
        None => Cluster::default(),
    };

    let user = args.user.as_ref().or(context.user.as_ref().filter(|name| !name.is_empty()));
    let user = match user {
        Some(name) => {
            let known = kubeconfig.auth_infos.iter().find(|user| &user.name == name);
            let known = known.ok_or_else(|| {
                let flag = if args.user.is_some() { "--user" } else { "the context's user" };
                unknown("user", flag, name, kubeconfig.auth_infos.iter().map(|user| &user.name))
            })?;
            known.auth_info.clone().unwrap_or_default()
        }
        None => AuthInfo::default(),
    };
    let namespace = context.namespace.filter(|namespace| !namespace.is_empty());
    Ok(Choice { cluster, user, namespace })
}

/// An unknown name, with the names there are.
fn unknown<'a>(kind: &str, flag: &str, name: &str, names: impl Iterator<Item = &'a String>) -> ClusterError {
    let names: Vec<&str> = names.map(String::as_str).collect();
    ClusterError::Config(match names.as_slice() {
        [] => format!("{flag} {name:?}: the kubeconfig has no {kind} at all"),
        names => format!("{flag} {name:?}: the kubeconfig has no such {kind}; it has {}", names.join(", ")),
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

    fn around(paths: &[&Path]) -> Surroundings {
        Surroundings { kubeconfig: Some(env::join_paths(paths).unwrap()), ..Surroundings::nothing() }
    }

    #[test]
    fn files_merge_as_kubectl_merges_them() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        fs::write(&one, FIRST).unwrap();
        fs::write(&two, SECOND).unwrap();
        let around = around(&[&dir.path().join("missing"), Path::new(""), &one, &two]);

        let args = ConnectArgs::default();
        let choice = choose(&find(&args, &around).unwrap().kubeconfig, &args).unwrap();
        assert_eq!(choice.cluster.server.as_deref(), Some("https://red"), "the first file to set a name wins");
        assert_eq!(choice.cluster.certificate_authority.as_deref(), dir.path().join("ca.pem").to_str());
        assert_eq!(choice.user.token_file.as_deref(), dir.path().join("sub/token").to_str());
        assert_eq!(choice.namespace.as_deref(), Some("blast"));

        let args = ConnectArgs { cluster: Some("blue".to_owned()), ..ConnectArgs::default() };
        let choice = choose(&find(&args, &around).unwrap().kubeconfig, &args).unwrap();
        assert_eq!(choice.cluster.server.as_deref(), Some("https://blue"));
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, SECOND).unwrap();
        let named = ConnectArgs { kubeconfig: Some(path), ..ConnectArgs::default() };
        let found = find(&named, &Surroundings::nothing()).unwrap();
        let text = |args: &ConnectArgs| choose(&found.kubeconfig, args).unwrap_err().to_string();
        assert_eq!(
            text(&ConnectArgs { context: Some("green".to_owned()), ..named.clone() }),
            "--context \"green\": the kubeconfig has no such context; it has red"
        );
        assert_eq!(
            text(&ConnectArgs { cluster: Some("green".to_owned()), ..named.clone() }),
            "--cluster \"green\": the kubeconfig has no such cluster; it has red, blue"
        );
        assert_eq!(text(&named), "the context's user \"red\": the kubeconfig has no user at all");
    }

    #[test]
    fn a_malformed_file_is_named_with_the_place_and_without_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, "apiVersion: v1\nusers:\n- name: me\n  user: planted-secret\n").unwrap();
        let args = ConnectArgs { kubeconfig: Some(path.clone()), ..ConnectArgs::default() };
        let text = find(&args, &Surroundings::nothing()).unwrap_err().to_string();
        assert!(text.starts_with(&format!("kubeconfig {}: line 4, column 9", path.display())), "{text}");
        assert!(!text.contains("planted"), "{text}");

        let args = ConnectArgs { kubeconfig: Some(dir.path().join("none")), ..ConnectArgs::default() };
        assert!(find(&args, &Surroundings::nothing()).unwrap_err().to_string().contains("no such file"));
    }
}
