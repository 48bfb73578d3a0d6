//! The steps of a course from the store to the bedside, and every other way that containers end.

use crate::asking::Answer;
use crate::course::Course;
use serde_json::{Value, json};

impl Course<'_> {
    /// The containers that travel: those chosen, or all that are released.
    pub fn travelling(&self) -> Vec<u64> {
        if !self.sent.is_empty() {
            return self.sent.clone();
        }
        let view = self.view();
        let containers = view["containers"].as_array().expect("containers").iter();
        let released = containers
            .filter(|c| c["decision"]["decision"] == "release" && c["decision"]["voided_by"].is_null());
        released.filter_map(|c| c["no"].as_u64()).collect()
    }

    /// Allocates the released containers to the order.
    pub fn allocate(&self) {
        let form = json!({ "containers": self.travelling(), "order": self.order });
        self.centre.lead().post(&self.path("allocation"), form).ok();
    }

    /// Packs them.
    pub fn pack(&self) {
        let form =
            json!({ "containers": self.doses(&self.travelling()), "package": "BOX-1", "logger": "LOG-1" });
        self.bench("packing", "packing", form);
    }

    /// The check before shipping.
    pub fn shipping_check(&self) -> Answer {
        let clinic = self.centre.clinic(self.recipe.clinic);
        let form = json!({ "containers": self.doses(&self.travelling()), "clinic": clinic });
        self.centre.technician().post(&self.path("shipping_check"), form)
    }

    /// The check, and the report that they were shipped.
    pub fn ship(&self) {
        self.shipping_check().ok();
        self.report_shipment();
    }

    /// The report that they were shipped, whatever the check says.
    pub fn report_shipment(&self) -> Value {
        let form = json!({ "containers": self.doses(&self.travelling()), "carrier": "courier 4711" });
        self.centre.technician().post(&self.path("shipment"), form).ok()
    }

    /// A sound arrival after two hours.
    pub fn arrival(&self) -> Value {
        json!({
            "containers": self.doses(&self.travelling()), "seal_intact": true, "least_temperature": "3",
            "most_temperature": "6", "transport": "2", "appearance": "milky white", "accepted": true,
        })
    }

    /// The check before receipt.
    pub fn receiving_check(&self) -> Answer {
        let form = json!({ "containers": self.doses(&self.travelling()) });
        self.coordinator().post(&self.path("receiving_check"), form)
    }

    pub(crate) fn arrive(&mut self) {
        self.centre.hours(2);
        self.receiving_check().ok();
        self.coordinator().post(&self.path("receipt"), self.arrival()).ok();
    }

    /// The physician decides on the administration of a container.
    pub fn administration(&self, container: u64, may: bool) -> Answer {
        let form = json!({
            "container": self.dose(container), "order_label": self.order_label(), "may": may,
        });
        self.physician().sign(&self.path("administration_decision"), form, "administration_decision")
    }

    pub(crate) fn decide_first(&mut self) {
        self.administration(self.travelling()[0], true).ok();
    }

    /// The check at the bedside.
    pub fn bedside_check(&self, container: u64) -> Answer {
        let form = json!({
            "container": self.dose(container), "wristband": self.order_label(), "spoken_identity_fits": true,
            "second_person": self.physician().id(),
        });
        self.coordinator().post(&self.path("bedside_check"), form)
    }

    /// The report that a container was infused, over the last twenty minutes.
    pub fn report_infusion(&self, container: u64) -> Value {
        let now = self.centre.now();
        let form = json!({
            "container": self.dose(container), "started_at": now, "ended_at": now, "volume": "40",
            "reactions": "none",
        });
        self.coordinator().post(&self.path("infusion"), form).ok()
    }

    pub(crate) fn infuse_first(&mut self) {
        let first = self.travelling()[0];
        self.bedside_check(first).ok();
        self.confirm_parts();
        self.report_infusion(first);
        self.centre.days(1);
        let form =
            json!({ "container": self.dose(first), "report": "well, no complaints", "adverse": false });
        self.physician().post(&self.path("outcome"), form).ok();
    }

    /// Destroys containers at the clinic, the physician as witness.
    pub fn destroy_at_clinic(&self, containers: &[u64]) {
        let form = json!({
            "performed": { "checked_by": self.physician().id() }, "containers": self.doses(containers),
            "method": "autoclave 121 °C", "quantity": "40", "reason": "not needed",
        });
        self.coordinator().post(&self.path("destruction"), form).ok();
        self.confirm_parts();
    }

    /// Destroys containers at the centre, the other technician as witness.
    pub fn destroy_here(&self, containers: &[u64]) {
        let form = json!({
            "performed": { "checked_by": self.centre.checker().id() }, "containers": self.doses(containers),
            "method": "autoclave 121 °C", "quantity": "40", "reason": "not for use",
        });
        self.bench("destruction", "", form);
    }

    pub(crate) fn close(&mut self) {
        let view = self.view();
        let containers = view["containers"].as_array().expect("containers").iter();
        let (mut away, mut here) = (Vec::new(), Vec::new());
        for container in containers {
            let no = container["no"].as_u64().expect("a number");
            match &container["custody"] {
                Value::String(word) if word == "in_house" || word == "packed" || word == "returned" => {
                    here.push(no)
                }
                Value::String(_) => {}
                received if received.get("received").is_some() => away.push(no),
                _ => {}
            }
        }
        if !away.is_empty() {
            self.destroy_at_clinic(&away);
        }
        if !here.is_empty() {
            self.destroy_here(&here);
        }
        self.surveil();
        self.centre.releaser().post(&self.path("closing"), json!({})).ok();
    }

    /// Waits for the surveillance tests and enters their passing results.
    pub fn surveil(&self) {
        let tests = self.standard["tests"].as_array().expect("tests").iter();
        let surveillance: Vec<&Value> =
            tests.filter(|test| test["purpose"].get("surveillance").is_some()).collect();
        if !surveillance.is_empty() {
            self.centre.days(15);
        }
        for test in surveillance {
            self.pass(test["code"].as_str().expect("a code"));
        }
    }
}
