//! Which elements of a document are its records, told from its beginning.

use quick_xml::Reader;
use quick_xml::events::Event;

/// An element with the elements in it, as far as the sample goes.
#[derive(Debug, Default)]
struct Outline {
    name: String,
    children: Vec<Outline>,
}

/// The path of the records, from the root; `None` if nothing looks like records.
pub(super) fn records_path(sample: &[u8]) -> Option<Vec<String>> {
    let root = outline(sample)?;
    let mut path = vec![root.name.clone()];
    path.extend(root.records()?.1.into_iter().map(str::to_owned));
    Some(path)
}

impl Outline {
    /// How many records there are under this element, and the names that lead to them. The nearest that repeat are
    /// taken; elements that do not repeat are looked into.
    fn records(&self) -> Option<(usize, Vec<&str>)> {
        let count = |name: &str| self.children.iter().filter(|child| child.name == name).count();
        let most = self.children.iter().map(|child| (count(&child.name), child.name.as_str()));
        match most.max_by_key(|(count, _)| *count)? {
            (count, name) if count > 1 => return Some((count, vec![name])),
            (_, name) if self.children.len() == 1 && self.is_plural_of(name) => return Some((1, vec![name])),
            _ => {}
        }
        let below = self.children.iter().filter_map(|child| {
            let (count, mut names) = child.records()?;
            names.insert(0, &child.name);
            Some((count, names))
        });
        below.max_by_key(|(count, _)| *count)
    }

    /// `Orders` of `Order`, `Categories` of `Category`, `OrderList` of `Order`: a list that happens to hold one.
    fn is_plural_of(&self, name: &str) -> bool {
        let (list, one) = (self.name.to_lowercase(), name.to_lowercase());
        let stem = one.strip_suffix('y').unwrap_or(&one);
        list.strip_prefix(stem).is_some_and(|ending| ["s", "es", "ies", "list", "ylist"].contains(&ending))
    }
}

/// Builds the outline of what can be read; the sample may end anywhere.
fn outline(sample: &[u8]) -> Option<Outline> {
    let mut parser = Reader::from_reader(sample);
    let mut open: Vec<Outline> = vec![Outline::default()];
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = parser.read_event_into(&mut buffer);
        let element = |name: &str| Outline { name: name.to_owned(), children: Vec::new() };
        match event {
            Ok(Event::Start(start)) => open.push(element(start.local_name().into_inner())),
            Ok(Event::Empty(start)) => {
                let empty = element(start.local_name().into_inner());
                open.last_mut()?.children.push(empty);
            }
            Ok(Event::End(_)) => close(&mut open)?,
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    while open.len() > 1 {
        close(&mut open)?;
    }
    open.pop()?.children.into_iter().next()
}

fn close(open: &mut Vec<Outline>) -> Option<()> {
    let closed = open.pop()?;
    open.last_mut()?.children.push(closed);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(xml: &str) -> String {
        records_path(xml.as_bytes()).map(|path| path.join(".")).unwrap_or_default()
    }

    #[test]
    fn the_nearest_elements_that_repeat_are_the_records() {
        assert_eq!(path("<Products><Product/><Product/></Products>"), "Products.Product");
        assert_eq!(
            path("<Catalog><Products><Product><Tag/><Tag/></Product><Product/></Products></Catalog>"),
            "Catalog.Products.Product"
        );
        assert_eq!(
            path("<E:Envelope><E:Header/><E:Body><Out><a/><a/><a/></Out></E:Body></E:Envelope>"),
            "Envelope.Body.Out.a"
        );
        assert_eq!(path("<Export><Head><x/></Head><Row/><Row/></Export>"), "Export.Row");
    }

    #[test]
    fn a_list_of_one_is_told_by_its_name() {
        assert_eq!(path("<Orders><Order><Line/><Line/></Order></Orders>"), "Orders.Order");
        assert_eq!(
            path("<Doc><Categories><Category><id/></Category></Categories></Doc>"),
            "Doc.Categories.Category"
        );
        assert_eq!(path("<Orders/>"), "");
    }

    #[test]
    fn a_sample_that_ends_anywhere_is_enough() {
        let xml = "<Products><Product><a>1</a></Product><Product><a>2</a></Product><Product>";
        for end in "<Products><Product><a>1</a></Product><Product>".len()..xml.len() {
            assert_eq!(path(&xml[..end]), "Products.Product", "{}", &xml[..end]);
        }
    }
}
