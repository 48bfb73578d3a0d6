//! The entries that forgeries put in.

use super::forger::{Forger, person};
use baiyo_domain::authority::Meaning;
use baiyo_domain::ids::{KeyId, PersonId};
use baiyo_domain::journal::Entry;
use baiyo_domain::people::PublicKey;
use uuid::Uuid;

/// The container that was rejected.
pub fn rejected(f: &mut Forger) -> i64 {
    f.number("SELECT container AS number FROM disposition WHERE decision = 'reject'")
}

/// The release of the rejected container, not yet signed.
pub fn release_of_the_rejected(f: &mut Forger) -> Entry {
    let (model, rejected) = (f.first("batch.disposition.decided"), rejected(f));
    let mut entry = f.next(model.stream, &model);
    let decided = format!(r#"{{"decided":{{"containers":[{rejected}],"decision":"release"}}}}"#);
    entry.payload = format!(r#"{{"event":{{"batch":{{"disposition":{decided}}}}}}}"#).into_bytes();
    entry
}

/// The payload of a registration of his own key, not yet signed.
pub fn forged_registration(key: KeyId) -> Vec<u8> {
    registration(key, "")
}

fn registration(key: KeyId, second: &str) -> Vec<u8> {
    let own = String::from(PublicKey(Forger::own_key().verifying_key().to_bytes()));
    format!(
        r#"{{"event":{{"person":{{"key_registered":{{"key":"{key}","public_key":"{own}","identity_check":"x"{second}}}}}}}}}"#
    )
    .into_bytes()
}

/// A further key's identifier.
pub const SECOND_KEY: KeyId = KeyId(Uuid::from_u128(7));

/// A further key of the releaser, registered by the administrator himself with his own password.
pub fn second_key(f: &mut Forger, second: Option<PersonId>) -> Entry {
    let administrator = f.first("person.key_registered").performer;
    let releaser = f.first("batch.disposition.decided").performer;
    let model = f.last("person.key_registered");
    let mut entry = f.next(person(releaser), &model);
    let second = second.map(|second| format!(r#","second_checker":"{second}""#)).unwrap_or_default();
    entry.payload = registration(SECOND_KEY, &second);
    f.sign_as(&mut entry, administrator, Meaning::KeyRegistration);
    entry
}

/// Somebody's word, signed with his own password, that the releaser made that key.
pub fn confirmation(f: &mut Forger, by: PersonId) -> Entry {
    let releaser = f.first("batch.disposition.decided").performer;
    let mut model = f.last("person.key_registered");
    model.kind = "person.identity_confirmed".into();
    let mut entry = f.next(person(releaser), &model);
    let own = String::from(PublicKey(Forger::own_key().verifying_key().to_bytes()));
    entry.payload = format!(
        r#"{{"event":{{"person":{{"identity_confirmed":{{"key":"{SECOND_KEY}","public_key":"{own}","identity_check":"x","by":"{by}"}}}}}}}}"#
    )
    .into_bytes();
    f.sign_as(&mut entry, by, Meaning::IdentityCheck);
    entry
}
