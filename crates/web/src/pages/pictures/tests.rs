//! What must hold of every picture: it has a title, a sentence and a table with the same figures, and no path in it is
//! ever broken.

use super::control::{Chart, Measured};
use super::growth::{Ahead, Curve, Point};
use super::plan::{Plan, Row};
use super::scale::{day_of, monday};
use super::spans::{Span, spans};
use super::{gate_strip, lineage};
use crate::pages::incubators::Registered;
use crate::pages::reader::{Names, Reader};
use crate::words::tests::samples;
use crate::words::{Context, Language};
use baiyo_domain::batch::culture::{Counted, Vessel, VesselState};
use baiyo_domain::batch::distribution::{Container, Custody};
use baiyo_domain::batch::filling::{Filled, Harvested};
use baiyo_domain::batch::gate::gate;
use baiyo_domain::batch::{self, Batch, Stamp, Subject};
use baiyo_domain::event::Event;
use baiyo_domain::forecast::{Experience, forecast};
use baiyo_domain::ids::{ContainerNo, FillNo, HarvestNo, VesselNo};
use baiyo_domain::journal::Hash;
use baiyo_domain::quantity::Number;
use baiyo_domain::site::Incubator;
use baiyo_domain::time::Time;
use chrono_tz::Tz;
use maud::html;
use proptest::prelude::*;
use serde_json::json;

pub fn instant(hours: i64) -> Time {
    samples::read::<Time>(json!("2026-11-01T00:00:00Z")).plus_hours(hours)
}

/// A batch that was only opened.
pub fn opened() -> Batch {
    let opened = |event: Event| match event {
        Event::Batch(event @ batch::Event::Intake(batch::intake::Event::Opened(_))) => Some(event),
        _ => None,
    };
    let event = samples::facts().into_iter().find_map(opened).unwrap();
    let person = samples::read(json!(samples::ID));
    let stamp = Stamp {
        entry: samples::read(json!(samples::ID)),
        version: 1,
        hash: Hash([0; 32]),
        occurred_at: instant(0),
        recorded_at: instant(0),
        performer: person,
        recorder: person,
    };
    Batch::fold(samples::read(json!(samples::ID)), &[(stamp, event)]).unwrap()
}

/// Puts a vessel into a batch.
pub fn put(batch: &mut Batch, no: u16, passage: u8, from: &[u16], at: i64, state: VesselState) {
    let seeded = json!({"ware": "T225", "area": "225", "viable_cells": "500000", "incubator": "INC-1", "position": "A1"});
    let vessel = Vessel {
        no: VesselNo(no),
        passage,
        parents: from.iter().map(|no| Subject::Vessel(VesselNo(*no))).collect(),
        seeded: samples::read(seeded),
        seeded_at: instant(at),
        medium_at: instant(at),
        labelled_at: None,
        left_at: None,
        counted: None,
        doublings: None,
        state,
        growth: None,
    };
    batch.vessels.insert(VesselNo(no), vessel);
}

fn reader(language: Language) -> Reader<'static> {
    Reader::new(language, Tz::Asia__Tokyo)
}

fn assert_whole(shown: &str) {
    for part in ["<svg role=\"img\"", "<title id=", "<desc id=", "<details>", "aria-labelledby=\""] {
        assert!(shown.contains(part), "{part} is missing: {shown}");
    }
    for broken in ["NaN", "inf", "style=", "fill=\"#", "stroke=\"#"] {
        assert!(!shown.contains(broken), "{broken}: {shown}");
    }
}

fn grown(passage: u8, from: i64, until: i64, seeded: i64, counted: i64) -> Span {
    let mut batch = opened();
    put(&mut batch, 1, passage, &[], from, VesselState::Passaged);
    put(&mut batch, 2, passage + 1, &[1], until, VesselState::InCulture);
    let vessel = &batch.vessels[&VesselNo(1)];
    let replicates = [json!({"live": counted.to_string(), "dead": "1000000"})];
    let count = samples::read(json!({"method": "trypan blue", "replicates": replicates, "factor": "1"}));
    let growth = batch::culture::growth(&[vessel], &count, None, instant(until));
    let mut span = spans(&batch).remove(0);
    span.growth = growth;
    span.seeded = Number::from(seeded);
    span
}

