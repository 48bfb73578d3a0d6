//! The two engines behind one connection: an `enum`, and queries that are compiled once for each. Whoever writes a query
//! writes it once, against [`Conn`]; where the dialects differ, the difference stands in `engine/`.

pub mod postgres;
pub mod sqlite;

use crate::error::StoreError;
use crate::reading::ClinicScope;
use crate::remembered::Remembered;
use diesel::backend::Backend;
use diesel::connection::{SimpleConnection, TransactionManager};
use diesel::dsl::Limit;
use diesel::migration::MigrationSource;
use diesel::query_builder::QueryId;
use diesel::query_dsl::LoadQuery;
use diesel::query_dsl::methods::{ExecuteDsl, LimitDsl};
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, QueryResult, QueryableByName};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;

/// A connection to the embedded database.
pub type Sqlite = diesel::SqliteConnection;
pub use postgres::Postgres;

/// A connection to whichever engine keeps the records, with what is remembered of them.
pub struct Conn {
    /// The engine's own connection.
    pub engine: Engine,
    /// The streams that this connection, and others of the same store, have read.
    pub(crate) remembered: Arc<Remembered>,
    /// Whose rows it reads; on PostgreSQL none where it was not said.
    scope: Option<ClinicScope>,
}

/// A connection of one engine.
pub enum Engine {
    /// To the embedded one.
    Sqlite(Box<Sqlite>),
    /// To PostgreSQL.
    Postgres(Box<Postgres>),
}

/// Compiles an expression over a connection once for each engine; for queries whose type names an engine.
#[macro_export]
macro_rules! on_engine {
    ($conn:ident => $body:expr) => {
        match &mut $conn.engine {
            $crate::engine::Engine::Sqlite($conn) => {
                let $conn = &mut **$conn;
                $body
            }
            $crate::engine::Engine::Postgres($conn) => {
                let $conn = &mut **$conn;
                $body
            }
        }
    };
}

/// What diesel's prelude has, with queries that run on either engine.
pub mod prelude {
    pub use super::{Conn, Run};
    pub use diesel::prelude::{
        AsChangeset, BoolExpressionMethods, ExpressionMethods, Insertable, JoinOnDsl,
        NullableExpressionMethods, OptionalExtension, QueryDsl, QueryResult, Queryable, QueryableByName,
        Selectable, SelectableHelper,
    };
}

/// Running a query on a [`Conn`], under the names that diesel gives this for a connection of one engine.
pub trait Run: QueryId + Sized {
    /// All rows.
    ///
    /// # Errors
    /// The database.
    fn load<'query, U>(self, conn: &mut Conn) -> QueryResult<Vec<U>>
    where
        Self: LoadQuery<'query, Sqlite, U> + LoadQuery<'query, Postgres, U>,
    {
        on_engine!(conn => diesel::RunQueryDsl::load(self, conn))
    }

    /// The first row of the query as it stands.
    ///
    /// # Errors
    /// The database, or that there is none.
    fn get_result<'query, U>(self, conn: &mut Conn) -> QueryResult<U>
    where
        Self: LoadQuery<'query, Sqlite, U> + LoadQuery<'query, Postgres, U>,
    {
        on_engine!(conn => diesel::RunQueryDsl::get_result(self, conn))
    }

    /// The first row, asking for no more.
    ///
    /// # Errors
    /// The database, or that there is none.
    fn first<'query, U>(self, conn: &mut Conn) -> QueryResult<U>
    where
        Self: LimitDsl,
        Limit<Self>: LoadQuery<'query, Sqlite, U> + LoadQuery<'query, Postgres, U>,
    {
        on_engine!(conn => diesel::RunQueryDsl::get_result(LimitDsl::limit(self, 1), conn))
    }

    /// How many rows it changed.
    ///
    /// # Errors
    /// The database.
    fn execute(self, conn: &mut Conn) -> QueryResult<usize>
    where
        Self: ExecuteDsl<Sqlite> + ExecuteDsl<Postgres>,
    {
        on_engine!(conn => ExecuteDsl::execute(self, conn))
    }
}

impl<T: QueryId> Run for T {}

impl From<Sqlite> for Conn {
    fn from(conn: Sqlite) -> Self {
        Self { engine: Engine::Sqlite(Box::new(conn)), remembered: Arc::default(), scope: None }
    }
}

impl From<Postgres> for Conn {
    fn from(conn: Postgres) -> Self {
        Self { engine: Engine::Postgres(Box::new(conn)), remembered: Arc::default(), scope: None }
    }
}

impl Conn {
    /// Runs `job` in a transaction, or in a savepoint of the one that is open; undone where it fails.
    ///
    /// # Errors
    /// The job's, or the database's.
    pub fn transaction<T, E: From<DieselError>>(
        &mut self,
        job: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin()?;
        match job(self) {
            Ok(value) => {
                self.commit()?;
                Ok(value)
            }
            Err(error) => match self.roll_back() {
                // The job's own error is the one that led there.
                Ok(()) | Err(DieselError::BrokenTransactionManager) => Err(error),
                Err(lost) => Err(lost.into()),
            },
        }
    }

