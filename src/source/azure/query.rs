//! [`Query`]: an OData query, and where its next page begins.

use http::HeaderMap;
use url::Url;

/// The most rows a page may have.
const PAGE: usize = 1000;
/// The parameters of a continuation; the headers are called the same with `x-ms-continuation-` before.
const CONTINUATION: [(&str, &str); 2] =
    [("NextPartitionKey", "x-ms-continuation-nextpartitionkey"), ("NextRowKey", "x-ms-continuation-nextrowkey")];

/// Which rows, and what of them.
pub(super) struct Query {
    pub filter: String,
    /// Only these columns; empty: all.
    pub select: Vec<String>,
    /// No more than about so many rows.
    pub top: Option<usize>,
}

/// Where the next page begins.
pub(super) type NextPage = Vec<(&'static str, String)>;

impl Query {
    /// The URL of the page that begins at `next`, of the query at `table`.
    pub fn url(&self, table: &Url, next: Option<&NextPage>) -> Url {
        let mut url = table.clone();
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("$filter", &self.filter);
        if !self.select.is_empty() {
            pairs.append_pair("$select", &self.select.join(","));
        }
        if let Some(top) = self.top {
            pairs.append_pair("$top", &top.min(PAGE).to_string());
        }
        for (name, value) in next.into_iter().flatten() {
            pairs.append_pair(name, value);
        }
        drop(pairs);
        // The service wants a space as %20, not as the + of forms. A + of the text itself is %2B by now.
        let query = url.query().map(|query| query.replace('+', "%20"));
        url.set_query(query.as_deref());
        url
    }
}

/// A text in a filter: its quotes doubled.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Where the page after the one with these headers begins, if there is one. A page may be empty and not the last.
pub(super) fn next(headers: &HeaderMap) -> Option<NextPage> {
    let next: NextPage = CONTINUATION
        .iter()
        .filter_map(|(name, header)| Some((*name, headers.get(*header)?.to_str().ok()?.to_owned())))
        .collect();
    (!next.is_empty()).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_literal() {
        let query =
            Query { filter: format!("PartitionKey eq {}", literal("a' or '1")), select: vec![], top: Some(5000) };
        let url = query.url(&Url::parse("https://h/t()").unwrap(), Some(&vec![("NextRowKey", "a+b=".to_owned())]));
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs[0].1, "PartitionKey eq 'a'' or ''1'");
        assert_eq!((pairs[1].1.as_str(), pairs[2].1.as_str()), ("1000", "a+b="));
        assert!(!url.as_str().contains('+'));
    }
}
