//! The main job, whole: what arrives as tissue is infused as cells, and the record of it is closed.

use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const FROZEN: &str = "config/standards/adipose-msc-autologous-frozen.toml";
const BANK: &str = "config/standards/umbilical-cord-msc-bank.toml";
const PRODUCT: &str = "config/standards/umbilical-cord-msc-product.toml";

/// The sentences of everything that blocks, batch and containers.
fn sentences(gate: &Value) -> Vec<String> {
    let containers = gate["containers"].as_array().unwrap().iter();
    let all = containers
        .flat_map(|c| c["blockers"].as_array().unwrap())
        .chain(gate["blockers"].as_array().unwrap());
    all.map(|blocker| blocker["sentence"].as_str().unwrap().to_string()).collect()
}

#[test]
fn fresh_cells_of_the_patients_own_go_the_whole_way() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let mut course = Course::run(&centre, Recipe::of(standard), Step::Filled);
    assert_eq!(course.status(), "under_test");

    // Nothing was tested yet: every mandated test of the fill blocks, in the reader's own language.
    assert!(course.blockers(course.containers()[0]).contains(&"test_pending".to_string()));
    let asked = |language| centre.lead().in_language(language).get(&course.path("gate"));
    let (english, japanese) = (asked("en-GB,en;q=0.8"), asked("ja-JP"));
    assert_eq!(english.header("content-language"), Some("en"));
    assert_eq!(japanese.header("content-language"), Some("ja"));
    let is_japanese =
        |text: &String| text.chars().any(|c| ('ぁ'..='ん').contains(&c) || ('一'..='龠').contains(&c));
    let (english, japanese) = (sentences(&english.ok()), sentences(&japanese.ok()));
    assert!(english.len() > 10 && english.len() == japanese.len());
    assert!(english.iter().any(|sentence| sentence.contains("Viability")), "{english:?}");
    assert!(japanese.iter().all(is_japanese), "{japanese:?}");
    course.release(&course.containers()).refused(409).names("blocked/test_pending");

    course.to(Step::Confirmed);
    assert_eq!(course.status(), "ready_for_decision");
    assert_eq!(sentences(&course.gate()), [] as [String; 0]);
    course.to(Step::Released);
    assert_eq!(course.status(), "released");
    course.to(Step::Arrived);
    let stands = |no| course.container(no)["status"].clone();
    assert_eq!(stands(course.containers()[1]), "received");
    course.to(Step::Infused);
    assert_eq!(course.container(course.containers()[0])["status"], "infused");
    course.to(Step::Closed);
    assert_eq!(course.status(), "closed");

    let history = centre.inspector().get(&course.path("history")).ok();
    let kinds: Vec<&str> =
        history["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    for kind in ["batch.intake.opened", "batch.disposition.decided", "batch.distribution.infused"] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
    assert_eq!(kinds.last(), Some(&"batch.distribution.closed"));
    centre.technician().post(&course.path("packing"), json!({"containers": [], "package": "x"})).refused(422);
}

#[test]
fn frozen_cells_are_decided_on_again_after_their_thaw() {
    let centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FROZEN)), Step::Released);
    let [first, second] = course.containers()[..] else { panic!("two containers") };
    course.sent = vec![first];

    // Frozen stock is released, and still goes nowhere as it is.
    centre.days(30);
    course.to(Step::Packed);
    course.shipping_check().refused(409).names("blocked/test_absent");

    course.thaw(&[first]);
    assert!(course.container(first)["decision"]["voided_by"].is_string(), "thawing opens the product anew");
    assert_eq!(course.container(second)["decision"]["voided_by"], Value::Null);
    let expires = course.container(first)["expires_at"].clone();
    assert!(
        expires.as_str() < course.container(second)["expires_at"].as_str(),
        "a short clock since the thaw"
    );
    course.shipping_check().refused(409).names("release_voided");
    let refreezing = json!({"containers": [course.dose(first)], "protectant": "10 % DMSO", "programme": "x"});
    centre.technician().post(&course.path("freezing"), refreezing).refused(409).only(&["no_refreezing"]);

    course.confirm();
    course.release(&[first]).ok();
    course.took(Step::Packed);
    course.to(Step::Closed);
    assert_eq!(course.container(first)["status"], "infused");
    assert_eq!(course.container(second)["status"], "destroyed");
}

#[test]
fn one_bank_serves_several_recipients() {
    let centre = Centre::open();
    let bank = Course::run(&centre, Recipe::bank(centre.standard(BANK)), Step::Released);
    let product = centre.standard(PRODUCT);
    let people = [("鈴木 一郎", "1958-02-03"), ("田中 実", "1970-11-30")];
    for (index, (vial, person)) in bank.containers().into_iter().zip(people).enumerate() {
        let pseudonym = ["R-001", "R-002"][index];
        let recipe = Recipe { person, pseudonym, clinic: index, ..Recipe::from_bank(product, &bank, vial) };
        let recipient = Course::run(&centre, recipe, Step::Closed);
        assert_eq!(recipient.view()["parents"][0]["batch"], bank.batch.to_string());
        let drawn = bank.container(vial)["custody"]["drawn"]["by"].clone();
        assert_eq!(drawn, recipient.batch.to_string());
    }
    assert_eq!(bank.view()["children"].as_array().map(Vec::len), Some(2));

    // A vial is drawn once.
    let recipe = Recipe { pseudonym: "R-003", ..Recipe::from_bank(product, &bank, bank.containers()[0]) };
    let third = Course::run(&centre, recipe, Step::Ordered);
    centre.lead().post("/batches", third.opening()).refused(409).only(&["bank_not_released"]);
}
