//! The one decision: from a command, what is known and who acts, to the entries to append or every reason why
//! not. `needs` says which streams must be loaded first; `decide` is pure and is the only place rules are asked.

use crate::authority::{self, Actor, Meaning, Reach, Reauthenticated, When, meaning_of, roles_for};
use crate::batch::disposition::{Held, HoldCause, HoldScope, QualityEventAssessed, QualityEventLinked};
use crate::batch::distribution::{Custody, StopCause, StopIssued};
use crate::batch::{self, Batch, Stamp, Subject, disposition, distribution, intake};
use crate::event::Event;
use crate::ids::{
    BatchId, ClinicId, ContainerNo, EntryId, HoldNo, Label, LabelKind, OrderId, PersonId, QualityEventId,
    StandardId,
};
use crate::journal::source::Source;
use crate::journal::{Hash, MAX_PAYLOAD, StreamId, StreamKind};
use crate::order::{self, Erasure, Finding};
use crate::people::Person;
use crate::quality_event::{self, Departure, DepartureKind, Impact};
use crate::refusal::{Reason, Refusal};
use crate::time::Time;
use crate::world::World;
use crate::{attempts, people, site, standard};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A command, aimed at one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// At the centre.
    Site(site::Command),
    /// At a person.
    Person(PersonId, people::Command),
    /// At a standard's version.
    Standard(StandardId, standard::Command),
    /// At an order.
    Order(OrderId, order::Command),
    /// At a batch.
    Batch(BatchId, batch::Command),
    /// At a quality event.
    QualityEvent(QualityEventId, quality_event::Command),
}

impl Command {
    /// The action's name in the table of authority.
    pub fn action(&self) -> String {
        match self {
            Command::Site(form) => format!("site.{}", form.name()),
            Command::Person(_, form) => format!("person.{}", form.name()),
            Command::Standard(_, form) => format!("standard.{}", form.name()),
            Command::Order(_, form) => format!("order.{}", form.name()),
            Command::Batch(_, form) => format!("batch.{}", form.name()),
            Command::QualityEvent(_, form) => format!("quality_event.{}", form.name()),
        }
    }

    /// The stream it is aimed at; the centre's is known only once it is loaded.
    pub fn stream(&self) -> Option<StreamId> {
        let stream = |kind, id| Some(StreamId { kind, id });
        match self {
            Command::Site(_) => None,
            Command::Person(id, _) => stream(StreamKind::Person, id.0),
            Command::Standard(id, _) => stream(StreamKind::Standard, id.0),
            Command::Order(id, _) => stream(StreamKind::Order, id.0),
            Command::Batch(id, _) => stream(StreamKind::Batch, id.0),
            Command::QualityEvent(id, _) => stream(StreamKind::QualityEvent, id.0),
        }
    }

    /// Whether it hands cells on, or destroys a name, and so verifies every signature that rests on.
    pub fn rests_on_signatures(&self, world: &World) -> bool {
        if let Command::Batch(id, batch::Command::Disposition(disposition::Command::PartConfirmation(form))) =
            self
        {
            return world.batches.get(id).is_some_and(|batch| batch.awaits_second(form.entry).is_some());
        }
        matches!(
            self,
            Command::Order(_, order::Command::ErasureConfirmation(_))
                | Command::Batch(_, batch::Command::Disposition(disposition::Command::Deciding(_)))
                | Command::Batch(
                    _,
                    batch::Command::Distribution(
                        distribution::Command::ShippingCheck(_)
                            | distribution::Command::ReceivingCheck(_)
                            | distribution::Command::AdministrationDecision(_)
                            | distribution::Command::BedsideCheck(_)
                    )
                )
        )
    }
}

/// One entry to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// The fact.
    pub event: Event,
    /// The entries a signature on it covers.
    pub covers: Vec<Hash>,
}

/// The entries to append, in order, atomically.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appends(pub Vec<Append>);

impl Appends {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends to any stream.
    pub fn push(&mut self, kind: StreamKind, id: Uuid, event: impl Into<Event>) {
        self.0.push(Append { stream: StreamId { kind, id }, event: event.into(), covers: Vec::new() });
    }

    /// Appends to a batch.
    pub fn batch(&mut self, id: BatchId, fact: impl Into<batch::Event>) {
        self.push(StreamKind::Batch, id.0, fact.into());
    }

