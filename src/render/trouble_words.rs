//! [`by_its_words`]: what says, in any program's words, that something went wrong.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Meaning;

/// What words hint at, and what must stand around them so that they mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    /// They mean it wherever they stand.
    Is(Meaning),
    /// They mean it unless they are denied: `no error: …`, `error: 0`.
    Told(Meaning),
    /// In capitals and as a word of its own they are a level.
    LevelWord(Meaning),
    /// A level follows, as logfmt and JSON have it: `level=error`.
    Level,
    /// An exit code follows.
    ExitCode,
    /// The status of an HTTP answer follows.
    Status,
    /// What has failed stands before.
    Failed,
}

/// Small letters stand for capitals too. Of those that begin at one place the first counts.
const HINTS: [(&str, Hint); 79] = [
    (" failed, retrying in ", Hint::Is(Meaning::Trouble)),
    ("error while loading shared libraries", Hint::Is(Meaning::Failure)),
    ("error: ", Hint::Told(Meaning::Failure)),
    ("[error]", Hint::Told(Meaning::Failure)),
    ("fatal: ", Hint::Told(Meaning::Failure)),
    ("[fatal]", Hint::Told(Meaning::Failure)),
    ("exception: ", Hint::Told(Meaning::Failure)),
    ("error", Hint::LevelWord(Meaning::Failure)),
    ("fatal", Hint::LevelWord(Meaning::Failure)),
    ("critical", Hint::LevelWord(Meaning::Failure)),
    ("warning", Hint::LevelWord(Meaning::Warning)),
    ("warn", Hint::LevelWord(Meaning::Warning)),
    ("level", Hint::Level),
    ("lvl", Hint::Level),
    ("severity", Hint::Level),
    ("exit code", Hint::ExitCode),
    ("exit_code", Hint::ExitCode),
    ("exit-code", Hint::ExitCode),
    ("exitcode", Hint::ExitCode),
    ("exit status", Hint::ExitCode),
    ("exit value", Hint::ExitCode),
    ("exited with", Hint::ExitCode),
    ("exited ", Hint::ExitCode),
    ("return code", Hint::ExitCode),
    ("curl: (", Hint::ExitCode),
    ("http/1.0", Hint::Status),
    ("http/1.1", Hint::Status),
    ("http/2.0", Hint::Status),
    ("http/2", Hint::Status),
    ("http/3", Hint::Status),
    ("http ", Hint::Status),
    ("response ", Hint::Status),
    ("status code", Hint::Status),
    ("status_code", Hint::Status),
    ("statuscode", Hint::Status),
    (" failed", Hint::Failed),
    ("failed to ", Hint::Told(Meaning::Failure)),
    ("blast database error", Hint::Is(Meaning::Failure)),
    ("blast query/options error", Hint::Is(Meaning::Failure)),
    ("blast engine error", Hint::Is(Meaning::Failure)),
    ("ncbi c++ exception", Hint::Is(Meaning::Failure)),
    ("segmentation fault", Hint::Is(Meaning::Failure)),
    ("bus error", Hint::Is(Meaning::Failure)),
    ("illegal instruction", Hint::Is(Meaning::Failure)),
    (" killed ", Hint::Is(Meaning::Failure)),
    ("(core dumped)", Hint::Is(Meaning::Failure)),
    ("std::bad_alloc", Hint::Is(Meaning::Failure)),
    ("oomkilled", Hint::Is(Meaning::Failure)),
    ("panicked at ", Hint::Is(Meaning::Failure)),
    ("command not found", Hint::Is(Meaning::Failure)),
    ("authorizationfailure", Hint::Is(Meaning::Failure)),
    ("authenticationfailed", Hint::Is(Meaning::Failure)),
    ("is not authorized", Hint::Is(Meaning::Failure)),
    ("timed out after ", Hint::Is(Meaning::Failure)),
    ("could not resolve host", Hint::Is(Meaning::Failure)),
    ("temporary failure in name resolution", Hint::Is(Meaning::Failure)),
    ("name or service not known", Hint::Is(Meaning::Failure)),
    ("i/o timeout", Hint::Is(Meaning::Failure)),
    // What the C library calls its errors.
    ("out of memory", Hint::Is(Meaning::Failure)),
    ("cannot allocate memory", Hint::Is(Meaning::Failure)),
    ("no space left on device", Hint::Is(Meaning::Failure)),
    ("no such file or directory", Hint::Is(Meaning::Failure)),
    ("no such device", Hint::Is(Meaning::Failure)),
    ("permission denied", Hint::Is(Meaning::Failure)),
    ("operation not permitted", Hint::Is(Meaning::Failure)),
    ("connection refused", Hint::Is(Meaning::Failure)),
    ("connection reset by peer", Hint::Is(Meaning::Failure)),
    ("connection timed out", Hint::Is(Meaning::Failure)),
    ("network is unreachable", Hint::Is(Meaning::Failure)),
    ("no route to host", Hint::Is(Meaning::Failure)),
    ("broken pipe", Hint::Is(Meaning::Failure)),
    ("input/output error", Hint::Is(Meaning::Failure)),
    ("read-only file system", Hint::Is(Meaning::Failure)),
    ("disk quota exceeded", Hint::Is(Meaning::Failure)),
    ("too many open files", Hint::Is(Meaning::Failure)),
    ("argument list too long", Hint::Is(Meaning::Failure)),
    ("exec format error", Hint::Is(Meaning::Failure)),
    ("stale file handle", Hint::Is(Meaning::Failure)),
    ("device or resource busy", Hint::Is(Meaning::Failure)),
];

