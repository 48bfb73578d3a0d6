//! Work on the whole record from its page: who may do it, what comes of it, and that standards come in from files whole or
//! not at all.

use baiyo::jobs::{Jobs, Kind, Unfinished};
use baiyo_domain::ids::PersonId;
use baiyo_persistence::progress::Watch;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use stories::{Answer, Asking, Centre, engine};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const FORM: &str = "application/x-www-form-urlencoded";

fn start(who: Asking, job: &str) -> Answer {
    who.call("POST", "//records").body(format!("job={job}").into_bytes(), FORM).send()
}

/// The page of a job that was started, once it is at work no more.
#[track_caller]
fn ended(who: Asking, started: &Answer) -> (String, String) {
    assert_eq!(started.status, 303, "{}", started.text);
    let address = started.header("location").unwrap().to_string();
    for _ in 0..600 {
        let page = who.get(&format!("/{address}"));
        assert_eq!(page.status, 200, "{}", page.text);
        if !page.text.contains("data-running") {
            return (address, page.text);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{address} does not end");
}

/// Files as a browser sends them.
fn files(who: Asking, files: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, content) in files {
        let head =
            format!("--cut\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--cut--\r\n");
    who.call("POST", "//records/standards").body(body, "multipart/form-data; boundary=cut").send()
}

fn standards(centre: &Centre) -> Vec<Value> {
    centre.releaser().get("/standards").ok()["items"].as_array().unwrap().clone()
}

#[test]
fn an_export_is_the_whole_journal_and_is_taken_away_by_who_may_see_it() {
    let centre = Centre::open();
    let inspector = centre.inspector();
    let (address, page) = ended(inspector, &start(inspector, "export"));
    assert!(page.contains("Finished") && page.contains("entries written"), "{page}");
    let taken = inspector.get(&format!("/{address}/file"));
    assert_eq!(taken.status, 200);
    assert!(taken.header("content-disposition").unwrap().starts_with("attachment; filename=\"baiyo-export-"));
    assert_eq!(taken.header("cache-control"), Some("no-store"));
    let export: Value = serde_json::from_str(&taken.text).unwrap();
    let entries = export["entries"].as_array().unwrap().len();
    assert!(page.contains(&format!("{entries} entries written")));
    assert_eq!(export["complete"], true);
    // The administrator has no part in it: not the job, not the file, not its place in the list.
    let administrator = centre.administrator();
    assert_eq!(start(administrator, "export").status, 403);
    assert_eq!(administrator.get(&format!("/{address}")).status, 404);
    assert_eq!(administrator.get(&format!("/{address}/file")).status, 404);
    assert!(!administrator.get("//records").text.contains(&address));
    assert!(inspector.get("//records").text.contains(&address), "found again");
    assert_eq!(centre.technician().get("//records").status, 403);
}

#[test]
fn the_record_is_verified_and_the_lists_rebuilt_in_both_languages() {
    let centre = Centre::open();
    let administrator = centre.administrator();
    let (address, page) = ended(administrator, &start(administrator, "verification"));
    assert!(page.contains("sound: ") && page.contains("; 0 findings"), "{page}");
    let japanese = administrator.in_language("ja").get(&format!("/{address}")).text;
    assert!(japanese.contains("異常なし：記録") && japanese.contains("最初の管理者の鍵は"), "{japanese}");
    let (_, page) = ended(administrator, &start(administrator, "rebuild"));
    assert!(page.contains("rows written; 0 differed; 0 batches with other evidence"), "{page}");
    assert_eq!(start(centre.inspector(), "rebuild").status, 403);
    assert_eq!(
        start(centre.analyst(), "standard_import").status,
        404,
        "its files come to an address of their own"
    );
    assert_eq!(start(administrator, "whatever").status, 404);
}

#[test]
fn a_checkpoint_that_is_not_of_this_record_is_found_to_disagree() {
    let centre = Centre::open();
    let administrator = centre.administrator();
    let body = b"job=verification&checkpoint=somewhere.else%0A7%0AAAAA%0A".to_vec();
    let started = administrator.call("POST", "//records").body(body, FORM).send();
    let (_, page) = ended(administrator, &started);
    assert!(page.contains("Finished: look at the findings") && page.contains("NOT SOUND"), "{page}");
    assert!(page.contains("the outside checkpoint number 1 is not this log"), "{page}");
}

/// The newest checkpoint outside the database.
fn kept(centre: &Centre) -> String {
    let folder = std::fs::read_dir(centre.folder().join("checkpoints")).unwrap();
    let newest = folder.map(|entry| entry.unwrap().path()).max().expect("a checkpoint");
    std::fs::read_to_string(newest).unwrap()
}

fn verify_against(who: Asking, note: &str) -> Answer {
    let note: String = note.bytes().map(|byte| format!("%{byte:02X}")).collect();
    who.call("POST", "//records")
        .body(format!("job=verification&checkpoint={note}").into_bytes(), FORM)
        .send()
}

#[test]
fn a_checkpoint_that_was_kept_agrees_however_it_was_copied() {
    let mut centre = Centre::open();
    // Stopping seals.
    centre.stop();
    centre.start();
    let note = kept(&centre);
    let inspector = centre.inspector();
    for copied in [note.clone(), note.trim_end().to_string(), format!("\n{}\n\n", note.replace('\n', "\r\n"))]
    {
        let (_, page) = ended(inspector, &verify_against(inspector, &copied));
        assert!(page.contains("sound: ") && !page.contains("NOT SOUND"), "{copied:?}: {page}");
    }
}

#[test]
fn what_somebody_gives_is_never_taken_for_what_is_at_work_for_somebody_else() {
    let centre = Centre::open();
    let (inspector, analyst) = (centre.inspector(), centre.analyst());
    // At work for somebody else, until the end of this story.
    let elsewhere = Jobs::of(centre.folder());
    let forever = |watch: &mut Watch, _: &Path| loop {
        if watch(1, 2).is_break() {
            return Err(Unfinished::Stopped);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    for kind in [Kind::Verification, Kind::StandardImport] {
        let now = baiyo_domain::time::Time::from(chrono::Utc::now());
        elsewhere.start(kind, PersonId(Uuid::nil()), now, Box::new(forever)).unwrap();
    }
    assert_eq!(start(inspector, "verification").status, 303, "nothing was given: it is the same");
    let refused = verify_against(inspector, "kept.by/me\n7\nAAAA");
    assert_eq!(refused.status, 409);
    assert!(
        refused.text.contains("Nothing was started") && refused.text.contains("kept.by/me"),
        "{}",
        refused.text
    );
    let refused =
        files(analyst, &[("fresh.toml", &std::fs::read(stories::workspace().join(FRESH)).unwrap())]);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("Nothing was started"), "{}", refused.text);
    assert_eq!(elsewhere.all().len(), 2);
}

#[test]
fn whoever_only_looks_or_stops_does_not_wait_behind_what_is_written() {
    if engine::is_postgres() {
        // Each connection writes for itself.
        return;
    }
    let centre = Centre::open();
    let person = centre.administrator().account();
    let form = json!({ "sign_in": person.sign_in, "password": person.password });
    let signed_in =
        centre.stranger().call("POST", "/session").json(&form).header("sec-fetch-site", "same-origin");
    let signed_in = signed_in.send();
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_string();
    // Long enough ago for its use to be noted.
    centre.minutes(5);
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let store = std::sync::Arc::clone(centre.store());
    let writing = std::thread::spawn(move || {
        store.note(move |_| {
            let _ = wait.recv();
            Ok::<_, baiyo_persistence::writer::JobError<()>>(())
        })
    });
    std::thread::sleep(Duration::from_millis(200));
    let (answered, answer) = std::sync::mpsc::channel();
    std::thread::scope(|threads| {
        let (cookie, centre) = (&cookie, &centre);
        threads.spawn(move || {
            let looked = centre.stranger().call("GET", "//records").header("cookie", cookie).send();
            let _ = answered.send(looked.status);
        });
        let status = answer.recv_timeout(Duration::from_secs(10));
        go_on.send(()).unwrap();
        assert_eq!(status, Ok(200), "answered while the writer is busy");
    });
    writing.join().unwrap().unwrap();
}

#[test]
fn nothing_is_started_or_stopped_from_another_site() {
    let centre = Centre::open();
    let administrator = centre.administrator();
    for path in ["//records", "//records/standards", "//records/00000000-0000-7000-8000-000000000000/stop"] {
        let call = centre.stranger().call("POST", path).header("cookie", "baiyo_session=x");
        let call = call.header("sec-fetch-site", "cross-site");
        assert_eq!(call.body(b"job=rebuild".to_vec(), FORM).send().status, 403, "{path}");
    }
    assert!(administrator.get("//records").text.contains("Nothing was started yet."));
}

#[test]
fn standards_come_in_from_files_as_drafts_and_none_does_where_one_cannot_be_read() {
    let centre = Centre::open();
    let analyst = centre.analyst();
    let fresh = std::fs::read(stories::workspace().join(FRESH)).unwrap();
    let before = standards(&centre).len();
    let large = vec![b'#'; 300 * 1024];
    let bad: [(&str, &[u8]); 3] =
        [("broken.toml", b"code = 7"), ("picture.toml", b"\xff\xd8"), ("large.toml", &large)];
    let refused = files(analyst, &[("fresh.toml", &fresh), bad[0], bad[1], bad[2]]);
    assert_eq!(refused.status, 422);
    for named in [
        "broken.toml: not a standard’s form",
        "picture.toml: no text in UTF-8",
        "large.toml: larger than 256 kB",
    ] {
        assert!(refused.text.contains(named), "{named}: {}", refused.text);
    }
    assert_eq!(files(analyst, &[]).status, 422);
    assert_eq!(standards(&centre).len(), before, "nothing is half done");

    let text = String::from_utf8(fresh).unwrap();
    let other = text.replacen("ADMSC-AUTO-FRESH", "ADMSC-AUTO-OTHER", 1);
    let (_, page) =
        ended(analyst, &files(analyst, &[("a.toml", text.as_bytes()), ("b.toml", other.as_bytes())]));
    assert!(page.contains("2 of 2 standards filed as drafts"), "{page}");
    assert_eq!(standards(&centre).len(), before + 2);
    // Filed again, each is refused for itself, and why is said.
    let (_, page) = ended(analyst, &files(analyst, &[("a.toml", text.as_bytes())]));
    assert!(page.contains("Finished: look at the findings") && page.contains("not filed."), "{page}");
    assert_eq!(standards(&centre).len(), before + 2);
    assert_eq!(files(centre.administrator(), &[("a.toml", text.as_bytes())]).status, 403);
}
