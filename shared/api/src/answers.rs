//! Answers that many calls share.

use serde::Serialize;
use utoipa::ToSchema;

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Success {
    /// Always true.
    success: bool,
}

impl Success {
    /// It is done.
    pub const DONE: Self = Self { success: true };
}
