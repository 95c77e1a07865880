//! Manifests and signature files read as Android reads them: lines joined, sections with their exact bytes.

use std::borrow::Cow;
use std::ops::Range;

/// One section: attributes up to an empty line or the end.
#[derive(Debug, Clone)]
pub(super) struct Section<'a> {
    /// Where the section stands in the file, with the empty line that ends it. Digests of sections are over these bytes.
    pub(super) range: Range<usize>,
    lines: &'a [u8],
}

impl<'a> Section<'a> {
    /// The section that was found at this place before.
    pub(super) fn at(file: &'a [u8], range: Range<usize>) -> Self {
        let mut found = Sections { file: file.get(..range.end).unwrap_or_default(), position: range.start };
        found.next().unwrap_or(Self { range, lines: &[] })
    }

    /// The entry that the section is about; `None` where its first attribute is not a name.
    pub(super) fn name(&self) -> Option<Cow<'a, [u8]>> {
        let line = Lines(self.lines).next()?;
        let (name, value) = split(&line);
        name.eq_ignore_ascii_case(b"Name").then(|| match line {
            Cow::Borrowed(whole) => Cow::Borrowed(split(whole).1),
            Cow::Owned(_) => Cow::Owned(value.to_vec()),
        })
    }

    /// The first attribute of this name, as text.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut lines = Lines(self.lines);
        lines.find_map(|line| {
            let (found, value) = split(&line);
            found.eq_ignore_ascii_case(name.as_bytes()).then(|| String::from_utf8_lossy(value).into_owned())
        })
    }
}

/// All sections of a file, the main one first. Empty lines between them belong to none.
pub(super) struct Sections<'a> {
    file: &'a [u8],
    position: usize,
}

impl<'a> Sections<'a> {
    pub(super) fn of(file: &'a [u8]) -> Self {
        Self { file, position: 0 }
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Section<'a>;

    fn next(&mut self) -> Option<Section<'a>> {
        let mut rest = self.file.get(self.position..)?;
        let mut start = self.position;
        let mut content = 0_usize;
        while !rest.is_empty() {
            let (line, later) = split_line(rest);
            self.position = self.file.len().saturating_sub(later.len());
            match (line.is_empty(), content) {
                (true, 0) => start = self.position,
                (true, _) => break,
                (false, _) => content = self.position.saturating_sub(start),
            }
            rest = later;
        }
        if content == 0 {
            return None;
        }
        let lines = self.file.get(start..)?.get(..content)?;
        Some(Section { range: start..self.position, lines })
    }
}

/// The lines of a section, each with its continuations.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        if self.0.is_empty() {
            return None;
        }
        let (line, mut rest) = split_line(self.0);
        let mut joined = Cow::Borrowed(line);
        while rest.first() == Some(&b' ') {
            let (more, later) = split_line(rest);
            joined.to_mut().extend_from_slice(more.get(1..).unwrap_or_default());
            rest = later;
        }
        self.0 = rest;
        Some(joined)
    }
}

/// The first line without its end (LF, CR or both), and what follows.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.get(1..)).unwrap_or_default();
    (line, rest)
}

/// Name and value of an attribute. Spaces beyond the one behind the colon belong to them.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.windows(2).position(|pair| pair == b": ");
    let halves = colon.and_then(|colon| Some((line.get(..colon)?, line.get(colon..)?.get(2..)?)));
    halves.unwrap_or((line, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = (Range<usize>, Option<String>, Option<String>);

    fn read(file: &[u8]) -> Vec<Read> {
        let text = |name: Cow<'_, [u8]>| String::from_utf8_lossy(&name).into_owned();
        Sections::of(file).map(|one| (one.range.clone(), one.name().map(text), one.attribute("value"))).collect()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn sections_end_with_their_empty_line() {
        let file = b"\r\nA: 1\r\n\r\n\r\nName: x\r\nValue: 2\r\n\r\nNAME: y\nvalue: 3\n\n\n";
        let expected = vec![(2..10, None, None), (12..33, some("x"), some("2")), (33..51, some("y"), some("3"))];
        assert_eq!(read(file), expected);
    }

    #[test]
    fn continuations_are_joined_before_they_are_text() {
        let file = "Name: \u{e4}bc\nValue: 1".as_bytes();
        let (head, tail) = file.split_at(7);
        let cut = [head, b"\r\n ", tail].concat();
        assert_eq!(read(&cut), [(0..cut.len(), some("\u{e4}bc"), some("1"))]);
    }

    #[test]
    fn odd_lines_are_read_as_devices_read_them() {
        assert_eq!(read(b""), []);
        assert_eq!(read(b"\n\n\r\r"), []);
        assert_eq!(read(b" value: 1"), [(0..9, None, None)]);
        assert_eq!(read(b"Name:x\rvalue"), [(0..12, None, some(""))]);
        assert_eq!(read(b"Name:  x \nvalue:  1 "), [(0..20, some(" x "), some(" 1 "))]);
        assert_eq!(read(b"Name: x\nname: y\nvalue: 1\nvalue: 2"), [(0..33, some("x"), some("1"))]);
    }
}
