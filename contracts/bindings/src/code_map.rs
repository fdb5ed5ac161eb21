//! Which function a byte of a contract's code is of.

use serde::Deserialize;

/// The functions of the sources that the verifier's deployed code is compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeMap {
    functions: Vec<String>,
    of_byte: Vec<usize>,
}

/// The file that the build of the contracts writes.
#[derive(Deserialize)]
struct File {
    functions: Vec<String>,
    runs: String,
}

impl CodeMap {
    /// That of the verifier; empty if the file is damaged, which a test of this crate would tell.
    pub fn verifier() -> Self {
        Self::parse(include_str!("../../artifacts/SumcastVerifier.map.json"))
            .unwrap_or_else(|| Self { functions: vec![String::new()], of_byte: Vec::new() })
    }

    fn parse(text: &str) -> Option<Self> {
        let File { functions, runs } = serde_json::from_str(text).ok()?;
        let mut of_byte = Vec::new();
        for run in runs.split(' ') {
            let (bytes, function) = run.split_once('x')?;
            let (bytes, function) = (bytes.parse::<u16>().ok()?, function.parse().ok()?);
            functions.get::<usize>(function)?;
            of_byte.resize(of_byte.len() + usize::from(bytes), function);
        }
        Some(Self { functions, of_byte })
    }

    /// Of each byte of the code, `Library.function`; none of what the compiler cannot say it of, such as a constant that
    /// many functions use.
    pub fn bytes(&self) -> impl Iterator<Item = Option<&str>> {
        let name = |function: &usize| self.functions.get(*function).map(String::as_str);
        self.of_byte.iter().map(move |function| name(function).filter(|name| !name.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Contract;

    #[test]
    fn the_map_is_of_the_code() {
        let map = CodeMap::verifier();
        assert_eq!(map.bytes().count(), Contract::Verifier.deployed_code().len());
        let known = map.bytes().flatten().count();
        assert!(2 * known > map.bytes().count(), "{known} bytes are of functions");
        for name in ["SumcastVerifier.verify", "Transcript.challenges", "Curve.addProducts"] {
            assert!(map.bytes().flatten().any(|found| found == name), "{name}");
        }
    }

    #[test]
    fn what_is_no_map_is_refused() {
        let parse =
            |runs: &str| CodeMap::parse(&format!(r#"{{"functions": ["", "A.f"], "runs": "{runs}"}}"#));
        let map = parse("1x0 2x1").unwrap();
        assert_eq!(map.bytes().collect::<Vec<_>>(), [None, Some("A.f"), Some("A.f")]);
        for wrong in ["", "1", "1x", "x1", "1x2", "-1x0"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
        assert!(CodeMap::parse("{}").is_none());
    }
}
