//! 品質部門: the words of the quality desk in Japanese.

use super::{bench_record, blocker, impact, step, verdict};
use crate::words::{Context, Language, Quality, Thing, time};
use baiyo_domain::batch::awaited::Awaited;
use baiyo_domain::batch::exceptions::Exception;

pub(in crate::words) fn exception_count(exceptions: usize, entries: usize) -> String {
    match exceptions {
        0 => format!("記録 {entries} 件中、例外なし"),
        number => format!("記録 {entries} 件中、例外 {number} 件"),
    }
}

pub(in crate::words) fn met_count(met: usize, all: usize) -> String {
    format!("出荷要件 {all} 件中 {met} 件を充足")
}

pub(in crate::words) fn exception(exception: &Exception, context: &Context) -> String {
    let entry = |id| context.call(Thing::Entry(id));
    match exception {
        Exception::ResultFails { result, concluded: false } => {
            format!("試験結果 {result} は不適合で、調査が完了していません")
        }
        Exception::ResultFails { result, concluded: true } => {
            format!("試験結果 {result} は不適合で、調査により確定しています")
        }
        Exception::ResultSetAside { result, retests } => {
            format!(
                "試験結果 {result} は不適合でしたが、試験室の原因により除外されました（再試験 {retests} 回）"
            )
        }
        Exception::ResultUndecided { result, verdict: found } => {
            format!("試験結果 {result} では判定できません：{}", verdict(*found))
        }
        Exception::ResultInterpreted { result, passes } => match passes {
            None => format!("試験結果 {result} は解釈を待っています"),
            Some(true) => format!("試験結果 {result} は適合と解釈されました"),
            Some(false) => format!("試験結果 {result} は不適合と解釈されました"),
        },
        Exception::Retested { test, sample, results } => {
            let numbers: Vec<String> = results.iter().map(ToString::to_string).collect();
            format!(
                "{}：検体 {sample} で {} 回試験しています（試験結果 {}）",
                context.title(Language::Ja, test),
                results.len(),
                numbers.join("、")
            )
        }
        Exception::OutOfLimits { blocker: found, .. } => blocker(found, context),
        Exception::QualityEvent { event, impact: found } => {
            let event = context.call(Thing::QualityEvent(*event));
            match found {
                None => format!("品質イベントの影響評価が済んでいません：{event}"),
                Some(found) => format!("品質イベント：{event}（影響評価：{}）", impact(*found)),
            }
        }
        Exception::Hold { hold, lifted: None } => format!("保留 {hold} が継続しています"),
        Exception::Hold { hold, lifted: Some(by) } => {
            format!("保留 {hold} は記録 {} で解除されました", entry(*by))
        }
        Exception::Mismatch { cleared: false, .. } => "識別情報の不一致が解消されていません".into(),
        Exception::Mismatch { cleared: true, .. } => "識別情報の不一致（二人目の確認により解消済み）".into(),
        Exception::DecisionVoided { container, by } => {
            format!("最終容器 {container} の取扱いの決定は、記録 {} により失効しました", entry(*by))
        }
        Exception::CheckMissing { entry: of, step: missing } => {
            format!("{}に二人目の確認がありません（記録 {}）", step(*missing), entry(*of))
        }
        Exception::BenchRecordMissing { entry: of, record } => {
            format!("記録 {} に記載なし：{}", entry(*of), bench_record(*record))
        }
        Exception::PartUnconfirmed { entry: of, person, .. } => format!(
            "{}が記録 {} の担当作業を確認していません",
            context.call(Thing::Person(*person)),
            entry(*of)
        ),
        Exception::Corrected { entry: of, by } => {
            format!("記録 {} は記録 {} で訂正されました", entry(*of), entry(*by))
        }
        Exception::Late { entry: of, done, .. } => {
            format!(
                "記録 {} は遅れて入力されました（実施：{}）",
                entry(*of),
                time(Language::Ja, *done, context.zone)
            )
        }
        Exception::FromPaper { entry: of, form } => {
            format!("記録 {} は紙様式 {form} から転記されました", entry(*of))
        }
    }
}

pub(in crate::words) fn awaited(one: &Awaited, context: &Context) -> String {
    match one {
        Awaited::Decision { containers } => format!("出荷可否を決定する（最終容器 {} 個）", containers.len()),
        Awaited::QualityConfirmation => "品質部門として記録を確認する".into(),
        Awaited::ManufacturingConfirmation => "製造部門として記録を確認する".into(),
        Awaited::Investigation { result } => format!("試験結果 {result} の調査を終結する"),
        Awaited::MismatchClearance { .. } => "二人目として不一致を確認する".into(),
        Awaited::Assessment { event } => {
            format!("品質イベントの影響を評価する：{}", context.call(Thing::QualityEvent(*event)))
        }
        Awaited::Lifting { hold } => format!("保留 {hold} を解除する"),
        Awaited::Interpretation { result } => format!("試験結果 {result} を解釈する"),
        Awaited::Verification { result } => format!("試験結果 {result} を検証する"),
        Awaited::PartConfirmation { entry } => {
            format!("記録 {} の担当作業を確認する", context.call(Thing::Entry(*entry)))
        }
        Awaited::Result { sample, test } => {
            format!("試験結果を入力する：{}（検体 {sample}）", context.title(Language::Ja, test))
        }
    }
}

