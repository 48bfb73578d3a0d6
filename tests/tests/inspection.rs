//! An inspector finds batches by what happened to them in a period, each once, and from the batch's page every document is
//! one step away. Whoever is not of the centre finds only his own.

use baiyo::words;
use baiyo_domain::authority::Role;
use baiyo_domain::time::Time;
use serde_json::{Value, json};
use stories::{Asking, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn at(instant: &str) -> Time {
    serde_json::from_value(Value::from(instant)).expect("an instant")
}

/// The batches of a list, by the end of their identifiers' order on it.
fn found(who: Asking, query: &str) -> Vec<String> {
    let page = who.get(&format!("/batches?{query}")).ok();
    let items = page["items"].as_array().expect("items").iter();
    items.map(|item| item["id"].as_str().expect("an identifier").to_string()).collect()
}

fn ids(courses: &[&Course]) -> Vec<String> {
    courses.iter().map(|course| course.batch.to_string()).collect()
}

#[track_caller]
fn page(who: Asking, path: &str) -> String {
    let answer = who.get(&format!("/{path}"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

#[test]
fn a_day_begins_and_ends_at_the_centres_midnight() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let [mut last, mut first] = [(); 2].map(|()| Course::run(&centre, Recipe::of(standard), Step::Ordered));
    // In Tokyo it is the 6th until 15:00 UTC.
    centre.set_clock(at("2026-01-06T14:59:59.9Z"));
    last.to(Step::Opened);
    centre.set_clock(at("2026-01-06T15:00:00Z"));
    first.to(Step::Opened);
    let inspector = centre.inspector();
    assert_eq!(found(inspector, "from=2026-01-06&to=2026-01-06"), ids(&[&last]));
    assert_eq!(found(inspector, "from=2026-01-07&to=2026-01-07&by=opened"), ids(&[&first]));
    assert_eq!(found(inspector, "from=2026-01-06&to=2026-01-07"), ids(&[&first, &last]));
    assert_eq!(found(inspector, "to=2026-01-06"), ids(&[&last]));
    assert_eq!(found(inspector, "from=2026-01-07"), ids(&[&first]));
    assert_eq!(found(inspector, "from=2026-01-08"), [] as [String; 0]);
    assert_eq!(found(inspector, "by=decided"), [] as [String; 0], "nobody has decided");
    let newest = inspector.get("/batches?from=2026-01-06&to=2026-01-07").ok();
    let opened = at(newest["items"][0]["opened_at"].as_str().unwrap()).micros();
    let after = format!("after={opened}_{}", first.batch);
    assert_eq!(found(inspector, &format!("from=2026-01-06&to=2026-01-07&{after}")), ids(&[&last]));
    assert_eq!(found(inspector, &format!("from=2026-01-07&{after}")), [] as [String; 0]);
}

#[test]
fn what_happened_several_times_in_a_period_is_found_once_and_in_each_part_of_it() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Confirmed);
    let inspector = centre.inspector();
    let day = || centre.now().utc().with_timezone(&chrono_tz::Asia::Tokyo).date_naive();
    let [first, second] = course.containers()[..] else { panic!("two containers") };
    let one = day();
    course.release(&[first]).ok();
    centre.hours(20);
    let other = day();
    assert_ne!(one, other);
    course.reject(&[second], "the bag leaks").ok();
    for period in [format!("from={one}&to={other}"), format!("to={one}"), format!("from={other}")] {
        assert_eq!(found(inspector, &format!("by=decided&{period}")), ids(&[&course]), "{period}");
        assert_eq!(found(inspector, &format!("by=shipped&{period}")), [] as [String; 0], "{period}");
    }
    let shown = page(inspector, &format!("/batches?by=decided&from={one}&to={other}"));
    assert_eq!(shown.matches(&format!("href=\"/batches/{}\"", course.batch)).count(), 1);
}

#[test]
fn shipments_and_infusions_are_found_and_a_clinic_finds_only_its_own() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let infused = Course::run(&centre, Recipe { containers: 1, ..Recipe::of(standard) }, Step::Infused);
    let other = Recipe { clinic: 1, pseudonym: "P-2", ..Recipe::of(standard) };
    let shipped = Course::run(&centre, other, Step::Shipped);
    let inspector = centre.inspector();
    assert_eq!(found(inspector, "by=shipped"), ids(&[&shipped, &infused]));
    assert_eq!(found(inspector, "by=infused"), ids(&[&infused]));
    let of = |clinic| centre.of_clinic(Role::Coordinator, clinic);
    assert_eq!(found(of(0), "by=shipped"), ids(&[&infused]));
    assert_eq!(found(of(1), "by=shipped"), ids(&[&shipped]));
    assert_eq!(found(of(1), "by=infused"), [] as [String; 0]);
    assert!(!page(of(1), "/batches?by=shipped").contains(&infused.batch.to_string()));
}

