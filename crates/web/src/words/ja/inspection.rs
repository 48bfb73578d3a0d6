//! The words by which a record is found and inspected, in Japanese (日本語).

use crate::words::Inspection;

pub(in crate::words) fn text(word: Inspection) -> &'static str {
    match word {
        Inspection::ByPeriod => "期間からロットを探す",
        Inspection::What => "対象",
        Inspection::FirstDay => "開始日",
        Inspection::LastDay => "終了日",
        Inspection::Show => "表示",
        Inspection::Opened => "開始",
        Inspection::Decided => "取扱いの決定",
        Inspection::Shipped => "出荷",
        Inspection::Infused => "投与",
        Inspection::NotADay => "日付を読み取れません。",
        Inspection::NoSuchPeriod => "終了日には、開始日以降の日付を入力してください。",
        Inspection::Glance => "記録の要点",
        Inspection::PinnedStandard => "このロットの標準書",
        Inspection::PinnedHint => {
            "ロットの開始時に固定された内容です。標準書が改訂されても、このロットには影響しません。"
        }
        Inspection::InstructionMissing => "未署名",
        Inspection::ManufacturingConfirmed => "製造部門による確認",
        Inspection::QualityConfirmed => "品質部門による確認",
        Inspection::NotConfirmed => "未確認",
        Inspection::NotDecided => "未決定",
        Inspection::Recipients => "提供先",
        Inspection::NobodyYet => "割り当てられた最終容器はありません",
        Inspection::NothingFailed => "不適合なし",
        Inspection::Failed => "不適合",
        Inspection::BackToBatch => "ロットのページへ戻る",
        Inspection::StandardAsFiled => "標準書のページ",
        Inspection::NotAllocated => "割当なし",
    }
}