pub(in crate::words) fn text(word: Quality) -> &'static str {
    match word {
        Quality::Desk => "品質部門",
        Quality::Queue => "品質部門の対応が必要なロット",
        Quality::Nothing => "現在、品質部門の対応が必要なロットはありません。",
        Quality::MoreOnBoard => "一部のロットのみを表示しています。すべてのロットは一覧にあります",
        Quality::Exceptions => "例外",
        Quality::NoneOpen => "未処理なし",
        Quality::NothingForYou => "現在、あなたの作業はありません",
        Quality::ReadyFrom => "希望日",
        Quality::Expires => "使用期限",
        Quality::HarvestPlanned => "回収予定",
        Quality::NoDate => "日時なし",
        Quality::Next => "次の要件",
        Quality::Work => "作業一覧",
        Quality::ToVerify => "検証待ちの試験結果",
        Quality::Failures => "不適合（OOS）：調査未了",
        Quality::ToAssess => "影響評価待ちの品質イベント",
        Quality::ToClose => "終結していない品質イベント",
        Quality::HoldsInForce => "継続中の保留",
        Quality::ToEnter => "入力待ちの試験結果",
        Quality::NoneHere => "なし",
        Quality::Review => "記録の確認",
        Quality::WhyNotReady => "まだ出荷できない理由",
        Quality::Then => "その後",
        Quality::Now => "対応可",
        Quality::WholeRecord => "ロット全体",
        Quality::Details => "ロットの詳細",
        Quality::InOrder => "問題のない項目",
        Quality::NotInOrder => "上記を参照",
        Quality::AllEntries => "すべての記録",
        Quality::Identity => "識別",
        Quality::DonorAndOrder => "細胞提供者・同意・製造依頼",
        Quality::People => "実施者・確認者",
        Quality::Materials => "原材料・設備",
        Quality::Times => "日時",
        Quality::Limits => "標準書の限度",
        Quality::Tests => "規格試験",
        Quality::Labels => "ラベル",
        Quality::Signatures => "記録の確認署名",
        Quality::Open => "未処理",
        Quality::OutOfLimits => "限度外",
        Quality::Settled => "処理済",
        Quality::Retested => "再試験",
        Quality::NotYet => "未完了",
        Quality::HoldNumber => "保留",
        Quality::Because => "理由",
        Quality::Print => "印刷用の製造記録",
        Quality::RefusedAttempts => "このロットに対して拒否された操作",
        Quality::RefusedAttemptsExplained => "施設全体の直近の拒否された操作から抽出しています。",
        Quality::ForYou => "あなたの作業",
        Quality::Covers => "この決定の対象",
        Quality::ChooseOthers => "別の最終容器を選ぶ",
        Quality::YouHadAPart => {
            "あなたはこのロットの製造・確認・試験のいずれかを担当したため、品質部門の別の者が決定します。"
        }
        Quality::AwaitsOthers => "他の担当者の対応待ち",
        Quality::RejectContainers => "最終容器を出荷不可とする",
        Quality::NothingToSign => "現在、あなたが署名するものはありません。",
        Quality::ChooseSample => "どの試験結果を入力しますか",
        Quality::WithoutResult => "結果が未入力の試験",
        Quality::AgainResult => "結果が入力済みの試験",
        Quality::Earlier => "この試験の他の結果（不適合を先に表示）",
        Quality::NoEarlier => "この試験の他の結果はありません。",
        Quality::Value => "測定値",
        Quality::Criterion => "判定基準",
        Quality::MethodAndUnit => "方法",
        Quality::NoGrowth => "発育なし",
        Quality::Growth => "発育あり",
        Quality::Negative => "陰性",
        Quality::Positive => "陽性",
        Quality::OtherText => "その他（報告どおり）",
        Quality::ChooseResult => "どの試験結果ですか",
        Quality::NoneToChoose => "対象となる試験結果はありません。",
        Quality::MostRetests => "標準書による再試験回数の上限",
        Quality::Record => "製造記録",
        Quality::RecordOf => "製造番号",
        Quality::Printed => "印刷日時",
        Quality::PrintHint => "ブラウザーの印刷機能で印刷してください。各頁に製造番号が入ります。",
        Quality::Entries => "記録",
        Quality::SignedEntries => "署名",
        Quality::Corrected => "訂正",
        Quality::CheckpointNote => "記録台帳の最新の署名付きチェックポイント",
        Quality::NoCheckpoint => "チェックポイントはまだありません。",
        Quality::Result => "試験結果",
        Quality::WhoAndWhen => "実施者・日時",
        Quality::Requirement => "要件",
    }
}
