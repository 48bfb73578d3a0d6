//! PostgreSQL beside the embedded engine: the same tables, columns, indexes and guards, and an application that has no
//! right to change or delete what is append-only. They run where `BAIYO_TEST_POSTGRES` names a server, as it does in
//! `cargo xtask test`.

use baiyo_persistence::Store;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::engine::postgres::Address;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::engine::sqlite;
use baiyo_persistence::store::{Location, database_in};
use baiyo_persistence::verify::catalogue;
use baiyo_persistence::writer::{JobError, WriteError};
use diesel::sql_types::Text;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use uuid::Uuid;

/// A database of its own, dropped at the end.
struct Place {
    _folder: TempDir,
    location: Location,
    server: Address,
}

impl Place {
    fn fresh() -> Option<Self> {
        let url = std::env::var("BAIYO_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
        if url.is_none() {
            assert!(std::env::var_os("CI").is_none(), "BAIYO_TEST_POSTGRES names the server to test on");
            return None;
        }
        let server = Address::read(&url?, None).unwrap();
        let name = format!("persistence_{}", Uuid::now_v7().simple());
        server.connect_as_owner().unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let location =
            Location { folder: folder.path().to_path_buf(), postgres: Some(server.database(&name)) };
        Some(Self { _folder: folder, location, server })
    }

    fn address(&self) -> &Address {
        self.location.postgres.as_ref().unwrap()
    }

    fn open(&self) -> Store {
        Store::open_at(&self.location, Arc::new(SystemClock)).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.address().name());
        let _ = self.server.connect_as_owner().unwrap().batch_execute(&drop);
    }
}

fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/postgres/catalogue.txt")
}

#[test]
fn a_fresh_database_is_what_verify_compares_with() {
    let Some(place) = Place::fresh() else { return };
    drop(place.open());
    let found = catalogue(&mut place.address().connect_as_owner().unwrap()).unwrap();
    if std::env::var_os("BAIYO_WRITE_CATALOGUE").is_some() {
        std::fs::write(kept(), &found).unwrap();
    }
    assert_eq!(found, std::fs::read_to_string(kept()).unwrap(), "write it anew with BAIYO_WRITE_CATALOGUE=1");
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(conn: &mut Conn, sql: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let found: Vec<Line> = diesel::sql_query(sql).load(conn).unwrap();
    found.into_iter().for_each(|line| _ = all.entry(line.owner).or_default().insert(line.line));
    all
}

#[test]
fn both_engines_have_the_same_tables_columns_indexes_and_guards() {
    let Some(place) = Place::fresh() else { return };
    drop(place.open());
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path(), Arc::new(SystemClock)).unwrap());
    let mut embedded = sqlite::connect(&database_in(folder.path())).unwrap();
    let mut postgres = place.address().connect_as_owner().unwrap();

    // Types as both know them: identifiers are 16 bytes here and uuid there.
    let here = lines(
        &mut embedded,
        "SELECT m.name AS owner, c.name || ' ' || CASE
             WHEN c.type = 'BLOB' THEN 'bytes' WHEN c.type = 'TEXT' THEN 'text' ELSE 'number' END ||
             CASE WHEN c.\"notnull\" OR c.pk THEN ' required' ELSE '' END AS line
         FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'",
    );
    let there = lines(
        &mut postgres,
        "SELECT table_name::text AS owner, column_name || ' ' || CASE
             WHEN data_type IN ('bytea', 'uuid') THEN 'bytes' WHEN data_type = 'text' THEN 'text' ELSE 'number' END ||
             CASE WHEN is_nullable = 'NO' THEN ' required' ELSE '' END AS line
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'",
    );
    assert_eq!(here, there);

    let here = lines(
        &mut embedded,
        "SELECT tbl_name AS owner, name AS line FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    );
    let there = lines(
        &mut postgres,
        "SELECT t.relname::text AS owner, c.relname::text AS line FROM pg_index AS i
         JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid
         WHERE t.relnamespace = 'public'::regnamespace AND NOT i.indisunique",
    );
    assert_eq!(here, there);

    // REPLACE exists on the embedded engine alone, TRUNCATE on the other; one trigger there stands for five here.
    let guards = |mut all: BTreeMap<String, BTreeSet<String>>| {
        let own = |name: &String| !name.ends_with("_no_replace") && !name.ends_with("_no_truncate");
        all.values_mut().for_each(|names| names.retain(own));
        all
    };
    let mut here = guards(lines(
        &mut embedded,
        "SELECT tbl_name AS owner, name AS line FROM sqlite_master WHERE type = 'trigger'",
    ));
    for part in ["entry", "decided", "in_date", "duty"] {
        assert!(here.get_mut("disposition").unwrap().remove(&format!("disposition_{part}")), "{part}");
    }
    let triggers = "SELECT c.relname::text AS owner, t.tgname::text AS line FROM pg_trigger AS t
        JOIN pg_class AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal";
    let there = lines(&mut postgres, triggers);
    assert!(there.values().all(|names| names.iter().any(|name| name.ends_with("_no_truncate"))), "{there:?}");
    assert_eq!(here, guards(there));
}

