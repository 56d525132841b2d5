//! A pull in parts, read side by side: the rest of the pull is cut after its first page, each stretch becomes a run of
//! its own that any worker may take, and the last to close wakes the run they belong to, which then goes on to its end.

use std::time::Duration;

use domain::run::{Parts, Run};
use store::StoreError;

use crate::course::Failure;
use crate::engine::Engine;
use crate::lease::Leased;
use crate::seen::Seen;

/// Splits what is left of a pull, to go on from each of `resumes`; says whether it did. The lease is given back then.
pub(crate) async fn split(
    engine: &Engine,
    leased: &mut Leased<'_>,
    resumes: Vec<String>,
    seen: &mut Seen,
) -> Result<bool, Failure> {
    if resumes.len() < 2 {
        return Ok(false);
    }
    seen.keep(engine, &mut leased.run).await?;
    let parts: Vec<Run> =
        (1..).zip(resumes).map(|(number, resume)| leased.run.part(number, resume)).collect();
    let ids: Vec<_> = parts.iter().map(|part| part.id.clone()).collect();
    let open = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    leased.run.parts = Some(Parts { ids: ids.clone(), open, complete: true, error: None });
    leased.split_into(&parts).await?;
    if let Err(error) = engine.queue.send_runs(&ids).await {
        tracing::warn!(run = %leased.run.id, %error, "no workers could be nudged for its parts: the sweep will");
    }
    Ok(true)
}

/// Runs, and in the place of each that waits for its parts, those that are open.
pub(crate) async fn at_work(engine: &Engine, runs: Vec<Run>) -> Result<Vec<Run>, StoreError> {
    let mut at_work = Vec::with_capacity(runs.len());
    for run in runs {
        if run.open_parts() == 0 {
            at_work.push(run);
        } else {
            at_work.extend(engine.store.parts(&run).await?.into_iter().filter(Run::is_open));
        }
    }
    Ok(at_work)
}

/// Wakes the run that a part belongs to, once the last part is closed.
pub(crate) async fn wake_whole(engine: &Engine, part: &Run) -> Result<(), StoreError> {
    let Some(of) = &part.part else { return Ok(()) };
    let whole = engine.store.run(&of.of).await?;
    if whole.is_some_and(|whole| whole.is_open() && whole.open_parts() == 0)
        && let Err(error) = engine.queue.send_run(&of.of, Duration::ZERO).await
    {
        tracing::warn!(run = %of.of, %error, "no worker could be nudged after its last part: the sweep will");
    }
    Ok(())
}
