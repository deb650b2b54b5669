//! [`Listener`]: whoever takes what is read.

use tokio::sync::mpsc;

/// Nobody listens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unheard;

/// Takes what is said, one after another. Taking it slowly slows the reading down; nothing is dropped on the way.
pub trait Listener<T>: Clone + Send + Sync + 'static {
    /// Takes it, and returns when there is room for more.
    fn hear(&self, said: T) -> impl Future<Output = Result<(), Unheard>> + Send;

    /// Whether nobody listens any more.
    fn is_gone(&self) -> bool;

    /// Waits until nobody listens any more.
    fn gone(&self) -> impl Future<Output = ()> + Send;
}

impl<T, U> Listener<T> for mpsc::Sender<U>
where
    T: Send + 'static,
    U: From<T> + Send + 'static,
{
    async fn hear(&self, said: T) -> Result<(), Unheard> {
        self.send(said.into()).await.map_err(|_| Unheard)
    }

    fn is_gone(&self) -> bool {
        self.is_closed()
    }

    async fn gone(&self) {
        self.closed().await;
    }
}
