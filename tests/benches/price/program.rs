//! The program as it is shipped, in a process of its own: how fast it starts, what memory it takes, how fast it verifies.

use crate::client::{self, Client};
use crate::commands::Load;
use crate::generate::{Made, TECHNICIAN};
use baiyo_persistence::store::database_in;
use rusqlite::Connection;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Mebibytes, as the kernel counts them.
#[derive(Clone, Copy, Debug)]
pub struct Memory(pub u64);

impl Memory {
    fn of(process: &Child, what: &str) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with(what))?;
        let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(Self(kibibytes.div_ceil(1024)))
    }
}

/// How the program served.
pub struct Served {
    /// From its start to its first answer.
    pub started: Duration,
    /// Memory before anybody asked for much.
    pub at_rest: Memory,
    /// The most that it took under 32 clients.
    pub under_load: Memory,
}

/// Starts the program on a copy of these records, on the embedded engine, and gives it work.
pub fn served(made: &Made) -> Served {
    const CLIENTS: usize = 32;
    let folder = made.copy();
    let begun = Instant::now();
    let words = ["serve", "--listen", "127.0.0.1:0", "--data"];
    let mut process =
        product().args(words).arg(folder.path()).stdout(Stdio::piped()).spawn().expect("it starts");
    let address = address_of(&mut process);
    let mut client = Client::connect(address);
    client.json(&client::get("/api/v1/me", &made.token(TECHNICIAN), None));
    let started = begun.elapsed();
    std::thread::sleep(Duration::from_millis(500));
    let at_rest = Memory::of(&process, "VmRSS").expect("it runs");
    let batches = made.in_culture();
    Load::on(&batches[..4 * CLIENTS], CLIENTS, &made.tokens(), address).run(&[address]);
    read_the_board(made, address, CLIENTS);
    let under_load = Memory::of(&process, "VmHWM").expect("it runs");
    process.kill().expect("it ends");
    process.wait().expect("it ended");
    Served { started, at_rest, under_load }
}

fn read_the_board(made: &Made, address: SocketAddr, clients: usize) {
    let request = client::get("/api/v1/batches", &made.token(TECHNICIAN), None);
    std::thread::scope(|threads| {
        for _ in 0..clients {
            threads.spawn(|| {
                let mut client = Client::connect(address);
                (0..10).for_each(|_| assert_eq!(client.ask(&request).status, 200));
            });
        }
    });
}

fn product() -> Command {
    let built = stories::workspace().join("target/release/baiyo");
    assert!(built.exists(), "build the product first: cargo build --release --package baiyo");
    let mut command = Command::new(built);
    command.env_remove("DATABASE_URL").stdin(Stdio::null());
    command
}

fn address_of(process: &mut Child) -> SocketAddr {
    let lines = BufReader::new(process.stdout.as_mut().expect("its words")).lines();
    let address = lines.map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("http://")?;
        address.trim_end_matches('/').parse().ok()
    });
    address.expect("it says where it listens")
}

/// How the program verified.
pub struct Verified {
    /// Entries in the journal.
    pub entries: u64,
    /// All bytes of the journal's rows.
    pub bytes: u64,
    /// How long `baiyo verify` took.
    pub took: Duration,
    /// How long `sha256sum` of those bytes took.
    pub hashed: Duration,
    /// The most memory that `baiyo verify` took.
    pub memory: Memory,
}

/// Verifies these records, and hashes the same bytes.
pub fn verified(made: &Made) -> Verified {
    let (file, entries, bytes) = journal_in_a_file(&made.folder);
    let begun = Instant::now();
    let summed = Command::new("sha256sum").arg(file.path()).stdout(Stdio::null()).status();
    let hashed = begun.elapsed();
    assert!(summed.expect("sha256sum").success());
    let begun = Instant::now();
    let words = ["verify", "--data"];
    let quiet = Stdio::null;
    let mut process =
        product().args(words).arg(&made.folder).stdout(quiet()).stderr(quiet()).spawn().expect("it starts");
    let mut memory = Memory(0);
    let ended = loop {
        match process.try_wait().expect("it runs") {
            Some(ended) => break ended,
            None => memory = Memory::of(&process, "VmHWM").unwrap_or(memory),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let took = begun.elapsed();
    assert!(ended.success(), "the records are sound");
    Verified { entries, bytes, took, hashed, memory }
}

/// Every byte of the journal's rows in one file, with how many entries and bytes that are.
fn journal_in_a_file(folder: &Path) -> (tempfile::NamedTempFile, u64, u64) {
    let conn = Connection::open(database_in(folder)).expect("the database");
    let file = tempfile::NamedTempFile::new_in(folder.parent().expect("a place")).expect("a file");
    let mut out = std::io::BufWriter::new(&file);
    let mut rows = conn.prepare("SELECT * FROM journal ORDER BY seq").expect("a query");
    let columns = rows.column_count();
    let mut rows = rows.query([]).expect("rows");
    let (mut entries, mut bytes) = (0, 0);
    while let Some(row) = rows.next().expect("a row") {
        entries += 1;
        for column in 0..columns {
            use rusqlite::types::ValueRef;
            let number;
            let value = match row.get_ref(column).expect("a value") {
                ValueRef::Text(value) | ValueRef::Blob(value) => value,
                ValueRef::Integer(value) => {
                    number = value.to_be_bytes();
                    &number[..]
                }
                ValueRef::Null | ValueRef::Real(_) => &[],
            };
            bytes += value.len() as u64;
            out.write_all(value).expect("a file");
        }
    }
    out.flush().expect("a file");
    drop(out);
    (file, entries, bytes)
}
