//! Reads `infra/template.yaml` as AWS would: which function answers a path, and what each may do. Tests hold it against
//! the API's document and the table we make ourselves; the end-to-end tests have every request judged by it.

mod function;
mod judge;
mod policy;
mod request;
mod resources;
#[cfg(test)]
mod tests;
mod yaml;

pub use function::{Event, Function};
pub use judge::{Judge, spans};
pub use policy::{Policy, Statement};
pub use request::Request;
pub use resources::Template;
