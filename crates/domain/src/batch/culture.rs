//! Culture: cells are isolated and seeded, fed, watched, and passaged; every vessel keeps its passage, its
//! doublings and where it stands.

mod deciding;
mod photograph;

pub use deciding::decide;
pub(super) use deciding::{
    bank_departure, count_departure, medium_departure, processing_departures, seeding_departures,
};
pub use photograph::{COUNTS_FOR_HOURS, Photograph, Photographed, Picture, Shot, Unphotographed};
pub(super) use photograph::{departure as photograph_departure, fact as photograph_fact, note_step};

use super::not_applicable::OfPassage;
use super::{Batch, Command as BatchCommand, Event as BatchEvent, Performed, Stamp, Subject};
use crate::ids::{BatchId, Label, LabelKind, VesselNo};
use crate::quantity::{
    Cells, Count, Doublings, Millilitres, Minutes, Number, Percent, SquareCentimetres, doubling_time,
    doublings,
};
use crate::refusal::Impossible;
use crate::standard::P0Doublings;
use crate::text::{Note, Short};
use crate::time::Time;
use crate::variants;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is asked in culture.
    pub enum Command in BatchCommand::Culture {
        /// Isolate cells from the tissue and seed them.
        Isolation => "isolation",
        /// Thaw the bank container and seed it.
        BankSeeding => "bank_seeding",
        /// Change the medium.
        MediumChange => "medium_change",
        /// Look at vessels.
        Observation => "observation",
        /// Photograph vessels.
        Photograph => "photograph",
        /// Count the cells of vessels.
        Counting => "counting",
        /// Passage vessels.
        Passage => "passage",
        /// Scan new vessels' labels back.
        LabelCheck => "label_check",
        /// Move a vessel.
        VesselMove => "vessel_move",
        /// Discard vessels.
        VesselDiscard => "vessel_discard",
        /// Pool vessels of another batch in.
        PoolingIn => "pooling",
    }
}

variants! {
    /// What is recorded in culture.
    pub enum Event in BatchEvent::Culture {
        /// Cells were isolated and seeded.
        Isolated => "isolated",
        /// A bank container was thawed and seeded.
        BankSeeded => "bank_seeded",
        /// Medium was changed.
        MediumChange => "medium_changed",
        /// Vessels were looked at.
        Observation => "observed",
        /// Vessels were photographed.
        Photographed => "photographed",
        /// Cells were counted.
        Counting => "counted",
        /// Vessels were passaged.
        Passaged => "passaged",
        /// New vessels' labels were scanned back.
        LabelCheck => "labels_checked",
        /// A vessel was moved.
        VesselMove => "vessel_moved",
        /// Vessels were discarded.
        VesselDiscard => "vessels_discarded",
        /// Vessels of another batch were pooled in.
        Pooled => "pooled_in",
        /// Vessels were given to another batch's pool.
        GivenToPool => "given_to_pool",
    }
}

/// A vessel to be seeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVessel {
    /// What it is, e.g. `T225`.
    pub ware: Short,
    /// Its growth area.
    pub area: SquareCentimetres,
    /// Viable cells seeded into it.
    pub viable_cells: Cells,
    /// The incubator it goes to.
    pub incubator: Short,
    /// Its place there.
    pub position: Short,
}

/// Isolate cells from the accepted tissue and seed them as P0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Isolation {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// How, e.g. `collagenase 0.1 %, 37 °C`.
    pub method: Short,
    /// Minutes of digestion.
    pub digestion: Minutes,
    /// The cells obtained.
    pub count: Count,
    /// The vessels seeded.
    #[schemars(length(min = 1, max = 60))]
    pub into: Vec<NewVessel>,
}

/// Cells were isolated; the vessels have these numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Isolated {
    /// What was done.
    pub form: Isolation,
    /// The new vessels' numbers, in the form's order.
    pub vessels: Vec<VesselNo>,
}

/// Thaw the bank container the batch was opened from, and seed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankSeeding {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The bank container's label, scanned.
    pub container: Label,
    /// The cells after thaw.
    pub count: Count,
    /// The vessels seeded.
    #[schemars(length(min = 1, max = 60))]
    pub into: Vec<NewVessel>,
}

/// A bank container was thawed and seeded; the vessels have these numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BankSeeded {
    /// What was done.
    pub form: BankSeeding,
    /// The bank's batch.
    pub bank: BatchId,
    /// The new vessels' numbers, in the form's order.
    pub vessels: Vec<VesselNo>,
}

/// Change the medium of vessels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MediumChange {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub vessels: Vec<Label>,
    /// Medium given to each.
    pub volume: Millilitres,
}

/// Look at vessels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub vessels: Vec<Label>,
    /// The part of the surface covered.
    pub confluence: Percent,
    /// What the cells look like.
    pub morphology: Note,
    /// Whether the medium is turbid.
    pub turbid: bool,
}

