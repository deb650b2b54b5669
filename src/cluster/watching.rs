//! [`list`] and [`watch`]: objects as they are, and as they come and go, asked for in one way by all who do.

use std::{fmt::Debug, time::Duration};

use futures::Stream;
use kube::{
    Api, Resource,
    api::ListParams,
    runtime::{
        WatchStreamExt, utils,
        watcher::{self, watcher},
    },
};
use serde::de::DeserializeOwned;

use super::ClusterError;
use crate::backoff::{Backoff, Pauses};

/// Objects asked for at a time: client-go's page size.
pub const PAGE: u32 = 500;

/// HTTP 410: the list's continue token has expired.
const EXPIRED: u16 = 410;

/// How long one watch goes on before it is asked for again, in seconds. A watch may stall without an end, and the transport
/// gives it no more time than this and a request's.
const WATCH: u32 = 30;

/// The pauses between attempts to watch, the first in full and the longest. A job's pods may live for seconds only, so kube's
/// default of up to 30 s is too long.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// The objects with these labels as they come and go, without end. Errors are passed on, and it goes on after a pause.
pub fn watch<K>(
    api: Api<K>,
    labels: Option<String>,
) -> impl Stream<Item = watcher::Result<watcher::Event<K>>> + Send + use<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let config = watcher::Config { label_selector: labels, ..watcher::Config::default() };
    watcher(api, config.page_size(PAGE).timeout(WATCH)).backoff(pauses())
}

/// All objects that `params` ask for, each as `kept` makes it, page by page. A list that can no longer be continued is begun anew.
///
/// # Errors
/// What the API server says.
pub async fn list<K, T>(api: &Api<K>, params: ListParams, kept: impl Fn(K) -> T) -> Result<Vec<T>, ClusterError>
where
    K: Clone + DeserializeOwned + Debug,
{
    let first = params.limit(PAGE);
    let (mut params, mut all) = (first.clone(), Vec::new());
    loop {
        let page = match api.list(&params).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == EXPIRED && params.continue_token.is_some() => {
                all.clear();
                params = first.clone();
                continue;
            }
            Err(error) => return Err(ClusterError::from(&error)),
        };
        all.extend(page.items.into_iter().map(&kept));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = first.clone().continue_token(&token),
            None => return Ok(all),
        }
    }
}

/// The pauses of one who asks in vain.
pub fn pauses() -> Pauses {
    Pauses::new(Backoff::at_random(PAUSES.0, PAUSES.1))
}

impl utils::Backoff for Pauses {
    fn reset(&mut self) {
        self.worked();
    }
}
