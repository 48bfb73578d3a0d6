//! The clinic's words in English.

use crate::words::{Clinic, Telling};

pub(in crate::words) fn text(word: Clinic) -> &'static str {
    match word {
        Clinic::Board => "Your patients' cells",
        Clinic::ReadyAbout => "Ready about",
        Clinic::UseBy => "Use by",
        Clinic::Wanted => "Infusion wanted",
        Clinic::NextSteps => "What you do next",
        Clinic::NothingToDo => "Nothing for you to do now.",
        Clinic::HereNow => "On the way and at your clinic",
        Clinic::ReadyNow => "Ready at the centre",
        Clinic::Banked => "Kept at the centre as a cell bank.",
        Clinic::ThisWeek => "Ready this week",
        Clinic::NextWeek => "Ready next week",
        Clinic::Later => "Ready later",
        Clinic::NoDate => "No date yet",
        Clinic::Over => "Over",
        Clinic::OverHint => "Given, ended, or not for use",
        Clinic::NoCasesYet => "There are no orders yet.",
        Clinic::Broken => "These cannot be shown: their records are damaged",
        Clinic::BrokenHelp => {
            "Do nothing with their cells. Call the centre, where the records are to be verified."
        }
        Clinic::PlaceOrder => "Place an order",
        Clinic::OlderOrders => "Older orders",
        Clinic::ScanBag => "Scan a container",
        Clinic::ScanBagHint => "Opens the step that is due for it.",
        Clinic::ScanGo => "Open",
        Clinic::ScanUnknown => {
            "This label is not on any container of your clinic. Scan it again; do not type it from memory."
        }
        Clinic::NotYetReady => "cannot be said yet",
        Clinic::StopsFirst => "Stop: do not give these cells",
        Clinic::StopExplained => "Put the container aside so that nobody can use it, then acknowledge.",
        Clinic::StopAcknowledge => "I have stopped: acknowledge",
        Clinic::MoreOfBatch => "Batch",
        Clinic::Documents => "Documents",
        Clinic::DoConsent => "Record the consent",
        Clinic::DoScreening => "Record the donor screening",
        Clinic::DoBook => "Choose the infusion date",
        Clinic::DoBookAnew => "Choose a new infusion date",
        Clinic::DoReceive => "Receive",
        Clinic::DoDecide => "Decide on the administration",
        Clinic::DoCheck => "Check at the bedside",
        Clinic::DoConfirmCheck => "Confirm the bedside check",
        Clinic::DoConfirmPart => "Confirm your part in a record",
        Clinic::SecondAwaited => "The second person must confirm the check",
        Clinic::DoInfuse => "Report the infusion",
        Clinic::DoOutcome => "Report how the patient is",
        Clinic::DoSendBack => "Not for use: send back or destroy",
        Clinic::TooLate => "The cells will probably be ready only after the date you wanted.",
        Clinic::TooEarly => "The cells expire before the date you wanted.",
        Clinic::ToAcknowledge => "To acknowledge",
        Clinic::DoAcknowledge => "Acknowledge, keep the date",
        Clinic::LateKept => "Acknowledged: the date wanted is kept",
        Clinic::NothingToAcknowledge => {
            "There is nothing to acknowledge: no infusion date is chosen, or no date can be said for the cells."
        }
        Clinic::ForetoldNow => "Forecast now",
        Clinic::ForetoldBefore => "Acknowledged before",
        Clinic::AcknowledgeMeans => {
            "This keeps the date wanted and records what you see here. If the cells come another day later, you are asked again."
        }
        Clinic::PhysicianDoes => "by the physician",
        Clinic::NotBegun => "Ordered. The centre has not begun yet.",
        Clinic::TissueAwaited => "The centre is waiting for the tissue.",
        Clinic::BankAwaited => "The centre is about to thaw the cells.",
        Clinic::TissueArrived => "The tissue has arrived at the centre.",
        Clinic::Growing => "The cells are growing",
        Clinic::Harvested => "The cells are harvested and being tested",
        Clinic::Confirming => "The tests are done. Quality is going through the record.",
        Clinic::Held => "On hold: quality is looking into something. The date may move.",
        Clinic::ReleasedHere => "Released. The centre is preparing to ship.",
        Clinic::OnTheWay => "On the way to you.",
        Clinic::AtClinic => "At your clinic.",
        Clinic::ArrivedInDoubt => "At your clinic, not in good order. Do not use.",
        Clinic::Given => "Given.",
        Clinic::NotForUse => "These cells will not be shipped.",
        Clinic::TissueRefused => "The tissue could not be used. New tissue is needed.",
        Clinic::Stopped => "Stopped. Do not use.",
        Clinic::TemperatureOnArrival => "Temperature on the way",
        Clinic::TemperatureRange => "The logger shows a range",
        Clinic::Appearance => "Appearance",
        Clinic::LooksRight => "As on the label, no damage",
        Clinic::InOwnWords => "Otherwise",
        Clinic::OwnWords => "What you see",
        Clinic::CheckRefused => "Do not use it: the check refuses this container.",
        Clinic::ReportAnyway => {
            "What has arrived has arrived: if it is here, report it all the same. Quality is told at once. That does \
             not release it."
        }
        Clinic::ReportAnywayButton => "Report what arrived all the same",
        Clinic::ResultElsewhere => "Shown by the order or the cell bank",
        Clinic::NoSurveillance => "No test is still running.",
        Clinic::NotSampledYet => "not sampled yet",
        Clinic::SurveillanceMeans => {
            "These report after the infusion. If one turns positive you are told at once, with what to do."
        }
        Clinic::MayBeGiven => "May be given",
        Clinic::MustNotBeGiven => "Must not be given",
        Clinic::WhatArrived => "What arrived",
        Clinic::ResultsRestOn => "Results that the release rests on",
        Clinic::StillRunning => "Tests still running",
        Clinic::AskForName => "Ask for name and birth date. Do not say them first.",
        Clinic::SecondConfirms => {
            "The second person then confirms on this clinic's board, signed in as himself."
        }
        Clinic::Reactions => "Reactions",
        Clinic::NoReactions => "None seen",
        Clinic::BirthDate => "Birth date",
        Clinic::Pseudonym => "Called",
        Clinic::SealIntact => "Intact",
        Clinic::SealBroken => "Broken",
        Clinic::HoursOnTheWay => "Time on the way",
        Clinic::Accepting => "Do you accept it?",
        Clinic::Accept => "Accept",
        Clinic::Refuse => "Refuse",
        Clinic::SpokenIdentity => "Name and birth date, as the patient says them",
        Clinic::Fits => "Both fit",
        Clinic::FitsNot => "They do not fit",
        Clinic::WhatIsOrdered => "What is ordered",
        Clinic::KnownPatient => "Known patient",
        Clinic::NewPatient => "New patient",
        Clinic::WhichPatient => "For whom?",
        Clinic::PatientName => "Name",
        Clinic::PatientKana => "Name in kana",
        Clinic::Year => "Year",
        Clinic::Month => "Month",
        Clinic::DayOfMonth => "Day",
        Clinic::NewPseudonym => "Pseudonym",
        Clinic::PseudonymHint => "The centre sees only this, never the name. It stands on labels.",
        Clinic::WhenWanted => "When is the infusion wanted?",
        Clinic::ProductHint => "For reckoning the days. The centre pins the product when it opens the batch.",
        Clinic::HowManyDays => "It may be within",
        Clinic::ShowPlan => "Show what follows from this day",
        Clinic::AnotherTime => "Another time",
        Clinic::NotFromCalendar => "Not from the calendar, but:",
        Clinic::DayLikely => "may become ready",
        Clinic::DayPossible => "should be ready",
        Clinic::DayClosed => "not possible",
        Clinic::DayTooSoon => "cells cannot be ready yet",
        Clinic::DayTooLate => "after the expiry",
        Clinic::DayWanted => "your other infusions",
        Clinic::TightPlan => "Tight",
        Clinic::NotTested => "Not tested",
        Clinic::Panel => "Results",
        Clinic::PrintHint => "Print this page: each certificate begins on a page of its own.",
        Clinic::NoCertificateYet => "Nothing of this batch is released yet, so there is no certificate.",
        Clinic::Certificate => "Certificate of release",
        Clinic::CertificateVoid => "Not valid: the decision is no longer in force. Do not use these cells.",
        Clinic::NotSealedYet => "The record is about to be sealed. Open this page again in a few minutes.",
        Clinic::CheckpointMeans => {
            "Keep this page: with the checkpoint anyone can prove later that nothing recorded before it was changed."
        }
        Clinic::CheckpointCode => "QR code of the checkpoint beside it",
        Clinic::Package => "What else belongs to this patient",
        Clinic::HowKept => "Storage and transport",
        Clinic::Storage => "Storage",
        Clinic::Preparation => "Preparation before the infusion",
        Clinic::AfterThaw => "After thawing",
        Clinic::IsAdverse => "Is it an adverse event?",
        Clinic::Adverse => "Adverse event",
        Clinic::NotAdverse => "No adverse event",
        Clinic::BecauseReleased => "released by quality",
        Clinic::BecauseNotForUse => "a test failed, or quality rejected them",
        Clinic::BecausePublished => "as such cells usually grow",
        Clinic::BecauseStandard => "as the product's standard expects",
        Clinic::BecauseEarlier => "as earlier batches at this centre grew",
        Clinic::BecauseCounts => "as these cells have grown so far",
        Clinic::BecauseLeastDays => "the shortest culture that is allowed",
        Clinic::BecauseNotGrowing => "the newest count found no growth",
        Clinic::BecauseSlow => "they grow too slowly for a date",
        Clinic::BecauseTesting => "when the last test reports",
        Clinic::BecauseTooFew => "too few cells were harvested",
        Clinic::BecauseNothing => "nothing is in culture now",
        Clinic::BecauseEnded => "the batch has ended",
    }
}

