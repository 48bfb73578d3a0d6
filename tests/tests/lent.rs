//! What a program's token is lent: made by a person with his password, for a scope and a time, for an instrument or not;
//! it reaches nothing else, and nothing of anybody's account. And what ends it, also in the very instant in which it is
//! made.

use baiyo::api::form_routes;
use baiyo::settings::{SecondFactor, Settings};
use baiyo_domain::authority::{
    Meaning, Reauthenticated, Role, Scope, TABLE, covers, may, meaning_of, scope_of,
};
use baiyo_domain::ids::PersonId;
use baiyo_persistence::accounts::{self, Origin};
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::{ExecuteError, Request, StoreError};
use chrono::TimeDelta;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};
use std::sync::Barrier;
use stories::{Asking, Authenticator, Browser, Centre, Course, Member, Recipe, Step, engine};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";
const NEW: &str = "eleven grey lanterns";

fn signed_in<'a>(centre: &'a Centre, member: &Member) -> Browser<'a> {
    let browser = Browser::new(centre);
    browser.sign_in(&member.sign_in, &member.password).ok();
    browser
}

fn form(member: &Member, scopes: &[Scope]) -> Value {
    json!({ "name": "logger", "scopes": scopes, "password": member.password })
}

/// The same person, as a program with a new token asks for him.
fn program(centre: &Centre, member: &Member, scopes: &[Scope], device: Option<&str>) -> Member {
    let mut form = form(member, scopes);
    if let Some(device) = device {
        form["device"] = json!(device);
    }
    let made = signed_in(centre, member).post("/me/tokens", &form).ok();
    Member { token: made["token"].as_str().unwrap().into(), ..member.clone() }
}

fn bearer(centre: &Centre, token: &str, method: &'static str, path: &str) -> stories::Answer {
    let call = centre.stranger().call(method, path).header("authorization", &format!("Bearer {token}"));
    let call = if method == "POST" { call.json(&json!({ "name": "x" })) } else { call };
    call.send()
}

#[test]
fn a_token_is_made_with_the_password_by_a_person_alone_and_shown_once() {
    let centre = Centre::open();
    let lead = centre.lead().account().clone();
    let his = signed_in(&centre, &lead);
    let mut without = form(&lead, &[Scope::Read]);
    without.as_object_mut().unwrap().remove("password");
    his.post("/me/tokens", &without).refused(422).only(&["missing"]);
    let wrong = Member { password: "not the password".into(), ..lead.clone() };
    let refused = his.post("/me/tokens", &form(&wrong, &[Scope::Read])).refused(401);
    assert_eq!(
        (refused.codes(), &refused.reasons[0]["pointer"]),
        (vec!["wrong_password".into()], &json!("/password"))
    );
    for (field, value) in
        [("scopes", json!([])), ("scopes", json!(["everything"])), ("days", json!(0)), ("days", json!(366))]
    {
        let mut faulty = form(&lead, &[Scope::Read]);
        faulty[field] = value;
        let refused = his.post("/me/tokens", &faulty).refused(422);
        assert!(refused.reasons[0]["pointer"].as_str().unwrap().starts_with(&format!("/{field}")));
    }
    let mut wanted = form(&lead, &[Scope::Read, Scope::Bench]);
    wanted["device"] = json!("incubator logger 2");
    wanted["days"] = json!(10);
    let made = his.post("/me/tokens", &wanted).ok();
    let token = made["token"].as_str().unwrap();
    let listed = his.get("/me/tokens").ok();
    let own = listed["items"].as_array().unwrap().iter().find(|own| own["name"] == "logger").unwrap();
    assert_eq!(
        (&own["name"], &own["device"], &own["scopes"]),
        (&json!("logger"), &json!("incubator logger 2"), &json!(["read", "bench"]))
    );
    assert!(!listed.to_string().contains(token) && !his.get("//me").text.contains(token));
    for shown in [his.get("//me").text, centre.administrator().get("//access").text] {
        assert!(shown.contains("incubator logger 2"));
    }
    bearer(&centre, token, "GET", "/batches").ok();
    centre.set_clock(centre.now().plus(TimeDelta::days(10)));
    bearer(&centre, token, "GET", "/batches").refused(401);
    let his = signed_in(&centre, &lead);
    for _ in 0..10 {
        his.post("/me/tokens", &form(&wrong, &[Scope::Read])).refused(401);
    }
    his.post("/me/tokens", &form(&lead, &[Scope::Read])).refused(429);

    // On its page.
    let technician = centre.technician().account().clone();
    let her = signed_in(&centre, &technician);
    let fields = |password: &str| {
        let fields = [("name", "counter"), ("scope", "bench"), ("scope", "read"), ("days", "30")];
        her.fill_in("//me/tokens", &[&fields[..], &[("password", password)]].concat())
    };
    assert_eq!(fields("not the password").status, 401);
    assert_eq!(her.fill_in("//me/tokens", &[("name", "counter")]).status, 422);
    let page = fields(&technician.password).text;
    let shown = page.split("baiyo_").nth(1).unwrap().split('<').next().unwrap();
    bearer(&centre, &format!("baiyo_{shown}"), "GET", "/batches").ok();
}

