//! The physician's decision on the administration, the check at the bedside by two people, and the infusion.

use super::super::reader::part_label;
use super::super::recording::About;
use super::super::sheet::Sheet;
use super::super::status_chip::{self, Look};
use super::super::typed::Typed;
use super::board::left;
use super::receiving::{complete_phrase, measured, phrase};
use super::{evidence, layouts};
use crate::words::{self, Clinic, Telling, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::distribution::{Clearance, Container, Custody};
use baiyo_domain::ids::LabelKind;
use baiyo_domain::time::Time;
use maud::{Markup, html};

/// Whether anything was seen meanwhile.
const SEEN: &str = "/seen";

/// Lays the decision out, under what it rests on.
pub fn decision(sheet: &mut Sheet, about: &About) -> Markup {
    let Some(batch) = &about.batch else { return sheet.fields() };
    let reader = sheet.reader;
    let scanned = sheet.typed.get("/container").map(String::from);
    let chosen = |container: &&Container| {
        let label = part_label(batch, LabelKind::Dose, container.no.0);
        scanned.as_ref().is_none_or(|scanned| *scanned == label)
    };
    let here = batch.containers.values().filter(|c| matches!(c.custody, Custody::Received { .. }));
    let may = [
        ("true".to_string(), reader.say(Clinic::MayBeGiven).to_string()),
        ("false".to_string(), reader.say(Clinic::MustNotBeGiven).to_string()),
    ];
    html! {
        (layouts::identity(sheet, about))
        @for container in here.filter(chosen) { (rests_on(sheet, about, batch, container)) }
        (sheet.field("/container"))
        (sheet.field("/order_label"))
        (sheet.radios("/may", reader.say(Ui::AdministrationDecision), true, &may, |_| html! {}))
        (sheet.all_but(&["container", "order_label", "may"]))
    }
}

fn rests_on(sheet: &Sheet, about: &About, batch: &Batch, container: &Container) -> Markup {
    let reader = sheet.reader;
    let soon = container.expires_at.since(about.now).num_hours() < 12;
    let day =
        |at: Time| words::short_date(reader.language, at.utc().with_timezone(&reader.zone).date_naive());
    html! {
        section.panel.rests {
            h2 { (part_label(batch, LabelKind::Dose, container.no.0)) " " (status_chip::container(reader.language, container.status())) }
            @if !container.stops.is_empty() {
                div.notice.bad {
                    h3 { (Look::Bad.icon()) (reader.say(Ui::StopExplained)) }
                    ul { @for stop in &container.stops { li { (words::stop_cause(reader.language, &stop.cause, &reader.context)) } } }
                }
            }
            dl.facts {
                div {
                    dt { (reader.say(Ui::Expiry)) }
                    dd { (reader.time(container.expires_at)) " " strong.soon[soon] { (words::told(reader.language, &left(container.expires_at, about.now))) } }
                }
                div { dt { (reader.say(Ui::Disposition)) } dd { (evidence::decision(reader, batch, container, &about.names)) } }
                div.wide-fact { dt { (reader.say(Clinic::WhatArrived)) } dd { (evidence::arrival(reader, batch, container)) } }
            }
            details {
                summary { (reader.say(Clinic::ResultsRestOn)) }
                (evidence::results_table(reader, batch, container, &about.names))
            }
            h3 { (reader.say(Clinic::StillRunning)) }
            (evidence::surveillance(reader, batch, container, day))
        }
    }
}

/// Lays the check at the bedside out.
pub fn check(sheet: &mut Sheet, about: &About) -> Markup {
    let me = about.caller.person.0.to_string();
    let others = sheet.offers.of(Some("PersonId"), "/second_person").unwrap_or_default().to_vec();
    let others: Vec<(String, String)> = others.into_iter().filter(|(person, _)| *person != me).collect();
    sheet.offers.add("/second_person", others);
    let reader = sheet.reader;
    let said = [("true", Clinic::Fits), ("false", Clinic::FitsNot)];
    let said = said.map(|(value, word)| (value.to_string(), reader.say(word).to_string()));
    html! {
        (layouts::identity(sheet, about))
        (sheet.field("/wristband"))
        (sheet.field("/container"))
        p.hint { (sheet.reader.say(Clinic::AskForName)) }
        (sheet.radios("/spoken_identity_fits", reader.say(Clinic::SpokenIdentity), true, &said, |_| html! {}))
        (sheet.field("/second_person"))
        p.hint { (sheet.reader.say(Clinic::SecondConfirms)) }
        (sheet.all_but(&["wristband", "container", "spoken_identity_fits", "second_person"]))
    }
}

/// Lays the report of an infusion out; the container just checked at the bedside is filled in.
pub fn infusion(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    let Some(batch) = about.batch.clone() else { return sheet.fields() };
    let cleared = |c: &&Container| {
        matches!(c.clearance, Some(Clearance::Passed { .. })) && matches!(c.custody, Custody::Received { .. })
    };
    let mut checked = batch.containers.values().filter(cleared);
    if suggested {
        if let (Some(container), None) = (checked.next(), checked.next()) {
            sheet.typed.suggest("/container", part_label(&batch, LabelKind::Dose, container.no.0));
        }
        let now = about.now.utc().with_timezone(&sheet.reader.zone);
        sheet.typed.suggest("/ended_at", now.format("%Y-%m-%dT%H:%M"));
    }
    let reader = sheet.reader;
    let scanned = sheet.typed.get("/container");
    let labelled = |c: &&Container| scanned == Some(&part_label(&batch, LabelKind::Dose, c.no.0));
    let held = batch.containers.values().find(labelled).map(|container| container.new.volume);
    html! {
        (layouts::identity(sheet, about))
        (sheet.field("/container"))
        div.pair { (sheet.field("/started_at")) (sheet.field("/ended_at")) }
        // What was given is read from the bag, not taken for granted.
        @match held {
            Some(held) => {
                (measured(sheet, "/volume", words::field(reader.language, "volume"), "mL", &Telling::AtMost(held.to_string())))
            }
            None => { (sheet.field("/volume")) }
        }
        (phrase(sheet, SEEN, "/reactions", reader.say(Clinic::Reactions), reader.say(Clinic::NoReactions)))
        (sheet.all_but(&["container", "started_at", "ended_at", "volume", "reactions"]))
    }
}

/// Lays out the report of how a patient is: of what he was given.
pub fn outcome(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    let Some(batch) = about.batch.clone() else { return sheet.fields() };
    let given = batch.containers.values().filter(|container| container.custody == Custody::Infused);
    let given: Vec<(String, String)> = given
        .map(|container| part_label(&batch, LabelKind::Dose, container.no.0))
        .map(|label| (label.clone(), label))
        .collect();
    if let ([(label, _)], true) = (given.as_slice(), suggested) {
        sheet.typed.suggest("/container", label);
    }
    sheet.offers.add("/container", given);
    let reader = sheet.reader;
    let adverse = [("false", Clinic::NotAdverse), ("true", Clinic::Adverse)];
    let adverse = adverse.map(|(value, word)| (value.to_string(), reader.say(word).to_string()));
    html! {
        (layouts::identity(sheet, about))
        (sheet.field("/container"))
        (sheet.radios("/adverse", reader.say(Clinic::IsAdverse), true, &adverse, |_| html! {}))
        (sheet.field("/report"))
        (sheet.all_but(&["container", "adverse", "report"]))
    }
}

/// Completes the report of an infusion.
pub fn complete(typed: &mut Typed) {
    complete_phrase(typed, SEEN, "/reactions");
}
