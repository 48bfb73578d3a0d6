//! The single steps of a course, each as a healthy centre takes it; a story may take any of them by itself.

use crate::asking::Answer;
use crate::course::{Course, Step, passing_values};
use serde_json::{Value, json};

/// What a donor is screened for.
const PANEL: [&str; 6] = ["hbv", "hcv", "hiv", "htlv1", "syphilis", "parvovirus_b19"];

impl Course<'_> {
    // ---- order and intake

    pub(crate) fn place_order(&mut self) {
        let bank = self.standard["source"] == "tissue" && self.standard["donor"] == "allogeneic";
        let recipe = &self.recipe;
        let mut form = json!({
            "purpose": if bank { "banking" } else { "therapy" },
            "pseudonym": recipe.pseudonym,
            "plan": { "number": "PB3190001", "class": "two" },
        });
        match recipe.patient {
            Some(patient) => form["patient"] = json!(patient),
            None => form["personal"] = json!({ "name": recipe.person.0, "birth_date": recipe.person.1 }),
        }
        self.order = self.coordinator().post("/orders", form).made();
        self.consent();
        self.screen(&PANEL.map(|analyte| (analyte, "negative")));
    }

    /// Records the recipient's consent.
    pub fn consent(&self) {
        let form = json!({ "version": "2.1", "signed_at": self.centre.now() });
        self.coordinator().post(&format!("/orders/{}/consent", self.order), form).ok();
    }

    /// Records a donor panel, of blood taken a week ago.
    pub fn screen(&self, panel: &[(&str, &str)]) {
        let results =
            panel.iter().map(|(analyte, finding)| json!({ "analyte": analyte, "finding": finding }));
        let form = json!({
            "sampled_at": self.centre.now().plus_hours(-24 * 7),
            "laboratory": "Example laboratory",
            "results": results.collect::<Vec<_>>(),
        });
        self.coordinator().post(&format!("/orders/{}/donor_screening", self.order), form).ok();
    }

    /// The form that opens the batch.
    pub fn opening(&self) -> Value {
        let mut form = json!({ "order": self.order, "standard": self.recipe.standard });
        if let Some(bank) = &self.recipe.bank {
            form["bank"] = bank.clone();
        }
        form
    }

    pub(crate) fn open(&mut self) {
        self.batch = self.centre.lead().post("/batches", self.opening()).made();
    }

    pub(crate) fn instruct(&mut self) {
        let form = json!({ "instructions": "culture as the standard says" });
        self.centre.lead().sign(&self.path("instruction"), form, "instruction").ok();
    }

    /// A sound receipt of the right tissue.
    pub fn tissue(&self) -> Value {
        json!({
            "order_label": self.order_label(),
            "pseudonym": self.recipe.pseudonym,
            "collected_at": self.centre.now().plus_hours(-3),
            "site": "abdomen",
            "seal_intact": true,
            "least_temperature": "4",
            "most_temperature": "8",
            "transport": "2",
            "mass": "120",
            "appearance": "yellow, clear",
            "decision": "accepted",
        })
    }

    pub(crate) fn receive_tissue(&mut self) {
        if self.standard["source"] == "bank" {
            return;
        }
        self.centre.hours(4);
        self.bench("tissue_receipt", "tissue_receipt", self.tissue());
        self.sample("receipt", json!(["tissue"]));
    }

    // ---- culture

    /// Vessels seeded with 5,000 viable cells per cm².
    pub fn vessels(&self, number: usize) -> Value {
        let vessel = |index| {
            json!({
                "ware": "CellSTACK", "area": "1500", "viable_cells": "7500000",
                "incubator": "INC-1", "position": format!("shelf {index}"),
            })
        };
        (1..=number).map(vessel).collect()
    }

    pub(crate) fn seed(&mut self) {
        let into = self.vessels(2);
        match &self.recipe.bank {
            None => {
                let form = json!({
                    "method": "collagenase 0.1 %, 37 °C", "digestion": "45", "count": count("20"), "into": into,
                });
                self.bench("isolation", "isolation", form);
            }
            Some(draw) => {
                let bank = draw["batch"].as_str().expect("a batch");
                let bank = self.centre.releaser().get(&format!("/batches/{bank}")).ok();
                let vials = bank["containers"].as_array().expect("containers");
                let vial = vials.iter().find(|c| c["no"] == draw["container"]).expect("the vial drawn");
                let form = json!({ "container": vial["label"], "count": count("20"), "into": into });
                self.bench("bank_seeding", "isolation", form);
            }
        }
    }

    /// Fresh medium for every vessel in culture.
    pub fn change_medium(&self) {
        let form = json!({ "vessels": self.vessel_labels(), "volume": "200" });
        self.bench("medium_change", "", form);
    }

    pub(crate) fn passage_all(&mut self) {
        for _ in 0..self.recipe.passages {
            self.centre.hours(12 * self.recipe.days_each);
            self.change_medium();
            self.centre.hours(12 * self.recipe.days_each);
            self.passage(self.vessels(2));
        }
    }

    /// Passages everything in culture into new vessels.
    pub fn passage(&self, into: Value) {
        let form = json!({ "from": self.vessel_labels(), "enzyme": "5", "count": count("60"), "into": into });
        self.bench("passage", "passage", form);
    }

    pub(crate) fn harvest_all(&mut self) {
        let vessels: Value = self.in_culture().iter().map(|(no, _)| json!({ "vessel": no })).collect();
        // Each in-process test is sampled a day inside its span; fresh medium half-way.
        let spans = self.tests_of("in_process").into_iter().map(|test| {
            let within =
                test["stage"]["in_process"]["within"].as_str().and_then(|days| days.parse::<i64>().ok());
            ((within.expect("whole days") - 1) * 24, Some(test["code"].clone()))
        });
        let mut due: Vec<(i64, Option<Value>)> = spans.collect();
        due.push((self.recipe.days_each * 12, None));
        due.sort_by_key(|(hours, _)| -hours);
        let mut left = self.recipe.days_each * 24;
        for (before_harvest, test) in due {
            self.centre.hours((left - before_harvest).max(0));
            left = left.min(before_harvest);
            match test {
                Some(test) => drop(self.sample_for(vessels.clone(), &[test])),
                None => self.change_medium(),
            }
        }
        self.centre.hours(left);
        let form = json!({
            "vessels": self.vessel_labels(), "enzyme": "5", "count": count("240"), "washes": 3, "volume": "100",
        });
        self.bench("harvest", "harvest", form);
        let harvest =
            self.view()["harvests"].as_array().and_then(|all| all.last().cloned()).expect("a harvest");
        self.sample("harvest", json!([{ "harvest": harvest["no"] }]));
    }

    // ---- filling

    pub(crate) fn fill_all(&mut self) {
        let (cells, volume) = self.recipe.dose;
        let container = json!({ "ware": "50 mL bag", "volume": volume, "viable_cells": cells });
        let containers = vec![container; self.recipe.containers];
        let harvest =
            self.view()["harvests"].as_array().and_then(|all| all.last().cloned()).expect("a harvest");
        self.bench("fill", "fill", json!({ "harvests": [harvest["no"]], "containers": containers }));
        let fill = self.view()["fills"].as_array().and_then(|all| all.last().cloned()).expect("a fill");
        self.sample("fill", json!([{ "fill": fill["no"] }]));
        let filled: Vec<u64> =
            fill["containers"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
        if self.frozen() {
            let form = json!({
                "containers": self.doses(&filled), "protectant": "10 % DMSO", "programme": "−1 °C/min",
            });
            self.bench("freezing", "", form);
            let form =
                json!({ "containers": self.doses(&filled), "place": "LN2-1 A1", "temperature": "-180" });
            self.bench("storage", "", form);
        }
        let form = json!({
            "fill": fill["no"], "printed": filled.len() + 1, "applied": self.doses(&filled), "destroyed": 1,
        });
        self.bench("label_reconciliation", "label_reconciliation", form);
    }

    /// Thaws containers and tests what is tested then.
    pub fn thaw(&mut self, containers: &[u64]) {
        self.bench("thaw", "thaw", json!({ "containers": self.doses(containers) }));
        for no in containers {
            self.sample("thaw", json!([{ "container": no }]));
            for test in self.tests_of("thaw") {
                self.pass(test["code"].as_str().expect("a code"));
            }
        }
        self.taken = Some(Step::Tested);
    }

    // ---- testing

    /// Takes one sample for all tests of a stage.
    pub fn sample(&self, stage: &str, subjects: Value) {
        let codes: Vec<Value> = self.tests_of(stage).iter().map(|test| test["code"].clone()).collect();
        if !codes.is_empty() {
            self.sample_for(subjects, &codes);
        }
    }

    /// Takes a sample; its number.
    pub fn sample_for(&self, subjects: Value, tests: &[Value]) -> u64 {
        let form = json!({ "subjects": subjects, "tests": tests, "quantity": "2 mL" });
        self.centre.analyst().post(&self.path("sampling"), form).ok();
        self.last_of("samples")
    }

    pub(crate) fn last_of(&self, what: &str) -> u64 {
        let view = self.view();
        view[what]
            .as_array()
            .and_then(|all| all.last()?["no"].as_u64())
            .unwrap_or_else(|| panic!("no {what}"))
    }

    /// The form of a passing result on the newest sample for a test.
    pub fn result_form(&self, code: &str) -> Value {
        let test = self.test(code);
        let view = self.view();
        let samples = view["samples"].as_array().expect("samples").iter().rev();
        let for_it = |s: &&Value| s["tests"].as_array().is_some_and(|tests| tests.contains(&test["code"]));
        let sample = samples.clone().find(for_it).unwrap_or_else(|| panic!("no sample for {code}"));
        let mut form = json!({
            "sample": sample["no"], "test": code, "values": passing_values(&test), "method": test["method"],
            "kit_lot": "KIT-1",
        });
        if test["unit"].is_string() {
            form["unit"] = test["unit"].clone();
        }
        if test["controls"] == true {
            form["controls"] = json!({ "positive": "as_expected", "negative": "as_expected" });
        }
        if test["criterion"].get("no_growth").is_some() {
            form["inoculated_at"] = sample["at"].clone();
        }
        let other = self.recipe.results.get(code).and_then(Value::as_object);
        for (field, value) in other.into_iter().flatten() {
            form[field] = value.clone();
        }
        form
    }

    /// Enters a result with other fields than a passing one's; its number.
    pub fn enter(&self, code: &str, other: Value) -> u64 {
        let mut form = self.result_form(code);
        for (field, value) in other.as_object().expect("fields") {
            form[field] = value.clone();
        }
        self.centre.analyst().post(&self.path("result"), form).ok();
        self.last_of("results")
    }

    /// Verifies a result as the releaser.
    pub fn verify(&self, result: u64) -> Answer {
        self.centre.releaser().sign(&self.path("verification"), json!({ "result": result }), "verification")
    }

    /// Enters a passing result and has it verified; its number.
    pub fn pass(&self, code: &str) -> u64 {
        let result = self.enter(code, json!({}));
        self.verify(result).ok();
        result
    }

    pub(crate) fn test_all(&mut self) {
        self.centre.hours(if self.frozen() { 15 * 24 } else { 21 });
        for code in self.mandated() {
            self.pass(&code);
        }
    }

    /// The mandated tests that are due once containers are filled, by codes, without those that nobody reports.
    pub fn mandated(&self) -> Vec<String> {
        let later = |test: &Value| ["donor", "bank", "thaw"].iter().any(|stage| test["stage"] == *stage);
        let tests = self.standard["tests"].as_array().expect("tests").iter();
        let due = tests.filter(|test| test["purpose"] == "mandated" && !later(test));
        let codes = due.map(|test| test["code"].as_str().expect("a code"));
        codes.filter(|code| !self.recipe.unreported.contains(code)).map(String::from).collect()
    }

    /// The numbers of all results.
    pub fn results(&self) -> Vec<u64> {
        let view = self.view();
        let results = view["results"].as_array().expect("results").iter();
        results.map(|result| result["no"].as_u64().expect("a number")).collect()
    }

    // ---- decisions

    /// Both confirmations of the record.
    pub fn confirm(&mut self) {
        let (lead, releaser) = (self.centre.lead(), self.centre.releaser());
        let (made, checked) = (self.path("manufacturing_confirmation"), self.path("quality_confirmation"));
        lead.sign(&made, json!({}), "manufacturing_confirmation").ok();
        releaser.sign(&checked, json!({}), "quality_confirmation").ok();
    }

    /// The releaser decides to release containers.
    pub fn release(&self, containers: &[u64]) -> Answer {
        let form = json!({ "containers": containers, "decision": "release" });
        self.centre.releaser().sign(&self.path("deciding"), form, "disposition")
    }

    /// The releaser rejects containers.
    pub fn reject(&self, containers: &[u64], reason: &str) -> Answer {
        let form = json!({ "containers": containers, "decision": { "reject": { "reason": reason } } });
        self.centre.releaser().sign(&self.path("deciding"), form, "disposition")
    }

    /// The releaser lifts a hold.
    pub fn lift(&self, hold: u64) -> Answer {
        let form = json!({ "hold": hold, "reason": "its cause is settled" });
        self.centre.releaser().sign(&self.path("lifting"), form, "hold_lift")
    }

    /// The numbers of holds in force.
    pub fn holds(&self) -> Vec<u64> {
        let view = self.view();
        let holds = view["holds"].as_array().expect("holds").iter();
        holds.filter(|hold| hold["lifted_by"].is_null()).filter_map(|hold| hold["no"].as_u64()).collect()
    }

    /// The releaser assesses a quality event for this batch.
    pub fn assess(&self, event: &str, impact: &str) -> Answer {
        let form = json!({ "batch": self.batch, "impact": impact, "reasoning": "looked at" });
        let path = format!("/quality_events/{event}/assessment");
        self.centre.releaser().sign(&path, form, "impact_assessment")
    }

    /// Every quality event that touches this batch: its identifier, and its impact once assessed.
    pub fn quality_events(&self) -> Vec<(String, Value)> {
        let view = self.view();
        let events = view["quality_events"].as_array().expect("events").iter();
        events.map(|e| (e[0].as_str().expect("an id").to_string(), e[1].clone())).collect()
    }

    /// Assesses every open quality event as acceptable, lifts every hold, and closes the events.
    pub fn settle(&self) {
        for (event, _) in self.quality_events().into_iter().filter(|(_, impact)| impact.is_null()) {
            self.assess(&event, "acceptable").ok();
            let closing = json!({ "conclusion": "assessed; nothing further" });
            let path = format!("/quality_events/{event}/closing");
            self.centre.releaser().sign(&path, closing, "quality_event_closure").ok();
        }
        for hold in self.holds() {
            self.lift(hold).ok();
        }
    }
}

/// A cell count with two readings of so many millions.
pub fn count(live: &str) -> Value {
    let reading = json!({ "live": live, "dead": "2" });
    json!({ "method": "NucleoCounter", "replicates": [reading, reading], "factor": "1000000" })
}
