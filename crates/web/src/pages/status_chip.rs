//! Where something stands, told by a shape, a word and a colour at once. A total match per kind of state, so that
//! a new state does not compile without its look.

use crate::words::{self, Language};
use baiyo_domain::batch::culture::VesselState;
use baiyo_domain::batch::gate::CheckState;
use baiyo_domain::batch::results::Verdict;
use baiyo_domain::batch::status::{BatchStatus, ContainerStatus};
use maud::{Markup, html};

/// How a state looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Dashed circle: not begun.
    Planned,
    /// Half circle: going on.
    Active,
    /// Diamond: somebody must act.
    Waiting,
    /// Check mark.
    Good,
    /// Triangle.
    Warning,
    /// Two bars.
    Held,
    /// Cross, filled.
    Bad,
    /// Words alone: a step that is over.
    Plain,
}

/// All states of a batch, in the order of the work.
pub const BATCH_STATUSES: [BatchStatus; 18] = [
    BatchStatus::Opened,
    BatchStatus::Instructed,
    BatchStatus::TissueReceived,
    BatchStatus::TissueRefused,
    BatchStatus::InCulture,
    BatchStatus::Harvested,
    BatchStatus::UnderTest,
    BatchStatus::AwaitingConfirmation,
    BatchStatus::ReadyForDecision,
    BatchStatus::PartlyReleased,
    BatchStatus::Released,
    BatchStatus::Shipped,
    BatchStatus::Received,
    BatchStatus::Administered,
    BatchStatus::Rejected,
    BatchStatus::OnHold,
    BatchStatus::Discontinued,
    BatchStatus::Closed,
];

impl Look {
    /// The class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Look::Planned => "planned",
            Look::Active => "active",
            Look::Waiting => "waiting",
            Look::Good => "good",
            Look::Warning => "warning",
            Look::Held => "held",
            Look::Bad => "bad",
            Look::Plain => "plain",
        }
    }

    /// The shape.
    pub fn icon(self) -> Markup {
        let shape = match self {
            Look::Plain => return html! {},
            Look::Planned => html! {
                circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="3 2.3" {}
            },
            Look::Active => html! {
                circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" {}
                path d="M8 2a6 6 0 0 0 0 12z" fill="currentColor" {}
            },
            Look::Waiting => html! { path d="M8 1l7 7-7 7-7-7z" fill="currentColor" {} },
            Look::Good => html! {
                path d="M2 8.5l4 4 8-9" fill="none" stroke="currentColor" stroke-width="2.5" {}
            },
            Look::Warning => html! { path d="M8 1.5l7 13H1z" fill="currentColor" {} },
            Look::Held => html! { path d="M3.5 2h3v12h-3zM9.5 2h3v12h-3z" fill="currentColor" {} },
            Look::Bad => html! {
                path d="M3 3l10 10M13 3L3 13" fill="none" stroke="currentColor" stroke-width="2.5" {}
            },
        };
        html! { svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" { (shape) } }
    }
}

/// A chip.
pub fn chip(look: Look, word: &str) -> Markup {
    html! { span.chip.(look.class()) { (look.icon()) (word) } }
}

/// Where a batch stands.
pub fn batch(language: Language, status: BatchStatus) -> Markup {
    let look = match status {
        BatchStatus::Opened => Look::Planned,
        BatchStatus::Instructed | BatchStatus::AwaitingConfirmation | BatchStatus::ReadyForDecision => {
            Look::Waiting
        }
        BatchStatus::TissueReceived
        | BatchStatus::InCulture
        | BatchStatus::Harvested
        | BatchStatus::UnderTest => Look::Active,
        BatchStatus::PartlyReleased | BatchStatus::Released => Look::Good,
        BatchStatus::OnHold => Look::Held,
        BatchStatus::TissueRefused | BatchStatus::Rejected => Look::Bad,
        BatchStatus::Shipped
        | BatchStatus::Received
        | BatchStatus::Administered
        | BatchStatus::Discontinued
        | BatchStatus::Closed => Look::Plain,
    };
    chip(look, &words::batch_status(language, status.name()))
}

/// Where a batch stands, by the status's name in the read models.
pub fn batch_named(language: Language, name: &str) -> Markup {
    let status = BATCH_STATUSES.into_iter().find(|status| status.name() == name);
    status.map_or_else(|| chip(Look::Plain, name), |status| batch(language, status))
}

/// Where a container stands.
pub fn container(language: Language, status: ContainerStatus) -> Markup {
    let look = match status {
        ContainerStatus::InHouse => Look::Planned,
        ContainerStatus::Released => Look::Good,
        ContainerStatus::ReceivedInDoubt => Look::Warning,
        ContainerStatus::Rejected | ContainerStatus::Stopped | ContainerStatus::Destroyed => Look::Bad,
        ContainerStatus::Packed
        | ContainerStatus::Shipped
        | ContainerStatus::Received
        | ContainerStatus::Infused
        | ContainerStatus::Returned
        | ContainerStatus::Drawn => Look::Plain,
    };
    chip(look, &words::container_status(language, status.name()))
}

/// Where a requirement stands.
pub fn check(language: Language, state: CheckState) -> Markup {
    let look = match state {
        CheckState::Open => Look::Planned,
        CheckState::Met => Look::Good,
        CheckState::Failed => Look::Bad,
    };
    chip(look, words::check_state(language, state))
}

/// What a result comes to.
pub fn verdict(language: Language, verdict: Verdict) -> Markup {
    let look = match verdict {
        Verdict::Pass => Look::Good,
        Verdict::Fail => Look::Bad,
        Verdict::Undecidable | Verdict::ControlsFailed => Look::Warning,
        Verdict::AwaitsInterpretation => Look::Waiting,
        Verdict::Incubating => Look::Active,
    };
    chip(look, words::verdict(language, verdict))
}

/// What became of a vessel.
pub fn vessel(language: Language, state: VesselState) -> Markup {
    let look = match state {
        VesselState::InCulture => Look::Active,
        VesselState::Discarded => Look::Bad,
        VesselState::Passaged | VesselState::Harvested | VesselState::GivenAway => Look::Plain,
    };
    chip(look, words::vessel_state(language, state))
}