/// What a line means by the words that are in it, if it is no row of results.
pub(super) fn by_its_words(line: &[u8]) -> Option<Meaning> {
    static FIND: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .ascii_case_insensitive(true)
            .build(HINTS.iter().map(|(words, _)| words))
            .ok()
    });
    if is_result(line) {
        return None;
    }
    let meant = FIND.as_ref()?.find_iter(line).find_map(|found| {
        let (_, hint) = HINTS.get(found.pattern().as_usize())?;
        let (before, words, behind) = (&line[..found.start()], &line[found.range()], &line[found.end()..]);
        match hint {
            Hint::Is(meaning) => Some(*meaning),
            Hint::Told(meaning) => (!is_denied(before) && !is_nothing(behind)).then_some(*meaning),
            Hint::LevelWord(meaning) => is_level_word(before, words, behind).then_some(*meaning),
            Hint::Level => level(before, behind),
            Hint::ExitCode => (number(behind)?.0 != 0).then_some(Meaning::Failure),
            Hint::Status => is_bad_status(behind).then_some(Meaning::Failure),
            Hint::Failed => has_failed(before, behind).then_some(Meaning::Failure),
        }
    });
    // How shells say that there is no such command.
    meant.or_else(|| line.ends_with(b": not found").then_some(Meaning::Failure))
}

/// Whether a line is of a sequence or of BLAST's results, whose names and titles say anything.
fn is_result(line: &[u8]) -> bool {
    /// Columns of a table, of which BLAST's have twelve and a log's fewer.
    const TABS: usize = 8;
    const BEGINNINGS: [&[u8]; 5] = [b"# Query: ", b"# Database: ", b"# Fields: ", b"# Subject: ", b"Query= "];
    let is_title = line.first() == Some(&b'>') && line.get(1).is_some_and(|next| !next.is_ascii_whitespace());
    is_title
        || BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
        || memchr::memchr_iter(b'\t', line).nth(TABS - 1).is_some()
}

/// Whether the word before denies what follows: `0 errors`, `no error: …`.
fn is_denied(before: &[u8]) -> bool {
    const DENIALS: [&[u8]; 11] =
        [b"0", b"no", b"not", b"never", b"none", b"without", b"any", b"if", b"when", b"whether", b"unless"];
    let word = before.trim_ascii_end().rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    DENIALS.iter().any(|denial| word.eq_ignore_ascii_case(denial))
}

