//! Every answer, of every page and operation and of what is neither, tells browsers what they may do with it.

use baiyo::settings::Settings;
use std::io::{Read, Write};
use std::net::TcpStream;
use stories::{Answer, Centre, Course, Recipe, Step, api, unhurried};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

#[track_caller]
fn is_guarded(answer: &Answer, path: &str) {
    let says = |name: &str| answer.header(name).unwrap_or_default().to_string();
    assert_eq!(says("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(says("referrer-policy"), "same-origin", "{path}");
    assert_eq!(says("cross-origin-opener-policy"), "same-origin", "{path}");
    assert_eq!(says("cross-origin-resource-policy"), "same-origin", "{path}");
    assert!(says("permissions-policy").contains("camera=()"), "{path}");
    let policy = says("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    let (kept, is_asset) = (says("cache-control"), path.starts_with("//assets/") && answer.status == 200);
    let expected = if is_asset { "public, max-age=31536000, immutable" } else { "no-store" };
    assert_eq!(kept, expected, "{path}");
    let kind = says("content-type");
    let known = [
        "text/html; charset=utf-8",
        "text/css; charset=utf-8",
        "text/javascript; charset=utf-8",
        "text/plain; charset=utf-8",
        "text/event-stream; charset=utf-8",
        "application/json",
        "application/problem+json",
        "image/png",
    ];
    assert!(answer.text.is_empty() || known.contains(&kind.as_str()), "{path}: {kind:?}");
    assert!(says("x-request-id").parse::<uuid::Uuid>().is_ok_and(|id| id.get_version_num() == 7), "{path}");
    assert_eq!(answer.header("strict-transport-security"), None, "{path}: the way here was plain");
}

#[test]
fn every_answer_says_what_browsers_may_do_with_it() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
    let batch = course.batch;
    let page = centre.technician().get("//batches").text;
    let assets: Vec<&str> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 2, "the style sheet and the script");
    let mut paths: Vec<String> = assets.iter().map(|path| format!("/{path}")).collect();
    let pages = [
        "",
        "sign-in",
        "setup",
        "bench",
        "bench/map",
        "batches",
        "clinic",
        "planner",
        "trends",
        "quality",
        "orders",
        "people",
        "standards",
        "records",
        "documentation",
        "healthz",
        "readyz",
        "favicon.ico",
        "assets/none.css",
        "nowhere",
        "language/ja",
        "theme/dark",
        "find?code=x",
        "record/batches",
        "batches/nonsense",
        "batches?a=1&a=2",
    ];
    paths.extend(pages.iter().map(|page| format!("//{page}")));
    paths.extend(
        ["", "/record", "/review", "/documents", "/labels", "/standard"]
            .map(|own| format!("//batches/{batch}{own}")),
    );
    for (path, item) in api()["paths"].as_object().unwrap() {
        let path = path.replace("{id}", &batch.to_string()).replace("{label}", "x").replace("{sha256}", "0");
        if item.get("get").is_some() {
            paths.push(path.clone());
        }
        // An answer to what is refused is an answer.
        is_guarded(&centre.stranger().call("POST", &path).send(), &path);
    }
    paths.extend(["/nowhere".into(), "/batches/nonsense".into()]);
    for path in &paths {
        for who in [centre.technician(), centre.administrator(), centre.coordinator(), centre.stranger()] {
            is_guarded(&who.get(path), path);
            is_guarded(&who.call("HEAD", path).send(), path);
        }
        is_guarded(
            &centre.stranger().call("DELETE", path).header("origin", "https://evil.example").send(),
            path,
        );
    }
    if let Some(tag) = centre.technician().get("/batches").header("etag") {
        let unchanged = centre.technician().call("GET", "/batches").header("if-none-match", tag).send();
        assert_eq!(unchanged.status, 304, "programs that keep what they read are still told that it stands");
        is_guarded(&unchanged, "/batches");
    }
}

#[test]
fn over_an_encrypted_way_browsers_are_told_to_keep_to_it_and_a_strangers_word_is_none() {
    let mut centre = Centre::open();
    let forwarded = |centre: &Centre, path: &str| {
        let call = centre.stranger().call("GET", path).header("x-forwarded-proto", "https");
        call.send().header("strict-transport-security").map(String::from)
    };
    assert_eq!(forwarded(&centre, "//sign-in"), None, "nobody's word counts where no proxy is trusted");
    // The name and the way that a form must come from, for a browser that says no more than `Origin`.
    let signing_in = |centre: &Centre| {
        let call = centre.stranger().call("POST", "//sign-in").header("origin", "https://baiyo.example");
        let call = call.header("x-forwarded-host", "baiyo.example").header("x-forwarded-proto", "https");
        call.body(b"sign_in=a&password=b".to_vec(), "application/x-www-form-urlencoded").send().status
    };
    assert_eq!(signing_in(&centre), 403);
    let trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    centre.is_set_up(Settings { trusted_proxies, ..unhurried() });
    assert_eq!(signing_in(&centre), 401, "its form is taken, its password wrong");
    for path in ["//sign-in", "/batches", "//nowhere"] {
        let told = forwarded(&centre, path).expect("by a trusted proxy");
        let seconds =
            told.strip_prefix("max-age=").and_then(|rest| rest.split(';').next()?.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| seconds >= 365 * 24 * 60 * 60), "{told}");
    }
    assert_eq!(centre.stranger().get("//sign-in").header("strict-transport-security"), None);
}

#[test]
fn an_address_answers_its_own_methods_alone_and_nothing_is_sent_back() {
    let centre = Centre::open();
    let token = &centre.technician().account().token;
    let asked = |method: &str, path: &str| {
        let mut socket = TcpStream::connect(centre.address().trim_start_matches("http://")).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nX-Canary: canary-trace\r\n\
             Connection: close\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        _ = socket.read_to_string(&mut answer);
        assert!(!answer.contains("canary-trace") && !answer.contains(token), "{method} {path}: {answer}");
        answer
    };
    for path in [
        "/",
        "/sign-in",
        "/sign-out",
        "/batches",
        "/healthz",
        "/assets/baiyo.css",
        "/api/v1/me",
        "/api/v1/session",
    ] {
        for method in ["TRACE", "PUT", "PROPFIND"] {
            let answer = asked(method, path).to_lowercase();
            assert!(answer.starts_with("http/1.1 405"), "{method} {path}: {answer}");
            assert!(answer.contains("\r\nallow: "), "{path}: {answer}");
        }
    }
    assert!(asked("TRACE", "/nowhere").starts_with("HTTP/1.1 404"));
    assert!(asked("GET", "/batches").starts_with("HTTP/1.1 200"));
}