/// Count the cells of vessels that stay in culture, or that are about to be passaged or harvested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub vessels: Vec<Label>,
    /// The cells in them together.
    pub count: Count,
}

/// Scan the labels of newly seeded vessels back: each must be one of this batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelCheck {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub vessels: Vec<Label>,
}

/// Passage vessels: their cells are pooled, counted and seeded anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passage {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels detached, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub from: Vec<Label>,
    /// Minutes of enzyme.
    pub enzyme: Minutes,
    /// The cells obtained.
    pub count: Count,
    /// Another number of cells that growth was counted from, where a source used one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_denominator: Option<OtherDenominator>,
    /// The vessels seeded.
    #[schemars(length(min = 1, max = 60))]
    pub into: Vec<NewVessel>,
    /// Viable cells that were discarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discarded_cells: Option<Cells>,
    /// Which of these fields do not apply, and why.
    #[serde(default, skip_serializing_if = "OfPassage::is_empty")]
    pub not_applicable: OfPassage,
}

/// A denominator of population doublings other than the viable cells seeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherDenominator {
    /// The number of cells.
    pub cells: Cells,
    /// What it is and where it is from.
    pub basis: Note,
}

/// Vessels were passaged; the new vessels have these numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passaged {
    /// What was done.
    pub form: Passage,
    /// The new vessels' numbers, in the form's order.
    pub vessels: Vec<VesselNo>,
}

/// Move a vessel to another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VesselMove {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessel, scanned.
    pub vessel: Label,
    /// The incubator it goes to.
    pub incubator: Short,
    /// Its place there.
    pub position: Short,
}

/// Discard vessels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VesselDiscard {
    /// The head of the entry; the checker is the witness.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub vessels: Vec<Label>,
    /// Why.
    pub reason: Note,
}

/// Pool vessels of another batch into this one, where the standard allows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolingIn {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The other batch.
    pub other: BatchId,
    /// Its vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub theirs: Vec<Label>,
    /// This batch's vessels, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub ours: Vec<Label>,
    /// The cells obtained together.
    pub count: Count,
    /// The vessels seeded.
    #[schemars(length(min = 1, max = 60))]
    pub into: Vec<NewVessel>,
}

/// Vessels of another batch were pooled in; the new vessels have these numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pooled {
    /// What was done.
    pub form: PoolingIn,
    /// The passage of the other batch's cells.
    pub their_passage: u8,
    /// Their cumulative doublings, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub their_doublings: Option<Doublings>,
    /// The new vessels' numbers, in the form's order.
    pub vessels: Vec<VesselNo>,
}

/// Vessels were given to another batch's pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenToPool {
    /// The other batch.
    pub to: BatchId,
    /// The vessels.
    pub vessels: Vec<Label>,
}

/// A culture vessel as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vessel {
    /// Its number.
    pub no: VesselNo,
    /// The passage of its cells.
    pub passage: u8,
    /// What its cells came from.
    pub parents: Vec<Subject>,
    /// What it was when seeded, and where it stands now.
    pub seeded: NewVessel,
    /// When it was seeded.
    pub seeded_at: Time,
    /// When it last had fresh medium.
    pub medium_at: Time,
    /// When its label was scanned back.
    pub labelled_at: Option<Time>,
    /// The last count of its cells.
    pub counted: Option<Counted>,
    /// Cumulative doublings of its cells when seeded, where known.
    pub doublings: Option<Decimal>,
    /// What became of it.
    pub state: VesselState,
    /// When it was emptied, discarded or given away.
    pub left_at: Option<Time>,
    /// How it grew until it was detached.
    pub growth: Option<Growth>,
}

/// A count of vessels that stay in culture, together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When.
    pub at: Time,
    /// What was counted.
    pub count: Count,
    /// The vessels whose cells these are.
    pub vessels: Vec<VesselNo>,
}

/// What became of a vessel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VesselState {
    /// In culture.
    InCulture,
    /// Passaged.
    Passaged,
    /// Harvested.
    Harvested,
    /// Discarded.
    Discarded,
    /// Given to another batch's pool.
    GivenAway,
}

/// Growth between seeding and detaching, with the denominators used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Growth {
    /// Formulas: `pd/1` log₂(harvested ÷ denominator), `pdt/1` t·ln 2 ÷ ln(harvested ÷ seeded).
    pub formula: &'static str,
    /// Viable cells harvested.
    pub harvested: Number,
    /// The denominator: viable cells seeded.
    pub viable_seeded: Number,
    /// Population doublings by the viable-seeded denominator.
    pub doublings: Option<Number>,
    /// Population doublings by the other denominator, with that denominator and its basis.
    pub other: Option<(Number, OtherDenominator)>,
    /// Hours from seeding to detaching.
    pub hours: Number,
    /// Doubling time in hours; undefined where cells did not grow.
    pub doubling_time: Option<Number>,
    /// Viability in %, where dead cells were counted.
    pub viability: Option<Number>,
    /// Variation of the replicates in %, where there are two or more.
    pub variation: Option<Number>,
}

