//! The store: one database with its key store, its writers, its readers and its clock.

use crate::clock::{Clock, Timekeeper};
use crate::engine::prelude::*;
use crate::engine::{postgres, refuse_newer, sqlite};
use crate::erasing::Found;
use crate::error::StoreError;
use crate::keystore::{Key, KeyStore, KeyStoreError};
use crate::pool::Pool;
use crate::progress::unwatched;
use crate::queue::Waits;
use crate::reading::ClinicScope;
use crate::remembered::Remembered;
use crate::schema::batch_row;
use crate::sealing;
use crate::sql_types::Id;
use crate::writer::{JobError, WriteError, Writer};
use crate::{accounts, happenings, journal, rebuild};
use baiyo_domain::time::Time;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// Where a centre's records are: a folder with its keys and checkpoints, and the database in it or elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The folder.
    pub folder: PathBuf,
    /// The PostgreSQL database; nothing for the embedded one in the folder.
    pub postgres: Option<postgres::Address>,
}

impl Location {
    /// The embedded database in a folder.
    pub fn embedded(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), postgres: None }
    }

    /// Chooses the engine by the address's scheme; an unknown one is refused, so that a typo never makes an empty
    /// database. `authorities` is a file of certificates that a server's must chain to.
    ///
    /// # Errors
    /// The address is of no engine, or not of its engine's form.
    pub fn read(
        folder: &Path,
        address: Option<&str>,
        authorities: Option<PathBuf>,
    ) -> Result<Self, StoreError> {
        let folder = folder.to_path_buf();
        let Some(address) = address.map(str::trim).filter(|address| !address.is_empty()) else {
            return Ok(Self { folder, postgres: None });
        };
        let scheme = address.split("://").next().unwrap_or_default();
        if !["postgres", "postgresql"].contains(&scheme) || scheme == address {
            // Not the whole address: it may hold a password.
            return Err(StoreError::Engine(format!("{scheme}://")));
        }
        Ok(Self { folder, postgres: Some(postgres::Address::read(address, authorities)?) })
    }
}

impl Location {
    /// A connection for reading all that is there, beside whoever serves it.
    ///
    /// # Errors
    /// The database cannot be opened, or a newer version migrated it.
    pub fn connect(&self) -> Result<Conn, StoreError> {
        let mut conn = match &self.postgres {
            Some(address) => address.connect()?,
            None => sqlite::connect(&database_in(&self.folder))?,
        };
        refuse_newer(&mut conn)?;
        conn.enter(ClinicScope::Centre)?;
        Ok(conn)
    }
}

/// A centre's records.
pub struct Store {
    location: Location,
    pub(crate) keys: KeyStore,
    pub(crate) time: Timekeeper,
    /// What its connections have read.
    remembered: Arc<Remembered>,
    /// Of how many erasures this process has destroyed what there was.
    pub(crate) erasures: AtomicUsize,
    /// Of whom this process found whether his name was erased, by the signatures of two people.
    pub(crate) erased: Mutex<Found>,
    engine: Engine,
}

enum Engine {
    /// One writer, and a folder that nobody else works in.
    Embedded { writer: Writer, readers: Mutex<Vec<Conn>>, _lock: File },
    /// As many writers as connections, beside those of other nodes.
    Postgres { writers: Box<Pool>, readers: Box<Pool> },
}

/// Read connections kept open.
const READERS: usize = 8;
/// Connections to PostgreSQL that write at once, of one node.
const WRITERS: usize = 12;

