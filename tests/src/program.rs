//! Other programs that stories run: the product's own binary and the independent verifier.

use crate::engine;
use baiyo_persistence::store::Location;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program answered.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// What it printed, errors last.
    pub printed: String,
}

/// The workspace's folder.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the stories stand in the workspace")
}

/// Runs the product's binary, which `cargo xtask test` builds beforehand, on the engine of these records.
pub fn baiyo(location: &Location, arguments: &[&str]) -> Ran {
    run(&mut product(location, arguments))
}

/// The exit code of the product's binary where nobody reads what it prints.
pub fn baiyo_unread(location: &Location, arguments: &[&str]) -> i32 {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    run(product(location, arguments).stdout(writer)).code
}

fn product(location: &Location, arguments: &[&str]) -> Command {
    let stories = std::env::current_exe().expect("a running test has a file");
    let built: PathBuf = stories.ancestors().nth(2).expect("a profile's folder").join("baiyo");
    assert!(built.exists(), "build the product first: cargo build --package baiyo");
    let mut command = Command::new(built);
    match engine::url(location) {
        Some(url) => command.env("DATABASE_URL", url),
        None => command.env_remove("DATABASE_URL"),
    };
    command.args(arguments);
    command
}

/// Runs a Python program of the workspace.
pub fn python(program: &str, arguments: &[&str]) -> Ran {
    run(Command::new("python3").arg(workspace().join(program)).args(arguments))
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code().unwrap_or(-1), printed: text(&output.stdout) + &text(&output.stderr) }
}
