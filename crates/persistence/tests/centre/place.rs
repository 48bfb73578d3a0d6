//! A folder of its own and a database of its own on the engine under test; both are gone when it is dropped.

use super::engine;
use baiyo_persistence::Store;
use baiyo_persistence::clock::SystemClock;
use baiyo_persistence::engine::prelude::*;
use baiyo_persistence::progress::{Watch, unwatched};
use baiyo_persistence::store::Location;
use baiyo_persistence::verify::{Asked, CannotCheck, Report, catalogue, check, resume, verify};
use diesel::sql_types::Text;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A place for records.
pub struct Place {
    folder: TempDir,
    location: Location,
}

impl Place {
    /// One with nothing in it.
    pub fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = engine::fresh(folder.path());
        Self { folder, location }
    }

    /// A copy, to do with as one likes; nobody may be connected to the original.
    pub fn copy(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(self.folder.path(), folder.path());
        let location = engine::copied(folder.path(), &self.location);
        Self { folder, location }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the records are.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Opens the records as a server does.
    pub fn open(&self) -> Store {
        Store::open_at(&self.location, Arc::new(SystemClock)).unwrap()
    }

    /// The database as its owner opens it.
    pub fn owner(&self) -> Conn {
        engine::as_owner(&self.location)
    }

    /// What `verify` finds, given what was kept outside.
    pub fn verify(&self, outside: &[String]) -> Report {
        self.try_to_verify(outside).unwrap()
    }

    /// The same, on so many threads.
    pub fn verify_on(&self, threads: usize, outside: &[String]) -> Report {
        let asked = Asked { outside, since: None, threads: NonZero::new(threads) };
        check(&self.location, &asked, &mut unwatched).unwrap()
    }

    /// What it finds that goes on from a checkpoint.
    pub fn resume(&self, since: &str, outside: &[String], watch: &mut Watch) -> Report {
        resume(&self.location, since, outside, watch).unwrap()
    }

    /// As [`Place::verify`], where there may be nothing to check.
    pub fn try_to_verify(&self, outside: &[String]) -> Result<Report, CannotCheck> {
        verify(&self.location, outside, &mut unwatched)
    }

    /// Everything in the database: its schema and every row of every table.
    pub fn contents(&self) -> Vec<String> {
        let mut conn = self.owner();
        let tables = match engine::is_postgres() {
            true => {
                "SELECT format('SELECT %L || t::text AS line FROM public.%I AS t', tablename, tablename) AS line
                 FROM pg_tables WHERE schemaname = 'public'"
            }
            false => {
                "SELECT 'SELECT ''' || t.name || ''' || '
                     || group_concat('quote(\"' || c.name || '\")', ' || '','' || ') || ' AS line FROM main.' || t.name AS line
                 FROM main.sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' GROUP BY t.name"
            }
        };
        let tables = lines(&mut conn, tables);
        assert!(tables.len() > 15);
        let mut all = lines(&mut conn, &format!("{} ORDER BY line", tables.join(" UNION ALL ")));
        all.push(catalogue(&mut conn).unwrap());
        all
    }

    /// The newest checkpoint outside the database.
    pub fn latest(&self) -> String {
        std::fs::read_to_string(self.folder().join("checkpoints/latest.txt")).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        engine::drop_database(&self.location);
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What a query gives as `line`.
pub fn lines(conn: &mut Conn, sql: &str) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(sql).load(conn).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let target = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_folder(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).unwrap();
        }
    }
}
