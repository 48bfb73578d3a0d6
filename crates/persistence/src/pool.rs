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
        lent.keep = ended.is_ok() && outcome.is_ok() && conn.is_in(scope) && matches!(conn.depth(), Ok(0));
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
                    lent.keep = conn.is_in(ClinicScope::Centre);
                    return Ok(value);
                }
                Err(error) => return Err(failure_of_commit(&error)),
            },
            Ok(Err(JobError::Own(own))) => Failure::Own(WriteError::Job(own)),
            Ok(Err(JobError::Database(error))) => failure_of(&error),
            Err(_) => lost(&"the write panicked"),
        };
        lent.keep =
            conn.roll_back().is_ok() && conn.is_in(ClinicScope::Centre) && matches!(conn.depth(), Ok(0));
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

#[cfg(test)]
mod tests {
    use crate::Store;
    use crate::clock::SystemClock;
    use crate::engine::Conn;
    use crate::engine::postgres::Address;
    use crate::engine::prelude::*;
    use crate::error::StoreError;
    use crate::reading::ClinicScope;
    use crate::store::Location;
    use crate::writer::JobError;
    use baiyo_domain::ids::ClinicId;
    use diesel::sql_types::{Integer, Text};
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use uuid::Uuid;

    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        scope: String,
        #[diesel(sql_type = Integer)]
        connection: i32,
    }

    /// What PostgreSQL itself has for whom is read, and on which connection.
    fn scope_in(conn: &mut Conn) -> Result<(String, i32), StoreError> {
        let asked = "SELECT current_setting('baiyo.scope') AS scope, pg_backend_pid() AS connection";
        let Setting { scope, connection } = diesel::sql_query(asked).get_result(conn)?;
        Ok((scope, connection))
    }

    fn other() -> StoreError {
        StoreError::Database("something that is not the database's".into())
    }

    /// What somebody does with a connection.
    type Use = fn(&mut Conn) -> Result<(), StoreError>;

    /// How a use of a connection may end, of a clinic's people and of the whole centre's within it.
    const ENDS: [(&str, Use); 8] = [
        ("well", |conn| conn.of_whole_centre(|_| Ok(()))),
        ("with an error that is not the database's", |conn| conn.of_whole_centre(|_| Err(other()))),
        ("with one of the database", |conn| {
            conn.of_whole_centre(|conn| Ok(conn.batch_execute("SELECT 1 / 0")?))
        }),
        ("with one of the database, within a savepoint", |conn| {
            conn.transaction(|conn| conn.of_whole_centre(|conn| Ok(conn.batch_execute("SELECT 1 / 0")?)))
        }),
        ("with a panic", |conn| conn.of_whole_centre(|_| panic!("on purpose"))),
        ("out of time", |conn| {
            conn.batch_execute("SET LOCAL statement_timeout = 20")?;
            conn.of_whole_centre(|conn| Ok(conn.batch_execute("SELECT pg_sleep(5)")?))
        }),
        ("with its connection", |conn| {
            conn.of_whole_centre(|conn| {
                Ok(conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?)
            })
        }),
        ("in another scope than it was given", |conn| Ok(conn.enter(ClinicScope::Centre)?)),
    ];

    #[test]
    fn a_connection_reads_for_whom_it_is_lent_whatever_ended_its_last_use() {
        let Some(url) = std::env::var("BAIYO_TEST_POSTGRES").ok().filter(|url| !url.is_empty()) else {
            assert!(std::env::var_os("CI").is_none(), "BAIYO_TEST_POSTGRES names the server to test on");
            return;
        };
        let server = Address::read(&url, None).unwrap();
        let name = format!("persistence_{}", Uuid::now_v7().simple());
        let mut owner = server.connect_as_owner().unwrap();
        owner.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let location =
            Location { folder: folder.path().to_path_buf(), postgres: Some(server.database(&name)) };
        let store = Store::open_at(&location, Arc::new(SystemClock)).unwrap();
        let clinic = ClinicId(Uuid::now_v7());
        let scopes =
            [ClinicScope::Clinic(clinic), ClinicScope::Centre, ClinicScope::Clinic(ClinicId(Uuid::nil()))];
        let said = |scope| match scope {
            ClinicScope::Centre => "centre".to_string(),
            ClinicScope::Clinic(clinic) => clinic.0.to_string(),
        };
        let mut connections = BTreeSet::new();
        for (how, end) in ENDS {
            for before in scopes {
                for after in scopes {
                    let _ = store.read_in(before, end);
                    let (scope, connection) = store.read_in(after, scope_in).unwrap();
                    assert_eq!(scope, said(after), "after one that ended {how}");
                    connections.insert(connection);
                    // Also where the same reader goes on after what failed.
                    let goes_on = |conn: &mut Conn| {
                        let failed = conn.of_whole_centre(|_| Err::<(), _>(other()));
                        assert!(failed.is_err());
                        scope_in(conn)
                    };
                    assert_eq!(store.read_in(after, goes_on).unwrap().0, said(after));
                }
            }
            // A write is the whole centre's, whatever the last one did.
            let write = |job: Use| {
                store.write(move |conn| {
                    let outcome = job(conn);
                    outcome.and_then(|()| scope_in(conn)).map_err(JobError::Own)
                })
            };
            let _ = write(end);
            let _ = write(|conn| Ok(conn.enter(ClinicScope::Clinic(ClinicId(Uuid::nil())))?));
            assert_eq!(write(|_| Ok(())).unwrap().0, "centre", "a write after one that ended {how}");
        }
        assert!(connections.len() < 9 * ENDS.len(), "connections are used again");
        drop(store);
        let _ = owner.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}
