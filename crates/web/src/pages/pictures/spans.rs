//! A batch's cultures in time: which vessels were seeded together, what they held then, when they were detached and
//! what was counted. Growth curve, planner and control charts read this.

use baiyo_domain::batch::culture::{Event as Culture, Growth, Vessel, VesselState};
use baiyo_domain::batch::{Batch, Event, Subject};
use baiyo_domain::ids::{Label, VesselNo};
use baiyo_domain::quantity::Number;
use baiyo_domain::time::Time;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Vessels that were cultured together, from seeding to whatever ended it.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The passage of their cells.
    pub passage: u8,
    /// The vessels.
    pub vessels: Vec<VesselNo>,
    /// When the first of them was seeded.
    pub seeded_at: Time,
    /// Viable cells seeded into them.
    pub seeded: Number,
    /// When they were detached, discarded or given away; nothing while they are in culture.
    pub until: Option<Time>,
    /// What became of them.
    pub state: VesselState,
    /// How they grew, where they were counted when they were detached.
    pub growth: Option<Growth>,
    /// The newest count of all of them together while they are in culture.
    pub on_the_way: Option<(Time, Number)>,
}

impl Span {
    /// When how many viable cells were counted, at the end or so far.
    pub fn counted(&self) -> Option<(Time, Number)> {
        self.until.zip(self.growth.as_ref().map(|growth| growth.harvested)).or(self.on_the_way)
    }
}

/// A batch's cultures, in the order of their seeding.
pub fn spans(batch: &Batch) -> Vec<Span> {
    let mut together: BTreeMap<Vec<VesselNo>, Option<Time>> = BTreeMap::new();
    for vessel in batch.vessels.values() {
        let from = vessel.parents.iter().filter_map(|parent| match parent {
            Subject::Vessel(no) => Some(*no),
            _ => None,
        });
        let from: Vec<VesselNo> = from.collect();
        if !from.is_empty() {
            together.insert(from, Some(vessel.seeded_at));
        }
    }
    together.extend(batch.harvests.values().map(|harvest| (harvest.vessels.clone(), Some(harvest.at))));
    let mut others: BTreeMap<(Time, u8, &str, Option<Time>), Vec<VesselNo>> = BTreeMap::new();
    for vessel in
        batch.vessels.values().filter(|vessel| !together.keys().any(|group| group.contains(&vessel.no)))
    {
        let until = (vessel.state != VesselState::InCulture).then(|| given_up(batch, vessel.no)).flatten();
        others
            .entry((vessel.seeded_at, vessel.passage, name(vessel.state), until))
            .or_default()
            .push(vessel.no);
    }
    together.extend(others.into_iter().map(|((_, _, _, until), vessels)| (vessels, until)));
    let mut spans: Vec<Span> =
        together.into_iter().filter_map(|(vessels, until)| span(batch, vessels, until)).collect();
    spans.sort_by_key(|span| (span.seeded_at, span.passage, span.vessels.first().copied()));
    spans
}

fn span(batch: &Batch, numbers: Vec<VesselNo>, until: Option<Time>) -> Option<Span> {
    let vessels: Vec<&Vessel> = numbers.iter().filter_map(|no| batch.vessels.get(no)).collect();
    let first = vessels.iter().min_by_key(|vessel| vessel.seeded_at)?;
    let seeded: Decimal = vessels.iter().map(|vessel| vessel.seeded.viable_cells.value()).sum();
    Some(Span {
        passage: vessels.iter().map(|vessel| vessel.passage).max()?,
        seeded_at: first.seeded_at,
        seeded: Number(seeded),
        until,
        state: first.state,
        growth: first.growth.clone(),
        on_the_way: on_the_way(&vessels),
        vessels: numbers,
    })
}

/// What was counted of these vessels, and of no others, while they are in culture.
fn on_the_way(vessels: &[&Vessel]) -> Option<(Time, Number)> {
    let counted =
        vessels.first().filter(|vessel| vessel.state == VesselState::InCulture)?.counted.as_ref()?;
    let all = vessels.iter().all(|vessel| vessel.counted.as_ref() == Some(counted));
    let viable = counted.count.viable().filter(|_| all && counted.vessels.len() == vessels.len())?;
    Some((counted.at, Number(viable)))
}

/// When a vessel was discarded or given to another batch's pool.
fn given_up(batch: &Batch, no: VesselNo) -> Option<Time> {
    let names = |labels: &[Label]| labels.iter().any(|label| label.sub() == Some(no.0));
    batch.log.iter().rev().find_map(|logged| match &*logged.event {
        Event::Culture(Culture::VesselDiscard(form)) if names(&form.vessels) => {
            Some(logged.stamp.occurred_at)
        }
        Event::Culture(Culture::GivenToPool(fact)) if names(&fact.vessels) => Some(logged.stamp.occurred_at),
        _ => None,
    })
}

fn name(state: VesselState) -> &'static str {
    match state {
        VesselState::InCulture => "in_culture",
        VesselState::Passaged => "passaged",
        VesselState::Harvested => "harvested",
        VesselState::Discarded => "discarded",
        VesselState::GivenAway => "given_away",
    }
}
