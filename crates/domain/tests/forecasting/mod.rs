//! Cultures made of folded facts, quickly enough for thousands: by hand for the cases, by chance for the bands.

#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod chance;
pub mod page;

use baiyo_domain::batch::culture::{
    BankSeeded, BankSeeding, Counting, Isolated, Isolation, NewVessel, Passage, Passaged, VesselDiscard,
};
use baiyo_domain::batch::filling::{Harvest, HarvestDone};
use baiyo_domain::batch::intake::{BankDraw, Opened, ParentNoted};
use baiyo_domain::batch::lineage::ParentStanding;
use baiyo_domain::batch::{Batch, Event, Performed, Stamp};
use baiyo_domain::ids::*;
use baiyo_domain::journal::Hash;
use baiyo_domain::order::{ConsentStanding, OrderStanding, Purpose};
use baiyo_domain::quantity::{Count, Number, Replicate};
use baiyo_domain::standard::Standard;
use baiyo_domain::time::Time;
use chrono::TimeDelta;
use uuid::Uuid;

/// Any text or quantity from its digits or words.
pub fn of<T: TryFrom<String>>(text: &str) -> T {
    T::try_from(text.to_string()).unwrap_or_else(|_| panic!("{text:?} does not fit"))
}

/// A quantity in whole numbers.
pub fn q<T: TryFrom<Number>>(whole: i64) -> T {
    T::try_from(Number::from(whole)).unwrap_or_else(|_| panic!("{whole} does not fit"))
}

