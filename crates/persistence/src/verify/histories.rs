//! The second pass, stream by stream: the signatures, whether the history can have happened, and for a batch the
//! evidence that it makes.

use super::authority::Trusted;
use super::entries::Learned;
use super::rows::{self, Bounds, Name, Row};
use super::signatures::Signing;
use super::{Check, Fault, evidence};
use crate::Conn;
use baiyo_domain::event::Event;
use baiyo_domain::journal::{Entry, StreamId, StreamKind};
use baiyo_domain::world::World;
use diesel::QueryResult;
use std::collections::HashSet;

/// Checks every stream that folds into a state.
pub fn check(
    check: &mut Check,
    conn: &mut Conn,
    bounds: &Bounds,
    learned: &Learned,
    trusted: &Trusted,
) -> QueryResult<()> {
    for stream in learned.streams.iter().filter(|stream| stream.kind != StreamKind::Attempts) {
        let rows = rows::of_stream(conn, *stream, bounds)?;
        check.step(rows.len());
        let names: Vec<Name> = rows.iter().map(Row::name).collect();
        let entries: Vec<Entry> = rows.iter().filter_map(Row::entry).collect();
        if entries.len() < rows.len() {
            // A row that is no entry has been reported; what the others mean without it is a guess.
            continue;
        }
        let unsound = check_signatures(check, &entries, &names, trusted);
        let readable = entries.iter().all(|entry| Event::read(entry).is_ok());
        if readable && check_history(check, *stream, &entries, &names) && stream.kind == StreamKind::Batch {
            evidence::check(check, conn, *stream, &entries, &names, &unsound)?;
        }
    }
    evidence::check_unfounded(check, conn)
}

/// Checks the signatures of a stream; returns the places of the signings whose signature does not stand.
fn check_signatures(
    check: &mut Check,
    entries: &[Entry],
    names: &[Name],
    trusted: &Trusted,
) -> HashSet<usize> {
    let mut before = HashSet::new();
    let mut unsound = HashSet::new();
    for (place, entry) in entries.iter().enumerate() {
        let meaning = Event::read(entry).ok().and_then(|(event, _)| event.meaning());
        match (meaning, Signing::of(entry)) {
            (Some(due), Some(signing)) => {
                check.report.signatures += 1;
                for fault in trusted.faults(&signing, due, &before) {
                    unsound.insert(place);
                    check.found_in(&names[place], fault);
                }
            }
            (Some(_), None) => {
                unsound.insert(place);
                check.found_in(&names[place], Fault::Unsigned);
            }
            (None, _) => {}
        }
        before.insert(entry.hash);
    }
    unsound
}

/// Folds a history; where that is impossible, names the first entry with which it is.
fn check_history(check: &mut Check, stream: StreamId, entries: &[Entry], names: &[Name]) -> bool {
    let fold = |entries: &[Entry]| World::default().load(stream, entries.to_vec()).err();
    let Some(error) = fold(entries) else { return true };
    let shortest = (1..=entries.len()).find_map(|end| fold(&entries[..end]).map(|error| (end - 1, error)));
    let (place, error) = shortest.unwrap_or((entries.len().saturating_sub(1), error));
    match names.get(place) {
        Some(name) => check.found_in(name, Fault::Impossible(error.to_string())),
        None => check.found(super::END, Fault::Impossible(error.to_string())),
    }
    false
}
