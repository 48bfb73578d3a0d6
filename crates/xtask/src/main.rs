//! The chores of this workspace, run as `cargo xtask <chore>`.

mod advisories;
mod authority;
mod bench;
mod bill;
mod browser;
mod declared;
mod featured;
mod matrix;
mod mutants;
mod test;
mod tree;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask test [arguments for cargo test]
       cargo xtask screenshots [--docs] [part of a screen's name]
       cargo xtask bench [quick|full|growth]
       cargo xtask matrix [--check]
       cargo xtask authority [--check]
       cargo xtask advisories FOLDER
       cargo xtask bill [arguments for cargo, such as --features otlp]
       cargo xtask mutants [resume]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test", extra @ ..] => test::run(&tree::root(), extra),
        ["screenshots", extra @ ..] => browser::screenshots(&tree::root(), extra),
        ["bench"] => bench::run(&tree::root(), "quick"),
        ["bench", extent @ ("quick" | "full" | "growth")] => bench::run(&tree::root(), extent),
        ["matrix"] => matrix::write(&tree::root()),
        ["matrix", "--check"] => matrix::check(&tree::root()),
        ["authority"] => authority::write(&tree::root()),
        ["authority", "--check"] => authority::check(&tree::root()),
        ["advisories", folder] => advisories::look_up(&tree::root(), Path::new(folder)),
        ["bill", features @ ..] => bill::write(&tree::root(), features),
        ["mutants"] => mutants::run(&tree::root(), false),
        ["mutants", "resume"] => mutants::run(&tree::root(), true),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
