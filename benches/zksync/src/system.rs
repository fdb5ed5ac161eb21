//! ZKsync's own contracts: what its machine cannot start without.

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use tar::Archive;
use zksync_contracts::{BaseSystemContracts, SystemContractCode};
use zksync_types::block::DeployedContract;
use zksync_types::bytecode::BytecodeHash;
use zksync_types::web3::keccak256;
use zksync_types::{
    ACCOUNT_CODE_STORAGE_ADDRESS, AccountTreeId, Address, BOOTLOADER_ADDRESS, BOOTLOADER_UTILITIES_ADDRESS,
    CODE_ORACLE_ADDRESS, COMPLEX_UPGRADER_ADDRESS, COMPRESSOR_ADDRESS, CONTRACT_DEPLOYER_ADDRESS,
    CREATE2_FACTORY_ADDRESS, EC_ADD_PRECOMPILE_ADDRESS, EC_MUL_PRECOMPILE_ADDRESS,
    EC_PAIRING_PRECOMPILE_ADDRESS, ECRECOVER_PRECOMPILE_ADDRESS, EVENT_WRITER_ADDRESS,
    EVM_GAS_MANAGER_ADDRESS, EVM_HASHES_STORAGE_ADDRESS, EVM_PREDEPLOYS_MANAGER_ADDRESS, IDENTITY_ADDRESS,
    IMMUTABLE_SIMULATOR_STORAGE_ADDRESS, KECCAK256_PRECOMPILE_ADDRESS, KNOWN_CODES_STORAGE_ADDRESS,
    L1_MESSENGER_ADDRESS, L2_BASE_TOKEN_ADDRESS, L2_INTEROP_ROOT_STORAGE_ADDRESS, MODEXP_PRECOMPILE_ADDRESS,
    MSG_VALUE_SIMULATOR_ADDRESS, NONCE_HOLDER_ADDRESS, PUBDATA_CHUNK_PUBLISHER_ADDRESS,
    SECP256R1_VERIFY_PRECOMPILE_ADDRESS, SHA256_PRECOMPILE_ADDRESS, SLOAD_CONTRACT_ADDRESS,
    SYSTEM_CONTEXT_ADDRESS,
};

/// The files that a transaction can reach, and where their code is. Those of the bridges to other chains are left out.
const CONTRACTS: [(&str, Address); 32] = [
    ("AccountCodeStorage", ACCOUNT_CODE_STORAGE_ADDRESS),
    ("BootloaderUtilities", BOOTLOADER_UTILITIES_ADDRESS),
    ("CodeOracle", CODE_ORACLE_ADDRESS),
    ("ComplexUpgrader", COMPLEX_UPGRADER_ADDRESS),
    ("Compressor", COMPRESSOR_ADDRESS),
    ("ContractDeployer", CONTRACT_DEPLOYER_ADDRESS),
    ("Create2Factory", CREATE2_FACTORY_ADDRESS),
    ("EcAdd", EC_ADD_PRECOMPILE_ADDRESS),
    ("EcMul", EC_MUL_PRECOMPILE_ADDRESS),
    ("EcPairing", EC_PAIRING_PRECOMPILE_ADDRESS),
    ("Ecrecover", ECRECOVER_PRECOMPILE_ADDRESS),
    ("EmptyContract", Address::zero()),
    ("EmptyContract", BOOTLOADER_ADDRESS),
    ("EventWriter", EVENT_WRITER_ADDRESS),
    ("EvmGasManager", EVM_GAS_MANAGER_ADDRESS),
    ("EvmHashesStorage", EVM_HASHES_STORAGE_ADDRESS),
    ("EvmPredeploysManager", EVM_PREDEPLOYS_MANAGER_ADDRESS),
    ("Identity", IDENTITY_ADDRESS),
    ("ImmutableSimulator", IMMUTABLE_SIMULATOR_STORAGE_ADDRESS),
    ("Keccak256", KECCAK256_PRECOMPILE_ADDRESS),
    ("KnownCodesStorage", KNOWN_CODES_STORAGE_ADDRESS),
    ("L1Messenger", L1_MESSENGER_ADDRESS),
    ("L2BaseToken", L2_BASE_TOKEN_ADDRESS),
    ("L2InteropRootStorage", L2_INTEROP_ROOT_STORAGE_ADDRESS),
    ("Modexp", MODEXP_PRECOMPILE_ADDRESS),
    ("MsgValueSimulator", MSG_VALUE_SIMULATOR_ADDRESS),
    ("NonceHolder", NONCE_HOLDER_ADDRESS),
    ("P256Verify", SECP256R1_VERIFY_PRECOMPILE_ADDRESS),
    ("PubdataChunkPublisher", PUBDATA_CHUNK_PUBLISHER_ADDRESS),
    ("SHA256", SHA256_PRECOMPILE_ADDRESS),
    ("SloadContract", SLOAD_CONTRACT_ADDRESS),
    ("SystemContext", SYSTEM_CONTEXT_ADDRESS),
];

