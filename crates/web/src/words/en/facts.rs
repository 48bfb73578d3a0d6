//! What happened, one line each, in English.

use super::{
    action, all, analyte, departure, finding, hold_cause, impact, many, numbered, plan_class, role,
    stop_cause, subject, verdict, within,
};
use crate::words::{Context, Language, Thing, cells, line, listed, numbers, time, title};
use baiyo_domain::attempts::TriedFrom;
use baiyo_domain::batch::culture::NewVessel;
use baiyo_domain::batch::disposition::{Decision, HoldScope};
use baiyo_domain::batch::intake::ReceiptDecision;
use baiyo_domain::batch::testing::Conclusion;
use baiyo_domain::batch::{self, culture, disposition, distribution, filling, intake, testing};
use baiyo_domain::event::Event;
use baiyo_domain::order::{ConsentStanding, OrderStanding, Plan, Window};
use baiyo_domain::quality_event::{Departure, DepartureKind};
use baiyo_domain::quantity::{Celsius, Count, Number};
use baiyo_domain::{attempts, order, people, quality_event, site, standard};

pub(in crate::words) fn event(event: &Event, context: &Context) -> String {
    match event {
        Event::Site(fact) => of_site(fact, context),
        Event::Person(fact) => of_person(fact, context),
        Event::Standard(fact) => of_standard(fact),
        Event::Order(fact) => of_order(fact, context),
        Event::Batch(fact) => of_batch(fact, context),
        Event::QualityEvent(fact) => of_quality_event(fact, context),
        Event::Attempts(attempts::Event::RefusedAttempt(fact)) => {
            let asked = action(&fact.action).unwrap_or(&fact.action);
            format!("Refused: {} ({})", within(asked), listed(&fact.reasons))
        }
        Event::Attempts(attempts::Event::WrongSecret(fact)) => {
            let from = match fact.from {
                TriedFrom::UnknownBrowser => "from a browser not seen before",
                TriedFrom::KnownBrowser => "from a browser of this person",
                TriedFrom::Session => "to sign, in a session of this person",
                TriedFrom::Program => "to sign, by a program of this person",
                TriedFrom::CommandLine => "on the command line",
            };
            let what = match (fact.pin, fact.code) {
                (true, _) => "PIN",
                (false, true) => "code",
                (false, false) => "password",
            };
            format!("Wrong {what}: {from}")
        }
    }
}

fn of_site(fact: &site::Event, context: &Context) -> String {
    match fact {
        site::Event::Founding(fact) => format!("Records began: {} ({})", fact.name, fact.code.as_str()),
        site::Event::ClinicRegistered(fact) => format!("Clinic registered: {}", fact.name),
        site::Event::ClinicChange(fact) if fact.closed => {
            format!("Clinic closed: {} – {}", fact.name, line(&fact.reason))
        }
        site::Event::ClinicChange(fact) => format!("Clinic changed: {} – {}", fact.name, line(&fact.reason)),
        site::Event::IncubatorRegistration(fact) => format!(
            "Incubator registered: {}, shelves {}, vessels per shelf {}",
            fact.name, fact.shelves, fact.vessels_per_shelf
        ),
        site::Event::IncubatorChange(fact) if fact.retired => {
            format!("Incubator no longer used: {} – {}", fact.incubator, line(&fact.reason))
        }
        site::Event::IncubatorChange(fact) => format!(
            "Incubator changed: {}, shelves {}, vessels per shelf {} – {}",
            fact.incubator,
            fact.shelves,
            fact.vessels_per_shelf,
            line(&fact.reason)
        ),
        site::Event::AccessReview(fact) => format!(
            "Access reviewed for {} – {}: {}",
            time(Language::En, fact.from, context.zone),
            time(Language::En, fact.until, context.zone),
            line(&fact.findings)
        ),
    }
}

