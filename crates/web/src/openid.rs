//! Signing in at a provider of the site's own (OpenID Connect, authorisation code flow with PKCE): where a browser is sent,
//! and whether what it comes back with is right.
//!
//! State, nonce and PKCE's verifier are made from the token in the browser's cookie. So they are of this browser and this
//! one sign-in, and whoever reads the database has none of them. The provider's keys are asked for each time: sign-ins are
//! few, and a key that it took back is not believed a moment longer.

use crate::settings::{NotAccepted, Settings};
use baiyo_domain::time::Time;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGrantType, CoreIdTokenClaims, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthenticationContextClass, AuthenticationFlow, AuthorizationCode, ClientId,
    ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, StandardErrorResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Where the provider sends browsers back to.
pub const BACK: &str = "/sign-in/provider";

/// A provider that has not answered by then is taken not to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that a provider says at once, in bytes.
const LARGEST: u64 = 1 << 20;
/// By so much clocks may differ.
const SKEW: TimeDelta = TimeDelta::seconds(60);
/// Whoever signs in has shown the provider who he is no longer ago: a session that somebody left open there opens nothing
/// here.
const SHOWN_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// The signatures that are believed: made with a key that the provider alone has.
const SIGNED: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a provider says of itself beside what every provider does.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Besides {
    /// Whether it names itself when it sends a browser back (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Besides {}

type Metadata = ProviderMetadata<
    Besides,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// A site's provider, and what this server is there.
pub struct Provider {
    issuer: IssuerUrl,
    client: ClientId,
    secret: ClientSecret,
    back: RedirectUrl,
    factors: Vec<String>,
    agent: ureq::Agent,
}

/// With what a browser came back.
#[derive(Clone, Debug, Default)]
pub struct CameBack {
    /// The code that stands for the provider's word.
    pub code: Option<String>,
    /// What the browser was sent with.
    pub state: Option<String>,
    /// How the provider names itself.
    pub issuer: Option<String>,
}

/// Whom the provider named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// By what it knows him and never anybody else.
    pub subject: String,
    /// Whether it saw a second factor.
    pub factor_shown: bool,
}

/// Why nobody is named.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The provider does not answer, or not as a provider does.
    #[error("the provider does not answer as it should: {0}")]
    Down(String),
    /// What the browser or the provider said is not right.
    #[error("what came back from the provider is not right: {0}")]
    Wrong(String),
}

fn wrong(why: impl ToString) -> Refused {
    Refused::Wrong(why.to_string())
}

