//! Two people take turns at one bench tablet by badge and PIN: each entry bears the right person, nothing else opens, and
//! a PIN signs nothing. Whoever has the badge alone, the PIN alone, another tablet or an ended badge has nothing. Every
//! entry says from where it came.

use baiyo::api::{described, form_routes};
use baiyo::settings::{SecondFactor, Settings};
use baiyo_domain::authority::{Scope, by_pin, may};
use baiyo_persistence::engine::prelude::*;
use chrono::TimeDelta;
use datamatrix::DataMatrix;
use serde_json::{Value, json};
use stories::{Answer, Browser, Centre, Course, Member, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const PIN: &str = "853942";
const OTHER_PIN: &str = "90471356";
/// A module of the symbol, in tenths of a millimetre.
const MODULE: usize = 5;

fn signed_in<'a>(centre: &'a Centre, member: &Member) -> Browser<'a> {
    let browser = Browser::new(centre);
    browser.sign_in(&member.sign_in, &member.password).ok();
    browser
}

/// A browser that an administrator registered, and left.
fn tablet(centre: &Centre) -> Browser<'_> {
    let tablet = signed_in(centre, centre.administrator().account());
    let registered = tablet.fill_in("//tablets", &[("name", "Hood 1")]);
    assert_eq!(registered.status, 303, "{}", registered.text);
    assert!(tablet.get("//tablets").text.contains("Hood 1"));
    assert_eq!(tablet.fill_in("//sign-out", &[]).status, 303);
    tablet
}

/// What a scanner reads of the symbol on a page.
fn scanned(page: &str) -> String {
    let path = page.split("<path transform").nth(1).and_then(|rest| rest.split(" d=\"").nth(1)).unwrap();
    let path = path.split('"').next().unwrap();
    let places: Vec<(usize, usize)> = path
        .split('M')
        .skip(1)
        .map(|module| {
            let (place, _) = module.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            (x.parse::<usize>().unwrap() / MODULE, y.parse::<usize>().unwrap() / MODULE)
        })
        .collect();
    let width = places.iter().map(|(x, _)| x + 1).max().unwrap();
    let height = places.iter().map(|(_, y)| y + 1).max().unwrap();
    let mut pixels = vec![false; width * height];
    for (x, y) in places {
        pixels[y * width + x] = true;
    }
    String::from_utf8(DataMatrix::decode(&pixels, width).unwrap()).unwrap()
}

fn make_badge(browser: &Browser, member: &Member) -> String {
    let page = browser.fill_in("//me/badge", &[("password", &member.password)]);
    assert_eq!(page.status, 200, "{}", page.text);
    let code = scanned(&page.text);
    assert!(!page.text.contains(&code), "it stands nowhere in letters");
    code
}

/// Makes a badge and sets a PIN, in a browser of one's own; the badge.
fn equipped(centre: &Centre, member: &Member, pin: &str) -> String {
    let own = signed_in(centre, member);
    let badge = make_badge(&own, member);
    let fields = [("password", &*member.password), ("pin", pin), ("repeated", pin)];
    assert_eq!(own.fill_in("//me/pin", &fields).status, 303);
    badge
}

fn switch(tablet: &Browser, badge: &str, pin: &str) -> Answer {
    tablet.fill_in("//switch", &[("badge", badge), ("pin", pin)])
}

#[track_caller]
fn came_in(answer: Answer) {
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.text);
}

#[track_caller]
fn refused(answer: Answer, status: u16, sentence: &str) {
    assert!(answer.status == status && answer.text.contains(sentence), "{}: {}", answer.status, answer.text);
}

fn who(browser: &Browser) -> Value {
    browser.get("/me").ok()["person"].clone()
}

/// Fresh medium, as whoever sits at the browser records it.
fn medium(browser: &Browser, course: &Course) -> Answer {
    let form = json!({ "vessels": course.vessel_labels(), "volume": "200" });
    browser.post(&course.path("medium_change"), &form)
}

