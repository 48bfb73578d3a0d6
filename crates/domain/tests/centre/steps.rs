//! Single steps with sensible defaults: samples and results, decisions, and the way from the store to the bedside.

use super::{Centre, Course, of, q};
use baiyo_domain::batch::Command as Form;
use baiyo_domain::batch::correction::Correction;
use baiyo_domain::batch::disposition::{Deciding, Decision, Lifting, PartConfirmation};
use baiyo_domain::batch::distribution::{
    AdministrationDecision, Allocation, BedsideCheck, Closing, Infusion, Packing, Receipt, ReceivingCheck,
    Shipment, ShippingCheck,
};
use baiyo_domain::batch::results::{ControlOutcome, Controls};
use baiyo_domain::batch::testing::{
    Conclusion, Interpretation, Investigation, ResultForm, Sampling, Verification,
};
use baiyo_domain::batch::{Performed, Subject};
use baiyo_domain::ids::*;
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::quality_event::{Assessment, Closing as EventClosing, Impact};
use baiyo_domain::refusal::Refusal;
use baiyo_domain::standard::{Code, Criterion, Stage, Test};
use baiyo_domain::world::World;

type Done = Result<Vec<EntryId>, Refusal>;

/// Controls that came out as they should.
pub const GOOD: Controls =
    Controls { positive: ControlOutcome::AsExpected, negative: ControlOutcome::AsExpected };

impl Centre {
    /// An order's label.
    pub fn order_label(&self, order: OrderId) -> Label {
        let stream = StreamId { kind: StreamKind::Order, id: order.0 };
        let mut world = World::default();
        world.load(stream, self.entries(stream)).unwrap();
        world.orders[&order].placed.label.clone()
    }

    /// A container's label.
    pub fn dose(&self, batch: BatchId, container: ContainerNo) -> Label {
        self.state(batch).opened.label.part(LabelKind::Dose, container.0).unwrap()
    }

    /// The labels of all containers.
    pub fn doses(&self, batch: BatchId) -> Vec<Label> {
        self.containers(batch).into_iter().map(|no| self.dose(batch, no)).collect()
    }

    /// The numbers of all containers.
    pub fn containers(&self, batch: BatchId) -> Vec<ContainerNo> {
        self.state(batch).containers.keys().copied().collect()
    }

    /// The first container.
    pub fn first(&self, batch: BatchId) -> ContainerNo {
        self.containers(batch)[0]
    }

    /// Everybody named confirms his part.
    pub fn confirm_parts(&mut self, batch: BatchId) {
        for (entry, person, _) in self.state(batch).unconfirmed_parts() {
            self.batch(person, batch, PartConfirmation { entry }).unwrap();
        }
    }

    /// Takes one sample for all tests of a stage.
    pub fn sample(&mut self, course: &Course, batch: BatchId, stage: Stage, subjects: &[Subject]) {
        let state = self.state(batch);
        let wanted = |test: &&Test| test.stage == stage && !course.unsampled.contains(&test.code.as_str());
        let tests: Vec<Code> = state.standard().tests.iter().filter(wanted).map(|t| t.code.clone()).collect();
        if !tests.is_empty() {
            self.sample_for(batch, subjects, &tests).unwrap();
        }
    }

    /// Takes a sample.
    pub fn sample_for(
        &mut self,
        batch: BatchId,
        subjects: &[Subject],
        tests: &[Code],
    ) -> Result<SampleNo, Refusal> {
        let form = Sampling {
            performed: Performed::default(),
            subjects: subjects.to_vec(),
            tests: tests.to_vec(),
            quantity: Some(of("2 mL")),
            not_applicable: Default::default(),
        };
        self.batch(self.staff.analyst, batch, form)?;
        Ok(*self.state(batch).samples.keys().last().unwrap())
    }

    /// The newest sample for a test.
    pub fn last_sample(&self, batch: BatchId, test: &Code) -> Option<SampleNo> {
        let state = self.state(batch);
        let mut samples = state.samples.iter().rev().filter(|(_, sample)| sample.form.tests.contains(test));
        samples.next().map(|(no, _)| *no)
    }

    /// The test of a batch's standard.
    pub fn test(&self, batch: BatchId, code: &str) -> Test {
        self.state(batch).standard().test(&of(code)).unwrap().clone()
    }

    /// A form for a sample with these values.
    pub fn result_form(&self, batch: BatchId, sample: SampleNo, test: &Test, values: &[&str]) -> ResultForm {
        let sampled_at = self.state(batch).samples[&sample].at;
        ResultForm {
            sample,
            test: test.code.clone(),
            values: values.iter().map(|value| of(value)).collect(),
            unit: test.unit.clone(),
            method: test.method.clone(),
            instrument: None,
            kit_lot: Some(of("KIT-1")),
            controls: test.controls.then_some(GOOD),
            analyst: None,
            inoculated_at: matches!(test.criterion, Criterion::NoGrowth { .. }).then_some(sampled_at),
            read_at: None,
            report: None,
            remark: None,
            not_applicable: Default::default(),
        }
    }

