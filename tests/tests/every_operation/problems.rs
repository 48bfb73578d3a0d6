//! Every documented problem, provoked: most by sending again, wrongly, what succeeded on the tour.

use baiyo::settings::{SecondFactor, Settings};
use baiyo_domain::ids::{Label, LabelKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use stories::{Asking, Browser, Call, Centre, Member, Sent, api};
use uuid::Uuid;

type All = BTreeMap<(String, String), Sent>;

fn statuses(method: &str, template: &str) -> Vec<u16> {
    let operation = &api()["paths"][template][method.to_lowercase()];
    operation["responses"].as_object().unwrap().keys().map(|status| status.parse().unwrap()).collect()
}

fn method_of(method: &str) -> &'static str {
    ["GET", "POST", "DELETE"].into_iter().find(|known| *known == method).unwrap()
}

fn asking<'a>(centre: &'a Centre, sent: &'a Sent) -> Asking<'a> {
    sent.member.as_ref().map_or(centre.stranger(), |member| centre.member(member))
}

fn with_body<'a>(call: Call<'a>, body: Option<&Value>) -> Call<'a> {
    match body {
        Some(body) => call.json(body),
        None => call,
    }
}

/// What is sent elsewhere than it succeeded: an identifier or a link that leads nowhere.
fn nowhere(template: &str, sent: &Sent) -> (String, Option<Value>) {
    let lost = Uuid::now_v7().to_string();
    let mut body = sent.body.clone();
    let path = match template {
        "/labels/{label}" => {
            let site = "DEMO".to_string().try_into().unwrap();
            let label = (1..9).find_map(|serial| Label::new(LabelKind::Batch, &site, 99, serial)).unwrap();
            return (format!("/labels/{label}"), None);
        }
        "/blobs/{sha256}" => return (format!("/blobs/{}", "0".repeat(64)), None),
        "/setup"
        | "/orders"
        | "/batches"
        | "/quality_events"
        | "/site/clinic_change"
        | "/site/incubator_change" => sent.path.clone(),
        _ => template.replace("{id}", &lost),
    };
    let named = match template {
        "/setup" => json!({ "token": "spent" }),
        "/orders" => json!({ "patient": lost, "personal": null }),
        "/batches" => json!({ "order": lost }),
        "/quality_events" => json!({ "batches": [lost] }),
        "/site/clinic_change" => json!({ "clinic": lost }),
        "/site/incubator_change" => json!({ "incubator": lost }),
        _ => json!({}),
    };
    if let Some(fields) = body.as_mut().and_then(Value::as_object_mut) {
        for (field, value) in named.as_object().unwrap() {
            match value {
                Value::Null => drop(fields.remove(field)),
                value => drop(fields.insert(field.clone(), value.clone())),
            }
        }
    }
    (path, body)
}

/// What any request can do wrongly: nobody signed in, somebody else, elsewhere, in another form.
pub fn of_every_request(centre: &Centre, all: &All) {
    for ((method, template), sent) in all {
        let (method, documented) = (method_of(method), statuses(method, template));
        let who = asking(centre, sent);
        let body = sent.body.as_ref();
        if documented.contains(&401) && template != "/session" {
            let call = with_body(centre.stranger().call(method, &sent.path), body);
            call.header("sec-fetch-site", "same-origin").send().refused(401);
        }
        if documented.contains(&403) {
            // So slowly that no attempt goes unrecorded.
            centre.set_clock(centre.now().plus(chrono::TimeDelta::seconds(2)));
            forbidden(centre, method, template, sent);
        }
        if documented.contains(&404) {
            let (path, body) = nowhere(template, sent);
            let call = with_body(who.call(method, &path), body.as_ref());
            call.header("if-match", "\"1\"").send().refused(404);
        }
        if documented.contains(&415) {
            who.call(method, &sent.path).body(b"a: 1".to_vec(), "text/plain").send().refused(415);
            who.call(method, &sent.path)
                .body(b"{".to_vec(), "application/json")
                .send()
                .refused(400)
                .names("not_json");
            let large = vec![b' '; 300 * 1024];
            who.call(method, &sent.path).body(large, "application/json").send().refused(413);
            let mut unknown = body.cloned().unwrap();
            unknown["no_such_field"] = json!(1);
            let refused = who.call(method, &sent.path).json(&unknown).send().refused(422);
            assert_eq!(refused.reasons[0]["pointer"], "/no_such_field", "{method} {template}");
        }
    }
    let ending = centre.stranger().call("DELETE", "/session").header("sec-fetch-site", "same-origin");
    ending.send().refused(401);
    let inspector = centre.inspector();
    for path in [
        "/batches?after=1",
        "/orders?after=x",
        "/quality_events?after=_",
        "/attempts?after=x",
        &format!("/people/{}/disclosures?after=x", centre.technician().id()),
        &format!("/patients/{}/disclosures?after=x", patient_in(all)),
        "/labels/nonsense",
    ] {
        inspector.get(path).refused(422);
    }
}

