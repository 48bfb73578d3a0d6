//! The commands of the binary: serve, demo, migrate, copy, standard import, gate, verify, rebuild, export, authority.

use crate::acting::{Acting, ActingError};
use crate::pages::setup;
use crate::server::{self, Centre, State};
use crate::settings::{FILE_VARIABLE, Flag, NotAccepted, Settings};
use crate::words::{self, Language};
use crate::{authority, demo, exporting, logging, open_files, tls};
use baiyo_domain::batch::gate::{Blocker, gate};
use baiyo_domain::decision::Command;
use baiyo_domain::ids::{BatchId, Label, StandardId};
use baiyo_domain::standard::Draft;
use baiyo_exchange::export::ExportedFile;
use baiyo_persistence::accounts::LINK_HOURS;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::founding::FoundingError;
use baiyo_persistence::progress::telling;
use baiyo_persistence::reading::{self, ClinicScope};
use baiyo_persistence::store::{self, Location};
use baiyo_persistence::verify::{self, CannotCheck};
use baiyo_persistence::{Store, StoreError, copy, rebuild};
use clap::{Parser, Subcommand};
use std::io::{IsTerminal, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// Prints a line. Whoever reads may stop early (`| head`): the rest goes nowhere then, and the exit code still says what
/// was found.
macro_rules! say {
    ($($words:tt)*) => {
        _ = writeln!(std::io::stdout(), $($words)*)
    };
}

/// Tracks every batch of a cell processing centre, from tissue to infusion.
#[derive(Parser)]
#[command(name = "baiyo", version)]
pub struct Cli {
    /// What to do; `serve` where left out.
    #[command(subcommand)]
    command: Option<Subcommands>,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Serve a centre's records; an empty folder is set up by a one-time link that is printed.
    Serve(Serving),
    /// Serve a demonstration centre with invented people and cells.
    Demo(Serving),
    /// Bring a database to the newest form.
    Migrate(Folder),
    /// Copy a centre to an empty place, on the same engine or the other one, and verify both. Stop its servers first;
    /// afterwards serve one of the two, never both.
    Copy(Copying),
    /// Product standards.
    #[command(subcommand)]
    Standard(StandardCommand),
    /// Say what blocks a batch and each of its containers (exit code 0: something may be released, 1: nothing).
    Gate {
        /// The batch's label or identifier.
        batch: String,
        #[command(flatten)]
        folder: Folder,
    },
    /// Verify the whole record from its raw rows (exit code 0: sound, 1: not, 2: could not check).
    Verify {
        #[command(flatten)]
        folder: Folder,
        /// A checkpoint that was kept outside; may be given several times.
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// A checkpoint that was kept outside since `verify` compared it and found everything sound: read only what came
        /// after it, and whole streams that it belongs to. What was changed in the others is not seen then.
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
    },
    /// Write the read models anew and compare the evidence with the journal.
    Rebuild(Folder),
    /// Write one batch, or everything, as JSON that an outsider can read and verify.
    Export {
        /// The batch's label or identifier; everything where left out.
        batch: Option<String>,
        #[command(flatten)]
        folder: Folder,
        /// Where to write it; standard output where left out.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// A folder for the files that the entries name, such as photographs; left where they are where left out.
        #[arg(long, value_name = "FOLDER")]
        files: Option<PathBuf>,
    },
    /// Print who may do what, and which address admits whom, as this program enforces it.
    Authority,
}

#[derive(Subcommand)]
enum StandardCommand {
    /// Import a standard from a file as a draft, signed in as somebody who may file it.
    Import {
        /// The file (TOML, as in config/standards).
        file: PathBuf,
        #[command(flatten)]
        folder: Folder,
        /// The sign-in name of the person who files it.
        #[arg(long, env = "BAIYO_SIGN_IN")]
        sign_in: String,
        /// The password; asked for where left out.
        #[arg(long, env = "BAIYO_PASSWORD", hide_env_values = true)]
        password: Option<String>,
    },
}

#[derive(clap::Args, Default)]
struct Serving {
    /// The file of settings (TOML; config/baiyo.toml explains each key). Each is also a variable of the environment.
    /// `BAIYO_CONFIG` names it as well.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen; 127.0.0.1:8080 where nothing is chosen.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// The folder of the records; `./data` where nothing is chosen (`./demo-data` for `demo`).
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The database's address, `postgres://user:password@host/database`; the embedded one in the folder where nothing is
    /// chosen.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// A file of certificates (PEM) that the PostgreSQL server's must chain to.
    #[arg(long, value_name = "FILE")]
    database_ca: Option<String>,
}

impl Serving {
    /// What the site chose, here and elsewhere.
    fn settings(self) -> Result<Settings, Failure> {
        let given = [
            ("listen", "--listen", self.listen),
            ("data", "--data", self.data),
            ("database_url", "--database-url", self.database_url),
            ("database_ca", "--database-ca", self.database_ca),
        ];
        let settings = chosen(self.config, given)?;
        // Before anything is opened or made.
        tls::of(&settings)?;
        server::breached(&settings)?;
        #[cfg(feature = "openid")]
        crate::openid::Provider::of(&settings)?;
        Ok(settings)
    }
}

/// What a site chose, by these flags, in the environment and in its file: the same for whatever is done to its records.
fn chosen<const N: usize>(
    config: Option<PathBuf>,
    given: [(&'static str, &'static str, Option<String>); N],
) -> Result<Settings, Failure> {
    let flags: Vec<Flag> =
        given.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value?))).collect();
    let file = config.or_else(|| std::env::var_os(FILE_VARIABLE).map(PathBuf::from));
    Ok(Settings::read(file.as_deref(), std::env::vars_os(), &flags)?)
}

