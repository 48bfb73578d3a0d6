//! Quality events in their smallest form: reported, linked to batches (each link holds its batch), assessed
//! for their impact on each, and closed. Facts out of bounds open them by themselves.

use crate::ids::{BatchId, QualityEventId};
use crate::refusal::{Impossible, Reason};
use crate::text::{Note, Short};
use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

variants! {
    /// What is asked of a quality event's stream.
    pub enum Command {
        /// Report it.
        Report => "report",
        /// Link further batches.
        Linking => "linking",
        /// Assess its impact on one batch.
        Assessment => "assessment",
        /// Close it.
        Closing => "closing",
    }
}

variants! {
    /// What is recorded of a quality event.
    pub enum Event {
        /// It was reported.
        Report => "reported",
        /// It opened by itself, from a fact.
        Departure => "opened_by_fact",
        /// Further batches were linked.
        Linking => "linked",
        /// Its impact on a batch was assessed.
        Assessment => "assessed",
        /// It was closed.
        Closing => "closed",
    }
}

/// Report a deviation, defect, complaint or other quality event (O105, O106).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// A line that names it.
    pub title: Short,
    /// What happened.
    pub description: Note,
    /// The batches it touches; each is held.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub batches: Vec<BatchId>,
}

/// A fact that went past a limit of its batch's standard and so opened a quality event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Departure {
    /// What went past which limit.
    pub kind: DepartureKind,
    /// What was recorded, in words and units.
    pub found: String,
    /// The batch it touches.
    pub batch: BatchId,
}

/// What a recorded fact can depart from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepartureKind {
    /// Tissue travelled too warm or too cold.
    TissueTemperature,
    /// Tissue travelled too long.
    TissueHours,
    /// The tissue's seal was broken.
    TissueSeal,
    /// Cells were processed without a signed instruction.
    NoInstruction,
    /// Cells were processed although tissue was not accepted, or the batch was held.
    ProcessedWhileBlocked,
    /// A step was done by somebody whose role does not include it.
    WrongRole,
    /// Cells were seeded outside the density range.
    SeedingDensity,
    /// The medium was changed later than the standard allows.
    MediumInterval,
    /// Somebody worked who was not healthy or not gowned as the site's rules say.
    HealthOrGowning,
    /// Something of another batch was left where cells were open.
    LineNotCleared,
    /// No photograph was taken of a culture of which there should be one.
    NotPhotographed,
    /// Replicate counts scattered more than the standard allows.
    CountVariation,
    /// The passage number exceeds the standard.
    Passage,
    /// A bank's container was past its expiry when its cells were seeded.
    BankExpired,
    /// Containers were kept too warm or too cold.
    StorageTemperature,
    /// A container was shipped without clearance.
    ShippedUncleared,
    /// The product travelled too warm, too cold or too long.
    ProductTransport,
    /// A container arrived damaged or unsealed.
    ArrivedDamaged,
    /// A container was accepted that the check would have refused.
    ReceivedUncleared,
    /// A container was infused without clearance.
    InfusedUncleared,
    /// A correction changed what an administered container was released on.
    CorrectedAfterAdministration,
    /// A test failed after administration.
    FailedAfterAdministration,
}

/// Link further batches; each is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Linking {
    /// Which batches.
    #[schemars(length(min = 1, max = 100))]
    pub batches: Vec<BatchId>,
    /// Why.
    pub reason: Note,
}

/// The assessed impact on one batch, signed by quality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Which batch.
    pub batch: BatchId,
    /// The impact.
    pub impact: Impact,
    /// Why.
    pub reasoning: Note,
}

/// An impact on a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// None.
    None,
    /// Some, and acceptable.
    Acceptable,
    /// Not acceptable: nothing of this batch may be released.
    Unacceptable,
}

/// Close the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// What was found and done.
    pub conclusion: Note,
}

/// A quality event as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityEvent {
    /// Which event.
    pub id: QualityEventId,
    /// What opened it.
    pub opening: Opening,
    /// The batches it touches, with the impact once assessed.
    pub batches: BTreeMap<BatchId, Option<Impact>>,
    /// Whether it is closed.
    pub closed: bool,
}

/// What opened a quality event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A person's report.
    Report(Report),
    /// A fact out of bounds.
    Departure(Departure),
}

impl QualityEvent {
    /// Applies one entry.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn evolve(
        state: Option<QualityEvent>,
        id: QualityEventId,
        event: &Event,
    ) -> Result<QualityEvent, Impossible> {
        let open = |opening, batches: &[BatchId]| QualityEvent {
            id,
            opening,
            batches: batches.iter().map(|batch| (*batch, None)).collect(),
            closed: false,
        };
        match (state, event) {
            (None, Event::Report(report)) => Ok(open(Opening::Report((**report).clone()), &report.batches)),
            (None, Event::Departure(departure)) => {
                Ok(open(Opening::Departure((**departure).clone()), &[departure.batch]))
            }
            (Some(mut state), Event::Linking(linking)) => {
                for batch in &linking.batches {
                    state.batches.entry(*batch).or_insert(None);
                }
                Ok(state)
            }
            (Some(mut state), Event::Assessment(assessment)) => {
                state.batches.insert(assessment.batch, Some(assessment.impact));
                Ok(state)
            }
            (Some(mut state), Event::Closing(_)) => {
                state.closed = true;
                Ok(state)
            }
            _ => Err(Impossible::new("a quality event opens once, and first")),
        }
    }
}

/// Decides a command on a quality event.
///
/// # Errors
/// Every reason why not.
pub fn decide(state: Option<&QualityEvent>, command: &Command) -> Result<Event, Vec<Reason>> {
    match (state, command) {
        (None, Command::Report(report)) => Ok(Event::Report(report.clone())),
        (None, _) => Err(vec![Reason::NotFound]),
        (Some(_), Command::Report(_)) => Err(vec![Reason::AlreadyDone]),
        (Some(state), _) if state.closed => Err(vec![Reason::QualityEventClosed]),
        (Some(_), Command::Linking(linking)) => Ok(Event::Linking(linking.clone())),
        (Some(state), Command::Assessment(assessment)) => match state.batches.get(&assessment.batch) {
            Some(_) => Ok(Event::Assessment(assessment.clone())),
            None => Err(vec![Reason::NotFound]),
        },
        (Some(state), Command::Closing(closing)) => {
            let open: Vec<BatchId> = state
                .batches
                .iter()
                .filter(|(_, impact)| impact.is_none())
                .map(|(batch, _)| *batch)
                .collect();
            if open.is_empty() {
                Ok(Event::Closing(closing.clone()))
            } else {
                Err(vec![Reason::NotAssessed { batches: open }])
            }
        }
    }
}
