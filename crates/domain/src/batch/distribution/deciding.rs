//! What distribution accepts: the checks before each hand-over refuse, the reports of what happened do not.

use super::*;
use crate::batch::gate::{Blocker, Requirement, gate};
use crate::batch::results::Verdict;
use crate::batch::testing::{Oos, TestResult};
use crate::batch::{Subject, culture};
use crate::decision::{Appends, Context};
use crate::ids::LabelKind;
use crate::order::ConsentStanding;
use crate::quality_event::DepartureKind;
use crate::refusal::{Reason, Refusal};
use crate::standard::{Form, Purpose, Stage, Test};

fn form_performed(command: &Command) -> Option<&Performed> {
    match command {
        Command::Packing(form) => Some(&form.performed),
        Command::Shipment(form) => Some(&form.performed),
        Command::Receipt(form) => Some(&form.performed),
        Command::Infusion(form) => Some(&form.performed),
        Command::Outcome(form) => Some(&form.performed),
        Command::ReturnReport(form) => Some(&form.performed),
        Command::Destruction(form) => Some(&form.performed),
        _ => None,
    }
}

/// Decides a form in distribution.
///
/// # Errors
/// Every reason why not; a scanned container or wristband of another batch or order is recorded.
pub fn decide(batch: &Batch, command: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let faults = form_performed(command).map(|performed| performed.faults(ctx.now, ctx.actor.person));
    let mut reasons = faults.unwrap_or_default();
    let mut appends = Appends::new();
    match command {
        Command::Allocation(form) => {
            let Some(order) = ctx.world.orders.get(&form.order) else { return Err(Reason::NotFound.into()) };
            // A batch is made for one recipient at one clinic; another course of his may have its containers.
            let same = order.placed.placement.patient == batch.opened.patient
                && order.placed.clinic == batch.opened.clinic;
            if !same || !order.standing.active {
                reasons.push(Reason::WrongRecipient);
            }
            if order.erasure == Some(crate::order::Erasure::Done) {
                reasons.push(Reason::NameErased);
            }
            for no in &form.containers {
                match batch.containers.get(no) {
                    None => reasons.push(Reason::NoSuchContainer { container: *no }),
                    Some(container) if !matches!(container.custody, Custody::InHouse) => {
                        reasons.push(Reason::ContainerGone { container: *no });
                    }
                    Some(_) => {}
                }
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Allocation(form.clone()));
            // That order then knows the batch, so that a consent withdrawn there reaches it.
            if !order.batches.contains(&batch.id) {
                appends.order(order.id, crate::order::BatchOpened { batch: batch.id });
            }
        }
        Command::Packing(form) => {
            for container in batch.scanned_containers(&form.containers, "packing", &mut reasons, ctx)? {
                if container.custody != Custody::InHouse {
                    reasons.push(Reason::ContainerGone { container: container.no });
                }
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Packing(form.clone()));
        }
        Command::ShippingCheck(form) => {
            let containers =
                batch.scanned_containers(&form.containers, "shipping_check", &mut reasons, ctx)?;
            reasons.extend(ctx.signature_findings(batch));
            for container in containers {
                reasons.extend(batch.leaving_faults(container, ctx));
                reasons.extend(batch.record_faults(ctx));
                if container.custody != Custody::Packed {
                    reasons.push(Reason::NotPacked { container: container.no });
                }
                if container.allocated.map(|(_, _, clinic)| clinic) != Some(form.clinic) {
                    reasons.push(Reason::WrongRecipient);
                }
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::ShippingCheck(form.clone()));
        }
        Command::Shipment(form) => {
            let containers = batch.scanned_containers(&form.containers, "shipment", &mut reasons, ctx)?;
            if containers.iter().any(|c| !matches!(c.custody, Custody::InHouse | Custody::Packed)) {
                reasons.push(Reason::AlreadyDone);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Shipment(form.clone()));
            shipment_departures(batch, form, form.performed.at.unwrap_or(ctx.now), &mut appends, ctx);
        }
        Command::ReceivingCheck(form) => {
            let containers =
                batch.scanned_containers(&form.containers, "receiving_check", &mut reasons, ctx)?;
            reasons.extend(ctx.signature_findings(batch));
            for container in containers {
                reasons.extend(batch.leaving_faults(container, ctx));
                if container.custody != Custody::Shipped {
                    reasons.push(Reason::NotShipped { container: container.no });
                }
                if container.allocated.map(|(_, _, clinic)| clinic) != ctx.actor.clinic {
                    reasons.push(Reason::WrongRecipient);
                }
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::ReceivingCheck(form.clone()));
        }
        Command::Receipt(form) => {
            let containers = batch.scanned_containers(&form.containers, "receipt", &mut reasons, ctx)?;
            // A container arrives once: what was written wrongly is corrected, not written again.
            let before = |c: &&Container| {
                matches!(c.custody, Custody::Received { .. } | Custody::Infused | Custody::Destroyed)
            };
            if containers.iter().any(before) {
                reasons.push(Reason::AlreadyDone);
            }
            if form.least_temperature.value() > form.most_temperature.value() {
                reasons.push(Reason::LeastAboveMost { field: "/least_temperature" });
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Receipt(form.clone()));
            receipt_departures(batch, form, form.performed.at.unwrap_or(ctx.now), &mut appends, ctx);
        }
        Command::AdministrationDecision(form) => {
            let scanned = std::slice::from_ref(&form.container);
            let containers =
                batch.scanned_containers(scanned, "administration_decision", &mut reasons, ctx)?;
            for container in containers.into_iter().filter(|_| form.may) {
                batch.right_recipient(container, &form.order_label, "administration_decision", ctx)?;
                reasons.extend(ctx.signature_findings(batch));
                reasons.extend(batch.leaving_faults(container, ctx));
                if container.custody != (Custody::Received { good: true }) {
                    reasons.push(Reason::NotReceivedIntact { container: container.no });
                }
            }
            refuse(reasons)?;
            appends.batch_covering(batch.id, Event::AdministrationDecision(form.clone()), batch.covers());
        }
        Command::BedsideCheck(form) => {
            let scanned = std::slice::from_ref(&form.container);
            let containers = batch.scanned_containers(scanned, "bedside_check", &mut reasons, ctx)?;
            for container in containers {
                batch.right_recipient(container, &form.wristband, "bedside_check", ctx)?;
                reasons.extend(bedside_faults(batch, container, ctx));
            }
            if form.second_person == ctx.actor.person || !ctx.is_of_same_clinic(form.second_person) {
                reasons.push(Reason::SecondPersonNeeded);
            }
            if !form.spoken_identity_fits {
                reasons.push(Reason::IdentityNotSpoken);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::BedsideCheck(form.clone()));
        }
        Command::Infusion(form) => {
            let scanned = std::slice::from_ref(&form.container);
            let containers = batch.scanned_containers(scanned, "infusion", &mut reasons, ctx)?;
            if form.ended_at < form.started_at {
                reasons.push(Reason::SpanEndsBeforeItBegins);
            }
            if form.ended_at > ctx.now {
                reasons.push(Reason::InTheFuture { field: "/ended_at" });
            }
            if containers.iter().any(|container| container.custody == Custody::Infused) {
                reasons.push(Reason::AlreadyDone);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Infusion(form.clone()));
            infusion_departures(batch, form, &mut appends, ctx);
        }
        Command::Outcome(form) => {
            batch.scanned_containers(std::slice::from_ref(&form.container), "outcome", &mut reasons, ctx)?;
            refuse(reasons)?;
            appends.batch(batch.id, Event::Outcome(form.clone()));
        }
        Command::ReturnReport(form) => {
            let containers =
                batch.scanned_containers(&form.containers, "return_report", &mut reasons, ctx)?;
            if containers.iter().any(|c| !matches!(c.custody, Custody::Shipped | Custody::Received { .. })) {
                reasons.push(Reason::AlreadyDone);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::ReturnReport(form.clone()));
        }
        Command::Destruction(form) => {
            let containers = batch.scanned_containers(&form.containers, "destruction", &mut reasons, ctx)?;
            let gone = |c: &&Container| {
                matches!(c.custody, Custody::Infused | Custody::Destroyed | Custody::Drawn { .. })
            };
            if containers.iter().any(gone) {
                reasons.push(Reason::AlreadyDone);
            }
            if form.performed.checked_by.is_none() {
                reasons.push(Reason::WitnessNeeded);
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Destruction(form.clone()));
        }
        Command::Withdrawal(form) => {
            for no in &form.containers {
                match batch.containers.get(no) {
                    Some(c) if matches!(c.custody, Custody::Shipped | Custody::Received { .. }) => {
                        appends.stop(batch, *no, StopCause::Withdrawal { reason: form.reason.clone() }, ctx);
                    }
                    Some(_) => reasons.push(Reason::NotShipped { container: *no }),
                    None => reasons.push(Reason::NoSuchContainer { container: *no }),
                }
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Withdrawal(form.clone()));
        }
        Command::StopAcknowledgement(form) => {
            let stop = batch.containers.values().flat_map(|c| &c.stops).find(|stop| stop.entry == form.stop);
            match stop {
                Some(stop) if Some(stop.clinic) != ctx.actor.clinic => return Err(Reason::NotFound.into()),
                Some(stop) if stop.acknowledged.is_some() => return Err(Reason::AlreadyDone.into()),
                Some(_) => appends.batch(batch.id, Event::StopAcknowledgement(form.clone())),
                None => return Err(Reason::NotFound.into()),
            }
        }
        Command::Discontinuation(form) => {
            if batch
                .containers
                .values()
                .any(|c| matches!(c.custody, Custody::Shipped | Custody::Received { .. }))
            {
                reasons.push(Reason::ContainersUnaccounted { containers: batch.unaccounted() });
            }
            refuse(reasons)?;
            appends.batch(batch.id, Event::Discontinuation(form.clone()));
        }
        Command::Closing(form) => {
            reasons.extend(batch.closing_faults(ctx));
            refuse(reasons)?;
            appends.batch(batch.id, Event::Closing(form.clone()));
        }
    }
    Ok(appends)
}

