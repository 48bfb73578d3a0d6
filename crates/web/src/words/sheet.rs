//! The names of the words around every form.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence around a form.
    Sheet in sheet {
        Optional, OneEachLine, ScanEach, MoreRows, HeadOfEntry, HeadHint, NotApplicable, NotApplicableHint,
        ChooseOne, PasswordAgain, SignMeans, SignOnce, NoSuchFormForYou, Recorded, From, To, AtLeast, AtMost,
        Stop, StopWrongBatch, StopRecorded, StopNext, StopExpected, StopFound, BackToForm, ChangedLookAgain,
        NothingSavedYet, Cells, Do, OtherForms, NotOffered, Theme, Light, Dark, BySystem, Unit, StandsNow,
        Meanwhile, Correct,
        PictureHint, PictureKept, PictureReplace, HistoryFile,
    }
}
