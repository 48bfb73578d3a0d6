//! Connections to PostgreSQL, a bounded number kept open: each write has a transaction of its own, and nodes wait for
//! each other by locks in the database alone.

use crate::engine::Conn;
use crate::engine::postgres::Address;
use crate::error::StoreError;
use crate::queue::{Queue, Waits};
use crate::reading::ClinicScope;
use crate::remembered::Remembered;
use crate::writer::{JobError, WriteError, is_constraint};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// Connections of one kind.
pub struct Pool {
    address: Address,
    /// Said on each new connection.
    greeting: &'static str,
    most: usize,
    remembered: Arc<Remembered>,
    state: Mutex<State>,
    freed: Condvar,
    queue: Queue,
}

#[derive(Default)]
struct State {
    idle: Vec<Conn>,
    open: usize,
}

/// How long a request waits for a connection.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a write is tried again that another node was faster with.
const AGAIN: usize = 20;

impl Pool {
    /// A pool of at most so many connections; none is opened yet.
    pub(crate) fn new(
        address: Address,
        most: usize,
        greeting: &'static str,
        remembered: Arc<Remembered>,
    ) -> Self {
        Self {
            address,
            greeting,
            most,
            remembered,
            state: Mutex::default(),
            freed: Condvar::new(),
            queue: Queue::default(),
        }
    }

