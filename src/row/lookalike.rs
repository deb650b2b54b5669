//! What an input looks like that is no row, and the way from there to one.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::sheet;
use crate::{foreign, render::plain, shell::quote, yaml};

/// What an input looks like, and what to type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// With its article: `YAML`, `a web page`.
    pub what: String,
    /// What to do next.
    pub way: String,
}

fn like(what: impl Into<String>, way: impl Into<String>) -> Option<Likeness> {
    Some(Likeness { what: what.into(), way: way.into() })
}

/// How psql, mysql and sqlite3 draw tables: the line under the head, or the line before a record.
static DRAWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^ *-{3,}(?:\+-+)+ *$|^-\[ RECORD \d+ \]|^\+-{3,}(?:\+-+)*\+ *$|^\*{5,} \d+\. row \*{5,}|^[┌╭]─|^\(\d+ rows?\)\s*$").ok()
});

/// `key: value`, `- key: value` or `- {key: value` at the start of a line, also of what has an anchor or a tag.
static YAML: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)\A(?:\s*#.*\n|\s*---.*\n|\s*\n)*(?:- (?:[&!]\S*\s+)*(?:\{\s*)?)?["']?[A-Za-z_@$][\w.@$/-]*["']?:(?:[ \t]+\S|[ \t]*\r?\n[ \t-])"#,
    )
    .ok()
});

/// `{key: value` or `[{key: value`, of which the key is no JSON.
static FLOW: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\A(?:\s*#.*\n|\s*---.*\n|\s)*[\[{][\s\[{]*[A-Za-z_@$][\w.@$/-]*:\s").ok());

/// How files begin that are no text, what they are, and how rows come out of them.
const MAGIC: [(&[u8], &str, &str); 10] = [
    (b"SQLite format 3\0", "a SQLite database", "name it with --db: --db {sqlite}"),
    (
        b"PK\x03\x04",
        "a zip file or a spreadsheet",
        "unpack it (unzip -p {file} | elbtail resolve -), or export CSV or JSON",
    ),
    (b"\xfd7zXZ\0", "an xz file", "xz -dc {file} | elbtail resolve -"),
    (b"BZh", "a bzip2 file", "bzip2 -dc {file} | elbtail resolve -"),
    (b"PAR1", "a Parquet file", "export the row as JSON"),
    (b"%PDF", "a PDF file", "export the row as JSON"),
    (b"\x7fELF", "a program", "give the file that holds the row"),
    (b"\x89PNG", "a picture", "copy the row's text, or its id"),
    (b"bplist00", "a property list", "plutil -convert json -o - {file} | elbtail resolve -"),
    (b"Obj\x01", "an Avro file", "export the row as JSON"),
];

/// The record formats of sqlite3 (`.mode line`) and psql (`\\x`): one column a line.
static RECORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let column = r"[ \t]*[A-Za-z_][\w.]*[ \t]*(?: = |[|=])[^\n]*\n";
    let known = r"[ \t]*(?:job_id|PartitionKey|RowKey|payload|payload_json|elb_job_id|k8s_job_id)[ \t]*(?: = |[|=])";
    Regex::new(&format!(r"\A\s*(?:{column}){{0,40}}?{known}[^\n]*(?:\n{column}|\n\s*\z|\z)")).ok()
});

/// How the messages of commands begin that were to write a row.
const COMPLAINTS: [&str; 9] = [
    "curl: ",
    "wget: ",
    "psql: ",
    "mysql: ",
    "jq: ",
    "error: ",
    "error from server",
    "fatal: ",
    "traceback (most recent",
];

/// How much of a text is looked at.
const HEAD: usize = 16 << 10;

/// What `text`, which is no JSON, looks like. `origin` is its file or `stdin`.
pub(super) fn of(origin: &str, text: &[u8]) -> Option<Likeness> {
    of_format(origin, text).or_else(|| of_text(origin, text))
}

/// Whether `text` is drawn: a table or records, in which JSON is one cell.
pub(super) fn is_drawn(text: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&text[..text.len().min(HEAD)]);
    [&DRAWN, &RECORD].iter().any(|form| form.as_ref().is_some_and(|form| form.is_match(&head)))
}

/// Whether `text` begins as YAML does, and is none of Kubernetes'.
pub(super) fn is_yaml(text: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&text[..text.len().min(HEAD)]);
    let field = |name: &str| head.lines().any(|line| line.trim_end().starts_with(name));
    let is_kubernetes = field("apiVersion:") && field("kind:");
    !is_kubernetes && begins_as_yaml(&head)
}

