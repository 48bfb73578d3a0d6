//! Four people can run a centre, and no fewer: every way to share seven tasks among four people, with every way to
//! put each of them into one department with all its roles, gets as far as the policy says and is refused by name.
//!
//! 4^7 = 16,384 assignments × 2^4 departments = 262,144 cases. A case that is refused at a task decides all that share
//! the tasks before it; they are counted as such and not run again. Nobody can hold roles of both departments, so one
//! department with all its roles is the widest set of roles there is: the first test shows both.

mod centre;
#[path = "four_people/policy.rs"]
mod policy;

use baiyo_domain::batch::Performed;
use baiyo_domain::batch::disposition::{Deciding, Decision, ManufacturingConfirmation, QualityConfirmation};
use baiyo_domain::batch::intake::Opening;
use baiyo_domain::ids::*;
use baiyo_domain::order::Purpose;
use baiyo_domain::refusal::Refusal;
use baiyo_domain::standard::Stage;
use centre::{Centre, Course, Until, codes, passing};
use policy::Task::*;
use policy::*;
use std::collections::BTreeSet;
use std::thread;

/// Four people in a centre, and how far their batch is.
#[derive(Clone)]
struct Four {
    centre: Centre,
    people: [PersonId; 4],
    departments: [Department; 4],
    batch: BatchId,
    /// Who does the tasks that were begun.
    begun: Vec<usize>,
}

/// What came of all ways to go on.
#[derive(Default)]
struct Outcome {
    cases: usize,
    released: BTreeSet<Assignment>,
}

impl Four {
    fn hire(departments: [Department; 4]) -> Self {
        let mut centre = Centre::open();
        let people = std::array::from_fn(|number| centre.invite(&format!("person.{number}"), false));
        for (person, department) in people.into_iter().zip(departments) {
            roles(department).into_iter().for_each(|role| drop(centre.grant(person, role).unwrap()));
        }
        Self { centre, people, departments, batch: BatchId(uuid::Uuid::nil()), begun: vec![] }
    }

    /// The clinic orders; whoever of the four is of manufacturing opens the batch and signs its instruction. Nothing
    /// where nobody is, as nobody else can.
    fn open(mut self) -> Option<Self> {
        let course = Course::default();
        let standard = self.centre.standard(course.standard);
        let Some(lead) = self.departments.iter().position(|d| *d == Department::Manufacturing) else {
            let order = self.centre.place_order(&course, Purpose::Therapy);
            for person in self.people {
                let batch = BatchId(self.centre.id());
                let refusal = self.centre.batch(person, batch, Opening { order, standard, bank: None });
                assert_eq!(codes(&refusal.unwrap_err()), ["not_allowed"]);
            }
            return None;
        };
        self.centre.staff.lead = self.people[lead];
        self.batch = self.centre.start(&course);
        Some(self)
    }

    /// Goes on in every way from the tasks begun.
    fn explore(&self, outcome: &mut Outcome) {
        if self.begun.len() == TASKS.len() {
            outcome.cases += 1;
            outcome.released.insert(self.begun.clone().try_into().unwrap());
            let recorders = self.centre.state(self.batch).log.into_iter().map(|logged| logged.stamp.recorder);
            assert!(recorders.into_iter().all(|recorder| self.people.contains(&recorder)));
            return;
        }
        for person in 0..4 {
            let mut next = self.clone();
            next.begun.push(person);
            let done = next.step();
            let named = done.as_ref().err().map(codes);
            let expected = refused_by(&next.begun, self.departments);
            let expected = expected.map(|rules| rules.into_iter().map(String::from).collect::<Vec<_>>());
            assert_eq!(named, expected, "{:?} {:?}", next.begun, next.departments);
            if done.is_ok() {
                next.explore(outcome);
            } else {
                outcome.cases += 4_usize.pow(u32::try_from(TASKS.len() - next.begun.len()).unwrap());
                next.nobody_releases();
            }
        }
    }

    fn who(&self, task: Task) -> PersonId {
        self.people[self.begun[task as usize]]
    }

