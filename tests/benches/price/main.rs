//! The price of what Baiyo keeps: what it costs beside the raw engine, on records of growing size. Run as
//! `cargo xtask bench`, which writes `docs/performance.md`.

#[path = "../../../crates/domain/tests/centre/mod.rs"]
mod centre;
mod client;
mod commands;
mod embedded;
mod generate;
mod growth;
mod measure;
mod program;
mod reading;
mod report;
mod server;
mod statements;
mod writing;

use generate::Made;
use measure::Table;
use reading::On;
use report::{Report, milliseconds};
use server::Server;
use std::time::Instant;

fn main() {
    // Whatever goes wrong in any thread ends the run: no figure is better than a wrong one.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(1);
    }));
    let asked = |extent: &str| std::env::args().any(|word| word == extent);
    let server = Server::named().expect("`cargo xtask bench` starts a server and names it");
    if asked("growth") {
        let sizes: Vec<_> = FULL.iter().map(|batches| loaded(*batches, &server)).collect();
        return report::replace("Growth", GROWTH, &growth::measured(&sizes, &server));
    }
    let (extent, sizes) = if asked("full") { ("full", &FULL[..]) } else { ("quick", &FULL[..1]) };
    let begun = Instant::now();
    let report = Report::new(extent);
    let mut all = Vec::new();
    let mut commands = Table::of(&writing::COLUMNS);
    let mut pages = Table::of(&reading::COLUMNS);
    let mut verifying = Table::of(&["batches", "journal", "verify", "sha256sum", "ratio", "peak memory"]);
    let mut disk = Table::of(&["batches", "entries", "embedded, an entry", "PostgreSQL, an entry"]);
    let mut running = Table::of(&["batches", "first answer after", "at rest", "under 32 clients"]);
    for batches in sizes {
        let (made, database) = loaded(*batches, &server);
        writing::embedded(&made, &mut commands);
        writing::postgres(&made, &server, &database, &mut commands);
        writing::two_nodes(&made, &server, &database, &mut commands);
        let engines = [On::Embedded(&made.folder), On::Postgres(&server, &database)];
        for on in &engines {
            reading::pages(&made, on, &mut pages);
        }
        let verified = program::verified(&made);
        let [took, hashed] = [verified.took, verified.hashed].map(|time| time.as_secs_f64());
        verifying.row(&[
            batches.to_string(),
            format!("{:.1} MB", verified.bytes as f64 / 1e6),
            format!("{took:.2} s"),
            format!("{hashed:.3} s"),
            format!("{:.1} %", 100.0 * hashed / took),
            format!("{} MiB", verified.memory.0),
        ]);
        disk.row(&report::disk(&made, verified.entries, Some(server.size(&database))));
        let served = program::served(&made);
        let [rest, load] = [served.at_rest, served.under_load].map(|memory| format!("{} MiB", memory.0));
        running.row(&[batches.to_string(), milliseconds(served.started), rest, load]);
        println!("{batches} batches done after {:.0} s", begun.elapsed().as_secs_f64());
        // At each size, so that a run that is cut short leaves what it measured.
        let mut page = report.clone();
        page.section("Durable commands", COMMANDS, &commands);
        page.section("Pages", PAGES, &pages);
        page.section("Verifying", VERIFYING, &verifying);
        page.section("The program", RUNNING, &running);
        page.section("On disk", "Everything in the database, indexes and evidence included.", &disk);
        all.push((made, database));
        page.write();
    }
    report::replace("Growth", GROWTH, &growth::measured(&all, &server));
}

/// Batches of the records that are measured.
const FULL: [u32; 3] = [1_000, 10_000, 50_000];

/// Records of a size, and the database on the server that holds the same.
fn loaded(batches: u32, server: &Server) -> (Made, String) {
    let made = Made::of(batches);
    let database = server.load(&made);
    (made, database)
}

const COMMANDS: &str = "Bench entries (observation, medium change, sampling, result, vessel move) through HTTP, each \
client on batches of its own. The raw engine runs every statement that a like load made the product run, with its values, \
on a copy of the same records: reading who asks, `BEGIN` and savepoints, the guards' triggers, the same groups of commits \
(embedded), as many connections (PostgreSQL), the same durability; it must leave the same rows. Both servers and all \
clients share the machine.";
const PAGES: &str = "8 clients. A page's bare statements are those that it makes the product run, run by the engine alone on \
every core (PostgreSQL: on 8 connections), each row read whole; the first time it reads streams whole that it remembers \
afterwards. The empty handler is a server of the same settings that \
answers 200 with nothing.";
const GROWTH: &str = "The slowest hundredth of each statement of the read side, by the engine alone, at all sizes in turns, the \
best of five rounds; the statements that grew most.";
const VERIFYING: &str = "`baiyo verify` of the embedded records, beside `sha256sum` of every byte of the journal's rows in one \
file.";
const RUNNING: &str = "`baiyo serve` as it is shipped, on the embedded engine; memory as `VmRSS` at rest and `VmHWM` after 32 \
clients recorded and read the board.";
