//! One form of each stage, filled in rightly, by somebody whose role includes it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use stories::{Asking, Centre, Course, Recipe, Step};

/// A form filled in rightly.
pub struct Form<'a> {
    /// Who submits it.
    pub asking: Asking<'a>,
    /// Where.
    pub path: String,
    /// What.
    pub body: Value,
}

/// All forms, by name.
pub struct Forms<'a>(BTreeMap<&'static str, Form<'a>>);

impl<'a> Forms<'a> {
    /// The forms, on two batches: one that waits for its tissue, one that is filled.
    pub fn of(centre: &'a Centre) -> Self {
        let standard = centre.standard("config/standards/adipose-msc-autologous-fresh.toml");
        let filled = Course::run(centre, Recipe::of(standard), Step::Filled);
        let waiting = Course::run(centre, Recipe::of(standard), Step::Instructed);
        let content = centre.releaser().get(&format!("/standards/{standard}")).ok()["standard"].clone();
        let view = filled.view();
        let vessel = view["vessels"][0]["label"].clone();
        let doses = filled.doses(&filled.containers());
        let now = centre.now();
        let count = json!({
            "method": "NucleoCounter", "factor": "1000000",
            "replicates": [{ "live": "20", "dead": "1" }, { "live": "21", "dead": "1" }],
        });
        let into = json!([{
            "ware": "T75", "area": "75", "viable_cells": "400000", "incubator": "INC-1", "position": "1",
        }]);
        let entry = centre.releaser().get(&filled.path("history")).ok();
        let mut entry = entry["items"].as_array().expect("entries").iter();
        let entry =
            entry.rfind(|entry| entry["kind"] == "batch.culture.medium_changed").expect("a medium change");
        let medium = json!({ "vessels": [vessel], "volume": "200" });
        let mut draft = content;
        draft["version"] = json!(2);
        let order = |form: &str| format!("/orders/{}/{form}", waiting.order);
        let deciding = json!({ "containers": filled.containers(), "decision": "release" });
        let forms = [
            (
                "order",
                centre.coordinator(),
                "/orders".into(),
                json!({
                    "purpose": "therapy", "pseudonym": "P-002", "plan": { "number": "PB3190001", "class": "two" },
                    "personal": { "name": "鈴木 一郎", "kana": "スズキ イチロウ", "birth_date": "1955-02-28" },
                    "window": { "from": now.plus_hours(24), "until": now.plus_hours(48) },
                }),
            ),
            (
                "consent",
                centre.coordinator(),
                order("consent"),
                json!({ "version": "2.1", "signed_at": now }),
            ),
            (
                "screening",
                centre.coordinator(),
                order("donor_screening"),
                json!({
                    "sampled_at": now, "laboratory": "Example laboratory",
                    "results": [{ "analyte": "hbv", "finding": "negative" }],
                }),
            ),
            ("opening", centre.lead(), "/batches".into(), filled.opening()),
            ("tissue", centre.technician(), waiting.path("tissue_receipt"), waiting.tissue()),
            (
                "isolation",
                centre.technician(),
                filled.path("isolation"),
                json!({
                    "method": "collagenase", "digestion": "45", "count": count, "into": into,
                }),
            ),
            ("medium", centre.technician(), filled.path("medium_change"), medium.clone()),
            (
                "observation",
                centre.technician(),
                filled.path("observation"),
                json!({
                    "vessels": [vessel], "confluence": "70", "morphology": "spindle", "turbid": false,
                }),
            ),
            (
                "passage",
                centre.technician(),
                filled.path("passage"),
                json!({
                    "from": [vessel], "enzyme": "5", "count": count, "into": into,
                }),
            ),
            (
                "harvest",
                centre.technician(),
                filled.path("harvest"),
                json!({
                    "vessels": [vessel], "enzyme": "5", "count": count, "washes": 3, "volume": "100",
                }),
            ),
            (
                "fill",
                centre.technician(),
                filled.path("fill"),
                json!({
                    "harvests": [1], "containers": [{ "ware": "bag", "volume": "40", "viable_cells": "100000000" }],
                }),
            ),
            (
                "sampling",
                centre.analyst(),
                filled.path("sampling"),
                json!({
                    "subjects": [{ "fill": 1 }], "tests": ["VIABILITY"], "quantity": "2 mL",
                }),
            ),
            ("result", centre.analyst(), filled.path("result"), filled.result_form("VIABILITY")),
            (
                "deciding",
                centre.releaser(),
                filled.path("deciding"),
                centre.releaser().signed(deciding, "disposition"),
            ),
            (
                "correction",
                centre.technician(),
                filled.path("correction"),
                json!({
                    "entry": entry["entry"], "reason": "a wrong volume",
                    "replacement": { "culture": { "medium_change": medium } },
                }),
            ),
            (
                "shipment",
                centre.technician(),
                filled.path("shipment"),
                json!({
                    "containers": doses, "carrier": "courier 4711",
                }),
            ),
            (
                "receipt",
                centre.coordinator(),
                filled.path("receipt"),
                json!({
                    "containers": doses, "seal_intact": true, "least_temperature": "3", "most_temperature": "6",
                    "transport": "2", "appearance": "milky white", "accepted": true,
                }),
            ),
            (
                "infusion",
                centre.coordinator(),
                filled.path("infusion"),
                json!({
                    "container": doses[0], "started_at": now, "ended_at": now, "volume": "40", "reactions": "none",
                }),
            ),
            (
                "invitation",
                centre.administrator(),
                "/people".into(),
                json!({ "name": "新人 SHINJIN", "sign_in": "shinjin" }),
            ),
            ("draft", centre.analyst(), "/standards".into(), json!({ "standard": draft })),
            (
                "quality event",
                centre.technician(),
                "/quality_events".into(),
                json!({
                    "title": "a torn glove", "description": "torn at the passage", "batches": [filled.batch],
                }),
            ),
            (
                "token",
                centre.technician(),
                "/me/tokens".into(),
                json!({
                    "name": "scanner", "scopes": ["read"], "days": 30, "device": "cell counter",
                    "password": centre.technician().account().password,
                }),
            ),
            (
                "sign-in",
                centre.stranger(),
                "/session".into(),
                json!({
                    "sign_in": centre.technician().account().sign_in, "password": centre.technician().account().password,
                }),
            ),
        ];
        Self(
            forms.into_iter().map(|(name, asking, path, body)| (name, Form { asking, path, body })).collect(),
        )
    }

    /// A form.
    pub fn get(&self, name: &str) -> &Form<'a> {
        self.0.get(name).unwrap_or_else(|| panic!("no form {name}"))
    }

    /// All forms, with their names.
    pub fn all(&self) -> impl Iterator<Item = (&&'static str, &Form<'a>)> {
        self.0.iter()
    }
}

/// Puts a value into a body; a field that is not there is added.
pub fn set(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
        return;
    }
    let (parent, field) = pointer.rsplit_once('/').expect("a field");
    if body.pointer(parent).is_none() {
        set(body, parent, json!({}));
    }
    match body.pointer_mut(parent).expect("a parent") {
        Value::Array(items) => items.push(value),
        parent => parent[field] = value,
    }
}
