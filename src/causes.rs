//! An error and its causes.

use std::{error::Error as StdError, io};

/// Where rustls sends programmers; those who read our messages are not.
const FOR_PROGRAMMERS: &str = ": https://docs.rs/";

/// The whole chain in one line, each cause once.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let plain = |error: &dyn StdError| match error.to_string() {
        text if text.contains(FOR_PROGRAMMERS) => text.split(FOR_PROGRAMMERS).next().unwrap_or_default().to_owned(),
        text => text,
    };
    let mut text = plain(error);
    let mut next = error.source();
    while let Some(error) = next {
        let cause = plain(error);
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

/// The first error of type `T` in a chain, also inside an [`io::Error`], whose `source()` skips what it wraps.
pub(crate) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_for_programmers_are_left_out() {
        let words = "peer closed connection without sending TLS close_notify";
        let error = io::Error::other(format!(
            "{words}: https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof"
        ));
        assert_eq!(chain(&error), words);
    }
}
