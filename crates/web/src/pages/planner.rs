//! The planner: which batches are in culture or expected in these four weeks, what fills the incubators, and what is
//! due on each of the next days.

use super::frame::Frame;
use super::incubators::{self, Registered};
use super::pictures::incubator::{Placed, Waits, incubator_map};
use super::pictures::plan::{self, Plan, Row};
use super::pictures::scale::{day_of, monday};
use super::pictures::spans;
use super::reader::{Reader, part_label};
use super::status_chip::{Look, chip};
use super::{Answer, may, recording};
use crate::api::reading::read;
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Picture as Said, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::culture::{Vessel, VesselState};
use baiyo_domain::batch::due::{medium_due, planned_harvest};
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::batch::testing::TestSample;
use baiyo_domain::forecast::{self, Experience};
use baiyo_domain::ids::{BatchId, LabelKind};
use baiyo_domain::standard::{Code, Stage};
use baiyo_domain::time::Time;
use baiyo_persistence::reading::ClinicScope;
use baiyo_persistence::{Conn, StoreError, experience, reading};
use chrono::{Days, NaiveDate, TimeDelta};
use maud::{Markup, html};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Days of the list.
const DAYS: u64 = 7;
/// What is due on a day, in the order of the list.
const TASKS: [Said; 6] = [
    Said::MediumDue,
    Said::SamplingDue,
    Said::HarvestDue,
    Said::HarvestExpected,
    Said::FillDue,
    Said::ShipmentDue,
];
/// Where a batch stands that has a bar.
const AHEAD: [BatchStatus; 6] = [
    BatchStatus::Opened,
    BatchStatus::Instructed,
    BatchStatus::TissueReceived,
    BatchStatus::InCulture,
    BatchStatus::OnHold,
    BatchStatus::Harvested,
];
/// Where a batch stands that may still be sent to its clinic.
const BEFORE_SHIPPING: [BatchStatus; 5] = [
    BatchStatus::UnderTest,
    BatchStatus::AwaitingConfirmation,
    BatchStatus::ReadyForDecision,
    BatchStatus::PartlyReleased,
    BatchStatus::Released,
];

/// Where a batch stands of which nothing is planned any more; a vessel may still be left of it.
const OVER: [BatchStatus; 5] = [
    BatchStatus::Shipped,
    BatchStatus::Received,
    BatchStatus::Administered,
    BatchStatus::Rejected,
    BatchStatus::Discontinued,
];

/// What the planner is made of.
struct Found {
    ahead: Vec<Arc<Batch>>,
    before_shipping: Vec<Arc<Batch>>,
    /// Batches that have no bar any more and vessels in culture all the same.
    others: Vec<Arc<Batch>>,
    experiences: BTreeMap<Code, Experience>,
    incubators: Registered,
}

/// Shows the planner. The plan is the centre's own: a clinic sees when its cells are ready elsewhere.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, "read.planner").await?;
    let (now, _) = state.store.now();
    let found = read(&state, &caller, move |conn| find(conn, now)).await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    Ok(frame.ok(frame.say(Said::Planner), found.content(&reader, &caller, now)))
}

fn find(conn: &mut Conn, now: Time) -> Result<Found, StoreError> {
    let mut ahead = reading::batches_in(conn, ClinicScope::Centre, &AHEAD, now)?;
    let under_way = |batch: &Arc<Batch>| batch.containers.is_empty() && batch.end.is_none();
    let mut others: Vec<Arc<Batch>> = ahead.extract_if(.., |batch| !under_way(batch)).collect();
    let before_shipping = reading::batches_in(conn, ClinicScope::Centre, &BEFORE_SHIPPING, now)?;
    others.extend(before_shipping.iter().cloned());
    others.extend(reading::batches_in(conn, ClinicScope::Centre, &OVER, now)?);
    others.retain(|batch| growing(batch).next().is_some());
    let mut experiences = BTreeMap::new();
    for batch in &ahead {
        if !experiences.contains_key(&batch.standard().code) {
            experiences.insert(batch.standard().code.clone(), experience::of(conn, batch.standard())?);
        }
    }
    Ok(Found { ahead, before_shipping, others, experiences, incubators: incubators::registered(conn)? })
}