fn begins_as_yaml(head: &str) -> bool {
    [&YAML, &FLOW].iter().any(|form| form.as_ref().is_some_and(|form| form.is_match(head)))
}

/// The documents of YAML.
///
/// # Errors
/// What is wrong with it, in one line.
pub(super) fn yaml(text: &[u8]) -> Result<Vec<Value>, String> {
    let text = String::from_utf8_lossy(text);
    let mut options = yaml::options(&text);
    let mut read = serde_saphyr::from_multiple_with_options(&text, options.clone());
    if read.is_err() && text.contains("!!binary") {
        // Bytes that are no text stay as they are written, and cost no other field.
        options.ignore_binary_tag_for_string = true;
        read = serde_saphyr::from_multiple_with_options(&text, options).or(read);
    }
    read.map_err(|error| match yaml::told(&error) {
        Some(told) => told,
        None => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    })
}

/// The URL of a SQLite file, in which a path may not end early.
fn sqlite(origin: &str) -> String {
    if origin == "stdin" {
        return "sqlite:FILE".to_owned();
    }
    let path = origin.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    quote(&format!("sqlite:{path}"))
}

/// A command that is fed the file, or put into the pipe.
fn fed(origin: &str, command: &str) -> String {
    match origin {
        "stdin" => format!("put this before elbtail in the pipe: {command}"),
        _ => format!("{command} < {} | elbtail resolve -", file(origin)),
    }
}

/// What `text` is if it begins like nothing but that.
pub(super) fn of_format(origin: &str, text: &[u8]) -> Option<Likeness> {
    if let Some((_, what, way)) = MAGIC.iter().find(|(magic, ..)| text.starts_with(magic)) {
        return like(*what, way.replace("{file}", &file(origin)).replace("{sqlite}", &sqlite(origin)));
    }
    if text.get(257..262) == Some(b"ustar") {
        return like(
            "a tar archive",
            format!("take the row out of it: tar -xOf {} row.json | elbtail resolve -", file(origin)),
        );
    }
    let head = String::from_utf8_lossy(&text[..text.len().min(HEAD)]);
    let start = head.trim_start();
    let lower = start[..start.floor_char_boundary(64)].to_ascii_lowercase();
    if lower.starts_with("http/") || lower.starts_with("< http/") {
        return like(
            "an HTTP answer with its headers",
            format!("leave -i out of curl, or: {}", fed(origin, "sed '1,/^[[:space:]]*$/d'")),
        );
    }
    match foreign::name(text) {
        Some(what @ foreign::PAGE) => {
            let way = "fetch the row from the API instead, with its token";
            return like(format!("{what}, perhaps one to log in at"), way);
        }
        Some(what @ foreign::BINARY) => return like(what, "give the file that holds the row, as JSON or CSV"),
        Some(what) => return like(what, "export the row as JSON"),
        None => {}
    }
    let word = head.trim();
    if super::ident::is_uuid(word.trim_matches('"')) {
        let id = word.trim_matches('"');
        return like("the id of a row", format!("let elbtail read the row: elbtail logs --db URL {id}"));
    }
    if is_python(start) {
        let command = r#"python3 -c 'import ast,json,sys;print(json.dumps(ast.literal_eval(sys.stdin.read())))'"#;
        return like("a Python dict as repr() prints it", fed(origin, command));
    }
    None
}

