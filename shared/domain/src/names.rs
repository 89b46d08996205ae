//! Names of people, and how text is found.

use std::{fmt, str::FromStr};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::Invalid;

/// What a person is called: one line of text, in any script.
#[derive(Clone, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = String, example = "Ada Lovelace", min_length = 1, max_length = 100)]
pub struct PersonName(String); // Invariant: NFC, trimmed, 1 to 100 characters, no control characters.

impl PersonName {
    pub const MAX_CHARS: usize = 100;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        one_line("A name", text, Self::MAX_CHARS).map(Self)
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text on one line: trimmed, in NFC, neither empty nor longer than `max` characters. `what` begins the reason.
pub(crate) fn one_line(what: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text: String = text.trim().nfc().collect();
    if text.is_empty() {
        Err(Invalid(format!("{what} cannot be empty.")))
    } else if text.chars().count() > max {
        Err(Invalid(format!("{what} has at most {max} characters.")))
    } else if text.contains(|c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    }) {
        // The last two ranges turn the direction of writing, by which one name can pass for another.
        Err(Invalid(format!("{what} is one line of text, without control characters.")))
    } else {
        Ok(text)
    }
}

/// `text` as it is searched: letter case, accents and the width of spaces make no difference.
pub fn fold(text: &str) -> String {
    let bare: String = text.nfkd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).collect();
    // Upper case knows that ß is SS, and lower case that ẞ is ß.
    let lower: String = bare
        .to_lowercase()
        .to_uppercase()
        .to_lowercase()
        .nfkd()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .nfc()
        .collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ").replace('ς', "σ")
}

/// How many starts of words of a name are searched.
pub const MAX_SEARCH_TERMS: usize = 8;
/// How many bytes of a search term are kept.
const MAX_TERM_BYTES: usize = 120;

/// The terms by whose start a name is found: the folded name from the beginning of each of its words.
pub fn search_terms(name: &PersonName) -> Vec<String> {
    let folded = fold(&name.0);
    let mut terms = Vec::new();
    let mut in_word = false;
    for (at, c) in folded.char_indices() {
        let is_letter = c.is_alphanumeric() || is_combining_mark(c);
        if is_letter && !in_word {
            terms.push(prefix(&folded[at..], MAX_TERM_BYTES).to_owned());
        }
        in_word = is_letter;
    }
    terms.dedup();
    terms.truncate(MAX_SEARCH_TERMS);
    terms
}

/// The longest start of `text` of at most `max` bytes.
pub fn prefix(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(name: &str) -> Vec<String> {
        search_terms(&name.parse().unwrap())
    }

    #[test]
    fn a_name_is_found_by_the_start_of_each_word() {
        assert_eq!(terms("Ada King  Lovelace"), ["ada king lovelace", "king lovelace", "lovelace"]);
        assert_eq!(terms("Zoë O'Neill-Šmíd"), ["zoe o'neill-smid", "o'neill-smid", "neill-smid", "smid"]);
        assert_eq!(terms("王 小明"), ["王 小明", "小明"]);
        assert_eq!(terms("ΟΔΥΣΣΕΥΣ"), [fold("οδυσσευς")]);
        assert_eq!(terms("Ğ İstanbul Işık"), ["g istanbul isik", "istanbul isik", "isik"]);
        assert_eq!(terms("Weiß"), ["weiss"]);
        assert_eq!(terms("WEIẞ"), ["weiss"]);
    }

    #[test]
    fn names_are_one_line() {
        assert_eq!("  Ada\u{a0}L ".parse::<PersonName>().unwrap().as_str(), "Ada\u{a0}L");
        assert_eq!("é".repeat(100).parse::<PersonName>().unwrap().to_string(), "é".repeat(100));
        for text in ["", "  ", "Ada\r\nBcc: eve", "a\0b", "Ada\u{202e}x", "a\u{2028}b", &"x".repeat(101)] {
            assert!(text.parse::<PersonName>().is_err(), "{text:?}");
        }
    }
}
