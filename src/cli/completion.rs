//! `elbtail completion SHELL`.

use super::{args::CompletionArgs, failure::Failure, stdout};
use crate::exit::Exit;

/// Prints the script.
pub fn run(args: &CompletionArgs) -> Result<Exit, Failure> {
    stdout::outcome(stdout::write(&script(args.shell)))?;
    Ok(Exit::Done)
}

/// The script of a shell, from the command line's definition.
pub fn script(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "elbtail", &mut script);
    if shell == clap_complete::Shell::Bash { bash(&String::from_utf8_lossy(&script)).into_bytes() } else { script }
}

/// The commands whose first word is a file.
const TAKE_FILES: [&str; 4] = ["logs", "resolve", "targets", "doctor"];

/// The commands whose first word is one of a list.
const TAKE_WORDS: [&str; 2] = ["elbtail", "elbtail__subcmd__completion"];

/// The flags whose value is a list with commas.
const TAKE_LISTS: [&str; 1] = ["--phase"];

/// What clap's script for bash does not do: offer the words of a list without the flags between them, offer files where a file
/// is meant, which the shell does by itself when the script has nothing to offer, complete the value of `--flag=`, which bash
/// hands over as three words, and go on behind a comma.
fn bash(script: &str) -> String {
    let mut script = script.replacen(
        "    prev=\"$3\"\n",
        "    prev=\"$3\"\n    \
         if [[ \"${cur}\" == \"=\" ]]; then\n        \
             cur=\"\"\n        \
             prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n    \
         elif [[ \"${prev}\" == \"=\" ]]; then\n        \
             prev=\"${COMP_WORDS[COMP_CWORD-2]}\"\n    \
         fi\n",
        1,
    );
    for name in TAKE_LISTS {
        let head = format!("                {name})\n                    COMPREPLY=($(compgen -W \"");
        let whole = "\" -- \"${cur}\"))\n";
        let last = "\" -P \"${cur%\"${cur##*,}\"}\" -- \"${cur##*,}\"))\n";
        let mut parts = script.split(&head);
        let first = parts.next().unwrap_or_default().to_owned();
        script = parts.fold(first, |script, part| script + &head + &part.replacen(whole, last, 1));
    }
    for name in TAKE_FILES {
        let head = format!("        elbtail__subcmd__{name})\n            opts=");
        let Some(start) = script.find(&head) else { continue };
        let Some(length) = script[start..].find("\n            ;;\n") else { continue };
        let block = script[start..start + length].replacen(" || ${COMP_CWORD} -eq 2 ]]", " ]]", 1).replace(
            "            COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )\n            return 0",
            "            return 0",
        );
        script.replace_range(start..start + length, &block);
    }
    for name in TAKE_WORDS {
        let head = format!("        {name})\n            opts=");
        let Some(start) = script.find(&head) else { continue };
        let Some(length) = script[start..].find("            if [[ ") else { continue };
        let flags = "            [[ \"${cur}\" == -* ]] || opts=\"$(compgen -W \"${opts}\" -X '-*')\"\n";
        script.insert_str(start + length, flags);
    }
    script
}
