//! The XML form: one value within `<plist>`, without what readers take differently.

use std::str::Utf8Error;

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use super::budget::Budget;
use super::error::Error;
use crate::limits::Limits;
use crate::reader::widen;

/// May stand before the XML, as UTF-8 writes it.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Checks the structure and counts the values.
pub(super) fn survey(bytes: &[u8], limits: &Limits) -> Result<u64, Error> {
    let not_utf8 = |error: Utf8Error| xml("text that is not UTF-8".to_owned(), widen(error.valid_up_to()));
    let mut reader = Reader::from_str(str::from_utf8(bytes).map_err(not_utf8)?);
    reader.config_mut().expand_empty_elements = true;
    let mut survey = Survey { budget: Budget::new(limits), open: 0, roots: 0, outermost: 0 };
    loop {
        let offset = reader.buffer_position();
        let event = reader.read_event().map_err(|error| xml(error.to_string(), reader.error_position()))?;
        if matches!(event, Event::Eof) {
            return survey.end(offset);
        }
        survey.event(&event, offset)?;
    }
}

struct Survey<'a> {
    budget: Budget<'a>,
    /// Elements that are open.
    open: u64,
    /// Elements that stand in no other.
    roots: u64,
    /// Values that stand in no other.
    outermost: u64,
}

impl Survey<'_> {
    fn event(&mut self, event: &Event<'_>, offset: u64) -> Result<(), Error> {
        match event {
            Event::Start(element) => self.start(element.local_name().as_ref(), offset)?,
            Event::End(element) => self.close(element.local_name().as_ref()),
            Event::GeneralRef(name) if !name.is_char_ref() && resolve_xml_entity(name).is_none() => {
                return Err(xml(format!("the entity &{}; is not known", shown(name)), offset));
            }
            Event::CData(_) => return Err(xml("a CDATA section, which is not supported,".to_owned(), offset)),
            Event::DocType(text) if text.contains('[') => {
                return Err(xml("a document type with declarations of its own".to_owned(), offset));
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, name: &str, offset: u64) -> Result<(), Error> {
        if (self.open == 0) != (name == "plist") {
            return Err(xml(format!("<{}>, and values stand within one <plist>,", shown(name)), offset));
        }
        match self.open {
            0 => self.roots = self.roots.saturating_add(1),
            1 => self.outermost = self.outermost.saturating_add(1),
            _ => {}
        }
        if self.roots > 1 || self.outermost > 1 {
            return Err(xml("a second value".to_owned(), offset));
        }
        self.open = self.open.saturating_add(1);
        match name {
            "array" | "dict" => self.budget.value(offset).and_then(|()| self.budget.enter(offset)),
            "plist" | "key" => Ok(()),
            _ => self.budget.value(offset),
        }
    }

    fn close(&mut self, name: &str) {
        self.open = self.open.saturating_sub(1);
        if matches!(name, "array" | "dict") {
            self.budget.leave();
        }
    }

    fn end(&self, offset: u64) -> Result<u64, Error> {
        match (self.open, self.outermost) {
            (0, 1) => Ok(self.budget.values()),
            (0, _) => Err(xml("the end without a value".to_owned(), offset)),
            _ => Err(xml("the end within an element".to_owned(), offset)),
        }
    }
}

/// As much of a name as a message has room for.
fn shown(name: &str) -> String {
    name.chars().take(40).flat_map(char::escape_debug).collect()
}

const fn xml(defect: String, offset: u64) -> Error {
    Error::Xml { defect, offset }
}
