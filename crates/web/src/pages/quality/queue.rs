//! The queue: batches that need quality, the nearest date first, with what this person can do for each; beside it the
//! same work by its kind.

use super::blocking::{self, Blocking, Standing};
use super::{MAY_READ, actor, next};
use crate::api::reading::read;
use crate::pages::frame::Frame;
use crate::pages::reader::{Names, Reader, moment};
use crate::pages::status_chip::{self, Look, chip};
use crate::pages::{Answer, ROWS, may, recording, records};
use crate::server::State;
use crate::session::{self, Caller};
use crate::words::{self, Context, Quality, Records, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::authority::{Department, roles_for};
use baiyo_domain::batch::awaited::{Awaited, everything, is_for};
use baiyo_domain::batch::distribution::Container;
use baiyo_domain::batch::exceptions::{Exception, exceptions};
use baiyo_domain::batch::gate::gate;
use baiyo_domain::batch::intake;
use baiyo_domain::batch::status::BatchStatus;
use baiyo_domain::batch::{Batch, Event};
use baiyo_domain::ids::{BatchId, SampleNo};
use baiyo_domain::quality_event::DepartureKind;
use baiyo_domain::standard::Code;
use baiyo_domain::time::Time;
use baiyo_persistence::reading::{self, QualityEventRow};
use chrono::TimeDelta;
use maud::{Markup, html};
use rust_decimal::prelude::ToPrimitive;
use std::sync::Arc;

/// Where batches wait for quality as such.
const AWAITING: [BatchStatus; 6] = [
    BatchStatus::ReadyForDecision,
    BatchStatus::AwaitingConfirmation,
    BatchStatus::OnHold,
    BatchStatus::UnderTest,
    BatchStatus::PartlyReleased,
    BatchStatus::Harvested,
];
/// Where something of them may wait for quality: a result of surveillance, a quality event.
const PERHAPS: [BatchStatus; 7] = [
    BatchStatus::Shipped,
    BatchStatus::Received,
    BatchStatus::Administered,
    BatchStatus::Released,
    BatchStatus::Rejected,
    BatchStatus::InCulture,
    BatchStatus::TissueReceived,
];
/// Batches that are looked at; each is folded, and so many stay in memory.
const MOST: usize = 60;

/// One batch of the queue.
struct Waiting {
    batch: Arc<Batch>,
    /// By when something is wanted of it.
    date: Option<Dated>,
    standing: Standing,
    first: Option<Blocking>,
    exceptions: Vec<Exception>,
    /// What this person can do.
    yours: Vec<Awaited>,
    /// What anybody can do.
    all: Vec<Awaited>,
}

/// A date, and what it is of.
#[derive(Clone, Copy)]
struct Dated {
    word: Quality,
    at: Time,
}

/// Shows the queue.
pub async fn show(request: HttpRequest, state: web::Data<State>) -> Answer {
    let caller = session::admit(&request, &state, MAY_READ).await?;
    let (now, _) = state.store.now();
    let asking = caller.clone();
    let (found, whole, names, events) = read(&state, &caller, move |conn| {
        let scope = asking.scope();
        let mut found: Vec<Arc<Batch>> = Vec::new();
        let mut whole = true;
        for status in AWAITING.into_iter().chain(PERHAPS) {
            let room = i64::try_from(MOST.saturating_sub(found.len())).unwrap_or(0);
            if room == 0 {
                whole = false;
                break;
            }
            let rows = reading::batches(conn, scope, Some(status.name()), None, room, now)?.rows;
            whole &= i64::try_from(rows.len()).unwrap_or(0) < room;
            for row in rows {
                found.extend(reading::batch(conn, scope, BatchId(row.id.0))?);
            }
        }
        let mut names = Names::of_centre(conn)?;
        for batch in &found {
            names.learn_quality_events(conn, batch, asking.language)?;
        }
        let mut events = reading::quality_events(conn, None, ROWS)?;
        events.retain(|event| event.status == "open");
        Ok((found, whole, names, events))
    })
    .await?;
    let reader = Reader::new(caller.language, state.zone);
    let mut waiting: Vec<Waiting> = found
        .into_iter()
        .map(|batch| Waiting::of(batch, &caller, now))
        .filter(|one| one.needs_quality(now))
        .collect();
    waiting.sort_by_key(|one| (one.date.is_none(), one.date.map(|dated| dated.at)));
    let frame = Frame::new(&request, &state, Some(&caller));
    let content = html! {
        div.title { h1 { (reader.say(Quality::Queue)) } }
        (tally(&reader, &waiting, now))
        div.desk {
            div {
                (queue(&reader, &waiting, &names, now))
                @if !whole {
                    p.more { (reader.say(Quality::MoreOnBoard)) ": " a href="/batches" { (reader.say(Ui::Board)) } }
                }
                p { a href=(records::RECORDS) { (reader.say(Records::Title)) } }
            }
            (lists(&reader, &waiting, &names, now, open_events(&reader, &caller, &events)))
        }
    };
    Ok(frame.ok(reader.say(Quality::Queue), content))
}

impl Waiting {
    fn of(batch: Arc<Batch>, caller: &Caller, now: Time) -> Self {
        let answer = gate(&batch, now);
        let first = blocking::blocking(&batch, &answer).into_iter().next();
        let all = everything(&batch, now);
        let actor = actor(caller);
        let mut yours: Vec<Awaited> = all.iter().filter(|one| is_for(&batch, &actor, one)).cloned().collect();
        // What is due stands before what is only awaited.
        yours.sort_by_key(|one| due(&batch, one).filter(|at| *at > now));
        Self {
            date: date(&batch),
            standing: blocking::standing(&batch, &answer),
            first,
            exceptions: exceptions(&batch, now),
            yours,
            all,
            batch,
        }
    }

    /// Whether quality has something to do with it: a batch that waits as such, or something of it that is due.
    fn needs_quality(&self, now: Time) -> bool {
        let of_quality = |one: &Awaited| {
            roles_for(one.action()).iter().any(|role| role.department() == Department::Quality)
                && !matches!(one, Awaited::PartConfirmation { .. })
                && due(&self.batch, one).is_none_or(|at| at <= now)
        };
        AWAITING.contains(&self.batch.status(now)) || self.all.iter().any(of_quality)
    }
}

/// When something awaited can be done, where that is not now already.
fn due(batch: &Batch, one: &Awaited) -> Option<Time> {
    match one {
        Awaited::Result { sample, test } => reported(batch, *sample, test),
        _ => None,
    }
}

/// When a test sample's result can be expected.
pub fn reported(batch: &Batch, sample: SampleNo, test: &Code) -> Option<Time> {
    let minutes = batch.standard().test(test)?.turnaround.value().checked_mul(60.into())?.to_i64()?;
    Some(batch.samples.get(&sample)?.at.plus(TimeDelta::try_minutes(minutes)?))
}

/// Whether all its containers are decided on.
fn is_decided(batch: &Batch) -> bool {
    !batch.containers.is_empty() && !batch.containers.values().any(Container::is_undecided)
}

/// The nearest date of a batch: the expiry of what is not decided on, the first day the clinic wants it, or else the
/// harvest its instruction plans.
fn date(batch: &Batch) -> Option<Dated> {
    if is_decided(batch) {
        return None;
    }
    let open = batch.containers.values().filter(|container| container.is_undecided());
    let expiry = open.map(|container| container.expires_at).min();
    let expiry = expiry.map(|at| Dated { word: Quality::Expires, at });
    let wanted = batch.order.window.map(|window| Dated { word: Quality::ReadyFrom, at: window.from });
    let planned = batch.log.iter().find_map(|logged| match &*logged.event {
        Event::Intake(intake::Event::Instruction(instruction)) => instruction.planned_harvest,
        _ => None,
    });
    let planned = planned.map(|at| Dated { word: Quality::HarvestPlanned, at });
    expiry.into_iter().chain(wanted).min_by_key(|dated| dated.at).or(planned)
}

/// How much there is of each kind of work, as links to its list.
fn tally(reader: &Reader, waiting: &[Waiting], now: Time) -> Markup {
    html! {
        nav.tally aria-label=(reader.say(Quality::Work)) {
            @for kind in Kind::ALL {
                @let number = waiting.iter().map(|one| kind.of(one, now).len()).sum::<usize>();
                a href={ "#" (kind.anchor()) } {
                    strong { (number) } " " (reader.say(kind.word()))
                }
            }
        }
    }
}

/// A kind of work.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Failures,
    Events,
    Holds,
    Verify,
    Enter,
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::Failures, Kind::Events, Kind::Holds, Kind::Verify, Kind::Enter];

    fn anchor(self) -> &'static str {
        match self {
            Kind::Failures => "failures",
            Kind::Events => "events",
            Kind::Holds => "holds",
            Kind::Verify => "verify",
            Kind::Enter => "enter",
        }
    }

    fn word(self) -> Quality {
        match self {
            Kind::Failures => Quality::Failures,
            Kind::Events => Quality::ToAssess,
            Kind::Holds => Quality::HoldsInForce,
            Kind::Verify => Quality::ToVerify,
            Kind::Enter => Quality::ToEnter,
        }
    }

    /// What of a batch is of this kind, whoever does it.
    fn of(self, one: &Waiting, now: Time) -> Vec<Awaited> {
        if self == Kind::Holds {
            let holds = one.batch.holds.iter().filter(|(_, hold)| hold.lifted.is_none());
            return holds.map(|(hold, _)| Awaited::Lifting { hold: *hold }).collect();
        }
        let fits = |item: &&Awaited| match item {
            Awaited::Investigation { .. } => self == Kind::Failures,
            Awaited::Assessment { .. } => self == Kind::Events,
            Awaited::Verification { .. } | Awaited::Interpretation { .. } => self == Kind::Verify,
            Awaited::Result { .. } => self == Kind::Enter && due(&one.batch, item).is_none_or(|at| at <= now),
            _ => false,
        };
        one.all.iter().filter(fits).cloned().collect()
    }
}

