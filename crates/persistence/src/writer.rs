//! The one writer of an embedded database: a thread that takes queued jobs, runs each in a savepoint, commits
//! them together, and answers only after the commit. A job that fails by its own rules or the schema's, or panics,
//! undoes only itself; any other error fails the whole group and the connection is opened anew.

use crate::engine::{Conn, sqlite};
use crate::error::StoreError;
use crate::queue::{Queue, Waiting, Waits};
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// The database was told to commit and was lost before it answered: it may be kept, and it may not.
    #[error("it is not known whether it was kept: {0}")]
    Unknown(String),
}

impl From<WriteError<StoreError>> for StoreError {
    fn from(error: WriteError<StoreError>) -> Self {
        match error {
            WriteError::Job(error) => error,
            WriteError::Unavailable(reason) => Self::Database(reason),
            WriteError::Unknown(reason) => Self::Unknown(reason),
        }
    }
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

/// How a group's transaction was lost.
#[derive(Clone)]
enum Lost {
    /// Nothing of it is kept.
    Undone(String),
    /// It was told to commit, and may be found kept when the database is opened again.
    Unknown(String),
}

type Finish = Box<dyn FnOnce(Result<(), Lost>) + Send>;
/// Runs in the group's transaction; the error is fatal to the group.
type Work = Box<dyn FnOnce(&mut Conn) -> Result<Finish, (Finish, DieselError)> + Send>;

struct Job {
    work: Work,
    /// Ends when it is the job's turn.
    waiting: Waiting,
    /// Whether readers may see what it changes.
    shown: bool,
}

/// The queue to the writing thread.
pub struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    revision: Arc<AtomicU64>,
    queue: Queue,
}

impl Writer {
    /// Starts the thread on a connection that `open` makes, now and whenever one had to be discarded.
    ///
    /// # Errors
    /// The first connection cannot be opened, or no thread can be started.
    pub fn start(open: impl Fn() -> Result<Conn, String> + Send + 'static) -> Result<Self, String> {
        let connection = open()?;
        let (jobs, queue) = channel();
        let revision = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&revision);
        let thread = std::thread::Builder::new()
            .name("journal-writer".into())
            .spawn(move || run(connection, &queue, &open, &counted))
            .map_err(|error| error.to_string())?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), revision, queue: Queue::default() })
    }

    /// How often something was written that readers may see. Whatever is read after this was asked is at least as new;
    /// while it stays, nothing that was acknowledged is newer.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::SeqCst)
    }

    /// Those who wait for their turn.
    pub fn waits(&self) -> Waits {
        self.queue.waits()
    }

    /// Runs a job in a savepoint and waits until it is durable.
    ///
    /// # Errors
    /// The job's own refusal, or that the database is not available.
    pub fn write<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        self.queue(true, job)
    }

    /// As [`Writer::write`], for what is shown to nobody.
    ///
    /// # Errors
    /// The job's own refusal, or that the database is not available.
    pub fn note<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        self.queue(false, job)
    }

    /// As [`Writer::note`], without waiting for it.
    ///
    /// # Errors
    /// The writer has stopped.
    pub fn later<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<(), WriteError<E>> {
        self.queued(false, job).map(drop)
    }

    fn queue<T: Send + 'static, E: Send + 'static>(
        &self,
        shown: bool,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        let answered = self.queued(shown, job)?.recv();
        answered.map_err(|_| WriteError::Unknown("the writer stopped before it answered".into()))?
    }

    fn queued<T: Send + 'static, E: Send + 'static>(
        &self,
        shown: bool,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<Receiver<Result<T, WriteError<E>>>, WriteError<E>> {
        let (answer, wait) = channel();
        let work: Work = Box::new(move |conn| {
            let mut outcome: Option<Result<T, WriteError<E>>> = None;
            let result = conn.transaction(|conn| {
                // What a job leaves behind when it panics is undone with its savepoint.
                let undone = match catch_unwind(AssertUnwindSafe(|| job(conn))) {
                    Ok(Ok(value)) => {
                        outcome = Some(Ok(value));
                        return Ok(());
                    }
                    Ok(Err(JobError::Own(own))) => WriteError::Job(own),
                    Ok(Err(JobError::Database(error))) if is_constraint(&error) => {
                        WriteError::Unavailable(error.to_string())
                    }
                    Ok(Err(JobError::Database(error))) => return Err(error),
                    Err(_) => WriteError::Unavailable("the write panicked".into()),
                };
                outcome = Some(Err(undone));
                Err(DieselError::RollbackTransaction)
            });
            let failure = failure_of(conn, outcome.as_ref().map(Result::is_ok), result);
            let finish: Finish = Box::new(move |committed: Result<(), Lost>| {
                let reply = match (outcome, committed) {
                    (Some(Err(own)), _) => Err(own),
                    (Some(Ok(value)), Ok(())) => Ok(value),
                    (Some(Ok(_)) | None, Err(Lost::Undone(reason))) => Err(WriteError::Unavailable(reason)),
                    (Some(Ok(_)) | None, Err(Lost::Unknown(reason))) => Err(WriteError::Unknown(reason)),
                    (None, Ok(())) => Err(WriteError::Unavailable("the write gave no answer".into())),
                };
                // A caller that has gone away no longer waits for its answer.
                let _ = answer.send(reply);
            });
            match failure {
                Some(error) => Err((finish, error)),
                None => Ok(finish),
            }
        });
        let lost = || WriteError::Unavailable("the writer has stopped".into());
        self.jobs
            .as_ref()
            .ok_or_else(lost)?
            .send(Job { work, waiting: self.queue.join(), shown })
            .map_err(|_| lost())?;
        Ok(wait)
    }
}

