//! From an empty folder to people who can sign, and who comes in: everything over HTTP.

use baiyo_domain::authority::{Role, Scope};
use chrono::TimeDelta;
use serde_json::{Value, json};
use stories::{Answer, Centre, Member, PASSWORD_OF_SETUP};
use uuid::Uuid;

const OTHER_PASSWORD: &str = "eleven grey lanterns";

/// The cookie of an answer, as it is sent back.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_string()
}

fn sign_in(centre: &Centre, name: &str, password: &str) -> Answer {
    centre.stranger().post("/session", json!({ "sign_in": name, "password": password }))
}

/// A request with a session's cookie, as one of our own pages sends it.
fn by_cookie<'a>(centre: &'a Centre, cookie: &str, method: &'static str, path: &str) -> stories::Call<'a> {
    centre.stranger().call(method, path).header("cookie", cookie).header("sec-fetch-site", "same-origin")
}

/// What a token of every scope is made with.
fn whole(password: &str) -> Value {
    json!({ "name": "story", "scopes": Scope::ALL, "password": password })
}

/// Signs in and makes a token; the person as he asks from then on.
fn member(centre: &Centre, role: Role, sign_in_name: &str, password: &str) -> Member {
    let session = sign_in(centre, sign_in_name, password);
    let own = cookie(&session);
    session.ok();
    let token = by_cookie(centre, &own, "POST", "/me/tokens").json(&whole(password)).send().ok();
    let me = by_cookie(centre, &own, "GET", "/me").send().ok();
    Member {
        id: me["person"].as_str().unwrap().parse().unwrap(),
        role,
        clinic: None,
        sign_in: sign_in_name.into(),
        password: password.into(),
        token: token["token"].as_str().unwrap().into(),
    }
}

