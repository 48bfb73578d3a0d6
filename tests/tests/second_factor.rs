//! The second factor: who must have one, how it is set up, asked for, counted, replaced and lost.

use baiyo::settings::{SecondFactor, Settings};
use baiyo_persistence::Store;
use baiyo_persistence::clock::SystemClock;
use chrono::TimeDelta;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use stories::{Answer, Authenticator, Browser, Centre, Member};

fn sign_in_on_the_page(browser: &Browser, member: &Member) -> Answer {
    browser.fill_in("//sign-in", &[("sign_in", &member.sign_in), ("password", &member.password)])
}

fn proposal(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"proposal\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_string()
}

fn goes_to(answer: &Answer, place: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(place)), "{}", answer.text);
}

/// Sets up a second factor in a session; the app that makes its codes.
fn set_up(centre: &Centre, browser: &Browser, member: &Member) -> Authenticator {
    let page = browser.get("//me/factor").text;
    let app = Authenticator::scan(&page);
    let first = app.code(centre.now(), 0);
    let fields = [("proposal", &*proposal(&page)), ("password", &*member.password), ("first", &*first)];
    goes_to(&browser.fill_in("//me/factor", &fields), "/me");
    seconds(centre, 60);
    app
}

fn seconds(centre: &Centre, seconds: i64) {
    centre.set_clock(centre.now().plus(TimeDelta::seconds(seconds)));
}

fn with_code(centre: &Centre, member: &Member, code: &str) -> Answer {
    let form = json!({ "sign_in": member.sign_in, "password": member.password, "code": code });
    Browser::new(centre).post("/session", &form)
}

#[test]
fn it_is_set_up_with_the_password_and_a_code_and_renews_the_session() {
    let centre = Centre::open();
    let lead = centre.lead().account().clone();
    let (his, elsewhere) = (Browser::new(&centre), Browser::new(&centre));
    goes_to(&sign_in_on_the_page(&his, &lead), "/");
    goes_to(&sign_in_on_the_page(&elsewhere, &lead), "/");
    let before = his.cookie("baiyo_session").unwrap();
    let page = his.get("//me/factor").text;
    assert!(page.contains("<svg class=\"qr\""));
    let (app, proposal) = (Authenticator::scan(&page), proposal(&page));
    let first = app.code(centre.now(), 0);
    let attempt = |password: &str, first: &str| {
        let fields = [("proposal", &*proposal), ("password", password), ("first", first)];
        his.fill_in("//me/factor", &fields)
    };
    assert_eq!(attempt("not the password", &first).status, 401);
    let wrong = attempt(&lead.password, &app.code(centre.now(), 2));
    assert_eq!(wrong.status, 422);
    assert_eq!(
        Authenticator::scan(&wrong.text).code(centre.now(), 0),
        first,
        "the same secret is shown again"
    );
    // Nobody else sets up what was shown to him.
    let others = Browser::new(&centre);
    let analyst = centre.analyst().account();
    goes_to(&sign_in_on_the_page(&others, analyst), "/");
    let stolen = [("proposal", &*proposal), ("password", &*analyst.password), ("first", &*first)];
    assert_eq!(others.fill_in("//me/factor", &stolen).status, 422);

    goes_to(&attempt(&lead.password, &first), "/me");
    assert_ne!(his.cookie("baiyo_session").unwrap(), before);
    his.get("/me").ok();
    his.put("baiyo_session", &before);
    his.get("/me").refused(401);
    elsewhere.get("/me").refused(401);
    with_code(&centre, &lead, &first).refused(401).only(&["wrong_code"]);
}

