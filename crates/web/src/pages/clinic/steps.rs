//! What a clinic has to do next for a course, and by when: read off what is recorded, never stored.

use super::cases::{Case, is_over};
use super::readiness::{Estimate, hours_of, is_under_way};
use crate::words::Clinic;
use baiyo_domain::batch::distribution::{Clearance, Container, Custody, Event as Fact};
use baiyo_domain::batch::{Batch, Event};
use baiyo_domain::ids::{EntryId, Label, LabelKind, PersonId};
use baiyo_domain::order::{ConsentStanding, Purpose, Window};
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use rust_decimal::Decimal;

/// Days before cells are ready by which the centre must know when they are wanted. A house value.
pub const ORDER_AHEAD_DAYS: i64 = 3;

/// A step that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub step: Step,
    /// By when.
    pub by: Option<Time>,
}

/// What there is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Record the consent.
    Consent,
    /// Record the donor's panel.
    Screening,
    /// Say when the infusion is wanted.
    BookWindow,
    /// The cells will not be ready, or be past their expiry, when they are wanted: book anew, or acknowledge that they
    /// come later.
    BookAnew(Misfit),
    /// Check and report what arrives.
    Receive,
    /// The physician decides on the administration.
    Decide,
    /// Two people check at the bedside.
    Check,
    /// Confirm, as the second person, the check that another recorded.
    ConfirmCheck(EntryId),
    /// Confirm one's own part in what another recorded, e.g. as the witness of a destruction.
    ConfirmPart(EntryId),
    /// Another person has yet to confirm the check.
    AwaitSecond(PersonId),
    /// Report the infusion.
    Infuse,
    /// Report how the patient is.
    Outcome,
    /// It must not be given: send it back or destroy it.
    SendBack,
}

/// How a window misses the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// They are ready only after it.
    TooLate,
    /// They expire before it begins.
    TooEarly,
}

impl Step {
    /// The form that takes it, by its action.
    pub fn action(&self) -> &'static str {
        match self {
            Step::Consent => "order.consent",
            Step::Screening => "order.donor_screening",
            Step::BookWindow | Step::BookAnew(_) => "order.window_change",
            Step::Receive => "batch.distribution.receipt",
            Step::Decide => "batch.distribution.administration_decision",
            Step::Check => "batch.distribution.bedside_check",
            Step::ConfirmCheck(_) | Step::ConfirmPart(_) | Step::AwaitSecond(_) => {
                "batch.disposition.part_confirmation"
            }
            Step::Infuse => "batch.distribution.infusion",
            Step::Outcome => "batch.distribution.outcome",
            Step::SendBack => "batch.distribution.return_report",
        }
    }

    /// What it is called on the board.
    pub fn word(&self) -> Clinic {
        match self {
            Step::Consent => Clinic::DoConsent,
            Step::Screening => Clinic::DoScreening,
            Step::BookWindow => Clinic::DoBook,
            Step::BookAnew(_) => Clinic::DoBookAnew,
            Step::Receive => Clinic::DoReceive,
            Step::Decide => Clinic::DoDecide,
            Step::Check => Clinic::DoCheck,
            Step::ConfirmCheck(_) => Clinic::DoConfirmCheck,
            Step::ConfirmPart(_) => Clinic::DoConfirmPart,
            Step::AwaitSecond(_) => Clinic::SecondAwaited,
            Step::Infuse => Clinic::DoInfuse,
            Step::Outcome => Clinic::DoOutcome,
            Step::SendBack => Clinic::DoSendBack,
        }
    }
}

