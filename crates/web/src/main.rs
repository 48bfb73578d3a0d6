//! The one binary, `baiyo`.

use baiyo::commands::{Cli, run};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,baiyo=info")),
        )
        .with_writer(std::io::stderr)
        .init();
    run(Cli::parse())
}
