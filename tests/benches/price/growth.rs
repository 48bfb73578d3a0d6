//! How each statement of the read side grows with the records: its slowest hundredth, by the engine alone, at all sizes
//! in turns.

use crate::client::{self, Client};
use crate::generate::{Made, READER, random_ids};
use crate::measure::Table;
use crate::reading::{On, timed};
use crate::server::Server;
use crate::statements::{self, Caught};
use crate::writing::serve;
use std::collections::BTreeMap;
use std::time::Duration;
use stories::Serving;

/// Rounds over all sizes, beside a first one that finds everything cold.
const ROUNDS: usize = 5;
/// Statements that are shown: those that grew most.
const SHOWN: usize = 12;

/// The slowest hundredth of each statement at each size, by engine and text.
type Growth = BTreeMap<(&'static str, String), Vec<Duration>>;

/// Measures records of several sizes, each with its database on the server, and shows what grew most.
pub fn measured(sizes: &[(Made, String)], server: &Server) -> Table {
    let mut growth = Growth::new();
    for embedded in [true, false] {
        let mut all: Vec<(On, Caught)> = Vec::new();
        for (made, database) in sizes {
            let on = if embedded { On::Embedded(&made.folder) } else { On::Postgres(server, database) };
            all.push(asked(made, on));
        }
        for (size, best) in slowest(&all).into_iter().enumerate() {
            for (text, p99) in best {
                let each = growth.entry((all[size].0.name(), text)).or_default();
                // What was not asked at a smaller size cannot be compared.
                if each.len() == size {
                    each.push(p99);
                }
            }
        }
    }
    growth.retain(|_, each| each.len() == sizes.len());
    shown(&growth, sizes)
}

/// What reading everything asks of the engine.
fn asked<'a>(made: &Made, on: On<'a>) -> (On<'a>, Caught) {
    let folder = made.copy_without_database();
    statements::listen(true);
    let serving = serve(made, &on.location(folder.path()));
    let (_, caught) = statements::caught(|| read_everything(made, &serving));
    statements::listen(false);
    serving.stop();
    (on, caught)
}

/// The slowest hundredth of each statement at each size. The sizes take turns; and as what the machine does beside this
/// makes statements slower, never faster, the best round counts.
fn slowest(all: &[(On, Caught)]) -> Vec<BTreeMap<String, Duration>> {
    let mut best = vec![BTreeMap::new(); all.len()];
    for round in 0..=ROUNDS {
        for ((on, caught), best) in all.iter().zip(&mut best) {
            let mut each: BTreeMap<usize, Vec<Duration>> = BTreeMap::new();
            for (text, took) in timed(on, caught, &mut || false) {
                each.entry(text).or_default().push(took);
            }
            for (text, mut took) in each.into_iter().filter(|_| round > 0) {
                took.sort();
                let p99 = took[took.len() * 99 / 100];
                let known = best.entry(caught.texts[text].clone()).or_insert(p99);
                *known = p99.min(*known);
            }
        }
    }
    best
}

/// The statements whose slowest hundredth grew most.
fn shown(growth: &Growth, sizes: &[(Made, String)]) -> Table {
    let sized: Vec<String> = sizes.iter().map(|(made, _)| format!("at {}", made.batches)).collect();
    let columns =
        ["statement", "engine"].into_iter().chain(sized.iter().map(String::as_str)).chain(["growth"]);
    let mut table = Table::of(&columns.collect::<Vec<_>>());
    let ratio = |each: &[Duration]| each[each.len() - 1].as_secs_f64() / each[0].as_secs_f64();
    let mut whole: Vec<_> =
        growth.iter().map(|((engine, text), each)| (ratio(each), engine, text, each)).collect();
    whole.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (ratio, engine, text, each) in whole.iter().take(SHOWN) {
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

/// Everything that can be read, of many things each.
fn read_everything(made: &Made, serving: &Serving) {
    const EACH: usize = 150;
    let token = made.token(READER);
    let mut client = Client::connect(serving.address());
    let mut read = |path: &str| client.json(&client::get(&format!("/api/v1{path}"), &token, None));
    for batch in random_ids(&made.folder, "batch_row", EACH) {
        let view = read(&format!("/batches/{batch}"));
        read(&format!("/labels/{}", view["label"].as_str().expect("a label")));
        for part in ["gate", "history"] {
            read(&format!("/batches/{batch}/{part}"));
        }
    }
    for order in random_ids(&made.folder, "order_row", EACH) {
        read(&format!("/orders/{order}"));
    }
    for list in [
        "/batches",
        "/batches?status=in_culture",
        "/batches?status=released",
        "/orders",
        "/quality_events",
        "/attempts",
    ] {
        let mut page = list.to_string();
        for _ in 0..10 {
            let next = read(&page)["next"].as_str().map(String::from);
            let Some(next) = next else { break };
            let and = if list.contains('?') { '&' } else { '?' };
            page = format!("{list}{and}after={next}");
        }
    }
    for _ in 0..EACH {
        for one in ["/me", "/people", "/standards", "/clinics", "/stops", "/checkpoint"] {
            read(one);
        }
    }
}
