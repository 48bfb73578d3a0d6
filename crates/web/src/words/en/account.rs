//! What is said about accounts, in English.

use crate::words::{Account, line};
use baiyo_domain::authority::Scope;
use baiyo_domain::journal::source::Source;

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
        Account::PasswordNeeded => {
            "By badge and PIN you record at the bench. For this, sign in with your password."
        }
        Account::SessionNeeded => {
            "This is done by a person who signed in with the password, never by a token."
        }
        Account::DeviceSignsNothing => "An instrument's token signs nothing.",
        Account::MakeToken => "Make an API token",
        Account::TokenHelp => {
            "A program that has it acts in your name, within what you choose here and what your roles include. It \
             signs nothing without your password, and changes nothing of your account. Its name will stand in the \
             entries that it makes, for good: no names of people."
        }
        Account::TokenScopes => "What it may do",
        Account::TokenDevice => "Instrument it is given to",
        Account::TokenDeviceHint => {
            "E.g. cell counter 2. It then signs nothing, even with the password. Leave empty for a program of your \
             own."
        }
        Account::TokenDays => "Days it lasts",
        Account::TokenDaysHint => "1 to 365.",
        Account::TokenDaysWrong => "Give a whole number of days from 1 to 365.",
        Account::TokenNeedsScope => "Choose at least one thing that it may do.",
        Account::TokenShown => "The new API token",
        Account::TokenShownHelp => {
            "It is shown this once. Copy it now, into the program or the instrument alone."
        }
        Account::Badge => "Badge for bench tablets",
        Account::Pin => "PIN for bench tablets",
        Account::NoneYet => "none",
        Account::Since => "since",
        Account::MakeBadge => "Make a badge",
        Account::BadgeHelp => {
            "At a shared tablet the badge and your PIN take the place of your password for recording at the bench, on \
             a day on which you signed in there with the password. A badge you had before ends, and so do your turns \
             that began with it: do this at once if it is lost."
        }
        Account::BadgeShown => "Your badge",
        Account::BadgeShownHelp => "It is shown this once: print it and put it on your badge.",
        Account::EndBadge => "End the badge",
        Account::SetPin => "Set a PIN",
        Account::PinHelp => {
            "It works with your badge alone, on shared tablets alone, and never signs. After five wrong ones it is of \
             no use until you sign in with your password."
        }
        Account::NewPin => "New PIN",
        Account::PinHint => "6 to 12 digits; no date, nothing that runs on or repeats itself.",
        Account::RepeatPin => "The new PIN again",
        Account::PinsDiffer => "The two PINs differ.",
        Account::PinForm => "A PIN has 6 to 12 digits and nothing else.",
        Account::PinEasy => "This PIN is among those that are guessed first.",
        Account::ByPin => "by badge and PIN",
        Account::Switch => "Switch person",
        Account::SwitchScan => "Scan your badge",
        Account::SwitchScanned => "Badge read",
        Account::SwitchPin => "Your PIN",
        Account::SwitchNext => "Next",
        Account::SwitchGo => "Take over",
        Account::SwitchAgain => "Another badge",
        Account::SwitchSignIn => "Sign in with the password",
        Account::NoTablet => {
            "This browser is not registered as a shared tablet of the bench. Sign in with your password."
        }
        Account::NoBadge => "This badge is not known, or was replaced.",
        Account::NoPin => "No PIN is set for this badge. Its owner sets one on the page of his account.",
        Account::NotToday => {
            "Sign in on this tablet with your password first; then badge and PIN do for twelve hours."
        }
        Account::PinEnded => "The PIN was wrong five times. Sign in with your password; then it works again.",
        Account::PinWrong => "This is not the PIN of this badge.",
        Account::PinBlocked => {
            "Wrong PINs were given too often. Wait a little, or sign in with your password."
        }
        Account::NotOfTheBench => "Badge and PIN are for people who work at the bench.",
        Account::Tablets => "Bench tablets",
        Account::TabletsHelp => {
            "On a bench tablet people take turns by badge and PIN, each on a day on which he signed in there with his \
             password. Register only a tablet that stays at its bench."
        }
        Account::TabletName => "What this tablet is called",
        Account::RegisterTablet => "Make this browser a bench tablet",
        Account::ThisTablet => "This browser is a bench tablet",
        Account::EndTablet => "End it",
        Account::TabletBy => "Registered by",
        Account::EndAccess => "End all sessions and tokens",
        Account::EndLink => "End this link",
        Account::SessionsEndHelp => {
            "A session ends when you sign out, after 30 minutes without use, 12 hours after it began, and when you \
             change your password or your second factor. By badge and PIN it ends after 10 minutes without use. You \
             may have as many as you open; each stands here."
        }
        Account::OtherPerson => {
            "This form was opened by somebody else, and nothing of it was recorded. You \
             are signed in now: record it again, if it is yours to record."
        }
    }
}

pub(in crate::words) fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read, but no patient's name",
        Scope::Patients => "patients' names, and who saw them",
        Scope::Bench => "record at the bench",
        Scope::Results => "enter and verify test results",
        Scope::Batches => "open, correct, hold, confirm and decide on batches; quality events",
        Scope::Distribution => "ship, receive, give",
        Scope::Orders => "orders",
        Scope::Standards => "product standards",
        Scope::People => "people, clinics, incubators",
        Scope::Records => "export, verify and rebuild the whole record",
    }
}

pub(in crate::words) fn source(source: &Source) -> String {
    match source {
        Source::Session { device: None } => "Own session".into(),
        Source::Session { device: Some(tablet) } => format!("Tablet: {} (own session)", line(&tablet.name)),
        Source::Badge { device } => format!("Tablet: {} (badge and PIN)", line(&device.name)),
        Source::Program { device } => format!("Program: {}", line(&device.name)),
        Source::Instrument { device } => format!("Instrument: {}", line(&device.name)),
    }
}
