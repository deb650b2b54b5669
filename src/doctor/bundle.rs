//! `elbtail doctor JOB --bundle FILE.tar.zst`: everything a ticket needs in one file, with its secrets masked.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use form_urlencoded::byte_serialize;
use http::Request;
use jiff::Timestamp;
use kube::Client;
use serde_json::Value;

use super::{Answer, ClusterFacts, Facts, LogFacts, Part, Report, gather::read_all, view};
use crate::{
    cluster::Cluster,
    discover::ID_LABEL,
    mask::{Lines, mask, mask_json},
};

/// zstd's own default.
const LEVEL: i32 = 3;

/// One file of a bundle.
#[derive(Debug)]
pub struct Page {
    /// Its path in the archive.
    pub path: String,
    /// Its content, masked.
    pub content: Vec<u8>,
}

/// Collects what a bundle holds: the row, the report, pods and Jobs as the API has them, events, and the last lines of every
/// container.
pub async fn collect(cluster: Option<&Cluster>, facts: &Facts, report: &Report) -> anyhow::Result<Vec<Page>> {
    let mut pages = vec![
        page("report.txt", view::render(view::DoctorFormat::Text, report)?.into_bytes()),
        page("report.json", view::render(view::DoctorFormat::Json, report)?.into_bytes()),
    ];
    if let Some(row) = &facts.row.row {
        pages.push(json("row.json", row.document().clone())?);
    }
    if let Some(resolution) = &facts.row.resolution {
        pages.push(json("mirrors.json", serde_json::to_value(&resolution.mirrors)?)?);
    }
    let (Some(cluster), ClusterFacts::Seen(seen)) = (cluster, &facts.cluster) else { return Ok(pages) };
    pages.push(json("events.json", serde_json::to_value(&seen.events)?)?);
    for job in seen.jobs() {
        pages.push(json(&format!("jobs/{}.json", file(job.metadata.name.as_deref())), serde_json::to_value(job)?)?);
    }
    for pod in pods(cluster, facts).await {
        pages.push(json(&format!("pods/{}.json", file(pod["metadata"]["name"].as_str())), pod)?);
    }
    pages.extend(read_all(cluster, seen.pods()).await.iter().map(log));
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(pages)
}

/// Writes the archive, whole or not at all, for its owner's eyes only.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, pages: &[Page]) -> anyhow::Result<()> {
    let name = path.file_name().with_context(|| format!("--bundle {}: names no file", path.display()))?;
    let partial = path.with_file_name(format!(".{}.partial", name.to_string_lossy()));
    let packed = pack(&partial, pages).and_then(|()| fs::rename(&partial, path));
    if packed.is_err() {
        // What is half written helps nobody.
        let _ = fs::remove_file(&partial);
    }
    packed.with_context(|| format!("--bundle {}", path.display()))
}

fn pack(path: &Path, pages: &[Page]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut archive = tar::Builder::new(zstd::Encoder::new(file, LEVEL)?);
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    for page in pages {
        let mut header = tar::Header::new_gnu();
        header.set_size(page.content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(now);
        archive.append_data(&mut header, &page.path, page.content.as_slice())?;
    }
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    file.sync_all()
}

fn page(path: &str, content: Vec<u8>) -> Page {
    Page { path: path.to_owned(), content }
}

fn json(path: &str, mut value: Value) -> anyhow::Result<Page> {
    mask_json(&mut value);
    Ok(page(path, serde_json::to_vec_pretty(&value)?))
}

/// A name as a file's: the API allows no slash in one, but a bundle trusts nothing.
fn file(name: Option<&str>) -> String {
    name.unwrap_or("nameless").replace(['/', '\\'], "_")
}

fn log(log: &LogFacts) -> Page {
    let previous = if log.part == Part::Previous { ".previous" } else { "" };
    let path = format!("logs/{}/{}{previous}.log", file(Some(&log.target.pod)), file(Some(&log.target.container)));
    let mut masked = Lines::default();
    let text = match &log.answer {
        Answer::Lines(lines) => lines
            .iter()
            .map(|line| {
                let stamp = line.stamp.map(|stamp| format!("{stamp} ")).unwrap_or_default();
                format!("{stamp}{}\n", masked.mask(&line.text))
            })
            .collect(),
        Answer::InBand(text) => format!("(the kubelet answered: {})\n", mask(text)),
        Answer::NotScheduled => "(the pod is on no node)\n".to_owned(),
        Answer::Refused(error) => format!("(refused: {})\n", mask(&error.to_string())),
    };
    page(&path, text.into_bytes())
}

/// The job's pods whole, as the API has them; those that cannot be had are left out.
async fn pods(cluster: &Cluster, facts: &Facts) -> Vec<Value> {
    let (Some(id), ClusterFacts::Seen(seen)) = (facts.row.id(), &facts.cluster) else { return Vec::new() };
    let client = cluster.client();
    let namespace: String = byte_serialize(facts.place.namespace.as_bytes()).collect();
    let base = format!("/api/v1/namespaces/{namespace}/pods");
    let labelled = get(&client, &format!("{base}?labelSelector={ID_LABEL}%3D{id}")).await;
    let mut pods: Vec<Value> = match labelled.map(|mut list| list["items"].take()) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    for found in seen.pods() {
        let name = found.pod.name();
        if !pods.iter().any(|pod| pod["metadata"]["name"] == name) {
            let name: String = byte_serialize(name.as_bytes()).collect();
            pods.extend(get(&client, &format!("{base}/{name}")).await);
        }
    }
    pods
}

async fn get(client: &Client, path: &str) -> Option<Value> {
    client.request(Request::get(path).body(Vec::new()).ok()?).await.ok()
}
