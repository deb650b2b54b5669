//! Stamps and lines for serde: a stamp as its time, a line's text as text, and in base64 when it is none.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Line, Stamp};

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_timestamp().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stamp, D::Error> {
        let time = Timestamp::deserialize(deserializer)?;
        Stamp::from_timestamp(time).ok_or_else(|| D::Error::custom("a stamp is of the years 1678 to 2262"))
    }
}

/// A line as an object. One of `text` and `base64` is there.
#[derive(Serialize, Deserialize)]
struct Object<'a> {
    stamp: Stamp,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    text: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(&self.text).ok().map(Into::into);
        let base64 = text.is_none().then(|| BASE64_STANDARD.encode(&self.text));
        Object { stamp: self.stamp, text, base64 }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Line, D::Error> {
        let Object { stamp, text, base64 } = Object::deserialize(deserializer)?;
        let text = match (text, base64) {
            (Some(text), None) => Bytes::from(text.into_owned()),
            (None, Some(base64)) => BASE64_STANDARD.decode(base64).map_err(D::Error::custom)?.into(),
            _ => return Err(D::Error::custom("a line has either a text or, when it is none, its base64")),
        };
        Ok(Line { stamp, text })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_line_comes_back(stamp in any::<i64>(), text in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            ".{0,40}".prop_map(String::into_bytes),
        ]) {
            let line = Line { stamp: Stamp(stamp), text: text.into() };
            let json = serde_json::to_string(&line).unwrap();
            prop_assert_eq!(serde_json::from_str::<Line>(&json).unwrap(), line);
        }
    }
}
