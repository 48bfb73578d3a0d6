//! The words about who sees whom, who may do what, and erasing a patient's name, in English.

use crate::words::Privacy;

pub(in crate::words) fn text(word: Privacy) -> &'static str {
    match word {
        Privacy::WhoSawPatient => "Who saw this patient",
        Privacy::WhoSawMeans => {
            "Everybody to whom the name and birth date were shown: noted before they are shown, once a day for each \
             page or operation."
        }
        Privacy::Where => "Where",
        Privacy::FirstOnDay => "First on that day",
        Privacy::NobodySaw => "Nobody in this period",
        Privacy::SeenBy => "Patients seen",
        Privacy::SeenMeans => {
            "Whose name and birth date were shown to this person. The names themselves are not kept here."
        }
        Privacy::NameErased => "Name erased",
        Privacy::ErasureProposed => "Erasure of the name is proposed",
        Privacy::NameUnreadable => {
            "The name cannot be read, though nobody erased it: tell the administrator (its key is lost or damaged)"
        }
        Privacy::LinkShownOnce => {
            "Give this link to the person, and to nobody else: it is shown this once and can be used once, within 72 \
             hours. Whoever opens it sets the password, which nobody else ever knows. A newer link ends it."
        }
        Privacy::LinkCode => "Where the link does not open by itself, its code is pasted on the page /setup:",
        Privacy::LinkOpen => "A one-time link can be used until",
        Privacy::Access => "Access",
        Privacy::AccessMeans => {
            "Who may do what now, since when and by whose grant. Look through it at least every twelve months, and \
             record that you did."
        }
        Privacy::LastReview => "Reviewed last",
        Privacy::ReviewedPeriod => "Period looked through",
        Privacy::Findings => "Findings",
        Privacy::NeverReviewed => "No review was recorded yet",
        Privacy::ReviewDue => "More than 12 months ago",
        Privacy::SignedInLast => "Signed in last",
        Privacy::NeverSignedIn => "Never",
        Privacy::Unused => "Unused for 90 days",
        Privacy::TokensInForce => "Tokens for programs",
        Privacy::PeopleFile => "Download this table (CSV)",
        Privacy::SeenFile => "Download who saw whom (CSV)",
        Privacy::SeenLink => "Show",
        Privacy::SeenInPeriod => "Whose names were seen in a period",
        Privacy::SeenInPeriodMeans => {
            "The links above and the file show this period. Leave both days open for all there is."
        }
        Privacy::NameWithheld => "Name withheld: it cannot be noted now who sees it",
    }
}
