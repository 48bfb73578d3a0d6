//! Who asked lately. On the embedded engine nobody but this process writes: so who a session or a token belongs to is
//! known without asking the database, as long as nothing was written that could have changed it.

use super::Known;
use baiyo_domain::time::Time;
use baiyo_persistence::accounts::{Entrance, Origin};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// Those who asked since something was last written.
#[derive(Default)]
pub struct Callers(Mutex<Asked>);

#[derive(Default)]
struct Asked {
    /// How often the store had been written to before they were looked up.
    revision: u64,
    /// The person, and until when a session or token is his by time alone.
    known: HashMap<Shown, (Arc<Known>, Time)>,
}

/// How somebody shows who he is. A session is no token for programs, nor the other way round.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shown {
    /// Whether by the cookie of a session.
    by_cookie: bool,
    /// The secret's hash: the secret itself is kept nowhere.
    hash: [u8; 32],
    /// That of the cookie by which the browser is known, beside a session's: it says at which tablet he is.
    device: Option<[u8; 32]>,
}

impl Shown {
    /// By a session's cookie, in a browser with this one besides, or by a token for programs.
    pub fn new(secret: &str, by_cookie: bool, device: Option<&str>) -> Self {
        let device = device.filter(|_| by_cookie).map(|cookie| Sha256::digest(cookie).into());
        Self { by_cookie, hash: Sha256::digest(secret).into(), device }
    }

    /// In which count wrong passwords of him are, by what his session began.
    pub fn origin(self, entrance: Entrance) -> Origin {
        match (self.by_cookie, entrance) {
            (false, _) => Origin::Programs,
            (true, Entrance::Password) => Origin::Session(self.hash),
            (true, _) => Origin::OtherSession(self.hash),
        }
    }
}

impl Callers {
    /// Who showed this, where that was asked at this revision and is so still.
    pub fn known(&self, shown: Shown, revision: u64, now: Time) -> Option<Arc<Known>> {
        let asked = self.asked();
        let (person, until) = asked.known.get(&shown).filter(|_| asked.revision == revision)?;
        (now < *until).then(|| Arc::clone(person))
    }

    /// Remembers who showed this; the revision is that from before he was looked up.
    pub fn remember(&self, shown: Shown, revision: u64, known: &Arc<Known>, until: Time) {
        let mut asked = self.asked();
        if asked.revision < revision {
            *asked = Asked { revision, known: HashMap::new() };
        }
        if asked.revision == revision {
            asked.known.insert(shown, (Arc::clone(known), until));
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
