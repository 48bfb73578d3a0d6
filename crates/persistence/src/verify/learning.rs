//! What all other checks rest on, read first: the founding, and what was recorded of people.

use super::rows::{self, Bounds, Name};
use super::scope;
use super::signatures::Signing;
use crate::Conn;
use baiyo_domain::event::Event;
use baiyo_domain::ids::PersonId;
use baiyo_domain::people;
use baiyo_domain::site;
use baiyo_domain::time::Time;
use diesel::QueryResult;

/// What was learned. It is believed as it stands: whatever is wrong with these entries is found where all are checked.
#[derive(Default)]
pub struct Learned {
    /// What was recorded of people, in the order of the table.
    pub people: Vec<PersonFact>,
    /// Who founded the centre: its first administrator.
    pub founder: Option<PersonId>,
    /// The log's origin; empty where the founding cannot be read.
    pub origin: String,
}

/// A fact of a person's stream.
pub struct PersonFact {
    /// Its entry.
    pub name: Name,
    /// The person.
    pub person: PersonId,
    /// When it was recorded.
    pub recorded_at: Time,
    /// The fact.
    pub fact: people::Event,
    /// Its signature, if it has one.
    pub signing: Option<Signing>,
}

impl PersonFact {
    /// Whether it is signed by the person it is about.
    pub fn is_by_itself(&self) -> bool {
        self.signing.as_ref().is_some_and(|signing| signing.signature.person == self.person)
    }
}

/// Reads the founding and all people's streams.
pub fn learn(conn: &mut Conn, bounds: &Bounds) -> QueryResult<Learned> {
    let mut learned = Learned::default();
    let first = rows::first(conn, bounds)?.and_then(|row| row.entry());
    if let Some(entry) = first
        && let Ok((Event::Site(site::Event::Founding(founding)), _)) = Event::read(&entry)
    {
        learned.origin = founding.origin.to_string();
        learned.founder = Some(entry.performer);
    }
    for group in scope::people(conn, bounds)?.groups() {
        let rows = rows::of_streams(conn, group.kind, &group.ids, bounds)?;
        for row in rows.values().flatten() {
            let Some(entry) = row.entry() else { continue };
            let Ok((Event::Person(fact), _)) = Event::read(&entry) else { continue };
            learned.people.push(PersonFact {
                name: row.name(),
                person: PersonId(entry.stream.id),
                recorded_at: entry.recorded_at,
                fact,
                signing: Signing::of(&entry),
            });
        }
    }
    learned.people.sort_by_key(|fact| fact.name.seq);
    Ok(learned)
}