impl Found {
    fn rows(&self, now: Time) -> Vec<Row> {
        let row = |batch: &Arc<Batch>| {
            let experience = self.experiences.get(&batch.standard().code)?;
            Some(Row {
                batch: Arc::clone(batch),
                spans: spans::spans(batch),
                forecast: forecast::forecast(batch, experience, 1, now),
                planned: planned_harvest(batch),
            })
        };
        let mut rows: Vec<Row> = self.ahead.iter().filter_map(row).collect();
        rows.sort_by_key(|row| (row.harvest().is_none(), row.harvest(), row.batch.id));
        rows
    }

    fn content(&self, reader: &Reader, caller: &Caller, now: Time) -> Markup {
        let rows = self.rows(now);
        let from = monday(day_of(now, reader.zone));
        let plan = Plan { rows: &rows, others: &self.others, incubators: &self.incubators, from, now };
        html! {
            div.title {
                h1 { (reader.say(Said::Planner)) }
                @if may(caller, "batch.intake.opening") {
                    a.button href={ (recording::RECORD) "/batches" } { (words::action(reader.language, "batch.intake.opening")) }
                }
            }
            (plan.bars(reader))
            section #week { h2 { (reader.say(Said::WeekPlan)) } (week(reader, &self.due(reader, &rows, now), now)) }
            section #incubators-use {
                div.title {
                    h2 { (reader.say(Said::VesselsInIncubators)) }
                    (incubators::registration(reader, caller))
                }
                (plan.loads(reader))
                details {
                    summary { (reader.say(Said::IncubatorMap)) }
                    (incubator_map(reader, &self.placed(reader, now), &self.incubators))
                }
            }
        }
    }

    /// Every vessel in culture, with what it waits for.
    fn placed(&self, reader: &Reader, now: Time) -> Vec<Placed> {
        let of = |batch: &Batch, vessel: &Vessel| {
            let by = medium_due(batch, vessel);
            let waits = match () {
                () if batch.holds.values().any(|hold| hold.lifted.is_none()) => Waits::Held,
                () if by < now => Waits::Overdue,
                () if day_of(by, reader.zone) == day_of(now, reader.zone) => Waits::Due,
                () => Waits::Growing,
            };
            let whole = part_label(batch, LabelKind::Vessel, vessel.no.0);
            // Serial and number: what differs between a centre's vessels.
            let own: Vec<&str> = whole.rsplitn(4, '-').skip(1).take(2).collect();
            Placed {
                incubator: vessel.seeded.incubator.to_string(),
                position: vessel.seeded.position.to_string(),
                label: own.into_iter().rev().collect::<Vec<_>>().join("-"),
                href: format!("/batches/{}#vessel-{}", batch.id, vessel.no),
                whole,
                waits,
            }
        };
        let batches = self.ahead.iter().chain(&self.others);
        batches.flat_map(|batch| growing(batch).map(|vessel| of(batch, vessel))).collect()
    }

    fn due(&self, reader: &Reader, rows: &[Row], now: Time) -> Vec<Due> {
        let mut due: Vec<Due> = rows.iter().flat_map(|row| due_of(reader, row, now)).collect();
        let wanted = self.ahead.iter().chain(&self.before_shipping);
        due.extend(wanted.filter_map(|batch| {
            let window = batch.order.window?;
            Some(Due::new(window.from, Said::ShipmentDue, batch, clinic_window(reader, window.until)))
        }));
        due.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.label.cmp(&b.label)));
        due
    }
}

fn growing(batch: &Batch) -> impl Iterator<Item = &Vessel> {
    batch.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture)
}

fn clinic_window(reader: &Reader, until: Time) -> String {
    words::wanted_until(reader.language, words::short_date(reader.language, day_of(until, reader.zone)))
}

/// Something to be done for a batch.
struct Due {
    at: Time,
    what: Said,
    batch: BatchId,
    label: String,
    more: String,
    /// Whether it should have been done.
    late: bool,
}

