//! Whether signatures stand: made for their place with a key whose chain ends at the first administrator's, by
//! somebody who held a role for it then. Every key is registered by a trusted administrator, every role given by
//! one; so whoever owns the database cannot give himself either.

use super::World;
use crate::authority::{Meaning, Role, SIGNINGS, roles_for};
use crate::event::Event;
use crate::ids::{EntryId, KeyId, PersonId};
use crate::journal::signature::{self, Signature};
use crate::journal::{Entry, Hash, StreamId, StreamKind};
use crate::people::{self, PublicKey};
use crate::time::Time;
use ed25519_dalek::VerifyingKey;
use std::collections::BTreeSet;

/// What is being asked about already: a chain that comes back to itself proves nothing.
#[derive(Default)]
struct Path {
    keys: BTreeSet<(PersonId, KeyId)>,
    grants: BTreeSet<EntryId>,
    /// Entries whose signature is known to stand, so that each is looked into once.
    sound: BTreeSet<EntryId>,
}

impl World {
    /// The entries of a stream that must be signed and are not, or whose signature does not verify, rests on a
    /// key that does not chain to the first administrator's or on a role that its signer did not hold, or covers
    /// entries that are not there.
    pub fn signature_findings(&self, stream: StreamId) -> Vec<EntryId> {
        let mut findings = Vec::new();
        let mut present: BTreeSet<Hash> = BTreeSet::new();
        let mut path = Path::default();
        for entry in self.entries(stream) {
            present.insert(entry.hash);
            let sound = match Event::read(entry) {
                Err(_) => false,
                Ok((event, signature)) => match (event.meaning(), signature) {
                    (None, None) => true,
                    (Some(meaning), Some(signature)) => {
                        signature.covers.iter().all(|covered| present.contains(covered))
                            && self.stands(entry, &signature, meaning, &mut path)
                    }
                    (Some(_), None) | (None, Some(_)) => false,
                },
            };
            if !sound {
                findings.push(entry.id);
            }
        }
        findings
    }

    fn stands(&self, entry: &Entry, signature: &Signature, meaning: Meaning, path: &mut Path) -> bool {
        if path.sound.contains(&entry.id) {
            return true;
        }
        let sound = signature.meaning.as_str() == meaning.word()
            && signature.person == entry.performer
            && signature.at == entry.recorded_at
            && self.verifies(entry, signature, path)
            && self.might(signature.person, meaning, entry.recorded_at, path);
        if sound {
            path.sound.insert(entry.id);
        }
        sound
    }

    fn verifies(&self, entry: &Entry, signature: &Signature, path: &mut Path) -> bool {
        let Some((registration, _)) = self.key_entry(signature.person, signature.key) else { return false };
        // A key that was replaced signs nothing more: its password may be known to somebody.
        let replaced = self.of_person(signature.person).any(|later| {
            later.kind == registration.kind
                && later.version > registration.version
                && later.recorded_at < entry.recorded_at
        });
        if registration.recorded_at > entry.recorded_at || replaced {
            return false;
        }
        let key = self.trusted_key(signature.person, signature.key, path);
        key.is_some_and(|key| signature::verify(self.origin(), entry, &key).is_ok())
    }

    fn origin(&self) -> &str {
        self.site.as_ref().map(|site| site.founding.origin.as_str()).unwrap_or_default()
    }

    /// The first administrator: who made the journal's first entry.
    fn founder(&self) -> Option<PersonId> {
        self.entries(self.site_stream()?).next().map(|first| first.performer)
    }

    fn of_person(&self, person: PersonId) -> impl Iterator<Item = &Entry> {
        self.entries(StreamId { kind: StreamKind::Person, id: person.0 })
    }

    fn key_entry(&self, person: PersonId, key: KeyId) -> Option<(&Entry, PublicKey)> {
        self.of_person(person).find_map(|entry| match Event::read(entry) {
            Ok((Event::Person(people::Event::KeyRegistered(registered)), _)) if registered.key == key => {
                Some((entry, registered.public_key))
            }
            _ => None,
        })
    }

