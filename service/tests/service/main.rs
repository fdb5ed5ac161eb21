//! The service over real HTTP.
#![cfg(unix)]

mod dashboard;
mod http;
mod kinds;
#[path = "../postgres/mod.rs"]
mod postgres;
mod running;