/// Why a container may not be given now, the recipient apart.
pub(in crate::batch) fn bedside_faults(batch: &Batch, container: &Container, ctx: &Context) -> Vec<Reason> {
    let mut reasons = ctx.signature_findings(batch);
    reasons.extend(batch.leaving_faults(container, ctx));
    if !container.may_be_administered() {
        reasons.push(Reason::NoAdministrationDecision { container: container.no });
    }
    if container.custody != (Custody::Received { good: true }) {
        reasons.push(Reason::NotReceivedIntact { container: container.no });
    }
    reasons
}

/// Containers that were shipped without the check, or where it would have refused.
pub(in crate::batch) fn shipment_departures(
    batch: &Batch,
    form: &Shipment,
    at: Time,
    appends: &mut Appends,
    ctx: &Context,
) {
    for container in batch.labelled_containers(&form.containers) {
        let refused = !container.was_cleared(at)
            || batch.end.is_some()
            || !batch.leaving_faults_at(container, at, ctx).is_empty();
        if refused {
            appends.departure(batch, DepartureKind::ShippedUncleared, container.no.to_string(), ctx);
        }
    }
}

/// A container that was given without the check, or where it would have refused.
pub(in crate::batch) fn infusion_departures(
    batch: &Batch,
    form: &Infusion,
    appends: &mut Appends,
    ctx: &Context,
) {
    for container in batch.labelled_containers(std::slice::from_ref(&form.container)) {
        let refused = !container.was_cleared(form.started_at)
            || !container.may_be_administered()
            || container.custody != (Custody::Received { good: true })
            || !batch.leaving_faults_at(container, form.started_at, ctx).is_empty();
        if refused {
            appends.departure(batch, DepartureKind::InfusedUncleared, container.no.to_string(), ctx);
        }
    }
}

