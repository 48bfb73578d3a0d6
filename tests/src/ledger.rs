//! Clients that keep a ledger of what they were promised. Each sends one request after the other, every one with a key
//! of its own, and goes on only when it is acknowledged; until then it sends the same one again. So afterwards the
//! journal must hold what the ledgers name, once, and nothing else.

use crate::asking::{Answer, Asking, Call};
use crate::centre::Centre;
use crate::course::{Course, Recipe, Step};
use baiyo_domain::time::Time;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::rebuild::{self, Rebuilt};
use baiyo_persistence::schema::{idempotency, journal};
use baiyo_persistence::sql_types::Id;
use baiyo_persistence::{Conn, StoreError};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// What a client does, in this order, again and again: bench entries, signings, new things with serial numbers, a
/// patient's key, and one that appends to several streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Release,
    Order,
    Consent,
    Screening,
    Opening,
    Instruction,
    Hold,
    Lift,
    QualityEvent,
}

const CYCLE: [Act; 9] = [
    Act::Release,
    Act::Order,
    Act::Consent,
    Act::Screening,
    Act::Opening,
    Act::Instruction,
    Act::Hold,
    Act::Lift,
    Act::QualityEvent,
];

/// Containers that a client can release, one after the other.
const STOCK: usize = 30;

/// A client and its ledger.
pub struct Client {
    number: usize,
    standard: Uuid,
    /// What the forms say of the time: the same when they are sent again.
    at: Time,
    /// The batch with containers to release, and those that are left.
    stock: (Uuid, Vec<u64>),
    order: Uuid,
    batch: Uuid,
    /// The newest version of each batch that was acknowledged.
    versions: BTreeMap<Uuid, u64>,
    done: usize,
    promised: BTreeMap<Uuid, String>,
    /// Whether the request that is due was sent before, and how that went.
    due: Due,
}

/// How it stands with the request that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Not sent yet.
    Unsent,
    /// Sent, and nothing came back.
    Unanswered,
    /// Sent, and the server said that it could not keep it now.
    Unavailable,
    /// Sent, and the server said that it did not know whether it was kept.
    Unknown,
}

/// Clients, each with a tested and confirmed batch of frozen containers. Those are made by the centre's own clock, so
/// long ago that the machine's is later, and not so long that they have expired by then.
pub fn clients(centre: &Centre, number: usize) -> Vec<Client> {
    const DAYS: i64 = 250;
    centre.set_clock(centre.now().max(Time::from(chrono::Utc::now()).plus_hours(-24 * DAYS)));
    let standard = centre.standard("config/standards/adipose-msc-autologous-frozen.toml");
    (0..number).map(|number| Client::new(centre, standard, number)).collect()
}

impl Client {
    fn new(centre: &Centre, standard: Uuid, number: usize) -> Self {
        let recipe = Recipe { containers: STOCK, ..Recipe::of(standard) };
        let course = Course::run(centre, recipe, Step::Confirmed);
        let version = course.view()["version"].as_u64().expect("a version");
        Self {
            number,
            standard,
            at: centre.now(),
            stock: (course.batch, course.containers()),
            order: Uuid::nil(),
            batch: Uuid::nil(),
            versions: BTreeMap::from([(course.batch, version)]),
            done: 0,
            promised: BTreeMap::new(),
            due: Due::Unsent,
        }
    }

