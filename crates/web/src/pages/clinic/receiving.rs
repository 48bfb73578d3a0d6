//! Receipt at the clinic: scan, temperature, a tap for each check, confirm. The check before it is asked in the same
//! step; where it refuses, what arrived can be reported all the same.

use super::super::recording::{ANYWAY, About, REFUSED};
use super::super::sheet::Sheet;
use super::super::typed::Typed;
use super::evidence;
use crate::words::{self, Clinic, Telling, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::distribution::{Container, Custody};
use maud::{Markup, html};

/// One temperature, where it did not change on the way.
const TEMPERATURE: &str = "/temperature";
/// Whether it looks as it should.
const LOOKS: &str = "/looks";

/// Lays the receipt out.
pub fn receipt(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    let Some(batch) = about.batch.clone() else { return sheet.fields() };
    let coming: Vec<&Container> =
        batch.containers.values().filter(|c| c.custody == Custody::Shipped).collect();
    if suggested && let Some(hours) = hours_on_the_way(&batch, &coming, about) {
        sheet.typed.suggest("/transport", hours);
    }
    // The range follows from the one temperature; it is not to be left behind when that is corrected.
    if sheet.typed.get(TEMPERATURE).is_some() {
        sheet.typed.take("/least_temperature");
        sheet.typed.take("/most_temperature");
    }
    let reader = sheet.reader;
    let limits = batch.standard().keeping.transport;
    let range = sheet.typed.any("/least_temperature")
        || sheet.typed.any("/most_temperature")
        || sheet.faults.iter().any(|fault| {
            ["/least_temperature", "/most_temperature"].iter().any(|field| fault.is_within(field))
        });
    let allowed = Telling::Range(limits.temperature.least.to_string(), limits.temperature.most.to_string());
    let longest = Telling::AtMost(limits.most_hours.to_string());
    let two = |yes: Clinic, no: Clinic| {
        [("true", yes), ("false", no)].map(|(value, word)| (value.to_string(), reader.say(word).to_string()))
    };
    html! {
        (refused(sheet))
        p { (words::told(reader.language, &Telling::OnTheWay(coming.len()))) }
        (sheet.field("/containers"))
        (measured(sheet, TEMPERATURE, reader.say(Clinic::TemperatureOnArrival), "℃", &allowed))
        details.entry-head open[range] {
            summary { (reader.say(Clinic::TemperatureRange)) }
            (sheet.field("/least_temperature"))
            (sheet.field("/most_temperature"))
        }
        (sheet.radios("/seal_intact", reader.say(Ui::Seal), true, &two(Clinic::SealIntact, Clinic::SealBroken), |_| html! {}))
        (phrase(sheet, LOOKS, "/appearance", reader.say(Clinic::Appearance), reader.say(Clinic::LooksRight)))
        (measured(sheet, "/transport", reader.say(Clinic::HoursOnTheWay), "h", &longest))
        (sheet.radios("/accepted", reader.say(Clinic::Accepting), true, &two(Clinic::Accept, Clinic::Refuse), |_| html! {}))
        (sheet.all_but(&["containers", "least_temperature", "most_temperature", "seal_intact", "appearance", "transport", "accepted"]))
    }
}

/// One number with its unit and what is allowed.
pub fn measured(sheet: &Sheet, field: &str, name: &str, unit: &str, allowed: &Telling) -> Markup {
    sheet.around(field, name, None, html! {
        span.measure {
            input.short type="text" inputmode="decimal" id=(field) name=(field) autocomplete="off"
                value=[sheet.typed.get(field)] aria-invalid=[(!sheet.own(field).is_empty()).then_some("true")];
            span.unit { (unit) }
            span.limits { (words::told(sheet.reader.language, allowed)) }
        }
    })
}

/// Why the check refuses, and the way to report what happened all the same.
fn refused(sheet: &Sheet) -> Markup {
    let reader = sheet.reader;
    html! {
        @if sheet.typed.get(REFUSED).is_some() {
            input type="hidden" name=(REFUSED) value="true";
            div.notice.bad.anyway {
                h2 { (reader.say(Clinic::CheckRefused)) }
                p { (reader.say(Clinic::ReportAnyway)) }
                button.quiet type="submit" name=(ANYWAY) value="true" { (reader.say(Clinic::ReportAnywayButton)) }
            }
        }
    }
}

/// A text that is nearly always the same: one tap, or in one's own words.
pub fn phrase(sheet: &Sheet, own: &str, field: &str, name: &str, usual: &str) -> Markup {
    let otherwise = sheet.reader.say(Clinic::InOwnWords);
    let options = [(usual.to_string(), usual.to_string()), ("other".to_string(), otherwise.to_string())];
    let chosen = sheet.typed.get(own).map(String::from);
    let text = sheet.typed.get(field).filter(|text| chosen.as_deref() != Some(text)).unwrap_or_default();
    let faults = sheet.own(field);
    html! {
        (sheet.fault_line(field, &faults))
        (sheet.radios(own, name, true, &options, |value| html! {
            @if value == "other" {
                div.then.in-own-words {
                    label for=(field) { (sheet.reader.say(Clinic::OwnWords)) }
                    textarea id=(field) name=(field) rows="2" maxlength="2000" { (text) }
                }
            }
        }))
    }
}

/// What a tap for a usual text stands for.
pub fn complete_phrase(typed: &mut Typed, own: &str, field: &str) {
    let Some(usual) = typed.get(own).filter(|usual| *usual != "other").map(String::from) else { return };
    // What somebody wrote in his own words is never replaced by the usual ones.
    match typed.get(field).is_some_and(|written| written != usual) {
        true => typed.set(own, "other"),
        false => typed.set(field, usual),
    }
}

/// Completes a receipt: one temperature is the coldest and the warmest at once.
pub fn complete(typed: &mut Typed) {
    complete_phrase(typed, LOOKS, "/appearance");
    let ranged = typed.any("/least_temperature") || typed.any("/most_temperature");
    match typed.get(TEMPERATURE).map(String::from) {
        Some(_) if ranged => drop(typed.take(TEMPERATURE)),
        Some(one) => {
            typed.set("/least_temperature", &one);
            typed.set("/most_temperature", one);
        }
        None => {}
    }
}

fn hours_on_the_way(batch: &Batch, coming: &[&Container], about: &About) -> Option<String> {
    let left = coming.iter().filter_map(|container| evidence::shipped_at(batch, container)).min()?;
    let minutes = about.now.since(left).num_minutes().max(0);
    // Tenths of an hour, rounded up.
    let tenths = (minutes + 5) / 6;
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}
