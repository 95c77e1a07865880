//! Stripe's form encoding: what is within something stands in brackets after its name.

use std::collections::BTreeMap;

use form_urlencoded::Serializer;

/// Texts by names that an object carries for us: 50 at most, names of 40 and texts of 500 characters, no brackets in names
/// (Stripe's documentation, metadata).
pub type Metadata = BTreeMap<String, String>;

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn with_each<'a>(self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        values.into_iter().fold(self, |form, value| form.with(format!("{name}[]"), value))
    }

    /// `name` is where the metadata belongs, with its brackets.
    pub(crate) fn with_metadata(self, name: &str, metadata: &Metadata) -> Self {
        metadata.iter().fold(self, |form, (field, text)| form.with(format!("{name}[{field}]"), text))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn encode(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_nest_and_texts_are_escaped() {
        let metadata = Metadata::from([("tenant".to_owned(), "a&b=c d/ü".to_owned())]);
        let form = Form::default().with("line_items[0][price]", "price_1").with_each("expand", ["a.b", "c"]);
        let form = form.with_metadata("subscription_data[metadata]", &metadata).with_some("email", None::<String>);
        assert_eq!(
            form.encode(),
            "line_items%5B0%5D%5Bprice%5D=price_1&expand%5B%5D=a.b&expand%5B%5D=c\
             &subscription_data%5Bmetadata%5D%5Btenant%5D=a%26b%3Dc+d%2F%C3%BC"
        );
    }
}
