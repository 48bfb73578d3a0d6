//! Markup and scripts typed wherever a form takes text, and put into every address that takes any: on no page does one of
//! them run or become markup, also where the content policy would not stop it.

use baiyo::api::form_routes;
use baiyo_domain::authority::Role;
use browser_stories::{Browser, Device, Language, Person, Scripts, Theme};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use stories::{Centre, Course, PASSWORD_OF_SETUP, Recipe, Step, free_texts, tour};

/// What is typed. Each gives the window a name where it runs.
const TYPED: [&str; 50] = [
    "<script>top.name=1</script>",
    "<ScRiPt>top.name=1</sCrIpT>",
    "<script/x>top.name=1</script>",
    "</title><script>top.name=1</script>",
    "</textarea><script>top.name=1</script>",
    "</style><script>top.name=1</script>",
    "</script><script>top.name=1</script>",
    "--><script>top.name=1</script>",
    "]]><script>top.name=1</script>",
    "<img src=x onerror=top.name=1>",
    "\"><img src=x onerror=top.name=1>",
    "'><img src=x onerror=top.name=1>",
    "<img/src='x'/onerror=top.name=1>",
    "<img src='x'onerror=top.name=1>",
    "<svg onload=top.name=1>",
    "<svg/onload=top.name=1>",
    "<svg><script>top.name=1</script>",
    "<svg><animate onbegin=top.name=1 attributeName=x>",
    "<svg><set onend=top.name=1 attributeName=x dur=1ms>",
    "<svg><a xlink:href=javascript:top.name=1>x",
    "<math><a href=javascript:top.name=1>x",
    "<body onload=top.name=1>",
    "<iframe src=javascript:top.name=1>",
    "<iframe srcdoc='<script>top.name=1</script>'>",
    "<object data=javascript:top.name=1>",
    "<embed src=javascript:top.name=1>",
    "<a href=javascript:top.name=1>x</a>",
    "<a href='java&#10;script:top.name=1'>x</a>",
    "<form action=javascript:top.name=1><button>x",
    "<button formaction=javascript:top.name=1 form=f>",
    "<input autofocus onfocus=top.name=1>",
    "<select autofocus onfocus=top.name=1>",
    "<textarea autofocus onfocus=top.name=1>",
    "<details open ontoggle=top.name=1>",
    "<video src=x onerror=top.name=1>",
    "<audio src=x onerror=top.name=1>",
    "<video><source onerror=top.name=1 src=x>",
    "<style onload=top.name=1></style>",
    "<link rel=stylesheet href=x onerror=top.name=1>",
    "<meta http-equiv=refresh content=0;javascript:top.name=1>",
    "<base href=javascript:top.name=1//>",
    "<marquee onstart=top.name=1>",
    "<p onmouseover=top.name=1>x",
    "<x tabindex=0 onfocus=top.name=1>",
    "\" onmouseover=\"top.name=1",
    "' onmouseover='top.name=1",
    "\" autofocus onfocus=top.name=1 x=\"",
    "' autofocus onfocus=top.name=1 x='",
    "javascript:top.name=1//",
    "data:text/html,<script>top.name=1</script>",
];

/// What of it is at work on a page: whatever ran, and whatever would if it were touched.
const AT_WORK: &str = r"
    (() => {
        const found = window.name ? ['it ran'] : [];
        for (const element of document.querySelectorAll('*')) {
            const name = element.localName;
            const inline = name === 'script' && !element.src;
            if (inline || ['iframe', 'object', 'embed', 'base', 'marquee'].includes(name)) found.push(element.outerHTML);
            if (name === 'meta' && element.httpEquiv) found.push(element.outerHTML);
            for (const { name, value } of element.attributes) {
                const leads = ['href', 'src', 'action', 'formaction', 'data', 'xlink:href', 'srcdoc'].includes(name);
                if (/^on/i.test(name) || (leads && /^\s*(j\s*a\s*v\s*a|data:text)/i.test(value))) found.push(`${name}=${value}`);
            }
        }
        window.name = '';
        return found.map((one) => one.slice(0, 200));
    })()
";