#[test]
fn the_first_administrator_founds_the_centre_and_takes_somebody_on() {
    let (centre, link) = Centre::empty();
    let setup = |form: Value| centre.stranger().post("/setup", form);
    setup(json!({ "token": link, "password": PASSWORD_OF_SETUP })).refused(422).only(&["missing"]);
    let about =
        json!({ "your_name": "MORI Aki", "name": "Kamogawa CPC", "code": "KAMO", "facility_number": "FA1" });
    let weak = setup(json!({ "token": link, "password": "admin", "centre": about })).refused(422);
    assert_eq!(weak.reasons[0]["pointer"], "/password");
    assert!(weak.reasons.len() > 1, "every problem at once: {weak:?}");
    for named in ["moriarty was a professor", "kamogawa cpc 2026"] {
        setup(json!({ "token": link, "password": named, "centre": about })).refused(422).only(&["password"]);
    }
    let set_up = setup(json!({ "token": link, "password": PASSWORD_OF_SETUP, "centre": about })).ok();
    assert_eq!(set_up["warnings"][0]["pointer"], "/centre/facility_number", "kept, with a warning: {set_up}");
    let page = centre.stranger().get("//sign-in").text;
    assert!(page.contains("Kamogawa CPC"), "the centre's name stands in the header at once");
    setup(json!({ "token": link, "password": OTHER_PASSWORD, "centre": about })).refused(404);

    let first = member(&centre, Role::Administrator, "admin", PASSWORD_OF_SETUP);
    let administrator = centre.member(&first);
    let me = administrator.get("/me").ok();
    assert_eq!(
        (&me["roles"], &me["can_sign"], &me["name"]),
        (&json!(["administrator"]), &json!(true), &json!("MORI Aki"))
    );

    // Invitation, link, own password, identity check with the key, role.
    let id = administrator.post("/people", json!({ "name": "ABE Jun", "sign_in": "abe.jun" })).made();
    let taken =
        administrator.post("/people", json!({ "name": "ABE Jun", "sign_in": "abe.jun" })).refused(422);
    taken.only(&["sign_in_taken"]);
    let link =
        administrator.post(&format!("/people/{id}/setup_link"), json!({ "reason": "by hand" })).ok()["token"]
            .clone();
    setup(json!({ "token": link, "password": "as abe-jun I am known" })).refused(422).only(&["password"]);
    setup(json!({ "token": link, "password": OTHER_PASSWORD })).ok();
    let session = sign_in(&centre, "abe.jun", OTHER_PASSWORD);
    let own = cookie(&session);
    session.ok();
    let me = by_cookie(&centre, &own, "GET", "/me").send().ok();
    assert_eq!((&me["roles"], &me["can_sign"]), (&json!([]), &json!(false)));
    by_cookie(&centre, &own, "GET", "/batches").send().refused(403).only(&["key_not_registered"]);
    let token = by_cookie(&centre, &own, "POST", "/me/tokens").json(&whole(OTHER_PASSWORD)).send();
    token.refused(403).only(&["key_not_registered"]);

    let waiting = administrator.get(&format!("/people/{id}/waiting_keys")).ok();
    let registration = json!({ "key": waiting["items"][0]["key"], "identity_check": "passport seen" });
    let path = format!("/people/{id}/key_registration");
    administrator.sign(&path, registration, "key_registration").ok();
    assert_eq!(administrator.get(&format!("/people/{id}/waiting_keys")).ok()["items"], json!([]));
    let grant = format!("/people/{id}/role_grant");
    administrator.sign(&grant, json!({ "role": "technician" }), "role_grant").ok();
    // Whoever signed in before the key was registered signs in again.
    by_cookie(&centre, &own, "GET", "/me").send().refused(401);
    let newcomer = member(&centre, Role::Technician, "abe.jun", OTHER_PASSWORD);
    let own = format!("/people/{}/role_grant", administrator.id());
    let for_himself = administrator.sign(&own, json!({ "role": "releaser" }), "role_grant").refused(403);
    for_himself.names("not_for_oneself");
    let me = centre.member(&newcomer).get("/me").ok();
    assert_eq!((&me["roles"], &me["can_sign"]), (&json!(["technician"]), &json!(true)));
    centre.member(&newcomer).get("/batches").ok();

    // Who leaves can neither sign in nor use what he had; his history stays.
    administrator.post(&format!("/people/{id}/departure"), json!({ "reason": "moved away" })).ok();
    centre.member(&newcomer).get("/me").refused(401);
    assert_ne!(sign_in(&centre, "abe.jun", OTHER_PASSWORD).status, 200);
    let history = administrator.get(&format!("/people/{id}/history")).ok();
    assert!(history["items"].as_array().unwrap().len() >= 4);
}

#[test]
fn a_forgotten_password_gets_a_new_key_after_two_people_checked_who_it_is() {
    let centre = Centre::open();
    let administrator = centre.administrator();
    let person = centre.lead().account().clone();
    let link = administrator
        .post(&format!("/people/{}/setup_link", person.id), json!({ "reason": "forgot it" }))
        .ok()["token"]
        .clone();
    centre.stranger().post("/setup", json!({ "token": link, "password": OTHER_PASSWORD })).ok();
    sign_in(&centre, &person.sign_in, &person.password).refused(401);
    sign_in(&centre, &person.sign_in, OTHER_PASSWORD).ok();
    let waiting = administrator.get(&format!("/people/{}/waiting_keys", person.id)).ok();
    let mut form = json!({ "key": waiting["items"][0]["key"], "identity_check": "face and passport" });
    let path = format!("/people/{}/key_registration", person.id);
    let alone = administrator.sign(&path, form.clone(), "key_registration").refused(409);
    alone.only(&["second_person_needed"]);
    form["second_checker"] = json!(centre.manager().id());
    // Naming him is not enough: he says so himself.
    administrator.sign(&path, form.clone(), "key_registration").refused(409).only(&["second_person_needed"]);
    let confirmation =
        json!({ "key": waiting["items"][0]["key"], "identity_check": "face and driving licence" });
    let confirm = format!("/people/{}/identity_confirmation", person.id);
    centre.manager().sign(&confirm, confirmation.clone(), "identity_check").ok();
    centre.manager().sign(&confirm, confirmation, "identity_check").refused(409).only(&["already_done"]);
    administrator.sign(&path, form.clone(), "key_registration").ok();
    administrator.sign(&path, form, "key_registration").refused(409).only(&["already_done"]);
}

