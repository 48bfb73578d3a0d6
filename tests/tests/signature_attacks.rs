//! Ways to have a release signed by somebody who does not mean it: each is refused, nothing is written, and afterwards
//! the one who means it signs. What whoever owns the database could forge stands in `forged_by_the_owner`.

use baiyo_domain::authority::{Meaning, Role};
use baiyo_persistence::engine::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};
use stories::{Answer, Asking, Centre, Course, Member, PASSWORD_OF_SETUP, Recipe, Step};

const FROZEN: &str = "config/standards/adipose-msc-autologous-frozen.toml";
const MEANING: &str = "disposition";

/// Attacks on one record: how many were made, and that none left anything behind.
struct Attacks<'a> {
    centre: &'a Centre,
    entries: i64,
    made: usize,
    accepted: Vec<String>,
}

impl<'a> Attacks<'a> {
    fn on(centre: &'a Centre) -> Self {
        Self { centre, entries: written(centre), made: 0, accepted: Vec::new() }
    }

    /// One attack, and why it must be refused.
    fn made(&mut self, name: &str, answer: Answer, (status, code): (u16, &str)) {
        self.made += 1;
        let refused =
            answer.status == status && (code.is_empty() || answer.text.contains(&format!("\"{code}\"")));
        let entries = written(self.centre);
        if !refused || entries != self.entries {
            let grew = entries - self.entries;
            self.accepted.push(format!("{name}: {} and {grew} entries; {}", answer.status, answer.text));
            self.entries = entries;
        }
        // Guesses are counted: each is answered for what it is.
        self.centre.minutes(16);
    }

    fn none_was_accepted(&self, least: usize) {
        assert!(
            self.accepted.is_empty(),
            "{} of {}:\n{}",
            self.accepted.len(),
            self.made,
            self.accepted.join("\n")
        );
        assert!(self.made >= least, "{} attacks", self.made);
    }
}

/// How many entries there are, refused attempts apart.
fn written(centre: &Centre) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        entries: i64,
    }
    let count = "SELECT count(*) AS entries FROM journal WHERE stream_kind <> 'attempts'";
    diesel::sql_query(count).get_result::<Count>(&mut centre.database()).expect("a count").entries
}

/// The release of a batch's containers, as a form without signature.
fn release(course: &Course) -> Value {
    json!({ "containers": course.containers(), "decision": "release" })
}

/// Hands in a form on the version that stands, with whatever signature it carries.
fn hand_in(who: Asking, course: &Course, form: &Value) -> Answer {
    let path = course.path("deciding");
    let version = course.centre.inspector().version_of(&path);
    who.call("POST", &path).json(form).header("if-match", &version).send()
}

/// A form with this as its signature.
fn with(form: &Value, signature: Value) -> Value {
    let mut form = form.clone();
    form["signature"] = signature;
    form
}

fn cookie(centre: &Centre, who: &Member) -> String {
    let form = json!({ "sign_in": who.sign_in, "password": who.password });
    let session = centre.stranger().post("/session", form);
    session.header("set-cookie").unwrap().split(';').next().unwrap().to_string()
}

