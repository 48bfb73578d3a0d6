//! Filling: harvest and wash, fill into containers with an expiry to the minute, freezing, storage and thaw,
//! and the reconciliation of labels.

use super::culture::VesselState;
use super::distribution::{Container, Custody};
use super::{Batch, Command as BatchCommand, Event as BatchEvent, Performed, Stamp, culture};
use crate::decision::{Appends, Context};
use crate::ids::{ContainerNo, EntryId, FillNo, HarvestNo, Label, LabelKind, VesselNo};
use crate::quality_event::DepartureKind;
use crate::quantity::{Cells, Celsius, Count, Millilitres, Minutes, Number};
use crate::refusal::{Impossible, Reason, Refusal};
use crate::standard::Form;
use crate::text::{Note, Short};
use crate::time::Time;
use crate::variants;
use chrono::TimeDelta;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is asked from harvest to storage.
    pub enum Command in BatchCommand::Filling {
        /// Harvest vessels and wash the cells.
        Harvest => "harvest",
        /// Fill containers.
        Fill => "fill",
        /// Freeze containers.
        Freezing => "freezing",
        /// Put containers in a place, or read its temperature.
        Storage => "storage",
        /// Thaw containers.
        Thaw => "thaw",
        /// Reconcile labels.
        LabelReconciliation => "label_reconciliation",
    }
}

variants! {
    /// What is recorded from harvest to storage.
    pub enum Event in BatchEvent::Filling {
        /// Vessels were harvested.
        HarvestDone => "harvested",
        /// Containers were filled.
        FillDone => "filled",
        /// Containers were frozen.
        Freezing => "frozen",
        /// Containers were put in a place.
        Storage => "stored",
        /// Containers were thawed.
        Thaw => "thawed",
        /// Labels were reconciled.
        LabelReconciliation => "labels_reconciled",
    }
}

/// Harvest vessels and wash the cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Harvest {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub vessels: Vec<Label>,
    /// Minutes of enzyme.
    pub enzyme: Minutes,
    /// The cells obtained.
    pub count: Count,
    /// Another number of cells that growth was counted from, where a source used one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_denominator: Option<culture::OtherDenominator>,
    /// How often the cells were washed.
    #[schemars(range(max = 20))]
    pub washes: u8,
    /// The volume of the suspension.
    pub volume: Millilitres,
}

/// Vessels were harvested; the harvest has this number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HarvestDone {
    /// What was done.
    pub form: Harvest,
    /// The harvest's number.
    pub harvest: HarvestNo,
}

/// Fill containers from harvests of this batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The harvests filled together.
    #[schemars(length(min = 1, max = 20))]
    pub harvests: Vec<HarvestNo>,
    /// The containers, in the order they were filled.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<NewContainer>,
    /// A shorter expiry than the standard's shelf life, where the site sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// A container to be filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContainer {
    /// What it is, e.g. `50 mL bag`.
    pub ware: Short,
    /// The volume in it.
    pub volume: Millilitres,
    /// Viable cells in it.
    pub viable_cells: Cells,
}

/// Containers were filled; fill and containers have these numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FillDone {
    /// What was done.
    pub form: Fill,
    /// The fill's number.
    pub fill: FillNo,
    /// The containers' numbers, in the form's order.
    pub containers: Vec<ContainerNo>,
    /// Their expiry, to the minute.
    pub expires_at: Time,
}

/// Freeze containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freezing {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// The protectant, e.g. `10 % DMSO`.
    pub protectant: Short,
    /// The cooling programme, e.g. `−1 °C/min`.
    pub programme: Short,
}

/// Put containers in a place, with its temperature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
    /// The place.
    pub place: Short,
    /// Its temperature.
    pub temperature: Celsius,
}

/// Thaw containers. A thawed container is never frozen again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thaw {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The containers, scanned.
    #[schemars(length(min = 1, max = 200))]
    pub containers: Vec<Label>,
}

/// Reconcile the labels of a fill: all printed ones are on containers, or destroyed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelReconciliation {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The fill.
    pub fill: FillNo,
    /// Labels printed.
    pub printed: u16,
    /// Labels on containers, each scanned back.
    #[schemars(length(max = 200))]
    pub applied: Vec<Label>,
    /// Labels destroyed.
    pub destroyed: u16,
    /// What explains a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
}

/// A harvest as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harvested {
    /// Its entry.
    pub entry: EntryId,
    /// When.
    pub at: Time,
    /// Its vessels.
    pub vessels: Vec<VesselNo>,
    /// The passage of its cells.
    pub passage: u8,
    /// Their cumulative doublings, where known.
    pub doublings: Option<Decimal>,
    /// Viable cells.
    pub viable: Option<Decimal>,
    /// Viability in %.
    pub viability: Option<Decimal>,
}

/// A fill as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Its entry.
    pub entry: EntryId,
    /// When.
    pub at: Time,
    /// Its harvests.
    pub harvests: Vec<HarvestNo>,
    /// Its containers.
    pub containers: Vec<ContainerNo>,
    /// Whether its labels reconcile; nothing before they were counted.
    pub labels_reconciled: Option<bool>,
}

