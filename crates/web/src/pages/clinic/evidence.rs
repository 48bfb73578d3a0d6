//! What a container's release rests on, for whoever decides to give it and for its certificate: the decision, the
//! results against their criteria, what arrived, and what still runs.

use super::super::reader::{Names, Reader};
use super::super::status_chip::{self, Look, chip};
use super::readiness::{decided_at, hours_of};
use crate::words::{self, Clinic, Telling, Ui};
use baiyo_domain::batch::distribution::{Container, Event as Fact, Receipt};
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::testing::{Oos, TestResult};
use baiyo_domain::batch::{Batch, Event, Stamp, Subject, disposition};
use baiyo_domain::ids::EntryId;
use baiyo_domain::standard::{Purpose, Stage, Test};
use baiyo_domain::time::Time;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Every fact of a batch as it counts now, oldest first: a corrected one as its newest correction has it.
pub fn facts(batch: &Batch) -> Vec<(Stamp, &Event)> {
    let mut newest: BTreeMap<EntryId, &Event> = BTreeMap::new();
    for logged in &batch.log {
        if let Event::Disposition(disposition::Event::Corrected(corrected)) = &*logged.event {
            newest.insert(corrected.entry, &corrected.replacement);
        }
    }
    let counts = |stamp: &Stamp, first| newest.get(&stamp.entry).copied().unwrap_or(first);
    batch.log.iter().map(|logged| (logged.stamp, counts(&logged.stamp, &*logged.event))).collect()
}

/// What was reported when a container arrived.
pub fn receipt<'b>(batch: &'b Batch, container: &Container) -> Option<(Time, &'b Receipt)> {
    let label = super::steps::label_of(batch, container)?;
    let receipts = facts(batch).into_iter().rev().filter_map(|(stamp, event)| match event {
        Event::Distribution(Fact::Receipt(form)) => Some((form.performed.at(&stamp), &**form)),
        _ => None,
    });
    receipts.into_iter().find(|(_, form)| form.containers.contains(&label))
}

/// When a container was shipped.
pub fn shipped_at(batch: &Batch, container: &Container) -> Option<Time> {
    let label = super::steps::label_of(batch, container)?;
    facts(batch).into_iter().rev().find_map(|(stamp, event)| match event {
        Event::Distribution(Fact::Shipment(form)) if form.containers.contains(&label) => {
            Some(form.performed.at(&stamp))
        }
        _ => None,
    })
}

/// Results that a container's cells have, of one test.
fn results<'b>(batch: &'b Batch, container: &Container, test: &'b Test) -> Vec<&'b TestResult> {
    let ancestry = batch.ancestry(Subject::Container(container.no));
    let of_it = |result: &&TestResult| {
        let sample = batch.samples.get(&result.form.sample);
        result.form.test == test.code
            && sample
                .is_some_and(|sample| sample.form.subjects.iter().any(|subject| ancestry.contains(subject)))
    };
    batch.results.values().filter(of_it).collect()
}

/// The results against their criteria.
pub fn results_table(reader: &Reader, batch: &Batch, container: &Container, names: &Names) -> Markup {
    html! {
        div.scroll role="region" aria-label=(reader.say(Ui::Results)) tabindex="0" {
            table.dense {
                thead {
                    tr {
                        @for column in [Ui::Test, Ui::Criterion, Ui::Values, Ui::Verdict, Ui::VerifiedBy] {
                            th scope="col" { (reader.say(column)) }
                        }
                    }
                }
                tbody {
                    @for test in batch.standard().mandated() {
                        @let found = results(batch, container, test);
                        @if found.is_empty() {
                            tr {
                                th scope="row" { (words::title(reader.language, &test.title)) }
                                td { (words::criterion(reader.language, &test.criterion, unit(test))) }
                                td colspan="3" { (elsewhere(reader, batch, test)) }
                            }
                        }
                        @for result in found { (result_row(reader, test, result, names)) }
                    }
                }
            }
        }
    }
}

/// What stands in no result of the batch itself: the donor's panel, which the order carries, or a bank's test.
fn elsewhere(reader: &Reader, batch: &Batch, test: &Test) -> Markup {
    let screening = batch.order.screening.as_ref().filter(|_| test.stage == Stage::Donor);
    html! {
        @match screening {
            Some(screening) => {
                @for (place, result) in screening.results.iter().enumerate() {
                    @if place > 0 { ", " }
                    (words::analyte(reader.language, result.analyte)) " " (words::finding(reader.language, result.finding))
                }
            }
            None => { (reader.say(Clinic::ResultElsewhere)) }
        }
    }
}

