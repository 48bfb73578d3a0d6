//! The course of a batch, from the order to a closed record: healthy unless a test says otherwise, stoppable at
//! any step, at plausible times.

use super::{Centre, of, q};
use baiyo_domain::batch::culture::{BankSeeding, Isolation, MediumChange, NewVessel, Passage, VesselState};
use baiyo_domain::batch::filling::{Fill, Freezing, Harvest, LabelReconciliation, NewContainer};
use baiyo_domain::batch::intake::{BankDraw, Instruction, Opening, ReceiptDecision, TissueReceipt};
use baiyo_domain::batch::{self, Performed, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::journal::Hash;
use baiyo_domain::order::{
    Analyte, AnalyteResult, Consent, DonorScreening, Finding, Placement, Plan, PlanClass, Purpose,
};
use baiyo_domain::quantity::{Count, Replicate};
use baiyo_domain::standard::{Form, Source, Stage, Standard, Step, Test};

/// How far a course goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    Ordered,
    Opened,
    Received,
    Isolated,
    Passaged,
    Harvested,
    Filled,
    Tested,
    Confirmed,
    Released,
}

/// How labels are reconciled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    Right,
    NotAtAll,
    OneLost,
}

/// A course; the default is healthy and ends releasable.
#[derive(Clone, Debug)]
pub struct Course {
    pub standard: &'static str,
    pub until: Until,
    pub patient: Option<PatientId>,
    pub bank: Option<BankDraw>,
    pub consent: bool,
    pub panel: Vec<(Analyte, Finding)>,
    pub screened_days_ago: i64,
    pub instruction: bool,
    pub passages: u8,
    /// Days in P0 and in each passage.
    pub days_each: i64,
    /// Live cells read at each count, in millions.
    pub live: &'static str,
    pub harvest_live: &'static str,
    /// Viable cells per container and its millilitres; nothing for a dose in the middle of the standard's.
    pub containers: Vec<(&'static str, &'static str)>,
    pub freeze: bool,
    pub labels: Labels,
    /// Tests that nobody samples, reports, verifies.
    pub unsampled: Vec<&'static str>,
    pub unreported: Vec<&'static str>,
    pub unverified: Vec<&'static str>,
    /// Steps without their second person.
    pub unchecked: Vec<Step>,
    /// Whether named persons confirm their parts.
    pub parts_confirmed: bool,
    pub manufacturing: bool,
    pub quality: bool,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            standard: "adipose-msc-autologous-fresh",
            until: Until::Confirmed,
            patient: None,
            bank: None,
            consent: true,
            panel: [
                Analyte::Hbv,
                Analyte::Hcv,
                Analyte::Hiv,
                Analyte::Htlv1,
                Analyte::Syphilis,
                Analyte::ParvovirusB19,
            ]
            .map(|analyte| (analyte, Finding::Negative))
            .to_vec(),
            screened_days_ago: 7,
            instruction: true,
            passages: 2,
            days_each: 7,
            live: "60",
            harvest_live: "240",
            containers: Vec::new(),
            freeze: true,
            labels: Labels::Right,
            unsampled: Vec::new(),
            unreported: Vec::new(),
            unverified: Vec::new(),
            unchecked: Vec::new(),
            parts_confirmed: true,
            manufacturing: true,
            quality: true,
        }
    }
}

impl Course {
    pub fn of(standard: &'static str) -> Self {
        Self { standard, ..Self::default() }
    }

    pub fn until(self, until: Until) -> Self {
        Self { until, ..self }
    }

    fn purpose(&self, standard: &Standard) -> Purpose {
        match (standard.source, standard.donor) {
            (Source::Tissue, baiyo_domain::standard::DonorKind::Allogeneic) => Purpose::Banking,
            _ => Purpose::Therapy,
        }
    }
}

/// A cell count with two readings of so many millions.
pub fn count(live: &str) -> Count {
    let reading = Replicate { live: q(live), dead: Some(q("2")) };
    Count { method: of("NucleoCounter"), replicates: vec![reading.clone(), reading], factor: q("1000000") }
}

/// Vessels seeded with 5,000 viable cells per cm².
pub fn vessels(number: usize) -> Vec<NewVessel> {
    let vessel = |index| NewVessel {
        ware: of("CellSTACK"),
        area: q("1500"),
        viable_cells: q("7500000"),
        incubator: of("INC-1"),
        position: of(&format!("shelf {index}")),
    };
    (1..=number).map(vessel).collect()
}

