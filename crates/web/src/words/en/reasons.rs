//! Why something was refused, and what to do, in English.

use super::{action, any, attribute, blocker, criterion, duty, field, many, meaning, numbered, role, within};
use crate::words::{Context, Language, Thing, of_field, time};
use baiyo_domain::authority::roles_for;
use baiyo_domain::refusal::Reason;
use baiyo_domain::standard::{Criterion, StandardFault};

pub(in crate::words) fn reason_in(reason: &Reason, context: &Context) -> String {
    match reason {
        Reason::NotFound => {
            "It does not exist, or it is not open to you. Check the number or the label.".into()
        }
        Reason::AlreadyDone => "This was already done. Reload the page to see how things stand.".into(),
        Reason::NotAllowed { action: name } => {
            let what = action(name).unwrap_or(name);
            let roles = any(roles_for(name).iter().map(|allowed| role(*allowed).to_string()));
            let who =
                if roles.is_empty() { roles } else { format!(" Ask somebody with this role: {roles}.") };
            format!("None of your roles may do this: {what}.{who}")
        }
        Reason::SignatureNeeded { meaning: needed } => {
            format!("This must be signed. Enter your password and sign as “{}”.", meaning(*needed))
        }
        Reason::WrongMeaning { meaning: needed } => {
            format!("It was signed with another meaning. Sign again as “{}”.", meaning(*needed))
        }
        Reason::KeyNotRegistered => "Your signing key is not registered. Ask an administrator to check who \
            you are and to register it."
            .into(),
        Reason::ClockBehind => "The server's clock is behind what is already recorded, so nothing can be \
            signed. Tell the administrator, and sign once the clock is right."
            .into(),
        Reason::VersionNeeded { actual } => {
            format!(
                "Say which version you saw (If-Match). It is version {actual} now: look at it and try again."
            )
        }
        Reason::VersionConflict { expected, actual } => format!(
            "It changed meanwhile: you saw version {expected}, it is version {actual} now. Look at what \
             changed and try again."
        ),
        Reason::NoSuchPerson { person } => format!(
            "There is no such person here, or the person has left: {}. Name somebody else.",
            context.call(Thing::Person(*person))
        ),
        Reason::PersonLeft { person } => {
            format!("{} has left. Choose somebody else.", context.call(Thing::Person(*person)))
        }
        Reason::SignInTaken => {
            "That sign-in name was given to somebody already, and names are never reused. Choose another."
                .into()
        }
        Reason::StandardVersionTaken => "That version of the product standard was filed already. Give the \
            next version number."
            .into(),
        Reason::KeyNotOffered => "No such key waits for registration. The person must set a password first; \
            that makes the key."
            .into(),
        Reason::NotForOneself => {
            "Nobody does this for their own account. Ask somebody else with the role.".into()
        }
        Reason::SecondPersonNeeded => "A second person is needed, other than whoever recorded it; at the \
            bedside, one of the same clinic. Name or ask that person."
            .into(),
        Reason::ClinicMismatch => "The clinic does not fit: clinic staff and their orders need a registered \
            clinic, everybody else has none. Check the clinic."
            .into(),
        Reason::BothDepartments => "Nobody is in manufacturing and in quality at once (Ordinance 110/2014, \
            Article 93-2). End the other role first, or choose somebody else."
            .into(),
        Reason::RoleStandsAlone => "Administrators and inspectors have no other role. End the other role \
            first, or choose somebody else."
            .into(),
        Reason::SpanEndsBeforeItBegins => {
            "The end lies before the beginning, or is already past. Check both times.".into()
        }
        Reason::InTheFuture { field: pointer } => {
            format!("{} lies in the future. Enter when it really was.", field(pointer))
        }
        Reason::LateWithoutReason => {
            "It is recorded more than an hour after it was done. Say why it is late.".into()
        }
        Reason::BeforeItsCause => "The time lies before the step it follows from. Check the time, or record \
            the earlier step first."
            .into(),
        Reason::GivenAndNotApplicable { field } => {
            of_field(Language::En, field, "It has a value and is said not to apply. Keep one of the two.")
        }
        Reason::LeastAboveMost { field: pointer } => {
            format!("{}: the lowest value is above the highest. Check both.", field(pointer))
        }
        Reason::AttributeNotMandated { attribute: missing } => {
            format!("The standard mandates no test of this attribute: {}. Add one.", attribute(*missing))
        }
        Reason::StandardFault { fault, test } => match test {
            Some(test) => format!("Test “{}”. {}", context.title(Language::En, test), standard_fault(*fault)),
            None => standard_fault(*fault).into(),
        },
        Reason::StandardNotApproved => "This version of the product standard is not approved. Choose an \
            approved one, or ask quality to approve it."
            .into(),
        Reason::OrderInactive => "The order was cancelled. Place a new one.".into(),
        Reason::NoConsentInForce => "No consent is in force on the order. Record it first.".into(),
        Reason::ErasureNotProposed => {
            "Nobody has proposed yet to erase this patient's name. The facility manager does that first."
                .into()
        }
        Reason::RecordKept { until: Some(until) } => format!(
            "A record of this patient's cells must be kept until {}; until then the name stays.",
            time(Language::En, *until, context.zone)
        ),
        Reason::RecordKept { until: None } => {
            "A record of this patient's cells must be kept beyond the calendar; the name stays.".into()
        }
        Reason::BatchUnderWay { batch } => format!(
            "Batch {} is under way: it was made for this patient or from his cells. End it first.",
            context.call(Thing::Batch(*batch))
        ),
        Reason::NameErased => {
            "This patient's name was erased after the record had been kept as long as it must be: \
            nothing more is made or given. Place an order for a new patient."
                .into()
        }
        Reason::NothingBlocks => {
            "Nothing blocks this batch. Ask quality to decide its disposition instead.".into()
        }
        Reason::BookedOtherwise => {
            "Another infusion date is wanted by now than the one you saw. Look again.".into()
        }
        Reason::BankNeeded => {
            "It does not fit what the standard starts from: a bank needs a bank container, \
            tissue needs none. Check the product standard."
                .into()
        }
        Reason::BankNotReleased => {
            "The bank container cannot be drawn: it must be released, in date, free of holds \
            and in store. Choose another one."
                .into()
        }
        Reason::MismatchOpen => "A mismatch of identifiers is not cleared. A second person must compare \
            afresh and clear it first."
            .into(),
        Reason::IdentifiersDiffer { expected, found } => format!(
            "The identifiers differ: expected {}, found {}. This is recorded. Stop here; a second person \
             must \
             compare afresh and clear it.",
            quoted(expected),
            quoted(found)
        ),
        Reason::WrongBatch { expected, found } => format!(
            "This label is not of this batch: expected {}, scanned {}. This is recorded and both batches are \
             held. Set both aside and tell quality.",
            quoted(expected),
            quoted(found)
        ),
        Reason::UnknownLabel { label } => {
            format!("Nothing here has the label {}. Scan it again.", quoted(label))
        }
        Reason::Twice { index } => {
            format!("No. {} in the list stands there twice. Leave it out once.", index + 1)
        }
        Reason::BatchEnded => {
            "The batch was discontinued or closed. This can no longer be recorded for it.".into()
        }
        Reason::NoTissue => "No tissue was received for this batch. Record its receipt first.".into(),
        Reason::NotInCulture { vessel } => {
            format!("Vessel {vessel} is not in culture. Scan one that is.")
        }
        Reason::MoreSeededThanCounted => "More viable cells were seeded and discarded than were counted. \
            Check the count and the numbers seeded."
            .into(),
        Reason::MakerIsChecker => {
            "Whoever did a step cannot check or confirm it. Name or ask somebody else.".into()
        }
        Reason::EntererIsVerifier => "You entered or produced this result, so you cannot judge it. Ask \
            somebody else of quality."
            .into(),
        Reason::WitnessNeeded => "A second person must witness this. Name the witness as the checker.".into(),
        Reason::PoolingNotAllowed { same_donor: true } => {
            "The product standards do not allow cells of another batch to be pooled in. Keep them apart."
                .into()
        }
        Reason::PoolingNotAllowed { same_donor: false } => {
            "The product standards do not allow cells of several donors to be pooled. Keep them apart.".into()
        }
        Reason::ExpiryBeyondStandard { latest } => format!(
            "The expiry must lie after the fill and not after {}, as the standard says. Enter an earlier \
             one.",
            time(Language::En, *latest, context.zone)
        ),
        Reason::NoRefreezing { container } => format!(
            "Container {container} was thawed and is never frozen again. Use it before it expires, or \
             destroy it."
        ),
        Reason::NotAFrozenProduct => {
            "The standard is of a fresh product, which is not frozen. Check the product standard.".into()
        }
        Reason::NoSuchSubject { index } => {
            format!("No. {} of what was sampled does not exist in this batch. Choose another.", index + 1)
        }
        Reason::NoSuchTest { index } => {
            format!("No. {} of the tests is not in the product standard. Choose another.", index + 1)
        }
        Reason::NotSampledThere { test } => format!(
            "The test “{}” is not made on what was chosen. Sample what the product standard says.",
            context.title(Language::En, test)
        ),
        Reason::NoSuchSampleOrTest => {
            "There is no such test sample, or it was not taken for that test. Check \
            both."
                .into()
        }
        Reason::WrongUnit { expected: Some(unit) } => {
            format!("The unit must be {}, as in the product standard.", quoted(unit))
        }
        Reason::WrongUnit { expected: None } => "This test has no unit. Leave it out.".into(),
        Reason::WrongMethod { expected } => {
            format!("The method must be {}, as in the product standard.", quoted(expected))
        }
        Reason::ValueForm { index, criterion: asked } => format!(
            "Value {} cannot be read against the criterion “{}”. {}",
            index + 1,
            criterion(asked, None),
            value_form(asked)
        ),
        Reason::ReplicatesMissing { wanted, given } => format!(
            "The standard asks for {} and {given} came. Enter all of them, no more and no fewer.",
            many(usize::from(*wanted), "reading")
        ),
        Reason::StillIncubating => {
            "The culture is still incubating, and “no growth so far” is not a result. \
            Enter the final reading first."
                .into()
        }
        Reason::NothingToInterpret => {
            "The result needs no interpretation, or has one already. Check its number.".into()
        }
        Reason::NothingToInvestigate => {
            "The result did not fail, or its investigation is concluded. Check its number.".into()
        }
        Reason::RetestNumber { least, most } if most < least => {
            "The standard allows no retest of this test, \
            so the result cannot be set aside. Conclude that the failure stands."
                .into()
        }
        Reason::RetestNumber { least, most } => {
            format!(
                "The number of retests must be from {least} to {most}. It is fixed now, before any retest."
            )
        }
        Reason::NotInvestigated { result } => {
            format!("Result {result} failed and is not investigated. Conclude its investigation first.")
        }
        Reason::FailureStands { result } => {
            format!("The failure of result {result} stands, so the hold stays. Reject what it concerns.")
        }
        Reason::ImpactUnacceptable => "The quality event's impact on this batch is not acceptable, so the \
            hold stays. Reject what it concerns."
            .into(),
        Reason::DonorStillPositive => {
            "The donor's newest screening is positive, so the hold stays. Reject what it concerns.".into()
        }
        Reason::QualityEventClosed => "The quality event is closed. Report a new one.".into(),
        Reason::NotAssessed { batches } => format!(
            "The impact is not assessed for {}. Quality must assess it first.",
            numbered("batch", batches.iter().map(|batch| context.call(Thing::Batch(*batch))))
        ),
        Reason::HasDuty => {
            "You made, checked or entered something of this batch. Ask somebody of quality who \
            did not."
                .into()
        }
        Reason::ReleaserHasDuty { duty: done } => format!(
            "You have a part in this batch ({}), so you cannot decide its disposition. Ask another releaser.",
            within(duty(*done))
        ),
        Reason::NothingFilled => "Nothing was filled yet. Record the fill first.".into(),
        Reason::ManufacturingUnconfirmed => "Manufacturing has not confirmed the record as it stands. The \
            manufacturing lead must confirm it first."
            .into(),
        Reason::NoSuchContainer { container } => {
            format!("There is no container {container} in this batch. Check the number.")
        }
        Reason::RejectedIsFinal { container } => {
            format!("Container {container} was rejected, and that is final. Record its destruction.")
        }
        Reason::ContainerGone { container } => {
            format!("Container {container} is not in store at the centre. Check where it is.")
        }
        Reason::Blocked { container: Some(container), blocker: blocked } => {
            format!("Container {container}: {}", blocker(blocked, context))
        }
        Reason::Blocked { container: None, blocker: blocked } => blocker(blocked, context),
        Reason::SignatureInvalid { entry } => format!(
            "The signature on entry {} does not verify, so nothing may rest on it. Have the record verified \
             and tell the facility manager.",
            context.call(Thing::Entry(*entry))
        ),
        Reason::NotCorrectable => "Signings, decisions, holds and lifts cannot be corrected. Record what \
            follows from it as a new entry."
            .into(),
        Reason::CorrectionChangesSubject => "The correction is of another form or another thing than the \
            entry. Correct the values only, and record anything else as a new entry."
            .into(),
        Reason::CorrectionContradicts { why } => format!(
            "The correction contradicts what was recorded after it ({why}). Check it against the later \
             entries."
        ),
        Reason::NothingChanged => "The correction changes nothing. Change a value, or leave it.".into(),
        Reason::WrongRecipient => {
            "The container is not for this recipient, order or clinic, or the order is \
            cancelled. Stop and check its allocation."
                .into()
        }
        Reason::NotReleased { container } => {
            format!("Container {container} is not released. Quality must decide on it first.")
        }
        Reason::ReleaseVoided { container } => format!(
            "The release of container {container} was voided by a correction or a thaw. Quality must \
             decide again."
        ),
        Reason::Stopped { container } => {
            format!("Container {container} is stopped. Do not use it; keep it aside and ask quality.")
        }
        Reason::NotPacked { container } => {
            format!("Container {container} is not packed. Record its packing first.")
        }
        Reason::NotShipped { container } => {
            format!("Container {container} is not on its way. Check where it is.")
        }
        Reason::NotReceivedIntact { container } => {
            format!("Container {container} is not at the clinic in good condition. Do not administer it.")
        }
        Reason::NoAdministrationDecision { container } => format!(
            "No physician has decided that container {container} may be administered. The physician must \
             decide \
             first."
        ),
        Reason::IdentityNotSpoken => {
            "The spoken name and birth date do not fit. Do not administer; find out \
            who the recipient is."
                .into()
        }
        Reason::ContainersUnaccounted { containers } => {
            format!("Not accounted for: {}. Record what became of each.", numbered("container", containers))
        }
        Reason::SurveillanceOpen { test } => format!(
            "The surveillance test “{}” is not final for every fill. Enter its results and conclude what \
             is open.",
            context.title(Language::En, test)
        ),
        Reason::QualityEventStillOpen { event } => format!(
            "Quality event {} is still open. Close it first.",
            context.call(Thing::QualityEvent(*event))
        ),
        Reason::VesselsInCulture => "Vessels are still in culture. Harvest or discard them first.".into(),
        Reason::NoSuchBlob { .. } => {
            "No file with this SHA-256 was handed in here. Hand the picture in first.".into()
        }
        Reason::EntryTooLarge => {
            "The entry is larger than the journal takes (64 KiB). Shorten its texts, or \
            split it."
                .into()
        }
    }
}