/// Gives somebody a new password, as an administrator could alone; the key that then waits.
fn reset(centre: &Centre, person: &Member) -> Value {
    let administrator = centre.administrator();
    let path = format!("/people/{}/setup_link", person.id);
    let link = administrator.post(&path, json!({ "reason": "says that he forgot it" })).ok()["token"].clone();
    centre.stranger().post("/setup", json!({ "token": link, "password": OTHER_PASSWORD })).ok();
    administrator.get(&format!("/people/{}/waiting_keys", person.id)).ok()["items"][0]["key"].clone()
}

#[test]
fn an_administrator_who_resets_two_passwords_can_act_as_neither() {
    let centre = Centre::open();
    let administrator = centre.administrator();
    let (releaser, second) = (centre.releaser().account().clone(), centre.manager().account().clone());
    let (key, _) = (reset(&centre, &releaser), reset(&centre, &second));

    // With the second person's password he confirms who the releaser is: nothing is done in that name.
    let confirm = format!("/people/{}/identity_confirmation", releaser.id);
    let check = json!({ "key": key, "identity_check": "face and passport" });
    let mut signed = check.clone();
    signed["signature"] = json!({ "password": OTHER_PASSWORD, "meaning": "identity_check" });
    let session = |person: &Member| {
        let session = sign_in(&centre, &person.sign_in, OTHER_PASSWORD);
        let own = cookie(&session);
        session.ok();
        own
    };
    let as_second = session(&second);
    let refused = by_cookie(&centre, &as_second, "POST", &confirm).json(&signed).send();
    refused.refused(403).only(&["key_not_registered"]);
    let register = format!("/people/{}/key_registration", releaser.id);
    let mut form = check;
    form["second_checker"] = json!(second.id);
    let refused = administrator.sign(&register, form, "key_registration").refused(409);
    refused.only(&["second_person_needed"]);

    // Nor does what is no signing go through in the releaser's name, nor reading.
    let as_releaser = session(&releaser);
    let me = by_cookie(&centre, &as_releaser, "GET", "/me").send().ok();
    assert_eq!((&me["roles"], &me["can_sign"]), (&json!([]), &json!(false)));
    for path in ["/batches", "/people", "/attempts"] {
        let refused = by_cookie(&centre, &as_releaser, "GET", path).send();
        refused.refused(403).only(&["key_not_registered"]);
    }
    let event = json!({ "title": "invented", "description": "nothing", "batches": [] });
    let refused = by_cookie(&centre, &as_releaser, "POST", "/quality_events").json(&event).send();
    refused.refused(403).only(&["key_not_registered"]);

    // Nor does he become two people by inventing one: a first key needs a second person as well.
    let invented = json!({ "name": "NAKAMURA Megumi", "sign_in": "invented" });
    let invented = administrator.post("/people", invented).made();
    let link = format!("/people/{invented}/setup_link");
    let link = administrator.post(&link, json!({ "reason": "new" })).ok()["token"].clone();
    centre.stranger().post("/setup", json!({ "token": link, "password": OTHER_PASSWORD })).ok();
    let waiting = administrator.get(&format!("/people/{invented}/waiting_keys")).ok();
    let form = json!({ "key": waiting["items"][0]["key"], "identity_check": "face and passport" });
    let register = format!("/people/{invented}/key_registration");
    administrator.sign(&register, form, "key_registration").refused(409).only(&["second_person_needed"]);

    // Everything of it stands in the record for whoever looks.
    let history = administrator.get(&format!("/people/{}/history", releaser.id)).ok();
    let kinds: Vec<&str> =
        history["items"].as_array().unwrap().iter().filter_map(|item| item["kind"].as_str()).collect();
    assert!(kinds.ends_with(&["person.link_issued", "person.key_made"]), "{kinds:?}");
    let attempts = administrator.get("/attempts").ok();
    let reasons = |item: &Value| item["event"].to_string().contains("key_not_registered");
    assert!(attempts["items"].as_array().unwrap().iter().filter(|item| reasons(item)).count() >= 5);
}

