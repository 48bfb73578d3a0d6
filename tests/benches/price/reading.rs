//! What reading costs: pages over HTTP beside their bare statements run by the engine alone and beside a server that
//! answers nothing.

use crate::client::{self, Client};
use crate::embedded;
use crate::generate::{Made, READER, random_ids};
use crate::measure::{Figures, Table, Turns};
use crate::server::Server;
use crate::statements::{self, Caught, Statement};
use crate::writing::serve;
use actix_web::{App, HttpResponse, HttpServer, web};
use baiyo_persistence::store::Location;
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

/// Clients that read at once.
const CLIENTS: usize = 8;
/// How long each thing is measured in each turn.
const SPELL: Duration = Duration::from_millis(700);
const TURNS: usize = 5;

/// The columns of its table.
pub const COLUMNS: [&str; 5] = ["page", "product, 1/s", "beside", "that, 1/s", "ratio"];

/// The engine that pages are read from.
pub enum On<'a> {
    /// A folder with an embedded database.
    Embedded(&'a Path),
    /// A database on a server.
    Postgres(&'a Server, &'a str),
}

impl On<'_> {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            On::Embedded(_) => "embedded",
            On::Postgres(..) => "PostgreSQL",
        }
    }

    /// Where a product finds these records, with its keys in a folder.
    pub fn location(&self, folder: &Path) -> Location {
        match self {
            On::Embedded(folder) => Location::embedded(folder),
            On::Postgres(server, database) => server.location(folder, database),
        }
    }
}

/// Measures pages of 50 rows and of one batch.
pub fn pages(made: &Made, on: &On, table: &mut Table) {
    let folder = made.copy_without_database();
    let token = made.token(READER);
    let batch = random_ids(&made.folder, "batch_row", 1).remove(0);
    let pages = [
        ("the board, 50 rows", "/api/v1/batches".to_string()),
        ("one batch", format!("/api/v1/batches/{batch}")),
        ("its gate", format!("/api/v1/batches/{batch}/gate")),
    ];
    statements::listen(true);
    let heard = serve(made, &on.location(folder.path()));
    let caught: Vec<(String, String, [Caught; 2])> = pages
        .into_iter()
        .map(|(name, path)| {
            let request = client::get(&path, &token, None);
            let mut client = Client::connect(heard.address());
            // The first time streams are read whole, afterwards they are remembered.
            let caught = [(); 2]
                .map(|()| statements::caught(|| assert_eq!(client.ask(&request).status, 200, "{path}")).1);
            (format!("{}, {}: {name}", on.name(), made.batches), path, caught)
        })
        .collect();
    statements::listen(false);
    heard.stop();
    let serving = serve(made, &on.location(folder.path()));
    let (empty, stop) = empty_server();
    for (name, path, [first, again]) in caught {
        let request = client::get(&path, &token, None);
        // Each server has tags of its own.
        let etag = Client::connect(serving.address()).ask(&request).etag;
        let [mut beside_first, mut beside_again, mut beside_empty, mut unchanged] =
            [(); 4].map(|()| Turns::default());
        for turn in 0..=TURNS {
            let page = rate(serving.address(), &request, 200);
            let bare = [&first, &again].map(|caught| bare(on, caught));
            let nothing = rate(empty, &client::get("/", &token, None), 200);
            if turn == 0 {
                continue;
            }
            beside_first.add(page, bare[0]);
            beside_again.add(page, bare[1]);
            beside_empty.add(page, nothing);
            if let Some(etag) = &etag
                && is_unchanged(serving.address(), &path, &token, etag)
            {
                let again = client::get(&path, &token, Some(etag));
                unchanged.add(rate(serving.address(), &again, 304), nothing);
            }
        }
        row(table, &name, "its bare statements", &beside_again);
        row(table, &name, "those of its first reading", &beside_first);
        row(table, &name, "an empty handler", &beside_empty);
        match unchanged.is_empty() {
            true => println!("{name}: no answer 304 yet, so none is measured"),
            false => row(table, &format!("{name}, unchanged (304)"), "an empty handler", &unchanged),
        }
    }
    stop();
    serving.stop();
}

