//! Keeps values of fields that an ERP's records suddenly lack.

use domain::json::Json;
use domain::mapping::retain;
use domain::run::MissingField;
use store::{Collection, Store, StoreError, Upsert};

/// Puts into each record that is to be updated what it has here in the fields that are `missing`.
pub(crate) async fn keep_values(
    store: &Store,
    collection: &Collection,
    upserts: &mut [Upsert],
    missing: &[MissingField],
) -> Result<(), StoreError> {
    if missing.is_empty() {
        return Ok(());
    }
    let fields: Vec<_> = missing.iter().map(|missing| missing.field.clone()).collect();
    let compared = store.compare_records(collection, upserts).await?;
    for (upsert, compared) in upserts.iter_mut().zip(compared) {
        let Some(before) = compared.before.filter(|_| !upsert.is_deletion()) else { continue };
        let texts = (std::str::from_utf8(&upsert.data), std::str::from_utf8(&before));
        let (Ok(record), Ok(before)) = texts else { continue };
        let kept = retain(collection.data_type, Json::written(record), Json::written(before), &fields);
        if let Some(kept) = kept {
            upsert.data = kept.into();
        }
    }
    Ok(())
}
