//! Which lines are shown, each way to choose a file: by what they say ([`LineFilter`]), when they were written ([`Until`]), to which
//! stream ([`OfStream`]), and how many bytes ([`ByteLimit`]).

mod filter;
mod limit;
mod patterns;
mod stream;
mod until;

pub use filter::{Context, LineFilter};
pub use limit::ByteLimit;
pub use patterns::Patterns;
pub use stream::OfStream;
pub use until::Until;
