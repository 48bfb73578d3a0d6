//! Passkeys (WebAuthn): what a browser is asked for, and whether what it answers is right. A device that does not verify its
//! user, by PIN or finger, is never enough: a passkey stands for the password and the second factor.

use crate::settings::Settings;
use baiyo_persistence::accounts::NewPasskey;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

/// The longest answer of a browser that is looked at, in bytes; real ones have a tenth of it.
pub const LONGEST_ANSWER: usize = 16_384;

/// This server as devices know it: a name and one address.
pub struct RelyingParty(Webauthn);

/// What a browser is asked for.
pub struct Asked {
    /// As the page's script reads it (JSON).
    pub options: String,
    /// What the answer is checked against. It stays here: whoever could choose it could answer twice.
    pub state: String,
}

/// Why nobody is signed in by an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not what was asked for, or not of this passkey.
    Answer,
    /// The device has signed less often than it had before: it may be a copy.
    Counter,
}

impl RelyingParty {
    /// As a site chose; nothing where it chose no passkeys.
    pub fn of(settings: &Settings) -> Option<Self> {
        let origin = settings.passkey_origin.as_ref()?;
        let url = Url::parse(origin.as_str()).ok()?;
        let builder = WebauthnBuilder::new(origin.host(), &url).ok()?.rp_name("Baiyo");
        builder.build().ok().map(Self)
    }

    /// Asks for a new passkey, on a device that has none of these; nothing where that cannot be.
    pub fn ask_for_new(&self, person: Uuid, sign_in: &str, name: &str, known: &[String]) -> Option<Asked> {
        let known: Vec<CredentialID> = known
            .iter()
            .filter_map(|public| read::<Passkey>(public))
            .map(|key| key.cred_id().clone())
            .collect();
        let (options, state) = self.0.start_passkey_registration(person, sign_in, name, Some(known)).ok()?;
        let mut options = serde_json::to_value(options).ok()?;
        // Found by the device itself, so that whoever signs in need not say first who he is.
        let selection = options.pointer_mut("/publicKey/authenticatorSelection")?.as_object_mut()?;
        selection.insert("residentKey".into(), "required".into());
        selection.insert("requireResidentKey".into(), true.into());
        Some(Asked { options: options.to_string(), state: written(&state)? })
    }

    /// The passkey that was made, where the answer is right.
    pub fn made(&self, answer: &str, state: &str, name: String) -> Option<NewPasskey> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let made = self.0.finish_passkey_registration(&answer, &read::<PasskeyRegistration>(state)?).ok()?;
        Some(NewPasskey { credential: made.cred_id().to_vec(), name, public: written(&made)? })
    }

    /// Asks for a signature by a passkey, whosesoever; nothing where that cannot be.
    pub fn ask(&self) -> Option<Asked> {
        let (options, state) = self.0.start_discoverable_authentication().ok()?;
        let mut options = serde_json::to_value(options).ok()?;
        // Somebody has tapped for it: it is asked for at once, and not beside a field.
        options.as_object_mut()?.remove("mediation");
        Some(Asked { options: options.to_string(), state: written(&state)? })
    }

    /// By which passkey an answer says to be signed, and whose it says that is. Neither is known to be true yet.
    pub fn claimed(&self, answer: &str) -> Option<(Vec<u8>, Uuid)> {
        let answer: PublicKeyCredential = read(answer)?;
        let (person, credential) = self.0.identify_discoverable_authentication(&answer).ok()?;
        Some((credential.to_vec(), person))
    }

    /// The passkey as it is after this signature.
    ///
    /// # Errors
    /// The signature is not by it, of this challenge and for this address, or its user was not verified; or its counter
    /// went back.
    pub fn check(&self, answer: &str, state: &str, public: &str) -> Result<String, Wrong> {
        let answer: PublicKeyCredential = read(answer).ok_or(Wrong::Answer)?;
        let state: DiscoverableAuthentication = read(state).ok_or(Wrong::Answer)?;
        // The library looks at this where a passkey is made, and not where it is shown.
        let client: Client =
            serde_json::from_slice(&answer.response.client_data_json).map_err(|_| Wrong::Answer)?;
        if client.within_anothers_page {
            return Err(Wrong::Answer);
        }
        let mut passkey: Passkey = read(public).ok_or(Wrong::Answer)?;
        let checked =
            self.0.finish_discoverable_authentication_v2(&answer, state, DiscoverableKey::from(&passkey));
        let used = checked.map_err(|error| match error {
            WebauthnError::CredentialPossibleCompromise => Wrong::Counter,
            _ => Wrong::Answer,
        })?;
        if !used.user_verified() {
            return Err(Wrong::Answer);
        }
        passkey.update_credential(&used).ok_or(Wrong::Answer)?;
        written(&passkey).ok_or(Wrong::Answer)
    }
}

/// What a browser says of the page that asked it.
#[derive(Deserialize)]
struct Client {
    #[serde(default, rename = "crossOrigin")]
    within_anothers_page: bool,
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn written(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}