impl Centre {
    /// Runs a course.
    pub fn make(&mut self, course: &Course) -> BatchId {
        let batch = self.start(course);
        self.carry_on(course, batch);
        batch
    }

    /// Runs a course from its opened batch on; so that others may make it than whoever opened it.
    pub fn carry_on(&mut self, course: &Course, batch: BatchId) {
        if course.until >= Until::Received {
            self.receive_tissue(course, batch);
        }
        if course.until >= Until::Isolated {
            self.grow(course, batch);
        }
        if course.until >= Until::Harvested {
            self.harvest_all(course, batch);
        }
        if course.until >= Until::Filled {
            self.fill_all(course, batch);
        }
        if course.until >= Until::Tested {
            self.test_all(course, batch);
        }
        if course.until >= Until::Confirmed {
            self.confirm(course, batch);
        }
        if course.until >= Until::Released {
            self.release(batch).unwrap();
        }
    }

    /// Places the order with consent and screening.
    pub fn place_order(&mut self, course: &Course, purpose: Purpose) -> OrderId {
        let order = OrderId(self.id());
        let patient = course.patient.unwrap_or(PatientId(self.id()));
        let coordinator = self.staff.coordinator;
        let placement = Placement {
            purpose,
            patient,
            personal_data: Hash::of(b"encrypted"),
            pseudonym: of(&format!("P-{}", patient.0.as_u128())),
            plan: Plan { number: of("PB3190001"), class: PlanClass::Two },
            window: None,
        };
        self.order(coordinator, order, placement).unwrap();
        if course.consent {
            let consent = Consent { version: of("2.1"), signed_at: self.now };
            self.order(coordinator, order, consent).unwrap();
        }
        if !course.panel.is_empty() {
            let screening = self.screening(&course.panel, course.screened_days_ago);
            self.order(coordinator, order, screening).unwrap();
        }
        order
    }

    pub fn screening(&self, panel: &[(Analyte, Finding)], days_ago: i64) -> DonorScreening {
        let results =
            panel.iter().map(|(analyte, finding)| AnalyteResult { analyte: *analyte, finding: *finding });
        DonorScreening {
            sampled_at: self.now.plus_hours(-24 * days_ago),
            laboratory: of("Example laboratory"),
            results: results.collect(),
        }
    }

    /// Places the order, opens the batch and signs its instruction.
    pub fn start(&mut self, course: &Course) -> BatchId {
        let standard_id = self.standard(course.standard);
        let standard = Self::read_or_state(self, standard_id);
        let order = self.place_order(course, course.purpose(&standard));
        let batch = BatchId(self.id());
        let lead = self.staff.lead;
        self.batch(lead, batch, Opening { order, standard: standard_id, bank: course.bank }).unwrap();
        if course.instruction {
            self.batch(lead, batch, instruction()).unwrap();
        }
        batch
    }

    fn read_or_state(centre: &Centre, id: StandardId) -> Standard {
        use baiyo_domain::journal::{StreamId, StreamKind};
        let stream = StreamId { kind: StreamKind::Standard, id: id.0 };
        let mut world = baiyo_domain::world::World::default();
        world.load(stream, centre.entries(stream)).unwrap();
        world.standards[&id].standard.clone()
    }

    /// The head of a step: the technician, checked by the lead where the course says so.
    pub fn head(&self, course: &Course, step: Step) -> Performed {
        let checked_by = (!course.unchecked.contains(&step)).then_some(self.staff.lead);
        Performed { checked_by, ..Performed::default() }
    }

    /// A step at the bench: recorded by the technician, its parts confirmed by those named.
    pub fn bench(&mut self, course: &Course, batch: BatchId, form: impl Into<batch::Command>) -> EntryId {
        let entry = self.batch(self.staff.technician, batch, form).unwrap()[0];
        if course.parts_confirmed {
            self.confirm_parts(batch);
        }
        entry
    }

    fn receive_tissue(&mut self, course: &Course, batch: BatchId) {
        let state = self.state(batch);
        if state.standard().source == Source::Bank {
            return;
        }
        self.hours(4);
        let mut form = self.tissue(batch);
        form.performed = self.head(course, Step::TissueReceipt);
        self.bench(course, batch, form);
        self.sample(course, batch, Stage::Receipt, &[Subject::Tissue]);
    }

