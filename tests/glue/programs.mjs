/** Programs that run published packages by their own JavaScript. What each returns has to be the same wherever its guest runs. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../census/package.json", import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)));

const SOURCE = `// What is parsed.
export async function* numbers(from = 0, { to, ...rest } = {}) {
  for (let n = from; n < to; n++) yield [n, await rest[n]?.value ?? /[a-z]+/u.test(String(n))];
}
class Shape extends Base { #area = 1e3; static { this.made = 0; } get area() { return this.#area } }
`;

export const PROGRAMS = {
  /** A parser, and a grammar that it loads as a side module. */
  async "tree-sitter"() {
    const { Parser, Language } = await load("web-tree-sitter");
    await Parser.init();
    const parser = new Parser();
    const grammar = readFileSync(require.resolve("@vscode/tree-sitter-wasm/wasm/tree-sitter-javascript.wasm"));
    parser.setLanguage(await Language.load(grammar));
    const tree = parser.parse(SOURCE);
    const [from, to] = [0, 4].map((column) => ({ row: 0, column }));
    tree.edit({ startIndex: 0, oldEndIndex: 0, newEndIndex: 4, startPosition: from, oldEndPosition: from, newEndPosition: to });
    return [tree.rootNode.toString(), parser.parse(`1 ; ${SOURCE}`, tree).rootNode.descendantCount];
  },
  /** A layout, with a measure function that the guest calls back. */
  async yoga() {
    const { default: Yoga } = await load("yoga-layout");
    const root = Yoga.Node.create();
    root.setWidth(300);
    root.setPadding(Yoga.EDGE_ALL, 7);
    root.setFlexDirection(Yoga.FLEX_DIRECTION_ROW);
    const children = [1, 2, 3].map((grow, at) => {
      const child = Yoga.Node.create();
      child.setFlexGrow(grow);
      child.setHeight(40 + grow);
      root.insertChild(child, at);
      return child;
    });
    const text = Yoga.Node.create();
    text.setMeasureFunc((width) => ({ width: Math.min(width, 33.5), height: 12 }));
    root.insertChild(text, 3);
    root.calculateLayout(undefined, undefined, Yoga.DIRECTION_LTR);
    const layout = [root, ...children, text].map((node) => node.getComputedLayout());
    root.freeRecursive();
    return layout;
  },
  /** Lua, with functions of JavaScript's and errors that unwind. */
  async wasmoon() {
    const { LuaFactory } = await load("wasmoon");
    const lua = await new LuaFactory().createEngine();
    lua.global.set("double", (n) => n * 2);
    const results = [
      await lua.doString("local t = {} for i = 1, 50 do t[#t + 1] = double(i) end return table.concat(t, ',')"),
      await lua.doString("local ok, said = pcall(function() error({ code = 7 }) end) return tostring(ok) .. said.code"),
      await lua.doString("return string.format('%5.2f %s', 3.14159, ('x'):rep(3))"),
    ];
    try {
      await lua.doString("this is not lua");
    } catch (error) {
      results.push(String(error.message));
    }
    lua.global.close();
    return results;
  },
  /** Settings, read by a program of wasm-bindgen's into objects of JavaScript, which it has references to. */
  async "one-ini"() {
    const { default: ini } = await load("@one-ini/wasm");
    const text = Array.from({ length: 300 }, (_, n) => `; note ${n}\n[part ${n}]\nkey = value ${n}\n`).join("");
    const failed = [undefined, 5, null].map((wrong) => {
      try {
        return ini.parse_to_json(wrong);
      } catch (error) {
        return `${error.name}`;
      }
    });
    const tokens = ini.parse_to_uint32array(new TextEncoder().encode(text));
    return [ini.version(), ini.parse_to_json(text), [...tokens].slice(0, 40), tokens.length, failed];
  },
  /** Barcodes, written and read again. */
  async zxing() {
    const { prepareZXingModule: prepareWriter, writeBarcode } = await load("zxing-wasm/writer");
    const { prepareZXingModule: prepareReader, readBarcodes } = await load("zxing-wasm/reader");
    const binary = (file) => ({ overrides: { wasmBinary: readFileSync(require.resolve(`zxing-wasm/${file}`)) }, fireImmediately: true });
    await prepareWriter(binary("writer/zxing_writer.wasm"));
    await prepareReader(binary("reader/zxing_reader.wasm"));
    const { image, svg } = await writeBarcode("guestbox, 2021", { format: "QRCode", scale: 4 });
    const read = await readBarcodes(image, { formats: ["QRCode"] });
    return [svg.length, read.map(({ text, format, isValid }) => ({ text, format, isValid }))];
  },
};
