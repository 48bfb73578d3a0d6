//! Whether whoever has pages open may still look. The pages that are open by one claim ask together, so that they cost the
//! database no more than one of them would.

use super::{Claim, Shown};
use crate::server::State;
use actix_web::web;
use baiyo_domain::time::Time;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// The claims by which pages are open.
#[derive(Default)]
pub struct Standings(Mutex<HashMap<Shown, Weak<Standing>>>);

impl Standings {
    /// That of a claim, for one more page.
    pub fn of(&self, claim: Claim) -> Arc<Standing> {
        let shown = claim.shown();
        let mut open = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        open.retain(|_, standing| standing.strong_count() > 0);
        if let Some(standing) = open.get(&shown).and_then(Weak::upgrade) {
            return standing;
        }
        let standing = Arc::new(Standing { claim, last: tokio::sync::Mutex::default() });
        open.insert(shown, Arc::downgrade(&standing));
        standing
    }
}

/// A claim by which pages are open.
pub struct Standing {
    claim: Claim,
    /// Held while it is asked, so that the others wait for this answer.
    last: tokio::sync::Mutex<Option<Asked>>,
}

/// What was answered.
#[derive(Clone, Copy)]
struct Asked {
    /// Whether it stands; nothing where that could not be asked.
    stands: Option<bool>,
    at: Instant,
    /// The same by the records' clock.
    time: Time,
    /// How often the store had been written to before it was asked.
    revision: Option<u64>,
}

/// How often it is asked whether whoever listens still may: he is told nothing by an answer that is a second old.
const ASKED_AGAIN: Duration = Duration::from_millis(800);

/// Seconds for which an answer is taken where nothing was written since: only time itself can have ended the claim.
const UNCHANGED: i64 = 5;

impl Standing {
    /// Whether the claim stands, and when that must be asked again; nothing where it cannot be asked, as while the
    /// database is away.
    pub async fn now(&self, state: &web::Data<State>) -> (Option<bool>, Instant) {
        let mut last = self.last.lock().await;
        // Asked first: whatever is read after it is at least as new.
        let revision = state.store.revision();
        let (time, _) = state.store.now();
        if let Some(asked) = last.filter(|asked| asked.stands != Some(false)) {
            if asked.at.elapsed() < ASKED_AGAIN {
                return (asked.stands, asked.at + ASKED_AGAIN);
            }
            if asked.stands.is_some() && asked.is_unchanged(revision, time) {
                return (asked.stands, Instant::now() + ASKED_AGAIN);
            }
        }
        let began = Instant::now();
        let stands = self.claim.stands(state).await;
        // A database that is slow to say nothing is not asked without a pause.
        let at = if stands.is_some() { began } else { Instant::now() };
        *last = Some(Asked { stands, at, time, revision });
        (stands, at + ASKED_AGAIN)
    }
}

impl Asked {
    /// Whether nothing was written since, by this process which alone writes, and little time has passed.
    fn is_unchanged(&self, revision: Option<u64>, time: Time) -> bool {
        revision.is_some() && self.revision == revision && time.since(self.time).num_seconds() < UNCHANGED
    }
}
