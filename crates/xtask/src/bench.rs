//! `cargo xtask bench`: measures what Baiyo costs beside the raw engines, and writes `docs/performance.md`.

use crate::test::cargo;
use std::path::Path;
use std::process::ExitCode;
use xtask::postgres::Server;

/// Builds the product as it is shipped, and measures it on both engines.
pub fn run(root: &Path, extent: &str) -> Result<ExitCode, String> {
    // Start-up and memory are those of the program itself, and cargo does not build it for a bench.
    let built = cargo(root).args(["build", "--release", "--locked", "--package", "baiyo"]).status();
    if !built.map_err(|error| format!("cargo build: {error}"))?.success() {
        return Err("the product did not build, so nothing was measured".into());
    }
    let server = Server::start_durable()?;
    let mut bench = cargo(root);
    bench.env("BAIYO_TEST_POSTGRES", server.url());
    let words = ["bench", "--locked", "--package", "stories", "--bench", "price", "--", extent];
    let measured = bench.args(words).status().map_err(|error| format!("cargo bench: {error}"))?;
    Ok(if measured.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
