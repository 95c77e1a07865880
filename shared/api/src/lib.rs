//! Callers, extractors, error envelope, request ids, OpenAPI.