#[test]
fn a_token_asks_for_the_code_where_its_owner_has_a_second_factor() {
    let mut centre = Centre::open();
    centre.is_set_up(Settings { second_factor: SecondFactor::ByRole, ..stories::unhurried() });
    let releaser = centre.releaser().account().clone();
    let his = signed_in(&centre, &releaser);
    his.post("/me/tokens", &form(&releaser, &[Scope::Read])).refused(403).only(&["second_factor_needed"]);
    let page = his.get("//me/factor").text;
    let app = stories::Authenticator::scan(&page);
    let proposal =
        page.split_once("name=\"proposal\" value=\"").unwrap().1.split('"').next().unwrap().to_string();
    let first = app.code(centre.now(), 0);
    let set = his.fill_in(
        "//me/factor",
        &[("proposal", &proposal), ("password", &releaser.password), ("first", &first)],
    );
    assert_eq!(set.status, 303, "{}", set.text);
    centre.set_clock(centre.now().plus(TimeDelta::seconds(60)));
    his.post("/me/tokens", &form(&releaser, &[Scope::Read])).refused(401).only(&["code_needed"]);
    let mut with_code = form(&releaser, &[Scope::Read]);
    with_code["code"] = json!("000000");
    his.post("/me/tokens", &with_code).refused(401).only(&["wrong_code"]);
    with_code["code"] = json!(app.code(centre.now(), 0));
    his.post("/me/tokens", &with_code).ok();
}

#[test]
fn no_token_reaches_anybodys_account() {
    let centre = Centre::open();
    let administrator = centre.administrator().account().clone();
    let whole = program(&centre, &administrator, &Scope::ALL, None).token;
    let id = Uuid::now_v7();
    for (method, path) in [
        ("POST", "/me/password".to_string()),
        ("POST", "/me/tokens".into()),
        ("GET", "/me/tokens".into()),
        ("DELETE", format!("/me/tokens/{id}")),
        ("GET", "/me/sessions".into()),
        ("DELETE", format!("/me/sessions/{id}")),
    ] {
        bearer(&centre, &whole, method, &path).refused(403).only(&["session_needed"]);
    }
    for (method, path) in [
        ("GET", "//me".to_string()),
        ("GET", "//me/password".into()),
        ("POST", "//me/password".into()),
        ("GET", "//me/factor".into()),
        ("POST", "//me/factor".into()),
        ("GET", "//me/tokens".into()),
        ("POST", "//me/tokens".into()),
        ("POST", "//me/badge".into()),
        ("POST", "//me/badge/end".into()),
        ("POST", "//me/pin".into()),
        ("POST", format!("//me/sessions/{id}/end")),
        ("POST", format!("//me/tokens/{id}/end")),
        ("GET", "//tablets".into()),
        ("POST", "//tablets".into()),
        ("POST", format!("//tablets/{id}/end")),
        ("POST", format!("//people/{}/access/end", administrator.id)),
        ("POST", format!("//people/{}/links/end", administrator.id)),
    ] {
        assert_eq!(bearer(&centre, &whole, method, &path).status, 403, "{method} {path}");
    }
    bearer(&centre, &whole, "GET", "/people").ok();
}

