//! One seed from its plan to its proof.

use std::sync::Arc;

use domain::run::{Run, RunStatus};

use crate::lab::Lab;
use crate::orders::Orders;
use crate::proof::{self, Before};
use crate::workers::{What, Workers};

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
    let (mut runs, mut orders) = (Vec::new(), Orders::default());
    for _ in 0..lab.plan.runs {
        orders.place(&lab).await;
        runs.push(run_of_products(&lab, &mut workers).await?);
        if lab.plan.orders > 0 {
            let id = workers.start_run(What::Orders).await?;
            runs.push(workers.drive(&id).await?);
            orders.hold(&lab, &runs)?;
        }
        lab.shop.lock().unwrap().catalogue.pass_time();
    }
    lab.weather.calm_down();
    workers.wait().await?;
    workers.drain().await?;
    for _ in 0..CALM_RUNS {
        if lab.plan.orders > 0 {
            runs.push(calm_run(&lab, &mut workers, What::Orders).await?);
        }
        let before = Before::look(&lab).await?;
        let run = calm_run(&lab, &mut workers, What::Products).await?;
        before.hold(&lab, &run).await.map_err(|error| format!("{error}\nafter {run:?}"))?;
        runs.push(run);
    }
    workers.drain().await?;
    orders.hold_in_the_end(&lab, &runs).await?;
    proof::hold_in_the_end(&lab, &runs).await?;
    Ok(story(&lab, &runs))
}

/// A run while things go wrong, and its proof. The proof is exact only once nobody works any more.
async fn run_of_products(lab: &Lab, workers: &mut Workers) -> Result<Run, String> {
    let before = Before::look(lab).await?;
    let id = workers.start_run(What::Products).await?;
    let run = workers.drive(&id).await?;
    if !lab.plan.overlapping {
        workers.wait().await?;
        before.hold(lab, &run).await.map_err(|error| format!("{error}\nafter {run:?}"))?;
    }
    Ok(run)
}

/// A run when all is calm: it must succeed.
async fn calm_run(lab: &Lab, workers: &mut Workers, what: What) -> Result<Run, String> {
    let id = workers.start_run(what).await?;
    workers.drain().await?;
    let run = lab.store.run(&id).await.map_err(|error| error.to_string())?;
    let run = run.ok_or("the run has gone")?;
    match run.status {
        RunStatus::Success => Ok(run),
        _ => Err(format!("a run when all was calm did not succeed: {run:?}")),
    }
}

fn story(lab: &Lab, runs: &[Run]) -> Story {
    Story {
        runs: u32::try_from(runs.len()).unwrap(),
        succeeded: u32::try_from(runs.iter().filter(|run| run.status == RunStatus::Success).count()).unwrap(),
        takeovers: runs.iter().map(|run| run.attempt.saturating_sub(1)).sum(),
        faults: lab.weather.injected(),
    }
}