#[test]
fn after_the_password_a_code_is_asked_for_and_taken_once_in_its_time() {
    let centre = Centre::open();
    let (lead, analyst) = (centre.lead().account().clone(), centre.analyst().account().clone());
    let (his, others) = (Browser::new(&centre), Browser::new(&centre));
    his.sign_in(&lead.sign_in, &lead.password).ok();
    others.sign_in(&analyst.sign_in, &analyst.password).ok();
    let (app, another) = (set_up(&centre, &his, &lead), set_up(&centre, &others, &analyst));

    // On the pages.
    let browser = Browser::new(&centre);
    goes_to(
        &browser.fill_in(
            "//sign-in",
            &[("sign_in", &lead.sign_in), ("password", &lead.password), ("to", "/batches")],
        ),
        "/sign-in/code?to=/batches",
    );
    assert_eq!(browser.cookie("baiyo_session"), None);
    let pending = browser.cookie("baiyo_pending").unwrap();
    goes_to(&browser.get("//"), "/sign-in?to=/");
    let posing = Browser::new(&centre);
    posing.put("baiyo_session", &pending);
    posing.get("/me").refused(401);
    centre
        .stranger()
        .call("GET", "/me")
        .header("authorization", &format!("Bearer {pending}"))
        .send()
        .refused(401);
    assert!(browser.get("//sign-in/code?to=/batches").text.contains("one-time-code"));
    let give = |browser: &Browser, code: &str| {
        browser.fill_in("//sign-in/code", &[("code", code), ("to", "/batches")])
    };
    let now = centre.now();
    for wrong in [app.code(now, -2), app.code(now, 2), another.code(now, 0), "000000".into(), String::new()] {
        assert_eq!(give(&browser, &wrong).status, 401, "{wrong}");
    }
    goes_to(&give(&browser, &app.code(now, 0)), "/batches");
    assert_eq!(browser.cookie("baiyo_pending"), None);
    browser.get("/me").ok();
    // Neither code nor pending sign-in serves again.
    posing.put("baiyo_pending", &pending);
    goes_to(&give(&posing, &app.code(now, 1)), "/sign-in");
    with_code(&centre, &lead, &app.code(now, 0)).refused(401).only(&["wrong_code"]);
    with_code(&centre, &lead, &app.code(now, -1)).refused(401).only(&["wrong_code"]);
    // A pending sign-in ends after five minutes.
    goes_to(&sign_in_on_the_page(&posing, &lead), "/sign-in/code");
    seconds(&centre, 300);
    goes_to(&give(&posing, &app.code(centre.now(), 0)), "/sign-in");

    // By the API in one request.
    let missing = Browser::new(&centre).sign_in(&lead.sign_in, &lead.password).refused(401);
    missing.only(&["code_needed"]);
    assert_eq!(missing.reasons[0]["pointer"], "/code");
    seconds(&centre, 900);
    with_code(&centre, &lead, &app.code(centre.now(), -1)).ok();
    with_code(&centre, &lead, &app.code(centre.now(), 1)).ok();
    // To sign, the password is enough; and a wrong password is told before a code is looked at.
    let form =
        json!({ "sign_in": lead.sign_in, "password": "not the password", "code": app.code(centre.now(), 1) });
    Browser::new(&centre).post("/session", &form).refused(401).only(&["wrong_password"]);
}

#[test]
fn a_code_form_that_is_sent_twice_signs_in_once_and_is_no_wrong_code() {
    let centre = Centre::open();
    let lead = centre.lead().account().clone();
    let his = Browser::new(&centre);
    his.sign_in(&lead.sign_in, &lead.password).ok();
    let app = set_up(&centre, &his, &lead);
    for round in 0..8 {
        let browser = Browser::new(&centre);
        goes_to(&sign_in_on_the_page(&browser, &lead), "/sign-in/code");
        let (pending, code) = (browser.cookie("baiyo_pending").unwrap(), app.code(centre.now(), 0));
        // A double click sends both with the cookies that there were before.
        let give = |code: &str| {
            let twin = Browser::new(&centre);
            twin.put("baiyo_pending", &pending);
            let answer = twin.fill_in("//sign-in/code", &[("code", code), ("to", "/batches")]);
            (answer, twin.cookie("baiyo_session"))
        };
        let both = std::thread::scope(|threads| {
            let first = threads.spawn(|| give(&code));
            let second = threads.spawn(|| give(&code));
            [first, second].map(|twin| twin.join().unwrap())
        });
        both.iter().for_each(|(answer, _)| goes_to(answer, "/batches"));
        assert_eq!(both.iter().filter(|(_, session)| session.is_some()).count(), 1, "round {round}");
        // Later on it is harmless as well; another code begins anew, and so does the same one after five minutes.
        for (code, place) in [(&code, "/batches"), (&app.code(centre.now(), 1), "/sign-in")] {
            let (answer, session) = give(code);
            goes_to(&answer, place);
            assert_eq!(session, None);
        }
        seconds(&centre, 300);
        goes_to(&give(&code).0, "/sign-in");
    }
    let attempts = centre.administrator().get("/attempts").ok();
    assert!(!attempts.to_string().contains("wrong_secret"), "{attempts}");
}

#[test]
fn ten_wrong_codes_are_looked_at_in_a_quarter_of_an_hour_and_administrators_see_them() {
    let centre = Centre::open();
    let lead = centre.lead().account().clone();
    let his = Browser::new(&centre);
    his.sign_in(&lead.sign_in, &lead.password).ok();
    let app = set_up(&centre, &his, &lead);
    for _ in 0..12 {
        with_code(&centre, &lead, &app.code(centre.now(), 5)).refused(401).only(&["wrong_code"]);
    }
    with_code(&centre, &lead, &app.code(centre.now(), 0)).refused(401).only(&["wrong_code"]);
    // Not from his own browser.
    let form =
        json!({ "sign_in": lead.sign_in, "password": lead.password, "code": app.code(centre.now(), 0) });
    his.post("/session", &form).ok();
    let attempts = centre.administrator().get("/attempts").ok();
    let codes = attempts["items"].as_array().unwrap().iter().filter(|item| {
        item["kind"] == "attempts.wrong_secret" && item["event"].to_string().contains("\"code\":true")
    });
    assert_eq!(codes.count(), 10, "{attempts}");
    centre.minutes(15);
    with_code(&centre, &lead, &app.code(centre.now(), 0)).ok();
}

