//! [`Http`]: rows from a service, `GET /v1/jobs/{id}`.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    DbOptions, JobUrl, RowFilter, RowSource, SourceAnswer, SourceEnvironment, SourceError, choose,
    client::{self, Client, Reply},
    location::Location,
    row_from_bytes,
    secrets::Secrets,
};
use crate::{
    foreign,
    render::plain,
    row::{Row, rows_from_bytes, tree},
};

/// Where the place of the id may be marked in the URL.
const PLACE: &str = "{id}";
/// The place of the rows on the service.
const JOBS: &str = "v1/jobs";
/// The header that the dashboard's sibling wants; other services take a bearer token.
const TOKEN: HeaderName = HeaderName::from_static("x-elb-api-token");
/// What need not be escaped in one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A service that serves rows.
pub(super) struct Http {
    at: String,
    client: Client,
    /// What proves who we are.
    headers: HeaderMap,
    /// Whether the token of the environment is among them.
    has_token: bool,
    warning: Option<String>,
    /// The URL of one row, with [`PLACE`] where its id belongs.
    row: String,
    /// The URL of the list.
    list: Option<Url>,
    /// The id that the URL itself names.
    named: Option<String>,
    /// The URL is that of a row or an export: JOB was one.
    job: Option<JobUrl>,
}

/// What the row is called that a URL in the place of JOB names.
const OF_URL: &str = "the row of the URL";

impl Http {
    /// Reads the URL; connects to nothing.
    pub fn new(location: &Location, args: &DbOptions, environment: &SourceEnvironment) -> Result<Self, SourceError> {
        if args.db_table.is_some() || args.db_key.is_some() || args.db_payload.is_some() {
            let why = "--db-table, --db-key and --db-payload are for tables, and --db is the URL of a service";
            return Err(SourceError::Usage(why.to_owned()));
        }
        let text = location.url.expose_secret();
        let usage = |why: &str| SourceError::Usage(format!("--db {}: {why}", location.shown));
        let url = Url::parse(text).map_err(|error| usage(&error.to_string()))?;
        let mut secrets = location.secrets.clone();
        let (row, list, named) = places(&url);
        // The token is the service's: no other URL that is JOB is told.
        let token = environment.http_token.as_ref().filter(|_| args.job.is_none() || named.is_some());
        let headers = headers(&args.db_headers, token, &mut secrets)?;
        let is_secret =
            url.query().is_some() || url.password().is_some() || !url.username().is_empty() || !headers.is_empty();
        let warning = if is_secret { client::in_plain_sight(&location.shown, &url) } else { None };
        let client = Client::new(location.shown.clone(), secrets, is_secret, args.request_timeout.0, environment);
        let (at, has_token) = (location.shown.clone(), token.is_some());
        let (row, list, named) = match &args.job {
            Some(_) => (url.to_string(), None, Some(OF_URL.to_owned())),
            None => (row, list, named),
        };
        Ok(Self { at, client, headers, has_token, warning, row, list, named, job: args.job.clone() })
    }

    async fn get(&self, url: &Url) -> Result<Reply, SourceError> {
        let request = self.client.get(url)?.header(header::ACCEPT, "application/json").headers(self.headers.clone());
        self.client.send(request).await
    }

    /// The row that the URL itself is of.
    async fn of_url(&self, job: &JobUrl) -> Result<Row, SourceError> {
        let url = Url::parse(&self.row).map_err(|error| SourceError::Usage(format!("{}: {error}", self.at)))?;
        let reply = self.get(&url).await?;
        if reply.status != StatusCode::OK {
            return Err(self.refusal(&reply));
        }
        row_from_bytes(&self.at, &reply.body, job.pick.as_deref()).map_err(|error| {
            let why = self.client.told(error.to_string().trim_start_matches(&self.at).trim_start_matches(": "));
            SourceError::NotARow { at: self.at.clone(), why }
        })
    }

    /// The row at `id`, or `None` if there is none.
    async fn one(&self, id: &str) -> Result<Option<Row>, SourceError> {
        let escaped = utf8_percent_encode(id, SEGMENT).to_string();
        let url = Url::parse(&self.row.replace(PLACE, &escaped))
            .map_err(|error| SourceError::Usage(format!("--db {}: {error}", self.at)))?;
        let reply = self.get(&url).await?;
        match reply.status {
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::UNPROCESSABLE_ENTITY => Ok(None),
            StatusCode::OK => {
                let row = self.row(&reply)?;
                match row.id().filter(|own| !choose::is_same(own, id)) {
                    Some(other) => Err(self.another(id, other)),
                    None => Ok(Some(row)),
                }
            }
            _ => Err(self.refusal(&reply)),
        }
    }