    /// Appends a signing to a batch, covering these entries.
    pub fn batch_covering(&mut self, id: BatchId, fact: impl Into<batch::Event>, covers: Vec<Hash>) {
        self.batch(id, fact);
        if let Some(append) = self.0.last_mut() {
            append.covers = covers;
        }
    }

    /// Appends to an order.
    pub fn order(&mut self, id: OrderId, fact: impl Into<order::Event>) {
        self.push(StreamKind::Order, id.0, fact.into());
    }

    /// Appends to an order; a signing covers the entry, if any.
    pub fn order_covering(&mut self, id: OrderId, fact: impl Into<order::Event>, covers: Option<Hash>) {
        self.order(id, fact);
        if let Some(append) = self.0.last_mut() {
            append.covers = covers.into_iter().collect();
        }
    }

    /// The facts appended to one batch so far.
    pub fn of_batch(&self, id: BatchId) -> Vec<batch::Event> {
        let stream = StreamId { kind: StreamKind::Batch, id: id.0 };
        let facts = self.0.iter().filter(|append| append.stream == stream);
        facts
            .filter_map(|a| if let Event::Batch(fact) = &a.event { Some(fact.clone()) } else { None })
            .collect()
    }

    /// Holds a batch or part of it.
    pub fn hold(&mut self, batch: &Batch, scope: HoldScope, cause: HoldCause) {
        let facts = self.of_batch(batch.id).into_iter();
        let new = facts.filter_map(|fact| match fact {
            batch::Event::Disposition(disposition::Event::Held(held)) => Some(held.hold.0),
            _ => None,
        });
        let last = batch.holds.keys().map(|no| no.0).chain(new).max().unwrap_or(0);
        let hold = HoldNo(last.saturating_add(1));
        self.batch(batch.id, Held { hold, scope, cause });
    }

    /// Notes a mismatch of identifiers. The same one once more by the same person, while it is open, says nothing new;
    /// by another it does: he is no longer the second person who could clear it.
    pub fn mismatch(&mut self, batch: &Batch, mismatch: intake::Mismatch, ctx: &Context) {
        let again = |known: &intake::MismatchState| {
            !known.cleared && known.recorder == ctx.actor.person && known.mismatch == mismatch
        };
        if !batch.mismatches.iter().any(again) {
            self.batch(batch.id, mismatch);
        }
    }

    /// Opens a quality event from a fact, and holds the batch it touches.
    pub fn departure(&mut self, batch: &Batch, kind: DepartureKind, found: String, ctx: &Context) {
        let event = QualityEventId((ctx.ids)());
        let departure = Departure { kind, found, batch: batch.id };
        self.push(StreamKind::QualityEvent, event.0, quality_event::Event::from(departure));
        self.link(batch, event);
    }

    /// Links a quality event to a batch and holds it.
    pub fn link(&mut self, batch: &Batch, event: QualityEventId) {
        self.batch(batch.id, QualityEventLinked { event });
        self.hold(batch, HoldScope::Batch, HoldCause::QualityEvent { event });
    }

    /// Tells the clinic that has a container to stop.
    pub fn stop(&mut self, batch: &Batch, container: ContainerNo, cause: StopCause, _ctx: &Context) {
        let allocated = batch.containers.get(&container).and_then(|container| container.allocated);
        let clinic = allocated.map_or(batch.opened.clinic, |(_, _, clinic)| clinic);
        self.batch(batch.id, StopIssued { container, clinic, cause });
    }
}

/// Labels that the next order and batch would get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreshLabels {
    /// For an order.
    pub order: Option<Label>,
    /// For a batch.
    pub batch: Option<Label>,
}

/// Everything a decision may look at beside the command.
pub struct Context<'a> {
    /// What was loaded.
    pub world: &'a World,
    /// The instant: the later of the clock and the newest recorded_at.
    pub now: Time,
    /// Whether the clock is more than 5 s behind what is recorded.
    pub clock_behind: bool,
    /// Who acts.
    pub actor: &'a Actor,
    /// The version acted on, where the caller named it.
    pub expected_version: Option<u32>,
    /// Labels for what is new.
    pub labels: FreshLabels,
    /// Makes identifiers for what is new.
    pub ids: &'a dyn Fn() -> Uuid,
}

