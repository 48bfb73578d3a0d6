//! What a reviewer finds in a batch's record: its exceptions, each with both values where one replaced another, and what
//! is in order, one line for each kind.

use super::blocking::labels;
use crate::pages::reader::{Names, Reader, part_label};
use crate::pages::status_chip::{self, Look, chip};
use crate::words::{self, Quality, Ui};
use baiyo_domain::attempts;
use baiyo_domain::batch::disposition::{self, HoldScope};
use baiyo_domain::batch::exceptions::Exception;
use baiyo_domain::batch::gate::{Check, CheckState, Gate, Requirement};
use baiyo_domain::batch::{Batch, performed};
use baiyo_domain::event::Event;
use baiyo_domain::ids::{EntryId, LabelKind, PersonId, ResultNo};
use baiyo_domain::standard::Test;
use baiyo_domain::time::Time;
use baiyo_persistence::{Conn, StoreError, journal};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Every exception, what is open first.
pub fn section(reader: &Reader, batch: &Batch, found: &[Exception]) -> Markup {
    html! {
        section.exceptions #exceptions {
            h2 { (words::exception_count(reader.language, found.len(), batch.log.len())) }
            @if !found.is_empty() {
                ul.findings { @for exception in found { (line(reader, batch, exception)) } }
            }
        }
    }
}

fn line(reader: &Reader, batch: &Batch, exception: &Exception) -> Markup {
    html! {
        li {
            p.look { (look(reader, exception)) }
            div {
                p { strong { (words::exception(reader.language, exception, &reader.context)) } }
                (details(reader, batch, exception))
            }
        }
    }
}

/// Whether it is open, and how grave.
fn look(reader: &Reader, exception: &Exception) -> Markup {
    match exception {
        Exception::ResultFails { concluded: false, .. } => chip(Look::Bad, reader.say(Ui::FailureOpen)),
        Exception::ResultFails { concluded: true, .. } => chip(Look::Bad, reader.say(Ui::FailureConfirmed)),
        Exception::ResultSetAside { .. } => chip(Look::Warning, reader.say(Ui::FailureSetAside)),
        Exception::ResultUndecided { verdict, .. } => status_chip::verdict(reader.language, *verdict),
        Exception::ResultInterpreted { passes: None, .. } => chip(Look::Waiting, reader.say(Quality::Open)),
        Exception::OutOfLimits { .. } => chip(Look::Bad, reader.say(Quality::OutOfLimits)),
        Exception::Hold { lifted: None, .. } => chip(Look::Held, reader.say(Ui::InForce)),
        Exception::Hold { .. } => chip(Look::Plain, reader.say(Ui::HoldLifted)),
        Exception::QualityEvent { impact: None, .. } => chip(Look::Waiting, reader.say(Ui::NotAssessed)),
        other if other.is_failure() => chip(Look::Bad, reader.say(Quality::Settled)),
        other if other.is_open() => chip(Look::Warning, reader.say(Quality::Open)),
        Exception::Corrected { .. } => chip(Look::Plain, reader.say(Quality::Corrected)),
        Exception::Late { .. } => chip(Look::Plain, reader.say(Ui::RecordedLate)),
        Exception::FromPaper { .. } => chip(Look::Plain, reader.say(Ui::PaperForm)),
        Exception::Retested { .. } => chip(Look::Plain, reader.say(Quality::Retested)),
        Exception::DecisionVoided { .. } => chip(Look::Plain, reader.say(Ui::SignatureVoided)),
        _ => chip(Look::Good, reader.say(Quality::Settled)),
    }
}