    fn row(&self, reply: &Reply) -> Result<Row, SourceError> {
        let row = row_from_bytes("the answer", &reply.body, None).map_err(|_| self.no_row(reply))?;
        // `{"detail": …}` with status 200, or a page of JSON that is something else.
        let elsewhere = row.notes().iter().any(|note| note.contains("is it a row?"));
        if elsewhere { Err(self.no_row(reply)) } else { Ok(row) }
    }

    /// The list, whole; `None` if the service has none.
    async fn rows(&self) -> Result<Option<Vec<Row>>, SourceError> {
        let Some(url) = &self.list else { return Ok(None) };
        let reply = self.get(url).await?;
        match reply.status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(None),
            StatusCode::OK => self.listed(&reply).map(Some),
            _ => Err(self.refusal(&reply)),
        }
    }

    fn listed(&self, reply: &Reply) -> Result<Vec<Row>, SourceError> {
        let mut rows = Vec::new();
        rows_from_bytes("the answer", &reply.body, |row| rows.push(row)).map_err(|_| self.no_row(reply))?;
        Ok(rows)
    }

    /// The answer is about another job than the question.
    fn another(&self, asked: &str, came: &str) -> SourceError {
        let (asked, came) = (plain(asked, 80), plain(came, 80));
        let why = format!("asked for the row {asked} it answers with the row {came}; check the id and the URL");
        SourceError::NotARow { at: self.at.clone(), why }
    }

    fn no_row(&self, reply: &Reply) -> SourceError {
        let kind = || reply.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = self.client.told(foreign::name(&reply.body).or_else(kind).unwrap_or("something"));
        let why = format!("answers with {kind} that is not the row; is it the URL of a /v1/jobs service?");
        SourceError::NotARow { at: self.at.clone(), why }
    }

    /// What a status that is no success means.
    fn refusal(&self, reply: &Reply) -> SourceError {
        let at = self.at.clone();
        let code = reply.status.as_u16();
        match code {
            401 | 403 if self.headers.is_empty() => SourceError::Refused {
                at,
                why: format!(
                    "it wants credentials (HTTP {code}); put its token into ELBTAIL_HTTP_TOKEN, which is sent as \
                     `Authorization: Bearer` and `X-ELB-API-Token`, or give its header with --db-header"
                ),
            },
            401 => SourceError::Refused {
                at,
                why: format!("it does not take {} (HTTP 401); get a new one", self.origin()),
            },
            403 => SourceError::Refused {
                at,
                why: format!(
                    "with {} reading jobs is not permitted (HTTP 403); ask for the right, or use another one",
                    self.origin()
                ),
            },
            _ => SourceError::Rejected {
                at,
                why: format!("it answered HTTP {code}: {}", self.words(reply)),
                transient: matches!(code, 408 | 425 | 429 | 500..=599),
            },
        }
    }

    /// What was sent to prove who we are.
    fn origin(&self) -> &'static str {
        if self.has_token { "the token in ELBTAIL_HTTP_TOKEN" } else { "what --db-header says" }
    }

    /// The server's words: FastAPI's `detail`, or the start of the body; of a page only that it is one.
    fn words(&self, reply: &Reply) -> String {
        if let Some(what) = foreign::name(&reply.body) {
            return what.to_owned();
        }
        let text = String::from_utf8_lossy(&reply.body);
        let detail = tree::parse(&text).ok();
        let detail = detail.as_ref().and_then(|body| body.get("detail").or_else(|| body.get("message"))?.as_str());
        let words = self.client.told(detail.unwrap_or(&text));
        if words.is_empty() { "no reason given; try again".to_owned() } else { words }
    }

    fn no_list(&self, why: &str) -> SourceError {
        SourceError::Rejected {
            at: self.at.clone(),
            why: format!("the service has no list of jobs; {why}"),
            transient: false,
        }
    }
}

