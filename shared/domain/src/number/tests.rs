use proptest::prelude::*;

use super::*;
use crate::notation::Notation::{Comma, Plain, Point, Unknown};

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_text_with_one_reading_is_read_whatever_is_known() {
    for (text, value) in [
        ("12", "12"),
        ("-5", "-5"),
        ("1234.5", "1234.5"),
        ("12,50", "12.50"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234,56-", "-1234.56"),
        ("50.00-", "-50.00"),
        ("(12.50)", "-12.50"),
        ("\u{2212}7", "-7"),
        ("1.234.567", "1234567"),
        ("12,34,567.00", "1234567.00"),
        ("1 234,5", "1234.5"),
        ("1\u{202f}234\u{a0}567", "1234567"),
        ("1'234.50", "1234.50"),
        ("1’234", "1234"),
        ("€ 12,50", "12.50"),
        ("12.50 EUR", "12.50"),
        ("-$1,234.50", "-1234.50"),
        ("$-5", "-5"),
        ("CHF 1'000.00", "1000.00"),
        ("12 kr", "12"),
        ("'42", "42"),
        ("0.500", "0.500"),
        ("0,125", "0.125"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1,5E-2", "0.015"),
        ("1234,567", "1234.567"),
        ("+3", "3"),
    ] {
        for notation in [Plain, Point, Comma, Unknown] {
            assert_eq!(read(text, notation), Ok(number(value)), "{text} {notation:?}");
        }
    }
}

#[test]
fn three_digits_behind_one_sign_are_read_by_the_notation() {
    let two = Err(Unread::TwoReadings { decimal: number("1.250"), whole: number("1250") });
    let (decimal, whole) = (Ok(number("1.250")), Ok(number("1250")));
    assert_eq!([Plain, Point, Comma, Unknown].map(|n| read("1.250", n)), [decimal, decimal, whole, two]);
    assert_eq!([Plain, Point, Comma, Unknown].map(|n| read("1,250", n)), [two, whole, decimal, two]);
    assert_eq!(read("1.250-", Comma), Ok(number("-1250")));
}

#[test]
fn what_is_no_number_is_none() {
    for text in [
        "",
        "abc",
        "1.2.3",
        "1,23,4",
        "12.34.56",
        "1..2",
        "--5",
        "-5-",
        "5%",
        "12 KGM",
        "1 2",
        "10:30",
        "01.02.2026",
        "1-2",
        "0x10",
        "EUR",
        "$€5",
        "12 EUR USD",
        "1.23,456,7",
        "+",
        "(-5)",
        "1e",
        "∞",
        "1,2.3,4",
    ] {
        for notation in [Plain, Point, Comma, Unknown] {
            assert_eq!(read(text, notation), Err(Unread::NoNumber), "{text} {notation:?}");
        }
    }
    assert!(read("12345678901234567890123456789012345", Plain).is_err(), "more digits than can be kept");
}

#[test]
fn a_given_sign_decides_and_another_only_stands_between_thousands() {
    assert_eq!(read_with("1.234,50", ','), Ok(number("1234.50")));
    assert_eq!(read_with("1.250", ','), Ok(number("1250")));
    assert_eq!(read_with("12.50", ','), Err(Unread::NoNumber), "two digits are no thousand");
    assert_eq!(read_with("50.00-", '.'), Ok(number("-50.00")));
    assert_eq!(read_with("1 234,5", ','), Ok(number("1234.5")));
    assert_eq!(read_with("1,234.5", ','), Err(Unread::NoNumber));
}

#[test]
fn a_text_shows_its_notation_where_it_has_one_reading_only() {
    for (text, shown) in [
        ("12,50", Some(Comma)),
        ("1.234,56", Some(Comma)),
        ("1,234.56", Some(Point)),
        ("0.500", Some(Point)),
        ("1234.5", Some(Point)),
        ("1.250", None),
        ("1,250", None),
        ("1250", None),
        ("1.2.3", None),
        ("1.234.567", None),
        ("31.01.2026", None),
        ("01.250", None),
        ("007,5", None),
        ("abc", None),
    ] {
        assert_eq!(shown_notation(text), shown, "{text}");
    }
}

/// Ways to write a number: decimal sign, sign between thousands, minus, what stands around it.
fn written() -> impl Strategy<Value = (Decimal, String, char)> {
    let number = (any::<i64>().prop_map(|n| n % 10_000_000_000), 0_u32..5)
        .prop_map(|(digits, places)| Decimal::new(digits, places));
    let signs = prop::sample::select(vec![
        ('.', ""),
        ('.', ","),
        ('.', " "),
        ('.', "'"),
        ('.', "\u{a0}"),
        (',', ""),
        (',', "."),
        (',', " "),
        (',', "’"),
        (',', "\u{202f}"),
    ]);
    let minus = prop::sample::select(vec!["-@", "@-", "(@)", "\u{2212}@", "- @"]);
    let around = prop::sample::select(vec!["@", " @ ", "@ EUR", "€@", "$ @", "@ €", "\u{a0}@"]);
    (number, signs, minus, around).prop_map(|(number, (decimal, group), minus, around)| {
        let plain = number.abs().to_string();
        let (whole, decimals) = plain.split_once('.').map_or((&*plain, None), |(w, d)| (w, Some(d)));
        let mut text = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                text.push_str(group);
            }
            text.push(digit);
        }
        if let Some(decimals) = decimals {
            text.push(decimal);
            text.push_str(decimals);
        }
        if number.is_sign_negative() && !number.is_zero() {
            text = minus.replace('@', &text);
        }
        (number, around.replace('@', &text), decimal)
    })
}

proptest! {
    #[test]
    fn however_it_is_written_it_is_read_as_itself_or_not_at_all((number, text, decimal) in written()) {
        let own = if decimal == '.' { Point } else { Comma };
        prop_assert_eq!(read(&text, own), Ok(number), "{}", text);
        prop_assert_eq!(read_with(&text, decimal), Ok(number), "{}", text);
        // What is not known may cost the reading, never the value.
        if let Ok(read) = read(&text, Unknown) {
            prop_assert_eq!(read, number, "{}", text);
        }
        // As long as the text does not say it itself, the other notation has another reading: that is why it has to be
        // known. Where it does say it, no notation changes it.
        if let Some(shown) = shown_notation(&text) {
            prop_assert_eq!(shown, own, "{}", text);
            for notation in [Plain, Point, Comma] {
                prop_assert_eq!(read(&text, notation), Ok(number), "{} {:?}", text, notation);
            }
        }
    }

    #[test]
    fn no_text_is_read_in_two_ways(text in "[-+(]?[0-9.,' €]{0,12}[-)]?") {
        if let Ok(value) = read(&text, Unknown) {
            for notation in [Plain, Point, Comma] {
                prop_assert_eq!(read(&text, notation), Ok(value), "{} {:?}", text, notation);
            }
        }
    }
}
