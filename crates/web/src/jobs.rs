//! Long work that somebody starts on a page, leaves, finds again and may stop: how it is started, watched and told of. Each
//! job has a small file in the data folder that says how far it is. So every server that works on the folder shows it,
//! it outlives whoever began it, and what a job was doing when its server went away is not forgotten.

pub mod kinds;
#[cfg(test)]
mod tests;

use baiyo_domain::ids::PersonId;
use baiyo_domain::time::Time;
use baiyo_persistence::progress::Watch;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use uuid::Uuid;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Writes the whole journal to a file that an outsider can read and verify.
    Export,
    /// Verifies the whole record from its raw rows.
    Verification,
    /// Writes the read models anew and compares the evidence with the journal.
    Rebuild,
    /// Files standards from files as drafts.
    StandardImport,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 4] = [Kind::Export, Kind::Verification, Kind::Rebuild, Kind::StandardImport];

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its name in files and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Export => "export",
            Kind::Verification => "verification",
            Kind::Rebuild => "rebuild",
            Kind::StandardImport => "standard_import",
        }
    }

    /// Whether it writes something that lists show.
    pub fn writes(self) -> bool {
        matches!(self, Kind::Rebuild | Kind::StandardImport)
    }

    /// The action of the table of authority that it is.
    pub const fn action(self) -> &'static str {
        match self {
            Kind::Export => "records.export",
            Kind::Verification => "records.verification",
            Kind::Rebuild => "records.rebuild",
            Kind::StandardImport => "standard.draft",
        }
    }
}

/// A job, as its file tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its identifier.
    pub id: Uuid,
    /// What it does.
    pub kind: Kind,
    /// Who began it.
    pub person: PersonId,
    /// When.
    pub began_at: Time,
    /// When it was last heard of.
    pub heard_at: Time,
    /// Steps done.
    pub done: u64,
    /// Steps in all, once that is known.
    pub total: u64,
    /// How it stands.
    pub standing: Standing,
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is at work.
    Running,
    /// It did what it was asked for.
    Finished(Outcome),
    /// Somebody stopped it.
    Stopped,
    /// Its server stopped, or went away.
    Interrupted,
    /// It could not go on, for this reason.
    Failed(String),
}

/// What a job found and made, in words of both languages, since whoever reads it later may read the other one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether everything is as it should be.
    pub good: bool,
    /// In one sentence.
    pub summary: Said,
    /// What is wrong, one by one.
    pub findings: Vec<Said>,
    /// What to know besides.
    pub notes: Vec<Said>,
    /// Whether it made a file to take away.
    pub file: bool,
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

/// What became of the wish to start a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It was started.
    Now(Uuid),
    /// One of its kind is at work, which was asked for something of its own: this one was not started.
    AtWork(Uuid),
}

/// Why a job ended without an outcome.
pub enum Unfinished {
    /// Whoever watched stopped it.
    Stopped,
    /// It could not go on.
    Failed(String),
}

/// A job's own work: it tells whoever watches how far it is, and may write a file at the path.
pub type Work = Box<dyn FnOnce(&mut Watch, &Path) -> Result<Outcome, Unfinished> + Send>;

/// The jobs of a centre.
pub struct Jobs {
    folder: PathBuf,
    running: Mutex<Vec<Running>>,
    closing: Arc<AtomicBool>,
}

/// A job at work in this process.
struct Running {
    id: Uuid,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// How often a job's file is written.
const TICK: Duration = Duration::from_millis(300);
/// Not heard of for so long, it is at work no more.
const SILENCE: TimeDelta = TimeDelta::seconds(30);
/// Jobs that are remembered; of the older ones the files are removed when another begins.
const REMEMBERED: usize = 20;
/// Exports that are kept, each of which holds the whole record: they must not fill the disk on which it grows.
const EXPORTS: usize = 3;

impl Jobs {
    /// The jobs in a data folder.
    pub fn of(data: &Path) -> Self {
        Self { folder: data.join("jobs"), running: Mutex::default(), closing: Arc::default() }
    }

    /// Starts a job, unless one of its kind is at work.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn start(&self, kind: Kind, person: PersonId, now: Time, work: Work) -> io::Result<Begun> {
        let mut running = self.running();
        let known = self.all();
        if let Some(job) = known.iter().find(|job| job.kind == kind && job.standing == Standing::Running) {
            return Ok(Begun::AtWork(job.id));
        }
        running.retain(|job| !job.thread.is_finished());
        make_private(&self.folder)?;
        known.iter().skip(REMEMBERED - 1).for_each(|old| self.forget(old));
        if kind == Kind::Export {
            let whole = |job: &&Job| matches!(&job.standing, Standing::Finished(outcome) if outcome.file);
            let exports = known.iter().filter(whole);
            exports.skip(EXPORTS - 1).for_each(|old| self.forget(old));
        }
        let job = Job {
            id: Uuid::now_v7(),
            kind,
            person,
            began_at: now,
            heard_at: clock(),
            done: 0,
            total: 0,
            standing: Standing::Running,
        };
        let id = job.id;
        let files = Files { folder: self.folder.clone(), id };
        files.write(&job)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (asked, closing) = (Arc::clone(&stop), Arc::clone(&self.closing));
        let run = move || watched(job, &files, &asked, &closing, work);
        let thread = thread::Builder::new().name(format!("job-{}", kind.name())).spawn(run)?;
        running.push(Running { id, stop, thread });
        Ok(Begun::Now(id))
    }

