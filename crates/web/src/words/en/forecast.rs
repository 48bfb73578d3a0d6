//! What a forecast rests on, in English.

use crate::words::forecast::{about, whole};
use baiyo_domain::forecast::Because;

pub(in crate::words) fn because(because: &Because) -> String {
    match because {
        Because::PublishedMeans { hours } => format!(
            "Reckoned from published doubling times ({} h): this centre has no finished batch of this product yet.",
            whole(*hours)
        ),
        Because::StandardNames { hours } => format!(
            "Reckoned from the doubling time that the standard names ({} h): this centre has no finished batch of this product yet.",
            whole(*hours)
        ),
        Because::EarlierBatches { batches, hours } => {
            format!("Reckoned from {} (doubling time {} h).", earlier(*batches), whole(*hours))
        }
        Because::OwnCounts { counts, hours, batches: 0 } => {
            format!("Reckoned from {} of this batch (doubling time {} h).", counted(*counts), whole(*hours))
        }
        Because::OwnCounts { counts, hours, batches } => format!(
            "Reckoned from {} of this batch and {} (doubling time {} h).",
            counted(*counts),
            earlier(*batches),
            whole(*hours)
        ),
        Because::MinimumDays { days, hours } => format!(
            "The cells will suffice earlier (doubling time {} h), but the standard allows no harvest before {} days.",
            whole(*hours),
            whole(*days)
        ),
        Because::NotGrowing { doublings } => format!(
            "The newest count found no more viable cells than were seeded ({doublings:.2} doublings)."
        ),
        Because::BeyondHorizon { days, hours } => format!(
            "At a doubling time of {} h the dose takes longer than the {days} days that are looked ahead.",
            whole(*hours)
        ),
        Because::Harvested { cells } => format!("{} viable cells are harvested.", about(*cells)),
        Because::TooFewCells { cells, needed } => format!(
            "{} viable cells were harvested where {} are needed, and nothing is left in culture.",
            about(*cells),
            about(*needed)
        ),
        Because::NothingInCulture => "Nothing is in culture and nothing was harvested.".into(),
        Because::TissueRefused => "The tissue was refused.".into(),
        Because::Ended => "The batch ended before it had its dose.".into(),
    }
}

fn counted(counts: u32) -> String {
    if counts == 1 { "1 count".into() } else { format!("{counts} counts") }
}

fn earlier(batches: u32) -> String {
    match batches {
        1 => "1 earlier batch of this centre".into(),
        batches => format!("{batches} earlier batches of this centre"),
    }
}
