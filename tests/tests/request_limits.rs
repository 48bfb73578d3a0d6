//! How much anybody may ask for at a time: what goes beyond is told so in words, and nobody else notices. Where somebody
//! comes from is what the server sees or a trusted proxy says, never what he says himself.

use baiyo::limits::{MOST_HEADER_BYTES, MOST_HEADERS, MOST_PARAMETERS};
use baiyo::settings::Settings;
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stories::{Answer, Centre, unhurried};

const FORM: &str = "application/x-www-form-urlencoded";

/// A centre behind a proxy in front of which people come from many addresses.
fn behind_a_proxy(settings: Settings) -> Centre {
    let mut centre = Centre::open();
    centre.is_set_up(Settings { trusted_proxies: vec!["127.0.0.1".parse().unwrap()], ..settings });
    centre
}

fn guess(centre: &Centre, from: &str) -> Answer {
    let call = centre.stranger().call("POST", "/session").header("x-forwarded-for", from);
    call.json(&json!({ "sign_in": "nobody.here", "password": "wrong horse entirely" })).send()
}

fn waits(answer: Answer) -> u64 {
    let seconds = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
    answer.refused(429);
    seconds.expect("when to come again")
}

#[test]
fn who_guesses_is_slowed_and_nobody_at_another_address_is() {
    let centre = behind_a_proxy(Settings { sign_ins_per_minute: 10, ..unhurried() });
    let guesses: Vec<u16> = (0..30).map(|_| guess(&centre, "203.0.113.9").status).collect();
    assert_eq!(guesses.iter().filter(|status| **status == 401).count(), 10, "{guesses:?}");
    assert!(guesses[10..].iter().all(|status| *status == 429), "{guesses:?}");
    assert!(waits(guess(&centre, "203.0.113.9")) <= 7);
    // A page says so as well, in the reader's language, and so do the other places where something is guessed.
    let sign_in = |language: &'static str| {
        let call = centre.stranger().in_language(language).call("POST", "//sign-in");
        let call = call.header("x-forwarded-for", "203.0.113.9").header("sec-fetch-site", "same-origin");
        call.body(b"sign_in=a&password=b".to_vec(), FORM).send()
    };
    let page = sign_in("ja");
    assert_eq!((page.status, page.header("content-type")), (429, Some("text/html; charset=utf-8")));
    assert!(page.text.contains("しばらくお待ちください") && page.header("retry-after").is_some());
    let link = centre.stranger().call("POST", "//setup").header("x-forwarded-for", "203.0.113.9");
    let link = link.header("sec-fetch-site", "same-origin").body(b"link=guessed".to_vec(), FORM);
    assert_eq!(link.send().status, 429);
    // Nor does an address spelled otherwise lead past it: to routes it is the same one.
    for spelled in ["/%73ession", "/sessio%6e", "//%73ign-in", "//sign%2Din", "//s%65tup"] {
        let call = centre.stranger().call("POST", spelled).header("x-forwarded-for", "203.0.113.9");
        let call = call.header("sec-fetch-site", "same-origin");
        assert_eq!(call.body(b"{}".to_vec(), "application/json").send().status, 429, "{spelled}");
    }
    // What is not guessing goes on from there, and guessing from elsewhere is another's.
    let reading = centre.technician().call("GET", "/batches").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(reading.send().status, 200);
    assert_eq!(guess(&centre, "203.0.113.10").status, 401);
    // Of an IPv6 network everybody has as many addresses as he likes: they count as one.
    let network: Vec<u16> = (0..12).map(|n| guess(&centre, &format!("2001:db8::{n:x}")).status).collect();
    assert_eq!(network.iter().filter(|status| **status == 429).count(), 2, "{network:?}");
    assert_eq!(guess(&centre, "2001:db8:0:1::1").status, 401);
}

