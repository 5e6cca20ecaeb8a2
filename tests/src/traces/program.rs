//! The programs, as `traces/README.md` defines their files.

use crate::text;
use guestbox::{InstanceLimits, Limits};
use std::{fs, path::PathBuf};

/// What a guest, or several together, are asked for.
pub struct Program {
    /// The name of its file.
    pub name: String,
    /// Its guests' modules by name, as bytes.
    pub modules: Vec<(String, Vec<u8>)>,
    /// Under which all of it runs.
    pub limits: Limits,
    /// The memories that the supervisor makes: name, initial and maximum pages.
    pub(super) memories: Vec<(String, u32, Option<u32>)>,
    /// In order.
    pub(super) steps: Vec<Step>,
}

pub(super) enum Step {
    Call {
        guest: String,
        export: String,
        args: Vec<String>,
        /// What it begins with and what it is given whenever that is used up; by default the limit.
        fuel: Vec<u64>,
    },
    Guest {
        name: String,
        limits: InstanceLimits,
    },
}

impl Program {
    /// All programs, by name.
    ///
    /// # Panics
    ///
    /// Where a file cannot be read, or is none of a program.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let files = fs::read_dir(folder("programs")).expect("the folder is there");
        let mut paths: Vec<PathBuf> =
            files.map(|file| file.expect("the folder can be read").path()).collect();
        paths.sort();
        paths.iter().map(|path| Self::parse(&super::stem(path), &super::read(path))).collect()
    }

    fn parse(name: &str, text: &str) -> Self {
        let mut program = Self {
            name: name.to_owned(),
            modules: Vec::new(),
            limits: Limits::default(),
            memories: Vec::new(),
            steps: Vec::new(),
        };
        let mut texts: Vec<String> = Vec::new();
        for line in text.lines() {
            if let Some(directive) = line.strip_prefix(";;! ") {
                program.direct(&Words::of(directive));
                continue;
            }
            if line.starts_with("(module ") {
                texts.push(String::new());
            }
            if let Some(module) = texts.last_mut() {
                module.push_str(line);
                module.push('\n');
            }
        }
        let named = |text: String| (module_name(&text).to_owned(), text::bytes(&text));
        program.modules = texts.into_iter().map(named).collect();
        program
    }

    fn direct(&mut self, directive: &Words<'_>) {
        let options = &directive.options;
        match directive.plain.as_slice() {
            ["limits"] => options.iter().for_each(|(name, value)| set_limit(&mut self.limits, name, value)),
            ["memory", name, pages @ ..] => {
                let pages: Vec<u32> = pages.iter().map(|pages| number(pages)).collect();
                self.memories.push(((*name).to_owned(), pages[0], pages.get(1).copied()));
            }
            ["guest", name] => {
                let limits = options.iter().fold(InstanceLimits::new(), instance_limit);
                self.steps.push(Step::Guest { name: (*name).to_owned(), limits });
            }
            ["call", guest, export, args @ ..] => {
                let fuel = options.iter().flat_map(|(_, value)| value.split('+').map(number));
                self.steps.push(Step::Call {
                    guest: (*guest).to_owned(),
                    export: (*export).to_owned(),
                    args: args.iter().map(|arg| (*arg).to_owned()).collect(),
                    fuel: fuel.collect(),
                });
            }
            other => panic!("{}: {other:?} is no directive", self.name),
        }
    }
}

/// The words of a directive, those of the form `name=value` by themselves.
struct Words<'a> {
    plain: Vec<&'a str>,
    options: Vec<(&'a str, &'a str)>,
}

impl<'a> Words<'a> {
    fn of(directive: &'a str) -> Self {
        let words = || directive.split_whitespace();
        Self {
            plain: words().filter(|word| !word.contains('=')).collect(),
            options: words().filter_map(|word| word.split_once('=')).collect(),
        }
    }
}

fn set_limit(limits: &mut Limits, name: &str, value: &str) {
    match name {
        "engineStackBytes" => limits.engine_stack_bytes = number(value),
        "fuel" => limits.fuel = number(value),
        "guestFrames" => limits.guest_frames = number(value),
        "memoryPages" => limits.memory_pages = number(value),
        "nesting" => limits.nesting = number(value),
        "tableElements" => limits.table_elements = number(value),
        "totalMemoryPages" => limits.total_memory_pages = number(value),
        _ => panic!("no limit is called {name}"),
    }
}

fn instance_limit(limits: InstanceLimits, (name, value): &(&str, &str)) -> InstanceLimits {
    match *name {
        "fuel" => limits.with_fuel(number(value)),
        "maxCallDepth" => limits.with_nesting(number(value)),
        "maxMemoryPages" => limits.with_memory_pages(number(value)),
        _ => panic!("no limit of a guest is called {name}"),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number here"))
}

/// The name in `(module $name`.
fn module_name(text: &str) -> &str {
    let name = text.split_whitespace().nth(1).and_then(|word| word.strip_prefix('$'));
    name.unwrap_or_else(|| panic!("a module of a program has a name: {text:.60}"))
}

/// A folder of `traces`.
pub(super) fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("traces").join(name)
}
