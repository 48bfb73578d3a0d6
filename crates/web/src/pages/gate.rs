//! The gate on a page: each requirement with where it stands, what blocks it, who can clear it and when that is
//! expected. It asks the same function as the release itself.

use super::reader::{Reader, part_label};
use super::status_chip::{self, Look, chip};
use crate::words::{self, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::gate::{Blocker, Check, Gate};
use baiyo_domain::ids::{ContainerNo, LabelKind};
use baiyo_domain::time::Time;
use maud::{Markup, html};

/// Containers that stand alike, together.
pub fn alike(gate: &Gate) -> Vec<(Vec<ContainerNo>, &[Check])> {
    let mut alike: Vec<(Vec<ContainerNo>, &[Check])> = Vec::new();
    for (no, checks) in &gate.containers {
        match alike.iter_mut().find(|(_, others)| *others == checks.as_slice()) {
            Some((numbers, _)) => numbers.push(*no),
            None => alike.push((vec![*no], checks)),
        }
    }
    alike
}

/// The gate's answer.
pub fn section(reader: &Reader, batch: &Batch, gate: &Gate) -> Markup {
    html! {
        section #gate {
            h2 { (reader.say(Ui::Gate)) }
            div.columns {
                div.panel {
                    h3 { (reader.say(Ui::WholeBatch)) }
                    (checks(reader, &gate.batch))
                }
                @for (numbers, own) in alike(gate) { (containers(reader, batch, gate, &numbers, own)) }
            }
        }
    }
}

fn containers(reader: &Reader, batch: &Batch, gate: &Gate, numbers: &[ContainerNo], own: &[Check]) -> Markup {
    let word = if numbers.len() == 1 { Ui::Container } else { Ui::Containers };
    html! {
        div.panel {
            h3 { (reader.say(word)) }
            p {
                @for (index, no) in numbers.iter().enumerate() {
                    @if index > 0 { ", " }
                    a href={ "#container-" (no) } { (part_label(batch, LabelKind::Dose, no.0)) }
                }
            }
            @if let Some(first) = numbers.first() { p { (releasable(reader, gate, *first)) } }
            (checks(reader, own))
        }
    }
}

/// Whether nothing blocks a container, the batch's own blockers counted.
pub fn releasable(reader: &Reader, gate: &Gate, container: ContainerNo) -> Markup {
    match gate.blockers(container).len() {
        0 => chip(Look::Good, reader.say(Ui::NothingBlocks)),
        blockers => html! {
            (chip(Look::Planned, reader.say(Ui::Blocked))) " " (reader.say(Ui::Blockers)) ": " (blockers)
        },
    }
}

fn checks(reader: &Reader, checks: &[Check]) -> Markup {
    html! {
        ul.gate-list {
            @for check in checks {
                li {
                    div.head {
                        (status_chip::check(reader.language, check.state()))
                        strong { (words::requirement(reader.language, &check.requirement, &reader.context)) }
                        @if let Some(until) = check.valid_until {
                            span.muted { (reader.say(Ui::ValidUntil)) " " (reader.time(until)) }
                        }
                    }
                    @if !check.blockers.is_empty() {
                        ul.blockers {
                            @for (blocker, expected) in &check.blockers { (blocker_line(reader, blocker, *expected)) }
                        }
                    }
                }
            }
        }
    }
}

fn blocker_line(reader: &Reader, blocker: &Blocker, expected: Option<Time>) -> Markup {
    let roles = blocker.cleared_by().iter().map(|role| words::role(reader.language, *role));
    let roles: Vec<&str> = roles.collect();
    html! {
        li {
            (words::blocker(reader.language, blocker, &reader.context))
            small {
                (reader.say(Ui::WhoCanClear)) ": "
                @if roles.is_empty() { (reader.say(Ui::NobodyCanClear)) } @else { (roles.join(" · ")) }
                @if let Some(expected) = expected { " · " (reader.say(Ui::Expected)) " " (reader.time(expected)) }
            }
        }
    }
}
