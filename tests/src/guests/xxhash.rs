//! xxHash, written by hand in the text format of wasm. It imports nothing and allocates nothing:
//! the supervisor lays out the memory. Its exports are tested against published test vectors.

use super::{
    Failure,
    host::{Driver, Function, GuestMemory, Host, Session},
    values::{args, length},
};
use guestbox::{HostCall, HostError, NoImports, Store, Supervisor, Values};

/// The prime used as the seed of the vectors; also the first word of the sanity buffer.
const PRIME32: u32 = 0x9e37_79b1;
const PRIME64: u64 = 0x9e37_79b1_85eb_ca8d;

/// Seed 0: the values printed by the reference program (xxhsum -H0 and -H1).
const TEXT_VECTORS: [(&str, u32, u64); 4] = [
    ("", 0x02cc_5d05, 0xef46_db37_51d8_e999),
    ("a", 0x550d_7456, 0xd24e_c4f1_a98c_6e5b),
    ("abc", 0x32d1_53ff, 0x44bc_2cf5_ad77_0999),
    ("Nobody inspects the spammish repetition", 0xe229_3b2f, 0xfbce_a83c_8a37_8bf1),
];

/// A length, a seed and the hashes of so many bytes of the sanity buffer.
struct BufferVector {
    length: u32,
    seed: u32,
    xxh32: u32,
    xxh64: u64,
}

const fn vector(length: u32, seed: u32, xxh32: u32, xxh64: u64) -> BufferVector {
    BufferVector { length, seed, xxh32, xxh64 }
}

/// The sanity check of the reference program (xxHash, `cli/xsum_sanity_check.c`): the first bytes
/// of the buffer that [`sanity_buffer`] makes, with seed 0 and with seed [`PRIME32`].
const BUFFER_VECTORS: [BufferVector; 8] = [
    vector(0, 0, 0x02cc_5d05, 0xef46_db37_51d8_e999),
    vector(0, PRIME32, 0x36b7_8ae7, 0xac75_fda2_929b_17ef),
    vector(1, 0, 0xcf65_b03e, 0xe934_a84a_db05_2768),
    vector(1, PRIME32, 0xb454_5aa4, 0x5014_6076_43a9_b4c3),
    vector(14, 0, 0x1208_e7e2, 0x8282_dcc4_994e_35c8),
    vector(14, PRIME32, 0x6af1_d1fe, 0xc3bd_6bf6_3deb_6df0),
    vector(222, 0, 0x5bd1_1dbd, 0xb641_ae8c_b691_c174),
    vector(222, PRIME32, 0x5880_3c5f, 0x20cb_8ab7_ae10_c14a),
];

// Where the supervisor puts the state of a hash made in pieces, and the input. The state must be
// all zero when a hash begins.
const STATE: u32 = 0;
const STATE32_SIZE: usize = 48;
const STATE64_SIZE: usize = 88;
const INPUT: u32 = 1024;

/// Shorter and longer than what the guest consumes at a time.
const PIECE: u32 = 37;

/// The supervisor.
#[derive(Default)]
pub(super) struct Xxhash {
    session: Session,
}

impl Supervisor for Xxhash {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        NoImports.dispatch(store, call)
    }
}

impl Driver for Xxhash {
    const FUNCTIONS: &'static [Function] = &[];
    const MEMORY: GuestMemory = GuestMemory::Exported("mem");

    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn drive(host: &mut Host<'_, Self>) -> Result<(), Failure> {
        host.hash_texts()?;
        let buffer = sanity_buffer(222);
        host.write(INPUT, &buffer)?;
        for vector in &BUFFER_VECTORS {
            host.hash_buffer(vector)?;
        }
        for vector in &BUFFER_VECTORS[6..] {
            host.hash_in_pieces(vector)?;
        }

        // A seed with the highest bit set: i64 values cross the border as signed.
        let hash: u64 = host.call("xxh64", args![INPUT, 222, PRIME64])?;
        host.print(format!("xxh64(buffer of 222 bytes, seed {PRIME64}) = {hash:016x}"));

        // The hashes go into the memory, so that its own hash at the end depends on all of the
        // above.
        let hash32: u32 = host.call("xxh32", args![INPUT, 222, 0])?;
        host.write_u32(INPUT + 256, hash32)?;
        host.write(INPUT + 264, &hash.to_le_bytes())?;
        host.print_memory()
    }
}

impl Host<'_, Xxhash> {
    fn hash_texts(&mut self) -> Result<(), Failure> {
        for (text, xxh32, xxh64) in TEXT_VECTORS {
            self.write(INPUT, text.as_bytes())?;
            let hash32 = self.call("xxh32", args![INPUT, length(text), 0])?;
            self.check32(&format!("(\"{text}\")"), hash32, xxh32)?;
            let hash64 = self.call("xxh64", args![INPUT, length(text), 0_u64])?;
            self.check64(&format!("(\"{text}\")"), hash64, xxh64)?;
        }
        Ok(())
    }

    fn hash_buffer(&mut self, vector: &BufferVector) -> Result<(), Failure> {
        let BufferVector { length, seed, xxh32, xxh64 } = *vector;
        let what = format!("(buffer of {length} bytes, seed {seed})");
        let hash32 = self.call("xxh32", args![INPUT, length, seed])?;
        self.check32(&what, hash32, xxh32)?;
        let hash64 = self.call("xxh64", args![INPUT, length, u64::from(seed)])?;
        self.check64(&what, hash64, xxh64)
    }

    /// The input stays where it is in the memory.
    fn hash_in_pieces(&mut self, vector: &BufferVector) -> Result<(), Failure> {
        let BufferVector { length, seed, xxh32, xxh64 } = *vector;
        let what = format!("(buffer of {length} bytes in pieces, seed {seed})");
        let pieces = || (0..length).step_by(PIECE as usize).map(|at| (INPUT + at, PIECE.min(length - at)));

        self.write(STATE, &[0; STATE32_SIZE])?;
        self.call::<()>("init32", args![STATE, seed])?;
        for (at, len) in pieces() {
            self.call::<()>("update32", args![STATE, at, len])?;
        }
        let hash32 = self.call("digest32", args![STATE])?;
        self.check32(&what, hash32, xxh32)?;

        self.write(STATE, &[0; STATE64_SIZE])?;
        self.call::<()>("init64", args![STATE, u64::from(seed)])?;
        for (at, len) in pieces() {
            self.call::<()>("update64", args![STATE, at, len])?;
        }
        let hash64 = self.call("digest64", args![STATE])?;
        self.check64(&what, hash64, xxh64)
    }

    fn check32(&mut self, what: &str, hash: u32, published: u32) -> Result<(), Failure> {
        self.check(format!("xxh32{what} = {hash:08x}"), hash == published)
    }

    fn check64(&mut self, what: &str, hash: u64, published: u64) -> Result<(), Failure> {
        self.check(format!("xxh64{what} = {hash:016x}"), hash == published)
    }

    fn check(&mut self, line: String, is_published: bool) -> Result<(), Failure> {
        self.print(&line);
        if is_published {
            return Ok(());
        }
        Err(Failure::unexpected(format!("{line}, which is not the published hash")))
    }
}

fn sanity_buffer(length: usize) -> Vec<u8> {
    let words = std::iter::successors(Some(u64::from(PRIME32)), |word| Some(word.wrapping_mul(PRIME64)));
    words.map(|word| word.to_be_bytes()[0]).take(length).collect()
}
