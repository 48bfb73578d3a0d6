//! The store: one database with its key store, its writer, its readers and its clock.

use crate::clock::{Clock, Timekeeper};
use crate::keystore::{KeyStore, KeyStoreError};
use crate::writer::{JobError, WriteError, Writer};
use crate::{Conn, sealing};
use baiyo_domain::time::Time;
use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Why a store cannot be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's address names an engine that this build does not have.
    #[error(
        "{0} names an engine that this version does not have: it keeps its records in an embedded SQLite database; \
         leave DATABASE_URL out and name a folder with --data"
    )]
    Engine(String),
    /// The folder cannot be used.
    #[error("the data folder {folder}: {reason}")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        reason: String,
    },
    /// Another process has the folder.
    #[error("the data folder {0} is in use by another baiyo; stop it first")]
    InUse(String),
    /// The database.
    #[error("the database: {0}")]
    Database(String),
    /// The key store.
    #[error(transparent)]
    Keys(#[from] KeyStoreError),
    /// Stored data that cannot have come about.
    #[error("the journal: {0}")]
    Impossible(#[from] baiyo_domain::refusal::Impossible),
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// Refuses an address of an engine that this build does not have, so that a typo never makes an empty database.
///
/// # Errors
/// The address has a scheme, whatever it is: only folders are known today.
pub fn check_engine(address: Option<&str>) -> Result<(), StoreError> {
    match address.map(str::trim).filter(|address| !address.is_empty()) {
        Some(address) => {
            Err(StoreError::Engine(address.split("://").next().unwrap_or(address).to_string() + "://"))
        }
        None => Ok(()),
    }
}

/// A centre's records.
pub struct Store {
    pub(crate) folder: PathBuf,
    pub(crate) keys: KeyStore,
    pub(crate) time: Timekeeper,
    writer: Writer,
    readers: Mutex<Vec<Conn>>,
    _lock: File,
}

/// Read connections kept open.
const READERS: usize = 8;

impl Store {
    /// Opens the records in a folder, making and migrating the database as needed.
    ///
    /// # Errors
    /// The folder is in use or cannot be written; the database or the key store cannot be opened.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let lock = lock(folder)?;
        let database = database_in(folder);
        let keys = folder.join("keys");
        if database.exists() && !KeyStore::exists(&keys) {
            // New keys could neither read a patient's name nor continue the checkpoints.
            return Err(KeyStoreError::Lacking(keys.display().to_string()).into());
        }
        let keys = KeyStore::open(&keys)?;
        let mut first = connect(&database)?;
        migrate_connection(&mut first)?;
        let time = Timekeeper::new(clock, newest_recorded(&mut first)?);
        let path = database.clone();
        let writer = Writer::start(move || connect(&path).map_err(|error| error.to_string()))
            .map_err(StoreError::Database)?;
        let folder = folder.to_path_buf();
        let store = Self { folder, keys, time, writer, readers: Mutex::new(vec![first]), _lock: lock };
        store.mend_anchor()?;
        Ok(store)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The key store.
    pub fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// The instant: the later of the clock and the newest `recorded_at`, and whether the clock is more than 5 s
    /// behind that.
    pub fn now(&self) -> (Time, bool) {
        self.time.now()
    }

    /// Reads, on a connection that cannot write.
    ///
    /// # Errors
    /// Whatever the reading returns, or that no connection can be opened.
    pub fn read<T, E: From<StoreError>>(
        &self,
        reading: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.readers.lock().ok().and_then(|mut readers| readers.pop());
        let mut conn = match idle {
            Some(conn) => conn,
            None => connect(&database_in(&self.folder))?,
        };
        conn.batch_execute("PRAGMA query_only = ON").map_err(StoreError::from)?;
        let outcome = reading(&mut conn);
        if let Ok(mut readers) = self.readers.lock()
            && readers.len() < READERS
        {
            readers.push(conn);
        }
        outcome
    }

    /// Writes outside the journal (accounts, sessions, personal data), on the one writer.
    ///
    /// # Errors
    /// The job's own refusal, or that the database is not available.
    pub fn write<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        self.writer.write(job)
    }

    /// Seals all entries not yet in the tree and signs a checkpoint, in the database and outside it. Returns the
    /// tree's size.
    ///
    /// # Errors
    /// The database or the folder of checkpoints cannot be written.
    pub fn seal(&self) -> Result<u64, StoreError> {
        sealing::seal(self)
    }
}

/// The database's place in a data folder.
pub fn database_in(folder: &Path) -> PathBuf {
    folder.join("baiyo.sqlite")
}

/// Brings a folder's database to the newest form; how many steps it took.
///
/// # Errors
/// The database cannot be opened or migrated.
pub fn migrate(folder: &Path) -> Result<usize, StoreError> {
    let _lock = lock(folder)?;
    let mut conn = connect(&database_in(folder))?;
    migrate_connection(&mut conn)
}

/// Takes a data folder, making it as needed: nobody else works in it until the file is dropped.
fn lock(folder: &Path) -> Result<File, StoreError> {
    let trouble = |error: std::io::Error| StoreError::Folder {
        folder: folder.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::create_dir_all(folder.join("checkpoints")).map_err(trouble)?;
    let lock = File::options().create(true).truncate(false).write(true).open(folder.join("baiyo.lock"));
    let lock = lock.map_err(trouble)?;
    match fs4::FileExt::try_lock(&lock) {
        Ok(()) => Ok(lock),
        Err(_) => Err(StoreError::InUse(folder.display().to_string())),
    }
}

/// Opens a connection with the settings everything relies on.
///
/// # Errors
/// The database cannot be opened.
pub fn connect(database: &Path) -> Result<Conn, StoreError> {
    let mut conn = Conn::establish(&database.to_string_lossy())
        .map_err(|error| StoreError::Database(error.to_string()))?;
    // FULL: an acknowledged entry survives power loss. Recursive triggers: REPLACE cannot slip past a guard.
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
    )?;
    Ok(conn)
}

/// An empty database in memory, of the newest form: what verifying and rebuilding compare with.
pub(crate) fn in_memory() -> Result<Conn, StoreError> {
    let mut conn = Conn::establish(":memory:").map_err(|error| StoreError::Database(error.to_string()))?;
    migrate_connection(&mut conn)?;
    Ok(conn)
}

fn migrate_connection(conn: &mut Conn) -> Result<usize, StoreError> {
    let done =
        conn.run_pending_migrations(MIGRATIONS).map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(done.len())
}

#[derive(QueryableByName)]
struct Newest {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    newest: i64,
}

fn newest_recorded(conn: &mut Conn) -> Result<i64, StoreError> {
    let newest = diesel::sql_query(
        "SELECT coalesce((SELECT recorded_at FROM journal ORDER BY seq DESC LIMIT 1), 0) AS newest",
    );
    Ok(newest.get_result::<Newest>(conn)?.newest)
}
