//! Hints between the servers of one centre on PostgreSQL: each tells the others what changed, once it is committed and on a
//! connection of its own. Telling takes a lock that all who tell share, so it has no place in a transaction that records
//! something. A hint may be lost; it says that something is worth reading anew, and nothing else rests on it.

use crate::engine::postgres::ROLE;
use crate::error::StoreError;
use crate::store::Store;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Notification};

/// The channel that the servers of one database share.
const CHANNEL: &str = "baiyo_changes";
/// Hints that are kept for one who hears slowly; what comes beyond is lost.
const KEPT: usize = 256;

/// A database that does not answer for so long is not there.
const PATIENCE: Duration = Duration::from_secs(5);

fn silent(_: Elapsed) -> StoreError {
    StoreError::Database("it does not answer".into())
}

/// A line to the other servers.
pub struct Hints {
    client: Client,
    heard: Receiver<Notification>,
    own: i32,
}

impl Hints {
    /// Opens a line; nothing where no other server can be at work on the same records.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn open(store: &Store) -> Result<Option<Self>, StoreError> {
        let Some(address) = &store.location().postgres else { return Ok(None) };
        let (hear, heard) = channel(KEPT);
        let client = timeout(PATIENCE, address.client(Some(hear))).await.map_err(silent)??;
        let lost = |error: tokio_postgres::Error| StoreError::Database(error.to_string());
        let begin = async {
            client.batch_execute(&format!("SET ROLE {ROLE}; LISTEN {CHANNEL}")).await?;
            client.query_one("SELECT pg_backend_pid()", &[]).await
        };
        let own = timeout(PATIENCE, begin).await.map_err(silent)?.map_err(lost)?.get(0);
        Ok(Some(Self { client, heard, own }))
    }

    /// Tells the others.
    ///
    /// # Errors
    /// The line is lost.
    pub async fn tell(&self, changed: &str) -> Result<(), StoreError> {
        let told: [&(dyn ToSql + Sync); 2] = [&CHANNEL, &changed];
        let telling = self.client.execute("SELECT pg_notify($1, $2)", &told);
        let told = timeout(PATIENCE, telling).await.map_err(silent)?;
        told.map(drop).map_err(|error| StoreError::Database(error.to_string()))
    }

    /// Whether the line still stands: one that only listens learns it by asking.
    ///
    /// # Errors
    /// It is lost.
    pub async fn check(&self) -> Result<(), StoreError> {
        let asked = timeout(PATIENCE, self.client.batch_execute("SELECT 1")).await.map_err(silent)?;
        asked.map_err(|error| StoreError::Database(error.to_string()))
    }

    /// What another server tells; nothing once the line is lost.
    pub async fn hear(&mut self) -> Option<String> {
        loop {
            let heard = self.heard.recv().await?;
            if heard.process_id() != self.own {
                return Some(heard.payload().to_string());
            }
        }
    }
}
