//! That nothing is left unsaid: every sentence stands in both languages, whole and with names in it.

mod page;
pub(crate) mod samples;

use super::*;
use baiyo_domain::authority::TABLE;
use baiyo_domain::batch::status::{BatchStatus, ContainerStatus};
use baiyo_domain::journal::source::Device;
use baiyo_domain::quantity::Number;
use baiyo_domain::text::Short;
use chrono_tz::Tz::Asia__Tokyo;
use samples::{AT, ID, blockers, facts, faults, hold_causes, reasons, standard, stop_causes};

fn name(thing: Thing) -> Option<String> {
    Some(match thing {
        Thing::Person(_) => "Yamada".into(),
        Thing::Clinic(_) => "Clinic 4".into(),
        Thing::Order(_) => "C1-O-7".into(),
        Thing::Batch(_) => "C1-B-8".into(),
        Thing::QualityEvent(_) => "QE-2".into(),
        Thing::Entry(_) => "no. 12".into(),
    })
}

/// Every kind of words with arguments, said in one language.
fn said(lang: Language, context: &Context) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    said.extend(reasons().iter().map(|reason| reason_in(lang, reason, context)));
    said.extend(blockers().iter().map(|found| blocker(lang, found, context)));
    said.extend(facts().iter().map(|fact| event(lang, fact, context)));
    said.extend(exceptions().iter().map(|found| exception(lang, found, context)));
    said.extend(awaited_of_a_batch().iter().map(|one| awaited(lang, one, context)));
    said.extend([exception_count(lang, 0, 1), exception_count(lang, 3, 148), met_count(lang, 26, 28)]);
    said.extend(hold_causes().iter().map(|cause| hold_cause(lang, cause, context)));
    said.extend(stop_causes().iter().map(|cause| stop_cause(lang, cause, context)));
    said.push(not_applicable(lang, if lang == Language::Ja { "目視" } else { "read by eye" }));
    said.extend(sources().iter().map(|from| source(lang, from)));
    said
}

fn sources() -> Vec<Source> {
    let name = samples::read::<Short>(serde_json::json!("Isolator room 2"));
    let device = Device { id: uuid::Uuid::nil(), name };
    vec![
        Source::Session { device: None },
        Source::Session { device: Some(device.clone()) },
        Source::Badge { device: device.clone() },
        Source::Program { device: device.clone() },
        Source::Instrument { device },
    ]
}

fn exceptions() -> Vec<Exception> {
    use baiyo_domain::ids::{ContainerNo, HoldNo, ResultNo, SampleNo};
    use samples::read;
    use serde_json::json;
    let result = ResultNo(3);
    let entry = read::<EntryId>(json!(ID));
    let (event, person) = (read::<QualityEventId>(json!(ID)), read::<PersonId>(json!(ID)));
    let (step, done) = (baiyo_domain::standard::Step::Harvest, read(json!(AT)));
    vec![
        Exception::ResultFails { result, concluded: false },
        Exception::ResultFails { result, concluded: true },
        Exception::ResultSetAside { result, retests: 2 },
        Exception::ResultUndecided { result, verdict: Verdict::Undecidable },
        Exception::ResultInterpreted { result, passes: None },
        Exception::ResultInterpreted { result, passes: Some(true) },
        Exception::ResultInterpreted { result, passes: Some(false) },
        Exception::Retested {
            test: read(json!("VIABILITY")),
            sample: SampleNo(2),
            results: vec![result, ResultNo(9)],
        },
        Exception::OutOfLimits {
            containers: vec![ContainerNo(1)],
            blocker: Blocker::Expired { since: done },
        },
        Exception::QualityEvent { event, impact: None },
        Exception::QualityEvent { event, impact: Some(Impact::Acceptable) },
        Exception::Hold { hold: HoldNo(1), lifted: None },
        Exception::Hold { hold: HoldNo(1), lifted: Some(entry) },
        Exception::Mismatch { entry, cleared: false },
        Exception::Mismatch { entry, cleared: true },
        Exception::DecisionVoided { container: ContainerNo(1), by: entry },
        Exception::CheckMissing { entry, step },
        Exception::PartUnconfirmed { entry, person, duty: Duty::Checker },
        Exception::Corrected { entry, by: entry },
        Exception::Late { entry, done, reason: None },
        Exception::FromPaper { entry, form: read(json!("PF-7")) },
    ]
}

