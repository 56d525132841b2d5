//! A first look at what an ERP sends, for people who set up a sync: nothing is claimed, moved, stored or noted.

use std::time::Duration;

use connectors::{Page, Pages, Pull};
use domain::DataType;
use domain::connection::{Connection, FileAfterRead};
use transport::ErpError;

use crate::Engine;

/// How long somebody who waits for the answer is kept waiting in all.
const PATIENCE: Duration = Duration::from_secs(25);

/// How long one request to the ERP may take, in milliseconds.
const MAX_TIMEOUT_MS: u32 = 20_000;

/// How many pages without a record are passed over.
const MAX_EMPTY_PAGES: usize = 10;

/// The first page that holds records, with at most `records` of them; an empty one if there are none.
pub(crate) async fn first_page(
    engine: &Engine,
    connection: &Connection,
    data_type: DataType,
    records: u32,
) -> Result<Page, ErpError> {
    let mut page = tokio::time::timeout(PATIENCE, take(engine, connection, data_type, records))
        .await
        .map_err(|_| {
            let seconds = PATIENCE.as_secs();
            ErpError::Unavailable(format!("{} sent no records within {seconds} seconds", connection.name))
        })??;
    page.items.truncate(records as usize);
    Ok(page)
}

async fn take(
    engine: &Engine,
    connection: &Connection,
    data_type: DataType,
    records: u32,
) -> Result<Page, ErpError> {
    let credentials = engine.credentials(connection).await?;
    let connector = engine.connector(&only_looking(connection), credentials)?;
    let pull = Pull { data_type, page_size: records, resume: None, since: None };
    let mut pages = connector.pull(pull).await?;
    let page = first_with_records(&mut *pages).await;
    if let Err(error) = pages.abandon().await {
        tracing::warn!(connection = %connection.id, %error, "a first look could not be ended well");
    }
    page
}

/// The connection as one that leaves files where they are and does not keep a person waiting.
fn only_looking(connection: &Connection) -> Connection {
    let mut connection = connection.clone();
    connection.settings.files.after_read = FileAfterRead::Keep;
    connection.settings.files.rest_seconds = 0;
    connection.settings.retry_attempts = 0;
    connection.settings.timeout = connection.settings.timeout.min(MAX_TIMEOUT_MS);
    connection
}

async fn first_with_records(pages: &mut dyn Pages) -> Result<Page, ErpError> {
    let mut warnings = Vec::new();
    for _ in 0..MAX_EMPTY_PAGES {
        let Some(mut page) = pages.next().await? else { break };
        warnings.append(&mut page.warnings);
        if !page.items.is_empty() {
            return Ok(Page { warnings, ..page });
        }
    }
    if warnings.is_empty() {
        warnings.push("the ERP has no records of this data type".to_owned());
    }
    Ok(Page { warnings, ..Page::default() })
}
