//! A batch from tissue to infusion. Each file below is a stage of the work with its forms, facts, decision
//! and evolution; here is what they share: the state, and how a history folds into it.

pub mod awaited;
pub mod correction;
pub mod culture;
pub mod disposition;
pub mod distribution;
pub mod due;
pub mod exceptions;
pub mod filling;
pub mod gate;
pub mod intake;
pub mod lineage;
pub mod not_applicable;
pub mod performed;
pub mod results;
pub mod status;
pub mod testing;

use crate::blob::Blob;
use crate::ids::{
    BatchId, ContainerNo, EntryId, FillNo, HarvestNo, HoldNo, PersonId, QualityEventId, ResultNo, SampleNo,
    VesselNo,
};
use crate::journal::Hash;
use crate::order::OrderStanding;
use crate::quality_event::Impact;
use crate::refusal::Impossible;
use crate::standard::Standard;
use crate::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use lineage::Subject;
pub use performed::{Duty, Performed};

/// What is asked of a batch, by stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Opening, instruction, receipt of tissue.
    Intake(intake::Command),
    /// Isolation, culture, passages.
    Culture(culture::Command),
    /// Harvest, fill, freezing, thaw, labels.
    Filling(filling::Command),
    /// Test samples and results.
    Testing(testing::Command),
    /// Confirmations, holds, corrections, the disposition.
    Disposition(disposition::Command),
    /// From allocation to infusion, and every other way out.
    Distribution(distribution::Command),
}

impl Command {
    /// `stage.form`, as in the API and the table of authority.
    pub fn name(&self) -> String {
        match self {
            Command::Intake(form) => format!("intake.{}", form.name()),
            Command::Culture(form) => format!("culture.{}", form.name()),
            Command::Filling(form) => format!("filling.{}", form.name()),
            Command::Testing(form) => format!("testing.{}", form.name()),
            Command::Disposition(form) => format!("disposition.{}", form.name()),
            Command::Distribution(form) => format!("distribution.{}", form.name()),
        }
    }
}

/// What is recorded of a batch, by stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Opening, instruction, receipt of tissue.
    Intake(intake::Event),
    /// Isolation, culture, passages.
    Culture(culture::Event),
    /// Harvest, fill, freezing, thaw, labels.
    Filling(filling::Event),
    /// Test samples and results.
    Testing(testing::Event),
    /// Confirmations, holds, corrections, the disposition.
    Disposition(disposition::Event),
    /// From allocation to infusion, and every other way out.
    Distribution(distribution::Event),
}

impl Event {
    /// `stage.fact`, as in the journal.
    pub fn name(&self) -> String {
        match self {
            Event::Intake(fact) => format!("intake.{}", fact.name()),
            Event::Culture(fact) => format!("culture.{}", fact.name()),
            Event::Filling(fact) => format!("filling.{}", fact.name()),
            Event::Testing(fact) => format!("testing.{}", fact.name()),
            Event::Disposition(fact) => format!("disposition.{}", fact.name()),
            Event::Distribution(fact) => format!("distribution.{}", fact.name()),
        }
    }
}

impl Event {
    /// The blob that it names, in a correction too.
    pub fn blob(&self) -> Option<Hash> {
        match self {
            Event::Culture(culture::Event::Photographed(fact)) => fact.form.picture.blob(),
            Event::Disposition(disposition::Event::Corrected(correction)) => correction.replacement.blob(),
            _ => None,
        }
    }

    /// The same, with what it is.
    pub fn file(&self) -> Option<(Hash, Blob)> {
        match self {
            Event::Culture(culture::Event::Photographed(fact)) => fact.form.picture.blob().zip(fact.file),
            Event::Disposition(disposition::Event::Corrected(correction)) => correction.replacement.file(),
            _ => None,
        }
    }
}

/// What the fold knows of the entry that carries a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The entry.
    pub entry: EntryId,
    /// Its place in the stream.
    pub version: u32,
    /// Its hash; for a corrected fact the hash of the newest correction.
    pub hash: Hash,
    /// When it happened.
    pub occurred_at: Time,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Who did it.
    pub performer: PersonId,
    /// Who recorded it.
    pub recorder: PersonId,
}

/// One entry of the batch, as listed in its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The entry's stamp, with its own hash.
    pub stamp: Stamp,
    /// The fact as first recorded.
    pub event: Arc<Event>,
    /// The corrections of it, oldest first.
    pub corrected_by: Vec<EntryId>,
    /// The entry since which its signature no longer counts; nothing where it does, or there is none.
    pub voided_by: Option<EntryId>,
}