    /// Enters a passing result.
    pub fn report(&mut self, batch: BatchId, sample: SampleNo, test: &Test) -> ResultNo {
        let value = passing(test);
        let values = vec![value.as_str(); usize::from(test.replicates.number)];
        self.enter(self.staff.analyst, batch, sample, test, &values).unwrap()
    }

    /// Enters a result.
    pub fn enter(
        &mut self,
        who: PersonId,
        batch: BatchId,
        sample: SampleNo,
        test: &Test,
        values: &[&str],
    ) -> Result<ResultNo, Refusal> {
        let form = self.result_form(batch, sample, test, values);
        self.batch(who, batch, form)?;
        Ok(*self.state(batch).results.keys().last().unwrap())
    }

    /// Enters a result on the newest sample of a test, as the analyst.
    pub fn result(&mut self, batch: BatchId, code: &str, values: &[&str]) -> ResultNo {
        let test = self.test(batch, code);
        let sample = self.last_sample(batch, &test.code).unwrap();
        self.enter(self.staff.analyst, batch, sample, &test, values).unwrap()
    }

    /// The newest result of a test.
    pub fn last_result(&self, batch: BatchId, code: &str) -> ResultNo {
        let state = self.state(batch);
        *state.results.iter().rfind(|(_, result)| result.form.test.as_str() == code).unwrap().0
    }

    pub fn verify(&mut self, who: PersonId, batch: BatchId, result: ResultNo) -> Done {
        self.batch(who, batch, Verification { result })
    }

    pub fn interpret(&mut self, batch: BatchId, result: ResultNo, passes: bool) -> Done {
        self.batch(
            self.staff.releaser,
            batch,
            Interpretation { result, passes, reasoning: of("known variant") },
        )
    }

    /// Concludes an investigation: so many retests for a laboratory cause.
    pub fn investigate(&mut self, batch: BatchId, result: ResultNo, retests: Option<u8>) -> Done {
        let cause = of("pipette out of calibration");
        let conclusion = match retests {
            Some(retests) => Conclusion::LaboratoryCause { cause, retests },
            None => Conclusion::Confirmed { cause },
        };
        self.batch(self.staff.releaser, batch, Investigation { result, conclusion })
    }

    /// Corrects an entry.
    pub fn correct(&mut self, who: PersonId, batch: BatchId, entry: EntryId, form: impl Into<Form>) -> Done {
        let form = Correction { entry, reason: of("written wrongly"), replacement: form.into() };
        self.batch(who, batch, form)
    }

    /// Lifts every hold that can be lifted, after assessing every quality event as acceptable.
    pub fn clear_holds(&mut self, batch: BatchId) {
        let open: Vec<QualityEventId> =
            self.state(batch).quality_events.iter().filter(|(_, i)| i.is_none()).map(|(e, _)| *e).collect();
        for event in open {
            self.assess(batch, event, Impact::Acceptable).unwrap();
        }
        self.lift_all(batch);
    }

    pub fn lift_all(&mut self, batch: BatchId) {
        let state = self.state(batch);
        for no in state.holds.iter().filter(|(_, hold)| hold.lifted.is_none()).map(|(no, _)| *no) {
            let _ = self.lift(batch, no);
        }
    }

    pub fn lift(&mut self, batch: BatchId, hold: HoldNo) -> Done {
        self.batch(self.staff.releaser, batch, Lifting { hold, reason: of("settled") })
    }

    pub fn assess(&mut self, batch: BatchId, event: QualityEventId, impact: Impact) -> Done {
        self.event(self.staff.releaser, event, Assessment { batch, impact, reasoning: of("looked at") })
    }

    pub fn close_events(&mut self, batch: BatchId) {
        for event in self.state(batch).quality_events.keys().copied().collect::<Vec<_>>() {
            self.event(self.staff.releaser, event, EventClosing { conclusion: of("done") }).unwrap();
        }
    }

    /// Releases these containers.
    pub fn release_these(&mut self, batch: BatchId, containers: &[ContainerNo]) -> Done {
        let form = Deciding { containers: containers.to_vec(), decision: Decision::Release };
        self.batch(self.staff.releaser, batch, form)
    }

    /// Releases all containers.
    pub fn release(&mut self, batch: BatchId) -> Done {
        self.release_these(batch, &self.containers(batch))
    }

