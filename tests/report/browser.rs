//! The page in Chromium, Debian's, driven by playwright-core; axe-core looks for what keeps people out.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use elbtail::report::page::page;
use serde_json::Value;

use crate::{
    made_job::{JOB, Size, going_on, hostile},
    numbers::{of, report, words},
    support::process,
};

/// What is seen of a page at 390 and 1,400 pixels, light and dark; see `browser.mjs`.
pub fn look_at(html: &[u8], name: &str) -> Value {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(format!("{name}.html"));
    std::fs::write(&file, html).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = root.join("target/servers/browser");
    assert!(
        modules.join("node_modules/playwright-core").is_dir(),
        "playwright-core is not installed: {}",
        crate::support::INSTALL
    );
    let mut node = Command::new(process::program("node", &[]));
    node.arg(root.join("tests/report/browser.mjs")).arg(&file).arg(modules).arg(process::program("chromium", &[]));
    // Whoever wants to look too.
    if let Some(pictures) = std::env::var_os("ELBTAIL_PICTURES") {
        let pictures = PathBuf::from(pictures);
        std::fs::copy(&file, pictures.join(format!("{name}.html"))).unwrap();
        node.arg(pictures.join(name));
    }
    let run = node.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// Nothing is wrong with a page, whatever it shows.
#[track_caller]
pub fn assert_sound(seen: &Value) {
    let looks = seen["looks"].as_array().unwrap();
    assert_eq!(looks.len(), 4);
    for look in looks {
        assert_eq!(look["said"], serde_json::json!([]), "{look:#}");
        assert!(look["overflow"].as_i64().unwrap() <= 0, "it is wider than the screen: {look:#}");
        assert!(look["colours"].as_u64().unwrap() > 3, "nothing is drawn: {look:#}");
        let faults = look["faults"].as_array().unwrap().iter().map(|fault| fault.as_str().unwrap());
        let grave: Vec<&str> =
            faults.filter(|fault| fault.starts_with("serious") || fault.starts_with("critical")).collect();
        assert!(grave.is_empty(), "{} {}: {grave:#?}", look["width"], look["colorScheme"]);
    }
    let background = |at: usize| &looks[at]["background"];
    assert!(background(0) != background(1) && background(0) == background(2), "light and dark");
    let filter = &seen["filter"];
    assert_eq!(filter["said"], serde_json::json!([]), "{filter:#}");
    assert_ne!(filter["before"], filter["after"], "the switch");
    assert_eq!((&filter["printed"]["filters"], &filter["printed"]["main"]), (&false.into(), &true.into()));
    assert_eq!(filter["printed"]["background"], "rgb(255, 255, 255)", "on paper it is light");
    assert!(filter["pdf"].as_u64().unwrap() > 10_000);
    let unscripted = &seen["unscripted"];
    assert_eq!((&unscripted["theme"], &unscripted["filters"]), (&false.into(), &false.into()), "what needs a script");
}

#[test]
fn on_chromium_a_page_of_a_few_batches_is_sound_and_filters() {
    let size = Size { batches: 25, shards: 5, nodes: 5 };
    let seen = look_at(page(&report(size), &words()).unwrap().as_bytes(), "small");
    assert_sound(&seen);
    let filter = &seen["filter"];
    assert_eq!(filter["whole"], "86 containers");
    assert_eq!(filter["typed"], "3 of 86 containers", "a batch's");
    assert_eq!(filter["batches"], 1);
    assert_eq!(filter["nothing"], "0 of 86 containers");
    assert_eq!(filter["cleared"], filter["whole"]);
    assert_eq!(filter["shard"], serde_json::json!(["all", "s00", "s01", "s02", "s03", "s04"]));
    assert_eq!(filter["ofShard"], "15 of 86 containers");
    assert_eq!(filter["kinds"], 0, "its containers have no errors");
    assert_eq!(filter["sorted"], "descending");
    let link = filter["link"].as_str().unwrap();
    let (_, container) = link.split_once(' ').unwrap();
    assert!(
        filter["detail"].as_str().unwrap().contains(container) && filter["chosen"].as_str().unwrap().starts_with("#c")
    );
    assert!(!filter["byKeys"].as_str().unwrap().is_empty());
    let text = seen["unscripted"]["text"].as_str().unwrap();
    for part in [
        "BLAST Database error",
        "blastn-s02-003",
        "came to a good end",
        "aks-blastpool-31415926-vmss000004",
        "Nothing is known to be missing",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn on_chromium_the_page_of_a_job_that_goes_on_is_sound() {
    let seen = look_at(page(&of(going_on), &words()).unwrap().as_bytes(), "going-on");
    assert_sound(&seen);
    let text = seen["unscripted"]["text"].as_str().unwrap();
    for part in ["1 running, 2 waiting", "ImagePullBackOff", "straggler"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn on_chromium_five_thousand_batches_are_sound() {
    let size = Size { batches: 5000, shards: 10, nodes: 50 };
    let html = page(&report(size), &words()).unwrap();
    assert!(html.len() < 5_000_000, "{} bytes", html.len());
    let seen = look_at(html.as_bytes(), "large");
    assert_sound(&seen);
    let filter = &seen["filter"];
    assert_eq!((&filter["whole"], &filter["typed"]), (&"15,101 containers".into(), &"3 of 15,101 containers".into()));
    let text = seen["unscripted"]["text"].as_str().unwrap();
    assert!(text.contains("4,976\nof 5,000; 24 failed"), "{text}");
    let drawn: Vec<String> = seen["looks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|look| format!("{:.0} ms", look["drawn"].as_f64().unwrap()))
        .collect();
    println!("{} bytes, drawn after {}", html.len(), drawn.join(", "));
}

#[test]
fn on_chromium_nothing_that_pods_say_is_obeyed() {
    let seen = look_at(page(&of(hostile), &words()).unwrap().as_bytes(), "hostile");
    assert_sound(&seen);
    for look in seen["looks"].as_array().unwrap() {
        assert_eq!(look["title"], format!("{JOB} · elbtail report"), "a script ran");
    }
    let filter = &seen["filter"];
    assert!(filter["detail"].as_str().unwrap().contains("<img src=x onerror="), "it is shown as text");
    assert!(seen["unscripted"]["text"].as_str().unwrap().contains("</script><img src=x"));
}