/// The headers that prove who we are: the token under both of its names, then what the flags say.
fn headers(
    flags: &[SecretString],
    token: Option<&SecretString>,
    secrets: &mut Secrets,
) -> Result<HeaderMap, SourceError> {
    let mut headers = HeaderMap::new();
    let usage = |why: &str| SourceError::Usage(why.to_owned());
    if let Some(token) = token {
        let token = token.expose_secret();
        secrets.add(token);
        let wrong =
            || usage("ELBTAIL_HTTP_TOKEN cannot stand in a header: it holds a control character; copy it again");
        headers.insert(TOKEN, sensitive(token).ok_or_else(wrong)?);
        headers.insert(header::AUTHORIZATION, sensitive(&format!("Bearer {token}")).ok_or_else(wrong)?);
    }
    for line in flags.iter().map(|line| line.expose_secret().trim()).filter(|line| !line.is_empty()) {
        let (name, value) =
            line.split_once(':').ok_or_else(|| usage("--db-header: there is no `:`; write 'Name: value'"))?;
        let (name, value) = (name.trim(), value.trim());
        secrets.add(value);
        if let Some((_, bare)) = value.split_once(' ') {
            secrets.add(bare.trim());
        }
        let name: HeaderName =
            name.parse().map_err(|_| usage("--db-header: what stands before the `:` is no header's name"))?;
        let value = sensitive(value)
            .ok_or_else(|| usage(&format!("--db-header {name}: its value holds a control character; copy it again")))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// A value that is kept out of `Debug` output.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The URL of a row, of the list, and the id that is in the URL already.
fn places(url: &Url) -> (String, Option<Url>, Option<String>) {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut base = url.clone();
    base.set_query(None);
    base.set_fragment(None);
    let text = base.as_str().trim_end_matches('/').to_owned();
    let list = |text: &str| Url::parse(&format!("{text}{query}")).ok();
    // The URL parser escapes braces.
    let text = text.replace("%7Bid%7D", PLACE);
    if text.contains(PLACE) {
        let list = text.strip_suffix(PLACE).and_then(|text| list(text.trim_end_matches('/')));
        return (format!("{text}{query}"), list, None);
    }
    let segments: Vec<&str> = base.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    match segments.as_slice() {
        [.., "jobs"] => (format!("{text}/{PLACE}{query}"), list(&text), None),
        [.., "jobs", id] => {
            let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy().into_owned();
            (format!("{text}{query}"), None, Some(id))
        }
        _ => (format!("{text}/{JOBS}/{PLACE}{query}"), list(&format!("{text}/{JOBS}")), None),
    }
}

impl RowSource for Http {
    fn describe(&self) -> &str {
        &self.at
    }

    fn named(&self) -> Option<&str> {
        self.named.as_deref()
    }

    fn warning(&self) -> Option<String> {
        self.warning.clone()
    }

    fn exact<'a>(&'a self, id: &'a str) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(async move {
            if let Some(job) = &self.job {
                return Ok(vec![self.of_url(job).await?]);
            }
            match self.named() {
                Some(named) if !choose::is_same(named, id) => Ok(Vec::new()),
                _ => Ok(self.one(id).await?.into_iter().collect()),
            }
        })
    }

    fn beginning<'a>(&'a self, prefix: &'a str, limit: usize) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(async move {
            if let Some(named) = self.named() {
                let row = if named.starts_with(prefix) { self.one(named).await? } else { None };
                return Ok(row.into_iter().collect());
            }
            // A service without a list knows whole ids only, and then there is no such row.
            let mut rows = self.rows().await?.unwrap_or_default();
            rows.retain(|row| row.id().is_some_and(|id| id.starts_with(prefix)));
            rows.truncate(limit);
            // A list may show less of a row than the row itself.
            match rows.as_slice() {
                [only] => match only.id() {
                    Some(id) => Ok(self.one(id).await?.into_iter().collect()),
                    None => Ok(rows),
                },
                _ => Ok(rows),
            }
        })
    }

    fn list<'a>(&'a self, filter: &'a RowFilter) -> SourceAnswer<'a, Vec<Row>> {
        Box::pin(async move {
            let rows = match self.named() {
                Some(_) if self.job.is_some() => self.exact(OF_URL).await?,
                Some(named) => self.one(named).await?.into_iter().collect(),
                None => self.rows().await?.ok_or_else(|| self.no_list("name a row by its whole id"))?,
            };
            Ok(choose::newest(rows, filter))
        })
    }

    fn latest(&self) -> SourceAnswer<'_, Row> {
        Box::pin(self.latest_whole(true))
    }

    fn newest(&self) -> SourceAnswer<'_, Row> {
        Box::pin(self.latest_whole(false))
    }
}

impl Http {
    /// The newest row, or the newest that is not terminal. A list may hold less of it.
    async fn latest_whole(&self, live: bool) -> Result<Row, SourceError> {
        let row = choose::latest(&self.at, live, |filter| self.list(filter)).await?;
        match row.id() {
            Some(id) => self.fetch(id).await,
            None => Ok(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_service_a_list_a_template_or_a_row() {
        let at = |url: &str| {
            let (row, list, named) = places(&Url::parse(url).unwrap());
            (row, list.map(|url| url.to_string()).unwrap_or_default(), named.unwrap_or_default())
        };
        let service = ("https://h/v1/jobs/{id}".to_owned(), "https://h/v1/jobs".to_owned(), String::new());
        for url in ["https://h", "https://h/", "https://h/v1/jobs", "https://h/v1/jobs/", "https://h/v1/jobs/{id}"] {
            assert_eq!(at(url), service, "{url}");
        }
        assert_eq!(at("https://h/v1/jobs/a%2Fb?x=1"), ("https://h/v1/jobs/a%2Fb?x=1".into(), "".into(), "a/b".into()));
        assert_eq!(at("https://h/elb?x=1").0, "https://h/elb/v1/jobs/{id}?x=1");
        assert_eq!(at("https://h/rows/{id}/raw").0, "https://h/rows/{id}/raw");
        assert_eq!(at("https://h/rows/{id}/raw").1, "");
    }
}