#[test]
fn no_password_but_ones_own_given_whole_signs() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FROZEN)), Step::Confirmed);
    let form = release(&course);
    let releaser = centre.releaser();
    let own = releaser.account().password.clone();
    let mut attacks = Attacks::on(&centre);

    let wrong = |password: &str| with(&form, json!({ "password": password, "meaning": MEANING }));
    let mut guesses: Vec<(String, String)> = [
        ("in capitals", own.to_uppercase()),
        ("with a space after it", format!("{own} ")),
        ("with a space before it", format!(" {own}")),
        ("without its last character", own[..own.len() - 1].to_string()),
        ("without its first character", own[1..].to_string()),
        ("twice", format!("{own}{own}")),
        ("with a NUL after it", format!("{own}\u{0}")),
        ("in full-width characters", own.chars().map(wide).collect()),
        ("with a combining mark", format!("{own}\u{301}")),
        ("of nobody", "three loud cranes".into()),
        ("a sign-in name", releaser.account().sign_in.clone()),
        ("a token", releaser.account().token.clone()),
        ("an identifier", releaser.id().to_string()),
    ]
    .map(|(name, password)| (name.to_string(), password))
    .into();
    let others = centre.people().iter().filter(|member| member.id != releaser.id());
    guesses.extend(others.map(|member| (format!("of {}", member.sign_in), member.password.clone())));
    for (name, guess) in guesses {
        attacks.made(&name, hand_in(releaser, &course, &wrong(&guess)), (401, "wrong_password"));
    }

    let right = |signature: Value| hand_in(releaser, &course, &with(&form, signature));
    attacks.made("nothing at all", hand_in(releaser, &course, &form), (422, "missing"));
    for (name, signature, code) in [
        ("an empty password", json!({ "password": "", "meaning": MEANING }), "length"),
        ("no password", json!({ "meaning": MEANING }), "missing"),
        ("a number for a password", json!({ "password": 1, "meaning": MEANING }), "type"),
        ("no password but none", json!({ "password": null, "meaning": MEANING }), "type"),
        ("several passwords", json!({ "password": [own, own], "meaning": MEANING }), "type"),
        ("a signature that is none", Value::Null, "type"),
        ("a signature in words", json!("signed"), "type"),
        ("two signatures", json!([{ "password": own, "meaning": MEANING }]), "type"),
        (
            "somebody else named",
            json!({ "password": own, "meaning": MEANING, "person": centre.manager().id() }),
            "unknown_field",
        ),
        (
            "a time named",
            json!({ "password": own, "meaning": MEANING, "at": "2026-01-01T00:00:00Z" }),
            "unknown_field",
        ),
        (
            "a key named",
            json!({ "password": own, "meaning": MEANING, "key": releaser.id() }),
            "unknown_field",
        ),
    ] {
        attacks.made(name, right(signature), (422, code));
    }
    let twice = form.to_string().trim_end_matches('}').to_string()
        + &format!(
            ", \"signature\": {{\"password\": \"x\", \"meaning\": \"{MEANING}\"}}, \
             \"signature\": {{\"password\": \"{own}\", \"meaning\": \"{MEANING}\"}}}}"
        );
    let version = releaser.version_of(&course.path("deciding"));
    let call = releaser.call("POST", &course.path("deciding")).header("if-match", &version);
    attacks.made(
        "a signature given twice",
        call.body(twice.into_bytes(), "application/json").send(),
        (400, ""),
    );
    for (name, header, value) in [
        ("the password in a header", "x-password", own.clone()),
        ("the password as a proxy's", "proxy-authorization", format!("Basic {own}")),
    ] {
        let call = releaser.call("POST", &course.path("deciding")).header("if-match", &version);
        attacks.made(name, call.header(header, &value).json(&form).send(), (422, "missing"));
    }
    let path = format!("{}?signature={own}&meaning={MEANING}", course.path("deciding"));
    let call = releaser.call("POST", &path).header("if-match", &version);
    attacks.made("the password in the address", call.json(&form).send(), (422, "missing"));
    attacks.none_was_accepted(40);
    course.release(&course.containers()).ok();
}

/// A character as Japanese keyboards write it in full width.
fn wide(character: char) -> char {
    match character {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap(),
        other => other,
    }
}

