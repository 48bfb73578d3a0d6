//! The clinic's pages, as its coordinator and its physician use them in a browser without scripts: from the order to the
//! infusion, and nothing of it to another clinic.

use baiyo_domain::authority::Role;
use stories::{Answer, Asking, Centre, Course, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// Somebody at a browser.
struct Browser<'a> {
    centre: &'a Centre,
    who: Asking<'a>,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn of(centre: &'a Centre, who: Asking<'a>) -> Self {
        let account = who.account();
        let form = format!("sign_in={}&password={}", encoded(&account.sign_in), encoded(&account.password));
        let sign_in = centre.stranger().call("POST", "//sign-in").header("sec-fetch-site", "same-origin");
        let answer = sign_in.body(form.into_bytes(), "application/x-www-form-urlencoded").send();
        assert_eq!(answer.status, 303, "{}", answer.text);
        let cookie =
            answer.header("set-cookie").expect("a cookie").split(';').next().expect("a value").to_string();
        Self { centre, who, cookie }
    }

    fn ask(&self, path: &str) -> Answer {
        self.centre.stranger().call("GET", &format!("/{path}")).header("cookie", &self.cookie).send()
    }

    #[track_caller]
    fn sees(&self, path: &str) -> String {
        let answer = self.ask(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    }

    /// Opens a form, and hands it in with what stands in it and what is typed.
    fn fills_in(&self, path: &str, typed: &[(&str, &str)]) -> Answer {
        let page = self.sees(path);
        let mut pairs: Vec<(String, String)> = standing_in(&page);
        for (name, value) in typed {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name.to_string(), value.to_string()));
        }
        self.hands_in(path, &pairs)
    }

    fn hands_in(&self, path: &str, pairs: &[(String, String)]) -> Answer {
        let body: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let path = path.split('?').next().unwrap_or_default();
        let call = self.centre.stranger().call("POST", &format!("/{path}"));
        let call = call.header("cookie", &self.cookie).header("sec-fetch-site", "same-origin");
        call.body(body.join("&").into_bytes(), "application/x-www-form-urlencoded").send()
    }

    #[track_caller]
    fn records(&self, path: &str, typed: &[(&str, &str)]) -> String {
        let answer = self.fills_in(path, typed);
        assert_eq!(answer.status, 303, "{path}: {}", faults(&answer.text));
        answer.header("location").expect("a place to go on to").to_string()
    }
}

/// What a form carries before anybody types: hidden fields, suggested values and chosen options. Of boxes and circles
/// only those that are ticked.
fn standing_in(page: &str) -> Vec<(String, String)> {
    let form = page.split("<form class=\"sheet\"").nth(1).expect("a form");
    let form = form.split("</form>").next().unwrap_or_default();
    let mut pairs = Vec::new();
    for tag in form.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap_or_default()) {
        let (Some(name), value) = (attribute(tag, "name"), attribute(tag, "value").unwrap_or_default())
        else {
            continue;
        };
        let pressed = matches!(attribute(tag, "type").as_deref(), Some("radio" | "checkbox"));
        if !pressed || tag.contains(" checked") {
            pairs.push((name, value));
        }
    }
    pairs
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = format!(" {tag}").split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.to_string();
    Some(value.replace("&amp;", "&").replace("&quot;", "\""))
}

