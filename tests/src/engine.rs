//! The engine that stories and the store's tests run on: the embedded one, or with `BAIYO_TEST_ON=postgres` the
//! PostgreSQL server that `BAIYO_TEST_POSTGRES` names, on which each has a database of its own. The store's tests read
//! this file in, since they stand below the stories.

use baiyo_persistence::Conn;
use baiyo_persistence::engine::postgres::Address;
use baiyo_persistence::engine::sqlite;
use baiyo_persistence::store::{Location, database_in};
use std::path::Path;
use std::sync::OnceLock;
use uuid::Uuid;

/// The variable that names a server on which its user may make databases.
pub const SERVER: &str = "BAIYO_TEST_POSTGRES";

/// Whether these run on PostgreSQL.
pub fn is_postgres() -> bool {
    std::env::var("BAIYO_TEST_ON").is_ok_and(|engine| engine == "postgres")
}

/// From here on this test program uses the server at this address, its own, which it may crash.
///
/// # Panics
/// It used another one before.
pub fn use_own(url: String) {
    OWN.set(url).expect("one server for a whole test program");
}

static OWN: OnceLock<String> = OnceLock::new();

fn server_url() -> String {
    OWN.get().cloned().unwrap_or_else(|| std::env::var(SERVER).expect("a server to run on"))
}

fn server() -> Option<Address> {
    is_postgres().then(|| Address::read(&server_url(), None).expect("the server's address"))
}

fn on_server(sql: &str) {
    let server = server().expect("a server");
    let mut conn = server.connect_as_owner().expect("the server");
    conn.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A place for records that are not there yet.
pub fn fresh(folder: &Path) -> Location {
    made(folder, "template1")
}

/// A place whose database begins as a copy of another one, to which nobody is connected.
pub fn copied(folder: &Path, from: &Location) -> Location {
    match &from.postgres {
        Some(address) => made(folder, &address.name()),
        None => Location::embedded(folder),
    }
}

fn made(folder: &Path, template: &str) -> Location {
    let Some(server) = server() else { return Location::embedded(folder) };
    let name = format!("test_{}", Uuid::now_v7().simple());
    on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
    Location { folder: folder.to_path_buf(), postgres: Some(server.database(&name)) }
}

/// A database as its owner opens it.
pub fn as_owner(location: &Location) -> Conn {
    match &location.postgres {
        Some(address) => address.connect_as_owner().expect("the database"),
        None => sqlite::connect(&database_in(&location.folder)).expect("the database"),
    }
}

/// The address by which a program reaches a place's database; nothing for the embedded one.
pub fn url(location: &Location) -> Option<String> {
    let address = location.postgres.as_ref()?;
    let server = server_url();
    let (host, _) = server.rsplit_once('/').expect("an address ends with a database");
    Some(format!("{host}/{}", address.name()))
}

/// Drops a place's database.
pub fn drop_database(location: &Location) {
    if let Some(address) = &location.postgres {
        on_server(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", address.name()));
    }
}
