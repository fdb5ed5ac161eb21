//! Parameter files and powers-of-tau files. The first byte says which: 0 a parameter file, 1 one whose digests are
//! repaired so that what is behind them is reached, anything else a `.ptau`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;
use std::path::Path;
use sumcast_fuzz::{Memory, repair_srs};
use sumcast_params::Srs;

/// The import reads blocks of 1 MiB.
const MEMORY: Memory = Memory { per_byte: 16, fixed: 2 << 20 };

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let path = Path::new("input");
    let srs = match kind {
        0 => MEMORY.bound(bytes.len(), || Srs::read_from(&mut Cursor::new(bytes), path, None)),
        1 => {
            let mut bytes = bytes.to_vec();
            repair_srs(&mut bytes);
            MEMORY.bound(bytes.len(), || Srs::read_from(&mut Cursor::new(&bytes), path, None))
        }
        _ => MEMORY.bound(bytes.len(), || {
            Srs::import_ptau_from(&mut Cursor::new(bytes), path, None, &mut |_, _, _| ())
        }),
    };
    if let Ok(srs) = srs {
        assert_eq!(srs.g1().len(), 1 << srs.log_size());
        // A string that was imported is known to be the powers of one tau.
        assert!(*kind < 2 || srs.check_powers(&mut |_, _| ()).is_ok());
    }
});
