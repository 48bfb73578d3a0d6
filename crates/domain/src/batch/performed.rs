//! Who did a step, who checked it, when, and with what: the head of every bench entry, the duties that follow
//! from it, and the second sign-in by which a named person confirms his part.

use super::distribution::{Clearance, Container};
use super::not_applicable::{OfBenchRecords, OfStep};
use super::{Batch, Event, Stamp, culture, disposition, distribution, filling, intake, testing};
use crate::decision::{Appends, Context};
use crate::ids::{EntryId, Label, PersonId};
use crate::journal::Hash;
use crate::quality_event::DepartureKind;
use crate::quantity::Minutes;
use crate::refusal::{Reason, Refusal};
use crate::standard::{BenchRecord, Step};
use crate::text::{Note, Short};
use crate::time::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The head of a bench entry. What is left out is taken from the recording itself: now, and the person
/// signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Performed {
    /// When it was done, if not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Who did it, if not the person signed in; he confirms it by his own sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// The second person who checked it; he confirms it by his own sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_by: Option<PersonId>,
    /// Why it is recorded more than an hour after it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_reason: Option<Note>,
    /// The number of the paper downtime form it was copied from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper_form: Option<Short>,
    /// The material lots used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30))]
    pub lots: Vec<LotUse>,
    /// The safety cabinet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cabinet: Option<Short>,
    /// The room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<Short>,
    /// Further equipment, by identifier.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 30))]
    pub equipment: Vec<Short>,
    /// What was looked after while cells were open to the room, where the standard asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bench: Option<BenchRecords>,
    /// Which of these fields do not apply, and why.
    #[serde(skip_serializing_if = "OfStep::is_empty")]
    pub not_applicable: OfStep,
}

/// What was looked after while cells were open to the room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BenchRecords {
    /// Whether whoever works there is healthy and gowned as the site's rules say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_and_gowning: Option<bool>,
    /// Whether nothing of another batch is left there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_clearance: Option<bool>,
    /// Minutes outside the incubator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes_outside: Option<Minutes>,
    /// Antibiotics in the medium, or that there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antibiotics: Option<Short>,
    /// The label on the autologous serum, scanned: that of the patient's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serum: Option<Label>,
    /// Which of these fields do not apply, and why.
    #[serde(skip_serializing_if = "OfBenchRecords::is_empty")]
    pub not_applicable: OfBenchRecords,
}

impl BenchRecords {
    /// Whether it says this.
    fn says(&self, record: BenchRecord) -> bool {
        match record {
            BenchRecord::HealthAndGowning => self.health_and_gowning.is_some(),
            BenchRecord::LineClearance => self.line_clearance.is_some(),
            BenchRecord::MinutesOutside => self.minutes_outside.is_some(),
            BenchRecord::Antibiotics => self.antibiotics.is_some(),
            BenchRecord::Serum => self.serum.is_some(),
            // An entry of its own, which is asked for beside other steps.
            BenchRecord::Photograph => true,
        }
    }
}

/// A material lot used in a step, by identifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LotUse {
    /// The material, e.g. `medium` or `trypsin`.
    pub material: Short,
    /// Its lot or control number.
    pub lot: Short,
    /// How much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Short>,
}

/// What a person did for a batch; whoever has one of these never releases it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Did a manufacturing step.
    Maker,
    /// Checked one.
    Checker,
    /// Entered or produced a result.
    Enterer,
}

impl Duty {
    /// All duties.
    pub const ALL: [Duty; 3] = [Duty::Maker, Duty::Checker, Duty::Enterer];

    /// The duty's name in the evidence.
    pub fn name(self) -> &'static str {
        match self {
            Duty::Maker => "maker",
            Duty::Checker => "checker",
            Duty::Enterer => "enterer",
        }
    }
}

/// A person named in an entry that somebody else recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The entry.
    pub entry: EntryId,
    /// The person named.
    pub person: PersonId,
    /// As what.
    pub duty: Duty,
    /// Whether he has confirmed it.
    pub confirmed: bool,
}

/// Minutes after which an entry is late and needs a reason.
pub const LATE_AFTER_MINUTES: i64 = 60;

impl Performed {
    /// When the step was done.
    pub fn at(&self, stamp: &Stamp) -> Time {
        self.at.unwrap_or(stamp.recorded_at)
    }

    /// Who did it.
    pub fn by(&self, stamp: &Stamp) -> PersonId {
        self.by.unwrap_or(stamp.recorder)
    }

