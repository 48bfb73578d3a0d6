//! The table of authority in plain words, as `baiyo authority` prints it and `docs/inspector/authority.md` keeps it: who
//! may do what, of what, when, and who is shut out; then which address admits whom.

use crate::api::{self, BASE};
use crate::pages::{self, Admits};
use crate::words::{self, Language};
use baiyo_domain::authority::{Department, Reach, Rule, ShutOut, TABLE, When, meaning_of};
use baiyo_domain::batch::Duty;

/// The sections: what an action's name begins with, and its heading.
const SECTIONS: [(&str, &str); 15] = [
    ("site.", "The centre"),
    ("person.", "People"),
    ("standard.", "Product standards"),
    ("order.", "Orders"),
    ("batch.intake.", "Batches: intake"),
    ("batch.culture.", "Batches: culture"),
    ("batch.filling.", "Batches: filling"),
    ("batch.testing.", "Batches: testing"),
    ("batch.disposition.", "Batches: disposition"),
    ("batch.distribution.", "Batches: distribution"),
    ("quality_event.", "Quality events"),
    ("blob.", "Pictures"),
    ("read.", "Reading"),
    ("records.", "Work on the whole record"),
    ("account.", "Accounts"),
];

const HEAD: &str = "# Who may do what

Written from the code by `cargo xtask authority`, never by hand; `baiyo authority` prints it for the program that runs.

What stands in no row, nobody may. Whose new key waits for its registration looks at his own account and at nothing else,
whatever his roles; who has left is a stranger. A deputy has the role within his days. To a clinic's people what is another clinic's is not
there: the answer is the one for what does not exist. A refused attempt against a row is recorded. *Signed* means that the
password is asked for again.

";

/// The whole page, as Markdown.
pub fn page() -> String {
    let mut page = String::from(HEAD);
    for (prefix, heading) in SECTIONS {
        page += &format!(
            "## {heading}\n\n| what | who | of what, when | shut out |\n| --- | --- | --- | --- |\n"
        );
        for rule in TABLE.iter().filter(|rule| rule.action.starts_with(prefix)) {
            page += &row(rule);
        }
        page.push('\n');
    }
    page += "## Addresses\n\nEach form of the first eleven sections is handed in below `/api/v1` and on its page below \
             `/record`. Everything else:\n\n| address | admits |\n| --- | --- |\n";
    for described in api::described() {
        let admits = described.action.map_or("whoever asks".to_string(), |action| format!("`{action}`"));
        page += &format!("| `{} {BASE}{}` | {admits} |\n", described.method.to_uppercase(), described.path);
    }
    for found in pages::all() {
        let admits = match found.admits {
            Admits::Anybody => "whoever asks".to_string(),
            Admits::SignedIn => "whoever is signed in; what he finds there is by his roles".to_string(),
            Admits::To(actions) => {
                actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(" or ")
            }
            Admits::ToItsForm => "who may do what the form is for".to_string(),
        };
        page += &format!("| `{} {}` | {admits} |\n", found.method, found.path);
    }
    page
}

fn row(rule: &Rule) -> String {
    let said = words::action(Language::En, rule.action);
    let signed = meaning_of(rule.action).map_or("", |_| ", signed");
    let roles: Vec<&str> = rule.roles.iter().map(|role| words::role(Language::En, *role)).collect();
    let who = if roles.is_empty() { "whoever is signed in".into() } else { roles.join(", ") };
    let of_what = match (reach(rule), when(rule.when)) {
        (reach, "") => reach.to_string(),
        (reach, when) => format!("{reach}, {when}"),
    };
    let shut_out: Vec<&str> = rule.shut_out.iter().map(|kind| shut_out(*kind)).collect();
    format!("| {said}{signed} `{}` | {who} | {of_what} | {} |\n", rule.action, shut_out.join("; "))
}

fn reach(rule: &Rule) -> &'static str {
    let clinics = rule.roles.iter().filter(|role| role.department() == Department::Clinic).count();
    match rule.reach {
        Reach::Oneself => "himself",
        Reach::OwnClinic if clinics == rule.roles.len() => "their own clinic's",
        Reach::OwnClinic if clinics > 0 => "any; a clinic's people their own clinic's",
        Reach::OwnClinic | Reach::WholeCentre => "any",
    }
}

fn when(when: When) -> &'static str {
    match when {
        When::New => "new",
        When::There => "",
        When::Employed => "before the person has left",
        When::Draft => "before it is approved",
        When::InForce => "before it is retired",
        When::Active => "before the order is cancelled",
        When::Unended => "before the batch is discontinued or closed",
        When::UnendedToRelease => "to release, before the batch is discontinued or closed",
        When::Open => "before it is closed",
    }
}

fn shut_out(kind: ShutOut) -> &'static str {
    match kind {
        ShutOut::Oneself => "whom it is about",
        ShutOut::Has(Duty::Maker) => "who did a step of the batch",
        ShutOut::Has(Duty::Checker) => "who checked one",
        ShutOut::Has(Duty::Enterer) => "who entered or produced a result of it",
        ShutOut::ItsEnterer => "who entered or produced this result",
        ShutOut::ItsProposer => "who proposed it",
        ShutOut::ItsRecorder => "who recorded this mismatch",
        ShutOut::Unnamed => "whom the entry does not name",
        ShutOut::OwnChecker => "who did the step, as its checker",
        ShutOut::Unseconded => "who names no other person as the second",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_stands_in_one_section_and_each_address_names_what_the_table_knows() {
        for rule in TABLE {
            let sections = SECTIONS.iter().filter(|(prefix, _)| rule.action.starts_with(prefix));
            assert_eq!(sections.count(), 1, "{}", rule.action);
        }
        let known = |action: &str| TABLE.iter().any(|rule| rule.action == action);
        for described in api::described() {
            assert!(described.action.is_none_or(known), "{}", described.path);
        }
        for form in api::form_routes() {
            assert!(known(&form.action), "{}", form.path);
        }
        for found in pages::all() {
            let Admits::To(actions) = found.admits else { continue };
            assert!(!actions.is_empty() && actions.iter().all(|action| known(action)), "{}", found.path);
        }
    }

    // With a feature it has more pages than what is shipped.
    #[cfg(not(any(feature = "passkeys", feature = "openid")))]
    #[test]
    fn the_page_for_inspectors_is_the_one_this_program_prints() {
        let kept = include_str!("../../../docs/inspector/authority.md");
        assert_eq!(kept, page(), "`cargo xtask authority` writes it anew");
    }
}
