//! What an operator sees: a line for each request with an identifier of its own, what concerns safety, and figures for
//! Prometheus. No name, secret, address or thing stands in any of it but by its identifier.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

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

/// A figure: its name, its labels, its value.
type Sample = (String, String, f64);

/// The figures as Prometheus reads them: types, and each sample with its labels.
fn scrape(port: u16) -> (BTreeMap<String, String>, Vec<Sample>) {
    let mut answer = ureq::get(format!("http://127.0.0.1:{port}/metrics")).call().unwrap();
    let kind = answer.headers().get("content-type").unwrap().to_str().unwrap().to_string();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.body_mut().read_to_string().unwrap();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut types = BTreeMap::new();
    let mut samples = Vec::new();
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("# TYPE ") {
            let (name, kind) = said.split_once(' ').unwrap();
            types.insert(name.to_string(), kind.to_string());
        } else if !line.starts_with('#') {
            let (named, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = named.split_once('{').unwrap_or((named, ""));
            samples.push((
                name.to_string(),
                labels.trim_end_matches('}').to_string(),
                value.parse().unwrap(),
            ));
        }
    }
    (types, samples)
}

#[test]
fn prometheus_reads_figures_in_which_nobody_and_nothing_is_named() {
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
    let (batch, order) = (course.batch, course.order);
    drop(course);
    let port = free_port();
    let metrics_listen = Some(([127, 0, 0, 1], port).into());
    centre.is_set_up(baiyo::settings::Settings { metrics_listen, ..stories::unhurried() });
    let paths = [
        format!("/batches/{batch}"),
        format!("/orders/{order}"),
        "/batches".into(),
        "/nowhere/canary".into(),
    ];
    for path in &paths {
        centre.technician().get(path);
        centre.stranger().get(path);
    }
    centre.stranger().get("//canary?canary=1");
    let asked = |request: &str| {
        let mut socket = TcpStream::connect(centre.address().trim_start_matches("http://")).unwrap();
        socket.write_all(request.replace('\n', "\r\n").as_bytes()).unwrap();
        let mut first = [0; 12];
        socket.read_exact(&mut first).unwrap();
        (String::from_utf8_lossy(&first).into_owned(), socket)
    };
    assert_eq!(asked("PROPFIND /canary HTTP/1.1\nHost: x\n\n").0, "HTTP/1.1 403");
    let token = &centre.technician().account().token;
    let (answer, listening) =
        asked(&format!("GET /live HTTP/1.1\nHost: x\nAuthorization: Bearer {token}\n\n"));
    assert_eq!(answer, "HTTP/1.1 200");
    let (types, samples) = scrape(port);
    let expected = [
        ("baiyo_checkpoint_age_seconds", "gauge"),
        ("baiyo_journal_sealed_entries", "gauge"),
        ("baiyo_journal_unsealed_entries", "gauge"),
        ("baiyo_live_listeners", "gauge"),
        ("baiyo_password_checks_waiting", "gauge"),
        ("baiyo_request_duration_seconds", "histogram"),
        ("baiyo_requests", "counter"),
        ("baiyo_resident_memory_bytes", "gauge"),
    ];
    assert_eq!(types, expected.map(|(name, kind)| (name.to_string(), kind.to_string())).into());
    let value = |name: &str, labels: &str| {
        samples.iter().find(|(known, of, _)| known == name && of == labels).map(|(.., value)| *value)
    };
    let of = |route: &str, status: &str| format!("route=\"{route}\",method=\"GET\",status=\"{status}\"");
    assert_eq!(value("baiyo_requests_total", &of("/api/v1/batches/{id}", "2xx")), Some(1.0), "{samples:?}");
    assert_eq!(value("baiyo_requests_total", &of("/api/v1/batches/{id}", "4xx")), Some(1.0), "{samples:?}");
    assert_eq!(value("baiyo_live_listeners", ""), Some(1.0));
    let entries = value("baiyo_journal_sealed_entries", "").unwrap()
        + value("baiyo_journal_unsealed_entries", "").unwrap();
    assert!(entries > 20.0, "{entries}");
    assert!(value("baiyo_resident_memory_bytes", "").unwrap() > 1e6);
    let took = "route=\"/api/v1/batches/{id}\",method=\"GET\"";
    assert_eq!(value("baiyo_request_duration_seconds_count", took), Some(2.0));
    // Labels name routes, methods and classes: nothing that anybody wrote into an address.
    let mut names = BTreeSet::new();
    for (_, labels, _) in &samples {
        assert!(!labels.contains("canary") && !labels.contains("PROPFIND"), "{labels}");
        for part in labels.split("\",").filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once("=\"").unwrap();
            names.insert(name.to_string());
            let value = value.trim_end_matches('"');
            assert!(!value.split('/').any(|piece| piece.parse::<uuid::Uuid>().is_ok()), "{labels}");
        }
    }
    let known = ["le", "method", "route", "status"].map(String::from);
    assert_eq!(names, known.into());
    drop(listening);
    let elsewhere =
        ureq::get(format!("http://127.0.0.1:{port}/")).config().http_status_as_error(false).build().call();
    assert_eq!(elsewhere.unwrap().status(), 404);
    assert_eq!(centre.stranger().get("//metrics").status, 404, "not where people come in");
}
