//! By what ElasticBLAST marks its pods and Jobs.

/// The label that carries the ElasticBLAST id (Azure layout).
pub const ID_LABEL: &str = "elb-job-id";
/// The environment variable that carries it in both layouts.
pub const ID_ENV: &str = "BLAST_ELB_JOB_ID";
