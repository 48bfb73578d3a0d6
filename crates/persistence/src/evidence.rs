//! Evidence: what the gate said after each command, who had which duty, what was decided. Rows are a pure
//! function of a batch's history, so that `baiyo rebuild` can compare them with what was written.

use crate::engine::prelude::*;
use crate::schema::{disposition, duty, gate_fact};
use crate::sql_types::Id;
use crate::writer::JobError;
use baiyo_domain::batch::disposition::{Decision, Event as DispositionEvent};
use baiyo_domain::batch::gate::{CheckState, gate};
use baiyo_domain::batch::{Batch, Event as BatchEvent, Stamp};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{BatchId, CommandId, ContainerNo, EntryId, PersonId};
use baiyo_domain::journal::Entry;
use baiyo_domain::refusal::Impossible;
use baiyo_domain::time::Time;
use std::collections::BTreeMap;

/// The evidence one command left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Requirements that changed: container (0 for the whole batch), key, state, until when, the entry.
    pub facts: Vec<Fact>,
    /// Duties that are new.
    pub duties: Vec<(PersonId, &'static str, EntryId)>,
    /// Dispositions.
    pub dispositions: Vec<Disposed>,
}

/// One requirement's new standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The container, or 0 for the whole batch.
    pub container: u16,
    /// The requirement's key.
    pub requirement: String,
    /// Where it stands.
    pub state: &'static str,
    /// Until when it stays met.
    pub valid_until: Option<Time>,
    /// The entry that made it so.
    pub entry: EntryId,
}

/// One container's disposition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposed {
    /// The deciding entry.
    pub entry: EntryId,
    /// The container.
    pub container: ContainerNo,
    /// `release` or `reject`.
    pub decision: &'static str,
    /// Who decided.
    pub by: PersonId,
    /// The container's expiry then.
    pub expires_at: Time,
}

/// An error while evidence is made.
pub enum EvidenceError {
    /// The history cannot have happened.
    Impossible(Impossible),
    /// The database.
    Database(diesel::result::Error),
}

impl EvidenceError {
    pub(crate) fn own<E>(self, map: impl FnOnce(Impossible) -> E) -> JobError<E> {
        match self {
            Self::Impossible(impossible) => JobError::Own(map(impossible)),
            Self::Database(error) => JobError::Database(error),
        }
    }
}

impl From<Impossible> for EvidenceError {
    fn from(impossible: Impossible) -> Self {
        Self::Impossible(impossible)
    }
}

impl From<diesel::result::Error> for EvidenceError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
}

/// The evidence of each command in a batch's history, oldest first.
///
/// # Errors
/// A history that cannot have happened.
pub fn of_history(id: BatchId, entries: &[Entry]) -> Result<Vec<(CommandId, Evidence)>, Impossible> {
    let history = facts(entries)?;
    let (mut all, mut before, mut was) = (Vec::new(), 0, Standing::new());
    while before < entries.len() {
        let command = entries[before].command;
        let after =
            entries[before..].iter().position(|e| e.command != command).map_or(entries.len(), |n| before + n);
        let (evidence, is) = of_command(id, &history[..after], before, &was)?;
        all.push((command, evidence));
        (before, was) = (after, is);
    }
    Ok(all)
}

/// The evidence of a batch's newest command, whose facts begin at `before` (where things stood as `was`), and where
/// they stand after it.
fn of_command(
    id: BatchId,
    history: &[(Stamp, BatchEvent)],
    before: usize,
    was: &Standing,
) -> Result<(Evidence, Standing), Impossible> {
    let mut evidence = Evidence::default();
    let (is, batch) = standing(id, history)?;
    let Some((newest, _)) = history.last() else { return Ok((evidence, is)) };
    for ((container, requirement), (state, valid_until)) in &is {
        if was.get(&(*container, requirement.clone())) != Some(&(*state, *valid_until)) {
            evidence.facts.push(Fact {
                container: *container,
                requirement: requirement.clone(),
                state: state.name(),
                valid_until: *valid_until,
                entry: newest.entry,
            });
        }
    }
    let mut known: Vec<_> =
        history[..before].iter().flat_map(|(s, e)| baiyo_domain::batch::performed::duties(s, e)).collect();
    for (stamp, event) in &history[before..] {
        for (person, duty) in baiyo_domain::batch::performed::duties(stamp, event) {
            if !known.contains(&(person, duty)) {
                known.push((person, duty));
                evidence.duties.push((person, duty.name(), stamp.entry));
            }
        }
        if let BatchEvent::Disposition(DispositionEvent::Deciding(deciding)) = event {
            let decision = match deciding.decision {
                Decision::Release => "release",
                Decision::Reject { .. } => "reject",
            };
            let containers =
                batch.iter().flat_map(|batch| deciding.containers.iter().map(move |no| (batch, no)));
            evidence.dispositions.extend(containers.filter_map(|(batch, no)| {
                let expires_at = batch.containers.get(no)?.expires_at;
                Some(Disposed {
                    entry: stamp.entry,
                    container: *no,
                    decision,
                    by: stamp.performer,
                    expires_at,
                })
            }));
        }
    }
    Ok((evidence, is))
}

type Standing = BTreeMap<(u16, String), (CheckState, Option<Time>)>;

