//! Cross-function tests: all of them in one binary, `tests/all`, since each binary with the SDK takes long to link.
