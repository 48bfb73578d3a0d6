//! The words in and around the pictures in English.

use crate::words::{GrowthTold, LineageTold, Picture, PlanTold, ReadyTold, TrendTold};
use baiyo_domain::quantity::Number;
use chrono::NaiveDate;

pub(in crate::words) fn text(word: Picture) -> &'static str {
    match word {
        Picture::Table => "Table",
        Picture::NothingSeededYet => "No cells are seeded yet.",
        Picture::GrowthCurve => "Growth: viable cells on a logarithmic axis",
        Picture::Needed => "Needed",
        Picture::SeededSign => "Seeded",
        Picture::CountedSign => "Counted",
        Picture::NeededSign => "Needed for the dose",
        Picture::ForecastSign => "Forecast with its 80 % band",
        Picture::WindowSign => "Ready, with 80 % probability",
        Picture::ReadyWord => "Ready",
        Picture::CellsSeeded => "Viable cells seeded",
        Picture::CountedAt => "Counted at",
        Picture::CellsCounted => "Viable cells counted",
        Picture::Forecast => "Forecast",
        Picture::GateStrip => "The gate at a glance",
        Picture::LineagePicture => "Lineage from tissue to dose",
        Picture::PathOf => "Show the path of",
        Picture::WholeLineage => "Show all alike",
        Picture::InCultureSign => "In culture",
        Picture::DetachedSign => "Passaged or harvested",
        Picture::DiscardedSign => "Discarded, rejected or stopped",
        Picture::PathSign => "Path of the chosen dose",
        Picture::Planner => "Planner",
        Picture::PlanPicture => "Batches in culture over four weeks",
        Picture::NoBatchesPlanned => "No batch is in culture or expected.",
        Picture::BarSign => "Passage",
        Picture::BarAheadSign => "Forecast",
        Picture::PlannedHarvestSign => "Harvest as instructed",
        Picture::ReadySign => "Ready",
        Picture::VesselsInIncubators => "Vessels in the incubators",
        Picture::UsePicture => "Vessels in each incubator over four weeks",
        Picture::VesselsSign => "Vessels",
        Picture::CapacitySign => "What fits in",
        Picture::Incubators => "Incubators",
        Picture::NoIncubators => "No incubator is registered yet: register each with what fits in.",
        Picture::RoomLeft => "Room left",
        Picture::Full => "Full",
        Picture::OverCapacity => "Over capacity",
        Picture::NoLongerUsed => "No longer used",
        Picture::NotRegistered => "Not registered",
        Picture::InUse => "Vessels today",
        Picture::UseTold => {
            "Vessels from today on, if each batch is harvested as planned or forecast and nothing more is seeded."
        }
        Picture::AfterHarvests => "After harvests",
        Picture::ReadyWhiskerSign => "Ready, with its 80 % band",
        Picture::ForecastHeld => "The batch is on hold: this holds if the hold is lifted in time.",
        Picture::WeekPlan => "Today and the next six days",
        Picture::MediumDue => "Medium change due",
        Picture::SamplingDue => "Sampling before harvest",
        Picture::HarvestDue => "Harvest",
        Picture::FillDue => "Fill",
        Picture::ShipmentDue => "Wanted at the clinic",
        Picture::NothingDue => "Nothing due",
        Picture::IncubatorMap => "Map of the incubators",
        Picture::HarvestExpected => "Harvest expected",
        Picture::ReadyBetween => "Ready (80 %)",
        Picture::Trends => "Trends",
        Picture::ViabilityAtHarvest => "Viability at harvest",
        Picture::DoublingTimeAtHarvest => "Doubling time of the culture harvested",
        Picture::MovingRange => "Moving range",
        Picture::CentreLine => "Mean",
        Picture::ControlLimits => "Control limit",
        Picture::Specification => "Specification",
        Picture::WithinSign => "Within the limits",
        Picture::BeyondSign => "Beyond a limit",
        Picture::RunSign => "Eighth or later in a row on one side",
        Picture::LimitsInform => {
            "Limits inform, the standard decides: control limits come from the batches themselves, and donors differ."
        }
        Picture::NoTrendYet => "At least two harvested batches are needed.",
        Picture::HarvestedAt => "Harvested at",
        Picture::Signal => "Signal",
        Picture::NoSignal => "None",
        Picture::Standards => "Standards",
        Picture::Growing => "Growing",
        Picture::DueNow => "Due",
        Picture::OverdueNow => "Overdue",
        Picture::HeldNow => "On hold",
        Picture::Shelf => "Shelf",
        Picture::OtherPlaces => "Other places",
        Picture::PlacesInUse => "Places in use",
        Picture::EmptyPlace => "Empty",
        Picture::NoVessels => "No vessel is in culture.",
    }
}

