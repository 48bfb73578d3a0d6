//! Figures for Prometheus: how the server answers and what waits. No name, secret, address or thing stands in any of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
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
        ("baiyo_write_longest_wait_seconds", "gauge"),
        ("baiyo_writes_waiting", "gauge"),
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

#[test]
fn where_there_is_no_checkpoint_no_age_of_one_is_told_and_the_writers_queue_is() {
    let (mut centre, _) = Centre::empty();
    let port = free_port();
    let metrics_listen = Some(([127, 0, 0, 1], port).into());
    centre.is_set_up(baiyo::settings::Settings { metrics_listen, ..stories::unhurried() });
    let age = |samples: &[Sample]| samples.iter().any(|(name, ..)| name == "baiyo_checkpoint_age_seconds");
    assert_eq!(centre.stranger().get("//healthz").status, 200, "it serves");
    let (_, samples) = scrape(port);
    assert!(!age(&samples), "{samples:?}");
    let of = |name: &str, samples: &[Sample]| samples.iter().find(|(known, ..)| known == name).unwrap().2;
    assert_eq!(of("baiyo_writes_waiting", &samples), 0.0);
    centre.stop();
    let mut centre = Centre::open();
    centre.is_set_up(baiyo::settings::Settings { metrics_listen, ..stories::unhurried() });
    assert_eq!(centre.stranger().get("//readyz").status, 200);
    scrape(port);
    // Looks whether the server is well are writes that nobody keeps: many at once wait for each other.
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| assert_eq!(centre.stranger().get("//readyz").status, 200));
        }
    });
    let (_, samples) = scrape(port);
    let longest = of("baiyo_write_longest_wait_seconds", &samples);
    assert!(longest > 0.0 && longest < 10.0, "{longest}");
    assert!(age(&samples), "a centre that is founded has one");
}