#[test]
fn the_application_cannot_change_delete_or_empty_what_is_append_only() {
    let Some(place) = Place::fresh() else { return };
    drop(place.open());
    let tables = ["journal", "tree_leaf", "tree_node", "checkpoint", "gate_fact", "duty", "disposition"];
    let column = ["kind", "entry", "hash", "note", "state", "duty", "decision"];
    for (table, column) in tables.into_iter().zip(column) {
        for sql in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let mut application = place.address().connect().unwrap();
            let refused = application.batch_execute(&sql).unwrap_err().to_string();
            assert!(refused.contains("permission denied"), "{sql}: {refused}");
        }
        // And whoever has the right is stopped by the guard.
        for sql in [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let mut owner = place.address().connect_as_owner().unwrap();
            let refused = owner.batch_execute(&sql).unwrap_err().to_string();
            assert!(refused.contains("never"), "{sql}: {refused}");
        }
    }
}

/// What the owner of a database may do and the application may not: whatever would take a guard away, go around it, or
/// make it look elsewhere. `{owner}` is the owner.
const RIGHTS: [&str; 36] = [
    "CREATE TEMPORARY TABLE mine (seq bigint); \
     CREATE TRIGGER act AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION journal_entry_waits()",
    "CREATE TEMPORARY TABLE mine (entry uuid); \
     CREATE TRIGGER act AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION tree_leaf_seals_entry()",
    "ALTER TABLE journal DISABLE TRIGGER ALL",
    "ALTER TABLE disposition DISABLE TRIGGER disposition_gate",
    "ALTER TABLE gate_fact ENABLE REPLICA TRIGGER gate_fact_of_batch",
    "DROP TRIGGER journal_no_update ON journal",
    "CREATE TRIGGER a_first BEFORE INSERT ON gate_fact FOR EACH ROW EXECUTE FUNCTION refuse('no')",
    "CREATE RULE quiet AS ON INSERT TO gate_fact DO INSTEAD NOTHING",
    "CREATE POLICY chosen ON duty USING (false)",
    "ALTER TABLE duty ENABLE ROW LEVEL SECURITY",
    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "ALTER FUNCTION disposition_stands() RESET search_path",
    "ALTER FUNCTION refuse() OWNER TO baiyo_app",
    "DROP FUNCTION journal_follows() CASCADE",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP TABLE duty CASCADE",
    "ALTER TABLE journal RENAME TO old",
    "ALTER TABLE journal ADD COLUMN more text",
    "ALTER TABLE journal DROP CONSTRAINT journal_version_check",
    "ALTER TABLE checkpoint SET UNLOGGED",
    "ALTER TABLE journal OWNER TO baiyo_app",
    "CREATE TEMP TABLE more () INHERITS (journal)",
    "CREATE TABLE public.mine (x int)",
    "CREATE SCHEMA baiyo_app",
    "CREATE INDEX mine ON journal (kind)",
    "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION of_event()",
    "SELECT setval('journal_seq_seq', 1)",
    "ALTER SEQUENCE gate_fact_serial_seq RESTART",
    "LOCK TABLE journal IN ACCESS EXCLUSIVE MODE",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "SET session_replication_role = replica",
    "ALTER ROLE baiyo_app SET session_replication_role = replica",
    "ALTER ROLE baiyo_app SUPERUSER",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "COPY journal TO PROGRAM 'true'",
];

