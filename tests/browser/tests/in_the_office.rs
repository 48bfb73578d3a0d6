//! Those who oversee the work, each with his task counted, in both languages: an inspector goes from a period to every
//! document of a batch; the manufacturing lead opens a batch, instructs, looks at the week and confirms a record; the
//! administrator brings people and clinics in, and no form of the work opens to him.

use baiyo::words::{self, Inspection, Picture, Privacy, Quality, Sheet};
use baiyo_domain::authority::{Role, TABLE};
use browser_stories::{Browser, Device, Language, Person, Scripts, Theme, Ui};
use serde_json::json;
use stories::{Centre, Course, PASSWORD_OF_SETUP, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn label(course: &Course) -> String {
    course.view()["label"].as_str().unwrap().to_string()
}

/// A batch as the plan names it: by year, serial and check character.
fn short(course: &Course) -> String {
    let label = label(course);
    let parts: Vec<&str> = label.rsplitn(4, '-').take(3).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("-")
}

/// What the page says once a form was recorded.
fn told(person: &Person, language: Language, action: &str) -> String {
    format!("{}: {}", person.say(Sheet::Recorded), words::action(language, action))
}

/// The day of an instant, as a field of the page takes it.
fn day(instant: &serde_json::Value) -> String {
    let at: baiyo_domain::time::Time = serde_json::from_value(instant.clone()).expect("an instant");
    at.utc().with_timezone(&chrono_tz::Asia::Tokyo).date_naive().to_string()
}

#[test]
fn an_inspector_sees_every_document_of_a_batch_in_nine_interactions_from_the_sign_in() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let course = Course::run(&centre, Recipe::of(standard), Step::Shipped);
    course.enter("STERILITY-14D", json!({ "values": ["growth"] }));
    let later = Course::run(&centre, Recipe { pseudonym: "P-2", ..Recipe::of(standard) }, Step::Opened);
    let view = course.view();
    let opened = day(
        &centre.inspector().get(&format!("/batches/{}/history", course.batch)).ok()["items"][0]["recorded_at"]
    );
    let order = centre.inspector().get(&format!("/orders/{}", view["order"].as_str().unwrap())).ok();
    let people = centre.inspector().get("/people").ok();
    let named = |role: &str| {
        let found =
            people["items"].as_array().unwrap().iter().find(|person| person["roles"] == json!([role]));
        found.expect("a person")["name"].as_str().unwrap().to_string()
    };
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let member = centre.inspector().account();
        let person = browser.person(&centre, member, Device::Desktop, language, Theme::Light);
        let test = course.test("STERILITY-14D");
        let test = test["title"][language.tag()].as_str().unwrap();
        let glance = person.say(Inspection::Glance);
        // He begins where his first question is answered.
        person.see(&label(&course)).see(&label(&later)).begins("an inspection");
        person
            .enter(person.say(Inspection::FirstDay), &opened)
            .enter(person.say(Inspection::LastDay), &opened);
        person
            .tap(person.say(Inspection::Show))
            .does_not_see(&label(&later))
            .tap(&label(&course))
            .see(glance);
        // Instruction, confirmations, decision, recipients and what failed.
        person.see("culture as the standard says").see(person.say(Inspection::ManufacturingConfirmed));
        person.see(&named("manufacturing_lead")).see(&named("releaser")).see(person.say(Ui::Release));
        person.see(order["label"].as_str().unwrap()).see(person.say(Ui::FailureOpen)).breaks_no_rule();
        let code = course.standard["code"].as_str().unwrap();
        person.tap_in(glance, &format!("{code} v{}", course.standard["version"]));
        person.see(person.say(Inspection::PinnedStandard)).see(test).breaks_no_rule();
        person
            .tap(person.say(Inspection::BackToBatch))
            .see(glance)
            .tap_in(glance, person.say(Quality::Print));
        person.see(person.say(Quality::SignedEntries)).see(person.say(Quality::CheckpointNote));
        person.tap(&label(&course)).see(glance).tap_in(glance, test);
        let failed = view["results"].as_array().unwrap().len();
        assert_eq!(person.count(&format!("#result-{failed}:target")), 1, "the failed result is shown");
        person.took_at_most(9);
        // He changes nothing.
        person.open(&format!("/batches/{}", course.batch)).see(glance);
        assert_eq!(person.count("main form, main details.forms"), 0);
    }
}

