//! The job's row, and every shape it comes in.
//!
//! `shape` turns bytes into rows (`lookalike` says what they are if they are none), `entity` gives typed views of one. Pure.
//! Nothing here knows Kubernetes; nothing here trusts a type.

pub(crate) mod columns;
mod digits;
mod entity;
mod error;
pub(crate) mod ident;
mod lookalike;
mod mend;
mod payload;
mod shape;
mod sheet;
mod summary;
pub(crate) mod tree;
mod unpack;
mod wait;
mod words;
mod wrapped;

pub use entity::Row;
#[cfg(feature = "sql")]
pub(crate) use entity::TERMINAL;
pub use error::RowError;
pub use ident::PREFIX_MIN;
pub use shape::rows_from_bytes;
pub(crate) use shape::{FoundBeside, is_hopeless, is_packed, walk};
pub use summary::RowSummary;
pub use unpack::MAX_BYTES;
pub use wait::Wait;
pub(crate) use wait::is_before_jobs;
