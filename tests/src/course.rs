//! The course of a batch over HTTP, from the order to the closed record: healthy unless a story says otherwise, and
//! stoppable at any step.

use crate::centre::Centre;
use baiyo_domain::authority::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A step of the course, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The order is placed, with consent and screening.
    Ordered,
    /// The batch is opened.
    Opened,
    /// Manufacturing is instructed.
    Instructed,
    /// Tissue is received; nothing to do where a batch starts from a bank.
    Received,
    /// Cells are isolated, or thawed from the bank, and seeded.
    Seeded,
    /// The last passage is seeded.
    Passaged,
    /// Cells are harvested.
    Harvested,
    /// Containers are filled, frozen where the product is, and their labels reconciled.
    Filled,
    /// Every mandated test has its verified result.
    Tested,
    /// Both departments confirmed the record.
    Confirmed,
    /// Every container is released.
    Released,
    /// Containers are allocated to the order.
    Allocated,
    /// They are packed.
    Packed,
    /// They are shipped.
    Shipped,
    /// They arrived at the clinic.
    Arrived,
    /// The physician decided that the first may be administered.
    Decided,
    /// The first is infused, and its outcome known.
    Infused,
    /// The rest is destroyed, surveillance final, the batch closed.
    Closed,
}

const STEPS: [Step; 18] = [
    Step::Ordered,
    Step::Opened,
    Step::Instructed,
    Step::Received,
    Step::Seeded,
    Step::Passaged,
    Step::Harvested,
    Step::Filled,
    Step::Tested,
    Step::Confirmed,
    Step::Released,
    Step::Allocated,
    Step::Packed,
    Step::Shipped,
    Step::Arrived,
    Step::Decided,
    Step::Infused,
    Step::Closed,
];

/// What is to be made, for whom.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The approved standard's version.
    pub standard: Uuid,
    /// Which clinic orders.
    pub clinic: usize,
    /// A patient that the clinic ordered for before; a new one where left out.
    pub patient: Option<Uuid>,
    /// A new patient's name and birth date.
    pub person: (&'static str, &'static str),
    /// What staff call the patient.
    pub pseudonym: &'static str,
    /// The bank container to start from.
    pub bank: Option<Value>,
    /// How often vessels are passaged before the harvest.
    pub passages: usize,
    /// Days in P0 and in each passage.
    pub days_each: i64,
    /// How many containers are filled.
    pub containers: usize,
    /// Viable cells in each container, and its millilitres.
    pub dose: (&'static str, &'static str),
    /// Results other than plainly passing ones: fields of the form, by the test's code.
    pub results: BTreeMap<String, Value>,
    /// Tests whose results nobody enters.
    pub unreported: Vec<&'static str>,
}

impl Recipe {
    /// A healthy batch of two containers, three weeks from seeding to harvest.
    pub fn of(standard: Uuid) -> Self {
        Self {
            standard,
            clinic: 0,
            patient: None,
            person: ("佐藤 花子", "1961-04-12"),
            pseudonym: "P-001",
            bank: None,
            passages: 2,
            days_each: 7,
            containers: 2,
            dose: ("100000000", "40"),
            results: BTreeMap::new(),
            unreported: Vec::new(),
        }
    }

    /// A healthy bank of cryovials.
    pub fn bank(standard: Uuid) -> Self {
        Self { passages: 1, dose: ("5000000", "1"), pseudonym: "D-001", ..Self::of(standard) }
    }

    /// A healthy batch from a bank's container.
    pub fn from_bank(standard: Uuid, bank: &Course, container: u64) -> Self {
        let bank = json!({ "batch": bank.batch, "container": container });
        Self { bank: Some(bank), passages: 1, ..Self::of(standard) }
    }
}

/// A batch on its course.
pub struct Course<'a> {
    /// Where it is made.
    pub centre: &'a Centre,
    /// What is made.
    pub recipe: Recipe,
    /// The pinned standard's content.
    pub standard: Value,
    /// The order.
    pub order: Uuid,
    /// The batch, once it is opened.
    pub batch: Uuid,
    /// The containers that travel; all that are released where left empty.
    pub sent: Vec<u64>,
    /// The last step that was taken.
    pub taken: Option<Step>,
}

