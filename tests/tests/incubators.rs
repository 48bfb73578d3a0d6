//! Incubators with what fits in them: who registers them, what the planner, the map and the bench say of them, and that
//! no fact is refused because an incubator is full or nobody registered it.

use serde_json::json;
use stories::{Answer, Asking, Centre, Course, Recipe, Step};

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// A page, as somebody sees it.
#[track_caller]
fn page(who: Asking, path: &str) -> String {
    let answer = who.get(&format!("/{path}"));
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

fn hand_in(who: Asking, path: &str, filled: &[(&str, &str)]) -> Answer {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let body: Vec<String> =
        filled.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let call = who.call("POST", &format!("/{path}"));
    call.body(body.join("&").into_bytes(), "application/x-www-form-urlencoded").send()
}

#[test]
fn the_manager_and_the_lead_register_incubators_and_nobody_else_does() {
    let centre = Centre::open();
    let form = json!({ "name": "INC-1", "shelves": 4, "vessels_per_shelf": 12 });
    for who in [centre.technician(), centre.administrator(), centre.releaser(), centre.coordinator()] {
        who.post("/site/incubator_registration", form.clone()).refused(403);
    }
    centre.lead().post("/site/incubator_registration", form.clone()).ok();
    centre.manager().post("/site/incubator_registration", form.clone()).refused(409).only(&["already_done"]);
    let nothing = json!({ "name": "INC-2", "shelves": 0, "vessels_per_shelf": 12 });
    centre.manager().post("/site/incubator_registration", nothing).refused(422);
    let change = |shelves: u16, retired: bool| {
        json!({
            "incubator": "INC-1", "shelves": shelves, "vessels_per_shelf": 12, "retired": retired, "reason": "repair"
        })
    };
    centre.technician().post("/site/incubator_change", change(3, false)).refused(403);
    centre.manager().post("/site/incubator_change", change(3, false)).ok();
    let listed = centre.technician().get("/incubators").ok();
    assert_eq!(
        listed["items"],
        json!([{ "name": "INC-1", "shelves": 3, "vessels_per_shelf": 12, "capacity": 36, "retired": false }])
    );
    centre.coordinator().get("/incubators").refused(403);

    let people = page(centre.lead(), "/people");
    assert!(people.contains("Register an incubator") && people.contains("36 vessels fit in"));
    assert!(
        people.contains("/record/site/incubator_change?to=/people&amp;/incubator=INC%2D1")
            || people.contains("/record/site/incubator_change?to=/people&amp;/incubator=INC-1"),
        "{people}"
    );
    let administrators = page(centre.administrator(), "/people");
    assert!(!administrators.contains("incubator"), "he has no power over what is made");

    // On the page: changed and retired with what stands there filled in.
    let shown = page(centre.lead(), "/record/site/incubator_change?/incubator=INC-1&/shelves=3");
    assert!(shown.contains("INC-1 · 36 vessels fit in"), "{shown}");
    let filled = [
        ("/incubator", "INC-1"),
        ("/shelves", "3"),
        ("/vessels_per_shelf", "12"),
        ("/retired", "true"),
        ("/reason", "sold"),
    ];
    assert_eq!(hand_in(centre.lead(), "/record/site/incubator_change", &filled).status, 303);
    let listed = centre.inspector().get("/incubators").ok();
    assert_eq!((&listed["items"][0]["capacity"], &listed["items"][0]["retired"]), (&json!(0), &json!(true)));
    assert!(page(centre.lead(), "/people").contains("No longer used"));
    centre.lead().post("/site/incubator_registration", form).ok();
}

#[test]
fn what_is_too_much_is_told_and_never_refused() {
    let centre = Centre::open();
    for (name, shelves) in [("INC-1", 1), ("INC-2", 3)] {
        let form = json!({ "name": name, "shelves": shelves, "vessels_per_shelf": 1 });
        centre.lead().post("/site/incubator_registration", form).ok();
    }
    // Two vessels are seeded into the one place of INC-1.
    let course = Course::run(&centre, Recipe::of(centre.standard(FRESH)), Step::Seeded);
    assert!(course.holds().is_empty(), "being full is no departure");
    let planner = page(centre.lead(), "/planner");
    assert!(planner.contains("2 of 1 vessel") && planner.contains("over on "), "{planner}");
    assert!(planner.contains("0 of 3 vessels"), "an empty incubator has room");
    let japanese = page(centre.lead().in_language("ja"), "/planner");
    assert!(japanese.contains("収容可能数超過") && japanese.contains("に超過"));
    let map = page(centre.technician(), "/bench/map");
    assert!(map.contains("Over capacity") && map.contains("2 of 1 vessel") && map.contains("Room left"));

    // The bench offers what is registered, and takes whatever is true.
    let (no, vessel) = course.in_culture()[0].clone();
    let vessel = vessel.as_str().unwrap();
    let path = format!("/record/batches/{}/vessel_move", course.batch);
    let shown = page(centre.technician(), &format!("{path}?/vessel={vessel}"));
    assert!(shown.contains("<option value=\"INC-2\">0 of 3 vessels · Room left</option>"), "{shown}");
    assert!(shown.contains("name=\"stand\" value=\"INC-2\""));
    let tapped = hand_in(centre.technician(), &path, &[("/vessel", vessel), ("stand", "INC-2")]);
    assert_eq!(tapped.status, 200);
    assert!(tapped.text.contains("value=\"INC-2\" required"), "{}", tapped.text);
    let typed = [("/vessel", vessel), ("/incubator", "corridor fridge"), ("/position", "top")];
    assert_eq!(hand_in(centre.technician(), &path, &typed).status, 303);
    let map = page(centre.technician(), "/bench/map");
    assert!(
        map.contains("corridor fridge") && map.contains("Not registered") && map.contains("1 of 1 vessel")
    );
    assert!(course.holds().is_empty());

    let passage = format!("/record/batches/{}/passage", course.batch);
    let counted = [
        ("/from", vessel),
        ("/count/method", "trypan blue"),
        ("/count/factor", "1"),
        ("/count/replicates/0/live", "20000000"),
        ("/enzyme", "5"),
    ];
    let split = [&counted[..], &[("split", "2")]].concat();
    let rows = hand_in(centre.technician(), &passage, &split).text;
    assert!(rows.contains("name=\"/into/1/incubator\"") && rows.contains("name=\"stand\" value=\"INC-1\""));
    let seeded = [("/into/0/ware", "T225"), ("/into/1/ware", "T225"), ("stand", "INC-2")];
    let rows = hand_in(centre.technician(), &passage, &[&counted[..], &seeded[..]].concat()).text;
    assert_eq!(rows.matches("value=\"INC-2\" required").count(), 2, "one tap for all vessels of {no}");
}