/// Whether what is told is that there is nothing: `error: 0`, `failed=0`.
fn is_nothing(behind: &[u8]) -> bool {
    let value = behind.trim_ascii_start();
    let value = value.strip_prefix(b":").or(value.strip_prefix(b"=")).unwrap_or(value);
    let value = value.trim_ascii_start();
    let word = value.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    [&b"0"[..], b"none", b"false", b"null", b"nil"].iter().any(|nothing| word.eq_ignore_ascii_case(nothing))
}

fn is_level_word(before: &[u8], words: &[u8], behind: &[u8]) -> bool {
    let begins = before.last().is_none_or(|byte| b" \t[|(<".contains(byte));
    let ends = behind.first().is_none_or(|byte| b" \t]|)>:".contains(byte));
    begins && ends && words.iter().all(u8::is_ascii_uppercase) && !is_denied(before)
}

/// The level behind `level`, when that is a key and not an option of a command such as `--log-level=ERROR`.
fn level(before: &[u8], behind: &[u8]) -> Option<Meaning> {
    let quote = before.last().filter(|byte| b"\"'".contains(byte));
    let is_key = before.last().is_none_or(|byte| b" \t{,\"'[(.".contains(byte));
    let rest = match quote {
        Some(quote) => behind.strip_prefix(std::slice::from_ref(quote))?,
        // The end of a longer key: `"log.level"`.
        None if before.ends_with(b".") => behind.strip_prefix(b"\"").unwrap_or(behind),
        None => behind,
    };
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b":").or(rest.strip_prefix(b"="))?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").or(rest.strip_prefix(b"'")).unwrap_or(rest);
    let word = rest.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    if !is_key || rest.get(word.len()).is_some_and(|byte| b"_-".contains(byte)) {
        return None;
    }
    match &word[..] {
        b"error" | b"err" | b"fatal" | b"panic" | b"critical" | b"crit" | b"alert" | b"emerg" | b"emergency"
        | b"severe" => Some(Meaning::Failure),
        b"warn" | b"warning" => Some(Meaning::Warning),
        // As pino and bunyan number them.
        b"50" | b"60" if quote.is_some() => Some(Meaning::Failure),
        b"40" if quote.is_some() => Some(Meaning::Warning),
        _ => None,
    }
}

/// The number that follows, with what is behind it, if nothing but signs and words for it stand before.
fn number(behind: &[u8]) -> Option<(u64, &[u8])> {
    const WORDS: [&[u8]; 8] = [b"code", b"status", b"error", b"of", b"is", b"was", b"value", b"with"];
    let mut rest = behind;
    loop {
        let signs = rest.iter().take_while(|byte| b" \t:=\"'([-".contains(byte)).count();
        rest = &rest[signs..];
        let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        if letters == 0 {
            break;
        }
        if !WORDS.iter().any(|word| rest[..letters].eq_ignore_ascii_case(word)) {
            return None;
        }
        rest = &rest[letters..];
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, behind) = rest.split_at(digits);
    let is_whole = behind.first().is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    is_whole.then_some((number, behind))
}

fn is_bad_status(behind: &[u8]) -> bool {
    /// What makes a number one of something else.
    const UNITS: [&[u8]; 5] = [b"ms", b"s", b"bytes", b"b", b"kb"];
    let Some((number, behind)) = number(behind) else { return false };
    let unit = behind.strip_prefix(b" ").unwrap_or_default();
    let unit = unit.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    (400..600).contains(&number) && !UNITS.iter().any(|known| unit.eq_ignore_ascii_case(known))
}

