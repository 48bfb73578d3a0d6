//! Whoever sends slowly, opens more connections than one needs or keeps pages open is nobody's hindrance: who he is is asked
//! before a byte of what he sends is read, and he holds nothing that others wait for.

use baiyo::settings::Settings;
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use stories::doors::{self, answered, begun, opened};
use stories::{Browser, Centre, Course, Recipe, Step, unhurried};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const FORM: &str = "application/x-www-form-urlencoded";

/// A connection from an address of this machine.
fn from(centre: &Centre, own: &str) -> TcpStream {
    let server: SocketAddr = centre.address().trim_start_matches("http://").parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(own.parse().unwrap(), 0).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    let socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    socket
}

#[test]
fn who_somebody_is_is_asked_before_a_byte_of_what_he_sends_is_read() {
    let centre = Centre::open();
    let (asked, slowest) = doors::a_stranger_is_not_read(&centre, |_| true);
    assert!(asked >= 90, "{asked}");
    // Nor is it read where somebody may not hand it in.
    let token = &centre.physician().account().token;
    let by_other = format!("Authorization: Bearer {token}\n");
    for path in ["/api/v1/blobs", "/api/v1/standards", "/records", "/record/site/access_review"] {
        let (status, took) = answered(opened(&centre, &begun(path, FORM, &by_other)));
        assert_eq!((status.as_str(), took < Duration::from_secs(2)), ("403", true), "{path}: {took:?}");
    }
    println!("{asked} addresses answer a stranger without reading, the slowest in {slowest:?}");
}

#[test]
fn where_nobody_need_be_signed_in_a_body_is_small_and_comes_at_once() {
    let centre = Centre::open();
    let read = doors::a_stranger_sends_little_and_at_once(&centre, |_| true);
    assert!(read >= 6, "{read}");
}