#[test]
fn a_growth_curve_says_draws_and_lists_what_was_counted() {
    let all = [grown(0, 0, 120, 2_000_000, 8_000_000), grown(1, 120, 200, 4_000_000, 32_000_000)];
    let ready = Some((instant(400), instant(380), instant(440)));
    let line =
        [200, 300, 400].map(|at| Point { at: instant(at), cells: 4e6, least: 2e6, most: 8e6 }).to_vec();
    let ahead = Ahead { line, ready, open: false, because: vec!["Because of two counts.".into()] };
    for language in Language::ALL {
        let curve = Curve { spans: &all, needed: Number::from(50_000_000), ahead: &ahead, now: instant(250) };
        let shown = curve.show(&reader(language)).into_string();
        assert_whole(&shown);
        assert_eq!(
            shown.matches("class=\"seeding\"").count(),
            2 + 1,
            "two in the drawing, one in the legend"
        );
        assert_eq!(shown.matches("class=\"count\"").count(), 2 + 1);
        for figure in ["2 × 10⁶", "8 × 10⁶", "4 × 10⁶", "32 × 10⁶", "50 × 10⁶", "Because of two counts."]
        {
            assert!(shown.contains(figure), "{figure}");
        }
        assert!(shown.contains("class=\"band\"") && shown.contains("class=\"forecast\""));
    }
}

#[test]
fn nothing_seeded_is_a_word_and_no_empty_picture() {
    let ahead = Ahead::default();
    let curve = Curve { spans: &[], needed: Number::from(1), ahead: &ahead, now: instant(0) };
    let shown = curve.show(&reader(Language::En)).into_string();
    assert!(!shown.contains("<svg") && shown.contains("No cells are seeded yet."));
}

#[test]
fn vessels_detached_together_are_one_span_and_others_are_told_apart_by_what_became_of_them() {
    let mut batch = opened();
    put(&mut batch, 1, 0, &[], 0, VesselState::Passaged);
    put(&mut batch, 2, 0, &[], 0, VesselState::Passaged);
    put(&mut batch, 3, 0, &[], 0, VesselState::Discarded);
    put(&mut batch, 4, 1, &[1, 2], 100, VesselState::InCulture);
    let spans = spans(&batch);
    let told: Vec<(u8, usize, Option<Time>)> =
        spans.iter().map(|span| (span.passage, span.vessels.len(), span.until)).collect();
    assert_eq!(told, [(0, 2, Some(instant(100))), (0, 1, None), (1, 1, None)]);
    assert_eq!(spans[0].seeded, Number::from(1_000_000));
    let count = json!({"method": "trypan blue", "replicates": [{"live": "700000"}], "factor": "1"});
    let (at, count) = (instant(150), samples::read(count));
    let counted = Some(Counted { at, count, vessels: vec![VesselNo(4)] });
    batch.vessels.get_mut(&VesselNo(4)).unwrap().counted = counted.clone();
    assert_eq!(super::spans::spans(&batch)[2].counted(), Some((instant(150), Number::from(700_000))));
    put(&mut batch, 5, 1, &[1, 2], 100, VesselState::InCulture);
    batch.vessels.get_mut(&VesselNo(4)).unwrap().counted = counted;
    assert_eq!(super::spans::spans(&batch)[2].counted(), None, "a count of one says nothing of both");
}

/// Tissue, three vessels of which one is discarded and two are pooled into two, a harvest, a fill, two doses.
fn whole() -> Batch {
    let mut batch = opened();
    put(&mut batch, 1, 0, &[], 0, VesselState::Passaged);
    put(&mut batch, 2, 0, &[], 0, VesselState::Passaged);
    put(&mut batch, 3, 0, &[], 0, VesselState::Discarded);
    put(&mut batch, 4, 1, &[1, 2], 100, VesselState::Harvested);
    put(&mut batch, 5, 1, &[1, 2], 100, VesselState::InCulture);
    let entry = samples::read(json!(samples::ID));
    let harvest = Harvested {
        entry,
        at: instant(200),
        vessels: vec![VesselNo(4)],
        passage: 1,
        doublings: None,
        viable: None,
        viability: None,
    };
    batch.harvests.insert(HarvestNo(1), harvest);
    let containers = vec![ContainerNo(1), ContainerNo(2)];
    let fill =
        Filled { entry, at: instant(201), harvests: vec![HarvestNo(1)], containers, labels_reconciled: None };
    batch.fills.insert(FillNo(1), fill);
    for no in [1, 2] {
        let new = samples::read(json!({"ware": "bag", "volume": "10", "viable_cells": "50000000"}));
        let container = Container {
            no: ContainerNo(no),
            fill: FillNo(1),
            new,
            filled_at: instant(201),
            expires_at: instant(250),
            frozen_at: None,
            thawed_at: None,
            place: None,
            custody: Custody::InHouse,
            decided: None,
            allocated: None,
            clearance: None,
            administration: None,
            stops: Vec::new(),
        };
        batch.containers.insert(ContainerNo(no), container);
    }
    batch
}

