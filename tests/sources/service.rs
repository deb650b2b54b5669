//! The service that serves rows over HTTP.

use elbtail::source::{self, DbOptions, SourceEnvironment, SourceError};

use crate::support::{
    PLANTED, all, args, assert_clean, fault, ids, open, open_with,
    rows::{assert_all_there, assert_same, samples},
    service::{Service, UPPER},
};

fn with_token() -> SourceEnvironment {
    SourceEnvironment { http_token: Some(PLANTED.into()), ..SourceEnvironment::nothing() }
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
async fn the_url_of_a_row_or_an_export_may_stand_for_job() {
    let samples = samples();
    let service = Service::start(&samples, None, true).await;
    let at = |path: &str, pick: Option<&str>| DbOptions {
        job: Some(source::JobUrl { pick: pick.map(str::to_owned) }),
        ..args(&service.url(path))
    };
    let fetched = async |options: &DbOptions| {
        let source = open_with(options, &with_token());
        let named = source.named().expect("no JOB is needed").to_owned();
        source.fetch(&named).await
    };
    let row = format!("/v1/jobs/{}", samples[3].id);
    assert_same(&fetched(&at(&row, None)).await.unwrap(), &samples[3]);
    assert_same(&fetched(&at("/v1/jobs", Some(&samples[3].id))).await.unwrap(), &samples[3]);
    let several = fetched(&at("/v1/jobs", None)).await.unwrap_err().to_string();
    assert!(several.contains("--job") && several.contains(&samples[3].id), "{several}");
    let none = fetched(&at("/elsewhere/row.json", None)).await.unwrap_err();
    assert!(matches!(none, SourceError::Rejected { .. }), "{none:?}");
    // The token is the service's alone.
    let state = service.state.lock().unwrap();
    assert_eq!(state.tokens.first().unwrap().as_deref(), Some(PLANTED));
    assert_eq!(state.tokens.last().unwrap(), &None);
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
    assert!(matches!(&error, SourceError::NotARow { why, .. } if why.contains("a web page")), "{error:?}");
    let error = fault(&*source, "gateway").await;
    assert!(error.is_transient() && error.to_string().ends_with("it answered HTTP 502: a web page"), "{error}");
    let error = fault(&*source, "huge").await;
    assert!(matches!(&error, SourceError::NotARow { why, .. } if why.contains("64 MiB")), "{error:?}");
    assert!(matches!(fault(&*source, "nobody").await, SourceError::NoRow { .. }));
    assert!(fault(&*open("http://127.0.0.1:1"), "x").await.is_transient());
    let flags = DbOptions { db_table: Some("x".to_owned()), ..args("http://127.0.0.1:1") };
    assert!(matches!(source::open(&flags, &SourceEnvironment::nothing()), Err(SourceError::Usage(_))));

    let guarded = Service::start(&samples(), Some("another"), true).await;
    let error = fault(&*open(&guarded.url("")), "x").await;
    assert!(matches!(&error, SourceError::Refused { why, .. } if why.contains("X-ELB-API-Token")), "{error:?}");
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

#[tokio::test]
async fn an_answer_about_another_row_is_refused() {
    let service = Service::start(&samples(), None, true).await;
    let source = open(&service.url(""));
    let error = fault(&*source, "another").await;
    assert_eq!(error.exit(), elbtail::exit::Exit::Row);
    let text = error.to_string();
    assert!(text.contains("the row another ") && text.contains("the row someone-elses"), "{text}");
    assert_eq!(source.fetch(UPPER).await.unwrap().id(), Some(UPPER.to_lowercase().as_str()));
}

#[tokio::test]
async fn the_token_goes_under_both_of_its_names_and_headers_replace_them() {
    let samples = samples();
    let service = Service::start(&samples, None, true).await;
    let id = &samples[0].id;
    open_with(&args(&service.url("")), &with_token()).fetch(id).await.unwrap();
    let headers =
        vec![format!("X-ELB-API-Token: {PLANTED}-2").into(), format!("Authorization:Basic {PLANTED}-3").into()];
    let flags = DbOptions { db_headers: headers, ..args(&service.url("")) };
    assert!(!format!("{flags:?}").contains(PLANTED));
    open_with(&flags, &with_token()).fetch(id).await.unwrap();
    open_with(&flags, &SourceEnvironment::nothing()).fetch(id).await.unwrap();
    let state = service.state.lock().unwrap();
    let [bearer, basic] = [format!("Bearer {PLANTED}"), format!("Basic {PLANTED}-3")].map(Some);
    let [token, own] = [PLANTED.to_owned(), format!("{PLANTED}-2")].map(Some);
    assert_eq!(state.seen, [bearer, basic.clone(), basic]);
    assert_eq!(state.tokens, [token, own.clone(), own]);
}

#[test]
fn headers_that_make_no_sense_are_refused_without_their_value() {
    for (url, line, word) in [
        ("http://h", format!("{PLANTED} {PLANTED}"), "no `:`"),
        ("http://h", format!("a b {PLANTED}: x"), "no header's name"),
        ("http://h", format!("X-A: {PLANTED}\u{7}"), "control character"),
        ("postgres://h/d", format!("X-A: {PLANTED}"), "--db-header is for"),
        ("https://acc.table.core.windows.net/t", format!("X-A: {PLANTED}"), "--db-header is for"),
    ] {
        let flags = DbOptions { db_headers: vec![line.into()], ..args(url) };
        let error = source::open(&flags, &SourceEnvironment::nothing()).map(|_| ()).unwrap_err();
        assert!(matches!(error, SourceError::Usage(_)) && error.to_string().contains(word), "{error}");
        assert_clean(&error.to_string());
    }
}

#[test]
fn credentials_over_plain_http_are_warned_of() {
    for (url, token, warned) in [
        ("http://elb.example.org/v1/jobs", true, true),
        ("http://elb.example.org/v1/jobs", false, false),
        ("http://me:x@elb.example.org", false, true),
        ("http://elb.example.org/?code=x", false, true),
        ("http://10.0.0.8:10002/devstoreaccount1/jobs?sv=1&sig=x", false, true),
        ("http://127.0.0.1:1", true, false),
        ("http://[::1]:1", true, false),
        ("http://localhost:1", true, false),
        ("https://elb.example.org", true, false),
    ] {
        let environment = if token { with_token() } else { SourceEnvironment::nothing() };
        let warning = open_with(&args(url), &environment).warning();
        assert_eq!(warning.is_some(), warned, "{url}");
        assert_clean(&warning.unwrap_or_default());
    }
}

/// A server that takes the connection and says nothing, whatever it should be.
#[tokio::test]
async fn silence_ends_with_the_request_timeout() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = silent.local_addr().unwrap();
    for url in [
        format!("postgres://u:pl4nted@{at}/d"),
        format!("mysql://u:pl4nted@{at}/d"),
        format!("http://{at}/v1/jobs"),
        format!("http://{at}/devstoreaccount1/jobs?sv=1&sig=pl4nted"),
    ] {
        let request_timeout = "200ms".parse().unwrap();
        let error =
            fault(&*open_with(&DbOptions { request_timeout, ..args(&url) }, &SourceEnvironment::nothing()), "x").await;
        assert!(error.is_transient() && error.to_string().contains("200ms"), "{error}");
        assert!(error.to_string().contains("--request-timeout"), "{error}");
    }
}
