//! The key store: a folder of key files, apart from the database, so that whoever has only the database can
//! neither sign a checkpoint nor read a patient's name. Its backups are kept for a short time only: a
//! patient's key that was destroyed shall not come back.
//!
//! | file                  | content                                                                      |
//! |-----------------------|------------------------------------------------------------------------------|
//! | `checkpoint.seed`     | 32 bytes: the Ed25519 seed that signs checkpoints                            |
//! | `index.key`           | 32 bytes: the HMAC-SHA-256 key of the blind index over names                 |
//! | `factors.key`         | 32 bytes: the key of second factors' secrets; made with the first of them   |
//! | `anchor.pub`          | base64: the first administrator's public key, which all others chain to      |
//! | `patients/<uuid>.key` | 32 bytes: the key of one patient's personal data                             |

mod personal;

pub use personal::{
    BirthDate, Personal, SealedPersonal, StoredPersonal, erase_personal, find_patients, load_personal,
    store_personal,
};

use crate::engine::prelude::*;
use crate::error::StoreError;
use crate::schema::key_store;
use baiyo_domain::ids::PatientId;
use baiyo_domain::people::PublicKey;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use uuid::Uuid;
use zeroize::Zeroizing;

/// An opened key store. Several processes may have the same folder open.
pub struct KeyStore {
    folder: PathBuf,
    checkpoint: SigningKey,
    index: Key,
}

/// Why the key store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// A file or folder cannot be read or written.
    #[error("the key store: {path}: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file is missing that was there once; making it anew would lose what rests on it.
    #[error("the key store lacks {0}: restore the folder from its backup")]
    Lacking(String),
    /// The database was begun with other keys.
    #[error(
        "{0} is not the key store that this database was begun with: every server of a centre needs the same one"
    )]
    Another(String),
    /// A file does not hold what it should.
    #[error("the key store: {0} does not hold a key: restore it from its backup")]
    Malformed(String),
    /// Another key of a first administrator is pinned.
    #[error("the key store has another first administrator's key, and that is never changed")]
    AnchorPinned,
    /// The patient has a key, which would be lost.
    #[error("patient {0} has a key already")]
    KeyExists(PatientId),
    /// The patient's key was destroyed or never made.
    #[error("patient {0} has no key: it was destroyed or never made")]
    NoKey(PatientId),
    /// The ciphertext is not what was sealed for this patient and clinic.
    #[error("the personal data of patient {0} was damaged, or belongs to somebody else")]
    Unreadable(PatientId),
    /// Nothing can be sealed.
    #[error(transparent)]
    Crypto(#[from] CryptoFailure),
}

/// The machine gave no random bytes, or a cryptographic library refused its input; neither is the user's
/// doing.
#[derive(Debug, thiserror::Error)]
#[error("cryptography failed: {0}")]
pub struct CryptoFailure(String);

impl CryptoFailure {
    pub(crate) fn new(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

impl KeyStore {
    /// Whether the folder holds a key store. A database without its key store must not be given a new one.
    pub fn exists(folder: &Path) -> bool {
        folder.join(CHECKPOINT).exists()
    }

    /// Opens the folder, which others than its owner may not enter; on first use makes it and its keys.
    ///
    /// # Errors
    /// The folder cannot be read or written, or lacks a key that it had.
    pub fn open(folder: &Path) -> Result<Self, KeyStoreError> {
        let patients = folder.join(PATIENTS);
        for folder in [folder, &patients] {
            private_folder(folder).map_err(in_file(folder))?;
        }
        let (checkpoint, index) = (folder.join(CHECKPOINT), folder.join(INDEX));
        if !checkpoint.exists() {
            let mut keys = fs::read_dir(&patients).map_err(in_file(&patients))?;
            if folder.join(ANCHOR).exists() || keys.next().is_some() {
                return Err(KeyStoreError::Lacking(checkpoint.display().to_string()));
            }
            // Last, so that a first start cut short is made good by the next one.
            for path in [&index, &checkpoint] {
                match write_once(path, &*random::<32>()?) {
                    // Another process started at the same time.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    written => written.map_err(in_file(path))?,
                }
            }
        }
        let lacking = |path: &Path| KeyStoreError::Lacking(path.display().to_string());
        let seed = read_key(&checkpoint)?.ok_or_else(|| lacking(&checkpoint))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            checkpoint: SigningKey::from_bytes(&seed),
            index: read_key(&index)?.ok_or_else(|| lacking(&index))?,
        })
    }

    /// The key that signs checkpoints.
    pub fn checkpoint_key(&self) -> &SigningKey {
        &self.checkpoint
    }

