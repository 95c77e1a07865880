//! A document as text: for tests, reviews and reports, not for reading it back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Document;
use super::chunk::{Attribute, Chunk, Element, NodeHeader};
use super::value;
use super::value::Value;
use crate::strings::StringRef;

/// Longest text that is shown, in bytes or code units.
const SHOWN: usize = 256;

/// Everything that a document says, line by line: the string pool's kind, the resource map, then namespaces (`N`), elements (`E`),
/// attributes (`A`) and text (`T`), indented by depth. Long texts are cut.
pub fn dump(document: &Document) -> String {
    let mut dump = Dump { document, out: String::new(), depth: 0, prefixes: BTreeMap::new() };
    document.body.iter().for_each(|chunk| dump.chunk(chunk));
    dump.out
}

struct Dump<'a> {
    document: &'a Document,
    out: String,
    depth: usize,
    prefixes: BTreeMap<u32, u32>,
}

impl Dump<'_> {
    fn chunk(&mut self, chunk: &Chunk) {
        match chunk {
            Chunk::Strings => self.pool(),
            Chunk::ResourceMap { .. } => self.resource_map(),
            Chunk::StartNamespace(namespace) => {
                let text = format!("N: {}={}", self.text(namespace.prefix), self.text(namespace.uri));
                self.line(&text);
                self.prefixes.insert(namespace.uri.0, namespace.prefix.0);
                self.depth = self.depth.saturating_add(1);
            }
            Chunk::EndNamespace(_) => self.depth = self.depth.saturating_sub(1),
            Chunk::Start(id) => {
                if let Some(element) = self.document.element(*id) {
                    self.element(element);
                }
                self.depth = self.depth.saturating_add(1);
            }
            Chunk::End(_) => self.depth = self.depth.saturating_sub(1),
            Chunk::Text(text) => {
                let value = match (text.value.kind, text.value.data) {
                    (0, _) => String::new(),
                    (value::kind::STRING, data) if data == text.text.0 => String::new(),
                    (value::kind::STRING, data) => format!(" (value {:?})", self.text(StringRef(data))),
                    (kind, data) => format!(" (value {})", Value::of(kind, data)),
                };
                self.line(&format!("T: {:?}{value}{}", self.text(text.text), self.header(&text.header)));
            }
            Chunk::Unknown(bytes) => self.line(&format!("unknown chunk of {} bytes", bytes.len())),
        }
    }

    fn pool(&mut self) {
        let pool = &self.document.pool;
        let encoding = if pool.is_utf8() { "UTF-8" } else { "UTF-16" };
        let sorted = if pool.is_sorted() { ", sorted" } else { "" };
        self.line(&format!("pool: {encoding}, {} strings, {} styles{sorted}", pool.count(), pool.style_count()));
    }

    fn resource_map(&mut self) {
        let names = self.document.resource_ids.iter().zip(0_u32..);
        let names: Vec<_> = names.map(|(id, index)| format!("{id:#010x} {}", self.text(StringRef(index)))).collect();
        self.line("map:");
        names.iter().for_each(|name| self.line(&format!("  {name}")));
    }

    fn element(&mut self, element: &Element) {
        let name = self.qualified(element.namespace, element.name);
        let [id, class, style] = element.special;
        let special = match element.special {
            [0, 0, 0] => String::new(),
            _ => format!(" (id={id} class={class} style={style})"),
        };
        self.line(&format!("E: {name}{}{special}", self.header(&element.header)));
        for attribute in &element.attributes {
            self.attribute(attribute);
        }
    }

    fn attribute(&mut self, attribute: &Attribute) {
        let name = self.qualified(attribute.namespace, attribute.name);
        let id = self.document.resource_id(attribute).map_or_else(String::new, |id| format!("({id:#010x})"));
        let value = match attribute.value.kind {
            value::kind::STRING => format!("{:?}", self.text(StringRef(attribute.value.data))),
            kind => Value::of(kind, attribute.value.data).to_string(),
        };
        let raw = match attribute.raw.index() {
            Some(_) if attribute.value.kind != value::kind::STRING => format!(" (raw {:?})", self.text(attribute.raw)),
            _ => String::new(),
        };
        self.line(&format!("  A: {name}{id}={value}{raw}"));
    }

    fn header(&self, header: &NodeHeader) -> String {
        let comment = header.comment.index().map(|_| format!(" (comment {:?})", self.text(header.comment)));
        format!(" (line {}){}", header.line, comment.unwrap_or_default())
    }

    fn qualified(&self, namespace: StringRef, name: StringRef) -> String {
        let Some(uri) = namespace.index() else { return self.text(name) };
        let prefix =
            self.prefixes.get(&uri).map_or_else(|| self.text(namespace), |prefix| self.text(StringRef(*prefix)));
        format!("{prefix}:{}", self.text(name))
    }

    fn text(&self, string: StringRef) -> String {
        string.index().map_or_else(String::new, |index| self.document.pool.decode_start(index, SHOWN))
    }

    fn line(&mut self, text: &str) {
        let indent = self.depth.saturating_mul(2);
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{:indent$}{text}", "");
    }
}
