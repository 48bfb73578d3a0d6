//! The names of the words in and around the pictures, and what their sentences tell.

use super::ui::catalogue;
use super::{Language, en, ja};
use baiyo_domain::quantity::Number;
use chrono::NaiveDate;

catalogue! {
    /// A word or sentence of a picture.
    Picture in picture {
        // All.
        Table,
        // Growth.
        NothingSeededYet, GrowthCurve, Needed, SeededSign, CountedSign, NeededSign, ForecastSign, WindowSign,
        ReadyWord, ForecastHeld, CellsSeeded, CountedAt, CellsCounted, Forecast,
        // The gate.
        GateStrip,
        // Lineage.
        LineagePicture, PathOf, WholeLineage, InCultureSign, DetachedSign, DiscardedSign, PathSign,
        // The plan.
        Planner, PlanPicture, NoBatchesPlanned, BarSign, BarAheadSign, PlannedHarvestSign, ReadySign, ReadyWhiskerSign,
        VesselsInIncubators, UsePicture, VesselsSign, CapacitySign, UseTold, InUse, AfterHarvests, WeekPlan, MediumDue, SamplingDue, HarvestDue, FillDue,
        ShipmentDue, NothingDue, IncubatorMap, HarvestExpected, ReadyBetween,
        // Trends.
        Trends, ViabilityAtHarvest, DoublingTimeAtHarvest, MovingRange, CentreLine, ControlLimits, Specification,
        WithinSign, BeyondSign, RunSign, LimitsInform, NoTrendYet, HarvestedAt, Signal, NoSignal, Standards,
        // The map of the incubators.
        Growing, DueNow, OverdueNow, HeldNow, Shelf, OtherPlaces, PlacesInUse, EmptyPlace, NoVessels,
        // How full they are.
        Incubators, NoIncubators, RoomLeft, Full, OverCapacity, NoLongerUsed, NotRegistered,
    }
}

/// What a growth curve tells.
pub struct GrowthTold {
    /// How often cells were counted.
    pub counts: usize,
    /// Days of culture.
    pub days: i64,
    /// When the newest count was, and the viable cells it found.
    pub newest: Option<(String, String)>,
    /// Viable cells needed.
    pub needed: String,
    /// When the cells should be ready.
    pub ready: Option<ReadyTold>,
}

/// The day the cells should be ready.
pub struct ReadyTold {
    /// Most likely.
    pub at: String,
    /// Hardly before.
    pub from: String,
    /// Hardly after; nothing where that cannot be foretold.
    pub until: Option<String>,
}

/// What a lineage tells.
pub struct LineageTold {
    /// Vessels.
    pub vessels: usize,
    /// Of these, in culture.
    pub in_culture: usize,
    /// Of these, discarded.
    pub discarded: usize,
    /// Harvests.
    pub harvests: usize,
    /// Containers.
    pub containers: usize,
    /// The container whose path is lit, and the vessels on it.
    pub path: Option<(String, Vec<String>)>,
}

/// What a plan tells.
pub struct PlanTold {
    /// Batches shown.
    pub batches: usize,
    /// Of these, expected to be harvested in these weeks.
    pub harvests: usize,
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: String,
    /// Vessels in culture today.
    pub vessels: usize,
}

/// What a control chart tells.
pub struct TrendTold {
    /// Batches shown.
    pub batches: usize,
    /// Their mean, with the unit.
    pub mean: String,
    /// The limits, with the unit; nothing where there is none.
    pub limits: (Option<String>, Option<String>),
    /// Points beyond a limit.
    pub beyond: usize,
    /// Points that end a run on one side.
    pub runs: usize,
}

/// Declares functions that ask the language's own file.
macro_rules! told {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*);)*) => {$(
        $(#[$doc])*
        pub fn $name(lang: Language, $($arg: $kind),*) -> String {
            match lang {
                Language::En => en::picture::$name($($arg),*),
                Language::Ja => ja::picture::$name($($arg),*),
            }
        }
    )*};
}

told! {
    /// A growth curve, in sentences.
    growth_told(told: &GrowthTold);
    /// A lineage, in sentences.
    lineage_told(told: &LineageTold);
    /// A plan, in sentences.
    plan_told(told: &PlanTold);
    /// A control chart, in sentences.
    trend_told(told: &TrendTold);
    /// A day without its year: `12 Nov`, `11/12`.
    day_short(day: NaiveDate);
    /// A day of culture: `day 7`.
    day_of_culture(number: u32);
    /// A doubling time where there is little room: `38 h`.
    doubling_short(hours: Number);
    /// Vessels of a batch whose medium is to be changed.
    medium_due(vessels: usize);
    /// Until when a clinic wants its cells.
    wanted_until(day: String);
    /// How many places of how many are in use.
    places_in_use(used: usize, vessels: usize);
    /// How many vessels of how many that fit in.
    vessels_of(vessels: usize, most: usize);
    /// How many vessels fit in.
    fits_in(most: usize);
    /// The days, each alone or from one to another, on which more vessels are in an incubator than fit in.
    over_on(spans: &[(String, Option<String>)]);
}
