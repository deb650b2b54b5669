//! All mutants of a crate in one build: each is a branch that is taken when `MUTANT` is its number.
//!
//! `weave LIST CRATE [--slow NAME]… [--only WORD]…`: LIST is what `cargo mutants --list --json` says; CRATE is a copy of a crate,
//! whose sources are changed. Tests whose names contain NAME run only for mutants that all others leave alive.

mod build;
mod run;
mod sources;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use run::Fate;
use sources::Mutant;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let list = args.next().expect("LIST");
    let root = PathBuf::from(args.next().expect("CRATE"));
    let (mut slow, mut only) = (Vec::new(), Vec::new());
    while let Some(word) = args.next() {
        let value = args.next().expect("a value");
        match &*word {
            "--slow" => slow.push(value),
            "--only" => only.push(value),
            _ => panic!("{word}"),
        }
    }
    let mutants: Vec<Mutant> = sources::listed(&list)
        .into_iter()
        .filter(|mutant| root.join(&mutant.file).exists())
        .filter(|mutant| only.is_empty() || only.iter().any(|word| mutant.name.contains(word)))
        .collect();
    let mut fates: BTreeMap<u32, Fate> = BTreeMap::new();
    let binary = build::until_it_builds(&root, &mutants, &mut fates);
    run::all(&root, &binary, &mutants, &slow, &mut fates);
    run::report(&mutants, &fates);
    ExitCode::from(u8::from(fates.values().any(|fate| *fate == Fate::Survived)))
}
