//! Four people run a centre, over HTTP: two of manufacturing and two of quality, each with all roles of the department.
//! Every one of the 4^7 ways to share seven tasks among them is decided as the policy says, and refused by name.
//!
//! A batch is made for each way of going on that the policy allows as far as it does; at every task of it, whoever must
//! not is tried first. A way that is refused at a task decides all that share the tasks before it. The other ways to
//! put four people into departments are the decision's own test, `crates/domain/tests/four_people.rs`; both read one
//! policy.

#[path = "../../crates/domain/tests/four_people/policy.rs"]
mod policy;

use baiyo_domain::authority::Role;
use policy::Task::*;
use policy::{Department, TASKS, Task, refused_by};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use stories::{Answer, Asking, Centre, Course, Member, Recipe, Step};
use uuid::Uuid;

const FRESH: &str = "config/standards/adipose-msc-autologous-fresh.toml";

const DEPARTMENTS: [Department; 4] =
    [Department::Manufacturing, Department::Manufacturing, Department::Quality, Department::Quality];

/// The four at work in a centre of their own.
struct Four {
    centre: Centre,
    people: [Member; 4],
    standard: Uuid,
    /// Who was tried for the task that follows these, and how many ways that decided.
    refused: BTreeMap<Vec<usize>, usize>,
    released: BTreeSet<Vec<usize>>,
}

impl Four {
    fn open() -> Self {
        let centre = Centre::open();
        let standard = centre.standard(FRESH);
        let people = [centre.technician(), centre.lead(), centre.analyst(), centre.releaser()];
        let people = people.map(|asking| asking.account().clone());
        let others = [Role::ManufacturingLead, Role::Technician, Role::Releaser, Role::QcAnalyst];
        for (member, role) in people.iter().zip(others) {
            let path = format!("/people/{}/role_grant", member.id);
            centre.administrator().sign(&path, json!({ "role": role }), "role_grant").ok();
        }
        Self { centre, people, standard, refused: BTreeMap::new(), released: BTreeSet::new() }
    }

    /// Makes a batch in one way, as far as it gets.
    fn share(&mut self, way: &[usize]) {
        // Whoever makes also samples; opening and instructing leave no duty.
        let maker = self.people[way[0]].clone();
        if let Some(checker) = way.get(1) {
            let checker = self.people[*checker].clone();
            self.centre.assigns(Role::Technician, &checker);
        }
        self.centre.assigns(Role::Technician, &maker);
        self.centre.assigns(Role::QcAnalyst, &maker);
        let mut course = Course::run(&self.centre, Recipe::of(self.standard), Step::Instructed);
        self.centre.hours(4);
        for (place, task) in TASKS.into_iter().enumerate() {
            for person in 0..4 {
                let next = [&way[..place], &[person]].concat();
                let Some(rules) = refused_by(&next, DEPARTMENTS) else { continue };
                if self.refused.contains_key(&next) {
                    continue;
                }
                let found = codes(try_it(&course, self.centre.member(&self.people[person]), &maker, task));
                assert_eq!(
                    found,
                    BTreeSet::from_iter(rules.into_iter().map(String::from)),
                    "{task:?} {next:?}"
                );
                self.refused.insert(next, 4_usize.pow((TASKS.len() - place - 1) as u32));
            }
            let Some(person) = way.get(place) else { return };
            let who = self.centre.member(&self.people[*person]);
            match task {
                // In one form: whoever makes names who checked, who then confirms it himself.
                Make => {}
                Check => drop(course.to(Step::Filled)),
                Enter => enter_all(&course, who),
                Verify => verify_all(&course, who),
                ConfirmForManufacturing | ConfirmForQuality => {
                    sign(&course, who, task).ok();
                }
                Release => {
                    sign(&course, who, task).ok();
                    assert_eq!(course.status(), "released");
                    self.released.insert(way.to_vec());
                }
            }
            self.centre.minutes(5);
        }
    }
}

