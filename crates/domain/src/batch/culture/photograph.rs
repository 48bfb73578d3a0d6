//! The photograph of a culture: the picture is a blob, and the entry says which vessels it shows. Where a standard asks
//! for one beside an observation or a passage, each vessel of that step has one from about then.

use super::*;
use crate::blob::Blob;
use crate::decision::{Appends, Context};
use crate::ids::{EntryId, PersonId};
use crate::journal::Hash;
use crate::quality_event::DepartureKind;
use crate::refusal::{Reason, Refusal};
use crate::standard::BenchRecord;
use std::collections::BTreeSet;

/// Hours before and after it was taken in which a photograph counts for what is done with its vessels.
pub const COUNTS_FOR_HOURS: i64 = 24;

/// Photograph vessels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Photograph {
    /// The head of the entry.
    #[serde(default)]
    pub performed: Performed,
    /// The vessels it shows, scanned.
    #[schemars(length(min = 1, max = 60))]
    pub vessels: Vec<Label>,
    /// The picture, or why there is none.
    pub picture: Picture,
    /// How much it is magnified, e.g. `10×`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub magnification: Option<Short>,
    /// What is to be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// A picture, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Picture {
    /// It was taken.
    Taken {
        /// The file's SHA-256; it was handed in before (`POST /blobs`).
        blob: Hash,
    },
    /// There is none, though there should be: opens a quality event.
    NotTaken {
        /// Why.
        reason: Note,
    },
}

impl Picture {
    /// The file, where there is one.
    pub fn blob(&self) -> Option<Hash> {
        match self {
            Picture::Taken { blob } => Some(*blob),
            Picture::NotTaken { .. } => None,
        }
    }
}

/// Vessels were photographed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Photographed {
    /// What was done.
    pub form: Photograph,
    /// What the file is, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Blob>,
}

/// A photograph as the batch knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// Its entry.
    pub entry: EntryId,
    /// When it was taken.
    pub at: Time,
    /// By whom.
    pub by: PersonId,
    /// What it shows.
    pub vessels: BTreeSet<VesselNo>,
    /// The file and what it is; nothing where none was taken.
    pub file: Option<(Hash, Blob)>,
    /// How much it is magnified.
    pub magnification: Option<Short>,
    /// What is to be seen.
    pub note: Option<Note>,
}

impl Shot {
    /// Whether it counts for what is done with a vessel at an instant: it was taken about then, while the vessel had its
    /// cells. Why there is none may be said later.
    pub fn counts_for(&self, vessel: &Vessel, at: Time) -> bool {
        let apart = self.at.since(at).num_seconds().abs();
        let held = vessel.seeded_at <= self.at && vessel.left_at.is_none_or(|left| self.at <= left);
        self.vessels.contains(&vessel.no) && (held || self.file.is_none()) && apart <= COUNTS_FOR_HOURS * 3600
    }
}

/// A step that lacks photographs its standard asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unphotographed {
    entry: EntryId,
    at: Time,
    vessels: BTreeSet<VesselNo>,
}

/// The fact of a form, with what its file is.
pub(in crate::batch) fn fact(form: &Photograph, ctx: &Context) -> Result<Photographed, Reason> {
    let file = match form.picture.blob() {
        None => None,
        Some(blob) => Some(*ctx.world.blobs.get(&blob).ok_or(Reason::NoSuchBlob { blob })?),
    };
    Ok(Photographed { form: form.clone(), file })
}

pub(super) fn decide(
    batch: &Batch,
    form: &Photograph,
    at: Time,
    mut reasons: Vec<Reason>,
    ctx: &Context,
) -> Result<Appends, Refusal> {
    // One that was detached or discarded since was photographed all the same.
    batch.recognised(&form.vessels, "photograph", at, &mut reasons, ctx)?;
    match fact(form, ctx) {
        Ok(fact) if reasons.is_empty() => {
            let mut appends = Appends::new();
            appends.batch(batch.id, fact);
            departure(batch, form, &mut appends, ctx);
            Ok(appends)
        }
        Ok(_) => Err(reasons.into()),
        Err(reason) => {
            reasons.push(reason);
            Err(reasons.into())
        }
    }
}