/// Somebody's programs, each of one scope, and what each form and each list answers them.
#[test]
fn what_is_outside_its_scope_answers_403_that_names_the_scope() {
    let centre = Centre::open();
    let (mut tried, mut refused, mut recorded) = (0, 0, false);
    for role in Role::ALL {
        let member = centre.people().iter().find(|member| member.role == role).unwrap().clone();
        for scope in Scope::ALL {
            let token = program(&centre, &member, &[scope], None).token;
            // What its owner may not, no scope changes: one of them is tried.
            let tried_here = |action: &str| may(&[role], action) || scope == Scope::Bench;
            for route in form_routes().into_iter().filter(|route| tried_here(&route.action)) {
                centre.set_clock(centre.now().plus(TimeDelta::seconds(2)));
                let path = route.path.replace("{id}", &Uuid::now_v7().to_string());
                let answer = bearer(&centre, &token, "POST", &path);
                let (his, lent) = (may(&[member.role], &route.action), covers(&[scope], &route.action));
                tried += 1;
                match (his, lent) {
                    // Never more than its owner may.
                    (false, _) => drop(answer.refused(403).only(&[])),
                    (true, false) => {
                        refused += 1;
                        let named = answer.refused(403);
                        named.only(&["out_of_scope"]);
                        let needed = scope_of(&route.action).unwrap().word();
                        let sentence = named.reasons[0]["sentence"].as_str().unwrap().to_string();
                        assert!(sentence.contains(&format!("needs {needed} (")), "{path}: {sentence}");
                    }
                    (true, true) => assert_ne!(answer.status, 403, "{} as {scope:?}", route.action),
                }
            }
        }
        centre.minutes(20);
        recorded |= centre.inspector().get("/attempts").text.contains("out_of_scope");
    }
    println!("{tried} cases, {refused} out of scope");
    assert!(refused >= 500, "{refused}");
    assert!(recorded, "an attempt that is not lent is recorded");
    assert!(TABLE.iter().filter(|rule| scope_of(rule.action).is_none()).count() == 3);
}

#[test]
fn a_token_signs_nothing_without_the_password_and_an_instruments_not_even_with_it() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Opened);
    let lead = centre.lead().account().clone();
    let path = course.path("instruction");
    let signing = |member: &Member, password: Option<&str>| {
        let who: Asking = centre.member(member);
        let mut form = json!({ "instructions": "culture as the standard says" });
        if let Some(password) = password {
            form["signature"] = json!({ "password": password, "meaning": "instruction" });
        }
        let version = centre.inspector().version_of(&path);
        who.call("POST", &path).json(&form).header("if-match", &version).send()
    };
    assert!(meaning_of("batch.intake.instruction").is_some());
    let own = program(&centre, &lead, &Scope::ALL, None);
    signing(&own, None).refused(422).only(&["missing"]);
    signing(&own, Some(&own.token)).refused(401).only(&["wrong_password"]);
    let instrument = program(&centre, &lead, &Scope::ALL, Some("cell counter"));
    signing(&instrument, Some(&lead.password)).refused(403).only(&["device_signs_nothing"]);
    let recorded = |member: &Member| centre.member(member).get(&format!("/batches/{}", course.batch)).ok();
    assert_eq!(recorded(&instrument)["status"], recorded(&own)["status"]);
    signing(&own, Some(&lead.password)).ok();
}

#[test]
fn tokens_from_before_read_and_record_and_administer_nothing() {
    let centre = Centre::open();
    let administrator = centre.administrator().account().clone();
    // As the migration leaves them: by the column's own default.
    let default = match engine::is_postgres() {
        true => "UPDATE api_token SET scopes = DEFAULT",
        false => {
            "UPDATE api_token SET scopes = (SELECT trim(dflt_value, '''') FROM pragma_table_info('api_token') \
             WHERE name = 'scopes')"
        }
    };
    centre.database().batch_execute(default).unwrap();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    centre.inspector().get(&format!("/batches/{}/history", course.batch)).ok();
    centre.administrator().get("/people").ok();
    let form = json!({ "name": "ABE Jun", "sign_in": "abe.jun" });
    centre.administrator().post("/people", form.clone()).refused(403).only(&["out_of_scope"]);
    signed_in(&centre, &administrator).post("/people", &form).ok();
}

