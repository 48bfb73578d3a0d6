//! What is said of the record as a whole: names of the words of its page, and what its export, its verification, its
//! rebuilding and an import of standards came to.

use super::ui::catalogue;
use super::{Language, en, ja};
use crate::jobs::kinds::Unread;
use baiyo_domain::ids::BatchId;
use baiyo_domain::refusal::Reason;
use baiyo_persistence::rebuild::{Difference, Rebuilt};
use baiyo_persistence::verify::{Finding, Note, Report};
use chrono_tz::Tz;

catalogue! {
    /// A word or sentence about the record as a whole and the jobs done on it.
    Records in records {
        Title, Explained, Start, Jobs, NoJobs, Job, Began, By, Standing, HowFar, Running, Finished, FinishedBad, Stopped,
        Interrupted, Failed, StopIt, MayLeave, Again, TakeAway, Findings, Notes, InterruptedExplained, ImportInterrupted, StoppedExplained, AtWork,
        Export, ExportExplained, Verification, VerificationExplained, KeptCheckpoint, KeptCheckpointHint, Rebuild,
        RebuildExplained, StandardImport, StandardImportExplained, Files, FilesHint, NoFile, AllJobs, Percent, Preparing,
    }
}

macro_rules! in_each_language {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*);)*) => {$(
        $(#[$doc])*
        pub fn $name(lang: Language, $($arg: $kind),*) -> String {
            match lang {
                Language::En => en::records::$name($($arg),*),
                Language::Ja => ja::records::$name($($arg),*),
            }
        }
    )*};
}

in_each_language! {
    /// How many entries an export has, and how many files they name.
    exported(entries: u64, files: usize);
    /// What a verification came to.
    verified(report: &Report);
    /// One thing that a verification found wrong.
    fault(finding: &Finding);
    /// What a reader of a verification should know besides.
    note(note: &Note);
    /// What a rebuild came to.
    rebuilt(rebuilt: &Rebuilt);
    /// A row of a read model that was not what the histories make.
    differing(difference: &Difference);
    /// How many rows of a read model were not what the histories make.
    differing_in(table: &str, rows: usize);
    /// A batch whose evidence is not what its history makes.
    disagreeing(batch: BatchId);
    /// How many standards of how many were filed.
    imported(filed: u64, total: usize);
    /// A standard was filed as a draft; what keeps it from being approved.
    filed(name: &str, faults: &[Reason], zone: Tz);
    /// A standard was not filed, and why.
    not_filed(name: &str, reasons: &[Reason], zone: Tz);
    /// A standard could not be filed.
    import_failed(name: &str, error: &str);
    /// A file holds no standard.
    unread(file: &str, why: &Unread);
    /// An import was stopped before its last standards.
    import_stopped(left: usize);
}
