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

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn what_is_said_waits_for_room_and_for_somebody_to_take_it() {
        let (sender, mut taken) = mpsc::channel::<u8>(1);
        assert_eq!(sender.hear(1).now_or_never(), Some(Ok(())));
        assert_eq!(sender.hear(2).now_or_never(), None, "there is no room");
        assert_eq!(taken.try_recv(), Ok(1));
        assert!(!Listener::<u8>::is_gone(&sender) && Listener::<u8>::gone(&sender).now_or_never().is_none());
        drop(taken);
        assert!(Listener::<u8>::is_gone(&sender) && Listener::<u8>::gone(&sender).now_or_never().is_some());
        assert_eq!(sender.hear(3).now_or_never(), Some(Err(Unheard)));
    }
}
