//! Traces: a collector of the site's is sent one span for each request, with identifiers and what is documented, and nothing
//! that anybody wrote. Built with the feature `otlp` alone.

use baiyo::settings::Settings;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stories::{Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// What a collector was sent: where to, as what, and the bytes.
type Taken = Arc<Mutex<Vec<(String, String, Vec<u8>)>>>;

/// A collector that takes everything; its address.
fn collector() -> (String, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let taken = Taken::default();
    let kept = Arc::clone(&taken);
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || take(socket.unwrap(), &kept));
        }
    });
    (address, taken)
}

fn take(socket: TcpStream, kept: &Taken) {
    let mut reading = BufReader::new(socket);
    loop {
        let (mut first, mut length, mut kind) = (String::new(), 0, String::new());
        if reading.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            reading.read_line(&mut line).unwrap();
            match line.trim_end().split_once(": ") {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap()
                }
                Some((name, value)) if name.eq_ignore_ascii_case("content-type") => kind = value.into(),
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        reading.read_exact(&mut body).unwrap();
        kept.lock().unwrap().push((first.trim_end().into(), kind, body));
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
        reading.get_mut().write_all(answer).unwrap();
    }
}

/// One field of a message: its number, and its bytes where it has a length.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = number(&mut bytes);
        let value = match tag & 7 {
            0 => number(&mut bytes).to_le_bytes().to_vec(),
            1 => cut(&mut bytes, 8),
            2 => {
                let length = number(&mut bytes);
                cut(&mut bytes, usize::try_from(length).unwrap())
            }
            5 => cut(&mut bytes, 4),
            other => panic!("no such kind of field: {other}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}

fn number(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = cut(bytes, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

fn cut(bytes: &mut &[u8], length: usize) -> Vec<u8> {
    let (cut, rest) = bytes.split_at(length);
    *bytes = rest;
    cut.to_vec()
}

fn inside(messages: Vec<Vec<u8>>, field: u64) -> Vec<Vec<u8>> {
    let parts = messages.iter().flat_map(|message| fields(message));
    parts.filter(|(number, _)| *number == field).map(|(_, value)| value).collect()
}

/// A span: its name and its attributes as texts.
fn span(message: &[u8]) -> (String, BTreeMap<String, String>) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let parts = fields(message);
    let name = parts.iter().find(|(number, _)| *number == 5).unwrap().1.clone();
    let attributes = parts.into_iter().filter(|(number, _)| *number == 9).map(|(_, pair)| {
        let key = inside(vec![pair.clone()], 1).remove(0);
        let (kind, value) = fields(&inside(vec![pair], 2)[0]).remove(0);
        let value = match kind {
            1 => text(value),
            _ => u64::from_le_bytes(value.try_into().unwrap()).to_string(),
        };
        (text(key), value)
    });
    (text(name), attributes.collect())
}

#[test]
fn a_collector_is_sent_a_span_for_each_request_in_which_nobody_is_named() {
    let (address, taken) = collector();
    let settings =
        Settings { otlp_endpoint: Some(address), log_level: "error".into(), ..Settings::default() };
    baiyo::logging::start(&settings);
    let mut centre = Centre::open();
    let course = Course::run(
        &centre,
        Recipe { person: ("翠玉 葛葉", "1961-04-12"), ..Recipe::of(centre.standard(FRESH)) },
        Step::Ordered,
    );
    let order = course.order;
    drop(course);
    let path = format!("/orders/{order}/recipient?lang=en&canary=hiwa-mado");
    let answer = centre.coordinator().get(&path);
    assert!(answer.text.contains("翠玉"), "a name was shown: {}", answer.text);
    let (id, person) =
        (answer.header("x-request-id").unwrap().to_string(), centre.coordinator().id().to_string());
    centre.stranger().get("//hiwa-mado/%E8%91%9B");
    let refused = centre
        .stranger()
        .call("POST", "/session")
        .json(&serde_json::json!({ "sign_in": "hiwa-mado", "password": "wrong" }));
    refused.send().refused(401);
    centre.stop();
    baiyo::logging::end();
    let began = Instant::now();
    while taken.lock().unwrap().is_empty() && began.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let taken = taken.lock().unwrap();
    assert!(!taken.is_empty());
    for (first, kind, body) in taken.iter() {
        assert_eq!((first.as_str(), kind.as_str()), ("POST /v1/traces HTTP/1.1", "application/x-protobuf"));
        for canary in [
            "翠玉",
            "葛葉",
            "hiwa-mado",
            "canary",
            "%E8",
            "1961-04-12",
            &centre.coordinator().account().token,
        ] {
            let found = body.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(!found, "{canary} was sent");
        }
    }
    let sent = taken.iter().map(|(_, _, body)| body.clone()).collect();
    let spans: Vec<_> = inside(inside(inside(sent, 1), 2), 2).iter().map(|message| span(message)).collect();
    let (name, of_request) =
        spans.iter().find(|(_, of)| of.get("id") == Some(&id)).expect("the request's span");
    let expected = [
        ("http.response.status_code", "200"),
        ("http.route", "/api/v1/orders/{id}/recipient"),
        ("id", &id),
        ("method", "GET"),
        ("person", &person),
    ];
    assert_eq!(name, "request");
    assert_eq!(*of_request, expected.map(|(key, value)| (key.to_string(), value.to_string())).into());
    let known = expected.map(|(key, _)| key);
    for (name, of) in &spans {
        assert!(name == "request" && of.keys().all(|key| known.contains(&key.as_str())), "{name}: {of:?}");
    }
    assert!(spans.len() >= 5, "{}", spans.len());
    // The server in front of which the record is looked into.
    centre.start();
}
