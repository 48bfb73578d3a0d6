//! The clinic's board: when each patient's cells are ready, how they fare and what the clinic does next, answered
//! without a click. Stop messages that nobody has acknowledged come first.

use super::super::frame::Frame;
use super::super::reader::{Reader, moment, part_label};
use super::super::status_chip::{self, Look, chip};
use super::super::{Answer, Query, after_of, may, recording};
use super::acknowledging::Seen;
use super::admit;
use super::cases::{self, Case, Cases};
use super::readiness::{Because, Estimate, Readiness, because, readiness};
use super::steps::{self, Due, Misfit, Step, last_use};
use crate::api::reading::read;
use crate::server::State;
use crate::session::Caller;
use crate::words::{self, Clinic, Context, Privacy, Telling, Thing, Ui};
use actix_web::{HttpRequest, web};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::distribution::Custody;
use baiyo_domain::batch::gate::{CheckState, Requirement, gate};
use baiyo_domain::batch::status::{BatchStatus, ContainerStatus};
use baiyo_domain::ids::{BatchId, LabelKind};
use baiyo_domain::order::Purpose;
use baiyo_domain::standard::Source;
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::Told;
use baiyo_persistence::keystore::Personal;
use baiyo_persistence::reading::{self, StopRow};
use chrono::{Datelike, Days, NaiveDate};
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Shows the board.
pub async fn show(request: HttpRequest, query: Query, state: web::Data<State>) -> Answer {
    let (caller, viewer) = admit(&request, &state).await?;
    let (now, _) = state.store.now();
    let (scope, after, store) = (caller.scope(), after_of(&query), Arc::clone(&state.store));
    let (cases, stops) = read(&state, &caller, move |conn| {
        let cases = cases::load(conn, &store, &viewer, after, now)?;
        let mut stops = Vec::new();
        for stop in reading::open_stops(conn, scope)? {
            let batch = cases::unless_broken(reading::batch(conn, scope, BatchId(stop.batch.0)))?;
            stops.push((stop, batch.flatten()));
        }
        Ok((cases, stops))
    })
    .await?;
    let frame = Frame::new(&request, &state, Some(&caller));
    let reader = Reader::new(caller.language, state.zone);
    let board = Board { reader: &reader, caller: &caller, cases: &cases, now };
    let unknown = query.contains_key("unknown");
    Ok(frame.ok(frame.say(Clinic::Board), board.content(&stops, unknown)))
}

/// Where on the board a course stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    HereNow,
    ReadyNow,
    ThisWeek,
    NextWeek,
    Later,
    NoDate,
    Over,
}

struct Board<'a> {
    reader: &'a Reader<'a>,
    caller: &'a Caller,
    cases: &'a Cases,
    now: Time,
}

struct Row<'a> {
    case: &'a Case,
    ready: Option<Readiness>,
    due: Vec<Due>,
    group: Group,
}

