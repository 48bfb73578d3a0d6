//! The price of what Baiyo keeps: what it costs beside the raw engine, on records of growing size. Run as
//! `cargo xtask bench`, which writes `docs/performance.md`.

#[path = "../../../crates/domain/tests/centre/mod.rs"]
mod centre;
mod client;
mod commands;
mod embedded;
mod generate;
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
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Growth of a statement's slowest hundredth, by engine and text, at each size.
type Growth = BTreeMap<(&'static str, String), Vec<Duration>>;

fn main() {
    // Whatever goes wrong in any thread ends the run: no figure is better than a wrong one.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(1);
    }));
    let full = std::env::args().any(|word| word == "full");
    let (extent, sizes) = if full { ("full", &[1_000, 10_000, 50_000][..]) } else { ("quick", &[1_000][..]) };
    let server = Server::named().expect("`cargo xtask bench` starts a server and names it");
    let begun = Instant::now();
    let report = Report::new(extent);
    let mut commands = Table::of(&writing::COLUMNS);
    let mut pages = Table::of(&reading::COLUMNS);
    let mut verifying = Table::of(&["batches", "journal", "verify", "sha256sum", "ratio", "peak memory"]);
    let mut disk = Table::of(&["batches", "entries", "embedded, an entry", "PostgreSQL, an entry"]);
    let mut running = Table::of(&["batches", "first answer after", "at rest", "under 32 clients"]);
    let mut growth = Growth::new();
    for (done, batches) in (1..).zip(sizes) {
        let made = Made::of(*batches);
        server.load(&made.folder, "made");
        writing::embedded(&made, &mut commands);
        writing::postgres(&made, &server, "made", &mut commands);
        writing::two_nodes(&made, &server, "made", &mut commands);
        let engines = [On::Embedded(&made.folder), On::Postgres(&server, "made")];
        for on in &engines {
            reading::pages(&made, on, &mut pages);
            for (text, p99) in reading::growth(&made, on) {
                growth.entry((on.name(), text)).or_default().push(p99);
            }
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
        disk.row(&report::disk(&made, verified.entries, Some(server.size("made"))));
        let served = program::served(&made);
        let [rest, load] = [served.at_rest, served.under_load].map(|memory| format!("{} MiB", memory.0));
        running.row(&[batches.to_string(), milliseconds(served.started), rest, load]);
        println!("{batches} batches done after {:.0} s", begun.elapsed().as_secs_f64());
        // At each size, so that a run that is cut short leaves what it measured.
        let mut page = report.clone();
        page.section("Durable commands", COMMANDS, &commands);
        page.section("Pages", PAGES, &pages);
        page.section("Growth", GROWTH, &grown(&growth, &sizes[..done]));
        page.section("Verifying", VERIFYING, &verifying);
        page.section("The program", RUNNING, &running);
        page.section("On disk", "Everything in the database, indexes and evidence included.", &disk);
        page.write();
    }
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
const GROWTH: &str = "The slowest hundredth of each statement of the read side, the best of three rounds, by the engine \
alone; times of the statements that grew most.";
const VERIFYING: &str = "`baiyo verify` of the embedded records, beside `sha256sum` of every byte of the journal's rows in one \
file.";
const RUNNING: &str = "`baiyo serve` as it is shipped, on the embedded engine; memory as `VmRSS` at rest and `VmHWM` after 32 \
clients recorded and read the board.";

/// The statements whose slowest hundredth grew most, and how many there are.
fn grown(growth: &Growth, sizes: &[u32]) -> Table {
    let sized: Vec<String> = sizes.iter().map(|size| format!("at {size}")).collect();
    let columns =
        ["statement", "engine"].into_iter().chain(sized.iter().map(String::as_str)).chain(["growth"]);
    let mut table = Table::of(&columns.collect::<Vec<_>>());
    let whole = growth.iter().filter(|(_, each)| each.len() == sizes.len());
    let ratio = |each: &[Duration]| each[each.len() - 1].as_secs_f64() / each[0].as_secs_f64();
    let mut whole: Vec<_> = whole.map(|((engine, text), each)| (ratio(each), engine, text, each)).collect();
    whole.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (ratio, engine, text, each) in whole.iter().take(12) {
        let text: String = text.replace(['`', '"'], "").chars().take(400).collect();
        let from = text.find(" FROM ").map_or(text.as_str(), |at| &text[at + 1..]);
        let mut cells = vec![format!("`{}`", from.replace('|', "\\|")), engine.to_string()];
        cells.extend(each.iter().map(|time| format!("{:.3} ms", 1000.0 * time.as_secs_f64())));
        cells.push(format!("{ratio:.2}×"));
        table.row(&cells);
    }
    println!("{} statements of the read side, on both engines", whole.len());
    table
}