    /// A sound receipt of the right tissue.
    pub fn tissue(&self, batch: BatchId) -> TissueReceipt {
        let state = self.state(batch);
        TissueReceipt {
            performed: Performed::default(),
            order_label: self.order_label(state.opened.order),
            pseudonym: state.opened.pseudonym.clone(),
            collected_at: self.now.plus_hours(-3),
            site: of("abdomen"),
            seal_intact: true,
            least_temperature: q("4"),
            most_temperature: q("8"),
            transport: q("2"),
            mass: q("120"),
            appearance: of("yellow, clear"),
            decision: ReceiptDecision::Accepted,
        }
    }

    fn grow(&mut self, course: &Course, batch: BatchId) {
        let performed = self.head(course, Step::Isolation);
        match course.bank {
            None => {
                let into = vessels(2);
                let form = Isolation {
                    performed,
                    method: of("collagenase 0.1 %, 37 °C"),
                    digestion: q("45"),
                    count: count("20"),
                    into,
                };
                self.bench(course, batch, form);
            }
            Some(draw) => {
                let container = self.dose(draw.batch, draw.container);
                let form = BankSeeding { performed, container, count: count("20"), into: vessels(2) };
                self.bench(course, batch, form);
            }
        }
        if course.until < Until::Passaged {
            return;
        }
        for _ in 0..course.passages {
            self.feed(course, batch);
            let performed = self.head(course, Step::Passage);
            let form = Passage {
                performed,
                from: self.in_culture(batch),
                enzyme: q("5"),
                count: count(course.live),
                other_denominator: None,
                into: vessels(2),
                discarded_cells: None,
                not_applicable: Default::default(),
            };
            self.bench(course, batch, form);
        }
    }

    /// Half of a passage's days, fresh medium, and the other half.
    fn feed(&mut self, course: &Course, batch: BatchId) {
        self.hours(12 * course.days_each);
        self.change_medium(course, batch);
        self.hours(12 * course.days_each);
    }

    /// Fresh medium for every vessel in culture.
    pub fn change_medium(&mut self, course: &Course, batch: BatchId) {
        let vessels = self.in_culture(batch);
        self.bench(
            course,
            batch,
            MediumChange { performed: Performed::default(), vessels, volume: q("200") },
        );
    }

    /// The labels of the vessels in culture.
    pub fn in_culture(&self, batch: BatchId) -> Vec<Label> {
        let state = self.state(batch);
        let vessels = state.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
        vessels.map(|vessel| state.opened.label.part(LabelKind::Vessel, vessel.no.0).unwrap()).collect()
    }

    fn harvest_all(&mut self, course: &Course, batch: BatchId) {
        let state = self.state(batch);
        let in_culture = state.vessels.values().filter(|vessel| vessel.state == VesselState::InCulture);
        let subjects: Vec<Subject> = in_culture.map(|vessel| Subject::Vessel(vessel.no)).collect();
        let mut in_process: Vec<Stage> = state.standard().tests.iter().map(|test| test.stage).collect();
        in_process.retain(|stage| matches!(stage, Stage::InProcess { .. }));
        in_process.dedup();
        let within = |stage: &Stage| match stage {
            Stage::InProcess { within } => within.value().try_into().unwrap_or(0i64),
            _ => 0,
        };
        // Sampled a day inside the span before harvest; fresh medium half-way through the last passage.
        let mut due: Vec<(i64, Option<Stage>)> =
            in_process.into_iter().map(|stage| ((within(&stage) - 1) * 24, Some(stage))).collect();
        due.push((course.days_each * 12, None));
        due.sort_by_key(|(before_harvest, _)| -before_harvest);
        let mut left = course.days_each * 24;
        for (before_harvest, stage) in due {
            self.hours((left - before_harvest).max(0));
            left = left.min(before_harvest);
            match stage {
                Some(stage) => self.sample(course, batch, stage, &subjects),
                None => self.change_medium(course, batch),
            }
        }
        self.hours(left);
        let performed = self.head(course, Step::Harvest);
        let form = Harvest {
            performed,
            vessels: self.in_culture(batch),
            enzyme: q("5"),
            count: count(course.harvest_live),
            other_denominator: None,
            washes: 3,
            volume: q("100"),
        };
        self.bench(course, batch, form);
        let last = *self.state(batch).harvests.keys().last().unwrap();
        self.sample(course, batch, Stage::Harvest, &[Subject::Harvest(last)]);
    }