#[test]
fn slow_strangers_keep_nobody_from_reading_and_signing() {
    let mut centre = Centre::open();
    centre.is_set_up(Settings { requests_at_once: 8, ..unhurried() });
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Opened);
    // Strangers at the doors that are open to them and at those that are not, and somebody known on a bad line: many times
    // as many as are answered at once, each sending a byte now and then. They come from an address of their own: whoever
    // shares theirs may be told to wait a little while all are answered at the same time.
    let known = format!("Authorization: Bearer {}\n", centre.lead().account().token);
    let mut held = Vec::new();
    for _ in 0..60 {
        for (path, kind, more) in [
            ("/sign-in", FORM, "Origin: http://x\n"),
            ("/api/v1/session", "application/json", ""),
            ("/api/v1/quality_events", "application/json", ""),
            ("/api/v1/quality_events", "application/json", &known),
        ] {
            let mut socket = from(&centre, "127.0.0.2");
            socket.write_all(begun(path, kind, more).replace('\n', "\r\n").as_bytes()).unwrap();
            held.push(socket);
        }
    }
    let done = AtomicBool::new(false);
    let slowest = std::thread::scope(|scope| {
        scope.spawn(|| {
            // No longer than that, whatever becomes of the story.
            let began = Instant::now();
            while !done.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(60) {
                for socket in &mut held {
                    // Whoever was answered is gone.
                    let _ = socket.write_all(b"x");
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            for path in ["/me", "/batches", "//batches"] {
                let began = Instant::now();
                let answer = centre.technician().get(path);
                assert_eq!(answer.status, 200, "{path}: {}", answer.text);
                slowest = slowest.max(began.elapsed());
            }
        }
        let began = Instant::now();
        course.to(Step::Instructed);
        slowest = slowest.max(began.elapsed());
        done.store(true, Ordering::SeqCst);
        slowest
    });
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    println!("with 240 slow ones on 8 turns the slowest answer took {slowest:?}");
}

#[test]
fn one_address_has_at_most_half_of_the_connections() {
    let mut centre = Centre::open();
    centre.is_set_up(Settings { connections: 64, seconds_for_headers: 30, ..unhurried() });
    let asks = |own: &str| {
        let mut socket = from(&centre, own);
        socket.write_all(b"GET /sign-in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        answered(socket)
    };
    let mut held: Vec<TcpStream> = (0..100).map(|_| from(&centre, "127.0.0.2")).collect();
    std::thread::sleep(Duration::from_secs(1));
    let ended = held.iter_mut().filter_map(|socket| {
        socket.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        socket.read(&mut [0; 1]).ok()
    });
    assert_eq!(ended.count(), 100 - 32, "the others stay open");
    for _ in 0..10 {
        let (status, took) = asks("127.0.0.1");
        assert_eq!(status, "200", "after {took:?}");
    }
    drop(held);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(asks("127.0.0.2").0, "200", "once they have gone");
}

/// A page that is told of changes, by what shows who its person is.
fn listening(centre: &Centre, shown: &str) -> TcpStream {
    let mut socket = opened(centre, &format!("GET /live HTTP/1.1\nHost: x\n{shown}\n\n"));
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0; 1];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
    socket
}

/// The last piece of an answer that comes in pieces.
const END: &[u8] = b"0\r\n\r\n";

/// What it is told within a time, or until it ends.
fn told(socket: &mut TcpStream, within: Duration) -> Vec<u8> {
    let (until, mut told) = (Instant::now() + within, Vec::new());
    while !told.ends_with(END) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        socket.set_read_timeout(Some(left)).unwrap();
        let mut piece = [0; 512];
        match socket.read(&mut piece) {
            Ok(read) if read > 0 => told.extend(&piece[..read]),
            _ => break,
        }
    }
    told
}

/// After how long it is told that its person may not look any more, and ends.
fn ends(mut socket: TcpStream, what: &str) -> Duration {
    let began = Instant::now();
    let told = told(&mut socket, Duration::from_secs(8));
    assert!(told.ends_with(END), "{what}");
    assert!(String::from_utf8_lossy(&told).contains("event: signed-out\n"), "{what}");
    began.elapsed()
}

fn goes_on(socket: &mut TcpStream) -> bool {
    !told(socket, Duration::from_millis(50)).ends_with(END)
}

#[test]
fn a_page_is_told_nothing_more_once_its_person_may_not_look() {
    let centre = Centre::open();
    let (lead, technician) = (centre.lead().account(), centre.technician().account());
    let browser = |member: &stories::Member| {
        let browser = Browser::new(&centre);
        browser.sign_in(&member.sign_in, &member.password).ok();
        browser
    };
    let cookie =
        |browser: &Browser| format!("Cookie: baiyo_session={}", browser.cookie("baiyo_session").unwrap());
    let mut took = Vec::new();
    let his = browser(lead);
    let (page, mut others) =
        (listening(&centre, &cookie(&his)), listening(&centre, &cookie(&browser(technician))));
    std::thread::sleep(Duration::from_secs(2));
    his.send(his.call("DELETE", "/session")).ok();
    took.push(ends(page, "signed out"));
    assert!(goes_on(&mut others), "nobody else's ends");
    // A token, and whatever else was his, with a new password.
    let his = browser(lead);
    let token = listening(&centre, &format!("Authorization: Bearer {}", lead.token));
    his.post(
        "/me/password",
        &serde_json::json!({ "password": lead.password, "new_password": "eleven grey lanterns" }),
    )
    .ok();
    took.push(ends(token, "the password changed"));
    assert!(goes_on(&mut others));
    centre
        .administrator()
        .post(&format!("/people/{}/departure", technician.id), serde_json::json!({ "reason": "moved away" }))
        .ok();
    took.push(ends(others, "left"));
    // That a page is open is no use of a session: it ends as if nobody sat there.
    let checker = browser(centre.checker().account());
    let idle = listening(&centre, &cookie(&checker));
    centre.minutes(31);
    took.push(ends(idle, "idle"));
    checker.get("/me").refused(401);
    assert!(took.iter().all(|took| *took < Duration::from_secs(2)), "{took:?}");
    println!("told nothing more after {took:?}");
    // Of very many pages of one person the oldest is told no longer, and nobody else's.
    let of = |token: &str| listening(&centre, &format!("Authorization: Bearer {token}"));
    let (checker, analyst) = (&centre.checker().account().token, &centre.analyst().account().token);
    let mut another = of(analyst);
    let mut pages: Vec<TcpStream> = (0..26).map(|_| of(checker)).collect();
    std::thread::sleep(Duration::from_secs(1));
    let open: Vec<bool> = pages.iter_mut().map(goes_on).collect();
    assert_eq!(open, [vec![false; 2], vec![true; 24]].concat());
    assert!(goes_on(&mut another));
}

#[test]
fn of_too_many_pages_the_oldest_is_told_so_and_the_others_stay() {
    let centre = Centre::open();
    let token = &centre.checker().account().token;
    let of = || listening(&centre, &format!("Authorization: Bearer {token}"));
    let mut pages: Vec<TcpStream> = (0..24).map(|_| of()).collect();
    for _ in 0..3 {
        pages.push(of());
        let told = told(&mut pages.remove(0), Duration::from_secs(2));
        let told = String::from_utf8_lossy(&told);
        assert!(told.contains("event: replaced\n") && told.as_bytes().ends_with(END), "{told}");
    }
    assert!(pages.iter_mut().all(goes_on));
}

#[test]
fn a_page_that_asks_again_and_again_keeps_nobody_signed_in() {
    let centre = Centre::open();
    let member = centre.lead().account();
    let signed_in = || {
        let browser = Browser::new(&centre);
        browser.sign_in(&member.sign_in, &member.password).ok();
        browser
    };
    let (away, at_work) = (signed_in(), signed_in());
    let cookie =
        |browser: &Browser| format!("Cookie: baiyo_session={}", browser.cookie("baiyo_session").unwrap());
    for _ in 0..5 {
        centre.minutes(5);
        drop(listening(&centre, &cookie(&away)));
        at_work.get("/me").ok();
        // That it was used is noted behind the answer.
        std::thread::sleep(Duration::from_millis(300));
    }
    centre.minutes(6);
    away.get("/me").refused(401);
    at_work.get("/me").ok();
}