/// What the gate says of a history at the instant of its newest entry.
fn standing(id: BatchId, history: &[(Stamp, BatchEvent)]) -> Result<(Standing, Option<Batch>), Impossible> {
    let Some((newest, _)) = history.last() else { return Ok((Standing::new(), None)) };
    let batch = Batch::fold(id, history)?;
    let answer = gate(&batch, newest.recorded_at);
    let whole = answer.batch.iter().map(|check| (0, check));
    let own = answer.containers.iter().flat_map(|(no, checks)| checks.iter().map(|check| (no.0, check)));
    let rows = whole.chain(own);
    let standing =
        rows.map(|(no, check)| ((no, check.requirement.key()), (check.state(), check.valid_until)));
    Ok((standing.collect(), Some(batch)))
}

fn facts(entries: &[Entry]) -> Result<Vec<(Stamp, BatchEvent)>, Impossible> {
    let fact = |entry: &Entry| match Event::read(entry)?.0 {
        Event::Batch(event) => Ok((Stamp::of(entry), event)),
        _ => Err(Impossible::new("a batch's stream holds a batch's facts")),
    };
    entries.iter().map(fact).collect()
}

/// Writes the evidence of the newest command of a batch.
pub(crate) fn record(
    conn: &mut Conn,
    id: BatchId,
    entries: &[Entry],
    command: CommandId,
) -> Result<(), EvidenceError> {
    let before = entries.iter().position(|entry| entry.command == command).unwrap_or(entries.len());
    if before == entries.len() {
        return Ok(());
    }
    let history = facts(entries)?;
    let (was, _) = standing(id, &history[..before])?;
    let (evidence, _) = of_command(id, &history, before, &was)?;
    for fact in &evidence.facts {
        diesel::insert_into(gate_fact::table)
            .values((
                gate_fact::batch.eq(Id(id.0)),
                gate_fact::container.eq(i32::from(fact.container)),
                gate_fact::requirement.eq(&fact.requirement),
                gate_fact::state.eq(fact.state),
                gate_fact::valid_until.eq(fact.valid_until.map(Time::micros)),
                gate_fact::entry.eq(Id(fact.entry.0)),
            ))
            .execute(conn)?;
    }
    for (person, name, entry) in &evidence.duties {
        diesel::insert_into(duty::table)
            .values((
                duty::batch.eq(Id(id.0)),
                duty::person.eq(Id(person.0)),
                duty::name.eq(name),
                duty::entry.eq(Id(entry.0)),
            ))
            .execute(conn)?;
    }
    for row in &evidence.dispositions {
        diesel::insert_into(disposition::table)
            .values((
                disposition::entry.eq(Id(row.entry.0)),
                disposition::batch.eq(Id(id.0)),
                disposition::container.eq(i32::from(row.container.0)),
                disposition::decision.eq(row.decision),
                disposition::decided_by.eq(Id(row.by.0)),
                disposition::expires_at.eq(row.expires_at.micros()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The evidence of a batch as it stands in the database, in the order of [`of_history`].
///
/// # Errors
/// The database.
pub fn stored(conn: &mut Conn, id: BatchId) -> QueryResult<Stored> {
    let facts = gate_fact::table
        .filter(gate_fact::batch.eq(Id(id.0)))
        .order(gate_fact::serial)
        .select((
            gate_fact::container,
            gate_fact::requirement,
            gate_fact::state,
            gate_fact::valid_until,
            gate_fact::entry,
        ))
        .load::<(i32, String, String, Option<i64>, Id)>(conn)?;
    let duties = duty::table
        .filter(duty::batch.eq(Id(id.0)))
        .select((duty::person, duty::name, duty::entry))
        .load::<(Id, String, Id)>(conn)?;
    let dispositions = disposition::table
        .filter(disposition::batch.eq(Id(id.0)))
        .select((
            disposition::entry,
            disposition::container,
            disposition::decision,
            disposition::decided_by,
            disposition::expires_at,
        ))
        .load::<(Id, i32, String, Id, i64)>(conn)?;
    Ok(Stored { facts, duties, dispositions })
}

/// Evidence rows as stored.
pub struct Stored {
    /// `gate_fact`, oldest first.
    pub facts: Vec<(i32, String, String, Option<i64>, Id)>,
    /// `duty`.
    pub duties: Vec<(Id, String, Id)>,
    /// `disposition`.
    pub dispositions: Vec<(Id, i32, String, Id, i64)>,
}

impl Stored {
    /// Whether these rows are exactly what the history makes.
    pub fn agrees(mut self, history: &[(CommandId, Evidence)]) -> bool {
        let facts = history.iter().flat_map(|(_, evidence)| &evidence.facts);
        let facts: Vec<_> = facts
            .map(|f| {
                let until = f.valid_until.map(Time::micros);
                (i32::from(f.container), f.requirement.clone(), f.state.to_string(), until, Id(f.entry.0))
            })
            .collect();
        let duties = history.iter().flat_map(|(_, evidence)| &evidence.duties);
        let mut duties: Vec<_> = duties.map(|(p, name, e)| (Id(p.0), name.to_string(), Id(e.0))).collect();
        let dispositions = history.iter().flat_map(|(_, evidence)| &evidence.dispositions);
        let mut dispositions: Vec<_> = dispositions
            .map(|d| {
                (
                    Id(d.entry.0),
                    i32::from(d.container.0),
                    d.decision.to_string(),
                    Id(d.by.0),
                    d.expires_at.micros(),
                )
            })
            .collect();
        duties.sort();
        dispositions.sort();
        self.duties.sort();
        self.dispositions.sort();
        self.facts == facts && self.duties == duties && self.dispositions == dispositions
    }
}