/// Where the records are that are served.
fn location(settings: &Settings, otherwise: &str) -> Result<Location, Failure> {
    let folder = settings.data.clone().unwrap_or_else(|| PathBuf::from(otherwise));
    Ok(Location::read(&folder, settings.database_url.as_deref(), settings.database_ca.clone())?)
}

#[derive(clap::Args)]
struct Copying {
    /// The folder of the records.
    from: PathBuf,
    /// The new folder.
    to: PathBuf,
    /// The records' PostgreSQL database; the embedded one in their folder where left out.
    #[arg(long, env = "FROM_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    from_database: Option<String>,
    /// An empty PostgreSQL database to copy into; an embedded one in the new folder where left out.
    #[arg(long, env = "TO_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    to_database: Option<String>,
    /// A file of certificates (PEM) that a PostgreSQL server's must chain to.
    #[arg(long, env = "DATABASE_CA", value_name = "FILE")]
    database_ca: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Folder {
    /// The file of settings that the server is started with. `BAIYO_CONFIG` names it as well.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the records; `./data` where nothing is chosen.
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// The database's address, `postgres://user:password@host/database`; the embedded one in the folder where nothing is
    /// chosen.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// A file of certificates (PEM) that the PostgreSQL server's must chain to.
    #[arg(long, value_name = "FILE")]
    database_ca: Option<String>,
}

impl Folder {
    fn location(&self) -> Result<Location, Failure> {
        let given = [
            ("data", "--data", self.data.clone()),
            ("database_url", "--database-url", self.database_url.clone()),
            ("database_ca", "--database-ca", self.database_ca.clone()),
        ];
        location(&chosen(self.config.clone(), given)?, "data")
    }

    fn existing(&self) -> Result<Location, Failure> {
        existing(self.location()?, "; name the folder with --data")
    }
}

fn existing(location: Location, advice: &str) -> Result<Location, Failure> {
    if location.postgres.is_some() || store::database_in(&location.folder).exists() {
        return Ok(location);
    }
    Err(Failure(format!("there is no database in {}{advice}", location.folder.display())))
}

/// A sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

macro_rules! failures {
    ($($error:ty),*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        }
    )*};
}

failures!(
    NotAccepted,
    StoreError,
    FoundingError,
    ActingError,
    demo::DemoError,
    copy::CopyError,
    std::io::Error,
    serde_json::Error,
    baiyo_persistence::ExecuteError
);

