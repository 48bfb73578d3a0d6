//! People: who they are to the centre, which roles they hold and since when, and the public keys that
//! their signatures are checked with. Passwords and sessions are not the journal's business.

use crate::authority::{Department, Role, ShutOut, rule};
use crate::ids::{ClinicId, KeyId, PersonId};
use crate::refusal::{Impossible, Reason};
use crate::text::{Note, Short};
use crate::time::Time;
use crate::variants;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

variants! {
    /// What is asked of a person's stream.
    pub enum Command {
        /// Take a person on.
        Invitation => "invitation",
        /// Give out a one-time link by which a person sets his password.
        SetupLink => "setup_link",
        /// Confirm, as a second person, who somebody is who made a new key.
        IdentityConfirmation => "identity_confirmation",
        /// Register a person's public key after checking who he is.
        KeyRegistration => "key_registration",
        /// Give a role.
        RoleGrant => "role_grant",
        /// End a role.
        RoleEnd => "role_end",
        /// Name a deputy for some days.
        Deputyship => "deputyship",
        /// End a deputyship before its time.
        DeputyshipEnd => "deputyship_end",
        /// Let a person leave.
        Departure => "departure",
    }
}

variants! {
    /// What is recorded of a person.
    pub enum Event {
        /// A person was taken on.
        Invited => "invited",
        /// A one-time link was given out.
        SetupLink => "link_issued",
        /// The person set a password and made a key under it.
        KeyMade => "key_made",
        /// A second person confirmed who it is.
        IdentityConfirmed => "identity_confirmed",
        /// A public key was registered.
        KeyRegistered => "key_registered",
        /// A role was given.
        RoleGrant => "role_granted",
        /// A role ended.
        RoleEnd => "role_ended",
        /// A deputy was named.
        Deputyship => "deputy_named",
        /// A deputyship ended before its time.
        DeputyshipEnded => "deputy_ended",
        /// The person left.
        Departure => "left",
    }
}

/// Take a person on. He chooses his password himself, by a one-time link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The name as printed on records.
    pub name: Short,
    /// The name he signs in with: 3–40 characters a–z, 0–9, `.`, `_`, `-`; never given to anybody else.
    pub sign_in: SignIn,
    /// His clinic, for clinic staff only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clinic: Option<ClinicId>,
}

/// A sign-in name: 3–40 characters a–z, 0–9, `.`, `_`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignIn(String);

impl SignIn {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SignIn {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if (3..=40).contains(&name.len()) && name.bytes().all(allowed) {
            Ok(Self(name))
        } else {
            Err("must be 3–40 characters a–z, 0–9, . _ -".into())
        }
    }
}

impl From<SignIn> for String {
    fn from(name: SignIn) -> String {
        name.0
    }
}

impl JsonSchema for SignIn {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SignIn".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "minLength": 3, "maxLength": 40, "pattern": "^[a-z0-9._-]+$", "examples": ["yamada"]})
    }
}

/// A person was taken on; the identifier is the stream's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invited {
    /// Name, sign-in name and clinic.
    pub invitation: Invitation,
}

/// Give out a one-time link by which a person sets his password: the first time, or because he forgot it. What he
/// sets ends his old password, sessions and tokens, and until the new key is registered he may only look at his own
/// account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupLink {
    /// Why, and how it reaches him.
    pub reason: Note,
}

/// The person set a password by his link, and made a key under it that waits for its registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyMade {
    /// The key's identifier.
    pub key: KeyId,
    /// The Ed25519 public key, base64.
    pub public_key: PublicKey,
}

/// Confirm who somebody is before a new key of his replaces an older one: signed, so that no administrator can take
/// another's place alone, not even after setting a second person's password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfirmation {
    /// The key the person made when he set his password.
    pub key: KeyId,
    /// How his identity was checked.
    pub identity_check: Note,
}

