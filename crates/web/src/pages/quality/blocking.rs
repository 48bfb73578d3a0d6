//! What keeps a batch from its release: each blocker once, with who clears it and when it can be expected, what can be
//! done first at the top.

use crate::pages::reader::{Reader, part_label};
use crate::pages::status_chip::{Look, chip};
use crate::words::{self, Quality, Ui};
use baiyo_domain::batch::Batch;
use baiyo_domain::batch::gate::{Blocker, Check, CheckState, Gate, Requirement};
use baiyo_domain::ids::{ContainerNo, LabelKind};
use baiyo_domain::time::Time;
use maud::{Markup, html};

/// One blocker.
pub struct Blocking {
    /// What it keeps from being met.
    pub requirement: Requirement,
    /// What blocks.
    pub blocker: Blocker,
    /// When it can be expected to be cleared; nothing where somebody can act now.
    pub expected: Option<Time>,
    /// The containers it blocks; none where it is the whole batch.
    pub containers: Vec<ContainerNo>,
}

/// How much of the gate is met.
pub struct Standing {
    /// Requirements met.
    pub met: usize,
    /// All requirements.
    pub all: usize,
}

/// What blocks the containers that are still to be decided on, or the batch while there are none.
pub fn blocking(batch: &Batch, gate: &Gate) -> Vec<Blocking> {
    let mut found: Vec<Blocking> = Vec::new();
    let whole = gate.batch.iter().map(|check| (None, check));
    let open = batch.containers.values().filter(|container| container.is_undecided());
    let each = open.flat_map(|container| {
        gate.containers.get(&container.no).into_iter().flatten().map(|check| (Some(container.no), check))
    });
    for (container, check) in whole.chain(each) {
        for (blocker, expected) in &check.blockers {
            match found.iter_mut().find(|known| known.blocker == *blocker && known.expected == *expected) {
                Some(known) => known.containers.extend(container),
                None => found.push(Blocking {
                    requirement: check.requirement.clone(),
                    blocker: blocker.clone(),
                    expected: *expected,
                    containers: container.into_iter().collect(),
                }),
            }
        }
    }
    // The confirmations cover everything else, so they come last; before them what has no date can be done now.
    found.sort_by_key(|blocking| (is_confirmation(&blocking.blocker), blocking.expected));
    found
}

/// Whether it is one of the two confirmations of the record.
pub fn is_confirmation(blocker: &Blocker) -> bool {
    matches!(blocker, Blocker::ManufacturingUnconfirmed | Blocker::QualityUnconfirmed)
}

/// How much is met, of the container that lacks most.
pub fn standing(batch: &Batch, gate: &Gate) -> Standing {
    let count = |checks: &[Check]| Standing {
        met: checks.iter().filter(|check| check.state() == CheckState::Met).count(),
        all: checks.len(),
    };
    let open = batch.containers.values().filter(|container| container.is_undecided());
    let own = open.filter_map(|container| gate.containers.get(&container.no)).map(|checks| count(checks));
    let worst = own.min_by_key(|standing| standing.met).unwrap_or(Standing { met: 0, all: 0 });
    let whole = count(&gate.batch);
    Standing { met: whole.met + worst.met, all: whole.all + worst.all }
}

/// The roles that can clear a blocker.
pub fn owners(reader: &Reader, blocker: &Blocker) -> String {
    let roles: Vec<&str> =
        blocker.cleared_by().iter().map(|role| words::role(reader.language, *role)).collect();
    match roles.is_empty() {
        true => reader.say(Ui::NobodyCanClear).into(),
        false => roles.join(" · "),
    }
}

/// Why a batch is not ready: a short list, by date.
pub fn section(reader: &Reader, batch: &Batch, found: &[Blocking]) -> Markup {
    html! {
        section.why #why {
            h2 { (reader.say(Quality::WhyNotReady)) }
            ol.whys {
                @for (place, blocking) in found.iter().enumerate() {
                    li {
                        p.when {
                            @match blocking.expected {
                                Some(at) => { (chip(Look::Active, &words::time(reader.language, at, reader.zone))) }
                                None if blocking.blocker.cleared_by().is_empty() => {
                                    (chip(Look::Bad, reader.say(Ui::NobodyCanClear)))
                                }
                                // A confirmation covers whatever stands before it.
                                None if place > 0 && is_confirmation(&blocking.blocker) => {
                                    (chip(Look::Planned, reader.say(Quality::Then)))
                                }
                                None => { (chip(Look::Waiting, reader.say(Quality::Now))) }
                            }
                        }
                        div {
                            p { (words::blocker(reader.language, &blocking.blocker, &reader.context)) }
                            p.muted {
                                @if !blocking.blocker.cleared_by().is_empty() {
                                    (owners(reader, &blocking.blocker)) " · "
                                }
                                @if blocking.containers.is_empty() { (reader.say(Quality::WholeRecord)) } @else {
                                    (labels(batch, &blocking.containers))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The labels of containers.
pub fn labels(batch: &Batch, containers: &[ContainerNo]) -> String {
    let label = |no: &ContainerNo| part_label(batch, LabelKind::Dose, no.0);
    containers.iter().map(label).collect::<Vec<_>>().join(", ")
}