impl Store {
    /// Opens the records in a folder, making and migrating the embedded database as needed.
    ///
    /// # Errors
    /// The folder is in use or cannot be written; the database or the key store cannot be opened.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Self::open_at(&Location::embedded(folder), clock)
    }

    /// Opens the records at a place, making and migrating the database as needed.
    ///
    /// # Errors
    /// The folder is in use or cannot be written; the database or the key store cannot be opened.
    pub fn open_at(location: &Location, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let folder = location.folder.clone();
        let keys = folder.join("keys");
        let remembered = Arc::<Remembered>::default();
        let (erasures, erased) = (AtomicUsize::default(), Mutex::default());
        let store = match &location.postgres {
            None => {
                let lock = lock(&folder)?;
                let database = database_in(&folder);
                let keys = keys_for(&keys, database.exists())?;
                let mut first = sqlite::connect(&database)?;
                sqlite::migrate(&mut first)?;
                is_of_this_form(&mut first)?;
                keys.belongs_to(&mut first)?;
                let time = Timekeeper::new(clock, newest_recorded(&mut first)?);
                let of_writer = Arc::clone(&remembered);
                let open = move || match sqlite::connect_writer(&database) {
                    Ok(conn) => Ok(conn.remembering(&of_writer)),
                    Err(error) => Err(error.to_string()),
                };
                let writer = Writer::start(open).map_err(StoreError::Database)?;
                let readers = Mutex::new(vec![only_reading(first)?.remembering(&remembered)]);
                let engine = Engine::Embedded { writer, readers, _lock: lock };
                Self { location: location.clone(), keys, time, remembered, erasures, erased, engine }
            }
            Some(address) => {
                make(&folder)?;
                postgres::migrate(address)?;
                let mut first = address.connect()?;
                let newest = newest_recorded(&mut first)?;
                let keys = keys_for(&keys, newest > 0)?;
                is_of_this_form(&mut first)?;
                keys.belongs_to(&mut first)?;
                let time = Timekeeper::new(clock, newest);
                let pool = |most, greeting| {
                    Box::new(Pool::new(address.clone(), most, greeting, Arc::clone(&remembered)))
                };
                let engine = Engine::Postgres {
                    writers: pool(WRITERS, ""),
                    readers: pool(READERS, "SET default_transaction_read_only = on"),
                };
                Self { location: location.clone(), keys, time, remembered, erasures, erased, engine }
            }
        };
        store.mend_anchor()?;
        store.finish_erasures()?;
        store.factor_key()?;
        if store.read(|conn| Ok::<_, StoreError>(happenings::are_absent(conn)?))? {
            // Records from before there was this read model.
            rebuild::rebuild(&store, &mut unwatched)?;
        }
        Ok(store)
    }

    /// Where the records are.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.location.folder
    }

    /// Whether other servers may work on the same records.
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    /// The key store.
    pub fn keys(&self) -> &KeyStore {
        &self.keys
    }

    /// The key of second factors' secrets; nothing before anybody had one.
    ///
    /// # Errors
    /// It is gone, though somebody has one; the records cannot be read.
    pub fn factor_key(&self) -> Result<Option<Key>, StoreError> {
        let key = self.keys.factor_key()?;
        if key.is_none() && self.read(|conn| Ok::<_, StoreError>(accounts::any_factor(conn)?))? {
            return Err(self.keys.lacks_factor_key().into());
        }
        Ok(key)
    }

    /// The same, made where there is none yet.
    ///
    /// # Errors
    /// As [`Store::factor_key`]; or it cannot be written.
    pub fn factor_key_made(&self) -> Result<Key, StoreError> {
        if self.factor_key()?.is_none() {
            self.keys.make_factor_key()?;
        }
        self.factor_key()?.ok_or_else(|| self.keys.lacks_factor_key().into())
    }

    /// The instant: the later of the clock and the newest `recorded_at`, and whether the clock is more than 5 s
    /// behind that.
    pub fn now(&self) -> (Time, bool) {
        self.time.now()
    }

    /// Reads for the whole centre, on a connection that cannot write.
    ///
    /// # Errors
    /// Whatever the reading returns, or that no connection can be opened.
    pub fn read<T, E: From<StoreError>>(
        &self,
        reading: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.read_in(ClinicScope::Centre, reading)
    }

    /// Reads for somebody, on a connection that cannot write and, on PostgreSQL, to which other clinics' rows are not
    /// there.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_in<T, E: From<StoreError>>(
        &self,
        scope: ClinicScope,
        reading: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.engine {
            Engine::Embedded { readers, .. } => {
                let idle = readers.lock().ok().and_then(|mut readers| readers.pop());
                let mut conn = match idle {
                    Some(conn) => conn,
                    None => {
                        let conn = only_reading(sqlite::connect(&database_in(self.folder()))?)?;
                        conn.remembering(&self.remembered)
                    }
                };
                let outcome = reading(&mut conn);
                if let Ok(mut readers) = readers.lock()
                    && readers.len() < READERS
                {
                    readers.push(conn);
                }
                outcome
            }
            Engine::Postgres { readers, .. } => readers.read(scope, reading),
        }
    }

    /// Writes outside the journal (accounts, sessions, personal data).
    ///
    /// # Errors
    /// The job's own refusal, or that the database is not available.
    pub fn write<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        match &self.engine {
            Engine::Embedded { writer, .. } => writer.write(job),
            Engine::Postgres { writers, .. } => writers.write(job),
        }
    }

    /// Writes what is shown to nobody.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn note<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        match &self.engine {
            Engine::Embedded { writer, .. } => writer.note(job),
            Engine::Postgres { writers, .. } => writers.write(job),
        }
    }

    /// Writes what is shown to nobody, some time: whoever asks for it does not wait behind others.
    ///
    /// # Errors
    /// That it cannot be asked for; what becomes of it is not told.
    pub fn note_later(
        &self,
        job: impl FnOnce(&mut Conn) -> QueryResult<()> + Send + 'static,
    ) -> Result<(), WriteError<StoreError>> {
        let job = move |conn: &mut Conn| job(conn).map_err(JobError::<StoreError>::Database);
        match &self.engine {
            Engine::Embedded { writer, .. } => writer.later(job),
            Engine::Postgres { writers, .. } => writers.write(job),
        }
    }

    /// How often this process wrote something that readers may see; nothing where others write as well.
    pub fn revision(&self) -> Option<u64> {
        match &self.engine {
            Engine::Embedded { writer, .. } => Some(writer.revision()),
            Engine::Postgres { .. } => None,
        }
    }

    /// Who waits to write at this server, and how long somebody had to since this was asked last.
    pub fn waits(&self) -> Waits {
        match &self.engine {
            Engine::Embedded { writer, .. } => writer.waits(),
            Engine::Postgres { writers, .. } => writers.waits(),
        }
    }

    /// Writes what another node may be faster with: tried again where it was.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub(crate) fn write_again<T: Send + 'static, E: Send + 'static>(
        &self,
        job: impl Fn(&mut Conn) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Result<T, WriteError<E>> {
        match &self.engine {
            Engine::Embedded { writer, .. } => writer.write(job),
            Engine::Postgres { writers, .. } => writers.write_again(&job),
        }
    }

    /// Seals all entries not yet in the tree and signs a checkpoint, in the database and outside it. Returns the
    /// tree's size.
    ///
    /// # Errors
    /// The database or the folder of checkpoints cannot be written.
    pub fn seal(&self) -> Result<u64, StoreError> {
        sealing::seal(self)
    }

    /// Seals where anything waits for it.
    ///
    /// # Errors
    /// As [`Store::seal`].
    pub fn seal_what_waits(&self) -> Result<(), StoreError> {
        if self.read(|conn| Ok::<_, StoreError>(journal::is_any_unsealed(conn)?))? {
            self.seal()?;
        }
        Ok(())
    }
}