pub(in crate::words) fn told(telling: &Telling) -> String {
    match telling {
        Telling::Named(name) => name.clone(),
        Telling::DayOfCulture { day, of: Some(of) } => format!("day {day} of about {of}"),
        Telling::DayOfCulture { day, of: None } => format!("day {day}"),
        Telling::TestsPassed { passed, of } => format!("{passed} of {of} tests passed"),
        Telling::By(day) => format!("by {day}"),
        Telling::Between(from, until) => format!("{from} – {until}"),
        Telling::Left { hours, minutes: _ } if *hours >= 48 => format!("{} days left", hours / 24),
        Telling::Left { hours, minutes } => format!("{hours} h {minutes} min left"),
        Telling::OnTheWay(1) => "One container of this batch is on its way.".into(),
        Telling::OnTheWay(number) => format!("{number} containers of this batch are on their way."),
        Telling::Range(least, most) => format!("{least} to {most} allowed"),
        Telling::AtMost(most) => format!("at most {most}"),
        Telling::Days(1) => "that day".into(),
        Telling::Days(days) => format!("{days} days from that day"),
        Telling::CalendarHint(weeks) => format!("The next {weeks} weeks. Choose the first day that suits."),
        Telling::OthersWanted(1) => "one other infusion is wanted".into(),
        Telling::OthersWanted(number) => format!("{number} other infusions are wanted"),
        Telling::ReadyBetween(at, from, Some(until)) if from == until => {
            format!("The cells are ready about {at}.")
        }
        Telling::ReadyBetween(at, from, Some(until)) => {
            format!("The cells are ready about {at} (between {from} and {until}).")
        }
        Telling::ReadyBetween(at, from, None) => {
            format!("The cells are ready about {at} (not before {from}).")
        }
        Telling::NotBefore(day) => format!("not before {day}"),
        Telling::Backwards { infusion, harvest, tissue } => format!(
            "For an infusion on {infusion} the cells are harvested about {harvest}; the tissue is at the centre by {tissue}."
        ),
        Telling::PlaceInTree(place) => format!("The decision is entry {place} of the record."),
        Telling::ReportsAbout(day) => format!("result expected about {day}"),
        Telling::Expired => "expired".into(),
        Telling::Awaits(name) => format!("waits for {name}"),
    }
}
