//! Sending orders. Whoever gets a document twice knows it by its payloadID or UUID, so what may have been taken is sent
//! again and never looked up.

use domain::DataType;
use domain::change::Operation;
use domain::connection::{DoiDialect, DoiTemplate, NumberForm};
use domain::template::{XmlTemplate, XmlValues};
use jiff::Timestamp;
use transport::ErpError;
use transport::http::HttpClient;

use super::config::Config;
use super::order::Outgoing;
use super::{answer, cxml, ubl};
use crate::{Push, PushError, Pushed, rest};

/// Makes, changes or takes back an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(http: &HttpClient, config: &Config, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "order XML takes orders only: let the sync config of {} pull",
            push.data_type
        ))));
    }
    let document = document(config, push, Timestamp::now())?;
    let request = config.post(document, config.repeats_safely());
    let answer = http.deliver(&request).await?;
    answer::judge(config, &answer, &request, push.operation)
}

/// The document that is sent for a record.
///
/// # Errors
/// `NeedsMapping` if the record does not fit, `NotSent` if the settings do not.
pub(super) fn document(config: &Config, push: &Push<'_>, now: Timestamp) -> Result<String, PushError> {
    match config.doi.dialect {
        Some(DoiDialect::Cxml) => cxml::order_request(config, &Outgoing::new(push, now)?),
        Some(DoiDialect::Ubl) => ubl::order(config, &Outgoing::new(push, now)?),
        Some(DoiDialect::Template) => of_template(&config.doi.template, push),
        None => Err(misconfigured("settings.doi.dialect is not set: choose cxml, ubl or template")),
    }
}

fn of_template(template: &DoiTemplate, push: &Push<'_>) -> Result<String, PushError> {
    let (name, text) = match push.operation {
        Operation::Create => ("create", &template.create),
        Operation::Update => ("update", &template.update),
        Operation::Delete => ("delete", &template.delete),
    };
    let at = format!("settings.doi.template.{name}");
    let text = text.as_ref().ok_or_else(|| {
        PushError::Rejected(ErpError::Rejected(format!(
            "nobody knows how an order is sent for this ({name}): set {at} if the ERP takes such a document"
        )))
    })?;
    let outgoing = rest::outgoing(push, NumberForm::default());
    if outgoing.record.is_none() && push.operation != Operation::Delete {
        return Err(PushError::NeedsMapping("there is no record to send, only its key".to_owned()));
    }
    let template = XmlTemplate::of_record(push.data_type, text)
        .map_err(|message| misconfigured(&format!("{at} {message}")))?;
    template.render(XmlValues::Record(&outgoing), None).map_err(PushError::NeedsMapping)
}

fn misconfigured(sentence: &str) -> PushError {
    PushError::NotSent(ErpError::Misconfigured(sentence.to_owned()))
}
