//! Lists in pages, from the latest.

use super::Problem;

/// Most of a page, and as many as are listed if nothing is said.
const MOST: i64 = 100;
const USUAL: i64 = 20;

/// How many a page may have, of as many as are asked for.
pub(super) fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    let limit = asked.unwrap_or(USUAL);
    match (1..=MOST).contains(&limit) {
        true => Ok(limit),
        false => Err(Problem::invalid(format!("limit is {limit}: from 1 to {MOST}"))),
    }
}

/// A page of so many, of which one more were asked for to see whether there are; and the name of its last one, if there are.
pub(super) fn cut<T>(mut found: Vec<T>, limit: i64, id: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or_default());
    let next = found.last().filter(|_| more).map(|last| id(last).to_owned());
    (found, next)
}