/// Refuses what a version before the first release made: until then migrations were changed in place.
fn is_of_this_form(conn: &mut Conn) -> Result<(), StoreError> {
    let newest_column = batch_row::table.find(Id(Uuid::nil())).select(batch_row::stands_until);
    let row: QueryResult<Option<Option<i64>>> = newest_column.first(conn).optional();
    row.and(journal::is_any_unsealed(conn)).map(drop).map_err(|_| StoreError::Unreleased)
}

fn only_reading(mut conn: Conn) -> Result<Conn, StoreError> {
    conn.batch_execute("PRAGMA query_only = ON")?;
    Ok(conn)
}

/// Opens the key store. A database that was used before must not be given new keys: they could neither read a
/// patient's name nor continue the checkpoints.
fn keys_for(keys: &Path, used: bool) -> Result<KeyStore, StoreError> {
    if used && !KeyStore::exists(keys) {
        return Err(KeyStoreError::Lacking(keys.display().to_string()).into());
    }
    Ok(KeyStore::open(keys)?)
}

/// The database's place in a data folder.
pub fn database_in(folder: &Path) -> PathBuf {
    folder.join("baiyo.sqlite")
}

/// Brings a database to the newest form; how many steps it took.
///
/// # Errors
/// The database cannot be opened or migrated.
pub fn migrate(location: &Location) -> Result<usize, StoreError> {
    match &location.postgres {
        Some(address) => postgres::migrate(address),
        None => {
            let _lock = lock(&location.folder)?;
            sqlite::migrate(&mut sqlite::connect(&database_in(&location.folder))?)
        }
    }
}

/// Takes a data folder, making it as needed: nobody else works in it until the file is dropped.
fn lock(folder: &Path) -> Result<File, StoreError> {
    make(folder)?;
    let lock = File::options().create(true).truncate(false).write(true).open(folder.join("baiyo.lock"));
    let lock = lock.map_err(trouble(folder))?;
    match fs4::FileExt::try_lock(&lock) {
        Ok(()) => Ok(lock),
        Err(_) => Err(StoreError::InUse(folder.display().to_string())),
    }
}

fn make(folder: &Path) -> Result<(), StoreError> {
    std::fs::create_dir_all(folder.join("checkpoints")).map_err(trouble(folder))
}

fn trouble(folder: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let folder = folder.display().to_string();
    move |error| StoreError::Folder { folder: folder.clone(), reason: error.to_string() }
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