    /// Asks a job to stop, wherever it is at work.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn stop(&self, id: Uuid) -> io::Result<()> {
        if let Some(job) = self.running().iter().find(|job| job.id == id) {
            job.stop.store(true, Ordering::SeqCst);
        }
        fs::write(self.files(id).asked_to_stop(), [])
    }

    /// A job.
    pub fn job(&self, id: Uuid) -> Option<Job> {
        self.files(id).read()
    }

    /// The jobs remembered, the newest first.
    pub fn all(&self) -> Vec<Job> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut ids: Vec<Uuid> = entries
            .filter_map(|entry| Uuid::try_parse(entry.file_name().to_str()?.strip_suffix(".job")?).ok())
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.into_iter().filter_map(|id| self.job(id)).collect()
    }

    /// The file that a job made.
    pub fn file(&self, id: Uuid) -> PathBuf {
        self.files(id).made()
    }

    /// Stops all that are at work here, and waits for them: the server stops.
    pub fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        let running = std::mem::take(&mut *self.running());
        running.iter().for_each(|job| job.stop.store(true, Ordering::SeqCst));
        for job in running {
            job.thread.thread().unpark();
            // One that panicked has said so in its file.
            let _ = job.thread.join();
        }
    }

    fn running(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self, id: Uuid) -> Files {
        Files { folder: self.folder.clone(), id }
    }

    fn forget(&self, job: &Job) {
        if job.standing != Standing::Running {
            self.files(job.id).remove();
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.close();
    }
}

/// Runs a job and writes down how far it is, until it ends.
fn watched(mut job: Job, files: &Files, stop: &AtomicBool, closing: &AtomicBool, work: Work) {
    let (done, total) = (AtomicU64::new(0), AtomicU64::new(0));
    let watcher = thread::current();
    let ended = thread::scope(|threads| {
        let worker = threads.spawn(|| {
            let mut watch = |steps, all| {
                done.store(steps, Ordering::Relaxed);
                total.store(all, Ordering::Relaxed);
                match stop.load(Ordering::Relaxed) {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            };
            let ended = work(&mut watch, &files.made());
            watcher.unpark();
            ended
        });
        while !worker.is_finished() {
            thread::park_timeout(TICK);
            if files.asked_to_stop().exists() {
                stop.store(true, Ordering::SeqCst);
            }
            (job.done, job.total) = (done.load(Ordering::Relaxed), total.load(Ordering::Relaxed));
            files.tell(&mut job);
        }
        worker.join()
    });
    (job.done, job.total) = (done.into_inner(), total.into_inner());
    job.standing = match ended {
        Ok(Ok(outcome)) => Standing::Finished(outcome),
        Ok(Err(Unfinished::Stopped)) if closing.load(Ordering::SeqCst) => Standing::Interrupted,
        Ok(Err(Unfinished::Stopped)) => Standing::Stopped,
        Ok(Err(Unfinished::Failed(why))) => Standing::Failed(why),
        Err(_) => Standing::Failed("it ended abnormally".into()),
    };
    if !matches!(&job.standing, Standing::Finished(outcome) if outcome.file) {
        // Nobody takes half a file for a whole one.
        let _ = fs::remove_file(files.made());
    }
    files.tell(&mut job);
}

/// The files of one job.
struct Files {
    folder: PathBuf,
    id: Uuid,
}

impl Files {
    /// How it stands.
    fn told(&self) -> PathBuf {
        self.folder.join(format!("{}.job", self.id))
    }

    /// What it made.
    fn made(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.id))
    }

    /// There once somebody asked it to stop.
    fn asked_to_stop(&self) -> PathBuf {
        self.folder.join(format!("{}.stop", self.id))
    }

    /// Writes down how it stands now. Where that fails the work goes on: it is told next time.
    fn tell(&self, job: &mut Job) {
        job.heard_at = clock();
        if let Err(error) = self.write(job) {
            tracing::warn!(%error, job = %job.id, "how far a job is could not be written down");
        }
    }

    fn write(&self, job: &Job) -> io::Result<()> {
        // Whoever reads meanwhile reads the old one or the new one, never a part.
        let new = self.folder.join(format!("{}.new", self.id));
        fs::write(&new, serde_json::to_vec(job)?)?;
        fs::rename(new, self.told())
    }

    fn read(&self) -> Option<Job> {
        let mut job: Job = serde_json::from_slice(&fs::read(self.told()).ok()?).ok()?;
        if job.standing == Standing::Running && clock().since(job.heard_at) > SILENCE {
            job.standing = Standing::Interrupted;
        }
        Some(job)
    }

    fn remove(&self) {
        for file in [self.made(), self.asked_to_stop(), self.told()] {
            // What is not there need not be removed.
            let _ = fs::remove_file(file);
        }
    }
}

/// The machine's clock: whether a job is at work is no matter of the record's time.
fn clock() -> Time {
    Time::from(chrono::Utc::now())
}

/// Makes a folder that only this system's user may look into: exports hold the whole record.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
