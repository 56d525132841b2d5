//! XML as it comes from outside: read within bounds, and turned into JSON.
//!
//! No document type is accepted, and no entity but the five of XML: nothing can be made to expand or to be fetched.

mod element;
mod parser;

pub(crate) use element::Element;
pub(crate) use parser::{Parser, Step, XmlError, declares};
