//! What is said of the record as a whole, in Japanese.

use crate::jobs::kinds::Unread;
use crate::words::{Language, Records, reason};
use baiyo_domain::ids::BatchId;
use baiyo_domain::refusal::Reason;
use baiyo_persistence::rebuild::{Difference, Rebuilt};
use baiyo_persistence::verify::Report;
use chrono_tz::Tz;

pub(in crate::words) use super::faults::{fault, note};

pub(in crate::words) fn text(word: Records) -> &'static str {
    match word {
        Records::Title => "記録全体",
        Records::Explained => {
            "記録全体に関わる処理には時間がかかります。このページを離れても処理は続き、戻ると下の一覧に表示されます。"
        }
        Records::Start => "開始",
        Records::Jobs => "最近の処理",
        Records::NoJobs => "まだ処理はありません。",
        Records::Job => "処理",
        Records::Began => "開始日時",
        Records::By => "実行者",
        Records::Standing => "状況",
        Records::HowFar => "進み具合",
        Records::Running => "処理中",
        Records::Finished => "完了",
        Records::FinishedBad => "完了（指摘事項あり）",
        Records::Stopped => "取り止め",
        Records::Interrupted => "中断",
        Records::Failed => "失敗",
        Records::StopIt => "取り止める",
        Records::MayLeave => "このページを離れても処理は続きます。「記録全体」から確認できます。",
        Records::Again => "更新",
        Records::TakeAway => "ファイルをダウンロード",
        Records::Findings => "指摘事項",
        Records::Notes => "参考",
        Records::InterruptedExplained => {
            "処理中にサーバーが停止しました。途中までの処理による変更はありません。もう一度開始してください。"
        }
        Records::ImportInterrupted => {
            "処理中にサーバーが停止しました。それまでに登録された標準書案は標準書の一覧にあります。残りをもう一度取り込んでください。"
        }
        Records::AtWork => {
            "同じ処理がほかの人の指示で実行中です。入力された内容は対象に含まれていないため、開始していません。終わってからもう一度開始してください。"
        }
        Records::StoppedExplained => "完了前に取り止めました。変更はありません。",
        Records::Export => "全記録の書き出し",
        Records::ExportExplained => {
            "すべての記録を最新のチェックポイントとともにファイルに書き出します。Baiyoがなくても検証できます。患者の氏名は含まれません。"
        }
        Records::Verification => "記録の検証",
        Records::VerificationExplained => {
            "ハッシュ・署名・判定の証拠・ツリーを元データから計算し直し、一致しないものを示します。"
        }
        Records::KeptCheckpoint => "外部で保管したチェックポイント",
        Records::KeptCheckpointHint => {
            "出荷証明書や「checkpoints」フォルダーのファイルにある全文を貼り付けてください。それ以前の記録が変更されていないことを確認できます。"
        }
        Records::Rebuild => "一覧の再構築",
        Records::RebuildExplained => {
            "一覧を記録から作り直し、判定の証拠を記録と照合します。完了するまで誰も記録できません。作業のない時間に実行してください。"
        }
        Records::StandardImport => "標準書の取り込み",
        Records::StandardImportExplained => {
            "製品標準書のファイル（TOML形式、config/standardsと同じ）を標準書案として登録します。承認は取扱い決定者の署名で行います。"
        }
        Records::Files => "ファイル",
        Records::FilesHint => "1つ以上。1ファイル256 kBまで。",
        Records::NoFile => "ファイルを1つ以上選択してください。",
        Records::AllJobs => "記録全体の処理一覧",
        Records::Percent => "％完了",
        Records::Preparing => "準備中",
    }
}

pub(in crate::words) fn exported(entries: u64, files: usize) -> String {
    format!("記録{entries}件を書き出しました（参照するファイル{files}件は含みません）")
}

pub(in crate::words) fn verified(report: &Report) -> String {
    let resumed = report.resumed.map(|resumed| {
        format!(
            "。{}件目までのチェックポイントから再開し、{}件は読み直していません",
            resumed.size, resumed.entries
        )
    });
    format!(
        "{}：記録{}件（{}系列）、署名{}件、ファイル{}件、チェックポイント{}件、未封緘の新しい記録{}件、消去済みの患者氏名{}名、指摘事項{}件{}",
        if report.is_sound() { "異常なし" } else { "異常あり" },
        report.entries,
        report.streams,
        report.signatures,
        report.blobs,
        report.checkpoints,
        report.unsealed,
        report.erased,
        report.findings.len(),
        resumed.unwrap_or_default()
    )
}

pub(in crate::words) fn rebuilt(rebuilt: &Rebuilt) -> String {
    format!(
        "{}行を書き直しました。相違{}件、証拠が異なるロット{}件",
        rebuilt.rows,
        rebuilt.differing.len(),
        rebuilt.disagreeing.len()
    )
}

pub(in crate::words) fn differing(difference: &Difference) -> String {
    let row = |row: &Option<String>| row.clone().unwrap_or_else(|| "行なし".into());
    format!("{}：誤「{}」→正「{}」", difference.table, row(&difference.was), row(&difference.due))
}

pub(in crate::words) fn differing_in(table: &str, rows: usize) -> String {
    format!("{table}：{rows}行が正しくありませんでした（内容はコマンド「baiyo rebuild」で確認できます）")
}

pub(in crate::words) fn disagreeing(batch: BatchId) -> String {
    format!("ロット{batch}の判定の証拠が記録と一致しません")
}

pub(in crate::words) fn imported(filed: u64, total: usize) -> String {
    format!("標準書{total}件のうち{filed}件を標準書案として登録しました")
}

pub(in crate::words) fn filed(name: &str, faults: &[Reason], zone: Tz) -> String {
    match faults {
        [] => format!("{name}：標準書案として登録しました。取扱い決定者の署名で承認されます。"),
        _ => format!("{name}：標準書案として登録しました。まだ承認できません。{}", sentences(faults, zone)),
    }
}

pub(in crate::words) fn not_filed(name: &str, reasons: &[Reason], zone: Tz) -> String {
    format!("{name}：登録できません。{}", sentences(reasons, zone))
}

pub(in crate::words) fn import_failed(name: &str, error: &str) -> String {
    format!("{name}とそれ以降は登録されていません。{error}")
}

pub(in crate::words) fn unread(file: &str, why: &Unread) -> String {
    match why {
        Unread::TooLarge => format!("{file}：256 kBを超えています。何も登録されていません。"),
        Unread::NotText => format!("{file}：UTF-8の文書ではありません。何も登録されていません。"),
        Unread::Form(why) => format!("{file}：標準書の形式ではありません。何も登録されていません。{why}"),
    }
}

pub(in crate::words) fn import_stopped(left: usize) -> String {
    format!("取り止めたため、残り{left}件は登録されていません。")
}

fn sentences(reasons: &[Reason], zone: Tz) -> String {
    reasons.iter().map(|why| reason(Language::Ja, why, zone)).collect()
}
