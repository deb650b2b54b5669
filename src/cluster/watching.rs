//! [`watch`]: objects as they come and go, asked for in one way by all who watch.

use std::{fmt::Debug, time::Duration};

use futures::Stream;
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt, utils,
        watcher::{self, watcher},
    },
};
use serde::de::DeserializeOwned;

use crate::backoff::{Backoff, Pauses};

/// Objects asked for at a time: client-go's page size.
pub const PAGE: u32 = 500;

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

/// The pauses of one who asks in vain.
pub fn pauses() -> Pauses {
    Pauses::new(Backoff::at_random(PAUSES.0, PAUSES.1))
}

impl utils::Backoff for Pauses {
    fn reset(&mut self) {
        self.worked();
    }
}