pub(super) fn performed(event: &Event) -> Option<&Performed> {
    Some(match event {
        Event::HarvestDone(fact) => &fact.form.performed,
        Event::FillDone(fact) => &fact.form.performed,
        Event::Freezing(form) => &form.performed,
        Event::Storage(form) => &form.performed,
        Event::Thaw(form) => &form.performed,
        Event::LabelReconciliation(form) => &form.performed,
    })
}

fn form_performed(command: &Command) -> &Performed {
    match command {
        Command::Harvest(form) => &form.performed,
        Command::Fill(form) => &form.performed,
        Command::Freezing(form) => &form.performed,
        Command::Storage(form) => &form.performed,
        Command::Thaw(form) => &form.performed,
        Command::LabelReconciliation(form) => &form.performed,
    }
}

/// Decides a form from harvest to storage.
///
/// # Errors
/// Every reason why not; a scanned vessel or container of another batch holds both.
pub fn decide(batch: &Batch, command: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let performed = form_performed(command);
    let mut reasons = performed.faults(ctx.now, ctx.actor.person);
    let at = performed.at.unwrap_or(ctx.now);
    super::performed::compare_serum(batch, command.name(), performed, ctx)?;
    let mut appends = Appends::new();
    match command {
        Command::Harvest(form) => {
            batch.scanned(&form.vessels, "harvest", at, &mut reasons, ctx)?;
            refuse(reasons)?;
            let harvest = HarvestNo(next(batch.harvests.keys().next_back().map(|no| no.0)));
            appends.batch(batch.id, HarvestDone { form: (**form).clone(), harvest });
            culture::processing_departures(batch, &mut appends, ctx);
            culture::count_departure(batch, &form.count, &mut appends, ctx);
        }
        Command::Fill(form) => {
            for (index, no) in form.harvests.iter().enumerate() {
                match batch.harvests.get(no) {
                    Some(harvest) if harvest.at > at => reasons.push(Reason::BeforeItsCause),
                    Some(_) if batch.fills.values().any(|fill| fill.harvests.contains(no)) => {
                        reasons.push(Reason::AlreadyDone);
                    }
                    Some(_) if form.harvests[..index].contains(no) => reasons.push(Reason::Twice { index }),
                    Some(_) => {}
                    None => reasons.push(Reason::NotFound),
                }
            }
            let longest = batch.longest_expiry(&form.harvests, at);
            if form.expires_at.is_some_and(|expiry| expiry > longest || expiry <= at) {
                reasons.push(Reason::ExpiryBeyondStandard { latest: longest });
            }
            refuse(reasons)?;
            let mut sub = next(batch.containers.keys().next_back().map(|no| no.0));
            let mut containers = Vec::new();
            for _ in &form.containers {
                sub = batch.opened.label.next_part(LabelKind::Dose, sub);
                containers.push(ContainerNo(sub));
                sub = sub.saturating_add(1);
            }
            let fill = FillNo(next(batch.fills.keys().next_back().map(|no| no.0)));
            let expires_at = form.expires_at.unwrap_or(longest);
            appends.batch(batch.id, FillDone { form: (**form).clone(), fill, containers, expires_at });
        }
        Command::Freezing(form) => {
            for container in batch.scanned_containers(&form.containers, "freezing", &mut reasons, ctx)? {
                if container.thawed_at.is_some() {
                    reasons.push(Reason::NoRefreezing { container: container.no });
                } else if container.frozen_at.is_some() || container.custody != Custody::InHouse {
                    reasons.push(Reason::AlreadyDone);
                }
            }
            if matches!(batch.standard().keeping.form, Form::Fresh { .. }) {
                reasons.push(Reason::NotAFrozenProduct);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Freezing(form.clone()));
        }
        Command::Storage(form) => {
            batch.scanned_containers(&form.containers, "storage", &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::Storage(form.clone()));
            storage_departure(batch, form, &mut appends, ctx);
        }
        Command::Thaw(form) => {
            for container in batch.scanned_containers(&form.containers, "thaw", &mut reasons, ctx)? {
                if container.frozen_at.is_none_or(|frozen| frozen > at) {
                    reasons.push(Reason::BeforeItsCause);
                } else if container.thawed_at.is_some() {
                    reasons.push(Reason::AlreadyDone);
                }
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Thaw(form.clone()));
        }
        Command::LabelReconciliation(form) => {
            if !batch.fills.contains_key(&form.fill) {
                reasons.push(Reason::NotFound);
            }
            batch.scanned_containers(&form.applied, "label_reconciliation", &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::LabelReconciliation(form.clone()));
        }
    }
    super::performed::bench_departures(batch, performed, &mut appends, ctx);
    Ok(appends)
}

fn refuse(reasons: Vec<Reason>) -> Result<(), Refusal> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons.into()) }
}

fn next(last: Option<u16>) -> u16 {
    last.map_or(1, |last| last.saturating_add(1))
}