impl<'a> Course<'a> {
    /// A course that has not begun.
    pub fn new(centre: &'a Centre, recipe: Recipe) -> Self {
        let read = centre.releaser().get(&format!("/standards/{}", recipe.standard)).ok();
        let standard = read["standard"].clone();
        Self {
            centre,
            recipe,
            standard,
            order: Uuid::nil(),
            batch: Uuid::nil(),
            sent: Vec::new(),
            taken: None,
        }
    }

    /// Runs a recipe up to a step, that step included.
    pub fn run(centre: &'a Centre, recipe: Recipe, until: Step) -> Self {
        let mut course = Self::new(centre, recipe);
        course.to(until);
        course
    }

    /// Goes on up to a step, that step included.
    pub fn to(&mut self, until: Step) -> &mut Self {
        for step in STEPS.into_iter().filter(|step| *step <= until) {
            if self.taken.is_none_or(|taken| taken < step) {
                self.take(step);
                self.taken = Some(step);
                self.centre.minutes(5);
            }
        }
        self
    }

    /// Notes that a story took a step by itself.
    pub fn took(&mut self, step: Step) {
        self.taken = Some(step);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ordered => self.place_order(),
            Step::Opened => self.open(),
            Step::Instructed => self.instruct(),
            Step::Received => self.receive_tissue(),
            Step::Seeded => self.seed(),
            Step::Passaged => self.passage_all(),
            Step::Harvested => self.harvest_all(),
            Step::Filled => self.fill_all(),
            Step::Tested => self.test_all(),
            Step::Confirmed => self.confirm(),
            Step::Released => drop(self.release(&self.containers()).ok()),
            Step::Allocated => self.allocate(),
            Step::Packed => self.pack(),
            Step::Shipped => self.ship(),
            Step::Arrived => self.arrive(),
            Step::Decided => self.decide_first(),
            Step::Infused => self.infuse_first(),
            Step::Closed => self.close(),
        }
    }

    // ---- what is there

    /// A path of the batch.
    pub fn path(&self, form: &str) -> String {
        format!("/batches/{}/{form}", self.batch)
    }

    /// The batch as the API shows it.
    pub fn view(&self) -> Value {
        self.centre.releaser().get(&format!("/batches/{}", self.batch)).ok()
    }

    /// What the gate answers.
    pub fn gate(&self) -> Value {
        self.centre.releaser().get(&self.path("gate")).ok()
    }

    /// The codes of everything that blocks a container, in order and once each.
    pub fn blockers(&self, container: u64) -> Vec<String> {
        let gate = self.gate();
        let containers = gate["containers"].as_array().expect("containers");
        let found = containers.iter().find(|c| c["container"] == container);
        let blockers = found.unwrap_or_else(|| panic!("no container {container}"))["blockers"].as_array();
        let blockers = blockers.expect("blockers").iter();
        let mut codes: Vec<String> =
            blockers.map(|b| b["code"].as_str().expect("a code").to_string()).collect();
        codes.sort();
        codes.dedup();
        codes
    }

    /// The word for where the batch stands.
    pub fn status(&self) -> String {
        self.view()["status"].as_str().expect("a word").to_string()
    }

    /// The numbers of all containers.
    pub fn containers(&self) -> Vec<u64> {
        let view = self.view();
        let containers = view["containers"].as_array().expect("containers").iter();
        containers.map(|container| container["no"].as_u64().expect("a number")).collect()
    }

    /// A container as the API shows it.
    pub fn container(&self, no: u64) -> Value {
        let view = self.view();
        let found = view["containers"].as_array().expect("containers").iter().find(|c| c["no"] == no);
        found.unwrap_or_else(|| panic!("no container {no}")).clone()
    }

    /// The labels of containers.
    pub fn doses(&self, containers: &[u64]) -> Vec<Value> {
        let view = self.view();
        let all = view["containers"].as_array().expect("containers").iter();
        let wanted = all.filter(|c| containers.iter().any(|no| c["no"] == *no));
        wanted.map(|container| container["label"].clone()).collect()
    }

    /// The label of one container.
    pub fn dose(&self, container: u64) -> Value {
        self.doses(&[container]).remove(0)
    }

    /// The vessels in culture: number and label.
    pub fn in_culture(&self) -> Vec<(u64, Value)> {
        let view = self.view();
        let vessels = view["vessels"].as_array().expect("vessels").iter();
        let vessels = vessels.filter(|vessel| vessel["state"] == "in_culture");
        vessels.map(|v| (v["no"].as_u64().expect("a number"), v["label"].clone())).collect()
    }

    /// The labels of the vessels in culture.
    pub fn vessel_labels(&self) -> Vec<Value> {
        self.in_culture().into_iter().map(|(_, label)| label).collect()
    }

    /// The order's label, as it is printed on packages and wristbands.
    pub fn order_label(&self) -> Value {
        self.centre.releaser().get(&format!("/orders/{}", self.order)).ok()["label"].clone()
    }

    /// The patient.
    pub fn patient(&self) -> Uuid {
        let order = self.centre.releaser().get(&format!("/orders/{}", self.order)).ok();
        order["placed"]["patient"].as_str().and_then(|id| id.parse().ok()).expect("a patient")
    }

    /// The clinic's coordinator.
    pub fn coordinator(&self) -> crate::Asking<'a> {
        self.centre.of_clinic(Role::Coordinator, self.recipe.clinic)
    }

    /// The clinic's physician.
    pub fn physician(&self) -> crate::Asking<'a> {
        self.centre.of_clinic(Role::Physician, self.recipe.clinic)
    }

    pub(crate) fn frozen(&self) -> bool {
        self.standard["keeping"]["form"].get("frozen").is_some()
    }

    /// The tests of a stage, by codes.
    pub fn tests_of(&self, stage: &str) -> Vec<Value> {
        let tests = self.standard["tests"].as_array().expect("tests").iter();
        let of_stage = tests.filter(|test| match &test["stage"] {
            Value::String(word) => word == stage,
            form => form.get(stage).is_some(),
        });
        of_stage.cloned().collect()
    }

    /// A test of the standard.
    pub fn test(&self, code: &str) -> Value {
        let tests = self.standard["tests"].as_array().expect("tests");
        tests.iter().find(|test| test["code"] == code).unwrap_or_else(|| panic!("no test {code}")).clone()
    }

    /// A bench step by the technician; where the standard wants a second person, the other technician checked it and
    /// confirms so by his own sign-in.
    #[track_caller]
    pub fn bench(&self, form: &str, step: &str, mut body: Value) -> Value {
        let steps = self.standard["process"]["checked_steps"].as_array().cloned().unwrap_or_default();
        if steps.iter().any(|checked| checked == step) && body["performed"].get("checked_by").is_none() {
            body["performed"]["checked_by"] = json!(self.centre.checker().id());
        }
        let done = self.centre.technician().post(&self.path(form), body).ok();
        self.confirm_parts();
        done
    }

    /// Everybody named in an entry that somebody else recorded confirms his part.
    pub fn confirm_parts(&self) {
        for part in self.view()["unconfirmed_parts"].as_array().expect("parts") {
            let person = self.centre.people().iter().find(|member| part[1] == member.id.to_string());
            let person = self.centre.member(person.expect("a known person"));
            person.post(&self.path("part_confirmation"), json!({ "entry": part[0] })).ok();
        }
    }
}

/// Plainly passing values of a test: as many as its replicates.
pub fn passing_values(test: &Value) -> Vec<String> {
    let criterion = &test["criterion"];
    let text = |value: &Value| value.as_str().map(String::from);
    let limit = ["at_least", "at_most"].iter().find_map(|kind| text(&criterion[*kind]));
    let value = limit
        .or_else(|| text(&criterion["between"]["least"]))
        .or_else(|| text(&criterion["below"]).map(|limit| format!("<{limit}")))
        .or_else(|| text(&criterion["text"]["accepted"][0]))
        .or_else(|| criterion.get("no_growth").map(|_| "no growth".to_string()))
        .or_else(|| text(criterion))
        .unwrap_or_else(|| panic!("a criterion of another kind: {criterion}"));
    vec![value; test["replicates"]["number"].as_u64().map_or(1, |number| number as usize)]
}
