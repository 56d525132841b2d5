//! One suite over all connectors. A connector joins by a [`Subject`], which is its vendor's test server with a few words
//! on what to expect, and one line: `conformance!(its::Subject);`.

pub(crate) mod drift;
pub(crate) mod pulls;
pub(crate) mod pushes;
mod server;
pub(crate) mod speed;
mod tokens;

pub(crate) use pushes::send;
pub(crate) use server::{Answer, Asked, Mood, Server, Vendor};
pub(crate) use tokens::Unkept;

use domain::DataType;
use domain::connection::ConnectionSettings;
use domain::mapping::FieldMapping;
use serde_json::Value;
use transport::Transport;

use crate::Connector;

/// A name that is not easy to carry.
pub(crate) const NAME: &str = "Grüße \"日本\" <é> \\ 🛒";

/// An amount that no float can hold.
pub(crate) const AMOUNT: &str = "12345678901234567.89";

/// A connector under test, and the server it speaks to.
pub(crate) trait Subject: Vendor + Sized {
    /// What is pulled: records that are stamped, if the vendor has any.
    const PULLED: DataType;

    /// The most records that the vendor gives at a time, where it refuses to be asked for more.
    const LARGEST_PAGE: u32 = 20_000;

    /// An ERP with so many records of that type. The first is called [`NAME`] and costs [`AMOUNT`]; number `n` was
    /// changed at [`changed_at`].
    fn with_records(count: usize) -> Self;

    /// The connector of a connection to the server at `origin`, with credentials that are good or not.
    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector>;

    /// The mapping that reads the records, beside usual names.
    fn mapping() -> FieldMapping;

    /// From now on the tokens it gave out are worth nothing; `false` if it gives none.
    fn revoke(&self) -> bool;

    /// An order in our form that it takes, and what is to be changed in it so that it is refused.
    fn order() -> Option<(Value, Value)>;

    /// How many orders were made.
    fn orders(&self) -> usize;
}

/// When record number `n` was last changed.
pub(crate) fn changed_at(n: usize) -> String {
    format!("2026-11-{:02}T{:02}:{:02}:00Z", 20 + n / 1440, n / 60 % 24, n % 60)
}

/// Settings that do not keep a test waiting.
fn settings() -> ConnectionSettings {
    ConnectionSettings { retry_attempts: 2, retry_delay: 10, timeout: 5_000, ..ConnectionSettings::default() }
}

/// A transport that reaches loopback.
pub(crate) fn transport() -> Transport {
    Transport::new("127.0.0.0/8".parse().unwrap())
}

/// A server of `S` with so many records.
async fn erp<S: Subject>(count: usize) -> Server<S> {
    Server::start(S::with_records(count)).await
}

/// A new connector to it, as another worker would make one.
fn connector<S: Subject>(erp: &Server<S>) -> Box<dyn Connector> {
    S::connector(&erp.origin, &settings(), true)
}

/// Has a connector pass the suite.
macro_rules! conformance {
    ($subject:ty) => {
        $crate::conformance::conformance! { $subject:
            pulls::a_connection_test_signs_in, pulls::bad_credentials_are_unauthorized,
            pulls::every_record_comes_once_in_one_go_and_from_checkpoint_to_checkpoint,
            pulls::changes_alone_come_where_they_can_be_asked_for,
            pulls::a_throttled_request_is_repeated, pulls::a_server_that_fails_recovers,
            pulls::a_refused_token_is_replaced_once,
            pulls::a_page_that_cannot_be_read_is_malformed,
            pulls::unicode_and_every_digit_arrive,
            drift::a_field_that_is_new_changes_nothing, drift::a_field_that_is_gone_costs_no_record,
            drift::a_number_as_text_and_a_text_as_number_are_the_same_number,
            pushes::an_order_is_taken_once, pushes::an_order_that_is_refused_is_rejected_in_their_words,
            pushes::an_order_whose_answer_is_cut_is_unknown_and_found_again,
            pushes::an_order_that_is_turned_away_was_not_sent,
        }

        #[tokio::test]
        #[ignore = "a measurement: make bench-connectors"]
        async fn speed() {
            $crate::conformance::speed::measure::<$subject>(module_path!()).await;
        }
    };
    ($subject:ty: $($file:ident::$name:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            $crate::conformance::$file::$name::<$subject>().await;
        })*
    };
}
pub(crate) use conformance;
