//! The words about other ways to sign in than by password, in English.

use crate::words::Ways;

pub(in crate::words) fn text(word: Ways) -> &'static str {
    match word {
        Ways::WithPasskey => "Sign in with a passkey",
        Ways::NoPasskeyShown => "The browser gave no passkey. Try again, or sign in with the password.",
        Ways::PasskeyRefused => {
            "This passkey signs nobody in: it was ended, is not of this place, or came too late. Try again, or sign in \
             with the password."
        }
        Ways::Passkeys => "Passkeys",
        Ways::AddPasskey => "Make a passkey",
        Ways::PasskeysHelp => {
            "A passkey is kept by your own device or security key and signs you in without password and code. To sign an \
             entry you give your password as ever."
        }
        Ways::PasskeyName => "Name of the device",
        Ways::PasskeyNameHint => "So that you know later which to end.",
        Ways::GoOn => "Go on",
        Ways::MakePasskey => "Make the passkey now",
        Ways::MakePasskeyHelp => "The browser asks for your finger, your face or the PIN of your device.",
        Ways::NoPasskeyMade => {
            "The browser made no passkey. Perhaps this device has one already, or cannot check who you are. Try again."
        }
        Ways::PasskeyNotMade => "What the browser answered is not right, or came too late. Begin again.",
        Ways::PasskeyKnown => "This passkey is known already.",
        Ways::TooManyPasskeys => "You have 20 passkeys. End one first.",
        Ways::EndPasskey => "End this passkey",
        Ways::ByPasskey => "by a passkey",
        Ways::InsteadOfCodes => "A passkey serves as well as codes do, each time that you sign in by it.",
        Ways::WithProvider => "Sign in with the hospital's account",
        Ways::ProviderDown => {
            "The hospital's sign-in does not answer, or not as it should. Sign in with your Baiyo password."
        }
        Ways::ProviderRefused => {
            "The hospital's sign-in was given up, came too late, or is not right. Try again, or sign in with your Baiyo \
             password."
        }
        Ways::NotLinked => {
            "The hospital's account is not linked to anybody here, or the link is not accepted yet. Sign in with your \
             Baiyo password; an administrator can link it."
        }
        Ways::ProviderAccount => "Account at the hospital's sign-in",
        Ways::ProviderAccountHelp => {
            "An administrator names the account and its person accepts it, with the password, on the page of the own account. \
             Until then it opens nothing."
        }
        Ways::Subject => "Identifier of the account (sub)",
        Ways::SubjectHint => {
            "As the hospital's sign-in gives it out for this person: no name and no e-mail address, which may pass to somebody else."
        }
        Ways::SubjectTaken => "This account is another person's here.",
        Ways::NameAccount => "Name this account",
        Ways::EndAccount => "End this link",
        Ways::AcceptedSince => "accepted",
        Ways::NotAccepted => "not accepted yet",
        Ways::AcceptAccount => "Accept this account",
        Ways::AcceptAccountHelp => {
            "From then on whoever signs in there with this account is signed in here as you. Accept it only if it is yours. \
             To sign an entry you give your Baiyo password as ever."
        }
        Ways::NamedByProvider => "The hospital's sign-in says who you are",
        Ways::NamedByProviderHelp => {
            "Go on only if this is you. When you leave, sign out here; at the hospital's sign-in you stay signed in until \
             you sign out there."
        }
        Ways::EnterAs => "Go on as",
        Ways::ByProvider => "by the hospital's sign-in",
    }
}