    /// What is wrong with it: a step in the future, late without a reason, or one person in two parts.
    pub fn faults(&self, now: Time, recorder: PersonId) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if let Some(at) = self.at {
            if at > now {
                reasons.push(Reason::InTheFuture { field: "/performed/at" });
            } else if now.since(at).num_minutes() > LATE_AFTER_MINUTES && self.late_reason.is_none() {
                reasons.push(Reason::LateWithoutReason);
            }
        }
        if self.checked_by == Some(self.by.unwrap_or(recorder)) {
            reasons.push(Reason::MakerIsChecker);
        }
        reasons
    }
}

impl Batch {
    /// What named people have yet to confirm by their own sign-in: their parts in bench entries, which the gate
    /// waits for, and checks at the bedside, which clear nothing before.
    pub fn unconfirmed_parts(&self) -> Vec<(EntryId, PersonId, Duty)> {
        let parts = self.parts.iter().filter(|part| !part.confirmed);
        let bedside = self.containers.values().filter_map(|container| match container.clearance {
            Some(Clearance::AwaitsSecond { check, second }) => Some((check, second, Duty::Checker)),
            Some(Clearance::Passed { .. }) | None => None,
        });
        parts.map(|part| (part.entry, part.person, part.duty)).chain(bedside).collect()
    }

    /// The container whose check at the bedside waits for its second person.
    pub fn awaits_second(&self, entry: EntryId) -> Option<&Container> {
        self.containers.values().find(|container| match container.clearance {
            Some(Clearance::AwaitsSecond { check, .. }) => check == entry,
            Some(Clearance::Passed { .. }) | None => false,
        })
    }

    pub(super) fn note_parts(&mut self, at: &Stamp, event: &Event, performed: &Performed) {
        let made_as = duty_of_performer(event);
        let named = [(performed.by, made_as), (performed.checked_by, Some(Duty::Checker))];
        for (person, duty) in named {
            if let (Some(person), Some(duty)) = (person, duty) {
                let confirmed = person == at.recorder;
                self.parts.push(Part { entry: at.entry, person, duty, confirmed });
            }
        }
        if let Some(step) = step(event)
            && self.standard().process.checked_steps.contains(&step)
            && performed.checked_by.is_none()
        {
            self.unchecked.push((at.entry, step));
        }
        if is_open(event) {
            let said = performed.bench.clone().unwrap_or_default();
            let asked = &self.opened.standard.process.bench_records;
            let missing = asked.iter().filter(|record| !said.says(**record));
            self.unrecorded.extend(missing.map(|record| (at.entry, *record)));
        }
        if let Event::Culture(fact) = event {
            culture::note_step(self, at, fact, performed);
        }
        if matches!(event, Event::Culture(_) | Event::Filling(_)) {
            self.last_bench_version = at.version;
        }
    }
}

/// Compares the label on autologous serum with the batch's order.
///
/// # Errors
/// It is another's: recorded, and the batch is held until a second person has cleared it.
pub(super) fn compare_serum(
    batch: &Batch,
    form: &str,
    performed: &Performed,
    ctx: &Context,
) -> Result<(), Refusal> {
    let Some(serum) = performed.bench.as_ref().and_then(|bench| bench.serum.as_ref()) else { return Ok(()) };
    let (expected, found) = (ctx.order_label(batch.opened.order), serum.to_string());
    if expected == found {
        return Ok(());
    }
    let mut refusal =
        Refusal::from(Reason::IdentifiersDiffer { expected: expected.clone(), found: found.clone() });
    refusal.record.mismatch(batch, intake::Mismatch { form: form.into(), expected, found }, ctx);
    Err(refusal)
}

/// Somebody not fit or not gowned, or a place that was not cleared.
pub(super) fn bench_departures(batch: &Batch, performed: &Performed, appends: &mut Appends, ctx: &Context) {
    let Some(bench) = &performed.bench else { return };
    let not_so = |said: Option<bool>| said == Some(false);
    if not_so(bench.health_and_gowning) {
        appends.departure(batch, DepartureKind::HealthOrGowning, String::new(), ctx);
    }
    if not_so(bench.line_clearance) {
        appends.departure(batch, DepartureKind::LineNotCleared, String::new(), ctx);
    }
}

/// Whether cells are open to the room in this step.
fn is_open(event: &Event) -> bool {
    match event {
        Event::Culture(fact) => match fact {
            culture::Event::Isolated(_)
            | culture::Event::BankSeeded(_)
            | culture::Event::MediumChange(_)
            | culture::Event::Passaged(_)
            | culture::Event::Pooled(_) => true,
            culture::Event::Observation(_)
            | culture::Event::Photographed(_)
            | culture::Event::Counting(_)
            | culture::Event::LabelCheck(_)
            | culture::Event::VesselMove(_)
            | culture::Event::VesselDiscard(_)
            | culture::Event::GivenToPool(_) => false,
        },
        Event::Filling(fact) => matches!(fact, filling::Event::HarvestDone(_) | filling::Event::FillDone(_)),
        Event::Intake(_) | Event::Testing(_) | Event::Disposition(_) | Event::Distribution(_) => false,
    }
}