impl Provider {
    /// As a site chose; nothing where it chose none.
    ///
    /// # Errors
    /// A file cannot be read, or holds nothing of its kind.
    pub fn of(settings: &Settings) -> Result<Option<Self>, NotAccepted> {
        let chosen = (&settings.openid_issuer, &settings.openid_client);
        let files = (&settings.openid_secret_file, &settings.openid_origin);
        let ((Some(issuer), Some(client)), (Some(file), Some(origin))) = (chosen, files) else {
            return Ok(None);
        };
        let refused = |key: &str, file: &std::path::Path, why: &dyn std::fmt::Display| {
            NotAccepted(format!("{key}: {} cannot be used: {why}", file.display()))
        };
        let of_url = |key: &str| NotAccepted(format!("{key} is no address"));
        let secret =
            std::fs::read_to_string(file).map_err(|error| refused("openid_secret_file", file, &error))?;
        let secret = secret.trim();
        if secret.is_empty() {
            return Err(refused("openid_secret_file", file, &"there is no secret in it"));
        }
        let roots = match &settings.openid_ca {
            None => RootCerts::WebPki,
            Some(file) => {
                let text = std::fs::read(file).map_err(|error| refused("openid_ca", file, &error))?;
                let found = parse_pem(&text).filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                });
                let found: Vec<Certificate<'static>> = found.collect();
                if found.is_empty() {
                    return Err(refused("openid_ca", file, &"there is no certificate in it"));
                }
                RootCerts::from(found)
            }
        };
        let agent = ureq::Agent::config_builder()
            .https_only(issuer.starts_with("https://"))
            .http_status_as_error(false)
            // It is asked where it said, and nowhere else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PATIENCE))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build()
            .into();
        let back = RedirectUrl::new(format!("{}{BACK}", origin.as_str()));
        Ok(Some(Self {
            issuer: IssuerUrl::new(issuer.clone()).map_err(|_| of_url("openid_issuer"))?,
            client: ClientId::new(client.clone()),
            secret: ClientSecret::new(secret.into()),
            back: back.map_err(|_| of_url("openid_origin"))?,
            factors: settings.openid_factors.clone(),
            agent,
        }))
    }

    /// Where a browser with this token in its cookie is sent. Asks the provider, and waits for it.
    ///
    /// # Errors
    /// The provider does not answer as it should.
    pub fn sends_to(&self, token: &str) -> Result<String, Refused> {
        let metadata = self.metadata()?;
        let client =
            CoreClient::from_provider_metadata(metadata, self.client.clone(), Some(self.secret.clone()))
                .set_redirect_uri(self.back.clone());
        let (state, nonce) = (CsrfToken::new(made_of(token, "state")), Nonce::new(made_of(token, "nonce")));
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier_of(token));
        let mut request = client
            .authorize_url(AuthenticationFlow::<CoreResponseType>::AuthorizationCode, || state, || nonce)
            .set_pkce_challenge(challenge)
            .add_prompt(CoreAuthPrompt::Login)
            .set_max_age(SHOWN_WITHIN.to_std().unwrap_or_default());
        for factor in &self.factors {
            request = request.add_auth_context_value(AuthenticationContextClass::new(factor.clone()));
        }
        let (url, _, _) = request.url();
        if url.scheme() != "https" && !self.is_near() {
            return Err(Refused::Down("it would have people sign in over a plain connection".into()));
        }
        Ok(url.into())
    }

    /// Whom the provider named to a browser with this token in its cookie. Asks the provider, and waits for it.
    ///
    /// # Errors
    /// The provider does not answer as it should; or something is not right, and nobody is named.
    pub fn identified(&self, token: &str, came: CameBack, now: Time) -> Result<Identified, Refused> {
        // Compared before anything else: nothing is asked for somebody who was sent by another's browser.
        if came.state.as_deref() != Some(&*made_of(token, "state")) {
            return Err(wrong("the state is of another browser or sign-in"));
        }
        let metadata = self.metadata()?;
        let names_itself = metadata.additional_metadata().authorization_response_iss_parameter_supported;
        match &came.issuer {
            Some(issuer) if *issuer != **self.issuer => {
                return Err(wrong("another provider sent the browser"));
            }
            None if names_itself => return Err(wrong("the provider did not name itself")),
            _ => {}
        }
        let code = came.code.ok_or_else(|| wrong("there is no code"))?;
        let client =
            CoreClient::from_provider_metadata(metadata, self.client.clone(), Some(self.secret.clone()))
                .set_redirect_uri(self.back.clone());
        let asked = client.exchange_code(AuthorizationCode::new(code));
        let asked =
            asked.map_err(|error| Refused::Down(error.to_string()))?.set_pkce_verifier(verifier_of(token));
        let answer = asked.request(&|request| self.ask(request)).map_err(of_tokens)?;
        let signed = answer.id_token().ok_or_else(|| wrong("there is no ID token"))?;
        let now = now.utc();
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(SIGNED)
            .set_time_fn(move || now)
            .set_issue_time_verifier_fn(move |issued| about(issued, now, "issued"))
            .set_auth_time_verifier_fn(move |shown| match shown {
                Some(shown) => about(shown, now, "signed in at the provider"),
                None => Err("the provider does not say when its user signed in".into()),
            });
        let claims = signed.claims(&verifier, &Nonce::new(made_of(token, "nonce"))).map_err(wrong)?;
        if claims.authorized_party().is_some_and(|party| *party != self.client) {
            return Err(wrong("the ID token is for another party"));
        }
        Ok(Identified { subject: claims.subject().to_string(), factor_shown: self.saw_a_factor(claims) })
    }

    fn saw_a_factor(&self, claims: &CoreIdTokenClaims) -> bool {
        let context = claims.auth_context_ref().map(|context| context.as_str());
        let methods = claims.auth_method_refs().into_iter().flatten().map(|method| method.as_str());
        context.into_iter().chain(methods).any(|said| self.factors.iter().any(|factor| factor == said))
    }

    fn metadata(&self) -> Result<Metadata, Refused> {
        let found = Metadata::discover(&self.issuer, &|request| self.ask(request));
        found.map_err(|error| Refused::Down(error.to_string()))
    }

    /// Whether it is on this very machine, so that a plain connection is safe.
    fn is_near(&self) -> bool {
        self.issuer.starts_with("http://")
    }

    fn ask(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let answer = match request.body().is_empty() {
            true => self.agent.run(request.map(|_| ()))?,
            false => self.agent.run(request)?,
        };
        let (parts, mut body) = answer.into_parts();
        let body = body.with_config().limit(LARGEST).read_to_vec()?;
        Ok(HttpResponse::from_parts(parts, body))
    }
}

/// What the provider said instead of tokens.
fn of_tokens(error: RequestTokenError<ureq::Error, StandardErrorResponse<CoreErrorResponseType>>) -> Refused {
    match error {
        RequestTokenError::Request(error) => Refused::Down(error.to_string()),
        // Its own text may say anything; its code is one of a few.
        RequestTokenError::ServerResponse(said) => wrong(format!("no tokens: {}", said.error())),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => wrong("the tokens cannot be read"),
    }
}

/// Neither long ago nor to come.
fn about(at: DateTime<Utc>, now: DateTime<Utc>, what: &str) -> Result<(), String> {
    if at > now + SKEW {
        return Err(format!("{what} in the future"));
    }
    if at < now - SHOWN_WITHIN - SKEW {
        return Err(format!("{what} too long ago"));
    }
    Ok(())
}

/// 256 bits that only whoever has the token can make, for one use.
fn made_of(token: &str, what: &str) -> String {
    let hash = Sha256::digest(format!("baiyo openid {what} {token}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verifier_of(token: &str) -> PkceCodeVerifier {
    PkceCodeVerifier::new(made_of(token, "verifier"))
}
