//! Filing a standard: a draft, its approval by a quality signature (refused with every fault of its content),
//! its retirement.

use super::{Attribute, Criterion, DonorKind, Form, Pooling, Purpose, Source, Stage, Standard, Test};
use crate::ids::StandardId;
use crate::refusal::{Impossible, Reason};
use crate::text::Note;
use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is asked of a standard's stream.
    pub enum Command {
        /// File a new version as a draft.
        Draft => "draft",
        /// Approve it by a quality signature.
        Approval => "approval",
        /// Retire it: no new batch may pin it.
        Retirement => "retirement",
    }
}

variants! {
    /// What is recorded of a standard.
    pub enum Event {
        /// A draft was filed.
        Draft => "drafted",
        /// It was approved.
        Approval => "approved",
        /// It was retired.
        Retirement => "retired",
    }
}

/// A version of a standard, filed as a draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its whole content.
    pub standard: Standard,
}

/// Approve a draft (O96).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Note>,
}

/// Retire a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retirement {
    /// Why.
    pub reason: Note,
}

/// A standard's version as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Which version.
    pub id: StandardId,
    /// Its content.
    pub standard: Standard,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a standard's version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Filed, not approved.
    Draft,
    /// Approved: batches may pin it.
    Approved,
    /// Retired: batches that pinned it keep it, no new one may.
    Retired,
}

impl Filed {
    /// Applies one entry.
    ///
    /// # Errors
    /// A history that cannot have happened.
    pub fn evolve(state: Option<Filed>, id: StandardId, event: &Event) -> Result<Filed, Impossible> {
        match (state, event) {
            (None, Event::Draft(draft)) => {
                Ok(Filed { id, standard: draft.standard.clone(), standing: Standing::Draft })
            }
            (Some(filed), Event::Approval(_)) if filed.standing == Standing::Draft => {
                Ok(Filed { standing: Standing::Approved, ..filed })
            }
            (Some(filed), Event::Retirement(_)) => Ok(Filed { standing: Standing::Retired, ..filed }),
            _ => Err(Impossible::new("a standard is drafted once, then approved, then retired")),
        }
    }
}

/// Decides a command on a standard.
///
/// # Errors
/// Every reason why not.
pub fn decide(filed: Option<&Filed>, command: &Command) -> Result<Event, Vec<Reason>> {
    match (filed, command) {
        (None, Command::Draft(draft)) => Ok(Event::Draft(draft.clone())),
        (None, _) => Err(vec![Reason::NotFound]),
        (Some(_), Command::Draft(_)) => Err(vec![Reason::AlreadyDone]),
        (Some(filed), Command::Approval(approval)) => {
            let mut reasons = filed.standard.faults();
            if filed.standing != Standing::Draft {
                reasons.push(Reason::AlreadyDone);
            }
            if reasons.is_empty() { Ok(Event::Approval(approval.clone())) } else { Err(reasons) }
        }
        (Some(filed), Command::Retirement(retirement)) => match filed.standing {
            Standing::Retired => Err(vec![Reason::AlreadyDone]),
            Standing::Draft | Standing::Approved => Ok(Event::Retirement(retirement.clone())),
        },
    }
}