fn queue(reader: &Reader, waiting: &[Waiting], names: &Names, now: Time) -> Markup {
    html! {
        @if waiting.is_empty() { p.empty { (reader.say(Quality::Nothing)) } } @else {
            ol.queue {
                @for one in waiting { (row(reader, one, names, now)) }
            }
        }
    }
}

fn row(reader: &Reader, one: &Waiting, names: &Names, now: Time) -> Markup {
    let batch = &one.batch;
    let call = |thing: Thing| names.call(thing);
    let reader = &reader.of(Context::of(batch.standard(), reader.zone).naming(&call));
    html! {
        li #{ "batch-" (batch.id) } {
            div.what {
                h2 { a data-row href=(next::review(batch)) { (batch.opened.label) } }
                p.muted { (batch.opened.pseudonym) " · " (words::title(reader.language, &batch.standard().title)) }
            }
            div.state {
                (status_chip::batch(reader.language, batch.status(now)))
                p.muted {
                    @match one.date {
                        Some(dated) => {
                            @if dated.at < now { span.overdue { (Look::Warning.icon()) (reader.say(Ui::Overdue)) } " " }
                            (reader.say(dated.word)) " " (reader.time(dated.at))
                        }
                        None if is_decided(batch) => {}
                        None => { (reader.say(Quality::NoDate)) }
                    }
                }
            }
            div.gate {
                @if !is_decided(batch) { p { (words::met_count(reader.language, one.standing.met, one.standing.all)) } }
                // Once all is decided on, nobody confirms the record any more.
                @if let Some(first) = one.first.as_ref().filter(|first| {
                    !is_decided(batch) || !blocking::is_confirmation(&first.blocker)
                }) {
                    p.muted {
                        (reader.say(Quality::Next)) ": "
                        span.next { (words::requirement(reader.language, &first.requirement, &reader.context)) } " – "
                        (blocking::owners(reader, &first.blocker))
                        @if let Some(at) = first.expected { " · " (reader.time(at)) }
                    }
                }
            }
            div.yours {
                p { (exception_chip(reader, &one.exceptions)) }
                @match one.yours.first() {
                    Some(first) => {
                        a.step href=(next::address(batch, first)) {
                            (words::awaited(reader.language, first, &reader.context))
                        }
                        @if let Some(at) = due(batch, first).filter(|at| *at > now) {
                            small { (reader.say(Ui::Expected)) " " (reader.time(at)) }
                        }
                    }
                    None => { p.muted { (reader.say(Quality::NothingForYou)) } }
                }
            }
        }
    }
}

