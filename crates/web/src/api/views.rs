//! What the API shows: batches, orders, people and the gate's answer, as JSON made from folded streams.

use crate::words::{self, Language};
use baiyo_domain::authority::Role;
use baiyo_domain::batch::culture::{Growth, VesselState};
use baiyo_domain::batch::disposition::{Decision, HoldCause, HoldScope};
use baiyo_domain::batch::distribution::{Container, Custody, StopCause};
use baiyo_domain::batch::gate::{Blocker, Check, CheckState, Requirement, gate};
use baiyo_domain::batch::intake::{BankDraw, Mismatch, TissueReceipt};
use baiyo_domain::batch::lineage::ParentStanding;
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::status::{BatchStatus, ContainerStatus};
use baiyo_domain::batch::testing::{Oos, ResultForm};
use baiyo_domain::batch::{Batch, Duty, Subject};
use baiyo_domain::blob::Blob;
use baiyo_domain::ids::{
    BatchId, ClinicId, ContainerNo, EntryId, FillNo, HarvestNo, HoldNo, LabelKind, OrderId, PatientId,
    PersonId, QualityEventId, ResultNo, SampleNo, StandardId, VesselNo,
};
use baiyo_domain::journal::Hash;
use baiyo_domain::order::{OrderStanding, Purpose};
use baiyo_domain::quality_event::Impact;
use baiyo_domain::quantity::Number;
use baiyo_domain::standard::{Code, Standard, Title};
use baiyo_domain::text::{Note, Short};
use baiyo_domain::time::Time;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A batch.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct BatchView {
    pub id: BatchId,
    pub label: String,
    pub status: BatchStatus,
    /// Its version, as in `ETag`.
    pub version: usize,
    pub order: OrderId,
    pub clinic: ClinicId,
    pub patient: PatientId,
    pub pseudonym: String,
    pub purpose: Purpose,
    pub standard: StandardRef,
    pub order_standing: OrderStanding,
    pub bank: Option<BankDraw>,
    pub parents: Vec<ParentView>,
    pub children: Vec<BatchId>,
    /// The signed instruction's entry and time.
    pub instruction: Option<(EntryId, Time)>,
    pub tissue: Option<TissueView>,
    pub vessels: Vec<VesselView>,
    pub photographs: Vec<PhotographView>,
    pub harvests: Vec<HarvestView>,
    pub fills: Vec<FillView>,
    pub containers: Vec<ContainerView>,
    pub samples: Vec<SampleView>,
    pub results: Vec<ResultView>,
    pub holds: Vec<HoldView>,
    pub quality_events: Vec<(QualityEventId, Option<Impact>)>,
    pub mismatches: Vec<MismatchView>,
    /// Parts that named persons must still confirm.
    pub unconfirmed_parts: Vec<(EntryId, PersonId, Duty)>,
    pub manufacturing_confirmed_by: Option<PersonId>,
    pub quality_confirmed_by: Option<PersonId>,
}

/// Which standard's version a batch pins.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct StandardRef {
    pub id: StandardId,
    pub code: Code,
    pub version: u16,
    pub title: Title,
    /// SHA-256 of its content.
    pub content: Hash,
}

/// Another batch the cells come from.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ParentView {
    pub batch: BatchId,
    pub standing: ParentStanding,
}

/// The tissue.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct TissueView {
    pub entry: EntryId,
    pub received_at: Time,
    pub receipt: TissueReceipt,
}

/// A culture vessel.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct VesselView {
    pub no: VesselNo,
    pub label: String,
    pub passage: u8,
    pub parents: Vec<Subject>,
    pub ware: String,
    /// cm².
    pub area: Number,
    pub viable_cells_seeded: Number,
    pub incubator: String,
    pub position: String,
    pub seeded_at: Time,
    pub medium_at: Time,
    /// Cumulative population doublings when seeded, where known.
    pub doublings: Option<Number>,
    pub state: VesselState,
    /// How it grew until it was detached, with formulas and denominators.
    pub growth: Option<Growth>,
}

/// A photograph of vessels.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct PhotographView {
    pub entry: EntryId,
    /// When it was taken.
    pub at: Time,
    pub by: PersonId,
    pub vessels: Vec<VesselNo>,
    /// The picture, as `/blobs/{sha256}` answers with it; none where none could be taken.
    pub sha256: Option<Hash>,
    pub file: Option<Blob>,
    pub magnification: Option<Short>,
    pub note: Option<Note>,
}

/// A harvest.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct HarvestView {
    pub no: HarvestNo,
    pub entry: EntryId,
    pub at: Time,
    pub vessels: Vec<VesselNo>,
    pub passage: u8,
    pub doublings: Option<Number>,
    pub viable_cells: Option<Number>,
    /// %.
    pub viability: Option<Number>,
}

