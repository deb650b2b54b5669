//! Bytes → rows: every shape in which rows come.
//!
//! One row; rows one after the other (NDJSON, or pretty-printed); an array of rows; rows in a wrapping (`wrapped`); a sheet
//! (`sheet`); a text that holds any of these; and any mixture, packed or not (`unpack`). Rows are handed on one by one, so a
//! large export costs no more memory than its bytes and one row. What is not quite JSON is mended (`mend`).

use std::{borrow::Cow, cell::RefCell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Map, Value};

use super::{
    Row, RowError, digits, lookalike,
    mend::mend,
    sheet, tree, unpack, words,
    wrapped::{self, Content},
};

/// How many lists of lists are looked into.
const NESTED: usize = 3;
/// How many faults beside rows are told.
const FAULTS: usize = 5;
/// After how many faults an input is taken for one row a line.
const MANY: usize = 50;

/// Hands each row in `bytes` to `take`, in the order in which they stand. A list may hold none.
///
/// # Errors
/// Empty input, not JSON, cut off, nested too deeply, or something that is not an object where a row should be.
/// Rows before the fault have been handed on by then.
pub fn rows_from_bytes(origin: &str, bytes: &[u8], mut take: impl FnMut(Row)) -> Result<(), RowError> {
    let found = walk(origin, bytes, &mut take)?;
    match found.faults.into_iter().next().or(found.other.filter(|_| found.rows == 0)) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// What an input held beside its rows.
#[derive(Default)]
pub(crate) struct FoundBeside {
    /// How many rows there were, and in how many documents.
    pub rows: usize,
    pub documents: usize,
    /// The first object that is no row.
    pub other: Option<RowError>,
    /// What could not be read, or only in part.
    pub faults: Vec<RowError>,
    /// How many of the faults are words between or after documents.
    pub words: usize,
    /// How many more faults there were.
    pub left_out: usize,
    /// What was passed over, and what is missing; a sentence each.
    pub notes: Vec<String>,
    /// The key that says that the list goes on elsewhere.
    pub more: Option<String>,
}

impl FoundBeside {
    /// Adds what was found in another input.
    pub(crate) fn add(&mut self, found: FoundBeside) {
        let FoundBeside { rows, documents, other: _, faults, left_out, words, notes: _, more } = found;
        self.rows += rows;
        self.documents += documents;
        self.words += words;
        self.left_out += left_out;
        self.more = self.more.take().or(more);
        faults.into_iter().for_each(|fault| self.add_fault(fault));
    }

    /// Adds an input, or a part of one, that cannot be read.
    pub(crate) fn add_fault(&mut self, fault: RowError) {
        if self.faults.len() < FAULTS {
            self.faults.push(fault);
        } else {
            self.left_out += 1;
        }
    }
}

/// Whether `head`, the first bytes of an input, shows already that no row can follow; white space alone does not.
pub(crate) fn is_hopeless(head: &[u8]) -> bool {
    if unpack::is_packed(head) {
        return false;
    }
    let head = unpack::shown(unpack::decode(head)).0;
    let first = head.trim_ascii_start().first();
    first.is_some_and(|first| !matches!(first, b'{' | b'[' | b'"'))
        && sheet::delimiter(&head).is_none()
        && !lookalike::is_yaml(&head)
        && !words::may_follow(&head)
}

/// Whether `head` begins something that must be unpacked to be known.
pub(crate) fn is_packed(head: &[u8]) -> bool {
    unpack::is_packed(head)
}

/// Hands each row to `take`, and tells what else there was.
///
/// # Errors
/// What is no rows at all.
pub(crate) fn walk(origin: &str, bytes: &[u8], take: &mut dyn FnMut(Row)) -> Result<FoundBeside, RowError> {
    let (unpacked, rest) = unpack::unpack(origin, bytes)?;
    let (bytes, is_coloured) = unpack::shown(unpack::decode(&unpacked));
    if bytes.trim_ascii().is_empty() {
        return Err(RowError::Empty { origin: origin.to_owned() });
    }
    let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
    let bytes = if is_json { digits::exact(&bytes) } else { Cow::Borrowed(&*bytes) };
    let mut walk = Walk { origin, bytes: &bytes, take, found: FoundBeside::default() };
    if let Some(error) = rest {
        walk.found
            .notes
            .push(format!("{origin} is packed and cannot be unpacked to its end: {error}; the rest is missing"));
    }
    if is_coloured {
        walk.found.notes.push(format!("the colours in {origin} are passed over"));
    }
    if !is_json && let Some(delimiter) = sheet::delimiter(&bytes) {
        sheet::rows(&bytes, delimiter, |row| walk.hand_on(row));
        walk.found.documents = walk.found.rows;
        return Ok(walk.found);
    }
    match walk.documents() {
        Err(RowError::Syntax { .. } | RowError::Truncated { .. } | RowError::NotARow { .. })
            if walk.found.rows == 0 && walk.yaml() =>
        {
            Ok(walk.found)
        }
        Err(RowError::Syntax { .. } | RowError::Truncated { .. } | RowError::NotARow { .. })
            if walk.found.rows == 0 && walk.among_words() =>
        {
            Ok(walk.found)
        }
        Err(error @ RowError::NotARow { .. }) if is_json => Err(error),
        Err(error @ (RowError::Syntax { .. } | RowError::Truncated { .. } | RowError::NotARow { .. }))
            if walk.found.rows == 0 =>
        {
            Err(match lookalike::of(origin, &bytes) {
                Some(likeness) => RowError::looks_like(origin, likeness),
                None => error.showing(lookalike::only_id(&bytes)),
            })
        }
        Err(error) => Err(error),
        Ok(()) => Ok(walk.found),
    }
}

struct Walk<'a> {
    origin: &'a str,
    bytes: &'a [u8],
    take: &'a mut dyn FnMut(Row),
    found: FoundBeside,
}

