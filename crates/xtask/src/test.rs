//! `cargo xtask test`: from a clean checkout to one line saying how every test went.

use crate::featured::Featured;
use crate::{browser, featured, tree};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use xtask::packages;
use xtask::postgres::Server;

/// Makes sure of what the tests need, runs them all and closes with their count.
pub fn run(root: &Path, extra: &[&str]) -> Result<ExitCode, String> {
    let python = || packages::succeeds(&["python3", "--version"]);
    provide("python3", python, "one story verifies its export with a program of its own")?;
    let faketime = || packages::libfaketime().is_some();
    provide("faketime", faketime, "one story runs on a machine whose clock is wrong")?;
    let environments = || packages::succeeds(&["python3", "-c", "import ensurepip"]);
    provide("python3-venv", environments, "one story fuzzes the API with a program that is installed so")?;
    if !packages::install_python_tools(root, &root.join("tests/fuzzing/requirements.txt")) {
        return Err("the programs in tests/fuzzing/requirements.txt cannot be installed with pip".into());
    }
    browser::provide_all(root)?;

    // The stories start the product as its users do. Cargo builds it for them only where all is built: there the product has
    // a test of its commands (`crates/web/tests`).
    if !extra.is_empty() {
        let built = cargo(root).args(["build", "--locked", "--package", "baiyo"]).status();
        if !built.map_err(|error| format!("cargo build: {error}"))?.success() {
            return Err("the product did not build, so no test was run".into());
        }
    }

    let files = tree::files(root)?;
    let featured = featured::among(&files);
    let server = Server::start()?;
    let mut tally = Tally::default();
    let mut runner_succeeded = true;
    let mut count = |engine: &str, which: &[&str]| -> Result<(), String> {
        let mut tests = cargo(root);
        tests.env("BAIYO_TEST_POSTGRES", server.url()).env("BAIYO_TEST_ON", engine);
        // A failing binary must not keep the others out of the count.
        tests.args(["test", "--locked", "--no-fail-fast"]).args(which);
        let (counted, succeeded) = stream(&mut tests).map_err(|error| format!("cargo test: {error}"))?;
        tally = tally.and(&counted);
        runner_succeeded &= succeeded;
        Ok(())
    };
    // Everything, on the embedded engine; then once more, on PostgreSQL, whatever keeps records. What a browser shows
    // does not depend on the engine below: `browser-stories` run once. Cargo is told of the same packages both times:
    // of fewer it would build with other features of their libraries, which is to say all anew.
    let keeping = keeping(&files, &featured);
    let keeping: Vec<&str> = keeping.iter().flat_map(|test| ["--test", test.as_str()]).collect();
    for (engine, tests) in [("embedded", &[][..]), ("postgres", &keeping)] {
        println!("-- on the engine: {engine}");
        match extra {
            [] => count(engine, &[&["--workspace"], tests].concat())?,
            _ if names_packages(extra) => count(engine, extra)?,
            _ if engine == "embedded" => count(engine, &[&["--workspace"], extra].concat())?,
            _ => count(engine, &[&KEEPING, extra].concat())?,
        }
    }
    // Last what needs features. These tests serve the product in their own process: `target/debug/baiyo` stays as it is.
    if extra.is_empty() {
        for (engine, which) in featured::runs(&featured) {
            println!("-- with features, on the engine: {engine}");
            count(engine, &which.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
    } else {
        let names: Vec<&str> = featured.iter().map(|test| test.test.as_str()).collect();
        println!("-- with arguments, what needs features is left out: {}", names.join(", "));
        tally.left_out = featured.len() as u64;
    }
    drop(server);

    let nothing_may_be_skipped = std::env::var("CI").is_ok_and(|value| value == "true");
    let verdict = tally.verdict(runner_succeeded, nothing_may_be_skipped);
    for complaint in &verdict.complaints {
        println!("{complaint}");
    }
    println!("{} passed, {} failed", verdict.passed, verdict.failed);
    Ok(if verdict.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The packages whose tests keep records.
const KEEPING: [&str; 4] = ["--package", "stories", "--package", "baiyo-persistence"];

/// The test files of those packages, by cargo's names; those that need features are run apart.
fn keeping(files: &[tree::File], featured: &[Featured]) -> Vec<String> {
    let named = |(path, _): &tree::File| {
        let inside = ["tests/tests/", "crates/persistence/tests/"]
            .iter()
            .find_map(|folder| path.strip_prefix(folder))?;
        let name = inside.strip_suffix("/main.rs").or(inside.strip_suffix(".rs"))?;
        let apart = featured.iter().any(|test| test.file == *path);
        (!name.contains('/') && !apart).then(|| name.to_string())
    };
    files.iter().filter_map(named).collect()
}

/// Whether these arguments for cargo name packages: beside `--workspace` it would take no heed of them.
fn names_packages(extra: &[&str]) -> bool {
    let mut for_cargo = extra.iter().take_while(|word| **word != "--");
    for_cargo.any(|word| word.starts_with("-p") || word.starts_with("--package"))
}

pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).stdin(Stdio::null());
    cargo
}

/// Runs the tests, passing their output on line by line while adding up their results.
fn stream(tests: &mut Command) -> io::Result<(Tally, bool)> {
    let mut child = tests.stdout(Stdio::piped()).spawn()?;
    let mut output = BufReader::new(child.stdout.take().expect("the output was asked for"));
    let mut tally = Tally::default();
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line)? > 0 {
        tally.add(&String::from_utf8_lossy(&line));
        // The closing count must stand alone on its line whatever came before it.
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        io::stdout().write_all(&line)?;
        line.clear();
    }
    Ok((tally, child.wait()?.success()))
}

/// What the test binaries reported, added up.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    filtered_out: u64,
    /// Test files that were not run, whatever is in them.
    left_out: u64,
}