#[test]
fn a_lineage_crosses_what_was_discarded_and_lights_the_path_of_the_chosen_dose_alone() {
    let batch = whole();
    let shown = |dose| {
        let list = html! { ul {} };
        lineage::picture(&reader(Language::En), &batch, &Names::default(), dose, list).into_string()
    };
    let plain = shown(None);
    assert_whole(&plain);
    assert!(!plain.contains("lit\""), "nothing is lit before a dose is chosen");
    assert_eq!(plain.matches("class=\"cross\"").count(), 1 + 1, "one vessel, and one in the legend");
    for label in ["V1", "V2", "V3", "V4", "V5", "H1", "F1", "D1", "D2"] {
        assert_eq!(plain.matches(&format!(">{label}</text>")).count(), 1, "{label}");
    }
    assert!(plain.contains("5 vessels (1 in culture, 1 discarded), 1 harvest and 2 containers."));
    let lit = shown(Some(ContainerNo(2)));
    assert!(lit.contains("The cells of D2 went through V1, V2, V4."));
    let bold = |label: &str| {
        let at = lit.find(&format!(">{label}</text>")).unwrap();
        lit[..at].rfind("<text").is_some_and(|begin| lit[begin..at].contains("class=\"lit\""))
    };
    for (label, expected) in
        [("V1", true), ("V2", true), ("V3", false), ("V4", true), ("V5", false), ("D1", false), ("D2", true)]
    {
        assert_eq!(bold(label), expected, "{label}");
    }
    assert_eq!(shown(Some(ContainerNo(9))), plain, "a container that is not there lights nothing");
}