/// What one must see of it to judge it, and where it stands in the history.
fn details(reader: &Reader, batch: &Batch, exception: &Exception) -> Markup {
    match exception {
        Exception::ResultFails { result, .. }
        | Exception::ResultSetAside { result, .. }
        | Exception::ResultUndecided { result, .. }
        | Exception::ResultInterpreted { result, .. } => one_result(reader, batch, *result),
        Exception::Retested { results, .. } => {
            html! { @for result in results { (one_result(reader, batch, *result)) } }
        }
        Exception::OutOfLimits { containers, .. } if containers.is_empty() => html! {},
        Exception::OutOfLimits { containers, .. } => html! { p.muted { (labels(batch, containers)) } },
        Exception::QualityEvent { event, .. } => html! {
            @for (no, hold) in &batch.holds {
                @if hold.cause == (disposition::HoldCause::QualityEvent { event: *event }) {
                    p.muted { (reader.say(Quality::HoldNumber)) " " (no) " " (entry_link(batch, hold.entry)) }
                }
            }
        },
        Exception::Hold { hold, .. } => match batch.holds.get(hold) {
            Some(held) => html! {
                p {
                    (words::hold_cause(reader.language, &held.cause, &reader.context)) " "
                    span.muted {
                        @match &held.scope {
                            HoldScope::Batch => { (reader.say(Ui::WholeBatch)) }
                            HoldScope::From { subjects } => {
                                @let names = subjects.iter().map(|s| words::subject(reader.language, s, &reader.context));
                                (names.collect::<Vec<_>>().join(", "))
                            }
                        }
                    }
                    " " (entry_link(batch, held.entry))
                }
            },
            None => html! {},
        },
        Exception::Mismatch { entry, .. } => html! {
            @for found in batch.mismatches.iter().filter(|found| found.entry == *entry) {
                p { (found.mismatch.expected) " ≠ " (found.mismatch.found) " " (entry_link(batch, *entry)) }
            }
        },
        Exception::DecisionVoided { container, by } => html! {
            p.muted { (part_label(batch, LabelKind::Dose, container.0)) " " (entry_link(batch, *by)) }
        },
        Exception::Corrected { entry, by } => correction(reader, batch, *entry, *by),
        Exception::Late { entry, reason, .. } => html! {
            (sentence(reader, batch, *entry))
            @if let Some(reason) = reason { p { (reader.say(Quality::Because)) ": " (reason) } }
        },
        Exception::CheckMissing { entry, .. }
        | Exception::BenchRecordMissing { entry, .. }
        | Exception::PartUnconfirmed { entry, .. }
        | Exception::FromPaper { entry, .. } => sentence(reader, batch, *entry),
    }
}

/// A result on one line: test, values, criterion, verdict, when.
pub fn one_result(reader: &Reader, batch: &Batch, no: ResultNo) -> Markup {
    let Some(result) = batch.results.get(&no) else { return html! {} };
    let test = batch.standard().test(&result.form.test);
    let values: Vec<&str> = result.form.values.iter().map(|value| value.as_str()).collect();
    let unit = result.form.unit.as_ref().map(|unit| unit.as_str());
    html! {
        p.result {
            (title(reader, test, result.form.test.as_str())) ": "
            strong { (values.join("; ")) @if let Some(unit) = unit { " " (unit) } }
            @if let Some(test) = test {
                span.muted { " (" (words::criterion(reader.language, &test.criterion, unit)) ") " }
            }
            (status_chip::verdict(reader.language, result.effective())) " "
            span.muted { (reader.time(result.reported_at)) } " "
            (entry_link(batch, result.entry))
        }
    }
}

fn title<'t>(reader: &Reader, test: Option<&'t Test>, code: &'t str) -> &'t str {
    test.map_or(code, |test| words::title(reader.language, &test.title))
}

