//! Pages, API and assets go out compressed to whoever takes gzip, and mean the same; what is told of changes goes out as
//! it is, at once.

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc;
use std::time::Duration;
use stories::{Asking, Centre, Course, Recipe, Step, engine};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// An answer with its bytes as they came.
struct Came {
    headers: Vec<(String, String)>,
    bytes: Vec<u8>,
}

impl Came {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn unpacked(&self) -> Vec<u8> {
        assert_eq!(self.header("content-encoding"), Some("gzip"));
        let mut plain = Vec::new();
        GzDecoder::new(&*self.bytes).read_to_end(&mut plain).expect("it is gzip");
        plain
    }
}

fn asked(
    centre: &Centre,
    who: Asking,
    path: &str,
    headers: &[(&str, &str)],
) -> ureq::http::Response<ureq::Body> {
    let mut request = ureq::get(&format!("{}{path}", centre.address()));
    request = request.header("authorization", &format!("Bearer {}", who.account().token));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.call().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn came(centre: &Centre, who: Asking, path: &str, headers: &[(&str, &str)]) -> Came {
    let mut answer = asked(centre, who, path, headers);
    let named = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
        (name.to_string(), value.to_str().expect("a visible value").to_string())
    };
    let headers = answer.headers().iter().map(named).collect();
    Came { headers, bytes: answer.body_mut().read_to_vec().expect("a body") }
}

#[test]
fn whatever_is_long_comes_compressed_to_whoever_takes_gzip_and_means_the_same() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Filled);
    let inspector = centre.inspector();
    let board = came(&centre, inspector, "/batches", &[]);
    let page = String::from_utf8(board.bytes).unwrap();
    let linked = |kind: &str| {
        let from = page.find("/assets/baiyo-").map(|_| page.split('"').find(|part| part.ends_with(kind)));
        from.flatten().expect("the page links it").to_string()
    };
    let batch = format!("/batches/{}", course.batch);
    let paths = [
        "/batches".to_string(),
        batch.clone(),
        format!("{batch}/record"),
        format!("/api/v1{batch}"),
        "/api/v1/openapi.json".to_string(),
        "/documentation".to_string(),
        linked(".css"),
        linked(".js"),
    ];
    for path in paths {
        let plain = came(&centre, inspector, &path, &[]);
        let packed = came(&centre, inspector, &path, &[("accept-encoding", "gzip, deflate, br, zstd")]);
        assert_eq!(plain.header("content-encoding"), None, "{path}: nobody asked for it");
        assert_eq!(packed.unpacked(), plain.bytes, "{path}");
        assert!(packed.bytes.len() * 2 < plain.bytes.len(), "{path}: {} bytes", packed.bytes.len());
        for answer in [&plain, &packed] {
            let vary = answer.header("vary").unwrap_or_default();
            assert!(vary.contains("Accept-Encoding"), "{path} varies by {vary:?}");
        }
    }
    let small = came(&centre, inspector, "/healthz", &[("accept-encoding", "gzip")]);
    assert_eq!((small.header("content-encoding"), &*small.bytes), (None, &b"ok"[..]));
}

#[test]
fn a_list_read_compressed_is_not_sent_again_while_it_stands() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let [mut course, ..] = [(); 3].map(|()| Course::run(&centre, Recipe::of(standard), Step::Opened));
    let path = "/api/v1/batches";
    let gzip = ("accept-encoding", "gzip");
    let first = came(&centre, centre.inspector(), path, &[gzip]);
    first.unpacked();
    let Some(tag) = first.header("etag") else { return assert!(engine::is_postgres()) };
    assert!(tag.starts_with("W/\""), "{tag} promises no bytes");
    let again = || came(&centre, centre.inspector(), path, &[gzip, ("if-none-match", tag)]);
    let unchanged = again();
    assert_eq!((unchanged.header("etag"), unchanged.bytes.len()), (Some(tag), 0));
    assert_eq!(unchanged.header("content-encoding"), None);
    assert_eq!(unchanged.header("vary"), first.header("vary"));
    course.to(Step::Instructed);
    let changed = again();
    changed.unpacked();
    assert_ne!(changed.header("etag"), Some(tag));
}

#[test]
fn the_version_of_what_was_read_compressed_can_be_acted_on() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Tested);
    let path = format!("/api/v1/batches/{}", course.batch);
    let plain = came(&centre, centre.lead(), &path, &[]);
    let packed = came(&centre, centre.lead(), &path, &[("accept-encoding", "gzip")]);
    let version: Value = serde_json::from_slice::<Value>(&packed.unpacked()).unwrap()["version"].clone();
    assert_eq!(plain.header("etag"), Some(&*format!("\"{version}\"")));
    assert_eq!(packed.header("etag"), Some(&*format!("W/\"{version}\"")));
    let lead = centre.lead();
    let confirm = |tag: &str| {
        let form = lead.signed(json!({}), "manufacturing_confirmation");
        lead.call("POST", &course.path("manufacturing_confirmation"))
            .json(&form)
            .header("if-match", tag)
            .send()
    };
    confirm("W/\"1\"").refused(412).only(&["version_conflict"]);
    confirm(&format!("W/\"{version}\"")).ok();
}

#[test]
fn a_change_is_told_at_once_to_whoever_takes_gzip() {
    let centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Opened);
    let told = asked(&centre, centre.inspector(), "/live", &[("accept-encoding", "gzip")]);
    assert_eq!(told.headers().get("content-type").unwrap(), "text/event-stream; charset=utf-8");
    assert!(told.headers().get("content-encoding").is_none());
    let (tell, hear) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(told.into_body().into_reader()).read_line(&mut line);
        let _ = tell.send(line);
    });
    assert!(hear.recv_timeout(Duration::from_millis(300)).is_err(), "nothing has happened yet");
    course.to(Step::Instructed);
    assert_eq!(hear.recv_timeout(Duration::from_secs(3)).as_deref(), Ok("event: change\n"));
}
