//! What is in a script.

use super::values::{Expected, Shown};
use serde::{Serialize, Serializer};

/// A script: directives that are performed one after the other.
#[derive(Clone, Debug, Serialize)]
pub struct Script {
    /// The suite that it is of.
    pub suite: String,
    /// Its name in the suite.
    pub name: String,
    /// Whether its modules may have several memories. A script from before that was so has modules that have to be refused
    /// as they do.
    pub multi_memory: bool,
    /// What it says.
    pub directives: Vec<Directive>,
}

/// A directive and where it stands.
#[derive(Clone, Debug, Serialize)]
pub struct Directive {
    /// The line in the script, counted from 1.
    pub line: usize,
    /// What it is.
    #[serde(flatten)]
    pub command: Command,
}

/// What is to be done, and what has to come of it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// Makes an instance, which is the current one from now on.
    Module {
        /// The name that the script has for it.
        name: Option<String>,
        /// The module.
        module: Binary,
    },
    /// Compiles a module, of which instances are made later.
    Define {
        /// The name that the script has for it.
        name: Option<String>,
        /// The module.
        module: Binary,
    },
    /// Makes an instance of a module that was compiled, as if it stood here.
    Instantiate {
        /// The name that the script has for the instance.
        name: Option<String>,
        /// That of the module, if it is not the last one.
        definition: Option<String>,
    },
    /// Lets modules import what an instance exports.
    Register {
        /// The name that they import it under.
        name: String,
        /// Which instance, if not the current one.
        instance: Option<String>,
    },
    /// Does something that has to work.
    Perform {
        /// What is done.
        action: Action,
    },
    /// Does something that has to have these results.
    AssertReturn {
        /// What is done.
        action: Action,
        /// The results.
        expected: Vec<Expected>,
    },
    /// Does something that has to trap.
    AssertTrap {
        /// What is done.
        action: Action,
        /// What kind of trap, in the words of the specification's interpreter.
        message: String,
    },
    /// Makes an instance whose segments or start function have to trap.
    AssertUninstantiable {
        /// The module.
        module: Binary,
        /// What kind of trap, in the words of the specification's interpreter.
        message: String,
    },
    /// Has to be refused as it cannot be linked.
    AssertUnlinkable {
        /// The module.
        module: Binary,
        /// Why, in the words of the specification's interpreter.
        message: String,
    },
    /// Has to be refused as no valid module.
    AssertRefused {
        /// The module; none where it is for readers of the text format, and has no bytes.
        module: Option<Binary>,
    },
    /// Nothing, as a later version of the specification has it otherwise.
    Superseded,
}

/// A use of an instance.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// Which instance, if not the current one.
    pub instance: Option<String>,
    /// The name of the export.
    pub export: String,
    /// What a function is called with; without it a global is read.
    pub arguments: Option<Vec<Shown>>,
}

/// A module.
#[derive(Clone, Debug)]
pub struct Binary(pub Vec<u8>);

/// The digits of its bytes.
impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&digits(&self.0))
    }
}

/// Two digits for each byte.
fn digits(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
