//! Files from outside are looked through by a site's malware scanner before they are taken: what it finds something in is
//! refused and told, and so is what it does not answer about; nothing that was typed is lost. A stand-in speaks clamd's
//! protocol here.

use baiyo::malware::{PATIENCE, Scanner};
use baiyo::settings::Settings;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use stories::tour::PICTURE;
use stories::{Answer, Asking, Centre, Course, Recipe, Step, unhurried};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const CUT: &str = "----cut-here";
/// What the stand-in finds in whatever holds it.
const SIGN: &[u8] = b"a sign of evil";

/// How the stand-in behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Manner {
    Looks,
    SaysError,
    ClosesEarly,
    BreaksOff,
    NeverAnswers,
    TooLarge,
}

/// What it was sent, file by file, and how it shall behave.
#[derive(Clone)]
struct StandIn(Arc<Mutex<(Manner, Vec<Vec<u8>>)>>);

impl StandIn {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((Manner::Looks, Vec::new()))))
    }

    fn at_a_port() -> (Self, Scanner) {
        let (own, listener) = (Self::new(), TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        let standing = own.clone();
        std::thread::spawn(move || {
            for line in listener.incoming() {
                let standing = standing.clone();
                std::thread::spawn(move || standing.attend(line.unwrap()));
            }
        });
        (own, Scanner::Port(address))
    }

    fn at_a_socket(path: &Path) -> (Self, Scanner) {
        let (own, listener) = (Self::new(), UnixListener::bind(path).unwrap());
        let standing = own.clone();
        std::thread::spawn(move || listener.incoming().for_each(|line| standing.attend(line.unwrap())));
        (own, Scanner::Socket(path.to_path_buf()))
    }

    fn behaves(&self, manner: Manner) {
        self.0.lock().unwrap().0 = manner;
    }

    fn sent(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }

    /// As clamd(8) says of INSTREAM.
    fn attend(&self, mut line: impl Read + Write) {
        let manner = self.0.lock().unwrap().0;
        if manner == Manner::ClosesEarly {
            return;
        }
        let mut command = [0; 10];
        line.read_exact(&mut command).unwrap();
        assert_eq!(&command, b"zINSTREAM\0");
        if manner == Manner::TooLarge {
            line.write_all(b"INSTREAM size limit exceeded. ERROR\0").unwrap();
            return;
        }
        let mut file = Vec::new();
        loop {
            let mut length = [0; 4];
            line.read_exact(&mut length).unwrap();
            let length = u32::from_be_bytes(length) as usize;
            if length == 0 {
                break;
            }
            let mut chunk = vec![0; length];
            line.read_exact(&mut chunk).unwrap();
            file.extend(chunk);
        }
        let evil = file.windows(SIGN.len()).any(|part| part == SIGN);
        self.0.lock().unwrap().1.push(file);
        let said: &[u8] = match manner {
            Manner::Looks if evil => b"stream: Test.Evil-1 FOUND\0",
            Manner::Looks => b"stream: OK\0",
            Manner::SaysError => b"stream: Can't allocate memory ERROR\0",
            Manner::BreaksOff => b"stream: O",
            Manner::NeverAnswers => return std::thread::sleep(PATIENCE + Duration::from_secs(2)),
            Manner::ClosesEarly | Manner::TooLarge => unreachable!(),
        };
        // Whoever gave up listens no longer.
        let _ = line.write_all(said);
    }
}

fn scanned_by(scanner: Scanner) -> Settings {
    Settings { malware_scanner: Some(scanner), ..unhurried() }
}

fn hand_in(who: Asking, bytes: &[u8]) -> Answer {
    who.call("POST", "/blobs").body(bytes.to_vec(), "image/png").send()
}

fn evil() -> Vec<u8> {
    [PICTURE, SIGN].concat()
}