#[test]
fn two_technicians_record_in_turn_and_each_entry_bears_the_right_one() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let (hana, ken) = (centre.technician().account().clone(), centre.checker().account().clone());
    let tablet = tablet(&centre);
    let badges = [equipped(&centre, &hana, PIN), equipped(&centre, &ken, OTHER_PIN)];
    for member in [&hana, &ken] {
        tablet.sign_in(&member.sign_in, &member.password).ok();
    }
    let mut before = tablet.cookie("baiyo_session").unwrap();
    let turns = [(&hana, &badges[0], PIN), (&ken, &badges[1], OTHER_PIN), (&hana, &badges[0], PIN)];
    for (member, badge, pin) in turns {
        let asked = tablet.fill_in("//switch", &[("badge", badge)]);
        assert!(asked.status == 200 && asked.text.contains("inputmode=\"numeric\""), "{}", asked.text);
        let device = tablet.cookie("baiyo_device").unwrap();
        came_in(switch(&tablet, badge, pin));
        assert_ne!(tablet.cookie("baiyo_device").unwrap(), device, "made anew with each turn");
        assert_eq!(who(&tablet), member.id.to_string());
        // The one before him is out, there and with what somebody kept of him.
        let kept = Browser::new(&centre);
        kept.put("baiyo_session", &before);
        kept.get("/me").refused(401);
        before = tablet.cookie("baiyo_session").unwrap();
        let entry = medium(&tablet, &course).entry("batch.culture.medium_changed");
        let history = centre.inspector().get(&format!("/batches/{}/history", course.batch)).ok();
        let items = history["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["entry"] == entry.as_str()).unwrap();
        let id = member.id.to_string();
        assert_eq!((&item["recorder"], &item["performer"]), (&json!(id), &json!(id)), "{item}");
        // The page says whose it is, to which drafts in the browser are tied.
        assert!(tablet.get("//bench").text.contains(&format!("data-person=\"{id}\"")));
        assert!(tablet.get("//bench").text.contains("class=\"switch\" href=\"/switch\""), "one tap away");
    }
    let history = format!("//batches/{}/history.csv", course.batch);
    assert_eq!([tablet.get(&history).status, signed_in(&centre, &hana).get(&history).status], [403, 200]);
    // Ten minutes after the last touch it is over, and the way on leads to the next badge.
    centre.minutes(9);
    assert_eq!(who(&tablet), hana.id.to_string());
    assert_eq!(medium(&tablet, &course).status, 200);
    centre.minutes(10);
    tablet.get("/me").refused(401);
    assert_eq!(tablet.get("//bench").header("location"), Some("/switch?to=/bench"));
}

#[test]
fn a_form_that_was_drawn_for_one_is_not_recorded_as_anothers() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let (hana, ken) = (centre.technician().account().clone(), centre.checker().account().clone());
    let tablet = tablet(&centre);
    let badge = equipped(&centre, &ken, OTHER_PIN);
    for member in [&ken, &hana] {
        tablet.sign_in(&member.sign_in, &member.password).ok();
    }
    let address = format!("//record{}", course.path("medium_change"));
    let hidden = |page: &str| {
        page.split("name=\"shown_to\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_string()
    };
    let labels = course.vessel_labels();
    let vessels = labels.iter().map(|label| label.as_str().unwrap()).collect::<Vec<_>>().join("\n");
    let hand_in = |shown_to: &str| {
        let volume = [("/volume", "123.45"), ("/vessels", vessels.as_str()), ("shown_to", shown_to)];
        tablet.fill_in(&address, &volume)
    };
    let drawn = hidden(&tablet.get(&address).text);
    assert_eq!(drawn, hana.id.to_string());
    came_in(switch(&tablet, &badge, OTHER_PIN));
    let version =
        || centre.inspector().get(&format!("/batches/{}", course.batch)).header("etag").unwrap().to_string();
    let before = version();
    let answer = hand_in(&drawn);
    assert_eq!((answer.status, version()), (409, before.clone()), "{}", answer.text);
    assert!(
        answer.text.contains("opened by somebody else") && !answer.text.contains("123.45"),
        "nothing typed is shown"
    );
    assert_eq!(hidden(&answer.text), ken.id.to_string());
    assert_eq!(hand_in(&ken.id.to_string()).status, 303);
    assert_ne!(version(), before);
}

