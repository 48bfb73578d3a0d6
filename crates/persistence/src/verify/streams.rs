//! Stream by stream, each read once: every entry by itself and after the one before it, the signatures, whether the
//! history can have happened, and for a batch the evidence that it makes.

use super::authority::Trusted;
use super::evidence::{self, Stored};
use super::rows::{self, Bounds, Name, Row};
use super::scope::Scope;
use super::signatures::Signing;
use super::since::Since;
use super::{Check, Fault, Findings};
use crate::Conn;
use baiyo_domain::batch::{self, Stamp};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{BatchId, CommandId, PatientId};
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind, signature};
use baiyo_domain::time::Time;
use baiyo_domain::world::World;
use baiyo_domain::{order, site};
use diesel::QueryResult;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZero;
use std::sync::{Arc, Mutex, mpsc};

/// With what streams are checked.
pub struct With<'a> {
    /// What was there when the check began.
    pub bounds: &'a Bounds,
    /// Whose signatures stand.
    pub trusted: &'a Trusted,
    /// On how many threads.
    pub threads: NonZero<usize>,
}

/// How many pieces may wait for each thread.
const WAITING: usize = 4;
/// How many places of a stream that is read in pages are asked for at a time.
const PLACES: i64 = 1 << 16;

/// Checks all streams in scope, and reports every row that names no stream. One thread reads, on the one connection; the
/// others check what it read. A stream is one piece, since its history must be folded; refused attempts make no history,
/// and however many of them one person made, they come in pages.
///
/// Gives back the blobs that were named, each with the first entry that names it.
pub fn check(
    check: &mut Check,
    conn: &mut Conn,
    scope: &Scope,
    with: &With,
    since: Option<&mut Since>,
) -> QueryResult<BTreeMap<Hash, Name>> {
    check_astray(check, conn, with.bounds)?;
    check.report.streams = scope.count();
    let (read, to_check) = mpsc::sync_channel::<Piece>(WAITING * with.threads.get());
    let to_check = Arc::new(Mutex::new(to_check));
    std::thread::scope(|threads| {
        let all = (0..with.threads.get()).map(|_| {
            let to_check = to_check.clone();
            threads.spawn(move || checked(&to_check, with))
        });
        let all: Vec<_> = all.collect();
        // Those who check have it alone, so that the reader learns it when there are none left.
        drop(to_check);
        let finished = read_streams(check, conn, scope, with, since, &read);
        drop(read);
        let mut named: BTreeMap<Hash, Name> = BTreeMap::new();
        // Whose name was erased; it stands in each of his orders.
        let mut erased = BTreeSet::new();
        for thread in all {
            let checked = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            check.report.signatures += checked.signatures;
            erased.extend(checked.erased);
            // Findings of one place are of one piece and so of one thread: which one it was shows nowhere.
            check.findings.0.extend(checked.findings.0);
            for (blob, by) in checked.named {
                let first = named.entry(blob).or_insert(by);
                if by.seq < first.seq {
                    *first = by;
                }
            }
        }
        check.report.erased = erased.len() as u64;
        finished.map(|()| named)
    })
}