#[test]
fn a_lead_opens_a_batch_and_instructs_it_looks_at_the_week_and_confirms_a_record() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let standard = centre.standard(FRESH);
        let made = Course::run(&centre, Recipe::of(standard), Step::Tested);
        let growing = Course::run(&centre, Recipe { pseudonym: "P-2", ..Recipe::of(standard) }, Step::Seeded);
        let ordered =
            Course::run(&centre, Recipe { pseudonym: "P-3", ..Recipe::of(standard) }, Step::Ordered);
        let lead = centre.lead().account();
        let person = browser.person(&centre, lead, Device::Desktop, language, Theme::Light);
        let (password, sign) = (person.say(Sheet::PasswordAgain), person.say(Sheet::SignOnce));
        let say = |action: &str| words::action(language, action);

        // The week's plan is where he begins.
        person.begins("the week").see(person.say(Picture::WeekPlan)).see(&short(&growing)).took_at_most(0);

        person.begins("opening a batch").tap(&say("batch.intake.opening"));
        let title = &made.standard["title"][language.tag()];
        let version = format!(
            "{} v{} · {}",
            made.standard["code"].as_str().unwrap(),
            made.standard["version"],
            title.as_str().unwrap()
        );
        person.tap(&format!("{} · P-3", ordered.order_label().as_str().unwrap()));
        person.tap(&version).breaks_no_rule().tap(person.say(Ui::Record));
        person.see(&told(&person, language, "batch.intake.opening")).took_at_most(4);

        person.begins("the instruction").tap(&say("batch.intake.instruction"));
        person.enter(words::field(language, "instructions"), "as the standard says");
        person.enter(password, &lead.password).breaks_no_rule().tap(sign);
        person.see(&told(&person, language, "batch.intake.instruction")).took_at_most(4);

        person.begins("confirming a record").tap(person.say(Quality::Desk)).tap(&label(&made));
        person.enter(password, &lead.password).tap(sign);
        person.see(&told(&person, language, "batch.disposition.manufacturing_confirmation")).took_at_most(4);
        let history = centre.inspector().get(&format!("/batches/{}/history", made.batch)).ok();
        let last = history["items"].as_array().unwrap().last().unwrap();
        assert_eq!(last["kind"], "batch.disposition.manufacturing_confirmed");
        assert_eq!(last["performer"], lead.id.to_string());
    }
}

/// Where a page has the form of an action, of a batch where it is about one.
fn form_of(action: &str, course: &Course) -> Option<String> {
    let parts: Vec<&str> = action.split('.').collect();
    let stream = *parts.first()?;
    match (stream, *parts.last()?) {
        ("batch", "opening") => Some("/record/batches".into()),
        ("batch", form) => Some(format!("/record/batches/{}/{form}", course.batch)),
        ("order", "placement") => Some("/record/orders".into()),
        ("order", form) => Some(format!("/record/orders/{}/{form}", course.order)),
        ("standard", "draft") => Some("/record/standards".into()),
        ("standard", form) => Some(format!("/record/standards/{}/{form}", course.recipe.standard)),
        ("quality_event", "report") => Some("/record/quality_events".into()),
        _ => None,
    }
}

/// A link as the administrator's page shows it, and its code.
fn made(administrator: &Person, language: Language, of: uuid::Uuid) -> (String, String) {
    administrator.open(&format!("/record/people/{of}/setup_link"));
    administrator.enter(words::field(language, "reason"), "by hand").tap(administrator.say(Ui::Record));
    administrator.see(administrator.say(Privacy::LinkShownOnce)).breaks_no_rule();
    let read = |script: &str| administrator.run(script).as_str().unwrap().to_string();
    let (link, code) = (
        read("document.querySelector('.notice a').href"),
        read("document.querySelector('main code').textContent"),
    );
    assert!(code.len() > 20 && link.ends_with(&format!("/setup#{code}")), "{link} {code}");
    (link, code)
}

fn sets_a_password(person: &Person) {
    person.enter(person.say(Ui::NewPassword), PASSWORD_OF_SETUP);
    person.enter(person.say(Ui::RepeatPassword), PASSWORD_OF_SETUP);
    person.tap(person.say(Ui::SetPassword)).see(person.say(Ui::PasswordSet));
}

