//! Who asked lately. On the embedded engine nobody but this process writes: so who a session or a token belongs to is
//! known without asking the database, as long as nothing was written that could have changed it.

use baiyo_domain::people::Person;
use baiyo_domain::time::Time;
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
    /// The person, and until when a session or token is his by time alone; by its hash.
    known: HashMap<[u8; 32], (Arc<Person>, Time)>,
}

impl Callers {
    /// Whose a token is, where that was asked at this revision and is so still.
    pub fn known(&self, token: &str, revision: u64, now: Time) -> Option<Arc<Person>> {
        let asked = self.asked();
        let (person, until) = asked.known.get(&hash_of(token)).filter(|_| asked.revision == revision)?;
        (now < *until).then(|| Arc::clone(person))
    }

    /// Remembers whose a token is; the revision is that from before it was looked up.
    pub fn remember(&self, token: &str, revision: u64, person: &Arc<Person>, until: Time) {
        let mut asked = self.asked();
        if asked.revision < revision {
            *asked = Asked { revision, known: HashMap::new() };
        }
        if asked.revision == revision {
            asked.known.insert(hash_of(token), (Arc::clone(person), until));
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn hash_of(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