/// How many exceptions there are, and whether any of them is open.
fn exception_chip(reader: &Reader, found: &[Exception]) -> Markup {
    let open = found.iter().filter(|exception| exception.is_open()).count();
    let failed = found.iter().any(Exception::is_failure);
    let look = match () {
        () if failed => Look::Bad,
        () if open > 0 => Look::Warning,
        () if found.is_empty() => Look::Good,
        () => Look::Plain,
    };
    html! {
        (chip(look, &format!("{} {}", reader.say(Quality::Exceptions), found.len())))
        @if !found.is_empty() && open == 0 { " " span.muted { (reader.say(Quality::NoneOpen)) } }
    }
}

fn lists(reader: &Reader, waiting: &[Waiting], names: &Names, now: Time, events: Markup) -> Markup {
    html! {
        aside.work aria-label=(reader.say(Quality::Work)) {
            @for kind in Kind::ALL {
                @let found: Vec<(&Waiting, Vec<Awaited>)> =
                    waiting.iter().map(|one| (one, kind.of(one, now))).filter(|(_, of)| !of.is_empty()).collect();
                section #(kind.anchor()) {
                    h2 { (reader.say(kind.word())) }
                    @if found.is_empty() { p.muted { (reader.say(Quality::NoneHere)) } } @else {
                        ul {
                            @for (one, items) in found {
                                @for item in items { li { (item_line(reader, one, &item, names)) } }
                            }
                        }
                    }
                }
            }
            (events)
        }
    }
}

