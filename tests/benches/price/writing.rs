//! What a durable command costs beside the raw engine: the product over HTTP, and the engine alone running the very
//! statements that a like load made the product run; in turns, on copies of the same records.

use crate::commands::Load;
use crate::embedded;
use crate::generate::Made;
use crate::measure::{Figures, Table, Turns};
use crate::server::{self, Server};
use crate::statements::{self, Caught};
use baiyo_persistence::Store;
use baiyo_persistence::clock::SetClock;
use baiyo_persistence::store::Location;
use rusqlite::Connection;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stories::Serving;

/// Clients that ask at once, and on how many batches together.
const CLIENTS: [(usize, usize); 3] = [(1, 3), (8, 8), (32, 32)];
/// Turns of each, beside a first one that finds everything cold.
const TURNS: usize = 5;

/// The columns of its table.
pub const COLUMNS: [&str; 5] = ["commands", "product, 1/s", "raw engine, 1/s", "ratio", "product's p99"];

/// Measures on the embedded engine.
pub fn embedded(made: &Made, table: &mut Table) {
    let [product, caught, raw] = [(); 3].map(|()| made.copy());
    let before = Marks::of(&embedded::connect(raw.path()));
    let serve = |folder: &Path| serve(made, &Location::embedded(folder));
    let replay = |caught: &Caught, clients: &[Vec<String>]| {
        // One client asks for one thing after the other.
        let in_order = clients.len() == 1;
        embedded::replay(raw.path(), caught, in_order)
    };
    turns(made, "embedded", [&|| serve(product.path()), &|| serve(caught.path())], &replay, table);
    let left = [&caught, &raw].map(|folder| before.left_embedded(&embedded::connect(folder.path())));
    assert_eq!(left[0], left[1], "the replay leaves the same rows");
}

/// Measures on PostgreSQL, on copies of a loaded database.
pub fn postgres(made: &Made, on: &Server, loaded: &str, table: &mut Table) {
    let folder = made.copy_without_database();
    for copy in ["product", "caught", "raw"] {
        on.copy(loaded, copy);
    }
    let before = Marks::of(&embedded::connect(&made.folder));
    let serve = |database: &str| serve(made, &on.location(folder.path(), database));
    let replay = |caught: &Caught, clients: &[Vec<String>]| server::replay(on, "raw", caught, clients);
    turns(made, "PostgreSQL", [&|| serve("product"), &|| serve("caught")], &replay, table);
    let left = ["caught", "raw"].map(|database| before.left_on(on, database));
    assert_eq!(left[0], left[1], "the replay leaves the same rows");
}

/// Two nodes on one database beside one node alone, in turns.
pub fn two_nodes(made: &Made, on: &Server, loaded: &str, table: &mut Table) {
    let folder = made.copy_without_database();
    on.copy(loaded, "product");
    let nodes = [(); 2].map(|()| serve(made, &on.location(folder.path(), "product")));
    let addresses = [nodes[0].address(), nodes[1].address()];
    let mut fresh = made.in_culture().into_iter();
    let (clients, batches) = CLIENTS[2];
    let mut turns = Turns::default();
    let mut p99 = Figures::default();
    // Fewer turns: each takes twice as many batches.
    for turn in 0..=TURNS.min(3) {
        let mut run = |at: &[SocketAddr]| {
            let targets: Vec<_> = fresh.by_ref().take(batches).collect();
            Load::on(&targets, clients, &made.tokens(), addresses[0]).run(at)
        };
        let (two, one) = (run(&addresses), run(&addresses[..1]));
        if turn > 0 {
            turns.add(two.rate(), one.rate());
            p99.add(two.within(99).as_secs_f64());
        }
    }
    row(
        table,
        format!("PostgreSQL, {} batches, {clients} clients, two nodes beside one", made.batches),
        &turns,
        &p99,
    );
    nodes.into_iter().for_each(Serving::stop);
}