    /// Does the task that was begun last.
    fn step(&mut self) -> Result<(), Refusal> {
        let task = TASKS[self.begun.len() - 1];
        let (who, batch) = (self.who(task), self.batch);
        match task {
            // Whoever makes names his checker in the same form, so the making itself follows with the check.
            Make => self.receive(Performed::default()),
            Check => {
                self.receive(Performed { checked_by: Some(who), ..Performed::default() })?;
                let maker = self.who(Make);
                let staff = &mut self.centre.staff;
                (staff.technician, staff.lead, staff.analyst) = (maker, who, maker);
                self.centre.carry_on(&Course::default().until(Until::Filled), batch);
                self.centre.hours(21);
                Ok(())
            }
            Enter => {
                let standard = self.centre.state(batch).standard().clone();
                standard.mandated().filter(|test| test.stage != Stage::Donor).try_for_each(|test| {
                    let sample = self.centre.last_sample(batch, &test.code).unwrap();
                    let value = passing(test);
                    let values = vec![value.as_str(); usize::from(test.replicates.number)];
                    self.centre.enter(who, batch, sample, test, &values).map(drop)
                })
            }
            Verify => {
                let results = self.centre.state(batch).results.into_keys();
                results.into_iter().try_for_each(|no| self.centre.verify(who, batch, no).map(drop))
            }
            ConfirmForManufacturing => {
                self.centre.batch(who, batch, ManufacturingConfirmation { remark: None }).map(drop)
            }
            ConfirmForQuality => {
                self.centre.batch(who, batch, QualityConfirmation { remark: None }).map(drop)
            }
            Release => self.release(who),
        }
    }

    /// Tries the first step at the bench, on a copy: what it decides, every later step at the bench decides.
    fn receive(&self, performed: Performed) -> Result<(), Refusal> {
        let mut centre = self.centre.clone();
        centre.hours(4);
        let mut form = centre.tissue(self.batch);
        form.performed = performed;
        centre.batch(self.who(Make), self.batch, form).map(drop)
    }

    fn release(&mut self, who: PersonId) -> Result<(), Refusal> {
        let containers = self.centre.containers(self.batch);
        let form = Deciding { containers, decision: Decision::Release };
        self.centre.batch(who, self.batch, form).map(drop)
    }

    /// Where anything after the filling and before the release was refused, none of the four can release.
    fn nobody_releases(&mut self) {
        let refused = TASKS[self.begun.len() - 1];
        if refused < Enter || refused == Release {
            return;
        }
        for person in self.people {
            assert!(self.release(person).is_err(), "{:?} {:?}", self.begun, self.departments);
        }
    }
}

#[test]
fn one_department_with_all_its_roles_is_the_widest_set_of_roles_that_anybody_can_hold() {
    for departments in all_departments() {
        let mut four = Four::hire(departments);
        for (person, department) in four.people.into_iter().zip(departments) {
            let other = DEPARTMENTS.into_iter().find(|other| *other != department).unwrap();
            for role in roles(other) {
                assert_eq!(codes(&four.centre.grant(person, role).unwrap_err()), ["both_departments"]);
            }
        }
    }
}

#[test]
fn exactly_the_allowed_assignments_of_seven_tasks_to_four_people_get_through_to_a_release() {
    let run = |half: usize| {
        let mut outcome = Outcome::default();
        for departments in all_departments().skip(half).step_by(2) {
            match Four::hire(departments).open() {
                Some(four) => four.explore(&mut outcome),
                None => outcome.cases += 4_usize.pow(7),
            }
        }
        outcome
    };
    let outcomes = thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        [run(0), other.join().unwrap()]
    });
    let [one, other] = outcomes;
    assert_eq!(one.cases + other.cases, 16 * 4_usize.pow(7));
    let released: BTreeSet<Assignment> = one.released.union(&other.released).copied().collect();
    let expected: BTreeSet<Assignment> = assignments().filter(|a| allowed(a, &APART, true)).collect();
    assert_eq!(released, expected);
    // Two of manufacturing (4 × 3), two of quality (2), and the check with quality's confirmation shared in 3 ways.
    assert_eq!(released.len(), 72);
    // The way that the design names, and no way with fewer than four.
    assert!(released.contains(&[0, 1, 2, 3, 1, 3, 3]));
    assert!(released.iter().all(|assignment| BTreeSet::from(*assignment).len() == 4));
}

#[test]
fn control_a_policy_without_one_of_its_rules_would_let_others_through() {
    let count = |apart: &[(Task, Task, &str)], independent| {
        assignments().filter(|assignment| allowed(assignment, apart, independent)).count()
    };
    assert_eq!(count(&APART, true), 72);
    assert!(count(&APART, false) > 72);
    for (index, (one, other, _)) in APART.into_iter().enumerate() {
        let rest: Vec<_> =
            APART.into_iter().enumerate().filter(|(i, _)| *i != index).map(|(_, r)| r).collect();
        // Who makes is of manufacturing; that alone keeps him from what is quality's.
        let implied = department(one).zip(department(other)).is_some_and(|(one, other)| one != other);
        assert_eq!(count(&rest, true) == 72, implied, "{one:?} {other:?}");
    }
}
