//! What concerns safety, in the log: who signed in, who was turned away and why. Identifiers alone; the request's own is
//! on each line, because it is told within the request's span.

use crate::logging::SECURITY;
use baiyo_domain::ids::PersonId;
use uuid::Uuid;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Somebody signed in.
    SignedIn,
    /// A name or password was wrong, or there were too many.
    SignInRefused,
    /// Somebody signed out.
    SignedOut,
    /// Somebody asked for what his roles do not include.
    Denied,
    /// A signing with a wrong password, or one that the state of things refuses.
    SigningRefused,
    /// Somebody changed what he signs in with: his password, his second factor, his PIN, his badge, a token for a program.
    AccountChanged,
    /// Somebody would have, with a wrong password or code.
    AccountUnchanged,
    /// Somebody took over a shared tablet by badge and PIN.
    Switched,
    /// Somebody would have: the badge or the PIN opened nothing.
    SwitchRefused,
    /// An administrator ended somebody's sessions and tokens, or his link.
    AccessEnded,
    /// An administrator registered a shared tablet, or ended one.
    TabletChanged,
    /// A request that another site had a browser send.
    CrossSite,
    /// A passkey whose counter went back: somebody may have copied it.
    PasskeyCopied,
    /// A scanner found malware in a file that somebody handed in.
    MalwareFound,
    /// A provider said what is not right, or could not be asked.
    ProviderRefused,
    /// More requests than one address may send.
    TooMany,
    /// A request for a name that is not this server's.
    OtherHost,
}

impl Happened {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignedOut => "signed_out",
            Self::Denied => "denied",
            Self::SigningRefused => "signing_refused",
            Self::AccountChanged => "account_changed",
            Self::AccountUnchanged => "account_unchanged",
            Self::Switched => "switched",
            Self::SwitchRefused => "switch_refused",
            Self::AccessEnded => "access_ended",
            Self::TabletChanged => "tablet_changed",
            Self::CrossSite => "cross_site",
            Self::PasskeyCopied => "passkey_copied",
            Self::MalwareFound => "malware_found",
            Self::ProviderRefused => "provider_refused",
            Self::TooMany => "too_many",
            Self::OtherHost => "other_host",
        }
    }
}

/// Notes that it happened, to this person where it is known who.
pub fn note(happened: Happened, person: Option<PersonId>) {
    note_about(happened, person, None);
}

/// Notes that somebody did it, to somebody or something else.
pub fn note_about(happened: Happened, person: Option<PersonId>, about: Option<Uuid>) {
    let person = person.map(|person| tracing::field::display(person.0));
    let about = about.map(tracing::field::display);
    let event = happened.name();
    match happened {
        Happened::SignedIn | Happened::SignedOut | Happened::AccountChanged | Happened::Switched => {
            tracing::info!(target: SECURITY, event, person, about);
        }
        _ => tracing::warn!(target: SECURITY, event, person, about),
    }
}
