//! What there is of a person: its tenant with everything in it, and the events of its calls.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::id::TenantId;
use domain::member::EmailAddress;
use tests::events::Logged;

use crate::remains::{Item, read};
use crate::world::World;

/// What is drawn anew, or counts how often something was written: it differs between tenants that went through the same.
const DRAWN: [&str; 7] = ["pk", "sk", "revision", "secret_hash", "sealed", "published", "material"];
/// As [`DRAWN`], of the record of a request: what names the request, and what it created.
const DRAWN_OF_REQUEST: [&str; 3] = ["scope", "body", "created"];

/// What is a person's, or of a colleague with the same domain, or of their tenant.
const CONCERNS: &str = "contains(pk, :domain) OR contains(sk, :domain) OR contains(pk, :tenant) OR tenant = :tenant \
                        OR contains(tenants, :tenant)";

/// Of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// By key.
    items: BTreeMap<String, Item>,
    /// In the order of their numbers.
    pub(crate) events: Vec<Logged>,
    /// What a text replaces, and by what.
    names: Vec<(String, &'static str)>,
}

impl World {
    /// What there is of a person who belongs to one tenant at most. Its roster agrees with the items, or this fails.
    pub(crate) async fn standing(&self, person: &EmailAddress) -> Standing {
        let tenants = self.bench.store().memberships(person).await.unwrap().tenants;
        assert!(tenants.len() <= 1, "{tenants:?}");
        let (_, domain) = person.as_str().split_once('@').unwrap();
        let mut names = vec![(domain.to_owned(), "example.com")];
        names.extend(tenants.iter().map(|tenant| (tenant.to_string(), "[tenant]")));
        // Whatever is there, also what nothing leads to.
        let scan = self.dynamodb.scan().table_name(&self.bench.stack.names.table).filter_expression(CONCERNS);
        let scan = scan.expression_attribute_values(":domain", AttributeValue::S(domain.to_owned()));
        let id = tenants.first().map_or("none", TenantId::as_str);
        let scan = scan.expression_attribute_values(":tenant", AttributeValue::S(id.to_owned()));
        let items = read(scan).await.into_iter().map(|item| (format!("{} {}", item["pk"], item["sk"]), item)).collect();
        let events = self.bench.events_of(person.as_str()).await;
        let mut standing = Standing { items, events, names };
        if let Some(tenant) = tenants.first() {
            standing.assert_agrees(tenant);
            let (tokens, keys, signing_keys) = (standing.tokens(), standing.keys(), standing.signing_keys(tenant));
            standing.names.extend(tokens.into_iter().map(|id| (id, "[token]")));
            standing.names.extend(keys.into_iter().map(|id| (id, "[key]")));
            standing.names.extend(signing_keys.into_iter().map(|id| (id, "[signing key]")));
            let (tickets, comments) = (standing.tickets(tenant), standing.comments(tenant));
            standing.names.extend(tickets.into_iter().map(|id| (id, "[ticket]")));
            standing.names.extend(comments.into_iter().map(|id| (id, "[comment]")));
            let attachments = standing.named(&format!("TENANT#{tenant} ATTACHMENT#"), "");
            standing.names.extend(attachments.into_iter().map(|id| (id, "[attachment]")));
            let exchanges = standing.named(&format!("TENANT#{tenant} EXCHANGE#{person}#"), "");
            standing.names.extend(exchanges.into_iter().map(|id| (id, "[exchange]")));
        }
        standing
    }
}

/// What counts for good of what a tenant has used, if anything does: what is being answered counts for two minutes, also where nobody
/// ends it. Other items as they are.
fn answered(item: &Item) -> Option<Item> {
    let mut item = item.clone();
    if let (Some(used), Some(pending)) = (item.get("used").cloned(), item.remove("pending")) {
        // Texts of a map: one for each entry.
        let left = used.parse::<usize>().unwrap() - pending.matches("\": ").count();
        item.insert("used".to_owned(), left.to_string());
        return (left > 0).then_some(item);
    }
    Some(item)
}