/// A second person confirmed who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfirmed {
    /// The key.
    pub key: KeyId,
    /// Its public half, so that no other key takes its place.
    pub public_key: PublicKey,
    /// How the person's identity was checked.
    pub identity_check: Note,
    /// Who confirmed it.
    pub by: PersonId,
}

/// Register a person's key: the administrator has checked who he is, and signs for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRegistration {
    /// The key the person made when he set his password.
    pub key: KeyId,
    /// How his identity was checked, e.g. the document seen (Part 11 §11.100(b)).
    pub identity_check: Note,
    /// The second person, who has signed for it; required as soon as there is somebody who can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_checker: Option<PersonId>,
}

/// A public key was registered. Older keys stay valid for what they signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRegistered {
    /// The key's identifier.
    pub key: KeyId,
    /// The Ed25519 public key, base64.
    pub public_key: PublicKey,
    /// How the person's identity was checked.
    pub identity_check: Note,
    /// The second person who checked, where one was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_checker: Option<PersonId>,
}

/// An Ed25519 public key: 32 bytes, in JSON as base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey(pub [u8; 32]);

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from(*self))
    }
}

impl TryFrom<String> for PublicKey {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let bytes = STANDARD.decode(text).map_err(|_| "a public key is base64")?;
        Ok(Self(bytes.try_into().map_err(|_| "a public key has 32 bytes")?))
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};
        STANDARD.encode(key.0)
    }
}

impl JsonSchema for PublicKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PublicKey".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "contentEncoding": "base64", "minLength": 44, "maxLength": 44})
    }
}

/// A role given to a person. Nobody gives himself one; nobody is in both departments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleGrant {
    /// The role.
    pub role: Role,
}

/// A role taken from a person; it acts at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleEnd {
    /// The role.
    pub role: Role,
    /// Why.
    pub reason: Note,
}

/// A deputy for a role, for some days, signed by the facility manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deputyship {
    /// The role he stands in for.
    pub role: Role,
    /// From when.
    pub from: Time,
    /// Until when (not included).
    pub until: Time,
    /// Why.
    pub reason: Note,
}

/// End what is left of a person's deputyships for a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeputyshipEnd {
    /// The role he stands in for.
    pub role: Role,
    /// Why.
    pub reason: Note,
}

/// A person's deputyships for a role ended before their time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeputyshipEnded {
    /// The role he stood in for.
    pub role: Role,
    /// When they ended.
    pub at: Time,
    /// Why.
    pub reason: Note,
}

/// The person left: the account is closed, the history stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Departure {
    /// Why, or since when.
    pub reason: Note,
}

/// A person as the journal knows him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Which person.
    pub id: PersonId,
    /// The name as printed on records.
    pub name: Short,
    /// The sign-in name.
    pub sign_in: SignIn,
    /// His clinic, for clinic staff.
    pub clinic: Option<ClinicId>,
    /// Roles held now.
    pub roles: Vec<Role>,
    /// Deputyships, past and coming.
    pub deputyships: Vec<Deputyship>,
    /// The key he made last, when he set his password.
    pub made: Option<(KeyId, PublicKey)>,
    /// Registered public keys, oldest first; the last one signs.
    pub keys: Vec<(KeyId, PublicKey)>,
    /// Keys for which a second person has confirmed who he is.
    pub confirmed: Vec<(KeyId, PersonId)>,
    /// Whether he left.
    pub left: bool,
}