/// What is due for a course, the most urgent first; `me` is who looks.
pub fn due(case: &Case, ready: Option<&Estimate>, me: PersonId, now: Time) -> Vec<Due> {
    let mut due: Vec<Due> = Vec::new();
    let mut add = |step: Step, by: Option<Time>| {
        let one = Due { step, by };
        if !due.contains(&one) {
            due.push(one);
        }
    };
    if let Some(batch) = &case.batch {
        for container in case.containers() {
            if let Some((step, by)) = of_container(batch, container, me, now) {
                add(step, by);
            }
        }
        for part in batch.parts.iter().filter(|part| part.person == me && !part.confirmed) {
            add(Step::ConfirmPart(part.entry), None);
        }
    }
    let over = case.batch.as_ref().is_some_and(|batch| is_over(batch, now));
    if !case.order.standing.active || over {
        return due;
    }
    if case.order.standing.consent == ConsentStanding::Missing {
        add(Step::Consent, None);
    }
    // Whoever gets cells of a bank is not their donor.
    let gives = case.batch.as_ref().is_none_or(|batch| batch.opened.bank.is_none());
    if gives && case.order.standing.screening.is_none() {
        add(Step::Screening, None);
    }
    let arrived = case.containers().any(|c| matches!(c.custody, Custody::Received { .. } | Custody::Infused));
    if case.order.placed.placement.purpose == Purpose::Therapy && !arrived {
        let ahead = |ready: &Estimate| ready.from.plus(TimeDelta::days(-ORDER_AHEAD_DAYS));
        match (case.order.standing.window, ready) {
            (None, ready) => add(Step::BookWindow, ready.map(ahead)),
            (Some(window), Some(ready)) => {
                let misfit = misfit(window, ready, last_use(case));
                if let Some(misfit) = misfit.filter(|misfit| !is_acknowledged(case, *misfit, ready)) {
                    add(Step::BookAnew(misfit), None);
                }
            }
            (Some(_), None) => {}
        }
    }
    due
}

/// Whether the clinic has seen that the cells come so late, and keeps what it booked.
pub fn is_acknowledged(case: &Case, misfit: Misfit, ready: &Estimate) -> bool {
    let of = case.batch.as_ref().map(|batch| batch.id);
    misfit == Misfit::TooLate && of.is_some_and(|batch| case.order.has_acknowledged(batch, ready.at))
}

/// How a wanted window misses the cells, if it does: no day is left in it once they are likely to be ready, or the last
/// of them expires before it.
pub fn misfit(window: Window, ready: &Estimate, last_use: Option<Time>) -> Option<Misfit> {
    match last_use {
        Some(last) if last < window.from => Some(Misfit::TooEarly),
        _ if ready.at > window.until => Some(Misfit::TooLate),
        _ => None,
    }
}

/// The last expiry of the containers that are still to be given.
pub fn last_use(case: &Case) -> Option<Time> {
    case.containers().filter(|c| is_under_way(c) && !c.rejected()).map(|c| c.expires_at).max()
}

/// What is due for one container, and by when.
pub fn of_container(
    batch: &Batch,
    container: &Container,
    me: PersonId,
    now: Time,
) -> Option<(Step, Option<Time>)> {
    let expires = container.expires_at;
    let preparation = hours_of(batch.standard().keeping.preparation.value() / Decimal::from(60));
    let ready_by = expires.plus(-preparation);
    let refused = container.administration.is_some_and(|decided| !decided.may && decided.voided_by.is_none());
    let forbidden = !container.stops.is_empty() || refused || expires <= now;
    match container.custody {
        Custody::Shipped => Some((Step::Receive, Some(ready_by))),
        Custody::Received { good } if !good || forbidden => Some((Step::SendBack, None)),
        Custody::Received { .. } if !container.may_be_administered() => Some((Step::Decide, Some(ready_by))),
        Custody::Received { .. } => Some(match container.clearance {
            Some(Clearance::Passed { .. }) => (Step::Infuse, Some(expires)),
            Some(Clearance::AwaitsSecond { check, second }) if second == me => {
                (Step::ConfirmCheck(check), Some(expires))
            }
            Some(Clearance::AwaitsSecond { second, .. }) => (Step::AwaitSecond(second), Some(expires)),
            None => (Step::Check, Some(expires)),
        }),
        Custody::Infused if !was_heard_of(batch, container) => Some((Step::Outcome, None)),
        _ => None,
    }
}

/// The label of a container.
pub fn label_of(batch: &Batch, container: &Container) -> Option<Label> {
    batch.opened.label.part(LabelKind::Dose, container.no.0)
}

fn was_heard_of(batch: &Batch, container: &Container) -> bool {
    let label = label_of(batch, container);
    batch.log.iter().any(|logged| match &*logged.event {
        Event::Distribution(Fact::Outcome(report)) => Some(&report.container) == label.as_ref(),
        _ => false,
    })
}
