//! Plays the cloud around the engine: wakes workers, lets them die, sends messages again, ticks.

use std::sync::{Arc, Mutex};

use domain::Direction;
use domain::ids::RunId;
use domain::run::{Mode, Run, Trigger};
use jiff::{SignedDuration, Timestamp};
use sync::{TriggerError, TriggerRequest};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

use crate::dice::Dice;
use crate::lab::{DATA_TYPE, Lab};
use crate::nudges::Nudge;
use crate::orders::ORDERS;
use crate::plan::ms;

/// How far a tick may look ahead, so that a run counts as quiet without the wait for it.
const AHEAD: SignedDuration = SignedDuration::from_secs(25);

/// The workers that are alive, for others to kill.
#[derive(Debug, Clone, Default)]
pub(crate) struct Victims(Arc<Mutex<Vec<CancellationToken>>>);

impl Victims {
    pub(crate) fn kill_one(&self, dice: &Dice) {
        let mut alive = self.0.lock().unwrap();
        alive.retain(|victim| !victim.is_cancelled());
        if let Some(victim) = dice.throw(|rng| rng.choice(&*alive).cloned()) {
            victim.cancel();
        }
    }

    fn add(&self, victim: CancellationToken) {
        self.0.lock().unwrap().push(victim);
    }
}

/// What is synced by a run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Products,
    Orders,
}

/// Processes at work.
#[derive(Debug)]
pub(crate) struct Workers {
    lab: Arc<Lab>,
    workers: JoinSet<()>,
    ticks: JoinSet<()>,
}

impl Workers {
    pub(crate) fn new(lab: Arc<Lab>) -> Self {
        Self { lab, workers: JoinSet::new(), ticks: JoinSet::new() }
    }

    /// Starts a run, however often that fails.
    pub(crate) async fn start_run(&self, what: What) -> Result<RunId, String> {
        for _ in 0..200 {
            let (engine, kill) = self.lab.process();
            let (config, data_type, direction) = match what {
                What::Products => (Some(self.lab.config.clone()), DATA_TYPE, Direction::Pull),
                What::Orders if self.lab.plan.pulls_orders => (None, ORDERS, Direction::Bidirectional),
                What::Orders => (None, ORDERS, Direction::Push),
            };
            let request = TriggerRequest {
                connection: self.lab.connection.clone(),
                config,
                data_type,
                scope: None,
                direction,
                mode: Some(self.mode()),
                dry_run: false,
                retry_of: None,
                trigger: Trigger::Manual,
                triggered_by: "usr_1".to_owned(),
                slot: None,
            };
            match kill.run_until_cancelled(engine.trigger(request)).await {
                Some(Ok(Run { id, .. }) | Err(TriggerError::AlreadyRunning(id))) => return Ok(id),
                Some(Err(TriggerError::Store(_))) | None => {}
                Some(Err(error)) => return Err(format!("the run could not be started: {error}")),
            }
        }
        Err("the run could not be started".to_owned())
    }

    /// Wakes workers until the run is closed.
    pub(crate) async fn drive(&mut self, id: &RunId) -> Result<Run, String> {
        let patience = Instant::now() + self.lab.plan.patience;
        let mut ticks = interval(self.lab.plan.tick);
        loop {
            let run = self.lab.store.run(id).await.map_err(|error| error.to_string())?;
            let run = run.ok_or("the run has gone")?;
            if !run.is_open() {
                return Ok(run);
            }
            if Instant::now() > patience {
                return Err(format!("the run never closes: {run:?}"));
            }
            // A look at the run costs a call, so it is taken only when something has happened.
            loop {
                self.wake();
                tokio::select! {
                    Some(ended) = self.workers.join_next() => break survived(ended)?,
                    _ = ticks.tick() => break self.tick(id)?,
                    () = tokio::time::sleep(ms(3)) => {}
                }
            }
        }
    }

    /// Changes only, where the ERP can tell them and nobody wants to be sure.
    fn mode(&self) -> Mode {
        let changes = self.lab.plan.incremental && !self.lab.dice.is_calm();
        if changes { Mode::Incremental } else { Mode::Full }
    }