/// Runs a command.
pub fn run(cli: Cli) -> ExitCode {
    let command = cli.command.unwrap_or(Subcommands::Serve(Serving::default()));
    if !matches!(command, Subcommands::Serve(_) | Subcommands::Demo(_)) {
        logging::start(&level_alone());
    }
    let outcome = match command {
        Subcommands::Serve(serving) => serving.settings().and_then(serve),
        Subcommands::Demo(serving) => serving.settings().and_then(serve_demo),
        Subcommands::Migrate(folder) => migrate(&folder),
        Subcommands::Copy(copying) => copy_centre(&copying),
        Subcommands::Standard(StandardCommand::Import { file, folder, sign_in, password }) => {
            import(&file, &folder, sign_in, password)
        }
        Subcommands::Gate { batch, folder } => ask_gate(&batch, &folder),
        Subcommands::Verify { folder, checkpoint, since } => {
            return verify_records(&folder, &checkpoint, since.as_deref());
        }
        Subcommands::Rebuild(folder) => rebuild_records(&folder),
        Subcommands::Export { batch, folder, out, files } => {
            export(batch.as_deref(), &folder, out.as_deref(), files.as_deref())
        }
        Subcommands::Authority => {
            _ = write!(std::io::stdout(), "{}", authority::page());
            Ok(ExitCode::SUCCESS)
        }
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            _ = writeln!(std::io::stderr(), "baiyo: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// How much is logged, for commands that do not serve.
fn level_alone() -> Settings {
    let level = std::env::vars_os().filter(|(name, _)| name == "RUST_LOG");
    Settings::read(None, level, &[]).unwrap_or_default()
}

fn open(location: &Location) -> Result<Arc<Store>, Failure> {
    Ok(Arc::new(Store::open_at(location, Arc::new(SystemClock))?))
}

fn serve(settings: Settings) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    logging::start(&settings);
    let location = location(&settings, "data")?;
    let folder = &location.folder;
    let listener = listen(&settings.listen)?;
    let store = open(&location)?;
    let (address, scheme) = (listener.local_addr()?, settings.scheme());
    match store.founding()? {
        Some(founding) if founding.demonstration => {
            return Err(Failure(format!(
                "{} holds a demonstration; serve it with `baiyo demo`",
                folder.display()
            )));
        }
        Some(founding) => say!("{}: {scheme}://{address}/", founding.name),
        None => {
            let link = store.first_link(LINK_HOURS)?;
            say!(
                "This folder is empty. The first administrator sets up his account and the centre here, once:"
            );
            say!("  {scheme}://{address}{}", setup::link(link.as_str()));
        }
    }
    say!("Serving {} (started in {} ms). Stop with Ctrl-C.", folder.display(), began.elapsed().as_millis());
    listen_on(store, listener, settings)
}

fn serve_demo(settings: Settings) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    logging::start(&settings);
    let location = location(&settings, "demo-data")?;
    let folder = &location.folder;
    let listener = listen(&settings.listen)?;
    let (address, scheme) = (listener.local_addr()?, settings.scheme());
    let accounts = demo::prepare(&location, &mut progress("Preparing the demonstration"))?;
    let store = open(&location)?;
    say!("Demonstration centre (invented people and cells): {scheme}://{address}/");
    say!("Sign in as any of these; all are in {}:", folder.join(demo::ACCOUNTS_FILE).display());
    for account in &accounts {
        say!("  {:<16} {:<20} {}", account.sign_in, account.password, account.role);
    }
    say!("Serving {} (started in {} ms). Stop with Ctrl-C.", folder.display(), began.elapsed().as_millis());
    listen_on(store, listener, settings)
}

fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| Failure(format!("cannot listen on {address}: {error}")))
}

fn listen_on(store: Arc<Store>, listener: TcpListener, settings: Settings) -> Result<ExitCode, Failure> {
    open_files::raise(&settings);
    let centre = Centre::of(&store)?;
    let state = actix_web::web::Data::new(State::new(store, centre, settings)?);
    actix_web::rt::System::new().block_on(server::serve(state, listener))?;
    logging::end();
    Ok(ExitCode::SUCCESS)
}