impl Walk<'_> {
    fn hand_on(&mut self, row: Row) {
        self.found.rows += 1;
        (self.take)(row);
    }

    /// Reads document after document.
    fn documents(&mut self) -> Result<(), RowError> {
        let bytes = self.bytes;
        let mut at = 0;
        while !bytes[at..].trim_ascii_start().is_empty() {
            at += bytes[at..].len() - bytes[at..].trim_ascii_start().len();
            self.found.documents += 1;
            let rows = self.found.rows;
            // A parser for each document: one for all can only be asked for its end by letting it make an error, and an error
            // counts the lines from the start of its input, which takes minutes for a large export.
            let mut json = serde_json::Deserializer::from_slice(&bytes[at..]);
            match self.document(&mut json, 0, None) {
                Ok(()) => at += json.into_iter::<IgnoredAny>().byte_offset(),
                Err(error) => at = self.again(at, self.found.rows - rows, &error)?,
            }
        }
        Ok(())
    }

    /// Hands on the rows of YAML documents; whether there were any.
    fn yaml(&mut self) -> bool {
        if !lookalike::is_yaml(self.bytes) {
            return false;
        }
        let Ok(documents) = lookalike::yaml(self.bytes) else { return false };
        let before = std::mem::take(&mut self.found);
        for document in documents {
            let json = document.to_string();
            let exact = digits::exact(json.as_bytes());
            self.found.documents += 1;
            // What is no row is nothing here: the rest may be.
            let _ = self.document(&mut serde_json::Deserializer::from_slice(&exact), 0, None);
        }
        if self.found.rows == 0 {
            self.found = before;
        } else {
            self.found.notes.extend(before.notes);
        }
        self.found.rows > 0
    }

    /// Hands on the rows of a document but the first `known`; `broken` says that it was cut off, and holds what is left.
    fn document<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        json: &mut serde_json::Deserializer<R>,
        mut known: usize,
        broken: Option<&str>,
    ) -> Result<(), serde_json::Error> {
        let (origin, at) = (self.origin, self.found.documents);
        let (mut other, mut more) = (None, None);
        let mut rows = 0;
        let mut take = |row: Map<String, Value>, notes: Vec<String>| {
            if known > 0 {
                known -= 1;
                return;
            }
            rows += 1;
            let mut row = match broken {
                Some(text) => Row::broken(row, text),
                None => Row::new(row),
            };
            notes.into_iter().for_each(|note| row.note(note));
            (self.take)(row);
        };
        let sink = RowSink { take: &mut take, other: &mut other, more: &mut more };
        let read = Document { sink, depth: 0 }.deserialize(json);
        self.found.rows += rows;
        self.found.more = self.found.more.take().or(more);
        if let Some(object) = other
            && self.found.other.is_none()
        {
            self.found.other = Some(RowError::no_row(origin, at, &object));
        }
        read
    }

    /// Tries the document at `at` once more, mended; the first `known` of its rows have been handed on. Gives where to go on.
    fn again(&mut self, at: usize, known: usize, error: &serde_json::Error) -> Result<usize, RowError> {
        let bytes = self.bytes;
        if !matches!(bytes[at], b'{' | b'[') {
            // Words after a row are not worth losing it; where something else stands instead of one, it is.
            if self.found.rows == 0 || error.is_data() {
                return Err(self.fault(at, error, &bytes[at..]));
            }
            self.found.documents -= 1;
            self.found.words += 1;
            self.remember(at, error, &bytes[at..]);
            return Ok(next_start(bytes, at));
        }
        if error.is_data() {
            return Err(self.fault(at, error, &bytes[at..]));
        }
        // Many broken lines are each looked at alone: every other look may go to the end of the input.
        let rest = (self.found.faults.len() + self.found.left_out < MANY).then(|| mend(&bytes[at..]));
        if let Some(whole) = rest.as_ref().filter(|rest| rest.whole)
            && self.mended(&whole.text, known, None).is_ok()
        {
            return Ok(at + whole.consumed);
        }
        // A line that is broken in an export of one row a line must not take the others with it.
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |newline| at + newline);
        let line = &bytes[at..end];
        if bytes[at] == b'{' && line.trim_ascii().len() > 1 && bytes[end..].trim_ascii_start().starts_with(b"{") {
            let mended = mend(line);
            if mended.whole && self.mended(&mended.text, known, None).is_ok() {
                return Ok(at + mended.consumed);
            }
            let of_line = tree::parse(&String::from_utf8_lossy(line)).err();
            self.remember(at, of_line.as_ref().unwrap_or(error), line);
            if !mended.whole {
                // Without anything in it that can be read, the fault alone is told.
                let _ = self.mended(&mended.text, known, Some(line));
            }
            return Ok(end);
        }
        let fault = self.fault(at, error, &bytes[at..]);
        let Some(cut) = rest.filter(|rest| !rest.whole && error.is_eof()) else { return Err(fault) };
        let rows = self.found.rows;
        if self.mended(&cut.text, known, Some(&bytes[at..])).is_err() || self.found.rows == rows {
            return Err(fault);
        }
        self.found.faults.push(fault);
        Ok(bytes.len())
    }

    /// Hands on the rows that stand among words; whether there are any.
    fn among_words(&mut self) -> bool {
        let pieces = words::pieces(self.origin, self.bytes);
        for piece in &pieces {
            self.found.documents += 1;
            let broken = (!piece.whole).then(|| &self.bytes[piece.range.clone()]);
            if self.mended(&piece.text, 0, broken).is_ok() && !piece.whole {
                self.found.notes.push(format!("the row in {} ends in the middle", self.origin));
            }
        }
        let passed = words::passed_over(self.origin, self.bytes, &pieces);
        self.found.notes.extend(passed.filter(|_| self.found.rows > 0));
        self.found.rows > 0
    }

    fn fault(&self, at: usize, error: &serde_json::Error, parsed: &[u8]) -> RowError {
        RowError::from_json(self.origin, &self.bytes[..at], error, parsed)
    }

    /// Keeps a fault beside which there are rows. Counting lines up to it takes time, so few are kept.
    fn remember(&mut self, at: usize, error: &serde_json::Error, parsed: &[u8]) {
        if self.found.faults.len() < FAULTS {
            let fault = self.fault(at, error, parsed);
            self.found.faults.push(fault);
        } else {
            self.found.left_out += 1;
        }
    }

    fn mended(&mut self, text: &str, known: usize, broken: Option<&[u8]>) -> Result<(), serde_json::Error> {
        // Once to see that it can be read, so that no row is handed on twice.
        tree::parse(text)?;
        let broken = broken.map(String::from_utf8_lossy);
        self.document(&mut serde_json::Deserializer::from_str(text), known, broken.as_deref())
    }
}

