//! Reads numbers as people and programs write them, by what is known of their notation. A text has one reading, or none,
//! or two: then nobody guesses.

use rust_decimal::Decimal;

use crate::notation::Notation;

/// Why a text is not read as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is none.
    NoNumber,
    /// It is one with a decimal sign, and another with a sign between thousands.
    TwoReadings {
        /// With a decimal sign.
        decimal: Decimal,
        /// With a sign between thousands.
        whole: Decimal,
    },
}

/// Currencies that are dropped where they stand beside an amount, by their ISO 4217 codes and by signs in letters. A
/// code of a unit (`KGM`, `PCE`) is none of them: it would not be dropped without a loss.
const CURRENCIES: [&str; 50] = [
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP",
    "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "MAD", "MXN", "MYR", "NOK", "NZD", "PEN", "PHP",
    "PLN", "RON", "RSD", "RUB", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "TWD", "UAH", "USD", "VND", "ZAR",
    "kr", "zł", "Kč", "Ft", "Fr.",
];

/// Reads a number. Marks of a currency, and blanks, are passed over; a minus may stand behind, or parentheses around it.
///
/// # Errors
/// [`Unread`]; also where it has more than 28 digits.
pub fn read(text: &str, notation: Notation) -> Result<Decimal, Unread> {
    if notation != Notation::Comma
        && notation != Notation::Unknown
        && let Ok(number) = Decimal::from_str_exact(text)
    {
        return Ok(number); // a decimal point and no groups, which is most of them
    }
    let (negative, core) = strip(text).ok_or(Unread::NoNumber)?;
    let number = read_unsigned(core, notation)?;
    Ok(if negative { -number } else { number })
}

/// Reads a number whose decimal sign is `decimal`: other signs may only stand between thousands.
///
/// # Errors
/// [`Unread::NoNumber`], also where what stands between is no thousand.
pub fn read_with(text: &str, decimal: char) -> Result<Decimal, Unread> {
    let (negative, core) = strip(text).ok_or(Unread::NoNumber)?;
    let (mantissa, exponent) = split_exponent(core);
    let (whole, decimals) = match mantissa.split_once(decimal) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (mantissa, None),
    };
    let number = assemble(whole, decimals, exponent)?;
    Ok(if negative { -number } else { number })
}

/// How a text shows its decimal sign, if it is a number that has but one reading: [`Notation::Point`] or
/// [`Notation::Comma`].
#[must_use]
pub fn shown_notation(text: &str) -> Option<Notation> {
    let (_, core) = strip(text)?;
    let (mantissa, _) = split_exponent(core);
    let (points, commas) = (mantissa.matches('.').count(), mantissa.matches(',').count());
    let of = |sign| if sign == '.' { Notation::Point } else { Notation::Comma };
    let last = mantissa.rfind(['.', ','])?;
    let sign = if mantissa[last..].starts_with('.') { '.' } else { ',' };
    // Digits that could be anything else: an article number, a version.
    let zeros_lead = mantissa.len() > 1 && mantissa.starts_with('0') && !mantissa[1..].starts_with(sign);
    if zeros_lead || read_unsigned(core, Notation::Unknown).is_err() {
        return None;
    }
    match (points, commas) {
        // Signs between thousands only: `1.234.567` is a version as well, unless there are decimals somewhere.
        (0, 2..) | (2.., 0) => None,
        _ => Some(of(sign)),
    }
}

fn read_unsigned(core: &str, notation: Notation) -> Result<Decimal, Unread> {
    let (mantissa, exponent) = split_exponent(core);
    let (points, commas) = (mantissa.matches('.').count(), mantissa.matches(',').count());
    match (points, commas) {
        (0, 0) => assemble(mantissa, None, exponent),
        (1.., 1..) => {
            let last = mantissa.rfind(['.', ',']).unwrap_or_default();
            assemble(&mantissa[..last], Some(&mantissa[last + 1..]), exponent)
        }
        (1, 0) => read_one_sign(mantissa, '.', exponent, notation),
        (0, 1) => read_one_sign(mantissa, ',', exponent, notation),
        _ => assemble(mantissa, None, exponent),
    }
}

/// Reads a number in which `sign` stands once: before decimals, or between thousands where three digits follow.
fn read_one_sign(
    mantissa: &str,
    sign: char,
    exponent: Option<i32>,
    notation: Notation,
) -> Result<Decimal, Unread> {
    let (before, after) = mantissa.split_once(sign).unwrap_or((mantissa, ""));
    let decimal = || assemble(before, Some(after), exponent);
    let could_group = exponent.is_none()
        && after.len() == 3
        && (1..=3).contains(&before.len())
        && !before.starts_with('0')
        && before.bytes().chain(after.bytes()).all(|byte| byte.is_ascii_digit());
    if !could_group {
        return decimal();
    }
    let whole = || assemble(mantissa, None, None);
    match (notation, sign) {
        (Notation::Point | Notation::Plain, '.') | (Notation::Comma, ',') => decimal(),
        (Notation::Comma, '.') | (Notation::Point, ',') => whole(),
        _ => Err(Unread::TwoReadings { decimal: decimal()?, whole: whole()? }),
    }
}