/// Quality events that are not closed, the newest first: they may touch no batch.
fn open_events(reader: &Reader, caller: &Caller, events: &[QualityEventRow]) -> Markup {
    // A departure stands in the rows by its name.
    let title = |event: &QualityEventRow| {
        let kind = serde_json::from_value::<DepartureKind>(event.title.clone().into());
        kind.map_or_else(|_| event.title.clone(), |kind| words::departure(reader.language, kind).to_string())
    };
    let closing = may(caller, "quality_event.closing");
    html! {
        section #open-events {
            h2 { (reader.say(Quality::ToClose)) }
            @if events.is_empty() { p.muted { (reader.say(Quality::NoneHere)) } }
            ul {
                @for event in events {
                    li {
                        @if closing {
                            a href={ (recording::address("quality_events", event.id.0, "closing")) "?to=/quality" } {
                                (title(event))
                            }
                        } @else { (title(event)) }
                        small.muted { (reader.time(moment(event.opened_at))) }
                    }
                }
            }
        }
    }
}

/// One thing to do: a link for whoever may, else to the review of its batch.
fn item_line(reader: &Reader, one: &Waiting, item: &Awaited, names: &Names) -> Markup {
    let batch = &one.batch;
    let call = |thing: Thing| names.call(thing);
    let reader = &reader.of(Context::of(batch.standard(), reader.zone).naming(&call));
    let shown = match item {
        Awaited::Lifting { hold } => batch.holds.get(hold).map_or_else(String::new, |held| {
            format!("{hold}. {}", words::hold_cause(reader.language, &held.cause, &reader.context))
        }),
        Awaited::Investigation { result }
        | Awaited::Verification { result }
        | Awaited::Interpretation { result } => {
            let found = batch.results.get(result);
            let test = found.and_then(|found| batch.standard().test(&found.form.test));
            let title = test.map_or("", |test| words::title(reader.language, &test.title));
            format!("{result}. {title}")
        }
        Awaited::Assessment { event } => names.call(Thing::QualityEvent(*event)).unwrap_or_default(),
        other => words::awaited(reader.language, other, &reader.context),
    };
    let address = match one.yours.contains(item) {
        true => next::address(batch, item),
        false => next::review(batch),
    };
    html! { a href=(address) { (shown) } small.muted { (batch.opened.label) } }
}
