//! Not applicable (該当なし): a field that somebody left empty on purpose, and why. It differs from a field that is blank, of
//! which nothing was said, and from 0, which is a value. To every rule the field stays what it is, without a value: nothing
//! passes, counts or adds up because it was said not to apply.
//!
//! A form with such fields has a member `not_applicable`, in which the field's own name stands for its reason:
//! `{"kit_lot": "read by eye"}`. To give a field both is refused.

use super::{Command, Event};
use crate::refusal::Reason;
use crate::text::Short;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Declares which fields of a form may be said not to apply. Each has the name of the field beside it.
macro_rules! not_applicable {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $what:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {$(
            #[doc = concat!("Why there is no ", $what, ".")]
            #[serde(skip_serializing_if = "Option::is_none")]
            pub $field: Option<Short>,
        )*}

        impl $name {
            /// Whether nothing was said not to apply.
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    )*};
}

not_applicable! {
    /// What may not apply to a manufacturing instruction.
    OfInstruction {
        cautions: "caution",
        planned_harvest: "planned harvest",
    }
    /// What may not apply to a step at the bench.
    OfStep {
        lots: "material lot",
        cabinet: "safety cabinet",
        room: "room",
        equipment: "further equipment",
    }
    /// What may not apply to what is looked after beside an open step.
    OfBenchRecords {
        minutes_outside: "time outside the incubator",
        antibiotics: "entry on antibiotics",
        serum: "autologous serum",
    }
    /// What may not apply to a passage.
    OfPassage {
        discarded_cells: "discarded cell",
    }
    /// What may not apply to the taking of a test sample.
    OfSampling {
        quantity: "quantity",
    }
    /// What may not apply to a test sample's way to a laboratory.
    OfSending {
        carrier: "carrier",
    }
    /// What may not apply to a result.
    OfResult {
        instrument: "instrument",
        kit_lot: "kit",
        controls: "control",
        inoculated_at: "beginning of a culture",
        report: "report of an outside laboratory",
    }
    /// What may not apply to a package.
    OfPacking {
        logger: "logger",
    }
}

/// The member in which a form says what does not apply.
pub const MEMBER: &str = "not_applicable";

/// A field that was said not to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotApplicable {
    /// The field, as a JSON pointer from what holds it.
    pub field: String,
    /// Why.
    pub reason: String,
    /// Where the reason stands, as a JSON pointer.
    at: String,
    /// Whether it has a value all the same.
    given: bool,
}

impl NotApplicable {
    /// The field's own name.
    pub fn name(&self) -> &str {
        self.field.rsplit('/').next().unwrap_or_default()
    }
}

/// What a recorded fact says does not apply; of a correction, what its new form says.
pub fn of(fact: &Event) -> Vec<NotApplicable> {
    stated(&serde_json::to_value(fact).unwrap_or_default())
}

/// What is wrong in a form, also one that corrects another: a field both given and said not to apply is named twice, once
/// at each place.
pub fn faults(form: &Command) -> Vec<Reason> {
    // The stage and the form's own name are no part of what was handed in.
    let whole = serde_json::to_value(form).unwrap_or_default();
    let form = whole.as_object().and_then(|stage| stage.values().next()?.as_object()?.values().next());
    let both = form.map(stated).unwrap_or_default().into_iter().filter(|one| one.given);
    both.flat_map(|one| [one.field, one.at].map(|field| Reason::GivenAndNotApplicable { field })).collect()
}

/// Every field that is said not to apply, wherever in a form.
fn stated(form: &Value) -> Vec<NotApplicable> {
    fn walk(value: &Value, at: &str, found: &mut Vec<NotApplicable>) {
        match value {
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(place, item)| walk(item, &format!("{at}/{place}"), found));
            }
            Value::Object(fields) => {
                for (name, reason) in fields.get(MEMBER).and_then(Value::as_object).into_iter().flatten() {
                    found.push(NotApplicable {
                        field: format!("{at}/{name}"),
                        reason: reason.as_str().unwrap_or_default().into(),
                        at: format!("{at}/{MEMBER}/{name}"),
                        given: fields.contains_key(name),
                    });
                }
                fields.iter().for_each(|(name, value)| walk(value, &format!("{at}/{name}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(form, "", &mut found);
    found
}