pub(in crate::words) fn growth_told(told: &GrowthTold) -> String {
    let GrowthTold { counts, days, newest, needed, ready } = told;
    let mut said = match newest {
        None => format!("Seeded and not counted yet, after {} of culture.", number(*days, "day")),
        Some((at, cells)) => format!(
            "{} in {} of culture; the newest found {cells} viable cells on {at}.",
            number(*counts, "count"),
            number(*days, "day")
        ),
    };
    said.push_str(&format!(" The dose needs {needed}."));
    match ready {
        None => {}
        Some(ReadyTold { at, from, until }) if from == at && until.as_ref() == Some(at) => {
            said.push_str(&format!(" Ready about {at}."));
        }
        Some(ReadyTold { at, from, until: Some(until) }) => {
            said.push_str(&format!(" Ready about {at}; with 80 % probability between {from} and {until}."));
        }
        Some(ReadyTold { at, from, until: None }) => {
            said.push_str(&format!(
                " Ready about {at}, hardly before {from}; how late it may be cannot be foretold."
            ));
        }
    }
    said
}

pub(in crate::words) fn lineage_told(told: &LineageTold) -> String {
    let LineageTold { vessels, in_culture, discarded, harvests, containers, path } = told;
    let mut said = format!(
        "{} ({in_culture} in culture, {discarded} discarded), {} and {}.",
        number(*vessels, "vessel"),
        number(*harvests, "harvest"),
        number(*containers, "container")
    );
    if let Some((dose, through)) = path {
        match through.is_empty() {
            true => said.push_str(&format!(" The path of {dose} is lit.")),
            false => said.push_str(&format!(" The cells of {dose} went through {}.", through.join(", "))),
        }
    }
    said
}

pub(in crate::words) fn plan_told(told: &PlanTold) -> String {
    let PlanTold { batches, harvests, from, until, vessels } = told;
    format!(
        "{} from {from} to {until}; {} expected in these weeks. {} in culture today.",
        number(*batches, "batch").replace("batchs", "batches"),
        number(*harvests, "harvest"),
        number(*vessels, "vessel")
    )
}

pub(in crate::words) fn trend_told(told: &TrendTold) -> String {
    let TrendTold { batches, mean, limits, beyond, runs } = told;
    let limits = match limits {
        (Some(lower), Some(upper)) => format!("control limits {lower} and {upper}"),
        (Some(lower), None) => format!("lower control limit {lower}"),
        (None, Some(upper)) => format!("upper control limit {upper}"),
        (None, None) => "no control limit within what is possible".into(),
    };
    let batches = number(*batches, "batch").replace("batchs", "batches");
    let signals = match (beyond, runs) {
        (0, 0) => "No signal.".into(),
        (beyond, runs) => format!("{beyond} beyond a limit, {runs} in a run on one side."),
    };
    format!("{batches}: mean {mean}, {limits}. {signals}")
}

pub(in crate::words) fn day_short(day: NaiveDate) -> String {
    day.format("%-d %b").to_string()
}

pub(in crate::words) fn day_of_culture(day: u32) -> String {
    format!("day {day}")
}

pub(in crate::words) fn doubling_short(hours: Number) -> String {
    format!("{} h", hours.0.round_dp(0))
}

pub(in crate::words) fn medium_due(vessels: usize) -> String {
    number(vessels, "vessel")
}

pub(in crate::words) fn wanted_until(day: String) -> String {
    format!("until {day}")
}

pub(in crate::words) fn places_in_use(used: usize, vessels: usize) -> String {
    format!("{} in {}", number(vessels, "vessel"), number(used, "place"))
}

pub(in crate::words) fn vessels_of(vessels: usize, most: usize) -> String {
    format!("{vessels} of {}", number(most, "vessel"))
}

pub(in crate::words) fn fits_in(most: usize) -> String {
    format!("{} fit in", number(most, "vessel"))
}

pub(in crate::words) fn over_on(spans: &[(String, Option<String>)]) -> String {
    let span = |(first, last): &(String, Option<String>)| match last {
        Some(last) => format!("{first} – {last}"),
        None => first.clone(),
    };
    format!("over on {}", spans.iter().map(span).collect::<Vec<_>>().join(", "))
}

fn number<N: PartialEq + From<u8> + std::fmt::Display>(count: N, of: &str) -> String {
    if count == N::from(1) { format!("{count} {of}") } else { format!("{count} {of}s") }
}
