//! Whose signatures stand: keys and roles, each given by the signature of somebody who could give it, back to the first
//! administrator's key, which a file outside the database pins. In the order of the table: what a fact rests on
//! stands before it.

use super::learning::{Learned, PersonFact};
use super::rows::Bounds;
use super::signatures::{Signing, key_in};
use super::{Check, END, Fault, Note};
use baiyo_domain::authority::{Meaning, Role, SIGNINGS, roles_for};
use baiyo_domain::ids::{KeyId, PersonId};
use baiyo_domain::journal::Hash;
use baiyo_domain::journal::signature::Signature;
use baiyo_domain::people::{self, IdentityConfirmed, KeyRegistered, PublicKey};
use baiyo_domain::time::Time;
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::VerifyingKey;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The keys and roles by which a signature may stand.
#[derive(Default)]
pub struct Trusted {
    origin: String,
    /// The first administrator.
    first: Option<PersonId>,
    known: HashSet<KeyId>,
    /// Whose key was registered, trusted or not, and when first.
    registered: HashMap<PersonId, Time>,
    /// Roles that were given, trusted or not.
    given: HashMap<PersonId, Vec<(Role, Time, Option<Time>)>>,
    /// Who signed that he knows who made a key, by its owner.
    seconds: HashMap<(PersonId, KeyId, PublicKey), HashSet<PersonId>>,
    keys: HashMap<KeyId, Key>,
    held: HashMap<PersonId, Vec<Held>>,
}

struct Key {
    person: PersonId,
    public_key: VerifyingKey,
    registered_at: Time,
    /// When another one took its place.
    replaced_at: Option<Time>,
}

/// A role given by a signature that stands.
struct Held {
    role: Role,
    from: Time,
    /// The end of a deputyship, itself not included.
    until: Option<Time>,
    /// When it was taken away.
    ended: Option<Time>,
}

/// Finds the keys and roles that count, and reports registrations and grants that break the rules.
pub fn trust(check: &mut Check, folder: &Path, bounds: &Bounds, learned: &Learned) -> Trusted {
    let anchor = key_in(&folder.join("keys").join("anchor.pub"));
    let mut trusted = Trusted { origin: learned.origin.clone(), ..Trusted::default() };
    let mut public_keys = HashSet::new();
    for fact in &learned.people {
        match &fact.fact {
            people::Event::KeyRegistered(key) => {
                let known = !trusted.known.insert(key.key);
                let first = learned.founder == Some(fact.person)
                    && trusted.first.is_none()
                    && anchor.is_none_or(|anchor| anchor == key.public_key.0);
                if known | !public_keys.insert(key.public_key) {
                    check.findings.found_in(&fact.name, Fault::KeyTwice);
                    continue;
                }
                for older in trusted.keys.values_mut().filter(|older| older.person == fact.person) {
                    older.replaced_at.get_or_insert(fact.recorded_at);
                }
                if fact.is_by_itself() && !first {
                    check.findings.found_in(&fact.name, Fault::KeyByItself);
                } else if !first && trusted.needs_second(fact) && !trusted.is_seconded(fact, key) {
                    check.findings.found_in(&fact.name, Fault::KeyUnconfirmed);
                } else {
                    trusted.register(fact, key);
                }
                trusted.registered.entry(fact.person).or_insert(fact.recorded_at);
            }
            people::Event::RoleGrant(grant) => {
                let given = trusted.given.entry(fact.person).or_default();
                given.push((grant.role, fact.recorded_at, None));
                if fact.is_by_itself() && trusted.first != Some(fact.person) {
                    check.findings.found_in(&fact.name, Fault::RoleByItself);
                }
                trusted.grant(fact, Meaning::RoleGrant, grant.role, fact.recorded_at, None);
            }
            people::Event::Deputyship(deputyship) => {
                if fact.is_by_itself() {
                    check.findings.found_in(&fact.name, Fault::RoleByItself);
                }
                let from = deputyship.from.max(fact.recorded_at);
                trusted.grant(fact, Meaning::Deputyship, deputyship.role, from, Some(deputyship.until));
            }
            people::Event::IdentityConfirmed(confirmed) => trusted.second(fact, confirmed),
            people::Event::RoleEnd(end) => {
                trusted.take(fact, |role| role == end.role);
                trusted.end(fact, |held| held.role == end.role && held.until.is_none());
            }
            people::Event::DeputyshipEnded(end) => {
                trusted.end(fact, |held| held.role == end.role && held.until.is_some());
            }
            people::Event::Departure(_) => {
                trusted.take(fact, |_| true);
                trusted.end(fact, |_| true);
            }
            people::Event::Invited(_) | people::Event::SetupLink(_) | people::Event::KeyMade(_) => {}
        }
    }
    let first = trusted.keys.values().find(|key| Some(key.person) == trusted.first);
    match first.map(|key| STANDARD.encode(key.public_key.as_bytes())) {
        Some(public_key) => {
            check.report.notes.push(Note::FirstKey { public_key, anchored: anchor.is_some() });
        }
        None if bounds.entries > 0 => check.findings.found(END, Fault::NoAnchor),
        None => {}
    }
    trusted
}

impl Trusted {
    /// Takes a key in if its registration stands: the first administrator's by itself, any other by a signature of
    /// somebody who may.
    fn register(&mut self, fact: &PersonFact, key: &KeyRegistered) {
        let (Some(signing), Ok(public_key)) = (&fact.signing, VerifyingKey::from_bytes(&key.public_key.0))
        else {
            return;
        };
        let (person, registered_at) = (fact.person, fact.recorded_at);
        self.keys.insert(key.key, Key { person, public_key, registered_at, replaced_at: None });
        if fact.is_by_itself() {
            self.first = Some(person);
        }
        if !self.faults(signing, Meaning::KeyRegistration, &HashSet::new()).is_empty() {
            self.keys.remove(&key.key);
            self.first = self.first.filter(|_| !fact.is_by_itself());
        }
    }

