//! The evidence: whether its rows are exactly those that the histories make, and whether every release agrees with
//! the evidence before it.

use super::dialect::Dialect;
use super::rows::{self, Name};
use super::{Check, END, Fault, Finding, Findings};
use crate::engine::prelude::*;
use crate::evidence::Evidence;
use baiyo_domain::batch::{Event, Stamp};
use baiyo_domain::ids::{CommandId, EntryId, PersonId};
use baiyo_domain::time::Time;
use diesel::sql_types::Binary;
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// A table of evidence and how a row of it is written in one line, from columns quoted as SQL has them.
struct Table {
    name: &'static str,
    line: fn(Dialect) -> Vec<String>,
    order: &'static str,
}

const GATE_FACT: Table = Table {
    name: "gate_fact",
    line: |sql| {
        vec![
            sql.quoted_integer("container"),
            sql.quoted_text("requirement"),
            sql.quoted_text("state"),
            sql.quoted_integer("valid_until"),
        ]
    },
    order: "serial",
};
const DUTY: Table = Table {
    name: "duty",
    line: |sql| vec![sql.quoted_uuid("person"), sql.quoted_text("duty")],
    order: "entry",
};
const DISPOSITION: Table = Table {
    name: "disposition",
    line: |sql| {
        vec![
            sql.quoted_integer("container"),
            sql.quoted_text("decision"),
            sql.quoted_uuid("decided_by"),
            sql.quoted_integer("expires_at"),
        ]
    },
    order: "entry",
};

/// A row: the entry it rests on, and what it says.
pub type Line = (EntryId, String);

/// What is stored of a batch, table by table.
pub type Stored = [Vec<Line>; 3];

const TABLES: [Table; 3] = [GATE_FACT, DUTY, DISPOSITION];

/// Reads what is stored of some batches.
pub fn stored(conn: &mut Conn, batches: &[Uuid]) -> QueryResult<HashMap<Uuid, Stored>> {
    let sql = Dialect::of(conn);
    let listed = sql.listed(batches.iter().copied());
    let mut stored: HashMap<Uuid, Stored> = HashMap::new();
    for (place, table) in TABLES.iter().enumerate() {
        let line = (table.line)(sql).join(" || ', ' || ");
        let rows: Vec<RawLine> = diesel::sql_query(format!(
            "SELECT {} AS batch, {} AS entry, {} AS line FROM {} WHERE batch IN ({listed}) ORDER BY {}",
            sql.uuid("batch"),
            sql.uuid("entry"),
            sql.line(&line),
            table.name,
            table.order
        ))
        .load(conn)?;
        for row in rows {
            let (Some(batch), Some(entry)) = (rows::uuid(&row.batch), rows::uuid(&row.entry)) else {
                continue;
            };
            let line = (EntryId(entry), String::from_utf8_lossy(&row.line).into_owned());
            stored.entry(batch).or_default()[place].push(line);
        }
    }
    Ok(stored)
}

/// Compares a batch's evidence with what its history makes. `unsound` are the places of the signings whose
/// signature does not stand.
pub fn check(
    found: &mut Findings,
    stored: Stored,
    history: &[(CommandId, Evidence)],
    facts: &[(Stamp, Event)],
    names: &[Name],
    unsound: &HashSet<usize>,
) {
    let named: HashMap<EntryId, (usize, &Name)> =
        names.iter().enumerate().map(|(place, name)| (name.id, (place, name))).collect();
    let gate = history.iter().flat_map(|(_, made)| &made.facts).map(|fact| {
        let until = fact.valid_until.map_or("NULL".into(), |until| until.micros().to_string());
        let (requirement, state) = (quoted(&fact.requirement), quoted(fact.state));
        (fact.entry, format!("{}, {requirement}, {state}, {until}", fact.container))
    });
    let duties = history.iter().flat_map(|(_, made)| &made.duties);
    let duties = duties.map(|(person, duty, entry)| (*entry, format!("{}, {}", blob(*person), quoted(duty))));
    let dispositions = history.iter().flat_map(|(_, made)| &made.dispositions).map(|made| {
        let (decision, by, expires) = (quoted(made.decision), blob(made.by), made.expires_at.micros());
        (made.entry, format!("{}, {decision}, {by}, {expires}", made.container))
    });
    let due: [Vec<Line>; 3] = [gate.collect(), duties.collect(), dispositions.collect()];
    for ((table, mut stored), due) in TABLES.iter().zip(stored).zip(due) {
        // Newer than the check, or resting on no entry of this batch, which is asked for all at once.
        stored.retain(|(entry, _)| named.contains_key(entry));
        compare(found, table, &due, &stored, &named);
    }
    for (_, made) in history {
        for entry in made.dispositions.iter().map(|made| made.entry).collect::<HashSet<_>>() {
            if let Some((_, name)) = named.get(&entry).filter(|(place, _)| unsound.contains(place)) {
                found.found_in(name, Fault::DispositionUnsigned);
            }
        }
    }
    check_releases(found, history, facts, &named);
}

