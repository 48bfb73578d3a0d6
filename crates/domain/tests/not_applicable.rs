//! Blank, *not applicable* and 0 are three things: written, read, corrected and judged apart.

mod centre;

use baiyo_domain::batch::correction::Correction;
use baiyo_domain::batch::culture::MediumChange;
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::batch::not_applicable::{NotApplicable, OfBenchRecords, OfResult, OfStep, of};
use baiyo_domain::batch::performed::BenchRecords;
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::testing::{self, ResultForm};
use baiyo_domain::batch::{Command, Event, Performed};
use baiyo_domain::event;
use baiyo_domain::ids::{BatchId, EntryId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::refusal::Reason;
use baiyo_domain::standard::{BenchRecord, Standard};
use centre::{Centre, Course, Until, of as text, q};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const FRESH: &str = "adipose-msc-autologous-fresh";

/// Every form in which a field may be said not to apply, with what it must have; and for each such field where it stands
/// and a value, nought wherever that is one.
fn forms(centre: &Centre, batch: BatchId) -> Vec<(Value, Vec<(&'static str, Value)>)> {
    let vessel =
        json!({"ware": "T225", "area": "225", "viable_cells": "1", "incubator": "I", "position": "1"});
    let count = json!({"method": "trypan blue", "factor": "1", "replicates": [{"live": "0"}]});
    let culture = |form: Value| json!({"culture": form});
    let labels = json!(centre.in_culture(batch));
    let serum = json!(centre.order_label(centre.state(batch).opened.order));
    vec![
        (
            json!({"intake": {"instruction": {"instructions": "culture"}}}),
            vec![("/cautions", json!("0")), ("/planned_harvest", json!("2026-11-23T00:00:00Z"))],
        ),
        (
            culture(json!({"medium_change": {"vessels": labels, "volume": "0.1"}})),
            vec![
                ("/performed/lots", json!([{"material": "0", "lot": "0"}])),
                ("/performed/cabinet", json!("0")),
                ("/performed/room", json!("0")),
                ("/performed/equipment", json!(["0"])),
                ("/performed/bench/minutes_outside", json!("0")),
                ("/performed/bench/antibiotics", json!("0")),
                ("/performed/bench/serum", serum),
            ],
        ),
        (
            culture(json!({"passage": {"from": labels, "enzyme": "5", "count": count, "into": [vessel]}})),
            vec![("/discarded_cells", json!("0"))],
        ),
        (
            json!({"testing": {"sampling": {"subjects": ["tissue"], "tests": ["VIABILITY"]}}}),
            vec![("/quantity", json!("0"))],
        ),
        (json!({"testing": {"sending": {"sample": 1, "laboratory": "SRL"}}}), vec![("/carrier", json!("0"))]),
        (
            json!({"testing": {"result": {"sample": 1, "test": "VIABILITY", "values": ["0"], "method": "eye"}}}),
            vec![
                ("/instrument", json!("0")),
                ("/kit_lot", json!("0")),
                ("/controls", json!({"positive": "as_expected", "negative": "as_expected"})),
                ("/inoculated_at", json!("2026-11-23T00:00:00Z")),
                ("/report", json!("0")),
            ],
        ),
        (
            json!({"distribution": {"packing": {"containers": labels, "package": "BOX-1"}}}),
            vec![("/logger", json!("0"))],
        ),
    ]
}

/// A form with something at a pointer into it.
fn with(form: &Value, pointer: &str, value: &Value) -> Result<Command, serde_json::Error> {
    let mut form = form.clone();
    let stage = form.as_object_mut().unwrap().values_mut().next().unwrap();
    let mut at = stage.as_object_mut().unwrap().values_mut().next().unwrap();
    for part in pointer.split('/').skip(1) {
        at = at.as_object_mut().unwrap().entry(part).or_insert_with(|| Value::Object(Map::new()));
    }
    *at = value.clone();
    serde_json::from_value(form)
}

/// Where the reason stands why a field does not apply.
fn reason_at(pointer: &str) -> String {
    let (above, name) = pointer.rsplit_once('/').unwrap();
    format!("{above}/not_applicable/{name}")
}

fn in_culture() -> (Centre, BatchId) {
    let mut centre = Centre::open();
    let batch = centre.make(&Course::default().until(Until::Isolated));
    (centre, batch)
}

fn newest(centre: &Centre, batch: BatchId) -> (EntryId, Event) {
    let state = centre.state(batch);
    let logged = state.log.last().unwrap();
    (logged.stamp.entry, (*logged.event).clone())
}

/// What a fact says does not apply: names and reasons.
fn said(fact: &Event) -> Vec<(String, String)> {
    of(fact).into_iter().map(|one: NotApplicable| (one.name().to_string(), one.reason)).collect()
}

fn both(field: &str, reason: &str) -> Vec<Reason> {
    [field, reason].map(|field| Reason::GivenAndNotApplicable { field: field.into() }).to_vec()
}

#[test]
fn blank_not_applicable_and_nought_are_written_and_read_apart_in_every_field() {
    let (centre, batch) = in_culture();
    let mut fields = 0;
    for (form, own) in forms(&centre, batch) {
        let blank: Command = serde_json::from_value(form.clone()).unwrap();
        for (pointer, value) in own {
            let three = [
                blank.clone(),
                with(&form, &reason_at(pointer), &json!("0")).unwrap(),
                with(&form, pointer, &value).unwrap(),
            ];
            let written = three.each_ref().map(|form| serde_json::to_string(form).unwrap());
            for (form, written) in three.iter().zip(&written) {
                assert_eq!(serde_json::from_str::<Command>(written).unwrap(), *form, "{pointer}");
            }
            assert!(written[0] != written[1] && written[1] != written[2] && written[0] != written[2]);
            fields += 1;
        }
    }
    assert_eq!(fields, 18);
    // None was forgotten: the schemas of the forms know no other, and each stands beside the field it is about.
    let schema = schemars::schema_for!(Command).to_value();
    let mut known = 0;
    for form in schema["$defs"].as_object().unwrap().values() {
        let Some(target) = form["properties"]["not_applicable"]["$ref"].as_str() else { continue };
        let reasons = schema.pointer(target.trim_start_matches('#')).unwrap();
        for name in reasons["properties"].as_object().unwrap().keys() {
            let required = form["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
            assert!(!form["properties"][name].is_null() && !required, "{target} {name}");
            known += 1;
        }
    }
    assert_eq!(known, fields);
}

#[test]
fn a_field_both_given_and_said_not_to_apply_is_refused_by_both_names() {
    let (mut centre, batch) = in_culture();
    let technician = centre.staff.technician;
    let mut refused = 0;
    for (form, own) in forms(&centre, batch) {
        for (pointer, value) in own {
            let given = serde_json::to_value(with(&form, pointer, &value).unwrap()).unwrap();
            let form = with(&given, &reason_at(pointer), &json!("none")).unwrap();
            let before = centre.state(batch).log.len();
            let who = match &form {
                Command::Testing(_) => centre.staff.analyst,
                Command::Intake(_) => centre.staff.lead,
                _ => technician,
            };
            let refusal = centre.batch(who, batch, form).unwrap_err();
            let found: Vec<Reason> =
                refusal.reasons.iter().filter(|r| r.code() == "given_and_not_applicable").cloned().collect();
            assert_eq!(found, both(pointer, &reason_at(pointer)));
            assert_eq!(centre.state(batch).log.len(), before);
            refused += 1;
        }
    }
    assert_eq!(refused, 18);
}

#[test]
fn what_does_not_apply_is_recorded_with_its_reason_and_corrected_like_everything_else() {
    let mut centre = Centre::open();
    let batch =
        centre.make(&Course { unreported: vec!["ENDOTOXIN"], ..Course::default() }.until(Until::Tested));
    let analyst = centre.staff.analyst;
    let test = centre.test(batch, "ENDOTOXIN");
    let sample = centre.last_sample(batch, &test.code).unwrap();
    let given =
        ResultForm { kit_lot: Some(text("KIT-1")), ..centre.result_form(batch, sample, &test, &["0.1"]) };
    let no_kit = OfResult { kit_lot: Some(text("read by eye")), ..OfResult::default() };
    let without = ResultForm { kit_lot: None, not_applicable: no_kit, ..given.clone() };
    centre.batch(analyst, batch, without.clone()).unwrap();
    let (entry, fact) = newest(&centre, batch);
    let reason = ("kit_lot".to_string(), "read by eye".to_string());
    assert_eq!(said(&fact), std::slice::from_ref(&reason));
    let stream = StreamId { kind: StreamKind::Batch, id: batch.0 };
    // What was recorded says so itself, and so does whoever reads the bytes.
    let payload = String::from_utf8(centre.entries(stream).last().unwrap().payload.clone()).unwrap();
    assert!(payload.contains(r#""not_applicable":{"kit_lot":"read by eye"}"#) && !payload.contains("KIT-1"));
    // To a value, to nothing said, and back: each is another fact, and the old ones stay.
    let blank = ResultForm { not_applicable: OfResult::default(), ..without.clone() };
    for (form, expected) in [(given.clone(), vec![]), (blank, vec![]), (without, vec![reason])] {
        centre.correct(analyst, batch, entry, form).unwrap();
        assert_eq!(said(&newest(&centre, batch).1), expected);
    }
    // A correction is refused by both names too, where they stand in what was handed in.
    let contradicted = ResultForm {
        kit_lot: Some(text("KIT-1")),
        ..centre.state(batch).results.values().last().unwrap().form.clone()
    };
    let correction = Correction { entry, reason: text("once more"), replacement: contradicted.into() };
    let at = |field: &str| format!("/replacement/testing/result/{field}");
    let refusal = centre.batch(analyst, batch, correction).unwrap_err();
    assert_eq!(refusal.reasons, both(&at("kit_lot"), &at("not_applicable/kit_lot")));
}

#[test]
fn to_the_gate_and_the_verdict_it_is_no_value() {
    // Controls that do not apply make a pass no more valid than controls that were left out.
    let mut centre = Centre::open();
    let batch =
        centre.make(&Course { unreported: vec!["MYCOPLASMA"], ..Course::default() }.until(Until::Tested));
    let test = centre.test(batch, "MYCOPLASMA");
    assert!(test.controls);
    let sample = centre.last_sample(batch, &test.code).unwrap();
    let blank = ResultForm { controls: None, ..centre.result_form(batch, sample, &test, &["negative"]) };
    let none = OfResult { controls: Some(text("none were run")), ..OfResult::default() };
    let without = ResultForm { not_applicable: none, ..blank.clone() };
    for form in [blank, without] {
        centre.batch(centre.staff.analyst, batch, form).unwrap();
        let state = centre.state(batch);
        assert_eq!(state.results.values().last().unwrap().judgement.verdict, Verdict::ControlsFailed);
    }
    assert!(centre.release(batch).is_err());

    // What the standard asks for beside a step is awaited still.
    let mut centre = Centre::open();
    let mut standard: Standard = Centre::read_standard(FRESH);
    standard.process.bench_records = vec![BenchRecord::MinutesOutside];
    centre.approve(FRESH, standard);
    let batch = centre.make(&Course::default().until(Until::Isolated));
    let reasons =
        OfBenchRecords { minutes_outside: Some(text("fed in the incubator")), ..Default::default() };
    let step = OfStep { cabinet: Some(text("closed system")), ..OfStep::default() };
    let bench = BenchRecords { not_applicable: reasons, ..BenchRecords::default() };
    let performed = Performed { bench: Some(bench), not_applicable: step, ..Performed::default() };
    let form = MediumChange { performed, vessels: centre.in_culture(batch), volume: q("20") };
    centre.batch(centre.staff.technician, batch, form).unwrap();
    let (entry, fact) = newest(&centre, batch);
    let names: Vec<String> = said(&fact).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["cabinet", "minutes_outside"]);
    let missing = Blocker::BenchRecordMissing { entry, record: BenchRecord::MinutesOutside };
    let gate = baiyo_domain::batch::gate::gate(&centre.state(batch), centre.now);
    assert!(gate.batch.iter().flat_map(|check| &check.blockers).any(|(blocker, _)| *blocker == missing));
}

#[test]
fn entries_from_before_say_nothing_of_it_and_are_read_as_ever() {
    let old = r#"{"testing":{"result_entered":{"form":{"sample":1,"test":"VIABILITY","values":["97"],"method":"eye"},"result":1,"judgement":{"verdict":"pass","formula":"verdict-1"}}}}"#;
    let fact: Event = serde_json::from_str(old).unwrap();
    assert_eq!(said(&fact), []);
    let event = event::Event::Batch(fact);
    // To the byte.
    assert_eq!(String::from_utf8(event.payload(None)).unwrap(), format!(r#"{{"event":{{"batch":{old}}}}}"#));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_reason_is_read_as_it_was_written(reason in "[a-zA-Z0-9 該当なし理由—<>\"\\\\{}&;,]{1,120}") {
        prop_assume!(!reason.trim().is_empty());
        let form = json!({"testing": {"sending": {"sample": 1, "laboratory": "SRL"}}});
        let form = with(&form, "/not_applicable/carrier", &json!(reason)).unwrap();
        let written = serde_json::to_string(&form).unwrap();
        prop_assert_eq!(serde_json::from_str::<Command>(&written).unwrap(), form.clone());
        let Command::Testing(testing::Command::Sending(sending)) = form else { unreachable!() };
        prop_assert_eq!(said(&testing::Event::Sending(sending).into()), [("carrier".into(), reason.trim().to_string())]);
    }
}
