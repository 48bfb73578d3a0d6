//! How forms are laid out, by their action: most show their fields in the schema's order; those that are filled in all
//! day have a layout of their own, beside the workplace it belongs to.

use super::bench::{passage, steps};
use super::clinic::layouts as clinic;
use super::offers::Offers;
use super::reader::{Names, Reader};
use super::recording::About;
use super::sheet::Sheet;
use super::typed::Typed;
use crate::words;
use baiyo_domain::standard::Standing;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{Conn, StoreError, journal};
use maud::Markup;

/// Lays out a form; where it is new, what is known is suggested.
pub fn lay_out(sheet: &mut Sheet, about: &About, suggested: bool) -> Markup {
    match sheet.route.action.as_str() {
        "batch.culture.medium_change" => steps::medium(sheet, about, suggested),
        "batch.culture.counting" => steps::counting(sheet, about, suggested),
        "batch.culture.observation" => steps::observation(sheet, about, suggested),
        "batch.culture.passage" => passage::lay_out(sheet, about, suggested),
        "batch.culture.label_check" => steps::label_check(sheet, about, suggested),
        "batch.culture.vessel_move" => steps::vessel_move(sheet, about, suggested),
        _ => clinic::lay_out(sheet, about, suggested).unwrap_or_else(|| sheet.fields()),
    }
}

/// The buttons by which a form is filled in further instead of being handed in.
pub const FURTHER: [&str; 2] = ["more", "split"];

/// Fills a form in further, as a button in it says.
pub fn further(sheet: &mut Sheet, about: &About, button: &str, value: &str) {
    match button {
        "split" => passage::split(sheet, about, value.parse().unwrap_or(1)),
        _ => sheet.longer = Some(value.to_string()),
    }
}

/// Completes what was typed into a layout of its own to what the form asks for.
pub fn complete(action: &str, typed: &mut Typed) {
    clinic::complete(action, typed);
    if action == "batch.culture.medium_change" && typed.get("/performed/lots/0/lot").is_none() {
        typed.clear("/performed/lots/0");
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

/// What the centre has to choose from.
///
/// # Errors
/// The records cannot be read.
pub fn offer(
    conn: &mut Conn,
    reader: &Reader,
    scope: ClinicScope,
    names: &Names,
    offers: &mut Offers,
) -> Result<(), StoreError> {
    if let Some(site) = journal::site_stream(conn)? {
        let site = reading::stream(conn, site)?.and_then(|world| world.site);
        let clinics = site.into_iter().flat_map(|site| site.clinics.clone());
        offers
            .add("ClinicId", clinics.map(|(id, clinic)| (id.to_string(), clinic.name.to_string())).collect());
    }
    let approved = standing(Standing::Approved);
    let standards = reading::standards(conn)?.into_iter().filter(|row| row.status == approved);
    let title = |row: &reading::StandardRow| match reader.language {
        words::Language::En => row.title_en.clone(),
        words::Language::Ja => row.title_ja.clone(),
    };
    offers.add(
        "StandardId",
        standards
            .map(|row| (row.id.0.to_string(), format!("{} v{} · {}", row.code, row.edition, title(&row))))
            .collect(),
    );
    let orders = reading::orders(conn, scope, None, 200)?.into_iter().filter(|row| row.status == "active");
    offers.add(
        "OrderId",
        orders.map(|row| (row.id.0.to_string(), format!("{} · {}", row.label, row.pseudonym))).collect(),
    );
    let _ = names;
    Ok(())
}

fn standing(standing: Standing) -> String {
    serde_json::to_value(standing).ok().and_then(|value| value.as_str().map(String::from)).unwrap_or_default()
}
