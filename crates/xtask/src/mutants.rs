//! `cargo xtask mutants`: changes the gate, the table of authority and the journal in one place after the other, and
//! names every change that no test of the domain notices. The changes are `cargo mutants`'; this prepares a copy of the
//! domain in which trying one takes seconds.

use crate::test::cargo;
use crate::tree::{self, File};
use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};
use toml::{Table, Value};
use xtask::packages::succeeds;

/// What is changed.
const MUTATED: [&str; 5] = [
    "crates/domain/src/authority.rs",
    "crates/domain/src/batch/gate.rs",
    "crates/domain/src/batch/gate/*.rs",
    "crates/domain/src/journal.rs",
    "crates/domain/src/journal/*.rs",
];

/// What the copy needs of the workspace.
const COPIED: [&str; 4] = ["Cargo.lock", "crates/domain/", "config/standards/", "tests/twin/"];

const TESTS: &str = "crates/domain/tests/";

/// The files and tests of the domain that take long. They try only what all others have missed.
const SLOW: [&str; 9] = [
    "a_batch_with_all_but_one_of_its_tests_done_is_not_releasable",
    "each_blocker_alone_blocks_a_release_and_is_named_alone",
    "each_step_to_the_bedside_asks_the_gate_again",
    "every_gate_state",
    "every_proof",
    "exactly_the_allowed_assignments_of_seven_tasks_to_four_people_get_through_to_a_release",
    "no_order_of_commands_releases_ships_or_gives_past_an_unmet_gate",
    "of_two_blockers_at_once_a_refusal_names_both_in_full",
    "the_product_never_answers_otherwise_than_the_model",
];

/// A debug build of the domain, as it is changed so often, on libraries that are built once.
const PROFILE: &str = "
    [dev]
    debug = 0
    [dev.package.'*']
    opt-level = 3
";

/// Tries every change: first with the quick tests, then what they missed with the slow ones. `resumed` goes on where a
/// run was broken off, or tries again what survived it.
pub fn run(root: &Path, resumed: bool) -> Result<ExitCode, String> {
    for tool in ["mutants", "nextest"] {
        if !succeeds(&["cargo", tool, "--version"]) {
            return Err(format!("install cargo-{tool} first: cargo install --locked cargo-{tool}"));
        }
    }
    let place = root.join("target/mutants");
    let failed = |error: io::Error| format!("{}: {error}", place.display());
    if !resumed && place.join("mutants.out").exists() {
        fs::remove_dir_all(place.join("mutants.out")).map_err(failed)?;
    }
    for (path, text) in copy(&tree::files(root)?)? {
        let path = place.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&place)).map_err(failed)?;
        // What is the same keeps its time, so that it is not built again.
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            fs::write(path, text).map_err(failed)?;
        }
    }
    for (tests, optimised) in [("quick", "0"), ("slow", "1")] {
        println!("-- with the tests that are {tests}");
        let mut mutants = cargo(&place);
        mutants.env("CARGO_TARGET_DIR", place.join("target"));
        mutants.env("NEXTEST_PROFILE", tests).env("CARGO_PROFILE_DEV_OPT_LEVEL", optimised);
        mutants.args(["mutants", "--in-place", "--iterate", "--test-tool", "nextest"]);
        mutants.args(MUTATED.map(|file| format!("--file={file}")));
        let ended = mutants.status().map_err(|error| format!("cargo mutants: {error}"))?;
        // 2 and 3: some were missed, or took too long. Whatever else it ends with, not every change was tried.
        if !matches!(ended.code(), Some(0 | 2 | 3)) {
            return Err(format!("cargo mutants did not try every change: {ended}"));
        }
    }
    let missed = fs::read_to_string(place.join("mutants.out/missed.txt")).map_err(failed)?;
    println!("{missed}{} survived", missed.lines().count());
    Ok(if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A workspace of the domain alone, whose tests are part of the crate: they are one program, and nothing but what
/// follows from a change is built again.
fn copy(files: &[File]) -> Result<Vec<File>, String> {
    let mut copied: Vec<File> = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| COPIED.iter().any(|kept| path.starts_with(kept))) {
        let text = match path.as_str() {
            "crates/domain/Cargo.toml" => manifest(text, |domain| {
                set(domain, "package", "autotests", false.into());
                set(domain, "lib", "doctest", false.into());
            })?,
            "crates/domain/src/lib.rs" => text.clone() + &folded(files),
            _ if test_file(path).is_some() => text.replace("\nmod centre;\n", "\nuse crate::centre;\n"),
            _ => text.clone(),
        };
        copied.push((path.clone(), text));
    }
    let workspace = files.iter().find(|(path, _)| path == "Cargo.toml").map_or("", |(_, text)| text);
    let profile: Table = PROFILE.parse().map_err(|error| format!("the profile: {error}"))?;
    let workspace = manifest(workspace, |workspace| {
        set(workspace, "workspace", "members", vec!["crates/domain"].into());
        set(workspace, "workspace", "default-members", vec!["crates/domain"].into());
        workspace.insert("profile".into(), profile.into());
    })?;
    copied.push(("Cargo.toml".into(), workspace));
    copied.push((".config/nextest.toml".into(), profiles()));
    Ok(copied)
}

