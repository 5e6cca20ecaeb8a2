//! Argon2, the password hash, compiled by Emscripten; its import and export names are shortened
//! to one letter. It copies blocks of 1024 bytes through an import: the supervisor writes the
//! guest's memory while the guest computes.

use super::{
    Failure,
    host::{Driver, Function, GuestMemory, Host, Session, serve},
    trace::hex,
    values::{args, length, words},
};
use guestbox::{FuncIndex, HostCall, HostError, Store, Supervisor, Value, Values};

// What the imports are, in the names of the C sources.
const EMSCRIPTEN_MEMCPY_BIG: FuncIndex = FuncIndex(0);
const EMSCRIPTEN_RESIZE_HEAP: FuncIndex = FuncIndex(1);

// What the exports are, in the names of the C sources.
const CALL_CONSTRUCTORS: &str = "d";
const ARGON2_HASH: &str = "e";
const MALLOC: &str = "f";
const FREE: &str = "g";
const ARGON2_VERIFY: &str = "h";
const ARGON2_ERROR_MESSAGE: &str = "i";
const ARGON2_ENCODEDLEN: &str = "j";
const ARGON2_HASH_EXT: &str = "l";

// argon2_type, the version 1.3 and two error codes of argon2.h.
const ARGON2_D: i32 = 0;
const ARGON2_I: i32 = 1;
const ARGON2_ID: i32 = 2;
const VERSION: i32 = 0x13;
const OK: i32 = 0;
const VERIFY_MISMATCH: i32 = -35;
const MEMORY_ALLOCATION_ERROR: i32 = -22;

// The test program of the reference implementation (phc-winner-argon2, src/test.c), version 0x13:
// Argon2id, 2 passes over 256 KiB, one lane, 32 bytes.
const PASSWORD: &str = "password";
const SALT: &str = "somesalt";
const ENCODED: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

// Made with the reference implementation (through argon2-cffi): Argon2i, one pass over 32 KiB.
const STORED: &str = "$argon2i$v=19$m=32,t=1,p=1$bm90IHNvIHJhbmRvbQ$RCYKjPZImbZ+55RcCwwL8B42kE2k6Au/";
const RIGHT_PASSWORD: &str = "correct horse battery staple";
const WRONG_PASSWORD: &str = "correct horse battery stable";

// RFC 9106, section 5: 3 passes over 32 KiB, 4 lanes, with a secret and associated data.
const RFC_VECTORS: [(&str, i32, &str); 3] = [
    ("argon2d", ARGON2_D, "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"),
    ("argon2i", ARGON2_I, "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"),
    ("argon2id", ARGON2_ID, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
];

const HASH_LENGTH: u32 = 32;

/// The supervisor.
#[derive(Default)]
pub(super) struct Argon2 {
    session: Session,
}

/// Where the inputs that are used throughout lie in the guest, and the room for a hash.
#[derive(Clone, Copy)]
struct Places {
    password: u32,
    salt: u32,
    hash: u32,
}

impl Supervisor for Argon2 {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        serve(store, self, call, Host::import)
    }
}

impl Driver for Argon2 {
    const FUNCTIONS: &'static [Function] =
        &[("a", "a", EMSCRIPTEN_MEMCPY_BIG), ("a", "b", EMSCRIPTEN_RESIZE_HEAP)];
    const MEMORY: GuestMemory = GuestMemory::Exported("c");

    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn drive(host: &mut Host<'_, Self>) -> Result<(), Failure> {
        host.call::<()>(CALL_CONSTRUCTORS, args![])?;
        let password = host.place(PASSWORD)?;
        let salt = host.place(SALT)?;
        let hash = host.call(MALLOC, args![HASH_LENGTH])?;
        let places = Places { password, salt, hash };

        host.hash_and_encode(places)?;
        host.verify_stored()?;
        let rfc_inputs = host.hash_rfc_vectors(places)?;
        host.hash_without_memory(places)?;

        for at in [password, salt, hash].into_iter().chain(rfc_inputs) {
            host.call::<()>(FREE, args![at])?;
        }
        host.print_memory()
    }
}

