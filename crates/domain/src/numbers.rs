//! Numbers that authorities give: kept as the opaque texts they are, with a warning where one is not of the form that
//! is usually seen. Never a reason to refuse: forms change, and a number on paper is a fact.

use crate::decision::Command;
use crate::order::{self, Plan, PlanClass};
use crate::site;
use schemars::JsonSchema;
use serde::Serialize;

/// A number that is not of its usual form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unusual {
    /// A facility number (施設番号): `FA` (permit), `FB` (accreditation) or `FC` (notification) and seven digits.
    Facility,
    /// A clinic's number: letters and digits, with hyphens at most.
    Clinic,
    /// A provision plan's number: `PA`, `PB` or `PC` by its class and seven digits, or for research `jRCTa`, `jRCTb`
    /// or `jRCTc` and nine.
    Plan,
}

/// Whether a facility number is of the usual form.
pub fn is_usual_facility(number: &str) -> bool {
    ["FA", "FB", "FC"].iter().any(|prefix| digits_after(number, prefix, 7))
}

/// Whether a clinic's number is of the usual form.
pub fn is_usual_clinic(number: &str) -> bool {
    number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether a plan's number is of the usual form for its class.
pub fn is_usual_plan(plan: &Plan) -> bool {
    let (therapy, research) = match plan.class {
        PlanClass::One => ("PA", "jRCTa"),
        PlanClass::Two => ("PB", "jRCTb"),
        PlanClass::Three => ("PC", "jRCTc"),
    };
    let number = plan.number.as_str();
    digits_after(number, therapy, 7) || digits_after(number, research, 9)
}

/// The unusual numbers in a command, each with the field it stands in, as a JSON pointer.
pub fn unusual(command: &Command) -> Vec<(&'static str, Unusual)> {
    let of_plan =
        |plan: &Plan| (!is_usual_plan(plan)).then_some(("/plan/number", Unusual::Plan)).into_iter().collect();
    match command {
        Command::Site(site::Command::ClinicRegistration(form)) => {
            let number = form.number.iter().filter(|number| !is_usual_clinic(number.as_str()));
            number.map(|_| ("/number", Unusual::Clinic)).collect()
        }
        Command::Order(_, order::Command::Placement(form)) => of_plan(&form.plan),
        Command::Order(_, order::Command::PlanChange(form)) => of_plan(&form.plan),
        _ => Vec::new(),
    }
}

fn digits_after(number: &str, prefix: &str, count: usize) -> bool {
    let rest = number.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.len() == count && rest.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(number: &str, class: PlanClass) -> Plan {
        Plan { number: number.to_string().try_into().unwrap(), class }
    }

    #[test]
    fn the_usual_forms_are_known_and_anything_else_is_unusual() {
        for usual in ["FA1234567", "FB0000001", "FC7654321"] {
            assert!(is_usual_facility(usual), "{usual}");
        }
        for unusual in ["FD1234567", "FA123456", "FA12345678", "fa1234567", "ＦＡ1234567", "FA123456x", ""]
        {
            assert!(!is_usual_facility(unusual), "{unusual}");
        }
        // Real registrations of research (class II and I).
        assert!(is_usual_plan(&plan("jRCTb030190134", PlanClass::Two)));
        assert!(is_usual_plan(&plan("jRCTa050200027", PlanClass::One)));
        assert!(is_usual_plan(&plan("PC0000001", PlanClass::Three)));
        for (unusual, class) in
            [("PB0000001", PlanClass::Three), ("PB1", PlanClass::Two), ("12", PlanClass::One)]
        {
            assert!(!is_usual_plan(&plan(unusual, class)), "{unusual}");
        }
        assert!(is_usual_clinic("13-1234567") && !is_usual_clinic("第12号"));
    }
}