fn migrate(folder: &Folder) -> Result<ExitCode, Failure> {
    let location = folder.location()?;
    let steps = store::migrate(&location)?;
    let folder = &location.folder;
    say!("{}: {steps} migration(s) applied; the database has the newest form.", folder.display());
    Ok(ExitCode::SUCCESS)
}

fn copy_centre(copying: &Copying) -> Result<ExitCode, Failure> {
    let place = |folder: &Path, address: &Option<String>| {
        Location::read(folder, address.as_deref(), copying.database_ca.clone())
    };
    let from = existing(place(&copying.from, &copying.from_database)?, "")?;
    let to = place(&copying.to, &copying.to_database)?;
    let copied = copy::copy(&from, &to, &mut progress("Copying"))?;
    let accounts = from.folder.join(demo::ACCOUNTS_FILE);
    let copied_accounts = to.folder.join(demo::ACCOUNTS_FILE);
    if accounts.exists() && !copied_accounts.exists() {
        // A demonstration is whole with it.
        std::fs::copy(accounts, copied_accounts)?;
    }
    say!(
        "{} entries in {} streams, {} signatures: the same in {}, sound in both places.",
        copied.entries,
        copied.streams,
        copied.signatures,
        to.folder.display()
    );
    say!("Serve one of the two from now on, never both: keep {} as a backup.", from.folder.display());
    Ok(ExitCode::SUCCESS)
}

fn import(
    file: &Path,
    folder: &Folder,
    sign_in: String,
    password: Option<String>,
) -> Result<ExitCode, Failure> {
    let location = folder.existing()?;
    let text =
        std::fs::read_to_string(file).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
    let standard: baiyo_domain::standard::Standard =
        toml::from_str(&text).map_err(|error| Failure(format!("{}: {error}", file.display())))?;
    let password = match password {
        Some(password) => password,
        None => rpassword::prompt_password("Password: ")?,
    };
    let store = open(&location)?;
    let faults = standard.faults();
    let (code, version) = (standard.code.clone(), standard.version);
    let person = Acting::sign_in(&store, &sign_in, &password)?;
    let filed = StandardId(Uuid::now_v7());
    person.record(&store, Command::Standard(filed, Draft { standard }.into()))?;
    say!("{code} version {version} is filed as a draft: {filed}");
    for fault in &faults {
        say!("  it cannot be approved yet: {}", words::reason(Language::En, fault, chrono_tz::Asia::Tokyo));
    }
    if faults.is_empty() {
        say!("  a releaser approves it by signature.");
    }
    Ok(ExitCode::SUCCESS)
}