impl Host<'_, Argon2> {
    fn import(&mut self, function: FuncIndex, args: &[Value]) -> Result<u32, Failure> {
        match function {
            // The result is not used.
            EMSCRIPTEN_MEMCPY_BIG => {
                let [destination, source, length] = words(args)?;
                let bytes = self.read(source, length)?;
                self.write(destination, &bytes)?;
                Ok(destination)
            }
            // Asks for a size in bytes; the supervisor gives no more memory.
            EMSCRIPTEN_RESIZE_HEAP => Ok(0),
            FuncIndex(other) => Err(Failure::unexpected(format!("no function has the number {other}"))),
        }
    }

    /// Allocates room for the bytes, with a zero after them, and writes them.
    fn place(&mut self, content: impl AsRef<[u8]>) -> Result<u32, Failure> {
        let content = content.as_ref();
        let len = length(content);
        let at: u32 = self.call(MALLOC, args![len + 1])?;
        self.write(at, content)?;
        self.write(at.wrapping_add(len), &[0])?;
        Ok(at)
    }

    fn hash_and_encode(&mut self, places: Places) -> Result<(), Failure> {
        let Places { password, salt, hash } = places;
        let (password_len, salt_len) = (length(PASSWORD), length(SALT));
        let encoded_len: u32 =
            self.call(ARGON2_ENCODEDLEN, args![2, 256, 1, salt_len, HASH_LENGTH, ARGON2_ID])?;
        let encoded_at: u32 = self.call(MALLOC, args![encoded_len])?;
        let code: i32 = self.call(
            ARGON2_HASH,
            args![
                2,
                256,
                1,
                password,
                password_len,
                salt,
                salt_len,
                hash,
                HASH_LENGTH,
                encoded_at,
                encoded_len,
                ARGON2_ID,
                VERSION
            ],
        )?;
        check("the result", code, OK)?;
        let encoded = self.read_c_string(encoded_at)?;
        let hash = hex(&self.read(hash, HASH_LENGTH)?);
        self.print(format!("hash {hash}"));
        self.print(format!("encoded {encoded}"));
        check("the encoded hash", encoded.as_str(), ENCODED)?;
        self.call(FREE, args![encoded_at])
    }

    fn verify_stored(&mut self) -> Result<(), Failure> {
        let stored = self.place(STORED)?;
        let tried = self.place(RIGHT_PASSWORD)?;
        let len = length(RIGHT_PASSWORD);
        let right: i32 = self.call(ARGON2_VERIFY, args![stored, tried, len, ARGON2_I])?;
        check("the verification", right, OK)?;
        let message = self.error_message(right)?;
        self.print(format!("verify \"{RIGHT_PASSWORD}\": {message}"));
        self.write(tried, WRONG_PASSWORD.as_bytes())?;
        let len = length(WRONG_PASSWORD);
        let wrong: i32 = self.call(ARGON2_VERIFY, args![stored, tried, len, ARGON2_I])?;
        check("the verification of a wrong password", wrong, VERIFY_MISMATCH)?;
        let message = self.error_message(wrong)?;
        self.print(format!("verify \"{WRONG_PASSWORD}\": {message}"));
        self.call::<()>(FREE, args![tried])?;
        self.call(FREE, args![stored])
    }

    /// Returns where the inputs of the vectors are, for the caller to free.
    fn hash_rfc_vectors(&mut self, places: Places) -> Result<[u32; 4], Failure> {
        let hash = places.hash;
        let password = self.place([1; 32])?;
        let salt = self.place([2; 16])?;
        let secret = self.place([3; 8])?;
        let data = self.place([4; 12])?;
        for (name, ty, published) in RFC_VECTORS {
            let code: i32 = self.call(
                ARGON2_HASH_EXT,
                args![
                    3,
                    32,
                    4,
                    password,
                    32,
                    salt,
                    16,
                    hash,
                    HASH_LENGTH,
                    0,
                    0,
                    ty,
                    secret,
                    8,
                    data,
                    12,
                    VERSION
                ],
            )?;
            check("the result", code, OK)?;
            let tag = hex(&self.read(hash, HASH_LENGTH)?);
            self.print(format!("RFC 9106 {name} tag {tag}"));
            check("the tag", tag.as_str(), published)?;
        }
        Ok([password, salt, secret, data])
    }

    /// 32 MiB do not fit into the 16 MiB the guest has: it asks for more and is refused.
    fn hash_without_memory(&mut self, places: Places) -> Result<(), Failure> {
        let Places { password, salt, hash } = places;
        let (password_len, salt_len) = (length(PASSWORD), length(SALT));
        let refused: i32 = self.call(
            ARGON2_HASH,
            args![
                1,
                32768,
                1,
                password,
                password_len,
                salt,
                salt_len,
                hash,
                HASH_LENGTH,
                0,
                0,
                ARGON2_ID,
                VERSION
            ],
        )?;
        check("the result without memory", refused, MEMORY_ALLOCATION_ERROR)?;
        let message = self.error_message(refused)?;
        self.print(format!("32 MiB: {message}"));
        Ok(())
    }

    fn error_message(&mut self, code: i32) -> Result<String, Failure> {
        let at = self.call(ARGON2_ERROR_MESSAGE, args![code])?;
        self.read_c_string(at)
    }
}

fn check<T: PartialEq + std::fmt::Display>(what: &str, value: T, expected: T) -> Result<(), Failure> {
    if value == expected {
        return Ok(());
    }
    Err(Failure::unexpected(format!("{what} is {value}, expected {expected}")))
}