/// The head of an entry that has one.
pub fn of(event: &Event) -> Option<&Performed> {
    match event {
        Event::Intake(fact) => intake::performed(fact),
        Event::Culture(fact) => culture::performed(fact),
        Event::Filling(fact) => filling::performed(fact),
        Event::Testing(fact) => testing::performed(fact),
        Event::Distribution(fact) => distribution::performed(fact),
        Event::Disposition(_) => None,
    }
}

/// The duties that one entry gives, the old and the new people of a correction included.
pub fn duties(stamp: &Stamp, event: &Event) -> Vec<(PersonId, Duty)> {
    let event = match event {
        Event::Disposition(disposition::Event::Corrected(correction)) => &correction.replacement,
        event => event,
    };
    let mut duties = Vec::new();
    if let Event::Testing(testing::Event::ResultEntered(entered)) = event {
        duties.push((stamp.recorder, Duty::Enterer));
        duties.extend(entered.form.analyst.map(|analyst| (analyst, Duty::Enterer)));
    }
    if let Some(performed) = of(event) {
        duties.extend(duty_of_performer(event).map(|duty| (performed.by(stamp), duty)));
        duties.extend(performed.checked_by.map(|checker| (checker, Duty::Checker)));
    }
    duties
}

fn duty_of_performer(event: &Event) -> Option<Duty> {
    match event {
        Event::Intake(_) | Event::Culture(_) | Event::Filling(_) => Some(Duty::Maker),
        Event::Distribution(distribution::Event::Packing(_)) => Some(Duty::Maker),
        Event::Testing(_) | Event::Disposition(_) | Event::Distribution(_) => None,
    }
}

fn step(event: &Event) -> Option<Step> {
    match event {
        Event::Intake(intake::Event::TissueReceipt(_)) => Some(Step::TissueReceipt),
        Event::Culture(culture::Event::Isolated(_) | culture::Event::BankSeeded(_)) => Some(Step::Isolation),
        Event::Culture(culture::Event::Passaged(_)) => Some(Step::Passage),
        Event::Filling(filling::Event::HarvestDone(_)) => Some(Step::Harvest),
        Event::Filling(filling::Event::FillDone(_)) => Some(Step::Fill),
        Event::Filling(filling::Event::Thaw(_)) => Some(Step::Thaw),
        Event::Filling(filling::Event::LabelReconciliation(_)) => Some(Step::LabelReconciliation),
        Event::Distribution(distribution::Event::Packing(_)) => Some(Step::Packing),
        _ => None,
    }
}

/// The people a form names beside the person signed in.
pub fn named(form: &super::Command) -> Vec<PersonId> {
    const FIELDS: [&str; 4] = ["by", "checked_by", "analyst", "second_person"];
    let mut found = Vec::new();
    visit(form, &mut |key, text| {
        if key.is_some_and(|key| FIELDS.contains(&key)) {
            found.extend(uuid::Uuid::try_parse(text).ok().map(PersonId));
        }
    });
    found
}

/// The person a form says did it.
pub fn performer(form: &super::Command) -> Option<PersonId> {
    let mut found = None;
    visit(form, &mut |key, text| {
        if key == Some("by") {
            found = uuid::Uuid::try_parse(text).ok().map(PersonId);
        }
    });
    found
}

/// The labels scanned into a form.
pub fn labels(form: &super::Command) -> Vec<crate::ids::Label> {
    let mut found = Vec::new();
    visit(form, &mut |_, text| {
        if text.starts_with("C1-") {
            found.extend(text.parse::<crate::ids::Label>());
        }
    });
    found
}

/// The blobs that a form names.
pub fn blobs(form: &super::Command) -> Vec<Hash> {
    let mut found = Vec::new();
    visit(form, &mut |key, text| {
        if key == Some("blob") {
            found.extend(Hash::from_hex(text));
        }
    });
    found
}

/// Calls `found` with every text in a form and the name of its field.
fn visit(form: &super::Command, found: &mut dyn FnMut(Option<&str>, &str)) {
    fn walk(key: Option<&str>, value: &serde_json::Value, found: &mut dyn FnMut(Option<&str>, &str)) {
        match value {
            serde_json::Value::String(text) => found(key, text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(key, item, found)),
            serde_json::Value::Object(fields) => {
                fields.iter().for_each(|(key, value)| walk(Some(key), value, found));
            }
            _ => {}
        }
    }
    walk(None, &serde_json::to_value(form).unwrap_or_default(), found);
}
