//! Several who ask at the same moment: how they start, who came first, and whether the history holds exactly what was
//! acknowledged.

use crate::asking::Answer;
use crate::centre::Centre;
use crate::course::Course;
use crate::engine;
use baiyo_persistence::engine::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// How often each race is run; with `BAIYO_PROOF=full` a thousand times.
pub fn rounds() -> usize {
    if std::env::var("BAIYO_PROOF").is_ok_and(|proof| proof == "full") { 1_000 } else { 50 }
}

/// A centre with as many servers as its engine allows, and the number of the last.
pub fn on_every_server() -> (Centre, usize) {
    let mut centre = Centre::open();
    match centre.start_another() {
        Ok(()) => assert!(engine::is_postgres(), "two servers never share an embedded database"),
        Err(why) => {
            assert!(!engine::is_postgres(), "{why}");
            assert!(why.contains("is in use by another baiyo"), "{why}");
        }
    }
    let last = usize::from(engine::is_postgres());
    (centre, last)
}

/// Asks everything at the same moment.
pub fn at_once<'a>(asked: Vec<Box<dyn FnOnce() -> Answer + Send + 'a>>) -> Vec<Answer> {
    let start = Barrier::new(asked.len());
    std::thread::scope(|scope| {
        let start = &start;
        let sent: Vec<_> = asked
            .into_iter()
            .map(|ask| {
                scope.spawn(move || {
                    start.wait();
                    ask()
                })
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().expect("an answer")).collect()
    })
}

/// Whether a round was fair, or what was not.
pub type Fair<T> = Result<T, String>;

/// A race of two, over many rounds. Both start at the same moment, but a signing takes longer than a form: so whoever
/// came first starts a little later the next time, and the two stay as close as they can be.
pub struct Race {
    began: Instant,
    wins: [usize; 2],
    told: BTreeMap<String, usize>,
    /// Microseconds for which the first of the two waits; below zero, the second.
    handicap: i64,
    step: i64,
    last: Option<usize>,
}

impl Race {
    const LEAST_STEP: i64 = 500;
    const MOST_STEP: i64 = 64_000;

    /// A race before its first round.
    pub fn begin() -> Self {
        let (wins, told) = ([0; 2], BTreeMap::new());
        Self { began: Instant::now(), wins, told, handicap: 0, step: Self::LEAST_STEP, last: None }
    }

    /// Lets both ask.
    pub fn start(
        &self,
        one: impl FnOnce() -> Answer + Send,
        other: impl FnOnce() -> Answer + Send,
    ) -> [Answer; 2] {
        let wait = |micros: i64| std::thread::sleep(Duration::from_micros(micros.try_into().unwrap_or(0)));
        let handicap = self.handicap;
        let one = move || {
            wait(handicap);
            one()
        };
        let other = move || {
            wait(-handicap);
            other()
        };
        at_once(vec![Box::new(one), Box::new(other)]).try_into().expect("two answers")
    }

    /// Notes which of the two came first.
    pub fn won(&mut self, side: usize) {
        self.wins[side] += 1;
        self.step = match self.last {
            Some(last) if last == side => (2 * self.step).min(Self::MOST_STEP),
            _ => Self::LEAST_STEP,
        };
        self.handicap += if side == 0 { self.step } else { -self.step };
        self.last = Some(side);
    }

    /// How many rounds were run.
    pub fn run(&self) -> usize {
        self.wins.iter().sum()
    }

    /// Notes what somebody was told who came too late: that there is a newer version, or the reason itself. Told the
    /// version, he reads and asks again, and is told the reason.
    ///
    /// # Errors
    /// He was told anything else.
    pub fn too_late(&mut self, answer: Answer, again: impl FnOnce() -> Answer, reason: &str) -> Fair<()> {
        let refused = match answer.status {
            412 => {
                answer.refused(412).only(&["version_conflict"]);
                *self.told.entry("version_conflict".into()).or_default() += 1;
                again()
            }
            _ => {
                *self.told.entry(reason.into()).or_default() += 1;
                answer
            }
        };
        let codes = match refused.status {
            409 => refused.clone().refused(409).codes(),
            _ => Vec::new(),
        };
        match codes.iter().any(|code| code == reason) {
            true => Ok(()),
            false => Err(format!("{reason} expected: {} {}", refused.status, refused.text)),
        }
    }

    /// Ends it: either came first at some time.
    pub fn end(self, name: &str, sides: [&str; 2]) {
        let Self { wins, told, .. } = &self;
        println!(
            "{name}: {} rounds in {} s; first: {} {}, {} {}; told {told:?}",
            self.run(),
            self.began.elapsed().as_secs(),
            sides[0],
            wins[0],
            sides[1],
            wins[1]
        );
        assert!(wins.iter().all(|wins| *wins > 0), "no race: {sides:?} came first {wins:?}");
    }
}

/// What was acknowledged of one batch: it must be in the batch's history, once and in its place, and nothing beside it.
pub struct Ledger<'a> {
    /// The batch.
    pub course: &'a Course<'a>,
    before: usize,
    acknowledged: BTreeMap<u64, [Value; 2]>,
}