#[test]
fn refused_attempts_are_listed_by_pages_and_do_not_fill_the_journal() {
    let centre = Centre::open();
    let technician = centre.technician();
    for _ in 0..60 {
        technician.get("/people").refused(403);
    }
    let limited = technician.get("/people");
    assert!((1..=60).contains(&limited.header("retry-after").unwrap().parse::<i64>().unwrap()));
    limited.refused(429);
    // His own work goes on meanwhile.
    technician.get("/batches").ok();
    centre.minutes(1);
    technician.get(&format!("/people/{}/history", technician.id())).refused(403);

    let inspector = centre.inspector();
    let mut seen = Vec::new();
    let mut path = "/attempts".to_string();
    loop {
        let page = inspector.get(&path).ok();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["version"].as_u64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/attempts?after={next}");
    }
    assert_eq!(seen, (1..=61).rev().collect::<Vec<u64>>(), "each once, newest first");
    let newest = &inspector.get("/attempts").ok()["items"][0]["event"];
    let route = format!("/api/v1/people/{}/history", technician.id());
    assert!(newest.to_string().contains(&route), "the route stands in it: {newest}");
}

#[test]
fn a_page_that_asks_is_told_whose_session_it_is_and_keeps_nobody_signed_in() {
    let centre = Centre::open();
    let (person, other) = (centre.technician().account(), centre.lead().account());
    let session = sign_in(&centre, &person.sign_in, &person.password);
    let own = cookie(&session);
    session.ok();
    let asked = |path: &str| by_cookie(&centre, &own, "GET", path).send().status;
    let live = |of: &Member, how: &str| asked(&format!("//live?of={}&{how}=yes", of.id));
    assert_eq!([live(person, "ask"), live(other, "ask"), live(other, "any")], [200, 204, 204]);

    // Typing is a use of the session.
    centre.minutes(20);
    assert_eq!(live(person, "typing"), 200);
    // That it was used is noted behind the answer.
    std::thread::sleep(std::time::Duration::from_millis(500));
    centre.minutes(20);
    // What a page asks by itself is none.
    assert_eq!(live(person, "ask"), 200);
    assert_eq!(by_cookie(&centre, &own, "GET", "//me").header("baiyo-by-itself", "yes").send().status, 200);
    std::thread::sleep(std::time::Duration::from_millis(500));
    centre.minutes(11);
    assert_eq!([live(person, "ask"), live(person, "typing"), asked("//me")], [303; 3]);
}

#[test]
fn a_session_is_a_cookie_for_our_own_pages_that_ends() {
    let centre = Centre::open();
    let person = centre.technician().account();
    sign_in(&centre, &person.sign_in, "wrong horse entirely").refused(401).only(&["wrong_password"]);
    sign_in(&centre, "nobody.here", "wrong horse entirely").refused(401).only(&["wrong_password"]);
    let session = sign_in(&centre, &person.sign_in, &person.password);
    let sent = session.header("set-cookie").unwrap();
    assert!(sent.contains("HttpOnly") && sent.contains("SameSite=Strict"), "{sent}");
    let own = cookie(&session);
    session.ok();
    let me = by_cookie(&centre, &own, "GET", "/me").send().ok();
    assert_eq!(me["person"], person.id.to_string());

    // Another site's page may not change anything with it, whatever the browser says of where it comes from.
    let token = whole(&person.password);
    let from = |name, value| {
        let call = centre.stranger().call("POST", "/me/tokens").header("cookie", &own).json(&token);
        call.header(name, value).send()
    };
    from("sec-fetch-site", "cross-site").refused(403);
    from("sec-fetch-site", "same-site").refused(403);
    from("origin", "https://evil.example").refused(403);
    from("accept", "application/json").refused(403);
    from("sec-fetch-site", "same-origin").ok();

    by_cookie(&centre, &own, "DELETE", "/session").send().ok();
    by_cookie(&centre, &own, "GET", "/me").send().refused(401);

    let session = sign_in(&centre, &person.sign_in, &person.password);
    let own = cookie(&session);
    session.ok();
    // That a session was used is noted behind the answer: here the clock goes on only once it is, as it would have.
    let used = |name: &str| {
        by_cookie(&centre, &own, "GET", "/me").send().ok();
        let token = json!({ "name": name, "scopes": ["read"], "password": person.password });
        by_cookie(&centre, &own, "POST", "/me/tokens").json(&token).send().ok();
    };
    centre.minutes(20);
    used("first");
    centre.minutes(20);
    used("second");
    centre.minutes(31);
    by_cookie(&centre, &own, "GET", "/me").send().refused(401);
    centre.stranger().call("GET", "/me").header("authorization", "Bearer baiyo_invented").send().refused(401);
}