fn faults(page: &str) -> String {
    page.split("id=\"faults\"").nth(1).map_or(page.to_string(), |rest| rest.chars().take(900).collect())
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn id_in(location: &str) -> Uuid {
    let id = location.split(['/', '?']).find_map(|part| part.parse().ok());
    id.unwrap_or_else(|| panic!("no identifier in {location}"))
}

/// An order placed on the page for a new patient, with consent and panel.
fn ordered<'a>(centre: &'a Centre, coordinator: &Browser) -> Course<'a> {
    let mut course = Course::new(centre, Recipe::of(centre.standard(FRESH)));
    let page = coordinator.sees("/record/orders");
    let day = page.split("name=\"/window/day\" value=\"").nth(1).expect("a day to choose");
    let day = day.split('"').next().expect("a value").to_string();
    let placed = coordinator.records(
        "/record/orders",
        &[
            ("/who", "new"),
            ("/personal/name", "佐藤 花子"),
            ("/personal/kana", "サトウ ハナコ"),
            ("/personal/birth/year", "1961"),
            ("/personal/birth/month", "04"),
            ("/personal/birth/day", "12"),
            ("/personal/pseudonym", "P-001"),
            ("/plan/number", "PB3190001"),
            ("/plan/class", "two"),
            ("/window/day", &day),
            ("/window/days", "3"),
        ],
    );
    course.order = id_in(&placed);
    let order = centre.coordinator().get(&format!("/orders/{}", course.order)).ok();
    assert_eq!(order["placed"]["pseudonym"], "P-001");
    assert!(order["standing"]["window"]["from"].is_string(), "{order}");
    let yesterday = centre.now().plus_hours(-24).utc().format("%Y-%m-%dT%H:%M").to_string();
    let form = |name: &str| format!("/record/orders/{}/{name}?to=/clinic", course.order);
    let to = coordinator.records(&form("consent"), &[("/version", "2.1"), ("/signed_at", &yesterday)]);
    assert_eq!(to, "/clinic?done=order.consent");
    let mut panel = vec![("/sampled_at", yesterday.as_str()), ("/laboratory", "Example laboratory")];
    let rows: Vec<String> = (0..5).map(|row| format!("/results/{row}/finding")).collect();
    panel.extend(rows.iter().map(|row| (row.as_str(), "negative")));
    coordinator.records(&form("donor_screening"), &panel);
    course.took(Step::Ordered);
    course
}

