//! What a sync would make of an ERP's first records, before anybody syncs.

use connectors::Item;
use domain::connection::Connection;
use domain::mapping::drift::Shape;
use domain::mapping::{Note, Rules};
use domain::{DataType, FieldError};
use transport::ErpError;

use crate::Engine;
use crate::batch::{Reader, Reading, Refused, Taken};
use crate::drift::History;
use crate::first_page::first_page;
use crate::raw;

/// An ERP's first records, and what a sync would make of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The records, in the order the ERP sent them.
    pub records: Vec<PreviewedRecord>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// One record, and what a sync would make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewedRecord {
    /// The record as it was sent, secrets masked, cut where it is long.
    pub raw: String,
    /// What becomes of it.
    pub outcome: PreviewOutcome,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviewOutcome {
    /// It is stored.
    Mapped {
        /// Its key.
        key: String,
        /// Its canonical form, as JSON.
        data: Vec<u8>,
        /// The fields that did not come through as they were sent, and why.
        warnings: Vec<FieldError>,
    },
    /// It says that it is deleted at the ERP, and is deleted here.
    Deleted {
        /// Its key.
        key: String,
    },
    /// A filter leaves it out.
    Skipped,
    /// It is set aside.
    Failed {
        /// Its key, if that much could be read.
        key: Option<String>,
        /// What is wrong, field by field.
        errors: Vec<FieldError>,
        /// What could be mapped of it, as JSON, if anything.
        data: Option<Vec<u8>>,
    },
}

impl Engine {
    /// Reads the first records of a data type, at most `limit`, and maps them by `rules`; `shape` is that of earlier ones.
    /// Writes nothing, neither here nor there.
    ///
    /// # Errors
    /// With what the ERP said, or why it could not be asked.
    pub async fn preview(
        &self,
        connection: &Connection,
        data_type: DataType,
        rules: &Rules,
        shape: Shape,
        limit: u32,
    ) -> Result<Preview, ErpError> {
        let page = first_page(self, connection, data_type, limit).await?;
        let reader = Reader::new(data_type, &Reading::of(connection, data_type, rules.clone()));
        let mut reader = reader.watching(&History::of_shape(shape)).showing_failed();
        reader.set_notations(&page.notations);
        let previews = page.items.iter().map(|item| {
            let text = |range: &std::ops::Range<usize>| page.body.get(range.clone()).unwrap_or_default();
            match item {
                Item::Record(range) => previewed(text(range), &mut reader),
                Item::Broken(range, reason) => {
                    let errors = vec![FieldError::new("record", reason.clone())];
                    let outcome = PreviewOutcome::Failed { key: None, errors, data: None };
                    PreviewedRecord { raw: raw::shown(text(range)), outcome }
                }
            }
        });
        let records = previews.collect();
        let mut warnings = page.warnings;
        warnings.extend(reader.missed_paths());
        Ok(Preview { records, warnings })
    }
}

fn previewed(text: &[u8], reader: &mut Reader) -> PreviewedRecord {
    let outcome = match reader.read(text) {
        Ok(None) => PreviewOutcome::Skipped,
        Ok(Some(Taken { upsert, .. })) if upsert.is_deletion() => {
            PreviewOutcome::Deleted { key: upsert.key.to_string() }
        }
        Ok(Some(Taken { upsert, notes, .. })) => {
            let warnings =
                notes.into_iter().map(|Note { field, message, .. }| FieldError::new(field, message));
            PreviewOutcome::Mapped {
                key: upsert.key.to_string(),
                data: upsert.data.into(),
                warnings: warnings.collect(),
            }
        }
        Err(Refused { key, errors, .. }) => {
            PreviewOutcome::Failed { key, errors, data: reader.shown_of_failed() }
        }
    };
    PreviewedRecord { raw: raw::shown(text), outcome }
}
