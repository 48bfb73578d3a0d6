//! What culture accepts: which forms are refused, and which facts past a limit open a quality event.

use super::*;
use crate::batch::performed;
use crate::decision::{Appends, Context};
use crate::ids::LabelKind;
use crate::quality_event::DepartureKind;
use crate::refusal::{Reason, Refusal};
use crate::standard::{Pooling, Source};

fn form_performed(command: &Command) -> &Performed {
    match command {
        Command::Isolation(form) => &form.performed,
        Command::BankSeeding(form) => &form.performed,
        Command::MediumChange(form) => &form.performed,
        Command::Observation(form) => &form.performed,
        Command::Photograph(form) => &form.performed,
        Command::Counting(form) => &form.performed,
        Command::Passage(form) => &form.performed,
        Command::LabelCheck(form) => &form.performed,
        Command::VesselMove(form) => &form.performed,
        Command::VesselDiscard(form) => &form.performed,
        Command::PoolingIn(form) => &form.performed,
    }
}

/// Decides a form in culture. Facts past a limit are accepted and open a quality event.
///
/// # Errors
/// Every reason why not; a scanned vessel of another batch holds both.
pub fn decide(batch: &Batch, command: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let performed = form_performed(command);
    let mut reasons = performed.faults(ctx.now, ctx.actor.person);
    let at = performed.at.unwrap_or(ctx.now);
    performed::compare_serum(batch, command.name(), performed, ctx)?;
    let mut appends = Appends::new();
    match command {
        Command::Isolation(form) => {
            match &batch.tissue {
                Some(tissue) if batch.vessels.is_empty() && tissue.at <= at => {}
                Some(_) if !batch.vessels.is_empty() => reasons.push(Reason::AlreadyDone),
                Some(_) => reasons.push(Reason::BeforeItsCause),
                None => reasons.push(Reason::NoTissue),
            }
            refuse(reasons)?;
            let vessels = batch.new_vessels(form.into.len());
            appends.batch(batch.id, Isolated { form: (**form).clone(), vessels });
            seeding_departures(batch, &form.into, 0, &form.count, &mut appends, ctx);
        }
        Command::BankSeeding(form) => {
            let Some(draw) = batch.opened.bank else { return Err(Reason::BankNeeded.into()) };
            if !batch.vessels.is_empty() {
                reasons.push(Reason::AlreadyDone);
            }
            refuse(reasons)?;
            let expected = ctx.container_label(draw.batch, draw.container);
            if expected.as_ref() != Some(&form.container) {
                return Err(ctx.mismatch(batch, "bank_seeding", expected.as_ref(), &form.container));
            }
            let vessels = batch.new_vessels(form.into.len());
            appends.batch(batch.id, BankSeeded { form: (**form).clone(), bank: draw.batch, vessels });
            let passage = batch.bank_passage(draw.batch);
            seeding_departures(batch, &form.into, passage, &form.count, &mut appends, ctx);
            bank_departure(batch, at, &mut appends, ctx);
        }
        Command::MediumChange(form) => {
            batch.scanned(&form.vessels, "medium_change", at, &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::MediumChange(form.clone()));
            medium_departure(batch, &form.vessels, at, &mut appends, ctx);
            processing_departures(batch, &mut appends, ctx);
        }
        Command::Observation(form) => {
            batch.scanned(&form.vessels, "observation", at, &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::Observation(form.clone()));
        }
        Command::Photograph(form) => appends = photograph::decide(batch, form, at, reasons, ctx)?,
        Command::Counting(form) => {
            batch.scanned(&form.vessels, "counting", at, &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::Counting(form.clone()));
            count_departure(batch, &form.count, &mut appends, ctx);
        }
        Command::LabelCheck(form) => {
            batch.scanned(&form.vessels, "label_check", at, &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::LabelCheck(form.clone()));
        }
        Command::Passage(form) => {
            batch.scanned(&form.from, "passage", at, &mut reasons, ctx)?;
            if form.count.viable().is_none_or(|viable| {
                let seeded: Decimal = form.into.iter().map(|vessel| vessel.viable_cells.value()).sum();
                seeded + form.discarded_cells.map(Cells::value).unwrap_or_default() > viable
            }) {
                reasons.push(Reason::MoreSeededThanCounted);
            }
            refuse(reasons)?;
            let vessels = batch.new_vessels(form.into.len());
            appends.batch(batch.id, Passaged { form: (**form).clone(), vessels });
            let passage = batch.next_passage(&form.from);
            seeding_departures(batch, &form.into, passage, &form.count, &mut appends, ctx);
        }
        Command::VesselMove(form) => {
            batch.scanned(std::slice::from_ref(&form.vessel), "vessel_move", at, &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::VesselMove(form.clone()));
        }
        Command::VesselDiscard(form) => {
            batch.scanned(&form.vessels, "vessel_discard", at, &mut reasons, ctx)?;
            if form.performed.checked_by.is_none() {
                reasons.push(Reason::WitnessNeeded);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::VesselDiscard(form.clone()));
        }
        Command::PoolingIn(form) => appends = pool(batch, form, at, reasons, ctx)?,
    }
    performed::bench_departures(batch, performed, &mut appends, ctx);
    Ok(appends)
}

