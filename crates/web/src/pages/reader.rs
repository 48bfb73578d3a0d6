//! Who reads a page: the language, the zone of its times, and what the things in its sentences are called.

use crate::words::{self, Context, Language, Thing, Word};
use baiyo_domain::batch::Batch;
use baiyo_domain::ids::{BatchId, LabelKind, OrderId, PersonId, QualityEventId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::quality_event::Opening;
use baiyo_domain::time::Time;
use baiyo_persistence::reading::ClinicScope;
use baiyo_persistence::{Conn, StoreError, journal, reading};
use chrono::NaiveDate;
use chrono_tz::Tz;
use maud::{Markup, html};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who reads.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The language.
    pub language: Language,
    /// The zone of the times.
    pub zone: Tz,
    /// What sentences need beside.
    pub context: Context<'a>,
}

impl<'a> Reader<'a> {
    /// A reader of sentences without names.
    pub fn new(language: Language, zone: Tz) -> Self {
        Self { language, zone, context: Context::bare(zone) }
    }

    /// The same reader, of sentences about a batch.
    pub fn of(self, context: Context<'a>) -> Self {
        Self { context, ..self }
    }

    /// Words of the pages.
    pub fn say(&self, word: impl Word) -> &'static str {
        words::text(self.language, word)
    }

    /// The day of a moment.
    pub fn day(&self, at: Time) -> NaiveDate {
        at.utc().with_timezone(&self.zone).date_naive()
    }

    /// A moment.
    pub fn time(&self, at: Time) -> Markup {
        html! { time datetime=(at) { (words::time(self.language, at, self.zone)) } }
    }
}

/// Stands where there is nothing.
pub fn dash() -> Markup {
    html! { span.muted { "–" } }
}

/// Something to show, or a dash.
pub fn or_dash(shown: Option<impl ToString>) -> Markup {
    shown.map_or_else(dash, |shown| html! { (shown.to_string()) })
}

/// A moment as the read models keep it.
pub fn moment(micros: i64) -> Time {
    Time::from_micros(micros).unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.into())
}

/// The label of a part of a batch.
pub fn part_label(batch: &Batch, kind: LabelKind, no: u16) -> String {
    batch.opened.label.part(kind, no).map_or_else(|| no.to_string(), |label| label.to_string())
}

/// What people call things.
#[derive(Default)]
pub struct Names(BTreeMap<Uuid, String>);

impl Names {
    /// The names of people and clinics.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn of_centre(conn: &mut Conn) -> Result<Self, StoreError> {
        let mut names = Self::default();
        names.0.extend(reading::names(conn)?.into_iter().map(|(person, name)| (person.0, name)));
        if let Some(site) = journal::site_stream(conn)? {
            let site = reading::stream(conn, site)?.and_then(|world| world.site);
            let clinics = site.into_iter().flat_map(|site| site.clinics.clone());
            names.0.extend(clinics.map(|(id, clinic)| (id.0, clinic.name.to_string())));
        }
        Ok(names)
    }

    /// What a batch's sentences name. Of other batches and orders only those in the scope have names; quality
    /// events where the reader may see them.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn of_batch(
        conn: &mut Conn,
        batch: &Batch,
        scope: ClinicScope,
        quality_events: Option<Language>,
    ) -> Result<Self, StoreError> {
        let mut names = Self::of_centre(conn)?;
        let entries = batch.log.iter().map(|logged| logged.stamp);
        names.0.extend(entries.map(|stamp| (stamp.entry.0, stamp.version.to_string())));
        let allocated = batch.containers.values().filter_map(|container| container.allocated);
        let mut orders: Vec<OrderId> = allocated.map(|(order, _, _)| order).collect();
        orders.push(batch.opened.order);
        for order in orders {
            if let Some((found, _)) = reading::order(conn, scope, order)? {
                names.0.insert(order.0, found.placed.label.to_string());
            }
        }
        names.0.insert(batch.id.0, batch.opened.label.to_string());
        for other in batch.parents.keys().chain(&batch.children) {
            if let Some(found) = reading::batch(conn, scope, *other)? {
                names.0.insert(other.0, found.opened.label.to_string());
            }
        }
        if let Some(language) = quality_events {
            names.learn_quality_events(conn, batch, language)?;
        }
        Ok(names)
    }

    /// Learns a batch's label, where this reader may see it.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn learn_batch(
        &mut self,
        conn: &mut Conn,
        id: BatchId,
        scope: ClinicScope,
    ) -> Result<(), StoreError> {
        let found = reading::batch(conn, scope, id)?;
        self.0.extend(found.map(|batch| (id.0, batch.opened.label.to_string())));
        Ok(())
    }

    /// Learns what the quality events that touch a batch are called.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn learn_quality_events(
        &mut self,
        conn: &mut Conn,
        batch: &Batch,
        language: Language,
    ) -> Result<(), StoreError> {
        for event in batch.quality_events.keys() {
            self.0.extend(event_name(conn, *event, language)?.map(|name| (event.0, name)));
        }
        Ok(())
    }

    /// What something is called; what has no name here is told by the end of its identifier.
    pub fn call(&self, thing: Thing) -> Option<String> {
        let id = match thing {
            Thing::Person(id) => id.0,
            Thing::Clinic(id) => id.0,
            Thing::Order(id) => id.0,
            Thing::Batch(id) => id.0,
            Thing::QualityEvent(id) => id.0,
            Thing::Entry(id) => id.0,
        };
        let known = self.0.get(&id).filter(|name| !name.is_empty());
        known.cloned().or_else(|| id.simple().to_string().get(24..).map(|end| format!("…{end}")))
    }

    /// A person's name.
    pub fn person(&self, person: PersonId) -> String {
        self.call(Thing::Person(person)).unwrap_or_default()
    }

    /// A batch's label, and whether this reader may open it.
    pub fn batch(&self, batch: BatchId) -> (String, bool) {
        (self.call(Thing::Batch(batch)).unwrap_or_default(), self.0.contains_key(&batch.0))
    }
}

fn event_name(
    conn: &mut Conn,
    event: QualityEventId,
    language: Language,
) -> Result<Option<String>, StoreError> {
    let world = reading::stream(conn, StreamId { kind: StreamKind::QualityEvent, id: event.0 })?;
    let found = world.and_then(|mut world| world.quality_events.remove(&event));
    Ok(found.map(|event| match &event.opening {
        Opening::Report(report) => report.title.to_string(),
        Opening::Departure(departure) => words::departure(language, departure.kind).to_string(),
    }))
}
