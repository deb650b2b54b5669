//! Which lines are shown, each way to choose a file: by what they say ([`LineFilter`]), whether they
//! tell of a problem ([`AroundProblems`]), when they were written ([`Until`]), to which
//! stream ([`OfStream`]), and how many bytes ([`ByteLimit`]).

mod around;
mod filter;
mod limit;
mod patterns;
mod problems;
mod stream;
mod until;

pub use around::{Context, Groups};
pub use filter::LineFilter;
pub use limit::ByteLimit;
pub use patterns::Patterns;
pub use problems::AroundProblems;
pub use stream::OfStream;
pub use until::Until;
