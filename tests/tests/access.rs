//! Access is reviewed: who may do what, who left, who has not been here for long; and that it was looked through.

use baiyo_domain::authority::Role;
use serde_json::{Value, json};
use stories::{Asking, Centre, Course, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

fn access_of(reader: &Asking, person: Uuid) -> Value {
    let found = reader.get("/access").ok();
    let items = found["items"].as_array().expect("everybody");
    items.iter().find(|item| item["person"] == person.to_string()).expect("listed").clone()
}

#[test]
fn a_review_shows_who_may_do_what_since_when_and_by_whom_and_what_stands_out() {
    let centre = Centre::open();
    let (manager, administrator) = (centre.manager(), centre.administrator());
    let technician = centre.technician().id();
    let before = access_of(&manager, technician);
    assert_eq!(before["roles"][0]["role"], "technician");
    let granted_by = before["roles"][0]["granted_by"].as_str().expect("a name").to_string();
    let own_name = administrator.get("/me").ok()["name"].clone();
    assert_eq!(json!(granted_by), own_name);
    assert_eq!((&before["key"], &before["left_at"]), (&json!("registered"), &Value::Null));
    assert!(!before["tokens"].as_array().expect("tokens").is_empty(), "the story's own: {before}");

    // Since when, and a deputyship that is still to come.
    centre.days(3);
    let granted_at = centre.now();
    let grant = format!("/people/{technician}/role_grant");
    administrator.sign(&grant, json!({ "role": "manufacturing_lead" }), "role_grant").ok();
    let (from, until) = (centre.now().plus_hours(24), centre.now().plus_hours(48));
    let lead = centre.lead().id();
    let deputy = json!({ "role": "technician", "from": from, "until": until, "reason": "leave" });
    manager.sign(&format!("/people/{lead}/deputyship"), deputy, "deputyship").ok();
    let roles = access_of(&manager, technician)["roles"].clone();
    assert_eq!(roles.as_array().expect("roles").len(), 2);
    assert_eq!(roles[1]["since"], json!(granted_at));
    let deputyships = access_of(&manager, lead)["deputyships"].clone();
    assert_eq!((&deputyships[0]["until"], &deputyships[0]["role"]), (&json!(until), &json!("technician")));
    let ending = json!({ "role": "manufacturing_lead", "reason": "was a mistake" });
    administrator.post(&format!("/people/{technician}/role_end"), ending).ok();
    assert_eq!(access_of(&manager, technician)["roles"].as_array().expect("roles").len(), 1);

    // A sign-in counts; who never came is unused from the invitation on.
    let account = centre.technician().account();
    let form = json!({ "sign_in": account.sign_in, "password": account.password });
    centre.stranger().post("/session", form).ok();
    assert_eq!(access_of(&manager, technician)["signed_in_last"], json!(centre.now()));
    let idle = administrator.post("/people", json!({ "name": "=HYPERLINK(1)", "sign_in": "idle" })).made();
    centre.days(89);
    assert_eq!(access_of(&manager, idle)["unused"], false);
    centre.days(1);
    assert_eq!(access_of(&manager, idle)["unused"], true);
    assert_eq!(access_of(&manager, idle)["signed_in_last"], Value::Null);
    let checker = centre.checker().id();
    administrator.post(&format!("/people/{checker}/departure"), json!({ "reason": "moved" })).ok();
    let left = access_of(&manager, checker);
    assert_eq!((&left["left_at"], &left["roles"]), (&json!(centre.now()), &json!([])));
    assert_eq!(
        (&left["tokens"], &left["unused"]),
        (&json!([]), &json!(false)),
        "whoever left has none in force"
    );

    // As a page, and as a table that no spreadsheet executes.
    let page = manager.get("//access").text;
    assert!(page.contains("Unused for 90 days") && page.contains(&granted_by));
    let table = manager.call("GET", "//access/people.csv").send();
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(table.text.contains(",'=HYPERLINK(1),idle,"), "{}", table.text);
    assert_eq!(
        table.text.lines().count(),
        manager.get("/access").ok()["items"].as_array().unwrap().len() + 1
    );
    for reader in [&administrator, &centre.inspector()] {
        reader.get("/access").ok();
        assert_eq!(reader.get("//access").status, 200);
    }
    for other in [centre.releaser(), centre.technician(), centre.coordinator()] {
        other.get("/access").refused(403);
        assert_eq!(other.get("//access/disclosures.csv").status, 403);
    }
}

#[test]
fn whose_names_everybody_saw_in_a_period_is_a_table_without_names() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Ordered);
    let coordinator = centre.coordinator();
    coordinator.get(&format!("/orders/{}/recipient", course.order)).ok();
    let seen_on = centre.now().utc().with_timezone(&chrono_tz::Asia::Tokyo).date_naive();
    centre.days(2);
    centre.physician().get(&format!("/orders/{}/recipient", course.order)).ok();
    let rows = |query: &str| {
        let text = centre.inspector().get(&format!("//access/disclosures.csv{query}")).text;
        assert!(!text.contains("佐藤"), "{text}");
        text.lines().skip(1).map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(rows("").len(), 2);
    let of_day = rows(&format!("?from={seen_on}&to={seen_on}"));
    assert!(of_day.len() == 1 && of_day[0].starts_with(&coordinator.id().to_string()), "{of_day:?}");
    assert!(of_day[0].contains(&format!("{},P-001,/api/v1/orders/{{id}}/recipient", course.patient())));
    assert_eq!(centre.inspector().get("//access/disclosures.csv?from=never").status, 422);
    assert_eq!(centre.inspector().get("//access/other.csv").status, 404);
}