/// Containers kept too warm or too cold.
pub(super) fn storage_departure(batch: &Batch, form: &Storage, appends: &mut Appends, ctx: &Context) {
    if !batch.standard().keeping.storage.holds(form.temperature, form.temperature) {
        appends.departure(batch, DepartureKind::StorageTemperature, form.temperature.to_string(), ctx);
    }
}

impl Batch {
    /// The latest expiry a fill may have: shelf life from the earliest harvest, cut to the minute.
    fn longest_expiry(&self, harvests: &[HarvestNo], filled_at: Time) -> Time {
        let first = harvests.iter().filter_map(|no| self.harvests.get(no)).map(|harvest| harvest.at).min();
        let from = first.unwrap_or(filled_at);
        after_hours(from, self.standard().keeping.form.shelf_life_hours())
    }
}

/// An instant some hours later, cut to the minute.
pub(super) fn after_hours(from: Time, hours: Decimal) -> Time {
    let minutes = (hours * Decimal::from(60)).to_i64().unwrap_or(0);
    let later = from.plus(TimeDelta::try_minutes(minutes).unwrap_or(TimeDelta::MAX));
    Time::from_micros(later.micros() - later.micros().rem_euclid(60_000_000)).unwrap_or(later)
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, event: &Event) -> Result<(), Impossible> {
    match event {
        Event::HarvestDone(fact) => {
            let form = &fact.form;
            let when = form.performed.at(at);
            if form.vessels.is_empty() {
                return Err(Impossible::new("cells are harvested from vessels"));
            }
            let (passage, doublings, _) = batch.detach(
                &form.vessels,
                &form.count,
                form.other_denominator.as_ref(),
                when,
                VesselState::Harvested,
            )?;
            let harvest = Harvested {
                entry: at.entry,
                at: when,
                vessels: form.vessels.iter().filter_map(Label::sub).map(VesselNo).collect(),
                passage,
                doublings,
                viable: form.count.viable(),
                viability: form.count.viability(),
            };
            match batch.harvests.insert(fact.harvest, harvest) {
                None => Ok(()),
                Some(_) => Err(Impossible::new("a harvest is made once")),
            }
        }
        Event::FillDone(fact) => {
            let when = fact.form.performed.at(at);
            let harvests = &fact.form.harvests;
            if harvests.is_empty() || !harvests.iter().all(|no| batch.harvests.contains_key(no)) {
                return Err(Impossible::new("cells are filled after they were harvested"));
            }
            if fact.containers.len() != fact.form.containers.len() {
                return Err(Impossible::new("each container has a number"));
            }
            // A harvest or fill corrected to an earlier time takes its expiry along.
            let expires_at = fact.expires_at.min(batch.longest_expiry(harvests, when));
            for (no, new) in fact.containers.iter().zip(&fact.form.containers) {
                let container = Container::new(*no, fact.fill, new.clone(), when, expires_at);
                if batch.containers.insert(*no, container).is_some() {
                    return Err(Impossible::new("a container is filled once"));
                }
            }
            let filled = Filled {
                entry: at.entry,
                at: when,
                harvests: fact.form.harvests.clone(),
                containers: fact.containers.clone(),
                labels_reconciled: None,
            };
            match batch.fills.insert(fact.fill, filled) {
                None => Ok(()),
                Some(_) => Err(Impossible::new("a fill is made once")),
            }
        }
        Event::Freezing(form) => {
            let when = form.performed.at(at);
            batch.each_container(&form.containers, |container| container.frozen_at = Some(when))
        }
        Event::Storage(form) => {
            batch.each_container(&form.containers, |container| container.place = Some(form.place.clone()))
        }
        Event::Thaw(form) => {
            let when = form.performed.at(at);
            let Form::Frozen { thawed, .. } = batch.standard().keeping.form else {
                return Err(Impossible::new("only a frozen product is thawed"));
            };
            let expiry = after_hours(when, thawed.value());
            batch.each_container(&form.containers, |container| {
                container.thawed_at = Some(when);
                container.expires_at = container.expires_at.min(expiry);
                // Thawing opens the product anew: it is decided on again, with its own tests.
                container.void_decision(at.entry);
            })
        }
        Event::LabelReconciliation(form) => {
            let fill = batch.fills.get_mut(&form.fill).ok_or(Impossible::new("labels belong to a fill"))?;
            let applied: Vec<u16> = form.applied.iter().filter_map(Label::sub).collect();
            let all = fill.containers.iter().all(|no| applied.contains(&no.0))
                && applied.len() == fill.containers.len();
            let sum = usize::from(form.destroyed) + form.applied.len();
            fill.labels_reconciled = Some(all && sum == usize::from(form.printed));
            Ok(())
        }
    }
}

/// A concentration in cells per mL, to whole cells; nothing for an empty volume.
pub fn concentration(container: &NewContainer) -> Option<Number> {
    container.viable_cells.value().checked_div(container.volume.value()).map(|per_ml| Number(per_ml.round()))
}