#[test]
fn nothing_is_signed_in_another_sense_on_another_version_or_by_another_than_one_who_may() {
    let centre = Centre::open();
    let standard = centre.standard(FROZEN);
    let course = Course::run(&centre, Recipe::of(standard), Step::Confirmed);
    let second =
        Recipe { pseudonym: "P-002", person: ("鈴木 一郎", "1958-11-02"), ..Recipe::of(standard) };
    let second = Course::run(&centre, second, Step::Confirmed);
    let form = release(&course);
    let releaser = centre.releaser();
    let own = releaser.account().password.clone();
    let path = course.path("deciding");
    let mut attacks = Attacks::on(&centre);

    for meaning in Meaning::ALL.into_iter().map(Meaning::word).filter(|word| *word != MEANING) {
        let signed = releaser.signed(form.clone(), meaning);
        attacks.made(
            &format!("meant as {meaning}"),
            hand_in(releaser, &course, &signed),
            (409, "wrong_meaning"),
        );
    }
    for meaning in ["", "release", "Disposition", "取扱いの決定", "disposition "] {
        let signed = releaser.signed(form.clone(), meaning);
        attacks.made(&format!("meant as {meaning:?}"), hand_in(releaser, &course, &signed), (422, "choice"));
    }
    let meant = with(&form, json!({ "password": own }));
    attacks.made("meant as nothing", hand_in(releaser, &course, &meant), (422, "missing"));

    let signed = releaser.signed(form.clone(), MEANING);
    let on = |version: &str| releaser.call("POST", &path).json(&signed).header("if-match", version).send();
    let now: u32 = releaser.version_of(&path).trim_matches('"').parse().unwrap();
    let blind = releaser.call("POST", &path).json(&signed).send();
    attacks.made("on whatever version", blind, (428, "version_needed"));
    for (name, version) in [
        ("on the version before", format!("\"{}\"", now - 1)),
        ("on the first version", "\"1\"".into()),
        ("on the next version", format!("\"{}\"", now + 1)),
        ("on no version", "\"0\"".into()),
    ] {
        attacks.made(name, on(&version), (412, "version_conflict"));
    }
    for (name, version) in [
        ("on any version", "*".into()),
        ("on several versions", format!("\"{}\", \"{now}\"", now - 1)),
        ("on a version below zero", format!("\"-{now}\"")),
        ("on a version past counting", "\"99999999999999999999\"".into()),
        ("on a fraction of a version", format!("\"{now}.0\"")),
    ] {
        attacks.made(name, on(&version), (422, "if_match"));
    }

    // Somebody else, with his own password or with hers.
    for member in centre.people().iter().filter(|member| member.role != Role::Releaser) {
        let who = centre.member(member);
        let signed = who.signed(form.clone(), MEANING);
        attacks.made(&format!("by {}", member.sign_in), hand_in(who, &course, &signed), (403, ""));
    }
    let hers = releaser.signed(form.clone(), MEANING);
    attacks.made(
        "by an analyst who knows her password",
        hand_in(centre.analyst(), &course, &hers),
        (403, ""),
    );
    let stranger =
        centre.stranger().call("POST", &path).json(&hers).header("if-match", &format!("\"{now}\""));
    attacks.made("by a stranger who knows her password", stranger.send(), (401, ""));

    // Her session, from where she is not.
    let session = cookie(&centre, releaser.account());
    for (name, header, value) in [
        ("from another site", "sec-fetch-site", "cross-site"),
        ("from a neighbour of the site", "sec-fetch-site", "same-site"),
        ("from another origin", "origin", "https://evil.example"),
        ("from no origin", "origin", "null"),
    ] {
        let call =
            centre.stranger().call("POST", &path).json(&hers).header("if-match", &format!("\"{now}\""));
        attacks.made(name, call.header("cookie", &session).header(header, value).send(), (403, ""));
    }

    // What another batch's reader saw, and what was signed for another batch.
    let elsewhere = second.path("deciding");
    let seen = releaser.version_of(&elsewhere);
    attacks.entries = written(&centre);
    let once = "7b1c9f52-release-of-the-second";
    let signed = releaser.signed(release(&second), MEANING);
    let sent = |who: Asking, path: &str, form: &Value, key: &str, version: &str| {
        let call = who.call("POST", path).json(form).header("if-match", version);
        call.header("idempotency-key", key).send()
    };
    sent(releaser, &elsewhere, &signed, once, &seen).ok();
    attacks.entries = written(&centre);
    let version = format!("\"{now}\"");
    attacks.made(
        "under the key of another release",
        sent(releaser, &path, &hers, once, &version),
        (422, "key_reused"),
    );
    let wrong = with(&release(&second), json!({ "password": "three loud cranes", "meaning": MEANING }));
    attacks.made(
        "repeated without her password",
        sent(releaser, &elsewhere, &wrong, once, &seen),
        (401, "wrong_password"),
    );
    let analysts = sent(centre.analyst(), &elsewhere, &signed, once, &seen);
    attacks.made("repeated by somebody else", analysts, (403, ""));
    attacks.made(
        "signed once more",
        sent(releaser, &elsewhere, &signed, "another-key-than-before", &seen),
        (412, ""),
    );
    // The same once more is the same: it is answered again, and nothing is written.
    let again = sent(releaser, &elsewhere, &signed, once, &seen);
    assert_eq!((again.status, written(&centre)), (200, attacks.entries), "{}", again.text);
    attacks.none_was_accepted(50);
    course.release(&course.containers()).ok();
}