/// The version of the growth formulas.
pub const GROWTH_FORMULA: &str = "pd/1, pdt/1";

/// Growth of vessels detached together.
pub fn growth(
    vessels: &[&Vessel],
    count: &Count,
    other: Option<&OtherDenominator>,
    at: Time,
) -> Option<Growth> {
    let harvested = count.viable()?;
    let seeded: Decimal = vessels.iter().map(|vessel| vessel.seeded.viable_cells.value()).sum();
    let first = vessels.iter().map(|vessel| vessel.seeded_at).min()?;
    let hours = (Decimal::from(at.since(first).num_minutes()) / Decimal::from(60)).round_dp(1);
    Some(Growth {
        formula: GROWTH_FORMULA,
        harvested: Number(harvested),
        viable_seeded: Number(seeded),
        doublings: doublings(harvested, seeded).map(Number),
        other: other.and_then(|d| doublings(harvested, d.cells.value()).map(|pd| (Number(pd), d.clone()))),
        hours: Number(hours),
        doubling_time: doubling_time(hours, harvested, seeded).map(Number),
        viability: count.viability().map(Number),
        variation: count.variation().map(Number),
    })
}

impl Event {
    /// The vessels that it seeds.
    pub fn seeds(&self) -> &[VesselNo] {
        match self {
            Event::Isolated(fact) => &fact.vessels,
            Event::BankSeeded(fact) => &fact.vessels,
            Event::Passaged(fact) => &fact.vessels,
            Event::Pooled(fact) => &fact.vessels,
            Event::MediumChange(_)
            | Event::Observation(_)
            | Event::Photographed(_)
            | Event::Counting(_)
            | Event::LabelCheck(_)
            | Event::VesselMove(_)
            | Event::VesselDiscard(_)
            | Event::GivenToPool(_) => &[],
        }
    }
}

pub(super) fn performed(event: &Event) -> Option<&Performed> {
    match event {
        Event::Isolated(fact) => Some(&fact.form.performed),
        Event::BankSeeded(fact) => Some(&fact.form.performed),
        Event::MediumChange(form) => Some(&form.performed),
        Event::Observation(form) => Some(&form.performed),
        Event::Photographed(fact) => Some(&fact.form.performed),
        Event::Counting(form) => Some(&form.performed),
        Event::Passaged(fact) => Some(&fact.form.performed),
        Event::LabelCheck(form) => Some(&form.performed),
        Event::VesselMove(form) => Some(&form.performed),
        Event::VesselDiscard(form) => Some(&form.performed),
        Event::Pooled(fact) => Some(&fact.form.performed),
        Event::GivenToPool(_) => None,
    }
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, event: &Event) -> Result<(), Impossible> {
    match event {
        Event::Isolated(fact) => {
            let when = fact.form.performed.at(at);
            batch.processed_at.get_or_insert(when);
            let zero = Some(Decimal::ZERO);
            seed(batch, &fact.vessels, &fact.form.into, 0, &[Subject::Tissue], zero, when)
        }
        Event::BankSeeded(fact) => {
            let when = fact.form.performed.at(at);
            batch.processed_at.get_or_insert(when);
            let parent =
                batch.parents.get(&fact.bank).ok_or(Impossible::new("a bank is noted before it is drawn"))?;
            let (passage, doublings) =
                (parent.passage.saturating_add(1), parent.doublings.map(Doublings::value));
            let from = [Subject::Parent { batch: fact.bank }];
            seed(batch, &fact.vessels, &fact.form.into, passage, &from, doublings, when)
        }
        Event::MediumChange(form) => {
            let when = form.performed.at(at);
            batch.each(&form.vessels, |vessel| vessel.medium_at = vessel.medium_at.max(when))
        }
        Event::Observation(form) => batch.each(&form.vessels, |_| ()),
        Event::Photographed(fact) => photograph::evolve(batch, at, fact),
        Event::Counting(form) => {
            let when = form.performed.at(at);
            let vessels = form.vessels.iter().filter_map(Label::sub).map(VesselNo).collect();
            let counted = Counted { at: when, count: form.count.clone(), vessels };
            batch.each(&form.vessels, |vessel| {
                // One that is entered late does not take the place of a later one.
                if vessel.counted.as_ref().is_none_or(|known| known.at <= when) {
                    vessel.counted = Some(counted.clone());
                }
            })
        }
        Event::LabelCheck(form) => {
            let when = form.performed.at(at);
            batch.each(&form.vessels, |vessel| vessel.labelled_at = vessel.labelled_at.max(Some(when)))
        }
        Event::Passaged(fact) => {
            let form = &fact.form;
            let when = form.performed.at(at);
            let (passage, doublings, parents) = batch.detach(
                &form.from,
                &form.count,
                form.other_denominator.as_ref(),
                when,
                VesselState::Passaged,
            )?;
            seed(batch, &fact.vessels, &form.into, passage.saturating_add(1), &parents, doublings, when)
        }
        Event::VesselMove(form) => batch.each(std::slice::from_ref(&form.vessel), |vessel| {
            vessel.seeded.incubator = form.incubator.clone();
            vessel.seeded.position = form.position.clone();
        }),
        Event::VesselDiscard(form) => {
            let when = form.performed.at(at);
            batch.each(&form.vessels, |vessel| vessel.leave(VesselState::Discarded, when))
        }
        Event::Pooled(fact) => {
            let form = &fact.form;
            let when = form.performed.at(at);
            let (passage, doublings, mut parents) =
                batch.detach(&form.ours, &form.count, None, when, VesselState::Passaged)?;
            parents.push(Subject::Parent { batch: form.other });
            let doublings = doublings.zip(fact.their_doublings.map(Doublings::value)).map(|(a, b)| a.max(b));
            let passage = passage.max(fact.their_passage).saturating_add(1);
            seed(batch, &fact.vessels, &form.into, passage, &parents, doublings, when)
        }
        Event::GivenToPool(fact) => {
            batch.each(&fact.vessels, |vessel| vessel.leave(VesselState::GivenAway, at.occurred_at))
        }
    }
}