/// What a run comes to. Whoever reads only its closing line must not take a bad run for a good one,
/// so whatever went wrong is among the failed, and said in words.
struct Verdict {
    passed: u64,
    failed: u64,
    complaints: Vec<String>,
}

impl Tally {
    fn and(&self, other: &Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
            filtered_out: self.filtered_out + other.filtered_out,
            left_out: self.left_out + other.left_out,
        }
    }

    fn add(&mut self, line: &str) {
        if !line.starts_with("test result: ") {
            return;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1].trim_end_matches(';') {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                "filtered" => self.filtered_out += count,
                _ => {}
            }
        }
    }

    fn verdict(&self, runner_succeeded: bool, nothing_may_be_skipped: bool) -> Verdict {
        let Self { passed, mut failed, ignored, filtered_out, left_out } = *self;
        let mut complaints = Vec::new();
        if !runner_succeeded && failed == 0 {
            failed = 1;
            complaints.push("counted as failed: the tests did not build, or one of them died".into());
        }
        let skipped = ignored + filtered_out + left_out;
        if nothing_may_be_skipped && skipped > 0 {
            failed += skipped;
            complaints.push(format!(
                "counted as failed: {ignored} ignored, {filtered_out} filtered out and {left_out} test files left out, \
                 as CI is set"
            ));
        }
        Verdict { passed, failed, complaints }
    }
}

/// Makes sure of what a story needs of the machine.
pub fn provide(package: &str, present: impl Fn() -> bool, what_for: &str) -> Result<(), String> {
    if present() || (packages::install(package) && present()) {
        return Ok(());
    }
    Err(format!("install {package} first: {what_for}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.add(line));
        tally
    }

    #[test]
    fn results_of_all_binaries_are_added_up() {
        let sum = tally(&[
            "running 3 tests\n",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
            "test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 1.20s\n",
        ]);
        assert_eq!(sum, Tally { passed: 8, failed: 2, ignored: 1, filtered_out: 4, left_out: 0 });
    }

    #[test]
    fn colour_does_not_hide_a_result() {
        let sum = tally(&["test result: \u{1b}[32mok\u{1b}[m. 3 passed; 1 failed; 0 ignored; 0 measured"]);
        assert_eq!(sum, Tally { passed: 3, failed: 1, ..Tally::default() });
    }

    #[test]
    fn other_lines_are_not_results() {
        assert_eq!(tally(&["test 3 passed ... ok", "note: test result: ok. 9 passed"]), Tally::default());
    }

    #[test]
    fn one_crate_is_not_drowned_in_the_whole_workspace() {
        for naming in [&["-p", "baiyo"][..], &["-pbaiyo"], &["--lib", "--package=baiyo"]] {
            assert!(names_packages(naming), "{naming:?}");
        }
        for other in [&["--profile", "release"][..], &[], &["--test", "gate", "--", "-p"]] {
            assert!(!names_packages(other), "{other:?}");
        }
    }

    #[test]
    fn each_test_file_that_keeps_records_is_run_on_both_engines() {
        let file = |path: &str| (path.to_string(), String::new());
        let files = [
            "tests/tests/a.rs",
            "tests/tests/b/main.rs",
            "tests/tests/b/part.rs",
            "tests/tests/a/part.rs",
            "tests/tests/apart.rs",
            "crates/persistence/tests/c.rs",
            "crates/domain/tests/d.rs",
            "tests/src/e.rs",
        ];
        let apart = Featured {
            package: "stories".into(),
            test: "apart".into(),
            features: vec!["f".into()],
            file: "tests/tests/apart.rs".into(),
        };
        assert_eq!(keeping(&files.map(file), &[apart]), ["a", "b", "c"]);
    }

    fn counts(tally: &Tally, runner_succeeded: bool, nothing_may_be_skipped: bool) -> (u64, u64, usize) {
        let verdict = tally.verdict(runner_succeeded, nothing_may_be_skipped);
        (verdict.passed, verdict.failed, verdict.complaints.len())
    }

    #[test]
    fn what_the_binaries_reported_needs_no_words() {
        assert_eq!(counts(&Tally { passed: 3, ..Tally::default() }, true, true), (3, 0, 0));
        assert_eq!(counts(&Tally { passed: 3, failed: 2, ..Tally::default() }, false, true), (3, 2, 0));
    }

    #[test]
    fn a_binary_that_dies_without_a_word_counts_as_a_failure() {
        assert_eq!(counts(&Tally { passed: 3, ..Tally::default() }, false, false), (3, 1, 1));
    }

    #[test]
    fn skipped_tests_count_as_failed_only_where_nothing_may_be_skipped() {
        let skipping = Tally { passed: 3, failed: 0, ignored: 1, filtered_out: 2, left_out: 4 };
        assert_eq!(counts(&skipping, true, true), (3, 7, 1));
        assert_eq!(counts(&skipping, true, false), (3, 0, 0));
        let left_out = Tally { passed: 3, left_out: 4, ..Tally::default() };
        assert_eq!(counts(&left_out, true, true), (3, 4, 1));
    }
}