    pub fn allocate(&mut self, batch: BatchId, containers: &[ContainerNo]) -> Done {
        let order = self.state(batch).opened.order;
        self.batch(self.staff.lead, batch, Allocation { containers: containers.to_vec(), order })
    }

    pub fn pack(&mut self, batch: BatchId, containers: &[ContainerNo]) -> Done {
        let form = Packing {
            performed: Performed { checked_by: Some(self.staff.lead), ..Performed::default() },
            containers: containers.iter().map(|no| self.dose(batch, *no)).collect(),
            package: of("BOX-1"),
            logger: Some(of("LOG-1")),
            not_applicable: Default::default(),
        };
        let done = self.batch(self.staff.technician, batch, form)?;
        self.confirm_parts(batch);
        Ok(done)
    }

    pub fn shipping_check(&mut self, batch: BatchId, containers: &[ContainerNo]) -> Done {
        let containers = containers.iter().map(|no| self.dose(batch, *no)).collect();
        self.batch(self.staff.technician, batch, ShippingCheck { containers, clinic: self.clinic })
    }

    pub fn ship(&mut self, batch: BatchId, containers: &[ContainerNo]) -> Done {
        let form = Shipment {
            performed: Performed::default(),
            containers: containers.iter().map(|no| self.dose(batch, *no)).collect(),
            carrier: of("Example carrier 1"),
        };
        self.batch(self.staff.technician, batch, form)
    }

    pub fn receiving_check(&mut self, batch: BatchId, containers: &[ContainerNo]) -> Done {
        let containers = containers.iter().map(|no| self.dose(batch, *no)).collect();
        self.batch(self.staff.coordinator, batch, ReceivingCheck { containers })
    }

    pub fn receive(&mut self, batch: BatchId, containers: &[ContainerNo]) -> Done {
        let form = Receipt {
            performed: Performed::default(),
            containers: containers.iter().map(|no| self.dose(batch, *no)).collect(),
            seal_intact: true,
            least_temperature: q("4"),
            most_temperature: q("7"),
            transport: q("3"),
            appearance: of("as on the label"),
            accepted: true,
        };
        self.batch(self.staff.coordinator, batch, form)
    }

    pub fn may_administer(&mut self, batch: BatchId, container: ContainerNo) -> Done {
        let order_label = self.order_label(self.state(batch).opened.order);
        let form = AdministrationDecision {
            container: self.dose(batch, container),
            order_label,
            may: true,
            reason: None,
        };
        self.batch(self.staff.physician, batch, form)
    }

    pub fn bedside(&mut self, batch: BatchId, container: ContainerNo) -> Done {
        let form = BedsideCheck {
            container: self.dose(batch, container),
            wristband: self.order_label(self.state(batch).opened.order),
            spoken_identity_fits: true,
            second_person: self.staff.coordinator,
        };
        self.batch(self.staff.physician, batch, form)
    }

    pub fn infuse(&mut self, batch: BatchId, container: ContainerNo) -> Done {
        let form = Infusion {
            performed: Performed::default(),
            container: self.dose(batch, container),
            started_at: self.now,
            ended_at: self.now,
            volume: q("40"),
            reactions: of("none"),
        };
        self.batch(self.staff.physician, batch, form)
    }

    /// From a released container to one on its way.
    pub fn send(&mut self, batch: BatchId, containers: &[ContainerNo]) {
        self.allocate(batch, containers).unwrap();
        self.pack(batch, containers).unwrap();
        self.shipping_check(batch, containers).unwrap();
        self.ship(batch, containers).unwrap();
    }

    /// From one on its way to one at the clinic.
    pub fn arrive(&mut self, batch: BatchId, containers: &[ContainerNo]) {
        self.hours(3);
        self.receiving_check(batch, containers).unwrap();
        self.receive(batch, containers).unwrap();
    }

    /// From one at the clinic to one infused.
    pub fn give(&mut self, batch: BatchId, container: ContainerNo) {
        self.may_administer(batch, container).unwrap();
        self.bedside(batch, container).unwrap();
        self.confirm_parts(batch);
        self.infuse(batch, container).unwrap();
    }

    pub fn close(&mut self, batch: BatchId) -> Done {
        self.batch(self.staff.releaser, batch, Closing { remark: None })
    }
}

/// A value that just passes a test.
pub fn passing(test: &Test) -> String {
    match &test.criterion {
        Criterion::AtLeast(limit) | Criterion::AtMost(limit) => limit.to_string(),
        Criterion::Between { least, .. } => least.to_string(),
        Criterion::Below(_) => "0.05".into(),
        Criterion::NoGrowth { .. } => "no growth".into(),
        Criterion::Negative => "negative".into(),
        Criterion::Text { accepted } => accepted[0].to_string(),
    }
}