fn patient_in(all: &All) -> String {
    let read = &all[&("GET".to_string(), "/patients/{id}/disclosures".to_string())].path;
    read.split('/').nth(2).unwrap().to_string()
}

fn forbidden(centre: &Centre, method: &'static str, template: &str, sent: &Sent) {
    if method == "GET" && is_everybodys(template) {
        // By whoever lacks a second factor: see there.
        return;
    }
    if sent.member.is_none() || template.starts_with("/me/") {
        // Anybody may, but not by a cookie from another site.
        let call = centre.stranger().call(method, &sent.path).header("cookie", "baiyo_session=x");
        with_body(call, sent.body.as_ref()).header("sec-fetch-site", "cross-site").send().refused(403);
        return;
    }
    if method == "POST" {
        // An inspector submits no form at all.
        centre.inspector().post(&sent.path, sent.body.clone().unwrap_or(json!({}))).refused(403);
        return;
    }
    let mut others = centre.people().iter().filter(|member| !member.token.is_empty());
    let refused = others.any(|member| centre.member(member).get(&sent.path).status == 403);
    assert!(refused, "{method} {template} is forbidden to nobody");
}

/// What everybody may do, whatever his role.
fn is_everybodys(template: &str) -> bool {
    template.starts_with("/me") || template == "/checkpoint"
}

/// Whoever must have a second factor and has none reads nothing in a session, not of himself either.
pub fn of_a_lacking_factor(centre: &mut Centre, all: &All) {
    centre.is_set_up(Settings { second_factor: SecondFactor::Everybody, ..stories::unhurried() });
    let his = Browser::new(centre);
    let lead = centre.lead().account();
    his.sign_in(&lead.sign_in, &lead.password).ok();
    for ((method, _), sent) in all.iter().filter(|((_, template), _)| is_everybodys(template)) {
        let call = with_body(his.call(method_of(method), &sent.path), sent.body.as_ref());
        his.send(call).refused(403).only(&["second_factor_needed"]);
    }
}

/// What succeeded once, sent again: most of it is over by now.
pub fn of_what_is_over(centre: &Centre, all: &All) {
    for ((method, template), sent) in all {
        if method != "POST" || !statuses(method, template).contains(&409) {
            continue;
        }
        let (who, body) = (asking(centre, sent), sent.body.clone().unwrap());
        let versioned = body.get("signature").is_some() || template.ends_with("/correction");
        let again = if versioned { who.post_seen(&sent.path, body) } else { who.post(&sent.path, body) };
        assert!(again.status < 500, "{method} {template}: {again:?}");
    }
}

/// What only particular states refuse.
pub fn of_particular_states(centre: &Centre, all: &All) {
    let sent = |template: &str| &all[&("POST".to_string(), template.to_string())];
    let with = |template: &str, field: &str, value: Value| {
        let sent = sent(template);
        let mut body = sent.body.clone().unwrap();
        body[field] = value;
        asking(centre, sent).post(&sent.path, body)
    };
    let hand_in = |bytes: Vec<u8>| centre.technician().call("POST", "/blobs").body(bytes, "image/png").send();
    hand_in(vec![0x89; 9 << 20]).refused(413).only(&["picture_too_large"]);
    hand_in(b"no picture".to_vec()).refused(422).only(&["not_a_picture"]);
    let nobody = Uuid::now_v7();
    for form in ["sampling", "sending", "storage", "outcome"] {
        let refused =
            with(&format!("/batches/{{id}}/{form}"), "performed", json!({ "by": nobody })).refused(409);
        refused.only(&["no_such_person"]);
    }
    with("/batches/{id}/result", "test", json!("NO-SUCH-TEST"))
        .refused(409)
        .only(&["no_such_sample_or_test"]);
    let stranger = json!({ "name": "ABE Jun", "sign_in": "abe.jun", "clinic": nobody });
    centre.administrator().post("/people", stranger).refused(409).only(&["clinic_mismatch"]);
    let unknown = json!({ "sign_in": "no.such", "password": "three quiet herons" });
    centre.stranger().post("/session", unknown).refused(401).only(&["wrong_password"]);
    let clinic = json!({ "name": "Twice" });
    centre.administrator().post("/site/clinic_registration", clinic.clone()).ok();
    centre.administrator().post("/site/clinic_registration", clinic).refused(409).only(&["already_done"]);
}

