//! Everybody at every address: what each answers is compared with what the table of authority says, for things of one's
//! own clinic and of another's, in every state, done by oneself and by others. What the table says is worked out here from
//! what is recorded, not by the code that decides.

use baiyo::api::{FormRoute, described, form_routes};
use baiyo_domain::authority::{Reach, Role, Rule, ShutOut, TABLE, When, rule};
use baiyo_domain::batch::Duty;
use baiyo_domain::ids::{BatchId, ClinicId, OrderId, PersonId, QualityEventId, StandardId};
use baiyo_domain::journal::{StreamId, StreamKind};
use baiyo_domain::standard::Standing;
use baiyo_domain::world::World;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::writer::JobError;
use baiyo_persistence::{StoreError, accounts, reading};
use diesel::sql_types::BigInt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use stories::{Answer, Asking, Centre, Course, Member, PASSWORD_OF_SETUP, Recipe, Step, tour};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

/// Forms that end what the others need: they come last.
const ENDING: [&str; 7] = [
    "person.departure",
    "person.role_end",
    "standard.retirement",
    "order.cancellation",
    "quality_event.closing",
    "batch.distribution.discontinuation",
    "batch.distribution.closing",
];

/// Codes by which a refusal says that the state does not allow it.
const OF_STATE: [&str; 4] = ["batch_ended", "person_left", "quality_event_closed", "order_inactive"];
/// Codes by which it says that what somebody did before shuts him out.
const OF_AUTHOR: [&str; 4] = ["not_for_oneself", "has_duty", "releaser_has_duty", "enterer_is_verifier"];

/// Codes of attempts against identity, authority and the gate: each leaves an entry.
const RECORDED: [&str; 14] = [
    "not_for_oneself",
    "key_not_registered",
    "second_person_needed",
    "both_departments",
    "role_stands_alone",
    "identifiers_differ",
    "wrong_batch",
    "wrong_recipient",
    "maker_is_checker",
    "enterer_is_verifier",
    "has_duty",
    "releaser_has_duty",
    "blocked",
    "signature_invalid",
];

/// Somebody who asks, and how he is called here.
struct Actor {
    name: String,
    member: Option<Member>,
}

/// Something that is asked about.
#[derive(Clone)]
struct Thing {
    name: &'static str,
    id: Uuid,
}

