//! What the bench has to do next for a batch, and until when: read from its history, its standard and its plan. Nothing
//! happens because time passed; whoever asks later gets another answer.

use super::culture::{Vessel, VesselState};
use super::distribution::Custody;
use super::intake;
use super::{Batch, Event, Subject};
use crate::ids::{ContainerNo, FillNo, HarvestNo, VesselNo};
use crate::standard::{Code, Form, Source, Stage};
use crate::time::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// What.
    pub work: Work,
    /// From when it may be done, where it would be too early before.
    pub from: Option<Time>,
    /// Until when it is to be done.
    pub by: Time,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Receive the tissue.
    Tissue,
    /// Isolate and seed cells from the tissue.
    Isolation,
    /// Seed cells from the bank.
    BankSeeding,
    /// Scan a new vessel's label back.
    LabelCheck(VesselNo),
    /// Change a vessel's medium.
    Medium(VesselNo),
    /// Take a test sample before harvest.
    Sampling(Code),
    /// Harvest.
    Harvest,
    /// Fill a harvest.
    Fill(HarvestNo),
    /// Take a fill's test samples.
    FillSampling(FillNo),
    /// Reconcile a fill's labels.
    Labels(FillNo),
    /// Freeze a container.
    Freezing(ContainerNo),
    /// Pack a released container.
    Packing(ContainerNo),
    /// Ship a packed container.
    Shipment(ContainerNo),
}

impl Work {
    /// The form it is recorded in, as in the API.
    pub fn form(&self) -> &'static str {
        match self {
            Work::Tissue => "tissue_receipt",
            Work::Isolation => "isolation",
            Work::BankSeeding => "bank_seeding",
            Work::LabelCheck(_) => "label_check",
            Work::Medium(_) => "medium_change",
            Work::Sampling(_) | Work::FillSampling(_) => "sampling",
            Work::Harvest => "harvest",
            Work::Fill(_) => "fill",
            Work::Labels(_) => "label_reconciliation",
            Work::Freezing(_) => "freezing",
            Work::Packing(_) => "packing",
            Work::Shipment(_) => "shipping_check",
        }
    }

    /// The vessel it is about.
    pub fn vessel(&self) -> Option<VesselNo> {
        match self {
            Work::LabelCheck(no) | Work::Medium(no) => Some(*no),
            _ => None,
        }
    }
}

/// When a vessel's medium is to be changed at the latest.
pub fn medium_due(batch: &Batch, vessel: &Vessel) -> Time {
    vessel.medium_at.plus(days(batch.standard().process.medium_interval.value()))
}

/// When the harvest is planned, by the newest instruction.
pub fn planned_harvest(batch: &Batch) -> Option<Time> {
    let (entry, _) = batch.instruction?;
    match &*batch.logged(entry)?.event {
        Event::Intake(intake::Event::Instruction(instruction)) => instruction.planned_harvest,
        _ => None,
    }
}

/// What the bench has to do for a batch, the most urgent first.
pub fn due(batch: &Batch) -> Vec<Due> {
    if batch.end.is_some() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut add = |work, from: Option<Time>, by| all.push(Due { work, from, by });
    before_culture(batch, &mut add);
    let growing = batch.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
    for vessel in growing.clone() {
        if vessel.labelled_at.is_none() {
            add(Work::LabelCheck(vessel.no), None, vessel.seeded_at.plus_hours(1));
        }
        add(Work::Medium(vessel.no), None, medium_due(batch, vessel));
    }
    if let Some(harvest) = planned_harvest(batch).filter(|_| growing.count() > 0) {
        for test in batch.standard().mandated() {
            let Stage::InProcess { within } = test.stage else { continue };
            let from = harvest.plus(-days(within.value()));
            let sampled = |sample: &super::testing::TestSample| {
                sample.form.tests.contains(&test.code) && sample.at >= from
            };
            if !batch.samples.values().any(sampled) {
                add(
                    Work::Sampling(test.code.clone()),
                    Some(from),
                    harvest.plus(-hours(test.turnaround.value())),
                );
            }
        }
        add(Work::Harvest, None, harvest);
    }
    after_harvest(batch, &mut add);
    all.sort_by(|a, b| (a.by, &a.work).cmp(&(b.by, &b.work)));
    all
}

fn before_culture(batch: &Batch, add: &mut dyn FnMut(Work, Option<Time>, Time)) {
    let Some((_, instructed)) = batch.instruction else { return };
    if batch.processed_at.is_some() {
        return;
    }
    match (batch.standard().source, &batch.tissue) {
        (Source::Bank, _) => add(Work::BankSeeding, None, instructed),
        (Source::Tissue, None) => add(Work::Tissue, None, instructed),
        (Source::Tissue, Some(tissue)) if tissue.accepted() => add(Work::Isolation, None, tissue.at),
        (Source::Tissue, Some(_)) => {}
    }
}

fn after_harvest(batch: &Batch, add: &mut dyn FnMut(Work, Option<Time>, Time)) {
    let filled = |no: &HarvestNo| batch.fills.values().any(|fill| fill.harvests.contains(no));
    for (no, harvest) in batch.harvests.iter().filter(|(no, _)| !filled(no)) {
        add(Work::Fill(*no), None, harvest.at);
    }
    for (no, fill) in &batch.fills {
        let of_fill = |test: &&crate::standard::Test| test.stage == Stage::Fill;
        let sampled = |code: &Code| {
            batch.samples.values().any(|sample| {
                sample.form.tests.contains(code) && sample.form.subjects.contains(&Subject::Fill(*no))
            })
        };
        if batch.standard().mandated().filter(of_fill).any(|test| !sampled(&test.code)) {
            add(Work::FillSampling(*no), None, fill.at);
        }
        if fill.labels_reconciled.is_none() {
            add(Work::Labels(*no), None, fill.at);
        }
    }
    let freezes = matches!(batch.standard().keeping.form, Form::Frozen { .. });
    let transport = hours(batch.standard().keeping.transport.most_hours.value());
    for container in batch.containers.values() {
        match container.custody {
            Custody::InHouse if freezes && container.frozen_at.is_none() && !container.rejected() => {
                add(Work::Freezing(container.no), None, container.filled_at);
            }
            Custody::InHouse if container.released() && container.allocated.is_some() => {
                add(Work::Packing(container.no), None, container.expires_at.plus(-transport));
            }
            Custody::Packed if container.released() => {
                add(Work::Shipment(container.no), None, container.expires_at.plus(-transport));
            }
            _ => {}
        }
    }
}

fn days(days: Decimal) -> TimeDelta {
    hours(days * Decimal::from(24))
}

fn hours(hours: Decimal) -> TimeDelta {
    let minutes = (hours * Decimal::from(60)).round().to_i64().unwrap_or(0);
    TimeDelta::try_minutes(minutes).unwrap_or(TimeDelta::zero())
}
