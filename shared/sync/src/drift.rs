//! Whether an ERP's records changed their shape: a pull is watched by all its workers and parts together, and told of
//! once, when its run closes well.

use domain::Direction;
use domain::mapping::drift::{SchemaPolicy, Shape, Watch};
use domain::run::{Mode, Run, RunFlag};
use store::{Collection, StoreError};

use crate::engine::Engine;

/// Most changes of shape that a run tells one by one.
const MAX_TOLD: usize = 20;

/// Holds what the run pulls against the shape of earlier records, going on from what it saw so far.
pub(crate) async fn watch(engine: &Engine, run: &Run) -> Result<Watch, StoreError> {
    let before = engine.store.shape(&Collection::of(run)).await?;
    watch_from(engine, run, &before).await
}

async fn watch_from(engine: &Engine, run: &Run, before: &Shape) -> Result<Watch, StoreError> {
    let mut watch = Watch::new(before);
    engine.store.shapes_seen(run).await?.iter().for_each(|seen| watch.join(seen));
    Ok(watch)
}

/// Has a run that is done tell how its records changed their shape. Answers the shape to remember, if it is another.
pub(crate) async fn tell(
    engine: &Engine,
    run: &mut Run,
    policy: SchemaPolicy,
) -> Result<Option<Shape>, StoreError> {
    if run.part.is_some() || run.direction == Direction::Push {
        return Ok(None);
    }
    let complete = run.complete && run.mode == Mode::Full;
    let before = engine.store.shape(&Collection::of(run)).await?;
    let watch = watch_from(engine, run, &before).await?;
    let drift = watch.drift(complete);
    for one in drift.iter().take(MAX_TOLD) {
        run.flag(RunFlag::SchemaDrift, "the ERP's records changed their shape".to_owned());
        run.warnings.push(one.to_string());
    }
    if drift.len() > MAX_TOLD {
        run.warnings.push(format!("{} more fields changed", drift.len() - MAX_TOLD));
    }
    let after = watch.shape_after(policy, complete);
    Ok(Some(after).filter(|after| *after != before))
}
