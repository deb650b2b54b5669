//! `elbtail version`.

use serde::Serialize;

use super::{args::VersionArgs, args::VersionFormat, connect, failure::Failure, stdout};
use crate::{
    cluster::{ClusterError, ConnectOptions},
    exit::Exit,
    render::document,
};

/// The object of `-o json` and `-o yaml`, in kubectl's names.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionOutput {
    client_version: ClientVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_version: Option<k8s_openapi::apimachinery::pkg::version::Info>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientVersion {
    git_version: &'static str,
    platform: String,
}

/// Prints the version of elbtail and, unless it is asked for alone, of the cluster. Without an answer of the cluster its own is
/// printed all the same.
pub async fn run(args: &VersionArgs, flags: &ConnectOptions) -> Result<Exit, Failure> {
    let client = ClientVersion {
        git_version: concat!("v", env!("CARGO_PKG_VERSION")),
        platform: format!("{}/{}", std::env::consts::OS, architecture()),
    };
    let asked = if args.client { None } else { Some(ask(flags).await) };
    let (server_version, failed) = match asked {
        None => (None, None),
        Some(Ok(version)) => (Some(version), None),
        Some(Err(failure)) => (None, Some(failure)),
    };
    let output = VersionOutput { client_version: client, server_version };
    stdout::print(&match args.output {
        Some(VersionFormat::Json) => document::json(&output)?,
        Some(VersionFormat::Yaml) => document::yaml(&output)?,
        None => text(&output),
    })?;
    failed.map_or(Ok(Exit::Done), Err)
}

/// This machine's, as Go and so Kubernetes calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

async fn ask(flags: &ConnectOptions) -> Result<k8s_openapi::apimachinery::pkg::version::Info, Failure> {
    let cluster = connect(flags, None).await?;
    Ok(cluster.client().apiserver_version().await.map_err(|error| ClusterError::from(&error))?)
}

fn text(output: &VersionOutput) -> String {
    let mut text = format!("Client Version: {}\n", output.client_version.git_version);
    if let Some(server) = &output.server_version {
        text += &format!("Server Version: {}\n", server.git_version);
    }
    text
}
