//! Founding: the journal's first entries. The centre says who it is and whether it is a demonstration, and its
//! first administrator registers his own key, which every later key chains to.

use crate::accounts::{self, Invited, LinkEnded, NewCredentials, Origin, PasswordRefused, Token};
use crate::engine::postgres::{self, Held};
use crate::error::StoreError;
use crate::execute::append_unasked;
use crate::keystore::CryptoFailure;
use crate::store::Store;
use crate::writer::{JobError, WriteError};
use crate::{Answer, Conn, ExecuteError, journal, sealing};
use baiyo_domain::authority::{Meaning, Role};
use baiyo_domain::decision::Appends;
use baiyo_domain::event::Event;
use baiyo_domain::ids::{PersonId, SiteId};
use baiyo_domain::journal::StreamKind;
use baiyo_domain::journal::checkpoint::Verifier;
use baiyo_domain::people::{self, Invitation, KeyMade, KeyRegistered, PublicKey, RoleGrant, SignIn};
use baiyo_domain::site::{self, Founding};
use baiyo_domain::text::{Note, Short};
use baiyo_domain::world::World;
use uuid::Uuid;

/// The name the first administrator signs in with.
pub const FIRST_SIGN_IN: &str = "admin";

/// By what servers on one database agree who founds the centre.
const FOUNDING: &str = "founding";