#[test]
fn a_pin_signs_nothing_and_reaches_nothing_but_the_bench() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Opened);
    let lead = centre.lead().account().clone();
    let tablet = tablet(&centre);
    let badge = equipped(&centre, &lead, PIN);
    tablet.sign_in(&lead.sign_in, &lead.password).ok();
    let signing = |browser: &Browser, password: &str| {
        let path = course.path("instruction");
        let form = json!({
            "instructions": "culture as the standard says",
            "signature": { "password": password, "meaning": "instruction" },
        });
        let version = centre.inspector().version_of(&path);
        browser.send(browser.call("POST", &path).json(&form).header("if-match", &version))
    };
    // In a session by the password: the PIN is no password.
    signing(&tablet, PIN).refused(401).only(&["wrong_password"]);
    came_in(switch(&tablet, &badge, PIN));
    for password in [PIN, &lead.password] {
        signing(&tablet, password).refused(403).only(&["password_needed"]);
    }
    // Every form and every operation: what is not of the bench is closed, whatever his role.
    let mut open = Vec::new();
    for route in form_routes() {
        centre.set_clock(centre.now().plus(TimeDelta::seconds(2)));
        let path = route.path.replace("{id}", &Uuid::now_v7().to_string());
        let answer = tablet.post(&path, &json!({}));
        match may(&[lead.role], &route.action) && by_pin(&route.action) {
            true => open.push(route.action.clone()),
            false => drop(answer.refused(403)),
        }
    }
    assert!(open.iter().any(|action| action == "batch.culture.passage"), "{open:?}");
    for operation in described().filter(|operation| operation.action.is_some_and(|action| !by_pin(action))) {
        let method = ["get", "post", "delete"].iter().position(|method| *method == operation.method).unwrap();
        let path = operation.path.replace("{id}", &Uuid::now_v7().to_string());
        let path = path.replace("{sha256}", &"0".repeat(64));
        let call = tablet.call(["GET", "POST", "DELETE"][method], &path);
        centre.set_clock(centre.now().plus(TimeDelta::seconds(2)));
        assert_eq!(tablet.send(call).status, 403, "{} {}", operation.method, operation.path);
    }
    for path in ["//me", "//me/tokens", "//me/badge", "//me/pin", "//records", "//access", "//tablets"] {
        assert_eq!(tablet.get(path).status, 403, "{path}");
    }
    let whole = json!({ "name": "x", "scopes": Scope::ALL, "password": lead.password });
    tablet.post("/me/tokens", &whole).refused(403).only(&["password_needed"]);
    let page = tablet.get("//me").text;
    assert!(page.contains("sign in with your password") && page.contains("/sign-in?to=/me"), "{page}");
    assert!(tablet.get("//sign-in?to=/me").text.contains("name=\"password\""));
    // With the password he is in whole.
    tablet.sign_in(&lead.sign_in, &lead.password).ok();
    signing(&tablet, &lead.password).ok();
}

