//! A throw-away PostgreSQL server for the tests: its own data folder and port, an unprivileged user, gone afterwards.

use crate::packages;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running server.
pub struct Server {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    options: String,
}

const INSTALL: &str = "install PostgreSQL 15 or newer first (Debian: postgresql): stories and the store's tests run on both engines";

impl Server {
    /// Installs PostgreSQL where it is missing and it may, and starts a server, which need not outlive a crash.
    ///
    /// # Errors
    /// There is none and it cannot be installed, or it does not start.
    pub fn start() -> Result<Self, String> {
        Self::start_with("-c fsync=off", None)
    }

    /// Starts a server that can speak TLS, with a certificate and its key in PEM.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_encrypted(certificate: &str, key: &str) -> Result<Self, String> {
        Self::start_with("-c fsync=off -c ssl=on", Some([certificate, key]))
    }

    /// Starts a server that keeps what it committed when it crashes, as one in use must.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_durable() -> Result<Self, String> {
        Self::start_with("-c fsync=on -c synchronous_commit=on", None)
    }

    fn start_with(settings: &str, tls: Option<[&str; 2]>) -> Result<Self, String> {
        let programs = match programs() {
            Some(programs) => programs,
            None => {
                packages::install("postgresql");
                programs().ok_or(INSTALL)?
            }
        };
        let folder = std::env::temp_dir().join(format!("baiyo-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        if packages::is_root() {
            // The server refuses to run as root.
            done(Command::new("chown").arg("postgres").arg(&folder))?;
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = port.map_err(|error| format!("no free port: {error}"))?.port();
        let options = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c max_connections=300 {settings}",
            folder.display()
        );
        let server = Self { folder, programs, port, options };
        let words = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-D"];
        done(server.program("initdb").args(words).arg(server.data()))?;
        for (name, text) in ["server.crt", "server.key"].into_iter().zip(tls.into_iter().flatten()) {
            server.keep(name, text)?;
        }
        server.start_again()?;
        Ok(server)
    }

    /// Starts it again after a crash; it answers when this returns.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&self) -> Result<(), String> {
        let mut start = self.program("pg_ctl");
        start.arg("-D").arg(self.data()).args(["-w", "-o", &self.options, "-l"]).arg(self.folder.join("log"));
        done(start.arg("start"))
    }

    /// Ends it at once, whatever it was doing: what it held in memory is gone, and it must recover.
    ///
    /// # Errors
    /// It does not end.
    pub fn crash(&self) -> Result<(), String> {
        done(self.program("pg_ctl").arg("-D").arg(self.data()).args(["-m", "immediate", "stop"]))
    }

    /// Where it is reached by somebody who may make databases.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Writes a file that only the server reads into its data.
    fn keep(&self, name: &str, text: &str) -> Result<(), String> {
        let file = self.data().join(name);
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        if packages::is_root() {
            done(Command::new("chown").arg("postgres").arg(&file))?;
        }
        done(Command::new("chmod").arg("0600").arg(&file))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        if !packages::is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program).current_dir(&self.folder);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What it kept is thrown away, so it need not end in order.
        if let Err(error) = self.crash() {
            eprintln!("{error}");
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder with the newest server's programs.
pub fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let known = installed.chain(std::env::split_paths(&path));
    known.filter(|folder| folder.join("initdb").exists()).max_by_key(|folder| version_of(folder))
}

fn version_of(folder: &Path) -> u32 {
    let parent = folder.parent().and_then(|parent| parent.file_name());
    parent.and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0)
}

fn done(command: &mut Command) -> Result<(), String> {
    let log = Stdio::null();
    // Not captured: the server that is started would keep the pipe open.
    let status = command.stdin(Stdio::null()).stdout(log).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}
