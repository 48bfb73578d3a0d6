//! The product standard (標準書): what is made, how it is cultured, what is tested and by which criterion.
//! A batch pins one approved version; the gate asks for exactly what that version mandates. How a version is
//! filed and approved stands in `standard/filing.rs`.

mod filing;
mod growth;

pub use filing::*;
pub use growth::ExpectedGrowth;

use crate::quantity::{
    Cells, CellsPerMillilitre, CellsPerSquareCentimetre, Celsius, Days, Doublings, Hours, Minutes, Number,
    Percent,
};
use crate::text::{Note, Short};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A short code such as `STERILITY-RAPID`: 2–40 characters A–Z, 0–9 and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

impl Code {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        if (2..=40).contains(&code.len()) && code.bytes().all(allowed) {
            Ok(Self(code))
        } else {
            Err("must be 2–40 characters A–Z, 0–9 and -".into())
        }
    }
}

impl From<Code> for String {
    fn from(code: Code) -> String {
        code.0
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "minLength": 2, "maxLength": 40, "pattern": "^[A-Z0-9-]+$", "examples": ["STERILITY-RAPID"]})
    }
}

/// One version of a product standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    /// The product's code; all versions share it.
    pub code: Code,
    /// The version, from 1.
    #[schemars(range(min = 1))]
    pub version: u16,
    /// The product's name in both languages.
    pub title: Title,
    /// What a batch starts from.
    pub source: Source,
    /// Whether donor and recipient are one person.
    pub donor: DonorKind,
    /// How it is cultured.
    pub process: Process,
    /// How its cells are expected to grow, by a source; left out where the general published means are to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<ExpectedGrowth>,
    /// What one container holds.
    pub dose: Dose,
    /// How it is kept, moved and for how long.
    pub keeping: Keeping,
    /// Years the record is kept (O110-3, O111-2): 10 or 30.
    #[schemars(range(min = 10))]
    pub retention_years: u8,
    /// Whether cells of several donors or batches may be pooled.
    pub pooling: Pooling,
    /// The tests.
    #[schemars(length(min = 1, max = 60))]
    pub tests: Vec<Test>,
}

/// A name in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// English.
    pub en: Short,
    /// Japanese.
    pub ja: Short,
}

/// What a batch starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Tissue that arrives for this batch.
    Tissue,
    /// A released container of a cell bank.
    Bank,
}

/// Whose cells they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DonorKind {
    /// The recipient's own (自己).
    Autologous,
    /// Another person's (同種).
    Allogeneic,
}

/// How the cells are cultured, with its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Days from the first seeding to harvest, both included; left out where the standard sets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culture_days: Option<DayRange>,
    /// The highest passage at harvest.
    #[schemars(range(max = 50))]
    pub max_passage: u8,
    /// The highest cumulative population doublings at harvest.
    pub max_doublings: Doublings,
    /// Whether the doublings of P0 count from the viable cells seeded (`from_seeding`) or not at all (`zero`).
    pub p0_doublings: P0Doublings,
    /// The longest time between two medium changes of a vessel.
    pub medium_interval: Days,
    /// The seeding density allowed.
    pub seeding_density: DensityRange,
    /// The highest coefficient of variation of replicate cell counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count_variation: Option<Percent>,
    /// Steps that a second person must check.
    #[serde(default)]
    pub checked_steps: Vec<Step>,
    /// What is recorded beside each step in which cells are open to the room; a photograph beside observations and
    /// passages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bench_records: Vec<BenchRecord>,
}

/// Something that is recorded beside a step in which cells are open to the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BenchRecord {
    /// Health and gowning of whoever works there.
    HealthAndGowning,
    /// Line clearance: nothing of another batch is left there.
    LineClearance,
    /// Minutes outside the incubator.
    MinutesOutside,
    /// Antibiotics in the medium.
    Antibiotics,
    /// Whose serum it is, where it is autologous.
    Serum,
    /// A photograph of each vessel that is observed or passaged, taken at most a day before or after.
    Photograph,
}

/// Days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DayRange {
    /// The least.
    pub least: Days,
    /// The most.
    pub most: Days,
}

/// Cells per cm², both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DensityRange {
    /// The least.
    pub least: CellsPerSquareCentimetre,
    /// The most.
    pub most: CellsPerSquareCentimetre,
}

/// Temperatures, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemperatureRange {
    /// The least.
    pub least: Celsius,
    /// The most.
    pub most: Celsius,
}

impl TemperatureRange {
    /// Whether both ends of a recorded range lie inside.
    pub fn holds(&self, least: Celsius, most: Celsius) -> bool {
        self.least.value() <= least.value()
            && most.value() <= self.most.value()
            && least.value() <= most.value()
    }
}

/// How the doublings of the primary culture are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum P0Doublings {
    /// From the viable cells seeded.
    FromSeeding,
    /// Not counted: attached stem cells are unknown among what was seeded.
    Zero,
}

/// A step that may need a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Receipt of tissue.
    TissueReceipt,
    /// Isolation and first seeding.
    Isolation,
    /// Passage.
    Passage,
    /// Harvest.
    Harvest,
    /// Fill.
    Fill,
    /// Thaw.
    Thaw,
    /// Label reconciliation.
    LabelReconciliation,
    /// Packing.
    Packing,
}

/// What one container holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dose {
    /// The fewest viable cells.
    pub least_cells: Cells,
    /// The most viable cells.
    pub most_cells: Cells,
    /// The highest concentration.
    pub most_concentration: CellsPerMillilitre,
}