/// One of the product's standards.
pub fn standard(name: &str) -> Standard {
    let path = format!("{}/../../config/standards/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// When every culture here begins.
pub fn day_zero() -> Time {
    "2026-01-05T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
}

/// So many days later.
pub fn after(from: Time, days: f64) -> Time {
    #[allow(clippy::cast_possible_truncation, reason = "a culture has few seconds")]
    let seconds = (days * 86_400.0).round() as i64;
    from.plus(TimeDelta::seconds(seconds))
}

/// A batch that grows by facts, recorded when they happen.
#[derive(Clone)]
pub struct Bench {
    id: BatchId,
    label: Label,
    vessels: u16,
    history: Vec<(Stamp, Event)>,
}

impl Bench {
    /// An opened batch of a standard.
    pub fn open(standard: &Standard, at: Time, bank: Option<BankDraw>) -> Self {
        let label = Label::new(LabelKind::Batch, &of("TKYO"), 26, 7).unwrap();
        let opened = Opened {
            label: label.clone(),
            order: OrderId(Uuid::from_u128(1)),
            purpose: Purpose::Therapy,
            clinic: ClinicId(Uuid::from_u128(2)),
            patient: PatientId(Uuid::from_u128(3)),
            pseudonym: of("P-1"),
            standard_id: StandardId(Uuid::from_u128(4)),
            standard: standard.clone(),
            order_standing: OrderStanding {
                active: true,
                plan_active: true,
                consent: ConsentStanding::InForce { version: of("1") },
                screening: None,
                window: None,
            },
            bank,
        };
        let mut bench = Self { id: BatchId(Uuid::from_u128(5)), label, vessels: 0, history: Vec::new() };
        bench.record(at, baiyo_domain::batch::intake::Event::from(opened).into());
        bench
    }

    /// Records a fact.
    pub fn record(&mut self, at: Time, event: Event) {
        let version = u32::try_from(self.history.len() + 1).unwrap();
        let person = PersonId(Uuid::from_u128(6));
        let stamp = Stamp {
            entry: EntryId(Uuid::from_u128(u128::from(version) + 100)),
            version,
            hash: Hash::ZERO,
            occurred_at: at,
            recorded_at: at,
            performer: person,
            recorder: person,
        };
        self.history.push((stamp, event));
    }

    /// The batch as it stands.
    pub fn batch(&self) -> Batch {
        Batch::fold(self.id, &self.history).unwrap()
    }

    fn next(&mut self, number: usize) -> Vec<VesselNo> {
        (0..number)
            .map(|_| {
                self.vessels = self.label.next_part(LabelKind::Vessel, self.vessels + 1);
                VesselNo(self.vessels)
            })
            .collect()
    }

    /// The label of a vessel.
    pub fn label(&self, vessel: VesselNo) -> Label {
        self.label.part(LabelKind::Vessel, vessel.0).unwrap()
    }

    fn labels(&self, vessels: &[VesselNo]) -> Vec<Label> {
        vessels.iter().map(|no| self.label(*no)).collect()
    }

    /// Isolates cells into vessels with so many each.
    pub fn isolate(&mut self, at: Time, cells: &[i64]) -> Vec<VesselNo> {
        let vessels = self.next(cells.len());
        let form = Isolation {
            performed: Performed::default(),
            method: of("collagenase"),
            digestion: q(45),
            count: count(cells[0]),
            into: into(cells),
        };
        let fact = Isolated { form, vessels: vessels.clone() };
        self.record(at, baiyo_domain::batch::culture::Event::from(fact).into());
        vessels
    }

    /// Thaws a bank's container into vessels with so many cells each.
    pub fn thaw(&mut self, at: Time, bank: BatchId, cells: &[i64]) -> Vec<VesselNo> {
        let standing = ParentStanding {
            container: Some(ContainerNo(1)),
            passage: 1,
            doublings: Some(q(5)),
            screening: None,
            met: Vec::new(),
            failed: Vec::new(),
            held: false,
        };
        let noted = ParentNoted { batch: bank, standing };
        self.record(at, baiyo_domain::batch::intake::Event::from(noted).into());
        let vessels = self.next(cells.len());
        let form = BankSeeding {
            performed: Performed::default(),
            container: self.label.part(LabelKind::Dose, 1).unwrap(),
            count: count(cells[0]),
            into: into(cells),
        };
        let fact = BankSeeded { form, bank, vessels: vessels.clone() };
        self.record(at, baiyo_domain::batch::culture::Event::from(fact).into());
        vessels
    }

    /// Passages vessels.
    pub fn passage(&mut self, at: Time, from: &[VesselNo], counted: i64, cells: &[i64]) -> Vec<VesselNo> {
        let vessels = self.next(cells.len());
        let form = Passage {
            performed: Performed::default(),
            from: self.labels(from),
            enzyme: q(5),
            count: count(counted),
            other_denominator: None,
            into: into(cells),
            discarded_cells: None,
            not_applicable: Default::default(),
        };
        let fact = Passaged { form, vessels: vessels.clone() };
        self.record(at, baiyo_domain::batch::culture::Event::from(fact).into());
        vessels
    }

    /// Counts vessels together, which stay in culture.
    pub fn count(&mut self, at: Time, vessels: &[VesselNo], counted: i64) {
        let form = Counting {
            performed: Performed::default(),
            vessels: self.labels(vessels),
            count: count(counted),
        };
        self.record(at, baiyo_domain::batch::culture::Event::from(form).into());
    }

    /// Discards vessels.
    pub fn discard(&mut self, at: Time, vessels: &[VesselNo]) {
        let form = VesselDiscard {
            performed: Performed::default(),
            vessels: self.labels(vessels),
            reason: of("turbid"),
        };
        self.record(at, baiyo_domain::batch::culture::Event::from(form).into());
    }

    /// Harvests vessels.
    pub fn harvest(&mut self, at: Time, from: &[VesselNo], counted: i64) -> HarvestNo {
        let harvest = HarvestNo(u16::try_from(self.batch().harvests.len() + 1).unwrap());
        let form = Harvest {
            performed: Performed::default(),
            vessels: self.labels(from),
            enzyme: q(5),
            count: count(counted),
            other_denominator: None,
            washes: 3,
            volume: q(100),
        };
        let fact = HarvestDone { form, harvest };
        self.record(at, baiyo_domain::batch::filling::Event::from(fact).into());
        harvest
    }
}

/// One reading of so many cells.
pub fn count(cells: i64) -> Count {
    Count {
        method: of("NucleoCounter"),
        replicates: vec![Replicate { live: q(cells), dead: None }],
        factor: q(1),
    }
}

/// Vessels with so many cells each.
pub fn into(cells: &[i64]) -> Vec<NewVessel> {
    let vessel = |cells: &i64| NewVessel {
        ware: of("CellSTACK"),
        area: q(1500),
        viable_cells: q(*cells),
        incubator: of("INC-1"),
        position: of("1"),
    };
    cells.iter().map(vessel).collect()
}
