//! 200 canaries: words that occur nowhere else, typed where names, birth dates, passwords and secrets belong and where
//! they do not. None of them turns up in a log, an address, an answer to somebody else or, readable, in what is stored;
//! and of a name nothing can be read any more once its key is destroyed, however old the backup.

use baiyo_domain::ids::{ClinicId, PatientId, PersonId};
use baiyo_persistence::Store;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::disclosure::{Told, Viewer};
use baiyo_persistence::store::{Location, database_in};
use serde_json::json;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use stories::{Answer, Centre, engine};
use uuid::Uuid;

/// Patients, of each the name, its reading and the birth date.
const PATIENTS: usize = 40;

/// What is planted, by the place where it was.
#[derive(Default)]
struct Canaries(BTreeMap<String, &'static str>);

impl Canaries {
    /// A word that nothing else holds.
    fn word(&mut self, place: &'static str) -> String {
        let word = format!("canary-{}", &Uuid::now_v7().simple().to_string()[16..]);
        self.keep(word, place)
    }

    fn keep(&mut self, word: String, place: &'static str) -> String {
        assert!(self.0.insert(word.clone(), place).is_none(), "each once");
        word
    }

    /// Those that a text holds, as they are or written as a database writes bytes.
    fn in_text(&self, text: &[u8]) -> Vec<String> {
        // One pass over the text for all of them: by their first eight bytes.
        let mut heads: BTreeMap<[u8; 8], Vec<(Vec<u8>, String)>> = BTreeMap::new();
        for (word, place) in &self.0 {
            let hex: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
            for form in [word.clone(), hex] {
                let bytes = form.into_bytes();
                let head = std::array::from_fn(|at| bytes[at]);
                heads.entry(head).or_default().push((bytes, format!("{word} ({place})")));
            }
        }
        let at_each = text.windows(8).enumerate().filter_map(|(at, head)| {
            let head: [u8; 8] = head.try_into().ok()?;
            heads.get(&head).map(|forms| (at, forms))
        });
        let mut found: Vec<String> = at_each
            .flat_map(|(at, forms)| forms.iter().filter(move |(form, _)| text[at..].starts_with(form)))
            .map(|(_, told)| told.clone())
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for item in std::fs::read_dir(folder).expect("a folder") {
        let path = item.expect("an item").path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

/// The canaries in all files below a folder.
fn in_files(canaries: &Canaries, folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    files(folder, &mut all);
    assert!(!all.is_empty());
    let found = all.iter().flat_map(|path| {
        canaries
            .in_text(&std::fs::read(path).expect("a file"))
            .into_iter()
            .map(|word| format!("{}: {word}", path.display()))
    });
    found.collect()
}

fn back_up(centre: &Centre, file: &Path) {
    match engine::url(centre.location()) {
        Some(url) => {
            let dump = xtask::postgres::programs().expect("its programs").join("pg_dump");
            let done = Command::new(dump).arg("--file").arg(file).arg(url).status().expect("it starts");
            assert!(done.success());
        }
        None => {
            let sql = format!("VACUUM INTO '{}'", file.display());
            centre.database().batch_execute(&sql).expect("a copy");
        }
    }
}

struct Planted {
    canaries: Canaries,
    /// Orders with their patients and the names typed.
    orders: Vec<(Uuid, Uuid, String)>,
    /// Where answers sent somebody on, and which links they had.
    addresses: Vec<String>,
    /// What others were answered.
    answers_to_others: Vec<String>,
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// The addresses in an answer: where it leads, what it links to and where its forms go.
fn addresses(answer: &Answer) -> Vec<String> {
    let led =
        ["location", "link", "content-location", "refresh"].iter().filter_map(|name| answer.header(name));
    let links = [" href=\"", " action=\""]
        .into_iter()
        .flat_map(|name| answer.text.split(name).skip(1).filter_map(|rest| rest.split('"').next()));
    led.chain(links).map(String::from).collect()
}

fn plant(centre: &Centre) -> Planted {
    let mut canaries = Canaries::default();
    let (mut orders, mut led, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let coordinator = centre.coordinator();

    // Names where they belong: 40 patients, 120 canaries.
    for number in 0..PATIENTS {
        let (name, kana) = (canaries.word("name"), canaries.word("kana"));
        let born = canaries.keep(
            format!("19{:02}-{:02}-{:02}", 2 + number / 12, 1 + number % 12, 3 + number % 25),
            "birth date",
        );
        let form = json!({
            "purpose": "therapy", "pseudonym": format!("P-{number}"), "plan": { "number": "PB3190001", "class": "two" },
            "personal": { "name": name, "kana": kana, "birth_date": born }
        });
        let placed = coordinator
            .call("POST", "/orders")
            .json(&form)
            .header("idempotency-key", &format!("planting-{number}"));
        let order = placed.send().made();
        let read = coordinator.get(&format!("/orders/{order}")).ok();
        orders.push((order, read["placed"]["patient"].as_str().unwrap().parse().unwrap(), name));
    }
    // And where they do not, and in forms that nobody can read: 80 more.
    let mut sent = |answer: Answer| led.extend(addresses(&answer));
    let page = |path: &str, form: &[(&str, &str)], cookie: &str| {
        let body: Vec<String> =
            form.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let call =
            centre.stranger().call("POST", &format!("/{path}")).header("sec-fetch-site", "same-origin");
        let call = call.header("cookie", cookie);
        call.body(body.join("&").into_bytes(), "application/x-www-form-urlencoded").send()
    };
    let account = coordinator.account().clone();
    let session = page("/sign-in", &[("sign_in", &account.sign_in), ("password", &account.password)], "x=y");
    let cookie = session.header("set-cookie").expect("a session").split(';').next().unwrap().to_string();
    canaries.keep(cookie.split_once('=').unwrap().1.to_string(), "session");
    canaries.keep(account.password.clone(), "the right password");
    canaries.keep(account.token.clone(), "token");
    for _ in 0..8 {
        // A name and a password in each other's place, as API and on the page.
        let (name, password) = (canaries.word("name as sign-in"), canaries.word("wrong password"));
        sent(centre.stranger().post("/session", json!({ "sign_in": name, "password": password })));
        sent(page("/sign-in", &[("sign_in", &name), ("password", &password)], "x=y"));
        let right = canaries.word("password as sign-in");
        sent(centre.stranger().post("/session", json!({ "sign_in": right, "password": account.sign_in })));
        // A wrong secret of each kind.
        let secret = canaries.word("wrong token");
        sent(
            centre.stranger().call("GET", "/me").header("authorization", &format!("Bearer {secret}")).send(),
        );
        sent(
            centre
                .stranger()
                .call("GET", "//clinic")
                .header("cookie", &format!("baiyo_session={secret}"))
                .send(),
        );
        sent(centre.stranger().post("/setup", json!({ "token": secret, "password": right })));
        let link = page("/setup", &[("link", &canaries.word("wrong link"))], "x=y");
        assert_eq!(
            (link.status, link.header("location")),
            (404, None),
            "a link that leads nowhere goes nowhere"
        );
        sent(link);
        // Broken, too deep, of another kind: with a name in it.
        let torn = canaries.word("name in torn JSON");
        let bodies = [
            format!("{{\"personal\": {{\"name\": \"{torn}\""),
            format!("{{\"personal\": {{\"name\": \"{torn}\", \"name\": \"{torn}\"}}}}"),
            format!("{}\"{torn}\"{}", "[".repeat(200), "]".repeat(200)),
        ];
        for body in bodies {
            sent(coordinator.call("POST", "/orders").body(body.into_bytes(), "application/json").send());
        }
        let unusual = canaries.word("birth date in words");
        let form = json!({
            "purpose": "therapy", "pseudonym": "P-X", "plan": { "number": "PB1", "class": "two" }, "colour": torn,
            "personal": { "name": torn, "birth_date": unusual }
        });
        sent(coordinator.post("/orders", form));
        sent(page(
            "/record/orders",
            &[("/personal/name", &torn), ("/personal/birth/year", &unusual), ("/patient-choice", "new")],
            &cookie,
        ));
        // In addresses and queries of whoever is signed in.
        let typed = canaries.word("name in a query");
        for path in [
            "/batches?status=",
            "/orders?after=",
            "/labels/",
            "/orders/",
            "//orders/",
            "//find?code=",
            "//batches?from=",
            "/people/",
        ] {
            let answer = coordinator.get(&format!("{path}{typed}"));
            assert!(answer.status < 500, "{path}");
            assert_eq!(answer.header("location").filter(|to| to.contains(&typed)), None, "{path}");
        }
        // A wrong password where one signs, and a right one in a field for remarks that does not exist.
        let signing = canaries.word("wrong password at signing");
        let form =
            json!({ "role": "technician", "signature": { "password": signing, "meaning": "role_grant" } });
        let grant = format!("/people/{}/role_grant", centre.technician().id());
        sent(centre.administrator().call("POST", &grant).json(&form).header("if-match", "\"1\"").send());
    }
    // One-time links, tokens and passwords that are real.
    let administrator = centre.administrator();
    for number in 0..5 {
        let id = administrator
            .post("/people", json!({ "name": "New", "sign_in": format!("new.{number}") }))
            .made();
        let link = administrator.post(&format!("/people/{id}/setup_link"), json!({ "reason": "new" })).ok();
        let link = canaries.keep(link["token"].as_str().unwrap().to_string(), "one-time link");
        // Its page, and what is refused on it.
        let opened = page("/setup", &[("link", &link)], "x=y");
        assert!(opened.status == 200 && opened.text.contains("name=\"password\""), "{}", opened.text);
        sent(opened);
        let password = canaries.word("password");
        let typed = [("link", &*link), ("password", &*password), ("repeated", "another one altogether")];
        let refused = page("/setup", &typed, "x=y");
        assert_eq!(refused.status, 422, "{}", refused.text);
        sent(refused);
        if number > 0 {
            centre.stranger().post("/setup", json!({ "token": link, "password": password })).ok();
            sent(
                centre
                    .stranger()
                    .post("/session", json!({ "sign_in": format!("new.{number}"), "password": password })),
            );
        }
    }
    let token = coordinator
        .post(
            "/me/tokens",
            json!({
                "name": "canary", "scopes": ["read"], "password": coordinator.account().password,
            }),
        )
        .ok();
    canaries.keep(token["token"].as_str().unwrap().to_string(), "token");
    // An export, whose file stays in the data folder.
    let started = centre.inspector().call("POST", "//records");
    let started = started.body(b"job=export".to_vec(), "application/x-www-form-urlencoded").send();
    let file = format!("/{}/file", started.header("location").expect("a job").split('?').next().unwrap());
    let exported = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        Some(centre.inspector().get(&file)).filter(|answer| answer.status == 200)
    });
    others.push(exported.expect("an export").text);
    // What everybody else is answered, of whatever is asked.
    let order = orders[0].0;
    let elsewhere = centre.of_clinic(baiyo_domain::authority::Role::Coordinator, 1);
    for other in [
        centre.technician(),
        centre.releaser(),
        centre.inspector(),
        centre.administrator(),
        elsewhere,
        centre.stranger(),
    ] {
        for path in [
            "/orders",
            "/people",
            "/attempts",
            "/access",
            "//",
            "//orders",
            "//people",
            "//batches",
            "//records",
            "//access",
            "//access/people.csv",
        ] {
            others.push(other.get(path).text);
        }
        for path in ["", "/recipient", "/history"] {
            others.push(other.get(&format!("/orders/{order}{path}")).text);
            others.push(other.get(&format!("//orders/{order}{path}")).text);
        }
        others.push(other.post("/orders", json!({ "patient": orders[0].1 })).text);
    }
    // And its own clinic's pages, which may name patients but in no address.
    for path in ["//", "//clinic", "//orders", "//record/orders", "/orders", &format!("//orders/{order}")] {
        sent(coordinator.get(path));
    }
    sent(page("/sign-out", &[], &cookie));
    Planted { canaries, orders, addresses: led, answers_to_others: others }
}

#[test]
fn two_hundred_canaries_are_found_nowhere_and_names_not_even_in_old_backups_once_their_keys_are_gone() {
    let place = tempfile::tempdir().unwrap();
    let mut centre = Centre::open();
    centre.stop();
    // The control: this folder's own name is logged when others could enter its keys.
    let keys = centre.folder().join("keys");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o755)).unwrap();
    centre.start_apart_in(&[("RUST_LOG", "trace")]);
    let Planted { mut canaries, orders, addresses, answers_to_others } = plant(&centre);
    assert!(canaries.0.len() >= 200, "{}", canaries.0.len());
    let log = centre.log();
    let own = canaries.keep(keys.display().to_string(), "control");
    assert_eq!(canaries.in_text(log.as_bytes()), [format!("{own} (control)")], "of all planted in the log");
    canaries.0.remove(&own);
    assert!(log.lines().count() > 1000, "as much as it can say: {} lines", log.lines().count());

    let joined = addresses.join("\n");
    assert!(addresses.len() > 200, "{}", addresses.len());
    assert_eq!(canaries.in_text(joined.as_bytes()), [""; 0], "in addresses that the server made");
    assert_eq!(canaries.in_text(answers_to_others.join("\n").as_bytes()), [""; 0], "in answers to others");

    // Before any key is destroyed nothing is readable in database, log of the database, exports or checkpoints.
    assert_eq!(in_files(&canaries, centre.folder()), [""; 0], "while it is served");
    let backup = place.path().join("backup");
    back_up(&centre, &backup);
    assert_eq!(canaries.in_text(&std::fs::read(&backup).unwrap()), [""; 0], "in a backup");
    let copied = |from: &Path, to: &str| {
        let to = place.path().join(to);
        assert!(Command::new("cp").arg("-a").arg(from).arg(&to).status().unwrap().success());
        to
    };
    let old_keys = copied(&keys, "old_keys");
    centre.stop();

    // Two people erase all of them after thirty years.
    let now: baiyo_domain::time::Time = chrono::Utc::now().into();
    centre.set_clock(now.plus(chrono::TimeDelta::days(366 * 31)));
    centre.start();
    centre.hold_tokens();
    for (order, ..) in &orders {
        let path = |form| format!("/orders/{order}/{form}");
        let form = json!({ "reason": "kept" });
        centre.manager().sign(&path("erasure_proposal"), form, "erasure_proposal").ok();
        let form = json!({ "remark": "compared" });
        centre.releaser().sign(&path("erasure_confirmation"), form, "erasure_confirmation").ok();
    }
    let clinic = ClinicId(centre.clinic(0));
    let viewer = Viewer { person: PersonId(centre.coordinator().id()), clinic, route: "canaries".into() };
    let named = |store: &Store| {
        let patients = orders.iter().map(|(_, patient, _)| PatientId(*patient));
        let told = store.read(|conn| store.disclose(conn, &viewer, patients)).expect("the database");
        told.into_values().filter(|told| matches!(told, Told::Name(_))).count()
    };
    assert_eq!(named(centre.store()), 0);
    assert_eq!(in_files(&canaries, centre.folder()), [""; 0], "once they are erased");
    let keys_left = std::fs::read_dir(keys.join("patients")).unwrap().count();
    assert_eq!(keys_left, 0, "no key of a patient is left");
    let left = copied(&keys, "keys_left");
    centre.stop();

    // The backup from before, with what is left of the keys: none opens. With the keys of then, which nobody has any
    // more, all do: so it was looked for rightly.
    if !engine::is_postgres() {
        for (keys, due) in [(left, 0), (old_keys, PATIENTS)] {
            let folder = place.path().join(format!("restored_{due}"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::copy(&backup, database_in(&folder)).unwrap();
            std::fs::rename(&keys, folder.join("keys")).unwrap();
            let store = Store::open_at(&Location::embedded(&folder), Arc::new(SystemClock)).unwrap();
            assert_eq!(named(&store), due);
        }
    }
    centre.start();
    assert_eq!(centre.inspector().get("/orders").status, 200);
}
