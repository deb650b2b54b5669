use jiff::Timestamp;

use crate::stage::*;

#[test]
fn image() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    pod.schedule();
    let why = "failed to pull image \"elb.azurecr.io/blast:9\": not found";
    pod.waiting("import-query-batches", "ImagePullBackOff", Some("Back-off pulling image"));
    pod.event("Warning", "Failed", why);
    let said = stage.must_be("image cannot be pulled", "ELB-POD-IMAGE");
    assert!(said.evidence().contains("not found"), "{}", said.text);
}

#[test]
fn config() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    pod.schedule();
    pod.start("import-query-batches").terminate("import-query-batches", 0);
    pod.waiting("blast", "CreateContainerConfigError", Some("couldn't find key token in Secret default/creds"));
    stage.must_be("container's configuration is wrong", "ELB-POD-CONFIG");
}

#[test]
fn the_command_does_not_exist() {
    let stage = Stage::new();
    let (_, pod) = stage.single(&format!("init-ssd-{SHORT}-0"), "setup", "get-blastdb");
    pod.start("get-blastdb").terminate_with("get-blastdb", 128, "StartError", Some("exec: \"azcopy\": not found"));
    stage.must_be("container could not be started", "ELB-POD-CONFIG");
}

#[test]
fn init_failed() {
    let stage = Stage::new();
    let pod = stage.batch(0);
    pod.start("import-query-batches").print("import-query-batches", "batch_000.fa: no such blob");
    pod.terminate("import-query-batches", 1);
    let said = stage.must_be("init container failed, blast is empty", "ELB-POD-INIT-FAILED");
    assert!(said.evidence().contains("| batch_000.fa: no such blob"), "{}", said.text);
}

#[test]
fn crash_loop() {
    let stage = Stage::new();
    let (_, pod) = stage.single(&format!("init-ssd-{SHORT}-0"), "setup", "get-blastdb");
    pod.start("get-blastdb").print("get-blastdb", "the first crash").terminate("get-blastdb", 2);
    pod.restart("get-blastdb").print("get-blastdb", "cannot open the workspace").terminate("get-blastdb", 2);
    pod.waiting("get-blastdb", "CrashLoopBackOff", Some("back-off 20s restarting failed container"));
    let said = stage.must_be("crash loop: what the last instance printed", "ELB-POD-CRASH-LOOP");
    assert!(said.evidence().contains("| cannot open the workspace"), "{}", said.text);
}

#[test]
fn the_previous_instance_has_the_words() {
    let stage = Stage::new();
    let (_, pod) = stage.single(&format!("init-ssd-{SHORT}-0"), "setup", "get-blastdb");
    for _ in 0..2 {
        pod.start("get-blastdb").print("get-blastdb", "disk quota exceeded").terminate("get-blastdb", 2);
        pod.restart("get-blastdb");
    }
    let said = stage.must_be("runs again, the crash is in the previous instance", "ELB-POD-CRASH-LOOP");
    assert!(said.evidence().contains("| disk quota exceeded"), "{}", said.text);
}

#[test]
fn out_of_memory() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    let pod = batch_pod(&job).create();
    search(&pod);
    pod.terminate_with("blast", 137, "OOMKilled", None).terminate("results-export", 137);
    job.fail(Timestamp::now(), "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    let said = stage.must_be("OOMKilled (137), silent log", "ELB-POD-OOM");
    assert_eq!(said.problems(), ["ELB-POD-OOM"], "{}", said.text);
    assert!(said.consequences().contains(&"ELB-K8S-BACKOFF-LIMIT"), "{}", said.text);
}

#[test]
fn a_failure_that_was_made_good_is_a_note() {
    let stage = Stage::new();
    let job = stage.batch_job(0);
    let failed = batch_pod(&job).restart_policy("Never").create();
    failed.start("import-query-batches").terminate("import-query-batches", 1);
    let good = batch_pod(&job).create();
    search(&good);
    good.print("blast", "run end 000 0").terminate("blast", 0).terminate("results-export", 0);
    job.complete(Timestamp::now());
    let said = stage.must_be_healthy("a retry made it good", &[ID]);
    assert!(said.notes().contains(&"ELB-POD-INIT-FAILED".to_owned()), "{}", said.text);
}

#[test]
fn one_restart_is_a_note() {
    let stage = Stage::new();
    let (_, pod) = stage.single(&format!("init-ssd-{SHORT}-0"), "setup", "get-blastdb");
    pod.start("get-blastdb").terminate("get-blastdb", 1).restart("get-blastdb");
    let said = stage.must_be_healthy("one restart, running again", &[ID]);
    assert_eq!(said.notes(), ["ELB-POD-RESTARTED"]);
}

#[test]
fn setup_failed() {
    let stage = Stage::new();
    let (_, pod) = stage.single(&format!("init-ssd-{SHORT}-0"), "setup", "get-blastdb");
    pod.start("get-blastdb").print("get-blastdb", "no space left on device").terminate("get-blastdb", 1);
    stage.must_be("setup container ended with an error", "ELB-POD-FAILED");
}

#[test]
fn a_container_that_its_node_lost_did_run() {
    let stage = Stage::new();
    let pod = stage.searching(0);
    let why = "The container could not be located when the pod was terminated";
    pod.terminate_with("blast", 137, "ContainerStatusUnknown", Some(why));
    let said = stage.must_be("a node lost a container", "ELB-POD-FAILED");
    assert!(said.text.contains("was lost") && !said.text.contains("could not be started"), "{}", said.text);
}