/// The contracts of an archive.
#[derive(Clone, Debug)]
pub struct System {
    /// What the machine itself runs: how transactions are handled, accounts without code, the EVM's interpreter.
    pub base: BaseSystemContracts,
    /// What is at the addresses of the system.
    pub deployed: Vec<DeployedContract>,
    /// Keccak-256 of the archive, in hexadecimal.
    pub digest: String,
}

impl System {
    /// Reads the archive.
    ///
    /// # Errors
    /// Says what cannot be read, or which contract is missing.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        Self::from_archive(&bytes).with_context(|| format!("{}", path.display()))
    }

    fn from_archive(bytes: &[u8]) -> Result<Self> {
        let codes = codes(bytes).context("not an archive of compiled contracts")?;
        let code = |name: &str| codes.get(name).cloned().with_context(|| format!("it has no {name}"));
        let base = |name: &str| {
            let code = code(name)?;
            anyhow::Ok(SystemContractCode { hash: BytecodeHash::for_bytecode(&code).value(), code })
        };
        let deployed = CONTRACTS.iter().map(|(name, address)| {
            Ok(DeployedContract { account_id: AccountTreeId::new(*address), bytecode: code(name)? })
        });
        Ok(Self {
            base: BaseSystemContracts {
                bootloader: base("proved_batch")?,
                default_aa: base("DefaultAccount")?,
                evm_emulator: Some(base("EvmEmulator")?),
            },
            deployed: deployed.collect::<Result<_>>()?,
            digest: hex::encode(keccak256(bytes)),
        })
    }
}

/// Code by the name of the contract.
fn codes(archive: &[u8]) -> Result<HashMap<String, Vec<u8>>> {
    let mut codes = HashMap::new();
    for entry in Archive::new(GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let Some(name) = entry.path()?.file_stem().map(|name| name.to_string_lossy().into_owned()) else {
            bail!("an entry has no name")
        };
        let mut text = String::new();
        entry.read_to_string(&mut text)?;
        let artifact: serde_json::Value = serde_json::from_str(&text).with_context(|| name.clone())?;
        if let Some(code) = artifact["bytecode"]["object"].as_str() {
            codes.insert(name, hex::decode(code.trim_start_matches("0x"))?);
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn codes_are_found_by_the_names_of_contracts() {
        let artifact = r#"{"bytecode": {"object": "0x0102"}}"#;
        let files = archive(&[("contracts/zkout/A.sol/A.json", artifact), ("B.json", "{}")]);
        assert_eq!(codes(&files).unwrap(), HashMap::from([("A".into(), vec![1, 2])]));
    }

    #[test]
    fn what_is_wrong_with_an_archive_is_said() {
        let error = |bytes: &[u8]| format!("{:#}", System::from_archive(bytes).unwrap_err());
        assert!(error(b"no archive").contains("not an archive of compiled contracts"));
        assert!(error(&archive(&[])).contains("it has no proved_batch"));
        assert!(error(&archive(&[("A.json", "{")])).contains('A'));
    }
}