impl Person {
    /// Applies one entry.
    ///
    /// # Errors
    /// A history that cannot have happened, e.g. a stream that does not begin with the invitation.
    pub fn evolve(state: Option<Person>, id: PersonId, event: &Event) -> Result<Person, Impossible> {
        match (state, event) {
            (None, Event::Invited(invited)) => Ok(Person {
                id,
                name: invited.invitation.name.clone(),
                sign_in: invited.invitation.sign_in.clone(),
                clinic: invited.invitation.clinic,
                roles: Vec::new(),
                deputyships: Vec::new(),
                made: None,
                keys: Vec::new(),
                confirmed: Vec::new(),
                left: false,
            }),
            (Some(mut person), event) => {
                match event {
                    Event::Invited(_) => return Err(Impossible::new("a person is taken on once")),
                    Event::SetupLink(_) => {}
                    Event::KeyMade(made) => {
                        let known = person.keys.iter().chain(&person.made).any(|(key, _)| *key == made.key);
                        if known {
                            return Err(Impossible::new("a key is made once"));
                        }
                        person.made = Some((made.key, made.public_key));
                    }
                    Event::IdentityConfirmed(fact) => person.confirmed.push((fact.key, fact.by)),
                    Event::KeyRegistered(key) => person.keys.push((key.key, key.public_key)),
                    Event::RoleGrant(grant) => person.roles.push(grant.role),
                    Event::RoleEnd(end) => person.roles.retain(|role| *role != end.role),
                    Event::Deputyship(deputyship) => person.deputyships.push((**deputyship).clone()),
                    Event::DeputyshipEnded(end) => {
                        for deputyship in person.deputyships.iter_mut().filter(|d| d.role == end.role) {
                            deputyship.until = deputyship.until.min(end.at.max(deputyship.from));
                        }
                    }
                    Event::Departure(_) => {
                        person.left = true;
                        person.roles.clear();
                    }
                }
                Ok(person)
            }
            (None, _) => Err(Impossible::new("a person's stream begins with the invitation")),
        }
    }

    /// The key he made that is not registered yet. As long as there is one nothing is done in his name: whoever set
    /// the password may be somebody else.
    pub fn waiting_key(&self) -> Option<(KeyId, PublicKey)> {
        self.made.filter(|(made, _)| !self.keys.iter().any(|(key, _)| key == made))
    }

    /// The roles in force at an instant, deputyships included.
    pub fn roles_at(&self, now: Time) -> Vec<Role> {
        let deputy = self.deputyships.iter().filter(|d| !self.left && d.from <= now && now < d.until);
        let mut roles: Vec<Role> = self.roles.iter().copied().chain(deputy.map(|d| d.role)).collect();
        roles.sort();
        roles.dedup();
        roles
    }

    /// The departments of those roles.
    pub fn departments_at(&self, now: Time) -> Vec<Department> {
        let mut departments: Vec<_> = self.roles_at(now).into_iter().map(Role::department).collect();
        departments.sort();
        departments.dedup();
        departments
    }
}

