//! What an inspector asks of one batch, with its answers on one place of its page: to which standard, on whose instruction,
//! what the record and the results say, what failed, who confirmed, who decided, and who received it.

use super::quality::labels;
use super::reader::{Names, Reader, part_label};
use super::results::{entry_link, failure, test_title};
use super::status_chip::{self, Look, chip};
use crate::words::{self, Inspection, Quality, Thing, Ui};
use baiyo_domain::batch::correction::in_force;
use baiyo_domain::batch::disposition::{Confirmed, Decision};
use baiyo_domain::batch::distribution::{self, Container, Custody};
use baiyo_domain::batch::testing::TestResult;
use baiyo_domain::batch::{self, Batch, intake};
use baiyo_domain::ids::{ClinicId, ContainerNo, EntryId, LabelKind, OrderId, PersonId};
use baiyo_domain::time::Time;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The documents of a batch and who signed them.
pub fn section(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    let standard = batch.standard();
    let fact = |word: &'static str, shown: Markup| html! { div { dt { (word) } dd { (shown) } } };
    html! {
        section #dossier aria-labelledby="glance" {
            h2 #glance { (reader.say(Inspection::Glance)) }
            dl.facts.dossier {
                (fact(reader.say(Ui::Standard), html! {
                    a href={ "/batches/" (batch.id) "/standard" } { (standard.code) " v" (standard.version) }
                    small { (words::title(reader.language, &standard.title)) }
                }))
                (fact(reader.say(Ui::Instruction), instruction(reader, batch, names)))
                (fact(reader.say(Quality::Record), html! {
                    a href={ "/batches/" (batch.id) "/record" } { (reader.say(Quality::Print)) }
                    small { (reader.say(Quality::Entries)) ": " (batch.log.len()) }
                }))
                (fact(reader.say(Ui::Results), results(reader, batch)))
                (fact(reader.say(Inspection::ManufacturingConfirmed),
                    confirmed(reader, batch, names, batch.manufacturing.as_ref())))
                (fact(reader.say(Inspection::QualityConfirmed), confirmed(reader, batch, names, batch.quality.as_ref())))
                (fact(reader.say(Ui::Disposition), decisions(reader, batch, names)))
                (fact(reader.say(Inspection::Recipients), recipients(reader, batch, names)))
            }
        }
    }
}

/// Who signed an entry, when, and where it stands in the history.
fn signed(reader: &Reader, batch: &Batch, names: &Names, entry: EntryId, by: PersonId) -> Markup {
    let at = batch.logged(entry).map(|logged| logged.stamp.recorded_at);
    html! {
        small {
            (names.person(by)) @if let Some(at) = at { ", " (reader.time(at)) } " " (entry_link(batch, entry))
        }
    }
}

fn instruction(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    let found = batch.instruction.and_then(|(entry, _)| batch.logged(entry));
    let Some(logged) = found else { return missing(reader, Inspection::InstructionMissing) };
    let form = match &*logged.event {
        batch::Event::Intake(intake::Event::Instruction(form)) => Some(form),
        _ => None,
    };
    html! {
        a href={ "#entry-" (logged.stamp.version) } { (reader.say(Ui::Signed)) }
        @if let Some(form) = form { p.said { (form.instructions) } }
        (signed(reader, batch, names, logged.stamp.entry, logged.stamp.performer))
    }
}

/// How many results there are, and each that failed, whatever became of it.
fn results(reader: &Reader, batch: &Batch) -> Markup {
    let failed: Vec<&TestResult> =
        batch.results.values().filter(|result| result.fails() || result.oos.is_some()).collect();
    html! {
        a href="#results" { (reader.say(Ui::Results)) ": " (batch.results.len()) }
        @if failed.is_empty() && !batch.results.is_empty() { small { (reader.say(Inspection::NothingFailed)) } }
        @if !failed.is_empty() {
            ul.failed aria-label=(reader.say(Inspection::Failed)) {
                @for result in failed {
                    li {
                        a href={ "#result-" (result.no) } { (test_title(reader, batch, &result.form.test)) }
                        (failure(reader, result))
                    }
                }
            }
        }
    }
}

