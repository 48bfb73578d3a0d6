//! What must hold on every page.

use super::frame::Frame;
use super::reader::Reader;
use super::status_chip::{self, BATCH_STATUSES};
use super::{assets, board, encoded, see_other};
use crate::cross_site;
use crate::server::{Centre, State};
use crate::settings::Settings;
use crate::words::{Language, Ui};
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{App, test as asking, web};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::gate::CheckState;
use baiyo_domain::batch::results::Verdict;
use baiyo_persistence::Store;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::reading::BatchRow;
use baiyo_persistence::sql_types::Id;
use chrono_tz::Tz;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// A header's text.
fn told(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn state(folder: &std::path::Path) -> web::Data<State> {
    let store = Store::open(folder, Arc::new(SystemClock)).unwrap();
    let centre = Centre { name: "A <b>centre</b>".into(), zone: Tz::Asia__Tokyo, demonstration: true };
    web::Data::new(State::new(Arc::new(store), centre, Settings::default()).unwrap())
}

#[actix_web::test]
async fn every_page_says_that_it_is_a_demonstration_and_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(folder.path());
    let app =
        asking::init_service(App::new().app_data(web::Data::clone(&state)).configure(super::configure)).await;
    for (path, status) in [
        ("/sign-in", StatusCode::OK),
        ("/setup", StatusCode::OK),
        ("/documentation", StatusCode::OK),
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/language/tlh", StatusCode::NOT_FOUND),
    ] {
        for language in Language::ALL {
            let request =
                asking::TestRequest::get().uri(path).insert_header((header::ACCEPT_LANGUAGE, language.tag()));
            let response = asking::call_service(&app, request.to_request()).await;
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(told(response.headers(), header::CACHE_CONTROL), "no-store", "{path}");
            let page = String::from_utf8(asking::read_body(response).await.to_vec()).unwrap();
            assert!(page.contains(crate::words::text(language, Ui::DemonstrationBanner)), "{path}");
            assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())), "{path}");
            assert!(
                page.contains("A &lt;b&gt;centre&lt;/b&gt;") && page.contains("href=\"#content\""),
                "{path}"
            );
            assert!(!page.contains("<script>") && !page.contains(" style="), "{path}: nothing inline");
        }
    }
}

#[actix_web::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::new().app_data(state(folder.path())).configure(super::configure);
    let app = asking::init_service(app).await;
    for (path, to) in [
        ("/", "/sign-in?to=/"),
        ("/orders?after=1&lang=ja", "/sign-in?to=/orders%3Fafter%3D1"),
        ("/language/ja?to=//evil.example", "/"),
        ("/language/ja?to=/orders", "/orders"),
    ] {
        let response = asking::call_service(&app, asking::TestRequest::get().uri(path).to_request()).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(told(response.headers(), header::LOCATION), to, "{path}");
    }
}

#[actix_web::test]
async fn a_form_from_another_site_is_refused_and_a_wrong_password_keeps_only_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::new().app_data(state(folder.path())).wrap(from_fn(cross_site::refuse));
    let app = asking::init_service(app.configure(super::configure)).await;
    let form = [("sign_in", "\"><script>x</script>"), ("password", "a secret nobody guesses")];
    let post = |site: &str| {
        let request = asking::TestRequest::post().uri("/sign-in").set_form(form);
        request.insert_header(("sec-fetch-site", site.to_string())).to_request()
    };
    let refused = asking::call_service(&app, post("cross-site")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let wrong = asking::call_service(&app, post("same-origin")).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let page = String::from_utf8(asking::read_body(wrong).await.to_vec()).unwrap();
    assert!(page.contains("role=\"alert\"") && page.contains("href=\"#sign_in\""));
    assert!(
        page.contains("value=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\"") && !page.contains("a secret")
    );
}

