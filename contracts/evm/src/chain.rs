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
    /// ZKsync runs contracts in an interpreter that is itself charged for, and adds what it costs to publish the state:
    /// the price is not a function of the EVM's gas. That of the bundled models has been measured in ZKsync's own machine
    /// (`benches/zksync`, `docs/gas.md`), which is too large to be embedded here.
    pub fn unpriced(self) -> Option<&'static str> {
        match self {
            Self::Ethereum | Self::Monad => None,
            Self::Zksync => Some(
                "the contract runs as on Ethereum there, but what ZKsync charges for it is not a function of the EVM's \
                 gas: docs/gas.md has what was measured of the bundled models, and a node of ZKsync estimates any other",
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