/// The next line after `at` that begins like a row; the end without one.
fn next_start(bytes: &[u8], at: usize) -> usize {
    let starts = |newline: &usize| matches!(bytes[at + newline..].trim_ascii_start().first(), Some(b'{' | b'['));
    memchr::memchr_iter(b'\n', &bytes[at..]).find(starts).map_or(bytes.len(), |newline| at + newline)
}

/// Where the rows of a document go, and what stands beside them.
struct RowSink<'a> {
    take: &'a mut dyn FnMut(Map<String, Value>, Vec<String>),
    other: &'a mut Option<Map<String, Value>>,
    more: &'a mut Option<String>,
}

/// A document or an element of one: hands on the row or rows it holds.
struct Document<'a> {
    sink: RowSink<'a>,
    depth: usize,
}

impl Document<'_> {
    /// Hands on the row that `object` is, or the rows that it wraps.
    fn object<E: Error>(self, object: Map<String, Value>, notes: Vec<String>) -> Result<(), E> {
        if lookalike::is_kubernetes(&object) {
            self.sink.other.get_or_insert(object);
            return Ok(());
        }
        match wrapped::open(object) {
            Content::Row(row) => (self.sink.take)(row, notes),
            Content::Rows(rows, more) => {
                *self.sink.more = self.sink.more.take().or(more);
                rows.into_iter().for_each(|row| (self.sink.take)(row, notes.clone()));
            }
            Content::Wrong(key) => {
                let what = format!("an element of \"{key}\"");
                return Err(E::invalid_type(Unexpected::Other(&what), &"a row (a JSON object)"));
            }
            Content::Other(object) => _ = self.sink.other.get_or_insert(object),
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row (a JSON object)")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        let twice = RefCell::default();
        let object = tree::object(entries, &twice)?;
        self.object(object, twice.into_inner())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        if self.depth == NESTED {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        let RowSink { take, other, more } = self.sink;
        let mut empty = true;
        let depth = self.depth + 1;
        while elements
            .next_element_seed(Document {
                sink: RowSink { take: &mut *take, other: &mut *other, more: &mut *more },
                depth,
            })?
            .is_some()
        {
            empty = false;
        }
        if empty && self.depth > 0 {
            return Err(A::Error::invalid_type(Unexpected::Seq, &"a row (a JSON object)"));
        }
        Ok(())
    }

    /// In the place of a row there is none.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.depth == 0 { Err(E::invalid_type(Unexpected::Unit, &self)) } else { Ok(()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match wrapped::text(text) {
            Some(rows) => rows.into_iter().for_each(|row| (self.sink.take)(row, Vec::new())),
            None => return Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
        Ok(())
    }
}
