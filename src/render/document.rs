//! Objects for scripts, as JSON and YAML in which nothing is left that a terminal would obey.

use serde::Serialize;
use serde_json::{
    Serializer,
    ser::{Formatter, PrettyFormatter},
};

use super::{json::Harmless, unsafe_chars::is_unsafe};

/// One JSON object over several lines, with a line end.
///
/// # Errors
/// What the serializer can report.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<String> {
    write(value, Pretty(PrettyFormatter::new()))
}

/// One JSON object on one line, with a line end.
///
/// # Errors
/// What the serializer can report.
pub(crate) fn json_line(value: &impl Serialize) -> anyhow::Result<String> {
    write(value, Harmless)
}

/// One YAML document, with a line end. YAML writes some texts as they are, so a document with one that a terminal would obey is
/// written as its JSON, which is YAML too.
///
/// # Errors
/// What the serializers can report.
pub(crate) fn yaml(value: &impl Serialize) -> anyhow::Result<String> {
    // Folded and block texts are for people; a value that comes back as it went is for scripts.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(value, options)?;
    if text.chars().any(|c| c != '\n' && is_unsafe(c)) { json(value) } else { Ok(text) }
}

fn write(value: &impl Serialize, formatter: impl Formatter) -> anyhow::Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, formatter))?;
    out.push(b'\n');
    Ok(String::from_utf8(out)?)
}

/// [`Harmless`] text in the layout of serde_json's pretty printer.
struct Pretty<'a>(PrettyFormatter<'a>);

/// Hands these on.
macro_rules! layout {
    ($($name:ident($($argument:ident: $kind:ty),*)),* $(,)?) => {
        $(fn $name<W: ?Sized + std::io::Write>(&mut self, out: &mut W $(, $argument: $kind)*) -> std::io::Result<()> {
            self.0.$name(out $(, $argument)*)
        })*
    };
}

impl Formatter for Pretty<'_> {
    layout!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        begin_object_value(),
        end_object_value(),
    );

    fn write_string_fragment<W: ?Sized + std::io::Write>(&mut self, out: &mut W, text: &str) -> std::io::Result<()> {
        Harmless.write_string_fragment(out, text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    proptest! {
        #[test]
        fn any_text_comes_back_and_none_is_obeyed(
            text in "[ -~\u{0}-\u{20}\u{7f}-\u{a1}\u{200c}-\u{2010}\u{2026}-\u{2030}\u{2064}-\u{2070}\u{feff}'\"#:é]{0,20}",
            key in "[a-z\u{202e}\u{9b}]{1,4}",
        ) {
            let value = json!({ key: [text, {"n": 1}], "empty": [{}, []] });
            let formats = [json(&value).unwrap(), json_line(&value).unwrap(), yaml(&value).unwrap()];
            for shown in &formats {
                prop_assert!(!shown.chars().any(|c| c != '\n' && is_unsafe(c)), "{shown:?}");
                prop_assert_eq!(&serde_saphyr::from_str::<Value>(shown).unwrap(), &value);
            }
            prop_assert_eq!(&serde_json::from_str::<Value>(&formats[0]).unwrap(), &value);
        }
    }

    #[test]
    fn the_layout_is_serde_jsons() {
        let value = json!({"a": [1, {"b": "x"}], "c": {}, "d": []});
        assert_eq!(json(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap() + "\n");
    }
}