#[test]
fn neither_badge_nor_pin_nor_another_tablet_opens_anything_alone() {
    let mut centre = Centre::open();
    centre.is_set_up(Settings { second_factor: SecondFactor::Voluntary, ..stories::unhurried() });
    let (hana, analyst) = (centre.technician().account().clone(), centre.analyst().account().clone());
    let tablet = tablet(&centre);
    let badge = equipped(&centre, &hana, PIN);

    // Before he signed in there, with the password, on that day.
    refused(switch(&tablet, &badge, PIN), 403, "Sign in on this tablet with your password first");
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    came_in(switch(&tablet, &badge, PIN));
    // Another browser, and one that has nothing but the mark of a tablet, and one that was registered while nobody knew it.
    for other in [signed_in(&centre, &hana), Browser::new(&centre)] {
        other.put("baiyo_tablet", "1");
        refused(switch(&other, &badge, PIN), 403, "not registered as a shared tablet");
        assert!(other.get("//switch").text.contains("not registered as a shared tablet"));
    }
    // The badge alone, in whatever form; a badge of nobody; a PIN alone.
    for wrong in ["000000", "853943", "85394", "8539420", "abcdef", &hana.password] {
        let answer = switch(&tablet, &badge, wrong);
        assert!([401, 403].contains(&answer.status), "{wrong}");
    }
    refused(switch(&tablet, &badge, PIN), 403, "The PIN was wrong five times");
    refused(switch(&tablet, "B1-AAAAAAAAAAAAAAAAAAAAAAAAAA", PIN), 401, "This badge is not known");
    refused(switch(&tablet, "", PIN), 401, "This badge is not known");
    // Administrators see it; the password opens again.
    assert!(centre.administrator().get("/attempts").text.contains("\"pin\":true"));
    assert!(centre.administrator().get("//").text.contains("Wrong passwords in the last 15 minutes"));
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    came_in(switch(&tablet, &badge, PIN));
    // Ten in a quarter of an hour, however often the password opens again.
    let mut looked_at = 5;
    for _ in 0..3 {
        tablet.sign_in(&hana.sign_in, &hana.password).ok();
        looked_at +=
            (0..6).filter(|_| switch(&tablet, &badge, "000000").text.contains("This is not the PIN")).count();
    }
    assert_eq!(looked_at, 10);
    refused(switch(&tablet, &badge, PIN), 429, "Wrong PINs were given too often");
    centre.minutes(15);
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    came_in(switch(&tablet, &badge, PIN));

    // Twelve hours after the password.
    centre.set_clock(centre.now().plus(TimeDelta::hours(12)));
    refused(switch(&tablet, &badge, PIN), 403, "Sign in on this tablet with your password first");
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    came_in(switch(&tablet, &badge, PIN));
    // A badge that was lost, and replaced.
    let own = signed_in(&centre, &hana);
    let replaced = make_badge(&own, &hana);
    tablet.get("/me").refused(401);
    refused(switch(&tablet, &badge, PIN), 401, "This badge is not known");
    came_in(switch(&tablet, &replaced, PIN));
    assert_eq!(own.fill_in("//me/badge/end", &[]).status, 303);
    tablet.get("/me").refused(401);
    refused(switch(&tablet, &replaced, PIN), 401, "This badge is not known");

    // Somebody who does not work at the bench.
    let desk = equipped(&centre, &analyst, PIN);
    tablet.sign_in(&analyst.sign_in, &analyst.password).ok();
    refused(switch(&tablet, &desk, PIN), 403, "for people who work at the bench");
    // Whose access an administrator has ended: the badge does nothing until he signs in there again.
    let badge = equipped(&centre, &hana, PIN);
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    came_in(switch(&tablet, &badge, PIN));
    let administrator = signed_in(&centre, centre.administrator().account());
    assert_eq!(administrator.fill_in(&format!("//people/{}/access/end", hana.id), &[]).status, 303);
    tablet.get("/me").refused(401);
    refused(switch(&tablet, &badge, PIN), 403, "Sign in on this tablet with your password first");
    // Somebody who left, and one whose password was changed or reset.
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    came_in(switch(&tablet, &badge, PIN));
    let reason = json!({ "reason": "moved away" });
    centre.administrator().post(&format!("/people/{}/departure", hana.id), reason).ok();
    tablet.get("/me").refused(401);
    refused(switch(&tablet, &badge, PIN), 401, "This badge is not known");

    // A tablet whose registration ended: whoever came in there is out.
    let ken = centre.checker().account().clone();
    let badge = equipped(&centre, &ken, OTHER_PIN);
    tablet.sign_in(&ken.sign_in, &ken.password).ok();
    came_in(switch(&tablet, &badge, OTHER_PIN));
    let administrator = signed_in(&centre, centre.administrator().account());
    let page = administrator.get("//tablets").text;
    let id = page.split("/tablets/").nth(1).unwrap().split('/').next().unwrap().to_string();
    assert_eq!(signed_in(&centre, &ken).fill_in(&format!("//tablets/{id}/end"), &[]).status, 403);
    assert_eq!(administrator.fill_in(&format!("//tablets/{id}/end"), &[]).status, 303);
    tablet.get("/me").refused(401);
    refused(switch(&tablet, &badge, OTHER_PIN), 403, "not registered as a shared tablet");
}

#[test]
fn a_copied_cookie_of_a_tablet_is_worth_nothing_after_two_turns_and_a_lost_answer_costs_nothing() {
    let centre = Centre::open();
    let hana = centre.technician().account().clone();
    let tablet = tablet(&centre);
    let badge = equipped(&centre, &hana, PIN);
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    let copied = tablet.cookie("baiyo_device").unwrap();
    came_in(switch(&tablet, &badge, PIN));
    // As if that answer had been lost: the tablet shows the one before, once.
    tablet.put("baiyo_device", &copied);
    came_in(switch(&tablet, &badge, PIN));
    came_in(switch(&tablet, &badge, PIN));
    let thief = Browser::new(&centre);
    thief.put("baiyo_device", &copied);
    refused(switch(&thief, &badge, PIN), 403, "not registered as a shared tablet");
    came_in(switch(&tablet, &badge, PIN));
    // A password changed at the tablet leaves it a tablet, on which he has just given his password.
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    let change = json!({ "password": hana.password, "new_password": "eleven grey lanterns" });
    tablet.post("/me/password", &change).ok();
    came_in(switch(&tablet, &badge, PIN));
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = diesel::sql_types::Text)]
    hash: String,
}

