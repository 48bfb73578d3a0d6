//! What is typed at the bench and not recorded yet is kept by the browser, sealed. The keys stand in the pages of whoever is
//! signed in and nowhere else on his device: once his session has ended, however it did, nobody reads what was left there
//! until he signs in again; and after a day nobody does at all.

use crate::server::State;
use baiyo_domain::ids::PersonId;

/// For so long what is typed is sealed by one key, in microseconds: as long as a session can last.
const PERIOD: i64 = 12 * 60 * 60 * 1_000_000;

/// A person's keys, in hexadecimal with a blank between: by the first it is sealed now, by the others it was before.
pub fn keys(state: &State, person: PersonId) -> String {
    let (now, _) = state.store.now();
    let key = |period| {
        let key = state.store.keys().draft_key(person, period);
        key.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    periods(now.micros()).map(key).join(" ")
}

/// Those whose keys a page is given that is opened now, the newest first. A page seals for as long as its session lasts by
/// the key of when it was opened, and what was sealed is opened up to two hours later: two periods ago at most.
fn periods(now: i64) -> [i64; 3] {
    let newest = now.div_euclid(PERIOD);
    [newest, newest - 1, newest - 2]
}

#[cfg(test)]
mod tests {
    use super::{PERIOD, periods};

    #[test]
    fn what_was_sealed_in_the_last_minute_of_a_session_opens_two_hours_later() {
        const MINUTE: i64 = 60 * 1_000_000;
        for opened in (0..2 * PERIOD).step_by(MINUTE as usize) {
            let by = periods(opened)[0];
            let (typed, found) = (opened + PERIOD - MINUTE, opened + PERIOD + 119 * MINUTE);
            assert!(periods(typed).contains(&by) && periods(found).contains(&by), "{opened}");
        }
        assert!(!periods(3 * PERIOD).contains(&0), "and at last by nothing");
    }
}