#[test]
fn who_must_have_one_does_nothing_in_a_session_before_it_is_set_up() {
    let mut centre = Centre::open();
    centre.is_set_up(Settings { second_factor: SecondFactor::ByRole, ..stories::unhurried() });
    let releaser = centre.releaser().account().clone();
    let his = Browser::new(&centre);
    goes_to(&sign_in_on_the_page(&his, &releaser), "/");
    for path in ["//", "//batches", "//me", "//quality", "//sign-in", "//me/password", "//people"] {
        goes_to(&his.get(path), "/me/factor");
    }
    for (method, path) in [
        ("GET", "/batches"),
        ("GET", "/me"),
        ("GET", "/me/sessions"),
        ("POST", "/me/tokens"),
        ("POST", "/quality_events"),
    ] {
        his.send(his.call(method, path).json(&json!({ "name": "early" })))
            .refused(403)
            .only(&["second_factor_needed"]);
    }
    assert_eq!(his.get("//live").status, 303, "nor is anything told as it happens");
    let posted = his.fill_in("//record/quality_events", &[("/title", "early")]);
    assert_eq!(posted.status, 403);
    // Nor does a program that acts by a token made before; whoever has another role goes on.
    centre.releaser().get("/batches").refused(403).only(&["second_factor_needed"]);
    let technician = Browser::new(&centre);
    technician.sign_in(&centre.technician().account().sign_in, &centre.technician().account().password).ok();
    technician.get("/batches").ok();
    // Signing out is open, and so is setting it up.
    goes_to(&his.fill_in("//sign-out", &[]), "/sign-in");
    goes_to(&sign_in_on_the_page(&his, &releaser), "/");
    assert!(his.get("//me/factor").text.contains("Your role needs a second factor"));
    set_up(&centre, &his, &releaser);
    his.get("/batches").ok();
    assert_eq!(his.get("//quality").status, 200);
    // Whoever made a token while there was none is out.
    centre.releaser().get("/batches").refused(401);

    // Whoever becomes a deputy of such a role is asked from then on.
    let lead = centre.lead().account().clone();
    let hers = Browser::new(&centre);
    hers.sign_in(&lead.sign_in, &lead.password).ok();
    hers.get("/batches").ok();
    centre.is_set_up(Settings { second_factor: SecondFactor::Everybody, ..stories::unhurried() });
    let again = Browser::new(&centre);
    again.sign_in(&lead.sign_in, &lead.password).ok();
    again.get("/batches").refused(403).only(&["second_factor_needed"]);
}

#[test]
fn a_replaced_device_needs_a_code_of_the_old_one_and_a_lost_one_a_link() {
    let centre = Centre::open();
    let lead = centre.lead().account().clone();
    let his = Browser::new(&centre);
    his.sign_in(&lead.sign_in, &lead.password).ok();
    let old = set_up(&centre, &his, &lead);
    let page = his.get("//me/factor").text;
    let new = Authenticator::scan(&page);
    let replace = |code: &str| {
        let first = new.code(centre.now(), 0);
        let fields = [
            ("proposal", &*proposal(&page)),
            ("password", &*lead.password),
            ("code", code),
            ("first", &*first),
        ];
        his.fill_in("//me/factor", &fields)
    };
    for wrong in ["", "000000"] {
        assert_eq!(replace(wrong).status, 401);
    }
    goes_to(&replace(&old.code(centre.now(), 0)), "/me");
    seconds(&centre, 60);
    with_code(&centre, &lead, &old.code(centre.now(), 0)).refused(401).only(&["wrong_code"]);
    with_code(&centre, &lead, &new.code(centre.now(), 0)).ok();

    let path = format!("/people/{}/setup_link", lead.id);
    let link =
        centre.administrator().post(&path, json!({ "reason": "lost the phone" })).ok()["token"].clone();
    centre.stranger().post("/setup", json!({ "token": link, "password": "eleven grey lanterns" })).ok();
    Browser::new(&centre).sign_in(&lead.sign_in, "eleven grey lanterns").ok();
}

#[test]
fn its_key_lies_beside_the_database_and_nothing_starts_without_it() {
    let mut centre = Centre::open();
    let file = centre.folder().join("keys/factors.key");
    assert!(!file.exists(), "made when it is first needed");
    let lead = centre.lead().account().clone();
    let app = {
        let his = Browser::new(&centre);
        his.sign_in(&lead.sign_in, &lead.password).ok();
        set_up(&centre, &his, &lead)
    };
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    centre.stop();
    let aside = centre.folder().join("aside");
    std::fs::rename(&file, &aside).unwrap();
    let refused = Store::open_at(centre.location(), Arc::new(SystemClock)).err().unwrap().to_string();
    assert!(refused.contains("factors.key") && refused.contains("restore"), "{refused}");
    std::fs::rename(&aside, &file).unwrap();
    centre.start();
    with_code(&centre, &lead, &app.code(centre.now(), 0)).ok();
}
