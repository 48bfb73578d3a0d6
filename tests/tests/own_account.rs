//! One's own account: sessions and tokens that are one's own to end, a password that is changed, and what is dead afterwards.

use baiyo::settings::Settings;
use serde_json::json;
use std::time::Instant;
use stories::{Browser, Centre, Member};
use uuid::Uuid;

const NEW: &str = "eleven grey lanterns";

fn signed_in<'a>(centre: &'a Centre, member: &Member) -> Browser<'a> {
    let browser = Browser::new(centre);
    browser.sign_in(&member.sign_in, &member.password).ok();
    browser
}

fn dead_at_once(what: &str, browser: &Browser) {
    let begun = Instant::now();
    browser.get("/me").refused(401);
    assert!(begun.elapsed().as_millis() < 1000, "{what}: {:?}", begun.elapsed());
}

#[test]
fn a_cookie_from_before_the_sign_in_is_never_the_session() {
    let centre = Centre::open();
    let lead = centre.lead().account();
    let planted = Browser::new(&centre);
    for name in ["baiyo_session", "baiyo_device", "baiyo_pending", "__Host-baiyo_session"] {
        planted.put(name, "c2hhbGwtYmUtaGlzLXNlc3Npb24tbGF0ZXItb24tMTIzNA");
    }
    let before = planted.cookie("baiyo_session").unwrap();
    planted.sign_in(&lead.sign_in, &lead.password).ok();
    let first = planted.cookie("baiyo_session").unwrap();
    assert_ne!(first, before);
    let thief = Browser::new(&centre);
    thief.put("baiyo_session", &before);
    thief.get("/me").refused(401);
    planted.sign_in(&lead.sign_in, &lead.password).ok();
    assert_ne!(planted.cookie("baiyo_session").unwrap(), first, "new at each sign-in");
    // Whoever signs in where somebody was ends that session, and no other of his.
    thief.put("baiyo_session", &first);
    thief.get("/me").refused(401);
    let elsewhere = signed_in(&centre, lead);
    let second = planted.cookie("baiyo_session").unwrap();
    let other = centre.checker().account();
    planted.sign_in(&other.sign_in, &other.password).ok();
    thief.put("baiyo_session", &second);
    thief.get("/me").refused(401);
    elsewhere.get("/me").ok();
}

