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
        Privacy::NameWithheld => "Name withheld: it cannot be noted now who sees it",
    }
}
