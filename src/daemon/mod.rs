//! Every job of a cluster or a database at once, shared by several replicas: what `save -f --all` needs besides the saving
//! of one job.
//!
//! | file | idea |
//! |---|---|
//! | `jobs` | pods and rows → which jobs there are |
//! | `name` | what a job is called where there are many |
//! | `lease` | what a Lease says, and what is written in its place |
//! | `share` | Leases as they are seen → which jobs are taken, kept and let go |
//! | `leases`, `rows` | the same at the API server, and a database's rows, asked for again and again |
//! | `streak` | whether what fails now and then does not work |
//! | `board` | what is counted of each job, and how well its store and the API server are |
//! | `serve` | `/healthz` and `/metrics` over HTTP |
//! | `act` | one step towards a Lease, and what came of it |
//! | `keeper` | what keeps one job, and how that ends |
//! | `said` | what there is to tell |
//! | `supervise` | the loop that asks and acts |
//!
//! `jobs`, `lease`, `share`, `streak` and `board` are pure. Replicas know of each other only by the Leases they hold.

mod act;
pub mod board;
mod jobs;
pub mod keeper;
mod lease;
mod leases;
pub mod name;
mod rows;
pub mod said;
pub mod serve;
mod share;
mod streak;
pub mod supervise;

pub use share::Term;