#[test]
fn an_infusion_is_found_on_the_day_it_began_whenever_it_was_entered_and_as_its_correction_says() {
    let centre = Centre::open();
    let recipe = Recipe { containers: 1, ..Recipe::of(centre.standard(FRESH)) };
    let course = Course::run(&centre, recipe, Step::Decided);
    course.bedside_check(1).ok();
    course.confirm_parts();
    let day = |at: Time| at.utc().with_timezone(&chrono_tz::Asia::Tokyo).date_naive();
    let (given, before) = (centre.now(), centre.now().plus(chrono::TimeDelta::days(-1)));
    centre.days(1);
    let late = json!({ "late_reason": "written down on the ward" });
    let form = |at: Time| {
        json!({
            "performed": late, "container": course.dose(1), "started_at": at, "ended_at": at, "volume": "40",
            "reactions": "none",
        })
    };
    let coordinator = centre.coordinator();
    let entry = coordinator.post(&course.path("infusion"), form(given)).entry("batch.distribution.infused");
    let inspector = centre.inspector();
    let on = |at: Time| found(inspector, &format!("by=infused&from={0}&to={0}", day(at)));
    assert_eq!((on(given), on(centre.now())), (ids(&[&course]), vec![]));
    let label = course.dose(1).as_str().unwrap().to_string();
    let shown = |at: Time| {
        let page = page(inspector, &format!("/batches/{}", course.batch));
        let (_, dossier) = page.split_once("id=\"dossier\"").expect("the documents");
        let dossier = dossier.split("</section>").next().unwrap();
        let (_, recipient) = dossier.rsplit_once(&label).expect("the container");
        let text = words::time(words::Language::En, at, chrono_tz::Asia::Tokyo);
        let recipient = recipient.split("</small>").next().unwrap();
        assert!(recipient.contains("<time"), "{recipient} and not {text}");
        recipient.contains(&text)
    };
    assert!(shown(given) && !shown(before));
    let corrected = json!({
        "entry": entry, "reason": "the day before", "replacement": { "distribution": { "infusion": form(before) } },
    });
    coordinator.post_seen(&course.path("correction"), corrected).ok();
    assert_eq!((on(before), on(given)), (ids(&[&course]), vec![]));
    assert!(shown(before) && !shown(given));
}

#[test]
fn what_is_no_period_is_said_at_its_field() {
    let centre = Centre::open();
    let inspector = centre.inspector();
    for (query, code) in [
        ("by=baked", "by"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-02-02&to=2026-02-01", "to"),
        ("by=opened&status=closed", "status"),
    ] {
        inspector.get(&format!("/batches?{query}")).refused(422).only(&[code]);
    }
    let shown = page(inspector, "/batches?from=2026-02-02&to=2026-02-01");
    assert!(
        shown.contains("Enter a last day that is not before the first.")
            && shown.contains("value=\"2026-02-01\"")
    );
    assert!(page(inspector, "/batches?from=soon").contains("This is not a day."));
}

#[test]
fn from_a_batchs_page_each_document_is_one_step_away_and_the_failed_result_in_sight() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let mut course = Course::run(&centre, Recipe::of(standard), Step::Shipped);
    course.enter("STERILITY-14D", serde_json::json!({ "values": ["growth"] }));
    course.to(Step::Shipped);
    let inspector = centre.inspector();
    let batch = format!("/batches/{}", course.batch);
    let shown = page(inspector, &batch);
    let (_, dossier) = shown.split_once("id=\"dossier\"").expect("the documents");
    let dossier = dossier.split("</section>").next().unwrap();
    let view = course.view();
    let failed =
        view["results"].as_array().unwrap().iter().find(|result| result["verdict"] == "fail").unwrap();
    let linked = [
        format!("href=\"{batch}/standard\""),
        format!("href=\"{batch}/record\""),
        "href=\"#results\"".to_string(),
        format!("href=\"#result-{}\"", failed["no"]),
        format!("href=\"/orders/{}\"", view["order"].as_str().unwrap()),
    ];
    for link in &linked {
        assert!(dossier.contains(link), "{link} is not in {dossier}");
    }
    let people = inspector.get("/people").ok();
    let named = |id: uuid::Uuid| {
        let person = people["items"].as_array().unwrap().iter().find(|person| person["id"] == id.to_string());
        person.expect("a person")["name"].as_str().unwrap().to_string()
    };
    let lead = named(centre.lead().id());
    assert_eq!(dossier.matches(&lead).count(), 2, "the lead instructed, and confirmed for manufacturing");
    let releaser = named(centre.releaser().id());
    assert_eq!(dossier.matches(&releaser).count(), 2, "the releaser confirmed for quality, and decided");
    for anchor in dossier.split("href=\"#").skip(1) {
        let anchor = anchor.split('"').next().unwrap();
        assert!(shown.contains(&format!("id=\"{anchor}\"")), "{anchor} leads nowhere");
    }
    // A later version changes nothing for a batch in culture: the page shows what was pinned.
    centre.standard_changed(FRESH, |standard| {
        standard["version"] = serde_json::json!(2);
        standard["process"]["max_passage"] = serde_json::json!(1);
    });
    let pinned = page(inspector, &format!("{batch}/standard"));
    assert!(
        pinned.contains("v1") && pinned.contains(&format!("href=\"{batch}\"")) && !pinned.contains(">P1<")
    );
    assert_eq!(centre.coordinator().get(&format!("/{batch}/standard")).status, 403);
    assert!(
        !page(centre.coordinator(), &batch).contains("id=\"dossier\""),
        "a clinic has documents of its own"
    );
}