/// What the table says of one case.
#[derive(Debug, PartialEq)]
enum Due {
    NotSignedIn,
    KeyWaits,
    Forbidden,
    NotThere,
    /// Refused with one of these codes.
    Refused(Vec<&'static str>),
    Admitted,
}

struct Everything<'a> {
    centre: &'a Centre,
    actors: Vec<Actor>,
    things: BTreeMap<&'static str, Vec<Thing>>,
    bodies: BTreeMap<String, Value>,
    wrong: Vec<String>,
    cases: BTreeMap<&'static str, usize>,
    /// Who was shut out of what, and by what.
    shut_out: BTreeSet<(&'static str, String)>,
    /// How many refusals of forms must have been recorded.
    recorded: i64,
    /// A mismatch that waits: on the batch that was just opened, scanned by the technician.
    mismatch: Value,
}

fn stream(centre: &Centre, kind: StreamKind, id: Uuid) -> Option<World> {
    centre.store().read(|conn| reading::stream(conn, StreamId { kind, id })).expect("the records")
}

/// Somebody new, with roles, without a password; a token of his.
fn newcomer(centre: &Centre, name: &str, roles: &[&str]) -> Member {
    let administrator = centre.administrator();
    let id = administrator.post("/people", json!({ "name": name, "sign_in": name })).made();
    for role in roles {
        administrator.sign(&format!("/people/{id}/role_grant"), json!({ "role": role }), "role_grant").ok();
    }
    let sign_in = name.to_string();
    let member = Member {
        id,
        role: Role::Technician,
        clinic: None,
        sign_in,
        password: String::new(),
        token: String::new(),
    };
    with_token(centre, member)
}

fn with_token(centre: &Centre, member: Member) -> Member {
    let (person, now) = (PersonId(member.id), centre.now());
    let made = centre.store().write(move |conn| {
        accounts::make_api_token(conn, person, "story", now, 3650).map_err(JobError::<()>::Database)
    });
    Member { token: made.map_err(|_| "no token").expect("a token").as_str().to_string(), ..member }
}

fn actors(centre: &Centre) -> Vec<Actor> {
    let administrator = centre.administrator();
    let mut actors = vec![Actor { name: "nobody".into(), member: None }];
    let mut add = |name: String, member: Member| actors.push(Actor { name, member: Some(member) });
    for role in Role::ALL {
        if matches!(role, Role::Coordinator | Role::Physician) {
            for clinic in 0..2 {
                add(format!("{role:?} of clinic {clinic}"), centre.of_clinic(role, clinic).account().clone());
            }
        } else {
            add(format!("{role:?}"), centre.role(role).account().clone());
        }
    }
    add("no role".into(), newcomer(centre, "no.role", &[]));

    let left = newcomer(centre, "who.left", &["technician"]);
    administrator.post(&format!("/people/{}/departure", left.id), json!({ "reason": "moved away" })).ok();
    add("who left".into(), left);

    let waits = newcomer(centre, "key.waits", &["releaser"]);
    let link =
        administrator.post(&format!("/people/{}/setup_link", waits.id), json!({ "reason": "by hand" })).ok();
    centre.stranger().post("/setup", json!({ "token": link["token"], "password": PASSWORD_OF_SETUP })).ok();
    add("whose key waits".into(), with_token(centre, waits));

    let deputise = |person: Uuid, hours: i64| {
        let (from, until) = (centre.now(), centre.now().plus_hours(hours));
        let form = json!({ "role": "releaser", "from": from, "until": until, "reason": "leave" });
        centre.manager().sign(&format!("/people/{person}/deputyship"), form, "deputyship").ok();
    };
    let deputy = centre.second_analyst().account().clone();
    deputise(deputy.id, 24 * 3650);
    add("a deputy in his days".into(), deputy);
    let over = newcomer(centre, "deputy.once", &["qc_analyst"]);
    deputise(over.id, 1);
    centre.hours(2);
    add("a deputy after his days".into(), over);
    actors
}

/// What there is: of the first clinic in every state, of the second, and what is nowhere.
fn things(centre: &Centre, fresh: Uuid) -> BTreeMap<&'static str, Vec<Thing>> {
    let unknown = Thing { name: "unknown", id: Uuid::now_v7() };
    let mut batches = Vec::new();
    let mut orders = Vec::new();
    for (name, step) in [
        ("opened", Step::Opened),
        ("under way", Step::Seeded),
        ("released", Step::Released),
        ("shipped", Step::Shipped),
        ("closed", Step::Closed),
    ] {
        let course = Course::run(centre, Recipe::of(fresh), step);
        if name == "opened" {
            let mut wrong = course.tissue();
            wrong["pseudonym"] = json!("P-999");
            centre
                .technician()
                .post(&course.path("tissue_receipt"), wrong)
                .refused(409)
                .names("identifiers_differ");
        }
        if name == "under way" {
            let manager = centre.manager();
            manager.post(&course.path("holding"), json!({ "reason": "looked at" })).ok();
        }
        batches.push(Thing { name, id: course.batch });
        orders.push(Thing { name, id: course.order });
    }
    let cancelled = Course::run(centre, Recipe::of(fresh), Step::Opened);
    cancelled
        .coordinator()
        .post(&format!("/orders/{}/cancellation", cancelled.order), json!({ "reason": "x" }))
        .ok();
    orders.push(Thing { name: "cancelled", id: cancelled.order });
    let foreign =
        Course::run(centre, Recipe { clinic: 1, pseudonym: "P-900", ..Recipe::of(fresh) }, Step::Seeded);
    batches.push(Thing { name: "of clinic 1", id: foreign.batch });
    orders.push(Thing { name: "of clinic 1", id: foreign.order });

