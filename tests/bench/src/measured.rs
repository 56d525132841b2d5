//! What moving the catalogue once took.

/// The figures of one sync, or of a peer's one load.
pub(crate) struct Measured {
    pub(crate) what: String,
    pub(crate) products: usize,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    /// The most memory the process ever held, in MB.
    pub(crate) peak_mb: f64,
}

impl Measured {
    /// Records a second.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn rate(&self) -> f64 {
        self.products as f64 / self.seconds
    }

    /// The faster of two: whatever else the machine did only ever slows a round down.
    pub(crate) fn best(self, other: Self) -> Self {
        if other.seconds < self.seconds { other } else { self }
    }
}