impl Board<'_> {
    fn content(&self, stops: &[(StopRow, Option<Arc<Batch>>)], unknown: bool) -> Markup {
        let mut rows: Vec<Row> = self.cases.all.iter().map(|case| self.row(case)).collect();
        let soonest = |row: &Row| {
            (
                row.group,
                last_use(row.case).filter(|_| row.group == Group::HereNow),
                row.ready.as_ref().and_then(|ready| ready.ready).map(|ready| ready.at),
            )
        };
        rows.sort_by_key(soonest);
        let groups = [
            (Group::HereNow, Clinic::HereNow),
            (Group::ReadyNow, Clinic::ReadyNow),
            (Group::ThisWeek, Clinic::ThisWeek),
            (Group::NextWeek, Clinic::NextWeek),
            (Group::Later, Clinic::Later),
            (Group::NoDate, Clinic::NoDate),
        ];
        let of = |group: Group| rows.iter().filter(move |row| row.group == group);
        html! {
            (self.stops(stops))
            div.title.clinic-title {
                h1 { (self.reader.say(Clinic::Board)) }
                @if may(self.caller, "order.placement") {
                    a.button href={ (recording::RECORD) "/orders" } { (self.reader.say(Clinic::PlaceOrder)) }
                }
            }
            (scan_field(self.reader, unknown))
            @if !self.cases.broken.is_empty() {
                section.notice.bad aria-labelledby="broken" {
                    h2 #broken { (Look::Warning.icon()) (self.reader.say(Clinic::Broken)) }
                    ul { @for label in &self.cases.broken { li { (label) } } }
                    p { (self.reader.say(Clinic::BrokenHelp)) }
                }
            }
            @if rows.is_empty() && self.cases.broken.is_empty() { p.empty { (self.reader.say(Clinic::NoCasesYet)) } }
            @for (group, word) in groups {
                @if of(group).next().is_some() {
                    section.cases aria-labelledby={ "group-" (group as u8) } {
                        h2 id={ "group-" (group as u8) } { (self.reader.say(word)) }
                        ul { @for row in of(group) { (self.case(row)) } }
                    }
                }
            }
            @if of(Group::Over).next().is_some() {
                details.cases.over {
                    summary { strong { (self.reader.say(Clinic::Over)) } span.muted { (self.reader.say(Clinic::OverHint)) } }
                    ul { @for row in of(Group::Over) { (self.case(row)) } }
                }
            }
            @if let Some((at, id)) = self.cases.next {
                p.pager { a.button href={ "/clinic?after=" (at) "_" (id) } rel="next" { (self.reader.say(Clinic::OlderOrders)) } }
            }
        }
    }

    fn row<'c>(&self, case: &'c Case) -> Row<'c> {
        let ready = case.batch.as_deref().and_then(|batch| {
            let experience = self.cases.experience.get(&batch.standard().code)?;
            Some(readiness(batch, experience, self.now))
        });
        let estimate = ready.as_ref().and_then(|ready| ready.ready);
        let due = steps::due(case, estimate.as_ref(), self.caller.person, self.now);
        let group = self.group(case, ready.as_ref());
        Row { case, ready, due, group }
    }

    fn group(&self, case: &Case, readiness: Option<&Readiness>) -> Group {
        let here = |c: &baiyo_domain::batch::distribution::Container| {
            matches!(c.custody, Custody::Shipped | Custody::Received { .. })
        };
        let over = case.batch.as_ref().is_some_and(|batch| cases::is_over(batch, self.now));
        let held = case.batch.as_ref().is_some_and(|batch| batch.status(self.now) == BatchStatus::OnHold);
        let banked = case.order.placed.placement.purpose == Purpose::Banking;
        match readiness.and_then(|readiness| readiness.ready) {
            _ if case.containers().any(here) => Group::HereNow,
            _ if over || !case.order.standing.active => Group::Over,
            None => Group::NoDate,
            // A hold after the release: nobody knows when, or whether, it is lifted.
            Some(_) if readiness.is_some_and(Readiness::is_released) && held => Group::NoDate,
            Some(_) if readiness.is_some_and(Readiness::is_released) => {
                let in_date = last_use(case).is_some_and(|expiry| expiry > self.now);
                if in_date && !banked { Group::ReadyNow } else { Group::Over }
            }
            Some(ready) => {
                let monday = week(self.day(self.now));
                match week(self.day(ready.at)).signed_duration_since(monday).num_days() {
                    ..=0 => Group::ThisWeek,
                    7 => Group::NextWeek,
                    _ => Group::Later,
                }
            }
        }
    }

    fn day(&self, at: Time) -> NaiveDate {
        self.reader.day(at)
    }

    fn short(&self, at: Time) -> String {
        words::short_date(self.reader.language, self.day(at))
    }

    fn told(&self, telling: &Telling) -> String {
        words::told(self.reader.language, telling)
    }

    fn stops(&self, stops: &[(StopRow, Option<Arc<Batch>>)]) -> Markup {
        html! {
            @if !stops.is_empty() {
                section.stop-first aria-labelledby="stops" {
                    h2 #stops { (Look::Bad.icon()) (self.reader.say(Clinic::StopsFirst)) }
                    p { (self.reader.say(Clinic::StopExplained)) }
                    ul { @for (stop, batch) in stops { (self.stop(stop, batch.as_deref())) } }
                }
            }
        }
    }

    fn stop(&self, stop: &StopRow, batch: Option<&Batch>) -> Markup {
        let name = |thing: Thing| self.cases.names.call(thing);
        let no = u16::try_from(stop.container).unwrap_or_default();
        let messages = batch.into_iter().flat_map(|batch| batch.containers.values()).flat_map(|c| &c.stops);
        let message = messages.into_iter().find(|message| message.entry.0 == stop.entry.0);
        let of_it = |case: &&Case| case.batch.as_ref().is_some_and(|batch| batch.id.0 == stop.batch.0);
        let case = self.cases.all.iter().find(of_it);
        html! {
            li {
                p.what {
                    @if let Some(batch) = batch {
                        a href={ "/batches/" (batch.id) "#stops" } { (part_label(batch, LabelKind::Dose, no)) }
                    } @else { span { (self.reader.say(Ui::Container)) " " (no) } }
                    @match (case, batch) {
                        (Some(case), _) => { span { (patient(self.reader, case)) } }
                        (None, Some(batch)) => { span { (batch.opened.pseudonym) } }
                        (None, None) => {}
                    }
                }
                p {
                    @if let (Some(message), Some(batch)) = (message, batch) {
                        @let context = Context::of(batch.standard(), self.reader.zone).naming(&name);
                        (words::stop_cause(self.reader.language, &message.cause, &context)) " · "
                    }
                    (self.reader.time(moment(stop.issued_at)))
                }
                @if may(self.caller, "batch.distribution.stop_acknowledgement") {
                    form method="post" action=(recording::address("batches", stop.batch.0, "stop_acknowledgement")) {
                        input type="hidden" name="/stop" value=(stop.entry.0);
                        input type="hidden" name="to" value="/clinic";
                        button type="submit" { (self.reader.say(Clinic::StopAcknowledge)) }
                    }
                }
            }
        }
    }

    fn case(&self, row: &Row) -> Markup {
        let case = row.case;
        html! {
            li.case data-row tabindex="-1" {
                div.whose {
                    a href={ "/orders/" (case.order.id) } { (patient(self.reader, case)) }
                    @if let Some(batch) = &case.batch {
                        small {
                            (words::title(self.reader.language, &batch.standard().title)) " "
                            a.wide href={ "/batches/" (batch.id) } { (batch.opened.label) }
                            @if batch.containers.values().any(|container| container.released()) {
                                " " a href={ "/batches/" (batch.id) "/documents" } { (self.reader.say(Clinic::Documents)) }
                            }
                        }
                    } @else {
                        small { (case.order.placed.label) }
                    }
                }
                div.when { (self.when(row)) }
                div.how { (self.how(row)) }
                div.next { (self.next(row)) }
            }
        }
    }

    fn when(&self, row: &Row) -> Markup {
        let case = row.case;
        let released = row.ready.as_ref().is_some_and(Readiness::is_released);
        let stopped = case.containers().any(|container| container.status() == ContainerStatus::Stopped);
        let expiry = last_use(case).filter(|_| released && !stopped && row.group != Group::Over);
        html! {
            @if let Some(expiry) = expiry {
                p {
                    small { (self.reader.say(Clinic::UseBy)) }
                    time.date datetime=(expiry) { (self.near(expiry)) } " "
                    span.band.late[expiry.since(self.now).num_hours() < 12] { (self.told(&left(expiry, self.now))) }
                }
            } @else if let Some(readiness) = row.ready.as_ref().filter(|_| !released) {
                p {
                    small { (self.reader.say(Clinic::ReadyAbout)) }
                    @match readiness.ready {
                        Some(ready) => {
                            time.date datetime=(ready.at) { (self.short(ready.at)) } " "
                            @if let Some(band) = self.band(&ready) { span.band { (band) } }
                        }
                        None => { span.muted { (self.reader.say(Clinic::NotYetReady)) } }
                    }
                }
                p.reason.warned[readiness.ready.is_none() && readiness.because != Because::NotForUse] {
                    (self.reader.say(because(&readiness.because)))
                }
            }
            @if let Some(window) = case.order.standing.window.filter(|_| row.group != Group::Over) {
                p.wanted {
                    (self.reader.say(Clinic::Wanted)) " "
                    @if self.day(window.from) == self.day(window.until) { (self.short(window.from)) }
                    @else { (self.told(&Telling::Between(self.short(window.from), self.short(window.until)))) }
                }
                @if self.is_kept(row) {
                    p.kept {
                        (chip(Look::Good, self.reader.say(Clinic::LateKept)))
                        @if may(self.caller, "order.window_change") {
                            " " a href=(address(case, &Step::BookAnew(Misfit::TooLate))) { (self.reader.say(Clinic::DoBookAnew)) }
                        }
                    }
                }
            }
        }
    }

    /// The span around a date, where it is more than a day.
    fn band(&self, ready: &Estimate) -> Option<String> {
        match ready.until {
            Some(until) if self.day(ready.from) == self.day(until) => None,
            Some(until) => Some(self.told(&Telling::Between(self.short(ready.from), self.short(until)))),
            None => Some(self.told(&Telling::NotBefore(self.short(ready.from)))),
        }
    }

    /// A day, with its hour where that is soon and its year where that is far.
    fn near(&self, at: Time) -> String {
        match at.since(self.now).num_hours() {
            ..72 => format!("{} {}", self.short(at), self.hour(at)),
            72..2160 => self.short(at),
            _ => words::date(self.reader.language, self.day(at)),
        }
    }

    fn hour(&self, at: Time) -> String {
        at.utc().with_timezone(&self.reader.zone).format("%H:%M").to_string()
    }

    fn how(&self, row: &Row) -> Markup {
        let case = row.case;
        let language = self.reader.language;
        let Some(batch) = case.batch.as_deref() else {
            let look = if case.order.standing.active { Look::Planned } else { Look::Plain };
            let word = if case.order.standing.active { Ui::Active } else { Ui::Inactive };
            return html! { (chip(look, self.reader.say(word))) p { (self.reader.say(Clinic::NotBegun)) } };
        };
        let status = batch.status(self.now);
        let stopped = case.containers().any(|container| container.status() == ContainerStatus::Stopped);
        html! {
            @if stopped { (status_chip::container(language, ContainerStatus::Stopped)) } @else { (status_chip::batch(language, status)) }
            p { (self.progress(row, batch, status, stopped)) }
        }
    }

    fn progress(&self, row: &Row, batch: &Batch, status: BatchStatus, stopped: bool) -> Markup {
        let say = |word: Clinic| html! { (self.reader.say(word)) };
        let doubt = batch.containers.values().any(|c| c.status() == ContainerStatus::ReceivedInDoubt);
        match status {
            _ if stopped => say(Clinic::Stopped),
            BatchStatus::Opened | BatchStatus::Instructed => match batch.standard().source {
                Source::Tissue => say(Clinic::TissueAwaited),
                Source::Bank => say(Clinic::BankAwaited),
            },
            BatchStatus::TissueReceived => say(Clinic::TissueArrived),
            BatchStatus::TissueRefused => say(Clinic::TissueRefused),
            BatchStatus::InCulture => self.growing(row, batch),
            BatchStatus::Harvested => say(Clinic::Harvested),
            BatchStatus::UnderTest => html! {
                (self.reader.say(Clinic::Harvested)) " · " (self.told(&tests_passed(batch, self.now)))
            },
            BatchStatus::AwaitingConfirmation | BatchStatus::ReadyForDecision => say(Clinic::Confirming),
            BatchStatus::PartlyReleased | BatchStatus::Released
                if batch.opened.purpose == Purpose::Banking =>
            {
                say(Clinic::Banked)
            }
            BatchStatus::PartlyReleased | BatchStatus::Released => say(Clinic::ReleasedHere),
            BatchStatus::Shipped => say(Clinic::OnTheWay),
            BatchStatus::Received if doubt => say(Clinic::ArrivedInDoubt),
            BatchStatus::Received => say(Clinic::AtClinic),
            BatchStatus::Administered | BatchStatus::Closed if was_given(batch) => say(Clinic::Given),
            BatchStatus::OnHold => say(Clinic::Held),
            BatchStatus::Administered
            | BatchStatus::Closed
            | BatchStatus::Rejected
            | BatchStatus::Discontinued => say(Clinic::NotForUse),
        }
    }

    fn growing(&self, row: &Row, batch: &Batch) -> Markup {
        let begun = batch.processed_at.unwrap_or(self.now);
        let days = |from: Time, to: Time| self.day(to).signed_duration_since(self.day(from)).num_days();
        let of = row.ready.as_ref().and_then(|ready| ready.harvest).map(|end| days(begun, end));
        let day = days(begun, self.now);
        html! {
            (self.reader.say(Clinic::Growing)) " · " (self.told(&Telling::DayOfCulture { day, of }))
            @if let Some(of) = of { progress max=(of.max(1)) value=(day.min(of)) aria-hidden="true" {} }
        }
    }

    /// What there is to acknowledge: the booking and what is foretold.
    fn seen<'r>(&self, row: &'r Row) -> Option<Seen<'r>> {
        let estimate = row.ready.as_ref().and_then(|ready| ready.ready.as_ref());
        Seen::of(&row.case.order, row.case.batch.as_deref(), estimate)
    }

    /// Whether the cells come later than is wanted, and the clinic has acknowledged it.
    fn is_kept(&self, row: &Row) -> bool {
        let estimate = row.ready.as_ref().and_then(|ready| ready.ready);
        estimate.zip(row.case.order.standing.window).is_some_and(|(ready, window)| {
            steps::misfit(window, &ready, last_use(row.case))
                .is_some_and(|misfit| steps::is_acknowledged(row.case, misfit, &ready))
        })
    }

    fn next(&self, row: &Row) -> Markup {
        html! {
            @for due in &row.due { (self.step(row, due)) }
            @if row.due.is_empty() && row.group != Group::Over {
                p.nothing { (self.reader.say(Clinic::NothingToDo)) }
            }
        }
    }

    fn step(&self, row: &Row, due: &Due) -> Markup {
        let case = row.case;
        let own = may(self.caller, due.step.action());
        let by = due.by.map(|by| self.near(by));
        html! {
            div.to-do {
                @match due.step {
                    Step::BookAnew(Misfit::TooEarly) => { p { (chip(Look::Warning, self.reader.say(Clinic::TooEarly))) } }
                    Step::BookAnew(Misfit::TooLate) => {
                        p { (chip(Look::Waiting, self.reader.say(Clinic::ToAcknowledge))) " " (self.reader.say(Clinic::TooLate)) }
                        @if let Some(seen) = self.seen(row).filter(|_| may(self.caller, "order.forecast_acknowledgement")) {
                            (seen.button(self.reader))
                        }
                    }
                    _ => {}
                }
                @match (&due.step, own) {
                    (Step::AwaitSecond(person), _) => {
                        p { (chip(Look::Waiting, self.reader.say(due.step.word()))) " " (self.told(&Telling::Awaits(self.cases.names.person(*person)))) }
                    }
                    (Step::ConfirmCheck(entry) | Step::ConfirmPart(entry), true) => {
                        @if let Some(batch) = &case.batch {
                            form method="post" action=(recording::address("batches", batch.id, "part_confirmation")) {
                                input type="hidden" name="/entry" value=(entry);
                                input type="hidden" name="to" value="/clinic";
                                button type="submit" { (self.reader.say(due.step.word())) }
                            }
                        }
                    }
                    (Step::SendBack, true) => {
                        p { (chip(Look::Bad, self.reader.say(due.step.word()))) }
                        @if let Some(batch) = &case.batch {
                            @for form in ["return_report", "destruction"] {
                                a href={ (recording::address("batches", batch.id, form)) "?to=/clinic" } {
                                    (words::action(self.reader.language, &format!("batch.distribution.{form}")))
                                }
                            }
                        }
                    }
                    (step, true) => { a.button href=(address(case, step)) { (self.reader.say(step.word())) } }
                    (step, false) => { p { (chip(Look::Waiting, self.reader.say(step.word()))) " " (self.reader.say(Clinic::PhysicianDoes)) } }
                }
                @if let Some(by) = by { span.by { (self.told(&Telling::By(by))) } }
            }
        }
    }
}

