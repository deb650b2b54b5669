//! The service that serves rows over HTTP.

use elbtail::row::source::{DbArgs, SourceError, Surroundings, open_in};

use crate::support::{
    PLANTED, all, args, fault, ids, open, open_with,
    rows::{assert_all_there, assert_same, samples},
    service::Service,
};

fn with_token() -> Surroundings {
    Surroundings { http_token: Some(PLANTED.into()), ..Surroundings::nothing() }
}

#[tokio::test]
async fn every_row_is_read_from_each_form_of_url() {
    let samples = samples();
    let service = Service::start(&samples, Some(PLANTED), true).await;
    for path in ["", "/", "/v1/jobs", "/v1/jobs/{id}"] {
        assert_all_there(&*open_with(&args(&service.url(path)), &with_token()), &samples).await;
    }
    let source = open_with(&args(&service.url("")), &with_token());
    assert_eq!(ids(&source.list(&all()).await.unwrap()).len(), samples.len());
    assert!(!source.latest().await.unwrap().is_terminal());
}

#[tokio::test]
async fn a_url_may_name_the_row() {
    let samples = samples();
    let service = Service::start(&samples, None, false).await;
    let source = open(&service.url(&format!("/v1/jobs/{}", samples[3].id)));
    assert_eq!(source.named(), Some(samples[3].id.as_str()));
    assert_same(&source.fetch(&samples[3].id).await.unwrap(), &samples[3]);
    assert_same(&source.fetch(&samples[3].id[..6]).await.unwrap(), &samples[3]);
    assert!(matches!(fault(&*source, &samples[4].id).await, SourceError::NoRow { .. }));
    assert_same(&source.latest().await.unwrap(), &samples[3]);
}

#[tokio::test]
async fn a_service_without_a_list_knows_whole_ids() {
    let samples = samples();
    let service = Service::start(&samples, None, false).await;
    let source = open(&service.url(""));
    assert_same(&source.fetch(&samples[0].id).await.unwrap(), &samples[0]);
    assert!(matches!(fault(&*source, &samples[0].id[..8]).await, SourceError::NoRow { .. }));
    let error = source.list(&all()).await.unwrap_err();
    assert!(error.to_string().contains("no list of jobs"), "{error}");
}

#[tokio::test]
async fn faults_are_told_apart() {
    let service = Service::start(&samples(), None, true).await;
    let source = open(&service.url(""));
    let error = fault(&*source, "forbidden").await;
    assert!(matches!(&error, SourceError::Refused { .. }), "{error:?}");
    let error = fault(&*source, "busy").await;
    assert!(error.is_transient() && error.to_string().contains("503: starting"), "{error:?}");
    let error = fault(&*source, "page").await;
    assert!(matches!(&error, SourceError::NotARow { why, .. } if why.contains("text/html")), "{error:?}");
    let error = fault(&*source, "huge").await;
    assert!(matches!(&error, SourceError::NotARow { why, .. } if why.contains("64 MiB")), "{error:?}");
    assert!(matches!(fault(&*source, "nobody").await, SourceError::NoRow { .. }));
    assert!(fault(&*open("http://127.0.0.1:1"), "x").await.is_transient());
    let flags = DbArgs { db_table: Some("x".to_owned()), ..args("http://127.0.0.1:1") };
    assert!(matches!(open_in(&flags, &Surroundings::nothing()), Err(SourceError::Usage(_))));

    let guarded = Service::start(&samples(), Some("another"), true).await;
    let error = fault(&*open(&guarded.url("")), "x").await;
    assert!(matches!(&error, SourceError::Refused { why, .. } if why.contains("put a bearer token")), "{error:?}");
    let error = fault(&*open_with(&args(&guarded.url("")), &with_token()), "x").await;
    assert!(matches!(&error, SourceError::Refused { why, .. } if why.contains("get a new one")), "{error:?}");
}

#[tokio::test]
async fn redirects_take_no_token_to_another_host() {
    let samples = samples();
    let service = Service::start(&samples, Some(PLANTED), false).await;
    let other = Service::start(&samples, None, false).await;
    let same = open_with(&args(&service.url("/moved/{id}")), &with_token());
    assert_same(&same.fetch(&samples[0].id).await.unwrap(), &samples[0]);
    let away = service.url(&format!("/moved/{{id}}?{}", other.url("")));
    let error = fault(&*open_with(&args(&away), &with_token()), &samples[0].id).await;
    assert!(matches!(&error, SourceError::Rejected { why, .. } if why.contains("redirects to")), "{error:?}");
    assert!(other.state.lock().unwrap().seen.is_empty());
    assert_eq!(service.state.lock().unwrap().seen.last(), Some(&Some(format!("Bearer {PLANTED}"))));
}