/// Why a centre cannot be founded, or a person set up.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// It is founded already.
    #[error("the centre is founded already")]
    Founded,
    /// The link has ended.
    #[error(transparent)]
    Link(#[from] LinkEnded),
    /// The password does not open the key just made.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// A text is not of its form.
    #[error("{0}")]
    Text(String),
    /// No key could be made.
    #[error(transparent)]
    Crypto(#[from] CryptoFailure),
    /// The records cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The entries cannot be written.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
}

impl<E: Into<FoundingError>> From<WriteError<E>> for FoundingError {
    fn from(error: WriteError<E>) -> Self {
        match error {
            WriteError::Job(error) => error.into(),
            WriteError::Unavailable(reason) => StoreError::Database(reason).into(),
            WriteError::Unknown(reason) => StoreError::Unknown(reason).into(),
        }
    }
}

impl Store {
    /// Whether the centre is founded.
    ///
    /// # Errors
    /// The database.
    pub fn is_founded(&self) -> Result<bool, StoreError> {
        self.read(|conn| Ok(journal::site_stream(conn)?.is_some()))
    }

    /// Who the centre is, once it is founded.
    ///
    /// # Errors
    /// The database, or a history that cannot have happened.
    pub fn founding(&self) -> Result<Option<Founding>, StoreError> {
        self.read(|conn| {
            let Some(stream) = journal::site_stream(conn)? else { return Ok(None) };
            Ok(crate::reading::stream(conn, stream)?
                .and_then(|world| world.site)
                .map(|site| site.founding.clone()))
        })
    }

    /// A one-time link for the first administrator, as long as the centre is not founded; older ones end.
    ///
    /// # Errors
    /// It is founded; the database.
    pub fn first_link(&self, hours: u16) -> Result<Token, FoundingError> {
        let name = SignIn::try_from(FIRST_SIGN_IN.to_string()).map_err(FoundingError::Text)?;
        let (now, _) = self.now();
        self.write(move |conn| {
            // Two servers may be started at once on an empty database.
            postgres::lock(conn, FOUNDING, Held::Alone)?;
            if journal::site_stream(conn)?.is_some() {
                return Err(JobError::Own(FoundingError::Founded));
            }
            let known = accounts::person_named(conn, &name)?;
            let person = match known {
                Some(person) => person,
                None => {
                    let person = PersonId(Uuid::now_v7());
                    accounts::open_account(conn, person, &name)?;
                    person
                }
            };
            Ok(accounts::make_setup_link(conn, person, now, hours)?)
        })
        .map_err(FoundingError::from)
    }

    /// Sets a person's password by his link: his new key then waits for its registration. Answers with what the browser in
    /// which he did so, which showed this cookie, is known by from now on.
    ///
    /// # Errors
    /// The link has ended; the database.
    pub fn set_password(
        &self,
        credentials: NewCredentials,
        token: String,
        device: Option<String>,
    ) -> Result<Token, FoundingError> {
        let time = self.time.clone();
        let person = credentials.person();
        let made = KeyMade { key: credentials.key(), public_key: credentials.public_key() };
        self.write(move |conn| {
            postgres::lock(conn, FOUNDING, Held::Shared)?;
            let (now, _) = time.now();
            let known = accounts::store_credentials(conn, &credentials, &token, device.as_deref(), now)?
                .map_err(|ended| JobError::Own(FoundingError::from(ended)))?;
            // The first administrator sets his before there is a centre: its founding records his key.
            if journal::site_stream(conn)?.is_some() {
                let mut appends = Appends::new();
                appends.push(StreamKind::Person, person.0, people::Event::from(made));
                append_unasked(conn, &World::default(), appends, person, now, None).map_err(by_founding)?;
                time.recorded(now);
            }
            Ok(known)
        })
        .map_err(FoundingError::from)
    }

    /// Founds the centre: its first entry, and its first administrator with the key he has just made. Call after
    /// [`Store::set_password`].
    ///
    /// # Errors
    /// It is founded already; the password does not open the key; the database.
    pub fn found(
        &self,
        founding: Founding,
        first: &Invited,
        name: Short,
        password: &str,
    ) -> Result<Answer, FoundingError> {
        Verifier::new(founding.origin.as_str(), self.keys.checkpoint_key().verifying_key())
            .map_err(|error| FoundingError::Text(error.to_string()))?;
        let person = first.person;
        let locked = self.read(|conn| Ok::<_, StoreError>(accounts::locked_key(conn, person)?))?;
        let locked = locked.ok_or(PasswordRefused::Wrong)?;
        let unlocked = locked.unlock(password, Meaning::KeyRegistration);
        let public_key = locked.public_key();
        let identity_check = Note::try_from("first administrator, set up at the machine itself".to_string())
            .map_err(|error| FoundingError::Text(error.to_string()))?;
        let invitation = Invitation { name, sign_in: first.sign_in.clone(), clinic: None };
        let made = KeyMade { key: locked.key(), public_key };
        let registered =
            KeyRegistered { key: locked.key(), public_key, identity_check, second_checker: None };
        let (now, _) = self.now();
        let answer = self.write(move |conn| {
            postgres::lock(conn, FOUNDING, Held::Alone)?;
            if journal::site_stream(conn)?.is_some() {
                return Err(JobError::Own(FoundingError::Founded));
            }
            let proof = accounts::reauthenticate(conn, &unlocked, Origin::Machine, now)?
                .map_err(|refused| JobError::Own(FoundingError::from(refused)))?;
            let mut appends = Appends::new();
            appends.push(StreamKind::Site, SiteId(Uuid::now_v7()).0, site::Event::from(founding));
            let facts: [people::Event; 4] = [
                people::Invited { invitation }.into(),
                made.into(),
                registered.into(),
                RoleGrant { role: Role::Administrator }.into(),
            ];
            for fact in facts {
                appends.push(StreamKind::Person, person.0, Event::from(fact));
            }
            append_unasked(conn, &World::default(), appends, person, now, Some(&proof)).map_err(by_founding)
        })?;
        self.time.recorded(now);
        self.keys.pin_anchor(public_key).map_err(StoreError::from)?;
        Ok(answer)
    }

    /// Pins the first administrator's key where a crash came between founding and pinning.
    pub(crate) fn mend_anchor(&self) -> Result<(), StoreError> {
        // Once anything is sealed the key was pinned, and a missing file is a loss, not a start cut short.
        let sealed = self.read(|conn| Ok::<_, StoreError>(sealing::newest_note(conn)?.is_some()))?;
        if sealed || self.keys.anchor()?.is_some() {
            return Ok(());
        }
        if let Some(key) = self.read(first_key)? {
            tracing::warn!("the first administrator's key was not pinned; pinning the one in the journal");
            self.keys.pin_anchor(key)?;
        }
        Ok(())
    }
}

fn by_founding(error: JobError<ExecuteError>) -> JobError<FoundingError> {
    match error {
        JobError::Own(error) => JobError::Own(FoundingError::from(error)),
        JobError::Database(error) => JobError::Database(error),
    }
}

fn first_key(conn: &mut Conn) -> Result<Option<PublicKey>, StoreError> {
    let first = journal::streams_of(conn, StreamKind::Person)?.into_iter().next();
    let Some(stream) = first else { return Ok(None) };
    for entry in journal::entries_of(conn, stream)? {
        if let (Event::Person(people::Event::KeyRegistered(key)), _) = Event::read(&entry)? {
            return Ok(Some(key.public_key));
        }
    }
    Ok(None)
}