fn of_person(fact: &people::Event, context: &Context) -> String {
    match fact {
        people::Event::Invited(fact) => {
            format!("Taken on: {} ({})", fact.invitation.name, fact.invitation.sign_in.as_str())
        }
        people::Event::SetupLink(fact) => {
            format!("A one-time link to set a password was given out – {}", line(&fact.reason))
        }
        people::Event::KeyMade(_) => "Set a password; the new key waits for its registration".into(),
        people::Event::IdentityConfirmed(fact) => {
            format!("A second person confirmed who it is: {}", line(&fact.identity_check))
        }
        people::Event::KeyRegistered(fact) => {
            format!("Key registered after an identity check: {}", line(&fact.identity_check))
        }
        people::Event::RoleGrant(fact) => format!("Role granted: {}", role(fact.role)),
        people::Event::RoleEnd(fact) => format!("Role ended: {} – {}", role(fact.role), line(&fact.reason)),
        people::Event::Deputyship(fact) => format!(
            "Deputy named: {}, {} – {}",
            role(fact.role),
            time(Language::En, fact.from, context.zone),
            time(Language::En, fact.until, context.zone)
        ),
        people::Event::DeputyshipEnded(fact) => {
            format!("Deputyship ended: {} – {}", role(fact.role), line(&fact.reason))
        }
        people::Event::Departure(fact) => format!("Left: {}", line(&fact.reason)),
    }
}

fn of_standard(fact: &standard::Event) -> String {
    match fact {
        standard::Event::Draft(fact) => format!("Draft filed: {}", standard_name(&fact.standard)),
        standard::Event::Approval(_) => "Approved".into(),
        standard::Event::Retirement(fact) => format!("Retired: {}", line(&fact.reason)),
    }
}

fn of_order(fact: &order::Event, context: &Context) -> String {
    match fact {
        order::Event::Placed(fact) => format!(
            "Order {} placed for {}, {}{}",
            fact.label,
            fact.placement.pseudonym,
            plan(&fact.placement.plan),
            fact.placement.window.map(|asked| format!(", {}", window(&asked, context))).unwrap_or_default()
        ),
        order::Event::Consent(fact) => format!(
            "Consent given: form {}, signed {}",
            fact.version,
            time(Language::En, fact.signed_at, context.zone)
        ),
        order::Event::ConsentWithdrawal(fact) => {
            format!("Consent withdrawn: {}", time(Language::En, fact.withdrawn_at, context.zone))
        }
        order::Event::DonorScreening(fact) => {
            let found = |result: &order::AnalyteResult| {
                format!("{} {}", analyte(result.analyte), finding(result.finding))
            };
            format!("Donor screened: {}", listed(fact.results.iter().map(found)))
        }
        order::Event::PlanChange(fact) => format!(
            "Plan changed: {}, {} – {}",
            plan(&fact.plan),
            if fact.active { "active" } else { "not active" },
            line(&fact.reason)
        ),
        order::Event::WindowChange(fact) => {
            format!("Infusion window changed: {} – {}", window(&fact.window, context), line(&fact.reason))
        }
        order::Event::ForecastAcknowledgement(fact) => format!(
            "Acknowledged that the cells of batch {} (version {}) are foretold {}{}; kept: wanted {}{}",
            context.call(Thing::Batch(fact.batch)),
            fact.version,
            foretold(&fact.foretold, context),
            fact.before
                .map(|before| format!(", acknowledged before {}", foretold(&before, context)))
                .unwrap_or_default(),
            window(&fact.booked, context),
            fact.remark.as_ref().map(|remark| format!(" – {}", line(remark))).unwrap_or_default()
        ),
        order::Event::UrgentAnswer(fact) => format!(
            "Urgent request for batch {} refused: {} – {}",
            context.call(Thing::Batch(fact.batch)),
            many(fact.blocked_by.len(), "blocker"),
            line(&fact.reason)
        ),
        order::Event::Cancellation(fact) => format!("Order cancelled: {}", line(&fact.reason)),
        order::Event::ErasureProposed(fact) => {
            format!("Proposed to erase the patient's name and birth date: {}", line(&fact.reason))
        }
        order::Event::ErasureWithdrawal(fact) => {
            format!("The proposal to erase the patient's name was withdrawn: {}", line(&fact.reason))
        }
        order::Event::PersonalDataErased(fact) => format!(
            "The patient's name and birth date were erased, as {} had proposed: {}",
            context.call(Thing::Person(fact.proposed_by)),
            line(&fact.remark)
        ),
        order::Event::BatchOpened(fact) => {
            format!("Batch opened: {}", context.call(Thing::Batch(fact.batch)))
        }
    }
}