#[test]
fn the_application_cannot_do_what_would_take_a_guard_away_and_the_owner_can() {
    let Some(place) = Place::fresh() else { return };
    drop(place.open());
    let mut owner = place.address().connect_as_owner().unwrap();
    // An event trigger needs a function of its own kind, which does nothing.
    let of_event = "CREATE FUNCTION of_event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'";
    owner.batch_execute(of_event).unwrap();
    let named = lines(&mut owner, "SELECT 'owner' AS owner, quote_ident(current_user) AS line");
    let owners_name = named["owner"].first().unwrap().clone();
    let serving = Serving::at(&place);
    let mut application = serving.connect();
    for right in RIGHTS {
        let sql = right.replace("{owner}", &owners_name);
        application.batch_execute("BEGIN").unwrap();
        let refused = application.batch_execute(&sql).unwrap_err().to_string();
        application.batch_execute("ROLLBACK").unwrap();
        let denied = ["permission denied", "must be owner", "must be superuser"];
        assert!(denied.iter().any(|denied| refused.contains(denied)), "{sql}: {refused}");
        // The control: nothing but the right is lacking.
        owner.batch_execute("BEGIN").unwrap();
        owner.batch_execute(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        owner.batch_execute("ROLLBACK").unwrap();
    }
    // Whoever has no right to give gives nothing.
    for grant in ["GRANT DELETE ON journal TO baiyo_app", "GRANT {owner} TO baiyo_app"] {
        let _ = application.batch_execute(&grant.replace("{owner}", &owners_name));
    }
    assert!(application.batch_execute("DELETE FROM journal").unwrap_err().to_string().contains("permission"));
    owner.batch_execute("DROP FUNCTION of_event()").unwrap();
    assert_eq!(catalogue(&mut owner).unwrap(), std::fs::read_to_string(kept()).unwrap());
}

#[test]
fn no_schema_that_the_owner_makes_stands_before_the_records() {
    let Some(place) = Place::fresh() else { return };
    drop(place.open());
    let mut owner = place.address().connect_as_owner().unwrap();
    // Named as the role that the application acts in, or by a setting of the database.
    let before = "CREATE SCHEMA baiyo_app; CREATE TABLE baiyo_app.duty AS SELECT * FROM public.duty;
         GRANT USAGE ON SCHEMA baiyo_app TO baiyo_app; GRANT ALL ON baiyo_app.duty TO baiyo_app;
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = baiyo_app, public', current_database()); END $$";
    owner.batch_execute(before).unwrap();
    let meant = "SELECT 'duty' AS owner, relnamespace::regnamespace::text AS line FROM pg_class
                 WHERE oid = 'duty'::regclass";
    for mut conn in [place.address().connect().unwrap(), place.address().connect_as_owner().unwrap()] {
        assert_eq!(lines(&mut conn, meant)["duty"], BTreeSet::from(["public".to_string()]));
        // The control: by the server's own custom it is another.
        conn.batch_execute("RESET search_path").unwrap();
        assert_eq!(lines(&mut conn, meant)["duty"], BTreeSet::from(["baiyo_app".to_string()]));
    }
}

#[test]
fn an_unknown_engine_and_a_server_without_the_certificates_it_was_asked_for_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |address: &str| {
        let read = Location::read(folder.path(), Some(address), None);
        read.map(|_| ()).unwrap_err().to_string()
    };
    for address in ["mysql://host/db", "sqlite:///tmp/x", "postgre://host/db", "data/baiyo.sqlite"] {
        let sentence = refused(address);
        assert!(sentence.contains("DATABASE_URL") && sentence.contains("postgres://"), "{sentence}");
    }
    assert!(
        !refused("mysql://secret-user:secret@host/db").contains("secret"),
        "an address may hold a password"
    );
    assert!(refused("postgres://u@host/db?sslmode=require").contains("DATABASE_CA"));
    assert!(refused("postgres://u@host:notaport/db").contains("DATABASE_URL"));
}