#[actix_web::test]
async fn the_style_sheet_is_kept_for_ever_under_its_own_name_and_the_probes_answer() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::new().app_data(state(folder.path())).configure(super::configure);
    let app = asking::init_service(app).await;
    let get = |path: &str| asking::TestRequest::get().uri(path).to_request();
    let style = asking::call_service(&app, get(&assets::style_address())).await;
    assert_eq!(told(style.headers(), header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert_eq!(asking::call_service(&app, get("/assets/baiyo-0.css")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(asking::call_and_read_body(&app, get("/healthz")).await, "ok");
    assert_eq!(asking::call_service(&app, get("/readyz")).await.status(), StatusCode::OK);
}

#[test]
fn what_people_typed_is_shown_as_text() {
    let row = BatchRow {
        id: Id(Uuid::nil()),
        label: "C1-B-DEMO-26-000001-X".into(),
        serial: String::new(),
        clinic: Id(Uuid::nil()),
        order_id: Id(Uuid::nil()),
        pseudonym: "<script>alert(1)</script>".into(),
        standard: "A & B v1".into(),
        purpose: "therapy".into(),
        status: "in_culture".into(),
        blockers: 3,
        containers: 2,
        released: 1,
        opened_at: 0,
        changed_at: 0,
        stands_until: None,
        version: 1,
    };
    let shown = board::table(&Reader::new(Language::En, Tz::Asia__Tokyo), &[(None, row)], None).into_string();
    assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && shown.contains("A &amp; B v1"));
    assert!(!shown.contains("<script"));
}

#[test]
fn every_state_has_a_shape_or_words_alone_and_its_own_word() {
    for language in Language::ALL {
        let batches: BTreeSet<String> = BATCH_STATUSES
            .into_iter()
            .map(|status| status_chip::batch(language, status).into_string())
            .collect();
        assert_eq!(batches.len(), BATCH_STATUSES.len());
        for status in BATCH_STATUSES {
            let chip = status_chip::batch_named(language, status.name()).into_string();
            assert!(!chip.contains(status.name()) || !status.name().contains('_'), "{chip} has no word");
        }
        let checks = [CheckState::Open, CheckState::Met, CheckState::Failed];
        assert!(
            checks
                .into_iter()
                .all(|state| status_chip::check(language, state).into_string().contains("<svg"))
        );
        let verdicts = [
            Verdict::Pass,
            Verdict::Fail,
            Verdict::Undecidable,
            Verdict::AwaitsInterpretation,
            Verdict::ControlsFailed,
            Verdict::Incubating,
        ];
        assert!(
            verdicts
                .into_iter()
                .all(|verdict| status_chip::verdict(language, verdict).into_string().contains("<svg"))
        );
        let discarded = status_chip::vessel(language, VesselState::Discarded).into_string();
        assert!(discarded.contains("bad") && discarded.contains("<svg"));
    }
}

#[test]
fn only_paths_of_this_site_are_gone_on_to() {
    let location = |path: &str| told(see_other(path).headers(), header::LOCATION).to_string();
    for path in ["/orders?after=1_2", "/batches/1#gate"] {
        assert_eq!(location(path), path);
    }
    for path in ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "", "/日本"]
    {
        assert_eq!(location(path), "/", "{path}");
    }
    assert_eq!(encoded("/a?b=ç&c"), "/a%3Fb%3D%C3%A7%26c");
}

#[test]
fn a_frame_without_a_centre_is_called_by_the_products_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), Arc::new(SystemClock)).unwrap();
    let centre = Centre { name: String::new(), zone: Tz::UTC, demonstration: false };
    let state = State::new(Arc::new(store), centre, Settings::default()).unwrap();
    let request = asking::TestRequest::get().uri("/orders").to_http_request();
    let frame = Frame::new(&request, &state, None);
    let response = frame.ok("T", maud::html! {});
    assert_eq!(response.status(), StatusCode::OK);
}

/// Lines that set a property by a name that is reckoned, or copy whole objects onto others.
fn sets_by_name(script: &str) -> Vec<&str> {
    let sets = |line: &&str| {
        let reckoned = line.match_indices(']').any(|(at, _)| {
            let rest = line[at + 1..].trim_start();
            let set = rest
                .strip_prefix(['+', '-', '|', '&', '?'])
                .unwrap_or(rest)
                .trim_start_matches(['|', '&', '?']);
            // `[a, b] = …` takes apart, `x[y] = …` sets.
            let open = line[..at].rfind('[').unwrap_or(0);
            let of = line[..open]
                .chars()
                .next_back()
                .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '$'));
            of && set.starts_with('=') && !set.starts_with("==") && !set.starts_with("=>")
        });
        let named = [
            "Object.assign",
            "__proto__",
            ".prototype",
            "defineProperty",
            "Reflect.set",
            "fromEntries",
            "eval(",
        ];
        reckoned || named.iter().any(|name| line.contains(name))
    };
    script.lines().filter(sets).collect()
}

#[test]
fn the_script_sets_no_property_by_a_name_from_outside() {
    let script = include_str!("../../assets/baiyo.js");
    assert_eq!(sets_by_name(script), Vec::<&str>::new());
    for line in ["kept[name] = value;", "a.b[c.d]=1", "x[y] ||= {}", "Object.assign(to, from);", "a[b] += 1"]
    {
        assert_eq!(sets_by_name(line), [line]);
    }
    for line in ["[a.b, c.d] = [1, 2];", "if (a[b] === c) {", "const f = ([a]) => a;", "const [x] = y;"] {
        assert!(sets_by_name(line).is_empty(), "{line}");
    }
}