fn of_quality_event(fact: &quality_event::Event, context: &Context) -> String {
    match fact {
        quality_event::Event::Report(fact) => format!("Quality event reported: {}", fact.title),
        quality_event::Event::Departure(fact) => {
            format!("Quality event opened by a fact: {}{}", departure(fact.kind), found(fact))
        }
        quality_event::Event::Linking(fact) => {
            let batches = fact.batches.iter().map(|batch| context.call(Thing::Batch(*batch)));
            format!("{} linked: {}", numbered("Batch", batches), line(&fact.reason))
        }
        quality_event::Event::Assessment(fact) => format!(
            "Impact on batch {}: {} – {}",
            context.call(Thing::Batch(fact.batch)),
            within(impact(fact.impact)),
            line(&fact.reasoning)
        ),
        quality_event::Event::Closing(fact) => format!("Quality event closed: {}", line(&fact.conclusion)),
    }
}

fn found(fact: &Departure) -> String {
    if fact.found.is_empty() {
        return String::new();
    }
    match fact.kind {
        DepartureKind::ShippedUncleared
        | DepartureKind::ReceivedUncleared
        | DepartureKind::InfusedUncleared
        | DepartureKind::CorrectedAfterAdministration
        | DepartureKind::FailedAfterAdministration => format!(" (container {})", fact.found),
        DepartureKind::TissueTemperature
        | DepartureKind::TissueHours
        | DepartureKind::TissueSeal
        | DepartureKind::NoInstruction
        | DepartureKind::ProcessedWhileBlocked
        | DepartureKind::WrongRole
        | DepartureKind::SeedingDensity
        | DepartureKind::MediumInterval
        | DepartureKind::HealthOrGowning
        | DepartureKind::LineNotCleared
        | DepartureKind::NotPhotographed
        | DepartureKind::CountVariation
        | DepartureKind::Passage
        | DepartureKind::BankExpired
        | DepartureKind::StorageTemperature
        | DepartureKind::ProductTransport
        | DepartureKind::ArrivedDamaged => format!(" ({})", fact.found),
    }
}

fn of_batch(fact: &batch::Event, context: &Context) -> String {
    match fact {
        batch::Event::Intake(fact) => of_intake(fact, context),
        batch::Event::Culture(fact) => of_culture(fact, context),
        batch::Event::Filling(fact) => of_filling(fact, context),
        batch::Event::Testing(fact) => of_testing(fact, context),
        batch::Event::Disposition(fact) => of_disposition(fact, context),
        batch::Event::Distribution(fact) => of_distribution(fact, context),
    }
}

fn of_intake(fact: &intake::Event, context: &Context) -> String {
    match fact {
        intake::Event::Opened(fact) => {
            format!("Batch {} opened: {}", fact.label, standard_name(&fact.standard))
        }
        intake::Event::OrderNoted(fact) => format!("Order changed: {}", order_standing(&fact.standing)),
        intake::Event::ParentNoted(fact) => format!(
            "Batch {}, which the cells come from: P{}, {}",
            context.call(Thing::Batch(fact.batch)),
            fact.standing.passage,
            if fact.standing.held { "held" } else { "not held" }
        ),
        intake::Event::ChildNoted(fact) => format!(
            "Cells{} drawn for batch {}",
            fact.container.map(|no| format!(" of container {no}")).unwrap_or_default(),
            context.call(Thing::Batch(fact.batch))
        ),
        intake::Event::Instruction(fact) => format!(
            "Manufacturing instructed{}: {}",
            fact.planned_harvest
                .map(|at| format!(", harvest planned {}", time(Language::En, at, context.zone)))
                .unwrap_or_default(),
            line(&fact.instructions)
        ),
        intake::Event::TissueReceipt(fact) => match &fact.decision {
            ReceiptDecision::Accepted => format!(
                "Tissue received: {}, {}, {}",
                fact.mass,
                range(fact.least_temperature, fact.most_temperature),
                fact.transport
            ),
            ReceiptDecision::Refused { reason } => format!("Tissue refused: {}", line(reason)),
        },
        intake::Event::Mismatch(fact) => {
            format!("Identifiers differ: expected “{}”, found “{}”", fact.expected, fact.found)
        }
        intake::Event::MismatchClearance(fact) => format!("Mismatch cleared: {}", line(&fact.check)),
    }
}