impl Standing {
    /// As text, which is the same for every tenant that went through the same.
    pub(crate) fn plainly(&self) -> Vec<String> {
        let line = |(key, item): (&String, &Item)| {
            let of_request = key.contains(" IDEMPOTENCY#");
            let drawn = |name: &str| DRAWN.contains(&name) || (of_request && DRAWN_OF_REQUEST.contains(&name));
            let kept: BTreeMap<_, _> = item.iter().filter(|(name, _)| !drawn(name)).collect();
            let numbered = ["IDEMPOTENCY#", "MAIL#"].iter().find_map(|kind| Some(key.find(kind)? + kind.len()));
            let text = format!("{} {kept:?}", &key[..numbered.unwrap_or(key.len())]);
            self.names.iter().fold(text, |text, (name, instead)| text.replace(name, instead))
        };
        let items = self.items.iter().filter_map(|(key, item)| Some((key, answered(item)?)));
        let mut lines: Vec<String> = items.map(|(key, item)| line((key, &item))).collect();
        lines.sort();
        lines
    }

    /// Each set of the roster names just what there is, and all of that belongs to the tenant.
    fn assert_agrees(&self, tenant: &TenantId) {
        let own = format!("TENANT#{tenant} ");
        let people = self.named(&format!("{own}MEMBER#"), "");
        let belongs = |person: &String| self.items[&format!("PERSON#{person} PERSON")].contains_key("tenants");
        let known: Vec<String> = self.named("PERSON#", " PERSON").into_iter().filter(belongs).collect();
        assert_eq!(known, people);
        let (tokens, keys) = (self.tokens(), self.keys());
        assert_eq!(self.named(&format!("{own}TOKEN#"), ""), tokens);
        let permissions = |person: &String| &self.items[&format!("{own}MEMBER#{person}")]["permissions"];
        let administers = |person: &&String| permissions(person).contains("user_and_api_management");
        let admins = people.iter().filter(administers).cloned().collect();
        let signing_keys = self.signing_keys(tenant);
        let default = self.items[&format!("{own}TENANT")].get("default_android_key");
        assert!(default.is_none_or(|key| signing_keys.contains(key)), "{default:?} of {signing_keys:?}");
        let roster = &self.items[&format!("{own}ROSTER")];
        let sets = [
            ("people", &people),
            ("admins", &admins),
            ("tokens", &tokens),
            ("keys", &keys),
            ("android_keys", &signing_keys),
            ("open_tickets", &self.tickets(tenant)),
        ];
        for (name, there) in sets {
            // A set that becomes empty is gone.
            let listed = roster.get(name).map_or("[]", String::as_str);
            assert_eq!(listed, format!("{there:?}"), "{name} of {roster:?}");
        }
        let enforced = self.items[&format!("{own}TENANT")].get("sso_only");
        let held = roster.get("breakglass").map(|account| format!("{:?}", BTreeMap::from([("breakglass", account)])));
        assert_eq!(enforced, held.as_ref(), "{roster:?}");
    }

    fn tokens(&self) -> Vec<String> {
        self.named("API_TOKEN#", " API_TOKEN")
    }

    fn keys(&self) -> Vec<String> {
        self.named("AUTOMATION_KEY#", " AUTOMATION_KEY")
    }

    /// All of them are for Android.
    fn signing_keys(&self, tenant: &TenantId) -> Vec<String> {
        self.named(&format!("TENANT#{tenant} SIGNING_KEY#"), "")
    }

    /// All of them are open.
    fn tickets(&self, tenant: &TenantId) -> Vec<String> {
        self.named(&format!("TENANT#{tenant} TICKET#"), "")
    }

    fn comments(&self, tenant: &TenantId) -> Vec<String> {
        let keys = self.named(&format!("TENANT#{tenant} TICKET_COMMENT#"), "");
        keys.iter().filter_map(|key| Some(key.split_once('#')?.1.to_owned())).collect()
    }

    /// What stands between these two in the keys, in its order.
    fn named(&self, before: &str, after: &str) -> Vec<String> {
        let between = |key: &String| Some(key.strip_prefix(before)?.strip_suffix(after)?.to_owned());
        self.items.keys().filter_map(between).collect()
    }
}
