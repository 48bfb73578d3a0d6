//! A tour through every operation, each used once with success: a healthy batch, a frozen one, one from a bank, and
//! everything that happens beside the straight way.

use crate::{Asking, Centre, Course, Member, PASSWORD_OF_SETUP, Recipe, Step, count};
use baiyo_domain::authority::Role;
use serde_json::{Value, json};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const FROZEN: &str = "config/standards/adipose-msc-autologous-frozen.toml";
const FIXTURES: &str = "crates/domain/tests/fixtures/standards";

/// A picture: a grey point, as PNG.
pub const PICTURE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\x0aIDATx\x9cch\x00\x00\x00\x82\x00\x81w\xcdr\xb6\x00\x00\x00\x00IEND\xaeB`\x82";

/// Uses every operation.
pub fn take(centre: &mut Centre) {
    people_and_clinics(centre);
    let centre: &Centre = centre;
    own_account(centre);
    let fresh = centre.standard_changed(FRESH, |standard| standard["pooling"] = json!("same_donor"));
    let cancelled = orders(centre, fresh);
    troubled(centre, fresh);
    frozen(centre);
    from_a_bank(centre);
    withdrawn(centre, fresh);
    let course = healthy(centre, fresh);
    standards(centre, fresh);
    reading(centre, &course);
    years_later(centre, cancelled);
}

/// When everything was kept long enough, two people erase a name.
fn years_later(centre: &Centre, order: Uuid) {
    centre.hold_tokens();
    centre.days(31 * 366);
    let path = |form| format!("/orders/{order}/{form}");
    let manager = centre.manager();
    let propose = || {
        let form = json!({ "reason": "kept for thirty years" });
        manager.sign(&path("erasure_proposal"), form, "erasure_proposal").ok()
    };
    propose();
    manager.post(&path("erasure_withdrawal"), json!({ "reason": "another court asks for it" })).ok();
    propose();
    let form = json!({ "remark": "dates compared" });
    centre.releaser().sign(&path("erasure_confirmation"), form, "erasure_confirmation").ok();
}

fn people_and_clinics(centre: &mut Centre) {
    let administrator = centre.administrator();
    administrator.post("/site/clinic_registration", json!({ "name": "Tour clinic" })).ok();
    let clinics = centre.inspector().get("/clinics").ok();
    let older = [0, 1].map(|index| json!(centre.clinic(index)));
    let new = |clinic: &&Value| !older.contains(&clinic["id"]);
    let clinic = clinics["items"].as_array().unwrap().iter().find(new).unwrap();
    let change =
        json!({ "clinic": clinic["id"], "name": "Tour clinic, closed", "closed": true, "reason": "moved" });
    administrator.post("/site/clinic_change", change).ok();

    let incubator = json!({ "name": "INC-1", "shelves": 4, "vessels_per_shelf": 12 });
    centre.manager().post("/site/incubator_registration", incubator).ok();
    let change = json!({ "incubator": "INC-1", "shelves": 1, "vessels_per_shelf": 1, "reason": "it is nearly broken" });
    centre.lead().post("/site/incubator_change", change).ok();

    let invitation = json!({ "name": "MORI Aki", "sign_in": "mori.aki" });
    let id = administrator.post("/people", invitation).made();
    let link =
        administrator.post(&format!("/people/{id}/setup_link"), json!({ "reason": "by hand" })).ok()["token"]
            .clone();
    centre.stranger().post("/setup", json!({ "token": link, "password": PASSWORD_OF_SETUP })).ok();
    let key = administrator.get(&format!("/people/{id}/waiting_keys")).ok()["items"][0]["key"].clone();
    let registration = json!({ "key": key, "identity_check": "passport seen" });
    let confirm = format!("/people/{id}/identity_confirmation");
    centre.manager().sign(&confirm, registration.clone(), "identity_check").ok();
    let mut registration = registration;
    registration["second_checker"] = json!(centre.manager().id());
    administrator.sign(&format!("/people/{id}/key_registration"), registration, "key_registration").ok();
    for role in ["technician", "manufacturing_lead"] {
        administrator.sign(&format!("/people/{id}/role_grant"), json!({ "role": role }), "role_grant").ok();
    }
    let ending = json!({ "role": "manufacturing_lead", "reason": "was a mistake" });
    administrator.post(&format!("/people/{id}/role_end"), ending).ok();
    let now = centre.now();
    let deputy =
        json!({ "role": "manufacturing_lead", "from": now, "until": now.plus_hours(72), "reason": "leave" });
    centre.manager().sign(&format!("/people/{id}/deputyship"), deputy, "deputyship").ok();
    let end = json!({ "role": "manufacturing_lead", "reason": "back" });
    centre.manager().post(&format!("/people/{id}/deputyship_end"), end).ok();
    assert_eq!(sign_in_and_out(centre), id);
    let member = Member {
        id,
        role: Role::Technician,
        clinic: None,
        sign_in: "mori.aki".into(),
        password: PASSWORD_OF_SETUP.into(),
        token: String::new(),
    };
    centre.join(member);
    centre.administrator().post(&format!("/people/{id}/departure"), json!({ "reason": "moved away" })).ok();
}

/// Signs in with a cookie, makes a token with it, reads oneself, and signs out; who that was.
fn sign_in_and_out(centre: &Centre) -> Uuid {
    let form = json!({ "sign_in": "mori.aki", "password": PASSWORD_OF_SETUP });
    let signed_in = centre.stranger().post("/session", form);
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_string();
    signed_in.ok();
    let own = |method, path| {
        centre.stranger().call(method, path).header("cookie", &cookie).header("sec-fetch-site", "same-origin")
    };
    own("POST", "/me/tokens").json(&token(PASSWORD_OF_SETUP)).send().ok();
    let me = own("GET", "/me").send().ok();
    own("DELETE", "/session").send().ok();
    me["person"].as_str().unwrap().parse().unwrap()
}

/// What a token is made with.
fn token(password: &str) -> Value {
    json!({ "name": "scanner", "scopes": ["read", "bench"], "password": password })
}

/// Somebody looks after his own account: in the end he has the password that he had.
fn own_account(centre: &Centre) {
    let own = centre.of_clinic(Role::Coordinator, 1);
    let member = own.account();
    own.post("/me/tokens", token(&member.password)).ok();
    let first = |list: Value| list["items"][0]["id"].as_str().unwrap().to_string();
    let session = first(own.get("/me/sessions").ok());
    own.call("DELETE", &format!("/me/sessions/{session}")).send().ok();
    let token = own.get("/me/tokens").ok();
    let token = token["items"].as_array().unwrap().iter().find(|token| token["name"] != "stories").unwrap();
    own.call("DELETE", &format!("/me/tokens/{}", token["id"].as_str().unwrap())).send().ok();
    // Under the same one again, so that he keeps it.
    own.post("/me/password", json!({ "password": member.password, "new_password": member.password })).ok();
    centre.restore_tokens();
}

fn orders(centre: &Centre, fresh: Uuid) -> Uuid {
    let course = Course::run(centre, Recipe { pseudonym: "P-100", ..Recipe::of(fresh) }, Step::Ordered);
    let path = |form| format!("/orders/{}/{form}", course.order);
    let coordinator = course.coordinator();
    let plan = json!({ "number": "PB3190002", "class": "two" });
    coordinator.post(&path("plan_change"), json!({ "plan": plan, "active": true, "reason": "renewed" })).ok();
    let window =
        json!({ "from": centre.now().plus_hours(24 * 30), "until": centre.now().plus_hours(24 * 32) });
    coordinator.post(&path("window_change"), json!({ "window": window, "reason": "asked for" })).ok();
    let withdrawal = json!({ "withdrawn_at": centre.now(), "remark": "changed his mind" });
    coordinator.post(&path("consent_withdrawal"), withdrawal).ok();
    coordinator.post(&path("cancellation"), json!({ "reason": "consent withdrawn" })).ok();
    course.order
}

/// Photographs everything in culture; the picture's SHA-256.
pub fn photograph(course: &Course, picture: &[u8]) -> String {
    let hand_in = course.centre.technician().call("POST", "/blobs").body(picture.to_vec(), "image/png");
    let kept = hand_in.send().ok();
    let taken = json!({ "taken": { "blob": kept["sha256"] } });
    course.bench("photograph", "", json!({ "vessels": course.vessel_labels(), "picture": taken }));
    kept["sha256"].as_str().expect("a hash").to_string()
}

/// A batch with every trouble that can be settled, at last discontinued.
fn troubled(centre: &Centre, fresh: Uuid) {
    let mut course =
        Course::run(centre, Recipe { pseudonym: "P-200", ..Recipe::of(fresh) }, Step::Instructed);
    let mut wrong = course.tissue();
    wrong["pseudonym"] = json!("P-201");
    centre
        .technician()
        .post(&course.path("tissue_receipt"), wrong)
        .refused(409)
        .only(&["identifiers_differ"]);
    let mismatch = course.view()["mismatches"][0]["entry"].clone();
    let clearance = json!({ "mismatch": mismatch, "check": "compared afresh: the label is P-200" });
    centre.checker().post(&course.path("mismatch_clearance"), clearance).ok();
    course.to(Step::Seeded);

    let order = |form: &str| format!("/orders/{}/{form}", course.order);
    let now = centre.now();
    let [booked, anew] = [(3, 5), (40, 42)].map(
        |(from, until)| json!({ "from": now.plus_hours(24 * from), "until": now.plus_hours(24 * until) }),
    );
    let book = |window: &Value| json!({ "window": window, "reason": "asked for" });
    course.coordinator().post(&order("window_change"), book(&booked)).ok();
    let foretold = json!({ "at": now.plus_hours(24 * 22), "from": now.plus_hours(24 * 21) });
    let seen = json!({ "batch": course.batch, "version": 3, "booked": booked, "foretold": foretold });
    course.physician().post(&order("forecast_acknowledgement"), seen).ok();
    course.coordinator().post(&order("window_change"), book(&anew)).ok();

    let vessel = course.in_culture()[0].1.clone();
    let seen =
        json!({ "vessels": [vessel], "confluence": "40", "morphology": "spindle-shaped", "turbid": false });
    course.bench("observation", "", seen);
    let shown = format!("/blobs/{}?batch={}", photograph(&course, PICTURE), course.batch);
    assert_eq!(centre.inspector().get(&shown).status, 200);
    let too_early =
        json!({ "at": centre.now().plus_hours(-24 * 400), "late_reason": "the date was misread" });
    let early = json!({
        "performed": too_early, "vessels": [vessel], "picture": { "not_taken": { "reason": "none was taken" } },
    });
    centre.technician().post(&course.path("photograph"), early).refused(409).only(&["before_its_cause"]);
    course.bench("label_check", "", json!({ "vessels": course.vessel_labels() }));
    course.bench("counting", "", json!({ "vessels": [vessel], "count": count("12") }));
    course.bench("vessel_move", "", json!({ "vessel": vessel, "incubator": "INC-2", "position": "shelf 9" }));
    let discard = json!({
        "performed": { "checked_by": centre.checker().id() }, "vessels": [vessel], "reason": "cracked",
    });
    course.bench("vessel_discard", "", discard);

    // The donor gave tissue twice: cells of both are pooled.
    let recipe = Recipe { patient: Some(course.patient()), pseudonym: "P-200", ..Recipe::of(fresh) };
    let other = Course::run(centre, recipe, Step::Seeded);
    let pooling = json!({
        "other": other.batch, "theirs": other.vessel_labels(), "ours": course.vessel_labels(),
        "count": count("60"), "into": course.vessels(1),
    });
    course.bench("pooling", "passage", pooling);

    let tissue = course.view()["samples"][0]["no"].clone();
    let sending = json!({ "sample": tissue, "laboratory": "Example laboratory", "carrier": "courier 12" });
    centre.analyst().post(&course.path("sending"), sending).ok();
    centre.days(15);
    let result = course.enter("STERILITY-RECEIPT", json!({}));
    let view = course.view();
    let entry = view["results"][0]["entry"].clone();
    let mut right = view["results"][0]["form"].clone();
    right["kit_lot"] = json!("KIT-2");
    let replacement = json!({ "testing": { "result": right } });
    let correction = json!({ "entry": entry, "reason": "the lot was misread", "replacement": replacement });
    centre.analyst().post_seen(&course.path("correction"), correction).ok();
    course.verify(result).ok();

    let subjects = json!([{ "vessel": course.in_culture()[0].0 }]);
    course.sample_for(subjects, &[json!("MYCOPLASMA")]);
    let positive = course.enter("MYCOPLASMA", json!({ "values": ["positive"] }));
    let hold = course.holds()[0];
    course.lift(hold).refused(409).only(&["not_investigated"]);
    let cause = json!({ "laboratory_cause": { "cause": "the template was carried over", "retests": 1 } });
    let investigation = json!({ "result": positive, "conclusion": cause });
    centre.releaser().sign(&course.path("investigation"), investigation, "investigation_closure").ok();
    course.lift(hold).ok();

    centre.technician().post(&course.path("holding"), json!({ "reason": "incubator door found open" })).ok();
    course.lift(course.holds()[0]).ok();

    let report = json!({ "title": "Incubator door", "description": "found open", "batches": [course.batch] });
    let event = centre.technician().post("/quality_events", report).made();
    let linking = json!({ "batches": [other.batch], "reason": "stood beside it" });
    centre.analyst().post(&format!("/quality_events/{event}/linking"), linking).ok();
    other.assess(&event.to_string(), "none").ok();
    course.settle();

    // Too early for either confirmation.
    let signs = |who: Asking, form: &str| who.sign(&course.path(form), json!({}), form);
    signs(centre.lead(), "manufacturing_confirmation").refused(409).only(&["nothing_filled"]);
    signs(centre.releaser(), "quality_confirmation").refused(409).only(&["manufacturing_unconfirmed"]);
    for batch in [&course, &other] {
        centre.lead().post(&batch.path("discontinuation"), json!({ "reason": "the tour ends here" })).ok();
    }
}

fn frozen(centre: &Centre) {
    let mut course = Course::run(
        centre,
        Recipe { pseudonym: "P-300", ..Recipe::of(centre.standard(FROZEN)) },
        Step::Released,
    );
    course.thaw(&[course.containers()[0]]);
    centre.lead().post(&course.path("discontinuation"), json!({ "reason": "the tour ends here" })).ok();
}

fn from_a_bank(centre: &Centre) {
    let mut recipe = Recipe::bank(centre.standard(&format!("{FIXTURES}/d2-bank.toml")));
    recipe.days_each = 6;
    recipe.unreported.push("KARYOTYPE");
    let mut bank = Course::run(centre, recipe, Step::Tested);
    let karyotype = bank.enter("KARYOTYPE", json!({ "values": ["46,XY,16qh+"] }));
    let form = json!({ "result": karyotype, "passes": true, "reasoning": "a known variant" });
    centre.releaser().sign(&bank.path("interpretation"), form, "interpretation").ok();
    bank.verify(karyotype).ok();
    bank.to(Step::Released);
    let product = centre.standard(&format!("{FIXTURES}/d2-viability-80.toml"));
    let recipe = Recipe { pseudonym: "R-300", ..Recipe::from_bank(product, &bank, bank.containers()[0]) };
    let child = Course::run(centre, recipe, Step::Seeded);
    centre.lead().post(&child.path("discontinuation"), json!({ "reason": "the tour ends here" })).ok();
}

/// One container is withdrawn on its way, its stop acknowledged; the other comes back.
fn withdrawn(centre: &Centre, fresh: Uuid) {
    let course = Course::run(centre, Recipe { pseudonym: "P-400", ..Recipe::of(fresh) }, Step::Shipped);
    let [first, second] = course.containers()[..] else { panic!("two containers") };
    let withdrawal = json!({ "containers": [first], "reason": "a sibling turned positive" });
    centre.manager().post(&course.path("withdrawal"), withdrawal).ok();
    let stops = course.coordinator().get("/stops").ok();
    let stop = stops["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|stop| stop["batch"] == course.batch.to_string())
        .unwrap();
    course.physician().post(&course.path("stop_acknowledgement"), json!({ "stop": stop["entry"] })).ok();
    let returned = json!({ "containers": course.doses(&[first, second]), "reason": "flight cancelled" });
    course.coordinator().post(&course.path("return_report"), returned).ok();
    course.destroy_here(&[first, second]);
}

fn healthy<'a>(centre: &'a Centre, fresh: Uuid) -> Course<'a> {
    let mut course = Course::run(centre, Recipe { pseudonym: "P-500", ..Recipe::of(fresh) }, Step::Tested);
    let urgent = json!({ "batch": course.batch, "reason": "the recipient leaves the country tomorrow" });
    course.physician().post(&format!("/orders/{}/urgent_request", course.order), urgent.clone()).ok();
    course.to(Step::Confirmed);
    let path = format!("/orders/{}/urgent_request", course.order);
    course.physician().post(&path, urgent).refused(409).only(&["nothing_blocks"]);
    course.to(Step::Closed);
    course
}

fn standards(centre: &Centre, fresh: Uuid) {
    let retirement = json!({ "reason": "superseded" });
    centre.releaser().post(&format!("/standards/{fresh}/retirement"), retirement).ok();
}

/// Every list and every single thing.
fn reading(centre: &Centre, course: &Course) {
    let inspector = centre.inspector();
    let technician = centre.technician();
    technician.post("/me/tokens", token(&technician.account().password)).ok();
    for path in
        ["/openapi.json", "/me", "/batches", "/batches?status=closed", "/orders", "/people", "/standards"]
    {
        inspector.get(path).ok();
    }
    for path in ["/quality_events", "/clinics", "/incubators", "/stops", "/attempts", "/checkpoint"] {
        inspector.get(path).ok();
    }
    let batch = course.batch;
    for path in ["", "/gate", "/history", "/export"] {
        inspector.get(&format!("/batches/{batch}{path}")).ok();
    }
    let read = inspector.get(&format!("/orders/{}", course.order));
    assert!(read.header("etag").is_some());
    inspector.get(&format!("/orders/{}/history", course.order)).ok();
    course.coordinator().get(&format!("/orders/{}/recipient", course.order)).ok();
    let now = centre.now();
    let review = json!({ "from": now.plus_hours(-24), "until": now, "findings": "nobody has too much" });
    centre.manager().post("/site/access_review", review).ok();
    inspector.get("/access").ok();
    inspector.get(&format!("/patients/{}/disclosures", course.patient())).ok();
    inspector.get(&format!("/people/{}/disclosures?from=2026-01-01", course.coordinator().id())).ok();
    let person = centre.technician().id();
    inspector.get(&format!("/people/{person}/history")).ok();
    inspector.get(&format!("/standards/{}", course.recipe.standard)).ok();
    let events = inspector.get("/quality_events").ok();
    inspector.get(&format!("/quality_events/{}", events["items"][0]["id"].as_str().unwrap())).ok();
    let label = course.dose(course.containers()[0]);
    let found = inspector.get(&format!("/labels/{}", label.as_str().unwrap())).ok();
    assert_eq!((&found["batch"], &found["part"]), (&json!(batch), &json!(course.containers()[0])));
    let first: &Value = &inspector.get("/batches").ok()["items"][0];
    assert_eq!(first["id"], batch.to_string(), "newest change first");
}
