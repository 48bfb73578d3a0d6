//! What of somebody's authority is lent: to a program by a token, or to himself by a PIN at a shared tablet. A scope is a
//! group of the table's actions; whoever is lent it may do of them what its owner may, and nothing else.

use super::{meaning_of, roles_for, rule};
use crate::authority::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A group of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read what its owner may read, but no patient's name.
    Read,
    /// Read patients' names, and who saw them.
    Patients,
    /// Record at the bench: receipt of tissue, culture, filling, test samples taken, pictures, what went wrong.
    Bench,
    /// Enter and verify test results.
    Results,
    /// Open, instruct, correct, hold, confirm and decide on batches; quality events.
    Batches,
    /// Allocate, pack, ship, receive and give.
    Distribution,
    /// Order, and keep orders.
    Orders,
    /// File and approve product standards.
    Standards,
    /// People, clinics and incubators.
    People,
    /// Export, verify and rebuild the whole record.
    Records,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 10] = [
        Scope::Read,
        Scope::Patients,
        Scope::Bench,
        Scope::Results,
        Scope::Batches,
        Scope::Distribution,
        Scope::Orders,
        Scope::Standards,
        Scope::People,
        Scope::Records,
    ];

    /// Its name, as in the API.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Patients => "patients",
            Scope::Bench => "bench",
            Scope::Results => "results",
            Scope::Batches => "batches",
            Scope::Distribution => "distribution",
            Scope::Orders => "orders",
            Scope::Standards => "standards",
            Scope::People => "people",
            Scope::Records => "records",
        }
    }

    /// The scope of this name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// What an action's name begins with, and the scope it is in: the first that fits. What begins otherwise is in none, and
/// so nothing that anybody is lent: one's own account, and everybody's.
const BEGINNINGS: [(&str, Scope); 18] = [
    ("read.patient_name", Scope::Patients),
    ("read.disclosures", Scope::Patients),
    ("read.", Scope::Read),
    ("batch.intake.tissue_receipt", Scope::Bench),
    ("batch.culture.", Scope::Bench),
    ("batch.filling.", Scope::Bench),
    ("batch.testing.sampling", Scope::Bench),
    ("quality_event.report", Scope::Bench),
    ("blob.", Scope::Bench),
    ("batch.testing.", Scope::Results),
    ("batch.distribution.", Scope::Distribution),
    ("batch.", Scope::Batches),
    ("quality_event.", Scope::Batches),
    ("order.", Scope::Orders),
    ("standard.", Scope::Standards),
    ("person.", Scope::People),
    ("site.", Scope::People),
    ("records.", Scope::Records),
];

/// In which scope an action is; in none where it is never lent, or in no row.
pub fn scope_of(action: &str) -> Option<Scope> {
    rule(action)?;
    BEGINNINGS.iter().find(|(beginning, _)| action.starts_with(beginning)).map(|(_, scope)| *scope)
}

/// Whether somebody with these scopes may do an action of his owner's. For whom he acts he may always see.
pub fn covers(scopes: &[Scope], action: &str) -> bool {
    action == SELF || scope_of(action).is_some_and(|scope| scopes.contains(&scope))
}

/// Whether somebody who is known by a badge and a PIN alone may do it, if his role at the bench includes it: he records
/// there and reads what he needs for it. He signs nothing, and nothing of accounts, exports or erasures is his.
pub fn by_pin(action: &str) -> bool {
    covers(&[Scope::Read, Scope::Bench], action) && meaning_of(action).is_none()
}

/// Whether it is a role of the bench: one that does its daily work, by the table.
pub fn is_of_the_bench(role: Role) -> bool {
    roles_for("batch.culture.medium_change").contains(&role)
}

const SELF: &str = "read.self";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::TABLE;

    #[test]
    fn every_action_is_in_one_scope_but_those_of_accounts() {
        for rule in TABLE {
            let lent = scope_of(rule.action).is_some();
            assert_eq!(lent, !rule.action.starts_with("account."), "{}", rule.action);
        }
        for scope in Scope::ALL {
            assert!(TABLE.iter().any(|rule| scope_of(rule.action) == Some(scope)), "{scope:?} is empty");
            assert_eq!(Scope::named(scope.word()), Some(scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.word());
        }
        assert_eq!(scope_of("batch.culture.unlisted"), None);
        assert!(!covers(&Scope::ALL, "batch.culture.unlisted") && !covers(&Scope::ALL, "account.change"));
        assert!(covers(&[], SELF) && !covers(&[], "read.batch"));
        for (beginning, scope) in BEGINNINGS {
            let reached = TABLE
                .iter()
                .any(|rule| rule.action.starts_with(beginning) && scope_of(rule.action) == Some(scope));
            assert!(reached, "{beginning}");
        }
    }

    #[test]
    fn a_pin_records_at_the_bench_and_signs_exports_and_administers_nothing() {
        assert!(
            by_pin("batch.culture.medium_change") && by_pin("read.batch") && by_pin("quality_event.report")
        );
        for rule in TABLE.iter().filter(|rule| by_pin(rule.action)) {
            assert!(meaning_of(rule.action).is_none(), "{}", rule.action);
            for not in
                ["account.", "person.", "site.", "records.", "order.", "standard.", "read.patient_name"]
            {
                assert!(!rule.action.starts_with(not), "{}", rule.action);
            }
        }
        let bench: Vec<Role> = Role::ALL.into_iter().filter(|role| is_of_the_bench(*role)).collect();
        assert_eq!(bench, [Role::Technician, Role::ManufacturingLead]);
    }
}