#[test]
fn a_room_of_tablets_takes_turns_while_its_address_may_not_sign_in() {
    let centre = behind_a_proxy(Settings { sign_ins_per_minute: 10, ..unhurried() });
    let address = "203.0.113.9";
    let turn = || {
        let call = centre.stranger().call("POST", "//switch").header("x-forwarded-for", address);
        let call = call.header("sec-fetch-site", "same-origin");
        call.body(b"badge=B1-AAAAAAAAAAAAAAAAAAAAAAAAAA&pin=000000".to_vec(), FORM).send()
    };
    for _ in 0..15 {
        guess(&centre, address);
    }
    assert_eq!(guess(&centre, address).status, 429);
    // A browser that is no tablet is told so, not that it must wait.
    let began = Instant::now();
    let turns: Vec<u16> = (0..50).map(|_| turn().status).collect();
    // Of forty in a minute one is there again each second and a half.
    let again = began.elapsed().as_millis() / 1500 + 1;
    let taken = turns.iter().filter(|status| **status == 403).count();
    assert!((40..=40 + again as usize).contains(&taken), "{again}: {turns:?}");
    assert!(turns[..40].iter().all(|status| *status == 403), "{turns:?}");
    assert!((0..40).any(|_| turn().status == 429), "nor is there no end of them");
    // And the other way round: who takes turns without end keeps nobody there from signing in.
    let centre = behind_a_proxy(Settings { sign_ins_per_minute: 10, ..unhurried() });
    for _ in 0..60 {
        let call = centre.stranger().call("POST", "//switch").header("x-forwarded-for", address);
        call.header("sec-fetch-site", "same-origin").body(b"badge=x".to_vec(), FORM).send();
    }
    assert_eq!(guess(&centre, address).status, 401);
}

#[test]
fn a_forged_address_does_not_help_a_guesser_nor_harm_anybody_else() {
    let mut centre = Centre::open();
    // Nobody is trusted: whatever is forged, all of it comes from one address.
    centre.is_set_up(Settings { sign_ins_per_minute: 10, ..unhurried() });
    let forged: Vec<u16> = (0..15).map(|n| guess(&centre, &format!("203.0.113.{n}")).status).collect();
    assert_eq!(forged.iter().filter(|status| **status == 429).count(), 5, "{forged:?}");
    // Through a proxy, what somebody forges stands before what the proxy says.
    let centre = behind_a_proxy(Settings { sign_ins_per_minute: 10, ..unhurried() });
    let forged = (0..15).map(|n| guess(&centre, &format!("10.0.0.{n}, 203.0.113.9")).status);
    assert_eq!(forged.filter(|status| *status == 429).count(), 5);
    assert_eq!(guess(&centre, "10.0.0.1").status, 401);
}

#[test]
fn whoever_asks_without_end_is_slowed_and_the_probes_answer() {
    let centre = behind_a_proxy(Settings { requests_per_minute: 60, ..unhurried() });
    let ask =
        |from: &str, path: &str| centre.technician().call("GET", path).header("x-forwarded-for", from).send();
    let asked: Vec<u16> = (0..80).map(|_| ask("203.0.113.9", "/me").status).collect();
    let answered = asked.iter().filter(|status| **status == 200).count();
    assert!((60..70).contains(&answered), "{answered}");
    assert!(waits(ask("203.0.113.9", "/me")) <= 2);
    assert_eq!(ask("203.0.113.10", "/me").status, 200);
    for _ in 0..80 {
        assert_eq!(ask("203.0.113.9", "//healthz").status, 200);
    }
}