impl Context<'_> {
    /// The printed label of an order; empty where it was not loaded.
    pub fn order_label(&self, order: OrderId) -> String {
        self.world.orders.get(&order).map(|order| order.placed.label.to_string()).unwrap_or_default()
    }

    /// The label of a container of a loaded batch.
    pub fn container_label(&self, batch: BatchId, container: ContainerNo) -> Option<Label> {
        self.world.batches.get(&batch)?.opened.label.part(LabelKind::Dose, container.0)
    }

    /// Whether a person works at the actor's clinic.
    pub fn is_of_same_clinic(&self, person: PersonId) -> bool {
        let clinic =
            self.world.people.get(&person).filter(|person| !person.left).and_then(|person| person.clinic);
        clinic.is_some() && clinic == self.actor.clinic
    }

    /// A stamp for a fact that is not recorded yet.
    pub fn stamp(&self, index: usize) -> Stamp {
        Stamp {
            entry: EntryId((self.ids)()),
            version: u32::try_from(index + 1).unwrap_or(u32::MAX),
            hash: Hash::ZERO,
            occurred_at: self.now,
            recorded_at: self.now,
            performer: self.actor.person,
            recorder: self.actor.person,
        }
    }

    /// The refusal of a scan that met another batch: recorded in both, and both are held.
    pub fn mismatch(&self, batch: &Batch, form: &str, expected: Option<&Label>, found: &Label) -> Refusal {
        let expected = expected.map(ToString::to_string).unwrap_or_default();
        let found_text = found.to_string();
        let mut refusal =
            Refusal::from(Reason::WrongBatch { expected: expected.clone(), found: found_text.clone() });
        let mut others = self.world.batches.values().map(AsRef::as_ref);
        let other =
            others.find(|other| other.opened.label.same_serial(found) && self.may_have_met(other, found));
        for batch in [Some(batch), other].into_iter().flatten() {
            let mismatch =
                intake::Mismatch { form: form.into(), expected: expected.clone(), found: found_text.clone() };
            refusal.record.mismatch(batch, mismatch, self);
            let held = |hold: &disposition::Hold| hold.cause == HoldCause::Mismatch && hold.lifted.is_none();
            if !batch.holds.values().any(held) {
                refusal.record.hold(batch, HoldScope::Batch, HoldCause::Mismatch);
            }
        }
        refusal
    }

    /// Whether the actor can have what he scanned in his hands. At a clinic that is its own, or a filled container,
    /// wherever the record says that it is: a wrong bag in the box is just what is not on record. Vessels never
    /// travel, so nobody holds another clinic's culture with a label that he guessed.
    fn may_have_met(&self, batch: &Batch, found: &Label) -> bool {
        let container = found.sub().filter(|_| found.kind() == LabelKind::Dose).map(ContainerNo);
        self.actor.clinic.is_none_or(|clinic| belongs(batch, clinic))
            || container.is_some_and(|no| batch.containers.contains_key(&no))
    }

    /// A reason for every signature that does not verify, of the batch and of those its cells come from.
    pub fn signature_findings(&self, batch: &Batch) -> Vec<Reason> {
        let batches = self.world.ancestors(batch.id).into_iter();
        let standard = StreamId { kind: StreamKind::Standard, id: batch.opened.standard_id.0 };
        let streams = batches.map(|id| StreamId { kind: StreamKind::Batch, id: id.0 }).chain([standard]);
        let findings = streams.flat_map(|stream| self.world.signature_findings(stream));
        let mut reasons: Vec<Reason> = findings.map(|entry| Reason::SignatureInvalid { entry }).collect();
        // A batch rests on the content that was approved, not on whatever its opening says.
        let filed = self.world.standards.get(&batch.opened.standard_id);
        let approved = filed.is_some_and(|filed| {
            filed.standing != standard::Standing::Draft && filed.standard == *batch.standard()
        });
        if !approved {
            reasons.push(Reason::StandardNotApproved);
        }
        reasons
    }
}

