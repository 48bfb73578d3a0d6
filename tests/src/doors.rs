//! The doors of a server: every address at which something is handed in, and every page that shows something, whatever it was
//! built with. `slow_strangers` and `pages_by_hand` try those that are always there, and the stories of features their own.

use crate::asking::{Asking, api};
use crate::centre::Centre;
use baiyo::pages::{self, Admits};
use baiyo_domain::authority::{Role, may};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A connection on which this was written, with line ends as HTTP has them.
pub fn opened(centre: &Centre, text: &str) -> TcpStream {
    let mut socket = TcpStream::connect(centre.address().trim_start_matches("http://")).expect("a server");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
    socket.write_all(text.replace('\n', "\r\n").as_bytes()).expect("a connection");
    socket
}

/// The beginning of a request of which one byte in 900 has come.
pub fn begun(path: &str, kind: &str, more: &str) -> String {
    format!("POST {path} HTTP/1.1\nHost: x\nContent-Type: {kind}\nContent-Length: 900\n{more}\nx")
}

/// The status that is answered, and after how long.
pub fn answered(mut socket: TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut line = [0; 12];
    let read = socket.read_exact(&mut line);
    (
        read.map_or_else(|error| error.to_string(), |()| String::from_utf8_lossy(&line[9..]).into()),
        began.elapsed(),
    )
}

/// Every address at which something is handed in, and whether whoever asks may.
pub fn addresses() -> Vec<(String, bool)> {
    let operations = api()["paths"].as_object().expect("paths").iter();
    let operations = operations.filter(|(_, item)| item.get("post").is_some());
    let operations = operations.map(|(path, item)| {
        (format!("/api/v1{path}"), item["post"]["security"].as_array().is_some_and(Vec::is_empty))
    });
    let pages = pages::all().into_iter().filter(|page| page.method == "POST");
    let pages = pages.map(|page| (page.path.to_string(), page.admits == Admits::Anybody));
    let id = Uuid::now_v7().to_string();
    let filled = |path: String| match path.as_str() {
        "/record/{collection}" => "/record/quality_events".into(),
        "/record/{collection}/{form}" => "/record/site/access_review".into(),
        "/record/{collection}/{id}/{form}" => format!("/record/batches/{id}/holding"),
        _ => path.replace("{id}", &id).replace("{passkey}", &id),
    };
    operations.chain(pages).map(|(path, anybody)| (filled(path), anybody)).collect()
}

/// Who somebody is is asked at each of these addresses before a byte of what he sends is read; how many they are, and how
/// long the slowest took.
pub fn a_stranger_is_not_read(centre: &Centre, which: impl Fn(&str) -> bool) -> (usize, Duration) {
    let (mut asked, mut slowest) = (0, Duration::ZERO);
    for (path, _) in addresses().iter().filter(|(path, anybody)| !anybody && which(path)) {
        let form = "application/x-www-form-urlencoded";
        let (status, took) = answered(opened(centre, &begun(path, form, "Origin: http://x\n")));
        assert_eq!(status, "401", "{path}");
        (asked, slowest) = (asked + 1, slowest.max(took));
    }
    assert!(slowest < Duration::from_secs(2), "at most {slowest:?}");
    (asked, slowest)
}

/// Where nobody need be signed in, a body is small and comes at once; how many such addresses there are.
pub fn a_stranger_sends_little_and_at_once(centre: &Centre, which: impl Fn(&str) -> bool) -> usize {
    // What is sent to these is not read at all.
    const UNREAD: [&str; 2] = ["/sign-out", "/sign-in/passkey/challenge"];
    let open = addresses()
        .into_iter()
        .filter(|(path, anybody)| *anybody && which(path) && !UNREAD.contains(&path.as_str()));
    let reads: Vec<String> = open.map(|(path, _)| path).collect();
    let kind = |path: &str| match path.starts_with("/api") {
        true => "application/json",
        false => "application/x-www-form-urlencoded",
    };
    let slow: Vec<_> = reads
        .iter()
        .map(|path| (path, opened(centre, &begun(path, kind(path), "Origin: http://x\n"))))
        .collect();
    for (path, socket) in slow {
        let (status, took) = answered(socket);
        assert_eq!(status, "408", "{path}");
        assert!(took < Duration::from_secs(15), "{path}: {took:?}, of 60 seconds that a known person has");
    }
    for path in &reads {
        let body = format!("sign_in={}", "x".repeat(20_000));
        let asked = path.strip_prefix("/api/v1").map_or_else(|| format!("/{path}"), String::from);
        let call = centre.stranger().call("POST", &asked).header("sec-fetch-site", "same-origin");
        assert_eq!(call.body(body.into_bytes(), kind(path)).send().status, 413, "{path}");
    }
    reads.len()
}

/// What a page answers to a role by the table of authority.
pub fn due(admits: Admits, role: Role) -> u16 {
    match admits {
        Admits::To(actions) if !actions.iter().any(|action| may(&[role], action)) => 403,
        _ => 200,
    }
}

/// Somebody with a role, of the clinic whose order it is where it is a clinic's.
pub fn somebody(centre: &Centre, role: Role) -> Asking<'_> {
    match role {
        Role::Coordinator => centre.coordinator(),
        Role::Physician => centre.physician(),
        role => centre.role(role),
    }
}

/// The pages of a feature: its handed-in addresses ask who somebody is before they read, and its pages open to whom the table
/// of authority says; how many addresses there are.
pub fn of_a_feature_are_like_all_others(centre: &Centre, name: &str) -> usize {
    let own = |path: &str| path.contains(name);
    let (asked, _) = a_stranger_is_not_read(centre, own);
    let read = a_stranger_sends_little_and_at_once(centre, own);
    let shown = pages::all().into_iter().filter(|page| page.method == "GET" && own(page.path));
    let shown: Vec<_> = shown.filter(|page| page.admits != Admits::Anybody).collect();
    assert!(!shown.is_empty(), "no page of {name} is built in");
    for page in &shown {
        let path = format!("/{}", page.path);
        for role in Role::ALL {
            let (answer, due) = (somebody(centre, role).get(&path), due(page.admits, role));
            // Where there is nothing to ask of him he is led back to his account.
            let led_back = due == 200 && answer.header("location") == Some("/me");
            assert!(answer.status == due || led_back, "{path} as {role:?}: {}", answer.status);
        }
        assert_eq!(centre.stranger().get(&path).status, 303, "{path} as nobody");
    }
    asked + read + shown.len()
}
