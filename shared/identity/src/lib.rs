//! ID tokens of the user pool: their keys, their checks, and whom they name.