/// A fill.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct FillView {
    pub no: FillNo,
    pub entry: EntryId,
    pub at: Time,
    pub harvests: Vec<HarvestNo>,
    pub containers: Vec<ContainerNo>,
    pub labels_reconciled: Option<bool>,
}

/// A container.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ContainerView {
    pub no: ContainerNo,
    pub label: String,
    pub fill: FillNo,
    pub status: ContainerStatus,
    pub custody: Custody,
    pub ware: String,
    /// mL.
    pub volume: Number,
    pub viable_cells: Number,
    pub filled_at: Time,
    /// To the minute.
    pub expires_at: Time,
    pub frozen_at: Option<Time>,
    pub thawed_at: Option<Time>,
    pub place: Option<String>,
    pub decision: Option<DecisionView>,
    pub order: Option<OrderId>,
    pub may_be_administered: bool,
    pub stops: Vec<StopView>,
}

/// A decision on a container.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct DecisionView {
    pub entry: EntryId,
    pub decision: Decision,
    pub by: PersonId,
    /// The entry that voided it.
    pub voided_by: Option<EntryId>,
}

/// A stop message.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct StopView {
    pub entry: EntryId,
    pub clinic: ClinicId,
    pub cause: StopCause,
    pub acknowledged: Option<(Time, PersonId)>,
}

/// A test sample.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct SampleView {
    pub no: SampleNo,
    pub label: String,
    pub entry: EntryId,
    pub at: Time,
    pub subjects: Vec<Subject>,
    pub tests: Vec<Code>,
    pub sent_to: Option<String>,
}

/// A result.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct ResultView {
    pub no: ResultNo,
    pub entry: EntryId,
    pub form: ResultForm,
    /// As judged when it was entered.
    pub verdict: Verdict,
    /// With its signed interpretation.
    pub effective: Verdict,
    pub formula: String,
    pub mean: Option<Number>,
    /// Coefficient of variation, %.
    pub variation: Option<Number>,
    pub reported_at: Time,
    pub entered_by: Vec<PersonId>,
    pub verified_by: Option<PersonId>,
    pub interpreted: Option<bool>,
    /// `open`, `set_aside` or `confirmed` where it failed.
    pub failure: Option<&'static str>,
}

/// A hold.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct HoldView {
    pub no: HoldNo,
    pub entry: EntryId,
    pub scope: HoldScope,
    pub cause: HoldCause,
    /// The entry that lifted it.
    pub lifted_by: Option<EntryId>,
}

/// A mismatch of identifiers.
#[derive(Serialize, JsonSchema)]
#[allow(missing_docs)]
pub struct MismatchView {
    pub entry: EntryId,
    pub mismatch: Mismatch,
    pub cleared: bool,
}

