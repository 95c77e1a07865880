//! What the groups of an identity provider may do in a tenant (page 004, "SAML Group Mapping").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{is_name, refused, required};
use crate::error::Error;
use crate::permission::Permissions;

/// Mappings of a tenant at most: they stand in one item of 400 KB.
pub const MAX_MAPPINGS: usize = 100;
/// Characters of a description at most.
pub const MAX_DESCRIPTION: usize = 500;

/// What a customer sends. Null is as good as absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GroupRequest {
    /// The mapping to change; absent for a new one.
    pub id: Option<u64>,
    /// As the identity provider writes it. Required.
    pub group_name: Option<String>,
    /// Permission keys. Required; an empty list gives nothing.
    pub permissions: Option<Vec<String>>,
    /// For people. Absent: empty, or what it was.
    pub description: Option<String>,
    /// Absent: true, or what it was.
    pub enabled: Option<bool>,
}

/// One group and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMapping {
    /// Its number, never given twice in a tenant.
    pub id: u64,
    /// As the identity provider writes it: compared sign by sign.
    pub group_name: String,
    /// What it may do.
    pub permissions: Permissions,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Whether it counts.
    pub enabled: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
}

/// All mappings of a tenant, which are read and written together, so that names and ids stay unique.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMappings {
    /// Counts changes: each is made on the condition that none came in between.
    #[serde(default)]
    pub revision: u64,
    /// The highest id that was ever given.
    #[serde(default)]
    pub last_id: u64,
    /// In the order of their ids.
    #[serde(default)]
    pub groups: Vec<GroupMapping>,
}

impl GroupMappings {
    /// Creates a mapping, or changes the one with the request's id, and says which it was. On an error nothing is changed.
    pub fn save(&mut self, request: &GroupRequest, now: Timestamp) -> Result<u64, Error> {
        let before = request.id.map(|id| self.mapping(id)).transpose()?;
        let now = now.as_second();
        let kept = |before: &GroupMapping| before.description.clone();
        let mapping = GroupMapping {
            id: before.map_or(self.last_id.saturating_add(1), |before| before.id),
            group_name: group_name(required(&request.group_name, "group_name", "Group name")?)?,
            permissions: permissions(request.permissions.as_deref())?,
            description: description(request.description.as_deref())?.or(before.map(kept)).unwrap_or_default(),
            enabled: request.enabled.or(before.map(|before| before.enabled)).unwrap_or(true),
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: now,
        };
        self.require_unique(&mapping)?;
        self.put(mapping)
    }

    /// Takes all of them away. Their ids stay used.
    pub fn clear(&mut self) {
        self.groups.clear();
    }

    fn mapping(&self, id: u64) -> Result<&GroupMapping, Error> {
        self.groups.iter().find(|mapping| mapping.id == id).ok_or(Error::NotFound("Group mapping not found"))
    }

    fn require_unique(&self, mapping: &GroupMapping) -> Result<(), Error> {
        if self.groups.iter().any(|other| other.id != mapping.id && other.group_name == mapping.group_name) {
            return Err(Error::Conflict {
                code: "group_mapping_exists",
                message: "A mapping of this group exists already",
            });
        }
        Ok(())
    }

    fn put(&mut self, mapping: GroupMapping) -> Result<u64, Error> {
        let id = mapping.id;
        match self.groups.iter().position(|other| other.id == id) {
            Some(place) => self.groups[place] = mapping,
            None if self.groups.len() >= MAX_MAPPINGS => return Err(too_many()),
            None => self.groups.push(mapping),
        }
        self.last_id = self.last_id.max(id);
        Ok(id)
    }
}

fn too_many() -> Error {
    Error::LimitReached {
        code: "group_mapping_limit",
        message: "A tenant can have up to 100 group mappings".into(),
        limit: MAX_MAPPINGS.try_into().unwrap_or(u32::MAX),
        retry_after: None,
    }
}

fn group_name(text: &str) -> Result<String, Error> {
    // A name of nothing but spaces is a slip of whoever typed it.
    if is_name(text) && !text.trim().is_empty() {
        Ok(text.to_owned())
    } else {
        Err(refused("group_name", "Group name must be 1 to 256 characters without control characters"))
    }
}

fn permissions(keys: Option<&[String]>) -> Result<Permissions, Error> {
    let keys = keys.ok_or_else(|| refused("permissions", "Permissions are missing"))?;
    Permissions::of_keys(keys.iter().map(String::as_str))
}

fn description(text: Option<&str>) -> Result<Option<String>, Error> {
    let Some(text) = text else { return Ok(None) };
    let is_hidden = |sign: char| sign.is_control() && !matches!(sign, '\n' | '\r' | '\t');
    if text.chars().count() <= MAX_DESCRIPTION && !text.chars().any(is_hidden) {
        Ok(Some(text.to_owned()))
    } else {
        Err(refused("description", "Description must be at most 500 characters without control characters"))
    }
}
