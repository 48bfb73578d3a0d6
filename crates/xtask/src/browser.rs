//! What the browser stories need: Chromium, a Japanese font, Node.js, and the two libraries that drive and check pages.
//! `cargo xtask screenshots` runs their program that takes pictures.

use crate::test::{cargo, provide};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::SystemTime;
use xtask::packages;

/// The folder of the stories' Node program.
const FOLDER: &str = "tests/browser";

/// The font that the style sheet names first: with another one, boxes have other sizes.
const FONT: &str = "BIZ UDPGothic";

/// The oldest major version of Node.js that the libraries run on.
const NODE: u32 = 20;

/// Makes sure of all of it.
///
/// # Errors
/// What is missing and cannot be installed, and how to come by it.
pub fn provide_all(root: &Path) -> Result<(), String> {
    provide(
        "chromium",
        || chromium().exists(),
        "stories look at the pages in it (or name another in BAIYO_CHROMIUM)",
    )?;
    provide(
        "fonts-morisawa-bizud-gothic",
        has_font,
        "stories measure pages as they look in this font, BIZ UDPGothic",
    )?;
    provide("nodejs", || node().is_some(), "it drives the browser")?;
    provide("npm", || packages::succeeds(&["npm", "--version"]), "it installs what drives the browser")?;
    match node() {
        Some(version) if version >= NODE => {}
        version => {
            let found = version.unwrap_or_default();
            return Err(format!(
                "install Node.js {NODE} or newer first: it drives the browser, and this is {found}"
            ));
        }
    }
    install_libraries(&root.join(FOLDER))
}

/// Takes pictures of the screens: `arguments` are `--docs` and part of a screen's name.
///
/// # Errors
/// Something is missing, or the pictures cannot be taken.
pub fn screenshots(root: &Path, arguments: &[&str]) -> Result<ExitCode, String> {
    provide_all(root)?;
    let words = ["run", "--locked", "--package", "browser-stories", "--bin", "screenshots", "--"];
    let taken = cargo(root).args(words).args(arguments).status();
    let taken = taken.map_err(|error| format!("cargo run: {error}"))?;
    Ok(if taken.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The browser, as the driver looks for it.
fn chromium() -> PathBuf {
    let named = std::env::var_os("BAIYO_CHROMIUM").filter(|name| !name.is_empty());
    named.map_or_else(|| "/usr/bin/chromium".into(), PathBuf::from)
}

fn has_font() -> bool {
    output(&["fc-list", FONT, "family"]).is_some_and(|families| families.contains(FONT))
}

/// The major version of Node.js, where there is one.
fn node() -> Option<u32> {
    major(&output(&["node", "--version"])?)
}

/// 20 for `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn output(words: &[&str]) -> Option<String> {
    let ran = Command::new(words[0]).args(&words[1..]).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = ran.ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Installs what the lock file names, unless that was done since it changed.
fn install_libraries(folder: &Path) -> Result<(), String> {
    if are_installed(folder) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder).stdin(Stdio::null());
    let done = npm.status().map_err(|error| format!("npm: {error}"))?;
    if done.success() {
        return Ok(());
    }
    Err(format!(
        "`npm ci` in {FOLDER} did not succeed: the browser stories need playwright-core and axe-core from the npm registry"
    ))
}

fn are_installed(folder: &Path) -> bool {
    // npm writes this file last.
    let installed = changed(&folder.join("node_modules/.package-lock.json"));
    installed.is_some() && installed >= changed(&folder.join("package-lock.json"))
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("20"), None);
    }

    #[test]
    fn libraries_that_are_newer_than_their_list_are_left_as_they_are() {
        let folder = std::env::temp_dir().join(format!("baiyo-libraries-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("node_modules")).unwrap();
        std::fs::write(folder.join("package-lock.json"), "").unwrap();
        assert!(!are_installed(&folder), "npm has not ended yet");
        std::fs::write(folder.join("node_modules/.package-lock.json"), "").unwrap();
        assert!(are_installed(&folder));
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        let list = std::fs::File::options().write(true).open(folder.join("package-lock.json")).unwrap();
        list.set_modified(later).unwrap();
        assert!(!are_installed(&folder), "the list has changed");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