impl BatchView {
    /// A batch as it stands at an instant.
    pub fn of(batch: &Batch, now: Time) -> Self {
        let label =
            |kind, no| batch.opened.label.part(kind, no).map(|label| label.to_string()).unwrap_or_default();
        let standard = batch.standard();
        Self {
            id: batch.id,
            label: batch.opened.label.to_string(),
            status: batch.status(now),
            version: batch.log.len(),
            order: batch.opened.order,
            clinic: batch.opened.clinic,
            patient: batch.opened.patient,
            pseudonym: batch.opened.pseudonym.to_string(),
            purpose: batch.opened.purpose,
            standard: StandardRef {
                id: batch.opened.standard_id,
                code: standard.code.clone(),
                version: standard.version,
                title: standard.title.clone(),
                content: baiyo_domain::batch::intake::standard_hash(standard),
            },
            order_standing: batch.order.clone(),
            bank: batch.opened.bank,
            parents: batch
                .parents
                .iter()
                .map(|(batch, standing)| ParentView { batch: *batch, standing: standing.clone() })
                .collect(),
            children: batch.children.iter().copied().collect(),
            instruction: batch.instruction,
            tissue: batch.tissue.as_ref().map(|tissue| TissueView {
                entry: tissue.entry,
                received_at: tissue.at,
                receipt: tissue.receipt.clone(),
            }),
            vessels: batch
                .vessels
                .values()
                .map(|vessel| VesselView {
                    no: vessel.no,
                    label: label(LabelKind::Vessel, vessel.no.0),
                    passage: vessel.passage,
                    parents: vessel.parents.clone(),
                    ware: vessel.seeded.ware.to_string(),
                    area: vessel.seeded.area.into(),
                    viable_cells_seeded: vessel.seeded.viable_cells.into(),
                    incubator: vessel.seeded.incubator.to_string(),
                    position: vessel.seeded.position.to_string(),
                    seeded_at: vessel.seeded_at,
                    medium_at: vessel.medium_at,
                    doublings: vessel.doublings.map(Number),
                    state: vessel.state,
                    growth: vessel.growth.clone(),
                })
                .collect(),
            photographs: batch
                .photographs
                .iter()
                .map(|shot| PhotographView {
                    entry: shot.entry,
                    at: shot.at,
                    by: shot.by,
                    vessels: shot.vessels.iter().copied().collect(),
                    sha256: shot.file.map(|(hash, _)| hash),
                    file: shot.file.map(|(_, file)| file),
                    magnification: shot.magnification.clone(),
                    note: shot.note.clone(),
                })
                .collect(),
            harvests: batch
                .harvests
                .iter()
                .map(|(no, harvest)| HarvestView {
                    no: *no,
                    entry: harvest.entry,
                    at: harvest.at,
                    vessels: harvest.vessels.clone(),
                    passage: harvest.passage,
                    doublings: harvest.doublings.map(Number),
                    viable_cells: harvest.viable.map(Number),
                    viability: harvest.viability.map(Number),
                })
                .collect(),
            fills: batch
                .fills
                .iter()
                .map(|(no, fill)| FillView {
                    no: *no,
                    entry: fill.entry,
                    at: fill.at,
                    harvests: fill.harvests.clone(),
                    containers: fill.containers.clone(),
                    labels_reconciled: fill.labels_reconciled,
                })
                .collect(),
            containers: batch
                .containers
                .values()
                .map(|container| ContainerView::of(container, label(LabelKind::Dose, container.no.0)))
                .collect(),
            samples: batch
                .samples
                .iter()
                .map(|(no, sample)| SampleView {
                    no: *no,
                    label: label(LabelKind::Sample, no.0),
                    entry: sample.entry,
                    at: sample.at,
                    subjects: sample.form.subjects.clone(),
                    tests: sample.form.tests.clone(),
                    sent_to: sample.sent_to.as_ref().map(ToString::to_string),
                })
                .collect(),
            results: batch
                .results
                .values()
                .map(|result| ResultView {
                    no: result.no,
                    entry: result.entry,
                    form: result.form.clone(),
                    verdict: result.judgement.verdict,
                    effective: result.effective(),
                    formula: result.judgement.formula.clone(),
                    mean: result.judgement.mean,
                    variation: result.judgement.variation,
                    reported_at: result.reported_at,
                    entered_by: result.enterers.clone(),
                    verified_by: result.verified_by,
                    interpreted: result.interpreted,
                    failure: result.oos.as_ref().map(|oos| match oos {
                        Oos::Open => "open",
                        Oos::SetAside { .. } => "set_aside",
                        Oos::Confirmed => "confirmed",
                    }),
                })
                .collect(),
            holds: batch
                .holds
                .iter()
                .map(|(no, hold)| HoldView {
                    no: *no,
                    entry: hold.entry,
                    scope: hold.scope.clone(),
                    cause: hold.cause.clone(),
                    lifted_by: hold.lifted,
                })
                .collect(),
            quality_events: batch.quality_events.iter().map(|(event, impact)| (*event, *impact)).collect(),
            mismatches: batch
                .mismatches
                .iter()
                .map(|m| MismatchView { entry: m.entry, mismatch: m.mismatch.clone(), cleared: m.cleared })
                .collect(),
            unconfirmed_parts: batch.unconfirmed_parts(),
            manufacturing_confirmed_by: batch.manufacturing.map(|confirmed| confirmed.by),
            quality_confirmed_by: batch.quality.map(|confirmed| confirmed.by),
        }
    }
}

impl ContainerView {
    fn of(container: &Container, label: String) -> Self {
        Self {
            no: container.no,
            label,
            fill: container.fill,
            status: container.status(),
            custody: container.custody,
            ware: container.new.ware.to_string(),
            volume: container.new.volume.into(),
            viable_cells: container.new.viable_cells.into(),
            filled_at: container.filled_at,
            expires_at: container.expires_at,
            frozen_at: container.frozen_at,
            thawed_at: container.thawed_at,
            place: container.place.as_ref().map(ToString::to_string),
            decision: container.decided.as_ref().map(|decided| DecisionView {
                entry: decided.entry,
                decision: decided.decision.clone(),
                by: decided.by,
                voided_by: decided.voided_by,
            }),
            order: container.allocated.map(|(order, _, _)| order),
            may_be_administered: container.may_be_administered(),
            stops: container
                .stops
                .iter()
                .map(|stop| StopView {
                    entry: stop.entry,
                    clinic: stop.clinic,
                    cause: stop.cause.clone(),
                    acknowledged: stop.acknowledged,
                })
                .collect(),
        }
    }
}