/// Decides a command.
///
/// # Errors
/// Every reason why not, with what the attempt itself leaves on record.
pub fn decide(command: &Command, ctx: &Context, proof: Option<&Reauthenticated>) -> Result<Appends, Refusal> {
    let decided = permitted(command, ctx)
        .and_then(|()| match unchanged(command, ctx) {
            Ok(()) => decide_form(command, ctx),
            // Whoever acts on an old version looks again; what he scanned wrongly stays on record all the same.
            Err(reason) => {
                let record = decide_form(command, ctx).err().map(|refusal| refusal.record);
                Err(Refusal { reasons: vec![reason], record: record.unwrap_or_default() })
            }
        })
        .and_then(|appends| propagate(appends, ctx))
        .and_then(|appends| signed(appends, ctx, proof));
    decided.map_err(|mut refusal| {
        // A hold that an attempt leaves behind reaches clinics and other batches like any other.
        if let Ok(record) = propagate(refusal.record.clone(), ctx) {
            refusal.record = record;
        }
        if refusal.reasons.iter().any(Reason::is_recorded) {
            let stream = command.stream().map(|stream| stream.to_string()).unwrap_or_default();
            let reasons = refusal.reasons.iter().map(Reason::code).collect();
            let attempt = attempts::RefusedAttempt { action: command.action(), stream, reasons };
            refusal.record.push(StreamKind::Attempts, ctx.actor.person.0, attempts::Event::from(attempt));
        }
        refusal
    })
}

/// Deny by default: the action must be listed for one of the actor's roles, and to clinic staff only what the table
/// reaches for them is there. Whose new key is not registered yet does nothing: nobody has checked who set the password.
fn permitted(command: &Command, ctx: &Context) -> Result<(), Refusal> {
    let action = command.action();
    if ctx.world.people.get(&ctx.actor.person).is_some_and(|person| person.waiting_key().is_some()) {
        return Err(Reason::KeyNotRegistered.into());
    }
    let rule = authority::rule(&action).filter(|rule| ctx.actor.has_any(rule.roles));
    let Some(rule) = rule else { return Err(Reason::NotAllowed { action }.into()) };
    let Some(clinic) = ctx.actor.clinic else { return Ok(()) };
    let theirs = match command {
        _ if rule.reach != Reach::OwnClinic => false,
        Command::Order(id, order::Command::Placement(_)) => !ctx.world.orders.contains_key(id),
        Command::Order(id, _) => ctx.world.orders.get(id).is_some_and(|order| order.placed.clinic == clinic),
        Command::Batch(id, _) => ctx.world.batches.get(id).is_some_and(|batch| belongs(batch, clinic)),
        Command::Site(_) | Command::Person(..) | Command::Standard(..) | Command::QualityEvent(..) => false,
    };
    if theirs { Ok(()) } else { Err(Reason::NotFound.into()) }
}

/// The clinics that may see a batch: the one that ordered it, and those that containers of it are allocated to.
pub fn clinics_of(batch: &Batch) -> BTreeSet<ClinicId> {
    let allocated = batch.containers.values().filter_map(|container| container.allocated);
    allocated.map(|(_, _, clinic)| clinic).chain([batch.opened.clinic]).collect()
}

/// Whether a clinic may see a batch.
pub fn belongs(batch: &Batch, clinic: ClinicId) -> bool {
    clinics_of(batch).contains(&clinic)
}

fn decide_form(command: &Command, ctx: &Context) -> Result<Appends, Refusal> {
    let mut appends = Appends::new();
    let now = ctx.now;
    match command {
        Command::Site(form) => {
            let Some(site) = &ctx.world.site else { return Err(Reason::NotFound.into()) };
            let event = site::decide(site, form, ClinicId((ctx.ids)()), now)?;
            appends.push(StreamKind::Site, site.id.0, event);
        }
        Command::Person(id, form) => {
            let clinic_known =
                |clinic: ClinicId| ctx.world.site.as_ref().is_some_and(|s| s.clinics.contains_key(&clinic));
            if let people::Command::Invitation(invitation) = form
                && invitation.clinic.is_some_and(|clinic| !clinic_known(clinic))
            {
                return Err(Reason::ClinicMismatch.into());
            }
            let person = ctx.world.people.get(id).map(AsRef::as_ref);
            let others_can_confirm = ctx.world.somebody_could_confirm(&[*id, ctx.actor.person], now);
            let event = people::decide(person, form, ctx.actor.person, now, others_can_confirm)?;
            appends.push(StreamKind::Person, id.0, event);
        }
        Command::Standard(id, form) => {
            let event = standard::decide(ctx.world.standards.get(id).map(AsRef::as_ref), form)?;
            appends.push(StreamKind::Standard, id.0, event);
        }
        Command::Order(id, form) => return decide_order(*id, form, ctx),
        Command::Batch(id, form) => return decide_batch(*id, form, ctx),
        Command::QualityEvent(id, form) => {
            let event = quality_event::decide(ctx.world.quality_events.get(id).map(AsRef::as_ref), form)?;
            let touched: &[BatchId] = match form {
                quality_event::Command::Report(report) => &report.batches,
                quality_event::Command::Linking(linking) => &linking.batches,
                quality_event::Command::Assessment(_) | quality_event::Command::Closing(_) => &[],
            };
            appends.push(StreamKind::QualityEvent, id.0, event);
            for batch in touched {
                let batch = ctx.world.batches.get(batch).ok_or(Refusal::from(Reason::NotFound))?;
                appends.link(batch, *id);
            }
            if let quality_event::Command::Assessment(form) = form {
                let assessed = QualityEventAssessed {
                    event: *id,
                    impact: form.impact,
                    reasoning: form.reasoning.clone(),
                };
                appends.batch(form.batch, assessed);
                // An assessment that turns out worse after its hold was lifted holds again.
                let batch = ctx.world.batches.get(&form.batch).ok_or(Refusal::from(Reason::NotFound))?;
                let cause = HoldCause::QualityEvent { event: *id };
                let held = batch.holds.values().any(|hold| hold.cause == cause && hold.lifted.is_none());
                if form.impact == Impact::Unacceptable && !held {
                    appends.hold(batch, HoldScope::Batch, cause);
                }
            }
        }
    }
    Ok(appends)
}

