//! Fields that are not known, in documents whose elements differ.

use std::collections::BTreeMap;

use super::super::super::schema::{Kind, number};
use super::super::super::value::Parts;
use super::super::super::wire::{Field, Message};

/// Highest numbers of the fields of a message.
const NODE_LAST: u32 = 3;
const ELEMENT_LAST: u32 = 5;
const ATTRIBUTE_LAST: u32 = 6;
const NAMESPACE_LAST: u32 = 3;

/// Whether all fields of the second document that are not known stand in the first as well, wherever that is. Both must have been read
/// before.
pub fn adds_nothing_unknown(before: &[u8], after: &[u8]) -> bool {
    let mut left = BTreeMap::<Vec<u8>, usize>::new();
    visit(Kind::XmlNode, Message::new(before), &mut |unknown| {
        let count = left.entry(unknown.to_vec()).or_default();
        *count = count.saturating_add(1);
    });
    let mut is_known = true;
    visit(Kind::XmlNode, Message::new(after), &mut |unknown| {
        let place = left.get_mut(unknown).and_then(|count| Some((count.checked_sub(1)?, count)));
        match place {
            Some((less, count)) => *count = less,
            None => is_known = false,
        }
    });
    is_known
}

/// Shows what is not known in each message. The depth was bounded when the document was read.
fn visit(kind: Kind, message: Message<'_>, look: &mut impl FnMut(&[u8])) {
    let last = match kind {
        Kind::XmlNode => NODE_LAST,
        Kind::XmlElement => ELEMENT_LAST,
        _ => ATTRIBUTE_LAST,
    };
    for field in message.fields().filter_map(Result::ok) {
        if field.number > last {
            look(field.bytes);
        }
        visit_field(kind, &field, look);
    }
}

fn visit_field(kind: Kind, field: &Field<'_>, look: &mut impl FnMut(&[u8])) {
    let Ok(message) = field.message("message") else { return };
    match (kind, kind.child(field.number)) {
        (Kind::XmlElement, None) if field.number == number::ELEMENT_NAMESPACE_DECLARATION => {
            let unknown = message.fields().filter_map(Result::ok).filter(|field| field.number > NAMESPACE_LAST);
            unknown.for_each(|field| look(field.bytes));
        }
        (_, Some(Kind::Item)) => {
            let parts = Parts::of(message).ok().into_iter();
            let unknown = parts.flat_map(|parts| [parts.unknown, parts.unknown_in_value]);
            unknown.filter(|unknown| !unknown.is_empty()).for_each(|unknown| look(&unknown));
        }
        (_, Some(child)) => visit(child, message, look),
        _ => {}
    }
}