fn of_culture(fact: &culture::Event, context: &Context) -> String {
    match fact {
        culture::Event::Isolated(fact) => {
            format!("Cells isolated{}, seeded into {}", counted(&fact.form.count), vessels(&fact.form.into))
        }
        culture::Event::BankSeeded(fact) => format!(
            "Cells of bank {} thawed{}, seeded into {}",
            context.call(Thing::Batch(fact.bank)),
            counted(&fact.form.count),
            vessels(&fact.form.into)
        ),
        culture::Event::MediumChange(fact) => {
            format!("Medium changed: {}, {} each", numbered("vessel", numbers(&fact.vessels)), fact.volume)
        }
        culture::Event::Observation(fact) => format!(
            "Observed: {}, confluence {}{}",
            numbered("vessel", numbers(&fact.vessels)),
            fact.confluence,
            if fact.turbid { ", turbid" } else { "" }
        ),
        culture::Event::Photographed(fact) => {
            let shown = numbered("vessel", numbers(&fact.form.vessels));
            match &fact.form.picture {
                culture::Picture::Taken { .. } => format!(
                    "Photographed: {shown}{}{}",
                    fact.form.magnification.as_ref().map(|times| format!(", {times}")).unwrap_or_default(),
                    fact.form.note.as_ref().map(|note| format!(": {}", line(note))).unwrap_or_default()
                ),
                culture::Picture::NotTaken { reason } => {
                    format!("Not photographed: {shown}: {}", line(reason))
                }
            }
        }
        culture::Event::Counting(fact) => {
            format!("Counted: {}{}", numbered("vessel", numbers(&fact.vessels)), counted(&fact.count))
        }
        culture::Event::LabelCheck(fact) => {
            format!("Labels scanned back: {}", numbered("vessel", numbers(&fact.vessels)))
        }
        culture::Event::Passaged(fact) => format!(
            "Passage: {} → {}{}",
            many(fact.form.from.len(), "vessel"),
            fact.form.into.len(),
            counted(&fact.form.count)
        ),
        culture::Event::VesselMove(fact) => format!(
            "{} moved to {}, {}",
            numbered("Vessel", numbers(std::slice::from_ref(&fact.vessel))),
            fact.incubator,
            fact.position
        ),
        culture::Event::VesselDiscard(fact) => {
            format!("{} discarded: {}", numbered("Vessel", numbers(&fact.vessels)), line(&fact.reason))
        }
        culture::Event::Pooled(fact) => format!(
            "Pooled with batch {}: {} and {} of theirs → {}{}",
            context.call(Thing::Batch(fact.form.other)),
            many(fact.form.ours.len(), "vessel"),
            fact.form.theirs.len(),
            fact.form.into.len(),
            counted(&fact.form.count)
        ),
        culture::Event::GivenToPool(fact) => format!(
            "{} given to the pool of batch {}",
            numbered("Vessel", numbers(&fact.vessels)),
            context.call(Thing::Batch(fact.to))
        ),
    }
}

fn of_filling(fact: &filling::Event, context: &Context) -> String {
    match fact {
        filling::Event::HarvestDone(fact) => format!(
            "Harvest {}: {}, {}{}",
            fact.harvest,
            many(fact.form.vessels.len(), "vessel"),
            fact.form.volume,
            counted(&fact.form.count)
        ),
        filling::Event::FillDone(fact) => format!(
            "Fill {}: {}, expiry {}",
            fact.fill,
            numbered("container", &fact.containers),
            time(Language::En, fact.expires_at, context.zone)
        ),
        filling::Event::Freezing(fact) => {
            format!(
                "{} frozen: {}, {}",
                numbered("Container", numbers(&fact.containers)),
                fact.protectant,
                fact.programme
            )
        }
        filling::Event::Storage(fact) => {
            format!(
                "{} stored: {}, {}",
                numbered("Container", numbers(&fact.containers)),
                fact.place,
                fact.temperature
            )
        }
        filling::Event::Thaw(fact) => format!("{} thawed", numbered("Container", numbers(&fact.containers))),
        filling::Event::LabelReconciliation(fact) => format!(
            "Labels of fill {}: {} printed, {} applied, {} destroyed",
            fact.fill,
            fact.printed,
            fact.applied.len(),
            fact.destroyed
        ),
    }
}

