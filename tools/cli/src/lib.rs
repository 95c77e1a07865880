//! The customer's command line: a pure HTTP client of the Automation API.
