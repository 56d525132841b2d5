//! The products: of about 300 bytes each, in the order of their SKUs, a thousand to a page.

use bytes::Bytes;

/// Records on a page.
pub(crate) const PAGE: usize = 1_000;

/// Which products are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// One in a hundred, anywhere.
    Scattered,
    /// The last hundredth.
    AtTheEnd,
    /// Every one.
    All,
}

impl Change {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scattered => "scattered",
            Self::AtTheEnd => "at-the-end",
            Self::All => "all",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Scattered, Self::AtTheEnd, Self::All].into_iter().find(|change| change.name() == name)
    }

    const fn concerns(self, n: usize, products: usize) -> bool {
        match self {
            Self::Scattered => scatter(n).is_multiple_of(100),
            Self::AtTheEnd => n >= products - products / 100,
            Self::All => true,
        }
    }
}

/// A number that looks like any, the same for the same product.
const fn scatter(n: usize) -> usize {
    (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) ^ n
}

/// The catalogue, rendered.
pub(super) struct Catalogue {
    /// How often each product was changed.
    revisions: Vec<u8>,
    pages: Vec<Bytes>,
}

impl Catalogue {
    pub(super) fn new(products: usize) -> Self {
        let mut catalogue = Self { revisions: vec![0; products], pages: Vec::new() };
        catalogue.pages = (0..products.div_ceil(PAGE)).map(|page| catalogue.render(page)).collect();
        catalogue
    }

    /// A page, counted from 1; an empty list after the last.
    pub(super) fn page(&self, number: usize) -> Bytes {
        let page = number.checked_sub(1).and_then(|page| self.pages.get(page));
        page.cloned().unwrap_or_else(|| Bytes::from_static(b"[]"))
    }

    pub(super) fn change(&mut self, change: Change) {
        let products = self.revisions.len();
        for (n, revision) in self.revisions.iter_mut().enumerate() {
            if change.concerns(n, products) {
                *revision += 1;
            }
        }
        self.pages = (0..self.pages.len()).map(|page| self.render(page)).collect();
    }

    fn render(&self, page: usize) -> Bytes {
        let range = page * PAGE..((page + 1) * PAGE).min(self.revisions.len());
        let records = range.map(|n| product(n, self.revisions[n]));
        Bytes::from(format!("[{}]", records.collect::<Vec<_>>().join(",")))
    }
}

fn product(n: usize, revision: u8) -> String {
    let (price, stock, group) = (n % 9_973, n.wrapping_mul(2_654_435_761) % 1_000, n % 37);
    format!(
        r#"{{"sku":"SKU-{n:08}","name":"Product {n} of the catalogue","description":"A thing of group {group}, packed in boxes of {}, made to last","unitPrice":{}.{:02},"currency":"EUR","uom":"EA","category":"group-{group}","barcode":"40{n:011}","weight":{}.{}5,"active":true,"stock":{stock},"updatedAt":"2026-11-{:02}T08:{:02}:{revision:02}Z"}}"#,
        n % 24 + 1,
        price / 10 + usize::from(revision),
        n % 100,
        n % 40,
        n % 10,
        n % 28 + 1,
        n % 60,
    )
}
