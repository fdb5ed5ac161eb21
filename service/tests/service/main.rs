//! The service over real HTTP.
#![cfg(unix)]

mod bucket;
mod dashboard;
mod http;
mod kinds;
#[path = "../postgres/mod.rs"]
mod postgres;
mod running;
#[path = "../s3/mod.rs"]
mod s3;
