//! Today: what is due at the bench, overdue first, then within the hour, by incubator.

use super::{at_work, distance, kit, scan_field, vessel, work};
use crate::pages::Answer;
use crate::pages::frame::Frame;
use crate::pages::reader::{Reader, part_label};
use crate::pages::status_chip::Look;
use crate::server::State;
use crate::session;
use crate::words::{self, Bench};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::due::{Due, Work, due};
use baiyo_domain::ids::LabelKind;
use baiyo_domain::time::Time;
use chrono_tz::Tz;
use maud::{Markup, html};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many days ahead are shown.
const AHEAD: i64 = 3;

/// When something is due, as seen from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It should have been done.
    Overdue,
    /// Within the hour.
    Soon,
    /// Before the day ends.
    Today,
    /// On the days that follow.
    Later,
}

impl Urgency {
    /// How urgent a moment is.
    pub fn of(by: Time, now: Time, zone: Tz) -> Self {
        let day = |at: Time| at.utc().with_timezone(&zone).date_naive();
        match by.since(now).num_minutes() {
            ..0 => Urgency::Overdue,
            0..=60 => Urgency::Soon,
            _ if day(by) == day(now) => Urgency::Today,
            _ => Urgency::Later,
        }
    }

    /// How it looks.
    pub fn look(self) -> Look {
        match self {
            Urgency::Overdue => Look::Warning,
            Urgency::Soon => Look::Waiting,
            Urgency::Today => Look::Active,
            Urgency::Later => Look::Planned,
        }
    }

    /// What it is called.
    pub fn word(self) -> Bench {
        match self {
            Urgency::Overdue => Bench::Overdue,
            Urgency::Soon => Bench::NextHour,
            Urgency::Today => Bench::LaterToday,
            Urgency::Later => Bench::ComingDays,
        }
    }
}

/// One thing to do with some vessels of a batch in one place.
struct Task {
    batch: Arc<Batch>,
    due: Due,
    vessels: Vec<u16>,
    place: Option<String>,
}

/// Shows it.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.batch").await?;
    let (now, _) = state.store.now();
    let batches = at_work(&state, &caller, now).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let tasks = tasks(&batches, now, state.zone);
    let content = html! {
        div.title { h1 { (reader.say(Bench::Today)) } }
        (scan_field(&reader, ""))
        (kit::summary(&reader, &kit::Kit::of(&request)))
        (sections(&reader, &tasks, now))
    };
    Ok(frame.ok(reader.say(Bench::Today), content))
}

/// What is due, the vessels of a batch that stand together taken together.
fn tasks(batches: &[Arc<Batch>], now: Time, zone: Tz) -> BTreeMap<Urgency, Vec<Task>> {
    let horizon = now.plus_hours(24 * AHEAD);
    let mut sections: BTreeMap<Urgency, Vec<Task>> = BTreeMap::new();
    for batch in batches {
        for found in due(batch) {
            let early = found.from.is_some_and(|from| from > horizon);
            if found.by > horizon || early {
                continue;
            }
            let vessel = found.work.vessel().and_then(|no| batch.vessels.get(&no));
            let place = vessel.map(|vessel| vessel.seeded.incubator.to_string());
            let section = sections.entry(Urgency::of(found.by, now, zone)).or_default();
            let form = found.work.form();
            let alike = section.iter_mut().find(|task| {
                vessel.is_some()
                    && task.batch.id == batch.id
                    && task.due.work.form() == form
                    && task.place == place
            });
            let no = vessel.map(|vessel| vessel.no.0);
            match alike {
                Some(task) => {
                    task.vessels.extend(no);
                    task.due.by = task.due.by.min(found.by);
                }
                None => section.push(Task {
                    batch: Arc::clone(batch),
                    due: found,
                    vessels: no.into_iter().collect(),
                    place,
                }),
            }
        }
    }
    for section in sections.values_mut() {
        section.sort_by(|a, b| (&a.place, a.due.by).cmp(&(&b.place, b.due.by)));
    }
    sections
}

fn sections(reader: &Reader, tasks: &BTreeMap<Urgency, Vec<Task>>, now: Time) -> Markup {
    html! {
        @if tasks.is_empty() { p.empty { (reader.say(Bench::NothingDue)) } }
        @for (urgency, tasks) in tasks {
            section.due {
                h2 {
                    span.chip.(urgency.look().class()) { (urgency.look().icon()) (reader.say(urgency.word())) " " (tasks.len()) }
                }
                @for (place, tasks) in by_place(tasks) {
                    h3 {
                        @match place {
                            Some(place) => { (place) }
                            None => { (reader.say(Bench::NoIncubator)) }
                        }
                    }
                    ul.tasks { @for task in tasks { li { (row(reader, task, now)) } } }
                }
            }
        }
    }
}

fn by_place(tasks: &[Task]) -> BTreeMap<Option<&str>, Vec<&Task>> {
    let mut places: BTreeMap<Option<&str>, Vec<&Task>> = BTreeMap::new();
    for task in tasks {
        places.entry(task.place.as_deref()).or_default().push(task);
    }
    places
}

fn row(reader: &Reader, task: &Task, now: Time) -> Markup {
    let batch = &task.batch;
    let first = task.vessels.first().and_then(|no| batch.vessels.get(&baiyo_domain::ids::VesselNo(*no)));
    let address = match (first, &task.due.work) {
        (Some(vessel), Work::LabelCheck(_)) => {
            let labels: Vec<String> =
                task.vessels.iter().map(|no| part_label(batch, LabelKind::Vessel, *no)).collect();
            let _ = vessel;
            super::form(batch.id, "label_check", &[("expected", &labels.join("\n"))], "/bench")
        }
        (Some(vessel), _) => vessel::address_of(batch, vessel.no),
        (None, work) => super::form(batch.id, work.form(), &[], "/bench"),
    };
    html! {
        a href=(address) {
            span.what { (reader.say(work(&task.due.work))) }
            span.which {
                @match first {
                    Some(vessel) => {
                        (part_label(batch, LabelKind::Vessel, vessel.no.0)) " · P" (vessel.passage)
                        @if task.vessels.len() > 1 { " · " (task.vessels.len()) " " (reader.say(Bench::Vessels)) }
                        " · " (vessel.seeded.position)
                    }
                    None => { (batch.opened.label) @if let Work::Sampling(code) = &task.due.work {
                        " · " (test_title(reader, batch, code))
                    } }
                }
            }
            span.patient { (batch.opened.pseudonym) }
            span.when {
                strong { (distance(reader, task.due.by, now)) } " "
                (reader.time(task.due.by))
            }
        }
    }
}

fn test_title(reader: &Reader, batch: &Batch, code: &baiyo_domain::standard::Code) -> String {
    let test = batch.standard().test(code);
    test.map_or_else(|| code.to_string(), |test| words::title(reader.language, &test.title).to_string())
}