#[test]
fn behind_tls_cookies_have_a_name_that_nothing_else_can_set() {
    let mut centre = Centre::open();
    let trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    centre.is_set_up(Settings { trusted_proxies, ..stories::unhurried() });
    let lead = centre.lead().account();
    let form = json!({ "sign_in": lead.sign_in, "password": lead.password });
    let over = |scheme: &'static str, method, path: &str, cookie: &str| {
        let call = centre.stranger().call(method, path).header("x-forwarded-proto", scheme);
        call.header("sec-fetch-site", "same-origin").header("cookie", cookie)
    };
    let secure = over("https", "POST", "/session", "a=b").json(&form).send();
    for cookie in secure.headers_named("set-cookie") {
        for part in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(
                cookie.contains(part) && cookie.starts_with("__Host-baiyo_") && !cookie.contains("Domain"),
                "{cookie}"
            );
        }
    }
    // What was chosen on a page, too; and only by that name is it looked at.
    for (method, path, chosen) in [
        ("GET", "//language/ja", "language"),
        ("GET", "//theme/dark", "theme"),
        ("POST", "//bench/kit", "kit"),
    ] {
        for (scheme, prefix) in [("https", "__Host-"), ("http", "")] {
            let call = over(scheme, method, path, "a=b");
            let typed = b"room=R1&cabinet=&medium=".to_vec();
            let call =
                if method == "POST" { call.body(typed, "application/x-www-form-urlencoded") } else { call };
            let answer = call.send();
            let cookie =
                answer.headers_named("set-cookie").next().unwrap_or_else(|| panic!("{path}: {answer:?}"));
            assert!(cookie.starts_with(&format!("{prefix}baiyo_{chosen}=")), "{cookie}");
            assert_eq!(cookie.contains("Secure"), scheme == "https", "{cookie}");
            assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/") && !cookie.contains("Domain"));
        }
    }
    for (scheme, name, language) in [
        ("https", "__Host-baiyo_language", "ja"),
        ("https", "baiyo_language", "en"),
        ("http", "baiyo_language", "ja"),
        ("http", "__Host-baiyo_language", "en"),
    ] {
        let page = over(scheme, "GET", "//sign-in", &format!("{name}=ja")).send();
        assert_eq!(page.header("content-language"), Some(language), "{scheme} {name}");
    }
    let token = |answer: &stories::Answer| {
        let cookie = answer.headers_named("set-cookie").next().unwrap();
        cookie.split(';').next().unwrap().split_once('=').unwrap().1.to_string()
    };
    let plain = over("http", "POST", "/session", "a=b").json(&form).send();
    assert!(
        plain
            .headers_named("set-cookie")
            .all(|cookie| cookie.starts_with("baiyo_") && !cookie.contains("Secure"))
    );
    for (scheme, own, other) in [
        ("https", "__Host-baiyo_session", "baiyo_session"),
        ("http", "baiyo_session", "__Host-baiyo_session"),
    ] {
        for token in [token(&secure), token(&plain)] {
            over(scheme, "GET", "/me", &format!("{own}={token}")).send().ok();
            over(scheme, "GET", "/me", &format!("{other}={token}")).send().refused(401);
        }
    }
}

#[test]
fn after_sign_out_departure_and_a_changed_password_everything_is_dead_at_once() {
    let centre = Centre::open();
    let (lead, technician) = (centre.lead().account(), centre.technician().account());
    let his = signed_in(&centre, lead);
    let (kept, other) = (his.cookie("baiyo_session").unwrap(), signed_in(&centre, lead));
    let (session, device) = (|| his.cookie("baiyo_session"), || his.cookie("baiyo_device"));
    his.send(his.call("DELETE", "/session")).ok();
    his.put("baiyo_session", &kept);
    dead_at_once("after signing out", &his);
    other.get("/me").ok();

    his.sign_in(&lead.sign_in, &lead.password).ok();
    let (old_session, old_device) = (session().unwrap(), device().unwrap());
    his.post("/me/password", &json!({ "password": lead.password, "new_password": NEW })).ok();
    dead_at_once("another session after the password changed", &other);
    centre.lead().get("/me").refused(401);
    his.get("/me").ok();
    assert!(session().unwrap() != old_session && device().unwrap() != old_device);
    let thief = Browser::new(&centre);
    thief.put("baiyo_session", &old_session);
    dead_at_once("the same session's old cookie", &thief);

    let leaving = signed_in(&centre, technician);
    let reason = json!({ "reason": "moved away" });
    centre.administrator().post(&format!("/people/{}/departure", technician.id), reason).ok();
    dead_at_once("after a departure", &leaving);
    centre.technician().get("/me").refused(401);
}

