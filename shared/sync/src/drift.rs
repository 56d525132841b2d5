//! What the records of a pull look like, held against earlier ones: whether they changed their shape, and whether fields
//! of ours are no longer filled. All workers and parts of a pull watch together; it is told once, when the run closes well.

use domain::Direction;
use domain::mapping::drift::{Profile, Shape, Watch};
use domain::mapping::{MissingFieldOutcome, MissingFieldPolicy};
use domain::run::{MissingField, Mode, Run, RunFlag};
use domain::sync_config::SyncSettings;
use store::{Collection, StoreError};

use crate::batch::Reading;
use crate::course::Failure;
use crate::engine::Engine;
use crate::field_presence::missed_path;
use crate::missing_fields::{find_emptied, stop_sentence, tell_emptied, tell_missing};

/// Most changes of a kind that a run tells one by one.
pub(crate) const MAX_TOLD: usize = 20;

/// What records looked like so far.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// In earlier pulls.
    pub(crate) before: Profile,
    /// In this pull, its parts included; its own come first.
    seen: Vec<Profile>,
    /// How many records this pull mapped so far.
    pub(crate) records: u64,
    /// Whether this pull is to bring all that earlier ones did, in much the same order.
    pub(crate) is_full: bool,
}

impl History {
    /// What is known when a worker takes a run up.
    pub(crate) async fn load(engine: &Engine, run: &Run) -> Result<Self, StoreError> {
        let mut before = engine.store.profile(&Collection::of(run)).await?;
        if before.program != run.program {
            before.presence.retain_certain();
        }
        Ok(Self {
            is_full: run.mode == Mode::Full && run.part.is_none() && before.complete,
            before,
            seen: engine.store.profiles_seen(run).await?,
            records: run.counts.read.saturating_sub(run.counts.skipped + run.counts.deleted),
        })
    }

    /// Of one look at a few records.
    pub(crate) fn of_shape(shape: Shape) -> Self {
        Self { before: Profile { shape, ..Profile::default() }, ..Self::default() }
    }

    /// What other workers of this pull saw.
    pub(crate) fn own(&self) -> Option<&Profile> {
        self.seen.first()
    }

    /// A watch that goes on from there.
    pub(crate) fn watch(&self) -> Watch {
        let mut watch = Watch::new(&self.before.shape);
        self.seen.iter().for_each(|seen| watch.join(&seen.shape));
        watch
    }
}

/// Has a run that is done tell how its records changed. Answers the profile to remember, if it is another.
pub(crate) async fn tell(
    engine: &Engine,
    run: &mut Run,
    reading: &Reading,
    settings: &SyncSettings,
) -> Result<Option<Profile>, Failure> {
    if run.part.is_some() || run.direction == Direction::Push {
        return Ok(None);
    }
    let complete = run.complete && run.mode == Mode::Full;
    let program = run.program;
    let history = History::load(engine, run).await?;
    let watch = history.watch();
    tell_shape(run, &watch, complete);
    let mut now = Profile::default();
    for seen in &history.seen {
        now.presence.join(&seen.presence);
        now.suggestions.extend(seen.suggestions.clone());
    }
    tell_missing(run, &history, &now, settings.missing_fields);
    let emptied = if complete { find_emptied(run, reading, &history, &now) } else { Vec::new() };
    if settings.missing_fields == MissingFieldPolicy::Stop
        && let Some(reason) = stop_sentence(&emptied)
    {
        return Err(Failure::Setup(reason));
    }
    tell_emptied(run, &emptied);
    tell_missed_paths(run, &history, &now, reading);
    let is_in = |missing: &[MissingField], field: &str| missing.iter().any(|one| one.field == field);
    let fate = |field: &str| match (is_in(&run.missing, field), settings.missing_fields) {
        (true, MissingFieldPolicy::Null) => MissingFieldOutcome::Emptied,
        (true, _) => MissingFieldOutcome::Kept,
        (false, _) if is_in(&emptied, field) => MissingFieldOutcome::Emptied,
        (false, _) => MissingFieldOutcome::NotMissing,
    };
    let after = Profile {
        shape: watch.shape_after(settings.schema_policy, complete),
        presence: history.before.presence.after(&now.presence, complete, fate),
        complete: history.before.complete || complete,
        program: if complete { program } else { history.before.program.or(program) },
        ..Profile::default()
    };
    Ok(Some(after).filter(|after| *after != history.before))
}

fn tell_shape(run: &mut Run, watch: &Watch, complete: bool) {
    let drift = watch.drift(complete);
    for one in drift.iter().take(MAX_TOLD) {
        run.flag(RunFlag::SchemaDrift, "the ERP's records changed their shape".to_owned());
        run.warnings.push(one.to_string());
    }
    if drift.len() > MAX_TOLD {
        run.warnings.push(format!("{} more fields changed", drift.len() - MAX_TOLD));
    }
}

/// Tells which paths of the mapping no record led to, in this pull or before.
fn tell_missed_paths(run: &mut Run, history: &History, now: &Profile, reading: &Reading) {
    let read = history.records;
    let is_missed = |field: &&String| {
        let known = now.presence.has(field) || history.before.presence.has(field);
        !known && run.missing.iter().all(|missing| missing.field != **field)
    };
    let missed: Vec<_> = reading
        .named
        .iter()
        .filter(is_missed)
        .filter_map(|field| {
            let path = reading.mapping.get(field)?.as_ref()?;
            let suggestion = now.suggestions.get(field).map(String::as_str);
            Some(missed_path(field, path, read, suggestion))
        })
        .collect();
    if read > 0 && !missed.is_empty() {
        run.flag_alone(RunFlag::PathsNotFound);
        run.warnings.extend(missed.into_iter().take(MAX_TOLD));
    }
}