#[test]
fn what_ends_counts_at_once_for_one_who_asked_a_moment_ago() {
    let centre = Centre::open();
    let (technician, administrator) = (centre.technician(), centre.administrator());
    let asks = || [(); 3].map(|()| technician.get("/batches"));
    let his = |what: &str| format!("/people/{}/{what}", technician.id());
    asks().into_iter().for_each(|answer| drop(answer.ok()));
    administrator.post(&his("role_end"), json!({ "role": "technician", "reason": "moved" })).ok();
    asks().into_iter().for_each(|answer| drop(answer.refused(403)));
    administrator.post(&his("departure"), json!({ "reason": "moved away" })).ok();
    asks().into_iter().for_each(|answer| drop(answer.refused(401)));

    // A session is no token for programs, nor the other way round, whatever each was used for before.
    let person = centre.inspector().account();
    let session = sign_in(&centre, &person.sign_in, &person.password);
    let own = cookie(&session);
    session.ok();
    by_cookie(&centre, &own, "GET", "/me").send().ok();
    centre.inspector().get("/me").ok();
    let (_, secret) = own.split_once('=').unwrap();
    let bearer = format!("Bearer {secret}");
    centre.stranger().call("GET", "/me").header("authorization", &bearer).send().refused(401);
    let token = format!("baiyo_session={}", person.token);
    by_cookie(&centre, &token, "GET", "/me").send().refused(401);

    let session = sign_in(&centre, &person.sign_in, &person.password);
    let (own, begun) = (cookie(&session), centre.now());
    session.ok();
    let me = || [(); 3].map(|()| by_cookie(&centre, &own, "GET", "/me").send());
    for minutes in (0..12 * 60).step_by(24) {
        centre.set_clock(begun.plus(TimeDelta::minutes(minutes)));
        me().into_iter().for_each(|answer| drop(answer.ok()));
        // That it was used is noted behind the answer, and before the next that is written.
        by_cookie(&centre, &own, "POST", "/me/tokens").json(&whole(&person.password)).send().ok();
    }
    centre.set_clock(begun.plus(TimeDelta::hours(12) - TimeDelta::seconds(1)));
    me().into_iter().for_each(|answer| drop(answer.ok()));
    centre.set_clock(begun.plus(TimeDelta::hours(12)));
    me().into_iter().for_each(|answer| drop(answer.refused(401)));
}

#[test]
fn too_many_wrong_passwords_to_sign_are_told_with_how_long_to_wait() {
    let centre = Centre::open();
    let physician = centre.physician();
    let path = format!("/batches/{}/administration_decision", Uuid::now_v7());
    let form = json!({ "container": label(), "order_label": label(), "may": true });
    let mut wrong = physician.signed(form.clone(), "administration_decision");
    wrong["signature"]["password"] = json!("not the password");
    for _ in 0..10 {
        physician.post(&path, wrong.clone()).refused(401).only(&["wrong_password"]);
    }
    let signing = || physician.post(&path, physician.signed(form.clone(), "administration_decision"));
    let blocked = signing();
    let wait: i64 = blocked.header("retry-after").unwrap().parse().unwrap();
    assert!((895..=901).contains(&wait), "{wait}");
    blocked.refused(429);
    centre.minutes(15);
    signing().refused(404);
}

fn label() -> String {
    use baiyo_domain::ids::{Label, LabelKind};
    let site = "DEMO".to_string().try_into().unwrap();
    (1..9).find_map(|serial| Label::new(LabelKind::Dose, &site, 26, serial)).unwrap().to_string()
}
