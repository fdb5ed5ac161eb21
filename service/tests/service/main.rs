//! The service over real HTTP.
#![cfg(unix)]

mod http;
mod kinds;
#[path = "../postgres/mod.rs"]
mod postgres;
mod running;