/// Decides a command on a person. `others_can_confirm` says whether anybody else than him and the actor could sign for
/// who he is: then somebody must, for a first key as well, or an administrator would be two people by inventing one.
///
/// # Errors
/// Every reason why not.
pub fn decide(
    person: Option<&Person>,
    command: &Command,
    actor: PersonId,
    now: Time,
    others_can_confirm: bool,
) -> Result<Event, Vec<Reason>> {
    let mut reasons = Vec::new();
    let event = match (person, command) {
        (None, Command::Invitation(invitation)) => Invited { invitation: (**invitation).clone() }.into(),
        (Some(_), Command::Invitation(_)) => return Err(vec![Reason::AlreadyDone]),
        (None, _) => return Err(vec![Reason::NotFound]),
        (Some(person), command) => {
            if person.left {
                reasons.push(Reason::PersonLeft { person: person.id });
            }
            let rule = rule(&format!("person.{}", command.name()));
            if person.id == actor && rule.is_none_or(|rule| rule.shut_out.contains(&ShutOut::Oneself)) {
                reasons.push(Reason::NotForOneself);
            }
            match command {
                Command::Invitation(_) => return Err(vec![Reason::AlreadyDone]),
                Command::SetupLink(form) => Event::SetupLink(form.clone()),
                Command::KeyRegistration(form) => {
                    if person.keys.iter().any(|(key, _)| *key == form.key) {
                        return Err(vec![Reason::AlreadyDone]);
                    }
                    let Some((_, public_key)) = person.waiting_key().filter(|(key, _)| *key == form.key)
                    else {
                        return Err(vec![Reason::KeyNotOffered]);
                    };
                    let second = form.second_checker;
                    let confirmed =
                        second.is_some_and(|second| person.confirmed.contains(&(form.key, second)));
                    let needed = second.is_some() || !person.keys.is_empty() || others_can_confirm;
                    if needed && (!confirmed || second == Some(actor)) {
                        reasons.push(Reason::SecondPersonNeeded);
                    }
                    if second == Some(person.id) {
                        reasons.push(Reason::NotForOneself);
                    }
                    KeyRegistered {
                        key: form.key,
                        public_key,
                        identity_check: form.identity_check.clone(),
                        second_checker: second,
                    }
                    .into()
                }
                Command::IdentityConfirmation(form) => {
                    let Some((_, public_key)) = person.waiting_key().filter(|(key, _)| *key == form.key)
                    else {
                        return Err(vec![Reason::KeyNotOffered]);
                    };
                    if person.confirmed.contains(&(form.key, actor)) {
                        reasons.push(Reason::AlreadyDone);
                    }
                    let identity_check = form.identity_check.clone();
                    IdentityConfirmed { key: form.key, public_key, identity_check, by: actor }.into()
                }
                Command::RoleGrant(grant) => {
                    reasons.extend(role_conflicts(person, grant.role, (now, None)));
                    if person.roles.contains(&grant.role) {
                        reasons.push(Reason::AlreadyDone);
                    }
                    Event::RoleGrant(grant.clone())
                }
                Command::RoleEnd(end) => {
                    if !person.roles.contains(&end.role) {
                        reasons.push(Reason::NotFound);
                    }
                    Event::RoleEnd(end.clone())
                }
                Command::Deputyship(deputyship) => {
                    reasons.extend(role_conflicts(
                        person,
                        deputyship.role,
                        (deputyship.from, Some(deputyship.until)),
                    ));
                    if deputyship.until <= deputyship.from || deputyship.until <= now {
                        reasons.push(Reason::SpanEndsBeforeItBegins);
                    }
                    Event::Deputyship(deputyship.clone())
                }
                Command::DeputyshipEnd(end) => {
                    if !person.deputyships.iter().any(|d| d.role == end.role && d.until > now.max(d.from)) {
                        reasons.push(Reason::NotFound);
                    }
                    DeputyshipEnded { role: end.role, at: now, reason: end.reason.clone() }.into()
                }
                Command::Departure(departure) => Event::Departure(departure.clone()),
            }
        }
    };
    if reasons.is_empty() { Ok(event) } else { Err(reasons) }
}

/// Why this person may not have this role: independence of the quality department (O93-2), clinic roles
/// only for clinic people, and an administrator without power over cells.
fn role_conflicts(person: &Person, role: Role, (from, until): (Time, Option<Time>)) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if (role.department() == Department::Clinic) != person.clinic.is_some() {
        reasons.push(Reason::ClinicMismatch);
    }
    // Whatever he holds at any instant of that span, a deputyship that begins in the middle of it included.
    let meets = |other: &&Deputyship| other.until > from && until.is_none_or(|until| other.from < until);
    let deputy = person.deputyships.iter().filter(meets).map(|deputyship| deputyship.role);
    let held: Vec<Department> = person.roles.iter().copied().chain(deputy).map(Role::department).collect();
    let both =
        |a, b| role.department() == a && held.contains(&b) || role.department() == b && held.contains(&a);
    if both(Department::Manufacturing, Department::Quality) {
        reasons.push(Reason::BothDepartments);
    }
    let alone = [Department::Administration, Department::Inspection];
    if held
        .iter()
        .any(|h| *h != role.department() && (alone.contains(h) || alone.contains(&role.department())))
    {
        reasons.push(Reason::RoleStandsAlone);
    }
    reasons
}
