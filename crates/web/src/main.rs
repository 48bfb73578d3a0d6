//! The one binary, `baiyo`.

use baiyo::commands::{Cli, run};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    run(Cli::parse())
}
