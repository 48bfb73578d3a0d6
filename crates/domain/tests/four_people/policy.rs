//! How seven tasks may be shared among four people: the rules, and what refuses whom. Read in by whoever holds the
//! product against them: the decision, the guard in the database, the API.

#![allow(dead_code)]

use Task::*;
use baiyo_domain::authority::Role;

/// What must be done between the order and the release, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    Make,
    Check,
    Enter,
    Verify,
    ConfirmForManufacturing,
    ConfirmForQuality,
    Release,
}

/// All of them.
pub const TASKS: [Task; 7] =
    [Make, Check, Enter, Verify, ConfirmForManufacturing, ConfirmForQuality, Release];

/// Which of the four does each task.
pub type Assignment = [usize; TASKS.len()];

/// Who works for one works for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Department {
    Manufacturing,
    Quality,
}

/// Both.
pub const DEPARTMENTS: [Department; 2] = [Department::Manufacturing, Department::Quality];

/// Tasks that one person must not do both, and what refuses the later one.
pub const APART: [(Task, Task, &str); 8] = [
    (Make, Check, "maker_is_checker"),
    (Enter, Verify, "enterer_is_verifier"),
    (Make, ConfirmForManufacturing, "maker_is_checker"),
    (Make, ConfirmForQuality, "has_duty"),
    (Check, ConfirmForQuality, "has_duty"),
    (Make, Release, "releaser_has_duty"),
    (Check, Release, "releaser_has_duty"),
    (Enter, Release, "releaser_has_duty"),
];

/// The department that a task is a matter of; a second pair of eyes may be anybody's who works here.
pub fn department(task: Task) -> Option<Department> {
    match task {
        Make | ConfirmForManufacturing => Some(Department::Manufacturing),
        Enter | Verify | ConfirmForQuality | Release => Some(Department::Quality),
        Check => None,
    }
}

/// Whether four people may share the tasks so: nobody does two that stand apart, nobody works for both departments.
pub fn allowed(assignment: &Assignment, apart: &[(Task, Task, &str)], independent: bool) -> bool {
    let who = |task: Task| assignment[task as usize];
    let both = |person| {
        DEPARTMENTS.iter().all(|d| TASKS.iter().any(|t| who(*t) == person && department(*t) == Some(*d)))
    };
    apart.iter().all(|(one, other, _)| who(*one) != who(*other)) && !(independent && (0..4).any(both))
}

/// Why the last of these tasks is refused; nothing where it is not.
pub fn refused_by(people: &[usize], departments: [Department; 4]) -> Option<Vec<&'static str>> {
    let task = TASKS[people.len() - 1];
    let person = people[task as usize];
    if department(task).is_some_and(|needed| needed != departments[person]) {
        return Some(vec!["not_allowed"]);
    }
    let broken = APART.iter().filter(|(one, later, _)| *later == task && people[*one as usize] == person);
    // Each duty is named, as often as there is one.
    let rules: Vec<&str> = broken.map(|(_, _, rule)| *rule).collect();
    (!rules.is_empty()).then_some(rules)
}

/// Every way to share the tasks.
pub fn assignments() -> impl Iterator<Item = Assignment> {
    (0..4_usize.pow(7)).map(|number| std::array::from_fn(|task| number / 4_usize.pow(task as u32) % 4))
}

/// Every way to put each of the four into one department.
pub fn all_departments() -> impl Iterator<Item = [Department; 4]> {
    (0..16).map(|number| std::array::from_fn(|person| DEPARTMENTS[number >> person & 1]))
}

/// All roles of a department.
pub fn roles(department: Department) -> [Role; 2] {
    match department {
        Department::Manufacturing => [Role::Technician, Role::ManufacturingLead],
        Department::Quality => [Role::QcAnalyst, Role::Releaser],
    }
}
