//! Stores that fail for a while.

use elbtail::archive::{Access, Archive, ArchiveError, Limits, Writer, verify};
use std::time::{Duration, Instant};

use crate::{
    backend::{Backend, Kind},
    logs::{PATIENCE, job, kept, line, lines, next_writer, small, stream},
    support::faulty::{Fault, Faulty},
};

/// Every fault, at about every third request.
fn often(number: usize) -> Fault {
    match (number * 7919) % 15 {
        0 => Fault::Error,
        3 => Fault::Throttled,
        6 => Fault::Closed,
        9 | 12 => Fault::AnswerLost,
        _ => Fault::None,
    }
}

async fn nothing_is_lost_or_twice(kind: Kind) {
    let backend = Backend::new(kind).await;
    let proxy = Faulty::start(backend.port.unwrap(), often).await;
    let faulty = backend.through(proxy.port);
    // A few answers in a row may be lost, so that even opening fails; then it is done again.
    let archive = again(async || Archive::open_or_begin(faulty.store(Access::Write)).await).await;
    let mut writer = again(async || Writer::open(&archive, &job(), small()).await).await;
    let ids = [0, 1, 2].map(|container| writer.stream(stream(container, 0)).unwrap());
    for from in (0..1500).step_by(30) {
        for container in 0..3 {
            writer.push(ids[container as usize], &lines(container, from..from + 30)).await.unwrap();
        }
        if from % 300 == 0 {
            writer.flush().await.unwrap();
        }
    }
    for id in ids {
        writer.complete(id, "read").await.unwrap();
    }
    writer.finish().await.unwrap();
    assert!(proxy.made() > 20, "{}", proxy.made());
    let archive = backend.archive().await;
    assert_eq!(verify(&archive, &job()).await.unwrap().faults, []);
    for container in 0..3 {
        assert_eq!(kept(&archive, &stream(container, 0)).await, lines(container, 0..1500));
    }
}

async fn again<T>(mut work: impl AsyncFnMut() -> Result<T, ArchiveError>) -> T {
    let began = Instant::now();
    loop {
        match work().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_transient() && began.elapsed() < PATIENCE, "{error}"),
        }
    }
}

async fn a_store_that_is_down_holds_the_writer_back(kind: Kind) {
    let backend = Backend::new(kind).await;
    let proxy = Faulty::start(backend.port.unwrap(), |_| Fault::None).await;
    let archive = Archive::open_or_begin(backend.through(proxy.port).store(Access::Write)).await.unwrap();
    let limits = Limits { age: Duration::from_secs(3600), ..small() };
    let mut writer = Writer::open(&archive, &job(), limits).await.unwrap();
    let mut trouble = writer.trouble();
    let id = writer.stream(stream(1, 0)).unwrap();
    proxy.down(true);
    let pushing = tokio::spawn(async move {
        for number in 0..3000 {
            writer.push(id, &[line(1, number)]).await.unwrap();
        }
        writer.finish().await.unwrap();
    });
    let told = trouble.wait_for(Option::is_some).await.unwrap().clone();
    assert!(matches!(told, Some(ArchiveError::Unreachable { .. })), "{told:?}");
    assert!(!pushing.is_finished(), "3000 lines are more than it may hold");
    proxy.down(false);
    pushing.await.unwrap();
    assert!(trouble.borrow().is_none());
    assert_eq!(kept(&archive, &stream(1, 0)).await, lines(1, 0..3000));
}

async fn a_refused_request_is_told_as_such(kind: Kind) {
    let mut backend = Backend::new(kind).await;
    let archive = backend.begun().await;
    next_writer(&archive).await.finish().await.unwrap();
    for (_, value) in &mut backend.environment {
        *value = value.replace("Eby8", "Abcd");
    }
    let error = Archive::open(backend.store(Access::Read)).await.map(drop).unwrap_err();
    assert!(matches!(error, ArchiveError::Denied { .. }), "{error}");
}

mod on_azurite {
    use super::*;

    #[tokio::test]
    async fn faults_lose_nothing_and_double_nothing() {
        nothing_is_lost_or_twice(Kind::Azure).await;
    }

    #[tokio::test]
    async fn down_means_waiting() {
        a_store_that_is_down_holds_the_writer_back(Kind::Azure).await;
    }

    #[tokio::test]
    async fn a_wrong_key_is_told() {
        a_refused_request_is_told_as_such(Kind::Azure).await;
    }
}

mod on_moto {
    use super::*;

    #[tokio::test]
    async fn faults_lose_nothing_and_double_nothing() {
        nothing_is_lost_or_twice(Kind::S3).await;
    }

    #[tokio::test]
    async fn down_means_waiting() {
        a_store_that_is_down_holds_the_writer_back(Kind::S3).await;
    }
}