    // Batches on which the lead and the releaser have one duty each.
    for (name, duty) in [("made", Duty::Maker), ("checked", Duty::Checker), ("entered", Duty::Enterer)] {
        let course = Course::run(centre, Recipe::of(fresh), Step::Seeded);
        for person in [centre.lead(), centre.releaser()] {
            let performed = match duty {
                Duty::Maker => json!({ "by": person.id() }),
                Duty::Checker => json!({ "checked_by": person.id() }),
                Duty::Enterer => {
                    let mut form = course.result_form("STERILITY-RECEIPT");
                    form["analyst"] = json!(person.id());
                    centre.days(15);
                    centre.releaser().post(&course.path("result"), form).ok();
                    continue;
                }
            };
            let form = json!({ "performed": performed, "vessels": course.vessel_labels(), "volume": "200" });
            centre.technician().post(&course.path("medium_change"), form).ok();
        }
        centre.manager().post(&course.path("holding"), json!({ "reason": "looked at" })).ok();
        batches.push(Thing { name, id: course.batch });
    }

    let file = |version: u16| {
        let mut standard = centre.standard_read(fresh)["standard"].clone();
        standard["version"] = json!(version);
        centre.analyst().post("/standards", json!({ "standard": standard })).made()
    };
    let (draft, retired) = (file(71), file(72));
    centre.releaser().post(&format!("/standards/{retired}/retirement"), json!({ "reason": "x" })).ok();
    let standards = [("draft", draft), ("approved", fresh), ("retired", retired)];

    let report = || {
        let form = json!({ "title": "Spill", "batches": [batches[1].id], "description": "A bottle broke." });
        centre.technician().post("/quality_events", form).made()
    };
    let (open, closed) = (report(), report());
    let assessed = json!({ "batch": batches[1].id, "impact": "none", "reasoning": "looked at" });
    centre
        .releaser()
        .sign(&format!("/quality_events/{closed}/assessment"), assessed, "impact_assessment")
        .ok();
    let closing = json!({ "conclusion": "nothing further" });
    centre
        .releaser()
        .sign(&format!("/quality_events/{closed}/closing"), closing, "quality_event_closure")
        .ok();

    let employed = newcomer(centre, "who.stays", &["technician"]);
    let gone = newcomer(centre, "who.went", &["technician"]);
    let going = json!({ "reason": "moved away" });
    centre.administrator().post(&format!("/people/{}/departure", gone.id), going).ok();

    let named =
        |list: &[(&'static str, Uuid)]| list.iter().map(|(name, id)| Thing { name, id: *id }).collect();
    let mut things: BTreeMap<&'static str, Vec<Thing>> = BTreeMap::from([
        ("batches", batches),
        ("orders", orders),
        ("standards", named(&standards)),
        ("quality_events", named(&[("open", open), ("closed", closed)])),
        ("people", named(&[("employed", employed.id), ("gone", gone.id)])),
    ]);
    for list in things.values_mut() {
        list.push(unknown.clone());
    }
    things
}

fn kind_of(collection: &str) -> Option<StreamKind> {
    Some(match collection {
        "batches" => StreamKind::Batch,
        "orders" => StreamKind::Order,
        "standards" => StreamKind::Standard,
        "people" => StreamKind::Person,
        "quality_events" => StreamKind::QualityEvent,
        _ => return None,
    })
}