/// A batch as its history tells it. What never changes is shared with its clones, which each decision makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which batch.
    pub id: BatchId,
    /// What it is a batch of, and for whom; the pinned standard is inside.
    pub opened: Arc<intake::Opened>,
    /// What it knows of its order.
    pub order: OrderStanding,
    /// What it knows of the banks or batches its cells come from.
    pub parents: BTreeMap<BatchId, lineage::ParentStanding>,
    /// Batches that drew cells from this one.
    pub children: BTreeSet<BatchId>,
    /// The signed instruction: its entry and time.
    pub instruction: Option<(EntryId, Time)>,
    /// The tissue, once received or refused.
    pub tissue: Option<intake::Tissue>,
    /// When cells were first touched.
    pub processed_at: Option<Time>,
    /// Culture vessels.
    pub vessels: BTreeMap<VesselNo, culture::Vessel>,
    /// Harvests.
    pub harvests: BTreeMap<HarvestNo, filling::Harvested>,
    /// Fills.
    pub fills: BTreeMap<FillNo, filling::Filled>,
    /// Containers.
    pub containers: BTreeMap<ContainerNo, distribution::Container>,
    /// Test samples.
    pub samples: BTreeMap<SampleNo, testing::TestSample>,
    /// Results.
    pub results: BTreeMap<ResultNo, testing::TestResult>,
    /// Holds.
    pub holds: BTreeMap<HoldNo, disposition::Hold>,
    /// Quality events that touch it, with the impact once assessed.
    pub quality_events: BTreeMap<QualityEventId, Option<Impact>>,
    /// Identity mismatches.
    pub mismatches: Vec<intake::MismatchState>,
    /// Parts in entries that another person must confirm by his own sign-in.
    pub parts: Vec<performed::Part>,
    /// Steps that lack the second person their standard asks for.
    pub unchecked: Vec<(EntryId, crate::standard::Step)>,
    /// What open steps lack beside them though their standard asks for it.
    pub unrecorded: Vec<(EntryId, crate::standard::BenchRecord)>,
    /// Photographs of vessels.
    pub photographs: Vec<culture::Shot>,
    /// Steps that lack a photograph their standard asks for.
    pub unphotographed: Vec<culture::Unphotographed>,
    /// Who made, checked and entered.
    pub duties: BTreeSet<(PersonId, Duty)>,
    /// The last bench entry a confirmation of manufacturing must cover.
    pub last_bench_version: u32,
    /// Manufacturing's confirmation in force.
    pub manufacturing: Option<disposition::Confirmed>,
    /// Quality's confirmation in force.
    pub quality: Option<disposition::Confirmed>,
    /// How it ended.
    pub end: Option<distribution::End>,
    /// Every entry, oldest first.
    pub log: Vec<Logged>,
}

impl Batch {
    /// The pinned standard.
    pub fn standard(&self) -> &Standard {
        &self.opened.standard
    }

    /// Folds a history. A corrected entry counts as its newest correction from its own place on; the
    /// correction itself voids what rested on the old value.
    ///
    /// # Errors
    /// A history that cannot have happened; never a panic.
    pub fn fold(id: BatchId, history: &[(Stamp, Event)]) -> Result<Batch, Impossible> {
        Self::fold_before(id, history, u32::MAX)
    }

