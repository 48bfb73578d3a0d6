//! The quality desk on its pages: a batch is found in the queue, reviewed by exception and released in four
//! interactions; results are entered, verified and investigated with what failed in sight; nobody sees or signs there
//! what is not his.

use serde_json::json;
use stories::{Answer, Asking, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// A page, as somebody sees it.
#[track_caller]
fn page(who: Asking, path: &str) -> String {
    let answer = who.get(&format!("/{path}"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

/// A form on a page with what it carries and what somebody fills in, handed in where it says.
fn hand_in(who: Asking, page: &str, action: &str, filled: &[(&str, &str)]) -> Answer {
    let own = format!("action=\"{action}\"");
    let (_, form) = page.split_once(&own).unwrap_or_else(|| panic!("no form for {action} in {page}"));
    let form = form.split("</form>").next().unwrap_or_default();
    let hidden = form.split("<input type=\"hidden\" name=\"").skip(1);
    let hidden = hidden.filter_map(|rest| {
        let (name, rest) = rest.split_once('"')?;
        let value = rest.strip_prefix(" value=\"")?.split('"').next()?;
        Some((name, value))
    });
    let body: Vec<String> = hidden
        .chain(filled.iter().copied())
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let call = who.call("POST", &format!("/{action}"));
    call.body(body.join("&").into_bytes(), "application/x-www-form-urlencoded").send()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Where somebody is sent.
#[track_caller]
fn sent_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").unwrap()
}

fn label(course: &Course) -> String {
    course.view()["label"].as_str().unwrap().to_string()
}

#[test]
fn a_batch_without_exceptions_is_released_by_open_decision_password_and_sign() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let releaser = centre.releaser();
    let review = format!("/batches/{}/review", course.batch);
    let queue = page(releaser, "/");
    assert!(queue.contains(&label(&course)) && queue.contains(&format!("{review}#sign")));
    // 1: open.
    let reviewed = page(releaser, &review);
    assert!(reviewed.contains("No exceptions in"));
    for container in course.containers() {
        assert!(reviewed.contains(&format!("name=\"/containers\" value=\"{container}\"")));
        let dose = course.dose(container).as_str().unwrap().to_string();
        assert!(reviewed.contains(&dose), "what the decision covers is told by its label");
    }
    assert!(!reviewed.contains(" checked"), "nothing is decided beforehand");
    // 2: the decision, 3: the password, 4: Sign.
    let deciding = format!("/record/batches/{}/deciding", course.batch);
    let password = releaser.account().password.clone();
    let wrong = [("/decision", "release"), ("/signature/password", "not my password")];
    let refused = hand_in(releaser, &reviewed, &deciding, &wrong);
    assert_eq!(refused.status, 401);
    assert!(!refused.text.contains("not my password"));
    assert!(refused.text.contains("value=\"release\" checked"), "what was typed is still there");
    assert_eq!(course.status(), "ready_for_decision");
    let signed = hand_in(
        releaser,
        &refused.text,
        &deciding,
        &[("/decision", "release"), ("/signature/password", &password)],
    );
    assert_eq!(sent_to(&signed), "/quality?done=batch.disposition.deciding");
    assert_eq!(course.status(), "released");
}

#[test]
fn a_decision_is_refused_on_a_record_that_changed_since_it_was_read() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let releaser = centre.releaser();
    let reviewed = page(releaser, &format!("/batches/{}/review", course.batch));
    centre.technician().post(&course.path("holding"), json!({ "reason": "a leak was seen" })).ok();
    let deciding = format!("/record/batches/{}/deciding", course.batch);
    let password = releaser.account().password.clone();
    let filled = [("/decision", "release"), ("/signature/password", password.as_str())];
    let refused = hand_in(releaser, &reviewed, &deciding, &filled);
    assert!(refused.status == 412 || refused.status == 422, "{}", refused.status);
    assert_eq!(course.status(), "on_hold");
    let again = page(releaser, &format!("/batches/{}/review", course.batch));
    assert!(again.contains("a leak was seen") && again.contains("Why is this not ready?"));
}

#[test]
fn who_had_a_part_is_told_so_and_gets_no_form_and_a_clinic_gets_no_page() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let review = format!("/batches/{}/review", course.batch);
    let deciding = format!("action=\"/record/batches/{}/deciding\"", course.batch);
    for who in [centre.analyst(), centre.lead(), centre.inspector(), centre.manager()] {
        assert!(!page(who, &review).contains(&deciding));
    }
    for path in ["//quality".to_string(), format!("/{review}")] {
        assert_eq!(course.coordinator().get(&path).status, 403, "{path}");
        assert_eq!(centre.stranger().get(&path).status, 303, "{path}");
    }
    // The record of its own batch a clinic may read, of another's not.
    let record = format!("//batches/{}/record", course.batch);
    assert_eq!(course.coordinator().get(&record).status, 200);
    let other = centre.of_clinic(baiyo_domain::authority::Role::Coordinator, 1);
    assert_eq!(other.get(&record).status, 404);
}

#[test]
fn a_result_is_typed_verified_and_a_failure_stands_above_every_later_one() {
    let centre = Centre::open();
    let mut recipe = Recipe::of(centre.standard(FRESH));
    recipe.unreported = vec!["ENDOTOXIN"];
    let course = Course::run(&centre, recipe, Step::Tested);
    let analyst = centre.analyst();
    let form = format!("/record/batches/{}/result", course.batch);
    let chooser = page(analyst, &form);
    assert!(chooser.contains("Which result do you enter?") && !chooser.contains("<form class=\"sheet\""));
    let (_, link) = chooser
        .split_once("/test=ENDOTOXIN")
        .map(|(before, _)| before.rsplit_once("href=\"").unwrap())
        .unwrap();
    let entering = page(analyst, &format!("{}/test=ENDOTOXIN", link.replace("&amp;", "&")));
    assert!(entering.contains("No other result of this test."));
    let failed = hand_in(
        analyst,
        &entering,
        &form,
        &[
            ("value-0", "５．０"),
            ("/controls/positive", "as_expected"),
            ("/controls/negative", "as_expected"),
        ],
    );
    assert!(sent_to(&failed).ends_with("done=batch.testing.result"));
    assert_eq!(course.status(), "on_hold");
    let result = *course.results().last().unwrap();
    let again = page(analyst, &format!("{}/test=ENDOTOXIN", link.replace("&amp;", "&")));
    assert!(again.contains("<strong>5.0 EU/mL</strong>"), "an earlier failure is in sight: {again}");
    let releaser = centre.releaser();
    let investigating = format!("/record/batches/{}/investigation", course.batch);
    let crafted =
        format!("{investigating}?/result={result}&/conclusion=confirmed&/conclusion/confirmed/cause=none");
    let shown = page(releaser, &crafted);
    assert!(shown.contains("5.0 EU/mL"));
    assert!(!shown.contains(" checked"), "a link decides nothing that is signed: {shown}");
    let password = releaser.account().password.clone();
    let concluded = hand_in(
        releaser,
        &shown,
        &investigating,
        &[
            ("/conclusion", "confirmed"),
            ("/conclusion/confirmed/cause", "no cause in the laboratory"),
            ("/signature/password", &password),
        ],
    );
    sent_to(&concluded);
    let reviewed = page(releaser, &format!("/batches/{}/review", course.batch));
    assert!(reviewed.contains("fails; the investigation confirmed it"));
}

#[test]
fn a_correction_shows_the_old_value_struck_through_in_review_and_record() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Tested);
    let history = centre.inspector().get(&course.path("history")).ok();
    let entered = history["items"].as_array().unwrap().iter().find(|item| {
        item["kind"] == "batch.testing.result_entered" && item.to_string().contains("\"test\":\"VIABILITY\"")
    });
    let entry = entered.unwrap()["entry"].clone();
    let mut form = course.result_form("VIABILITY");
    form["values"] = json!(["91.5"]);
    let correction = json!({
        "entry": entry, "reason": "read from the wrong line", "replacement": { "testing": { "result": form } },
    });
    centre.second_analyst().post_seen(&course.path("correction"), correction).ok();
    for path in [format!("/batches/{}/review", course.batch), format!("/batches/{}/record", course.batch)] {
        let shown = page(centre.inspector(), &path);
        assert!(shown.contains("<del>Result entered: Viability"), "{path}");
        assert!(shown.contains("<ins>Result entered: Viability 91.5 %"), "{path}");
        assert!(shown.contains("read from the wrong line"), "{path}");
    }
    let record = centre.inspector().in_language("ja").get(&format!("//batches/{}/record", course.batch)).text;
    assert!(record.contains("令和8年") || record.contains("令和9年"), "official forms count by the era");
}