fn row(table: &mut Table, name: &str, beside: &str, turns: &Turns) {
    let rate = |figures: &Figures| format!("{:.0}", figures.median());
    table.row(&[name.into(), rate(&turns.product), beside.into(), rate(&turns.raw), turns.ratio()]);
}

fn is_unchanged(address: SocketAddr, path: &str, token: &str, etag: &str) -> bool {
    Client::connect(address).ask(&client::get(path, token, Some(etag))).status == 304
}

/// How often a page is answered in a second, to all clients together.
fn rate(address: SocketAddr, request: &[u8], status: u16) -> f64 {
    let count = |until: Instant| {
        let mut client = Client::connect(address);
        let mut answered = 0_u32;
        while Instant::now() < until {
            assert_eq!(client.ask(request).status, status, "{}", String::from_utf8_lossy(request));
            answered += 1;
        }
        answered
    };
    together(CLIENTS, &count)
}

fn together(workers: usize, count: &(dyn Fn(Instant) -> u32 + Sync)) -> f64 {
    let begun = Instant::now();
    let done: u32 = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..workers).map(|_| threads.spawn(|| count(begun + SPELL))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).sum()
    });
    f64::from(done) / begun.elapsed().as_secs_f64()
}

/// How often the engine alone runs a page's statements in a second, on every core.
fn bare(on: &On, caught: &Caught) -> f64 {
    let workers = match on {
        On::Embedded(_) => std::thread::available_parallelism().map_or(2, usize::from),
        // Most of the time a connection waits for the server.
        On::Postgres(..) => CLIENTS,
    };
    let count = |until: Instant| {
        let mut done = 0;
        timed(on, caught, &mut || {
            done += 1;
            Instant::now() < until
        });
        done
    };
    together(workers, &count)
}

/// Runs what was caught, again and again as long as `goes_on` says; how long each statement took.
pub fn timed(on: &On, caught: &Caught, goes_on: &mut dyn FnMut() -> bool) -> Vec<(usize, Duration)> {
    let texts = &caught.texts;
    let asks = |statement: &&Statement| {
        let text = &texts[statement.text];
        !text.contains(';') && !["PRAGMA", "SET"].iter().any(|setting| text.starts_with(setting))
    };
    let statements: Vec<&Statement> = caught.statements.iter().filter(asks).collect();
    let mut took = Vec::new();
    match on {
        On::Embedded(folder) => {
            let conn = embedded::connect(folder);
            let mut prepared = HashMap::new();
            loop {
                for Statement { text, values, .. } in &statements {
                    let statement = prepared
                        .entry(*text)
                        .or_insert_with(|| conn.prepare(&texts[*text]).expect("a statement"));
                    let begun = Instant::now();
                    embedded::read_whole(statement, values).expect("rows");
                    took.push((*text, begun.elapsed()));
                }
                if !goes_on() {
                    return took;
                }
            }
        }
        On::Postgres(server, database) => {
            let conn = server.connect(database);
            let mut prepared = HashMap::new();
            loop {
                for statement in &statements {
                    let begun = Instant::now();
                    conn.read_whole(&mut prepared, texts, statement);
                    took.push((statement.text, begun.elapsed()));
                }
                if !goes_on() {
                    return took;
                }
            }
        }
    }
}

/// A server with the product's own settings that answers nothing.
fn empty_server() -> (SocketAddr, impl FnOnce()) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (say, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let workers = std::thread::available_parallelism().map_or(2, usize::from);
            let app = || App::new().route("/", web::get().to(async || HttpResponse::Ok().finish()));
            let server = HttpServer::new(app).workers(workers).listen(listener).expect("a server").run();
            say.send(server.handle()).expect("somebody waits");
            server.await.expect("the server");
        });
    });
    let handle = told.recv().expect("a handle");
    let stop = move || {
        drop(handle.stop(false));
        thread.join().expect("the server ends");
    };
    (address, stop)
}
