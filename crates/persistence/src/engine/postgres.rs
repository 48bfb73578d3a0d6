//! PostgreSQL: how it is reached (rustls, no libpq), its migrations, and the locks by which nodes wait for each other.

use super::prelude::*;
use super::{Conn, Engine};
use crate::error::StoreError;
use baiyo_domain::journal::StreamId;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::Sender;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A connection to PostgreSQL, with a runtime of its own: measured, connections that share one are slower.
pub type Postgres = AsyncConnectionWrapper<AsyncPgConnection, OwnRuntime>;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The role that the application acts in: it may neither change nor delete what is append-only.
pub const ROLE: &str = "baiyo_app";

/// Where a PostgreSQL database is, and whom its server's certificate must come from.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    config: Config,
    authorities: Option<PathBuf>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the password.
        write!(f, "postgres {:?} {:?}", self.config.get_hosts(), self.config.get_dbname())
    }
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?sslmode=…`. `authorities` is a file of PEM certificates that
    /// the server's must chain to; with it the connection is encrypted or refused. Without it nothing is encrypted, which is
    /// for a server on the same machine alone (ASVS 5.0, 12.3.1).
    ///
    /// # Errors
    /// The address is not of that form, or names another machine and no authorities.
    pub fn read(url: &str, authorities: Option<PathBuf>) -> Result<Self, StoreError> {
        let mut config: Config =
            url.parse().map_err(|error| StoreError::Address(format!("DATABASE_URL: {error}")))?;
        if config.get_ssl_mode() == SslMode::Require && authorities.is_none() {
            let why = "sslmode=require needs DATABASE_CA, a file with the certificates to trust";
            return Err(StoreError::Address(why.into()));
        }
        if authorities.is_some() {
            // Who names authorities means it: an unencrypted connection is no fallback.
            config.ssl_mode(SslMode::Require);
        } else if let Some(host) = elsewhere(&config) {
            return Err(StoreError::Address(format!(
                "DATABASE_URL: {host} is another machine, to which nothing goes unencrypted: DATABASE_CA names a file \
                 with the certificates to trust"
            )));
        }
        config.application_name("baiyo").connect_timeout(Duration::from_secs(10));
        Ok(Self { config, authorities })
    }

    /// The database's name.
    pub fn name(&self) -> String {
        self.config.get_dbname().unwrap_or_default().to_string()
    }

    /// The same server's database of another name.
    pub fn database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// Opens a connection as whoever the address names: for migrations.
    ///
    /// # Errors
    /// The server cannot be reached, or its certificate does not fit.
    pub fn connect_as_owner(&self) -> Result<Conn, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| trouble(&error))?;
        let inner = runtime.block_on(async {
            let client = self.client(None).await?;
            AsyncPgConnection::try_from(client).await.map_err(|error| trouble(&error))
        })?;
        let mut conn: Conn = OwnRuntime::wrap(runtime, inner).into();
        // A schema named after a role, or one that a setting names, must not stand before the records.
        conn.batch_execute("SET search_path = public, pg_temp; SET standard_conforming_strings = on")
            .map_err(|error| trouble(&error))?;
        Ok(conn)
    }

    /// Opens a connection on the runtime that waits for it: its own task lives there, and runs whenever a query is waited
    /// for. What others notify it of goes to `heard`, as far as there is room.
    ///
    /// # Errors
    /// As [`Address::connect_as_owner`].
    pub(crate) async fn client(&self, heard: Option<Sender<Notification>>) -> Result<Client, StoreError> {
        let failed = |error: tokio_postgres::Error| trouble(&described(&error));
        let tls = self.authorities.as_deref().map(trusting).transpose()?;
        match tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls).await.map_err(failed)?;
                tokio::spawn(drive(connection, heard));
                Ok(client)
            }
            None => {
                let (client, connection) =
                    self.config.connect(tokio_postgres::NoTls).await.map_err(failed)?;
                tokio::spawn(drive(connection, heard));
                Ok(client)
            }
        }
    }

    /// Opens a connection that acts in the application's role.
    ///
    /// # Errors
    /// As [`Address::connect_as_owner`]; also where the database was never migrated, or the person it names may not
    /// act in that role.
    pub fn connect(&self) -> Result<Conn, StoreError> {
        let mut conn = self.connect_as_owner()?;
        conn.batch_execute(&format!(
            "SET ROLE {ROLE}; SET lock_timeout = '20s'; SET statement_timeout = '120s'; \
             SET idle_in_transaction_session_timeout = '60s'; SET synchronous_commit = on; \
             SET default_transaction_isolation = 'read committed'"
        ))
        .map_err(|error| {
            StoreError::Database(format!(
                "PostgreSQL: {error}: `baiyo migrate` as the owner makes what is missing"
            ))
        })?;
        Ok(conn)
    }
}

/// The first host of the address that is not this machine.
fn elsewhere(config: &Config) -> Option<String> {
    let by_number = config.get_hostaddrs().iter().find(|address| !address.is_loopback());
    let named = || {
        config.get_hosts().iter().find_map(|host| match host {
            Host::Tcp(name) if !is_here(name) => Some(name.clone()),
            _ => None,
        })
    };
    // Where numbers are given, the names beside them are only what certificates are compared with.
    if config.get_hostaddrs().is_empty() { named() } else { by_number.map(ToString::to_string) }
}

fn is_here(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || number.is_ok_and(|address| address.is_loopback())
}

fn trouble(error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Database(format!("PostgreSQL: {error}"))
}

/// Drives a connection until it ends.
async fn drive<S, T>(mut connection: Connection<S, T>, heard: Option<Sender<Notification>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let (AsyncMessage::Notification(notification), Some(heard)) = (message, &heard) {
            // Whoever hears slowly misses some.
            let _ = heard.try_send(notification);
        }
    }
}

/// An error with its causes, which the library leaves out of the first line.
fn described(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn trusting(file: &std::path::Path) -> Result<MakeRustlsConnect, StoreError> {
    let unreadable =
        |error: &dyn std::fmt::Display| StoreError::Address(format!("{}: {error}", file.display()));
    let mut authorities = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        authorities.add(certificate).map_err(|error| unreadable(&error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unreadable(&error))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A runtime that one connection has for itself.
pub struct OwnRuntime(Option<Runtime>);

thread_local! {
    /// The runtime on which a connection was made, on its way into the wrapper, which asks for one by type alone.
    static MADE_ON: Cell<Option<Runtime>> = const { Cell::new(None) };
}

impl OwnRuntime {
    fn wrap(runtime: Runtime, inner: AsyncPgConnection) -> Postgres {
        MADE_ON.set(Some(runtime));
        Postgres::from(inner)
    }
}

impl BlockOn for OwnRuntime {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match &self.0 {
            Some(runtime) => runtime.block_on(future),
            None => unreachable!("a wrapper is made by `wrap` alone, which leaves a runtime"),
        }
    }

    fn get_runtime() -> Self {
        Self(MADE_ON.take())
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        // A connection may be dropped where waiting is not allowed.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Brings a database to the newest form, one node at a time; how many steps it took. Where nothing is to be done, the
/// address may name somebody who only serves.
///
/// # Errors
/// The database; or it must be migrated and the address names somebody who may not.
pub fn migrate(address: &Address) -> Result<usize, StoreError> {
    const ONE_AT_A_TIME: i64 = 0x6261_6979_6f00;
    let mut conn = address.connect_as_owner()?;
    super::refuse_newer(&mut conn)?;
    // Asked so that no right to make tables is needed.
    let taken = super::steps_taken(&mut conn)?;
    if steps()?.iter().all(|step| taken.contains(step)) {
        // A restored database may be in a server whose role its owner was never given; who only serves needs no more.
        let _ = ensure_role(&mut conn);
        return Ok(0);
    }
    conn.batch_execute(&format!("SELECT pg_advisory_lock({ONE_AT_A_TIME})"))?;
    let failed = |error: &dyn std::fmt::Display| {
        StoreError::Database(format!("PostgreSQL: the database cannot be migrated: {error}"))
    };
    let Engine::Postgres(inner) = &mut conn.engine else { return Ok(0) };
    let pending = match inner.pending_migrations(MIGRATIONS) {
        Ok(pending) => pending.len(),
        Err(error) => return Err(failed(&error)),
    };
    if pending == 0 {
        return Ok(0);
    }
    ensure_role(&mut conn)?;
    // A step that moves rows sees all of them.
    conn.batch_execute("SET baiyo.scope = 'centre'")?;
    let Engine::Postgres(inner) = &mut conn.engine else { return Ok(0) };
    let done = inner.run_pending_migrations(MIGRATIONS).map_err(|error| failed(&error))?.len();
    // The lock goes with the connection.
    Ok(done)
}

/// The steps that this program knows.
pub(super) fn steps() -> Result<BTreeSet<String>, StoreError> {
    super::versions_of::<Pg>(MIGRATIONS)
}

/// Makes the application's role where there is none, and lets the owner act in it.
fn ensure_role(conn: &mut Conn) -> Result<(), StoreError> {
    let exists = diesel::sql_query("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS yes");
    if !exists.bind::<Text, _>(ROLE).get_result::<Answer>(conn)?.yes {
        // Two databases of one server may be migrated at once.
        let make = format!(
            "DO $$ BEGIN CREATE ROLE {ROLE} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        conn.batch_execute(&make).map_err(|error| {
            StoreError::Database(format!(
                "PostgreSQL: the role {ROLE} is missing and cannot be made ({error}): let an administrator run \
                 `CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO` the user of DATABASE_URL"
            ))
        })?;
    }
    // From 16 on, who made a role is its member without acting in it.
    let member = diesel::sql_query(
        "SELECT pg_has_role(current_user, $1, CASE WHEN current_setting('server_version_num')::int >= 160000 \
         THEN 'SET' ELSE 'MEMBER' END) AS yes",
    );
    if !member.bind::<Text, _>(ROLE).get_result::<Answer>(conn)?.yes {
        conn.batch_execute(&format!("GRANT {ROLE} TO CURRENT_USER"))?;
    }
    Ok(())
}

/// How a lock is held: alone, or with others who only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// By whoever only reads.
    Shared,
    /// By whoever appends.
    Alone,
}

/// Locks streams until the transaction ends, in the order of their identifiers, so that no two transactions wait for
/// each other. The embedded engine has one writer and needs none.
///
/// # Errors
/// The database, also where a lock was not to be had in time.
pub fn lock_streams(conn: &mut Conn, streams: &BTreeMap<StreamId, Held>) -> QueryResult<()> {
    let named: Vec<(String, Held)> =
        streams.iter().map(|(stream, held)| (stream.to_string(), *held)).collect();
    lock_in_order(conn, named.iter().map(|(name, held)| (name.as_str(), *held)))
}

/// Locks something by its name until the transaction ends.
///
/// # Errors
/// The database, also where the lock was not to be had in time.
pub fn lock(conn: &mut Conn, name: &str, held: Held) -> QueryResult<()> {
    lock_in_order(conn, std::iter::once((name, held)))
}

fn lock_in_order<'a>(conn: &mut Conn, named: impl Iterator<Item = (&'a str, Held)>) -> QueryResult<()> {
    let Engine::Postgres(inner) = &mut conn.engine else { return Ok(()) };
    let each = |(name, held)| {
        let digest = Sha256::digest(name);
        let mut eight = [0; 8];
        eight.copy_from_slice(&digest[..8]);
        (i64::from_be_bytes(eight).to_string(), (held == Held::Alone).to_string())
    };
    let (keys, alone): (Vec<String>, Vec<String>) = named.map(each).unzip();
    let array = |parts: Vec<String>| format!("{{{}}}", parts.join(","));
    diesel::RunQueryDsl::execute(Locks { keys: array(keys), alone: array(alone) }, &mut **inner).map(drop)
}

/// Locks keys one after the other, as they stand: in one statement, which the server prepares once.
#[derive(QueryId)]
struct Locks {
    keys: String,
    alone: String,
}

impl QueryFragment<Pg> for Locks {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT CASE WHEN alone THEN pg_advisory_xact_lock(key) ELSE pg_advisory_xact_lock_shared(key) END \
             FROM unnest(",
        );
        out.push_bind_param::<Text, _>(&self.keys)?;
        out.push_sql("::text::bigint[], ");
        out.push_bind_param::<Text, _>(&self.alone)?;
        out.push_sql("::text::boolean[]) AS wanted (key, alone)");
        Ok(())
    }
}

impl<C> diesel::RunQueryDsl<C> for Locks {}