fn at_work(person: &Person) -> Vec<String> {
    let found = person.run(AT_WORK);
    found.as_array().expect("a list").iter().map(|one| one.as_str().unwrap_or_default().to_string()).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// What the tour leaves out: lots, equipment, what was refused and rejected.
fn besides_the_tour(centre: &Centre) {
    let fresh = centre.standard_changed(FRESH, |standard| standard["version"] = json!(2));
    let course = |pseudonym| Recipe { pseudonym, ..Recipe::of(fresh) };
    let mut course_of_failure = course("P-700");
    course_of_failure.results.insert("VIABILITY".into(), json!({ "values": ["61"] }));
    let mut failed = Course::run(centre, course_of_failure, Step::Seeded);
    let performed = json!({
        "equipment": ["centrifuge 2"], "bench": { "antibiotics": "none" },
        "lots": [{ "material": "medium", "lot": "M-26-14", "quantity": "two bottles" }],
    });
    let change = json!({ "performed": performed, "vessels": failed.vessel_labels(), "volume": "200" });
    failed.bench("medium_change", "", change);
    let not_taken = json!({ "not_taken": { "reason": "the camera is away" } });
    failed.bench("photograph", "", json!({ "vessels": failed.vessel_labels(), "picture": not_taken }));
    centre.days(7);
    let basis = json!({ "cells": "1000000", "basis": "attached cells, after the supplier" });
    let passage = json!({
        "from": failed.vessel_labels(), "enzyme": "5", "count": stories::count("60"), "into": failed.vessels(2),
        "other_denominator": basis,
    });
    failed.bench("passage", "passage", passage);
    said_not_to_apply(&failed);
    failed.to(Step::Tested);
    let doses = failed.doses(&failed.containers());
    let packing = json!({
        "containers": doses, "package": "box 9", "not_applicable": { "logger": "carried next door" },
    });
    failed.bench("packing", "packing", packing);
    let failing = failed.view()["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["form"]["test"] == "VIABILITY")
        .unwrap()["no"]
        .clone();
    let stands =
        json!({ "result": failing, "conclusion": { "confirmed": { "cause": "the cells were dead" } } });
    centre.releaser().sign(&failed.path("investigation"), stands, "investigation_closure").ok();
    let rejection = json!({ "containers": failed.containers(), "decision": { "reject": { "reason": "too few are alive" } } });
    centre.releaser().sign(&failed.path("deciding"), rejection, "disposition").ok();

    let refused = Course::run(centre, course("P-701"), Step::Opened);
    let instruction = json!({
        "instructions": "receive it with care",
        "not_applicable": { "cautions": "nothing out of the ordinary", "planned_harvest": "not yet agreed" },
    });
    centre.lead().sign(&refused.path("instruction"), instruction, "instruction").ok();
    centre.hours(4);
    let mut tissue = refused.tissue();
    tissue["decision"] = json!({ "refused": { "reason": "the seal is broken" } });
    refused.bench("tissue_receipt", "tissue_receipt", tissue);
    let again = json!({ "version": "the second", "signed_at": centre.now() });
    refused.coordinator().post(&format!("/orders/{}/consent", refused.order), again).ok();
}

/// Every field that may be said not to apply while a batch is in culture.
fn said_not_to_apply(course: &Course) {
    let bench = json!({
        "minutes_outside": "fed where it stands", "antibiotics": "none is ever used", "serum": "free of serum",
    });
    let step = json!({
        "lots": "from the same bottle", "cabinet": "a closed system", "room": "the same room", "equipment": "no more",
    });
    let performed = json!({ "bench": { "not_applicable": bench }, "not_applicable": step });
    let change = json!({ "performed": performed, "vessels": course.vessel_labels(), "volume": "200" });
    course.bench("medium_change", "", change);
    let passage = json!({
        "from": course.vessel_labels(), "enzyme": "5", "count": stories::count("60"), "into": course.vessels(2),
        "not_applicable": { "discarded_cells": "all of them are seeded" },
    });
    course.bench("passage", "passage", passage);
    let analyst = course.centre.analyst();
    let sampling = json!({
        "subjects": [{ "vessel": course.in_culture()[0].0 }], "tests": ["MYCOPLASMA"],
        "not_applicable": { "quantity": "whatever was left" },
    });
    analyst.post(&course.path("sampling"), sampling).ok();
    let mut result = course.result_form("MYCOPLASMA");
    let sending = json!({
        "sample": result["sample"], "laboratory": "the one next door", "not_applicable": { "carrier": "walked there" },
    });
    analyst.post(&course.path("sending"), sending).ok();
    for given in ["kit_lot", "controls"] {
        result.as_object_mut().unwrap().remove(given);
    }
    result["not_applicable"] = json!({
        "instrument": "read by eye", "kit_lot": "made here", "controls": "none were run",
        "inoculated_at": "no culture", "report": "tested here",
    });
    analyst.post(&course.path("result"), result).ok();
}

/// A centre whose founder typed markup for all that he was asked.
fn founded_with_markup(person: &Person) -> Vec<String> {
    let (centre, link) = Centre::empty();
    let about = json!({
        "your_name": TYPED[0], "name": TYPED[10], "code": "KAMO", "facility_number": TYPED[44],
    });
    let set_up = json!({ "token": link, "password": PASSWORD_OF_SETUP, "centre": about });
    centre.stranger().post("/setup", set_up).ok();
    let mut found = Vec::new();
    for path in ["/sign-in", "/people", "/batches", "/records"] {
        person.open(&format!("{}{path}", centre.address()));
        found.extend(at_work(person));
        if path == "/sign-in" {
            person.enter("Sign-in name", "admin").enter("Password", PASSWORD_OF_SETUP).tap("Sign in");
        }
    }
    found
}

/// Every page of this centre, each with somebody who may open it.
fn pages(centre: &Centre) -> Vec<(String, Role)> {
    let items = |path: &str, role: Role| {
        let read = centre.role(role).get(path).ok();
        let items = read["items"].as_array().expect("items").clone();
        items.into_iter().map(|item| item["id"].as_str().expect("an id").to_string()).collect::<Vec<_>>()
    };
    let (batches, orders) = (items("/batches", Role::Inspector), items("/orders", Role::Inspector));
    let (people, standards) = (items("/people", Role::Inspector), items("/standards", Role::Inspector));
    let events = items("/quality_events", Role::Inspector);
    let mut paths: Vec<String> = [
        "/",
        "/batches",
        "/bench",
        "/bench/map",
        "/clinic",
        "/planner",
        "/trends",
        "/quality",
        "/orders",
        "/people",
        "/standards",
        "/records",
        "/documentation",
    ]
    .map(String::from)
    .into();
    for batch in &batches {
        for part in ["", "/documents", "/labels", "/record", "/standard", "/review"] {
            paths.push(format!("/batches/{batch}{part}"));
        }
        let read: Value = centre.inspector().get(&format!("/batches/{batch}")).ok();
        let vessels = read["vessels"].as_array().into_iter().flatten();
        paths.extend(
            vessels.map(|one| format!("/bench/vessels/{}", one["label"].as_str().unwrap_or_default())),
        );
    }
    paths.extend(orders.iter().map(|id| format!("/orders/{id}")));
    paths.extend(people.iter().map(|id| format!("/people/{id}")));
    paths.extend(standards.iter().map(|id| format!("/standards/{id}")));
    for form in form_routes() {
        let collection = form.path.split('/').nth(1).unwrap_or_default();
        let things = BTreeMap::from([
            ("batches", &batches),
            ("orders", &orders),
            ("people", &people),
            ("standards", &standards),
            ("quality_events", &events),
        ]);
        // The first and the last of them: one has its whole way behind it, the other is new.
        let ids = things.get(collection).map_or(&[][..], |ids| &ids[..]);
        let ends: BTreeSet<&String> = ids.first().into_iter().chain(ids.last()).collect();
        match form.creates || ends.is_empty() {
            true => paths.push(format!("/record{}", form.path)),
            false => {
                paths.extend(ends.into_iter().map(|id| format!("/record{}", form.path.replace("{id}", id))))
            }
        }
    }
    let opens = |path: &str| {
        Role::ALL.into_iter().find(|role| centre.role(*role).get(&format!("/{path}")).status == 200)
    };
    paths.into_iter().filter_map(|path| opens(&path).map(|role| (path, role))).collect()
}

/// Addresses that take a text, which may be shown again.
const ADDRESSES: [&str; 12] = [
    "/find?code={}",
    "/batches?status={}",
    "/batches?by=opened&from={}&to={}",
    "/batches?after={}",
    "/?done={}",
    "/?lang={}",
    "/orders?after={}",
    "/bench/vessels/{}",
    "/record/{}",
    "/record/quality_events?/title={}&/description={}&to={}",
    "/trends?standard={}",
    "/nowhere/{}?{}={}",
];

#[test]
fn nothing_that_is_typed_anywhere_runs_or_becomes_markup_on_any_page() {
    let mut centre = Centre::open();
    centre.plants(TYPED.map(String::from));
    tour::take(&mut centre);
    besides_the_tour(&centre);
    let planting = centre.planting().expect("texts are planted");
    assert!(planting.many() >= TYPED.len(), "{} texts", planting.many());
    let planted = planting.planted();
    let left: BTreeSet<String> = free_texts().difference(&planted).cloned().collect();
    let of_founding = ["facility_number", "name", "your_name"].map(|field| format!("CentreForm/{field}"));
    assert_eq!(left, BTreeSet::from(of_founding), "in every field of free text something is planted");

    let browser = Browser::start();
    let seat = || {
        browser.visitor(centre.address(), Device::Desktop, Language::En, Theme::Light, Scripts::WithoutPolicy)
    };
    let mut sitting: BTreeMap<Role, Person> = BTreeMap::new();
    let mut wrong = Vec::new();
    let pages = pages(&centre);
    for (path, role) in &pages {
        let member = centre.role(*role).account();
        let person = sitting.entry(*role).or_insert_with(|| {
            let person = seat();
            person.signs_in(&member.sign_in, &member.password);
            person
        });
        person.open(path);
        wrong.extend(at_work(person).into_iter().map(|found| format!("{path}: {found}")));
    }
    let person = &sitting[&Role::Technician];
    let nobody = seat();
    let mut addresses = 0;
    for (number, text) in TYPED.iter().enumerate() {
        for address in ADDRESSES.iter().cycle().skip(number).take(3) {
            let address = address.replace("{}", &encoded(text));
            person.open(&address);
            wrong.extend(at_work(person).into_iter().map(|found| format!("{address}: {found}")));
            addresses += 1;
        }
        let address = format!("/sign-in?to={}", encoded(text));
        nobody.open(&address);
        wrong.extend(at_work(&nobody).into_iter().map(|found| format!("{address}: {found}")));
    }
    wrong.extend(founded_with_markup(&seat()));
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(pages.len() >= 200 && addresses == 150, "{} pages, {addresses} addresses", pages.len());
    println!(
        "{} texts in {} fields, {} pages, {addresses} addresses",
        planting.many(),
        planted.len(),
        pages.len()
    );
    // What was refused on the way is nobody's fault.
    for person in sitting.values().chain([&nobody]).filter(|person| !person.problems().is_empty()) {
        person.forgives("");
    }
}

#[test]
fn written_into_a_page_as_it_is_each_of_them_is_noticed() {
    let centre = Centre::open();
    let browser = Browser::start();
    let address = centre.address();
    let person =
        browser.visitor(address, Device::Desktop, Language::En, Theme::Light, Scripts::WithoutPolicy);
    let mut ran = 0;
    for text in TYPED {
        // What ran late on the page before left its mark.
        person.open("/sign-in").run("window.name = ''; 0");
        assert_eq!(at_work(&person), [] as [String; 0], "an ordinary page has nothing of it");
        let naive =
            format!("<p>{text}</p><input value=\"{text}\"><input value='{text}'><a href=\"{text}\">x</a>");
        let naive = serde_json::to_string(&naive).expect("a text");
        person.run(&format!("document.open(); document.write({naive}); document.close(); 0"));
        let found = at_work(&person);
        assert!(!found.is_empty(), "{text} is not noticed");
        ran += usize::from(found.iter().any(|one| one == "it ran"));
    }
    assert!(ran >= 10, "{ran} of them run where nothing stops them");
    person.forgives("");
}