#[test]
fn sixty_vessels_fit_without_a_text_on_another() {
    let mut batch = opened();
    put(&mut batch, 1, 0, &[], 0, VesselState::Passaged);
    for no in 2..62 {
        put(&mut batch, no, 1, &[1], 100, VesselState::InCulture);
    }
    let list = html! { ul {} };
    let shown = lineage::picture(&reader(Language::Ja), &batch, &Names::default(), None, list).into_string();
    let number = |text: &str, name: &str| -> f64 {
        let (_, rest) = text.split_once(&format!("{name}=\"")).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let texts: Vec<(f64, f64, f64)> = shown
        .match_indices("<text ")
        .map(|(at, _)| {
            let whole = shown[at..].split("</text>").next().unwrap();
            let words = whole.rsplit('>').next().unwrap();
            (number(whole, " x"), number(whole, " y"), 14.0 * super::scale::width(words))
        })
        .filter(|(_, y, _)| *y > 50.0)
        .collect();
    assert_eq!(texts.len(), 61);
    for (index, (x, y, width)) in texts.iter().enumerate() {
        for (other_x, other_y, _) in &texts[index + 1..] {
            assert!((y - other_y).abs() >= 14.0 || other_x >= &(x + width) || other_x < x, "{x} {y}");
        }
    }
}

#[test]
fn a_gate_strip_has_one_cell_for_each_requirement_with_its_name_and_state() {
    let batch = whole();
    let answer = gate(&batch, instant(210));
    let own = reader(Language::En).of(Context::of(batch.standard(), Tz::Asia__Tokyo));
    let mut requirements: Vec<_> = answer
        .batch
        .iter()
        .chain(answer.containers.values().flatten())
        .map(|check| check.requirement.clone())
        .collect();
    requirements.sort();
    requirements.dedup();
    let strip = gate_strip::strip(&own, &batch, &answer).into_string();
    assert_eq!(strip.matches("<li").count(), requirements.len());
    for requirement in &requirements {
        assert!(strip.contains(&crate::words::requirement(Language::En, requirement, &own.context)));
    }
    let compact = gate_strip::compact(&own, &answer).into_string();
    assert_eq!(compact.matches("class=\"unseen\"").count(), requirements.len());
}

fn row(batch: Batch, planned: Option<Time>, now: Time) -> Row {
    let forecast = forecast(&batch, &Experience::of(batch.standard(), []), 1, now);
    Row { spans: spans(&batch), forecast, planned, batch: batch.into() }
}

#[test]
fn a_plan_has_a_bar_and_a_link_for_each_batch_and_counts_vessels_until_they_are_harvested() {
    let mut growing = opened();
    put(&mut growing, 1, 0, &[], 0, VesselState::Passaged);
    put(&mut growing, 2, 1, &[1], 24, VesselState::InCulture);
    put(&mut growing, 3, 1, &[1], 24, VesselState::InCulture);
    let now = instant(60);
    let rows = [row(growing, Some(instant(100)), now), row(opened(), None, now)];
    let from = monday(day_of(now, Tz::Asia__Tokyo));
    let fits_one = Incubator { shelves: 1, vessels_per_shelf: 1, retired: false };
    let incubators = Registered::from([("INC-1".into(), fits_one), ("INC-9".into(), fits_one)]);
    let none = Registered::new();
    let plan = Plan { rows: &rows, others: &[], incubators: &none, from, now };
    for language in Language::ALL {
        let bars = plan.bars(&reader(language)).into_string();
        assert_whole(&bars);
        assert!(bars.contains(">P0<") || bars.contains(">P1<"));
        let link = format!("href=\"/batches/{}\"", rows[0].batch.id);
        assert_eq!(bars.matches(&link).count(), 4, "each of both beside its bar and in the table");
        assert!(bars.contains("class=\"plan-mark\""), "the harvest as instructed");
    }
    let uses = plan.loads(&reader(Language::En)).into_string();
    assert_whole(&uses);
    assert!(uses.contains("INC-1") && uses.contains("2 vessels") && uses.contains("5 Nov: 0"), "{uses}");
    assert!(uses.contains("Not registered") && !uses.contains("over on"));
    let full = Plan { incubators: &incubators, ..plan };
    for (language, told) in [
        (Language::En, ["2 of 1 vessel", "over on Tue 3 Nov – Thu 5 Nov"]),
        (Language::Ja, ["収容可能数1個", "11/3(火)～11/5(木)に超過"]),
    ] {
        let uses = full.loads(&reader(language)).into_string();
        assert_whole(&uses);
        assert!(told.iter().all(|told| uses.contains(told)), "{uses}");
        assert_eq!(uses.matches("class=\"fits\"").count(), 2 + 2, "both incubators, and twice in the legend");
    }
    let left_over = [rows[0].batch.clone()];
    let forgotten = Plan { rows: &[], others: &left_over, incubators: &incubators, ..plan };
    let uses = forgotten.loads(&reader(Language::En)).into_string();
    assert!(uses.contains("over on Tue 3 Nov – Sun 29 Nov"), "vessels that nobody harvests stay: {uses}");
    let nothing = Plan { rows: &[], ..plan };
    assert!(!nothing.bars(&reader(Language::En)).into_string().contains("<svg"));
}

fn measured(values: &[&str]) -> Vec<Measured> {
    let one = |(index, value): (usize, &&str)| Measured {
        batch: samples::read(json!(samples::ID)),
        label: format!("B-{index}"),
        at: instant(i64::try_from(index).unwrap() * 24),
        value: value.parse().unwrap(),
    };
    values.iter().enumerate().map(one).collect()
}

#[test]
fn a_control_chart_tells_its_limits_and_says_by_shape_and_word_what_signals() {
    let mut values =
        vec!["94.1", "94.3", "94.0", "94.2", "94.1", "94.3", "94.2", "94.0", "94.1", "94.2", "94.1"];
    values.push("81.5");
    let measured = measured(&values);
    let chart = Chart {
        id: "viability",
        title: "Viability",
        unit: "%",
        measured: &measured,
        specification: &[Number::from(85)],
        possible: (0.0, 100.0),
    };
    let shown = chart.show(&reader(Language::En)).into_string();
    assert_whole(&shown);
    assert_eq!(shown.matches("class=\"beyond\"").count(), 1 + 1 + 1, "the point, its range, and the legend");
    assert_eq!(shown.matches("<td>Beyond a limit</td>").count(), 1);
    assert_eq!(
        shown.matches("class=\"spec\"").count(),
        2 + 2,
        "a double line in the drawing and in the legend"
    );
    assert!(shown.contains("12 batches: mean 93.09 %") && shown.contains("Specification 85"), "{shown}");
    for value in values {
        assert!(shown.contains(&format!("<td class=\"number\">{value}</td>")), "{value}");
    }
    let alone = Chart { measured: &measured[..1], ..chart };
    assert!(alone.show(&reader(Language::En)).into_string().contains("At least two harvested batches"));
}

fn odd_time() -> impl Strategy<Value = Time> {
    prop_oneof![Just(instant(0)), (-20_000i64..20_000).prop_map(instant), Just(instant(90_000_000))]
}

fn odd_count() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::sample::select(vec![0.0, -1.0, f64::NAN, f64::INFINITY, f64::MAX, 1e-9, 1e15]),
        0.0..1e9
    ]
}

