//! What happened to batches and when, so that they are found by a period: rows for each opening, decision, shipment and
//! infusion, written from the folded stream like every read model.

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::keyset::further;
use crate::on_engine;
use crate::reading::{After, BatchRow, ClinicScope, as_of};
use crate::schema::{batch_row, happening_row};
use crate::sql_types::Id;
use baiyo_domain::batch::correction::in_force;
use baiyo_domain::batch::{Batch, Event, disposition, distribution, intake, performed};
use baiyo_domain::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// What happens to a batch that people look for by its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// It was opened.
    Opened,
    /// Quality decided on containers of it.
    Decided,
    /// Containers of it were shipped.
    Shipped,
    /// A container of it was infused.
    Infused,
}

impl Happening {
    /// All of them, in the order in which they happen.
    pub const ALL: [Happening; 4] =
        [Happening::Opened, Happening::Decided, Happening::Shipped, Happening::Infused];

    /// Its name in addresses and rows.
    pub fn name(self) -> &'static str {
        match self {
            Happening::Opened => "opened",
            Happening::Decided => "decided",
            Happening::Shipped => "shipped",
            Happening::Infused => "infused",
        }
    }

    fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Intake(intake::Event::Opened(_)) => Some(Happening::Opened),
            Event::Disposition(disposition::Event::Deciding(_)) => Some(Happening::Decided),
            Event::Distribution(distribution::Event::Shipment(_)) => Some(Happening::Shipped),
            Event::Distribution(distribution::Event::Infusion(_)) => Some(Happening::Infused),
            _ => None,
        }
    }
}

/// A stretch of time in which something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// What happened in it.
    pub what: Happening,
    /// Its first instant; from the beginning where there is none.
    pub from: Option<Time>,
    /// The first instant after it; without an end where there is none.
    pub until: Option<Time>,
}

/// A page of the batches of a period.
#[derive(Debug, Default)]
pub struct PeriodPage {
    /// When it happened, and the batch.
    pub rows: Vec<(Time, BatchRow)>,
    /// Until when it stays so while nothing is recorded; for ever where there is none.
    pub until: Option<Time>,
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = happening_row)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite, diesel::pg::Pg))]
pub(crate) struct HappeningRow {
    batch: Id,
    clinic: Id,
    kind: String,
    happened_at: i64,
    again_at: i64,
}

impl HappeningRow {
    pub(crate) fn key(&self) -> String {
        format!("{} {} {} {}", self.batch.0, self.clinic.0, self.kind, self.happened_at)
    }
}

/// Writes a batch's rows anew.
pub(crate) fn refresh(conn: &mut Conn, batch: &Batch) -> QueryResult<()> {
    let mut happened: BTreeMap<Happening, BTreeSet<i64>> = BTreeMap::new();
    for logged in &batch.log {
        // As it stands now: a correction may say that it was another container, or another day.
        let Some(fact) = in_force(batch, logged.stamp.entry) else { continue };
        if let Some(what) = Happening::of(fact) {
            happened.entry(what).or_default().insert(when(fact, logged.stamp.occurred_at).micros());
        }
    }
    diesel::delete(happening_row::table.filter(happening_row::batch.eq(Id(batch.id.0)))).execute(conn)?;
    for clinic in baiyo_domain::decision::clinics_of(batch) {
        for (what, times) in &happened {
            let again = times.iter().skip(1).copied().chain([i64::MAX]);
            for (happened_at, again_at) in times.iter().copied().zip(again) {
                let (batch, clinic, kind) = (Id(batch.id.0), Id(clinic.0), what.name().to_string());
                let row = HappeningRow { batch, clinic, kind, happened_at, again_at };
                diesel::insert_into(happening_row::table).values(&row).execute(conn)?;
            }
        }
    }
    Ok(())
}

/// When it happened: an infusion when it began, whenever it was entered.
fn when(fact: &Event, occurred_at: Time) -> Time {
    match fact {
        Event::Distribution(distribution::Event::Infusion(infusion)) => infusion.started_at,
        fact => performed::of(fact).and_then(|performed| performed.at).unwrap_or(occurred_at),
    }
}

/// Whether the rows are absent that each batch has: the records come from before there were any.
pub(crate) fn are_absent(conn: &mut Conn) -> QueryResult<bool> {
    let any: Option<Id> = happening_row::table.select(happening_row::batch).first(conn).optional()?;
    let batch: Option<Id> = batch_row::table.select(batch_row::id).first(conn).optional()?;
    Ok(any.is_none() && batch.is_some())
}

/// One page of the batches to which something happened in a period, as they stand at `now`: each once, by the last time it
/// happened there, newest first.
///
/// # Errors
/// The database, or a history that cannot have happened.
pub fn batches(
    conn: &mut Conn,
    scope: ClinicScope,
    period: Period,
    after: Option<After>,
    limit: i64,
    now: Time,
) -> Result<PeriodPage, StoreError> {
    let from = period.from.map_or(i64::MIN, Time::micros);
    let end = period.until.map_or(i64::MAX, Time::micros);
    let newest = After { at: end, id: uuid::Uuid::nil() };
    let after = after.filter(|after| after.at < end).unwrap_or(newest);
    let rows: Vec<(i64, BatchRow)> = on_engine!(conn => {
        let happened = happening_row::table
            .inner_join(batch_row::table.on(batch_row::id.eq(happening_row::batch)))
            .filter(happening_row::kind.eq(period.what.name()))
            .filter(happening_row::happened_at.ge(from))
            // Where it happened again within the period, it counts then.
            .filter(happening_row::again_at.ge(end))
            .filter(further(happening_row::happened_at, happening_row::batch, Some(after)))
            .order((happening_row::happened_at.desc(), happening_row::batch.desc()))
            .select((happening_row::happened_at, BatchRow::as_select()))
            .limit(limit);
        match scope {
            // Of the rows for each clinic the one for whom it was opened: every batch has that.
            ClinicScope::Centre => {
                let own = happened.filter(batch_row::clinic.eq(happening_row::clinic));
                diesel::RunQueryDsl::load(own, conn)
            }
            ClinicScope::Clinic(clinic) => {
                let own = happened.filter(happening_row::clinic.eq(Id(clinic.0)));
                diesel::RunQueryDsl::load(own, conn)
            }
        }
    })?;
    let (times, rows): (Vec<i64>, Vec<BatchRow>) = rows.into_iter().unzip();
    let page = as_of(conn, rows, now)?;
    let moment = |at| Time::from_micros(at).unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.into());
    let times = times.into_iter().map(moment);
    Ok(PeriodPage { rows: times.zip(page.rows).collect(), until: page.until })
}