fn confirmed(reader: &Reader, batch: &Batch, names: &Names, confirmed: Option<&Confirmed>) -> Markup {
    match confirmed {
        Some(confirmed) => html! {
            a href={ "#entry-" (confirmed.version) } { (reader.say(Ui::Signed)) }
            (signed(reader, batch, names, confirmed.entry, confirmed.by))
        },
        None => missing(reader, Inspection::NotConfirmed),
    }
}

/// Each decision in force, with the containers it is on.
fn decisions(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    let mut decisions: BTreeMap<u32, Vec<&Container>> = BTreeMap::new();
    for container in batch.containers.values() {
        if let Some(decided) = &container.decided {
            decisions.entry(decided.version).or_default().push(container);
        }
    }
    html! {
        @if decisions.is_empty() { (missing(reader, Inspection::NotDecided)) }
        @for (version, containers) in decisions {
            @let numbers: Vec<ContainerNo> = containers.iter().map(|container| container.no).collect();
            @if let Some(decided) = containers.first().and_then(|container| container.decided.as_ref()) {
                div.one {
                    a href={ "#entry-" (version) } {
                        @match decided.decision {
                            Decision::Release => { (reader.say(Ui::Release)) }
                            Decision::Reject { .. } => { (reader.say(Ui::Reject)) }
                        }
                    }
                    @if decided.voided_by.is_some() { " " (chip(Look::Warning, reader.say(Ui::SignatureVoided))) }
                    small { (labels(batch, &numbers)) }
                    (signed(reader, batch, names, decided.entry, decided.by))
                }
            }
        }
    }
}

/// For whom each container is, whose clinic has it, and when it was infused; also what was infused without being allocated.
fn recipients(reader: &Reader, batch: &Batch, names: &Names) -> Markup {
    let mut recipients: BTreeMap<Option<(OrderId, ClinicId)>, Vec<&Container>> = BTreeMap::new();
    for container in batch.containers.values() {
        let recipient = container.allocated.map(|(order, _, clinic)| (order, clinic));
        if recipient.is_some() || container.custody == Custody::Infused {
            recipients.entry(recipient).or_default().push(container);
        }
    }
    html! {
        @if recipients.is_empty() { span.muted { (reader.say(Inspection::NobodyYet)) } }
        @for (recipient, containers) in recipients {
            div.one {
                @if let Some((order, clinic)) = recipient {
                    a href={ "/orders/" (order) } { (names.call(Thing::Order(order)).unwrap_or_default()) }
                    @if order == batch.opened.order { " · " (batch.opened.pseudonym) }
                    small { (names.call(Thing::Clinic(clinic)).unwrap_or_default()) }
                } @else {
                    (chip(Look::Warning, reader.say(Inspection::NotAllocated)))
                }
                @for container in containers {
                    small {
                        (part_label(batch, LabelKind::Dose, container.no.0)) " "
                        (status_chip::container(reader.language, container.status()))
                        @if let Some(at) = infused_at(batch, container) { " " (reader.time(at)) }
                    }
                }
            }
        }
    }
}

fn infused_at(batch: &Batch, container: &Container) -> Option<Time> {
    let infused = container.custody == Custody::Infused;
    let label = batch.opened.label.part(LabelKind::Dose, container.no.0).filter(|_| infused)?;
    batch.log.iter().rev().find_map(|logged| match in_force(batch, logged.stamp.entry)? {
        batch::Event::Distribution(distribution::Event::Infusion(fact)) if fact.container == label => {
            Some(fact.started_at)
        }
        _ => None,
    })
}

fn missing(reader: &Reader, word: Inspection) -> Markup {
    html! { (chip(Look::Planned, reader.say(word))) }
}
