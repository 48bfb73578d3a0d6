//! Breached passwords: where the site has a list of them, nobody sets one that stands in it, by whichever way he sets it; a
//! list that cannot be used keeps the server from starting, and one that fails while it runs lets nothing pass.

use baiyo::settings::Settings;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use std::fs;
use std::path::Path;
use stories::{Browser, Centre, PASSWORD_OF_SETUP, baiyo, unhurried};

/// In the list, and good in every other way.
const BREACHED: &str = "eleven grey lanterns";
/// As good, and in no list.
const OTHER: &str = "twelve quiet harbours";

/// A list as it is published: 20,000 lines, ordered by hash.
fn list(with: &[&str]) -> String {
    let known = (0..20_000).map(|n| format!("breached {n}")).chain(with.iter().map(|text| text.to_string()));
    let line = |password: String| {
        let digits: String = Sha1::digest(password).iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{digits}:{}\r\n", digits.len() * 7)
    };
    let mut lines: Vec<String> = known.map(line).collect();
    lines.sort();
    lines.concat()
}

fn with_list(file: &Path) -> Settings {
    Settings { breached_passwords: Some(file.to_path_buf()), ..unhurried() }
}

fn link(centre: &Centre, person: uuid::Uuid) -> Value {
    let path = format!("/people/{person}/setup_link");
    centre.administrator().post(&path, json!({ "reason": "by hand" })).ok()["token"].clone()
}

#[test]
fn nobody_sets_a_password_that_stands_in_the_list_by_whichever_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pwnedpasswords.txt");
    fs::write(&file, list(&[BREACHED])).unwrap();

    // The first administrator's, by the link that the server prints.
    let (mut empty, first) = Centre::empty();
    empty.is_set_up(with_list(&file));
    let about = json!({ "your_name": "MORI Aki", "name": "Kamogawa CPC", "code": "KAMO" });
    let set_up = |password: &str| {
        empty.stranger().post("/setup", json!({ "token": first, "password": password, "centre": about }))
    };
    let refused = set_up(BREACHED).refused(422);
    assert_eq!((refused.reasons.len(), &refused.reasons[0]["pointer"]), (1, &json!("/password")));
    set_up(PASSWORD_OF_SETUP).ok();

    let mut centre = Centre::open();
    // The control: without a list it is taken.
    let member = centre.second_analyst().account().clone();
    let his = Browser::new(&centre);
    his.sign_in(&member.sign_in, &member.password).ok();
    his.post("/me/password", &json!({ "password": member.password, "new_password": BREACHED })).ok();
    centre.is_set_up(with_list(&file));

    // A newcomer's and a forgotten one, by a link.
    let invited = json!({ "name": "ABE Jun", "sign_in": "abe.jun" });
    let newcomer = centre.administrator().post("/people", invited).made();
    for person in [newcomer, centre.checker().id()] {
        let token = link(&centre, person);
        let set_up = |password: &str, language: &'static str| {
            let form = json!({ "token": token, "password": password });
            centre.stranger().in_language(language).post("/setup", form)
        };
        for (language, words) in [("en", "list of breached passwords"), ("ja", "漏えいしたパスワード")]
        {
            let refused = set_up(BREACHED, language).refused(422);
            assert_eq!((refused.reasons.len(), &refused.reasons[0]["pointer"]), (1, &json!("/password")));
            assert!(refused.reasons[0]["sentence"].as_str().unwrap().contains(words), "{refused:?}");
        }
        set_up(OTHER, "en").ok();
    }
    // One's own that is changed, on the page and through the API.
    let lead = centre.lead().account().clone();
    let his = Browser::new(&centre);
    his.sign_in(&lead.sign_in, &lead.password).ok();
    let fields = [("password", &*lead.password), ("new_password", BREACHED), ("repeated", BREACHED)];
    let page = his.fill_in("//me/password", &fields);
    assert!(page.status == 422 && page.text.contains("list of breached passwords"), "{}", page.text);
    let change =
        |new: &str| his.post("/me/password", &json!({ "password": lead.password, "new_password": new }));
    assert_eq!(change(BREACHED).refused(422).reasons[0]["pointer"], "/new_password");
    Browser::new(&centre).sign_in(&lead.sign_in, &lead.password).ok();
    change(OTHER).ok();
    Browser::new(&centre).sign_in(&lead.sign_in, OTHER).ok();
    // Whoever has had it from before still signs in.
    Browser::new(&centre).sign_in(&member.sign_in, BREACHED).ok();
}

#[test]
fn a_list_that_is_removed_serves_on_and_one_that_is_overwritten_lets_nothing_pass() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pwnedpasswords.txt");
    fs::write(&file, list(&[BREACHED])).unwrap();
    let mut centre = Centre::open();
    centre.is_set_up(with_list(&file));
    let token = link(&centre, centre.checker().id());
    let set_up =
        |password: &str| centre.stranger().post("/setup", json!({ "token": token, "password": password }));
    let moved = folder.path().join("moved");
    fs::rename(&file, &moved).unwrap();
    set_up(BREACHED).refused(422);
    fs::write(&moved, "no list any more").unwrap();
    let refused = set_up(OTHER).refused(422);
    assert!(refused.reasons[0]["sentence"].as_str().unwrap().contains("cannot be read now"), "{refused:?}");
    // Its owner tries again by the same link once there is a list.
    fs::write(&moved, list(&[BREACHED])).unwrap();
    set_up(OTHER).ok();
}

#[test]
fn a_list_that_cannot_be_used_keeps_the_server_from_starting_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("baiyo.toml");
    let location = baiyo_persistence::store::Location::read(&folder.path().join("data"), None, None).unwrap();
    let refused = |name: &str, content: Option<&str>, expected: &str| {
        let file = folder.path().join(name);
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        fs::write(&config, format!("breached_passwords = {file:?}\n")).unwrap();
        let ran =
            baiyo(&location, &["serve", "--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
        assert_eq!(ran.code, 1, "{}", ran.printed);
        for part in ["breached_passwords: ", name, expected] {
            assert!(ran.printed.contains(part), "{part}: {}", ran.printed);
        }
        assert_eq!(ran.printed.lines().count(), 1, "one sentence: {}", ran.printed);
    };
    let good = list(&[BREACHED]);
    let backwards: Vec<&str> = good.lines().rev().collect();
    refused("gone", None, "No such file");
    refused("empty", Some(""), "no file with anything in it");
    refused("words", Some("password\nletmein\n"), "no line of Pwned Passwords");
    refused("backwards", Some(&backwards.join("\n")), "not ordered by hash");
}