/// Somebody tries a task that he must not do.
fn try_it(course: &Course, who: Asking, maker: &Member, task: Task) -> Answer {
    match task {
        Make => who.post(&course.path("tissue_receipt"), course.tissue()),
        Check => {
            let mut form = course.tissue();
            form["performed"] = json!({ "checked_by": who.id() });
            course.centre.member(maker).post(&course.path("tissue_receipt"), form)
        }
        Enter => who.post(&course.path("result"), course.result_form("APPEARANCE")),
        Verify => {
            who.sign(&course.path("verification"), json!({ "result": course.results()[0] }), "verification")
        }
        ConfirmForManufacturing | ConfirmForQuality | Release => sign(course, who, task),
    }
}

fn sign(course: &Course, who: Asking, task: Task) -> Answer {
    let (form, body, meaning) = match task {
        ConfirmForManufacturing => ("manufacturing_confirmation", json!({}), "manufacturing_confirmation"),
        ConfirmForQuality => ("quality_confirmation", json!({}), "quality_confirmation"),
        _ => {
            let release = json!({ "containers": course.containers(), "decision": "release" });
            ("deciding", release, "disposition")
        }
    };
    who.sign(&course.path(form), body, meaning)
}

fn enter_all(course: &Course, who: Asking) {
    course.centre.hours(21);
    for code in course.mandated() {
        who.post(&course.path("result"), course.result_form(&code)).ok();
    }
}

fn verify_all(course: &Course, who: Asking) {
    for result in course.results() {
        who.sign(&course.path("verification"), json!({ "result": result }), "verification").ok();
    }
}

/// What refused it, by codes. Whoever has no role for it is not asked for reasons.
fn codes(answer: Answer) -> BTreeSet<String> {
    let status = answer.status;
    assert!([403, 409, 422].contains(&status), "{answer:?}");
    if answer.body["type"] == "/problems/forbidden" && answer.body["reasons"] == json!([]) {
        return BTreeSet::from(["not_allowed".to_string()]);
    }
    answer.refused(status).codes().into_iter().collect()
}

/// The ways that go on as far as the policy lets them, from here.
fn ways(begun: &[usize]) -> Vec<Vec<usize>> {
    let nexts = (0..4).map(|person| [begun, &[person]].concat());
    let allowed: Vec<_> = match begun.len() {
        7 => Vec::new(),
        _ => nexts.filter(|next| refused_by(next, DEPARTMENTS).is_none()).collect(),
    };
    if allowed.is_empty() {
        vec![begun.to_vec()]
    } else {
        allowed.iter().flat_map(|next| ways(next)).collect()
    }
}

#[test]
fn every_way_to_share_seven_tasks_among_two_and_two_people_is_decided_as_the_policy_says() {
    // One centre for each who makes: they share no tasks.
    let run = |maker: usize| {
        let mut four = Four::open();
        ways(&[maker]).iter().for_each(|way| four.share(way));
        four
    };
    let [one, other] = thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        [run(0), other.join().unwrap()]
    });
    // Both tried who must not make at all.
    let refused: BTreeMap<_, _> = one.refused.iter().chain(&other.refused).collect();
    let released: BTreeSet<_> = one.released.union(&other.released).cloned().collect();
    assert_eq!(refused.values().copied().sum::<usize>() + released.len(), 4_usize.pow(7));
    let allowed = |way: &policy::Assignment| policy::allowed(way, &policy::APART, true);
    let of_these = |way: &policy::Assignment| {
        // The departments are given here; elsewhere they follow from the tasks.
        TASKS.iter().all(|task| {
            policy::department(*task).is_none_or(|needed| DEPARTMENTS[way[*task as usize]] == needed)
        })
    };
    let expected: BTreeSet<Vec<usize>> =
        policy::assignments().filter(|way| allowed(way) && of_these(way)).map(|way| way.to_vec()).collect();
    assert_eq!(released, expected);
    assert_eq!(released.len(), 12);
    // The way that the design names.
    assert!(released.contains(&vec![0, 1, 2, 3, 1, 3, 3]));
}