fn pool(
    batch: &Batch,
    form: &PoolingIn,
    at: Time,
    mut reasons: Vec<Reason>,
    ctx: &Context,
) -> Result<Appends, Refusal> {
    let Some(other) = ctx.world.batches.get(&form.other).filter(|other| other.id != batch.id) else {
        return Err(Reason::NotFound.into());
    };
    batch.scanned(&form.ours, "pooling", at, &mut reasons, ctx)?;
    let theirs = other.scanned(&form.theirs, "pooling", at, &mut reasons, ctx)?;
    let same_donor = other.opened.patient == batch.opened.patient;
    let allowed = |pooling| match pooling {
        Pooling::WithinBatch => false,
        Pooling::SameDonor => same_donor,
        Pooling::SeveralDonors => true,
    };
    if !allowed(batch.standard().pooling) || !allowed(other.standard().pooling) {
        reasons.push(Reason::PoolingNotAllowed { same_donor });
    }
    refuse(reasons)?;
    let mut appends = Appends::new();
    let their_passage = theirs.iter().map(|vessel| vessel.passage).max().unwrap_or(0);
    let passage = batch.next_passage(&form.ours).max(their_passage.saturating_add(1));
    let standing = other.standing_for_child(None, ctx.now);
    appends.batch(batch.id, crate::batch::intake::ParentNoted { batch: other.id, standing });
    appends.batch(
        batch.id,
        Pooled {
            their_passage,
            their_doublings: theirs
                .iter()
                .filter_map(|v| v.doublings)
                .max()
                .and_then(|d| Number(d).try_into().ok()),
            vessels: batch.new_vessels(form.into.len()),
            form: form.clone(),
        },
    );
    appends.batch(other.id, GivenToPool { to: batch.id, vessels: form.theirs.clone() });
    appends.batch(other.id, crate::batch::intake::ChildNoted { batch: batch.id, container: None });
    seeding_departures(batch, &form.into, passage, &form.count, &mut appends, ctx);
    Ok(appends)
}

fn refuse(reasons: Vec<Reason>) -> Result<(), Refusal> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons.into()) }
}

fn days_between(from: Time, to: Time) -> Decimal {
    Decimal::from(to.since(from).num_minutes()) / Decimal::from(24 * 60)
}

/// Cells seeded too thinly or densely, passaged too often, or counted with too wide a scatter.
pub(in crate::batch) fn seeding_departures(
    batch: &Batch,
    into: &[NewVessel],
    passage: u8,
    count: &Count,
    appends: &mut Appends,
    ctx: &Context,
) {
    processing_departures(batch, appends, ctx);
    let process = &batch.standard().process;
    let density = |vessel: &NewVessel| vessel.viable_cells.value().checked_div(vessel.area.value());
    let range = process.seeding_density.least.value()..=process.seeding_density.most.value();
    let outside = into.iter().filter_map(density).find(|density| !range.contains(density));
    if let Some(density) = outside {
        appends.departure(batch, DepartureKind::SeedingDensity, format!("{} /cm2", density.round()), ctx);
    }
    if passage > process.max_passage {
        appends.departure(batch, DepartureKind::Passage, format!("P{passage}"), ctx);
    }
    count_departure(batch, count, appends, ctx);
}

/// Medium changed later than the standard allows.
pub(in crate::batch) fn medium_departure(
    batch: &Batch,
    labels: &[Label],
    at: Time,
    appends: &mut Appends,
    ctx: &Context,
) {
    let interval = batch.standard().process.medium_interval;
    let waited = |vessel: &Vessel| days_between(vessel.medium_at, at);
    if let Some(longest) = batch.labelled(labels).map(waited).max().filter(|days| *days > interval.value()) {
        let found = format!("{} d", longest.round_dp(1));
        appends.departure(batch, DepartureKind::MediumInterval, found, ctx);
    }
}

