//! How the clinic's own forms are laid out, and what they show beside their fields.

use super::super::recording::About;
use super::super::sheet::Sheet;
use super::super::typed::Typed;
use super::{cases, giving, receiving};
use crate::words::{self, Clinic, Language, Ui};
use baiyo_domain::ids::ClinicId;
use baiyo_domain::order::Order;
use baiyo_persistence::keystore::{KeyStore, Personal};
use baiyo_persistence::{Conn, StoreError};
use maud::{Markup, html};

/// What the clinic's forms show beside: for the clinic's own staff alone.
#[derive(Default)]
pub struct Known {
    /// Who the patient is.
    pub patient: Option<Personal>,
}

impl Known {
    /// What a form of this clinic needs.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn of(
        conn: &mut Conn,
        keys: &KeyStore,
        clinic: ClinicId,
        _action: &str,
        order: Option<&Order>,
    ) -> Result<Option<Self>, StoreError> {
        let mut known = Self::default();
        if let Some(order) = order.filter(|order| order.placed.clinic == clinic) {
            known.patient = cases::personal(conn, keys, clinic, order.placed.placement.patient)?;
        }
        Ok(Some(known))
    }
}

/// Lays out a form of the clinic's; nothing where it is none.
pub fn lay_out(sheet: &mut Sheet, about: &About, suggested: bool) -> Option<Markup> {
    Some(match sheet.route.action.as_str() {
        "batch.distribution.receipt" => receiving::receipt(sheet, about, suggested),
        "batch.distribution.administration_decision" => giving::decision(sheet, about),
        "batch.distribution.bedside_check" => giving::check(sheet, about),
        "batch.distribution.infusion" => giving::infusion(sheet, about, suggested),
        _ => return None,
    })
}

/// Completes what was typed into the clinic's layouts.
pub fn complete(action: &str, typed: &mut Typed) {
    match action {
        "batch.distribution.receipt" => receiving::complete(typed),
        "batch.distribution.infusion" => giving::complete(typed),
        _ => {}
    }
}

/// Who the patient is, as he says it himself: name, reading and birth date.
pub fn identity(sheet: &Sheet, about: &About) -> Markup {
    let reader = sheet.reader;
    let Some(order) = &about.order else { return html! {} };
    let patient = about.clinic.as_ref().and_then(|known| known.patient.as_ref());
    html! {
        dl.identity {
            div {
                dt { (reader.say(Ui::Patient)) }
                dd lang="ja" {
                    @match patient {
                        Some(patient) => {
                            (patient.name) " " (reader.say(Clinic::Honorific))
                            @if let Some(kana) = &patient.kana { small { (kana) } }
                        }
                        None => { (order.placed.placement.pseudonym) }
                    }
                }
            }
            @if let Some(patient) = patient {
                div {
                    dt { (reader.say(Clinic::BirthDate)) }
                    dd { (birth_date(reader.language, patient.birth_date.date())) }
                }
            }
            div { dt { (reader.say(Clinic::Pseudonym)) } dd { (order.placed.placement.pseudonym) } }
        }
    }
}

/// A birth date; in Japanese with its era, as it stands on forms.
pub fn birth_date(language: Language, day: chrono::NaiveDate) -> String {
    match language {
        Language::En => words::date(language, day),
        Language::Ja => format!("{}（{}）", words::wareki(day), day.format("%Y/%m/%d")),
    }
}
