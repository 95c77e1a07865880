//! Document to bytes: the reader's mirror image.

use super::chunk::{
    ATTRIBUTE_LENGTH, Attribute, Chunk, Element, ElementEnd, Namespace, NodeHeader, Text, TypedValue, kind,
};
use super::{Document, ElementId};
use crate::chunk::put as put_chunk;

impl Document {
    /// The document's bytes: those that were parsed while nothing was edited, else built from its parts.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.original.clone().unwrap_or_else(|| self.build())
    }

    /// Whether an edit was made since the document was parsed.
    pub const fn is_edited(&self) -> bool {
        self.original.is_none()
    }

    /// The bytes as they follow from the parts alone.
    pub(super) fn build(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for chunk in &self.body {
            self.put(&mut body, chunk);
        }
        let mut out = Vec::with_capacity(body.len().saturating_add(self.trailing.len()).saturating_add(64));
        put_chunk(&mut out, kind::XML, &self.header_extra, &body);
        out.extend(&self.trailing);
        out
    }

    fn put(&self, out: &mut Vec<u8>, chunk: &Chunk) {
        match chunk {
            Chunk::Strings => self.pool.write(out),
            Chunk::ResourceMap { header_extra } => {
                let ids: Vec<u8> = self.resource_ids.iter().flat_map(|id| id.to_le_bytes()).collect();
                put_chunk(out, kind::RESOURCE_MAP, header_extra, &ids);
            }
            Chunk::StartNamespace(namespace) => put_namespace(out, kind::START_NAMESPACE, namespace),
            Chunk::EndNamespace(namespace) => put_namespace(out, kind::END_NAMESPACE, namespace),
            Chunk::Start(ElementId(index)) => self.elements.get(*index).into_iter().for_each(|it| put_element(out, it)),
            Chunk::End(end) => put_end(out, end),
            Chunk::Text(text) => put_text(out, text),
            Chunk::Unknown(bytes) => out.extend(bytes),
        }
    }
}

fn put_namespace(out: &mut Vec<u8>, kind: u16, namespace: &Namespace) {
    let mut body = Vec::new();
    body.extend(namespace.prefix.0.to_le_bytes());
    body.extend(namespace.uri.0.to_le_bytes());
    body.extend(&namespace.tail);
    put_chunk(out, kind, &node_header(&namespace.header), &body);
}

fn put_element(out: &mut Vec<u8>, element: &Element) {
    let mut body = Vec::new();
    body.extend(element.namespace.0.to_le_bytes());
    body.extend(element.name.0.to_le_bytes());
    let start = ATTRIBUTE_LENGTH.saturating_add(size_u16(element.gap.len()));
    let length = ATTRIBUTE_LENGTH.saturating_add(element.attribute_extra);
    let counts = [start, length, size_u16(element.attributes.len())];
    body.extend(counts.iter().chain(&element.special).flat_map(|field| field.to_le_bytes()));
    body.extend(&element.gap);
    for attribute in &element.attributes {
        put_attribute(&mut body, attribute);
    }
    body.extend(&element.tail);
    put_chunk(out, kind::START_ELEMENT, &node_header(&element.header), &body);
}

fn put_attribute(out: &mut Vec<u8>, attribute: &Attribute) {
    for string in [attribute.namespace, attribute.name, attribute.raw] {
        out.extend(string.0.to_le_bytes());
    }
    put_value(out, attribute.value);
    out.extend(&attribute.extra);
}

fn put_end(out: &mut Vec<u8>, end: &ElementEnd) {
    let mut body = Vec::new();
    body.extend(end.namespace.0.to_le_bytes());
    body.extend(end.name.0.to_le_bytes());
    body.extend(&end.tail);
    put_chunk(out, kind::END_ELEMENT, &node_header(&end.header), &body);
}

fn put_text(out: &mut Vec<u8>, text: &Text) {
    let mut body = text.text.0.to_le_bytes().to_vec();
    put_value(&mut body, text.value);
    body.extend(&text.tail);
    put_chunk(out, kind::TEXT, &node_header(&text.header), &body);
}

fn put_value(out: &mut Vec<u8>, value: TypedValue) {
    out.extend(value.size.to_le_bytes());
    out.extend([value.reserved, value.kind]);
    out.extend(value.data.to_le_bytes());
}

fn node_header(header: &NodeHeader) -> Vec<u8> {
    let mut bytes = header.line.to_le_bytes().to_vec();
    bytes.extend(header.comment.0.to_le_bytes());
    bytes.extend(&header.extra);
    bytes
}

/// A count or length that was read from two bytes, or that an edit keeps within them.
fn size_u16(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