/// The old value struck through, the new one, and why.
pub fn correction(reader: &Reader, batch: &Batch, entry: EntryId, by: EntryId) -> Markup {
    let said = |event: &baiyo_domain::batch::Event| {
        words::event(reader.language, &Event::Batch(event.clone()), &reader.context)
    };
    let fact = batch.logged(by).and_then(|logged| match &*logged.event {
        baiyo_domain::batch::Event::Disposition(disposition::Event::Corrected(fact)) => Some(fact.clone()),
        _ => None,
    });
    let logged = batch.logged(entry);
    // Of several corrections each replaced the one before it.
    let before = logged.and_then(|logged| {
        let place = logged.corrected_by.iter().position(|known| *known == by)?;
        let earlier = place.checked_sub(1).and_then(|place| batch.logged(logged.corrected_by[place]));
        match earlier.map(|earlier| &*earlier.event) {
            Some(baiyo_domain::batch::Event::Disposition(disposition::Event::Corrected(fact))) => {
                Some(said(&fact.replacement))
            }
            _ => Some(said(&logged.event)),
        }
    });
    html! {
        @if let Some(before) = before { p { del { (before) } " " (entry_link(batch, entry)) } }
        @if let Some(fact) = fact {
            p { ins { (said(&fact.replacement)) } " " (entry_link(batch, by)) }
            p { (reader.say(Quality::Because)) ": " (fact.reason) }
        }
    }
}

fn sentence(reader: &Reader, batch: &Batch, entry: EntryId) -> Markup {
    let Some(logged) = batch.logged(entry) else { return html! {} };
    let fact = Event::Batch((*logged.event).clone());
    html! { p { (words::event(reader.language, &fact, &reader.context)) " " (entry_link(batch, entry)) } }
}

/// A link to an entry in the whole history.
fn entry_link(batch: &Batch, entry: EntryId) -> Markup {
    html! {
        @if let Some(logged) = batch.logged(entry) {
            a.entry href={ "/batches/" (batch.id) "#entry-" (logged.stamp.version) } { "#" (logged.stamp.version) }
        }
    }
}

/// A kind of thing that a review goes through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Identity,
    DonorAndOrder,
    People,
    Materials,
    Times,
    Limits,
    Tests,
    Labels,
    Signatures,
}

impl Group {
    const ALL: [Group; 9] = [
        Group::Identity,
        Group::DonorAndOrder,
        Group::People,
        Group::Materials,
        Group::Times,
        Group::Limits,
        Group::Tests,
        Group::Labels,
        Group::Signatures,
    ];

    fn word(self) -> Quality {
        match self {
            Group::Identity => Quality::Identity,
            Group::DonorAndOrder => Quality::DonorAndOrder,
            Group::People => Quality::People,
            Group::Materials => Quality::Materials,
            Group::Times => Quality::Times,
            Group::Limits => Quality::Limits,
            Group::Tests => Quality::Tests,
            Group::Labels => Quality::Labels,
            Group::Signatures => Quality::Signatures,
        }
    }

    /// Where an exception belongs; quality events and holds may be about anything, and stand for themselves.
    fn of(exception: &Exception) -> Option<Group> {
        match exception {
            Exception::Mismatch { .. } => Some(Group::Identity),
            Exception::CheckMissing { .. }
            | Exception::BenchRecordMissing { .. }
            | Exception::PartUnconfirmed { .. } => Some(Group::People),
            Exception::Late { .. } | Exception::FromPaper { .. } => Some(Group::Times),
            Exception::OutOfLimits { .. } => Some(Group::Limits),
            Exception::ResultFails { .. }
            | Exception::ResultSetAside { .. }
            | Exception::ResultUndecided { .. }
            | Exception::ResultInterpreted { .. }
            | Exception::Retested { .. } => Some(Group::Tests),
            Exception::DecisionVoided { .. } => Some(Group::Signatures),
            Exception::QualityEvent { .. } | Exception::Hold { .. } | Exception::Corrected { .. } => None,
        }
    }

    fn requires(requirement: &Requirement) -> Option<Group> {
        match requirement {
            Requirement::Identity => Some(Group::Identity),
            Requirement::Instruction | Requirement::Donor | Requirement::Consent | Requirement::Order => {
                Some(Group::DonorAndOrder)
            }
            Requirement::Record => Some(Group::People),
            Requirement::Process | Requirement::Dose | Requirement::InDate => Some(Group::Limits),
            Requirement::Test(_) | Requirement::Failures => Some(Group::Tests),
            Requirement::Labels => Some(Group::Labels),
            Requirement::Manufacturing | Requirement::Quality => Some(Group::Signatures),
            Requirement::Holds | Requirement::QualityEvents | Requirement::Container => None,
        }
    }
}

