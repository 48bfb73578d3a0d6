//! Nobody's browser is talked into anything: every way in which a request can say where it comes from, by every method,
//! to pages and API, with cookie, token, both or neither, is answered as the table says. And whatever is only read changes
//! nothing.

use baiyo::api::form_routes;
use baiyo_domain::authority::Role;
use rusqlite::types::Value as Cell;
use serde_json::json;
use std::collections::BTreeMap;
use stories::{Centre, Course, Recipe, Step, api, engine};

const FORM: &str = "application/x-www-form-urlencoded";

/// What a browser says of where a request comes from, and whether that is a page of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Ours,
    Elsewhere,
    Nothing,
}

const FETCH_SITE: [(Option<&str>, Says); 6] = [
    (Some("same-origin"), Says::Ours),
    (Some("none"), Says::Ours),
    (Some("same-site"), Says::Elsewhere),
    (Some("cross-site"), Says::Elsewhere),
    (Some("same-origin, cross-site"), Says::Elsewhere),
    (None, Says::Nothing),
];

/// Origins, seen from the server's own address.
fn origins(own: &str) -> Vec<(Option<String>, Says)> {
    let host = own.trim_start_matches("http://");
    let port = host.rsplit(':').next().unwrap();
    vec![
        (None, Says::Nothing),
        (Some(own.to_string()), Says::Ours),
        (Some(format!("https://{host}")), Says::Elsewhere),
        (Some("http://127.0.0.1".into()), Says::Elsewhere),
        (Some(format!("http://localhost:{port}")), Says::Elsewhere),
        (Some(format!("{own}.evil.example")), Says::Elsewhere),
        (Some(host.to_string()), Says::Elsewhere),
        (Some("null".into()), Says::Elsewhere),
        (Some("https://evil.example".into()), Says::Elsewhere),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carries {
    Cookie,
    Token,
    Both,
    Nothing,
}

/// By which method, where, and with what.
type Door = (&'static str, &'static str, Option<(String, &'static str)>);

/// Whether the table lets a request to change something through to its route.
fn passes(fetch_site: Says, origin: Says, carries: Carries, is_page: bool) -> bool {
    let says = if fetch_site == Says::Nothing { origin } else { fetch_site };
    match carries {
        Carries::Cookie | Carries::Both => says == Says::Ours,
        Carries::Token => true,
        Carries::Nothing => says == Says::Ours || (says == Says::Nothing && !is_page),
    }
}

#[test]
fn what_another_site_has_a_browser_send_changes_nothing_whatever_it_says() {
    let centre = Centre::open();
    let technician = centre.technician().account();
    let password = json!({ "sign_in": technician.sign_in, "password": technician.password });
    let signed_in = centre.stranger().post("/session", password.clone());
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_string();
    let typed = format!("sign_in={}&password={}", technician.sign_in, technician.password.replace(' ', "+"));
    let doors: [Door; 8] = [
        ("POST", "/session", Some((password.to_string(), "application/json"))),
        ("POST", "/quality_events", Some((json!({ "name": "stolen" }).to_string(), "application/json"))),
        ("PUT", "/quality_events", None),
        ("PATCH", "/me", None),
        ("POST", "//sign-in", Some((typed, FORM))),
        ("POST", "//bench/kit", Some(("room=R1".into(), FORM))),
        ("POST", "//record/batches", Some(("once=x".into(), FORM))),
        ("DELETE", "//batches", None),
    ];
    let (mut tried, mut refused, mut wrong) = (0, 0, Vec::new());
    for (method, path, body) in &doors {
        for (site, site_says) in FETCH_SITE {
            for (origin, origin_says) in origins(centre.address()) {
                for carries in [Carries::Cookie, Carries::Token, Carries::Both, Carries::Nothing] {
                    let who = match carries {
                        Carries::Token | Carries::Both => centre.technician(),
                        Carries::Cookie | Carries::Nothing => centre.stranger(),
                    };
                    let mut call = who.call(method, path);
                    if matches!(carries, Carries::Cookie | Carries::Both) {
                        call = call.header("cookie", &cookie);
                    }
                    if let Some((body, media)) = body {
                        call = call.body(body.clone().into_bytes(), media);
                    }
                    for (name, value) in [("sec-fetch-site", site), ("origin", origin.as_deref())] {
                        if let Some(value) = value {
                            call = call.header(name, value);
                        }
                    }
                    let answer = call.send();
                    let stopped = answer.status == 403
                        && (answer.text.contains("cross_site")
                            || answer.text.contains("does not come from a page"));
                    let expected = passes(site_says, origin_says, carries, path.starts_with("//"));
                    assert!(answer.status < 500, "{answer:?}");
                    tried += 1;
                    refused += usize::from(stopped);
                    if stopped == expected {
                        wrong.push(format!(
                            "{method} {path} {site:?} {origin:?} {carries:?}: {}",
                            answer.status
                        ));
                    }
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(tried >= 1_700 && refused > 500, "{tried} tried, {refused} refused");
    println!("{tried} combinations, {refused} refused, 0 accepted that should not be");
}

/// Tables that move by themselves: how lately a session or token was used, to whom a name was shown, and how far what is
/// recorded is sealed.
const BY_THEMSELVES: [&str; 7] =
    ["session", "api_token", "unsealed", "checkpoint", "tree_leaf", "tree_node", "disclosure"];

/// Every row of every other table, but attempts, which are recorded as they should be.
fn rows(centre: &Centre) -> BTreeMap<String, Vec<String>> {
    let database = rusqlite::Connection::open(centre.folder().join("baiyo.sqlite")).unwrap();
    let mut names = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let kept = names.into_iter().filter(|name| !BY_THEMSELVES.contains(&name.as_str()));
    let whole = |name: String| {
        let of = if name == "journal" { "WHERE stream_kind <> 'attempts'" } else { "" };
        let mut all = database.prepare(&format!("SELECT * FROM \"{name}\" {of}")).unwrap();
        let columns = all.column_count();
        let rows = all.query_map([], |row| {
            Ok((0..columns)
                .map(|n| format!("{:?}", row.get::<_, Cell>(n).unwrap()))
                .collect::<Vec<_>>()
                .join("|"))
        });
        let mut rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
        rows.sort();
        (name, rows)
    };
    kept.map(whole).collect()
}

const PAGES: [&str; 26] = [
    "/",
    "/sign-in",
    "/setup",
    "/find?code=x",
    "/bench",
    "/bench/map",
    "/batches",
    "/batches/{batches}",
    "/batches/{batches}/documents",
    "/batches/{batches}/labels",
    "/batches/{batches}/record",
    "/batches/{batches}/review",
    "/batches/{batches}/standard",
    "/clinic",
    "/clinic/scan",
    "/planner",
    "/trends",
    "/quality",
    "/orders",
    "/orders/{orders}",
    "/records",
    "/people",
    "/people/{people}",
    "/standards",
    "/language/ja",
    "/theme/dark",
];

#[test]
fn whatever_is_only_read_changes_nothing() {
    if engine::is_postgres() {
        // The rows are compared in the embedded engine's file; the routes are the same.
        return;
    }
    let centre = Centre::open();
    let course = Course::run(
        &centre,
        Recipe::of(centre.standard("config/standards/adipose-msc-autologous-fresh.toml")),
        Step::Filled,
    );
    let of = |collection: &str| match collection {
        "batches" => course.batch.to_string(),
        "orders" => course.order.to_string(),
        "people" => centre.checker().id().to_string(),
        _ => uuid::Uuid::nil().to_string(),
    };
    let mut paths: Vec<String> = PAGES.iter().map(|path| format!("/{path}")).collect();
    for (path, item) in api()["paths"].as_object().unwrap() {
        if item.get("get").is_some() {
            paths.push(path.replace("{id}", &format!("{{{}}}", path.split('/').nth(1).unwrap())));
        }
    }
    for route in form_routes() {
        let collection = route.path.split('/').nth(1).unwrap();
        paths.push(format!("//record{}", route.path.replace("{id}", &format!("{{{collection}}}"))));
    }
    for path in &mut paths {
        for collection in ["batches", "orders", "people", "standards", "quality_events"] {
            *path = path.replace(&format!("{{{collection}}}"), &of(collection));
        }
        *path = path.replace("{label}", "nonsense").replace("{sha256}", &"0".repeat(64));
    }
    let mut answered = 0;
    for role in [Role::Technician, Role::Releaser, Role::Administrator, Role::Coordinator] {
        // For his own account he signs in, before anything is compared.
        centre.role(role).get("/me/sessions").ok();
        let before = rows(&centre);
        for path in &paths {
            for method in ["GET", "HEAD"] {
                // Slowly: each attempt that is not his to make is recorded, as it should be.
                centre.set_clock(centre.now().plus(chrono::TimeDelta::seconds(2)));
                let answer = centre.role(role).call(method, path).send();
                assert!(answer.status < 500, "{method} {path}: {answer:?}");
                answered += usize::from(answer.status == 200);
            }
        }
        let after = rows(&centre);
        for (table, rows) in &before {
            assert_eq!(rows.len(), after[table].len(), "{table} after {} requests", paths.len() * 2);
            assert_eq!(rows, &after[table], "{table}");
        }
    }
    assert!(answered > 150, "{answered} were answered");
}
