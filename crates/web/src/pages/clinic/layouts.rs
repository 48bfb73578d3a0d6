//! How the clinic's own forms are laid out, and what they show beside their fields.

use super::super::recording::About;
use super::super::sheet::Sheet;
use super::super::typed::Typed;
use super::cases::{self, Case};
use super::readiness::{Estimate, expected, learned, readiness};
use super::steps::last_use;
use super::{acknowledging, giving, ordering, receiving};
use crate::words::{self, Clinic, Language, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::ids::{ClinicId, OrderId, PatientId, StandardId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::order::{Order, Plan, Window};
use baiyo_domain::standard::Standard;
use baiyo_domain::text::Short;
use baiyo_domain::time::Time;
use baiyo_persistence::disclosure::{Told, Viewer};
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::{Conn, Store, StoreError};
use maud::{Markup, html};
use std::sync::Arc;

/// What the clinic's forms show beside: for the clinic's own staff alone.
pub struct Known {
    /// Who the patient is, as far as that may be told.
    pub patient: Told,
    /// The clinic's patients with their pseudonyms, the newest order first.
    pub patients: Vec<(PatientId, Short, Told)>,
    /// The plan of the newest order.
    pub plan: Option<Plan>,
    /// When the clinic's other infusions are wanted.
    pub wanted: Vec<Window>,
    /// The products that are made, and when cells of each are ready whose tissue comes now.
    pub standards: Vec<(Standard, Option<Estimate>)>,
    /// When the cells of this order are ready.
    pub ready: Option<Estimate>,
    /// When the last of them expires.
    pub last_use: Option<Time>,
    /// The batch they are in.
    pub batch: Option<Arc<Batch>>,
}

/// So many of a clinic's newest orders are looked through for patients and wanted days.
const ORDERS: i64 = 200;

impl Known {
    /// What a form of this clinic needs.
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn of(
        conn: &mut Conn,
        store: &Store,
        (viewer, clinic): (Option<&Viewer>, ClinicId),
        action: &str,
        order: Option<&Arc<Order>>,
        now: Time,
    ) -> Result<Option<Self>, StoreError> {
        let mut known = Self {
            patient: Told::Nothing,
            patients: Vec::new(),
            plan: None,
            wanted: Vec::new(),
            standards: Vec::new(),
            ready: None,
            last_use: None,
            batch: None,
        };
        let order = order.filter(|order| order.placed.clinic == clinic);
        if let Some(order) = order {
            known.patient = cases::patient(conn, store, viewer, order.placed.placement.patient)?;
        }
        match action {
            "order.placement" => {
                known.know_orders(conn, clinic, None, now)?;
                known.name_patients(conn, store, viewer)?;
                known.know_standards(conn, now)?;
            }
            "order.window_change" => {
                known.know_orders(conn, clinic, order.map(|order| order.id), now)?;
                known.know_standards(conn, now)?;
                if let Some(order) = order {
                    known.know_cells(conn, clinic, order, now)?;
                }
            }
            "order.forecast_acknowledgement" => {
                if let Some(order) = order {
                    known.know_cells(conn, clinic, order, now)?;
                }
            }
            _ => {}
        }
        Ok(Some(known))
    }

    /// The product chosen, or the first.
    pub fn standard(&self, code: Option<&str>) -> Option<&(Standard, Option<Estimate>)> {
        let chosen = self.standards.iter().find(|(standard, _)| Some(standard.code.as_str()) == code);
        chosen.or(self.standards.first())
    }

    fn know_orders(
        &mut self,
        conn: &mut Conn,
        clinic: ClinicId,
        but: Option<OrderId>,
        now: Time,
    ) -> Result<(), StoreError> {
        let scope = ClinicScope::Clinic(clinic);
        for row in reading::orders(conn, scope, None, ORDERS)? {
            let patient = PatientId(row.patient.0);
            let new = but.is_none() && self.patients.iter().all(|(known, ..)| *known != patient);
            if !new && row.status != "active" {
                continue;
            }
            let found = cases::unless_broken(reading::order(conn, scope, OrderId(row.id.0)))?;
            let Some((order, _)) = found.flatten() else { continue };
            if new {
                self.patients.push((patient, order.placed.placement.pseudonym.clone(), Told::Nothing));
            }
            self.plan.get_or_insert_with(|| order.plan.clone());
            let window = order.standing.window.filter(|window| window.until >= now && Some(order.id) != but);
            if let Some(window) = window.filter(|_| order.standing.active) {
                let mut over = !order.batches.is_empty();
                for batch in &order.batches {
                    let batch = cases::unless_broken(reading::batch(conn, scope, *batch))?.flatten();
                    over &= batch.is_none_or(|batch| cases::is_over(&batch, now));
                }
                self.wanted.extend((!over).then_some(window));
            }
        }
        Ok(())
    }

    fn name_patients(
        &mut self,
        conn: &mut Conn,
        store: &Store,
        viewer: Option<&Viewer>,
    ) -> Result<(), StoreError> {
        let Some(viewer) = viewer else { return Ok(()) };
        let mut told = store.disclose(conn, viewer, self.patients.iter().map(|(patient, ..)| *patient))?;
        for (patient, _, known) in &mut self.patients {
            *known = told.remove(patient).unwrap_or(Told::Nothing);
        }
        Ok(())
    }

    fn know_standards(&mut self, conn: &mut Conn, now: Time) -> Result<(), StoreError> {
        for row in reading::standards(conn)?.into_iter().filter(|row| row.status == "approved") {
            let (kind, id) = (StreamKind::Standard, row.id.0);
            let world = reading::stream(conn, StreamId { kind, id })?;
            let filed = world.and_then(|mut world| world.standards.remove(&StandardId(id)));
            if let Some(filed) = filed {
                let experience = learned(conn, &filed.standard)?;
                let expected = expected(&filed.standard, &experience, now);
                self.standards.push((filed.standard.clone(), expected));
            }
        }
        Ok(())
    }

    fn know_cells(
        &mut self,
        conn: &mut Conn,
        clinic: ClinicId,
        order: &Arc<Order>,
        now: Time,
    ) -> Result<(), StoreError> {
        for batch in &order.batches {
            let Some(batch) = reading::batch(conn, ClinicScope::Clinic(clinic), *batch)? else { continue };
            if cases::is_over(&batch, now) {
                continue;
            }
            self.standards.retain(|(standard, _)| standard.code == batch.standard().code);
            let experience = learned(conn, batch.standard())?;
            self.ready = readiness(&batch, &experience, now).ready;
            self.batch = Some(Arc::clone(&batch));
            let case = Case { order: Arc::clone(order), batch: Some(batch), patient: Told::Nothing };
            self.last_use = last_use(&case);
        }
        Ok(())
    }
}

/// Lays out a form of the clinic's; nothing where it is none.
pub fn lay_out(sheet: &mut Sheet, about: &About, suggested: bool) -> Option<Markup> {
    Some(match sheet.route.action.as_str() {
        "order.placement" => ordering::placement(sheet, about, suggested),
        "order.window_change" => ordering::window_change(sheet, about),
        "order.forecast_acknowledgement" => acknowledging::lay_out(sheet, about),
        "order.donor_screening" => ordering::screening(sheet, about),
        "batch.distribution.receipt" => receiving::receipt(sheet, about, suggested),
        "batch.distribution.administration_decision" => giving::decision(sheet, about),
        "batch.distribution.bedside_check" => giving::check(sheet, about),
        "batch.distribution.infusion" => giving::infusion(sheet, about, suggested),
        "batch.distribution.outcome" => giving::outcome(sheet, about, suggested),
        _ => return None,
    })
}

/// Completes what was typed into the clinic's layouts.
pub fn complete(action: &str, typed: &mut Typed) {
    match action {
        "order.placement" | "order.window_change" | "order.donor_screening" => {
            ordering::complete(action, typed)
        }
        "batch.distribution.receipt" => receiving::complete(typed),
        "batch.distribution.infusion" => giving::complete(typed),
        _ => {}
    }
}

/// Who the patient is, as he says it himself: name, reading and birth date.
pub fn identity(sheet: &Sheet, about: &About) -> Markup {
    let reader = sheet.reader;
    let Some(order) = &about.order else { return html! {} };
    let told = about.clinic.as_ref().map(|known| &known.patient);
    let patient = told.and_then(Told::name);
    html! {
        dl.identity {
            div {
                dt { (reader.say(Ui::Patient)) }
                dd lang="ja" {
                    @match patient {
                        Some(patient) => {
                            (super::board::named(reader, patient))
                            @if let Some(kana) = &patient.kana { small { (kana) } }
                        }
                        None => {
                            (order.placed.placement.pseudonym)
                            @if let Some(told) = told { " " (super::board::told(reader, told)) }
                        }
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
