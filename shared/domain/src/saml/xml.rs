//! XML from outside, held to bounds before and after it is parsed.

use roxmltree::{Document, Node, ParsingOptions, TextPos};

use crate::error::Error;

/// Bytes of a document at most (page 004: 256 KB).
const MAX_BYTES: usize = 256 * 1024;
/// Elements inside one another at most; metadata needs six.
const MAX_DEPTH: usize = 32;
/// Elements, texts, comments and instructions at most.
const MAX_NODES: u32 = 20_000;
/// Attributes of one element at most: the parser compares each with all before it.
const MAX_ATTRIBUTES: usize = 128;
/// Attributes of all elements at most: each prefix is looked up among the namespaces in scope.
const MAX_ALL_ATTRIBUTES: usize = 10_000;
/// Namespace declarations at most: the parser copies those in scope to each element that adds one. AD FS repeats the same
/// ones for each of its claims, some hundred times.
const MAX_NAMESPACES: usize = 512;

/// Reads a document within the bounds. The text is decoded already, so that an encoding that it declares says nothing.
pub(super) fn read(text: &str) -> Result<Document<'_>, Error> {
    if text.trim_ascii().is_empty() {
        return Err(Error::invalid("metadata_xml", "Metadata XML is missing"));
    }
    if text.len() > MAX_BYTES {
        return Err(invalid(format!("must be at most {MAX_BYTES} bytes long")));
    }
    require_few_attributes(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, entity_resolver: None };
    let document = Document::parse_with_options(text, options).map_err(|error| refusal(text, &error))?;
    let is_deep =
        |node: &Node<'_, '_>| node.is_element() && node.ancestors().filter(Node::is_element).nth(MAX_DEPTH).is_some();
    match document.descendants().find(is_deep) {
        Some(node) => Err(invalid_at(node, &format!("is nested deeper than {MAX_DEPTH} elements"))),
        None => Ok(document),
    }
}

/// Bounds what the parser spends more than linear time or memory on. No tag has a `<` in it, so that each stands in a
/// piece of its own; what comes with it of the text behind it only makes the bound stricter.
fn require_few_attributes(text: &str) -> Result<(), Error> {
    let tags = text.split('<').skip(1).filter(|piece| !piece.starts_with(['!', '?', '/']));
    let counts = tags.map(|tag| tag.bytes().filter(|byte| *byte == b'=').count());
    let (most, all) = counts.fold((0, 0), |(most, all), count| (count.max(most), all + count));
    if most > MAX_ATTRIBUTES || all > MAX_ALL_ATTRIBUTES {
        return Err(invalid(format!(
            "has too many attributes: at most {MAX_ATTRIBUTES} for an element, and {MAX_ALL_ATTRIBUTES} altogether"
        )));
    }
    if text.matches("xmlns").count() > MAX_NAMESPACES {
        return Err(invalid(format!("declares more than {MAX_NAMESPACES} namespaces")));
    }
    Ok(())
}

/// What the caller is told of the parser's error: never the names in it, which are the caller's and may be long.
fn refusal(text: &str, error: &roxmltree::Error) -> Error {
    use roxmltree::Error as Xml;
    match error {
        Xml::DtdDetected => invalid(format!(
            "has a document type declaration (DOCTYPE) at {}: neither it nor entities are accepted",
            position(text, doctype(text))
        )),
        Xml::UnknownEntityReference(_, at) => invalid(format!(
            "refers to an entity at {at}: only amp, lt, gt, apos, quot and character references are accepted"
        )),
        Xml::NodesLimitReached => invalid(format!("has more than {MAX_NODES} nodes")),
        Xml::NoRootNode | Xml::UnclosedRootNode | Xml::UnexpectedEndOfStream => {
            invalid("is not well-formed XML: it ends too early")
        }
        other => invalid(format!("is not well-formed XML: see {} (line:column)", other.pos())),
    }
}

/// Where the declaration begins in a text that is well-formed up to it: behind white space, comments and instructions.
fn doctype(text: &str) -> usize {
    let mut rest = text.trim_start_matches('\u{feff}').trim_ascii_start();
    while let Some(end) = ends_misc(rest) {
        rest = rest.split_once(end).map_or("", |(_, after)| after).trim_ascii_start();
    }
    text.len() - rest.len()
}

fn ends_misc(text: &str) -> Option<&'static str> {
    [("<!--", "-->"), ("<?", "?>")].into_iter().find(|(begin, _)| text.starts_with(begin)).map(|(_, end)| end)
}

fn position(text: &str, offset: usize) -> TextPos {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    TextPos::new(count(before.matches('\n').count() + 1), count(line.chars().count() + 1))
}

/// An error in the text.
pub(super) fn invalid(what: impl AsRef<str>) -> Error {
    Error::invalid("metadata_xml", format!("Metadata XML {}", what.as_ref()))
}

/// An error at an element.
pub(super) fn invalid_at(node: Node<'_, '_>, what: &str) -> Error {
    let at = node.document().text_pos_at(node.range().start);
    invalid(format!("{what}: see {at} (line:column)"))
}

/// An attribute without a namespace. The parser's own look-up by name takes one of any namespace.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let found = node.attributes().find(|attribute| attribute.namespace().is_none() && attribute.name() == name);
    found.map(|attribute| attribute.value())
}

/// The text of an element that has no elements in it. Comments are not part of it, and end nothing.
pub(super) fn text(node: Node<'_, '_>) -> Result<String, Error> {
    if node.children().any(|child| child.is_element()) {
        return Err(invalid_at(node, "has an element where text is expected"));
    }
    Ok(node.children().filter(Node::is_text).filter_map(|child| child.text()).collect())
}