/// The gate's answer.
#[derive(Serialize, JsonSchema)]
pub struct GateView {
    /// The batch.
    pub batch: BatchId,
    /// Its label.
    pub label: String,
    /// When it was asked.
    pub asked_at: Time,
    /// What concerns every container.
    pub checks: Vec<CheckView>,
    /// Everything that blocks the batch as a whole.
    pub blockers: Vec<BlockerView>,
    /// Each container.
    pub containers: Vec<GateContainerView>,
}

/// The gate's answer for one container.
#[derive(Serialize, JsonSchema)]
pub struct GateContainerView {
    /// Its number.
    pub container: ContainerNo,
    /// Its label.
    pub label: String,
    /// Whether nothing blocks it: quality may release it.
    pub releasable: bool,
    /// Everything that blocks it, what blocks the batch as a whole included.
    pub blockers: Vec<BlockerView>,
    /// What concerns it alone.
    pub checks: Vec<CheckView>,
}

/// One requirement.
#[derive(Serialize, JsonSchema)]
pub struct CheckView {
    /// Its key, e.g. `test:STERILITY-RAPID`.
    pub requirement: String,
    /// In words.
    pub title: String,
    /// Where it stands.
    pub state: CheckState,
    /// Until when it stays met.
    pub valid_until: Option<Time>,
    /// What blocks it.
    pub blockers: Vec<BlockerView>,
}

/// One blocker.
#[derive(Serialize, JsonSchema)]
pub struct BlockerView {
    /// Its stable name.
    pub code: String,
    /// The requirement it blocks.
    pub requirement: String,
    /// Its arguments.
    pub arguments: Value,
    /// A sentence in the caller's language.
    pub sentence: String,
    /// The roles that can clear it; none where nobody can.
    pub cleared_by: Vec<Role>,
    /// When it is expected to be cleared, where that is known.
    pub expected: Option<Time>,
}

impl GateView {
    /// Asks the gate.
    pub fn of(batch: &Batch, now: Time, language: Language, zone: Tz) -> Self {
        let answer = gate(batch, now);
        let show = |check: &Check| check_view(batch, check, language, zone);
        let whole = || answer.batch.iter();
        let containers = answer.containers.iter().map(|(no, own)| {
            let blockers: Vec<BlockerView> =
                whole().chain(own).flat_map(|check| show(check).blockers).collect();
            let label = batch.opened.label.part(LabelKind::Dose, no.0);
            GateContainerView {
                container: *no,
                label: label.map(|label| label.to_string()).unwrap_or_default(),
                releasable: blockers.is_empty(),
                blockers,
                checks: own.iter().map(show).collect(),
            }
        });
        Self {
            batch: batch.id,
            label: batch.opened.label.to_string(),
            asked_at: now,
            checks: whole().map(show).collect(),
            blockers: whole().flat_map(|check| show(check).blockers).collect(),
            containers: containers.collect(),
        }
    }
}

fn check_view(batch: &Batch, check: &Check, language: Language, zone: Tz) -> CheckView {
    let requirement = check.requirement.key();
    let title = |code: &Code| batch.standard().test(code).map(|test| test.title.clone());
    let blockers = check.blockers.iter().map(|(blocker, expected)| {
        let mut arguments = serde_json::to_value(blocker).unwrap_or_default();
        let code = arguments.as_object_mut().and_then(|fields| fields.remove("code"));
        BlockerView {
            code: code.and_then(|code| code.as_str().map(String::from)).unwrap_or_default(),
            requirement: requirement.clone(),
            arguments,
            sentence: blocker_sentence(language, blocker, batch.standard(), zone),
            cleared_by: blocker.cleared_by().to_vec(),
            expected: *expected,
        }
    });
    CheckView {
        blockers: blockers.collect(),
        title: match &check.requirement {
            Requirement::Test(code) => match (language, title(code)) {
                (Language::En, Some(title)) => title.en.to_string(),
                (Language::Ja, Some(title)) => title.ja.to_string(),
                (_, None) => code.to_string(),
            },
            other => words::requirement(language, other, &words::Context::bare(zone)),
        },
        requirement,
        state: check.state(),
        valid_until: check.valid_until,
    }
}

/// A blocker as a sentence, with the standard's own names of tests.
pub fn blocker_sentence(language: Language, blocker: &Blocker, standard: &Standard, zone: Tz) -> String {
    words::blocker(language, blocker, &words::Context::of(standard, zone))
}
