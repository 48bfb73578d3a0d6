//! The names of the words about other ways to sign in than by password.

use super::ui::catalogue;

catalogue! {
    /// A word or sentence about passkeys and a provider of the site's own.
    Ways in ways {
        // Passkeys.
        WithPasskey, NoPasskeyShown, PasskeyRefused, Passkeys, AddPasskey, PasskeysHelp, PasskeyName, PasskeyNameHint,
        GoOn, MakePasskey, MakePasskeyHelp, NoPasskeyMade, PasskeyNotMade, PasskeyKnown, TooManyPasskeys, EndPasskey,
        ByPasskey, InsteadOfCodes,
        // A provider.
        WithProvider, ProviderDown, ProviderRefused, NotLinked, ProviderAccount, ProviderAccountHelp, Subject,
        SubjectHint, SubjectTaken, NameAccount, EndAccount, AcceptedSince, NotAccepted, AcceptAccount,
        AcceptAccountHelp, NamedByProvider, NamedByProviderHelp, EnterAs, ByProvider,
    }
}