    /// The batch as it was before one of its entries, with everything that was corrected since.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn before(&self, version: u32) -> Result<Batch, Impossible> {
        let history: Vec<_> = self.history().collect();
        Self::fold_before(self.id, &history, version)
    }

    /// Its facts as first recorded, oldest first.
    pub fn history(&self) -> impl Iterator<Item = (Stamp, Event)> {
        self.log.iter().map(|logged| (logged.stamp, (*logged.event).clone()))
    }

    fn fold_before(id: BatchId, history: &[(Stamp, Event)], version: u32) -> Result<Batch, Impossible> {
        let mut replacements: BTreeMap<EntryId, (Hash, &Event)> = BTreeMap::new();
        let mut origins: BTreeMap<(BatchId, Option<ContainerNo>), &lineage::ParentStanding> = BTreeMap::new();
        for (stamp, event) in history {
            match event {
                Event::Disposition(disposition::Event::Corrected(correction)) => {
                    replacements.insert(correction.entry, (stamp.hash, &correction.replacement));
                }
                Event::Intake(intake::Event::ParentNoted(noted)) => {
                    origins.insert((noted.batch, noted.standing.container), &noted.standing);
                }
                _ => {}
            }
        }
        let ((first_stamp, first), rest) =
            history.split_first().ok_or(Impossible::new("a batch begins with its opening"))?;
        let Event::Intake(intake::Event::Opened(opened)) = first else {
            return Err(Impossible::new("a batch begins with its opening"));
        };
        let mut batch = Batch::open(id, opened, first_stamp);
        for (stamp, event) in rest.iter().filter(|(stamp, _)| stamp.version < version) {
            let effective = replacements.get(&stamp.entry);
            let at = Stamp { hash: effective.map_or(stamp.hash, |(hash, _)| *hash), ..*stamp };
            match effective.map_or(event, |(_, event)| *event) {
                // How often a parent's cells had divided is a fact about the past: what was corrected there counts
                // for all that grew from them.
                Event::Intake(intake::Event::ParentNoted(noted)) => {
                    let mut noted = (**noted).clone();
                    if let Some(newest) = origins.get(&(noted.batch, noted.standing.container)) {
                        (noted.standing.passage, noted.standing.doublings) =
                            (newest.passage, newest.doublings);
                    }
                    batch.append(stamp, event, &at, &noted.into())?;
                }
                event_now => batch.append(stamp, event, &at, event_now)?,
            }
        }
        Ok(batch)
    }

    /// The batch with what followed: as its whole history folds, without folding again what it knows.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn followed_by(mut self, facts: &[(Stamp, Event)]) -> Result<Batch, Impossible> {
        // These change how earlier facts count.
        let looks_back = |(_, event): &(Stamp, Event)| {
            matches!(
                event,
                Event::Disposition(disposition::Event::Corrected(_))
                    | Event::Intake(intake::Event::ParentNoted(_))
            )
        };
        if facts.iter().any(looks_back) {
            let history: Vec<_> = self.history().chain(facts.iter().cloned()).collect();
            return Self::fold(self.id, &history);
        }
        for (stamp, event) in facts {
            self.append(stamp, event, stamp, event)?;
        }
        Ok(self)
    }

    /// One entry, and the fact that it counts as now.
    fn append(&mut self, stamp: &Stamp, event: &Event, at: &Stamp, now: &Event) -> Result<(), Impossible> {
        self.duties.extend(performed::duties(stamp, event));
        self.evolve(at, now)?;
        let by = |voided_by: Option<EntryId>| voided_by == Some(at.entry);
        let decisions = self.containers.values().filter_map(|c| c.decided.as_ref());
        let decisions = decisions.filter(|decided| by(decided.voided_by)).map(|decided| decided.entry);
        let administrations = self.containers.values().filter_map(|c| c.administration);
        let administrations = administrations.filter(|a| by(a.voided_by)).map(|a| a.entry);
        let voided: BTreeSet<EntryId> = decisions.chain(administrations).collect();
        if !voided.is_empty() {
            self.void(at.entry, |logged| voided.contains(&logged.stamp.entry));
        }
        self.log.push(Logged {
            stamp: *stamp,
            event: event.clone().into(),
            corrected_by: Vec::new(),
            voided_by: None,
        });
        Ok(())
    }

    /// Notes that signatures no longer count since an entry.
    fn void(&mut self, by: EntryId, signed: impl Fn(&Logged) -> bool) {
        for logged in self.log.iter_mut().filter(|logged| signed(logged)) {
            logged.voided_by.get_or_insert(by);
        }
    }

    fn open(id: BatchId, opened: &intake::Opened, stamp: &Stamp) -> Batch {
        Batch {
            id,
            opened: opened.clone().into(),
            order: opened.order_standing.clone(),
            parents: BTreeMap::new(),
            children: BTreeSet::new(),
            instruction: None,
            tissue: None,
            processed_at: None,
            vessels: BTreeMap::new(),
            harvests: BTreeMap::new(),
            fills: BTreeMap::new(),
            containers: BTreeMap::new(),
            samples: BTreeMap::new(),
            results: BTreeMap::new(),
            holds: BTreeMap::new(),
            quality_events: BTreeMap::new(),
            mismatches: Vec::new(),
            parts: Vec::new(),
            unchecked: Vec::new(),
            unrecorded: Vec::new(),
            photographs: Vec::new(),
            unphotographed: Vec::new(),
            duties: BTreeSet::new(),
            last_bench_version: 0,
            manufacturing: None,
            quality: None,
            end: None,
            log: vec![Logged {
                stamp: *stamp,
                event: Event::Intake(opened.clone().into()).into(),
                corrected_by: Vec::new(),
                voided_by: None,
            }],
        }
    }

    fn evolve(&mut self, at: &Stamp, event: &Event) -> Result<(), Impossible> {
        if let Some(performed) = performed::of(event) {
            self.note_parts(at, event, performed);
        }
        match event {
            Event::Intake(fact) => intake::evolve(self, at, fact),
            Event::Culture(fact) => culture::evolve(self, at, fact),
            Event::Filling(fact) => filling::evolve(self, at, fact),
            Event::Testing(fact) => testing::evolve(self, at, fact),
            Event::Disposition(fact) => disposition::evolve(self, at, fact),
            Event::Distribution(fact) => distribution::evolve(self, at, fact),
        }
    }

    /// The entry with this identifier.
    pub fn logged(&self, entry: EntryId) -> Option<&Logged> {
        self.log.iter().find(|logged| logged.stamp.entry == entry)
    }

    /// The hashes of all its entries: what a confirmation or a disposition covers.
    pub fn covers(&self) -> Vec<Hash> {
        self.log.iter().map(|logged| logged.stamp.hash).collect()
    }
}
