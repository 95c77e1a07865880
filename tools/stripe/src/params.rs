//! The parameters of a call: each is taken by name, and what nobody took is refused.

use std::collections::BTreeMap;

use crate::error::Refusal;

/// What is allowed of metadata (Stripe's documentation, metadata).
const MAX_FIELDS: usize = 50;
const MAX_FIELD: usize = 40;
const MAX_TEXT: usize = 500;
/// Parameters of one call, long before which none of the calls here can go on.
const MAX_PARAMS: usize = 200;

/// Texts by names.
pub(crate) type Metadata = BTreeMap<String, String>;

/// The parameters of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// From a query or a body.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, Refusal> {
        let mut params = BTreeMap::new();
        for (place, (name, value)) in form_urlencoded::parse(encoded).into_owned().enumerate() {
            if place == MAX_PARAMS {
                return Err(Refusal::unknown(&name));
            }
            // `expand[]` can come again: one place each, as if it were counted.
            let name = if let Some(list) = name.strip_suffix("[]") { format!("{list}[{place}]") } else { name };
            if params.insert(name.clone(), value).is_some() {
                return Err(Refusal::bad_param(&name, "given twice"));
            }
        }
        Ok(Self(params))
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    pub(crate) fn need(&mut self, name: &str) -> Result<String, Refusal> {
        self.take(name).filter(|value| !value.is_empty()).ok_or_else(|| Refusal::missing_param(name))
    }

    pub(crate) fn take_bool(&mut self, name: &str) -> Result<Option<bool>, Refusal> {
        self.take(name).map(|value| value.parse().map_err(|_| Refusal::bad_param(name, &value))).transpose()
    }

    /// One of a few words.
    pub(crate) fn take_word(&mut self, name: &str, words: &[&str]) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            Some(value) if words.contains(&value.as_str()) => Ok(Some(value)),
            Some(value) => Err(Refusal::bad_param(name, &value)),
            None => Ok(None),
        }
    }

    /// The values of `name[0]`, `name[1]`, and so on.
    pub(crate) fn take_each(&mut self, name: &str) -> Vec<String> {
        let within = |key: &str| {
            let place = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            place.parse::<usize>().ok()
        };
        let mut found: Vec<(usize, String)> = self
            .0
            .extract_if(.., |key, _| within(key).is_some())
            .map(|(key, value)| (within(&key).unwrap_or(0), value))
            .collect();
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// What stands under `name`, in brackets.
    pub(crate) fn take_metadata(&mut self, name: &str) -> Result<Metadata, Refusal> {
        let within = |key: &str| {
            let field = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            (!field.contains(['[', ']'])).then(|| field.to_owned())
        };
        let taken = self.0.extract_if(.., |key, _| within(key).is_some());
        let metadata: Metadata = taken.filter_map(|(key, value)| Some((within(&key)?, value))).collect();
        let fits = |(field, text): (&String, &String)| {
            (1..=MAX_FIELD).contains(&field.chars().count()) && text.chars().count() <= MAX_TEXT
        };
        if metadata.len() > MAX_FIELDS || !metadata.iter().all(fits) {
            return Err(Refusal::bad_param(name, "too many fields, or too long ones"));
        }
        Ok(metadata)
    }

    /// Nothing is left.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        self.0.keys().next().map_or(Ok(()), |name| Err(Refusal::unknown(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Params {
        Params::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_nobody_takes_is_unknown() {
        let mut params = parse("customer=cus_1&expand[]=a&expand[]=b.c&metadata[tenant]=x%20y");
        assert_eq!(params.need("customer").unwrap(), "cus_1");
        assert_eq!(params.need("customer"), Err(Refusal::missing_param("customer")));
        assert_eq!(params.take_each("expand"), ["a", "b.c"]);
        assert_eq!(params.finish(), Err(Refusal::unknown("metadata[tenant]")));
        assert_eq!(params.take_metadata("metadata").unwrap()["tenant"], "x y");
        assert_eq!(params.finish(), Ok(()));
    }

    #[test]
    fn values_have_their_types() {
        let mut params = parse("a=true&b=yes&c=team&d=free");
        assert_eq!(params.take_bool("a"), Ok(Some(true)));
        assert!(params.take_bool("b").is_err());
        assert!(params.take_word("c", &["team"]).is_ok());
        assert!(params.take_word("d", &["team"]).is_err());
        assert!(Params::parse(b"a=1&a=2").is_err());
        assert!(Params::parse("a[]=1&".repeat(MAX_PARAMS + 1).as_bytes()).is_err());
    }

    #[test]
    fn metadata_has_limits() {
        let long = "x".repeat(MAX_TEXT + 1);
        assert!(parse(&format!("metadata[a]={long}")).take_metadata("metadata").is_err());
        assert!(parse(&format!("metadata[{}]=a", &long[..41])).take_metadata("metadata").is_err());
        let many: String = (0..=MAX_FIELDS).map(|field| format!("metadata[f{field}]=a&")).collect();
        assert!(parse(&many).take_metadata("metadata").is_err());
    }
}
