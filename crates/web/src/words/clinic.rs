//! The names of the clinic's words, and its sentences with something in them.

use super::Language;
use super::ui::catalogue;

catalogue! {
    /// A word or sentence of the clinic's pages.
    Clinic in clinic {
        // The board.
        Board, ReadyAbout, UseBy, Wanted, NextSteps, NothingToDo, HereNow, ReadyNow, ThisWeek, NextWeek, Later, NoDate,
        Over, OverHint, NoCasesYet, Broken, BrokenHelp, PlaceOrder, OlderOrders, ScanBag, ScanBagHint, ScanGo, ScanUnknown, NotYetReady,
        StopsFirst, StopExplained, StopAcknowledge, MoreOfBatch, Documents,
        // What is to be done.
        DoConsent, DoScreening, DoBook, DoBookAnew, DoReceive, DoDecide, DoCheck, DoConfirmCheck, DoConfirmPart, SecondAwaited,
        DoInfuse, DoOutcome, DoSendBack, TooLate, TooEarly, PhysicianDoes,
        // A date that moved.
        ToAcknowledge, DoAcknowledge, LateKept, NothingToAcknowledge, ForetoldNow, ForetoldBefore, AcknowledgeMeans,
        // Where cells are, in plain words.
        NotBegun, TissueAwaited, BankAwaited, TissueArrived, TissueRefused, Growing, Harvested, Confirming, Held,
        ReleasedHere, Banked, OnTheWay, AtClinic, ArrivedInDoubt, Given, NotForUse, Stopped,
        // Receipt, decision and bedside.
        TemperatureOnArrival, TemperatureRange, Appearance, LooksRight, InOwnWords, OwnWords, CheckRefused, ReportAnyway,
        ReportAnywayButton, ResultElsewhere, NoSurveillance, NotSampledYet, SurveillanceMeans, MayBeGiven, MustNotBeGiven,
        WhatArrived, ResultsRestOn, StillRunning, AskForName, SecondConfirms, Reactions, NoReactions, BirthDate, Pseudonym,
        SealIntact, SealBroken, HoursOnTheWay, Accepting, Accept, Refuse, SpokenIdentity, Fits, FitsNot,
        IsAdverse, Adverse, NotAdverse,
        // Orders.
        WhatIsOrdered, KnownPatient, NewPatient, WhichPatient, PatientName, PatientKana, Year, Month, DayOfMonth,
        NewPseudonym, PseudonymHint, WhenWanted, ProductHint, HowManyDays, ShowPlan, AnotherTime, NotFromCalendar,
        DayLikely, DayPossible, DayClosed, DayTooSoon, DayTooLate, DayWanted, TightPlan, NotTested, Panel,
        // Documents.
        PrintHint, NoCertificateYet, Certificate, CertificateVoid, NotSealedYet, CheckpointMeans, CheckpointCode, Package,
        HowKept, Storage, Preparation, AfterThaw,
        // Why a date is said.
        BecauseReleased, BecauseNotForUse, BecausePublished, BecauseStandard, BecauseEarlier, BecauseCounts, BecauseLeastDays,
        BecauseNotGrowing, BecauseSlow, BecauseTesting, BecauseTooFew, BecauseNothing, BecauseEnded,
    }
}

/// A sentence with something in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Telling {
    /// A patient's name as his clinic says it.
    Named(String),
    /// So many days in culture, of about so many.
    DayOfCulture {
        /// Days since the first seeding.
        day: i64,
        /// Days from seeding to harvest, as far as known.
        of: Option<i64>,
    },
    /// So many mandated tests have passed.
    TestsPassed {
        /// How many.
        passed: usize,
        /// Of how many.
        of: usize,
    },
    /// By a day or moment.
    By(String),
    /// Between two days.
    Between(String, String),
    /// Time that is left.
    Left {
        /// Whole hours.
        hours: i64,
        /// And minutes.
        minutes: i64,
    },
    /// It is too late.
    Expired,
    /// Somebody has yet to confirm.
    Awaits(String),
    /// So many containers are on their way.
    OnTheWay(usize),
    /// A range that is allowed.
    Range(String, String),
    /// No more than this is allowed.
    AtMost(String),
    /// So many days.
    Days(u16),
    /// So many weeks are shown.
    CalendarHint(u64),
    /// So many of the clinic's other infusions are wanted.
    OthersWanted(usize),
    /// Cells are ready about then: likeliest day, from, until where that can be said.
    ReadyBetween(String, String, Option<String>),
    /// Not before a day.
    NotBefore(String),
    /// What an infusion asks for.
    Backwards {
        /// The day of the infusion.
        infusion: String,
        /// The day of the harvest.
        harvest: String,
        /// The day on which the tissue is at the centre.
        tissue: String,
    },
    /// An entry's place in the tree.
    PlaceInTree(u64),
    /// A test reports about then.
    ReportsAbout(String),
}

/// A sentence with something in it.
pub fn told(lang: Language, telling: &Telling) -> String {
    match lang {
        Language::En => super::en::clinic::told(telling),
        Language::Ja => super::ja::clinic::told(telling),
    }
}