/// Takes the sign and what else stands around the digits away; says whether the number is negative.
fn strip(text: &str) -> Option<(bool, &str)> {
    let mut core = text.trim_matches(is_blank);
    // Excel writes an apostrophe before what it is not to read as a number.
    core = core.strip_prefix('\'').unwrap_or(core);
    let mut negative = false;
    let mut signs = 0;
    let mut currencies = 0;
    loop {
        core = core.trim_matches(is_blank);
        let before = core.len();
        if let Some(inner) = core.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            (negative, core) = (true, inner);
            signs += 1;
            continue;
        }
        for (sign, is_minus) in [("-", true), ("\u{2212}", true), ("+", false)] {
            if let Some(rest) = core.strip_prefix(sign).or_else(|| core.strip_suffix(sign)) {
                (core, negative) = (rest, negative || is_minus);
                signs += 1;
                break;
            }
        }
        if let Some(rest) = without_currency(core) {
            core = rest;
            currencies += 1;
        }
        if core.len() == before {
            break;
        }
    }
    (signs <= 1 && currencies <= 1 && !core.is_empty()).then_some((negative, core))
}

fn without_currency(text: &str) -> Option<&str> {
    let is_sign =
        |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₩' | '₺' | '₴' | '₫' | '₪' | '฿' | '¢');
    if let Some(rest) = text.strip_prefix(is_sign).or_else(|| text.strip_suffix(is_sign)) {
        return Some(rest);
    }
    let is_letter = |c: char| c.is_alphabetic();
    if !text.starts_with(is_letter) && !text.ends_with(|c: char| is_letter(c) || c == '.') {
        return None;
    }
    CURRENCIES.iter().find_map(|code| text.strip_prefix(code).or_else(|| text.strip_suffix(code)))
}

/// The exponent of `1.5E+3`, apart.
fn split_exponent(core: &str) -> (&str, Option<i32>) {
    let split = core.split_once(['e', 'E']);
    let split = split.and_then(|(mantissa, exponent)| Some((mantissa, exponent.parse::<i32>().ok()?)));
    split.map_or((core, None), |(mantissa, exponent)| (mantissa, Some(exponent)))
}

/// Puts a number together: `whole` may have thousands set apart, all by the same sign.
fn assemble(whole: &str, decimals: Option<&str>, exponent: Option<i32>) -> Result<Decimal, Unread> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = decimals.unwrap_or_default();
    let mut plain = without_groups(whole).ok_or(Unread::NoNumber)?;
    if !digits(decimals) || plain.is_empty() && decimals.is_empty() {
        return Err(Unread::NoNumber);
    }
    if plain.is_empty() {
        plain.push('0');
    }
    if !decimals.is_empty() {
        plain.push('.');
        plain.push_str(decimals);
    }
    let number = match exponent {
        None => Decimal::from_str_exact(&plain),
        Some(exponent) => Decimal::from_scientific(&format!("{plain}e{exponent}")),
    };
    number.map_err(|_| Unread::NoNumber)
}

/// The digits of a whole number, if what stands between them sets thousands apart: groups of three, or as in India of two
/// before the last.
fn without_groups(whole: &str) -> Option<String> {
    if whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(whole.to_owned());
    }
    let mark = whole.chars().find(|c| !c.is_ascii_digit())?;
    if !(matches!(mark, '.' | ',' | '\'' | '\u{2019}' | '_') || is_blank(mark)) {
        return None;
    }
    let is_mark = |c: char| c == mark || is_blank(mark) && is_blank(c);
    let groups: Vec<&str> = whole.split(is_mark).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let is = |group: &str, length: usize| group.len() == length && group.bytes().all(|b| b.is_ascii_digit());
    let head = (1..=3).contains(&first.len()) && is(first, first.len()) && !first.starts_with('0');
    let by_three = middle.iter().all(|group| is(group, 3));
    let by_two =
        mark == ',' && first.len() <= 2 && !middle.is_empty() && middle.iter().all(|group| is(group, 2));
    (head && is(last, 3) && (by_three || by_two)).then(|| groups.concat())
}

/// Blanks of every width that stand around numbers and between thousands.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}' | '\u{feff}')
}

#[cfg(test)]
mod tests;
