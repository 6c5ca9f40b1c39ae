//! Reads source text line by line, well enough for rules about words; no parser.

/// The text without its line comments, byte for byte, so that offsets still name the same line.
pub(super) fn without_comments(text: &str, sign: &str) -> String {
    let bare = |line: &str| match line.match_indices(sign).find(|(at, _)| is_outside_quotes(&line[..*at])) {
        Some((at, _)) => format!("{}{}", &line[..at], " ".repeat(line.len() - at)),
        None => line.to_owned(),
    };
    text.split('\n').map(bare).collect::<Vec<_>>().join("\n")
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where each whole word `word` begins.
pub(super) fn occurrences<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| !text[..*at].ends_with(is_word) && !text[at + word.len()..].starts_with(is_word))
}

/// The line, counted from 1, on which the byte at `offset` lies.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// A `//` inside a literal is an address, not a comment.
fn is_outside_quotes(before: &str) -> bool {
    before.matches('"').count().is_multiple_of(2)
}