#[test]
fn who_may_no_longer_sign_does_not() {
    let centre = Centre::open();
    let standard = centre.standard(FROZEN);
    let course = Course::run(&centre, Recipe::of(standard), Step::Confirmed);
    let form = release(&course);
    let releaser = centre.releaser().account().clone();
    let (administrator, manager) = (centre.administrator(), centre.manager());
    let path = |what: &str| format!("/people/{}/{what}", releaser.id);
    let signed = |password: &str| with(&form, json!({ "password": password, "meaning": MEANING }));
    let now = centre.now();

    // A deputy before and after his days.
    let deputy = centre.second_analyst();
    let deputyship = |from: i64, until: i64| {
        let span = json!({ "role": "releaser", "from": now.plus_hours(from), "until": now.plus_hours(until), "reason": "leave" });
        manager.sign(&format!("/people/{}/deputyship", deputy.id()), span, "deputyship").ok();
    };
    deputyship(10, 11);
    let mut attacks = Attacks::on(&centre);
    let his = deputy.signed(form.clone(), MEANING);
    attacks.made("by a deputy before his days", hand_in(deputy, &course, &his), (403, ""));
    centre.hours(11);
    attacks.made("by a deputy after his days", hand_in(deputy, &course, &his), (403, ""));

    // A password that was replaced, and the new one before two people signed for its key.
    let link = administrator.post(&path("setup_link"), json!({ "reason": "forgotten" })).ok();
    let link = link["token"].as_str().unwrap().to_string();
    let set_up = json!({ "token": link, "password": PASSWORD_OF_SETUP });
    centre.stranger().post("/setup", set_up.clone()).ok();
    attacks.entries = written(&centre);
    let old = centre.member(&releaser);
    attacks.made("with a token from before", hand_in(old, &course, &signed(&releaser.password)), (401, ""));
    let again = centre.stranger().post("/setup", set_up);
    attacks.made("with a link that was used", again, (404, ""));
    let session = cookie(&centre, &Member { password: PASSWORD_OF_SETUP.into(), ..releaser.clone() });
    let version = centre.inspector().version_of(&course.path("deciding"));
    let by_cookie = |centre: &Centre, password: &str| {
        let call = centre.stranger().call("POST", &course.path("deciding")).json(&signed(password));
        let call = call.header("cookie", &session).header("sec-fetch-site", "same-origin");
        call.header("if-match", &version).send()
    };
    attacks.made(
        "with the new password before its key counts",
        by_cookie(&centre, PASSWORD_OF_SETUP),
        (403, ""),
    );
    attacks.made("with the old password", by_cookie(&centre, &releaser.password), (403, ""));

    // A clock that is behind what is recorded.
    let deputyship = json!({ "role": "releaser", "from": centre.now(), "until": centre.now().plus_hours(200), "reason": "leave" });
    manager.sign(&format!("/people/{}/deputyship", deputy.id()), deputyship, "deputyship").ok();
    let later = centre.now();
    centre.set_clock(later.plus(chrono::TimeDelta::seconds(-6)));
    attacks.entries = written(&centre);
    attacks.made("while the clock is behind", hand_in(deputy, &course, &his), (409, "clock_behind"));
    centre.set_clock(later.plus_hours(1));

    // A role that ended, and a person who left.
    let end = json!({ "role": "releaser", "reason": "back" });
    manager.post(&format!("/people/{}/deputyship_end", deputy.id()), end).ok();
    attacks.entries = written(&centre);
    attacks.made("by a deputy whose days were ended", hand_in(deputy, &course, &his), (403, ""));
    administrator.post(&path("departure"), json!({ "reason": "moved" })).ok();
    attacks.entries = written(&centre);
    attacks.made("by one who left", by_cookie(&centre, PASSWORD_OF_SETUP), (401, ""));
    attacks.none_was_accepted(9);
    assert_eq!(
        centre.inspector().get(&format!("/batches/{}", course.batch)).ok()["status"],
        "ready_for_decision"
    );
}