fn compare(
    found: &mut Findings,
    table: &Table,
    due: &[Line],
    stored: &[Line],
    named: &HashMap<EntryId, (usize, &Name)>,
) {
    let mut balance: BTreeMap<&Line, i64> = BTreeMap::new();
    due.iter().for_each(|line| *balance.entry(line).or_default() -= 1);
    stored.iter().for_each(|line| *balance.entry(line).or_default() += 1);
    let mut agree = true;
    for ((entry, row), count) in balance.into_iter().filter(|(_, count)| *count != 0) {
        agree = false;
        let (row, table) = (row.clone(), table.name);
        let fault = if count > 0 {
            Fault::EvidenceInvented { table, row }
        } else {
            Fault::EvidenceMissing { table, row }
        };
        named.get(entry).into_iter().for_each(|(_, name)| found.found_in(name, fault.clone()));
    }
    let moved = due.iter().zip(stored).find(|(due, stored)| due != stored);
    if let (true, "gate_fact", Some(((entry, _), _))) = (agree, table.name, moved) {
        named.get(entry).into_iter().for_each(|(_, name)| found.found_in(name, Fault::EvidenceOrder));
    }
}

/// Asks again, of the evidence that the history makes, what the guard of dispositions asks.
fn check_releases(
    found: &mut Findings,
    history: &[(CommandId, Evidence)],
    facts: &[(Stamp, Event)],
    named: &HashMap<EntryId, (usize, &Name)>,
) {
    let mut standing: BTreeMap<(u16, &str), (&str, Option<Time>)> = BTreeMap::new();
    let mut busy: HashSet<PersonId> = HashSet::new();
    for (_, made) in history {
        standing.extend(
            made.facts.iter().map(|f| ((f.container, f.requirement.as_str()), (f.state, f.valid_until))),
        );
        busy.extend(made.duties.iter().map(|(person, _, _)| *person));
        for release in made.dispositions.iter().filter(|made| made.decision == "release") {
            let Some((place, name)) = named.get(&release.entry) else { continue };
            let at = facts[*place].0.recorded_at;
            let container = release.container.0;
            let of = |no: u16| standing.range((no, "")..).take_while(move |((of, _), _)| *of == no);
            let open = of(0)
                .chain(of(container))
                .filter(|(_, (state, until))| *state != "met" || until.is_some_and(|until| until <= at));
            let mut reasons: Vec<&str> = open.map(|((_, requirement), _)| *requirement).collect();
            if of(0).next().is_none() || of(container).next().is_none() {
                reasons.push("requirements");
            }
            if busy.contains(&release.by) {
                reasons.push("duty");
            }
            if release.expires_at <= at {
                reasons.push("expiry");
            }
            for reason in reasons {
                found.found_in(name, Fault::ReleasedAgainstGate { container, reason: reason.into() });
            }
        }
    }
}

/// Reports rows of evidence that rest on no entry of their batch.
pub fn check_unfounded(check: &mut Check, conn: &mut Conn) -> QueryResult<()> {
    for table in TABLES {
        let sql = Dialect::of(conn);
        let rows: Vec<RawLine> = diesel::sql_query(format!(
            "SELECT {nothing} AS batch, {} AS entry, {nothing} AS line FROM {} AS e \
             LEFT JOIN journal AS j ON j.id = e.entry AND j.stream_kind = 'batch' AND j.stream_id = e.batch \
             WHERE j.id IS NULL",
            sql.uuid("e.entry"),
            table.name,
            nothing = sql.nothing(),
        ))
        .load(conn)?;
        for row in rows {
            let entry = rows::uuid(&row.entry).map(EntryId);
            let what = Fault::EvidenceUnfounded { table: table.name };
            check.findings.0.push((END, Finding { entry, stream: None, version: None, what }));
        }
    }
    Ok(())
}

#[derive(QueryableByName)]
struct RawLine {
    #[diesel(sql_type = Binary)]
    batch: Vec<u8>,
    #[diesel(sql_type = Binary)]
    entry: Vec<u8>,
    #[diesel(sql_type = Binary)]
    line: Vec<u8>,
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn blob(person: PersonId) -> String {
    format!("X'{}'", rows::hex(person.0.as_bytes()).to_uppercase())
}
