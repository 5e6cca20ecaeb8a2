// The reader of source maps in the package source-map, written in Rust. It decodes the "mappings"
// text into a list it keeps, and answers every question by calling its one import, with ten
// arguments, once for each mapping it has to tell.
import { encodeText, openGuest, printMemory } from "./trace.mjs";

export const name = "source-map";
export const title = "source map decoder: the mappings of two modules minified into one file";

// What terser wrote when it minified two small modules, 50 lines, into bundle.min.js, 6 lines.
const GENERATED = "bundle.min.js";
const SOURCES = ["inventory.js", "report.js"];
const NAMES = [
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
const MAPPINGS =
  "AACA,MAAMA,UACJ,WAAAC,CAAYC,GACVC,KAAKD,SAAWA,EAChBC,KAAKC,MAAQ,IAAIC,GACnB,CAEA,GAAAC,C" +
  "AAIC,EAASC,EAAW,GACtB,MAAMC,EAAUN,KAAKC,MAAMM,IAAIH,EAAQI;CAMvC,OALIF,EACFA,EAAQD,UAAYA," +
  "EAEpBL,KAAKC,MAAMQ,IAAIL,EAAQI,KAAM,CAAEJ,UAASC,aAEnCL,IACT,CAEA,KAAAU,GACE,IAAIC,EAAM;C" +
  "ACV,IAAK,MAAMP,QAAEA,EAAOC,SAAEA,KAAcL,KAAKC,MAAMW,SAC7CD,GAAOP,EAAQS,MAAQR,EAEzB,OAAOM," +
  "CACT,ECtBF,SAASG,MAAMC,EAAQhB;AACrB,MAAO,GAAGgB,EAAOC,QAAQ,MAAMjB,GACjC,CAEA,SAASkB,OAAO" +
  "C,GACd,MAAMC,EAAY,IAAItB,UAAU,OAChC,IAAK,MAAMO,KAAWc,EACpBC,EAAUhB,IAAIC,EAASA,EAAQC;CAE" +
  "jC,MAAMe,EAAQ,GAKd,OAJAD,EAAUlB,MAAMoB,QAAQ,CAACC,EAAOd,KAC9BY,EAAMG,KAAK,GAAGf,MAASc,EA" +
  "AMjB,cAAcS,MAAMQ,EAAMlB,QAAQS,MAAOM,EAAUpB;AAElFqB,EAAMG,KAAK,UAAYT,MAAMK,EAAUT,QAASS,EA" +
  "AUpB,WACnDqB,EAAMI,KAAK,KACpB";

// The last number is cut short: error 3.
const BROKEN_MAPPINGS = "AACA,MAAMA,g";

// What to do when a place lies between two mappings.
const GREATEST_LOWER_BOUND = 1,
  LEAST_UPPER_BOUND = 2;

export function run(engine, bytes, print) {
  let lines = []; // the mappings told by the current call, for a person to read

  // The guest counts lines from 0; people count them from 1.
  function describe(line, column, hasLast, last, hasOriginal, source, fromLine, fromColumn, hasName, nameIndex) {
    let text = `${GENERATED}:${line + 1}:${column}`;
    if (hasLast !== 0) text += `-${last}`;
    if (hasOriginal !== 0) text += ` from ${SOURCES[source]}:${fromLine + 1}:${fromColumn}`;
    if (hasName !== 0) text += ` name ${NAMES[nameIndex]}`;
    return text;
  }

  const imports = {
    env: {
      mapping_callback(line, column, hasLast, last, hasOriginal, source, fromLine, fromColumn, hasName, nameIndex) {
        lines.push(describe(line, column, hasLast, last, hasOriginal, source, fromLine, fromColumn, hasName, nameIndex));
      },
    },
  };
  const guest = openGuest(engine, bytes, imports, print);
  const memory = guest.memory("memory");

  function printLines(title) {
    print(`-- ${title}: ${lines.length}`);
    for (let i = 0; i < lines.length; i++) print(lines[i]);
    lines = [];
  }
  function parse(text) {
    const mappings = encodeText(text);
    const at = guest.call("allocate_mappings", mappings.length);
    memory.write(at, mappings);
    return guest.call("parse_mappings", at); // takes over what was allocated
  }

  function callStub(stub, left, right) {
    let trapped = false;
    try {
      guest.call(stub, left, right);
    } catch {
      trapped = true;
    }
    if (!trapped) throw new Error(stub + " returned");
  }

  const list = parse(MAPPINGS);
  if (list === 0) throw new Error("the mappings are refused");
  guest.call("by_generated_location", list);
  printLines("by place in the generated file");
  guest.call("compute_column_spans", list);
  guest.call("by_original_location", list);
  printLines("by place in the sources, with the last column");

  // In the minified file: at `let sum`, between two mappings, after the last line.
  guest.call("original_location_for", list, 1, 88, GREATEST_LOWER_BOUND);
  printLines("source of 2:88");
  guest.call("original_location_for", list, 3, 21, GREATEST_LOWER_BOUND);
  printLines("source of 4:21");
  guest.call("original_location_for", list, 3, 21, LEAST_UPPER_BOUND);
  printLines("source of 4:21, or of the next place");
  guest.call("original_location_for", list, 99, 0, LEAST_UPPER_BOUND);
  printLines("source of 100:0");

  // In the sources: report.js line 9, then every place made from inventory.js line 20.
  guest.call("generated_location_for", list, 1, 8, 4, LEAST_UPPER_BOUND);
  printLines("made from report.js:9:4");
  guest.call("all_generated_locations_for", list, 0, 19, 0, 0);
  printLines("all made from inventory.js:20");
  guest.call("free_mappings", list);

  if (parse(BROKEN_MAPPINGS) !== 0) throw new Error("the broken mappings are accepted");
  const error = guest.call("get_last_error");
  print(`broken mappings: error ${error}`);

  // The compiler left stubs among the exports, routines for comparing floats that nothing uses and
  // whose bodies are `unreachable`. They take the only floats of this guest, and end in a trap; the
  // guest can be used after it.
  callStub("__ltsf2", 1.5, 2.25);
  callStub("__gtdf2", -Infinity, 1e308);
  printMemory(memory, print);
}
