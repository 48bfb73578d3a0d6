//! The embedded engine: how its file is opened, and its migrations.

use super::{Conn, Engine, Sqlite};
use crate::error::StoreError;
use diesel::connection::AnsiTransactionManager;
use diesel::{Connection, QueryResult};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;
use std::path::Path;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Opens a connection with the settings everything relies on.
///
/// # Errors
/// The database cannot be opened.
pub fn connect(database: &Path) -> Result<Conn, StoreError> {
    let mut conn = open(&database.to_string_lossy())?;
    // FULL: an acknowledged entry survives power loss. Recursive triggers: REPLACE cannot slip past a guard.
    conn.batch_execute(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;",
    )?;
    Ok(conn)
}

/// Opens the connection on which commands are recorded.
///
/// # Errors
/// The database cannot be opened.
pub(crate) fn connect_writer(database: &Path) -> Result<Conn, StoreError> {
    let mut conn = connect(database)?;
    // What undoes a job that is refused half-way is kept in memory, not in a file that each job writes anew. Sorting is
    // done there as well, which only a rebuild of the read models does at length.
    conn.batch_execute("PRAGMA temp_store = MEMORY;")?;
    Ok(conn)
}

/// Opens whatever an address names, with the engine's own settings.
pub(crate) fn open(address: &str) -> Result<Conn, StoreError> {
    let conn = Sqlite::establish(address).map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(conn.into())
}

/// An empty database in memory, of the newest form: what verifying and rebuilding compare with.
pub(crate) fn in_memory() -> Result<Conn, StoreError> {
    let mut conn = open(":memory:")?;
    migrate(&mut conn)?;
    Ok(conn)
}

/// The steps that this program knows.
pub(super) fn steps() -> Result<BTreeSet<String>, StoreError> {
    super::versions_of::<diesel::sqlite::Sqlite>(MIGRATIONS)
}

/// Brings a database to the newest form; how many steps it took.
pub(crate) fn migrate(conn: &mut Conn) -> Result<usize, StoreError> {
    super::refuse_newer(conn)?;
    let Engine::Sqlite(conn) = &mut conn.engine else {
        return Err(StoreError::Database("not an embedded database".into()));
    };
    let done =
        conn.run_pending_migrations(MIGRATIONS).map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(done.len())
}

/// Begins a transaction that will write, so that it never finds the database taken half-way.
pub(crate) fn begin_immediate(conn: &mut Conn) -> QueryResult<()> {
    match &mut conn.engine {
        Engine::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(&mut **conn, "BEGIN IMMEDIATE"),
        Engine::Postgres(_) => conn.begin(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::prelude::*;
    use diesel::sql_types::Text;

    #[derive(QueryableByName)]
    struct Built {
        #[diesel(sql_type = Text)]
        compile_options: String,
    }

    #[test]
    fn the_engine_is_built_for_how_it_is_used() {
        let mut conn = open(":memory:").unwrap();
        let built: Vec<Built> = diesel::sql_query("PRAGMA compile_options").load(&mut conn).unwrap();
        let has = |option: &str| built.iter().any(|built| built.compile_options == option);
        for option in ["ENABLE_QPSG", "THREADSAFE=2", "DEFAULT_MEMSTATUS=0"] {
            assert!(has(option), "{option}");
        }
        for option in ["ENABLE_LOAD_EXTENSION", "ENABLE_STAT4", "ENABLE_FTS5", "THREADSAFE=1"] {
            assert!(!has(option), "{option}");
        }
        let loaded = conn.batch_execute("SELECT load_extension('libm.so.6')").unwrap_err().to_string();
        assert!(loaded.contains("not authorized") || loaded.contains("no such function"), "{loaded}");
    }
}
