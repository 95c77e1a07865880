//! The chunks of a document as they are kept in memory: every field and every byte beyond the known fields.

use super::ElementId;
use crate::strings::StringRef;

/// `RES_*` and `RES_XML_*` chunk types.
pub(super) mod kind {
    pub(in super::super) const XML: u16 = 0x0003;
    pub(in super::super) const START_NAMESPACE: u16 = 0x0100;
    pub(in super::super) const END_NAMESPACE: u16 = 0x0101;
    pub(in super::super) const START_ELEMENT: u16 = 0x0102;
    pub(in super::super) const END_ELEMENT: u16 = 0x0103;
    pub(in super::super) const TEXT: u16 = 0x0104;
    pub(in super::super) const RESOURCE_MAP: u16 = 0x0180;
}

/// Length of a node's header: the chunk's header, line number and comment.
pub(super) const NODE_HEADER_LENGTH: u16 = 16;
/// Length of an attribute, and of the fixed fields of an element after the node's header.
pub(super) const ATTRIBUTE_LENGTH: u16 = 20;

/// One chunk of the document's body.
#[derive(Clone, Debug)]
pub(super) enum Chunk {
    /// The place of the string pool.
    Strings,
    /// The place of the resource map, and its header's extra bytes.
    ResourceMap { header_extra: Vec<u8> },
    /// Start of a namespace.
    StartNamespace(Namespace),
    /// End of a namespace.
    EndNamespace(Namespace),
    /// Start of an element.
    Start(ElementId),
    /// End of an element.
    End(ElementEnd),
    /// Text between elements.
    Text(Text),
    /// A chunk of another type, whole: the platform skips it.
    Unknown(Vec<u8>),
}

/// What every node begins with.
#[derive(Clone, Debug)]
pub(super) struct NodeHeader {
    pub(super) line: u32,
    pub(super) comment: StringRef,
    pub(super) extra: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Namespace {
    pub(super) header: NodeHeader,
    pub(super) prefix: StringRef,
    pub(super) uri: StringRef,
    pub(super) tail: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) header: NodeHeader,
    pub(super) namespace: StringRef,
    pub(super) name: StringRef,
    /// Bytes between the fixed fields and the first attribute.
    pub(super) gap: Vec<u8>,
    /// Bytes of each attribute beyond the usual twenty.
    pub(super) attribute_extra: u16,
    /// One-based place of the attribute `id`, `class` and `style`; 0 for none.
    pub(super) special: [u16; 3],
    pub(super) attributes: Vec<Attribute>,
    pub(super) tail: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) namespace: StringRef,
    pub(super) name: StringRef,
    pub(super) raw: StringRef,
    pub(super) value: TypedValue,
    pub(super) extra: Vec<u8>,
}

/// `Res_value`.
#[derive(Clone, Copy, Debug)]
pub(super) struct TypedValue {
    pub(super) size: u16,
    pub(super) reserved: u8,
    pub(super) kind: u8,
    pub(super) data: u32,
}

#[derive(Clone, Debug)]
pub(super) struct ElementEnd {
    pub(super) header: NodeHeader,
    pub(super) namespace: StringRef,
    pub(super) name: StringRef,
    pub(super) tail: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) header: NodeHeader,
    pub(super) text: StringRef,
    pub(super) value: TypedValue,
    pub(super) tail: Vec<u8>,
}

impl TypedValue {
    pub(super) fn shift(&mut self, at: u32) {
        if self.kind == super::value::kind::STRING {
            let mut string = StringRef(self.data);
            string.shift(at);
            self.data = string.0;
        }
    }
}

impl Element {
    pub(super) fn shift(&mut self, at: u32) {
        self.header.comment.shift(at);
        self.namespace.shift(at);
        self.name.shift(at);
        for attribute in &mut self.attributes {
            attribute.namespace.shift(at);
            attribute.name.shift(at);
            attribute.raw.shift(at);
            attribute.value.shift(at);
        }
    }
}

impl Chunk {
    /// Moves the string indices of this chunk; an element's stand in the element itself.
    pub(super) fn shift(&mut self, at: u32) {
        match self {
            Self::StartNamespace(namespace) | Self::EndNamespace(namespace) => {
                namespace.header.comment.shift(at);
                namespace.prefix.shift(at);
                namespace.uri.shift(at);
            }
            Self::End(end) => {
                end.header.comment.shift(at);
                end.namespace.shift(at);
                end.name.shift(at);
            }
            Self::Text(text) => {
                text.header.comment.shift(at);
                text.text.shift(at);
                text.value.shift(at);
            }
            Self::Strings | Self::ResourceMap { .. } | Self::Start(_) | Self::Unknown(_) => {}
        }
    }
}