    /// Makes sure that a database and this key store belong together, for ever from the first time on.
    ///
    /// # Errors
    /// The database was begun with another key store; or it cannot be read or written.
    pub(crate) fn belongs_to(&self, conn: &mut Conn) -> Result<(), StoreError> {
        let mark = Sha256::new_with_prefix("baiyo key store\0")
            .chain_update(self.checkpoint.verifying_key())
            .chain_update(Sha256::digest(*self.index));
        let mark = mark.finalize();
        let known: Option<Vec<u8>> = key_store::table.select(key_store::mark).first(conn).optional()?;
        if known.is_none() {
            let own = (key_store::one.eq(1), key_store::mark.eq(mark.as_slice()));
            diesel::insert_into(key_store::table).values(own).on_conflict_do_nothing().execute(conn)?;
        }
        // Read again: another server may have begun at the same moment.
        let known: Vec<u8> = key_store::table.select(key_store::mark).first(conn)?;
        if known == mark.as_slice() {
            return Ok(());
        }
        Err(KeyStoreError::Another(self.folder.display().to_string()).into())
    }

    /// The first administrator's public key, once it is pinned; read anew each time, as another node may have
    /// pinned it.
    ///
    /// # Errors
    /// The file cannot be read or holds no public key.
    pub fn anchor(&self) -> Result<Option<PublicKey>, KeyStoreError> {
        let path = self.folder.join(ANCHOR);
        match fs::read_to_string(&path) {
            Ok(text) => PublicKey::try_from(text.trim_end().to_string())
                .map(Some)
                .map_err(|_| KeyStoreError::Malformed(path.display().to_string())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(in_file(&path)(error)),
        }
    }

    /// Pins the first administrator's public key, durably and for ever. Pinning the same key again changes
    /// nothing.
    ///
    /// # Errors
    /// Another key is pinned; the file cannot be written.
    pub fn pin_anchor(&self, key: PublicKey) -> Result<(), KeyStoreError> {
        let path = self.folder.join(ANCHOR);
        match write_once(&path, format!("{}\n", String::from(key)).as_bytes()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => match self.anchor()? {
                Some(pinned) if pinned == key => Ok(()),
                _ => Err(KeyStoreError::AnchorPinned),
            },
            written => written.map_err(in_file(&path)),
        }
    }

    /// The key of second factors' secrets; nothing before anybody had one. Read anew each time, as another node may have
    /// made it.
    ///
    /// # Errors
    /// The file cannot be read or holds no key.
    pub(crate) fn factor_key(&self) -> Result<Option<Key>, KeyStoreError> {
        read_key(&self.folder.join(FACTORS))
    }

    /// Makes it, where another node has not: call where nobody has a second factor.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn make_factor_key(&self) -> Result<(), KeyStoreError> {
        let path = self.folder.join(FACTORS);
        match write_once(&path, &*random::<32>()?) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            written => written.map_err(in_file(&path)),
        }
    }

    /// That the key of second factors is gone, though there are some.
    pub(crate) fn lacks_factor_key(&self) -> KeyStoreError {
        KeyStoreError::Lacking(self.folder.join(FACTORS).display().to_string())
    }

    /// Makes a patient's key; it is on the disk when this returns.
    ///
    /// # Errors
    /// The patient has one; the file cannot be written.
    pub fn new_patient_key(&self, patient: PatientId) -> Result<(), KeyStoreError> {
        let path = self.patient_path(patient);
        match write_once(&path, &*random::<32>()?) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(KeyStoreError::KeyExists(patient)),
            written => written.map_err(in_file(&path)),
        }
    }

    /// Whether there is anything left of a patient's key.
    ///
    /// # Errors
    /// That cannot be seen, as where the folder may not be entered.
    pub(crate) fn has_patient_key(&self, patient: PatientId) -> Result<bool, KeyStoreError> {
        let path = self.patient_path(patient);
        path.try_exists().map_err(in_file(&path))
    }

    /// Destroys a patient's key: overwrites, then removes it. False where there is none (any more). Disks that
    /// write elsewhere (SSD, copy-on-write) and backups may keep the old bytes for a while.
    ///
    /// # Errors
    /// The file cannot be overwritten or removed; it may be tried again.
    pub fn destroy_patient_key(&self, patient: PatientId) -> Result<bool, KeyStoreError> {
        let path = self.patient_path(patient);
        let destroyed = OpenOptions::new().write(true).open(&path).and_then(|mut file| {
            file.write_all(&ERASED)?;
            file.sync_all()?;
            fs::remove_file(&path)?;
            sync_parent(&path)
        });
        match destroyed {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            destroyed => destroyed.map(|()| true).map_err(in_file(&path)),
        }
    }

    fn patient_key(&self, patient: PatientId) -> Result<Key, KeyStoreError> {
        // A destruction cut short leaves the overwritten file.
        let whole = read_key(&self.patient_path(patient))?.filter(|key| **key != ERASED);
        whole.ok_or(KeyStoreError::NoKey(patient))
    }

    fn patient_path(&self, patient: PatientId) -> PathBuf {
        self.folder.join(PATIENTS).join(format!("{patient}.key"))
    }
}

