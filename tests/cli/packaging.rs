//! What describes the packages, held against the rules of those who read it.

use std::fs;

use serde_json::Value;

/// A file as `.ci/dist` fills it in.
fn filled(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text =
        text.replace("@REPOSITORY@", "https://example.org/elbtail").replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    text.replace("@SHA256@", &"0a".repeat(32))
}

/// krew's rules: `internal/index/validation` and the documentation of its index.
#[test]
fn krew_takes_the_manifest() {
    let manifest: Value = serde_saphyr::from_str(&filled("packaging/krew.yaml")).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(manifest["kind"], "Plugin");
    // kubectl finds `kubectl-NAME`, and a hyphen in NAME would be a command of a command.
    assert_eq!(manifest["metadata"]["name"], "elbtail");
    let spec = &manifest["spec"];
    assert_eq!(spec["version"], concat!("v", env!("CARGO_PKG_VERSION")));
    assert!(text(&spec["homepage"]).starts_with("https://"));
    let short = text(&spec["shortDescription"]);
    assert!(!short.is_empty() && short.len() <= 50 && !short.ends_with('.') && !short.contains('\n'), "{short}");
    assert!(text(&spec["description"]).lines().all(|line| line.len() <= 80));
    let platforms = spec["platforms"].as_array().unwrap();
    assert!(!platforms.is_empty());
    for platform in platforms {
        assert!(platform["selector"]["matchLabels"]["os"].is_string(), "{platform}");
        let (uri, sum) = (text(&platform["uri"]), text(&platform["sha256"]));
        assert!(uri.starts_with("https://") && uri.ends_with(".tar.gz"), "{uri}");
        assert!(sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()), "{sum}");
        let files = platform["files"].as_array().unwrap();
        let made: Vec<String> = files.iter().map(|file| text(&file["to"])).collect();
        assert!(made.contains(&text(&platform["bin"])), "{made:?}");
        assert!(files.iter().any(|file| text(&file["from"]).contains("LICENSE")), "a licence comes with it");
        assert!(made.iter().all(|to| !to.starts_with('/') && !to.contains("..")), "{made:?}");
        // What is found by a pattern goes into a directory of the name that it is given.
        let is_pattern = |file: &&Value| text(&file["from"]).contains(['*', '?', '[']);
        assert!(files.iter().filter(is_pattern).all(|file| file["to"] == "."), "{files:?}");
    }
}

#[test]
fn every_package_holds_what_kubectl_looks_for() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let part = |name: &str| {
        let start = manifest.find(&format!("[package.metadata.{name}]")).unwrap();
        let rest = &manifest[start + 1..];
        rest[..rest.find("\n[").unwrap_or(rest.len())].to_owned()
    };
    let dist = fs::read_to_string(".ci/dist").unwrap();
    for text in [part("deb"), part("generate-rpm"), filled("packaging/elbtail.rb")] {
        for name in ["kubectl-elbtail", "kubectl_complete-elbtail", "bash", "zsh", "fish", "man"] {
            assert!(text.contains(name), "{name} is not in {text}");
        }
    }
    for name in ["elbtail", "kubectl-elbtail", "kubectl_complete-elbtail", "completion.", "man", "SHA256SUMS"] {
        assert!(dist.contains(name), "{name}");
    }
}

/// `.ci/dist --publish` in a directory of its own; the changelog and `Cargo.toml` are these.
#[cfg(unix)]
fn published(manifest: &str, changelog: &str) -> (Option<i32>, String) {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join(".ci")).unwrap();
    fs::copy(".ci/dist", place.path().join(".ci/dist")).unwrap();
    fs::write(place.path().join("Cargo.toml"), manifest).unwrap();
    fs::write(place.path().join("CHANGELOG.md"), changelog).unwrap();
    let mut command = std::process::Command::new("bash");
    let output = command.args([".ci/dist", "--publish"]).current_dir(place.path()).output().unwrap();
    assert!(!place.path().join("dist").exists(), "nothing was made");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(unix)]
#[test]
fn what_names_nobody_cannot_be_published() {
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let changelog = concat!("# Changelog\n\n## ", env!("CARGO_PKG_VERSION"), " (unreleased)\n\n- News.\n");
    let field = |name: &str| {
        let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = "))).unwrap();
        (line.to_owned(), line.split('"').nth(1).unwrap().to_owned())
    };
    let [(authors, _), (repository, _)] = ["authors", "repository"].map(field);
    let with = |who: &str, place: &str| {
        let manifest = manifest.replace(&authors, &format!("authors = [\"{who}\"]"));
        manifest.replace(&repository, &format!("repository = \"{place}\""))
    };
    let (nobody, nowhere) = ("somebody <a@example.org>", "https://example.org/elbtail");
    for (who, place, told, untold) in [
        (
            nobody,
            nowhere,
            &["authors is somebody", "repository is https://example.org/elbtail", "is unreleased"][..],
            "xx",
        ),
        ("me <me@blast.test>", nowhere, &["repository is"], "authors is"),
        (nobody, "https://blast.test/elbtail", &["authors is"], "repository is"),
        ("me <me@blast.test>", "git@blast.test:elbtail", &["repository is git@blast.test"], "authors is"),
        ("nameless", "https://blast.test/elbtail", &["authors is nameless"], "repository is"),
        ("me <me@blast.test>", "https://blast.test/elbtail", &["is unreleased; give it its date"], "Cargo.toml"),
    ] {
        let (code, said) = published(&with(who, place), changelog);
        assert_eq!(code, Some(1), "{said}");
        assert!(told.iter().all(|told| said.contains(told)) && !said.contains(untold), "{who} {place}: {said}");
        assert!(said.starts_with("nothing was made"), "{said}");
    }
    let (code, said) = published(&manifest, "# Changelog\n\n## 0.0.1\n\n- Old.\n");
    assert!(code == Some(1) && said.contains("CHANGELOG.md has no section"), "{said}");
}

#[test]
fn who_publishes_and_where_stand_in_one_place() {
    for directory in ["packaging", "deploy", ".ci"] {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains("https://example.org") && !text.contains("@example.org>"), "{}", path.display());
        }
    }
}

#[test]
fn the_changelog_has_notes_for_this_version() {
    let changelog = fs::read_to_string("CHANGELOG.md").unwrap();
    let head = concat!("## ", env!("CARGO_PKG_VERSION"));
    assert!(changelog.lines().any(|line| line.starts_with(head)), "{head}");
}
