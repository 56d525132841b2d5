//! Applies `settings.missingFields`: what becomes of fields that earlier records filled and no record fills any more.

use domain::DataType;
use domain::json::Json;
use domain::mapping::drift::Profile;
use domain::mapping::{MissingFieldPolicy, retain};
use domain::records::key_fields;
use domain::run::{MissingField, Mode, Run, RunFlag};
use store::{Collection, Store, StoreError, Upsert};

use crate::batch::Reading;
use crate::drift::{History, MAX_TOLD};
use crate::field_presence::FieldPresence;

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

/// Tells which fields were filled before and are not now. What was kept and came after all is out of date here until
/// everything is read once more, which the next run does.
pub(crate) fn tell_missing(run: &mut Run, history: &History, now: &Profile, policy: MissingFieldPolicy) {
    if run.missing.is_empty() {
        return;
    }
    let (flag, done) = match policy {
        MissingFieldPolicy::Keep | MissingFieldPolicy::Stop => {
            (RunFlag::FieldsHeld, "its values are kept as they were")
        }
        MissingFieldPolicy::Null => (RunFlag::FieldsEmptied, "its values were emptied"),
    };
    let told = run.missing.iter().take(MAX_TOLD).map(|missing| {
        let field = &missing.field;
        if now.presence.has(field) {
            format!(
                "{field} came later than it used to: {done} in the records before, and the next run reads everything anew"
            )
        } else {
            sentence_of(missing, done)
        }
    });
    let mut warnings: Vec<_> = told.collect();
    if run.missing.len() > MAX_TOLD {
        warnings.push(format!("{} more fields are no longer filled", run.missing.len() - MAX_TOLD));
    }
    let came_late = run.missing.iter().any(|missing| now.presence.has(&missing.field));
    let newly = run.missing.iter().any(|missing| !history.before.presence.holds(&missing.field));
    if came_late || newly && run.mode == Mode::Incremental {
        run.program = None;
    }
    run.flag_alone(flag);
    run.warnings.extend(warnings);
}

/// The fields that are empty now though nothing held them: that they are gone showed at the end only, as where a pull is
/// read in parts.
pub(crate) fn find_emptied(
    run: &Run,
    reading: &Reading,
    history: &History,
    now: &Profile,
) -> Vec<MissingField> {
    if now.presence.is_empty() {
        return Vec::new();
    }
    let presence = FieldPresence::new(run.data_type, reading).after(history);
    let missing = presence.missing_of(&now.presence, history.records, true);
    let is_told = |one: &MissingField| run.missing.iter().any(|known| known.field == one.field);
    missing.into_iter().filter(|one| !is_told(one)).collect()
}

/// Tells which fields are empty now though nothing held them.
pub(crate) fn tell_emptied(run: &mut Run, emptied: &[MissingField]) {
    for one in emptied.iter().take(MAX_TOLD) {
        run.flag_alone(RunFlag::FieldsEmptied);
        run.warnings.push(sentence_of(one, "its values were emptied"));
    }
}

/// Says of a field that no record has what was done about it.
fn sentence_of(missing: &MissingField, done: &str) -> String {
    let no_records = missing.no_record_has();
    let perhaps = missing.suggestion.as_ref().map(|path| format!(". Perhaps it is now called {path}"));
    format!(
        "{no_records}, and earlier ones did: {done} (settings.missingFields){}",
        perhaps.unwrap_or_default()
    )
}

/// Why a run does not go on with records that lack `missing` fields, if it does not. Records whose keys would be others
/// are stored under no policy but `null`.
pub(crate) fn reason_to_stop(
    data_type: DataType,
    policy: MissingFieldPolicy,
    missing: &[MissingField],
) -> Option<String> {
    let certain = missing.iter().filter(|missing| missing.certain);
    let stopping = certain.filter(|missing| match policy {
        MissingFieldPolicy::Stop => true,
        MissingFieldPolicy::Keep => key_fields(data_type).contains(&missing.field.as_str()),
        MissingFieldPolicy::Null => false,
    });
    stop_sentence(&stopping.cloned().collect::<Vec<_>>())
}

/// Why a run does not go on, where none of its records has what earlier ones had.
pub(crate) fn stop_sentence(missing: &[MissingField]) -> Option<String> {
    let first = missing.first()?;
    let more = match missing.len() {
        1 => String::new(),
        many => format!(" ({} more fields are missing too)", many - 1),
    };
    let perhaps = first.suggestion.as_ref().map(|path| format!(", perhaps {path}"));
    Some(format!(
        "{}, and earlier ones did{more}: nothing more is stored (settings.missingFields). Map it to where it is now{}, or \
         set missingFields so that it may go",
        first.no_record_has(),
        perhaps.unwrap_or_default()
    ))
}
