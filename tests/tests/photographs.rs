//! The photograph of a culture: handed in, named by an entry, shown to whoever may see its batch, and to nobody else; on
//! the pages without scripts as through the API.

use baiyo_domain::authority::Role;
use serde_json::json;
use std::process::Command;
use stories::tour::PICTURE;
use stories::{Answer, Asking, Centre, Course, Recipe, Step, baiyo, workspace};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const CUT: &str = "----cut-here";

fn hand_in(who: Asking, bytes: &[u8]) -> Answer {
    who.call("POST", "/blobs").body(bytes.to_vec(), "image/png").send()
}

fn hash_of(answer: Answer) -> String {
    answer.ok()["sha256"].as_str().unwrap().to_string()
}

/// A form with a file, as a browser sends it.
fn hand_in_form(who: Asking, path: &str, typed: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Answer {
    hand_in_at(who, path, "/picture/taken/blob", typed, file)
}

/// The same, with the file in another field.
fn hand_in_at(
    who: Asking,
    path: &str,
    pointer: &str,
    typed: &[(&str, &str)],
    file: Option<(&str, &[u8])>,
) -> Answer {
    let mut body = Vec::new();
    for (name, value) in typed {
        let part = format!("--{CUT}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let (name, bytes) = file.unwrap_or(("", b""));
    let head = format!("Content-Type: image/jpeg\r\nContent-Disposition: form-data; name=\"file:{pointer}\"");
    body.extend(format!("--{CUT}\r\n{head}; filename=\"{name}\"\r\n\r\n").into_bytes());
    body.extend(bytes);
    body.extend(format!("\r\n--{CUT}--\r\n").into_bytes());
    who.call("POST", &format!("/{path}")).body(body, &format!("multipart/form-data; boundary={CUT}")).send()
}

/// What stands in a field of a page.
fn value_of(page: &str, field: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{field}\" value=\""))?;
    rest.split('"').next().map(String::from)
}

#[test]
fn a_picture_is_what_its_own_bytes_say_and_the_same_one_is_one() {
    let centre = Centre::open();
    let technician = centre.technician();
    let first = hand_in(technician, PICTURE).ok();
    assert_eq!((&first["media_type"], &first["size"]), (&json!("image/png"), &json!(PICTURE.len())));
    let again = technician.call("POST", "/blobs").body(PICTURE.to_vec(), "text/html").send().ok();
    assert_eq!(again, first, "what the sender says of it counts for nothing");
    for false_picture in [&b"<script>alert(1)</script>"[..], b"GIF89a", b""] {
        hand_in(technician, false_picture).refused(422).only(&["not_a_picture"]);
    }
    let refused = hand_in(technician, &PICTURE.repeat(150_000)).refused(413);
    assert!(refused.only(&["picture_too_large"]).reasons[0]["sentence"].as_str().unwrap().contains("8 MiB"));
    for other in [centre.analyst(), centre.inspector(), centre.coordinator()] {
        hand_in(other, PICTURE).refused(403);
    }
    centre.stranger().call("POST", "/blobs").body(PICTURE.to_vec(), "image/png").send().refused(401);
}

#[test]
fn a_picture_is_shown_as_a_picture_to_whoever_may_see_its_batch_and_to_nobody_else() {
    let centre = Centre::open();
    let standard = centre.standard(FRESH);
    let course = Course::run(&centre, Recipe::of(standard), Step::Seeded);
    let other = Course::run(&centre, Recipe { clinic: 1, ..Recipe::of(standard) }, Step::Seeded);
    let hash = hash_of(hand_in(centre.technician(), PICTURE));
    let coordinator = |clinic| centre.of_clinic(Role::Coordinator, clinic);
    let of = |batch| format!("/blobs/{hash}?batch={batch}");
    coordinator(0).get(&of(course.batch)).refused(404);
    let picture = json!({ "taken": { "blob": hash } });
    course.bench("photograph", "", json!({ "vessels": course.vessel_labels(), "picture": picture }));
    let view = course.view();
    assert_eq!(view["photographs"][0]["sha256"], json!(hash));

    let shown = coordinator(0).get(&of(course.batch));
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert_eq!(shown.header("content-type"), Some("image/png"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    let policy = shown.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    // Its own batch that does not name it, another clinic's that does, none, and what is no hash.
    coordinator(1).get(&of(other.batch)).refused(404);
    coordinator(1).get(&of(course.batch)).refused(404);
    coordinator(0).get(&of(other.batch)).refused(404);
    coordinator(0).get(&format!("/blobs/{hash}")).refused(404);
    coordinator(0).get(&format!("/blobs/{}?batch={}", "../etc", course.batch)).refused(404);
    let inspector = centre.inspector();
    assert_eq!(inspector.get(&format!("/blobs/{hash}")).status, 200, "the centre's own staff sees all of it");
    inspector.get(&of(other.batch)).refused(404);
    inspector.get(&format!("/blobs/{}", "0".repeat(64))).refused(404);
    centre.administrator().get(&of(course.batch)).refused(403);
    centre.stranger().get(&of(course.batch)).refused(401);

    let unknown = json!({ "taken": { "blob": "0".repeat(64) } });
    let form = json!({ "vessels": course.vessel_labels(), "picture": unknown });
    let refused = centre.technician().post(&course.path("photograph"), form).refused(422);
    assert_eq!(refused.only(&["no_such_blob"]).reasons[0]["pointer"], "/picture/taken/blob");
}

#[test]
fn a_photograph_is_taken_on_a_page_without_scripts_and_nothing_that_was_typed_is_lost() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let technician = centre.technician();
    let vessel = course.vessel_labels()[0].as_str().unwrap().to_string();
    let path = format!("/record/batches/{}/photograph", course.batch);
    let address = format!("/bench/vessels/{vessel}");
    let page = technician.get(&format!("/{path}?/vessels={vessel}&to={address}")).text;
    let file =
        "type=\"file\" id=\"/picture/taken/blob\" name=\"file:/picture/taken/blob\" accept=\"image/*\"";
    assert!(page.contains("enctype=\"multipart/form-data\"") && page.contains(file), "{page}");
    let once = value_of(&page, "once").unwrap();
    let typed = [
        ("once", once.as_str()),
        ("to", address.as_str()),
        ("/vessels", vessel.as_str()),
        ("/magnification", "10×"),
        ("/note", "spindle-shaped, attached"),
    ];

    // No picture, none at all, and one that is too large: what was typed is still there.
    let missing = hand_in_form(technician, &path, &typed, None);
    let large = PICTURE.repeat(150_000);
    for (answer, sentence) in [
        (missing, "Picture"),
        (hand_in_form(technician, &path, &typed, Some(("a.png", b"no picture"))), "no picture in JPEG"),
        (hand_in_form(technician, &path, &typed, Some(("a.png", &large))), "at most 8 MiB"),
    ] {
        assert_eq!(answer.status, 422, "{}", answer.text);
        let faults = answer.text.split("id=\"faults\"").nth(1).unwrap();
        assert!(faults.contains(sentence) && faults.contains("spindle-shaped, attached"), "{faults}");
    }
    assert_eq!(course.view()["photographs"], json!([]));

    // Something else is wrong: the picture is kept and shown, and need not be chosen again.
    let mut wrong = typed.to_vec();
    wrong.push(("/performed/by", "nobody"));
    let answer = hand_in_form(technician, &path, &wrong, Some(("a.png", PICTURE)));
    assert_eq!(answer.status, 422, "{}", answer.text);
    let kept = value_of(&answer.text, "/picture/taken/blob").expect("the picture is kept");
    assert!(answer.text.contains(&format!("src=\"/api/v1/blobs/{kept}\"")), "{}", answer.text);
    let mut right = typed.to_vec();
    right.push(("/picture/taken/blob", &kept));
    let answer = hand_in_form(technician, &path, &right, None);
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(answer.header("location").unwrap().starts_with(&address));
    let answer = hand_in_form(technician, &path, &right, None);
    assert_eq!(answer.status, 303, "handed in twice, it happened once");
    assert_eq!(course.view()["photographs"].as_array().unwrap().len(), 1);

    // Shown where it belongs, to whoever does not see it as well.
    let source = format!("src=\"/api/v1/blobs/{kept}?batch={}\"", course.batch);
    for (who, page) in [
        (technician, address),
        (centre.releaser(), format!("/batches/{}/review", course.batch)),
        (centre.coordinator(), format!("/batches/{}/record", course.batch)),
    ] {
        let page = who.get(&format!("/{page}")).text;
        assert!(page.contains(&source), "{page}");
        assert!(
            page.contains(&format!("alt=\"Photograph of {vessel} on day 0 of culture, taken by ")),
            "{page}"
        );
    }
}

#[test]
fn why_there_is_no_photograph_is_recorded_on_the_page_too() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let vessel = course.vessel_labels()[0].as_str().unwrap().to_string();
    let path = format!("/record/batches/{}/photograph", course.batch);
    let typed = [("/vessels", vessel.as_str()), ("/picture/not_taken/reason", "the camera is broken")];
    let both = hand_in_form(centre.technician(), &path, &typed, Some(("a.png", PICTURE)));
    assert_eq!(both.status, 422, "which of both?");
    let answer = hand_in_form(centre.technician(), &path, &typed, None);
    assert_eq!(answer.status, 303, "{}", answer.text);
    let view = course.view();
    assert_eq!(view["photographs"][0]["sha256"], json!(null));
    assert_eq!(view["quality_events"].as_array().unwrap().len(), 1);
}

#[test]
fn a_standard_that_asks_for_photographs_blocks_the_release_until_they_are_there() {
    let centre = Centre::open();
    let standard = centre
        .standard_changed(FRESH, |standard| standard["process"]["bench_records"] = json!(["photograph"]));
    let mut course = Course::run(&centre, Recipe::of(standard), Step::Seeded);
    let page = centre.technician().get(&format!("//record/batches/{}/observation", course.batch)).text;
    assert!(page.contains("The standard asks for a photograph of each vessel"), "{page}");
    course.to(Step::Filled);
    let blocked = course.blockers(course.containers()[0]);
    assert!(blocked.contains(&"bench_record_missing".to_string()), "{blocked:?}");
    // Both passages, long ago: what was detached then gets its photograph late, with the reason.
    let history = centre.releaser().get(&course.path("history")).ok();
    let passages =
        history["items"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "batch.culture.passaged");
    let passages: Vec<_> = passages.collect();
    assert_eq!(passages.len(), 2);
    for (number, passage) in passages.into_iter().enumerate() {
        let hash = hash_of(hand_in(centre.technician(), &[PICTURE, &[b'0' + number as u8]].concat()));
        let taken = json!({ "taken": { "blob": hash } });
        let vessels = passage.pointer("/event/batch/culture/passaged/form/from").expect("vessels");
        let performed =
            json!({ "at": passage["occurred_at"], "late_reason": "copied from the microscope's disk" });
        course.bench(
            "photograph",
            "",
            json!({ "performed": performed, "vessels": vessels, "picture": taken }),
        );
    }
    let blocked = course.blockers(course.containers()[0]);
    assert!(!blocked.contains(&"bench_record_missing".to_string()), "{blocked:?}");
}

#[test]
fn an_export_names_its_pictures_and_the_twin_compares_them() {
    let mut centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let hash = hash_of(hand_in(centre.technician(), PICTURE));
    hash_of(hand_in(centre.technician(), &[PICTURE, b"named by no entry"].concat()));
    let picture = json!({ "taken": { "blob": hash } });
    course.bench("photograph", "", json!({ "vessels": course.vessel_labels(), "picture": picture }));
    let exported = centre.inspector().get(&course.path("export")).ok();
    let file = json!({ "sha256": hash, "media_type": "image/png", "size": PICTURE.len() });
    assert_eq!(exported["files"], json!([file]));
    let batch = course.batch.to_string();
    drop(course);

    centre.stop();
    let folder = tempfile::tempdir().unwrap();
    let (out, files) = (folder.path().join("export.json"), folder.path().join("files"));
    let words = |path: &std::path::Path| path.to_str().unwrap().to_string();
    let (data, out, files) = (words(centre.folder()), words(&out), words(&files));
    let ran =
        baiyo(centre.location(), &["export", &batch, "--data", &data, "--out", &out, "--files", &files]);
    assert_eq!(ran.code, 0, "{}", ran.printed);
    let written = format!("{files}/{hash}.png");
    assert_eq!(std::fs::read(&written).unwrap(), PICTURE);
    assert_eq!(std::fs::read_dir(&files).unwrap().count(), 1, "what no entry names is no part of the record");
    let twin = || {
        let script = workspace().join("tests/twin/verify.py");
        let said = Command::new("python3").arg(script).args([&out, "--files", &files]).output().unwrap();
        (said.status.code(), String::from_utf8_lossy(&said.stdout).into_owned())
    };
    let (code, said) = twin();
    assert!(code == Some(0) && said.contains("1 files are what the entries say"), "{said}");
    std::fs::write(&written, [PICTURE, b"another"].concat()).unwrap();
    let (code, said) = twin();
    assert!(code == Some(1) && said.contains("was altered"), "{said}");
    std::fs::remove_file(&written).unwrap();
    let (code, said) = twin();
    assert!(code == Some(1) && said.contains("is missing"), "{said}");
}

#[test]
fn a_photograph_is_corrected_on_its_page_and_the_first_picture_stays_part_of_the_record() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let technician = centre.technician();
    let vessels = course.vessel_labels();
    let hash = hash_of(hand_in(technician, PICTURE));
    let picture = json!({ "taken": { "blob": hash } });
    let form = json!({ "vessels": vessels, "picture": picture });
    let entry = technician.post(&course.path("photograph"), form).entry("batch.culture.photographed");
    let path = format!("/record/batches/{}/correction", course.batch);
    let page = technician.get(&format!("/{path}?/entry={entry}")).text;
    let at = "/replacement/culture/photograph";
    let blob = format!("{at}/picture/taken/blob");
    assert!(page.contains("enctype=\"multipart/form-data\""), "{page}");
    assert_eq!(value_of(&page, &blob).as_ref(), Some(&hash), "what stands there is shown");
    let (once, version) = (value_of(&page, "once").unwrap(), value_of(&page, "version").unwrap());
    let labels: Vec<&str> = vessels.iter().map(|label| label.as_str().unwrap()).collect();
    let (in_form, in_picture) = (format!("{at}/vessels"), format!("{at}/picture"));
    let labels = labels.join("\r\n");
    let typed = [
        ("once", once.as_str()),
        ("version", &version),
        ("/entry", &entry),
        ("/reason", "the picture of another culture"),
        ("/replacement", "culture"),
        ("/replacement/culture", "photograph"),
        (&in_form, &labels),
        (&in_picture, "taken"),
        (&blob, &hash),
    ];
    let right = &[PICTURE, b"the right culture"].concat();
    let answer = hand_in_at(technician, &path, &blob, &typed, Some(("b.png", right)));
    assert_eq!(answer.status, 303, "{}", answer.text);
    let view = course.view();
    let now = view["photographs"][0]["sha256"].as_str().unwrap();
    assert_ne!(now, hash);
    let shown = |who: Asking, known: &str| who.get(&format!("/blobs/{known}?batch={}", course.batch)).status;
    assert_eq!([shown(centre.inspector(), now), shown(centre.inspector(), &hash)], [200, 200]);
    // It may be another patient's: the clinic sees what stands, the centre what was corrected.
    assert_eq!([shown(course.coordinator(), now), shown(course.coordinator(), &hash)], [200, 404]);
}