/// As a program of his: of an own account it is refused, whoever's.
fn by_token<'a>(centre: &'a Centre, member: &'a Member, method: &'static str, path: &str) -> Call<'a> {
    let call = centre.member(member).call(method, path);
    call.header("authorization", &format!("Bearer {}", member.token))
}

/// So many refused attempts that no more are recorded.
pub fn of_too_many_attempts(centre: &Centre, all: &All) {
    let refused = |call: Call| [403, 429].contains(&call.send().status);
    for ((method, template), sent) in all {
        let (method, documented) = (method_of(method), statuses(method, template));
        if !documented.contains(&429) || sent.member.is_none() {
            continue;
        }
        let ask = |member| with_body(by_token(centre, member, method, &sent.path), sent.body.as_ref());
        let mut others = centre.people().iter().filter(|member| !member.token.is_empty());
        let member = others.find(|member| refused(ask(member))).expect("forbidden to somebody");
        let limited = (0..=60).map(|_| ask(member).send()).find(|answer| answer.status == 429);
        let limited = limited.unwrap_or_else(|| panic!("{method} {template} may be tried for ever"));
        assert!(limited.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok()));
        limited.refused(429);
    }
}

/// Tables that cannot be read: whatever is asked, nothing is kept and nothing panics.
pub fn of_records_that_cannot_be_read(centre: &Centre, all: &All) {
    let mut owner = centre.database();
    let embedded = !owner.is_postgres();
    if embedded {
        let copy = "CREATE TEMP TABLE form AS SELECT type, name, sql FROM sqlite_schema";
        owner.batch_execute(copy).expect("a copy");
    }
    let mut rename = |from: &str, to: &str| {
        let tables = ["api_token", "account", "setup_link", "session"];
        let sql = tables.map(|table| format!("ALTER TABLE {from}{table} RENAME TO {to}{table};"));
        owner.batch_execute(&sql.concat()).expect("the owner renames his tables");
    };
    rename("", "away_");
    for ((method, template), sent) in all {
        let (method, documented) = (method_of(method), statuses(method, template));
        if documented.contains(&503) {
            let call = with_body(asking(centre, sent).call(method, &sent.path), sent.body.as_ref());
            let call = match template.as_str() {
                "/session" | "/me/tokens" => call.header("cookie", "baiyo_session=x"),
                _ => call,
            };
            call.header("sec-fetch-site", "same-origin").send().refused(503);
        }
    }
    rename("away_", "");
    if !embedded {
        return;
    }
    // Renaming writes the schema's text anew; it is put back to the letter.
    let back = "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = (SELECT f.sql FROM temp.form f WHERE (f.type, f.name) = (sqlite_schema.type, sqlite_schema.name))
        WHERE sql IS NOT NULL;
        PRAGMA writable_schema = RESET;";
    owner.batch_execute(back).expect("the schema as it was");
}

/// Wrong passwords, until no password counts any more. Last, for nobody can sign afterwards.
pub fn of_too_many_tries(centre: &Centre, all: &All) {
    const MOST_TRIES: usize = 12;
    for ((method, template), sent) in all {
        let place = match template.as_str() {
            "/session" | "/me/password" | "/me/tokens" => "/password",
            _ => "/signature/password",
        };
        let Some(mut body) = sent.body.clone().filter(|body| body.pointer(place).is_some()) else { continue };
        if !statuses(method, template).contains(&429) {
            continue;
        }
        let who = asking(centre, sent);
        *body.pointer_mut(place).unwrap() = json!("not the password");
        let mut tries = (0..MOST_TRIES).map(|_| who.post(&sent.path, body.clone()));
        let blocked = tries.find(|answer| match answer.status {
            401 => answer.clone().refused(401).reasons[0]["pointer"] != place,
            _ => true,
        });
        let blocked = blocked.unwrap_or_else(|| panic!("{template} may be tried for ever"));
        assert!(blocked.header("retry-after").and_then(|s| s.parse::<u64>().ok()).is_some_and(|s| s > 0));
        blocked.refused(429);
    }
}
