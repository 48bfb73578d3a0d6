//! What is said about accounts, in English.

use crate::words::Account;

pub(in crate::words) fn text(word: Account) -> &'static str {
    match word {
        Account::Guessed => "Wrong passwords in the last 15 minutes",
        Account::GuessedHelp => {
            "Somebody may be guessing. No more than ten are looked at from anywhere within 15 minutes, and the person's own \
             browser stays usable. Ask the person whether it was he; the list of refused attempts has the first ten of a \
             day."
        }
        Account::Title => "My account",
        Account::Factor => "Second factor",
        Account::FactorSince => "set up",
        Account::NoFactor => "not set up",
        Account::ChangePassword => "Change the password",
        Account::ChangePasswordHelp => {
            "Your signing key stays the same; it is kept under the new password. All your other sessions and all your API tokens end."
        }
        Account::SetUpFactor => "Set up a second factor",
        Account::ReplaceFactor => "Replace the second factor",
        Account::FactorNeeded => {
            "Your role needs a second factor at sign-in. Nothing else is open until it is set up."
        }
        Account::FactorHelp => {
            "Scan the picture with an app for one-time codes on your own phone or key, then give your password and the code that it shows."
        }
        Account::FactorPicture => "QR code for the app",
        Account::FactorText => "Or type this secret into the app",
        Account::ProposalOver => "That secret was shown too long ago. Scan the new picture.",
        Account::PasswordSoFar => "Your password now",
        Account::Code => "Code",
        Account::CodeHint => "Six digits; the app shows a new one every 30 seconds.",
        Account::CodeSoFar => "Code of the device used so far",
        Account::FirstCode => "Code of the new device",
        Account::GiveCode => "Give the code of your device",
        Account::LostDevice => "Device lost? Ask an administrator for a set-up link.",
        Account::Sessions => "Sessions in force",
        Account::Began => "Began",
        Account::LastUsed => "Last used",
        Account::From => "From",
        Account::Ending => "End",
        Account::ThisOne => "this one",
        Account::KnownSince => "a browser of yours since",
        Account::NewBrowser => "a new browser",
        Account::EndSession => "End this session",
        Account::Tokens => "API tokens in force",
        Account::TokenName => "Name",
        Account::Made => "Made",
        Account::Until => "Until",
        Account::EndToken => "End this token",
    }
}