impl<'a> Ledger<'a> {
    /// Opens the ledger of a batch.
    pub fn of(course: &'a Course<'a>) -> Self {
        Self { course, before: history(course, 0).len(), acknowledged: BTreeMap::new() }
    }

    /// Notes what was acknowledged; the version of the first entry in this batch.
    ///
    /// # Errors
    /// It was refused, or a version was acknowledged twice.
    pub fn take(&mut self, answer: &Answer) -> Fair<u64> {
        if !(200..300).contains(&answer.status) {
            return Err(format!("{} {}", answer.status, answer.text));
        }
        let stream = format!("batch/{}", self.course.batch);
        let entries = answer.body["entries"].as_array().expect("entries").clone();
        let own: Vec<Value> =
            entries.into_iter().filter(|entry| entry["stream"] == stream.as_str()).collect();
        let first = own.first().and_then(|entry| entry["version"].as_u64()).expect("an entry of this batch");
        own.into_iter().try_for_each(|entry| self.note(&entry))?;
        Ok(first)
    }

    /// Notes what is in the history beyond what was acknowledged: what refused scans left behind.
    ///
    /// # Errors
    /// Its version was acknowledged before.
    pub fn left_behind(&mut self) -> Fair<Vec<String>> {
        let known = self.before + self.acknowledged.len();
        let new: Vec<Value> = history(self.course, 0).split_off(known);
        new.iter().try_for_each(|entry| self.note(entry))?;
        Ok(new.iter().map(|entry| entry["kind"].as_str().expect("a kind").to_string()).collect())
    }

    fn note(&mut self, entry: &Value) -> Fair<()> {
        let version = entry["version"].as_u64().expect("a version");
        let noted = [entry["entry"].clone(), entry["kind"].clone()];
        match self.acknowledged.insert(version, noted) {
            None => Ok(()),
            Some(earlier) => Err(format!("version {version} was given twice: to {earlier:?} and to {entry}")),
        }
    }

    /// Closes it: every server reads the same history, which holds what was acknowledged, once, and no release in it
    /// was decided while a hold was in force.
    pub fn close(self) {
        let read = history(self.course, 0);
        for server in 1..self.course.centre.servers() {
            assert_eq!(read, history(self.course, server));
        }
        let found = read[self.before..].iter().map(|entry| {
            (entry["version"].as_u64().expect("a version"), [entry["entry"].clone(), entry["kind"].clone()])
        });
        let found: Vec<(u64, [Value; 2])> = found.collect();
        assert_eq!(found, Vec::from_iter(self.acknowledged), "what was acknowledged, once, and nothing else");
        assert_eq!(unfair_releases(&read), [] as [u64; 0]);
    }
}

/// A batch's history, as a server reads it.
pub fn history(course: &Course, server: usize) -> Vec<Value> {
    let read = course.centre.inspector().at(server).get(&course.path("history")).ok();
    read["items"].as_array().expect("entries").clone()
}

/// The versions of releases that were decided while a hold was in force, or of what was released before and not voided
/// since.
pub fn unfair_releases(history: &[Value]) -> Vec<u64> {
    let (mut holds, mut released, mut found) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for entry in history {
        let event = &entry["event"]["batch"]["disposition"];
        let (held, lifted, decided) =
            (&event["held"]["hold"], &event["hold_lifted"]["hold"], &event["decided"]);
        holds.extend(held.as_u64());
        if let Some(hold) = lifted.as_u64() {
            holds.remove(&hold);
        }
        if !event["corrected"].is_null() {
            released.clear();
        }
        if decided["decision"] == "release" {
            let containers = decided["containers"].as_array().expect("containers").iter();
            let again = containers.filter_map(Value::as_u64).filter(|no| !released.insert(*no)).count();
            if again > 0 || !holds.is_empty() {
                found.push(entry["version"].as_u64().expect("a version"));
            }
        }
    }
    found
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

fn number(centre: &Centre, sql: &str) -> i64 {
    let read = diesel::sql_query(format!("SELECT ({sql})::bigint AS number"));
    read.get_result::<Number>(&mut centre.database()).unwrap_or_else(|error| panic!("{sql}: {error}")).number
}

/// How many entries were written and taken back, because another transaction was faster: each left a gap in the
/// journal's sequence. The embedded engine has one writer, whom nobody overtakes.
pub fn taken_back(centre: &Centre) -> i64 {
    let last = "SELECT last_value FROM pg_sequences WHERE sequencename = 'journal_seq_seq'";
    match engine::is_postgres() {
        true => number(centre, &format!("({last}) - (SELECT count(*) FROM journal)")),
        false => 0,
    }
}

/// How many versions of a stream there are twice.
pub fn written_twice(centre: &Centre) -> i64 {
    let versions = "SELECT count(*) - count(DISTINCT (stream_kind, stream_id, version)) FROM journal";
    number(centre, versions)
}