/// The form of a photograph, as a browser sends it.
fn hand_in_form(who: Asking, path: &str, typed: &[(&str, &str)], file: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in typed {
        let part = format!("--{CUT}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let head = "Content-Disposition: form-data; name=\"file:/picture/taken/blob\"; filename=\"a.png\"";
    body.extend(format!("--{CUT}\r\n{head}\r\nContent-Type: image/png\r\n\r\n").into_bytes());
    body.extend(file);
    body.extend(format!("\r\n--{CUT}--\r\n").into_bytes());
    who.call("POST", &format!("/{path}")).body(body, &format!("multipart/form-data; boundary={CUT}")).send()
}

#[test]
fn a_file_with_malware_is_refused_and_nothing_of_it_is_kept() {
    let (stand_in, scanner) = StandIn::at_a_port();
    let mut centre = Centre::open();
    // The control: without a scanner it is a picture like any other.
    hand_in(centre.technician(), &[PICTURE, SIGN, b"0"].concat()).ok();
    centre.is_set_up(scanned_by(scanner));
    let technician = centre.technician();
    // Of several chunks, whole as it was sent.
    let large = [PICTURE, &[7; 200_000]].concat();
    let kept = hand_in(technician, &large).ok();
    assert_eq!(stand_in.0.lock().unwrap().1, [large]);
    assert_eq!(centre.inspector().get(&format!("/blobs/{}", kept["sha256"].as_str().unwrap())).status, 200);

    for (language, words) in
        [("en", "found malware in this file (Test.Evil-1)"), ("ja", "マルウェア（Test.Evil-1）")]
    {
        let refused = hand_in(technician.in_language(language), &evil()).refused(422);
        refused.only(&["malware_found"]);
        assert!(refused.reasons[0]["sentence"].as_str().unwrap().contains(words), "{refused:?}");
    }
    assert_eq!(
        centre.inspector().get(&format!("/blobs/{}", sha2_hex(&evil()))).status,
        404,
        "it was not kept"
    );
    // Whoever may hand nothing in has nothing looked through.
    let before = stand_in.sent();
    hand_in(centre.analyst(), &evil()).refused(403);
    assert_eq!(stand_in.sent(), before);
}

/// The name of a file by its content.
fn sha2_hex(bytes: &[u8]) -> String {
    baiyo_domain::journal::Hash::of(bytes).to_string()
}

#[test]
fn what_the_scanner_does_not_answer_about_is_not_taken_and_may_be_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let (stand_in, scanner) = StandIn::at_a_socket(&folder.path().join("clamd.ctl"));
    let mut centre = Centre::open();
    centre.is_set_up(scanned_by(scanner));
    let technician = centre.technician();
    for manner in
        [Manner::SaysError, Manner::ClosesEarly, Manner::BreaksOff, Manner::TooLarge, Manner::NeverAnswers]
    {
        stand_in.behaves(manner);
        let began = Instant::now();
        let refused = hand_in(technician, PICTURE).refused(503);
        assert_eq!(refused.codes(), ["scanner_unavailable"], "{manner:?}");
        assert!(began.elapsed() < PATIENCE + Duration::from_secs(5), "{manner:?}: {:?}", began.elapsed());
        // What needs no scanner goes on.
        technician.get("/batches").ok();
    }
    let own = sha2_hex(PICTURE);
    assert_eq!(centre.inspector().get(&format!("/blobs/{own}")).status, 404, "nothing of it was kept");
    stand_in.behaves(Manner::Looks);
    std::thread::sleep(Duration::from_secs(3));
    hand_in(technician, PICTURE).ok();
    std::fs::remove_file(folder.path().join("clamd.ctl")).unwrap();
    hand_in(technician, &[PICTURE, b"1"].concat()).refused(503).only(&["scanner_unavailable"]);
}

#[test]
fn whoever_waits_for_the_scanner_behind_others_is_told_so_in_time() {
    let (stand_in, scanner) = StandIn::at_a_port();
    let mut centre = Centre::open();
    centre.is_set_up(scanned_by(scanner));
    stand_in.behaves(Manner::NeverAnswers);
    // More than twice as many as are looked through at a time: one after another the last would be told after the third.
    let waited = std::thread::scope(|scope| {
        let centre = &centre;
        let hand_in_one = move || {
            let began = Instant::now();
            let refused = hand_in(centre.technician(), PICTURE).refused(503);
            assert_eq!(refused.codes(), ["scanner_unavailable"]);
            began.elapsed()
        };
        let all: Vec<_> = (0..9).map(|_| scope.spawn(hand_in_one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).max().unwrap()
    });
    assert!(waited < 2 * PATIENCE + Duration::from_secs(5), "{waited:?}");
}

#[test]
fn on_a_page_the_picture_is_named_and_nothing_that_was_typed_is_lost() {
    let (stand_in, scanner) = StandIn::at_a_port();
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let (batch, vessel) = (course.batch, course.vessel_labels()[0].as_str().unwrap().to_string());
    let photographs =
        |centre: &Centre| centre.releaser().get(&format!("/batches/{batch}")).ok()["photographs"].clone();
    drop(course);
    centre.is_set_up(scanned_by(scanner));
    let path = format!("/record/batches/{batch}/photograph");
    let typed = [("/vessels", vessel.as_str()), ("/note", "spindle-shaped, attached")];
    let technician = centre.technician();
    let found = hand_in_form(technician, &path, &typed, &evil());
    stand_in.behaves(Manner::SaysError);
    let away = hand_in_form(technician, &path, &typed, PICTURE);
    for (answer, status, sentence) in
        [(found, 422, "found malware in this file (Test.Evil-1)"), (away, 503, "does not answer")]
    {
        assert_eq!(answer.status, status, "{}", answer.text);
        let faults = answer.text.split("id=\"faults\"").nth(1).unwrap();
        assert!(faults.contains(sentence) && faults.contains("spindle-shaped, attached"), "{faults}");
        assert!(faults.contains("href=\"#/picture/taken/blob\""), "the field is named: {faults}");
    }
    assert_eq!(photographs(&centre), json!([]));
    stand_in.behaves(Manner::Looks);
    let answer = hand_in_form(technician, &path, &typed, PICTURE);
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(photographs(&centre).as_array().unwrap().len(), 1);
}

#[test]
fn what_was_found_stands_in_the_log_of_what_concerns_safety() {
    let (_stand_in, scanner) = StandIn::at_a_port();
    let Scanner::Port(address) = scanner else { unreachable!() };
    let mut centre = Centre::open();
    let person = centre.technician().id().to_string();
    centre.stop();
    centre.start_apart_in(&[("BAIYO_MALWARE_SCANNER", &format!("tcp://{address}"))]);
    hand_in(centre.technician(), PICTURE).ok();
    assert!(!centre.log().contains("malware_found"));
    hand_in(centre.technician(), &evil()).refused(422).only(&["malware_found"]);
    let log = centre.log();
    let line = log.lines().find(|line| line.contains("malware_found")).expect("a line");
    assert!(line.contains("baiyo::security") && line.contains(&person), "{line}");
    assert!(log.contains("Test.Evil-1"), "{log}");
}
