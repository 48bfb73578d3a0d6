//! `cargo xtask authority`: who may do what, written out for an inspector as the product itself prints it.

use crate::test::cargo;
use std::fs;
use std::path::Path;
use std::process::{ExitCode, Stdio};

const PAGE: &str = "docs/inspector/authority.md";

/// Writes the page anew.
pub fn write(root: &Path) -> Result<ExitCode, String> {
    fs::write(root.join(PAGE), printed(root)?).map_err(|error| format!("{PAGE}: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// Fails when the page on disk is not the one that would be written.
pub fn check(root: &Path) -> Result<ExitCode, String> {
    let printed = printed(root)?;
    match fs::read_to_string(root.join(PAGE)) {
        Ok(on_disk) if on_disk == printed => Ok(ExitCode::SUCCESS),
        _ => Err(format!("{PAGE} is stale: run `cargo xtask authority`, and look at what it changes")),
    }
}

fn printed(root: &Path) -> Result<String, String> {
    let mut product = cargo(root);
    product.args(["run", "--quiet", "--locked", "--package", "baiyo", "--", "authority"]);
    let ran = product.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo run: {error}"))?;
    match ran.status.success() {
        true => String::from_utf8(ran.stdout).map_err(|error| format!("`baiyo authority`: {error}")),
        false => Err("`baiyo authority` failed".into()),
    }
}
