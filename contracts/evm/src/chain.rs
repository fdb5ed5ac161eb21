//! Whose prices a transaction is charged at.

use revm::primitives::eip7825;
use revm::primitives::hardfork::SpecId;

/// A chain whose rules and prices the embedded EVM follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Ethereum since Osaka.
    Ethereum,
    /// Monad since its tenth revision: precompiles and cold accesses have prices of their own.
    Monad,
    /// ZKsync: the verdict alone. See [`Chain::unpriced`].
    Zksync,
}

impl Chain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ethereum, Self::Monad, Self::Zksync];

    pub(crate) const ETHEREUM: SpecId = SpecId::OSAKA;

    /// Its name in commands and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ethereum => "ethereum",
            Self::Monad => "monad",
            Self::Zksync => "zksync",
        }
    }

    /// The revision whose rules are followed.
    pub fn revision(self) -> &'static str {
        match self {
            Self::Ethereum | Self::Zksync => "Osaka",
            Self::Monad => "MonadTen",
        }
    }

    /// Why there is no figure for the gas, where there is none.
    ///
    /// ZKsync runs contracts in an interpreter that is itself charged for, and adds what it costs to publish the state.
    /// What is known of its prices are whole transactions of one precompile call each (82,910 for a transfer, 126,274
    /// with one scalar multiplication, 291,326 with a pairing of two pairs). They hold the price of a call and of an
    /// interpreter's start together, and none of them that of the field arithmetic in which most of a verification is:
    /// any split fits them, and the splits are more than an order of magnitude apart.
    pub fn unpriced(self) -> Option<&'static str> {
        match self {
            Self::Ethereum | Self::Monad => None,
            Self::Zksync => Some(
                "the contract runs as on Ethereum there, but what ZKsync charges for it is not a function of the EVM's \
                 gas: ask a node of ZKsync for an estimate",
            ),
        }
    }

    /// The most gas a transaction may have.
    pub fn gas_limit(self) -> u64 {
        match self {
            Self::Ethereum | Self::Zksync => eip7825::TX_GAS_LIMIT_CAP,
            Self::Monad => monad_revm::cfg::MONAD_TX_GAS_LIMIT_CAP,
        }
    }
}
