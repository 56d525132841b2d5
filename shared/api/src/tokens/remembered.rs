//! Something that is read now and then and used all the time: kept in the process, read by one caller at a time.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// The value that was read last, and when. Whoever finds it too old reads it again; others wait for that one.
#[derive(Debug)]
pub(super) struct Remembered<T> {
    last: RwLock<Option<(Arc<T>, Instant)>>,
    reading: Mutex<()>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { last: RwLock::default(), reading: Mutex::default() }
    }
}

impl<T> Remembered<T> {
    /// What was read last, however old.
    pub(super) fn last(&self) -> Option<Arc<T>> {
        self.since(Duration::MAX)
    }

    fn since(&self, age: Duration) -> Option<Arc<T>> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(_, read_at)| read_at.elapsed() <= age).map(|(value, _)| Arc::clone(value))
    }

    /// The value, read anew unless it is at most `age` old.
    ///
    /// # Errors
    /// What `read` fails with; the value stays as it was.
    pub(super) async fn no_older_than<E>(
        &self,
        age: Duration,
        read: impl Future<Output = Result<T, E>>,
    ) -> Result<Arc<T>, E> {
        if let Some(value) = self.since(age) {
            return Ok(value);
        }
        let asked = Instant::now();
        let _turn = self.reading.lock().await;
        // Somebody else may have read it while we waited for our turn.
        if let Some(value) = self.since(age.max(asked.elapsed())) {
            return Ok(value);
        }
        let began = Instant::now();
        let value = Arc::new(read.await?);
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Arc::clone(&value), began));
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn count(reads: &AtomicU32) -> Result<u32, Infallible> {
        tokio::task::yield_now().await;
        Ok(reads.fetch_add(1, Ordering::SeqCst) + 1)
    }

    #[tokio::test]
    async fn it_is_read_again_only_when_it_is_too_old() {
        let (kept, reads) = (Remembered::default(), AtomicU32::new(0));
        for (age, expected) in [(Duration::MAX, 1), (Duration::MAX, 1), (Duration::ZERO, 2)] {
            assert_eq!(*kept.no_older_than(age, count(&reads)).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn those_who_ask_at_once_share_one_reading() {
        // A reading that began before one asked may not be new enough for them, the next one is for all.
        for (age, readings) in [(Duration::MAX, 1), (Duration::ZERO, 2)] {
            let (kept, reads) = (Remembered::default(), AtomicU32::new(0));
            let asked = (0..10).map(|_| kept.no_older_than(age, count(&reads)));
            let read = futures::future::join_all(asked).await;
            assert!(read[1..].iter().all(|value| value.as_deref() == Ok(&readings)), "{read:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_leaves_what_was() {
        let (kept, reads) = (Remembered::default(), AtomicU32::new(0));
        kept.no_older_than(Duration::ZERO, async { Ok::<_, &str>(1) }).await.unwrap();
        assert_eq!(kept.no_older_than(Duration::ZERO, async { Err("gone") }).await, Err("gone"));
        assert_eq!(kept.no_older_than(Duration::MAX, count(&reads)).await.as_deref(), Ok(&1));
        assert_eq!(reads.load(Ordering::SeqCst), 0);
    }
}