#[test]
fn a_password_is_set_by_a_link_whose_code_stands_in_no_address_and_without_scripts_by_pasting_it() {
    let browser = Browser::start();
    for language in [Language::En, Language::Ja] {
        let centre = Centre::open();
        let sits =
            |scripts| browser.visitor(centre.address(), Device::Phone, language, Theme::Light, scripts);
        let account = centre.administrator().account();
        let administrator = browser.person(&centre, account, Device::Desktop, language, Theme::Light);
        let invited = |sign_in: &str| {
            centre.administrator().post("/people", json!({ "name": "ARAI Yu", "sign_in": sign_in })).made()
        };
        let (link, code) = made(&administrator, language, invited("arai.yu"));
        let person = sits(Scripts::On);
        person.open(&link).see("arai.yu").breaks_no_rule();
        let seen = "JSON.stringify([location.href, document.referrer, history.state, performance.getEntries().map((e) => e.name)])";
        let seen = person.run(seen).as_str().unwrap().to_string();
        assert!(seen.contains("/setup\"") && !seen.contains(&code), "{seen}");
        sets_a_password(&person);
        // Used: it opens nothing more. Pasted into a page that is open already it says so as well.
        let used = sits(Scripts::On);
        used.open("/setup").see(used.say(Ui::LinkCode)).breaks_no_rule();
        // A place on the page is no code: nothing is handed in for it.
        used.press("Tab").press("Enter").see(used.say(Ui::LinkCode));
        assert!(used.url().ends_with("/setup#content"), "{}", used.url());
        assert_eq!(used.count("#faults"), 0);
        used.open(&link);
        used.see(used.say(Ui::LinkExpired));

        let (link, code) = made(&administrator, language, invited("arai.ken"));
        // Pasted where another's password is asked for, it leaves the address as well.
        let (other, _) = made(&administrator, language, invited("arai.sho"));
        let person = sits(Scripts::On);
        person.open(&other).see("arai.sho").run(&format!("location.hash = '{code}'; 0"));
        person.see("arai.ken");
        assert!(person.url().ends_with("/setup"), "{}", person.url());
        let person = sits(Scripts::Off);
        for pasted in [code, link] {
            person.open("/setup").enter(person.say(Ui::LinkCode), &pasted).tap(person.say(Ui::LinkGo));
            person.see("arai.ken");
        }
        sets_a_password(&person);
    }
}

#[test]
fn an_administrator_brings_in_a_person_and_a_clinic_and_no_form_of_the_work_opens_to_him() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let browser = Browser::start();
    for (language, name, sign_in) in
        [(Language::En, "ARAI Yu", "arai.yu"), (Language::Ja, "新井 優", "arai.yu2")]
    {
        let administrator = centre.administrator().account();
        let person = browser.person(&centre, administrator, Device::Desktop, language, Theme::Light);
        let say = |action: &str| words::action(language, action);
        person.begins("inviting").tap(person.say(Ui::People)).tap(&say("person.invitation"));
        person.enter(words::field(language, "name"), name).enter(words::field(language, "sign_in"), sign_in);
        person.breaks_no_rule().tap(person.say(Ui::Record)).see(&told(
            &person,
            language,
            "person.invitation",
        ));
        person.took_at_most(5);

        person.begins("giving a role").tap(person.say(Sheet::OtherForms)).tap(&say("person.role_grant"));
        person
            .enter(words::field(language, "role"), words::role(language, Role::Technician))
            .enter(person.say(Sheet::PasswordAgain), &administrator.password);
        person.breaks_no_rule().tap(person.say(Sheet::SignOnce)).see(&told(
            &person,
            language,
            "person.role_grant",
        ));
        person.took_at_most(5);

        person.begins("a clinic").tap(person.say(Ui::People)).tap(&say("site.clinic_registration"));
        person
            .enter(words::field(language, "name"), &format!("Clinic {sign_in}"))
            .tap(person.say(Ui::Record));
        person.see(&told(&person, language, "site.clinic_registration")).took_at_most(4);
        person.open("/people").see(&format!("Clinic {sign_in}")).see(name);

        // What is his has a form; of the work he is shown none.
        person.open("/record/people");
        assert_eq!(person.count("form.sheet"), 1);
        let mut refused = 0;
        for action in
            TABLE.iter().filter(|rule| !rule.roles.contains(&Role::Administrator)).map(|rule| rule.action)
        {
            let Some(path) = form_of(action, &course) else { continue };
            person.open(&path);
            assert_eq!(person.count("form.sheet"), 0, "{action} at {path}");
            refused += 1;
        }
        assert!(refused > 55, "{refused} forms of the work");
    }
    // The control: to a releaser the last of them that he may sign does open.
    let releaser =
        browser.person(&centre, centre.releaser().account(), Device::Desktop, Language::En, Theme::Light);
    releaser.open(&form_of("batch.disposition.deciding", &course).unwrap());
    assert_eq!(releaser.count("form.sheet"), 1);
}
