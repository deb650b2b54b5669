//! Running the tests with each mutant.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use crate::sources::Mutant;

#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// The first test that failed.
    Caught(String),
    TimedOut,
    Survived,
    /// The compiler's code.
    Unviable(String),
    /// Where nothing can be chosen at run time.
    NoPlace,
}

/// Whether a mutant is still to be tried.
fn is_open(fates: &BTreeMap<u32, Fate>, mutant: &Mutant) -> bool {
    fates.get(&mutant.id).is_none_or(|fate| *fate == Fate::Survived)
}

/// Tries each mutant: on the tests beside its code, which notice most; then on the others, the `slow` ones last.
pub fn all(root: &Path, binary: &Path, mutants: &[Mutant], slow: &[String], fates: &mut BTreeMap<u32, Fate>) {
    let skip: Vec<&str> = slow.iter().flat_map(|name| ["--skip", name]).collect();
    let only: Vec<&str> = slow.iter().map(|name| &**name).collect();
    let mut limits = BTreeMap::new();
    for pass in ["own", "quick", "slow"] {
        let start = Instant::now();
        let todo: Vec<&Mutant> = mutants.iter().filter(|mutant| is_open(fates, mutant)).collect();
        for mutant in &todo {
            let own = mutant.tests();
            let args: Vec<&str> = match pass {
                "own" => [&*own].into_iter().chain(skip.iter().copied()).collect(),
                "quick" => skip.clone(),
                _ => only.clone(),
            };
            // As the tests take it without a mutant.
            let limit = *limits.entry(args.join(" ")).or_insert_with(|| {
                let start = Instant::now();
                assert_eq!(tried(root, binary, 0, &args, Duration::from_secs(600)), Fate::Survived, "without a mutant");
                (start.elapsed() * 5).max(Duration::from_secs(8))
            });
            let fate = tried(root, binary, mutant.id, &args, limit);
            if fate == Fate::Survived && pass == "slow" {
                eprintln!("survived: {}", mutant.name);
            }
            fates.insert(mutant.id, fate);
        }
        write(root, mutants, fates);
        let open = todo.iter().filter(|mutant| is_open(fates, mutant)).count();
        eprintln!("{pass} tests: {} mutants, {open} not noticed, {:?}", todo.len(), start.elapsed());
    }
}

fn tried(root: &Path, binary: &Path, id: u32, args: &[&str], limit: Duration) -> Fate {
    let mut child = Command::new(binary)
        .args(args)
        .current_dir(root)
        .env("MUTANT", id.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the test program");
    let (send, lines) = mpsc::channel();
    let stdout = child.stdout.take().expect("piped");
    std::thread::spawn(move || {
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    let end = Instant::now() + limit;
    let fate = loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) if line.starts_with("test ") && line.ends_with("FAILED") => {
                break Fate::Caught(line.split(' ').nth(1).unwrap_or_default().to_owned());
            }
            Ok(_) => {}
            Err(mpsc::RecvTimeoutError::Timeout) => break Fate::TimedOut,
            Err(mpsc::RecvTimeoutError::Disconnected) => match child.wait() {
                Ok(status) if status.success() => return Fate::Survived,
                _ => return Fate::Caught("(the program ended)".to_owned()),
            },
        }
    };
    _ = child.kill();
    _ = child.wait();
    fate
}

/// What became of each mutant so far.
fn write(root: &Path, mutants: &[Mutant], fates: &BTreeMap<u32, Fate>) {
    let mut text = String::new();
    for mutant in mutants {
        _ = writeln!(text, "{:?}\t{}", fates.get(&mutant.id), mutant.name);
    }
    std::fs::write(root.join("fates.tsv"), text).expect("written");
}

/// Prints how many of each file had which fate.
pub fn report(mutants: &[Mutant], fates: &BTreeMap<u32, Fate>) {
    let mut by_file: BTreeMap<&str, [usize; 6]> = BTreeMap::new();
    for mutant in mutants {
        let column = match fates[&mutant.id] {
            Fate::Caught(_) => 1,
            Fate::TimedOut => 2,
            Fate::Survived => 3,
            Fate::Unviable(_) => 4,
            Fate::NoPlace => 5,
        };
        for file in [&*mutant.file, "all"] {
            let counts = by_file.entry(file).or_default();
            counts[0] += 1;
            counts[column] += 1;
        }
    }
    println!(
        "{:<40} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "file", "mutants", "noticed", "hung", "survived", "no build", "no place"
    );
    for (file, [all, caught, hung, alive, unviable, nowhere]) in by_file {
        println!("{file:<40} {all:>8} {caught:>8} {hung:>8} {alive:>8} {unviable:>8} {nowhere:>8}");
    }
    for mutant in mutants.iter().filter(|mutant| fates[&mutant.id] == Fate::NoPlace) {
        println!("no place: {}", mutant.name);
    }
}