#[test]
fn a_signing_begun_with_the_old_password_ends_with_its_change() {
    let centre = Centre::open();
    let releaser = centre.releaser().account().clone();
    let person = PersonId(releaser.id);
    let draft =
        centre.standard_read(centre.standard_changed(FRESH, |standard| standard["version"] = json!(40)));
    let mut draft = draft["standard"].clone();
    draft["version"] = json!(41);
    let id = centre.analyst().post("/standards", json!({ "standard": draft })).made();
    let route = form_routes().into_iter().find(|route| route.action == "standard.approval").unwrap();
    let store = centre.store();
    let proven = || {
        let locked = store.read(|conn| Ok::<_, StoreError>(accounts::locked_key(conn, person)?)).unwrap();
        let unlocked = locked.unwrap().unlock(&releaser.password, Meaning::StandardApproval);
        store
            .reauthenticate(unlocked, Origin::Machine)
            .unwrap()
            .unwrap_or_else(|_| panic!("the right password"))
    };
    let execute = |proof: Reauthenticated| {
        let command = (route.read)(id, json!({})).unwrap_or_else(|_| panic!("a form"));
        let (recorder, proof) = (person, Some(proof));
        store.execute(Request {
            recorder,
            source: None,
            command,
            once: None,
            expected_version: Some(1),
            proof,
            personal: None,
        })
    };
    let begun = proven();
    let again = json!({ "password": releaser.password, "new_password": NEW });
    signed_in(&centre, &releaser).post("/me/password", &again).ok();
    // The key is the same, and what the password that opened it was is not.
    assert!(matches!(execute(begun), Err(ExecuteError::PasswordChanged)));
    let read = centre.inspector().get(&format!("/standards/{id}")).ok();
    assert_eq!(read["standing"], "draft", "{read}");
    let back = Browser::new(&centre);
    back.sign_in(&releaser.sign_in, NEW).ok();
    back.post("/me/password", &json!({ "password": NEW, "new_password": releaser.password })).ok();
    execute(proven()).unwrap();
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Tokens of a person that are in force.
fn in_force(centre: &Centre, member: &Member) -> i64 {
    let hex = member.id.simple();
    let person = if engine::is_postgres() { format!("'{hex}'::uuid") } else { format!("x'{hex}'") };
    let sql =
        format!("SELECT count(*) AS number FROM api_token WHERE ended_at IS NULL AND person = {person}");
    diesel::sql_query(sql).get_result::<Count>(&mut centre.database()).unwrap().number
}

#[test]
fn a_token_made_in_the_instant_in_which_all_end_is_dead() {
    let centre = Centre::open();
    let rounds = 12;
    let (mut made, mut refused) = (0, 0);
    for round in 0..rounds {
        let member = centre.people()[round % 4].clone();
        let his = signed_in(&centre, &member);
        let several: Vec<Browser> = (0..4).map(|_| signed_in(&centre, &member)).collect();
        let start = Barrier::new(several.len() + 1);
        let statuses: Vec<u16> = std::thread::scope(|threads| {
            let making: Vec<_> = several
                .iter()
                .map(|browser| browser.call("POST", "/me/tokens").json(&form(&member, &[Scope::Read])))
                .map(|call| {
                    let start = &start;
                    threads.spawn(move || {
                        start.wait();
                        (0..3).map(|_| call.clone().send().status).collect::<Vec<_>>()
                    })
                })
                .collect();
            let change = json!({ "password": member.password, "new_password": NEW });
            let change = his.call("POST", "/me/password").json(&change);
            start.wait();
            std::thread::sleep(std::time::Duration::from_millis(30 * round as u64 % 200));
            assert_eq!(change.send().status, 200);
            making.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        made += statuses.iter().filter(|status| **status == 200).count();
        refused += statuses.iter().filter(|status| **status == 401).count();
        assert!(statuses.iter().all(|status| [200, 401, 429].contains(status)), "{statuses:?}");
        assert_eq!(in_force(&centre, &member), 0, "round {round}: what was made before it has ended");
        // Back, for the next round.
        let back = Browser::new(&centre);
        centre.minutes(16);
        back.sign_in(&member.sign_in, NEW).ok();
        back.post("/me/password", &json!({ "password": NEW, "new_password": member.password })).ok();
    }
    println!("{made} tokens made before, {refused} refused after");
    assert!(made > 0 && refused > 0, "both happened: {made} and {refused}");
}

#[test]
fn nothing_of_an_account_is_changed_once_its_sessions_were_ended() {
    let centre = Centre::open();
    let administrator = signed_in(&centre, centre.administrator().account());
    let member = centre.lead().account().clone();
    let ends = format!("//people/{}/access/end", member.id);
    let (mut changed, mut refused) = (0, 0);
    let mut password = member.password.clone();
    for round in 0..14 {
        let his = Browser::new(&centre);
        his.sign_in(&member.sign_in, &password).ok();
        let new = if round % 2 == 0 { NEW } else { &member.password };
        let call = match round < 10 {
            true => {
                his.call("POST", "/me/password").json(&json!({ "password": password, "new_password": new }))
            }
            false => {
                // The last rounds set up a second factor: none of them may.
                let page = his.get("//me/factor").text;
                let (_, rest) = page.split_once("name=\"proposal\" value=\"").unwrap();
                let first = Authenticator::scan(&page).code(centre.now(), 0);
                let body = [
                    ("proposal", rest.split('"').next().unwrap()),
                    ("password", &password),
                    ("first", &first),
                ];
                his.form("//me/factor", &body)
            }
        };
        let end = administrator.form(&ends, &[]);
        let status = std::thread::scope(|threads| {
            let ending = threads.spawn(move || {
                // The password is being looked at meanwhile, which takes a moment.
                std::thread::sleep(std::time::Duration::from_millis([2, 10, 30, 60, 120][round % 5]));
                end.send().status
            });
            let status = his.send(call).status;
            assert_eq!(ending.join().unwrap(), 303);
            status
        });
        // Whichever came first: nothing of his goes on after it.
        his.get("/me").refused(401);
        match status {
            200 | 303 => {
                (changed, password) = (changed + 1, if round < 10 { new.to_string() } else { password })
            }
            401 => refused += 1,
            other => panic!("{other}"),
        }
        let back = Browser::new(&centre);
        let form = json!({ "sign_in": member.sign_in, "password": password });
        let entered = back.post("/session", &form);
        if round >= 10 && (200..400).contains(&status) {
            entered.refused(401).only(&["code_needed"]);
            break;
        }
        entered.ok();
        centre.minutes(16);
    }
    println!("{changed} changed before, {refused} refused after");
    assert!(refused > 0, "the race was run: {changed} and {refused}");
}

#[test]
fn an_administrator_ends_sessions_tokens_and_links() {
    let mut centre = Centre::open();
    centre.stop();
    centre.start_apart_in(&[("BAIYO_LOG_FORMAT", "json"), ("BAIYO_LOG_LEVEL", "info")]);
    let (lead, technician) = (centre.lead().account().clone(), centre.technician().account().clone());
    let (his, others) = (signed_in(&centre, &lead), signed_in(&centre, &technician));
    let administrator = signed_in(&centre, centre.administrator().account());
    let at = |who: &Browser, path: &str| who.fill_in(&format!("//people/{}/{path}/end", lead.id), &[]).status;
    assert_eq!((at(&others, "access"), at(&his, "access")), (403, 403));
    his.get("/me").ok();
    centre.lead().get("/batches").ok();
    assert!(administrator.get(&format!("//people/{}", lead.id)).text.contains("End all sessions and tokens"));
    assert_eq!(at(&administrator, "access"), 303);
    his.get("/me").refused(401);
    centre.lead().get("/batches").refused(401);
    others.get("/me").ok();
    assert_eq!(administrator.fill_in(&format!("//people/{}/access/end", Uuid::now_v7()), &[]).status, 404);
    his.sign_in(&lead.sign_in, &lead.password).ok();

    let asked = json!({ "reason": "forgotten" });
    let link = administrator.post(&format!("/people/{}/setup_link", lead.id), &asked).ok();
    let opened =
        || Browser::new(&centre).fill_in("//setup", &[("link", link["token"].as_str().unwrap())]).status;
    assert_eq!(opened(), 200);
    assert_eq!((at(&others, "links"), at(&administrator, "links")), (403, 303));
    assert_eq!(opened(), 404);
    his.get("/me").ok();
    let log = centre.log();
    let ended: Vec<&str> = log.lines().filter(|line| line.contains("access_ended")).collect();
    assert_eq!(ended.len(), 2, "{log}");
    for line in ended {
        let by = centre.administrator().id().to_string();
        assert!(line.contains(&by) && line.contains(&lead.id.to_string()), "{line}");
    }
}