fn result_row(reader: &Reader, test: &Test, result: &TestResult, names: &Names) -> Markup {
    let values: Vec<&str> = result.form.values.iter().map(|value| value.as_str()).collect();
    html! {
        tr {
            th scope="row" { (words::title(reader.language, &test.title)) }
            td { (words::criterion(reader.language, &test.criterion, unit(test))) }
            td { (values.join(", ")) @if let Some(unit) = &result.form.unit { " " (unit) } }
            td {
                (status_chip::verdict(reader.language, result.effective()))
                @match &result.oos {
                    Some(Oos::Open) => { small { (reader.say(Ui::FailureOpen)) } }
                    Some(Oos::SetAside { .. }) => { small { (reader.say(Ui::FailureSetAside)) } }
                    Some(Oos::Confirmed) => { small { (reader.say(Ui::FailureConfirmed)) } }
                    None => {}
                }
            }
            td {
                @match result.verified_by {
                    Some(person) => { (names.person(person)) }
                    None => { (reader.say(Ui::NotVerified)) }
                }
            }
        }
    }
}

fn unit(test: &Test) -> Option<&str> {
    test.unit.as_ref().map(|unit| unit.as_str())
}

/// Who decided on a container, what, and when.
pub fn decision(reader: &Reader, batch: &Batch, container: &Container, names: &Names) -> Markup {
    html! {
        @match &container.decided {
            None => { (reader.say(Ui::NotRecorded)) }
            Some(decided) => {
                @if container.released() { (chip(Look::Good, reader.say(Ui::Release))) }
                @else { (chip(Look::Bad, reader.say(if decided.voided_by.is_some() { Ui::SignatureVoided } else { Ui::Reject }))) }
                " " (names.person(decided.by))
                @if let Some(at) = decided_at(batch, container) { " · " (reader.time(at)) }
            }
        }
    }
}

/// What arrived, against the standard's limits.
pub fn arrival(reader: &Reader, batch: &Batch, container: &Container) -> Markup {
    let limits = batch.standard().keeping.transport;
    html! {
        @match receipt(batch, container) {
            None => { (reader.say(Ui::NotRecorded)) }
            Some((at, form)) => {
                @let cold = limits.temperature.holds(form.least_temperature, form.most_temperature);
                @let quick = form.transport.value() <= limits.most_hours.value();
                (fit(reader, cold, html! {
                    @if form.least_temperature == form.most_temperature { (form.most_temperature) }
                    @else { (form.least_temperature) " – " (form.most_temperature) }
                }))
                " " (fit(reader, quick, html! { (form.transport) }))
                " " (fit(reader, form.seal_intact, html! {
                    (reader.say(Ui::Seal)) " " (reader.say(if form.seal_intact { Ui::Intact } else { Ui::Broken }))
                }))
                p { (form.appearance) " · " (reader.time(at)) }
            }
        }
    }
}

fn fit(_reader: &Reader, fits: bool, shown: Markup) -> Markup {
    let look = if fits { Look::Good } else { Look::Warning };
    html! { span.chip.(look.class()) { (look.icon()) (shown) } }
}

/// The tests that report only after the infusion may be over, each as a sentence.
pub fn surveillance(
    reader: &Reader,
    batch: &Batch,
    container: &Container,
    day: impl Fn(Time) -> String,
) -> Markup {
    let running: Vec<(&Test, Option<Time>)> = batch
        .standard()
        .tests
        .iter()
        .filter(|test| matches!(test.purpose, Purpose::Surveillance { .. }))
        .filter(|test| {
            !results(batch, container, test).iter().any(|result| {
                result.verified_by.is_some() && matches!(result.effective(), Verdict::Pass | Verdict::Fail)
            })
        })
        .map(|test| {
            let samples = batch.samples.values().filter(|sample| sample.form.tests.contains(&test.code));
            let sampled = samples.map(|sample| sample.at).max();
            (test, sampled.map(|at| at.plus(hours_of(test.turnaround.value()))))
        })
        .collect();
    html! {
        @if running.is_empty() { p { (reader.say(Clinic::NoSurveillance)) } } @else {
            ul.running {
                @for (test, due) in running {
                    li {
                        strong { (words::title(reader.language, &test.title)) } " – "
                        @match due {
                            Some(due) => { (words::told(reader.language, &Telling::ReportsAbout(day(due)))) }
                            None => { (reader.say(Clinic::NotSampledYet)) }
                        }
                    }
                }
            }
            p { (reader.say(Clinic::SurveillanceMeans)) }
        }
    }
}
