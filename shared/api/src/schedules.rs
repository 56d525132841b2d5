//! Cron lines tried out before they are saved.

use axum::Json;
use domain::schedule::{CronLine, parse_zone};
use domain::{FieldError, Invalid};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sync::now;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Form, Input};
use crate::{ApiError, ApiState};

/// How many due times are told.
const TOLD: usize = 5;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(validate_cron))
}

/// A cron line to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"cron": "30 6 * * mon-fri", "timeZone": "Europe/London"}))]
pub(crate) struct CronInput {
    /// Five fields: minute, hour, day of the month, month, weekday.
    #[schema(example = "30 6 * * mon-fri")]
    cron: String,
    /// The IANA zone it is read in; `UTC` if left out.
    #[serde(default)]
    #[schema(example = "Europe/London")]
    time_zone: Option<String>,
}

impl CronInput {
    fn read(&self) -> Result<(CronLine, TimeZone), Invalid> {
        let line = CronLine::parse(&self.cron).map_err(|message| FieldError::new("cron", message));
        let zone = parse_zone(self.time_zone.as_deref().unwrap_or("UTC"))
            .map_err(|message| FieldError::new("timeZone", message));
        match (line, zone) {
            (Ok(line), Ok(zone)) => Ok((line, zone)),
            (line, zone) => Err(Invalid(line.err().into_iter().chain(zone.err()).collect())),
        }
    }
}

impl Input for CronInput {
    fn validate(&self) -> Result<(), Invalid> {
        self.read().map(|_| ())
    }
}

/// What a cron line means.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CronPreview {
    /// Always `true`: a line that cannot be read is answered with 422.
    #[schema(example = true)]
    valid: bool,
    /// The next five due times, with the zone's offset.
    #[schema(example = json!(["2026-11-23T06:30:00+00:00", "2026-11-24T06:30:00+00:00"]))]
    next_times: Vec<String>,
    /// What it says, in a sentence.
    #[schema(example = "At 06:30, on Monday, Tuesday, Wednesday, Thursday, and Friday.")]
    description: String,
}

/// Try a cron line
///
/// Tells when it would be due next, in its time zone, and says it in a sentence. Nothing is stored.
#[utoipa::path(post, path = "/erp/schedules/validate-cron", tag = "sync configs", request_body = CronInput,
    responses((status = 200, description = "It can be read", body = CronPreview),
        (status = 422, description = "It cannot be read; the field at fault is named")))]
pub(crate) async fn validate_cron(Form(input): Form<CronInput>) -> Result<Json<CronPreview>, ApiError> {
    let (line, zone) = input.read()?;
    let next = |after: &Timestamp| line.next_after(*after, &zone);
    let times = std::iter::successors(next(&now()), next).take(TOLD);
    let next_times = times.map(|time| time.display_with_offset(zone.to_offset(time)).to_string()).collect();
    Ok(Json(CronPreview { valid: true, next_times, description: line.describe() }))
}
