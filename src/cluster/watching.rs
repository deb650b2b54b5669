//! [`list`] and [`watch`]: objects as they are, and as they come and go, asked for in one way by all who do.

use std::{fmt::Debug, time::Duration};

use futures::{Stream, StreamExt, stream};
use kube::{
    Api, Resource,
    api::ListParams,
    core::Selector,
    runtime::watcher::{self, watcher},
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

/// The objects that `labels` select as they come and go, without end. Errors are passed on, and it goes on after a pause.
pub fn watch<K>(
    api: Api<K>,
    labels: &Selector,
) -> impl Stream<Item = watcher::Result<watcher::Event<K>>> + Send + use<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let config = watcher::Config::default().labels_from(labels).page_size(PAGE).timeout(WATCH);
    patiently(watcher(api, config), pauses())
}

/// What is watched, with a pause after each error. kube's own stream that pauses does not know what the server asks for, and takes a
/// list that has only begun for one that worked: where lists fail, its pauses would never become longer.
fn patiently<K>(
    watching: impl Stream<Item = watcher::Result<watcher::Event<K>>> + Send,
    pauses: Pauses,
) -> impl Stream<Item = watcher::Result<watcher::Event<K>>> + Send {
    stream::unfold((Box::pin(watching), pauses, None), |(mut watching, mut pauses, pause)| async move {
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        let heard = watching.next().await?;
        let pause = match &heard {
            Err(error) => {
                let asked = ClusterError::from(error).retry_after();
                Some(pauses.after_failure_at_least(asked.unwrap_or_default()))
            }
            Ok(watcher::Event::Init) => None,
            Ok(_) => {
                pauses.worked();
                None
            }
        };
        Some((heard, (watching, pauses, pause)))
    })
}

/// All objects that `params` ask for, each as `kept` makes it, page by page. A list that can no longer be continued is begun anew and
/// asked for whole, as client-go does, so that it comes to an end. Of an `Api<PartialObjectMeta<K>>` metadata alone is asked for.
///
/// # Errors
/// What the API server says.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub async fn list<K, T>(api: &Api<K>, params: ListParams, kept: impl Fn(K) -> T) -> Result<Vec<T>, ClusterError>
where
    K: Clone + DeserializeOwned + Debug,
{
    let (mut params, mut all) = (params.limit(PAGE), Vec::new());
    loop {
        let page = match api.list(&params).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == EXPIRED && params.continue_token.is_some() => {
                all.clear();
                params = ListParams { limit: None, continue_token: None, ..params };
                continue;
            }
            Err(error) => return Err(ClusterError::from(&error)),
        };
        all.extend(page.items.into_iter().map(&kept));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(all),
        }
    }
}

/// The pauses of one who asks in vain.
pub fn pauses() -> Pauses {
    Pauses::new(Backoff::at_random(PAUSES.0, PAUSES.1))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use k8s_openapi::api::core::v1::Event;
    use kube::core::PartialObjectMeta;
    use testcluster::{Access, Action, Call, Kind, Rule};

    use super::*;
    use crate::cluster::{Rejection, fixtures::Connected};

    const FIRST: Duration = Duration::from_millis(20);

    fn failed(retry_after: Option<Duration>) -> watcher::Result<watcher::Event<()>> {
        let rejection = Rejection { code: 429, reason: String::new(), message: String::new(), retry_after };
        let error = kube::Error::Service(Box::new(ClusterError::from(rejection)));
        Err(watcher::Error::InitialListFailed(error))
    }

    /// How long is waited before each of these.
    async fn waits(watched: Vec<watcher::Result<watcher::Event<()>>>) -> Vec<Duration> {
        let pauses = Pauses::new(Backoff::new(FIRST, 100 * FIRST, 1));
        let mut watching = patiently(stream::iter(watched), pauses).boxed();
        let mut waits = Vec::new();
        let mut last = Instant::now();
        while watching.next().await.is_some() {
            waits.push(last.elapsed());
            last = Instant::now();
        }
        waits
    }

    #[tokio::test]
    async fn a_watch_that_fails_pauses_longer_each_time_and_for_as_long_as_the_server_asks() {
        let in_vain = |asked| [Ok(watcher::Event::Init), failed(asked)];
        let asked = 20 * FIRST;
        let mut watched: Vec<_> = (0..4).flat_map(|_| in_vain(None)).chain(in_vain(Some(asked))).collect();
        watched.extend([Ok(watcher::Event::Init), Ok(watcher::Event::InitDone), failed(None)]);
        watched.push(Ok(watcher::Event::Init));
        let waits = waits(watched).await;
        assert!(waits[2] >= FIRST / 2, "{waits:?}");
        assert!(waits[8] >= 4 * FIRST, "a list that begins has not worked: {waits:?}");
        assert!(waits[10] >= asked, "{waits:?}");
        assert!(waits[13] >= FIRST / 2 && waits[13] < asked, "one that is whole has: {waits:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_list_is_read_page_by_page_and_whole_when_its_token_has_expired() {
        let connected = Connected::new(Access::all()).await;
        let server = &connected.server;
        let pod = server.pod("p").container("c").create();
        for number in 0..2 * PAGE {
            pod.event("Normal", "Number", &number.to_string());
        }
        let api: Api<Event> = Api::namespaced(connected.cluster.client(), "default");
        let listed = async || {
            let before = server.counts().requests(Kind::List);
            let mut names = list(&api, ListParams::default(), |event| event.metadata.name).await?;
            let all = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), all, "each once");
            Ok::<_, ClusterError>((all - 2 * PAGE as usize, server.counts().requests(Kind::List) - before))
        };
        let (more, pages) = listed().await.unwrap();
        assert!(pages >= 2, "{pages}");
        let expire = |when: fn(&Call) -> bool, times: usize| {
            let expired = Action::Answer { code: EXPIRED, retry_after: None };
            server.faults().push(Rule::new(move |call| call.kind == Kind::List && when(call), expired).times(times));
        };
        // However often tokens expire, it comes to an end: a page, a token that has expired, and the whole.
        expire(|call| call.parameter("continue").is_some(), usize::MAX);
        assert_eq!(listed().await.unwrap(), (more, 3));
        let api: Api<PartialObjectMeta<Event>> = Api::namespaced(connected.cluster.client(), "default");
        let names = list(&api, ListParams::default(), |event| event.metadata.name).await.unwrap();
        assert_eq!(names.len(), 2 * PAGE as usize + more, "of metadata too");
        // Without a token there is nothing to begin anew.
        expire(|call| call.parameter("continue").is_none(), 1);
        let error = listed().await.unwrap_err();
        assert_eq!(error.rejection().map(|it| it.code), Some(EXPIRED), "{error}");
    }
}