#[test]
fn a_changed_password_keeps_the_key_and_every_signature() {
    let centre = Centre::open();
    let member = centre.manager().account().clone();
    let his = signed_in(&centre, &member);
    let change = |password: &str, new: &str| {
        his.post("/me/password", &json!({ "password": password, "new_password": new }))
    };
    let weak = change(&member.password, "password2026!!").refused(422);
    assert_eq!(weak.reasons[0]["pointer"], "/new_password");
    let wrong = change("not the password", NEW).refused(401);
    wrong.only(&["wrong_password"]);
    assert_eq!(wrong.reasons[0]["pointer"], "/password");
    let keys = || centre.administrator().get(&format!("/people/{}/history", member.id)).ok();
    let before = keys();
    // On the page, where it is typed twice.
    let fill_in = |repeated: &str| {
        let fields = [("password", &*member.password), ("new_password", NEW), ("repeated", repeated)];
        his.fill_in("//me/password", &fields)
    };
    assert_eq!(fill_in("eleven gray lanterns").status, 422);
    let changed = fill_in(NEW);
    assert_eq!((changed.status, changed.header("location")), (303, Some("/me")), "{}", changed.text);
    assert_eq!(keys(), before, "no new key, nothing to register");

    Browser::new(&centre).sign_in(&member.sign_in, &member.password).refused(401);
    Browser::new(&centre).sign_in(&member.sign_in, NEW).ok();
    let now = centre.now();
    let sign = |password: &str| {
        let form = json!({
            "role": "manufacturing_lead", "from": now, "until": now.plus_hours(72), "reason": "leave",
            "signature": { "password": password, "meaning": "deputyship" },
        });
        let path = format!("/people/{}/deputyship", centre.technician().id());
        let version = centre.administrator().version_of(&path);
        his.send(his.call("POST", &path).json(&form).header("if-match", &version))
    };
    sign(&member.password).refused(401).only(&["wrong_password"]);
    sign(NEW).ok();
    for _ in 0..9 {
        change("not the password", NEW).refused(401);
    }
    let blocked = change(NEW, "twelve grey lanterns");
    assert!(blocked.header("retry-after").is_some());
    blocked.refused(429);
}

#[test]
fn ones_sessions_and_tokens_are_listed_and_ended_and_nobody_elses() {
    let centre = Centre::open();
    let lead = centre.lead().account().clone();
    let his = signed_in(&centre, &lead);
    let elsewhere = signed_in(&centre, &lead);
    centre.minutes(5);
    his.sign_in(&lead.sign_in, &lead.password).ok();
    let listed = his.get("/me/sessions").ok();
    let sessions = listed["items"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "the one that his browser had before has ended");
    assert!(sessions[0]["known_since"].is_string() && sessions[1]["known_since"].is_null(), "{listed}");
    let secrets = [
        his.cookie("baiyo_session").unwrap(),
        elsewhere.cookie("baiyo_session").unwrap(),
        lead.token.clone(),
    ];
    let page = his.get("//me").text;
    for secret in &secrets {
        assert!(!listed.to_string().contains(secret) && !page.contains(secret));
    }
    assert!(page.contains("this one") && page.contains("a new browser") && page.contains("stories"));

    // Each is ended by what stands for it, by its owner alone.
    let others = signed_in(&centre, centre.analyst().account());
    let tokens = his.get("/me/tokens").ok();
    for (path, items) in [("sessions", sessions), ("tokens", tokens["items"].as_array().unwrap())] {
        let id = items[0]["id"].as_str().unwrap();
        others.send(others.call("DELETE", &format!("/me/{path}/{id}"))).refused(404);
        his.send(his.call("DELETE", &format!("/me/{path}/{}", Uuid::now_v7()))).refused(404);
        assert_eq!(others.fill_in(&format!("//me/{path}/{id}/end"), &[]).status, 404);
    }
    centre.lead().get("/me").ok();
    let token = tokens["items"][0]["id"].as_str().unwrap();
    his.send(his.call("DELETE", &format!("/me/tokens/{token}"))).ok();
    dead(&centre, &lead.token);
    for own in &sessions[1..] {
        let ended = his.fill_in(&format!("//me/sessions/{}/end", own["id"].as_str().unwrap()), &[]);
        assert_eq!(ended.status, 303);
    }
    dead_at_once("a session ended elsewhere", &elsewhere);
    assert_eq!(his.get("/me/sessions").ok()["items"].as_array().unwrap().len(), 1);
}

fn dead(centre: &Centre, token: &str) {
    let bearer = format!("Bearer {token}");
    centre.stranger().call("GET", "/me").header("authorization", &bearer).send().refused(401);
}
