//! `baiyo verify`: everything in a data folder recomputed from raw rows, without the code that wrote them. Reading,
//! hashing, the chain, the signed text, the tree and the checkpoints are this module's own, so that a fault in the
//! write path shows here; only the rules themselves (how a history folds, what evidence it makes) are shared.
//!
//! It reads while a server has the folder, takes no lock on it and makes no file. Rows that appear while it reads
//! are left for the next time. It holds in memory the name of each stream, the people's keys and roles, a few streams for
//! each thread (of refused attempts a few pages, however many there are), the right edge of the tree and the sizes of the
//! checkpoints.
//!
//! It can also go on from a checkpoint that an earlier check compared: then it reads what is new and the streams that
//! it belongs to, and proves of every older entry in them that it stands under that checkpoint. For that it holds in memory
//! the stored subtrees that were proven: when there are more than 65 536 it forgets them, so at most so many and those on
//! the way from the entries of one reading (500, or one stream that has more). Each takes about 50 bytes: together less
//! than 7 MB, unless one stream has many thousands of entries.

mod authority;
mod blobs;
mod checkpoints;
mod dialect;
mod erasures;
mod evidence;
mod faults;
mod guards;
mod learning;
mod rows;
mod scope;
mod signatures;
mod since;
mod streams;
mod tree;

pub use faults::{Fault, Finding, Note, Resumed, Source};
pub use guards::catalogue;

use crate::progress::Watch;
use crate::store::Location;
use checkpoints::Kept;
use since::Since;
use std::num::NonZero;
use std::ops::ControlFlow;

/// What was checked and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries read.
    pub entries: u64,
    /// Streams they belong to.
    pub streams: u64,
    /// Signatures checked.
    pub signatures: u64,
    /// Checkpoints checked: in the database, in the folder, and those given.
    pub checkpoints: u64,
    /// Blobs checked.
    pub blobs: u64,
    /// Patients whose names were erased, by the entries read.
    pub erased: u64,
    /// The newest entries, which no checkpoint covers yet: no finding.
    pub unsealed: u64,
    /// From where it went on, and what it left out, where it did not read everything.
    pub resumed: Option<Resumed>,
    /// Everything wrong, in the order of the journal; what concerns no entry comes last.
    pub findings: Vec<Finding>,
    /// What could not be checked, and what a reader should compare with a source of his own.
    pub notes: Vec<Note>,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Why nothing could be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotCheck {
    /// There is no database.
    #[error("{0} holds no baiyo.sqlite")]
    Missing(String),
    /// It cannot be opened or is no database.
    #[error("the database cannot be read: {0}")]
    Unreadable(String),
    /// A newer version migrated it.
    #[error("{0}")]
    Newer(String),
    /// It was opened for writing meanwhile.
    #[error("a server opened the folder while it was being checked; check again")]
    Disturbed,
    /// Whoever watched stopped it.
    #[error("stopped before everything was checked")]
    Stopped,
}

/// Checks all records at a place, and that it agrees with the checkpoints that an outsider kept.
///
/// `watch` is told, now and then, how many steps of how many are done.
///
/// # Errors
/// [`CannotCheck`], where there is nothing to check; whatever is wrong with what is there is a [`Finding`].
pub fn verify(location: &Location, outside: &[String], watch: &mut Watch) -> Result<Report, CannotCheck> {
    check(location, &Asked { outside, ..Asked::default() }, watch)
}

/// Checks what came after a checkpoint that an earlier check of everything compared and found sound, and that was kept
/// outside since. What it does not read again is [`Report::resumed`]; where the checkpoint is not one of these
/// records, that is a [`Finding`], and everything is read.
///
/// # Errors
/// As [`verify`].
pub fn resume(
    location: &Location,
    since: &str,
    outside: &[String],
    watch: &mut Watch,
) -> Result<Report, CannotCheck> {
    check(location, &Asked { outside, since: Some(since), ..Asked::default() }, watch)
}

/// What a check is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Checkpoints that an outsider kept.
    pub outside: &'a [String],
    /// The one to resume from.
    pub since: Option<&'a str>,
    /// On how many threads streams are checked; as many as the machine has processors where left out. What is found does
    /// not depend on it.
    pub threads: Option<NonZero<usize>>,
}

