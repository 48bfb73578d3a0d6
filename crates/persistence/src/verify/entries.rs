//! The first pass, in the order of the table: each entry by itself and after the one before it in its stream.

use super::authority::PersonFact;
use super::rows::{self, Bounds, Name};
use super::signatures::Signing;
use super::{Check, Fault, Note};
use crate::Conn;
use baiyo_domain::event::Event;
use baiyo_domain::ids::PersonId;
use baiyo_domain::journal::{Entry, Hash, StreamId, signature};
use baiyo_domain::site;
use baiyo_domain::time::Time;
use diesel::QueryResult;
use std::collections::HashMap;

/// What the first pass learned.
#[derive(Default)]
pub struct Learned {
    /// The streams, in the order of their first entries.
    pub streams: Vec<StreamId>,
    /// What was recorded of people, in the order of the table.
    pub people: Vec<PersonFact>,
    /// Who founded the centre: its first administrator.
    pub founder: Option<PersonId>,
    /// The log's origin; empty where the founding cannot be read.
    pub origin: String,
}

/// Where a stream ends so far.
struct Head {
    version: i64,
    hash: Hash,
    recorded_at: Time,
}

/// Checks every entry's form, hash, place and payload.
pub fn check(check: &mut Check, conn: &mut Conn, bounds: &Bounds) -> QueryResult<Learned> {
    let mut learned = Learned::default();
    let mut heads: HashMap<StreamId, Head> = HashMap::new();
    let mut last = i64::MIN;
    loop {
        let page = rows::page(conn, last, bounds)?;
        let Some(newest) = page.last() else { break };
        last = newest.seq;
        check.step(page.len());
        for row in &page {
            let (name, first) = (row.name(), check.report.entries == 0);
            check.report.entries += 1;
            let Some(entry) = row.entry() else {
                check.found_in(&name, Fault::Malformed);
                continue;
            };
            if row.computed_hash() != entry.hash {
                check.found_in(&name, Fault::Hash);
            }
            if !heads.contains_key(&entry.stream) {
                learned.streams.push(entry.stream);
            }
            check_place(check, heads.get(&entry.stream), &entry, &name);
            // The stated hash is carried on, so that one altered entry does not accuse all that follow.
            let (version, hash, recorded_at) = (name.version, entry.hash, entry.recorded_at);
            heads.insert(entry.stream, Head { version, hash, recorded_at });
            check_payload(check, &mut learned, &entry, &name, first);
        }
    }
    check.report.streams = learned.streams.len() as u64;
    if check.report.entries == 0 {
        check.report.notes.push(Note::Empty);
    }
    Ok(learned)
}

fn check_place(check: &mut Check, head: Option<&Head>, entry: &Entry, name: &Name) {
    let (due, link) = head.map_or((1, Hash([0; 32])), |head| (head.version + 1, head.hash));
    if name.version != due {
        check.found_in(name, Fault::Version { due });
    } else if entry.previous_hash != link {
        check.found_in(name, Fault::Chain);
    }
    if head.is_some_and(|head| entry.recorded_at < head.recorded_at) {
        check.found_in(name, Fault::RecordedEarlier);
    }
}

fn check_payload(check: &mut Check, learned: &mut Learned, entry: &Entry, name: &Name, first: bool) {
    if signature::unsigned(&entry.payload).is_err() {
        check.found_in(name, Fault::Form);
    }
    let event = match Event::read(entry) {
        Ok((event, signature)) => {
            if signature.is_some() && event.meaning().is_none() {
                check.found_in(name, Fault::NoSigning);
            }
            Some(event)
        }
        Err(error) => {
            check.found_in(name, Fault::Payload(error.to_string()));
            None
        }
    };
    match event {
        Some(Event::Site(site::Event::Founding(founding))) if first => {
            learned.origin = founding.origin.to_string();
            learned.founder = Some(entry.performer);
        }
        Some(Event::Site(site::Event::Founding(_))) => check.found_in(name, Fault::FoundedAgain),
        _ if first => check.found_in(name, Fault::Unfounded),
        Some(Event::Person(fact)) => learned.people.push(PersonFact {
            name: *name,
            person: PersonId(entry.stream.id),
            recorded_at: entry.recorded_at,
            fact,
            signing: Signing::of(entry),
        }),
        _ => {}
    }
}