impl Standard {
    /// Everything that keeps this content from being approved: each attribute that must be mandated, each
    /// surveillance test that stands alone, each test that cannot report in time, each limit upside down.
    pub fn faults(&self) -> Vec<Reason> {
        let mut faults = Vec::new();
        let fault = |what: StandardFault, test: Option<&Test>| Reason::StandardFault {
            fault: what,
            test: test.map(|test| test.code.clone()),
        };
        for attribute in REQUIRED {
            if !self.mandated().any(|test| test.attribute == attribute) {
                faults.push(Reason::AttributeNotMandated { attribute });
            }
        }
        let on_fill = |test: &Test| matches!(test.stage, Stage::Fill);
        if !self.mandated().any(|test| test.attribute == Attribute::Sterility && on_fill(test)) {
            faults.push(fault(StandardFault::NoSterilityOnFill, None));
        }
        for (index, test) in self.tests.iter().enumerate() {
            if self.tests[..index].iter().any(|other| other.code == test.code) {
                faults.push(fault(StandardFault::CodeTwice, Some(test)));
            }
            if let Purpose::Surveillance { beside, .. } = &test.purpose {
                let partner = self.test(beside);
                let fits =
                    partner.is_some_and(|p| p.purpose == Purpose::Mandated && p.attribute == test.attribute);
                if !fits {
                    faults.push(fault(StandardFault::SurveillanceAlone, Some(test)));
                }
            }
            if test.purpose == Purpose::Mandated && !self.reports_in_time(test) {
                faults.push(fault(StandardFault::ReportsTooLate, Some(test)));
            }
            if test.stage == Stage::Bank && self.source != Source::Bank {
                faults.push(fault(StandardFault::NoBank, Some(test)));
            }
            if (test.stage == Stage::Donor) != (test.attribute == Attribute::DonorPanel) {
                faults.push(fault(StandardFault::DonorStage, Some(test)));
            }
            if let Criterion::Between { least, most } = &test.criterion
                && least.0 > most.0
            {
                faults.push(fault(StandardFault::LimitsUpsideDown, Some(test)));
            }
            if let Criterion::NoGrowth { incubation } = &test.criterion
                && incubation.value() > test.turnaround.value()
            {
                faults.push(fault(StandardFault::IncubationBeyondTurnaround, Some(test)));
            }
            if test.replicates.number == 0 {
                faults.push(fault(StandardFault::NoReplicate, Some(test)));
            }
        }
        if matches!(self.keeping.form, Form::Frozen { .. })
            && !self
                .mandated()
                .any(|test| test.attribute == Attribute::Viability && test.stage == Stage::Thaw)
            && self.mandated().any(|test| test.stage == Stage::Thaw)
        {
            faults.push(fault(StandardFault::NoViabilityAfterThaw, None));
        }
        let density = self.process.seeding_density;
        let days_wrong = self.process.culture_days.is_some_and(|days| days.least.value() > days.most.value());
        let tissue = self.keeping.tissue.map(|transport| transport.temperature);
        let kept = [self.keeping.storage, self.keeping.transport.temperature];
        let mut temperatures = kept.into_iter().chain(tissue);
        let upside_down = density.least.value() > density.most.value()
            || days_wrong
            || self.dose.least_cells.value() > self.dose.most_cells.value()
            || temperatures.any(|range| range.least.value() > range.most.value());
        if upside_down {
            faults.push(fault(StandardFault::LimitsUpsideDown, None));
        }
        if self.growth.as_ref().is_some_and(|growth| !growth.is_possible()) {
            faults.push(fault(StandardFault::GrowthImpossible, None));
        }
        if self.source == Source::Tissue && self.keeping.tissue.is_none() {
            faults.push(fault(StandardFault::NoTissueTransport, None));
        }
        if !matches!(self.retention_years, 10 | 30)
            || (self.pooling == Pooling::SeveralDonors || self.donor == DonorKind::Allogeneic)
                && self.retention_years != 30
        {
            faults.push(fault(StandardFault::Retention, None));
        }
        faults
    }

    /// Whether sampling time plus turn-around fits before expiry less transport and preparation.
    fn reports_in_time(&self, test: &Test) -> bool {
        use rust_decimal::Decimal;
        let ahead = match test.stage {
            Stage::InProcess { within } => within.value() * Decimal::from(24),
            Stage::Donor | Stage::Receipt | Stage::Bank => return true,
            Stage::Harvest | Stage::Fill => Decimal::ZERO,
            // The clock of a thawed container starts anew.
            Stage::Thaw => match self.keeping.form {
                Form::Frozen { thawed, .. } => {
                    let left = thawed.value() - self.after_release();
                    return test.turnaround.value() <= left;
                }
                Form::Fresh { .. } => return false,
            },
        };
        test.turnaround.value() <= ahead + self.keeping.form.shelf_life_hours() - self.after_release()
    }

    fn after_release(&self) -> rust_decimal::Decimal {
        use rust_decimal::Decimal;
        self.keeping.transport.most_hours.value() + self.keeping.preparation.value() / Decimal::from(60)
    }
}

/// The attributes of which each needs a mandated test before a standard can be approved.
pub const REQUIRED: [Attribute; 8] = [
    Attribute::DonorPanel,
    Attribute::Identity,
    Attribute::Appearance,
    Attribute::Count,
    Attribute::Viability,
    Attribute::Endotoxin,
    Attribute::Mycoplasma,
    Attribute::Sterility,
];

/// What is wrong with a standard's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StandardFault {
    /// No mandated sterility test on every fill.
    NoSterilityOnFill,
    /// Two tests share a code.
    CodeTwice,
    /// A surveillance test without a mandated one of the same attribute.
    SurveillanceAlone,
    /// A mandated test that reports after expiry less transport and preparation.
    ReportsTooLate,
    /// A test of the bank in a standard that starts from tissue.
    NoBank,
    /// The donor panel is the one test made on the donor.
    DonorStage,
    /// A lower limit above its upper one.
    LimitsUpsideDown,
    /// An incubation longer than the turn-around.
    IncubationBeyondTurnaround,
    /// A test without any reading.
    NoReplicate,
    /// Thawed containers are tested, but not for viability.
    NoViabilityAfterThaw,
    /// Tissue without transport limits.
    NoTissueTransport,
    /// Cells cannot grow as it is expected.
    GrowthImpossible,
    /// Records kept neither 10 nor 30 years, or other people's cells for fewer than 30.
    Retention,
}
