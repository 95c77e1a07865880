//! The local server: starts the local AWS, serves every router, polls the queues.
