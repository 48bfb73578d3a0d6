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
        // What cannot be logged is not said on standard error either: that is where the log goes, and a thread that
        // fails to print there ends. So a full disk would take the writer with it.
        .log_internal_errors(false)
        .init();
    run(Cli::parse())
}
