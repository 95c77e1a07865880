//! Checks an output with readers and signature checkers, never with the engine.
