use jiff::Timestamp;

use crate::stage::*;

#[test]
fn blast_failed() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    let pod = batch_pod(&job).create();
    search(&pod);
    pod.print("blast", "BLAST Database error: No alias or index file found for nucleotide database [core_nt_shard_00]");
    pod.print("blast", "RUNTIME blast-job-000 0.1 seconds\nrun end 000 2").terminate("blast", 2);
    pod.terminate("results-export", 2);
    job.fail(Timestamp::now(), "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    let said = stage.must_be("BLAST ended with 2", "ELB-LOG-BLAST-FAILED");
    assert!(said.evidence().contains("BLAST Database error"), "{}", said.text);
    assert_eq!(said.problems(), ["ELB-LOG-BLAST-FAILED"], "{}", said.text);
    assert!(said.consequences().contains(&"ELB-K8S-BACKOFF-LIMIT"));
}

#[test]
fn ncbis_layout_hides_the_code() {
    let stage = Stage::new();
    let pod = stage.cluster.pod("blastp-batch-pdbaa-job-000-abcde").label("app", "blast");
    let pod = pod.container("blast").container("results-export").env("blast", "BLAST_ELB_JOB_ID", ID);
    let pod = pod.restart_policy("OnFailure").create();
    pod.start_all(&["blast", "results-export"]);
    pod.print("blast", "run start 000 blastp pdbaa\nError: NCBI C++ Exception: bad query\nrun end 000 1");
    pod.terminate("blast", 0).terminate("results-export", 1);
    pod.waiting("results-export", "CrashLoopBackOff", Some("back-off 10s"));
    let said = stage.must_be("NCBI's layout: blast exits 0, its line says 1", "ELB-LOG-BLAST-FAILED");
    assert!(said.evidence().contains("NCBI C++ Exception"), "{}", said.text);
    assert_eq!(said.problems(), ["ELB-LOG-BLAST-FAILED"], "{}", said.text);
}

#[test]
fn export_waits_for_a_dead_blast() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.terminate_with("blast", 137, "OOMKilled", None);
    let said = stage.must_be("results-export waits for a BLAST that died", "ELB-POD-OOM");
    assert_eq!(said.consequences(), ["ELB-LOG-EXPORT-WAITS"]);
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.print("blast", "run end 000 1").terminate("blast", 0);
    let said = stage.must_be("results-export waits, BLAST's line says 1", "ELB-LOG-BLAST-FAILED");
    assert_eq!(said.consequences(), ["ELB-LOG-EXPORT-WAITS"]);
}

#[test]
fn the_first_retry_may_end_better() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.print("blast", "Error: NCBI C++ Exception\nrun end 000 1").terminate("blast", 1).restart("blast");
    let said = stage.must_be_healthy("BLAST failed once and runs again", &[ID]);
    assert_eq!(said.notes(), ["ELB-LOG-BLAST-FAILED"], "{}", said.text);
}

#[test]
fn azcopy_login() {
    let stage = Stage::new();
    for node in 0..3 {
        let (_, pod) = stage.single(&format!("init-ssd-{SHORT}-{node}"), "setup", "get-blastdb");
        pod.start("get-blastdb").print("get-blastdb", "Shard download: idx=00 prefix=core_nt db=core_nt");
        pod.print("get-blastdb", "ERROR: azcopy login failed").terminate("get-blastdb", 1);
    }
    let said = stage.must_be("azcopy login failed", "ELB-LOG-AZCOPY-LOGIN");
    assert!(said.first_line().contains("3 pods"), "{}", said.text);
    assert_eq!(said.problems().len(), 1, "{}", said.text);
}

#[test]
fn azcopy_transfer() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    pod.print("blast", "run end 000 0").terminate("blast", 0);
    pod.print("results-export", "+ azcopy cp x https://s.blob.core.windows.net/results/x?sv=1&sig=planted%3D");
    pod.print("results-export", "RESPONSE 403: This request is not authorized. AuthorizationPermissionMismatch");
    pod.print("results-export", "Final Job Status: Failed").terminate("results-export", 1);
    let said = stage.must_be("azcopy upload refused", "ELB-LOG-AZCOPY-TRANSFER");
    assert_eq!(said.problems().len(), 1, "{}", said.text);
}

#[test]
fn submit_failed() {
    let stage = Stage::new();
    let (job, pod) = stage.single(&format!("submit-jobs-{SHORT}"), "submit", "submit-jobs");
    pod.start("submit-jobs").print("submit-jobs", "error: jobs.batch is forbidden").terminate("submit-jobs", 1);
    job.fail(Timestamp::now(), "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    let said = stage.must_be("submit-jobs failed before any batch", "ELB-LOG-SUBMIT-FAILED");
    assert!(said.evidence().contains("is forbidden"), "{}", said.text);
    assert_eq!(said.consequences(), ["ELB-K8S-BACKOFF-LIMIT"]);
}

#[test]
fn finalizer_failure() {
    let stage = Stage::new();
    let (_, pod) = stage.finalizer();
    pod.start("finalizer").print("finalizer", "ElasticBLAST Finalizer started");
    pod.print("finalizer", format!("FAILURE: jobs failed: blastn-batch-s03-job-000-{SHORT}")).terminate("finalizer", 1);
    stage.searching(0);
    let said = stage.must_be("finalizer failed, names the Jobs", "ELB-LOG-FINALIZER");
    assert!(said.evidence().contains("blastn-batch-s03"), "{}", said.text);
    assert_eq!(said.problems().len(), 1, "{}", said.text);
}

#[test]
fn one_cause_with_all_that_follows() {
    let stage = Stage::new();
    let job = stage.batch_job(3);
    let pod = batch_pod(&job).create();
    search(&pod);
    pod.terminate_with("blast", 137, "OOMKilled", None).terminate("results-export", 137);
    job.fail(Timestamp::now(), "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    let (_, finalizer) = stage.finalizer();
    finalizer.start("finalizer").print("finalizer", format!("FAILURE: jobs failed: {}", job.name()));
    finalizer.terminate("finalizer", 1);
    let mut row = running_row();
    row["status"] = "failed".into();
    let said =
        stage.must_find("OOM, backoff limit, finalizer FAILURE, row failed", &[&stage.row(&row)], "ELB-POD-OOM", 9);
    assert_eq!(said.problems(), ["ELB-POD-OOM"], "{}", said.text);
    for code in ["ELB-K8S-BACKOFF-LIMIT", "ELB-LOG-FINALIZER", "ELB-ROW-FAILED"] {
        assert!(said.consequences().contains(&code), "{code}: {}", said.text);
    }
}