fn decide_order(id: OrderId, form: &order::Command, ctx: &Context) -> Result<Appends, Refusal> {
    let order = ctx.world.orders.get(&id).map(AsRef::as_ref);
    match form {
        order::Command::ErasureProposal(_)
        | order::Command::ErasureWithdrawal(_)
        | order::Command::ErasureConfirmation(_) => {
            return order::erasure::decide(id, form, ctx);
        }
        order::Command::Placement(placement)
            if order::erasure::erasure_of(ctx.world, placement.patient) == Some(Erasure::Done) =>
        {
            return Err(Reason::NameErased.into());
        }
        _ => {}
    }
    let own = |batch: &BatchId| order.is_some_and(|order| order.batches.contains(batch));
    let blocked_by = match form {
        // Of another's batch nothing is said, not even whether anything blocks it.
        order::Command::UrgentRequest(request) if !own(&request.batch) => return Err(Reason::NotFound.into()),
        order::Command::UrgentRequest(request) => ctx.world.batches.get(&request.batch).map(|batch| {
            let answer = batch::gate::gate(batch, ctx.now);
            let checks = answer.batch.iter().chain(answer.containers.values().flatten());
            let blockers = checks.flat_map(|check| &check.blockers);
            let codes =
                blockers.map(|(blocker, _)| Reason::Blocked { container: None, blocker: blocker.clone() });
            let mut codes: Vec<String> = codes.map(|reason| blocker_code(&reason)).collect();
            codes.sort();
            codes.dedup();
            codes
        }),
        _ => None,
    };
    if let order::Command::ForecastAcknowledgement(seen) = form {
        let actual = ctx.world.version(StreamId { kind: StreamKind::Batch, id: seen.batch.0 });
        if !(1..=actual).contains(&seen.version) {
            return Err(Reason::NotFound.into());
        }
    }
    let blocked_by = blocked_by.unwrap_or_default();
    let event =
        order::decide(order, form, ctx.actor.clinic, ctx.labels.order.as_ref(), ctx.now, &blocked_by)?;
    let mut appends = Appends::new();
    let after =
        order::Order::evolve(order.cloned(), id, &event).map_err(|_| Refusal::from(Reason::AlreadyDone))?;
    appends.push(StreamKind::Order, id.0, event);
    if order.is_some_and(|order| order.standing == after.standing) {
        return Ok(appends);
    }
    for batch in after.batches.iter().filter_map(|batch| ctx.world.batches.get(batch)) {
        if batch.opened.order != id {
            // Made for another course of the same recipient: only what is allocated to this one is touched.
            let to_it =
                batch.containers.values().filter(|c| c.allocated.is_some_and(|(order, _, _)| order == id));
            let subjects: Vec<Subject> = to_it.map(|container| Subject::Container(container.no)).collect();
            if matches!(form, order::Command::ConsentWithdrawal(_)) && !subjects.is_empty() {
                appends.hold(batch, HoldScope::From { subjects }, HoldCause::ConsentWithdrawn);
            }
            continue;
        }
        appends.batch(batch.id, intake::OrderNoted { standing: after.standing.clone() });
        match form {
            order::Command::ConsentWithdrawal(_) => {
                appends.hold(batch, HoldScope::Batch, HoldCause::ConsentWithdrawn);
            }
            order::Command::DonorScreening(screening)
                if screening.results.iter().any(|result| result.finding == Finding::Positive) =>
            {
                appends.hold(batch, HoldScope::Batch, HoldCause::DonorPositive);
            }
            _ => {}
        }
    }
    Ok(appends)
}