pub(in crate::words) fn standard_fault(fault: StandardFault) -> &'static str {
    match fault {
        StandardFault::NoSterilityOnFill => "No sterility test is mandated on every fill. Add one.",
        StandardFault::CodeTwice => "Another test has the same code. Give each its own.",
        StandardFault::SurveillanceAlone => {
            "A surveillance test needs a mandated test of the same attribute beside it. Name one."
        }
        StandardFault::ReportsTooLate => {
            "It reports after expiry less transport and preparation. Sample earlier, or mandate a faster \
             test."
        }
        StandardFault::NoBank => {
            "The standard starts from tissue, so there is no bank to test. Change its stage."
        }
        StandardFault::DonorStage => {
            "The donor panel, and no other test, is made on the donor. Change the stage or the attribute."
        }
        StandardFault::LimitsUpsideDown => "A lower limit is above its upper limit. Check the limits.",
        StandardFault::IncubationBeyondTurnaround => {
            "The incubation is longer than the turn-around. Lengthen the turn-around."
        }
        StandardFault::NoReplicate => "A test has one reading at least. Set the number of replicates.",
        StandardFault::NoViabilityAfterThaw => {
            "Thawed containers are tested, but not for viability. Mandate viability after thaw."
        }
        StandardFault::NoTissueTransport => "The limits for the transport of tissue are missing. Add them.",
        StandardFault::GrowthImpossible => {
            "Cells cannot grow as it is expected: a doubling time is 6 to 8760 hours, a spread 1 to 100 %. Correct it."
        }
        StandardFault::Retention => {
            "Records are kept 10 or 30 years, and 30 where cells are another person's or of several donors. \
             Correct the years."
        }
    }
}

fn value_form(criterion: &Criterion) -> &'static str {
    match criterion {
        Criterion::AtLeast(_) | Criterion::AtMost(_) | Criterion::Below(_) | Criterion::Between { .. } => {
            "Enter half-width digits, such as 97, <0.05 or >85."
        }
        Criterion::NoGrowth { .. } => "Enter “no growth” or “growth”.",
        Criterion::Negative => "Enter “negative” or “positive”.",
        Criterion::Text { .. } => "Enter the text as reported.",
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "nothing".into() } else { format!("“{text}”") }
}
