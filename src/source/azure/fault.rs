//! What the table service's refusals mean.

use super::{Client, Reply, SourceError, StorageAccount};
use crate::{foreign, row::tree};

/// The header that says what is wrong.
const CODE: &str = "x-ms-error-code";

/// What an answer that is no success means.
pub(super) fn explain(at: &str, account: &StorageAccount, client: &Client, reply: &Reply) -> SourceError {
    let at = at.to_owned();
    let status = reply.status.as_u16();
    let transient = matches!(status, 408 | 429 | 500..=599);
    if foreign::name(&reply.body) == Some(foreign::PAGE) && !reply.headers.contains_key(CODE) {
        let why = format!("it answers with a web page (HTTP {status}); check the URL, and what stands in between");
        return SourceError::Rejected { at, why, transient };
    }
    let (code, words) = error(reply);
    let code = client.told(&code);
    // The service's words end in a request id and a time, on lines of their own.
    let words = client.told(words.lines().next().unwrap_or_default());
    let refused =
        |next: String| SourceError::Refused { at: at.clone(), why: format!("{code} (HTTP {status}); {next}") };
    match (status, code.as_str()) {
        (401 | 403, _) if account.is_expired() => refused(format!("{} has expired; get a new one", account.origin())),
        (404, "TableNotFound") => SourceError::NoTable {
            at,
            what: format!(
                "the account {} has no such table; check the URL, or name it with --db-table",
                account.name()
            ),
        },
        (404, _) => SourceError::NoTable { at, what: format!("{words} (HTTP 404); check the URL") },
        (_, "AuthorizationPermissionMismatch" | "AuthorizationFailure") if account.is_entra() => refused(
            "it takes the role \"Storage Table Data Reader\", and a network the account's firewall lets in".to_owned(),
        ),
        (_, "AuthorizationFailure" | "AuthorizationPermissionMismatch" | "AuthorizationResourceTypeMismatch") => {
            refused(format!(
                "{} is wrong or does not permit reading the table, or the account's firewall keeps this network out",
                account.origin()
            ))
        }
        (_, "KeyBasedAuthenticationNotPermitted") => {
            refused("the account takes no keys; unset AZURE_STORAGE_KEY and sign in with `az login`".to_owned())
        }
        (401 | 403, _) => refused(format!("check {} and this machine's clock", account.origin())),
        (400, "InvalidAuthenticationInfo" | "AuthenticationFailed") => refused(format!("check {}", account.origin())),
        _ => SourceError::Rejected { at, why: format!("it answered HTTP {status} {code}: {words}"), transient },
    }
}

/// The code and the words of an OData error, in JSON or in XML, which comes when the request was not even read.
fn error(reply: &Reply) -> (String, String) {
    let text = String::from_utf8_lossy(&reply.body);
    let json = tree::parse(&text).ok();
    let error = json.as_ref().and_then(|body| body.get("odata.error"));
    let code = error.and_then(|error| error.get("code")?.as_str());
    let words = error.and_then(|error| error.get("message")?.get("value")?.as_str());
    if let Some(code) = code {
        return (code.to_owned(), words.unwrap_or_default().to_owned());
    }
    let header = reply.headers.get(CODE).and_then(|code| code.to_str().ok());
    let element = |name: &str| {
        let rest = text.split_once(&format!("<{name}"))?.1.split_once('>')?.1;
        Some(rest.split_once('<')?.0.to_owned())
    };
    let code = header.map(str::to_owned).or_else(|| element("code")).or_else(|| element("Code"));
    let words = element("message").or_else(|| element("Message"));
    (
        code.unwrap_or_else(|| "refused".to_owned()),
        words.unwrap_or_else(|| match foreign::name(&reply.body) {
            Some(what) => what.to_owned(),
            None => text.into_owned(),
        }),
    )
}
