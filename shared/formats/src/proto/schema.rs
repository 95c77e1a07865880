//! Which messages stand in which fields: as much of aapt2's `Resources.proto` as leads to names, values and files.

/// A kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    Package,
    Type,
    Entry,
    ConfigValue,
    Value,
    Item,
    Compound,
    Attribute,
    Symbol,
    Style,
    StyleEntry,
    Styleable,
    StyleableEntry,
    Array,
    ArrayElement,
    Plural,
    PluralEntry,
    Reference,
    File,
    XmlNode,
    XmlElement,
    XmlAttribute,
}

impl Kind {
    /// The kind of the message in a field; `None` for what is no message or leads to nothing that is looked at.
    pub(super) const fn child(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::Table, 2) => Self::Package,
            (Self::Package, 3) => Self::Type,
            (Self::Type, 3) => Self::Entry,
            (Self::Entry, 6) => Self::ConfigValue,
            (Self::ConfigValue, 2) => Self::Value,
            (Self::Value, 4) | (Self::StyleEntry, 4) | (Self::ArrayElement, 3) | (Self::PluralEntry, 4) => Self::Item,
            (Self::Value, 5) => Self::Compound,
            (Self::Item, 1) => Self::Reference,
            (Self::Item, 5) => Self::File,
            (Self::Compound, 1) => Self::Attribute,
            (Self::Compound, 2) => Self::Style,
            (Self::Compound, 3) => Self::Styleable,
            (Self::Compound, 4) => Self::Array,
            (Self::Compound, 5) => Self::Plural,
            (Self::Attribute, 4) => Self::Symbol,
            (Self::Symbol, 3) | (Self::Style, 1) | (Self::StyleEntry, 3) | (Self::StyleableEntry, 3) => Self::Reference,
            (Self::Style, 3) => Self::StyleEntry,
            (Self::Styleable, 1) => Self::StyleableEntry,
            (Self::Array, 1) => Self::ArrayElement,
            (Self::Plural, 1) => Self::PluralEntry,
            (Self::XmlNode, 1) => Self::XmlElement,
            (Self::XmlElement, 4) => Self::XmlAttribute,
            (Self::XmlElement, 5) => Self::XmlNode,
            (Self::XmlAttribute, 6) => Self::Item,
            _ => return None,
        })
    }

    /// Its name in the `.proto` file.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Table => "ResourceTable",
            Self::Package => "Package",
            Self::Type => "Type",
            Self::Entry => "Entry",
            Self::ConfigValue => "ConfigValue",
            Self::Value => "Value",
            Self::Item => "Item",
            Self::Compound => "CompoundValue",
            Self::Attribute => "Attribute",
            Self::Symbol => "Attribute.Symbol",
            Self::Style => "Style",
            Self::StyleEntry => "Style.Entry",
            Self::Styleable => "Styleable",
            Self::StyleableEntry => "Styleable.Entry",
            Self::Array => "Array",
            Self::ArrayElement => "Array.Element",
            Self::Plural => "Plural",
            Self::PluralEntry => "Plural.Entry",
            Self::Reference => "Reference",
            Self::File => "FileReference",
            Self::XmlNode => "XmlNode",
            Self::XmlElement => "XmlElement",
            Self::XmlAttribute => "XmlAttribute",
        }
    }
}

/// Numbers of fields, by message.
pub(super) mod number {
    pub(in super::super) const TABLE_PACKAGE: u32 = 2;
    pub(in super::super) const PACKAGE_ID: u32 = 1;
    pub(in super::super) const PACKAGE_NAME: u32 = 2;
    pub(in super::super) const PACKAGE_TYPE: u32 = 3;
    pub(in super::super) const TYPE_ID: u32 = 1;
    pub(in super::super) const TYPE_NAME: u32 = 2;
    pub(in super::super) const TYPE_ENTRY: u32 = 3;
    pub(in super::super) const ENTRY_ID: u32 = 1;
    pub(in super::super) const ENTRY_NAME: u32 = 2;
    pub(in super::super) const ENTRY_OVERLAYABLE: u32 = 5;
    pub(in super::super) const ENTRY_VALUE: u32 = 6;
    /// In `PackageId`, `TypeId` and `EntryId`.
    pub(in super::super) const ID: u32 = 1;
    pub(in super::super) const CONFIG: u32 = 1;
    pub(in super::super) const CONFIG_VALUE: u32 = 2;
    pub(in super::super) const VALUE_ITEM: u32 = 4;
    pub(in super::super) const ITEM_REFERENCE: u32 = 1;
    pub(in super::super) const ITEM_TEXT: u32 = 2;
    pub(in super::super) const ITEM_RAW_TEXT: u32 = 3;
    pub(in super::super) const ITEM_STYLED_TEXT: u32 = 4;
    pub(in super::super) const ITEM_FILE: u32 = 5;
    pub(in super::super) const ITEM_ID: u32 = 6;
    pub(in super::super) const ITEM_PRIMITIVE: u32 = 7;
    /// In `String`, `RawString` and `StyledString`.
    pub(in super::super) const TEXT: u32 = 1;
    pub(in super::super) const STYLED_SPAN: u32 = 2;
    pub(in super::super) const SPAN_TAG: u32 = 1;
    pub(in super::super) const REFERENCE_TYPE: u32 = 1;
    pub(in super::super) const REFERENCE_ID: u32 = 2;
    pub(in super::super) const REFERENCE_NAME: u32 = 3;
    pub(in super::super) const REFERENCE_IS_DYNAMIC: u32 = 5;
    /// `allow_raw`, behind `type_flags`: no field of a `Reference` has a higher number.
    pub(in super::super) const REFERENCE_LAST: u32 = 7;
    pub(in super::super) const FILE_PATH: u32 = 1;
    pub(in super::super) const FILE_TYPE: u32 = 2;
    pub(in super::super) const NODE_ELEMENT: u32 = 1;
    pub(in super::super) const NODE_TEXT: u32 = 2;
    pub(in super::super) const ELEMENT_NAMESPACE_DECLARATION: u32 = 1;
    pub(in super::super) const ELEMENT_NAMESPACE: u32 = 2;
    pub(in super::super) const ELEMENT_NAME: u32 = 3;
    pub(in super::super) const ELEMENT_ATTRIBUTE: u32 = 4;
    pub(in super::super) const ELEMENT_CHILD: u32 = 5;
    pub(in super::super) const NAMESPACE_PREFIX: u32 = 1;
    pub(in super::super) const NAMESPACE_URI: u32 = 2;
    pub(in super::super) const ATTRIBUTE_NAMESPACE: u32 = 1;
    pub(in super::super) const ATTRIBUTE_NAME: u32 = 2;
    pub(in super::super) const ATTRIBUTE_VALUE: u32 = 3;
    pub(in super::super) const ATTRIBUTE_RESOURCE_ID: u32 = 5;
    pub(in super::super) const ATTRIBUTE_ITEM: u32 = 6;
}