#[test]
fn another_machine_is_not_spoken_to_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let read = |address: &str, authorities: Option<&str>| {
        Location::read(folder.path(), Some(address), authorities.map(Into::into))
            .map(drop)
            .map_err(|error| error.to_string())
    };
    for elsewhere in [
        "postgres://u@db.example/db",
        "postgres://u@192.0.2.7/db",
        "postgres://u@[2001:db8::7]/db",
        "postgres://u@localhost,db.example/db",
        "postgres://u@db.example/db?sslmode=disable",
        "postgres://u@localhost/db?hostaddr=192.0.2.7",
        "postgres://u@localhost.db.example/db",
    ] {
        let refused = read(elsewhere, None).unwrap_err();
        assert!(
            refused.contains("another machine") && refused.contains("DATABASE_CA"),
            "{elsewhere}: {refused}"
        );
        assert_eq!(read(elsewhere, Some("/etc/ca.pem")), Ok(()), "{elsewhere}");
    }
    for here in [
        "postgres://u@localhost/db",
        "postgres://u@127.0.0.1/db?sslmode=disable",
        "postgres://u@[::1]/db",
        "postgres://u@%2Frun%2Fpostgresql/db",
        "postgres://u@db.example/db?hostaddr=127.0.0.1",
    ] {
        assert_eq!(read(here, None), Ok(()), "{here}");
    }
}

/// A user of the server who is in no role, unless he is made a member of the application's.
struct Serving {
    name: String,
    location: Location,
    owner: Address,
}

impl Serving {
    fn without_role(place: &Place) -> Self {
        let name = format!("serving_{}", Uuid::now_v7().simple());
        let owner = place.address().clone();
        owner.connect_as_owner().unwrap().batch_execute(&format!("CREATE ROLE {name} LOGIN")).unwrap();
        let url = std::env::var("BAIYO_TEST_POSTGRES").unwrap();
        let (_, host) = url.rsplit_once('@').unwrap();
        let (host, _) = host.rsplit_once('/').unwrap();
        let address = Address::read(&format!("postgres://{name}@{host}/{}", owner.name()), None).unwrap();
        let location = Location { postgres: Some(address), ..place.location.clone() };
        Self { name, location, owner }
    }

    fn at(place: &Place) -> Self {
        let serving = Self::without_role(place);
        serving.join();
        serving
    }

    fn join(&self) {
        let join = format!("GRANT baiyo_app TO {}", self.name);
        self.owner.connect_as_owner().unwrap().batch_execute(&join).unwrap();
    }

    fn address(&self) -> &Address {
        self.location.postgres.as_ref().unwrap()
    }

    /// As the application connects.
    fn connect(&self) -> Conn {
        self.address().connect().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let drop = format!("DROP ROLE {}", self.name);
        let _ = self.owner.connect_as_owner().unwrap().batch_execute(&drop);
    }
}

#[test]
fn a_server_needs_no_more_than_the_applications_role_and_cannot_migrate() {
    let Some(place) = Place::fresh() else { return };
    // Before there is anything: whoever only serves cannot make it.
    let serving = Serving::without_role(&place);
    let open = || Store::open_at(&serving.location, Arc::new(SystemClock));
    let refused = open().err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("cannot be migrated"), "{refused}");
    // Once it is there, membership of the application's role is enough.
    drop(place.open());
    serving.join();
    drop(open().unwrap());
    let mut conn = serving.address().connect_as_owner().unwrap();
    for forbidden in [
        "DELETE FROM journal",
        "UPDATE journal SET kind = 'x'",
        "DROP TRIGGER journal_no_update ON journal",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "TRUNCATE checkpoint",
    ] {
        let error = conn.batch_execute(forbidden).unwrap_err().to_string();
        assert!(
            error.contains("permission denied") || error.contains("must be owner"),
            "{forbidden}: {error}"
        );
    }
}

