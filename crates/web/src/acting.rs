//! Acting on the records without HTTP: the command line and the demonstration sign in, record and sign through
//! the same one write path as everybody else.

use baiyo_domain::authority::meaning_of;
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{KeyId, PersonId};
use baiyo_domain::journal::StreamId;
use baiyo_domain::people::{SetupLink, SignIn};
use baiyo_domain::text::Note;
use baiyo_persistence::accounts::{self, NewCredentials, Origin, Owner, Password, PasswordRefused, Through};
use baiyo_persistence::founding::FoundingError;
use baiyo_persistence::{Answer, ExecuteError, PersonalRow, Request, Store, StoreError, journal};

/// Why an act did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum ActingError {
    /// The password is wrong.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// Refused, with every reason.
    #[error("refused: {0}")]
    Refused(String),
    /// The records.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Setting up a person.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// The command.
    #[error(transparent)]
    Execute(ExecuteError),
}

impl From<ExecuteError> for ActingError {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Refused(reasons) => Self::Refused(format!("{reasons:?}")),
            other => Self::Execute(other),
        }
    }
}

/// A person who acts, with the password he signs with.
#[derive(Clone)]
pub struct Acting {
    /// The person.
    pub person: PersonId,
    password: String,
}

impl Acting {
    /// Somebody whose password is known to be right (it has just been set).
    pub fn known(person: PersonId, password: String) -> Self {
        Self { person, password }
    }

    /// Signs in by name and password.
    ///
    /// # Errors
    /// The password is wrong; the records cannot be read or written.
    pub fn sign_in(store: &Store, name: &str, password: &str) -> Result<Self, ActingError> {
        let (now, _) = store.now();
        let secret = store.read(|conn| {
            let found = accounts::stored_secret(conn, store.keys(), name, Through::Machine, now)?;
            Ok::<_, StoreError>(found)
        })?;
        let person = store.recognise(secret?.check(password))??;
        Ok(Self::known(person, password.to_string()))
    }

    /// Records something that is no signing.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn record(&self, store: &Store, command: Command) -> Result<Answer, ActingError> {
        self.record_with(store, command, None)
    }

    /// Records something with a patient's personal data beside it.
    ///
    /// # Errors
    /// Every reason why not.
    pub fn record_with(
        &self,
        store: &Store,
        command: Command,
        personal: Option<PersonalRow>,
    ) -> Result<Answer, ActingError> {
        let expected_version = Some(version(store, &command)?);
        let request = Request {
            recorder: self.person,
            source: None,
            command,
            once: None,
            expected_version,
            proof: None,
            personal,
        };
        Ok(store.execute(request)?)
    }

    /// Signs: the password again, with the meaning the action has.
    ///
    /// # Errors
    /// The password is wrong, or every reason why not.
    pub fn sign(&self, store: &Store, command: Command) -> Result<Answer, ActingError> {
        let action = command.action();
        let meaning =
            meaning_of(&action).ok_or_else(|| ActingError::Refused(format!("{action} is no signing")))?;
        let person = self.person;
        let locked = store.read(|conn| Ok::<_, StoreError>(accounts::locked_key(conn, person)?))?;
        let unlocked = locked.ok_or(PasswordRefused::Wrong)?.unlock(&self.password, meaning);
        let proof = store.reauthenticate(unlocked, Origin::Machine)??;
        let expected_version = Some(version(store, &command)?);
        let proof = Some(proof);
        let request = Request {
            recorder: person,
            source: None,
            command,
            once: None,
            expected_version,
            proof,
            personal: None,
        };
        Ok(store.execute(request)?)
    }

    /// Sets the password of a person who was invited, as he would by a link that this administrator gives him;
    /// answers with the key that waits for its registration.
    ///
    /// # Errors
    /// The password is too weak; the records cannot be written.
    pub fn set_up(
        &self,
        store: &Store,
        person: PersonId,
        sign_in: &SignIn,
        password: &str,
    ) -> Result<(Self, KeyId), ActingError> {
        let reason = Note::try_from("handed over in person".to_string())
            .map_err(|error| ActingError::Refused(error.to_string()))?;
        let asked = self.record(store, Command::Person(person, SetupLink { reason }.into()))?;
        let link = asked.link.ok_or_else(|| ActingError::Refused("no link was made".into()))?;
        let (now, _) = store.now();
        let accepted = Password::new(password, &Owner { sign_in, name: "", centre: "" }, None)
            .map_err(|problems| ActingError::Refused(format!("the password {problems:?}")))?;
        let credentials = NewCredentials::make(person, &accepted, now).map_err(FoundingError::from)?;
        let key = credentials.key();
        store.set_password(credentials, link.as_str().to_string(), None)?;
        Ok((Self::known(person, password.to_string()), key))
    }
}

/// The version of what a command is aimed at; 0 where it is new.
fn version(store: &Store, command: &Command) -> Result<u32, StoreError> {
    store.read(|conn| {
        let stream: Option<StreamId> = match command.stream() {
            Some(stream) => Some(stream),
            None => journal::site_stream(conn)?,
        };
        let entries = stream.map(|stream| journal::entries_of(conn, stream)).transpose()?.unwrap_or_default();
        Ok(entries.last().map_or(0, |entry| entry.version))
    })
}