/// Containers that were not on their way, that the check would have refused, that travelled too warm, too cold or too
/// long, or that arrived damaged.
pub(in crate::batch) fn receipt_departures(
    batch: &Batch,
    form: &Receipt,
    at: Time,
    appends: &mut Appends,
    ctx: &Context,
) {
    for container in batch.labelled_containers(&form.containers) {
        let kind = match container.custody {
            Custody::Shipped if batch.leaving_faults_at(container, at, ctx).is_empty() => continue,
            Custody::Shipped => DepartureKind::ReceivedUncleared,
            _ => DepartureKind::ShippedUncleared,
        };
        if form.accepted || kind == DepartureKind::ShippedUncleared {
            appends.departure(batch, kind, container.no.to_string(), ctx);
        }
    }
    let limits = batch.standard().keeping.transport;
    if !limits.temperature.holds(form.least_temperature, form.most_temperature)
        || form.transport.value() > limits.most_hours.value()
    {
        let found = format!("{} – {}, {}", form.least_temperature, form.most_temperature, form.transport);
        appends.departure(batch, DepartureKind::ProductTransport, found, ctx);
    }
    if !form.seal_intact || !form.accepted {
        appends.departure(batch, DepartureKind::ArrivedDamaged, String::new(), ctx);
    }
}

fn refuse(reasons: Vec<Reason>) -> Result<(), Refusal> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons.into()) }
}

impl Batch {
    pub(in crate::batch) fn container_mut(&mut self, no: ContainerNo) -> Result<&mut Container, Impossible> {
        self.containers.get_mut(&no).ok_or(Impossible::new("a container is handled after it was filled"))
    }

