//! DynamoDB on SQLite, by `dynoxide`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::thread;

use anyhow::{Context, anyhow};
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// A running DynamoDB.
pub(crate) struct DynamoDb {
    address: SocketAddr,
    database: Database,
    stop: CancellationToken,
    stopped: oneshot::Receiver<()>,
}

impl DynamoDb {
    /// Serves the database in `file`, made if it is not there, or one in memory.
    ///
    /// It gets a thread of its own: each request holds its thread while SQLite works, and would otherwise hold up the
    /// requests of our callers.
    pub(crate) async fn start(file: Option<&Path>) -> anyhow::Result<Self> {
        let database = open(file)?;
        let stop = CancellationToken::new();
        let (ready, listening) = oneshot::channel();
        let (done, stopped) = oneshot::channel::<()>();
        let (served, until) = (database.clone(), stop.clone());
        thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || {
                serve(served, until, ready);
                drop(done);
            })
            .context("cannot start a thread for the embedded DynamoDB")?;
        let address = listening.await.context("the embedded DynamoDB ended at once")??;
        Ok(Self { address, database, stop, stopped })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The database itself, for the chores that AWS does unasked.
    pub(crate) fn database(&self) -> Database {
        self.database.clone()
    }

    /// Lets requests at work finish, then closes the database.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        drop(self.database);
        // The other end is dropped, never sent on: an error is the answer waited for.
        self.stopped.await.unwrap_or(());
    }
}

fn open(file: Option<&Path>) -> anyhow::Result<Database> {
    let Some(file) = file else {
        return Database::memory().map_err(|error| anyhow!("cannot open a table in memory: {error}"));
    };
    let path = file.to_str().context("CAUSEWAY_DATA_DIR must be a path in UTF-8")?;
    let database = Database::new(path).and_then(|database| {
        // As it comes, SQLite syncs its log on every write; so set, at checkpoints only. A killed process loses
        // nothing by it; a power cut may lose the last moments, never the file. Five times the writes.
        database.disable_bulk_loading()?;
        Ok(database)
    });
    database.map_err(|error| anyhow!("cannot open the table in {path}: {error}"))
}

fn serve(database: Database, stop: CancellationToken, ready: oneshot::Sender<io::Result<SocketAddr>>) {
    let runtime = match runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ready.send(Err(error)).unwrap_or(()),
    };
    runtime.block_on(async move {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let bound = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        match bound {
            Err(error) => ready.send(Err(error)).unwrap_or(()),
            Ok((address, listener)) => {
                if ready.send(Ok(address)).is_err() {
                    return;
                }
                if let Err(error) =
                    dynoxide::server::serve_with_shutdown(listener, database, stop.cancelled_owned()).await
                {
                    tracing::error!(%error, "the embedded DynamoDB ended");
                }
            }
        }
    });
}
