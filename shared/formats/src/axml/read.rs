//! Bytes to document: every chunk is checked here, so that nothing after needs to.

use super::chunk::{
    ATTRIBUTE_LENGTH, Attribute, Chunk, Element, ElementEnd, NODE_HEADER_LENGTH, Namespace, NodeHeader, Text,
    TypedValue, kind,
};
use super::error::Error;
use super::{Document, ElementId, value};
use crate::chunk::{self, RawChunk, invalid};
use crate::limits::Limits;
use crate::reader::{Reader, widen};
use crate::strings::{StringPool, StringRef, Words};

impl Document {
    /// Reads a document; `limits` bound its length and the depth of its elements.
    ///
    /// Refused are chunks that do not fit into each other, references to strings that do not exist, elements that do not match,
    /// and anything but one root.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        if widen(bytes.len()) > limits.document_bytes {
            return Err(Error::TooLarge { length: bytes.len(), limit: limits.document_bytes });
        }
        let mut file = Reader::new(bytes);
        let kind = Reader::new(bytes).u16("chunk type")?;
        if kind != kind::XML {
            return Err(invalid("chunk type", 0, kind, "binary XML begins with type 0x3").into());
        }
        let mut xml = RawChunk::read(&mut file)?;
        let mut parser = Parser::new(limits.depth);
        while !xml.body.is_empty() {
            parser.chunk(RawChunk::read(&mut xml.body)?)?;
        }
        let (header_extra, trailing) = (xml.header.rest().to_vec(), file.rest().to_vec());
        let (pool, resource_ids, elements, body) = parser.finish(xml.body.offset())?;
        Ok(Self { original: Some(bytes.to_vec()), header_extra, pool, resource_ids, elements, body, trailing })
    }
}