    pub(in crate::batch) fn each_container(
        &mut self,
        labels: &[Label],
        mut change: impl FnMut(&mut Container),
    ) -> Result<(), Impossible> {
        for label in labels {
            let no = label.sub().filter(|_| label.kind() == LabelKind::Dose).unwrap_or(0);
            change(self.container_mut(ContainerNo(no))?);
        }
        Ok(())
    }

    fn labelled_containers<'a>(&'a self, labels: &'a [Label]) -> impl Iterator<Item = &'a Container> {
        let doses = labels.iter().filter(|label| label.kind() == LabelKind::Dose);
        doses.filter_map(Label::sub).filter_map(|sub| self.containers.get(&ContainerNo(sub)))
    }

    /// The containers with these scanned labels.
    ///
    /// # Errors
    /// A label of another batch: recorded, and both batches are held.
    pub(in crate::batch) fn scanned_containers<'a>(
        &'a self,
        labels: &[Label],
        form: &str,
        reasons: &mut Vec<Reason>,
        ctx: &Context,
    ) -> Result<Vec<&'a Container>, Refusal> {
        let mut containers: Vec<&Container> = Vec::new();
        for (index, label) in labels.iter().enumerate() {
            if !label.same_serial(&self.opened.label) {
                return Err(ctx.mismatch(self, form, Some(&self.opened.label), label));
            }
            let no = label.sub().filter(|_| label.kind() == LabelKind::Dose).map(ContainerNo);
            match no.and_then(|no| self.containers.get(&no)) {
                Some(container) if containers.iter().any(|c| c.no == container.no) => {
                    reasons.push(Reason::Twice { index });
                }
                Some(container) => containers.push(container),
                None => reasons.push(Reason::UnknownLabel { label: label.to_string() }),
            }
        }
        Ok(containers)
    }

    /// Why a container may not go on towards its recipient: the release is not in force, something stops it, or
    /// the gate would not answer now as it did then.
    pub fn leaving_faults(&self, container: &Container, ctx: &Context) -> Vec<Reason> {
        self.leaving_faults_at(container, ctx.now, ctx)
    }

    /// The same at the instant of a hand-over that is reported later.
    fn leaving_faults_at(&self, container: &Container, at: Time, ctx: &Context) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let no = container.no;
        match &container.decided {
            Some(decided) if decided.voided_by.is_some() => {
                reasons.push(Reason::ReleaseVoided { container: no })
            }
            _ if !container.released() => reasons.push(Reason::NotReleased { container: no }),
            _ => {}
        }
        if !container.stops.is_empty() {
            reasons.push(Reason::Stopped { container: no });
        }
        // Packing and storage come after the confirmations, and what has left is not here.
        let past =
            [Requirement::Record, Requirement::Manufacturing, Requirement::Quality, Requirement::Container];
        let answer = gate(self, at);
        let own = answer.containers.get(&no).into_iter().flatten().map(|check| (Some(no), check));
        let checks = answer.batch.iter().map(|check| (None, check)).chain(own);
        for (of, check) in checks.filter(|(_, check)| !past.contains(&check.requirement)) {
            let blocked = |blocker: &Blocker| Reason::Blocked { container: of, blocker: blocker.clone() };
            reasons.extend(check.blockers.iter().map(|(blocker, _)| blocked(blocker)));
        }
        // Frozen stock goes nowhere before it was thawed and tested, where the standard tests it then.
        let on_thaw = |test: &&Test| test.stage == Stage::Thaw && container.thawed_at.is_none();
        if matches!(self.standard().keeping.form, Form::Frozen { .. }) {
            let subject = Subject::Container(no);
            let absent = |test: &Test| Blocker::TestAbsent { test: test.code.clone(), subject };
            let untested = self.standard().mandated().filter(on_thaw).map(absent);
            reasons.extend(untested.map(|blocker| Reason::Blocked { container: Some(no), blocker }));
        }
        reasons.extend(self.other_order_faults(container, ctx));
        reasons
    }

    /// Why the order a container is for may not have it, where that is another course of the same recipient.
    fn other_order_faults(&self, container: &Container, ctx: &Context) -> Vec<Reason> {
        let other = container.allocated.map(|(order, _, _)| order).filter(|id| *id != self.opened.order);
        let Some(order) = other.and_then(|id| ctx.world.orders.get(&id)) else { return Vec::new() };
        let mut blockers = Vec::new();
        if !order.standing.active {
            blockers.push(Blocker::OrderInactive);
        }
        if !order.standing.plan_active {
            blockers.push(Blocker::PlanInactive);
        }
        match order.standing.consent {
            ConsentStanding::Missing => blockers.push(Blocker::ConsentMissing),
            ConsentStanding::Withdrawn { at } => blockers.push(Blocker::ConsentWithdrawn { at }),
            ConsentStanding::InForce { .. } => {}
        }
        let of_it = |blocker| Reason::Blocked { container: Some(container.no), blocker };
        blockers.into_iter().map(of_it).collect()
    }

    /// What the record still lacks before anything leaves, packing included.
    fn record_faults(&self, ctx: &Context) -> Vec<Reason> {
        let checks = gate(self, ctx.now).batch.into_iter();
        let record = checks.filter(|check| check.requirement == Requirement::Record);
        let blockers = record.flat_map(|check| check.blockers);
        blockers.map(|(blocker, _)| Reason::Blocked { container: None, blocker }).collect()
    }

    /// Compares a scanned order label with the order a container is for.
    ///
    /// # Errors
    /// They differ: recorded, and blocked until a second person has cleared it.
    fn right_recipient(
        &self,
        container: &Container,
        scanned: &Label,
        form: &str,
        ctx: &Context,
    ) -> Result<(), Refusal> {
        let expected = container.allocated.map(|(order, _, _)| ctx.order_label(order));
        if expected.as_deref() == Some(&scanned.to_string()) {
            return Ok(());
        }
        let expected = expected.unwrap_or_default();
        let found = scanned.to_string();
        let mut refusal =
            Refusal::from(Reason::IdentifiersDiffer { expected: expected.clone(), found: found.clone() });
        let mismatch = crate::batch::intake::Mismatch { form: form.into(), expected, found };
        refusal.record.mismatch(self, mismatch, ctx);
        Err(refusal)
    }

    /// Tells clinics to stop what has left of these cells, and opens a quality event for what was given.
    pub(in crate::batch) fn stop_descendants(
        &self,
        from: &[Subject],
        cause: StopCause,
        appends: &mut Appends,
        ctx: &Context,
    ) {
        for container in self.containers.values() {
            if !self.descends(Subject::Container(container.no), from) {
                continue;
            }
            match container.custody {
                Custody::Shipped | Custody::Received { .. } => {
                    appends.stop(self, container.no, cause.clone(), ctx)
                }
                Custody::Infused => {
                    let found = container.no.to_string();
                    appends.departure(self, DepartureKind::FailedAfterAdministration, found, ctx);
                }
                Custody::InHouse
                | Custody::Packed
                | Custody::Returned
                | Custody::Destroyed
                | Custody::Drawn { .. } => {}
            }
        }
    }

    fn unaccounted(&self) -> Vec<ContainerNo> {
        let gone = |c: &&Container| {
            matches!(c.custody, Custody::Infused | Custody::Destroyed | Custody::Drawn { .. })
        };
        self.containers.values().filter(|c| !gone(c)).map(|c| c.no).collect()
    }

    /// Whether a surveillance test is final: for each fill a verified pass or a confirmed failure, and no
    /// failure that nobody has investigated.
    fn is_final(&self, test: &Test) -> bool {
        self.fills.keys().all(|fill| {
            let of_fill = |result: &&TestResult| {
                let sample = self.samples.get(&result.form.sample);
                let origin = sample.map(|sample| self.origin(sample)).unwrap_or_default();
                let here = test.stage != Stage::Fill || origin.contains(&Subject::Fill(*fill));
                result.form.test == test.code && here
            };
            let results: Vec<&TestResult> = self.results.values().filter(of_fill).collect();
            let passed = |r: &TestResult| r.effective() == Verdict::Pass && r.verified_by.is_some();
            results.iter().any(|r| r.oos == Some(Oos::Confirmed) || passed(r))
                && results.iter().all(|r| r.oos != Some(Oos::Open))
        })
    }

    fn closing_faults(&self, ctx: &Context) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let open = self.unaccounted();
        if !open.is_empty() {
            reasons.push(Reason::ContainersUnaccounted { containers: open });
        }
        let surveillance =
            self.standard().tests.iter().filter(|t| matches!(t.purpose, Purpose::Surveillance { .. }));
        for test in surveillance.filter(|test| !self.is_final(test)) {
            reasons.push(Reason::SurveillanceOpen { test: test.code.clone() });
        }
        for event in self.quality_events.keys() {
            if ctx.world.quality_events.get(event).is_none_or(|event| !event.closed) {
                reasons.push(Reason::QualityEventStillOpen { event: *event });
            }
        }
        if self.vessels.values().any(|v| v.state == culture::VesselState::InCulture) {
            reasons.push(Reason::VesselsInCulture);
        }
        reasons
    }
}
