//! Faults: processes are killed, stopped and moved in time, databases and disks go away; what was asked for is done, once.
//!
//! `docs/reliability.md` has the table of what is tried here and what came of it.
#![cfg(all(target_os = "linux", feature = "service"))]

mod bucket;
mod clock;
mod database;
mod disk;
mod kill;
mod long;
mod place;
#[path = "../../../service/tests/postgres/mod.rs"]
mod postgres;
mod requests;
#[path = "../../../service/tests/s3/mod.rs"]
mod s3;
mod serving;
mod slow;
mod worker;

/// Each test on SQLite, and on PostgreSQL where there is one.
macro_rules! on_both {
    ($($(#[$of:meta])* $name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] $(#[$of])* fn $name() { super::$name(&mut crate::place::Place::sqlite()); })*
        }
        mod postgres {
            $(#[test] $(#[$of])* fn $name() {
                if let Some(mut place) = crate::place::Place::postgres() { super::$name(&mut place); }
            })*
        }
    };
}
use on_both;
