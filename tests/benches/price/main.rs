//! The price of what Baiyo keeps: what it costs beside the raw engine, on records of growing size. Run as
//! `cargo xtask bench`, which writes `docs/performance.md`.

#[path = "../../../crates/domain/tests/centre/mod.rs"]
mod centre;
mod client;
mod commands;
mod embedded;
mod generate;
mod measure;
mod server;
mod statements;
mod writing;

use generate::Made;
use measure::Table;
use server::Server;

fn main() {
    // Whatever goes wrong in any thread ends the run: no figure is better than a wrong one.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        told(panic);
        std::process::exit(1);
    }));
    let made = Made::of(1000);
    let mut table = Table::of(&writing::COLUMNS);
    writing::embedded(&made, &mut table);
    if let Some(server) = Server::named() {
        server.load(&made.folder, "made_1000");
        writing::postgres(&made, &server, "made_1000", &mut table);
        writing::two_nodes(&made, &server, "made_1000", &mut table);
    }
    println!("{}", table.text());
}
