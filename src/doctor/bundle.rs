//! `elbtail doctor JOB --bundle FILE.tar.zst`: everything a ticket needs in one file, with its secrets masked.

use std::io::{self, Write};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{ApiResource, DynamicObject, ListParams},
};
use serde_json::Value;

use super::{ClusterFacts, Facts, LogFacts, Report, TailAnswer, TailPart, gather::read_all, output};
use crate::{
    cluster::{Cluster, watching},
    k8s::labels,
    mask::{LineMasker, mask, mask_json},
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
        page(
            "report.txt",
            output::render(output::DoctorFormat::Text, report, output::Explained::Verbose)?.into_bytes(),
        ),
        page(
            "report.json",
            output::render(output::DoctorFormat::Json, report, output::Explained::Verbose)?.into_bytes(),
        ),
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

/// Writes the pages as one compressed archive, and hands back what it was written to.
///
/// # Errors
/// When it cannot be written.
pub fn pack<W: Write>(to: W, pages: &[Page]) -> io::Result<W> {
    let mut archive = tar::Builder::new(zstd::Encoder::new(to, LEVEL)?);
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or_default();
    for page in pages {
        let mut header = tar::Header::new_gnu();
        header.set_size(page.content.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(now);
        archive.append_data(&mut header, &page.path, page.content.as_slice())?;
    }
    let mut to = archive.into_inner()?.finish()?;
    to.flush()?;
    Ok(to)
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
    let previous = if log.part == TailPart::Previous { ".previous" } else { "" };
    let path = format!("logs/{}/{}{previous}.log", file(Some(&log.target.pod)), file(Some(&log.target.container)));
    let mut masked = LineMasker::default();
    let text = match &log.answer {
        TailAnswer::Lines(lines) => lines
            .iter()
            .map(|line| {
                let stamp = line.stamp.map(|stamp| format!("{stamp} ")).unwrap_or_default();
                format!("{stamp}{}\n", masked.mask(&line.text))
            })
            .collect(),
        TailAnswer::InBand(_, text) => format!("(the kubelet answered: {})\n", mask(text)),
        TailAnswer::NotScheduled => "(the pod is on no node)\n".to_owned(),
        TailAnswer::Refused(error) => format!("(refused: {})\n", mask(&error.to_string())),
    };
    page(&path, text.into_bytes())
}

/// The job's pods whole, as the API has them; those that cannot be had are left out.
async fn pods(cluster: &Cluster, facts: &Facts) -> Vec<Value> {
    let (Some(id), ClusterFacts::Seen(seen)) = (facts.row.id(), &facts.cluster) else { return Vec::new() };
    let resource = ApiResource::erase::<Pod>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(cluster.client(), &facts.place.namespace, &resource);
    let params = ListParams::default().labels_from(&labels::of_job(id));
    let mut pods = watching::list(&api, params, |pod| pod).await.unwrap_or_default();
    for found in seen.pods() {
        let name = found.pod.name();
        if pods.iter().all(|pod| pod.metadata.name.as_deref() != Some(name)) {
            pods.extend(api.get(name).await.ok());
        }
    }
    pods.into_iter().filter_map(|pod| serde_json::to_value(pod).ok()).collect()
}
