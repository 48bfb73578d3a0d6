//! Names of the words about accounts: one's own, and those that are guessed at.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence about accounts.
    Account in account {
        Guessed, GuessedHelp,
    }
}