impl Everything<'_> {
    /// What the table says before anything is asked about the thing itself: who he is, and his roles now.
    fn by_role(&self, actor: &Actor, rules: &[&Rule]) -> Due {
        let Some(member) = &actor.member else { return Due::NotSignedIn };
        let world = stream(self.centre, StreamKind::Person, member.id).expect("a person");
        let person = &world.people[&PersonId(member.id)];
        if person.left {
            return Due::NotSignedIn;
        }
        let oneself = rules.iter().any(|rule| rule.reach == Reach::Oneself);
        if oneself || rules.is_empty() {
            return Due::Admitted;
        }
        if person.waiting_key().is_some() {
            return Due::KeyWaits;
        }
        let roles = person.roles_at(self.centre.now());
        match rules.iter().any(|rule| rule.roles.iter().any(|role| roles.contains(role))) {
            true => Due::Admitted,
            false => Due::Forbidden,
        }
    }

    /// Whether a thing is there for somebody.
    fn is_there(&self, actor: &Actor, world: Option<&World>, collection: &str, id: Uuid) -> bool {
        let (Some(member), Some(world)) = (&actor.member, world) else { return world.is_some() };
        let Some(clinic) = member.clinic.map(ClinicId) else { return true };
        match collection {
            "orders" => world.orders[&OrderId(id)].placed.clinic == clinic,
            "batches" => {
                let batch = &world.batches[&BatchId(id)];
                let allocated = batch.containers.values().filter_map(|container| container.allocated);
                batch.opened.clinic == clinic || allocated.into_iter().any(|(_, _, to)| to == clinic)
            }
            _ => false,
        }
    }

    /// What the table says of a form.
    fn due(&mut self, actor: usize, rule: &'static Rule, collection: &str, id: Uuid, body: &Value) -> Due {
        let (due, by) = self.due_and_why(&self.actors[actor], rule, collection, id, body);
        self.shut_out.extend(by.into_iter().map(|shut_out| (rule.action, format!("{shut_out:?}"))));
        due
    }

    fn due_and_why(
        &self,
        actor: &Actor,
        rule: &Rule,
        collection: &str,
        id: Uuid,
        body: &Value,
    ) -> (Due, Vec<ShutOut>) {
        let by_role = self.by_role(actor, &[rule]);
        let (Due::Admitted, Some(kind)) = (&by_role, kind_of(collection)) else {
            return (by_role, Vec::new());
        };
        if rule.when == When::New {
            return (by_role, Vec::new());
        }
        let world = stream(self.centre, kind, id);
        if !self.is_there(actor, world.as_ref(), collection, id) {
            return (Due::NotThere, Vec::new());
        }
        let (Some(world), Some(member)) = (world, &actor.member) else { return (Due::NotThere, Vec::new()) };
        let me = PersonId(member.id);
        let mut codes = Vec::new();
        let mut by = Vec::new();
        let batch = world.batches.get(&BatchId(id));
        let ended = batch.is_some_and(|batch| batch.end.is_some());
        match rule.when {
            When::New | When::There => {}
            When::Employed if world.people[&PersonId(id)].left => {
                // Without a key that waits there is nothing to ask about.
                codes.extend(["person_left", "key_not_offered", "already_done"]);
            }
            When::Draft if world.standards[&StandardId(id)].standing != Standing::Draft => {
                codes.push("already_done")
            }
            When::InForce if world.standards[&StandardId(id)].standing == Standing::Retired => {
                codes.push("already_done");
            }
            When::Active if !world.orders[&OrderId(id)].standing.active => {
                codes.extend(["order_inactive", "already_done"]);
            }
            When::Unended if ended => codes.push("batch_ended"),
            When::UnendedToRelease if ended && body["decision"] == "release" => codes.push("batch_ended"),
            When::Open if world.quality_events[&QualityEventId(id)].closed => {
                codes.push("quality_event_closed")
            }
            When::Employed | When::Draft | When::InForce | When::Active => {}
            When::Unended | When::UnendedToRelease | When::Open => {}
        }
        for shut_out in rule.shut_out {
            let known = codes.len();
            let has = |duty| batch.is_some_and(|batch| batch.duties.contains(&(me, duty)));
            match shut_out {
                // Whose key waits does nothing, so that nobody ever has one to register for himself.
                ShutOut::Oneself if id == me.0 => codes.extend(["not_for_oneself", "key_not_offered"]),
                ShutOut::Has(duty) if has(*duty) => {
                    codes.extend(["has_duty", "releaser_has_duty", "maker_is_checker"]);
                }
                ShutOut::ItsRecorder => {
                    let found = batch.and_then(|batch| {
                        batch.mismatches.iter().find(|found| json!(found.entry) == body["mismatch"])
                    });
                    if found.is_some_and(|found| !found.cleared && found.recorder == me) {
                        codes.push("second_person_needed");
                    }
                }
                ShutOut::Unnamed => {
                    let parts = batch.map(|batch| batch.unconfirmed_parts()).unwrap_or_default();
                    let named = |(entry, person, _)| json!(entry) == body["entry"] && person == me;
                    if !parts.into_iter().any(named) {
                        return (Due::NotThere, vec![*shut_out]);
                    }
                }
                ShutOut::ItsEnterer => {
                    let result = batch.and_then(|batch| {
                        batch.results.values().find(|result| json!(result.no) == body["result"])
                    });
                    if result.is_some_and(|result| result.enterers.contains(&me)) {
                        codes.push("enterer_is_verifier");
                    }
                }
                _ => {}
            }
            if codes.len() > known {
                by.push(*shut_out);
            }
        }
        (if codes.is_empty() { Due::Admitted } else { Due::Refused(codes) }, by)
    }

    fn judge(&mut self, what: &'static str, case: String, due: &Due, answer: &Answer) {
        *self.cases.entry(what).or_default() += 1;
        let codes: Vec<&str> = answer.body["reasons"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|r| r["code"].as_str())
            .collect();
        let any = |of: &[&str]| codes.iter().any(|code| of.contains(code));
        let fits = match due {
            Due::NotSignedIn => answer.status == 401,
            Due::KeyWaits => answer.status == 403 && codes == ["key_not_registered"],
            Due::Forbidden => answer.status == 403 && codes.is_empty(),
            Due::NotThere => answer.status == 404,
            Due::Refused(expected) => [403, 404, 409].contains(&answer.status) && any(expected),
            Due::Admitted => {
                let status = ![401, 403, 429].contains(&answer.status) && answer.status < 500;
                status && !any(&OF_STATE) && !any(&OF_AUTHOR)
            }
        };
        if !fits {
            let said: String = answer.text.chars().take(200).collect();
            self.wrong.push(format!("{case}: {due:?}, and it answered {} {said}", answer.status));
        }
    }

    /// What wants a second person is refused where there is none beside oneself.
    fn unseconded(&mut self, fresh: Uuid) {
        let centre = self.centre;
        let course = Course::run(centre, Recipe::of(fresh), Step::Shipped);
        let second = |who: Asking, path: String, form: Value, code: &str| {
            // A field of the form is named where it alone is at fault.
            let answer = who.post(&path, form);
            let status = if answer.status == 422 { 422 } else { 409 };
            answer.refused(status).names(code);
        };
        let culture = Course::run(centre, Recipe::of(fresh), Step::Seeded);
        let discard = json!({ "vessels": [culture.vessel_labels()[0]], "reason": "cracked" });
        second(centre.technician(), culture.path("vessel_discard"), discard, "witness_needed");
        let away = course.doses(&course.containers());
        let destroyed =
            json!({ "containers": away, "method": "autoclave", "quantity": "40", "reason": "not for use" });
        second(course.coordinator(), course.path("destruction"), destroyed, "witness_needed");
        let bedside = json!({
            "container": away[0], "wristband": course.order_label(), "spoken_identity_fits": true,
            "second_person": course.coordinator().id(),
        });
        second(course.coordinator(), course.path("bedside_check"), bedside, "second_person_needed");
        let waits = self.actors.iter().find(|actor| actor.name == "whose key waits").expect("he is there");
        let waits = waits.member.as_ref().expect("somebody").id;
        let key =
            centre.administrator().get(&format!("/people/{waits}/waiting_keys")).ok()["items"][0]["key"]
                .clone();
        let register = json!({ "key": key, "identity_check": "passport seen", "second_checker": centre.administrator().id() });
        let path = format!("/people/{waits}/key_registration");
        centre
            .administrator()
            .sign(&path, register, "key_registration")
            .refused(409)
            .names("second_person_needed");
        let unseconded = [
            "batch.culture.vessel_discard",
            "batch.distribution.destruction",
            "batch.distribution.bedside_check",
            "person.key_registration",
        ];
        self.shut_out.extend(unseconded.map(|action| (action, format!("{:?}", ShutOut::Unseconded))));
    }

    fn form(&mut self, route: &FormRoute) {
        let (centre, rule) = (self.centre, rule(&route.action).expect("a row"));
        let collection = route.path.split('/').nth(1).unwrap_or_default().to_string();
        let nothing = [Thing { name: "nothing", id: Uuid::nil() }];
        let listed = self.things.get(collection.as_str()).filter(|_| !route.creates).cloned();
        let things = listed.unwrap_or(nothing.to_vec());
        for actor in 0..self.actors.len() {
            centre.minutes(1);
            let mut absent: Vec<(Answer, Uuid)> = Vec::new();
            let mut about = things.clone();
            // Nobody but somebody else may do some things about people.
            about.extend(
                self.actors[actor]
                    .member
                    .as_ref()
                    .filter(|_| collection == "people" && !route.creates)
                    .map(|member| Thing { name: "oneself", id: member.id }),
            );
            for thing in &about {
                let mut body = self.bodies[&route.action].clone();
                self.fit(&mut body, &route.action, thing);
                let due = self.due(actor, rule, &collection, thing.id, &body);
                let actor = &self.actors[actor];
                // Who may not at all may not whatever it is about.
                if matches!(due, Due::Forbidden | Due::KeyWaits | Due::NotSignedIn)
                    && !["opened", "of clinic 1", "nothing"].contains(&thing.name)
                    && things[0].name != thing.name
                {
                    continue;
                }
                let password = actor.member.as_ref().map_or("", |member| &member.password);
                if route.meaning.is_some() {
                    // Who has no password does not come as far as the thing.
                    if password.is_empty()
                        && !matches!(due, Due::Forbidden | Due::KeyWaits | Due::NotSignedIn)
                    {
                        continue;
                    }
                    body["signature"]["password"] =
                        json!(if password.is_empty() { "none" } else { password });
                }
                let path = route.path.replace("{id}", &thing.id.to_string());
                let version = kind_of(&collection).and_then(|kind| {
                    Some(stream(centre, kind, thing.id)?.version(StreamId { kind, id: thing.id }))
                });
                let asking = actor.member.as_ref().map_or(centre.stranger(), |member| centre.member(member));
                let call = asking.call("POST", &path).json(&body);
                let answer = call.header("if-match", &format!("\"{}\"", version.unwrap_or(1))).send();
                let case = format!("{} on {} ({}) as {}", route.action, thing.name, thing.id, actor.name);
                if due == Due::NotThere && actor.member.as_ref().is_some_and(|member| member.clinic.is_some())
                {
                    absent.push((answer.clone(), thing.id));
                }
                let codes = answer.body["reasons"].as_array().into_iter().flatten();
                let recorded =
                    codes.filter_map(|reason| reason["code"].as_str()).any(|code| RECORDED.contains(&code));
                self.recorded += i64::from(recorded || due == Due::Forbidden);
                self.judge("forms", case, &due, &answer);
            }
            self.alike(&route.action, absent);
        }
    }

    /// A body that succeeded elsewhere, about what this thing has.
    fn fit(&self, body: &mut Value, action: &str, thing: &Thing) {
        if ["made", "checked", "entered"].contains(&thing.name) && body["result"].is_u64() {
            body["result"] = json!(1);
        }
        if thing.name == "opened" && action == "batch.intake.mismatch_clearance" {
            body["mismatch"] = self.mismatch.clone();
        }
        if action == "order.forecast_acknowledgement"
            && let Some(world) = stream(self.centre, StreamKind::Order, thing.id)
            && let Some(batch) = world.orders.get(&OrderId(thing.id)).and_then(|order| order.batches.first())
        {
            body["batch"] = json!(batch);
            body["version"] = json!(1);
        }
    }

    /// What is another clinic's is answered as what does not exist, to the byte.
    fn alike(&mut self, at: &str, absent: Vec<(Answer, Uuid)>) {
        let shape = |(answer, id): &(Answer, Uuid)| {
            let text = answer.text.replace(&id.to_string(), "ID");
            (
                answer.status,
                text,
                ["etag", "link", "content-type", "cache-control"]
                    .map(|name| answer.header(name).map(String::from)),
            )
        };
        let shapes: BTreeSet<_> = absent.iter().map(shape).collect();
        if shapes.len() > 1 {
            self.wrong.push(format!("{at}: what is another's differs from what is nowhere: {shapes:?}"));
        }
        *self.cases.entry("alike").or_default() += absent.len();
    }

    fn reads(&mut self) {
        let centre = self.centre;
        // Patients have no stream of their own: `privacy` asks who is told of them.
        // One's own sessions and tokens no token reads: `lent` asks for them.
        let apart = [
            "/session",
            "/setup",
            "/blobs",
            "/blobs/{sha256}",
            "/patients/{id}/disclosures",
            "/me/sessions",
            "/me/tokens",
        ];
        for read in described().filter(|read| read.method == "get" && !apart.contains(&read.path)) {
            let rules: Vec<&Rule> = read.action.iter().map(|action| rule(action).expect("a row")).collect();
            let collection = read.path.split('/').nth(1).unwrap_or_default();
            let about = match read.path.contains("{id}") {
                true => self.things[collection].clone(),
                false if read.path.contains("{label}") => {
                    let of = ["opened", "of clinic 1"];
                    self.things["batches"].iter().filter(|thing| of.contains(&thing.name)).cloned().collect()
                }
                false => vec![Thing { name: "all", id: Uuid::nil() }],
            };
            for actor in 0..self.actors.len() {
                centre.minutes(1);
                let mut absent = Vec::new();
                for thing in &about {
                    let actor = &self.actors[actor];
                    let labelled = read.path.contains("{label}");
                    let batch = stream(centre, StreamKind::Batch, thing.id).and_then(|world| {
                        world.batches.get(&BatchId(thing.id)).map(|b| b.opened.label.to_string())
                    });
                    let path = read.path.replace("{id}", &thing.id.to_string());
                    let path = path.replace("{label}", &batch.unwrap_or_default());
                    let mut due =
                        if read.action.is_none() { Due::Admitted } else { self.by_role(actor, &rules) };
                    let collection = if labelled { "batches" } else { collection };
                    if let (Due::Admitted, Some(kind)) = (&due, kind_of(collection))
                        && thing.name != "all"
                        && !self.is_there(
                            actor,
                            stream(centre, kind, thing.id).as_ref(),
                            collection,
                            thing.id,
                        )
                    {
                        due = Due::NotThere;
                    }
                    let asking =
                        actor.member.as_ref().map_or(centre.stranger(), |member| centre.member(member));
                    let answer = asking.get(&path);
                    if due == Due::NotThere && !labelled {
                        absent.push((answer.clone(), thing.id));
                    }
                    let case = format!("GET {} of {} as {}", read.path, thing.name, actor.name);
                    if due == Due::Admitted && answer.status != 200 {
                        // Nobody waits for a key of who has gone, and nobody ordered for whom there is none.
                        self.wrong.push(format!("{case}: admitted, and it answered {}", answer.status));
                    }
                    self.judge("reads", case, &due, &answer);
                }
                self.alike(read.path, absent);
            }
        }
    }

    /// Forms on pages: shown and handed in, empty.
    fn pages(&mut self, route: &FormRoute) {
        let (centre, rule) = (self.centre, rule(&route.action).expect("a row"));
        let collection = route.path.split('/').nth(1).unwrap_or_default();
        for actor in &self.actors {
            centre.minutes(1);
            let by_role = self.by_role(actor, &[rule]);
            let things = self.things.get(collection).filter(|_| !route.creates);
            let of = |name: &str| things.and_then(|all| all.iter().find(|thing| thing.name == name));
            let told_apart = !matches!(by_role, Due::Forbidden | Due::KeyWaits | Due::NotSignedIn);
            for (name, thing) in
                [("own", of("opened")), ("of clinic 1", of("of clinic 1")), ("unknown", of("unknown"))]
            {
                let id = thing.map_or(Uuid::nil(), |thing| thing.id);
                // Who may not at all may not whatever it is about.
                if name != "own" && (thing.is_none() || !told_apart) {
                    continue;
                }
                let there = thing.is_none()
                    || kind_of(collection).is_none_or(|kind| {
                        self.is_there(actor, stream(centre, kind, id).as_ref(), collection, id)
                    });
                let id = if thing.is_none() {
                    self.things.get(collection).map_or(id, |all| all[0].id)
                } else {
                    id
                };
                let address = format!("//record{}", route.path.replace("{id}", &id.to_string()));
                let asking = actor.member.as_ref().map_or(centre.stranger(), |member| centre.member(member));
                for method in ["GET", "POST"] {
                    let call = asking.call(method, &address);
                    let call = match method {
                        // From a page of ours: from elsewhere nobody gets as far as the table.
                        "POST" => call
                            .header("sec-fetch-site", "same-origin")
                            .body(Vec::new(), "application/x-www-form-urlencoded"),
                        _ => call,
                    };
                    let answer = call.send();
                    let fits = match (&by_role, there) {
                        (Due::NotSignedIn, _) => answer.status == if method == "GET" { 303 } else { 401 },
                        (Due::KeyWaits | Due::Forbidden, _) => answer.status == 403,
                        (_, false) => answer.status == 404,
                        _ => ![401, 403, 404].contains(&answer.status) && answer.status < 500,
                    };
                    *self.cases.entry("page forms").or_default() += 1;
                    if !fits {
                        let said = format!("{method} {address} ({name}) as {}", actor.name);
                        self.wrong
                            .push(format!("{said}: {by_role:?}, there: {there}, answered {}", answer.status));
                    }
                }
            }
        }
    }
}