/// A bank's container that was past its expiry when its cells were seeded.
pub(in crate::batch) fn bank_departure(batch: &Batch, at: Time, appends: &mut Appends, ctx: &Context) {
    let Some(draw) = batch.opened.bank else { return };
    let bank = ctx.world.batches.get(&draw.batch);
    let drawn = bank.and_then(|bank| bank.containers.get(&draw.container));
    if drawn.is_some_and(|drawn| drawn.expires_at <= at) {
        let found = ctx.container_label(draw.batch, draw.container).map(|label| label.to_string());
        appends.departure(batch, DepartureKind::BankExpired, found.unwrap_or_default(), ctx);
    }
}

/// Replicates that scatter more than the standard allows.
pub(in crate::batch) fn count_departure(batch: &Batch, count: &Count, appends: &mut Appends, ctx: &Context) {
    let limit = batch.standard().process.max_count_variation.map(Percent::value);
    if let (Some(limit), Some(variation)) = (limit, count.variation())
        && variation > limit
    {
        appends.departure(batch, DepartureKind::CountVariation, format!("{variation} %"), ctx);
    }
}

/// Cells touched without an instruction, or while the tissue was not accepted.
pub(in crate::batch) fn processing_departures(batch: &Batch, appends: &mut Appends, ctx: &Context) {
    if batch.processed_at.is_some() {
        return;
    }
    if batch.instruction.is_none() {
        appends.departure(batch, DepartureKind::NoInstruction, String::new(), ctx);
    }
    if batch.standard().source == Source::Tissue && !batch.tissue.as_ref().is_some_and(|t| t.accepted()) {
        appends.departure(batch, DepartureKind::ProcessedWhileBlocked, String::new(), ctx);
    }
}

impl Batch {
    fn labelled<'a>(&'a self, labels: &'a [Label]) -> impl Iterator<Item = &'a Vessel> {
        labels.iter().filter_map(Label::sub).filter_map(|sub| self.vessels.get(&VesselNo(sub)))
    }

    /// The passage of cells that are seeded from these vessels.
    pub(in crate::batch) fn next_passage(&self, from: &[Label]) -> u8 {
        self.labelled(from).map(|vessel| vessel.passage).max().unwrap_or(0).saturating_add(1)
    }

    /// The passage of cells that are seeded from a bank.
    pub(in crate::batch) fn bank_passage(&self, bank: BatchId) -> u8 {
        self.parents.get(&bank).map_or(0, |parent| parent.passage).saturating_add(1)
    }

    /// The numbers of the next vessels, skipping those whose label cannot be typed on every keyboard.
    pub(in crate::batch) fn new_vessels(&self, count: usize) -> Vec<VesselNo> {
        let mut next = self.vessels.keys().next_back().map_or(1, |last| last.0.saturating_add(1));
        let mut numbers = Vec::with_capacity(count);
        for _ in 0..count {
            next = self.opened.label.next_part(LabelKind::Vessel, next);
            numbers.push(VesselNo(next));
            next = next.saturating_add(1);
        }
        numbers
    }

    /// The vessels with these scanned labels, all in culture at that time.
    ///
    /// # Errors
    /// A label of another batch: recorded, and both batches are held.
    pub(in crate::batch) fn scanned<'a>(
        &'a self,
        labels: &[Label],
        form: &str,
        at: Time,
        reasons: &mut Vec<Reason>,
        ctx: &Context,
    ) -> Result<Vec<&'a Vessel>, Refusal> {
        let vessels = self.recognised(labels, form, at, reasons, ctx)?;
        let gone = vessels.iter().filter(|vessel| vessel.state != VesselState::InCulture);
        reasons.extend(gone.map(|vessel| Reason::NotInCulture { vessel: vessel.no }));
        Ok(vessels)
    }

    /// The vessels with these scanned labels that there were at that time, whatever became of them since.
    ///
    /// # Errors
    /// A label of another batch: recorded, and both batches are held.
    pub(in crate::batch) fn recognised<'a>(
        &'a self,
        labels: &[Label],
        form: &str,
        at: Time,
        reasons: &mut Vec<Reason>,
        ctx: &Context,
    ) -> Result<Vec<&'a Vessel>, Refusal> {
        let mut vessels: Vec<&Vessel> = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            if !label.same_serial(&self.opened.label) {
                return Err(ctx.mismatch(self, form, Some(&self.opened.label), label));
            }
            let vessel = label.sub().filter(|_| label.kind() == LabelKind::Vessel).map(VesselNo);
            match vessel.and_then(|no| self.vessels.get(&no)) {
                Some(vessel) if vessels.iter().any(|other| other.no == vessel.no) => {
                    reasons.push(Reason::Twice { index });
                }
                Some(vessel) if vessel.seeded_at > at => reasons.push(Reason::BeforeItsCause),
                Some(vessel) => vessels.push(vessel),
                None => reasons.push(Reason::UnknownLabel { label: label.to_string() }),
            }
        }
        Ok(vessels)
    }
}