/// The most memory that a process ever held, in bytes.
fn peak_of(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn many_years_of_names_seen_are_taken_away_whole_and_in_little_memory() {
    const ROWS: u128 = 120_000;
    let mut centre = Centre::open();
    let person = centre.coordinator().id();
    let mut owner = centre.database();
    let uuid = |number: u128| match stories::engine::is_postgres() {
        true => format!("'{}'", uuid::Uuid::from_u128(number)),
        false => format!("x'{}'", uuid::Uuid::from_u128(number).simple()),
    };
    for part in 0..ROWS / 1_000 {
        let rows = (part * 1_000..(part + 1) * 1_000).map(|n| {
            format!(
                "({}, {}, {}, '/clinic', {n}, {})",
                uuid(n + 1),
                uuid(7),
                uuid(person.as_u128()),
                n * 1_000
            )
        });
        let rows: Vec<String> = rows.collect();
        let insert = "INSERT INTO disclosure (id, patient, person, route, day, shown_at) VALUES ";
        owner.batch_execute(&format!("{insert}{}", rows.join(", "))).unwrap();
    }
    drop(owner);
    centre.stop();
    centre.start_apart();
    centre.inspector().get("//access").text.clear();
    centre.inspector().get("//access/disclosures.csv?from=2199-01-01").text.clear();
    let before = peak_of(centre.pid());
    let table = centre.inspector().get("//access/disclosures.csv");
    let grown = peak_of(centre.pid()) - before;
    let seen: Vec<&str> = table.text.lines().skip(1).map(|row| row.rsplit(',').next().unwrap()).collect();
    assert_eq!(seen.len() as u128, ROWS);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "each once, the newest first");
    assert!(grown < 6 << 20, "{grown} bytes for {} bytes", table.text.len());
    println!("{} bytes went out, and memory grew by {grown}", table.text.len());
    centre.stop();
    centre.start();
}

#[test]
fn a_review_is_recorded_and_the_next_one_is_due_after_twelve_months() {
    let centre = Centre::open();
    let manager = centre.manager();
    let due = || manager.get("/access").ok()["review_due"] == true;
    assert!(due(), "never reviewed");
    assert!(manager.get("//access").text.contains("No review was recorded yet"));
    let now = centre.now();
    let review = json!({ "from": now.plus_hours(-24 * 30), "until": now, "findings": "nobody has too much" });
    for other in [Role::Administrator, Role::Inspector, Role::Technician, Role::QcAnalyst] {
        centre.role(other).post("/site/access_review", review.clone()).refused(403);
    }
    let mut ahead = review.clone();
    ahead["until"] = json!(now.plus_hours(1));
    centre.releaser().post("/site/access_review", ahead).refused(422).only(&["in_the_future"]);
    let mut upside_down = review.clone();
    upside_down["from"] = json!(now);
    centre
        .releaser()
        .post("/site/access_review", upside_down)
        .refused(422)
        .only(&["span_ends_before_it_begins"]);
    assert!(due());
    centre.releaser().post("/site/access_review", review).ok();
    assert!(!due());
    let last = manager.get("/access").ok()["last_review"].clone();
    assert_eq!(
        (&last["findings"], &last["recorded_at"]),
        (&json!("nobody has too much"), &json!(centre.now()))
    );
    centre.days(80);
    assert!(!due());
    centre.hold_tokens();
    centre.days(284);
    assert!(!due());
    centre.days(1);
    assert!(due());
    assert!(manager.get("//access").text.contains("More than 12 months ago"));
}

#[test]
fn a_persons_page_tells_how_he_came_in_and_that_he_left_and_his_link_is_shown_once() {
    let centre = Centre::open();
    let administrator = centre.administrator();
    let new = json!({ "name": "ABE Jun", "sign_in": "abe.jun" });
    let id = administrator.post("/people", new.clone()).made();
    let page = || administrator.get(&format!("//people/{id}")).text;
    let open = "A one-time link can be used until";
    assert!(!page().contains(open));
    let form = administrator.call("POST", &format!("//record/people/{id}/setup_link"));
    let shown = form.body(b"%2Freason=by+hand".to_vec(), "application/x-www-form-urlencoded").send();
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("shown this once"), "{}", shown.text);
    let link = shown.text.split("/setup#").nth(1).expect("the link").split('"').next().unwrap().to_string();
    assert!(page().contains(open) && !page().contains(&link));
    let newer = administrator.post(&format!("/people/{id}/setup_link"), json!({ "reason": "lost" })).ok();
    let setup = |token: &Value| {
        centre.stranger().post("/setup", json!({ "token": token, "password": stories::PASSWORD_OF_SETUP }))
    };
    setup(&json!(link)).refused(404);
    setup(&newer["token"]).ok();
    assert!(!page().contains(open), "it was used");

    let key = administrator.get(&format!("/people/{id}/waiting_keys")).ok()["items"][0]["key"].clone();
    let mut check = json!({ "key": key, "identity_check": "face and driving licence" });
    centre
        .manager()
        .sign(&format!("/people/{id}/identity_confirmation"), check.clone(), "identity_check")
        .ok();
    check["identity_check"] = json!("passport seen");
    check["second_checker"] = json!(centre.manager().id());
    administrator.sign(&format!("/people/{id}/key_registration"), check, "key_registration").ok();
    administrator.post(&format!("/people/{id}/departure"), json!({ "reason": "moved away" })).ok();
    for told in ["by hand", "face and driving licence", "passport seen", "moved away"] {
        assert!(page().contains(told), "{told}");
    }
    administrator.post("/people", new).refused(422).only(&["sign_in_taken"]);
}
