//! The table of screens. Each is looked at in every language, colour and size by `tests/every_screen.rs`, and
//! photographed by `cargo xtask screenshots`.

use baiyo_domain::authority::Role;

/// One screen.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Its name, in failures and in the names of pictures.
    pub name: &'static str,
    /// Who looks at it.
    pub who: Who,
    /// Its address, in which [`Place::fill`](crate::Place::fill) puts what differs between one place and another.
    pub path: &'static str,
    /// The name of its picture in `docs/images`, where the documentation shows it.
    pub in_docs: Option<&'static str>,
}

/// Who looks at a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Somebody who has not signed in.
    Nobody,
    /// The first person with a role.
    Is(Role),
}

use Role::{Administrator, Coordinator, Inspector, ManufacturingLead, Physician, Releaser, Technician};
use Who::{Is, Nobody};

/// All of them. A new page gets a line here.
pub const SCREENS: &[Screen] = &[
    screen("sign-in", Nobody, "/sign-in"),
    screen("set-up-code", Nobody, "/setup"),
    screen("set-up-account", Nobody, "/setup#{invitation}"),
    screen("set-up-centre", Nobody, "{unfounded}"),
    screen("not-found", Nobody, "/nowhere"),
    screen("documentation", Nobody, "/documentation"),
    screen("bench-today", Is(Technician), "/bench").for_docs("bench-today"),
    screen("bench-vessel", Is(Technician), "/bench/vessels/{vessel in_culture}").for_docs("bench-vessel"),
    screen("bench-medium", Is(Technician), "/record/batches/{batch in_culture}/medium_change"),
    screen("bench-count", Is(Technician), "/record/batches/{batch in_culture}/counting"),
    screen("bench-passage", Is(Technician), "/record/batches/{batch in_culture}/passage")
        .for_docs("bench-passage"),
    screen("bench-observation", Is(Technician), "/record/batches/{batch in_culture}/observation"),
    screen("bench-photograph", Is(Technician), "/record/batches/{batch in_culture}/photograph"),
    screen("bench-labels-back", Is(Technician), "/record/batches/{batch in_culture}/label_check"),
    screen("corrections", Is(Technician), "/record/batches/{batch in_culture}/correction"),
    screen("bench-labels", Is(Technician), "/batches/{batch in_culture}/labels"),
    screen("bench-not-found", Is(Technician), "/find?code=C1-V-X"),
    screen("form-harvest", Is(Technician), "/record/batches/{batch in_culture}/harvest"),
    screen("form-exception", Is(Technician), "/record/quality_events"),
    screen("form-draft-standard", Is(Releaser), "/record/standards"),
    screen("bench-map", Is(Technician), "/bench/map").for_docs("bench-map"),
    screen("quality", Is(Releaser), "/quality").for_docs("quality"),
    screen("quality-review", Is(Releaser), "/batches/{batch on_hold}/review"),
    screen("quality-decision", Is(Releaser), "/batches/{batch ready_for_decision}/review")
        .for_docs("quality-decision"),
    screen("quality-result", Is(Releaser), "/record/batches/{batch under_test}/result"),
    screen("quality-record", Is(Inspector), "/batches/{batch closed}/record"),
    screen("account", Is(Technician), "/me"),
    screen("account-password", Is(Releaser), "/me/password"),
    screen("account-token", Is(Technician), "/me/tokens"),
    screen("account-badge", Is(Technician), "/me/badge"),
    screen("account-pin", Is(Technician), "/me/pin"),
    screen("bench-tablets", Is(Administrator), "/tablets"),
    screen("switch", Nobody, "/switch"),
    screen("account-second-factor", Is(Administrator), "/me/factor"),
    screen("people", Is(Administrator), "/people"),
    screen("whole-record", Is(Inspector), "/records"),
    screen("whole-record-administrator", Is(Administrator), "/records"),
    screen("whole-record-import", Is(Releaser), "/records"),
    screen("job-running", Is(Inspector), "/records/{job running}"),
    screen("job-finished", Is(Inspector), "/records/{job finished}"),
    screen("incubators", Is(ManufacturingLead), "/people"),
    screen("incubator-registration", Is(ManufacturingLead), "/record/site/incubator_registration"),
    screen("bench-move", Is(Technician), "/record/batches/{batch in_culture}/vessel_move"),
    screen("standards", Is(Releaser), "/standards"),
    screen("open-batch", Is(ManufacturingLead), "/record/batches"),
    screen("instruction", Is(ManufacturingLead), "/record/batches/{batch in_culture}/instruction"),
    screen("board", Is(Releaser), "/batches").for_docs("board"),
    screen("board-nothing-found", Is(Releaser), "/batches?status=none"),
    screen("board-clinic", Is(Coordinator), "/batches"),
    screen("clinic", Is(Coordinator), "/").for_docs("clinic"),
    screen("clinic-older", Is(Physician), "/clinic?unknown=1"),
    screen("clinic-order", Is(Coordinator), "/record/orders"),
    screen("clinic-window", Is(Coordinator), "/record/orders/{order in_culture}/window_change"),
    screen(
        "clinic-acknowledgement",
        Is(Coordinator),
        "/record/orders/{order in_culture}/forecast_acknowledgement",
    ),
    screen("clinic-screening", Is(Coordinator), "/record/orders/{order in_culture}/donor_screening"),
    screen("clinic-receipt", Is(Coordinator), "/record/batches/{batch shipped}/receipt"),
    screen("clinic-decision", Is(Physician), "/record/batches/{batch received}/administration_decision"),
    screen("clinic-check", Is(Coordinator), "/record/batches/{batch received}/bedside_check"),
    screen("clinic-infusion", Is(Coordinator), "/record/batches/{batch received}/infusion"),
    screen("clinic-outcome", Is(Physician), "/record/batches/{batch administered}/outcome"),
    screen("clinic-documents", Is(Releaser), "/batches/{batch shipped}/documents"),
    screen("orders", Is(Releaser), "/orders"),
    screen("order", Is(Releaser), "/orders/{order closed}"),
    screen("patient-viewers", Is(Coordinator), "/patients/{patient closed}"),
    screen("person-viewed", Is(Inspector), "/people/{person coordinator}/disclosures"),
    screen("access", Is(Administrator), "/access"),
    screen("inspection", Is(Inspector), "/"),
    screen("inspection-no-period", Is(Inspector), "/batches?from=2026-02-02&to=2026-02-01"),
    screen("inspection-standard", Is(Inspector), "/batches/{batch closed}/standard"),
    screen("planner", Is(ManufacturingLead), "/planner").for_docs("planner"),
    screen("trends", Is(ManufacturingLead), "/trends"),
    screen("batch-path-of-a-dose", Is(Releaser), "/batches/{batch ready_for_decision}?dose=1"),
    screen("batch-in-culture", Is(Technician), "/batches/{batch in_culture}"),
    screen("batch-under-test", Is(Releaser), "/batches/{batch under_test}"),
    screen("batch-ready-for-decision", Is(Releaser), "/batches/{batch ready_for_decision}").for_docs("batch"),
    screen("batch-shipped", Is(Releaser), "/batches/{batch shipped}"),
    screen("batch-on-hold", Is(Releaser), "/batches/{batch on_hold}"),
    screen("batch-discontinued", Is(Releaser), "/batches/{batch discontinued}"),
    screen("batch-closed", Is(Inspector), "/batches/{batch closed}"),
];

const fn screen(name: &'static str, who: Who, path: &'static str) -> Screen {
    Screen { name, who, path, in_docs: None }
}

impl Screen {
    const fn for_docs(self, name: &'static str) -> Self {
        Self { in_docs: Some(name), ..self }
    }

    /// Whether gloved hands tap there: a screen of the bench, or a form or list that one comes to from there.
    pub fn is_of_the_bench(&self) -> bool {
        self.who == Who::Is(Role::Technician) && !self.path.starts_with("/batches/{batch in_culture}")
            || self.name == "bench-labels"
    }
}