fn awaited_of_a_batch() -> Vec<Awaited> {
    use baiyo_domain::ids::{ContainerNo, HoldNo, ResultNo, SampleNo};
    use samples::read;
    use serde_json::json;
    let (result, entry) = (ResultNo(3), read::<EntryId>(json!(ID)));
    vec![
        Awaited::Decision { containers: vec![ContainerNo(1)] },
        Awaited::Decision { containers: vec![ContainerNo(1), ContainerNo(2)] },
        Awaited::QualityConfirmation,
        Awaited::ManufacturingConfirmation,
        Awaited::Investigation { result },
        Awaited::MismatchClearance { entry },
        Awaited::Assessment { event: read(json!(ID)) },
        Awaited::Lifting { hold: HoldNo(1) },
        Awaited::Interpretation { result },
        Awaited::Verification { result },
        Awaited::PartConfirmation { entry },
        Awaited::Result { sample: SampleNo(2), test: read(json!("VIABILITY")) },
    ]
}

fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

#[test]
fn every_sentence_is_whole_and_in_its_language() {
    let standard = standard();
    let context = Context::of(&standard, Asia__Tokyo).naming(&name);
    for lang in Language::ALL {
        for words in said(lang, &context) {
            assert!(!words.contains(['{', '}', '\n', '\\']) && !words.contains("  "), "{words}");
            assert!(!words.contains(ID), "a name stands in place of the identifier: {words}");
            assert_eq!(words.contains(is_japanese), lang == Language::Ja, "{words}");
        }
        let sentences = reasons().into_iter().map(|reason| reason_in(lang, &reason, &context));
        let end = if lang == Language::Ja { "。" } else { "." };
        for sentence in sentences.chain(blockers().iter().map(|found| blocker(lang, found, &context))) {
            assert!(sentence.ends_with(end), "{sentence}");
        }
    }
}

#[test]
fn without_names_codes_and_identifiers_stand_for_themselves() {
    let context = Context::bare(Asia__Tokyo);
    let pending = samples::read::<baiyo_domain::ids::BatchId>(serde_json::json!(ID));
    assert!(blocker(Language::En, &Blocker::ParentHeld { batch: pending }, &context).contains(ID));
    for reason_given in reasons() {
        for lang in Language::ALL {
            assert_eq!(reason(lang, &reason_given, Asia__Tokyo), reason_in(lang, &reason_given, &context));
        }
    }
}

#[test]
fn facts_read_as_one_line_of_a_history() {
    let standard = standard();
    let context = Context::of(&standard, Asia__Tokyo).naming(&name);
    let lines: Vec<[String; 2]> =
        facts().iter().map(|fact| Language::ALL.map(|lang| event(lang, fact, &context))).collect();
    for expected in [
        [
            "Passage: 3 vessels → 4, 24.1 × 10⁶ viable cells, viability 96.4 %",
            "継代：培養容器 3 個 → 4 個、生細胞数 24.1 × 10⁶、生細胞率 96.4 %",
        ],
        ["Result entered: Viability 97 % – pass", "試験結果の入力：生細胞率 97 % – 適合"],
        [
            "Test sample 3 taken from fill 1 and tissue: Viability",
            "検体 3 の採取：充填 1、採取組織（生細胞率）",
        ],
        [
            "Hold 1 on what comes from fill 1: Quality event QE-2",
            "保留 1（充填 1 に由来するもの）：品質イベント QE-2",
        ],
        ["Released: containers 1, 2", "取扱いの決定：出荷可、最終容器 1、2"],
        [
            "Quality event opened by a fact: Shipped without clearance (container 2)",
            "品質イベントの自動起票：出荷前確認を経ずに出荷（最終容器 2）",
        ],
        [
            "Manufacturing instructed, harvest planned 23 Nov 2026 14:05 JST: Culture to P3",
            "製造指図（細胞回収予定 2026/11/23(月) 14:05）：Culture to P3",
        ],
    ] {
        assert!(lines.iter().any(|line| *line == expected), "{expected:?}");
    }
}

#[test]
fn a_refusal_names_who_may_and_what_to_enter() {
    let said = |given: &Reason, lang| reason(lang, given, Asia__Tokyo);
    let refused = Reason::NotAllowed { action: "batch.culture.passage".into() };
    assert_eq!(
        said(&refused, Language::En),
        "None of your roles may do this: Passage. Ask somebody with this role: Lab technician or \
         Manufacturing lead."
    );
    let late = Reason::ExpiryBeyondStandard { latest: samples::read(serde_json::json!(AT)) };
    assert!(said(&late, Language::En).contains("23 Nov 2026 14:05 JST"));
    assert!(said(&late, Language::Ja).contains("2026/11/23(月) 14:05"));
    let value = Reason::ValueForm { index: 0, criterion: Criterion::AtLeast(Number::from(90)) };
    assert!(said(&value, Language::En).contains("“at least 90”"));
    assert!(said(&value, Language::Ja).contains("「90 以上」"));
}