proptest! {
    #[test]
    fn a_growth_curve_is_never_broken(
        seeded in prop::collection::vec((odd_time(), 0i64..i64::MAX / 1000, prop::option::of(odd_time())), 0..4),
        points in prop::collection::vec((odd_time(), odd_count(), odd_count(), odd_count()), 0..5),
        ready in prop::option::of((odd_time(), odd_time(), odd_time())),
        needed in 0i64..1_000_000_000_000,
        now in odd_time(),
    ) {
        let model = grown(1, 0, 100, 1, 2);
        let all: Vec<Span> = seeded
            .into_iter()
            .map(|(seeded_at, cells, until)| Span { seeded_at, seeded: Number::from(cells), until, ..model.clone() })
            .collect();
        let line = points.into_iter().map(|(at, cells, least, most)| Point { at, cells, least, most }).collect();
        let ahead = Ahead { line, ready, open: false, because: Vec::new() };
        for language in Language::ALL {
            let curve = Curve { spans: &all, needed: Number::from(needed), ahead: &ahead, now };
            let shown = curve.show(&reader(language)).into_string();
            prop_assert!(!shown.contains("NaN") && !shown.contains("inf"), "{}", shown);
        }
    }

    #[test]
    fn a_plan_is_never_broken(
        vessels in prop::collection::vec((0u8..5, -3_000i64..3_000, any::<bool>()), 0..6),
        planned in prop::option::of(odd_time()),
        fits in 0u16..4,
        now in (-2_000i64..2_000).prop_map(instant),
    ) {
        let mut batch = opened();
        for (index, (passage, at, growing)) in vessels.into_iter().enumerate() {
            let no = u16::try_from(index).unwrap() + 1;
            let (from, state) = match growing {
                true => (vec![], VesselState::InCulture),
                false => (if no > 1 { vec![no - 1] } else { vec![] }, VesselState::Discarded),
            };
            put(&mut batch, no, passage, &from, at, state);
        }
        let rows = [row(batch, planned, now)];
        let incubators = Registered::from([("INC-1".into(), Incubator { shelves: fits, vessels_per_shelf: fits, retired: fits == 3 })]);
        let plan = Plan { rows: &rows, others: &[], incubators: &incubators, from: monday(day_of(now, Tz::Asia__Tokyo)), now };
        let shown = [plan.bars(&reader(Language::Ja)), plan.loads(&reader(Language::Ja))].map(|shown| shown.into_string());
        prop_assert!(shown.iter().all(|shown| !shown.contains("NaN") && !shown.contains("inf")), "{:?}", shown);
    }

    #[test]
    fn a_control_chart_is_never_broken(values in prop::collection::vec(prop_oneof![Just(0i64), any::<i64>().prop_map(|n| n / 100), -5i64..5], 0..70)) {
        let texts: Vec<String> = values.iter().map(|value| value.to_string()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let measured = measured(&texts);
        let chart = Chart { id: "c", title: "T", unit: "h", measured: &measured, specification: &[], possible: (0.0, f64::MAX) };
        let shown = chart.show(&reader(Language::En)).into_string();
        prop_assert!(!shown.contains("NaN") && !shown.contains("inf"), "{}", shown);
    }
}