    /// Begins a transaction, or a savepoint in the one that is open.
    ///
    /// # Errors
    /// The database.
    pub fn begin(&mut self) -> QueryResult<()> {
        let conn = self;
        on_engine!(conn => begin(conn))
    }

    /// Commits what was begun last.
    ///
    /// # Errors
    /// The database; then it is undone, or the connection is broken.
    pub fn commit(&mut self) -> QueryResult<()> {
        let conn = self;
        on_engine!(conn => commit(conn))
    }

    /// Undoes what was begun last.
    ///
    /// # Errors
    /// The database.
    pub fn roll_back(&mut self) -> QueryResult<()> {
        let conn = self;
        on_engine!(conn => roll_back(conn))
    }

    /// How many transactions and savepoints are open.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn depth(&mut self) -> QueryResult<u32> {
        let conn = self;
        on_engine!(conn => depth(conn))
    }

    /// Runs statements that give nothing back.
    ///
    /// # Errors
    /// The database.
    pub fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        let conn = self;
        on_engine!(conn => conn.batch_execute(sql))
    }

    /// Says whose rows are read from here on, where that was not said before. PostgreSQL shows no others, whatever a
    /// query forgets.
    ///
    /// # Errors
    /// The database; then it is as it was.
    pub fn enter(&mut self, scope: ClinicScope) -> QueryResult<()> {
        if self.scope == Some(scope) {
            return Ok(());
        }
        if self.is_postgres() {
            let said = match scope {
                ClinicScope::Centre => "centre".to_string(),
                ClinicScope::Clinic(clinic) => clinic.0.to_string(),
            };
            self.batch_execute(&format!("SET baiyo.scope = '{said}'"))?;
        }
        self.scope = Some(scope);
        Ok(())
    }

    /// Reads what the whole centre's records teach, whoever it is for, and is in its own scope again afterwards.
    ///
    /// # Errors
    /// The reading's, or the database's.
    pub(crate) fn of_whole_centre<T, E: From<DieselError>>(
        &mut self,
        reading: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.scope;
        self.enter(ClinicScope::Centre)?;
        let outcome = reading(self);
        match before {
            Some(scope) => match self.enter(scope) {
                // A statement that failed ends the transaction, which takes what was said in it back with it.
                Err(_) if outcome.is_err() => self.scope = before,
                entered => entered?,
            },
            None => self.scope = None,
        }
        outcome
    }

    /// Whether it still reads what it was given out for. One that was told otherwise and not told back is not used again.
    pub(crate) fn is_in(&self, scope: ClinicScope) -> bool {
        self.scope == Some(scope)
    }

    /// Whether it is PostgreSQL's.
    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// The connection, remembering what others of the same database do.
    pub(crate) fn remembering(self, remembered: &Arc<Remembered>) -> Self {
        Self { remembered: Arc::clone(remembered), ..self }
    }
}

/// The steps by which a database came to its form, newest first; none where it is empty.
pub(crate) fn steps_taken(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let begun = match conn.is_postgres() {
        true => "SELECT count(to_regclass('public.__diesel_schema_migrations')) AS number",
        false => "SELECT count(*) AS number FROM sqlite_master WHERE name = '__diesel_schema_migrations'",
    };
    if diesel::sql_query(begun).get_result::<Number>(conn)?.number == 0 {
        return Ok(Vec::new());
    }
    let steps =
        "SELECT CAST(version AS TEXT) AS version FROM __diesel_schema_migrations ORDER BY version DESC";
    Ok(diesel::sql_query(steps).load::<Step>(conn)?.into_iter().map(|step| step.version).collect())
}

/// Refuses a database that a newer program migrated: this one would not understand what it reads, and on PostgreSQL might
/// see no rows and say nothing.
///
/// # Errors
/// It is newer; or the database cannot be read.
pub(crate) fn refuse_newer(conn: &mut Conn) -> Result<(), StoreError> {
    let known = if conn.is_postgres() { postgres::steps()? } else { sqlite::steps()? };
    match steps_taken(conn)?.into_iter().find(|step| !known.contains(step)) {
        Some(step) => Err(StoreError::Newer { program: env!("CARGO_PKG_VERSION"), step }),
        None => Ok(()),
    }
}

/// The versions of migrations.
fn versions_of<DB: Backend>(migrations: impl MigrationSource<DB>) -> Result<BTreeSet<String>, StoreError> {
    let steps = migrations.migrations().map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(steps.iter().map(|step| step.name().version().to_string()).collect())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    version: String,
}

fn begin<C: Connection>(conn: &mut C) -> QueryResult<()> {
    C::TransactionManager::begin_transaction(conn)
}

fn commit<C: Connection>(conn: &mut C) -> QueryResult<()> {
    C::TransactionManager::commit_transaction(conn)
}

fn roll_back<C: Connection>(conn: &mut C) -> QueryResult<()> {
    C::TransactionManager::rollback_transaction(conn)
}

fn depth<C: Connection>(conn: &mut C) -> QueryResult<u32> {
    let depth = C::TransactionManager::transaction_manager_status_mut(conn).transaction_depth()?;
    Ok(depth.map_or(0, NonZeroU32::get))
}