fn ask_gate(batch: &str, folder: &Folder) -> Result<ExitCode, Failure> {
    let mut conn = folder.existing()?.connect()?;
    let id = batch_named(&mut conn, batch)?;
    let batch = reading::batch(&mut conn, ClinicScope::Centre, id)?.ok_or(Failure("no such batch".into()))?;
    let now = baiyo_persistence::clock::Clock::now(&SystemClock);
    let answer = gate(&batch, now);
    say!("{} {}", batch.opened.label, batch.status(now).name());
    let zone = chrono_tz::Asia::Tokyo;
    let sentence = |blocker: &Blocker| {
        crate::api::views::blocker_sentence(Language::En, blocker, batch.standard(), zone)
    };
    for check in &answer.batch {
        for (blocker, _) in &check.blockers {
            say!("  batch: [{}] {}", check.requirement.key(), sentence(blocker));
        }
    }
    let mut releasable = false;
    for (no, checks) in &answer.containers {
        let blocked = !answer.blockers(*no).is_empty();
        releasable |= !blocked;
        say!("  container {no}: {}", if blocked { "blocked" } else { "nothing blocks" });
        for check in checks {
            for (blocker, _) in &check.blockers {
                say!("    [{}] {}", check.requirement.key(), sentence(blocker));
            }
        }
    }
    Ok(if releasable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn batch_named(conn: &mut baiyo_persistence::Conn, name: &str) -> Result<BatchId, Failure> {
    if let Ok(id) = Uuid::try_parse(name) {
        return Ok(BatchId(id));
    }
    let label: Label = name.parse().map_err(|error| Failure(format!("{name}: {error}")))?;
    let found = reading::batch_labelled(conn, &label).map_err(StoreError::from)?;
    found.ok_or(Failure(format!("no batch has the label {label}")))
}

fn verify_records(folder: &Folder, outside: &[PathBuf], since: Option<&Path>) -> ExitCode {
    const COULD_NOT_CHECK: u8 = 2;
    let checked = folder.location().and_then(|location| {
        let note = |file: &Path| {
            std::fs::read_to_string(file).map_err(|error| Failure(format!("{}: {error}", file.display())))
        };
        let notes = outside.iter().map(|file| note(file)).collect::<Result<Vec<_>, _>>()?;
        let mut watch = telling(progress("Verifying"));
        let report = match since {
            Some(since) => verify::resume(&location, &note(since)?, &notes, &mut watch),
            None => verify::verify(&location, &notes, &mut watch),
        };
        report.map_err(|error: CannotCheck| Failure(error.to_string()))
    });
    match checked {
        Err(failure) => {
            _ = writeln!(std::io::stderr(), "baiyo: could not check: {failure}");
            ExitCode::from(COULD_NOT_CHECK)
        }
        Ok(report) => {
            for finding in &report.findings {
                say!("✕ {}", words::fault(Language::En, finding));
            }
            for note in &report.notes {
                say!("  note: {}", words::note(Language::En, note));
            }
            say!("{}", words::verified(Language::En, &report));
            if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

fn rebuild_records(folder: &Folder) -> Result<ExitCode, Failure> {
    let store = open(&folder.existing()?)?;
    let rebuilt = rebuild::rebuild(&store, &mut telling(progress("Rebuilding")))?;
    for difference in &rebuilt.differing {
        say!("✕ {}", words::differing(Language::En, difference));
    }
    for batch in &rebuilt.disagreeing {
        say!("✕ {}", words::disagreeing(Language::En, *batch));
    }
    say!("{}", words::rebuilt(Language::En, &rebuilt));
    Ok(if rebuilt.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn export(
    batch: Option<&str>,
    folder: &Folder,
    out: Option<&Path>,
    files: Option<&Path>,
) -> Result<ExitCode, Failure> {
    let store = open(&folder.existing()?)?;
    store.seal()?;
    let named = match batch {
        Some(batch) => Some(store.read(|conn| batch_named(conn, batch))?),
        None => None,
    };
    let (written, named_files) = match out {
        Some(file) => write_export(&store, named, std::io::BufWriter::new(std::fs::File::create(file)?))?,
        None => write_export(&store, named, std::io::stdout().lock())?,
    };
    if let Some(folder) = files {
        exporting::files(&store, &named_files, folder)?;
    }
    let what = if files.is_some() { "written" } else { "named, not written" };
    _ = writeln!(std::io::stderr(), "{written} entries written, {} files {what}", named_files.len());
    Ok(ExitCode::SUCCESS)
}

fn write_export(
    store: &Store,
    batch: Option<BatchId>,
    out: impl Write,
) -> Result<(u64, Vec<ExportedFile>), Failure> {
    let Some(batch) = batch else {
        return Ok(exporting::everything(store, out, &mut telling(progress("Exporting")))?);
    };
    let exported = exporting::batch(store, batch)?.ok_or(Failure("no such batch".into()))?;
    serde_json::to_writer(out, &exported)?;
    Ok((exported.entries.len() as u64, exported.files))
}

/// Shows progress on a terminal, in one line.
fn progress(what: &'static str) -> impl FnMut(u64, u64) {
    let shown = std::io::stderr().is_terminal();
    let mut last = None;
    move |done, total| {
        let percent = done.checked_mul(100).and_then(|n| n.checked_div(total)).unwrap_or(100);
        if shown && last != Some(percent) {
            last = Some(percent);
            // Where it cannot be shown, the work goes on.
            _ = write!(std::io::stderr(), "\r{what}: {percent} %{}", if done >= total { "\n" } else { "" });
        }
    }
}