fn of_testing(fact: &testing::Event, context: &Context) -> String {
    match fact {
        testing::Event::Sampled(fact) => format!(
            "Test sample {} taken from {}: {}",
            fact.sample,
            all(fact.form.subjects.iter().map(|sampled| subject(sampled, context))),
            listed(fact.form.tests.iter().map(|test| context.title(Language::En, test)))
        ),
        testing::Event::Sending(fact) => {
            format!("Test sample {} sent to {}", fact.sample, fact.laboratory)
        }
        testing::Event::ResultEntered(fact) => format!(
            "Result entered: {} {}{} – {}",
            context.title(Language::En, &fact.form.test),
            listed(&fact.form.values),
            fact.form.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default(),
            within(verdict(fact.judgement.verdict))
        ),
        testing::Event::Verification(fact) => format!("Result {} verified", fact.result),
        testing::Event::Interpretation(fact) => format!(
            "Result {} interpreted: {} – {}",
            fact.result,
            if fact.passes { "pass" } else { "fail (OOS)" },
            line(&fact.reasoning)
        ),
        testing::Event::Investigation(fact) => match &fact.conclusion {
            Conclusion::LaboratoryCause { cause, retests } => format!(
                "Result {} investigated: laboratory cause, {} – {}",
                fact.result,
                many(usize::from(*retests), "retest"),
                line(cause)
            ),
            Conclusion::Confirmed { cause } => {
                format!("Result {} investigated: the failure stands – {}", fact.result, line(cause))
            }
        },
    }
}

fn of_disposition(fact: &disposition::Event, context: &Context) -> String {
    match fact {
        disposition::Event::PartConfirmation(fact) => {
            format!("Own part in entry {} confirmed", context.call(Thing::Entry(fact.entry)))
        }
        disposition::Event::Corrected(fact) => format!(
            "Entry {} corrected: {} – {}",
            context.call(Thing::Entry(fact.entry)),
            of_batch(&fact.replacement, context),
            line(&fact.reason)
        ),
        disposition::Event::Held(fact) => {
            let held = match &fact.scope {
                HoldScope::Batch => "the whole batch".into(),
                HoldScope::From { subjects } => {
                    let from = subjects.iter().map(|doubtful| subject(doubtful, context));
                    format!("what comes from {}", all(from))
                }
            };
            format!("Hold {} on {held}: {}", fact.hold, hold_cause(&fact.cause, context))
        }
        disposition::Event::Lifting(fact) => format!("Hold {} lifted: {}", fact.hold, line(&fact.reason)),
        disposition::Event::QualityEventLinked(fact) => {
            format!("Quality event {} touches the batch", context.call(Thing::QualityEvent(fact.event)))
        }
        disposition::Event::QualityEventAssessed(fact) => format!(
            "Impact of quality event {}: {} – {}",
            context.call(Thing::QualityEvent(fact.event)),
            within(impact(fact.impact)),
            line(&fact.reasoning)
        ),
        disposition::Event::ManufacturingConfirmation(_) => "Record confirmed by manufacturing".into(),
        disposition::Event::QualityConfirmation(_) => "Record confirmed by quality".into(),
        disposition::Event::Deciding(fact) => match &fact.decision {
            Decision::Release => format!("Released: {}", numbered("container", &fact.containers)),
            Decision::Reject { reason } => {
                format!("Rejected: {} – {}", numbered("container", &fact.containers), line(reason))
            }
        },
    }
}

