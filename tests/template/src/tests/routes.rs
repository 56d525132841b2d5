use super::programs::{operations, served_by};
use crate::Template;

#[test]
fn every_operation_is_answered_by_a_function_whose_program_serves_it() {
    let template = Template::default();
    let mut wrong = Vec::new();
    for (method, path) in operations(&serde_json::to_value(api::openapi()).unwrap()) {
        match template.answers(&method, &path) {
            None => wrong.push(format!("nothing answers {method} {path}, nor what has no route")),
            Some(function) if !served_by(function.folder()).contains(&(method.clone(), path.clone())) => {
                wrong
                    .push(format!("{method} {path} leads to {}, which does not serve it", function.folder()));
            }
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_route_leads_to_something_that_its_function_serves() {
    let template = Template::default();
    for function in template.functions() {
        let served = served_by(function.folder());
        for event in function.events().filter(|event| event.path != "$default") {
            let served = served.iter().any(|(method, path)| {
                *path == event.documented_path() && (event.method == "ANY" || event.method == method)
            });
            assert!(
                served,
                "{} {} leads to {}, which serves no such thing",
                event.method, event.path, function.name
            );
        }
    }
}

#[test]
fn what_no_route_leads_to_is_answered_by_the_function_that_knows_the_document() {
    let template = Template::default();
    let rest =
        template.functions().filter(|function| function.events().any(|event| event.path == "$default"));
    assert_eq!(rest.map(|function| function.folder()).collect::<Vec<_>>(), ["docs"]);
}
