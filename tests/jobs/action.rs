//! `action.yml`: the steps of the GitHub Action, run as a runner does.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

use crate::{Batch, ONE, Place};

/// A step of the action, with its inputs.
fn step(place: &Place, name: &str, inputs: &[(&str, &str)]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let like = place.command(&[]);
    let mut command = Command::new(root.join("packaging/action.sh"));
    command.arg(name).env_clear().current_dir(&place.directory);
    command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    for (name, value) in [("ELBTAIL_WAIT", "1s"), ("ELBTAIL_FOLLOW", "false"), ("ELBTAIL_JUNIT", "doctor.xml")] {
        command.env(name, value);
    }
    for file in ["GITHUB_OUTPUT", "GITHUB_PATH"] {
        command.env(file, place.directory.path().join(file));
    }
    command.env("GITHUB_ACTION_PATH", root).env("RUNNER_TEMP", place.directory.path()).envs(inputs.iter().copied());
    command.output().unwrap()
}

/// One that finds elbtail where the step before has put it.
fn check(place: &Place, inputs: &[(&str, &str)]) -> Output {
    let bin = place.directory.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let _ = symlink(assert_cmd::cargo::cargo_bin!("elbtail"), bin.join("elbtail"));
    let path = format!("{}:/usr/bin:/bin", bin.display());
    step(place, "check", &[&[("PATH", path.as_str())], inputs].concat())
}

fn written(place: &Place, file: &str) -> String {
    fs::read_to_string(place.directory.path().join(file)).unwrap()
}

#[test]
fn the_action_checks_the_job_and_follows_it() {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Done);
    let output =
        check(&place, &[("ELBTAIL_JOB", "3ed51a95"), ("ELBTAIL_FOLLOW", "true"), ("ELBTAIL_ARGS", "-n 'default'")]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().filter(|line| line.ends_with("shard 0")).count(), 1);
    assert!(written(&place, "doctor.xml").contains("failures=\"0\""));
    assert_eq!(written(&place, "GITHUB_OUTPUT"), "junit=doctor.xml\nexit-code=0\n");
}

#[test]
fn the_action_fails_as_elbtail_does_and_runs_nothing_that_an_input_holds() {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Failed);
    let output = check(&place, &[("ELBTAIL_JOB", ONE)]);
    assert_eq!(output.status.code(), Some(9), "{output:?}");
    assert!(written(&place, "doctor.xml").contains("<failure"));
    assert!(written(&place, "GITHUB_OUTPUT").ends_with("exit-code=9\n"));
    let output = check(&place, &[("ELBTAIL_JOB", "abcdef01"), ("ELBTAIL_ARGS", "-n '$(touch ran)`touch ran`'")]);
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    assert!(!place.directory.path().join("ran").exists());
    for inputs in [
        &[("ELBTAIL_JOB", ONE), ("ELBTAIL_ARGS", "--context=\"prod")][..],
        &[("ELBTAIL_JOB", "--help")],
        &[("ELBTAIL_JOB", ONE), ("ELBTAIL_JUNIT", "x.xml\nevil=1")],
    ] {
        let output = check(&place, inputs);
        assert_ne!(output.status.code(), Some(0), "{inputs:?}: {output:?}");
        assert!(!written(&place, "GITHUB_OUTPUT").contains("evil"));
    }
}

#[test]
fn the_action_installs_its_own_release_and_no_other_on_curl() {
    let place = Place::new();
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("elbtail-{version}-{}-linux", std::env::consts::ARCH);
    let release = place.directory.path().join(format!("own/elbtail/releases/download/v{version}"));
    let made = |script: &str| {
        let script = format!(
            "mkdir -p {release} && cd {release} && rm -rf * && mkdir {name} && printf '{script}' >{name}/elbtail && chmod +x {name}/elbtail \
             && tar -czf {name}.tar.gz {name} && rm -r {name} && touch other && sha256sum * >SHA256SUMS && rm other",
            release = release.display()
        );
        assert!(Command::new("bash").args(["-ec", &script]).status().unwrap().success());
    };
    let server = format!("file://{}", place.directory.path().display());
    let install =
        || step(&place, "install", &[("GITHUB_SERVER_URL", server.as_str()), ("ELBTAIL_REPOSITORY", "own/elbtail")]);
    made("#!/bin/sh\\necho this one\\n");
    let output = install();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "this one\n");
    assert!(Path::new(written(&place, "GITHUB_PATH").trim()).join("elbtail").exists());
    // Changed on its way.
    fs::write(release.join(format!("{name}.tar.gz")), "another").unwrap();
    assert_ne!(install().status.code(), Some(0));
    fs::remove_dir_all(&release).unwrap();
    let output = install();
    assert!(String::from_utf8_lossy(&output.stdout).contains("::error::"), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_action_prints_no_secret() {
    let place = Place::new();
    place.batch("default", ONE, 0, Batch::Done);
    for pod in place.cluster.pods("default") {
        pod.print(
            "blast",
            "azcopy cp https://s.blob.core.windows.net/q/a.fa?sv=2022-11-02&sp=r&sig=a1b2c3d4e5f6g7h8i9 .",
        );
    }
    let output = check(&place, &[("ELBTAIL_JOB", ONE), ("ELBTAIL_FOLLOW", "true")]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("azcopy cp") && !stdout.contains("a1b2c3"), "{stdout}");
}

#[test]
fn the_action_passes_each_of_its_inputs_on() {
    let text = include_str!("../../action.yml");
    let script = include_str!("../../packaging/action.sh");
    let action: serde_json::Value = serde_saphyr::from_str(text).unwrap();
    for name in action["inputs"].as_object().unwrap().keys() {
        let variable = format!("ELBTAIL_{}", name.to_uppercase());
        assert!(text.contains(&format!("{variable}: ${{{{ inputs.{name} }}}}")), "{name}");
        assert!(script.contains(&variable), "{name}");
    }
}