fn seed(
    batch: &mut Batch,
    numbers: &[VesselNo],
    into: &[NewVessel],
    passage: u8,
    parents: &[Subject],
    doublings: Option<Decimal>,
    at: Time,
) -> Result<(), Impossible> {
    if numbers.len() != into.len() {
        return Err(Impossible::new("each seeded vessel has a number"));
    }
    for (no, new) in numbers.iter().zip(into) {
        let vessel = Vessel {
            no: *no,
            passage,
            parents: parents.to_vec(),
            seeded: new.clone(),
            seeded_at: at,
            medium_at: at,
            labelled_at: None,
            counted: None,
            doublings,
            state: VesselState::InCulture,
            left_at: None,
            growth: None,
        };
        if batch.vessels.insert(*no, vessel).is_some() {
            return Err(Impossible::new("a vessel is seeded once"));
        }
    }
    Ok(())
}

impl Vessel {
    fn leave(&mut self, state: VesselState, at: Time) {
        self.state = state;
        self.left_at = Some(at);
    }
}

impl Batch {
    fn each(&mut self, labels: &[Label], mut change: impl FnMut(&mut Vessel)) -> Result<(), Impossible> {
        for label in labels {
            let sub = label.sub().filter(|_| label.kind() == LabelKind::Vessel);
            let vessel = sub.and_then(|sub| self.vessels.get_mut(&VesselNo(sub)));
            let vessel = vessel.ok_or(Impossible::new("a vessel is handled after it was seeded"))?;
            if vessel.state != VesselState::InCulture {
                return Err(Impossible::new("a vessel is handled while it is in culture"));
            }
            change(vessel);
        }
        Ok(())
    }

    /// Detaches vessels together: their passage, cumulative doublings and themselves as parents.
    pub(super) fn detach(
        &mut self,
        labels: &[Label],
        count: &Count,
        other: Option<&OtherDenominator>,
        at: Time,
        state: VesselState,
    ) -> Result<(u8, Option<Decimal>, Vec<Subject>), Impossible> {
        let numbers: Vec<VesselNo> = labels.iter().filter_map(Label::sub).map(VesselNo).collect();
        let vessels: Vec<&Vessel> = numbers.iter().filter_map(|no| self.vessels.get(no)).collect();
        let growth = growth(&vessels, count, other, at);
        let passage = vessels.iter().map(|vessel| vessel.passage).max().unwrap_or(0);
        let before = vessels.iter().map(|vessel| vessel.doublings).collect::<Option<Vec<_>>>();
        let before = before.and_then(|all| all.into_iter().max());
        let counted = passage > 0 || self.standard().process.p0_doublings == P0Doublings::FromSeeding;
        let gained = match (&growth, counted) {
            (Some(growth), true) => growth.doublings.map(|doublings| doublings.0),
            (_, true) => None,
            (_, false) => Some(Decimal::ZERO),
        };
        self.each(labels, |vessel| {
            vessel.leave(state, at);
            vessel.growth = growth.clone();
        })?;
        // Cells that died rather than grew do not take doublings back.
        let doublings = before.zip(gained).map(|(before, gained)| before + gained.max(Decimal::ZERO));
        Ok((passage, doublings, numbers.into_iter().map(Subject::Vessel).collect()))
    }
}
