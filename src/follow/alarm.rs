//! [`Alarm`]: a deadline that moves all the time and is hardly ever reached.

use std::{pin::Pin, time::Instant};

use tokio::time::{Sleep, sleep_until};

/// Rings at a deadline.
///
/// Each buffer that arrives moves a follower's deadline on. A timer is registered with the runtime under a lock, which would
/// cost more than the buffer's lines; so a timer that is set too early is left alone, and when it fires it is set anew.
#[derive(Debug, Default)]
pub struct Alarm {
    deadline: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Sets the deadline, or none.
    pub fn set(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
        if let (Some(deadline), Some(timer)) = (deadline, &mut self.timer)
            && deadline < timer.deadline().into_std()
        {
            timer.as_mut().reset(deadline.into());
        }
    }

    /// Waits for the deadline; for ever when there is none.
    pub async fn ring(&mut self) {
        let Some(deadline) = self.deadline else { return std::future::pending().await };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline.into())));
        loop {
            timer.as_mut().await;
            if deadline <= Instant::now() {
                // A timer that has fired must not be asked again.
                self.timer = None;
                return;
            }
            timer.as_mut().reset(deadline.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn it_rings_at_the_last_deadline_set() {
        let began = Instant::now();
        let at = |millis| Some(began + Duration::from_millis(millis));
        let mut alarm = Alarm::default();
        alarm.set(at(20));
        // Starts the timer, which on a busy machine may even end.
        let _ = timeout(Duration::from_millis(5), alarm.ring()).await;
        alarm.set(at(60));
        alarm.ring().await;
        assert!(began.elapsed() >= Duration::from_millis(60));
        alarm.set(at(60_000));
        assert!(timeout(Duration::from_millis(5), alarm.ring()).await.is_err());
        alarm.set(at(80));
        alarm.ring().await;
        assert!(began.elapsed() < Duration::from_secs(50));
        alarm.set(None);
        assert!(timeout(Duration::from_millis(5), alarm.ring()).await.is_err());
    }
}
