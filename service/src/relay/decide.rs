//! What to do next about a post, from what is known of it: no database and no node here.

use crate::job::State as JobState;
use crate::store::Transaction;
use sumcast_contracts::alloy_primitives::U256;
use sumcast_contracts::client::{Fees, Head, Included};

/// Seconds of the chain's clock that a transaction has before another one with higher fees replaces it.
const PATIENCE: u64 = 60;

/// Transactions of a post that may fail in blocks.
pub(super) const MOST_ATTEMPTS: i64 = 3;

/// Transactions of a chain that wait for a block at once.
pub(super) const IN_FLIGHT: usize = 8;

/// What is known of a post that is sent.
#[derive(Clone, Debug)]
pub(super) struct Sent<'a> {
    pub(super) head: Head,
    pub(super) confirmations: u64,
    /// Where one of its transactions is.
    pub(super) place: Found,
    /// The last of its transactions, whose fees are the highest.
    pub(super) last: &'a Transaction,
    /// How many nonces were signed for it.
    pub(super) attempts: i64,
    /// Whether it was in a block when it was last looked at.
    pub(super) was_included: bool,
    /// What gets a transaction into a block now.
    pub(super) fees: Fees,
    /// The most that is paid for a gas.
    pub(super) max_fee: u128,
    /// Wei that may be paid beyond what is signed: none where another account has signed.
    pub(super) left: u128,
}

/// Where a transaction of a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// In a block that the chain has.
    Block(Included),
    /// In no block, and the nonce is free: whether the node knows the last one, and whether the nonce is the next one.
    Free { known: bool, next: bool },
    /// In no block, and the nonce is used: whether as many blocks are on top as are asked for.
    Used { for_good: bool },
}

/// What to do about a post that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// Nothing.
    Wait,
    /// Note the block that it is in.
    Note(Included),
    /// Note that it is in no block any more.
    Reorganised,
    /// Send the last one again.
    Resend,
    /// Sign one with higher fees.
    Raise(Fees),
    /// It would take higher fees, which are not allowed: send the last one again if the node does not know it.
    Stuck { known: bool },
    /// It is posted.
    Confirm(Included),
    /// Its transaction has failed: it waits again, or no more.
    Failed { by: Included, again: bool },
    /// Somebody else has used the nonce, and that may be dropped yet.
    Taken,
    /// Somebody else has used the nonce: it waits again.
    Lost,
}

/// What to do about a post that is sent.
pub(super) fn follow(known: &Sent<'_>) -> Follow {
    match known.place {
        Found::Block(by) if known.head.number < by.block.saturating_add(known.confirmations) => {
            Follow::Note(by)
        }
        Found::Block(by) if by.success => Follow::Confirm(by),
        Found::Block(by) => Follow::Failed { by, again: known.attempts < MOST_ATTEMPTS },
        Found::Used { for_good: true } => Follow::Lost,
        Found::Used { for_good: false } => Follow::Taken,
        Found::Free { .. } if known.was_included => Follow::Reorganised,
        Found::Free { known: node, next } => {
            let late = next && known.head.time >= known.last.signed.saturating_add(PATIENCE);
            let more = |fees: &Fees| fees.max.saturating_sub(known.last.max_fee);
            let cost = |fees: &Fees| u128::from(known.last.gas).saturating_mul(more(fees));
            match raised(known.last, known.fees, known.max_fee).filter(|fees| cost(fees) <= known.left) {
                Some(fees) if late => Follow::Raise(fees),
                None if late => Follow::Stuck { known: node },
                _ if node => Follow::Wait,
                _ => Follow::Resend,
            }
        }
    }
}

/// Fees that replace a transaction: nodes take one only if both of them are an eighth higher.
fn raised(last: &Transaction, now: Fees, most: u128) -> Option<Fees> {
    let eighth = |fee: u128| fee.saturating_add((fee / 8).saturating_add(1));
    let max = eighth(last.max_fee).max(now.max.min(most));
    let tip = eighth(last.tip).max(now.tip.min(max));
    (max <= most && tip <= max).then_some(Fees { max, tip })
}

/// What is known of a post that waits, before the node is asked.
#[derive(Clone, Debug)]
pub(super) struct Waiting<'a> {
    /// The proof's job: its state, and why there is no proof; none if it is gone.
    pub(super) proof: Option<&'a (JobState, Option<String>)>,
    /// Whether another one of the same topic and worker is before it, or in no block yet.
    pub(super) behind: bool,
    /// Transactions of the chain that wait for a block.
    pub(super) in_flight: usize,
}

/// Whether it is the turn of a post that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is not.
    Wait,
    /// It is.
    Go,
    /// There is nothing to post.
    Refuse(String),
}

/// Whether it is the turn of a post that waits.
pub(super) fn turn(known: &Waiting<'_>) -> Turn {
    let Some((state, fault)) = known.proof else {
        return Turn::Refuse("the job of its proof is gone".into());
    };
    match state {
        JobState::Queued | JobState::Running => Turn::Wait,
        JobState::Cancelled => Turn::Refuse("its proof was cancelled".into()),
        JobState::Failed => {
            let fault = fault.as_deref().unwrap_or_default();
            Turn::Refuse(format!("there is no proof: {fault}"))
        }
        JobState::Done if known.behind || known.in_flight >= IN_FLIGHT => Turn::Wait,
        JobState::Done => Turn::Go,
    }
}

/// What a contract has against a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// Something that may change without a further request: a signature comes, or another post.
    Now(String),
    /// Something else.
    Always(String),
}

/// What the chain says of a post whose turn it is.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) head: Head,
    /// Whether the feed has it, and whether it had it as many blocks ago as are asked for.
    pub(super) there: bool,
    pub(super) for_good: bool,
    /// The gas that the call may use, or what the contract has against it.
    pub(super) tried: Result<u64, Against>,
    pub(super) fees: Fees,
    pub(super) max_fee: u128,
    /// Wei that were paid in the last 24 hours, or may be for what is in flight.
    pub(super) spent: u128,
    pub(super) spend_per_day: u128,
    pub(super) balance: U256,
}

/// What to do about a post whose turn it is. What is told of it is in words that stay the same as long as it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is there already.
    Posted,
    /// Wait for something of its own.
    Stay(String),
    /// Wait for something that holds up others, too.
    Hold(String),
    /// It never will be.
    Refuse(String),
    /// Sign a transaction.
    Sign { gas: u64, fees: Fees },
}

/// What to do about a post whose turn it is.
pub(super) fn step(known: &Asked) -> Step {
    if known.for_good {
        return Step::Posted;
    }
    if known.there {
        return Step::Stay("somebody else has posted it: it waits for confirmations".into());
    }
    let gas = match &known.tried {
        Ok(gas) => *gas,
        Err(Against::Now(why)) => return Step::Stay(why.clone()),
        Err(Against::Always(why)) => return Step::Refuse(why.clone()),
    };
    let most = known.max_fee;
    let price = known.head.base_fee.saturating_add(known.fees.tip);
    if price > most {
        return Step::Hold(format!("a gas costs more than the {most} wei that max_fee_gwei allows"));
    }
    let fees = Fees { max: known.fees.max.min(most), tip: known.fees.tip };
    let cost = u128::from(gas).saturating_mul(fees.max);
    let limit = known.spend_per_day;
    if known.spent.saturating_add(cost) > limit {
        return Step::Hold(format!("it may cost more than is left of the {limit} wei of spend_wei_per_day"));
    }
    if known.balance < U256::from(cost) {
        return Step::Hold("it may cost more than the account has: send it some".into());
    }
    Step::Sign { gas, fees }
}

#[cfg(test)]
mod tests;
