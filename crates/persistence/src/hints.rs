//! Hints between the servers of one centre on PostgreSQL: each tells the others what changed, once it is committed and on a
//! connection of its own. Telling takes a lock that all who tell share, so it has no place in a transaction that records
//! something. A hint may be lost; it says that something is worth reading anew, and nothing else rests on it.

use crate::engine::postgres::ROLE;
use crate::error::StoreError;
use crate::store::Store;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_postgres::{Client, Notification};

/// The channel that the servers of one database share.
const CHANNEL: &str = "baiyo_changes";
/// Hints that are kept for one who hears slowly; what comes beyond is lost.
const KEPT: usize = 256;

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
        let client = address.client(Some(hear)).await?;
        let lost = |error: tokio_postgres::Error| StoreError::Database(error.to_string());
        client.batch_execute(&format!("SET ROLE {ROLE}; LISTEN {CHANNEL}")).await.map_err(lost)?;
        let own = client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(lost)?.get(0);
        Ok(Some(Self { client, heard, own }))
    }

    /// Tells the others.
    ///
    /// # Errors
    /// The line is lost.
    pub async fn tell(&self, changed: &str) -> Result<(), StoreError> {
        let told = self.client.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &changed]).await;
        told.map(drop).map_err(|error| StoreError::Database(error.to_string()))
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
