//! Other programs that stories run: the product's own binary and the independent verifier.

use crate::engine;
use baiyo_persistence::store::Location;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

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
    // What the tests are told is no setting of the product.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BAIYO_")) {
        command.env_remove(name);
    }
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

/// The product serving in a process of its own, which may be killed. Whatever becomes of it, it never panics.
pub(crate) struct Program {
    /// Where it listens.
    pub(crate) address: String,
    child: Mutex<Child>,
    log: NamedTempFile,
    /// Left open, as by whoever started it at a terminal.
    _printed: BufReader<ChildStdout>,
}

impl Program {
    /// Starts it, and says after how long it served.
    pub(crate) fn start(location: &Location, environment: &[(&str, &str)]) -> (Self, Duration) {
        let began = Instant::now();
        let log = NamedTempFile::new().expect("a file");
        let mut child = spawn(location, environment, &log);
        let mut printed = BufReader::new(child.stdout.take().expect("what it prints is read"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            let read = printed.read_line(&mut line).expect("its words");
            assert!(read > 0, "the product does not serve: {}", said(&log));
            if let Some((_, address)) = line.split_once("http://") {
                break format!("http://{}", address.trim_end().trim_end_matches('/'));
            }
        };
        let serving = Self { address, child: Mutex::new(child), log, _printed: printed };
        serving.await_readiness();
        (serving, began.elapsed())
    }

    /// Waits until it can read and write the records; how long that took.
    pub(crate) fn await_readiness(&self) -> Duration {
        const PATIENCE: Duration = Duration::from_secs(20);
        let began = Instant::now();
        let ready = format!("{}/readyz", self.address);
        while ureq::get(&ready).call().is_err() {
            assert!(began.elapsed() < PATIENCE, "not ready: {}", said(&self.log));
            std::thread::sleep(Duration::from_millis(5));
        }
        began.elapsed()
    }

    /// Kills it: it is given no moment to end anything.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().expect("the process");
        child.kill().and_then(|()| child.wait()).expect("a process of ours can be killed");
    }

    /// Its number among processes.
    pub(crate) fn pid(&self) -> u32 {
        self.child.lock().expect("the process").id()
    }

    /// Lets it end in order.
    pub(crate) fn stop(&self) {
        let stopped = Command::new("sh").args(["-c", "kill -TERM $0", &self.pid().to_string()]).status();
        assert!(stopped.expect("a shell").success(), "it ran until now: {}", said(&self.log));
        let ended = self.child.lock().expect("the process").wait().expect("an end");
        assert!(ended.success(), "it ends in order: {}", said(&self.log));
    }

    /// What it wrote to its log.
    pub(crate) fn log(&self) -> String {
        said(&self.log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut child = self.child.lock().expect("the process");
        let _ = child.kill().and_then(|()| child.wait());
        if !std::thread::panicking() {
            assert!(!said(&self.log).contains("panicked"), "{}", said(&self.log));
        }
    }
}

/// Starts the product and kills it a moment later, wherever it is then.
pub(crate) fn start_and_kill(location: &Location, after: Duration) {
    let log = NamedTempFile::new().expect("a file");
    let mut child = spawn(location, &[], &log);
    std::thread::sleep(after);
    child.kill().and_then(|()| child.wait()).expect("a process of ours can be killed");
    assert!(!said(&log).contains("panicked"), "{}", said(&log));
}

fn spawn(location: &Location, environment: &[(&str, &str)], log: &NamedTempFile) -> Child {
    let folder = location.folder.to_str().expect("a folder's name");
    let product = product(location, &["serve", "--listen", "127.0.0.1:0", "--data", folder]);
    // A file that may not grow is an error to it, as a full disk is, and not its end.
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(product.get_program())
        .args(product.get_args());
    for (name, value) in product.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // All people of a story ask from one address.
    command.env("BAIYO_SIGN_INS_PER_MINUTE", "100000").env("BAIYO_REQUESTS_PER_MINUTE", "10000000");
    // What a second factor does has stories of its own.
    command.env("BAIYO_SECOND_FACTOR", "voluntary");
    let log = log.reopen().expect("the log");
    command.envs(environment.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    command.spawn().expect("the product starts")
}

fn said(log: &NamedTempFile) -> String {
    std::fs::read_to_string(log.path()).expect("the log")
}
