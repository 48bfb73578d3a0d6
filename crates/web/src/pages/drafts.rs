//! What is typed at the bench and not recorded yet is kept by the browser, sealed. The keys stand in the pages of whoever is
//! signed in and nowhere else on his device: once his session has ended, however it did, nobody reads what was left there
//! until he signs in again; and after a day nobody does at all.

use crate::server::State;
use baiyo_domain::ids::PersonId;

/// For so long what is typed is sealed by one key, in microseconds: as long as a session can last.
const PERIOD: i64 = 12 * 60 * 60 * 1_000_000;

/// A person's keys, in hexadecimal with a blank between: by the first it is sealed now, by the second it was before.
pub fn keys(state: &State, person: PersonId) -> String {
    let (now, _) = state.store.now();
    let period = now.micros().div_euclid(PERIOD);
    let key = |period| {
        let key = state.store.keys().draft_key(person, period);
        key.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    [key(period), key(period - 1)].join(" ")
}
