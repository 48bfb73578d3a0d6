//! What is said about accounts, in English.

use crate::words::Account;

pub(in crate::words) fn text(word: Account) -> &'static str {
    match word {
        Account::Guessed => "Wrong passwords in the last 15 minutes",
        Account::GuessedHelp => {
            "Somebody may be guessing. No more than ten are looked at from anywhere within 15 minutes, and the person's own \
             browser stays usable. Ask the person whether it was he; the list of refused attempts has each."
        }
    }
}
