//! `docs/performance.md`: what was measured, on which machine, by which command. What people wrote below stays.

use crate::generate::Made;
use crate::measure::Table;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// From here on the file is written by people.
const WRITTEN: &str = "## What was tried";

/// The page in the making.
#[derive(Clone)]
pub struct Report(String);

impl Report {
    /// Begins with the machine.
    pub fn new(extent: &str) -> Self {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor =
            processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("").trim();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or("").to_string();
        Self(format!(
            "# Performance\n\nWritten by `cargo xtask bench {extent}`, which measures everything below anew. Ratios are \
             the middle one of pairs measured in turns, with the least and the most. Rates in the same row were \
             measured at the same time; do not compare across rows.\n\n\
             Machine: {cores} cores ({}), shared by server, clients and database; a 4 KiB append with `fdatasync` \
             takes {}; load before the run {load}.\n",
            processor.trim_start_matches(':').trim(),
            milliseconds(sync_latency()),
        ))
    }

    /// A section: its title, what is to be said, and its table.
    pub fn section(&mut self, title: &str, text: &str, table: &Table) {
        write!(self.0, "\n## {title}\n\n{text}\n\n{}", table.text()).expect("text");
    }

    /// Writes the page.
    pub fn write(self) {
        let file = stories::workspace().join("docs/performance.md");
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        let written = known.find(WRITTEN).map_or("", |at| &known[at..]);
        std::fs::write(&file, format!("{}\n{written}", self.0).trim_end().to_string() + "\n")
            .expect("a page");
        println!("{}", file.display());
    }
}

/// Puts a section into the page in place of the one with its title, or before what people wrote.
pub fn replace(title: &str, text: &str, table: &Table) {
    let file = stories::workspace().join("docs/performance.md");
    let page = std::fs::read_to_string(&file).expect("a page");
    let head = format!("## {title}\n");
    let written = page.find(WRITTEN).unwrap_or(page.len());
    let from = page.find(&head).unwrap_or(written);
    let until = page[from..].find("\n## ").map_or(from, |next| from + next + 1).min(written);
    let section = format!("{head}\n{text}\n\n{}\n", table.text());
    std::fs::write(&file, [&page[..from], &section, &page[until..]].concat()).expect("a page");
}

/// A time in words.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", 1000.0 * time.as_secs_f64())
}

/// How long an append takes until it is on the disk: the middle of many.
fn sync_latency() -> Duration {
    let mut file = tempfile::tempfile_in(stories::workspace().join("target")).expect("a file");
    let mut each: Vec<Duration> = (0..200)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("a disk");
            begun.elapsed()
        })
        .collect();
    each.sort();
    each[each.len() / 2]
}

/// Bytes on disk for each entry.
pub fn disk(made: &Made, entries: u64, postgres: Option<u64>) -> Vec<String> {
    let embedded = std::fs::metadata(made.folder.join("baiyo.sqlite")).expect("the database").len();
    let each = |bytes: u64| format!("{} B", bytes / entries.max(1));
    vec![made.batches.to_string(), entries.to_string(), each(embedded), postgres.map_or("–".into(), each)]
}