/// Whether an error is a rule of the schema, which undoes one job and leaves the others alone: a constraint, or one
/// of our triggers, whose sentences begin with what they guard.
pub(crate) fn is_constraint(error: &DieselError) -> bool {
    let DieselError::DatabaseError(kind, information) = error else { return false };
    match kind {
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::ForeignKeyViolation => true,
        _ => GUARDED.iter().any(|guarded| information.message().starts_with(guarded)),
    }
}

const GUARDED: [&str; 6] = ["journal: ", "tree: ", "evidence: ", "disposition: ", "blob: ", "disclosure: "];

/// What is wrong with the group after a job, if anything: the job was neither kept nor undone as it asked, or left a
/// savepoint open.
fn failure_of(conn: &mut Conn, kept: Option<bool>, result: QueryResult<()>) -> Option<DieselError> {
    match (kept, result) {
        (Some(true), Ok(())) | (Some(false), Err(DieselError::RollbackTransaction)) => match conn.depth() {
            Ok(1) => None,
            Ok(_) => Some(DieselError::BrokenTransactionManager),
            Err(error) => Some(error),
        },
        (_, Err(error)) => Some(error),
        (_, Ok(())) => Some(DieselError::BrokenTransactionManager),
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

fn run(first: Conn, queue: &Receiver<Job>, open: &impl Fn() -> Result<Conn, String>, revision: &AtomicU64) {
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
        match group(&mut conn, job, queue, revision) {
            Ok(()) => connection = Some(conn),
            Err(error) => tracing::error!(%error, "a group of writes failed; the connection is discarded"),
        }
    }
}

/// Answers a job that cannot be run: on a connection that keeps nothing.
fn refuse(job: Job, error: &str) {
    if let Ok(mut nowhere) = sqlite::open(":memory:") {
        let (Ok(finish) | Err((finish, _))) = (job.work)(&mut nowhere);
        finish(Err(Lost::Undone(error.to_string())));
    }
}

fn group(conn: &mut Conn, first: Job, queue: &Receiver<Job>, revision: &AtomicU64) -> Result<(), String> {
    if let Err(error) = sqlite::begin_immediate(conn) {
        refuse(first, &error.to_string());
        return Err(error.to_string());
    }
    let mut finishes: Vec<Finish> = Vec::new();
    let mut next = Some(first);
    let (mut failure, mut shown) = (None, false);
    while let Some(job) = next.take() {
        shown |= job.shown;
        drop(job.waiting);
        match (job.work)(conn) {
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
            let _ = conn.roll_back();
            Err(Lost::Undone(error))
        }
        None => conn.commit().map_err(|error| lost_in_commit(&error)),
    };
    // Before anybody is told; also where it failed, for then nobody knows what was kept.
    if shown {
        revision.fetch_add(1, Ordering::SeqCst);
    }
    for finish in finishes {
        finish(outcome.clone());
    }
    outcome.map_err(|(Lost::Undone(reason) | Lost::Unknown(reason))| reason)
}

/// A commit for which there was no room is not in the log. One that could not be synced may be whole in it.
fn lost_in_commit(error: &DieselError) -> Lost {
    let reason = error.to_string();
    if reason.contains("disk is full") { Lost::Undone(reason) } else { Lost::Unknown(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::prelude::*;
    use diesel::sql_types::BigInt;
    use tempfile::TempDir;

    type Outcome = Result<(), WriteError<&'static str>>;
    type Writes = fn(&mut Conn) -> Result<(), JobError<&'static str>>;

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        x: i64,
    }

    fn writer() -> (TempDir, Arc<Writer>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database");
        let mut conn = sqlite::connect_writer(&path).unwrap();
        let schema = "CREATE TABLE t (x INTEGER UNIQUE);
            CREATE TRIGGER guard BEFORE INSERT ON t WHEN NEW.x > 90 BEGIN SELECT RAISE(ABORT, 'evidence: no'); END;";
        conn.batch_execute(schema).unwrap();
        let open = move || sqlite::connect_writer(&path).map_err(|error| error.to_string());
        (folder, Arc::new(Writer::start(open).unwrap()))
    }

    fn insert(conn: &mut Conn, x: i64) -> Result<(), JobError<&'static str>> {
        Ok(conn.batch_execute(&format!("INSERT INTO t VALUES ({x})"))?)
    }

    fn kept(writer: &Writer) -> Vec<i64> {
        let rows = writer.write(|conn| {
            let rows: Vec<Row> = diesel::sql_query("SELECT x FROM t ORDER BY x").load(conn)?;
            Ok::<_, JobError<()>>(rows.into_iter().map(|row| row.x).collect())
        });
        rows.unwrap()
    }

    /// Runs jobs in one group: all are queued while the first one waits.
    fn together(writer: &Arc<Writer>, jobs: Vec<Writes>) -> Vec<Outcome> {
        let (begun, first_runs) = channel();
        let (release, go_on) = channel::<()>();
        let own = Arc::clone(writer);
        let first = std::thread::spawn(move || {
            own.write::<(), ()>(move |_| {
                begun.send(()).unwrap();
                go_on.recv().unwrap();
                Ok(())
            })
        });
        first_runs.recv().unwrap();
        let threads: Vec<_> = jobs
            .into_iter()
            .map(|job| {
                let own = Arc::clone(writer);
                let thread = std::thread::spawn(move || own.write(job));
                // Each is queued behind the one before it.
                std::thread::sleep(std::time::Duration::from_millis(30));
                thread
            })
            .collect();
        release.send(()).unwrap();
        let _ = first.join().unwrap();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    }

    #[test]
    fn a_refusal_a_guard_a_constraint_and_a_panic_each_undo_their_own_job_only() {
        let (_folder, writer) = writer();
        let outcomes = together(
            &writer,
            vec![
                |conn| insert(conn, 1),
                |conn| insert(conn, 2).and(insert(conn, 91)),
                |conn| insert(conn, 3).and(Err(JobError::Own("no"))),
                |conn| insert(conn, 4).and(insert(conn, 1)),
                |conn| insert(conn, 5).map(|()| panic!("a fault in a job")),
                |conn| insert(conn, 6),
            ],
        );
        let [one, guard, own, constraint, panicked, six] = outcomes.as_slice() else { panic!("six") };
        assert!(one.is_ok() && six.is_ok());
        assert!(matches!(own, Err(WriteError::Job("no"))));
        for (undone, why) in [(guard, "evidence: no"), (constraint, "UNIQUE"), (panicked, "panicked")] {
            assert!(
                matches!(undone, Err(WriteError::Unavailable(reason)) if reason.contains(why)),
                "{undone:?}"
            );
        }
        assert_eq!(kept(&writer), [1, 6]);
    }

    #[test]
    fn a_refused_job_is_undone_however_many_pages_it_changed() {
        let (_folder, writer) = writer();
        let many = "WITH RECURSIVE n(x) AS (SELECT -20000 UNION ALL SELECT x + 1 FROM n WHERE x < -1)
            INSERT INTO t SELECT x FROM n";
        writer.write(move |conn| Ok::<_, JobError<()>>(conn.batch_execute(many)?)).unwrap();
        let outcomes = together(
            &writer,
            vec![
                |conn| insert(conn, 1),
                |conn| {
                    conn.batch_execute("UPDATE t SET x = x - 20000")?;
                    Err(JobError::Own("no"))
                },
                |conn| insert(conn, 2),
            ],
        );
        assert!(matches!(outcomes[..], [Ok(()), Err(WriteError::Job("no")), Ok(())]), "{outcomes:?}");
        assert_eq!(kept(&writer), (-20_000..=-1).chain([1, 2]).collect::<Vec<i64>>());
    }

    #[test]
    fn a_job_whose_savepoint_cannot_be_closed_fails_its_group_and_is_never_answered_as_kept() {
        let breaking: [Writes; 3] = [
            // The engine gave up the whole transaction, as on a full disk, and the job did not notice.
            |conn| insert(conn, 2).and(Ok(conn.batch_execute("ROLLBACK")?)),
            |conn| {
                insert(conn, 2)
                    .and(conn.batch_execute("ROLLBACK").map_err(JobError::from))
                    .and(Err(JobError::Own("no")))
            },
            // A panic inside a transaction of the job's own.
            |conn| conn.transaction(|conn| insert(conn, 2).map(|()| panic!("deep in a job"))),
        ];
        for breaks in breaking {
            let (_folder, writer) = writer();
            let outcomes = together(&writer, vec![|conn| insert(conn, 1), breaks]);
            assert!(matches!(outcomes[0], Err(WriteError::Unavailable(_))), "{outcomes:?}");
            assert!(outcomes[1].is_err(), "{outcomes:?}");
            assert_eq!(kept(&writer), [0_i64; 0]);
            writer.write(|conn| insert(conn, 7)).unwrap();
            assert_eq!(kept(&writer), [7]);
        }
    }

    #[test]
    fn what_readers_may_see_is_counted_before_anybody_is_told_and_a_note_is_not() {
        let (_folder, writer) = writer();
        let before = writer.revision();
        writer.note(|conn| insert(conn, 1)).unwrap();
        assert_eq!(writer.revision(), before);
        writer.write(|conn| insert(conn, 2)).unwrap();
        assert_eq!(writer.revision(), before + 1);
        assert_eq!(kept(&writer), [1, 2]);
    }
}