/// Checks what is asked for: [`verify`] or [`resume`].
///
/// # Errors
/// As [`verify`].
pub fn check(location: &Location, asked: &Asked, watch: &mut Watch) -> Result<Report, CannotCheck> {
    let folder = &location.folder;
    // Before anything else: a checkpoint that stands in a file was in the database before.
    let kept = Kept { files: checkpoints::files(folder), outside: asked.outside, since: asked.since };
    let one = NonZero::<usize>::MIN;
    let threads = asked.threads.unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(one));
    let mut database = rows::Database::open(location)?;
    let mut check = Check {
        report: Report::default(),
        findings: Findings::default(),
        done: 0,
        total: 0,
        watch,
        stopped: false,
    };
    let finished = everything(&mut check, &mut database, location, &kept, threads);
    if let Err(error) = finished {
        check.findings.found(END, Fault::Damaged(error.to_string()));
        check.report.notes.push(Note::Unfinished);
    }
    if database.was_disturbed() {
        return Err(CannotCheck::Disturbed);
    }
    if check.stopped {
        return Err(CannotCheck::Stopped);
    }
    let Check { mut report, findings, total, watch, .. } = check;
    _ = watch(total, total);
    report.findings = findings.in_order();
    Ok(report)
}

fn everything(
    check: &mut Check,
    database: &mut rows::Database,
    location: &Location,
    kept: &Kept,
    threads: NonZero<usize>,
) -> diesel::QueryResult<()> {
    let folder = &location.folder;
    let conn = database.conn();
    if !guards::check(check, conn)? {
        check.report.notes.push(Note::Unfinished);
        return Ok(());
    }
    let bounds = rows::bounds(conn)?;
    let learned = learning::learn(conn, &bounds)?;
    let log = checkpoints::Log::of(folder, &learned.origin);
    let mut since = match kept.since {
        Some(note) => Since::of(check, conn, &log, note, &bounds)?,
        None => None,
    };
    let scope = match &since {
        Some(since) => scope::since(conn, since.size, &bounds)?,
        None => scope::everything(conn, &bounds)?,
    };
    let sealed_before = since.as_ref().map_or(0, |since| since.size);
    check.total = scope.entries() + bounds.leaves.saturating_sub(sealed_before) + blobs::count(conn)?;
    let trusted = authority::trust(check, folder, &bounds, &learned);
    let with = streams::With { bounds: &bounds, trusted: &trusted, threads };
    let named = streams::check(check, conn, &scope, &with, since.as_mut())?;
    if check.stopped {
        return Ok(());
    }
    blobs::check(check, conn, named)?;
    if check.stopped {
        return Ok(());
    }
    evidence::check_unfounded(check, conn)?;
    erasures::check(check, conn, location, &bounds)?;
    if bounds.entries == 0 {
        check.report.notes.push(Note::Empty);
    }
    tree::check(check, conn, &bounds, &log, kept, since.as_mut())
}

/// After all entries: the place of findings that concern none.
const END: i64 = i64::MAX;

/// What is wrong, each with its place in the journal.
#[derive(Default)]
struct Findings(Vec<(i64, Finding)>);

impl Findings {
    /// A finding that is about no entry that is there.
    fn found(&mut self, place: i64, what: Fault) {
        self.0.push((place, Finding { entry: None, stream: None, version: None, what }));
    }

    /// A finding about an entry.
    fn found_in(&mut self, entry: &rows::Name, what: Fault) {
        let rows::Name { seq, id, stream, version } = *entry;
        self.0.push((seq, Finding { entry: Some(id), stream, version: Some(version), what }));
    }

    fn in_order(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|(place, _)| *place);
        self.0.into_iter().map(|(_, finding)| finding).collect()
    }
}

/// The report in the making.
struct Check<'a> {
    report: Report,
    findings: Findings,
    done: u64,
    total: u64,
    watch: &'a mut Watch<'a>,
    /// Whether whoever watches stopped it.
    stopped: bool,
}

impl Check<'_> {
    /// Some steps are done; whether to go on.
    fn step(&mut self, steps: usize) -> ControlFlow<()> {
        self.done += steps as u64;
        let go_on = (self.watch)(self.done.min(self.total), self.total);
        self.stopped |= go_on.is_break();
        go_on
    }
}