fn blocker_code(reason: &Reason) -> String {
    let value = serde_json::to_value(reason).unwrap_or_default();
    value.pointer("/blocker/code").and_then(|code| code.as_str()).unwrap_or_default().to_string()
}

fn decide_batch(id: BatchId, form: &batch::Command, ctx: &Context) -> Result<Appends, Refusal> {
    let named = batch::performed::named(form);
    // To a clinic's people those of other clinics are not there.
    let known = |person: &Person| {
        let elsewhere = person.clinic.is_some() && person.clinic != ctx.actor.clinic;
        !person.left && (ctx.actor.clinic.is_none() || !elsewhere)
    };
    let missing =
        named.iter().filter(|person| !ctx.world.people.get(person).is_some_and(|found| known(found)));
    let missing: Vec<Reason> = missing.map(|person| Reason::NoSuchPerson { person: *person }).collect();
    if !missing.is_empty() {
        return Err(missing.into());
    }
    let batch = ctx.world.batches.get(&id);
    if let batch::Command::Intake(intake::Command::Opening(opening)) = form {
        return match batch {
            None => intake::open(id, opening, ctx),
            Some(_) => Err(Reason::AlreadyDone.into()),
        };
    }
    let Some(batch) = batch else { return Err(Reason::NotFound.into()) };
    if batch.end.is_some() && wants_unended(form) {
        return Err(Reason::BatchEnded.into());
    }
    let contradicted = batch::not_applicable::faults(form);
    let decided = match form {
        batch::Command::Intake(form) => intake::decide(batch, form, ctx),
        batch::Command::Culture(form) => batch::culture::decide(batch, form, ctx),
        batch::Command::Filling(form) => batch::filling::decide(batch, form, ctx),
        batch::Command::Testing(form) => batch::testing::decide(batch, form, ctx),
        batch::Command::Disposition(form) => disposition::decide(batch, form, ctx),
        batch::Command::Distribution(form) => distribution::decide(batch, form, ctx),
    };
    let mut appends = match decided {
        Ok(appends) if contradicted.is_empty() => appends,
        Ok(_) => return Err(contradicted.into()),
        Err(mut refusal) => {
            refusal.reasons.extend(contradicted);
            return Err(refusal);
        }
    };
    let performer = batch::performed::performer(form).filter(|performer| *performer != ctx.actor.person);
    if let Some(person) = performer.and_then(|performer| ctx.world.people.get(&performer)) {
        let roles = roles_for(&format!("batch.{}", form.name()));
        if !person.roles_at(ctx.now).iter().any(|role| roles.contains(role)) {
            appends.departure(batch, DepartureKind::WrongRole, person.name.to_string(), ctx);
        }
    }
    Ok(appends)
}

/// Whether a form is of no use for a batch that was discontinued or closed. Facts that come late are.
fn wants_unended(form: &batch::Command) -> bool {
    match authority::rule(&format!("batch.{}", form.name())).map(|rule| rule.when) {
        Some(When::Unended) | None => true,
        Some(When::UnendedToRelease) => disposition::releases(form),
        Some(_) => false,
    }
}