/// How many refused attempts are on record.
fn attempts(centre: &Centre) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        entries: i64,
    }
    let count = "SELECT count(*) AS entries FROM journal WHERE stream_kind = 'attempts'";
    centre
        .store()
        .read(|conn| Ok::<_, StoreError>(diesel::sql_query(count).get_result::<Count>(conn)?.entries))
        .expect("a count")
}

#[test]
fn everybody_is_answered_at_every_address_as_the_table_of_authority_says() {
    let mut centre = Centre::open();
    centre.be_careful();
    tour::take(&mut centre);
    let centre = &centre;
    let sent = centre.succeeded();
    let forms = form_routes();
    let bodies = forms.iter().map(|route| {
        let done = sent.get(&("POST".to_string(), route.path.clone()));
        let body = done.and_then(|sent| sent.body.clone()).unwrap_or_else(|| panic!("no {}", route.path));
        (route.action.clone(), body)
    });
    let bodies = bodies.collect();
    let fresh = centre.standard_changed(FRESH, |standard| standard["version"] = json!(70));
    let things = things(centre, fresh);
    let actors = actors(centre);
    let opened = centre.inspector().get(&format!("/batches/{}", things["batches"][0].id)).ok();
    let mismatch = opened["mismatches"][0]["entry"].clone();
    let (wrong, cases, shut_out) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    let mut all =
        Everything { centre, actors, things, bodies, wrong, cases, shut_out, recorded: 0, mismatch };
    all.unseconded(fresh);
    all.reads();
    let (ending, others): (Vec<&FormRoute>, Vec<&FormRoute>) =
        forms.iter().partition(|route| ENDING.contains(&route.action.as_str()));
    others.iter().chain(&ending).for_each(|route| all.pages(route));
    let before = attempts(centre);
    others.into_iter().chain(ending).for_each(|route| all.form(route));
    for rule in TABLE {
        let template =
            &forms.iter().find(|route| route.action == rule.action).map(|route| route.path.clone());
        for shut_out in rule.shut_out {
            let shown = match (shut_out, template) {
                (ShutOut::OwnChecker, Some(template)) => centre.refused_own_checker(template),
                // The years for which a record is kept pass in `erased`, where its proposer is refused.
                (ShutOut::ItsProposer, _) => true,
                _ => all.shut_out.contains(&(rule.action, format!("{shut_out:?}"))),
            };
            assert!(shown, "nobody was tried whom {shut_out:?} shuts out of {}", rule.action);
        }
    }
    let cases: usize = all.cases.values().sum();
    println!("{cases} cases: {:?}; {} attempts recorded by forms", all.cases, attempts(centre) - before);
    assert!(
        all.wrong.is_empty(),
        "{} of {cases}:\n{}",
        all.wrong.len(),
        all.wrong[..all.wrong.len().min(60)].join("\n")
    );
    assert!(cases >= 2000, "{cases}");
    assert_eq!(attempts(centre) - before, all.recorded, "each attempt that is not one's to make is recorded");
}
