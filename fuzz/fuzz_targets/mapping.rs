//! Any rules that pass the checks, over any record: the first line is the rules, the rest the record.
#![no_main]

use domain::DataType;
use domain::json::{Json, Kind, Opened};
use domain::mapping::{Filter, Mapper, Rules, RulesOverride, check_overrides};
use domain::validation::Checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (rules, record) = input.split_at(input.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let Ok(raw) = Opened::parse(record) else { return };
    for data_type in [DataType::Products, DataType::Orders] {
        map(&mut Mapper::new(data_type, &Default::default(), &[]).keeping_unknown(), &raw);
    }
    let Ok(own) = serde_json::from_slice::<RulesOverride>(rules) else { return };
    let mut checks = Checks::default();
    check_overrides(std::slice::from_ref(&own), &mut checks);
    if checks.finish().is_err() {
        return;
    }
    let rules = own.over(Rules::default());
    Filter::new(&rules.filters).takes(&raw);
    map(&mut Mapper::new(own.data_type, &rules.field_mapping, &rules.transformations), &raw);
});

/// What is mapped is an object; what is not leaves nothing behind and says why.
fn map(mapper: &mut Mapper, raw: &Opened<'_>) {
    let mut out = b"before".to_vec();
    match mapper.map(raw, &mut out) {
        Ok(_) => {
            let mapped = Json::parse(&out[6..]).expect("a mapped record is JSON");
            assert_eq!(mapped.kind(), Kind::Object);
        }
        Err(unmapped) => {
            assert_eq!(out, b"before");
            assert!(!unmapped.errors.is_empty());
        }
    }
}