    /// How many requests were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.done
    }

    /// How it stands with the request that is due.
    pub fn due(&self) -> Due {
        self.due
    }

    /// The order it placed last.
    pub fn order(&self) -> Uuid {
        self.order
    }

    /// Sends requests until told to stop or until one gets no answer. What the server cannot keep now is sent again a
    /// little later.
    pub fn work(&mut self, centre: &Centre, go_on: &AtomicBool) {
        const PAUSE: Duration = Duration::from_millis(10);
        while go_on.load(Ordering::Relaxed) && self.send(centre) != Due::Unanswered {
            if self.due != Due::Unsent {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Sends the request that is due, whether or not it was sent before.
    pub fn send(&mut self, centre: &Centre) -> Due {
        self.due = match self.request(centre).try_send() {
            Err(_) => Due::Unanswered,
            Ok(answer) if answer.status == 503 => {
                let due = match (answer.body["type"].as_str(), self.due) {
                    // What was not known before is not known better by asking in vain.
                    (Some("/problems/unavailable"), Due::Unsent | Due::Unavailable) => Due::Unavailable,
                    (Some("/problems/unavailable" | "/problems/unknown"), _) => Due::Unknown,
                    _ => panic!("{}", answer.text),
                };
                answer.refused(503);
                due
            }
            Ok(answer) => {
                self.take(answer);
                Due::Unsent
            }
        };
        self.due
    }

    /// Whether the records know the request that is due.
    pub fn is_due_kept(&self, conn: &mut Conn) -> bool {
        let known = idempotency::table.filter(idempotency::key.eq(self.key())).select(idempotency::key);
        known.first::<String>(conn).optional().expect("the keys").is_some()
    }

    fn key(&self) -> String {
        format!("client-{}-{:06}", self.number, self.done)
    }

    fn act(&self) -> Act {
        match CYCLE[self.done % CYCLE.len()] {
            Act::Release if self.stock.1.is_empty() => Act::Order,
            act => act,
        }
    }

    fn request<'a>(&self, centre: &'a Centre) -> Call<'a> {
        let coordinator = || centre.of_clinic(baiyo_domain::authority::Role::Coordinator, 0);
        let of_order = |form: &str| format!("/orders/{}/{form}", self.order);
        let of_batch = |form: &str| format!("/batches/{}/{form}", self.batch);
        let signed = |who: Asking<'a>, batch: Uuid, form: &str, body: Value, meaning: &str| {
            let call = who.call("POST", &format!("/batches/{batch}/{form}"));
            call.header("if-match", &format!("\"{}\"", self.versions[&batch]))
                .json(&who.signed(body, meaning))
        };
        let plain = |who: Asking<'a>, path: &str, body: Value| who.call("POST", path).json(&body);
        let call = match self.act() {
            Act::Release => {
                let form = json!({ "containers": [self.stock.1[0]], "decision": "release" });
                signed(centre.releaser(), self.stock.0, "deciding", form, "disposition")
            }
            Act::Order => {
                let form = json!({
                    "purpose": "therapy", "personal": { "name": "名無し", "birth_date": "1980-01-01" },
                    "pseudonym": self.key(), "plan": { "number": "PB3190001", "class": "two" },
                });
                plain(coordinator(), "/orders", form)
            }
            Act::Consent => {
                plain(coordinator(), &of_order("consent"), json!({ "version": "2.1", "signed_at": self.at }))
            }
            Act::Screening => {
                let results = json!([{ "analyte": "hbv", "finding": "negative" }]);
                let form = json!({
                    "sampled_at": self.at.plus_hours(-24), "laboratory": "Example laboratory", "results": results,
                });
                plain(coordinator(), &of_order("donor_screening"), form)
            }
            Act::Opening => {
                plain(centre.lead(), "/batches", json!({ "order": self.order, "standard": self.standard }))
            }
            Act::Instruction => {
                let form = json!({ "instructions": "culture as the standard says" });
                signed(centre.lead(), self.batch, "instruction", form, "instruction")
            }
            Act::Hold => plain(centre.technician(), &of_batch("holding"), json!({ "reason": self.key() })),
            Act::Lift => {
                let form = json!({ "hold": 1, "reason": "its cause is settled" });
                signed(centre.releaser(), self.batch, "lifting", form, "hold_lift")
            }
            Act::QualityEvent => {
                let form =
                    json!({ "title": self.key(), "description": "found open", "batches": [self.batch] });
                plain(centre.technician(), "/quality_events", form)
            }
        };
        call.header("idempotency-key", &self.key())
    }

    fn take(&mut self, answer: Answer) {
        let act = self.act();
        let body = answer.ok();
        let id = body["id"].as_str().and_then(|id| id.parse().ok()).expect("what it was aimed at");
        match act {
            Act::Release => _ = self.stock.1.remove(0),
            Act::Order => self.order = id,
            Act::Opening => self.batch = id,
            _ => (),
        }
        self.versions.insert(id, body["version"].as_u64().expect("a version"));
        for entry in body["entries"].as_array().expect("entries") {
            let of = |field: &str| entry[field].as_str().expect("a text").to_string();
            let known = self.promised.insert(of("entry").parse().expect("an identifier"), of("kind"));
            assert_eq!(known, None, "an entry is promised for one request only");
        }
        self.done += 1;
    }
}

/// How many entries the journal holds.
pub fn entries(conn: &mut Conn) -> i64 {
    journal::table.count().get_result(conn).expect("the journal")
}

/// What is wrong with the journal, given what the clients were promised: every promised entry is there, and nothing is
/// that nobody was promised. `before` is how many entries there were.
///
/// # Errors
/// The records cannot be read.
pub fn faults(clients: &[Client], before: i64, conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let mut faults = Vec::new();
    let kept: Vec<(Id, String)> = journal::table.select((journal::id, journal::kind)).load(conn)?;
    let kept: BTreeMap<Uuid, String> = kept.into_iter().map(|(id, kind)| (id.0, kind)).collect();
    let promised = || clients.iter().flat_map(|client| &client.promised);
    for (entry, kind) in promised().filter(|(entry, kind)| kept.get(*entry) != Some(*kind)) {
        faults.push(format!("lost: {kind} {entry}"));
    }
    let unasked = entries(conn) - before - i64::try_from(promised().count()).unwrap_or(i64::MAX);
    if unasked != 0 {
        faults.push(format!("{unasked} entries more than were promised"));
    }
    Ok(faults)
}

/// Entries without their evidence or their rows, or the other way round; nothing where all are whole.
///
/// # Errors
/// The records cannot be read.
pub fn half_applied(conn: &mut Conn) -> Result<Option<Rebuilt>, StoreError> {
    Ok(Some(rebuild::check(conn)?).filter(|found| !found.agrees()))
}
