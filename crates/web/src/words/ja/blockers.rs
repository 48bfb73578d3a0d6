//! 出荷できない理由: what blocks a container, and what to do, in Japanese.

use super::{all, analyte, bench_record, hold_cause, step, subject};
use crate::words::{Context, Language, Thing, cells, time};
use baiyo_domain::batch::gate::Blocker;
use baiyo_domain::order::Analyte;
use baiyo_domain::standard::BenchRecord;

pub(in crate::words) fn blocker(blocker: &Blocker, context: &Context) -> String {
    let at = |instant| time(Language::Ja, instant, context.zone);
    let title = |code| context.title(Language::Ja, code);
    match blocker {
        Blocker::InstructionMissing => {
            "製造指図書に署名がありません。細胞の加工前に製造部門責任者が署名してください。".into()
        }
        Blocker::InstructionLate => {
            "製造指図書への署名が細胞の加工開始より後に行われています。このロットは出荷できません。".into()
        }
        Blocker::DonorPanelMissing { analytes } => {
            format!("細胞提供者の検査結果が不足しています：{}。検査結果を記録してください。", names(analytes))
        }
        Blocker::DonorPositive { analytes } => {
            format!("細胞提供者の検査が陽性です：{}。このロットは出荷できません。", names(analytes))
        }
        Blocker::DonorPanelExpired { since } => {
            format!("細胞提供者の検査の有効期間が {} に満了しています。再検査してください。", at(*since))
        }
        Blocker::ConsentMissing => "同意が記録されていません。製造依頼に同意を記録してください。".into(),
        Blocker::ConsentWithdrawn { at: when } => {
            format!("同意が {} に撤回されています。このロットは出荷できません。", at(*when))
        }
        Blocker::OrderInactive => "製造依頼が取り消されています。提供機関に確認してください。".into(),
        Blocker::PlanInactive => {
            "再生医療等提供計画が有効ではありません。提供機関が有効な提供計画を記録する必要が\
            あります。"
                .into()
        }
        Blocker::MismatchOpen { entry } => format!(
            "識別情報の不一致（記録 {}）が解消されていません。二人目の職員が改めて照合し、\
             解消を記録してください。",
            context.call(Thing::Entry(*entry))
        ),
        Blocker::PartUnconfirmed { entry, person } => format!(
            "{1} が、記録 {0} の担当作業を確認していません。本人がサインインして確認してください。",
            context.call(Thing::Entry(*entry)),
            context.call(Thing::Person(*person))
        ),
        Blocker::CheckMissing { entry, step: missing } => format!(
            "「{}」（記録 {}）に、標準書で求められる二人目の確認がありません。記録を訂正し、\
             確認者を指定してください。",
            step(*missing),
            context.call(Thing::Entry(*entry))
        ),
        Blocker::BenchRecordMissing { entry, record: BenchRecord::Photograph } => format!(
            "記録 {} の容器について、標準書で求められる前後1日以内の写真がありません。容器ごとに写真、または写真がない\
             理由を記録してください。",
            context.call(Thing::Entry(*entry))
        ),
        Blocker::BenchRecordMissing { entry, record } => format!(
            "記録 {} に、標準書で求められる「{}」の記載がありません。記録を訂正して追加してください。",
            context.call(Thing::Entry(*entry)),
            bench_record(*record)
        ),
        Blocker::ManufacturingUnconfirmed => {
            "現在の製造記録は製造部門の確認を受けていません。製造部門責任者が確認してください。".into()
        }
        Blocker::QualityUnconfirmed => {
            "現在の製造記録は品質部門の確認を受けていません。製造部門の確認後に、品質部門が\
            確認してください。"
                .into()
        }
        Blocker::Held { hold, cause } => format!(
            "保留 {hold} が継続中です（{}）。品質部門が原因を解決し、保留を解除する必要があります。",
            hold_cause(cause, context)
        ),
        Blocker::ParentHeld { batch } => format!(
            "由来元ロット {} が保留中です。品質部門がそのロットで解決する必要があります。",
            context.call(Thing::Batch(*batch))
        ),
        Blocker::QualityEventOpen { event } => format!(
            "品質イベント {} について、このロットへの影響が評価されていません。品質部門が評価してください。",
            context.call(Thing::QualityEvent(*event))
        ),
        Blocker::QualityEventUnacceptable { event } => format!(
            "品質イベント {} のこのロットへの影響は許容不可です。このロットは出荷できません。",
            context.call(Thing::QualityEvent(*event))
        ),
        Blocker::TestAbsent { test, subject: missing } => format!(
            "{}：検体が採取されていません（採取元：{}）。採取し、試験を行ってください。",
            title(test),
            subject(missing, context)
        ),
        Blocker::TestPending { test, sample } => {
            format!("{}：検体 {sample} の試験結果待ちです。報告され次第、入力してください。", title(test))
        }
        Blocker::TestUnverified { test, result } => format!(
            "{}：試験結果 {result} は適合ですが、検証されていません。二人目の職員が検証してください。",
            title(test)
        ),
        Blocker::TestFailed { test, result } => {
            format!("{}：試験結果 {result} が規格外（OOS）です。品質部門が調査してください。", title(test))
        }
        Blocker::ParentTestFailed { test, batch } => format!(
            "{}：由来元ロット {} で規格外となっています。このロットは出荷できません。",
            title(test),
            context.call(Thing::Batch(*batch))
        ),
        Blocker::TestUndecidable { test, result } => format!(
            "{}：試験結果 {result} では規格への適否を判定できません。判定可能な試験結果を入力してください。",
            title(test)
        ),
        Blocker::TestUninterpreted { test, result } => {
            format!("{}：試験結果 {result} は解釈待ちです。品質部門が解釈し、署名してください。", title(test))
        }
        Blocker::TestControlsFailed { test, result } => format!(
            "{}：試験結果 {result} の対照が不成立又は未記録のため、適合と扱えません。対照が成立する条件で\
             再度試験して\
             ください。",
            title(test)
        ),
        Blocker::RetestPending { test, result, missing } => format!(
            "{}：試験結果 {result} は無効とされました。別の試験実施者による再試験が、あと {missing} \
             回適合する必要が\
             あります。",
            title(test)
        ),
        Blocker::TestExpired { test, since } => format!(
            "{}：適合結果の有効期間が {} に満了しています。再度試験してください。",
            title(test),
            at(*since)
        ),
        Blocker::CultureDays { days, least, most } => format!(
            "培養日数が {days} 日で、標準書の範囲（{least}～{most} 日）を外れています。出荷できません。"
        ),
        Blocker::PassageExceeded { passage, most } => {
            format!("継代数が P{passage} で、標準書の上限（P{most}）を超えています。出荷できません。")
        }
        Blocker::DoublingsExceeded { doublings, most } => {
            format!("累積集団倍加数が {doublings} で、標準書の上限（{most}）を超えています。出荷できません。")
        }
        Blocker::DoublingsUnknown => {
            "累積集団倍加数を算出できません。播種、継代及び細胞回収時の計数を確認し、訂正して\
            ください。"
                .into()
        }
        Blocker::DoseOutside { cells: found, least, most } => format!(
            "生細胞数が {} 個で、標準書の範囲（{}～{} 個）を外れています。出荷できません。",
            cells(*found),
            cells(*least),
            cells(*most)
        ),
        Blocker::ConcentrationExceeded { concentration, most } => format!(
            "細胞濃度が {} 個/mL で、標準書の上限（{} 個/mL）を超えています。出荷できません。",
            cells(*concentration),
            cells(*most)
        ),
        Blocker::LabelsOpen => {
            "ラベルの収支照合が行われていません。ラベルを数え、貼付分を読み取ってください。".into()
        }
        Blocker::LabelsDiffer => {
            "ラベルの収支が一致しません。差異の原因を確認し、収支照合の記録を訂正してください。".into()
        }
        Blocker::NotHere => "この最終容器は施設外にあるか、使用済みです。出荷できません。".into(),
        Blocker::NotFrozen => "凍結品ですが、最終容器が凍結されていません。凍結を記録してください。".into(),
        Blocker::Expired { since } => {
            format!("使用期限（{}）を過ぎています。出荷できません。", at(*since))
        }
        Blocker::Rejected => "出荷不可と決定されており、変更できません。廃棄を記録してください。".into(),
    }
}

fn names(analytes: &[Analyte]) -> String {
    all(analytes.iter().map(|missing| analyte(*missing)))
}