/// A patient's name as the clinic's own staff say it, and the pseudonym that stands on the containers.
pub fn patient(reader: &Reader, case: &Case) -> Markup {
    let pseudonym = &case.order.placed.placement.pseudonym;
    html! {
        (told(reader, &case.patient)) " "
        span.pseudonym { (pseudonym) }
    }
}

/// A patient's name, or that it is withheld; nothing where there is none to tell.
pub fn told(reader: &Reader, patient: &Told) -> Markup {
    html! {
        @match patient {
            Told::Name(person) => { span.name lang="ja" { (named(reader, person)) } }
            Told::Withheld => { (chip(Look::Waiting, reader.say(Privacy::NameWithheld))) }
            Told::Unreadable => { (chip(Look::Bad, reader.say(Privacy::NameUnreadable))) }
            Told::Erased => { (chip(Look::Plain, reader.say(Privacy::NameErased))) }
            Told::Nothing => {}
        }
    }
}

/// A patient's name as the clinic's own staff say it.
pub fn named(reader: &Reader, person: &Personal) -> String {
    words::told(reader.language, &Telling::Named(person.name.to_string()))
}

/// The field into which a container's label is scanned.
fn scan_field(reader: &Reader, unknown: bool) -> Markup {
    html! {
        form.scan-box method="get" action="/clinic/scan" role="search" {
            label for="scan" { (reader.say(Clinic::ScanBag)) }
            p.hint #scan-hint { (reader.say(Clinic::ScanBagHint)) }
            @if unknown { p.fault #scan-fault role="alert" { (reader.say(Clinic::ScanUnknown)) } }
            div {
                input #scan name="label" required autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby=(if unknown { "scan-hint scan-fault" } else { "scan-hint" });
                button type="submit" { (reader.say(Clinic::ScanGo)) }
            }
        }
    }
}

/// Where a step is recorded.
fn address(case: &Case, step: &Step) -> String {
    let form = step.action().rsplit('.').next().unwrap_or_default();
    let (collection, id) = match (step, &case.batch) {
        (Step::Consent | Step::Screening | Step::BookWindow | Step::BookAnew(_), _) | (_, None) => {
            ("orders", case.order.id.to_string())
        }
        (_, Some(batch)) => ("batches", batch.id.to_string()),
    };
    format!("{}?to=/clinic", recording::address(collection, id, form))
}

/// How long something may still be used.
pub fn left(expiry: Time, now: Time) -> Telling {
    match expiry.since(now).num_minutes() {
        ..=0 => Telling::Expired,
        minutes => Telling::Left { hours: minutes / 60, minutes: minutes % 60 },
    }
}

/// How many of a batch's mandated tests have passed, for all its containers.
fn tests_passed(batch: &Batch, now: Time) -> Telling {
    let answer = gate(batch, now);
    let checks = answer.batch.iter().chain(answer.containers.values().flatten());
    let (mut all, mut open) = (BTreeSet::new(), BTreeSet::new());
    for check in checks {
        if let Requirement::Test(code) = &check.requirement {
            all.insert(code.clone());
            if check.state() != CheckState::Met {
                open.insert(code.clone());
            }
        }
    }
    Telling::TestsPassed { passed: all.len() - open.len(), of: all.len() }
}

fn was_given(batch: &Batch) -> bool {
    batch.containers.values().any(|container| container.custody == Custody::Infused)
}

fn week(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
}
