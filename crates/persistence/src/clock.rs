//! The clock, given to the store when it is made: the system's in a real centre, a set one when a demonstration
//! is seeded or a test runs. No setting, variable or route chooses it.

use baiyo_domain::time::Time;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        chrono::Utc::now().into()
    }
}

/// A clock that stands where it was put and can be moved on.
#[derive(Debug)]
pub struct SetClock(AtomicI64);

impl SetClock {
    /// A clock standing at an instant.
    pub fn at(time: Time) -> Self {
        Self(AtomicI64::new(time.micros()))
    }

    /// Puts it to an instant.
    pub fn set(&self, time: Time) {
        self.0.store(time.micros(), Ordering::SeqCst);
    }

    /// Moves it on.
    pub fn advance_minutes(&self, minutes: i64) {
        self.0.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
            .unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.into())
    }
}

/// The instant of what is recorded: the later of the clock and the newest `recorded_at`. Asked on the writer itself,
/// so that entries never go back in time however long a command waited for its turn.
#[derive(Clone)]
pub(crate) struct Timekeeper {
    clock: Arc<dyn Clock>,
    newest: Arc<AtomicI64>,
}

impl Timekeeper {
    pub(crate) fn new(clock: Arc<dyn Clock>, newest: i64) -> Self {
        Self { clock, newest: Arc::new(AtomicI64::new(newest)) }
    }

    /// The instant, and whether the clock is more than 5 s behind what is recorded.
    pub(crate) fn now(&self) -> (Time, bool) {
        let clock = self.clock.now();
        match Time::from_micros(self.newest.load(Ordering::SeqCst)) {
            Some(recorded) if recorded > clock => (recorded, recorded.since(clock).num_seconds() > 5),
            _ => (clock, false),
        }
    }

    /// Notes that something was recorded at an instant.
    pub(crate) fn recorded(&self, at: Time) {
        self.newest.fetch_max(at.micros(), Ordering::SeqCst);
    }
}
