//! The names of the words of the quality desk.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence of the quality desk.
    Quality in quality {
        // The queue.
        Desk, Queue, Nothing, MoreOnBoard, Exceptions, NoneOpen, NothingForYou, ReadyFrom, Expires, HarvestPlanned,
        NoDate, Next, Work, ToVerify, Failures, ToAssess, ToClose, HoldsInForce, ToEnter, NoneHere,
        // The review.
        Review, WhyNotReady, Now, Then, WholeRecord, Details, InOrder, NotInOrder, AllEntries, Identity, DonorAndOrder,
        People, Materials, Times, Limits, Tests, Labels, Signatures, Open, Settled, OutOfLimits, Retested, NotYet,
        HoldNumber, Because, Print, RefusedAttempts, RefusedAttemptsExplained,
        // Signing.
        ForYou, Covers, ChooseOthers, YouHadAPart, AwaitsOthers, NothingToSign, RejectContainers,
        // Results.
        ChooseSample, WithoutResult, AgainResult, Earlier, NoEarlier, Value, Criterion, MethodAndUnit, NoGrowth,
        Growth, Negative, Positive, OtherText, ChooseResult, NoneToChoose, MostRetests,
        // The record in print.
        Record, RecordOf, Printed, PrintHint, Entries, SignedEntries, Corrected, CheckpointNote, NoCheckpoint, Result,
        WhoAndWhen, Requirement,
    }
}
