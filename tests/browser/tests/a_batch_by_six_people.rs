//! The whole life of one batch, each act on a page, by six people in six browsers: a clinic orders, the lead opens and
//! instructs, a technician receives, isolates and cultures, an analyst and a releaser test and decide, and the clinic
//! receives, decides and gives. Weeks of routine between the acts are recorded through the API.

use baiyo::words::{self, Clinic, Sheet};
use browser_stories::{Browser, Device, Language, Person, Theme, Ui};
use chrono::TimeDelta;
use serde_json::{Value, json};
use stories::{Asking, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
/// A test whose result is entered on a page.
const VIABILITY: &str = "VIABILITY";

/// Whoever sits down at a browser of his own.
struct Hands<'a> {
    browser: &'a Browser,
    centre: &'a Centre,
}

impl<'a> Hands<'a> {
    fn of(&self, who: &Asking, device: Device) -> Person<'a> {
        self.browser.person(self.centre, who.account(), device, Language::En, Theme::Light)
    }
}

/// Opens a form, fills its fields in by name and hands it in.
fn fills_in(person: &Person, path: &str, fields: &[(&str, &str)], button: &str, action: &str) {
    person.open(path);
    let script = format!(
        "(() => {{ const missing = []; for (const [name, value] of {}) {{
            const found = [...document.querySelectorAll('form.sheet [name]')].filter((field) => field.name === name);
            if (!found.length) missing.push(name);
            for (const field of found) {{
                if (field.type === 'radio' || field.type === 'checkbox') {{ if (field.value === value) field.click(); }}
                else field.value = value;
            }} }} return missing; }})()",
        json!(fields)
    );
    assert_eq!(person.run(&script), json!([]), "{path} lacks fields");
    let done = words::action(Language::En, action);
    person.tap(button).see(&format!("{}: {done}", person.say(Sheet::Recorded)));
}

fn record(person: &Person, path: &str, fields: &[(&str, &str)], action: &str) {
    fills_in(person, path, fields, person.say(Ui::Record), action);
}

fn sign(person: &Person, who: &Asking, path: &str, fields: &[(&str, &str)], action: &str) {
    let mut fields = fields.to_vec();
    fields.push(("/signature/password", &who.account().password));
    fills_in(person, path, &fields, person.say(Sheet::SignOnce), action);
}

fn id_in(address: &str) -> uuid::Uuid {
    address.split(['/', '?', '&', '=']).find_map(|part| part.parse().ok()).expect("an identifier")
}

/// A moment some hours ago, as a page's field takes it, in the centre's zone.
fn ago(centre: &Centre, minutes: i64) -> String {
    let there = centre.now().plus(TimeDelta::minutes(9 * 60 - minutes));
    there.utc().format("%Y-%m-%dT%H:%M").to_string()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_string()
}

#[test]
fn from_the_order_to_the_vein() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let mut course = Course::new(&centre, Recipe { unreported: vec![VIABILITY], ..Recipe::of(standard) });
    let browser = Browser::start();
    let hands = Hands { browser: &browser, centre: &centre };
    ordered(&hands, &mut course);
    opened(&hands, &mut course, &standard.to_string());
    isolated(&hands, &mut course);
    course.to(Step::Tested);
    tested_and_released(&hands, &course);
    course.took(Step::Released);
    course.to(Step::Shipped);
    given(&hands, &course);
    assert_eq!(course.container(1)["status"], "infused");
    assert_eq!(course.view()["quality_events"].as_array().map(Vec::len), Some(0));
}

fn ordered(hands: &Hands, course: &mut Course) {
    let centre = hands.centre;
    let coordinator = hands.of(&centre.coordinator(), Device::Desktop);
    coordinator.open("/record/orders");
    let day =
        text(&coordinator.run("document.querySelector('[name=\"/window/day\"]:not([disabled])').value"));
    let order = [
        ("/who", "new"),
        ("/personal/name", "佐藤 花子"),
        ("/personal/kana", "サトウ ハナコ"),
        ("/personal/birth/year", "1961"),
        ("/personal/birth/month", "04"),
        ("/personal/birth/day", "12"),
        ("/personal/pseudonym", "P-001"),
        ("/plan/number", "PB3190001"),
        ("/plan/class", "two"),
        ("/window/day", &day),
        ("/window/days", "3"),
    ];
    record(&coordinator, "/record/orders", &order, "order.placement");
    course.order = id_in(&coordinator.url());
    let yesterday = ago(centre, 24 * 60);
    let form = |name: &str| format!("/record/orders/{}/{name}", course.order);
    record(
        &coordinator,
        &form("consent"),
        &[("/version", "2.1"), ("/signed_at", &yesterday)],
        "order.consent",
    );
    let rows: Vec<String> = (0..5).map(|row| format!("/results/{row}/finding")).collect();
    let mut panel = vec![("/sampled_at", yesterday.as_str()), ("/laboratory", "Example laboratory")];
    panel.extend(rows.iter().map(|row| (row.as_str(), "negative")));
    record(&coordinator, &form("donor_screening"), &panel, "order.donor_screening");
    course.took(Step::Ordered);
}

fn opened(hands: &Hands, course: &mut Course, standard: &str) {
    let lead = hands.of(&hands.centre.lead(), Device::Desktop);
    lead.open(&format!("/orders/{}", course.order)).tap(&words::action(Language::En, "batch.intake.opening"));
    lead.see(words::field(Language::En, "standard"));
    let order = course.order.to_string();
    let fields = [("/order", order.as_str()), ("/standard", standard)];
    record(&lead, "/record/batches", &fields, "batch.intake.opening");
    course.batch = id_in(&lead.url());
    let instruction = format!("/record/batches/{}/instruction", course.batch);
    let fields = [("/instructions", "culture as the standard says")];
    sign(&lead, &hands.centre.lead(), &instruction, &fields, "batch.intake.instruction");
    course.took(Step::Instructed);
}