fn manifest(text: &str, change: impl FnOnce(&mut Table)) -> Result<String, String> {
    let mut manifest: Table = text.parse().map_err(|error| format!("a manifest: {error}"))?;
    change(&mut manifest);
    toml::to_string(&manifest).map_err(|error| format!("a manifest: {error}"))
}

fn set(manifest: &mut Table, table: &str, key: &str, value: Value) {
    let table = manifest.entry(table).or_insert_with(|| Table::new().into());
    table.as_table_mut().map(|table| table.insert(key.into(), value));
}

/// The name of a file of tests, not of what it shares with others.
fn test_file(path: &str) -> Option<&str> {
    path.strip_prefix(TESTS)?.strip_suffix(".rs").filter(|name| !name.contains('/'))
}

/// The tests as modules of the crate, which is still called by its name there.
fn folded(files: &[File]) -> String {
    let tests = files.iter().filter_map(|(path, _)| test_file(path));
    let tests = tests.map(|name| (format!("{name}.rs"), format!("test_{name}")));
    let modules = tests.chain([("centre/mod.rs".into(), "centre".into())]);
    let module = |(file, name)| format!("#[cfg(test)]\n#[path = \"../tests/{file}\"]\nmod {name};\n");
    "\n#[cfg(test)]\nextern crate self as baiyo_domain;\n".to_owned()
        + &modules.map(module).collect::<String>()
}

/// How the tests run. One that hangs has noticed the change.
fn profiles() -> String {
    let slow = SLOW.join("|");
    format!(
        "[profile.quick]\ndefault-filter = 'not test(/{slow}/)'\n\
         slow-timeout = {{ period = '60s', terminate-after = 1 }}\n\
         [profile.slow]\ndefault-filter = 'test(/{slow}/)'\n\
         slow-timeout = {{ period = '600s', terminate-after = 1 }}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared;

    fn text<'a>(copied: &'a [File], path: &str) -> &'a str {
        copied.iter().find(|(copied, _)| copied == path).map(|(_, text)| text.as_str()).unwrap()
    }

    #[test]
    fn every_slow_test_exists() {
        let files = tree::files(&tree::root()).unwrap();
        let tests = files.iter().filter_map(|(path, text)| Some((test_file(path)?, text)));
        let known: Vec<String> =
            tests.flat_map(|(name, text)| [declared::tests_in(text), vec![name.into()]].concat()).collect();
        let gone: Vec<_> = SLOW.iter().filter(|slow| !known.iter().any(|name| name == *slow)).collect();
        assert!(gone.is_empty(), "{gone:?}");
    }

    #[test]
    fn the_copy_is_the_domain_alone_with_its_tests_inside() {
        let copied = copy(&tree::files(&tree::root()).unwrap()).unwrap();
        let members = text(&copied, "Cargo.toml").parse::<Table>().unwrap();
        assert_eq!(members["workspace"]["members"], Value::from(vec!["crates/domain"]));
        assert!(copied.iter().all(|(path, _)| !path.starts_with("crates/web")));
        assert!(
            text(&copied, "crates/domain/src/lib.rs")
                .contains("#[path = \"../tests/gate.rs\"]\nmod test_gate;")
        );
        // A centre of each file's own would be compiled as often as there are files.
        let own = copied.iter().filter(|(_, text)| text.contains("\nmod centre;\n")).count();
        assert_eq!(own, 1);
    }
}
