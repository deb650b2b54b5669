//! Logs that outlive the pods: every line of a job in a directory or an object store, complete and provable.
//!
//! `docs/archive.md` is the format. In short: the lines of one container instance lie in immutable chunks, zstd over
//! `STAMP TEXT` lines; an index that only grows, commit by commit, names each chunk with its count, stamps and SHA-256.
//! A chunk is durable before the index names it, and a commit is created or it is not, so that whatever interrupts a
//! [`Writer`], the index is the exact beginning of what it was given: the next one goes on from there.
//!
//! | file | idea |
//! |---|---|
//! | `place`, `open` | what DEST means, and the store with its credentials |
//! | `store` | durable puts, creations that one of two wins, patience with a store that is away |
//! | `plain` | what may be opened in a directory: no fifo, no link |
//! | `walk` | what lies in a directory, whatever it is called |
//! | `stream` | whose lines they are, as a path |
//! | `chunk`, `text` | lines ↔ bytes, in memory that is used again |
//! | `budget` | the memory of all writers |
//! | `record`, `segment`, `index` | what the index says, in which objects, read and extended |
//! | `namespaces` | jobs of two namespaces that have one id |
//! | `lease` | one writer at a time |
//! | `leftovers` | what an interrupted writer has left behind |
//! | `refill` | a chunk that cannot be read, made again of its lines |
//! | `position` | how far a log is, for a follower to go on from |
//! | `written` | how much of it is durable |
//! | `writer` | lines in, bounded memory, durable chunks and commits out |
//! | `job`, `merged` | a job read again: one stream, or all by time |
//! | `verify`, `prune` | what is missing and why; what is too old |
//! | `output` | jobs as a list |

mod budget;
mod chunk;
mod error;
mod index;
mod job;
mod lease;
mod leftovers;
mod merged;
mod namespaces;
mod open;
pub mod output;
mod place;
mod plain;
mod position;
mod prune;
mod record;
mod refill;
mod saving;
mod segment;
mod store;
mod stream;
mod text;
mod verify;
mod walk;
mod writer;
mod written;

/// The stores that archives lie in, for whoever brings one.
pub use object_store;

pub use budget::Budget;
pub use error::ArchiveError;
pub use job::{Archive, ArchivedJob, IndexedStream, JobSummary, ObjectFate};
pub use lease::host;
pub use merged::{ArchivedLine, MergedArchive, WantedPart};
pub use open::{Access, open, open_with};
pub use place::ArchivePlace;
pub use position::{Position, Positions};
pub use prune::{Pruned, Pruning, prune};
pub use record::{Chunk, Complete, Gap, JobState, Record};
pub use refill::{ChunkCheck, LostChunk};
pub use saving::Saving;
pub use store::Store;
pub use stream::{ArchivedInstance, ArchivedStream, JobKey, ObjectLog};
pub use verify::{Fault, VerifiedJob, verify};
pub use writer::{Limits, StreamId, Trouble, Writer};
pub use written::Written;