/// A secret key, wiped from memory when it is dropped.
pub type Key = Zeroizing<[u8; 32]>;

const CHECKPOINT: &str = "checkpoint.seed";
const INDEX: &str = "index.key";
const ANCHOR: &str = "anchor.pub";
const FACTORS: &str = "factors.key";
const PATIENTS: &str = "patients";
const ERASED: [u8; 32] = [0; 32];

/// Fresh bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, CryptoFailure> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(CryptoFailure::new)?;
    Ok(bytes)
}

/// What a ciphertext is for and whose it is; it opens with the same only.
pub(crate) struct Binding {
    pub(crate) purpose: &'static str,
    pub(crate) owners: [Uuid; 2],
}

impl Binding {
    fn bytes(&self) -> Vec<u8> {
        let [first, second] = self.owners;
        [self.purpose.as_bytes(), &[0], first.as_bytes(), second.as_bytes()].concat()
    }
}

/// The nonce of something sealed, as it is stored. It tells the form: form 1, XChaCha20-Poly1305 under a key of 32 bytes, is
/// the one whose nonce has 24 bytes and no number before it. A later form puts its number there, and so has another length.
///
/// # Errors
/// It is of another form than 1.
pub(crate) fn nonce_of_form_1(stored: &[u8]) -> Result<[u8; 24], UnknownForm> {
    stored.try_into().map_err(|_| UnknownForm(stored.first().copied().unwrap_or_default()))
}

/// Something was sealed in a form that this version cannot open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is sealed in form {0}, and this version opens form 1 alone: a newer one wrote it, or it was damaged"
)]
pub(crate) struct UnknownForm(u8);

/// Encrypts with XChaCha20-Poly1305 under a fresh nonce.
pub(crate) fn seal(key: &Key, text: &[u8], binding: &Binding) -> Result<([u8; 24], Vec<u8>), CryptoFailure> {
    let nonce = *random::<24>()?;
    let sealed = XChaCha20Poly1305::new((&**key).into())
        .encrypt(&nonce.into(), Payload { msg: text, aad: &binding.bytes() })
        .map_err(CryptoFailure::new)?;
    Ok((nonce, sealed))
}

/// Decrypts what [`seal`] made; nothing where key, nonce, ciphertext or binding is another.
pub(crate) fn unseal(
    key: &Key,
    nonce: &[u8; 24],
    sealed: &[u8],
    binding: &Binding,
) -> Option<Zeroizing<Vec<u8>>> {
    let payload = Payload { msg: sealed, aad: &binding.bytes() };
    let text = XChaCha20Poly1305::new((&**key).into()).decrypt(nonce.into(), payload);
    text.ok().map(Zeroizing::new)
}

fn in_file(path: &Path) -> impl FnOnce(io::Error) -> KeyStoreError {
    let path = path.display().to_string();
    move |source| KeyStoreError::File { path, source }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    if fs::metadata(folder)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(folder = %folder.display(), "others could enter the key store; now they cannot");
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    sync_parent(folder)
}