#[test]
fn no_table_that_the_application_makes_for_itself_stands_before_the_one_a_guard_looks_at() {
    let Some(place) = Place::fresh() else { return };
    drop(place.open());
    let mut application = place.address().connect().unwrap();
    application
        .batch_execute(
            "CREATE TEMPORARY TABLE tree_leaf AS SELECT 4::bigint AS tree_index;
             CREATE TEMPORARY TABLE journal (LIKE public.journal)",
        )
        .unwrap();
    let leaf = "INSERT INTO public.tree_leaf VALUES (5, gen_random_uuid())";
    let refused = application.batch_execute(leaf).unwrap_err().to_string();
    assert!(refused.contains("a leaf is a new entry at the next index"), "{refused}");
    // The same for every guard there is: each names where it looks.
    let open = "SELECT p.proname::text AS owner, p.prosrc AS line FROM pg_proc AS p
                WHERE p.pronamespace = 'public'::regnamespace AND p.prorettype = 'trigger'::regtype
                  AND NOT coalesce('search_path=pg_catalog, public, pg_temp' = ANY (p.proconfig), false)";
    assert_eq!(lines(&mut application, open), BTreeMap::new());
}

/// A wire to a server that can be cut: after a word of the client's was passed on, before it is answered.
#[derive(Clone, Default)]
struct Wire {
    cut_at: Arc<Mutex<Option<&'static str>>>,
}

impl Wire {
    /// Lays it before a server, and says where it begins.
    fn lay(&self, server: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = self.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                wire.join(client.unwrap(), TcpStream::connect(&server).unwrap());
            }
        });
        port
    }

    fn join(&self, mut client: TcpStream, mut server: TcpStream) {
        let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let cut = Arc::new(AtomicBool::new(false));
        let (wire, cuts) = (self.clone(), Arc::clone(&cut));
        std::thread::spawn(move || {
            let mut bytes = vec![0; 65536];
            while let Ok(read @ 1..) = client.read(&mut bytes) {
                let said = String::from_utf8_lossy(&bytes[..read]);
                if wire.cut_at.lock().unwrap().take_if(|word| said.contains(*word)).is_some() {
                    cuts.store(true, Ordering::SeqCst);
                }
                if server.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            let _ = server.shutdown(Shutdown::Both);
        });
        std::thread::spawn(move || {
            let mut bytes = vec![0; 65536];
            while let Ok(read @ 1..) = from_server.read(&mut bytes) {
                if cut.load(Ordering::SeqCst) || to_client.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            let _ = to_client.shutdown(Shutdown::Both);
        });
    }
}

#[test]
fn a_write_whose_commit_is_never_answered_is_called_neither_kept_nor_lost() {
    let Some(place) = Place::fresh() else { return };
    drop(place.open());
    let url = std::env::var("BAIYO_TEST_POSTGRES").unwrap();
    let server: tokio_postgres::Config = url.parse().unwrap();
    let wire = Wire::default();
    let port = wire.lay(format!("127.0.0.1:{}", server.get_ports().first().copied().unwrap_or(5432)));
    let user = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).unwrap().0;
    let through = format!("postgres://{user}@127.0.0.1:{port}/{}", place.address().name());
    let location = Location::read(&place.location.folder, Some(&through), None).unwrap();
    let store = Store::open_at(&location, Arc::new(SystemClock)).unwrap();
    let write = |year: i32, cut_at: Option<&'static str>| {
        *wire.cut_at.lock().unwrap() = cut_at;
        let sql = format!("INSERT INTO serial (kind, year, last) VALUES ('order', {year}, 1)");
        store.write::<(), ()>(move |conn| conn.batch_execute(&sql).map_err(JobError::Database))
    };
    let kept = || {
        let rows = store.read(|conn| {
            let years = diesel::sql_query("SELECT '' AS owner, year::text AS line FROM serial ORDER BY year");
            Ok::<Vec<Line>, baiyo_persistence::StoreError>(years.load(conn)?)
        });
        rows.unwrap().into_iter().map(|row| row.line).collect::<Vec<_>>()
    };
    write(1, None).unwrap();
    assert!(matches!(write(2, Some("INSERT")), Err(WriteError::Unavailable(_))));
    assert_eq!(kept(), ["1"]);
    assert!(matches!(write(3, Some("COMMIT")), Err(WriteError::Unknown(_))));
    assert_eq!(kept(), ["1", "3"]);
    assert!(matches!(write(3, None), Err(WriteError::Unavailable(_))), "what a rule refuses is not kept");
    write(4, None).unwrap();
}
