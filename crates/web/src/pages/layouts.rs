//! How forms are laid out, by their action: most show their fields in the schema's order; those that are filled in all
//! day have a layout of their own, beside the workplace it belongs to.

use super::bench::{passage, photo, steps};
use super::clinic::layouts as clinic;
use super::correcting;
use super::incubators;
use super::offers::Offers;
use super::office;
use super::quality;
use super::reader::Reader;
use super::recording::About;
use super::sheet::Sheet;
use super::typed::Typed;
use crate::api::centre::site;
use crate::words;
use baiyo_domain::standard::Standing;
use baiyo_domain::time::Time;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{Conn, StoreError};
use maud::Markup;

/// Lays out a form; where it is new, what is known is suggested.
pub fn lay_out(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    match sheet.route.action.as_str() {
        "batch.culture.medium_change" => steps::medium(sheet, about, suggested),
        "batch.culture.counting" => steps::counting(sheet, about, suggested),
        "batch.culture.observation" => steps::observation(sheet, about, suggested),
        "batch.culture.photograph" => photo::lay_out(sheet, about, suggested),
        "batch.culture.passage" => passage::lay_out(sheet, about, suggested),
        "batch.culture.label_check" => steps::label_check(sheet, about, suggested),
        "batch.culture.vessel_move" => steps::vessel_move(sheet, about, suggested),
        "batch.disposition.correction" => correcting::lay_out(sheet, about),
        "batch.intake.opening" => office::opening(sheet, about, suggested),
        "batch.testing.result" => quality::laboratory::enter(sheet, about, suggested),
        "batch.testing.verification" | "batch.testing.interpretation" | "batch.testing.investigation" => {
            quality::laboratory::judge(sheet, about)
        }
        "quality_event.assessment" | "quality_event.closing" => quality::assessing::lay_out(sheet, about),
        "batch.disposition.deciding" => quality::deciding::lay_out(sheet, about, suggested),
        _ => clinic::lay_out(sheet, about, suggested).unwrap_or_else(|| sheet.fields()),
    }
}

/// The buttons by which a form is filled in further instead of being handed in.
pub const FURTHER: [&str; 3] = ["more", "split", incubators::STAND];

/// Fills a form in further, as a button in it says.
pub fn further(sheet: &mut Sheet, about: &About, button: &str, value: &str) {
    match button {
        "split" => passage::split(sheet, about, value.parse().unwrap_or(1)),
        incubators::STAND => steps::stand(sheet, value),
        _ => sheet.longer = Some(value.to_string()),
    }
}

/// Completes what was typed into a layout of its own to what the form asks for.
pub fn complete(action: &str, typed: &mut Typed) {
    match action {
        "batch.culture.medium_change" if typed.get("/performed/lots/0/lot").is_none() => {
            typed.clear("/performed/lots/0");
        }
        "batch.culture.photograph" => photo::complete(typed),
        "batch.testing.result" => quality::laboratory::complete(typed),
        "batch.intake.opening" => office::complete_opening(typed),
        _ => clinic::complete(action, typed),
    }
}

/// The check that is asked first where its page reports what happened: both are then recorded, the check only if it
/// passed.
pub fn check_before(action: &str) -> Option<&'static str> {
    match action {
        "batch.distribution.receipt" => Some("batch.distribution.receiving_check"),
        _ => None,
    }
}

/// The form that follows one by itself: new vessels have new labels.
pub fn next(action: &str) -> Option<&'static str> {
    let seeds = ["isolation", "bank_seeding", "passage", "pooling"];
    let form = action.strip_prefix("batch.culture.")?;
    seeds.contains(&form).then_some("label_check")
}

/// What the centre has to choose from in a form.
///
/// # Errors
/// The records cannot be read.
pub fn offer(
    conn: &mut Conn,
    action: &str,
    reader: &Reader,
    scope: ClinicScope,
    now: Time,
    offers: &mut Offers,
) -> Result<(), StoreError> {
    match action {
        "batch.intake.opening" => {
            orders(conn, scope, offers)?;
            standards(conn, reader, offers)?;
            office::offer_banks(conn, scope, now, offers)
        }
        "batch.distribution.allocation" => orders(conn, scope, offers),
        "batch.distribution.shipping_check" | "person.invitation" | "site.clinic_change" => {
            clinics(conn, offers)
        }
        "quality_event.report" | "quality_event.linking" | "quality_event.assessment" => {
            office::offer_batches(conn, reader, scope, now, offers)
        }
        "site.incubator_change" => incubators::offer_registered(conn, reader, offers),
        "batch.culture.isolation"
        | "batch.culture.bank_seeding"
        | "batch.culture.passage"
        | "batch.culture.pooling"
        | "batch.culture.vessel_move"
            if scope == ClinicScope::Centre =>
        {
            incubators::offer(conn, reader, now, offers)
        }
        _ => Ok(()),
    }
}

fn clinics(conn: &mut Conn, offers: &mut Offers) -> Result<(), StoreError> {
    let clinics = site(conn)?.into_iter().flat_map(|site| site.clinics.clone());
    offers.add("ClinicId", clinics.map(|(id, clinic)| (id.to_string(), clinic.name.to_string())).collect());
    Ok(())
}

fn standards(conn: &mut Conn, reader: &Reader, offers: &mut Offers) -> Result<(), StoreError> {
    let approved = serde_json::to_value(Standing::Approved).unwrap_or_default();
    let standards = reading::standards(conn)?.into_iter().filter(|row| approved == *row.status);
    let named = |row: reading::StandardRow| {
        let title = match reader.language {
            words::Language::En => &row.title_en,
            words::Language::Ja => &row.title_ja,
        };
        (row.id.0.to_string(), format!("{} v{} · {title}", row.code, row.edition))
    };
    offers.add("StandardId", standards.map(named).collect());
    Ok(())
}

/// The most orders that are offered: the newest.
const ORDERS: i64 = 200;

fn orders(conn: &mut Conn, scope: ClinicScope, offers: &mut Offers) -> Result<(), StoreError> {
    let orders = reading::orders(conn, scope, None, ORDERS)?.into_iter().filter(|row| row.status == "active");
    offers.add(
        "OrderId",
        orders.map(|row| (row.id.0.to_string(), format!("{} · {}", row.label, row.pseudonym))).collect(),
    );
    Ok(())
}