/// Makes a file that does not exist, whole or not at all, and durable when this returns.
fn write_once(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let suffix = u64::from_ne_bytes(*random::<8>().map_err(io::Error::other)?);
    let temporary = path.with_extension(format!("{suffix:016x}.new"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // A link, unlike a rename, never replaces a file that somebody else has just put there.
    let linked = written.and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    linked.and(removed)?;
    sync_parent(path)
}

/// Makes durable that an entry came into or left its folder.
fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// A key file's 32 bytes; nothing where there is no such file.
fn read_key(path: &Path) -> Result<Option<Key>, KeyStoreError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(in_file(path)(error)),
    };
    match <[u8; 32]>::try_from(bytes.as_slice()) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(_) => Err(KeyStoreError::Malformed(path.display().to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn patient(n: u128) -> PatientId {
        PatientId(Uuid::from_u128(n))
    }

    #[test]
    fn what_is_sealed_is_xchacha20_poly1305_with_a_nonce_of_its_own() {
        // draft-irtf-cfrg-xchacha-03, appendix A.3.1: what the library makes is what the paper says.
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let text =
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                     sunscreen would be it.";
        let key: [u8; 32] = std::array::from_fn(|n| 0x80 + n as u8);
        let nonce: [u8; 24] = std::array::from_fn(|n| 0x40 + n as u8);
        let aad = hex("50515253c0c1c2c3c4c5c6c7");
        let made =
            XChaCha20Poly1305::new(&key.into()).encrypt(&nonce.into(), Payload { msg: text, aad: &aad });
        let published = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39\
                         ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
                         21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49";
        assert_eq!(made.unwrap(), hex(published));

        // And it is what seals here: opened without our own hand, by a key of 256 bits, each time under another nonce.
        let key: Key = random().unwrap();
        let binding = Binding { purpose: "test", owners: [Uuid::from_u128(1), Uuid::from_u128(2)] };
        let (nonce, sealed) = seal(&key, text, &binding).unwrap();
        let aad = [&b"test\0"[..], Uuid::from_u128(1).as_bytes(), Uuid::from_u128(2).as_bytes()].concat();
        let opened = XChaCha20Poly1305::new((&*key).into())
            .decrypt(&nonce.into(), Payload { msg: &sealed, aad: &aad });
        assert_eq!(opened.unwrap(), text);
        let mut nonces: Vec<[u8; 24]> = (0..500).map(|_| seal(&key, text, &binding).unwrap().0).collect();
        nonces.sort_unstable();
        nonces.dedup();
        assert_eq!(nonces.len(), 500);
    }

    #[test]
    fn a_key_store_is_made_once_and_kept_from_others() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data/keys");
        assert!(!KeyStore::exists(&folder));
        let made = KeyStore::open(&folder).unwrap();
        made.new_patient_key(patient(1)).unwrap();
        assert!(KeyStore::exists(&folder));
        let again = KeyStore::open(&folder).unwrap();
        assert_eq!(made.checkpoint_key().to_bytes(), again.checkpoint_key().to_bytes());
        assert_eq!(made.index, again.index);
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join(PATIENTS)), 0o700);
        for file in [folder.join(CHECKPOINT), folder.join(INDEX), again.patient_path(patient(1))] {
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
        let left = fs::read_dir(&folder).unwrap().chain(fs::read_dir(folder.join(PATIENTS)).unwrap());
        assert_eq!(left.count(), 4, "nothing temporary stays");

        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        KeyStore::open(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_lost_key_is_not_made_anew() {
        let home = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(home.path()).unwrap();
        fs::remove_file(home.path().join(CHECKPOINT)).unwrap();
        KeyStore::open(home.path()).unwrap();

        keys.new_patient_key(patient(1)).unwrap();
        fs::remove_file(home.path().join(CHECKPOINT)).unwrap();
        assert!(matches!(KeyStore::open(home.path()), Err(KeyStoreError::Lacking(_))));

        let home = tempfile::tempdir().unwrap();
        KeyStore::open(home.path()).unwrap();
        fs::remove_file(home.path().join(INDEX)).unwrap();
        assert!(matches!(KeyStore::open(home.path()), Err(KeyStoreError::Lacking(_))));
        fs::write(home.path().join(INDEX), [1; 31]).unwrap();
        assert!(matches!(KeyStore::open(home.path()), Err(KeyStoreError::Malformed(_))));
    }

    #[test]
    fn the_anchor_is_pinned_for_ever() {
        let home = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(home.path()).unwrap();
        let [first, other] = [PublicKey([1; 32]), PublicKey([2; 32])];
        assert_eq!(keys.anchor().unwrap(), None);
        keys.pin_anchor(first).unwrap();
        keys.pin_anchor(first).unwrap();
        assert!(matches!(keys.pin_anchor(other), Err(KeyStoreError::AnchorPinned)));
        assert_eq!(KeyStore::open(home.path()).unwrap().anchor().unwrap(), Some(first));
    }

    #[test]
    fn a_patient_has_one_key_until_it_is_destroyed() {
        let home = tempfile::tempdir().unwrap();
        let keys = KeyStore::open(home.path()).unwrap();
        let no_key = |keys: &KeyStore| matches!(keys.patient_key(patient(1)), Err(KeyStoreError::NoKey(_)));
        assert!(no_key(&keys));
        keys.new_patient_key(patient(1)).unwrap();
        let key = keys.patient_key(patient(1)).unwrap();
        assert!(matches!(keys.new_patient_key(patient(1)), Err(KeyStoreError::KeyExists(_))));
        assert_eq!(keys.patient_key(patient(1)).unwrap(), key);

        assert!(keys.destroy_patient_key(patient(1)).unwrap());
        assert!(no_key(&keys));
        assert!(!keys.destroy_patient_key(patient(1)).unwrap());

        fs::write(keys.patient_path(patient(1)), ERASED).unwrap();
        assert!(no_key(&keys), "an overwritten key is none");
    }
}
