//! The AWS services of one machine, each served on a free loopback port inside this process.

mod dynamodb;
#[cfg(test)]
mod dynamodb_tests;
mod sqs;
#[cfg(test)]
mod sqs_tests;

pub(crate) use dynamodb::DynamoDb;
#[cfg(test)]
pub(crate) use sqs::make_queue_pair;
pub(crate) use sqs::{Sqs, make_queues};