    /// Takes in who signed that he knows who made a key, if that signature stands.
    fn second(&mut self, fact: &PersonFact, confirmed: &IdentityConfirmed) {
        let Some(signing) = fact.signing.as_ref().filter(|_| !fact.is_by_itself()) else { return };
        if self.faults(signing, Meaning::IdentityCheck, &HashSet::new()).is_empty() {
            let whose = (fact.person, confirmed.key, confirmed.public_key);
            self.seconds.entry(whose).or_default().insert(signing.signature.person);
        }
    }

    fn take(&mut self, fact: &PersonFact, which: impl Fn(Role) -> bool) {
        let given = self.given.entry(fact.person).or_default().iter_mut();
        given
            .filter(|(role, _, until)| which(*role) && until.is_none())
            .for_each(|(_, _, until)| *until = Some(fact.recorded_at));
    }

    /// Whether a registration needs a second person: it replaces a key, or there was somebody else to ask.
    fn needs_second(&self, fact: &PersonFact) -> bool {
        let registrar = fact.signing.as_ref().map(|signing| signing.signature.person);
        let at = fact.recorded_at;
        let confirming = roles_for("person.identity_confirmation");
        let could = |(person, since): (&PersonId, &Time)| {
            let roles = self.given.get(person).into_iter().flatten();
            let held = |(role, from, until): &(Role, Time, Option<Time>)| {
                confirming.contains(role) && *from < at && until.is_none_or(|until| at <= until)
            };
            *person != fact.person && Some(*person) != registrar && *since < at && roles.into_iter().any(held)
        };
        self.registered.contains_key(&fact.person) || self.registered.iter().any(could)
    }

    /// Whether the second person that a registration names signed for the key, and is not the registrar.
    fn is_seconded(&self, fact: &PersonFact, key: &KeyRegistered) -> bool {
        let registrar = fact.signing.as_ref().map(|signing| signing.signature.person);
        let second = key.second_checker.filter(|second| Some(*second) != registrar);
        let seconds = self.seconds.get(&(fact.person, key.key, key.public_key));
        second.is_some_and(|second| seconds.is_some_and(|who| who.contains(&second)))
    }

    /// Takes a role in if another person gave it by a signature that stands.
    fn grant(&mut self, fact: &PersonFact, meaning: Meaning, role: Role, from: Time, until: Option<Time>) {
        let Some(signing) = fact.signing.as_ref().filter(|_| !fact.is_by_itself()) else { return };
        if self.faults(signing, meaning, &HashSet::new()).is_empty() {
            self.held.entry(fact.person).or_default().push(Held { role, from, until, ended: None });
        }
    }

    fn end(&mut self, fact: &PersonFact, which: impl Fn(&Held) -> bool) {
        let held = self.held.entry(fact.person).or_default().iter_mut();
        held.filter(|held| which(held) && held.ended.is_none())
            .for_each(|held| held.ended = Some(fact.recorded_at));
    }

    /// Whether a person then held a role that may sign with this meaning.
    fn may(&self, person: PersonId, meaning: Meaning, at: Time) -> bool {
        let actions = SIGNINGS.iter().filter(|(_, signed)| *signed == meaning);
        let roles: Vec<Role> = actions.flat_map(|(action, _)| roles_for(action)).copied().collect();
        let first = self.first == Some(person) && roles.contains(&Role::Administrator);
        let mut held = self.held.get(&person).into_iter().flatten();
        first
            || held.any(|held| {
                roles.contains(&held.role)
                    && held.from <= at
                    && held.until.is_none_or(|until| at < until)
                    && held.ended.is_none_or(|ended| at <= ended)
            })
    }

    /// The key that a signature names, if it is the signer's, registered before and trusted.
    fn key_for(&self, signing: &Signing) -> Result<VerifyingKey, Fault> {
        let Some(key) = self.keys.get(&signing.signature.key) else {
            let known = self.known.contains(&signing.signature.key);
            return Err(if known { Fault::KeyUntrusted } else { Fault::KeyUnknown });
        };
        if key.person != signing.signature.person {
            return Err(Fault::KeyOfAnother);
        }
        if key.registered_at > signing.recorded_at {
            return Err(Fault::KeyLater);
        }
        if key.replaced_at.is_some_and(|replaced| replaced < signing.recorded_at) {
            return Err(Fault::KeyReplaced);
        }
        Ok(key.public_key)
    }

    /// Everything wrong with a signature that must mean `due`, where `before` are the hashes of the entries that
    /// stand before it in its stream.
    pub fn faults(&self, signing: &Signing, due: Meaning, before: &HashSet<Hash>) -> Vec<Fault> {
        let Signature { person, meaning, at, covers, .. } = &signing.signature;
        let mut faults = Vec::new();
        if meaning.as_str() != due.word() {
            faults.push(Fault::Meaning { due: due.word(), found: meaning.to_string() });
        }
        if *person != signing.performer {
            faults.push(Fault::Signer);
        }
        if *at != signing.recorded_at {
            faults.push(Fault::SignedAt);
        }
        if !covers.iter().all(|cover| before.contains(cover)) {
            faults.push(Fault::Covers);
        }
        match self.key_for(signing) {
            Err(fault) => faults.push(fault),
            Ok(key) if !signing.verifies(&self.origin, &key) => faults.push(Fault::Signature),
            Ok(_) if !self.may(*person, due, signing.recorded_at) => faults.push(Fault::NoRole),
            Ok(_) => {}
        }
        faults
    }
}
