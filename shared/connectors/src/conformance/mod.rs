//! One suite over all connectors.

mod tokens;

pub(crate) use tokens::Unkept;
