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
use baiyo_domain::event::Event;
use baiyo_domain::journal::{Entry, Hash, StreamId, StreamKind, signature};
use baiyo_domain::site;
use baiyo_domain::world::World;
use diesel::QueryResult;
use std::collections::HashSet;

/// Checks all streams in scope, and reports every row that names no stream.
pub fn check(
    check: &mut Check,
    conn: &mut Conn,
    bounds: &Bounds,
    scope: &Scope,
    trusted: &Trusted,
    mut since: Option<&mut Since>,
) -> QueryResult<()> {
    check_astray(check, conn, bounds)?;
    check.report.streams = scope.streams.len() as u64;
    for (id, _) in &scope.streams {
        let rows = rows::of_stream(conn, *id, bounds)?;
        check.report.entries += rows.len() as u64;
        check.step(rows.len());
        if let Some(since) = &mut since {
            since.prove(check, conn, *id, &rows)?;
        }
        let evidence = if id.kind == StreamKind::Batch { evidence::stored(conn, *id)? } else { Vec::new() };
        let checked = Stream { id: *id, rows, evidence }.checked(bounds.first, trusted);
        check.report.signatures += checked.signatures;
        check.findings.0.extend(checked.findings.0);
    }
    Ok(())
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

/// A stream as it lies in the database, with the evidence of a batch.
struct Stream {
    id: StreamId,
    rows: Vec<Row>,
    evidence: Stored,
}

/// What was found in a stream.
#[derive(Default)]
struct Checked {
    signatures: u64,
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

impl Stream {
    /// Checks it; `first` is the place of the table's first entry.
    fn checked(self, first: i64, trusted: &Trusted) -> Checked {
        let mut checked = Checked::default();
        let found = &mut checked.findings;
        let mut read: Vec<Read> = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let name = row.name();
            let Some(entry) = row.entry() else {
                found.found_in(&name, Fault::Malformed);
                continue;
            };
            if row.computed_hash() != entry.hash {
                found.found_in(&name, Fault::Hash);
            }
            check_place(found, read.last(), &entry, &name);
            read.push(Read::of(found, entry, name, name.seq == first));
        }
        if self.id.kind == StreamKind::Attempts || read.len() < self.rows.len() {
            // A row that is no entry has been reported; what the others mean without it is a guess.
            return checked;
        }
        let unsound = check_signatures(&mut checked, &read, trusted);
        let found = &mut checked.findings;
        let readable = read.iter().all(|read| read.event.is_some());
        let names: Vec<Name> = read.iter().map(|read| read.name).collect();
        let entries: Vec<Entry> = read.into_iter().map(|read| read.entry).collect();
        if readable && check_history(found, self.id, &entries, &names) && self.id.kind == StreamKind::Batch {
            evidence::check(found, self.evidence, self.id, &entries, &names, &unsound);
        }
        checked
    }
}

/// Whether it follows the entry before it. What that one states is carried on, so that one altered entry does not
/// accuse all that follow.
fn check_place(found: &mut Findings, before: Option<&Read>, entry: &Entry, name: &Name) {
    let (due, link) =
        before.map_or((1, Hash([0; 32])), |before| (before.name.version + 1, before.entry.hash));
    if name.version != due {
        found.found_in(name, Fault::Version { due });
    } else if entry.previous_hash != link {
        found.found_in(name, Fault::Chain);
    }
    if before.is_some_and(|before| entry.recorded_at < before.entry.recorded_at) {
        found.found_in(name, Fault::RecordedEarlier);
    }
}

impl Read {
    /// Reads an entry's payload and reports what is wrong with it.
    fn of(found: &mut Findings, entry: Entry, name: Name, first: bool) -> Self {
        if signature::unsigned(&entry.payload).is_err() {
            found.found_in(&name, Fault::Form);
        }
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
        let signing = Signing::of(&entry);
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
fn check_history(found: &mut Findings, stream: StreamId, entries: &[Entry], names: &[Name]) -> bool {
    let fold = |entries: &[Entry]| World::default().load(stream, entries.to_vec()).err();
    let Some(error) = fold(entries) else { return true };
    let shortest = (1..=entries.len()).find_map(|end| fold(&entries[..end]).map(|error| (end - 1, error)));
    let (place, error) = shortest.unwrap_or((entries.len().saturating_sub(1), error));
    match names.get(place) {
        Some(name) => found.found_in(name, Fault::Impossible(error.to_string())),
        None => found.found(super::END, Fault::Impossible(error.to_string())),
    }
    false
}