/// No picture where there should be one.
pub(in crate::batch) fn departure(batch: &Batch, form: &Photograph, appends: &mut Appends, ctx: &Context) {
    if let Picture::NotTaken { reason } = &form.picture {
        appends.departure(batch, DepartureKind::NotPhotographed, reason.to_string(), ctx);
    }
}

pub(super) fn evolve(batch: &mut Batch, at: &Stamp, fact: &Photographed) -> Result<(), Impossible> {
    let form = &fact.form;
    if form.picture.blob().is_some() != fact.file.is_some() {
        return Err(Impossible::new("what a photograph's file is stands beside it"));
    }
    let vessels = numbers(&form.vessels);
    if vessels.len() != form.vessels.len() || !vessels.iter().all(|no| batch.vessels.contains_key(no)) {
        return Err(Impossible::new("a vessel is photographed after it was seeded"));
    }
    let file = form.picture.blob().zip(fact.file);
    batch.photographs.push(Shot {
        entry: at.entry,
        at: form.performed.at(at),
        by: form.performed.by(at),
        vessels,
        file,
        magnification: form.magnification.clone(),
        note: form.note.clone(),
    });
    settle(batch);
    Ok(())
}

/// Notes which photographs a step lacks, where the standard asks for them.
pub(in crate::batch) fn note_step(batch: &mut Batch, at: &Stamp, event: &Event, performed: &Performed) {
    let vessels = match event {
        Event::Observation(form) => &form.vessels,
        Event::Passaged(fact) => &fact.form.from,
        Event::Pooled(fact) => &fact.form.ours,
        _ => return,
    };
    if batch.standard().process.bench_records.contains(&BenchRecord::Photograph) {
        let (entry, vessels) = (at.entry, numbers(vessels));
        batch.unphotographed.push(Unphotographed { entry, at: performed.at(at), vessels });
        batch.unrecorded.push((entry, BenchRecord::Photograph));
        settle(batch);
    }
}

/// Takes out what the photographs there are count for.
fn settle(batch: &mut Batch) {
    let Batch { photographs, unphotographed, unrecorded, vessels, .. } = batch;
    // The same file in another entry is no other picture.
    let first = |shot: &Shot| {
        let file = shot.file.map(|(hash, _)| hash);
        let same = |other: &&Shot| other.file.map(|(hash, _)| hash) == file;
        file.is_none() || photographs.iter().find(same).is_some_and(|one| one.entry == shot.entry)
    };
    unphotographed.retain(|step| {
        let shown = |no: &VesselNo| {
            let vessel = vessels.get(no);
            vessel.is_some_and(|vessel| {
                photographs.iter().any(|shot| first(shot) && shot.counts_for(vessel, step.at))
            })
        };
        let lacking = !step.vessels.iter().all(shown);
        if !lacking {
            unrecorded.retain(|missing| *missing != (step.entry, BenchRecord::Photograph));
        }
        lacking
    });
}

fn numbers(labels: &[Label]) -> BTreeSet<VesselNo> {
    labels
        .iter()
        .filter(|label| label.kind() == LabelKind::Vessel)
        .filter_map(Label::sub)
        .map(VesselNo)
        .collect()
}

impl Batch {
    /// The photographs that show a vessel, the newest last.
    pub fn photographs_of(&self, vessel: VesselNo) -> impl Iterator<Item = &Shot> {
        self.photographs.iter().filter(move |shot| shot.vessels.contains(&vessel))
    }

    /// Whether an entry of it names a blob, or ever did: what was corrected stays part of the record.
    pub fn names_blob(&self, blob: Hash) -> bool {
        self.log.iter().any(|logged| logged.event.blob() == Some(blob))
    }
}
