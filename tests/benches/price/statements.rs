//! What the product asks of its engine: every statement with its values, in the order in which it was begun, caught
//! where diesel tells of them. Values are read back from how they are printed; that they come back whole is seen by what
//! a replay leaves behind.

use diesel::connection::{Instrumentation, InstrumentationEvent};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// A bound value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An identifier.
    Id(Uuid),
}

/// A statement as it was run.
#[derive(Clone, Debug)]
pub struct Statement {
    /// On which connection.
    pub connection: usize,
    /// Which of the texts.
    pub text: usize,
    /// What was bound to it.
    pub values: Vec<Value>,
}

/// Everything that was run.
#[derive(Default)]
pub struct Caught {
    /// The different texts.
    pub texts: Vec<String>,
    /// What was run, in the order in which it was begun.
    pub statements: Vec<Statement>,
}

static CATCHING: AtomicBool = AtomicBool::new(false);
static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);
static LOG: Mutex<Vec<(usize, String)>> = Mutex::new(Vec::new());

struct Catcher(usize);

impl Instrumentation for Catcher {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && CATCHING.load(Ordering::Relaxed)
        {
            log().push((self.0, query.to_string()));
        }
    }
}

fn log() -> MutexGuard<'static, Vec<(usize, String)>> {
    LOG.lock().expect("the log")
}

/// From now on, connections that are opened can be listened to; or no longer.
pub fn listen(to_new_connections: bool) {
    let heard: fn() -> Option<Box<dyn Instrumentation>> = match to_new_connections {
        true => || Some(Box::new(Catcher(CONNECTIONS.fetch_add(1, Ordering::Relaxed)))),
        false => || None,
    };
    diesel::connection::set_default_instrumentation(heard).expect("diesel tells");
}

/// Runs something, and catches what it makes the product run.
pub fn caught<T>(run: impl FnOnce() -> T) -> (T, Caught) {
    log().clear();
    CATCHING.store(true, Ordering::Relaxed);
    let done = run();
    CATCHING.store(false, Ordering::Relaxed);
    let log = std::mem::take(&mut *log());
    let (mut caught, mut known) = (Caught::default(), HashMap::new());
    for (connection, printed) in log {
        let (text, values) = printed.rsplit_once(" -- binds: ").unwrap_or((&printed, "[]"));
        // The sealer comes every few minutes, whoever asks for what.
        if [
            "INSERT INTO `tree_",
            "INSERT INTO `checkpoint",
            "INSERT INTO \"tree_",
            "INSERT INTO \"checkpoint",
        ]
        .iter()
        .any(|sealing| text.starts_with(sealing))
        {
            continue;
        }
        let text = *known.entry(text.to_string()).or_insert_with(|| {
            caught.texts.push(text.to_string());
            caught.texts.len() - 1
        });
        caught.statements.push(Statement { connection, text, values: read_values(values) });
    }
    (done, caught)
}

/// Reads a list of values as Rust prints them.
fn read_values(printed: &str) -> Vec<Value> {
    let mut reader = Reader { rest: printed.trim() };
    reader.expect("[");
    let mut values = Vec::new();
    while !reader.take("]") {
        values.push(reader.value());
        reader.take(", ");
    }
    assert!(reader.rest.is_empty(), "{printed}");
    values
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, word: &str) -> bool {
        self.rest.strip_prefix(word).is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }

    fn expect(&mut self, word: &str) {
        assert!(self.take(word), "{word} before {}", self.rest);
    }

    fn until(&mut self, ends: impl Fn(char) -> bool) -> &str {
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn value(&mut self) -> Value {
        if self.take("None") {
            return Value::Null;
        }
        for wrapped in ["Some(", "Id("] {
            if self.take(wrapped) {
                let value = self.value();
                self.expect(")");
                return value;
            }
        }
        if self.take("\"") {
            return Value::Text(self.text());
        }
        if self.take("[") {
            let mut bytes = Vec::new();
            while !self.take("]") {
                bytes.push(self.until(|c| c == ',' || c == ']').parse().expect("a byte"));
                self.take(", ");
            }
            return Value::Bytes(bytes);
        }
        let word = self.until(|c| c == ',' || c == ']' || c == ')');
        match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => match word.parse() {
                Ok(number) => Value::Number(number),
                Err(_) => Value::Id(word.parse().unwrap_or_else(|_| panic!("no value: {word}"))),
            },
        }
    }

    /// The rest of a quoted text, with what Rust escapes.
    fn text(&mut self) -> String {
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return text;
                }
                '\\' => match characters.next().map(|(_, escaped)| escaped) {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some('0') => text.push('\0'),
                    Some('u') => {
                        let code: String =
                            characters.by_ref().map(|(_, c)| c).take_while(|c| *c != '}').skip(1).collect();
                        let code = u32::from_str_radix(&code, 16).expect("a code point");
                        text.push(char::from_u32(code).expect("a character"));
                    }
                    Some(itself) => text.push(itself),
                    None => break,
                },
                _ => text.push(character),
            }
        }
        panic!("a text without an end: {text}")
    }
}