fn isolated(hands: &Hands, course: &mut Course) {
    let centre = hands.centre;
    centre.hours(4);
    let technician = hands.of(&centre.technician(), Device::Tablet);
    let path = |form: &str| format!("/record/batches/{}/{form}", course.batch);
    let (label, collected) = (text(&course.order_label()), ago(centre, 180));
    let checker = centre.checker().id().to_string();
    let receipt = [
        ("/order_label", label.as_str()),
        ("/pseudonym", "P-001"),
        ("/collected_at", &collected),
        ("/site", "abdomen"),
        ("/seal_intact", "true"),
        ("/least_temperature", "4"),
        ("/most_temperature", "8"),
        ("/transport", "2"),
        ("/mass", "120"),
        ("/appearance", "yellow, clear"),
        ("/decision", "accepted"),
        ("/performed/checked_by", &checker),
    ];
    record(&technician, &path("tissue_receipt"), &receipt, "batch.intake.tissue_receipt");
    let codes: Vec<String> = course.tests_of("receipt").iter().map(|test| text(&test["code"])).collect();
    let mut sampling = vec![("/subjects", "tissue")];
    sampling.extend(codes.iter().map(|code| ("/tests", code.as_str())));
    record(&technician, &path("sampling"), &sampling, "batch.testing.sampling");
    let isolation = [
        ("/method", "collagenase 0.1 %, 37 °C"),
        ("/digestion", "45"),
        ("/count/method", "NucleoCounter"),
        ("/count/factor", "1000000"),
        ("/count/replicates/0/live", "20"),
        ("/count/replicates/0/dead", "2"),
        ("/into/0/ware", "CellSTACK"),
        ("/into/0/area", "1500"),
        ("/into/0/viable_cells", "15000000"),
        ("/into/0/incubator", "INC-1"),
        ("/into/0/position", "shelf 1"),
    ];
    record(&technician, &path("isolation"), &isolation, "batch.culture.isolation");
    // New labels are scanned back at once.
    let vessel = text(&course.in_culture()[0].1);
    technician.see(&vessel).scan(&vessel);
    let done = words::action(Language::En, "batch.culture.label_check");
    technician.see(&format!("{}: {done}", technician.say(Sheet::Recorded)));
    course.confirm_parts();
    course.took(Step::Seeded);
}

fn tested_and_released(hands: &Hands, course: &Course) {
    let centre = hands.centre;
    let path = |form: &str| format!("/record/batches/{}/{form}", course.batch);
    let analyst = hands.of(&centre.analyst(), Device::Desktop);
    let sample = course.result_form(VIABILITY)["sample"].to_string();
    let entering = format!("{}?/sample={}&/test={VIABILITY}", path("result"), sample);
    record(&analyst, &entering, &[("value-0", "93.4")], "batch.testing.result");
    let result = course.results().last().expect("a result").to_string();

    let releaser = hands.of(&centre.releaser(), Device::Desktop);
    let verifying = format!("{}?/result={result}", path("verification"));
    sign(&releaser, &centre.releaser(), &verifying, &[], "batch.testing.verification");
    let lead = hands.of(&centre.lead(), Device::Desktop);
    let confirming = path("manufacturing_confirmation");
    sign(&lead, &centre.lead(), &confirming, &[], "batch.disposition.manufacturing_confirmation");
    let confirming = path("quality_confirmation");
    sign(&releaser, &centre.releaser(), &confirming, &[], "batch.disposition.quality_confirmation");
    let review = format!("/batches/{}/review", course.batch);
    sign(&releaser, &centre.releaser(), &review, &[("/decision", "release")], "batch.disposition.deciding");
    assert_eq!(course.status(), "released");
}

fn given(hands: &Hands, course: &Course) {
    let centre = hands.centre;
    centre.hours(2);
    let (coordinator, physician) = (centre.coordinator(), centre.physician());
    let nurse = hands.of(&coordinator, Device::Phone);
    let doctor = hands.of(&physician, Device::Tablet);
    let path = |form: &str| format!("/record/batches/{}/{form}?to=/clinic", course.batch);
    let (bag, wristband) = (text(&course.dose(1)), text(&course.order_label()));
    let receipt = [
        ("/containers", bag.as_str()),
        ("/temperature", "5.2"),
        ("/seal_intact", "true"),
        ("/looks", nurse.say(Clinic::LooksRight)),
        ("/accepted", "true"),
    ];
    record(&nurse, &path("receipt"), &receipt, "batch.distribution.receipt");
    let decision = [("/container", bag.as_str()), ("/order_label", &wristband), ("/may", "true")];
    sign(
        &doctor,
        &physician,
        &path("administration_decision"),
        &decision,
        "batch.distribution.administration_decision",
    );
    let second = physician.id().to_string();
    let check = [
        ("/wristband", wristband.as_str()),
        ("/container", &bag),
        ("/spoken_identity_fits", "true"),
        ("/second_person", &second),
    ];
    record(&nurse, &path("bedside_check"), &check, "batch.distribution.bedside_check");
    doctor.open("/clinic").tap(doctor.say(Clinic::DoConfirmCheck)).see(doctor.say(Sheet::Recorded));
    centre.minutes(20);
    let began = ago(centre, 10);
    let seen = nurse.say(Clinic::NoReactions);
    let infusion = [("/started_at", began.as_str()), ("/volume", "40"), ("/seen", seen)];
    record(&nurse, &path("infusion"), &infusion, "batch.distribution.infusion");
}
