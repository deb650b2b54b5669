//! What every part knows of Kubernetes: pods and their containers, by what they are told apart, how each is, and the lines that
//! runtimes stamp. Pure.

pub mod as_it_was;
mod as_text;
mod container_state;
pub mod cutter;
mod field_selector;
mod identity;
pub mod job;
pub mod kubelet_error;
mod label_selector;
pub mod labels;
pub mod lines;
mod made_name;
mod metadata;
pub mod pod;
pub mod shared;
mod stamp;
mod standing;
pub mod status;
mod stream;
mod target;
mod usage;

pub use container_state::StateName;
pub use field_selector::{FieldSelector, FieldSelectorError};
pub use identity::{ContainerId, InstanceId};
pub use job::{JobCondition, is_batch, job_name};
pub use label_selector::label_selector;
pub use labels::{ID_ENV, ID_LABEL};
pub use lines::Line;
pub use made_name::MadeName;
pub use pod::{Pod, job_of_name};
pub use stamp::{Stamp, StampReader};
pub use standing::{LastEnd, PodEnds, Standing, job_standing, outcome};
pub use stream::Stream;
pub use target::{ContainerKind, Phase, Role, Target, targets};
pub use usage::Usage;
