//! The words around every form in English.

use crate::words::Sheet;

pub(in crate::words) fn text(word: Sheet) -> &'static str {
    match word {
        Sheet::Optional => "optional",
        Sheet::OneEachLine => "One on each line",
        Sheet::ScanEach => "Scan each; one on each line",
        Sheet::MoreRows => "Add a row",
        Sheet::HeadOfEntry => "When, by whom, with what",
        Sheet::HeadHint => "Left empty: now, and you.",
        Sheet::NotApplicable => "Not applicable",
        Sheet::NotApplicableHint => "Where a field has nothing to record, leave it empty and say here why.",
        Sheet::ChooseOne => "Choose",
        Sheet::PasswordAgain => "Your password again",
        Sheet::SignMeans => "Your signature means",
        Sheet::SignOnce => "Sign",
        Sheet::NoSuchFormForYou => "Your role does not include this form.",
        Sheet::Recorded => "Recorded",
        Sheet::From => "From",
        Sheet::To => "To",
        Sheet::AtLeast => "at least",
        Sheet::AtMost => "at most",
        Sheet::Stop => "Stop",
        Sheet::StopWrongBatch => "This is not what belongs here. Do nothing more with it.",
        Sheet::StopRecorded => "The scan was recorded.",
        Sheet::StopNext => {
            "Put it down, close it, and call a second person. Work goes on once the mismatch is cleared."
        }
        Sheet::StopExpected => "Belongs here",
        Sheet::StopFound => "Was scanned",
        Sheet::BackToForm => "Back to the form",
        Sheet::ChangedLookAgain => "It changed meanwhile. Look again, then sign what you see now.",
        Sheet::NothingSavedYet => "Nothing was recorded.",
        Sheet::Cells => "cells",
        Sheet::Do => "Do",
        Sheet::OtherForms => "Everything else",
        Sheet::NotOffered => "There is nothing to choose from now.",
        Sheet::Theme => "Colours",
        Sheet::Light => "Light",
        Sheet::Dark => "Dark",
        Sheet::BySystem => "As the system",
        Sheet::Unit => "Unit",
        Sheet::StandsNow => "Recorded now",
        Sheet::Meanwhile => "Recorded meanwhile",
        Sheet::Correct => "Correct",
        Sheet::HistoryFile => "History for a spreadsheet (CSV)",
        Sheet::PictureHint => "Take a picture or choose one: JPEG, PNG or WebP, at most 8 MiB.",
        Sheet::PictureKept => "The picture that was chosen",
        Sheet::PictureReplace => "This picture is chosen. Take or choose another to put it in its place.",
    }
}