/// What `text` is, which begins like words.
fn of_text(origin: &str, text: &[u8]) -> Option<Likeness> {
    let head = String::from_utf8_lossy(&text[..text.len().min(HEAD)]);
    let start = head.trim_start();
    if start.starts_with("```") {
        return like("Markdown with the row in a code block", fed(origin, "sed '/^```/d'"));
    }
    let lower = start[..start.floor_char_boundary(32)].to_ascii_lowercase();
    if COMPLAINTS.iter().any(|complaint| lower.starts_with(complaint)) {
        let said = start.lines().next().unwrap_or_default();
        let way = "get that command to work first, and see that it writes the row alone";
        return like(format!("an error message ({})", plain(&crate::mask::mask(said), 160)), way);
    }
    if RECORD.as_ref().is_some_and(|record| record.is_match(&head)) {
        return like(
            "a record as sqlite3's .mode line or psql's \\x prints it",
            "ask for JSON: sqlite3 -json DATABASE 'SELECT * FROM jobstate' | elbtail resolve -, or let elbtail read the \
             database: --db URL",
        );
    }
    if DRAWN.as_ref().is_some_and(|drawn| drawn.is_match(&head)) {
        return like(
            "a table as psql, mysql or sqlite3 draws it",
            "ask for JSON: psql -At -c 'SELECT row_to_json(j) FROM jobstate j' | elbtail resolve -, or let elbtail read the \
             database: --db URL",
        );
    }
    if begins_as_yaml(&head) {
        let field = |name: &str| head.lines().any(|line| line.trim_end().starts_with(name));
        if field("kind: Config") || (field("clusters:") && field("contexts:")) {
            return like("a kubeconfig", format!("pass it as one: elbtail logs JOB --kubeconfig {}", file(origin)));
        }
        if field("apiVersion:") && field("kind:") {
            let id = ids(&head).next();
            return like("a Kubernetes object in YAML", by_id(id.as_deref()));
        }
        return match yaml(text) {
            Ok(_) => like("YAML", "and no field of it is a row's: give a row, or a list of rows"),
            Err(why) => like(format!("YAML with a fault ({})", plain(&why, 160)), "mend it, or export the row as JSON"),
        };
    }
    if start.starts_with('>')
        && head.lines().nth(1).is_some_and(|line| line.bytes().all(|b| b.is_ascii_alphabetic() || b == b'*'))
    {
        return like("FASTA", "give the job's row, not its query");
    }
    let encoded = head.split_whitespace().collect::<String>();
    if (encoded.starts_with("eyJ") || encoded.starts_with("ewo") || encoded.starts_with("W3s"))
        && encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
    {
        return like("base64", fed(origin, "base64 -d"));
    }
    if let Some(columns) = sheet::other_columns(text) {
        let id = ids(&head).next();
        let way = id.map_or_else(|| "export job_id and payload as well".to_owned(), |id| by_id(Some(&id)));
        return like(format!("a sheet (CSV) with the columns {columns}, none of them a row's"), way);
    }
    if !start.starts_with(['{', '['])
        && let Some(id) = ids(&head).next()
    {
        return like("plain text", by_id(Some(&id)));
    }
    None
}

/// Whether an object is Kubernetes' and no row.
pub(super) fn is_kubernetes(object: &Map<String, Value>) -> bool {
    let text = |key: &str| matches!(object.get(key), Some(Value::String(_)));
    text("apiVersion") && text("kind")
}

/// What a JSON object looks like that has none of a row's columns.
pub(super) fn of_object(object: &Map<String, Value>) -> Option<Likeness> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if let (Some(_), Some(kind)) = (text("apiVersion"), text("kind")) {
        if kind == "Config" {
            return like("a kubeconfig", "pass it as one: elbtail logs JOB --kubeconfig FILE");
        }
        let all = serde_json::to_string(object).unwrap_or_default();
        return like(format!("a Kubernetes object, {}", plain(kind, 40)), by_id(ids(&all).next().as_deref()));
    }
    let said = ["detail", "error", "message", "title", "odata.error"].iter().find_map(|key| object.get(*key))?;
    let said = said.get("message").unwrap_or(said);
    let said = said.get("value").unwrap_or(said);
    let said = said.as_str().map_or_else(|| said.to_string(), str::to_owned);
    like(format!("an answer that says {}", plain(&crate::mask::mask(&said), 160)), "ask again for the row")
}

fn by_id(id: Option<&str>) -> String {
    match id {
        Some(id) => format!("name the job by its id: elbtail logs {id}"),
        None => "name the job by its row, or by its id (job-<32 hex>)".to_owned(),
    }
}

/// `{'job_id': None}`, alone or in a list.
fn is_python(text: &str) -> bool {
    let inner = text.trim_start_matches(['[', '(', '{', ' ', '\n']);
    let quoted = inner.starts_with('\'') || inner.starts_with("u'");
    let words = [": None", ": True", ": False", "datetime.datetime(", "UUID('"];
    let spoken = !inner.starts_with('"') && words.iter().any(|word| text.contains(word));
    (text.len() > inner.len() && (quoted || spoken))
        || ["Row(", "OrderedDict(", "Entity(", "TableEntity("].iter().any(|word| text.starts_with(word))
}

/// ElasticBLAST ids in a text.
fn ids(text: &str) -> impl Iterator<Item = String> {
    static ID: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bjob-[0-9a-f]{32}\b").ok());
    ID.iter().flat_map(move |id| id.find_iter(text)).map(|found| found.as_str().to_owned())
}

/// The one ElasticBLAST id in a text that shows no other.
pub(super) fn only_id(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let first = ids(&text).next()?;
    ids(&text).all(|id| id == first).then_some(first)
}

/// A path as a shell takes it.
fn file(origin: &str) -> String {
    if origin == "stdin" { "FILE".to_owned() } else { quote(origin) }
}
