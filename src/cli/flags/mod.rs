//! Flags that several commands share, and the words they take. Each becomes a plain value (`plan`) before anything is called,
//! so that what a file says can be one too.

mod cluster;
mod jobs;
mod lines;
mod print;
mod rows;
mod screen;
mod words;

#[cfg(feature = "watch")]
pub use self::lines::moment;
pub use self::{
    cluster::{ConnectArgs, HEADING as CLUSTER},
    jobs::JobsArgs,
    lines::{EMPTY, LineArgs},
    print::{HEADING as DISPLAY, PrintArgs},
    rows::{DbArgs, HEADING as DATABASE, LatestAmong, LatestArgs},
    screen::ScreenArgs,
    words::StateWord,
};

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// Files under `directory` with code, not only a comment, that names clap.
    fn naming_clap(directory: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(naming_clap(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
                let mut words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
                if words.any(|word| word == "clap") {
                    found.push(path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string());
                }
            }
        }
        found
    }

    /// A derive cannot be forbidden outside a module by clippy, and a dependency cannot be hidden from one.
    #[test]
    fn only_the_command_line_knows_clap() {
        let found = naming_clap(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        assert!(found.contains(&"src/cli/flags/words.rs".to_owned()), "{found:?}");
        let others: Vec<_> = found.iter().filter(|path| !path.starts_with("src/cli/")).collect();
        assert!(others.is_empty(), "flags live in src/cli, but these name clap too: {others:?}");
    }
}