fn read_streams(
    check: &mut Check,
    conn: &mut Conn,
    scope: &Scope,
    with: &With,
    mut since: Option<&mut Since>,
    to: &mpsc::SyncSender<Piece>,
) -> QueryResult<()> {
    for group in scope.groups() {
        if let (StreamKind::Attempts, [id]) = (group.kind, &group.ids[..]) {
            let stream = StreamId { kind: group.kind, id: *id };
            if !read_pages(check, conn, stream, with, since.as_deref_mut(), to)? {
                return Ok(());
            }
            continue;
        }
        let mut read = rows::of_streams(conn, group.kind, &group.ids, with.bounds)?;
        if let Some(since) = &mut since {
            since.prove(check, conn, read.values().flatten())?;
        }
        let mut stored = match group.kind {
            StreamKind::Batch => evidence::stored(conn, &group.ids)?,
            _ => HashMap::new(),
        };
        for id in group.ids {
            let rows = read.remove(&id).unwrap_or_default();
            check.report.entries += rows.len() as u64;
            if check.step(rows.len()).is_break() {
                return Ok(());
            }
            let evidence = stored.remove(&id).unwrap_or_default();
            let stream = StreamId { kind: group.kind, id };
            if to.send(Piece { stream, before: None, rows, evidence }).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads a stream in pages; whether to go on.
fn read_pages(
    check: &mut Check,
    conn: &mut Conn,
    stream: StreamId,
    with: &With,
    mut since: Option<&mut Since>,
    to: &mpsc::SyncSender<Piece>,
) -> QueryResult<bool> {
    let mut before = None;
    let mut last = i64::MIN;
    loop {
        let places = rows::places_of(conn, stream, last, PLACES, with.bounds)?;
        let Some(newest) = places.last() else { return Ok(true) };
        last = *newest;
        for page in places.chunks(rows::PAGE as usize) {
            let rows = rows::at(conn, page)?;
            if let Some(since) = &mut since {
                since.prove(check, conn, rows.iter())?;
            }
            check.report.entries += rows.len() as u64;
            if check.step(rows.len()).is_break() {
                return Ok(false);
            }
            let head = rows.iter().rev().find_map(Head::of_row).or(before);
            if to.send(Piece { stream, before, rows, evidence: Stored::default() }).is_err() {
                return Ok(false);
            }
            before = head;
        }
    }
}

/// Checks pieces as they come, until no more come.
fn checked(pieces: &Mutex<mpsc::Receiver<Piece>>, with: &With) -> Checked {
    let mut checked = Checked::default();
    loop {
        let next = pieces.lock().map(|pieces| pieces.recv());
        let Ok(Ok(piece)) = next else { return checked };
        piece.check(&mut checked, with);
    }
}

fn check_astray(check: &mut Check, conn: &mut Conn, bounds: &Bounds) -> QueryResult<()> {
    let mut last = i64::MIN;
    loop {
        let page = rows::astray(conn, last, bounds)?;
        let Some(newest) = page.last() else { return Ok(()) };
        last = newest.seq;
        check.report.entries += page.len() as u64;
        for row in &page {
            check.findings.found_in(&row.name(), Fault::Malformed);
        }
    }
}

/// A stream as it lies in the database, with the evidence of a batch; or a page of one.
struct Piece {
    stream: StreamId,
    /// The last entry of the page before it.
    before: Option<Head>,
    rows: Vec<Row>,
    evidence: Stored,
}

/// What the next entry of a stream must follow.
#[derive(Clone, Copy)]
struct Head {
    version: i64,
    hash: Hash,
    recorded_at: Time,
}

impl Head {
    fn of(entry: &Entry, name: &Name) -> Self {
        Self { version: name.version, hash: entry.hash, recorded_at: entry.recorded_at }
    }

    fn of_row(row: &Row) -> Option<Self> {
        row.entry().map(|entry| Self::of(&entry, &row.name()))
    }
}

/// What was found in streams.
#[derive(Default)]
struct Checked {
    signatures: u64,
    /// Blobs, and the entry that names each.
    named: Vec<(Hash, Name)>,
    /// Patients whose names were erased.
    erased: Vec<PatientId>,
    findings: Findings,
}

/// An entry with what was read from its payload.
struct Read {
    name: Name,
    entry: Entry,
    /// Nothing where the payload cannot be read.
    event: Option<Event>,
    signing: Option<Signing>,
}

impl Piece {
    fn check(self, checked: &mut Checked, with: &With) {
        let found = &mut checked.findings;
        let mut read: Vec<Read> = Vec::with_capacity(self.rows.len());
        let mut before = self.before;
        for row in &self.rows {
            let name = row.name();
            let Some(entry) = row.entry() else {
                found.found_in(&name, Fault::Malformed);
                continue;
            };
            if row.computed_hash() != entry.hash {
                found.found_in(&name, Fault::Hash);
            }
            check_place(found, before, &entry, &name);
            before = Some(Head::of(&entry, &name));
            read.push(Read::of(found, entry, name, name.seq == with.bounds.first));
        }
        if self.stream.kind == StreamKind::Attempts || read.len() < self.rows.len() {
            // A row that is no entry has been reported; what the others mean without it is a guess.
            return;
        }
        checked.named.extend(read.iter().filter_map(|read| match &read.event {
            Some(Event::Batch(fact)) => Some((fact.blob()?, read.name)),
            _ => None,
        }));
        checked.erased.extend(read.iter().filter_map(|read| match &read.event {
            Some(Event::Order(order::Event::PersonalDataErased(fact))) => Some(fact.patient),
            _ => None,
        }));
        let unsound = check_signatures(checked, &read, with.trusted);
        let found = &mut checked.findings;
        let names: Vec<Name> = read.iter().map(|read| read.name).collect();
        let commands: Vec<CommandId> = read.iter().map(|read| read.entry.command).collect();
        let facts = read.into_iter().map(|read| Some((Stamp::of(&read.entry), read.event?)));
        let Some(facts) = facts.collect::<Option<Vec<(Stamp, Event)>>>() else { return };
        if self.stream.kind != StreamKind::Batch {
            check_history(found, self.stream, facts, &names);
            return;
        }
        let of_batch = |(stamp, event)| match event {
            Event::Batch(event) => Some((stamp, event)),
            _ => None,
        };
        let facts: Vec<(Stamp, batch::Event)> = facts.into_iter().filter_map(of_batch).collect();
        match crate::evidence::of_history(BatchId(self.stream.id), &commands, &facts) {
            Ok(history) => evidence::check(found, self.evidence, &history, &facts, &names, &unsound),
            Err(error) => {
                let facts = facts.into_iter().map(|(stamp, event)| (stamp, Event::Batch(event))).collect();
                if check_history(found, self.stream, facts, &names) {
                    // Only on the way it was impossible, before it was corrected.
                    names.iter().last().into_iter().for_each(|name| {
                        found.found_in(name, Fault::Impossible(error.to_string()));
                    });
                }
            }
        }
    }
}

/// Whether it follows the entry before it. What that one states is carried on, so that one altered entry does not
/// accuse all that follow.
fn check_place(found: &mut Findings, before: Option<Head>, entry: &Entry, name: &Name) {
    let (due, link) = before.map_or((1, Hash([0; 32])), |before| (before.version + 1, before.hash));
    if name.version != due {
        found.found_in(name, Fault::Version { due });
    } else if entry.previous_hash != link {
        found.found_in(name, Fault::Chain);
    }
    if before.is_some_and(|before| entry.recorded_at < before.recorded_at) {
        found.found_in(name, Fault::RecordedEarlier);
    }
}

impl Read {
    /// Reads an entry's payload and reports what is wrong with it.
    fn of(found: &mut Findings, entry: Entry, name: Name, first: bool) -> Self {
        let signing = match signature::unsigned(&entry.payload) {
            Ok((payload, signature)) => signature.map(|signature| Signing::over(&entry, &payload, signature)),
            Err(_) => {
                found.found_in(&name, Fault::Form);
                None
            }
        };
        let event = match Event::read(&entry) {
            Ok((event, signature)) => {
                if signature.is_some() && event.meaning().is_none() {
                    found.found_in(&name, Fault::NoSigning);
                }
                Some(event)
            }
            Err(error) => {
                found.found_in(&name, Fault::Payload(error.to_string()));
                None
            }
        };
        match &event {
            Some(Event::Site(site::Event::Founding(_))) if !first => {
                found.found_in(&name, Fault::FoundedAgain);
            }
            Some(Event::Site(site::Event::Founding(_))) => {}
            _ if first => found.found_in(&name, Fault::Unfounded),
            _ => {}
        }
        Self { name, entry, event, signing }
    }
}

/// Checks the signatures of a stream; returns the places of the signings whose signature does not stand.
fn check_signatures(checked: &mut Checked, stream: &[Read], trusted: &Trusted) -> HashSet<usize> {
    let mut before = HashSet::new();
    let mut unsound = HashSet::new();
    for (place, Read { name, entry, event, signing }) in stream.iter().enumerate() {
        match (event.as_ref().and_then(Event::meaning), signing) {
            (Some(due), Some(signing)) => {
                checked.signatures += 1;
                for fault in trusted.faults(signing, due, &before) {
                    unsound.insert(place);
                    checked.findings.found_in(name, fault);
                }
            }
            (Some(_), None) => {
                unsound.insert(place);
                checked.findings.found_in(name, Fault::Unsigned);
            }
            (None, _) => {}
        }
        before.insert(entry.hash);
    }
    unsound
}

/// Folds a history; where that is impossible, names the first entry with which it is.
fn check_history(found: &mut Findings, stream: StreamId, facts: Vec<(Stamp, Event)>, names: &[Name]) -> bool {
    let fold = |facts: Vec<(Stamp, Event)>| World::default().fold(stream, facts).err();
    let Some(error) = fold(facts.clone()) else { return true };
    let shortest =
        (1..=facts.len()).find_map(|end| fold(facts[..end].to_vec()).map(|error| (end - 1, error)));
    let (place, error) = shortest.unwrap_or((facts.len().saturating_sub(1), error));
    match names.get(place) {
        Some(name) => found.found_in(name, Fault::Impossible(error.to_string())),
        None => found.found(super::END, Fault::Impossible(error.to_string())),
    }
    false
}
