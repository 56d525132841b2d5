//! The indexes of the table.
//!
//! The table has `pk` and `sk`, and four sparse indexes that carry keys only: `by_owner` (what belongs to a
//! connection, what happened to a target), `by_kind` (runs of a data type, all audit events), `by_due` (configs by
//! their next run, connections by their next probe) and `by_change` (blocks of records by their newest change). A local
//! index, `by_block`, carries what suffices to compare records with.

/// An index, with the names of its two attributes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index {
    pub(crate) name: &'static str,
    pub(crate) pk: &'static str,
    pub(crate) sk: &'static str,
}

pub(crate) const BY_OWNER: Index = Index { name: "by_owner", pk: "owner", sk: "owner_sort" };
pub(crate) const BY_KIND: Index = Index { name: "by_kind", pk: "kind", sk: "kind_sort" };
pub(crate) const BY_DUE: Index = Index { name: "by_due", pk: "due", sk: "due_at" };
pub(crate) const BY_CHANGE: Index = Index { name: "by_change", pk: "pk", sk: "changed_at" };
pub(crate) const INDEXES: [Index; 4] = [BY_OWNER, BY_KIND, BY_DUE, BY_CHANGE];

/// The local index of blocks of records, in their order. It carries [`OUTLINED`] as well as keys.
pub(crate) const BY_BLOCK: Index = Index { name: "by_block", pk: "pk", sk: "block" };

/// What a block holds, as short as tells whether a record is there as it is.
pub(crate) const OUTLINE: &str = "outline";

/// The key before which a block ends.
pub(crate) const ENDS: &str = "ends";

/// What [`BY_BLOCK`] carries besides keys.
pub(crate) const OUTLINED: [&str; 2] = [OUTLINE, ENDS];