fn of_distribution(fact: &distribution::Event, context: &Context) -> String {
    let own = std::slice::from_ref;
    match fact {
        distribution::Event::Allocation(fact) => format!(
            "{} allocated to order {}",
            numbered("Container", &fact.containers),
            context.call(Thing::Order(fact.order))
        ),
        distribution::Event::Packing(fact) => {
            format!("{} packed: {}", numbered("Container", numbers(&fact.containers)), fact.package)
        }
        distribution::Event::ShippingCheck(fact) => format!(
            "Shipping cleared: {} for {}",
            numbered("container", numbers(&fact.containers)),
            context.call(Thing::Clinic(fact.clinic))
        ),
        distribution::Event::Shipment(fact) => {
            format!("{} shipped: {}", numbered("Container", numbers(&fact.containers)), fact.carrier)
        }
        distribution::Event::ReceivingCheck(fact) => {
            format!("Receipt cleared: {}", numbered("container", numbers(&fact.containers)))
        }
        distribution::Event::Receipt(fact) => format!(
            "{} {}: {}, {}{}",
            numbered("Container", numbers(&fact.containers)),
            if fact.accepted { "received" } else { "refused on receipt" },
            range(fact.least_temperature, fact.most_temperature),
            fact.transport,
            if fact.seal_intact { "" } else { ", seal broken" }
        ),
        distribution::Event::AdministrationDecision(fact) => format!(
            "{} {}{}",
            numbered("Container", numbers(own(&fact.container))),
            if fact.may { "may be administered" } else { "must not be administered" },
            fact.reason.as_ref().map(|reason| format!(": {}", line(reason))).unwrap_or_default()
        ),
        distribution::Event::BedsideCheck(fact) => {
            format!("Bedside check passed: {}", numbered("container", numbers(own(&fact.container))))
        }
        distribution::Event::Infusion(fact) => format!(
            "{} administered: {}, {} – {}",
            numbered("Container", numbers(own(&fact.container))),
            fact.volume,
            time(Language::En, fact.started_at, context.zone),
            time(Language::En, fact.ended_at, context.zone)
        ),
        distribution::Event::Outcome(fact) => format!(
            "{} reported: {}",
            if fact.adverse { "Adverse event" } else { "Outcome" },
            numbered("container", numbers(own(&fact.container)))
        ),
        distribution::Event::ReturnReport(fact) => {
            format!("{} returned: {}", numbered("Container", numbers(&fact.containers)), line(&fact.reason))
        }
        distribution::Event::Destruction(fact) => format!(
            "{} destroyed: {}, {} – {}",
            numbered("Container", numbers(&fact.containers)),
            fact.method,
            fact.quantity,
            line(&fact.reason)
        ),
        distribution::Event::Withdrawal(fact) => {
            format!("{} withdrawn: {}", numbered("Container", &fact.containers), line(&fact.reason))
        }
        distribution::Event::StopIssued(fact) => format!(
            "Stop message to {} for container {}: {}",
            context.call(Thing::Clinic(fact.clinic)),
            fact.container,
            stop_cause(&fact.cause, context)
        ),
        distribution::Event::StopAcknowledgement(fact) => {
            format!("Stop message in entry {} acknowledged", context.call(Thing::Entry(fact.stop)))
        }
        distribution::Event::Discontinuation(fact) => format!("Batch discontinued: {}", line(&fact.reason)),
        distribution::Event::Closing(_) => "Batch closed".into(),
    }
}

fn order_standing(standing: &OrderStanding) -> String {
    let order = if standing.active { "active" } else { "cancelled" };
    let plan = if standing.plan_active { "plan active" } else { "plan not active" };
    let consent = match &standing.consent {
        ConsentStanding::Missing => "no consent",
        ConsentStanding::InForce { .. } => "consent in force",
        ConsentStanding::Withdrawn { .. } => "consent withdrawn",
    };
    listed([order, plan, consent])
}

fn standard_name(standard: &standard::Standard) -> String {
    format!("{}, version {}", title(Language::En, &standard.title), standard.version)
}

fn plan(plan: &Plan) -> String {
    format!("plan {} ({})", plan.number, plan_class(plan.class))
}

fn foretold(ready: &order::Foretold, context: &Context) -> String {
    let at = |instant| time(Language::En, instant, context.zone);
    match ready.until {
        Some(until) if until == ready.from => format!("about {}", at(ready.at)),
        Some(until) => format!("about {} ({} – {})", at(ready.at), at(ready.from), at(until)),
        None => format!("about {} (not before {})", at(ready.at), at(ready.from)),
    }
}

fn window(window: &Window, context: &Context) -> String {
    let at = |instant| time(Language::En, instant, context.zone);
    format!("{} – {}", at(window.from), at(window.until))
}

fn range(least: Celsius, most: Celsius) -> String {
    format!("{} to {most}", least.value())
}

fn vessels(into: &[NewVessel]) -> String {
    many(into.len(), "vessel")
}

/// Viable cells and viability, as far as they were counted.
fn counted(count: &Count) -> String {
    let viable = count.viable().map(|viable| format!(", {} viable cells", cells(Number(viable))));
    let viability = count.viability().map(|viability| format!(", viability {} %", viability.normalize()));
    viable.into_iter().chain(viability).collect()
}