#[test]
fn a_pin_is_set_with_the_password_and_not_one_that_is_guessed_first() {
    let centre = Centre::open();
    let hana = centre.technician().account().clone();
    let own = signed_in(&centre, &hana);
    let set = |password: &str, pin: &str, repeated: &str| {
        own.fill_in("//me/pin", &[("password", password), ("pin", pin), ("repeated", repeated)])
    };
    refused(set("not the password", PIN, PIN), 401, "This is not your password");
    refused(set(&hana.password, PIN, OTHER_PIN), 422, "The two PINs differ");
    refused(set(&hana.password, "12345", "12345"), 422, "6 to 12 digits");
    for easy in ["123456", "111111", "900412", "19900412", "121212"] {
        refused(set(&hana.password, easy, easy), 422, "guessed first");
    }
    assert_eq!(set(&hana.password, PIN, PIN).status, 303);
    refused(own.fill_in("//me/badge", &[("password", "not the password")]), 401, "This is not your password");
    assert!(!own.get("//me").text.contains(PIN));
    let mut conn = centre.database();
    let stored: Vec<Stored> = diesel::sql_query("SELECT hash FROM pin").load(&mut conn).unwrap();
    assert!(
        stored.iter().all(|pin| pin.hash.starts_with("$argon2id$v=19$m=19456") && !pin.hash.contains(PIN))
    );
    assert_eq!(stored.len(), 1);
}

/// A token of somebody's; with the name of an instrument, that instrument's.
fn token(centre: &Centre, member: &Member, name: &str, instrument: Option<&str>) -> Value {
    let mut form = json!({ "name": name, "scopes": [Scope::Bench], "password": member.password });
    if let Some(instrument) = instrument {
        form["device"] = json!(instrument);
    }
    signed_in(centre, member).post("/me/tokens", &form).ok()["token"].clone()
}

fn by_token(centre: &Centre, token: &Value, path: &str, form: &Value) -> Answer {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    centre.stranger().call("POST", path).header("authorization", &bearer).json(form).send()
}

#[test]
fn an_entry_names_the_tablet_whose_cookie_came_with_it_and_no_other_time() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let hana = centre.technician().account().clone();
    let tablet = tablet(&centre);
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    let (session, device) = ("baiyo_session", "baiyo_device");
    let only = |names: &[&str]| {
        let browser = Browser::new(&centre);
        for name in names {
            browser.put(name, &tablet.cookie(name).unwrap());
        }
        browser
    };
    // Whoever asked a moment ago is remembered, and nothing is written between: each asks first as the other did.
    for (names, before, at_the_tablet) in
        [(&[session, device][..], &[session][..], true), (&[session][..], &[session, device][..], false)]
    {
        for browser in [only(before), only(names)] {
            browser.get("/me").ok();
        }
        let entry = medium(&only(names), &course).entry("batch.culture.medium_changed");
        let history = centre.inspector().get(&course.path("history")).ok();
        let item = history["items"].as_array().unwrap().iter().find(|item| item["entry"] == entry.as_str());
        let source = &item.unwrap()["source"];
        assert_eq!(source["means"], "session");
        assert_eq!(source.get("device").is_some(), at_the_tablet, "{source}");
    }
}