impl Due {
    fn new(at: Time, what: Said, batch: &Batch, more: String) -> Self {
        Self { at, what, batch: batch.id, label: batch.opened.label.to_string(), more, late: false }
    }
}

fn due_of(reader: &Reader, row: &Row, now: Time) -> Vec<Due> {
    let batch = &row.batch;
    let mut due = Vec::new();
    let mut media: BTreeMap<Time, usize> = BTreeMap::new();
    for vessel in growing(batch) {
        *media.entry(medium_due(batch, vessel)).or_default() += 1;
    }
    due.extend(media.into_iter().map(|(at, vessels)| Due {
        late: at < now,
        ..Due::new(at, Said::MediumDue, batch, words::medium_due(reader.language, vessels))
    }));
    if !batch.harvests.is_empty() && batch.fills.is_empty() {
        due.push(Due::new(now, Said::FillDue, batch, String::new()));
    }
    let harvest = row.harvest().filter(|_| growing(batch).next().is_some());
    if let Some(harvest) = harvest {
        let word = if row.planned.is_some() { Said::HarvestDue } else { Said::HarvestExpected };
        due.push(Due {
            late: row.planned.is_some() && harvest < now,
            ..Due::new(harvest, word, batch, String::new())
        });
        let mut samplings: BTreeMap<(Time, bool), Vec<&str>> = BTreeMap::new();
        for test in &batch.standard().tests {
            let Stage::InProcess { within } = test.stage else { continue };
            let earliest = harvest.plus(-hours(within.value() * Decimal::from(24)));
            let of_test =
                |sample: &TestSample| sample.form.tests.contains(&test.code) && sample.at >= earliest;
            if !batch.samples.values().any(of_test) {
                // It may be done from then on: on a day that passed it is a task of today.
                samplings
                    .entry((
                        earliest.max(now),
                        row.planned.is_some() && harvest.plus(-hours(test.turnaround.value())) < now,
                    ))
                    .or_default()
                    .push(words::title(reader.language, &test.title));
            }
        }
        due.extend(samplings.into_iter().map(|((at, late), titles)| Due {
            late,
            ..Due::new(at, Said::SamplingDue, batch, titles.join(" · "))
        }));
    }
    due
}

fn hours(hours: Decimal) -> TimeDelta {
    TimeDelta::minutes((hours * Decimal::from(60)).to_i64().unwrap_or_default())
}

/// The next days, each with what is due; what is overdue stands under today.
fn week(reader: &Reader, due: &[Due], now: Time) -> Markup {
    let today = day_of(now, reader.zone);
    let days: Vec<NaiveDate> =
        (0..DAYS).filter_map(|number| today.checked_add_days(Days::new(number))).collect();
    let of = |day: NaiveDate, what: Said| {
        let stands = move |due: &&Due| due.what == what && day_of(due.at, reader.zone).max(today) == day;
        // What a clinic wanted before today is no task of today.
        let past = move |due: &&Due| what == Said::ShipmentDue && day_of(due.at, reader.zone) < today;
        due.iter().filter(stands).filter(move |due| !past(due)).collect::<Vec<&Due>>()
    };
    html! {
        ol.due-week {
            @for day in days {
                @let tasks = TASKS.into_iter().map(|what| (what, of(day, what)));
                @let tasks: Vec<(Said, Vec<&Due>)> = tasks.filter(|(_, due)| !due.is_empty()).collect();
                li {
                    h3 { (words::short_date(reader.language, day)) @if day == today { " · " (reader.say(Ui::Today)) } }
                    @if tasks.is_empty() { p.muted { (reader.say(Said::NothingDue)) } }
                    @for (what, due) in tasks {
                        h4 { (reader.say(what)) }
                        ul { @for task in due { (line(reader, task)) } }
                    }
                }
            }
        }
    }
}

fn line(reader: &Reader, task: &Due) -> Markup {
    html! {
        li {
            a href={ "/batches/" (task.batch) } title=(task.label) { (plan::short(&task.label)) }
            @if task.late { " " (chip(Look::Warning, reader.say(Ui::Overdue))) }
            @if !task.more.is_empty() { span.muted { (task.more) } }
        }
    }
}