type Parsed = (StringPool<'static>, Vec<u32>, Vec<Element>, Vec<Chunk>);

struct Parser {
    depth: u32,
    pool: Option<StringPool<'static>>,
    resource_ids: Option<Vec<u32>>,
    elements: Vec<Element>,
    open: Vec<ElementId>,
    body: Vec<Chunk>,
}

impl Parser {
    const fn new(depth: u32) -> Self {
        Self { depth, pool: None, resource_ids: None, elements: Vec::new(), open: Vec::new(), body: Vec::new() }
    }

    fn chunk(&mut self, chunk: RawChunk<'_>) -> Result<(), Error> {
        let next = match chunk.kind {
            chunk::STRING_POOL => self.string_pool(chunk)?,
            kind::RESOURCE_MAP => self.resource_map(&chunk)?,
            kind::START_NAMESPACE => Chunk::StartNamespace(self.namespace(chunk)?),
            kind::END_NAMESPACE => Chunk::EndNamespace(self.namespace(chunk)?),
            kind::START_ELEMENT => self.start(chunk)?,
            kind::END_ELEMENT => self.end(chunk)?,
            kind::TEXT => self.text(chunk)?,
            _ => Chunk::Unknown(chunk.whole.to_vec()),
        };
        self.body.push(next);
        Ok(())
    }

    fn string_pool(&mut self, chunk: RawChunk<'_>) -> Result<Chunk, Error> {
        self.before_nodes("string pool", chunk.offset, self.pool.is_some())?;
        self.pool = Some(StringPool::parse(chunk)?.into_owned());
        Ok(Chunk::Strings)
    }

    fn resource_map(&mut self, chunk: &RawChunk<'_>) -> Result<Chunk, Error> {
        self.before_nodes("resource map", chunk.offset, self.resource_ids.is_some())?;
        self.resource_ids = Some(Words::new(chunk.body.rest()).iter().collect());
        Ok(Chunk::ResourceMap { header_extra: chunk.header.rest().to_vec() })
    }

    /// The platform stops looking for the pool and the map at the first node.
    fn before_nodes(&self, chunk: &'static str, offset: u64, repeated: bool) -> Result<(), Error> {
        let misplaced = |defect| Err(Error::Misplaced { chunk, offset, defect });
        let is_node = |chunk: &Chunk| !matches!(chunk, Chunk::Strings | Chunk::ResourceMap { .. } | Chunk::Unknown(_));
        if repeated {
            return misplaced("is the second one");
        }
        if self.body.iter().any(is_node) {
            return misplaced("stands behind the first node");
        }
        Ok(())
    }

    fn namespace(&self, chunk: RawChunk<'_>) -> Result<Namespace, Error> {
        let (header, mut body) = self.node(chunk)?;
        let prefix = self.string(&mut body, "namespace prefix")?;
        let uri = self.string(&mut body, "namespace URI")?;
        Ok(Namespace { header, prefix, uri, tail: body.rest().to_vec() })
    }

    fn start(&mut self, chunk: RawChunk<'_>) -> Result<Chunk, Error> {
        let offset = chunk.offset;
        if self.open.is_empty() && !self.elements.is_empty() {
            return Err(Error::Unbalanced { defect: "a second root", offset });
        }
        if self.open.len() >= usize::try_from(self.depth).unwrap_or(usize::MAX) {
            return Err(Error::TooDeep { offset, limit: self.depth });
        }
        let element = self.element(chunk)?;
        let id = ElementId(self.elements.len());
        self.elements.push(element);
        self.open.push(id);
        Ok(Chunk::Start(id))
    }

    fn element(&self, chunk: RawChunk<'_>) -> Result<Element, Error> {
        let offset = chunk.offset;
        let (header, mut body) = self.node(chunk)?;
        let namespace = self.string(&mut body, "element namespace")?;
        let name = self.name(&mut body, "element name")?;
        let start = body.u16("start of the attributes")?;
        let length = body.u16("attribute size")?;
        let count = body.u16("attribute count")?;
        let mut special = [0; 3];
        for place in &mut special {
            *place = body.u16("index of a special attribute")?;
        }
        let invalid = |field, found: u16, rule| invalid(field, offset, found, rule);
        let gap = start.checked_sub(ATTRIBUTE_LENGTH);
        let gap =
            gap.ok_or_else(|| invalid("start of the attributes", start, "at least the 20 bytes of the known fields"))?;
        let gap = body.take(usize::from(gap), "bytes before the attributes")?.to_vec();
        let extra = length.checked_sub(ATTRIBUTE_LENGTH).filter(|extra| extra.is_multiple_of(4));
        let extra = extra.or((count == 0).then_some(0));
        let extra = extra.ok_or_else(|| invalid("attribute size", length, "a multiple of 4, and at least 20"))?;
        let attributes = (0..count).map(|_| self.attribute(&mut body, extra)).collect::<Result<_, _>>()?;
        let tail = body.rest().to_vec();
        Ok(Element { header, namespace, name, gap, attribute_extra: extra, special, attributes, tail })
    }

    fn attribute(&self, body: &mut Reader<'_>, extra: u16) -> Result<Attribute, Error> {
        Ok(Attribute {
            namespace: self.string(body, "attribute namespace")?,
            name: self.name(body, "attribute name")?,
            raw: self.string(body, "attribute raw value")?,
            value: self.value(body, "attribute value")?,
            extra: body.take(usize::from(extra), "attribute")?.to_vec(),
        })
    }

    fn end(&mut self, chunk: RawChunk<'_>) -> Result<Chunk, Error> {
        let offset = chunk.offset;
        let (header, mut body) = self.node(chunk)?;
        let namespace = self.string(&mut body, "element namespace")?;
        let name = self.name(&mut body, "element name")?;
        let end = ElementEnd { header, namespace, name, tail: body.rest().to_vec() };
        let start = self.open.pop().and_then(|id| self.elements.get(id.0));
        let start = start.ok_or(Error::Unbalanced { defect: "an end without a start", offset })?;
        if (start.namespace, start.name) != (namespace, name) {
            return Err(Error::Unbalanced { defect: "an end with another name than its start", offset });
        }
        Ok(Chunk::End(end))
    }

    fn text(&self, chunk: RawChunk<'_>) -> Result<Chunk, Error> {
        let (header, mut body) = self.node(chunk)?;
        let text = self.string(&mut body, "text")?;
        let value = self.value(&mut body, "text value")?;
        Ok(Chunk::Text(Text { header, text, value, tail: body.rest().to_vec() }))
    }

    fn node<'a>(&self, chunk: RawChunk<'a>) -> Result<(NodeHeader, Reader<'a>), Error> {
        let mut header = chunk.header;
        let line = header.u32("line number")?;
        let comment = self.string(&mut header, "comment")?;
        Ok((NodeHeader { line, comment, extra: header.rest().to_vec() }, chunk.body))
    }

    fn value(&self, body: &mut Reader<'_>, field: &'static str) -> Result<TypedValue, Error> {
        let size = body.u16(field)?;
        let reserved = body.u8(field)?;
        let kind = body.u8(field)?;
        let offset = body.offset();
        let data = body.u32(field)?;
        if kind == value::kind::STRING {
            self.known(StringRef(data), field, offset)?;
        }
        Ok(TypedValue { size, reserved, kind, data })
    }

    /// A string that must be there.
    fn name(&self, body: &mut Reader<'_>, field: &'static str) -> Result<StringRef, Error> {
        let offset = body.offset();
        let string = self.string(body, field)?;
        match string.index() {
            Some(_) => Ok(string),
            None => Err(invalid(field, offset, u32::MAX, "it must have a name").into()),
        }
    }

    /// A string, or none.
    fn string(&self, body: &mut Reader<'_>, field: &'static str) -> Result<StringRef, Error> {
        let offset = body.offset();
        self.known(StringRef(body.u32(field)?), field, offset)
    }

    fn known(&self, string: StringRef, field: &'static str, offset: u64) -> Result<StringRef, Error> {
        let Some(index) = string.index() else { return Ok(string) };
        let count = self.pool.as_ref().map_or(0, StringPool::count);
        let pool = self.pool.as_ref().filter(|_| index < count);
        let pool = pool.ok_or(Error::StringOutOfRange { field, offset, index, count })?;
        pool.text(index).map_err(|defect| Error::BadString { index, field, offset, defect })?;
        Ok(string)
    }

    fn finish(self, offset: u64) -> Result<Parsed, Error> {
        if !self.open.is_empty() {
            return Err(Error::Unbalanced { defect: "an element that is still open", offset });
        }
        let pool = self.pool.filter(|_| !self.elements.is_empty());
        let pool = pool.ok_or(Error::Unbalanced { defect: "no root", offset })?;
        let resource_ids = self.resource_ids.unwrap_or_default();
        if widen(resource_ids.len()) > u64::from(pool.count()) {
            let rule = "the map must not be longer than the string pool";
            return Err(invalid("length of the resource map", offset, widen(resource_ids.len()), rule).into());
        }
        Ok((pool, resource_ids, self.elements, self.body))
    }
}

const _: () = assert!(NODE_HEADER_LENGTH == 16, "line number and comment follow the chunk's header");