#[test]
fn every_entry_says_from_where_it_came_and_what_was_withdrawn_hands_in_nothing() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let hana = centre.technician().account().clone();
    let tablet = tablet(&centre);
    let administrator = signed_in(&centre, centre.administrator().account());
    let page = administrator.get("//tablets").text;
    let tablet_id = page.split("/tablets/").nth(1).unwrap().split('/').next().unwrap();
    let code = equipped(&centre, &hana, PIN);
    let (path, form) =
        (course.path("medium_change"), json!({ "vessels": course.vessel_labels(), "volume": "12" }));
    let counter = token(&centre, &hana, "counter", None);
    let instrument = token(&centre, &hana, "counter", Some("NC-202"));

    // A session of her own, the same at the tablet, her badge there, and her two tokens.
    let own = signed_in(&centre, &hana);
    let mut entries = vec![own.post(&path, &form)];
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    entries.push(tablet.post(&path, &form));
    came_in(switch(&tablet, &code, PIN));
    let once = |form: &Value| {
        tablet.send(tablet.call("POST", &path).json(form).header("idempotency-key", "turn-at-hood-1"))
    };
    entries.push(once(&form));
    entries.extend([&counter, &instrument].map(|token| by_token(&centre, token, &path, &form)));
    let entries: Vec<String> =
        entries.into_iter().map(|answer| answer.entry("batch.culture.medium_changed")).collect();
    // A repetition answers the first answer and adds nothing.
    assert_eq!(once(&form).entry("batch.culture.medium_changed"), entries[2]);

    let history = centre.inspector().get(&format!("/batches/{}/history", course.batch)).ok();
    let items = history["items"].as_array().unwrap();
    let item = |entry: &String| items.iter().find(|item| item["entry"] == entry.as_str()).unwrap();
    let device = json!({ "id": tablet_id, "name": "Hood 1" });
    let sources: Vec<&Value> = entries.iter().map(|entry| &item(entry)["source"]).collect();
    assert_eq!(sources[0], &json!({ "means": "session" }));
    assert_eq!(sources[1], &json!({ "means": "session", "device": device }));
    assert_eq!(sources[2], &json!({ "means": "badge", "device": device }));
    for (source, means, name) in [(sources[3], "program", "counter"), (sources[4], "instrument", "NC-202")] {
        assert_eq!((&source["means"], &source["device"]["name"]), (&json!(means), &json!(name)), "{source}");
    }
    let listed = own.get("/me/tokens").ok();
    let named = |name: &str| listed["items"].as_array().unwrap().iter().find(|own| own["device"] == name);
    assert_eq!(sources[4]["device"]["id"], named("NC-202").unwrap()["id"]);
    // The story itself is told by tokens: no entry of the batch is without a source.
    assert!(items.iter().all(|item| item["source"]["means"].is_string()));

    // On the pages in both languages, and in the table.
    let said = [
        (
            "en",
            [
                "Own session",
                "Tablet: Hood 1 (own session)",
                "Tablet: Hood 1 (badge and PIN)",
                "Program: counter",
                "Instrument: NC-202",
            ],
        ),
        (
            "ja",
            [
                "本人のセッション",
                "共用端末：Hood 1（本人のセッション）",
                "共用端末：Hood 1（バッジとPIN）",
                "プログラム：counter",
                "機器：NC-202",
            ],
        ),
    ];
    let part = |page: &str, entry: &String| {
        let id = format!("id=\"entry-{}\"", item(entry)["version"]);
        page.split(&id).nth(1).unwrap().split("id=\"entry-").next().unwrap().to_string()
    };
    for (language, said) in said {
        let inspector = centre.inspector().in_language(language);
        for address in ["", "/record"] {
            let page = inspector.get(&format!("//batches/{}{address}", course.batch)).text;
            for (entry, said) in entries.iter().zip(said) {
                assert!(part(&page, entry).contains(&format!(">{said}<")), "{address} {language}: {said}");
            }
        }
    }
    let table = centre.inspector().get(&format!("//batches/{}/history.csv", course.batch)).text;
    let row = |entry: &String| table.lines().find(|line| line.contains(entry.as_str())).unwrap();
    for (entry, cells) in entries.iter().zip([
        ",session,,,".to_string(),
        format!(",session,Hood 1,{tablet_id},"),
        format!(",badge,Hood 1,{tablet_id},"),
        ",program,counter,".into(),
        ",instrument,NC-202,".into(),
    ]) {
        assert!(row(entry).contains(&cells), "{}: {cells}", row(entry));
    }

    // A tablet that is withdrawn and tokens that are ended hand in nothing; the name stands in what they handed in.
    assert_eq!(administrator.fill_in(&format!("//tablets/{tablet_id}/end"), &[]).status, 303);
    for own in listed["items"].as_array().unwrap().iter().filter(|own| own["name"] == "counter") {
        let ended = signed_in(&centre, &hana);
        ended.send(ended.call("DELETE", &format!("/me/tokens/{}", own["id"].as_str().unwrap()))).ok();
    }
    let version = centre.inspector().version_of(&path);
    tablet.post(&path, &form).refused(401);
    for token in [&counter, &instrument] {
        by_token(&centre, token, &path, &form).refused(401);
    }
    assert_eq!(centre.inspector().version_of(&path), version);
    let again = centre.inspector().get(&format!("/batches/{}/history", course.batch)).ok();
    assert_eq!(again["items"], history["items"]);
    // In that browser she is no longer at a tablet.
    tablet.sign_in(&hana.sign_in, &hana.password).ok();
    let entry = tablet.post(&path, &form).entry("batch.culture.medium_changed");
    let history = centre.inspector().get(&format!("/batches/{}/history", course.batch)).ok();
    let item = history["items"].as_array().unwrap().iter().find(|item| item["entry"] == entry.as_str());
    assert_eq!(item.unwrap()["source"], json!({ "means": "session" }));
}