#[test]
fn a_name_that_is_not_the_servers_is_refused() {
    let mut centre = Centre::open();
    let public_hosts = vec!["baiyo.example".into(), "127.0.0.1".into()];
    centre.is_set_up(Settings { public_hosts, ..unhurried() });
    let named = |host: &str, path: &str| centre.stranger().call("GET", path).header("host", host).send();
    assert_eq!(named("baiyo.example", "//sign-in").status, 200);
    assert_eq!(named("BAIYO.example:8443", "//sign-in").status, 200);
    named("evil.example", "/me").refused(421);
    let page = named("baiyo.example.evil.example", "//sign-in");
    assert_eq!((page.status, page.header("content-type")), (421, Some("text/html; charset=utf-8")));
    assert_eq!(named("evil.example", "//healthz").status, 200, "whatever watches asks by address");
    let forged = centre.stranger().call("GET", "/me").header("host", "evil.example");
    forged.header("x-forwarded-host", "baiyo.example").send().refused(421);
}

#[test]
fn what_must_be_single_is_named_where_it_is_given_twice() {
    let centre = Centre::open();
    let twice = |path: &str, name: &str| {
        let refused = centre.technician().get(path).refused(422);
        refused.only(&["given_twice"]);
        assert_eq!(refused.reasons[0]["pointer"], name, "{path}");
        assert!(refused.reasons[0]["sentence"].as_str().unwrap().contains(name), "{path}");
    };
    twice("/batches?status=released&status=quarantine", "status");
    twice("/batches?after=1_a&x=1&after=1_a", "after");
    twice("/batches?status=released&st%61tus=released", "status");
    let page = centre.technician().in_language("ja").get("//batches?status=a&status=b");
    assert_eq!(page.status, 422);
    assert!(page.text.contains("status が重複しています。"), "{}", page.text);
    let many = format!(
        "/batches?{}",
        (0..=MOST_PARAMETERS).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&")
    );
    centre.technician().get(&many).refused(413);
    // A form as a browser sends it. What may be several, may be several.
    let sent = |typed: &str| {
        let call = centre.technician().call("POST", "//record/quality_events");
        call.body(typed.as_bytes().to_vec(), FORM).send()
    };
    let page = sent("/title=Spill&/title=None&/description=A+bottle+broke");
    assert_eq!(page.status, 422);
    assert!(page.text.contains("This field is given more than once."), "{}", page.text);
    assert!(page.text.contains("A bottle broke"), "what was typed is there: {}", page.text);
    let id = uuid::Uuid::now_v7();
    let several = sent(&format!("/title=Spill&/batches={id}&/batches={id}&/description=x"));
    assert!(!several.text.contains("given more than once"));
    let fields = sent(&"/title=a&".repeat(1_001));
    assert_eq!(fields.status, 413);
    // JSON, as deep and as long as no form is.
    let deep = format!("{{\"title\": {}1{}}}", "[".repeat(40), "]".repeat(40));
    let long = format!("{{\"title\": [{}1]}}", "1,".repeat(12_000));
    for body in [deep, long, "{\"title\": 1, \"title\": 2}".into()] {
        let call = centre.technician().call("POST", "/quality_events");
        call.body(body.into_bytes(), "application/json").send().refused(400);
    }
}