/// What a change of one batch means for containers that have left it and for batches that drew cells from it.
fn propagate(mut appends: Appends, ctx: &Context) -> Result<Appends, Refusal> {
    let impossible = |reason: crate::refusal::Impossible| {
        Refusal::from(Reason::CorrectionContradicts { why: reason.to_string() })
    };
    let mut waiting: Vec<BatchId> = ctx.world.batches.keys().copied().collect();
    let mut seen = BTreeSet::new();
    waiting.retain(|id| !appends.of_batch(*id).is_empty());
    while let Some(id) = waiting.pop() {
        let Some(batch) = ctx.world.batches.get(&id) else { continue };
        if !seen.insert((id, appends.of_batch(id).len())) {
            continue;
        }
        let after = batch.foresee(&appends.of_batch(id), ctx).map_err(impossible)?;
        stop_what_is_held(&after, &mut appends, ctx);
        for child in after.children.iter().filter_map(|child| ctx.world.batches.get(child)) {
            // As the child will know it, where this very command notes it there.
            let child_after = child.foresee(&appends.of_batch(child.id), ctx).map_err(impossible)?;
            let Some(known) = child_after.parents.get(&id) else { continue };
            let standing = after.standing_for_child(known.container, ctx.now);
            if standing == *known {
                continue;
            }
            let worse = standing.held && !known.held || standing.failed.len() > known.failed.len();
            let worse = worse || batch::correction::newly_blocked(batch, &after, known.container, ctx.now);
            let divided_otherwise =
                (standing.passage, standing.doublings) != (known.passage, known.doublings);
            appends.batch(child.id, intake::ParentNoted { batch: id, standing });
            let cause = StopCause::Parent { batch: id };
            if worse {
                child.stop_all(&[Subject::Parent { batch: id }], cause, &mut appends, ctx);
            } else if divided_otherwise {
                // Its cells divided otherwise than was known when it was released.
                let now_known = child.foresee(&appends.of_batch(child.id), ctx).map_err(impossible)?;
                batch::correction::stop_released(&child_after, &now_known, &cause, &mut appends, ctx);
            }
            waiting.push(child.id);
        }
    }
    Ok(appends)
}

/// Tells clinics to stop what is held after it was shipped.
fn stop_what_is_held(after: &Batch, appends: &mut Appends, ctx: &Context) {
    let Some(before) = ctx.world.batches.get(&after.id) else { return };
    for (_, hold) in after.holds.iter().filter(|(no, _)| !before.holds.contains_key(no)) {
        for container in after.containers.values() {
            let touched = match &hold.scope {
                HoldScope::Batch => true,
                HoldScope::From { subjects } => after.descends(Subject::Container(container.no), subjects),
            };
            let away = matches!(container.custody, Custody::Shipped | Custody::Received { .. });
            // A message that waits for its acknowledgement says it already.
            let told = container.stops.iter().any(|stop| stop.acknowledged.is_none());
            let twice = appends.of_batch(after.id).iter().any(|fact| {
                matches!(fact, batch::Event::Distribution(distribution::Event::StopIssued(s)) if s.container == container.no)
            });
            if touched && away && !told && !twice {
                appends.stop(after, container.no, StopCause::Held, ctx);
            }
        }
    }
}

/// Signings and corrections are made on the version that was seen: a stale one is refused before anything else is
/// asked of it, so that whoever sent it looks again.
fn unchanged(command: &Command, ctx: &Context) -> Result<(), Reason> {
    let action = command.action();
    let stream = command.stream().or(ctx.world.site_stream());
    let actual = stream.map_or(0, |stream| ctx.world.version(stream));
    let rests = meaning_of(&action).is_some() || action == "batch.disposition.correction";
    match ctx.expected_version {
        _ if !rests || actual == 0 => Ok(()),
        Some(expected) if expected == actual => Ok(()),
        Some(expected) => Err(Reason::VersionConflict { expected, actual }),
        None => Err(Reason::VersionNeeded { actual }),
    }
}

/// Nothing that must be signed is appended without the proof that its signer has just given his password.
fn signed(appends: Appends, ctx: &Context, proof: Option<&Reauthenticated>) -> Result<Appends, Refusal> {
    let mut reasons = Vec::new();
    let meaning: Option<Meaning> = appends.0.iter().find_map(|append| append.event.meaning());
    if let Some(meaning) = meaning {
        match proof.filter(|proof| proof.person() == ctx.actor.person) {
            None => reasons.push(Reason::SignatureNeeded { meaning }),
            Some(proof) if proof.meaning() != meaning => reasons.push(Reason::WrongMeaning { meaning }),
            Some(proof) => {
                let registered = ctx.world.people.get(&proof.person()).and_then(|person| person.keys.last());
                if registered.map(|(key, _)| *key) != Some(proof.key()) {
                    reasons.push(Reason::KeyNotRegistered);
                }
            }
        }
        if ctx.clock_behind {
            reasons.push(Reason::ClockBehind);
        }
    }
    // The most that it has with its source and its signature.
    let bytes =
        |append: &Append| append.event.payload(None).len() + Source::MOST + 67 * append.covers.len() + 500;
    if appends.0.iter().any(|append| bytes(append) > MAX_PAYLOAD) {
        reasons.push(Reason::EntryTooLarge);
    }
    if reasons.is_empty() { Ok(appends) } else { Err(reasons.into()) }
}
