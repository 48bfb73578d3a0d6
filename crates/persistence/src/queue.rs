//! Who waits to write, and how long somebody had to: what an operator looks at first where everything is slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Those who wait to write at one server.
#[derive(Clone, Default)]
pub struct Queue(Arc<Counts>);

#[derive(Default)]
struct Counts {
    waiting: AtomicU64,
    /// In microseconds, of those who wait no more.
    longest: AtomicU64,
}

/// How things stand with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How many wait now.
    pub waiting: u64,
    /// The longest that one had waited, of those whose turn came since this was asked last.
    pub longest: Duration,
}

impl Queue {
    /// One more waits, until what is given back is dropped.
    pub(crate) fn join(&self) -> Waiting {
        self.0.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting { queue: self.clone(), since: Instant::now() }
    }

    /// How things stand; the longest wait begins anew.
    pub fn waits(&self) -> Waits {
        let longest = Duration::from_micros(self.0.longest.swap(0, Ordering::SeqCst));
        Waits { waiting: self.0.waiting.load(Ordering::SeqCst), longest }
    }
}

/// One who waits.
pub(crate) struct Waiting {
    queue: Queue,
    since: Instant,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let waited = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.queue.0.longest.fetch_max(waited, Ordering::SeqCst);
        self.queue.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_counted_and_the_longest_wait_is_told_once() {
        let queue = Queue::default();
        let (first, second) = (queue.join(), queue.join());
        assert_eq!(queue.waits(), Waits { waiting: 2, longest: Duration::ZERO });
        std::thread::sleep(Duration::from_millis(20));
        drop(first);
        drop(queue.join());
        let Waits { waiting, longest } = queue.waits();
        assert!(waiting == 1 && longest >= Duration::from_millis(20), "{waiting}, {longest:?}");
        assert_eq!(queue.waits(), Waits { waiting: 1, longest: Duration::ZERO });
        drop(second);
        assert_eq!(queue.waits().waiting, 0);
    }
}