    /// Wakes workers while there are messages, and room for workers.
    fn wake(&mut self) {
        while self.workers.len() < self.lab.plan.workers
            && let Some(nudge) = self.lab.nudges.receive()
        {
            self.workers.spawn(work(Arc::clone(&self.lab), nudge));
        }
    }

    /// Waits until every process has come to its end.
    pub(crate) async fn wait(&mut self) -> Result<(), String> {
        while let Some(ended) = self.workers.join_next().await {
            survived(ended)?;
        }
        while let Some(ended) = self.ticks.join_next().await {
            survived(ended)?;
        }
        Ok(())
    }

    /// Works off what is left in the queue; all of it must be of no consequence.
    pub(crate) async fn drain(&mut self) -> Result<(), String> {
        let patience = Instant::now() + self.lab.plan.patience;
        while !self.lab.nudges.is_empty() {
            if Instant::now() > patience {
                return Err(format!("messages are left over: {:?}", self.lab.nudges));
            }
            while let Some(nudge) = self.lab.nudges.receive() {
                let response = sync::work(&self.lab.calm(), nudge.event(), Instant::now() + ms(60_000)).await;
                if !response.batch_item_failures.is_empty() {
                    return Err("a message of a closed run fails".to_owned());
                }
                self.lab.nudges.delete(&nudge);
            }
            while let Some(letter) = self.lab.nudges.dead_letter() {
                let buried = sync::bury(&self.lab.calm(), letter.event()).await;
                if !buried.batch_item_failures.is_empty() {
                    return Err("a dead letter of a closed run fails".to_owned());
                }
            }
            tokio::time::sleep(ms(2)).await;
        }
        Ok(())
    }

    fn tick(&mut self, run: &RunId) -> Result<(), String> {
        while let Some(ended) = self.ticks.try_join_next() {
            survived(ended)?;
        }
        let cancels = self.lab.plan.cancels && self.lab.dice.throw(|rng| rng.u32(..8) == 0);
        if cancels && !self.lab.dice.is_calm() {
            let (lab, run) = (Arc::clone(&self.lab), run.clone());
            self.ticks.spawn(async move {
                let (engine, kill) = lab.process();
                // Refused, failed or died: a person would look whether it worked, and here nobody minds.
                drop(kill.run_until_cancelled(engine.cancel(&run)).await);
            });
        } else if let Some(letter) = self.lab.nudges.dead_letter() {
            self.ticks.spawn(bury(Arc::clone(&self.lab), letter));
        } else if self.ticks.is_empty() {
            let lab = Arc::clone(&self.lab);
            self.ticks.spawn(async move {
                let (engine, kill) = lab.process();
                let ticked = kill.run_until_cancelled(sync::tick(&engine, Timestamp::now() + AHEAD)).await;
                // Whether it failed or died: the next one does what this left.
                drop(ticked);
            });
        }
        Ok(())
    }
}

/// Processes may die, but not by their own hand.
fn survived(ended: Result<(), JoinError>) -> Result<(), String> {
    ended.map_err(|error| format!("it panicked, see above: {error}"))
}

/// Deals with a dead letter.
async fn bury(lab: Arc<Lab>, letter: Nudge) {
    let (engine, kill) = lab.process();
    let buried = kill.run_until_cancelled(sync::bury(&engine, letter.event())).await;
    if buried.is_none_or(|response| !response.batch_item_failures.is_empty()) {
        lab.nudges.still_dead(letter);
    }
}

/// The life of one worker.
async fn work(lab: Arc<Lab>, nudge: Nudge) {
    let (engine, kill) = lab.process();
    lab.victims.add(kill.clone());
    let deadline = Instant::now() + lab.plan.work_time;
    let worked = kill.run_until_cancelled(sync::work(&engine, nudge.event(), deadline)).await;
    kill.cancel();
    if worked.is_some_and(|response| response.batch_item_failures.is_empty()) {
        lab.nudges.delete(&nudge);
    }
}
