//! The words around every form in Japanese.

use crate::words::Sheet;

pub(in crate::words) fn text(word: Sheet) -> &'static str {
    match word {
        Sheet::Optional => "任意",
        Sheet::OneEachLine => "1行に1件ずつ",
        Sheet::ScanEach => "1件ずつスキャンしてください（1行に1件）",
        Sheet::MoreRows => "行を追加",
        Sheet::HeadOfEntry => "日時・実施者・使用したもの",
        Sheet::HeadHint => "空欄の場合は、現在の日時とあなたの名前で記録します。",
        Sheet::NotApplicable => "該当なし",
        Sheet::NotApplicableHint => {
            "記録すべきことがない項目は空欄のままにし、その理由をここに入力してください。"
        }
        Sheet::ChooseOne => "選択してください",
        Sheet::PasswordAgain => "パスワード（再入力）",
        Sheet::SignMeans => "署名の意味",
        Sheet::SignOnce => "署名する",
        Sheet::NoSuchFormForYou => "あなたの役割ではこの記録はできません。",
        Sheet::Recorded => "記録しました",
        Sheet::From => "開始",
        Sheet::To => "終了",
        Sheet::AtLeast => "以上",
        Sheet::AtMost => "以下",
        Sheet::Stop => "中止",
        Sheet::StopWrongBatch => "ここに使うものではありません。これ以上操作しないでください。",
        Sheet::StopRecorded => "このスキャンは記録されました。",
        Sheet::StopNext => {
            "置いて、閉じて、もう一人を呼んでください。不一致が解消されるまで作業を再開できません。"
        }
        Sheet::StopExpected => "ここに使うもの",
        Sheet::StopFound => "スキャンされたもの",
        Sheet::BackToForm => "入力に戻る",
        Sheet::ChangedLookAgain => "その間に内容が変わりました。確認し直してから署名してください。",
        Sheet::NothingSavedYet => "まだ何も記録されていません。",
        Sheet::Cells => "個",
        Sheet::Do => "記録する",
        Sheet::OtherForms => "その他の記録",
        Sheet::NotOffered => "現在選べるものがありません。",
        Sheet::Theme => "配色",
        Sheet::Light => "明るい",
        Sheet::Dark => "暗い",
        Sheet::BySystem => "システムに従う",
        Sheet::Unit => "単位",
        Sheet::StandsNow => "現在の記録",
        Sheet::Meanwhile => "その間に記録された内容",
        Sheet::Correct => "訂正",
        Sheet::HistoryFile => "履歴を表計算用に保存（CSV）",
        Sheet::PictureHint => "撮影するか、画像を選択してください（JPEG、PNG、WebP、8 MiBまで）。",
        Sheet::PictureKept => "選択した写真",
        Sheet::PictureReplace => {
            "この写真が選択されています。差し替える場合は、撮影または選択し直してください。"
        }
    }
}
