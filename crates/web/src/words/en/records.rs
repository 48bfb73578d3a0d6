//! What is said of the record as a whole, in English.

use crate::jobs::kinds::Unread;
use crate::words::{Language, Records, reason};
use baiyo_domain::ids::BatchId;
use baiyo_domain::refusal::Reason;
use baiyo_persistence::rebuild::{Difference, Rebuilt};
use baiyo_persistence::verify::{Finding, Note, Report};
use chrono_tz::Tz;

pub(in crate::words) fn text(word: Records) -> &'static str {
    match word {
        Records::Title => "The whole record",
        Records::Explained => {
            "Work on the whole record takes a while. It goes on when you leave this page, and stands below when you come back."
        }
        Records::Start => "Start",
        Records::Jobs => "Started lately",
        Records::NoJobs => "Nothing was started yet.",
        Records::Job => "Work",
        Records::Began => "Began",
        Records::By => "By",
        Records::Standing => "Standing",
        Records::HowFar => "Done",
        Records::Running => "Running",
        Records::Finished => "Finished",
        Records::FinishedBad => "Finished: look at the findings",
        Records::Stopped => "Stopped",
        Records::Interrupted => "Interrupted",
        Records::Failed => "Failed",
        Records::StopIt => "Stop it",
        Records::MayLeave => {
            "You may leave this page: it goes on, and is found again under “The whole record”."
        }
        Records::Again => "Refresh",
        Records::TakeAway => "Take the file away",
        Records::Findings => "Findings",
        Records::Notes => "To know besides",
        Records::InterruptedExplained => {
            "The server stopped meanwhile. Nothing was changed by what was not finished. Start it again."
        }
        Records::ImportInterrupted => {
            "The server stopped meanwhile. Standards that were filed before are in the list of standards; import the others again."
        }
        Records::AtWork => {
            "The same is being done for somebody else, and does not regard what you gave. Nothing was started. Wait until it has ended, then start yours."
        }
        Records::StoppedExplained => "It was stopped before it was done. Everything is as it was.",
        Records::Export => "Export everything",
        Records::ExportExplained => {
            "Writes every entry of the journal, with the newest checkpoint, to a file that can be verified without Baiyo. It holds no patient's name."
        }
        Records::Verification => "Verify the record",
        Records::VerificationExplained => {
            "Computes hashes, signatures, evidence and the tree anew from the raw rows, and says what does not agree."
        }
        Records::KeptCheckpoint => "A checkpoint that was kept outside",
        Records::KeptCheckpointHint => {
            "Its whole text, as on a release's certificate or in a file of the folder “checkpoints”. It shows that nothing before it was changed."
        }
        Records::Rebuild => "Rebuild the lists",
        Records::RebuildExplained => {
            "Writes the lists anew from the journal and compares the evidence with it. Nobody can record until it is done: start it when nobody works at the bench."
        }
        Records::StandardImport => "Import standards",
        Records::StandardImportExplained => {
            "Files product standards from files (TOML, as in config/standards) as drafts. A releaser approves them by signature."
        }
        Records::Files => "Files",
        Records::FilesHint => "One or more; 256 kB each at most.",
        Records::NoFile => "Choose at least one file.",
        Records::AllJobs => "All work on the record",
        Records::Percent => "per cent done",
        Records::Preparing => "Preparing",
    }
}

pub(in crate::words) fn exported(entries: u64, files: usize) -> String {
    format!("{entries} entries written; {files} files are named in it and not contained")
}

pub(in crate::words) fn verified(report: &Report) -> String {
    format!(
        "{}: {} entries in {} streams, {} signatures, {} files, {} checkpoints; {} newest entries not sealed yet; {} patients' names erased; {} findings{}",
        if report.is_sound() { "sound" } else { "NOT SOUND" },
        report.entries,
        report.streams,
        report.signatures,
        report.blobs,
        report.checkpoints,
        report.unsealed,
        report.erased,
        report.findings.len(),
        report.resumed.map(|resumed| format!("; {resumed}")).unwrap_or_default()
    )
}

pub(in crate::words) fn fault(finding: &Finding) -> String {
    finding.to_string()
}

pub(in crate::words) fn note(note: &Note) -> String {
    note.to_string()
}

pub(in crate::words) fn rebuilt(rebuilt: &Rebuilt) -> String {
    format!(
        "{} rows written; {} differed; {} batches with other evidence",
        rebuilt.rows,
        rebuilt.differing.len(),
        rebuilt.disagreeing.len()
    )
}

pub(in crate::words) fn differing(difference: &Difference) -> String {
    let row = |row: &Option<String>| row.clone().unwrap_or_else(|| "no row".into());
    format!("{}: was {}, must be {}", difference.table, row(&difference.was), row(&difference.due))
}

pub(in crate::words) fn differing_in(table: &str, rows: usize) -> String {
    format!("{table}: {rows} rows were not as they must be; `baiyo rebuild` on the command line names them")
}

pub(in crate::words) fn disagreeing(batch: BatchId) -> String {
    format!("the evidence of batch {batch} is not what its history makes")
}

pub(in crate::words) fn imported(filed: u64, total: usize) -> String {
    format!("{filed} of {total} standards filed as drafts")
}

pub(in crate::words) fn filed(name: &str, faults: &[Reason], zone: Tz) -> String {
    match faults {
        [] => format!("{name}: filed as a draft. A releaser approves it by signature."),
        _ => format!("{name}: filed as a draft. It cannot be approved yet: {}", sentences(faults, zone)),
    }
}

pub(in crate::words) fn not_filed(name: &str, reasons: &[Reason], zone: Tz) -> String {
    format!("{name}: not filed. {}", sentences(reasons, zone))
}

pub(in crate::words) fn import_failed(name: &str, error: &str) -> String {
    format!("{name}: not filed, and nothing after it. {error}")
}

pub(in crate::words) fn unread(file: &str, why: &Unread) -> String {
    match why {
        Unread::TooLarge => format!("{file}: larger than 256 kB. Nothing was filed."),
        Unread::NotText => format!("{file}: no text in UTF-8. Nothing was filed."),
        Unread::Form(why) => format!("{file}: not a standard’s form. Nothing was filed. {why}"),
    }
}

pub(in crate::words) fn import_stopped(left: usize) -> String {
    format!("Stopped: {left} more were not filed.")
}

fn sentences(reasons: &[Reason], zone: Tz) -> String {
    let sentences: Vec<String> = reasons.iter().map(|why| reason(Language::En, why, zone)).collect();
    sentences.join(" ")
}