#[test]
fn a_standards_fault_says_what_to_do() {
    for fault in faults() {
        assert!(standard_fault(Language::En, fault).ends_with('.'));
        assert!(standard_fault(Language::Ja, fault).ends_with('。'));
    }
}

#[test]
fn criteria_read_as_limits() {
    let number = |digits: &str| digits.parse::<Number>().unwrap();
    let hours = samples::read(serde_json::json!("168"));
    let accepted = ["46,XX", "46,XY"].map(|text| text.to_string().try_into().unwrap()).into();
    for (asked, unit, english, japanese) in [
        (Criterion::AtLeast(number("90")), Some("%"), "at least 90 %", "90 % 以上"),
        (Criterion::AtMost(number("2.0")), None, "at most 2.0", "2.0 以下"),
        (Criterion::Below(number("0.5")), Some("EU/mL"), "less than 0.5 EU/mL", "0.5 EU/mL 未満"),
        (Criterion::Between { least: number("4"), most: number("6") }, None, "4 to 6", "4～6"),
        (
            Criterion::NoGrowth { incubation: hours },
            None,
            "no growth over 168 h",
            "168 時間培養し、菌の発育を認めない",
        ),
        (Criterion::Negative, None, "negative", "陰性"),
        (Criterion::Text { accepted }, None, "“46,XX” or “46,XY”", "「46,XX」又は「46,XY」"),
    ] {
        assert_eq!(criterion(Language::En, &asked, unit), english);
        assert_eq!(criterion(Language::Ja, &asked, unit), japanese);
    }
}

fn each_is_said(lang: Language, words: &[impl Word + fmt::Debug]) {
    for word in words {
        assert!(!text(lang, *word).is_empty() && !text(lang, *word).contains(['{', '}']), "{word:?}");
    }
}

#[test]
fn every_name_has_its_word() {
    for lang in Language::ALL {
        for rule in TABLE {
            assert_ne!(action(lang, rule.action), rule.action);
        }
        each_is_said(lang, Ui::ALL);
        each_is_said(lang, Sheet::ALL);
        each_is_said(lang, Bench::ALL);
        each_is_said(lang, Clinic::ALL);
        each_is_said(lang, Quality::ALL);
        each_is_said(lang, Picture::ALL);
        each_is_said(lang, Records::ALL);
        each_is_said(lang, Account::ALL);
        each_is_said(lang, Inspection::ALL);
        each_is_said(lang, Privacy::ALL);
        each_is_said(lang, Ways::ALL);
        assert_eq!(batch_status(lang, "unheard_of"), "unheard_of");
        assert_eq!(container_status(lang, "unheard_of"), "unheard_of");
    }
    assert_eq!(batch_status(Language::Ja, "under_test"), "試験検査中");
    assert_eq!(container_status(Language::Ja, "received_in_doubt"), "受領済（要確認）");
}

#[test]
fn a_status_of_the_domain_has_its_word() {
    // A new status must be listed here to compile.
    macro_rules! names {
        ($kind:ident: $($status:ident),*) => {{
            let listed = |status: $kind| match status { $($kind::$status => status.name(),)* };
            [$($kind::$status),*].map(listed)
        }};
    }
    let batches = names!(
        BatchStatus: Opened, Instructed, TissueReceived, TissueRefused, InCulture, Harvested, UnderTest,
        AwaitingConfirmation, ReadyForDecision, PartlyReleased, Released, Shipped, Received, Administered,
        Rejected, OnHold, Discontinued, Closed
    );
    let containers = names!(
        ContainerStatus: InHouse, Released, Rejected, Packed, Shipped, Received, ReceivedInDoubt, Stopped,
        Infused, Returned, Destroyed, Drawn
    );
    for lang in Language::ALL {
        assert!(batches.iter().all(|name| batch_status(lang, name) != *name));
        assert!(containers.iter().all(|name| container_status(lang, name) != *name));
    }
}

#[test]
fn a_browser_gets_the_language_it_wants_most() {
    for (header, expected) in [
        ("", Language::En),
        ("ja", Language::Ja),
        ("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", Language::Ja),
        ("en-GB,en;q=0.9,ja;q=0.8", Language::En),
        ("en;q=0.5, JA;q=0.9", Language::Ja),
        ("ja, en", Language::Ja),
        ("de,fr;q=0.9", Language::En),
        ("de, ja;q=0.1", Language::Ja),
        ("ja;q=0", Language::En),
        ("ja;q=nonsense, en;q=0.1", Language::En),
        ("*", Language::En),
    ] {
        assert_eq!(Language::from_accept_language(header), expected, "{header}");
    }
}