    fn fill_all(&mut self, course: &Course, batch: BatchId) {
        let state = self.state(batch);
        let standard = state.standard();
        let typical = if standard.dose.least_cells.value() < rust_decimal::Decimal::from(5_000_000) {
            ("5000000", "1")
        } else {
            ("100000000", "40")
        };
        let wanted = if course.containers.is_empty() { vec![typical; 2] } else { course.containers.clone() };
        let container = |(cells, volume): &(&str, &str)| NewContainer {
            ware: of("50 mL bag"),
            volume: q(volume),
            viable_cells: q(cells),
        };
        let performed = self.head(course, Step::Fill);
        let harvests = vec![*state.harvests.keys().last().unwrap()];
        let containers = wanted.iter().map(container).collect();
        self.bench(course, batch, Fill { performed, harvests, containers, expires_at: None });
        let fill = *self.state(batch).fills.keys().last().unwrap();
        self.sample(course, batch, Stage::Fill, &[Subject::Fill(fill)]);
        if matches!(standard.keeping.form, Form::Frozen { .. }) && course.freeze {
            let form = Freezing {
                performed: Performed::default(),
                containers: self.doses(batch),
                protectant: of("10 % DMSO"),
                programme: of("−1 °C/min"),
            };
            self.bench(course, batch, form);
        }
        if course.labels != Labels::NotAtAll {
            let form = self.reconciliation(course, batch, fill);
            self.bench(course, batch, form);
        }
    }

    /// The reconciliation of a fill's labels.
    pub fn reconciliation(&self, course: &Course, batch: BatchId, fill: FillNo) -> LabelReconciliation {
        let state = self.state(batch);
        let label = |no: &ContainerNo| state.opened.label.part(LabelKind::Dose, no.0).unwrap();
        let applied: Vec<Label> = state.fills[&fill].containers.iter().map(label).collect();
        let lost = u16::from(course.labels == Labels::OneLost);
        LabelReconciliation {
            performed: self.head(course, Step::LabelReconciliation),
            fill,
            printed: u16::try_from(applied.len()).unwrap() + 1 + lost,
            applied,
            destroyed: 1,
            remark: None,
        }
    }

    /// From passages on to where the course ends.
    pub fn finish(&mut self, course: &Course, batch: BatchId) {
        self.harvest_all(course, batch);
        self.fill_all(course, batch);
        self.test_rest(course, batch);
    }

    /// Waits for and enters what a course stopped after its fill still lacks.
    pub fn test_rest(&mut self, course: &Course, batch: BatchId) {
        self.test_all(course, batch);
        self.confirm(course, batch);
    }

    fn test_all(&mut self, course: &Course, batch: BatchId) {
        let standard = self.state(batch).standard().clone();
        let mandated: Vec<Test> = standard.mandated().cloned().collect();
        let fresh = matches!(standard.keeping.form, Form::Fresh { .. });
        self.hours(if fresh { 21 } else { 15 * 24 });
        for test in
            mandated.iter().filter(|test| !matches!(test.stage, Stage::Donor | Stage::Bank | Stage::Thaw))
        {
            let named = |list: &[&str]| list.contains(&test.code.as_str());
            if named(&course.unsampled) || named(&course.unreported) {
                continue;
            }
            let Some(sample) = self.last_sample(batch, &test.code) else { continue };
            let result = self.report(batch, sample, test);
            if !named(&course.unverified) {
                self.verify(self.staff.releaser, batch, result).unwrap();
            }
        }
    }

    /// Both confirmations of the record.
    pub fn confirm(&mut self, course: &Course, batch: BatchId) {
        use baiyo_domain::batch::disposition::{ManufacturingConfirmation, QualityConfirmation};
        if course.manufacturing {
            self.batch(self.staff.lead, batch, ManufacturingConfirmation { remark: None }).unwrap();
        }
        if course.manufacturing && course.quality {
            self.batch(self.staff.releaser, batch, QualityConfirmation { remark: None }).unwrap();
        }
    }
}

/// A manufacturing instruction.
pub fn instruction() -> Instruction {
    Instruction {
        instructions: of("culture as the standard says"),
        cautions: None,
        planned_harvest: None,
        not_applicable: Default::default(),
    }
}
