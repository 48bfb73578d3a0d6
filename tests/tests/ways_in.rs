//! The ways in are those that are documented: no address gives a stranger a session, whatever he sends there.

use baiyo::pages;
use serde_json::json;
use stories::{Answer, Browser, Centre, api};
use uuid::Uuid;

/// The session that an answer gives, where it gives one.
fn session(answer: &Answer) -> Option<&str> {
    answer.headers_named("set-cookie").find(|cookie| {
        cookie
            .split_once("baiyo_session=")
            .is_some_and(|(_, value)| !value.is_empty() && !value.starts_with(';'))
    })
}

#[test]
fn no_address_gives_a_stranger_a_session() {
    let centre = Centre::open();
    let lead = centre.lead().account().clone();
    let wrong = json!({
        "sign_in": lead.sign_in, "password": "not his password", "code": "000000", "token": "x", "new_password": "x",
        "pin": "000000", "badge": "x", "person": lead.id, "session": "x", "roles": ["administrator"],
    });
    let typed: Vec<(String, String)> = wrong
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), String::from)))
        .collect();
    let typed: Vec<(&str, &str)> =
        typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let filled = |path: &str| {
        let parts = path.split('/').map(|part| match part {
            "{tag}" => "en".to_string(),
            part if part.starts_with('{') => Uuid::now_v7().to_string(),
            part => part.to_string(),
        });
        parts.collect::<Vec<_>>().join("/")
    };
    let mut asked = 0;
    let mut look = |place: String, answer: Answer| {
        assert_eq!(session(&answer), None, "{place}: {}", answer.status);
        assert!(answer.status < 500, "{place}: {} {}", answer.status, answer.text);
        asked += 1;
    };
    for (path, operations) in api()["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = match method.as_str() {
                "get" => "GET",
                "post" => "POST",
                "delete" => "DELETE",
                "put" => "PUT",
                _ => continue,
            };
            let own = path.strip_prefix("/api/v1").unwrap_or(path);
            // Its line stays open, to whoever may look.
            let call = Browser::new(&centre).call(method, &filled(own));
            look(
                format!("{method} {path}"),
                if method == "GET" { call.send() } else { call.json(&wrong).send() },
            );
        }
    }
    for page in pages::all() {
        let address = format!("/{}", filled(page.path));
        let browser = Browser::new(&centre);
        let answer =
            if page.method == "GET" { browser.get(&address) } else { browser.fill_in(&address, &typed) };
        look(format!("{} {}", page.method, page.path), answer);
    }
    assert!(asked >= 150, "{asked} addresses");
    println!("{asked} addresses");
    // The control: the right password does.
    assert!(session(&Browser::new(&centre).sign_in(&lead.sign_in, &lead.password)).is_some());
}
