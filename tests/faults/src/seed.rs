//! One seed from its plan to its proof.

use std::sync::Arc;

use domain::run::{Run, RunStatus};

use crate::lab::Lab;
use crate::proof::{self, Before};
use crate::workers::Workers;

/// What a seed went through, for a look at whether the suite does what it says.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Story {
    pub(crate) runs: u32,
    pub(crate) succeeded: u32,
    /// Times a worker took a run up beyond the first.
    pub(crate) takeovers: u32,
    pub(crate) faults: u64,
}

/// The first makes good what went wrong, the second finds nothing left to do.
const CALM_RUNS: u32 = 2;

/// Runs a seed.
pub(crate) async fn run(seed: u64) -> Result<Story, String> {
    let lab = Arc::new(Lab::open(seed).await);
    let mut workers = Workers::new(Arc::clone(&lab));
    let mut runs = Vec::new();
    for _ in 0..lab.plan.runs {
        runs.push(one_run(&lab, &mut workers, !lab.plan.overlapping).await?);
        lab.catalogue.lock().unwrap().pass_time();
    }
    lab.weather.calm_down();
    workers.wait().await?;
    workers.drain().await?;
    for _ in 0..CALM_RUNS {
        runs.push(calm_run(&lab, &mut workers).await?);
    }
    workers.drain().await?;
    proof::hold_in_the_end(&lab, &runs).await?;
    Ok(story(&lab, &runs))
}

/// A run while things go wrong, and its proof. The proof is exact only once nobody works any more.
async fn one_run(lab: &Lab, workers: &mut Workers, alone: bool) -> Result<Run, String> {
    let before = Before::look(lab).await?;
    let id = workers.start_run().await?;
    let run = workers.drive(&id).await?;
    if alone {
        workers.wait().await?;
        before.hold(lab, &run).await.map_err(|error| format!("{error}\nafter {run:?}"))?;
    }
    Ok(run)
}

/// A run when all is calm: it must succeed.
async fn calm_run(lab: &Lab, workers: &mut Workers) -> Result<Run, String> {
    let before = Before::look(lab).await?;
    let id = workers.start_run().await?;
    workers.drain().await?;
    let run = lab.store.run(&id).await.map_err(|error| error.to_string())?;
    let run = run.ok_or("the run has gone")?;
    if run.status != RunStatus::Success {
        return Err(format!("a run when all was calm did not succeed: {run:?}"));
    }
    before.hold(lab, &run).await.map_err(|error| format!("{error}\nafter {run:?}"))?;
    Ok(run)
}

fn story(lab: &Lab, runs: &[Run]) -> Story {
    Story {
        runs: u32::try_from(runs.len()).unwrap(),
        succeeded: u32::try_from(runs.iter().filter(|run| run.status == RunStatus::Success).count()).unwrap(),
        takeovers: runs.iter().map(|run| run.attempt - 1).sum(),
        faults: lab.weather.injected(),
    }
}