/// What the server answers to what is written to it, and after how long.
fn written(centre: &Centre, text: &str) -> (String, Duration) {
    let began = Instant::now();
    let mut socket = TcpStream::connect(centre.address().trim_start_matches("http://")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    socket.write_all(text.replace('\n', "\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
}

#[test]
fn headers_that_are_too_many_too_large_or_given_twice_are_refused() {
    let centre = Centre::open();
    let asked = |headers: String| {
        written(&centre, &format!("GET /api/v1/me HTTP/1.1\nHost: x\nConnection: close\n{headers}\n")).0
    };
    assert!(asked(String::new()).starts_with("HTTP/1.1 401"));
    let lines = |count: usize| (0..count).map(|n| format!("X-{n}: 1\n")).collect::<String>();
    assert!(asked(lines(MOST_HEADERS - 2)).starts_with("HTTP/1.1 401"));
    assert!(asked(lines(MOST_HEADERS)).starts_with("HTTP/1.1 431"));
    assert!(asked(lines(200)).starts_with("HTTP/1.1 431"));
    assert!(asked(format!("X-Long: {}\n", "x".repeat(MOST_HEADER_BYTES))).starts_with("HTTP/1.1 431"));
    assert!(asked(format!("X-Long: {}\n", "x".repeat(200_000))).starts_with("HTTP/1.1 431"));
    for name in ["Authorization", "Origin", "Sec-Fetch-Site", "Idempotency-Key", "If-Match"] {
        let answer = asked(format!("{name}: a\n{name}: b\n"));
        assert!(answer.starts_with("HTTP/1.1 422"), "{name}: {answer}");
        assert!(answer.contains(&format!("{} is given more than once.", name.to_lowercase())), "{answer}");
    }
    assert!(asked("Host: y\n".into()).starts_with("HTTP/1.1 4"));
    assert!(asked("Content-Length: 1\nTransfer-Encoding: chunked\n".into()).starts_with("HTTP/1.1 400"));
}

#[test]
fn who_sends_slowly_is_not_waited_for_and_keeps_nothing() {
    let mut centre = Centre::open();
    centre.is_set_up(Settings { seconds_for_headers: 1, seconds_for_body: 1, ..unhurried() });
    let (answer, took) = written(&centre, "GET /api/v1/me HTTP/1.1\nHost: x\n");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    let member = centre.technician().account();
    let slow = |path: &str, kind: &str, part: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\nHost: x\nAuthorization: Bearer {}\nContent-Type: {kind}\nContent-Length: 900\n\n{part}",
            member.token
        );
        let (answer, took) = written(&centre, &head);
        assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
        assert!(took < Duration::from_secs(10), "{path}: {took:?}");
        answer
    };
    let answer = slow("/api/v1/quality_events", "application/json", "{\"title\": ");
    assert!(answer.contains("application/problem+json") && answer.contains("too-slow"), "{answer}");
    let page = slow("/record/quality_events", FORM, "/title=Spill&/description=A+bottle+broke&");
    assert!(page.contains("text/html") && page.contains("It came too slowly"), "{page}");
    slow("/api/v1/blobs", "image/png", "\u{89}PNG");
    assert_eq!(centre.technician().get("/quality_events").ok()["items"], json!([]), "nothing was kept");
}

#[test]
fn a_busy_server_says_so_and_no_address_keeps_it_busy_alone() {
    let centre = behind_a_proxy(Settings { requests_at_once: 4, ..unhurried() });
    // Passwords are checked two at a time; whoever waits for that is being answered.
    let guesses_from = |addresses: &[&str]| {
        let over = AtomicBool::new(false);
        let (mut own, mut others, mut probes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        std::thread::scope(|scope| {
            for from in addresses.iter().copied().cycle().take(12) {
                let (centre, over) = (&centre, &over);
                scope.spawn(move || {
                    while !over.load(Ordering::SeqCst) {
                        guess(centre, from);
                    }
                });
            }
            let ask = |path: &str, from: &str| {
                let answer = centre.technician().call("GET", path).header("x-forwarded-for", from).send();
                (answer.status, answer.header("retry-after").map(String::from))
            };
            for _ in 0..60 {
                own.insert(ask("/me", addresses[0]));
                others.insert(ask("/me", "203.0.113.99"));
                probes.insert(ask("//healthz", addresses[0]).0);
                probes.insert(ask("//readyz", addresses[0]).0);
            }
            over.store(true, Ordering::SeqCst);
        });
        assert_eq!(probes, BTreeSet::from([200]));
        (own, others)
    };
    let (well, later) = ((200, None), |status| (status, Some("1".to_string())));
    let (own, others) = guesses_from(&["203.0.113.1"]);
    assert!(own.contains(&later(429)), "one address has half of the turns: {own:?}");
    assert_eq!(others, BTreeSet::from([well.clone()]), "and nobody else notices");
    let (_, others) = guesses_from(&["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
    assert!(others.contains(&later(503)), "{others:?}");
    assert_eq!(centre.technician().get("/me").status, 200, "once it is over");
}