    /// A person's public key, if an administrator registered it whose own key chains to the anchor, and a second
    /// person signed for it where it replaces an older one.
    fn trusted_key(&self, person: PersonId, key: KeyId, path: &mut Path) -> Option<VerifyingKey> {
        let (entry, public_key) = self.key_entry(person, key)?;
        let verifying = VerifyingKey::from_bytes(&public_key.0).ok()?;
        if self.anchor == Some(public_key) {
            // The same key under another name would let the first administrator sign as somebody else.
            return (self.founder() == Some(person)).then_some(verifying);
        }
        if !path.keys.insert((person, key)) {
            return None;
        }
        let registrar = Event::read(entry).ok()?.1.filter(|registrar| registrar.person != person);
        let sound = registrar.is_some_and(|r| {
            self.stands(entry, &r, Meaning::KeyRegistration, path)
                && (self.needs_no_second(person, entry, r.person)
                    || self.seconded(person, entry, r.person, path))
        });
        path.keys.remove(&(person, key));
        sound.then_some(verifying)
    }

    /// Whether a registration rests on the administrator alone: a first key, when there was nobody else to ask.
    fn needs_no_second(&self, person: PersonId, registration: &Entry, registrar: PersonId) -> bool {
        let registers = |entry: &&Entry| entry.kind == registration.kind;
        let first = self.of_person(person).find(registers);
        first.is_some_and(|first| first.id == registration.id)
            && !self.somebody_could_confirm(&[person, registrar], registration.recorded_at)
    }

    /// Whether somebody else than the registrar signed, before a key was registered, that he knows who made it.
    fn seconded(&self, person: PersonId, registration: &Entry, registrar: PersonId, path: &mut Path) -> bool {
        let Ok((Event::Person(people::Event::KeyRegistered(key)), _)) = Event::read(registration) else {
            return false;
        };
        let Some(second) = key.second_checker.filter(|second| ![person, registrar].contains(second)) else {
            return false;
        };
        let mut earlier = self.of_person(person).filter(|entry| entry.version < registration.version);
        earlier.any(|entry| match Event::read(entry) {
            Ok((Event::Person(people::Event::IdentityConfirmed(confirmed)), Some(signature))) => {
                (confirmed.key, confirmed.public_key) == (key.key, key.public_key)
                    && signature.person == second
                    && self.stands(entry, &signature, Meaning::IdentityCheck, path)
            }
            _ => false,
        })
    }

    /// Whether a person then held a role that may sign with this meaning.
    fn might(&self, person: PersonId, meaning: Meaning, at: Time, path: &mut Path) -> bool {
        let actions = SIGNINGS.iter().filter(|(_, signed)| *signed == meaning);
        let roles: Vec<Role> = actions.flat_map(|(action, _)| roles_for(action)).copied().collect();
        if self.founder() == Some(person) && roles.contains(&Role::Administrator) {
            return true;
        }
        // A role given and a deputyship for it end each by itself.
        let mut held: Vec<(Role, Meaning)> = Vec::new();
        for entry in self.of_person(person).filter(|entry| entry.recorded_at <= at) {
            let Ok((Event::Person(fact), signature)) = Event::read(entry) else { return false };
            let (role, meaning) = match fact {
                people::Event::RoleGrant(grant) => (grant.role, Meaning::RoleGrant),
                people::Event::Deputyship(d) if d.from <= at && at < d.until => (d.role, Meaning::Deputyship),
                people::Event::RoleEnd(end) if entry.recorded_at < at => {
                    held.retain(|(role, given)| (*role, *given) != (end.role, Meaning::RoleGrant));
                    continue;
                }
                people::Event::DeputyshipEnded(end) if entry.recorded_at < at => {
                    held.retain(|(role, given)| (*role, *given) != (end.role, Meaning::Deputyship));
                    continue;
                }
                people::Event::Departure(_) if entry.recorded_at < at => return false,
                _ => continue,
            };
            let Some(signature) = signature.filter(|signature| signature.person != person) else { continue };
            // Only what is asked for is looked into.
            if roles.contains(&role) && path.grants.insert(entry.id) {
                if self.stands(entry, &signature, meaning, path) {
                    held.push((role, meaning));
                }
                path.grants.remove(&entry.id);
            }
        }
        !held.is_empty()
    }
}
