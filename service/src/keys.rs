//! API keys: who may do what.
//!
//! A key is `sumcast_ID_SECRET`: the name of its row, and 256 random bits in hexadecimal, of which the database has the
//! SHA-256 alone. The bits are too many to be guessed, so the digest needs no salt and no work.

use crate::job::words;
use crate::store::now;
use rand::Rng;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// What every key begins with, so that one that was published is found.
const PREFIX: &str = "sumcast_";

/// The longest name of an owner, characters.
const LONGEST: usize = 64;

/// A day, in milliseconds.
const DAY: i64 = 86_400_000;

/// What a key may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To see what its owner has: lists, jobs, files; to verify proofs.
    Read,
    /// To ask for proofs, and to cancel jobs.
    Prove,
    /// To upload models.
    Models,
    /// To have proofs posted to chains, which the service pays for.
    Post,
    /// To see what is to be attested, of everyone, with its proofs, and to give signatures.
    Attest,
    /// Everything, of everyone.
    Operate,
}

words!(Scope {
    Read = "read",
    Prove = "prove",
    Models = "models",
    Post = "post",
    Attest = "attest",
    Operate = "operate",
});

impl FromStr for Scope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let refused = || format!("there is no scope {word:?}: read, prove, models, post, attest or operate");
        Self::of_word(word).ok_or_else(refused)
    }
}

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whose it is: 1 to 64 letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// What it is for, at least one thing.
    pub scopes: Vec<Scope>,
    /// Days until it expires; never, if not given.
    pub days: Option<u32>,
    /// Requests in a minute; as the settings have it if not given.
    pub per_minute: Option<u32>,
}

/// A key as it is kept: all but its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Its own name.
    pub id: String,
    /// Whose it is. Jobs belong to this name, so that a key can be replaced by another one of it.
    pub name: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// Requests in a minute; as the settings have it if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// When it was made, milliseconds since 1970.
    pub created: i64,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<i64>,
    #[serde(skip)]
    pub(crate) digest: [u8; 32],
}

/// A key as its owner has it, shown once.
pub struct Token(String);

impl Token {
    /// The whole of it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Why a key does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Revoked,
    Expired,
}

impl ApiKey {
    /// Makes a key.
    ///
    /// # Errors
    /// What is wrong with its name or scopes, as a sentence.
    pub fn new(new: NewKey) -> Result<(Self, Token), String> {
        let NewKey { name, mut scopes, days, per_minute } = new;
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if !(1..=LONGEST).contains(&name.len()) || !name.chars().all(fits) {
            return Err(format!(
                "a name has 1 to {LONGEST} letters, digits, '.', '-' and '_', unlike {name:?}"
            ));
        }
        scopes.sort_by_key(|scope| *scope as u8);
        scopes.dedup();
        if scopes.is_empty() {
            return Err("a key is for something: read, prove, models, post, attest or operate".into());
        }
        let secret: [u8; 32] = rand::rng().random();
        let (id, created) = (crate::new_id(), now());
        let token = Token(format!("{PREFIX}{id}_{}", hex::encode(secret)));
        let expires = days.map(|days| created + i64::from(days) * DAY);
        let digest = Sha256::digest(secret).into();
        Ok((Self { id, name, scopes, per_minute, created, expires, revoked: None, digest }, token))
    }

    /// Whether this is its secret; how long it takes to tell says nothing.
    pub(crate) fn is_of(&self, secret: &[u8; 32]) -> bool {
        Sha256::digest(secret).ct_eq(&self.digest).into()
    }

    /// Whether it no longer counts, at a time in milliseconds since 1970.
    pub(crate) fn ended(&self, now: i64) -> Option<Ended> {
        match (self.revoked, self.expires) {
            (Some(_), _) => Some(Ended::Revoked),
            (None, Some(expires)) if expires <= now => Some(Ended::Expired),
            _ => None,
        }
    }
}

/// The id and the secret of a key as its owner sends it.
pub(crate) fn read(token: &str) -> Option<(&str, [u8; 32])> {
    let (id, text) = token.strip_prefix(PREFIX)?.split_once('_')?;
    let mut secret = [0; 32];
    hex::decode_to_slice(text, &mut secret).ok()?;
    Some((id, secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> NewKey {
        NewKey { name: "alice".into(), scopes: vec![Scope::Read], days: None, per_minute: None }
    }

    #[test]
    fn a_key_is_known_by_its_secret_alone() {
        let (key, token) = ApiKey::new(new()).unwrap();
        let (id, mut secret) = read(token.reveal()).unwrap();
        assert_eq!(id, key.id);
        assert!(key.is_of(&secret));
        secret[31] ^= 1;
        assert!(!key.is_of(&secret));
        assert_eq!(format!("{token:?}"), "Token");
        assert_ne!(ApiKey::new(new()).unwrap().1.reveal(), token.reveal());
        for wrong in ["", "sumcast_", "sumcast_a", "sumcast_a_", "sumcast_a_00", "other_a_00"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_key_ends_when_it_is_revoked_or_expires() {
        let (mut key, _) = ApiKey::new(NewKey { days: Some(2), ..new() }).unwrap();
        assert_eq!(key.ended(key.created + 2 * DAY - 1), None);
        assert_eq!(key.ended(key.created + 2 * DAY), Some(Ended::Expired));
        key.revoked = Some(key.created);
        assert_eq!(key.ended(key.created), Some(Ended::Revoked));
    }

    #[test]
    fn what_is_no_name_or_has_no_scope_is_refused() {
        let long = "a".repeat(65);
        for name in ["", "a b", "a\n", "a,b", "é", &long] {
            assert!(ApiKey::new(NewKey { name: name.into(), ..new() }).is_err(), "{name:?}");
        }
        assert!(ApiKey::new(NewKey { scopes: vec![], ..new() }).is_err());
        let twice = NewKey { scopes: vec![Scope::Prove, Scope::Read, Scope::Prove], ..new() };
        assert_eq!(ApiKey::new(twice).unwrap().0.scopes, [Scope::Read, Scope::Prove]);
        assert!("write".parse::<Scope>().unwrap_err().contains("\"write\""));
    }
}