/// One line for each kind of thing: in order, or told above.
pub fn in_order(reader: &Reader, batch: &Batch, names: &Names, gate: &Gate, found: &[Exception]) -> Markup {
    let checks: Vec<&Check> = gate.batch.iter().chain(gate.containers.values().flatten()).collect();
    html! {
        section.order #order {
            h2 { (reader.say(Quality::InOrder)) }
            ul.lines {
                @for group in Group::ALL {
                    @let own = checks.iter().filter(|check| Group::requires(&check.requirement) == Some(group));
                    @let met = own.clone().filter(|check| check.state() == CheckState::Met).count();
                    @let all = own.count();
                    @let told = found.iter().any(|exception| Group::of(exception) == Some(group));
                    li {
                        @if met == all && !told { (chip(Look::Good, reader.say(group.word()))) } @else {
                            (chip(Look::Planned, reader.say(group.word())))
                            span.muted { (reader.say(if told { Quality::NotInOrder } else { Quality::NotYet })) }
                        }
                        span { (said_of(reader, batch, names, group)) }
                        @if group == Group::Tests && all > 0 { span.muted { (met) " / " (all) } }
                    }
                }
            }
        }
    }
}

/// What a group rests on, in few words.
fn said_of(reader: &Reader, batch: &Batch, names: &Names, group: Group) -> String {
    let heads = || batch.log.iter().filter_map(|logged| performed::of(&logged.event));
    match group {
        Group::People => {
            let people: BTreeSet<PersonId> = batch.duties.iter().map(|(person, _)| *person).collect();
            people.into_iter().map(|person| names.person(person)).collect::<Vec<_>>().join(", ")
        }
        Group::Materials => {
            let lots: BTreeSet<String> = heads()
                .flat_map(|head| head.lots.iter().map(|lot| format!("{} {}", lot.material, lot.lot)))
                .collect();
            lots.into_iter().collect::<Vec<_>>().join(", ")
        }
        Group::Times => {
            let time = |at: Time| words::time(reader.language, at, reader.zone);
            let (first, last) = (batch.log.first(), batch.log.last());
            let ends = first.zip(last).map(|(first, last)| (first.stamp.recorded_at, last.stamp.recorded_at));
            ends.map_or_else(String::new, |(first, last)| format!("{} – {}", time(first), time(last)))
        }
        _ => String::new(),
    }
}

/// A refused attempt.
pub struct Attempt {
    at: Time,
    by: PersonId,
    action: String,
}

impl Attempt {
    /// The newest refused commands at the centre that are looked through.
    const LOOKED_THROUGH: i64 = 200;

    /// Those of the newest refused commands that were aimed at a batch.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn at(conn: &mut Conn, batch: &Batch) -> Result<Vec<Self>, StoreError> {
        let id = batch.id.to_string();
        let mut found = Vec::new();
        for entry in journal::newest_refused(conn, Self::LOOKED_THROUGH)? {
            if let (Event::Attempts(attempts::Event::RefusedAttempt(attempt)), _) = Event::read(&entry)?
                && attempt.stream.contains(&id)
            {
                found.push(Self { at: entry.recorded_at, by: entry.recorder, action: attempt.action });
            }
        }
        Ok(found)
    }
}

/// Refused attempts on a batch; nothing where there are none.
pub fn attempts(reader: &Reader, names: &Names, found: &[Attempt]) -> Markup {
    html! {
        @if !found.is_empty() {
            details.attempts {
                summary { (reader.say(Quality::RefusedAttempts)) " (" (found.len()) ")" }
                p.muted { (reader.say(Quality::RefusedAttemptsExplained)) }
                ul {
                    @for attempt in found {
                        li {
                            (reader.time(attempt.at)) " · " (names.person(attempt.by)) " · "
                            (words::action(reader.language, &attempt.action))
                        }
                    }
                }
            }
        }
    }
}
