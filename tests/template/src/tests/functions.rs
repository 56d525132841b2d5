use std::collections::BTreeSet;

use super::programs::folders;
use crate::Template;

/// How long API Gateway waits, in seconds.
const GATEWAY_SECONDS: u64 = 30;

#[test]
fn every_folder_is_a_function_and_every_function_a_folder() {
    let template = Template::default();
    let deployed: BTreeSet<String> =
        template.functions().map(|function| function.folder().to_owned()).collect();
    assert_eq!(deployed, folders());
}

#[test]
fn a_function_is_called_as_its_folder_is() {
    for function in Template::default().functions() {
        let words = function.folder().split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
        assert_eq!(words.collect::<String>(), function.name);
    }
}

#[test]
fn no_function_works_on_when_the_gateway_has_given_up_waiting() {
    for function in Template::default().functions().filter(|function| function.events().next().is_some()) {
        let seconds = function.property("Timeout").as_u64().unwrap();
        assert!(seconds <= GATEWAY_SECONDS, "{} may take {seconds} s", function.name);
    }
}

#[test]
fn everyone_who_reaches_erps_can_be_put_into_a_vpc() {
    let template = Template::default();
    let inside = template.functions().filter(|function| !function.property("VpcConfig").is_null());
    let inside: BTreeSet<_> = inside.map(|function| function.folder()).collect();
    assert_eq!(inside, BTreeSet::from(["connection-test", "preview", "sync-worker"]));
}

/// A function ends at once over a variable it does not know.
#[test]
fn every_setting_that_functions_get_is_one_they_read() {
    let known = include_str!("../../../../shared/lambda/src/settings.rs");
    let template = Template::default();
    let given = template.shared()["Environment"]["Variables"].as_object().unwrap();
    for name in given.keys() {
        assert!(known.contains(&format!("\"{name}\"")), "shared/lambda/src/settings.rs does not read {name}");
    }
}
