//! The one writer of an embedded database: a thread that takes queued jobs, runs each in a savepoint, commits
//! them together, and answers only after the commit. A job that fails by its own rules undoes only itself; any
//! other error fails the whole group and the connection is opened anew.

use crate::Conn;
use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// Why a write did not happen.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The job's own refusal; nothing of it was kept.
    #[error("refused")]
    Job(E),
    /// The database could not take it (full disk, I/O); nothing of it was kept.
    #[error("the database is not available: {0}")]
    Unavailable(String),
}

/// How a job ends: kept, or undone.
pub enum JobError<E> {
    /// By its own rules: only this job is undone.
    Own(E),
    /// By the database.
    Database(DieselError),
}

impl<E> From<DieselError> for JobError<E> {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

/// Jobs that are committed together at most.
const GROUP: usize = 64;

type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;
/// Runs in the group's transaction; the error is fatal to the group.
type Job = Box<dyn FnOnce(&mut Conn) -> Result<Finish, (Finish, DieselError)> + Send>;

/// The queue to the writing thread.
pub struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on a connection that `open` makes, now and whenever one had to be discarded.
    ///
    /// # Errors
    /// The first connection cannot be opened, or no thread can be started.
    pub fn start(open: impl Fn() -> Result<Conn, String> + Send + 'static) -> Result<Self, String> {
        let connection = open()?;
        let (jobs, queue) = channel();
        let thread = std::thread::Builder::new()
            .name("journal-writer".into())
            .spawn(move || run(connection, &queue, &open))
            .map_err(|error| error.to_string())?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs a job in a savepoint and waits until it is durable.
    ///
    /// # Errors
    /// The job's own refusal, or that the database is not available.
    pub fn write<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        let (answer, wait) = channel();
        let boxed: Job = Box::new(move |conn| {
            let mut outcome = None;
            let result = conn.transaction(|conn| {
                job(conn).map(|value| outcome = Some(Ok(value))).map_err(|error| match error {
                    JobError::Own(own) => {
                        outcome = Some(Err(own));
                        DieselError::RollbackTransaction
                    }
                    JobError::Database(error) => error,
                })
            });
            let constraint = matches!(
                result,
                Err(DieselError::DatabaseError(
                    DatabaseErrorKind::UniqueViolation
                        | DatabaseErrorKind::CheckViolation
                        | DatabaseErrorKind::NotNullViolation
                        | DatabaseErrorKind::ForeignKeyViolation,
                    _
                ))
            );
            let fatal = match (&outcome, &result) {
                (Some(_), _) => None,
                (None, Err(error)) => Some(error.to_string()),
                (None, Ok(())) => Some("the job ended without an answer".into()),
            };
            let told = fatal.clone();
            let finish: Finish = Box::new(move |committed: Result<(), String>| {
                let reply = match (outcome, committed, told) {
                    (Some(Ok(value)), Ok(()), _) => Ok(value),
                    (Some(Err(own)), _, _) => Err(WriteError::Job(own)),
                    (_, Err(lost), _) => Err(WriteError::Unavailable(lost)),
                    (None, Ok(()), told) => Err(WriteError::Unavailable(told.unwrap_or_default())),
                };
                // A caller that has gone away no longer waits for its answer.
                let _ = answer.send(reply);
            });
            match (fatal, result) {
                (Some(_), Err(error)) if !constraint => Err((finish, error)),
                _ => Ok(finish),
            }
        });
        let lost = || WriteError::Unavailable("the writer has stopped".into());
        self.jobs.as_ref().ok_or_else(lost)?.send(boxed).map_err(|_| lost())?;
        wait.recv().map_err(|_| lost())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(first: Conn, queue: &Receiver<Job>, open: &impl Fn() -> Result<Conn, String>) {
    let mut connection = Some(first);
    while let Ok(job) = queue.recv() {
        let mut conn = match connection.take().map_or_else(open, Ok) {
            Ok(conn) => conn,
            Err(error) => {
                tracing::error!(%error, "cannot open the database");
                refuse(job, &error);
                continue;
            }
        };
        match group(&mut conn, job, queue) {
            Ok(()) => connection = Some(conn),
            Err(error) => tracing::error!(%error, "a group of writes failed; the connection is discarded"),
        }
    }
}

/// Answers a job that cannot be run: on a connection that keeps nothing.
fn refuse(job: Job, error: &str) {
    if let Ok(mut nowhere) = Conn::establish(":memory:") {
        let (Ok(finish) | Err((finish, _))) = job(&mut nowhere);
        finish(Err(error.to_string()));
    }
}

fn group(conn: &mut Conn, first: Job, queue: &Receiver<Job>) -> Result<(), String> {
    let begun = AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE");
    if let Err(error) = begun {
        refuse(first, &error.to_string());
        return Err(error.to_string());
    }
    let mut finishes: Vec<Finish> = Vec::new();
    let mut next = Some(first);
    let mut failure = None;
    while let Some(job) = next.take() {
        match job(conn) {
            Ok(finish) => finishes.push(finish),
            Err((finish, error)) => {
                finishes.push(finish);
                failure = Some(error.to_string());
                break;
            }
        }
        if finishes.len() < GROUP {
            next = queue.try_recv().ok();
        }
    }
    let outcome = match failure {
        Some(error) => {
            // After a full disk the engine has often rolled back by itself.
            let _ = AnsiTransactionManager::rollback_transaction(conn);
            Err(error)
        }
        None => AnsiTransactionManager::commit_transaction(conn).map_err(|error| error.to_string()),
    };
    for finish in finishes {
        finish(outcome.clone());
    }
    outcome
}
