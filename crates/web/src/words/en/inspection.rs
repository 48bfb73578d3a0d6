//! The words by which a record is found and inspected, in English.

use crate::words::Inspection;

pub(in crate::words) fn text(word: Inspection) -> &'static str {
    match word {
        Inspection::ByPeriod => "Batches of a period",
        Inspection::What => "What happened",
        Inspection::FirstDay => "First day",
        Inspection::LastDay => "Last day",
        Inspection::Show => "Show",
        Inspection::Opened => "Opened",
        Inspection::Decided => "Decided on",
        Inspection::Shipped => "Shipped",
        Inspection::Infused => "Infused",
        Inspection::NotADay => "This is not a day.",
        Inspection::NoSuchPeriod => "Enter a last day that is not before the first.",
        Inspection::Glance => "At a glance",
        Inspection::PinnedStandard => "Standard this batch is made to",
        Inspection::PinnedHint => {
            "As the batch was opened with it. Later versions of the standard change nothing for this batch."
        }
        Inspection::InstructionMissing => "Not signed yet",
        Inspection::ManufacturingConfirmed => "Confirmed by manufacturing",
        Inspection::QualityConfirmed => "Confirmed by quality",
        Inspection::NotConfirmed => "Not confirmed",
        Inspection::NotDecided => "Not decided",
        Inspection::Recipients => "Recipients",
        Inspection::NobodyYet => "No container is allocated",
        Inspection::NothingFailed => "None failed",
        Inspection::Failed => "Failed",
        Inspection::BackToBatch => "Back to the batch",
        Inspection::StandardAsFiled => "The standard's page",
        Inspection::NotAllocated => "Not allocated",
    }
}
