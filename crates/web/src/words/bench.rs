//! The names of the words at the bench.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence at the bench.
    Bench in bench {
        Today, Overdue, NextHour, LaterToday, ComingDays, NothingDue, Incubator, NoIncubator, ScanHere, ScanHint,
        Find, NotALabel, CheckCharacter, NotKnown, Tissue, Isolation, BankSeeding, LabelCheck, Medium, Sampling, Harvest,
        Fill, FillSampling, Labels, Freezing, Packing, Shipment, From, InMinutes, MinutesLate, Hours, Days,
        Vessels, Day, Passage, IdentityFits, Due, DueNow, NextSteps, LastEntries, WholeBatch, ScanVesselFirst, Exception,
        MoreSteps, StillInCulture, NotInCulture, Map, FurtherVessels, FurtherHint, Method, Factor, FactorHint, Live, Dead,
        LiveHint, CountedBefore, CountAgain, SplitInto, SplitHint, EachVessel, CellsEach, CountFirst, NewLabels,
        ScanBack, ScanBackHint, StillToScan, Scanned, Kit, KitHint, KitRoom, KitCabinet, KitMedium, KeepKit, KitKept,
        ChangeKit, NoKit, ForgetKit, MediumLot, Clear, Turbid, SeenAs, Spindle, Detached, Rounded, Print, PrintLabels,
        Capacity, OnlineNow, OfflineNow, Unsent, DraftKept, DraftDiscard, SentBefore, Seen, TakeBack, ChangesSeen, Refresh, NotFollowed,
        SessionOver, KeptCovered, SignInBeside, ScanStop, ScanAgain,
        ScanWrongVessel, Photos, PhotoAsked, NoPicture, NoPictureHint, PictureOffline,
    }
}
