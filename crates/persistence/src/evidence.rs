//! Evidence: what the gate said after each command, who had which duty, what was decided. Rows are a pure
//! function of a batch's history, so that `baiyo rebuild` can compare them with what was written.

use crate::engine::prelude::*;
use crate::schema::{disposition, duty, gate_fact};
use crate::sql_types::Id;
use baiyo_domain::batch::disposition::{Decision, Event as DispositionEvent};
use baiyo_domain::batch::gate::{CheckState, gate};
use baiyo_domain::batch::performed::{Duty, duties};
use baiyo_domain::batch::{Batch, Event as BatchEvent, Logged, Stamp};
use baiyo_domain::ids::{BatchId, CommandId, ContainerNo, EntryId, PersonId};
use baiyo_domain::refusal::Impossible;
use baiyo_domain::time::Time;
use std::collections::{BTreeMap, BTreeSet};

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

/// The evidence of each command in a batch's history, oldest first, from its facts and the command that recorded each.
///
/// # Errors
/// A history that cannot have happened.
pub fn of_history(
    id: BatchId,
    commands: &[CommandId],
    history: &[(Stamp, BatchEvent)],
) -> Result<Vec<(CommandId, Evidence)>, Impossible> {
    let (mut all, mut before, mut was) = (Vec::new(), 0, Standing::default());
    let mut known: Option<Batch> = None;
    while let Some(command) = commands.get(before).copied() {
        let same = commands[before..].iter().take_while(|next| **next == command).count();
        let after = (before + same).min(history.len());
        let batch = match known {
            Some(batch) => batch.followed_by(&history[before..after])?,
            None => Batch::fold(id, &history[..after])?,
        };
        let (evidence, is) = of_command(&batch, before, &was);
        all.push((command, evidence));
        (before, was, known) = (after, is, Some(batch));
    }
    Ok(all)
}

/// The evidence of a batch's newest command, whose facts begin at `before` (where things stood as `was`), and where
/// they stand after it.
fn of_command(batch: &Batch, before: usize, was: &Standing) -> (Evidence, Standing) {
    let mut evidence = Evidence::default();
    let is = standing(batch);
    let Some(Logged { stamp: newest, .. }) = batch.log.last() else { return (evidence, is) };
    for ((container, requirement), (state, valid_until)) in &is.checks {
        if was.checks.get(&(*container, requirement.clone())) != Some(&(*state, *valid_until)) {
            evidence.facts.push(Fact {
                container: *container,
                requirement: requirement.clone(),
                state: state.name(),
                valid_until: *valid_until,
                entry: newest.entry,
            });
        }
    }
    let mut known = was.duties.clone();
    for Logged { stamp, event, .. } in &batch.log[before..] {
        for (person, duty) in duties(stamp, event) {
            if known.insert((person, duty)) {
                evidence.duties.push((person, duty.name(), stamp.entry));
            }
        }
        if let BatchEvent::Disposition(DispositionEvent::Deciding(deciding)) = &**event {
            let decision = match deciding.decision {
                Decision::Release => "release",
                Decision::Reject { .. } => "reject",
            };
            evidence.dispositions.extend(deciding.containers.iter().filter_map(|no| {
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
    (evidence, is)
}

/// Where a batch stands: each requirement, and who has had which duty.
#[derive(Default)]
struct Standing {
    checks: BTreeMap<(u16, String), (CheckState, Option<Time>)>,
    duties: BTreeSet<(PersonId, Duty)>,
}

/// Where a batch stands at the instant of its newest entry.
fn standing(batch: &Batch) -> Standing {
    let Some(newest) = batch.log.last() else { return Standing::default() };
    let answer = gate(batch, newest.stamp.recorded_at);
    let whole = answer.batch.iter().map(|check| (0, check));
    let own = answer.containers.iter().flat_map(|(no, checks)| checks.iter().map(|check| (no.0, check)));
    let rows = whole.chain(own);
    let checks = rows.map(|(no, check)| ((no, check.requirement.key()), (check.state(), check.valid_until)));
    Standing { checks: checks.collect(), duties: batch.duties.clone() }
}

/// Writes the evidence of the newest command of a batch, which found it as it was.
pub(crate) fn record(conn: &mut Conn, was: Option<&Batch>, is: &Batch) -> QueryResult<()> {
    let id = is.id;
    let before = was.map_or(0, |was| was.log.len());
    let (evidence, _) = of_command(is, before, &was.map(standing).unwrap_or_default());
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
