//! The reader of source maps in the package source-map, written in Rust. It decodes the
//! "mappings" text into a list it keeps, and answers every question by calling its one import,
//! with ten arguments, once for each mapping it has to tell.

use super::{
    Failure,
    host::{Driver, Function, GuestMemory, Host, Session, serve},
    values::{args, length, words},
};
use guestbox::{FuncIndex, HostCall, HostError, Store, Supervisor, Value, Values};
use std::{fmt::Write, mem};

const MAPPING_CALLBACK: FuncIndex = FuncIndex(0);

// What terser wrote when it minified two small modules, 50 lines, into bundle.min.js, 6 lines.
const GENERATED: &str = "bundle.min.js";
const SOURCES: [&str; 2] = ["inventory.js", "report.js"];
const NAMES: [&str; 28] = [
    "Inventory",
    "constructor",
    "currency",
    "this",
    "items",
    "Map",
    "add",
    "product",
    "quantity",
    "present",
    "get",
    "code",
    "set",
    "total",
    "sum",
    "values",
    "price",
    "money",
    "amount",
    "toFixed",
    "report",
    "products",
    "inventory",
    "lines",
    "forEach",
    "entry",
    "push",
    "join",
];
const MAPPINGS: &str = "\
    AACA,MAAMA,UACJ,WAAAC,CAAYC,GACVC,KAAKD,SAAWA,EAChBC,KAAKC,MAAQ,IAAIC,GACnB,CAEA,GAAAC,CAAIC,EAA\
    SC,EAAW,GACtB,MAAMC,EAAUN,KAAKC,MAAMM,IAAIH,EAAQI;CAMvC,OALIF,EACFA,EAAQD,UAAYA,EAEpBL,KAAKC,MAA\
    MQ,IAAIL,EAAQI,KAAM,CAAEJ,UAASC,aAEnCL,IACT,CAEA,KAAAU,GACE,IAAIC,EAAM;CACV,IAAK,MAAMP,QAAEA,EAA\
    OC,SAAEA,KAAcL,KAAKC,MAAMW,SAC7CD,GAAOP,EAAQS,MAAQR,EAEzB,OAAOM,CACT,ECtBF,SAASG,MAAMC,EAAQhB;AA\
    CrB,MAAO,GAAGgB,EAAOC,QAAQ,MAAMjB,GACjC,CAEA,SAASkB,OAAOC,GACd,MAAMC,EAAY,IAAItB,UAAU,OAChC,IAAK\
    ,MAAMO,KAAWc,EACpBC,EAAUhB,IAAIC,EAASA,EAAQC;CAEjC,MAAMe,EAAQ,GAKd,OAJAD,EAAUlB,MAAMoB,QAAQ,CAAC\
    C,EAAOd,KAC9BY,EAAMG,KAAK,GAAGf,MAASc,EAAMjB,cAAcS,MAAMQ,EAAMlB,QAAQS,MAAOM,EAAUpB;AAElFqB,EAAMG\
    ,KAAK,UAAYT,MAAMK,EAAUT,QAASS,EAAUpB,WACnDqB,EAAMI,KAAK,KACpB";

/// The last number is cut short: error 3.
const BROKEN_MAPPINGS: &str = "AACA,MAAMA,g";

// What to do when a place lies between two mappings.
const GREATEST_LOWER_BOUND: i32 = 1;
const LEAST_UPPER_BOUND: i32 = 2;

/// The supervisor.
#[derive(Default)]
pub(super) struct SourceMap {
    session: Session,
    /// The mappings told by the current call, for a person to read.
    told: Vec<String>,
}

impl Supervisor for SourceMap {
    fn dispatch(&mut self, store: &mut Store, call: HostCall<'_>) -> Result<Values, HostError> {
        serve(store, self, call, Host::import)
    }
}