/// Whether ` failed` ends what is said of something, or a reason follows: there is a gene that is called `failed axon connections`.
fn has_failed(before: &[u8], behind: &[u8]) -> bool {
    const REASONS: [&[u8]; 9] = [b"with", b"to", b"for", b"because", b"after", b"on", b"in", b"at", b"due"];
    let ends = match behind.trim_ascii_start() {
        [] => true,
        rest if rest.len() == behind.len() => b".,;:!)=".contains(&rest[0]),
        rest => {
            let word = rest.split(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
            rest[0] == b'(' || REASONS.contains(&word)
        }
    };
    ends && !is_denied(before) && !is_nothing(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_known_in_any_programs_words() {
        for line in [
            "RESPONSE 403: 403 This request is not authorized to perform this operation.",
            "RESPONSE Status: 403 This request is not authorized",
            "HTTP/1.1 403 Forbidden",
            "403 This request is not authorized to perform this operation using this permission.",
            "the transfer timed out after 30s",
            "blastn: error while loading shared libraries: libz.so.1: cannot open shared object file",
            "< HTTP/2 503",
            "10.0.0.1 - - \"GET /x HTTP/1.1\" 404 153",
            "HTTP 500 Internal Server Error",
            "request failed: status code: 429",
            "status_code=503 path=/x",
            "connect to 10.0.0.4 port 443: Connection refused",
            "read: connection reset by peer",
            "cp: cannot create '/x': Read-only file system",
            "level=error msg=\"x\"",
            "time=\"2026-01-01T00:00:00Z\" level=fatal msg=x",
            "ts=1 lvl=\"ERROR\" msg=x",
            r#"{"level":"error","msg":"x"}"#,
            r#"{"time": 1, "severity": "CRITICAL", "message": "x"}"#,
            r#"{"log.level":"error"}"#,
            r#"{"level":50,"msg":"x"}"#,
            "ERROR x",
            "ERROR",
            "2026-11-24T12:00:00Z ERROR x",
            "2026-11-24 12:00:00,123 ERROR module: x",
            "1764000000\tERROR\tmain.go:12\tx",
            "[2026-11-24] [error] x",
            "CRITICAL x",
            "BLAST_EXIT_CODE=255",
            "Command failed with exit code 1",
            "exit code 137",
            "Exit Code: 2",
            "subprocess.CalledProcessError: Command 'x' returned non-zero exit status 2.",
            "process exited with status 9",
            "blast Exited (137)",
            "reason: OOMKilled",
            "upload failed",
            "the transfer failed: timeout",
            "copy failed (3 files)",
            "2 jobs failed",
            "succeeded=2 failed=1",
            "Failed to start",
            "curl: (6) Could not resolve host: x",
            "curl: (28) Operation timed out",
            "sh: 1: blastn: not found",
            "thread 'main' panicked at src/main.rs",
        ] {
            assert_eq!(by_its_words(line.as_bytes()), Some(Meaning::Failure), "{line:?}");
        }
        assert_eq!(by_its_words(br#"{"level":"warning"}"#), Some(Meaning::Warning));
        assert_eq!(by_its_words(b"2026-11-24T12:00:00Z WARN x"), Some(Meaning::Warning));
    }

    #[test]
    fn what_only_looks_like_it_is_none() {
        for line in [
            "0 errors",
            "errors=0",
            "no errors found",
            "no error: all is well",
            "error: 0",
            "errors: 0, warnings: 0",
            "0 ERROR lines",
            "exit code 0",
            "exit code: 0 (ok)",
            "BLAST_EXIT_CODE=0",
            "blast Exited (0) 5 minutes ago",
            "0 failed",
            "3 succeeded, 0 failed.",
            "failed=0",
            "jobs that failed: 0",
            "level=info msg=\"an error is expected here\"",
            r#"{"level":"info","msg":"x"}"#,
            r#"{"level":30}"#,
            "azcopy cp a b --log-level=ERROR",
            "HTTP/1.1 200 OK",
            "< HTTP/2 304",
            "RESPONSE 201: created",
            "response 450 ms",
            "GET / HTTP/1.1",
            ">NP_524035.2 error: failed, exit code 5 [Drosophila]",
            "NP_524035.2 failed axon connections, isoform A   250   1e-80",
            "# Query: seq1 ERROR exit code 4",
            "Query= seq1 ERROR x",
            "seq1\tERROR x\t98.5\t403\t2\t0\t1\t403\t1\t404\t1e-50\t500",
            "Query_1\tgi|403|HTTP 500\t99.0\t404\t3\t0\t1\t2\t3\t4\t0.0\t503",
            "ATGCERRORGATTACA",
            "ERROR_COUNT",
            "exit codes are listed in the manual",
            "maximum query length 403",
            "",
        ] {
            assert_eq!(by_its_words(line.as_bytes()), None, "{line:?}");
        }
    }
}
