//! What an operator reads in the log: a line for each request with an identifier of its own, what concerns safety, and what
//! nobody expected. No name, secret or thing stands in any of it but by its identifier.

use serde_json::{Value, json};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

#[test]
fn each_request_has_a_line_with_its_identifier_and_what_concerns_safety_is_told() {
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Instructed);
    let batch = course.batch;
    drop(course);
    centre.stop();
    centre.start_apart_in(&[("BAIYO_LOG_FORMAT", "json"), ("BAIYO_LOG_LEVEL", "info")]);
    let person = centre.technician();
    let id = |answer: &stories::Answer| answer.header("x-request-id").unwrap().to_string();
    let forged = "x\r\n{\"event\":\"signed_in\"}";
    let read = id(&person.get(&format!("/batches/{batch}?note=canary-query")));
    let lost = id(&centre.stranger().get("//canary-path"));
    let other =
        centre.stranger().call("GET", "/me").header("x-request-id", "01936d2e-0000-7000-8000-000000000000");
    let own = id(&other.send());
    assert_ne!(own, "01936d2e-0000-7000-8000-000000000000", "nobody names his own request");
    let wrong = json!({ "sign_in": forged, "password": "canary-password" });
    let wrong = id(&centre.stranger().post("/session", wrong));
    let account = person.account();
    let right = json!({ "sign_in": account.sign_in, "password": account.password });
    let signed_in = centre.stranger().post("/session", right);
    let right = id(&signed_in);
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_string();
    let denied = id(&person.get("/attempts"));
    let leaving = centre.stranger().call("DELETE", "/session").header("cookie", &cookie);
    let left = id(&leaving.header("sec-fetch-site", "same-origin").send());
    let foreign = centre.stranger().call("POST", "/me/tokens").header("cookie", &cookie);
    let foreign = id(&foreign.header("sec-fetch-site", "cross-site").json(&json!({ "name": "x" })).send());
    let releaser = centre.releaser();
    let mut form = releaser
        .signed(json!({ "containers": [1], "decision": { "reject": { "reason": "thin" } } }), "disposition");
    form["signature"]["password"] = json!("canary-signature");
    let refused = releaser.call("POST", &format!("/batches/{batch}/deciding")).json(&form);
    let refused = id(&refused.header("if-match", "\"1\"").send());
    let (person, releaser) = (person.id().to_string(), releaser.id().to_string());
    let secrets = [account.password.clone(), account.token.clone(), cookie.clone()];
    let written = centre.log();
    let read_line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let lines: Vec<Value> = written.lines().map(read_line).collect();
    let times = lines.iter().map(|line| line["timestamp"].as_str().expect("a time"));
    assert!(times.into_iter().all(|time| time.ends_with('Z') && time.len() >= 20), "UTC, and it says so");
    let of = |request: &str| -> Vec<&Value> {
        lines.iter().filter(|line| line["span"]["id"] == request).collect()
    };
    let event = |request: &str| -> Vec<String> {
        let events = of(request).into_iter().filter(|line| line["target"] == "baiyo::security");
        events
            .map(|line| {
                format!("{} {}", line["event"].as_str().unwrap(), line["person"].as_str().unwrap_or("-"))
            })
            .collect()
    };
    let answered = |request: &str| -> Value {
        let found: Vec<&Value> =
            of(request).into_iter().filter(|line| line["message"] == "answered").collect();
        assert_eq!(found.len(), 1, "{request}");
        found[0].clone()
    };
    let line = answered(&read);
    assert_eq!(line["route"], "/api/v1/batches/{id}");
    assert_eq!((&line["status"], &line["span"]["method"]), (&json!(200), &json!("GET")));
    assert_eq!(line["person"], person);
    assert!(line["ms"].is_u64());
    assert_eq!(answered(&lost)["status"], 404);
    assert_eq!(event(&wrong), ["sign_in_refused -"]);
    assert_eq!(event(&right), [format!("signed_in {person}")]);
    assert_eq!(event(&denied), [format!("denied {person}")]);
    assert_eq!(event(&left), [format!("signed_out {person}")]);
    assert_eq!(event(&foreign), ["cross_site -"]);
    assert_eq!(event(&refused), [format!("signing_refused {releaser}")]);
    for canary in ["canary", "signed_in\\\"}"].into_iter().chain(secrets.iter().map(String::as_str)) {
        assert!(!written.contains(canary), "{canary}");
    }
}

#[test]
fn what_nobody_expected_is_logged_with_its_request_and_told_to_nobody() {
    let mut centre = Centre::open();
    centre.stop();
    centre.start_apart_in(&[("BAIYO_LOG_FORMAT", "json"), ("BAIYO_LOG_LEVEL", "info")]);
    assert_eq!(centre.technician().get("/orders").status, 200);
    // A table is gone, as no operator would have it.
    centre.database().batch_execute("ALTER TABLE order_row RENAME TO taken_away").unwrap();
    let answers = ["/orders", "//orders"].map(|path| centre.technician().get(path));
    centre.database().batch_execute("ALTER TABLE taken_away RENAME TO order_row").unwrap();
    let written = centre.log();
    for answer in answers {
        assert_eq!(answer.status, 503, "{}", answer.text);
        assert!(!answer.text.contains("order_row"), "{}", answer.text);
        let id = answer.header("x-request-id").unwrap();
        let lines = written.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut of = lines.filter(|line| line["span"]["id"] == id && line["level"] == "ERROR");
        let line = of.next().unwrap_or_else(|| panic!("{written}"));
        assert!(line["error"].as_str().unwrap().contains("order_row"), "{line}");
    }
    assert_eq!(centre.technician().get("/orders").status, 200, "and it goes on");
    // Its schema has been written anew, which `verify` sees.
    centre.is_tampered_with();
}

#[test]
fn a_flood_of_refused_requests_is_summed_up() {
    let mut centre = Centre::open();
    centre.stop();
    let often =
        [("BAIYO_LOG_FORMAT", "json"), ("BAIYO_LOG_LEVEL", "info"), ("BAIYO_REQUESTS_PER_MINUTE", "60")];
    centre.start_apart_in(&often);
    let statuses: Vec<u16> = (0..2_000).map(|_| centre.stranger().get("/me").status).collect();
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert!(refused > 1_800, "{refused}");
    let ended = std::process::Command::new("kill").args(["-TERM", &centre.pid().to_string()]).status();
    assert!(ended.unwrap().success());
    let began = std::time::Instant::now();
    let summed_up = |log: &str| log.contains("refused_more");
    while !summed_up(&centre.log()) && began.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let log = centre.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    assert!(of("too_many").len() <= 2, "the first of each minute: {:?}", of("too_many"));
    let told = of("refused_more");
    assert!(told.iter().all(|line| line["from"] == "127.0.0.1" && line["status"] == 429), "{told:?}");
    let count: u64 = told.iter().map(|line| line["count"].as_u64().unwrap()).sum();
    assert_eq!(count as usize + of("too_many").len(), refused);
    // What was answered before it was too many has a line each, as anything that is answered.
    assert!(lines.len() < 200, "{} lines", lines.len());
    centre.start_apart();
}