impl Driver for SourceMap {
    const FUNCTIONS: &'static [Function] = &[("env", "mapping_callback", MAPPING_CALLBACK)];
    const MEMORY: GuestMemory = GuestMemory::Exported("memory");

    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn drive(host: &mut Host<'_, Self>) -> Result<(), Failure> {
        let list = host.parse(MAPPINGS)?;
        if list == 0 {
            return Err(Failure::unexpected("the mappings are refused"));
        }
        host.ask_all(list)?;
        host.call::<()>("free_mappings", args![list])?;

        if host.parse(BROKEN_MAPPINGS)? != 0 {
            return Err(Failure::unexpected("the broken mappings are accepted"));
        }
        let error: i32 = host.call("get_last_error", args![])?;
        host.print(format!("broken mappings: error {error}"));

        // The compiler left stubs among the exports, routines for comparing floats that nothing
        // uses and whose bodies are `unreachable`. They take the only floats of this guest, and
        // end in a trap; the guest can be used after it.
        host.call_stub("__ltsf2", args![1.5_f32, 2.25_f32])?;
        host.call_stub("__gtdf2", args![f64::NEG_INFINITY, 1e308_f64])?;
        host.print_memory()
    }
}

impl Host<'_, SourceMap> {
    fn import(&mut self, function: FuncIndex, args: &[Value]) -> Result<(), Failure> {
        if function != MAPPING_CALLBACK {
            return Err(Failure::unexpected("only one function is offered"));
        }
        let mapping = describe(words(args)?)?;
        self.supervisor.told.push(mapping);
        Ok(())
    }

    fn parse(&mut self, mappings: &str) -> Result<u32, Failure> {
        let at: u32 = self.call("allocate_mappings", args![length(mappings)])?;
        self.write(at, mappings.as_bytes())?;
        self.call("parse_mappings", args![at]) // takes over what was allocated
    }

    fn ask_all(&mut self, list: u32) -> Result<(), Failure> {
        self.ask("by place in the generated file", "by_generated_location", args![list])?;
        self.call::<()>("compute_column_spans", args![list])?;
        let title = "by place in the sources, with the last column";
        self.ask(title, "by_original_location", args![list])?;

        // In the minified file: at `let sum`, between two mappings, after the last line.
        let export = "original_location_for";
        self.ask("source of 2:88", export, args![list, 1, 88, GREATEST_LOWER_BOUND])?;
        self.ask("source of 4:21", export, args![list, 3, 21, GREATEST_LOWER_BOUND])?;
        let title = "source of 4:21, or of the next place";
        self.ask(title, export, args![list, 3, 21, LEAST_UPPER_BOUND])?;
        self.ask("source of 100:0", export, args![list, 99, 0, LEAST_UPPER_BOUND])?;

        // In the sources: report.js line 9, then every place made from inventory.js line 20.
        let title = "made from report.js:9:4";
        self.ask(title, "generated_location_for", args![list, 1, 8, 4, LEAST_UPPER_BOUND])?;
        let title = "all made from inventory.js:20";
        self.ask(title, "all_generated_locations_for", args![list, 0, 19, 0, 0])
    }

    /// Calls an export and prints the mappings that it tells.
    fn ask(&mut self, title: &str, export: &str, args: &[Value]) -> Result<(), Failure> {
        self.call::<()>(export, args)?;
        let told = mem::take(&mut self.supervisor.told);
        self.print(format!("-- {title}: {}", told.len()));
        for mapping in told {
            self.print(mapping);
        }
        Ok(())
    }

    fn call_stub(&mut self, stub: &str, args: &[Value]) -> Result<(), Failure> {
        match self.call::<()>(stub, args) {
            Ok(()) => Err(Failure::unexpected(format!("{stub} returned"))),
            Err(_) => Ok(()),
        }
    }
}

/// A mapping in the words of a person. The guest counts lines from 0; people count them from 1.
fn describe(mapping: [u32; 10]) -> Result<String, Failure> {
    let [line, column, has_last, last, has_original, source, from_line, from_column, has_name, name] =
        mapping;
    let one_based = |line: u32| u64::from(line) + 1;
    let mut text = format!("{GENERATED}:{}:{column}", one_based(line));
    if has_last != 0 {
        write!(text, "-{last}").ok();
    }
    if has_original != 0 {
        let source = entry(&SOURCES, source)?;
        write!(text, " from {source}:{}:{from_column}", one_based(from_line)).ok();
    }
    if has_name != 0 {
        write!(text, " name {}", entry(&NAMES, name)?).ok();
    }
    Ok(text)
}

fn entry<'a>(list: &[&'a str], index: u32) -> Result<&'a str, Failure> {
    let entry = list.get(index as usize).copied();
    entry.ok_or_else(|| Failure::unexpected(format!("no source or name has the number {index}")))
}
