//! What a dry run does in the place of storing: it tells what would be done, and counts as if it were.

use domain::ids::RunId;
use domain::planned::PlannedChange;
use store::{Collection, Compared, Outcome, Store, StoreError, Upsert, Written};

/// Changes that a dry run lists; beyond, it only counts.
pub(crate) const MAX_LISTED: u64 = 10_000;

/// Tells what storing `upserts` would do, and keeps it under the run. `from` is how many records were read before.
pub(crate) async fn plan(
    store: &Store,
    collection: &Collection,
    run: &RunId,
    from: u64,
    upserts: &[Upsert],
) -> Result<Written, StoreError> {
    let compared = store.compare_records(collection, upserts).await?;
    let planned = upserts.iter().zip(&compared).zip(from..MAX_LISTED.max(from));
    let planned: Vec<_> = planned
        .filter_map(|((upsert, Compared { outcome, before }), place)| {
            let key = upsert.key.to_string();
            let change = match (outcome, before) {
                (Outcome::Created, _) => PlannedChange::create(key, &upsert.data),
                (Outcome::Updated, Some(before)) => {
                    PlannedChange::update(collection.data_type, key, before, &upsert.data)
                }
                (Outcome::Deleted, _) => PlannedChange::delete(key),
                _ => return None,
            };
            Some((place, change))
        })
        .collect();
    store.keep_planned(run, &planned).await?;
    let outcomes = compared.into_iter().map(|compared| compared.outcome).collect();
    Ok(Written { outcomes, repeated: Vec::new() })
}