fn turns(
    made: &Made,
    engine: &str,
    [product, caught]: [&dyn Fn() -> Serving; 2],
    replay: &dyn Fn(&Caught, &[Vec<String>]) -> Duration,
    table: &mut Table,
) {
    let tokens = made.tokens();
    let mut fresh = made.in_culture().into_iter();
    let product = product();
    statements::listen(true);
    let caught = caught();
    for (clients, batches) in CLIENTS {
        let (mut turns, mut p99) = (Turns::default(), Figures::default());
        for turn in 0..=TURNS {
            let targets: Vec<_> = fresh.by_ref().take(batches).collect();
            let load = |at: &Serving| Load::on(&targets, clients, &tokens, at.address());
            statements::listen(false);
            let ran = load(&product).run(&[product.address()]);
            statements::listen(true);
            let again = load(&caught);
            let (_, statements) = statements::caught(|| again.run(&[caught.address()]));
            let keys = targets
                .chunks(batches / clients)
                .map(|share| share.iter().map(ToString::to_string).collect());
            let took = replay(&statements, &keys.collect::<Vec<_>>());
            if turn > 0 {
                turns.add(ran.rate(), ran.commands() as f64 / took.as_secs_f64());
                p99.add(ran.within(99).as_secs_f64());
            }
        }
        row(table, format!("{engine}, {} batches, {clients} clients", made.batches), &turns, &p99);
    }
    statements::listen(false);
    product.stop();
    caught.stop();
}

fn row(table: &mut Table, what: String, turns: &Turns, p99: &Figures) {
    let rate = |figures: &Figures| format!("{:.0}", figures.median());
    let p99 = format!("{:.1} ms", 1000.0 * p99.median());
    table.row(&[what, rate(&turns.product), rate(&turns.raw), turns.ratio(), p99]);
}

/// Serves records in this process, an hour after their newest entry.
pub fn serve(made: &Made, location: &Location) -> Serving {
    let clock = SetClock::at(made.newest().plus_hours(1));
    Serving::start(Arc::new(Store::open_at(location, Arc::new(clock)).expect("the store")))
}

/// Where the records stood before anything was measured.
struct Marks {
    journal: i64,
    facts: i64,
}

impl Marks {
    fn of(conn: &Connection) -> Self {
        let number = |sql| conn.query_row(sql, [], |row| row.get(0)).expect("a number");
        Self {
            journal: number("SELECT max(seq) FROM journal"),
            facts: number("SELECT max(serial) FROM gate_fact"),
        }
    }

    /// Every row that was written since, or may have been changed. PostgreSQL numbers rows in the order of its own
    /// transactions.
    fn changed(&self) -> [String; 5] {
        let Self { journal, facts } = self;
        let entry = "id, stream_id, version, occurred_at, recorded_at, performer, recorder, command, kind, payload, \
                     previous_hash, hash";
        [
            format!("SELECT {entry} FROM journal WHERE seq > {journal} ORDER BY id"),
            format!(
                "SELECT batch, container, requirement, state, valid_until, entry FROM gate_fact \
                 WHERE serial > {facts} ORDER BY entry, container, requirement"
            ),
            format!(
                "SELECT duty.* FROM duty JOIN journal ON id = entry WHERE seq > {journal} ORDER BY 1, 2, 3"
            ),
            "SELECT * FROM idempotency ORDER BY person, key".into(),
            "SELECT * FROM batch_row WHERE status = 'in_culture' ORDER BY id".into(),
        ]
    }

    fn left_embedded(&self, conn: &Connection) -> Vec<String> {
        let mut left = Vec::new();
        for sql in self.changed() {
            let mut query = conn.prepare(&sql).expect("a query");
            let columns = query.column_count();
            let mut rows = query.query([]).expect("rows");
            while let Some(row) = rows.next().expect("a row") {
                left.push(format!("{:?}", (0..columns).map(|at| row.get_ref(at)).collect::<Vec<_>>()));
            }
        }
        assert!(!left.is_empty(), "something was written");
        left
    }

    fn left_on(&self, on: &Server, database: &str) -> Vec<String> {
        let conn = on.connect(database);
        self.changed().iter().flat_map(|sql| conn.rows(sql)).collect()
    }
}
