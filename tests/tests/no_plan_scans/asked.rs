//! Every statement that connections of this process run, each text once.

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use std::collections::BTreeSet;
use std::sync::Mutex;

static ASKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// Of which kinds of streams the first entries were asked for.
static KINDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let shown = query.to_string();
            let (sql, values) = shown.split_once(" -- binds: ").unwrap_or((&shown, ""));
            ASKED.lock().unwrap().insert(sql.to_string());
            if !values.is_empty() && sql.contains("stream_kind") && sql.contains(" = 1") {
                KINDS.lock().unwrap().insert(values.to_string());
            }
        }
    }
}

/// Listens on every connection that is opened from now on.
pub fn listen() {
    set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
}

/// What begins a statement that looks for no rows.
const ROWLESS: [&str; 11] =
    ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SET", "CREATE", "LOCK", "GRANT", "--"];

/// The statements so far that look for rows.
pub fn statements() -> Vec<String> {
    let asked = ASKED.lock().unwrap();
    let looks =
        |sql: &&String| !sql.is_empty() && !ROWLESS.iter().any(|word| sql.trim_start().starts_with(word));
    asked.iter().filter(looks).cloned().collect()
}

/// The kinds of streams that were asked for by kind alone.
pub fn kinds() -> Vec<String> {
    KINDS.lock().unwrap().iter().cloned().collect()
}
