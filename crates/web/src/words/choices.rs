//! What the choices in a form are called: every bare word that a form's field may be, in both languages. A test finds the
//! one that has none.

use super::Language;
use serde::de::DeserializeOwned;

/// What a choice is called in a form; `of` is the kind of thing that is chosen, by its name in the schemas.
pub fn choice(language: Language, of: Option<&str>, word: &str) -> String {
    let named = match of {
        Some("Role") => read(word).map(|word| super::role(language, word)),
        Some("Scope") => read(word).map(|word| super::scope(language, word)),
        Some("Meaning") => read(word).map(|word| super::meaning(language, word)),
        Some("Analyte") => read(word).map(|word| super::analyte(language, word)),
        Some("Finding") => read(word).map(|word| super::finding(language, word)),
        Some("Impact") => read(word).map(|word| super::impact(language, word)),
        Some("DonorKind") => read(word).map(|word| super::donor_kind(language, word)),
        Some("BenchRecord") => read(word).map(|word| super::bench_record(language, word)),
        Some("Step") => read(word).map(|word| super::step(language, word)),
        Some("Attribute") => read(word).map(|word| super::attribute(language, word)),
        Some("PlanClass") => read(word).map(|word| super::plan_class(language, word)),
        _ => None,
    };
    let (of_table, by_field) =
        (CHOICES.iter().find(|(known, ..)| *known == word), super::field(language, word));
    let otherwise = of_table.map_or(by_field, |(_, en, ja)| match language {
        Language::En => en,
        Language::Ja => ja,
    });
    named.unwrap_or(otherwise).to_string()
}

fn read<T: DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::from(word)).ok()
}

/// The choice as JSON has it, in English, in Japanese.
const CHOICES: &[(&str, &str, &str)] = &[
    ("accepted", "Accepted", "受入"),
    ("as_expected", "As expected", "期待どおり"),
    ("bank", "Cell bank", "セルバンク"),
    ("banking", "Cell bank", "セルバンク"),
    ("donor", "Donor", "ドナー"),
    ("each", "Each value", "各値"),
    ("failed", "Failed", "不成立"),
    ("fill", "Fill", "充填"),
    ("from_seeding", "From the cells seeded", "播種細胞数から"),
    ("harvest", "Harvest", "回収"),
    ("information", "Information", "参考"),
    ("mandated", "Mandated", "規格試験"),
    ("mean", "Mean", "平均値"),
    ("negative", "Negative", "陰性"),
    ("receipt", "Tissue as received", "受入時の組織"),
    ("release", "May be shipped", "出荷可"),
    ("report", "Report", "報告"),
    ("same_donor", "Batches of the same donor", "同一ドナーの製造番号"),
    ("sampling", "Sampling", "採取"),
    ("several_donors", "Batches of several donors", "複数ドナーの製造番号"),
    ("thaw", "Thaw", "解凍"),
    ("therapy", "Therapy of this patient", "この患者の治療"),
    ("tissue", "Tissue", "組織"),
    ("within_batch", "Vessels of the batch alone", "同一製造番号内のみ"),
    ("worst", "Worst value", "最悪値"),
    ("zero", "Not counted", "数えない"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::openapi::Schemas;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn every_bare_choice_of_every_form_has_a_name_in_both_languages() {
        let schemas = Schemas::new();
        let document = schemas.document();
        let mut found: BTreeSet<(Option<&str>, &str)> = BTreeSet::new();
        let mut open: Vec<(Option<&str>, &Value)> = Vec::new();
        for operations in document["paths"].as_object().unwrap().values() {
            let bodies = operations.as_object().unwrap().values();
            open.extend(bodies.map(|operation| (None, &operation["requestBody"])));
        }
        let mut seen = BTreeSet::new();
        while let Some((of, value)) = open.pop() {
            if let Some(target) = value["$ref"].as_str().and_then(|target| target.strip_prefix('#'))
                && seen.insert(target)
            {
                open.extend(document.pointer(target).map(|value| (target.rsplit('/').next(), value)));
            }
            found.extend(value["const"].as_str().map(|word| (of, word)));
            let words = value["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found.extend(words.map(|word| (of, word)));
            match value {
                Value::Object(fields) => open.extend(fields.values().map(|value| (of, value))),
                Value::Array(items) => open.extend(items.iter().map(|value| (of, value))),
                _ => {}
            }
        }
        assert!(found.len() > 60, "the schemas were read");
        let mut used = BTreeSet::new();
        for (of, word) in found {
            assert_ne!(choice(Language::Ja, of, word), word, "{of:?} has no words for {word}");
            used.extend(CHOICES.iter().map(|(known, ..)| *known).find(|known| *known == word));
        }
        assert_eq!(used.len(), CHOICES.len(), "each once, and none that no form has");
    }
}
