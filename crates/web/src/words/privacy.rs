//! The names of the words about who sees whom, who may do what, and erasing a patient's name.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence about patients' names and people's access.
    Privacy in privacy {
        // Who saw whom.
        WhoSawPatient, WhoSawMeans, Where, FirstOnDay, NobodySaw, SeenBy, SeenMeans, NameWithheld,
        // Erasing a name.
        NameErased, ErasureProposed, NameUnreadable,
        // Taking people on.
        LinkShownOnce, LinkCode, LinkOpen,
        // Reviewing access.
        Access, AccessMeans, LastReview, ReviewedPeriod, Findings, NeverReviewed, ReviewDue, SignedInLast, NeverSignedIn,
        Unused, TokensInForce, PeopleFile, SeenFile, SeenLink, SeenInPeriod, SeenInPeriodMeans,
    }
}