#[test]
fn a_clinic_goes_through_its_pages_from_the_order_to_the_infusion() {
    let centre = Centre::open();
    let coordinator = Browser::of(&centre, centre.coordinator());
    assert!(coordinator.sees("/").contains("There are no orders yet."));
    let mut course = ordered(&centre, &coordinator);
    let board = coordinator.sees("/");
    assert!(board.contains("佐藤 花子") && board.contains("P-001"), "the clinic's own staff read the name");
    assert!(board.contains("The centre has not begun yet."));

    course.to(Step::Passaged);
    // Sessions end over the weeks.
    let coordinator = Browser::of(&centre, centre.coordinator());
    let board = coordinator.sees("/clinic");
    assert!(board.contains("The cells are growing") && board.contains("Ready about"), "{board}");

    course.to(Step::Shipped);
    let coordinator = Browser::of(&centre, centre.coordinator());
    let batch = course.batch;
    let board = coordinator.sees("/clinic");
    assert!(board.contains("On the way and at your clinic") && board.contains("Use by"));
    let label = course.dose(1).as_str().expect("a label").to_string();
    let scanned = coordinator.ask(&format!("/clinic/scan?label={label}"));
    let form = scanned.header("location").expect("the form").to_string();
    assert_eq!(form, format!("/record/batches/{batch}/receipt?/containers={label}&to=/clinic"));
    let crafted = coordinator.sees(&format!("{form}&/temperature=5.2&/seal_intact=true"));
    assert!(crafted.contains(&label) && !crafted.contains("\"5.2\"") && !crafted.contains(" checked"));

    // A check that nobody made is missing, and nothing is recorded, the check before it neither.
    let before = course.view()["version"].clone();
    let both = format!("{label}\n{}", course.dose(2).as_str().expect("a label"));
    let unchecked = coordinator.fills_in(&form, &[("/containers", &both), ("/temperature", "5.2")]);
    assert_eq!(unchecked.status, 422, "{}", unchecked.text);
    assert_eq!(course.view()["version"], before);

    centre.hours(2);
    let [coordinator, physician] =
        [centre.coordinator(), centre.physician()].map(|who| Browser::of(&centre, who));
    let typed = [
        ("/containers", both.as_str()),
        ("/temperature", "5.2"),
        ("/seal_intact", "true"),
        ("/looks", "As on the label, no damage"),
        ("/accepted", "true"),
    ];
    let page = coordinator.sees(&form);
    let hours = standing_in(&page).into_iter().find(|(name, _)| name == "/transport").expect("suggested").1;
    assert_eq!(hours, "2.1", "hours since the shipment, rounded up");
    assert_eq!(coordinator.records(&form, &typed), "/clinic?done=batch.distribution.receipt");
    let kinds = kinds(&course);
    assert!(
        kinds.ends_with(&[
            "batch.distribution.receiving_cleared".into(),
            "batch.distribution.received".into()
        ])
    );
    assert_eq!(course.container(1)["custody"]["received"]["good"], true);

    // The coordinator does not decide; the physician sees what the release rests on, and signs.
    let decision = format!("/record/batches/{batch}/administration_decision");
    assert_eq!(coordinator.ask(&decision).status, 403);
    let page = physician.sees(&format!("{decision}?to=/clinic"));
    for shown in ["5.2 °C", "Sterility of the fill, fourteen days", "result expected about", "12 Apr 1961"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let order_label = course.order_label().as_str().expect("a label").to_string();
    let password = physician.who.account().password.clone();
    let signed = [
        ("/container", label.as_str()),
        ("/order_label", &order_label),
        ("/may", "true"),
        ("/signature/password", &password),
    ];
    physician.records(&format!("{decision}?to=/clinic"), &signed);

    // Two people check; it counts once the second said so himself.
    let check = format!("/record/batches/{batch}/bedside_check?to=/clinic");
    let page = coordinator.sees(&check);
    let himself = format!("name=\"/second_person\" value=\"{}\"", coordinator.who.id());
    assert!(
        page.contains("name=\"/second_person\"") && !page.contains(&himself),
        "nobody is his own second person"
    );
    let second = physician.who.id().to_string();
    let checked = [
        ("/wristband", order_label.as_str()),
        ("/container", &label),
        ("/spoken_identity_fits", "true"),
        ("/second_person", &second),
    ];
    coordinator.records(&check, &checked);
    assert!(coordinator.sees("/clinic").contains("The second person must confirm the check"));
    let board = physician.sees("/clinic");
    assert!(board.contains("Confirm the bedside check"));
    let entry =
        board.split("name=\"/entry\" value=\"").nth(1).expect("a form").split('"').next().expect("an entry");
    let confirm = [("/entry".to_string(), entry.to_string()), ("to".to_string(), "/clinic".to_string())];
    let confirmed = physician.hands_in(&format!("/record/batches/{batch}/part_confirmation"), &confirm);
    assert_eq!(confirmed.status, 303, "{}", confirmed.text);

    centre.minutes(20);
    let infusion = format!("/record/batches/{batch}/infusion?to=/clinic");
    let standing = standing_in(&coordinator.sees(&infusion));
    assert!(
        standing.contains(&("/container".into(), label.clone())),
        "just checked at the bedside: {standing:?}"
    );
    let began = centre.now().plus_hours(9).plus(chrono::TimeDelta::minutes(-10));
    let began = began.utc().format("%Y-%m-%dT%H:%M").to_string();
    coordinator.records(&infusion, &[("/started_at", &began), ("/volume", "40"), ("/seen", "None seen")]);
    assert_eq!(course.container(1)["status"], "infused");
    assert_eq!(course.view()["quality_events"].as_array().map(Vec::len), Some(0), "every check was asked");

    let documents = physician.sees(&format!("/batches/{batch}/documents"));
    for shown in ["Certificate of release", "佐藤 花子", &order_label, "Disposition", "<svg class=\"qr\""]
    {
        assert!(documents.contains(shown), "{shown}");
    }
    assert_eq!(centre.verify(&[]).findings, []);
}

#[test]
fn another_clinic_sees_none_of_it() {
    let centre = Centre::open();
    let own = Browser::of(&centre, centre.coordinator());
    let mut course = ordered(&centre, &own);
    course.to(Step::Shipped);
    let label = course.dose(1).as_str().expect("a label").to_string();
    for role in [Role::Coordinator, Role::Physician] {
        let other = Browser::of(&centre, centre.of_clinic(role, 1));
        let board = other.sees("/");
        assert!(
            !board.contains("佐藤") && !board.contains("P-001") && !board.contains(&course.batch.to_string())
        );
        assert!(!other.sees("/record/orders").contains("佐藤"));
        let scanned = other.ask(&format!("/clinic/scan?label={label}"));
        assert_eq!(scanned.header("location"), Some("/clinic?unknown=1"));
        let (batch, order) = (course.batch, course.order);
        for path in [
            format!("/batches/{batch}"),
            format!("/batches/{batch}/documents"),
            format!("/orders/{order}"),
            format!("/record/batches/{batch}/receipt"),
            format!("/record/batches/{batch}/bedside_check"),
            format!("/record/orders/{order}/window_change"),
            format!("/record/orders/{order}/forecast_acknowledgement"),
        ] {
            assert_eq!(other.ask(&path).status, 404, "{path}");
        }
    }
    let physician = Browser::of(&centre, centre.of_clinic(Role::Physician, 1));
    assert_eq!(
        physician.ask(&format!("/record/batches/{}/administration_decision", course.batch)).status,
        404
    );
    // Whoever makes cells is not told whose they are.
    let technician = Browser::of(&centre, centre.technician());
    assert_eq!(technician.ask("/clinic").status, 403);
    assert!(!technician.sees(&format!("/batches/{}/documents", course.batch)).contains("佐藤"));
}

#[test]
fn what_the_check_refuses_can_be_reported_all_the_same_and_a_strangers_container_stops_everything() {
    let centre = Centre::open();
    let mut course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Packed);
    let coordinator = Browser::of(&centre, centre.coordinator());
    course.report_shipment();
    course.took(Step::Shipped);
    // A hold is set while it travels.
    let form = serde_json::json!({ "reason": "the cabinet's filter was found torn" });
    centre.releaser().post(&course.path("holding"), form).ok();
    let board = coordinator.sees("/clinic");
    assert!(board.contains("Stop: do not give these cells"), "{board}");
    let batch = course.batch;
    let receipt = format!("/record/batches/{batch}/receipt?to=/clinic");
    let label = course.dose(1).as_str().expect("a label").to_string();
    let typed = [
        ("/containers", label.as_str()),
        ("/temperature", "5"),
        ("/seal_intact", "true"),
        ("/looks", "As on the label, no damage"),
        ("/accepted", "false"),
    ];
    let refused = coordinator.fills_in(&receipt, &typed);
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(refused.text.contains("the check refuses this container"), "{}", refused.text);
    assert_eq!(course.container(1)["status"], "stopped");
    let mut again = standing_in(&refused.text);
    again.retain(|(name, _)| name != "/containers");
    again.push(("/containers".into(), label.clone()));
    again.push(("anyway".into(), "true".into()));
    let reported = coordinator.hands_in(&receipt, &again);
    assert_eq!(reported.status, 303, "{}", faults(&reported.text));
    assert_eq!(course.container(1)["custody"]["received"]["good"], false);

    // The stop is acknowledged on the board.
    let board = coordinator.sees("/clinic");
    let stop =
        board.split("name=\"/stop\" value=\"").nth(1).expect("a stop").split('"').next().expect("an entry");
    let acknowledge = [("/stop".to_string(), stop.to_string()), ("to".to_string(), "/clinic".to_string())];
    let done = coordinator.hands_in(&format!("/record/batches/{batch}/stop_acknowledgement"), &acknowledge);
    assert_eq!(done.status, 303, "{}", done.text);

    let other = Course::run(
        &centre,
        Recipe { person: ("鈴木 一", "1970-01-31"), ..Recipe::of(course.recipe.standard) },
        Step::Filled,
    );
    let coordinator = Browser::of(&centre, centre.coordinator());
    let strange = other.dose(other.containers()[0]).as_str().expect("a label").to_string();
    let mixed = [
        ("/containers", strange.as_str()),
        ("/temperature", "5"),
        ("/seal_intact", "true"),
        ("/looks", "As on the label, no damage"),
        ("/accepted", "true"),
    ];
    let stopped = coordinator.fills_in(&receipt, &mixed);
    assert!(stopped.text.contains("class=\"stop\"") && stopped.text.contains(&strange), "{}", stopped.text);
}