/// How the product and its tissue are kept and moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keeping {
    /// Transport of the tissue to the centre; left out where a batch starts from a bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tissue: Option<Transport>,
    /// Fresh or frozen.
    pub form: Form,
    /// Storage of the product.
    pub storage: TemperatureRange,
    /// Transport of the product to the clinic.
    pub transport: Transport,
    /// The time the clinic needs before the infusion.
    pub preparation: Minutes,
}

/// A transport's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transport {
    /// Temperature on the way.
    pub temperature: TemperatureRange,
    /// The longest way.
    pub most_hours: Hours,
}

/// Fresh or frozen product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Form {
    /// Shipped as filled.
    Fresh {
        /// From fill to expiry.
        shelf_life: Hours,
    },
    /// Frozen after filling.
    Frozen {
        /// From fill to expiry while frozen.
        shelf_life: Days,
        /// From thaw to expiry.
        thawed: Hours,
    },
}

impl Form {
    /// Hours from fill to expiry.
    pub fn shelf_life_hours(self) -> rust_decimal::Decimal {
        match self {
            Form::Fresh { shelf_life } => shelf_life.value(),
            Form::Frozen { shelf_life, .. } => shelf_life.value() * rust_decimal::Decimal::from(24),
        }
    }
}

/// Whether cells of other batches may be pooled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Only vessels of the batch itself.
    WithinBatch,
    /// Batches of the same donor.
    SameDonor,
    /// Batches of several donors; records are then kept for 30 years.
    SeveralDonors,
}

/// One test of a standard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Its code, unique within the standard.
    pub code: Code,
    /// Its name in both languages.
    pub title: Title,
    /// What it shows.
    pub attribute: Attribute,
    /// What it is for.
    pub purpose: Purpose,
    /// What is sampled, and when.
    pub stage: Stage,
    /// The method, as results must name it.
    pub method: Short,
    /// The unit, as results must name it; left out for texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Short>,
    /// When it passes.
    pub criterion: Criterion,
    /// From sampling to report.
    pub turnaround: Hours,
    /// How long a passing result counts; for ever where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// How many readings one result has and how they are judged.
    #[serde(default)]
    pub replicates: Replicates,
    /// Whether positive and negative controls must be recorded with it.
    #[serde(default)]
    pub controls: bool,
    /// How many retests an investigation may order after a laboratory error; 0 forbids retesting.
    #[serde(default)]
    #[schemars(range(max = 10))]
    pub most_retests: u8,
}

/// What a test shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// The donor's infection panel.
    DonorPanel,
    /// That these are the cells they should be.
    Identity,
    /// Appearance.
    Appearance,
    /// Number of cells.
    Count,
    /// Viability.
    Viability,
    /// Endotoxin.
    Endotoxin,
    /// Mycoplasma.
    Mycoplasma,
    /// Sterility.
    Sterility,
    /// Chromosomes.
    Karyotype,
    /// Anything else.
    Other,
}

/// What a test is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Purpose {
    /// The gate asks for it (規格試験).
    Mandated,
    /// It reports after shipping (出荷後確認試験).
    Surveillance {
        /// The mandated test of the same attribute that it stands beside.
        beside: Code,
        /// What is done when it turns positive late.
        late_positive: Note,
    },
    /// Recorded only (参考).
    Information,
}

/// What is sampled, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stage {
    /// The donor, on the order.
    Donor,
    /// The tissue as received.
    Receipt,
    /// A culture vessel not longer before harvest than this.
    InProcess {
        /// The earliest sampling before harvest.
        within: Days,
    },
    /// The bank the batch comes from.
    Bank,
    /// Each harvest.
    Harvest,
    /// Each fill.
    Fill,
    /// Each thawed container.
    Thaw,
}

/// When a result passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Criterion {
    /// value ≥ limit.
    AtLeast(Number),
    /// value ≤ limit.
    AtMost(Number),
    /// value < limit.
    Below(Number),
    /// least ≤ value ≤ most.
    Between {
        /// The least.
        least: Number,
        /// The most.
        most: Number,
    },
    /// Nothing grew over the whole incubation; growth at any reading fails at once.
    NoGrowth {
        /// The incubation a passing reading needs.
        incubation: Hours,
    },
    /// The result is the word `negative`; `positive` fails.
    Negative,
    /// One of these texts passes; any other needs a signed interpretation.
    Text {
        /// The accepted variants.
        accepted: Vec<Short>,
    },
}

/// How long a passing result counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// How long.
    pub lasts: Days,
    /// From when.
    pub from: Anchor,
}

/// What a validity is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The sampling.
    Sampling,
    /// The report.
    Report,
}

/// How many readings one result has, and how they are judged. All of them must be present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replicates {
    /// How many.
    #[schemars(range(min = 1, max = 20))]
    pub number: u8,
    /// How they are judged.
    pub rule: ReplicateRule,
    /// The highest coefficient of variation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_variation: Option<Percent>,
}

impl Default for Replicates {
    fn default() -> Self {
        Self { number: 1, rule: ReplicateRule::Each, max_variation: None }
    }
}

/// How replicates are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplicateRule {
    /// Each must pass.
    Each,
    /// Their mean must pass; censored values are never averaged.
    Mean,
    /// The worst must pass.
    Worst,
}

impl Standard {
    /// The test with this code.
    pub fn test(&self, code: &Code) -> Option<&Test> {
        self.tests.iter().find(|test| test.code == *code)
    }

    /// The tests the gate asks for.
    pub fn mandated(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| test.purpose == Purpose::Mandated)
    }
}
