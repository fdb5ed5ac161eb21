//! The service over real HTTP.

mod http;
mod kinds;
mod running;