#[test]
fn a_date_that_moved_is_acknowledged_or_chosen_anew_and_asked_again_once_it_moves_further() {
    let centre = Centre::open();
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    let (order, coordinator) = (course.order, Browser::of(&centre, centre.coordinator()));
    let book = |from: i64, until: i64| {
        let [from, until] = [from, until].map(|days| centre.now().plus_hours(24 * days));
        let form = serde_json::json!({ "window": { "from": from, "until": until }, "reason": "asked for" });
        centre.coordinator().post(&format!("/orders/{order}/window_change"), form).ok();
    };
    assert!(!coordinator.sees("/clinic").contains("To acknowledge"), "nothing is booked");
    let form = format!("/record/orders/{order}/forecast_acknowledgement");
    assert!(coordinator.sees(&form).contains("There is nothing to acknowledge"));
    // The least days of culture alone end later than that.
    book(10, 12);
    let board = coordinator.sees("/clinic");
    assert!(board.contains("To acknowledge") && board.contains("Choose a new infusion date"), "{board}");
    let japanese = centre.coordinator().in_language("ja").get("//clinic").text;
    assert!(japanese.contains("要確認") && japanese.contains("確認（希望日は変更しない）"));
    let hidden = |board: &str| -> Vec<(String, String)> {
        let (_, form) = board.split_once(&format!("action=\"{form}\"")).expect("a button");
        let form = format!("<form class=\"sheet\"{form}");
        standing_in(&form)
    };
    let seen = hidden(&board);

    // What is seen is not filled in by a link.
    let shown = coordinator.sees(&format!("{form}?/foretold/at=2030-01-01T00:00:00.000000Z&/version=1"));
    let typed = standing_in(&shown);
    assert!(typed.iter().all(|(_, value)| !value.contains("2030")), "{typed:?}");
    assert!(shown.contains("Forecast now") && shown.contains("another day later"), "{shown}");

    let done = coordinator.hands_in(&form, &seen);
    assert_eq!(done.header("location"), Some("/clinic?done=order.forecast_acknowledgement"), "{}", done.text);
    let board = coordinator.sees("/clinic");
    assert!(!board.contains("To acknowledge") && board.contains("Acknowledged: the date wanted is kept"));
    assert!(board.contains("Choose a new infusion date"), "the other answer stays open");
    let shown = centre.releaser().get(&format!("//orders/{order}")).text;
    assert!(shown.contains("Acknowledged that the cells of batch C1-B-"), "it stands in the order's history");
    let history = centre.coordinator().get(&format!("/orders/{order}/history")).ok();
    let newest = history["items"].as_array().and_then(|items| items.last()).expect("entries");
    assert_eq!(newest["kind"], "order.forecast_acknowledged");
    let fact = &newest["event"]["order"]["forecast_acknowledged"];
    assert_eq!(fact["batch"], course.batch.to_string());
    assert_eq!(fact["version"], course.view()["version"], "what was seen, at which version");
    centre.of_clinic(Role::Physician, 1).get(&format!("/orders/{order}/history")).refused(404);

    // Weeks later nothing was harvested: it has moved by more than was acknowledged.
    centre.days(30);
    let coordinator = Browser::of(&centre, centre.coordinator());
    let board = coordinator.sees("/clinic");
    assert!(board.contains("To acknowledge") && !board.contains("the date wanted is kept"), "{board}");
    let seen = hidden(&board);
    let before = |(name, _): &(String, String)| name == "/before/at";
    assert!(seen.iter().any(before), "what was acknowledged before is seen as well");
    // Meanwhile somebody books anew: what was seen is not what is booked.
    book(1, 30);
    let stale = coordinator.hands_in(&form, &seen);
    assert_eq!(stale.status, 409, "{}", stale.text);
    assert!(stale.text.contains("Another infusion date is wanted by now"), "{}", faults(&stale.text));
    let board = coordinator.sees("/clinic");
    assert!(!board.contains("To acknowledge") && !board.contains("the date wanted is kept"));
    assert_eq!(centre.verify(&[]).findings, []);
}

fn kinds(course: &Course) -> Vec<String> {
    let history = course.centre.releaser().get(&course.path("history")).ok();
    let items = history["items"].as_array().expect("entries").iter();
    items.map(|item| item["kind"].as_str().expect("a kind").to_string()).collect()
}