    /// Reads on a connection, these rows and no others.
    ///
    /// # Errors
    /// Whatever the reading returns, or that no connection can be had.
    pub fn read<T, E: From<StoreError>>(
        &self,
        scope: ClinicScope,
        reading: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.lend()?;
        let conn = lent.begun(scope)?;
        let outcome = catch_unwind(AssertUnwindSafe(|| reading(conn)));
        // Nothing was written: how the transaction ends makes no difference but to the connection.
        let ended = conn.roll_back();
        lent.keep = ended.is_ok() && outcome.is_ok();
        match outcome {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Database("the reading panicked".into()).into()),
        }
    }

    /// Runs a job in a transaction and commits it.
    ///
    /// # Errors
    /// The job's own refusal, or that the database is not available.
    pub fn write<T, E>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>>,
    ) -> Result<T, WriteError<E>> {
        self.attempt(job).map_err(|failure| match failure {
            Failure::Own(error) => error,
            Failure::Overtaken(reason) => WriteError::Unavailable(reason),
        })
    }

    /// Runs a job in a transaction; once more where somebody else was faster.
    ///
    /// # Errors
    /// The job's own refusal, or that the database is not available.
    pub fn write_again<T, E>(
        &self,
        job: &impl Fn(&mut Conn) -> Result<T, JobError<E>>,
    ) -> Result<T, WriteError<E>> {
        let mut last = String::new();
        for _ in 0..AGAIN {
            match self.attempt(job) {
                Ok(value) => return Ok(value),
                Err(Failure::Own(error)) => return Err(error),
                Err(Failure::Overtaken(reason)) => last = reason,
            }
        }
        Err(WriteError::Unavailable(last))
    }

    fn attempt<T, E>(&self, job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>>) -> Result<T, Failure<E>> {
        let lost = |error: &dyn std::fmt::Display| Failure::Own(WriteError::Unavailable(error.to_string()));
        let mut lent = self.lend().map_err(|error| lost(&error))?;
        let conn = lent.begun(ClinicScope::Centre).map_err(|error| lost(&error))?;
        let failure = match catch_unwind(AssertUnwindSafe(|| job(conn))) {
            Ok(Ok(value)) => match conn.commit() {
                Ok(()) => {
                    lent.keep = true;
                    return Ok(value);
                }
                Err(error) => return Err(failure_of_commit(&error)),
            },
            Ok(Err(JobError::Own(own))) => Failure::Own(WriteError::Job(own)),
            Ok(Err(JobError::Database(error))) => failure_of(&error),
            Err(_) => lost(&"the write panicked"),
        };
        lent.keep = conn.roll_back().is_ok() && matches!(lent.conn().depth(), Ok(0));
        Err(failure)
    }

    /// Those who wait for a connection.
    pub fn waits(&self) -> Waits {
        self.queue.waits()
    }

    fn lend(&self) -> Result<Lent<'_>, StoreError> {
        let _waiting = self.queue.join();
        let mut state = self.state();
        loop {
            if let Some(conn) = state.idle.pop() {
                return Ok(Lent { pool: self, conn: Some(conn), fresh: false, keep: false });
            }
            if state.open < self.most {
                state.open += 1;
                drop(state);
                // Counted from here on: dropping it without a connection gives the place back.
                let mut lent = Lent { pool: self, conn: None, fresh: true, keep: false };
                lent.conn = Some(self.connect()?);
                return Ok(lent);
            }
            let (next, waited) = match self.freed.wait_timeout(state, PATIENCE) {
                Ok(woken) => woken,
                Err(poisoned) => poisoned.into_inner(),
            };
            if waited.timed_out() {
                return Err(StoreError::Database("every connection is busy".into()));
            }
            state = next;
        }
    }

    fn connect(&self) -> Result<Conn, StoreError> {
        let mut conn = self.address.connect()?.remembering(&self.remembered);
        conn.batch_execute(self.greeting)?;
        Ok(conn)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

enum Failure<E> {
    /// Final.
    Own(WriteError<E>),
    /// Somebody else was faster.
    Overtaken(String),
}

/// Two appended at once, wrote one key, or waited for each other: the one that lost reads again what is there now.
fn failure_of<E>(error: &DieselError) -> Failure<E> {
    let DieselError::DatabaseError(kind, information) = error else {
        return Failure::Own(WriteError::Unavailable(error.to_string()));
    };
    let overtaken = matches!(kind, DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure)
            // The library has no kind for it, and the server speaks its own language.
            || ["deadlock", "デッドロック"].iter().any(|word| information.message().contains(word))
            || information.message().starts_with("journal: the entry does not follow");
    match overtaken {
        true => Failure::Overtaken(error.to_string()),
        false => Failure::Own(WriteError::Unavailable(error.to_string())),
    }
}

/// A commit that no rule refused may have happened: its answer was lost, with the connection or with the server.
fn failure_of_commit<E>(error: &DieselError) -> Failure<E> {
    match failure_of(error) {
        Failure::Own(WriteError::Unavailable(reason)) if !is_constraint(error) => {
            Failure::Own(WriteError::Unknown(reason))
        }
        refused => refused,
    }
}

/// A connection on loan; given back when dropped, where it is to be kept.
struct Lent<'a> {
    pool: &'a Pool,
    conn: Option<Conn>,
    fresh: bool,
    keep: bool,
}

impl Lent<'_> {
    fn conn(&mut self) -> &mut Conn {
        match &mut self.conn {
            Some(conn) => conn,
            None => unreachable!("a lent connection is there until it is given back"),
        }
    }

    /// The connection, in a scope, with a transaction begun. One that lay idle may have been cut meanwhile (the server was started
    /// again): then all idle ones are let go and a new one is made.
    fn begun(&mut self, scope: ClinicScope) -> Result<&mut Conn, StoreError> {
        // Said before the transaction, so that it does not end with it.
        if let Err(error) = self.conn().enter(scope).and_then(|()| self.conn().begin()) {
            if self.fresh {
                return Err(error.into());
            }
            let idle = std::mem::take(&mut self.pool.state().idle);
            self.pool.state().open -= idle.len();
            self.conn = Some(self.pool.connect()?);
            self.conn().enter(scope)?;
            self.conn().begin()?;
        }
        Ok(self.conn())
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        match self.conn.take().filter(|_| self.keep) {
            Some(conn) => state.idle.push(conn),
            None => state.open -= 1,
        }
        drop(state);
        self.pool.freed.notify_one();
    }
}
