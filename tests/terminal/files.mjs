// The files of the page: a list that shows them, a link to download each, and a dialog to read and write them.
import * as wasi from "guestbox/wasi";

const element = (id) => document.getElementById(id);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The longest file that is shown as text. */
const SHOWN_BYTES = 256 * 1024;

/** Files by their paths, and what else there is: links and directories, which are kept and not shown. */
export class Files {
  #entries;
  /** What there was before the last run, to tell what is new. */
  #before;
  #links = [];

  /** Files to begin with, pairs of a path and bytes. */
  constructor(files) {
    this.#before = new Map(files);
    this.#entries = new Map(files);
    element("new").addEventListener("click", () => this.#edit("", new Uint8Array()));
    element("add").addEventListener("click", () => element("pick").click());
    element("pick").addEventListener("change", async ({ target }) => {
      for (const file of target.files) this.#write(file.name, new Uint8Array(await file.arrayBuffer()));
      target.value = "";
    });
    element("editor").addEventListener("close", ({ target }) => {
      if (target.returnValue === "save") this.#write(element("name").value, encoder.encode(element("text").value));
    });
    this.#show();
  }

  /** A mount of the files for a program that is about to run, whose writing is shown while it runs. */
  mount() {
    this.#before = new Map(this.#entries);
    this.#show();
    return wasi.mount(this.#before, { onWrite: (path, bytes) => this.#write(path, bytes) });
  }

  /** Takes what a program has made of the mount. */
  take(tree) {
    this.#entries = new Map(Object.entries(tree));
    this.#show();
  }

  #write(path, bytes) {
    this.#entries.set(path, bytes);
    this.#show();
  }

  #show() {
    const files = [...this.#entries].filter(([, entry]) => entry instanceof Uint8Array);
    files.sort(([one], [other]) => (one < other ? -1 : 1));
    for (const link of this.#links.splice(0)) URL.revokeObjectURL(link);
    element("files").replaceChildren(...files.map(([path, bytes]) => this.#row(path, bytes)));
  }

  #row(path, bytes) {
    const link = URL.createObjectURL(new Blob([bytes]));
    this.#links.push(link);
    const name = made("button", { type: "button", className: "name", textContent: path, title: `Show ${path}` });
    name.addEventListener("click", () => this.#edit(path, bytes));
    const download = made("a", { href: link, download: path.split("/").at(-1), textContent: "Download", ariaLabel: `Download ${path}` });
    const size = made("small", { textContent: sizeOf(bytes.length) });
    if (!isSame(this.#before.get(path), bytes)) size.append(made("span", { className: "new", textContent: ", new" }));
    const remove = made("button", { type: "button", className: "remove", textContent: "Remove", ariaLabel: `Remove ${path}` });
    remove.addEventListener("click", () => {
      this.#entries.delete(path);
      this.#show();
    });
    const row = made("li", {});
    row.append(name, download, size, remove);
    return row;
  }

  #edit(path, bytes) {
    const text = textOf(bytes);
    element("name").value = path;
    element("text").value = text ?? `${sizeOf(bytes.length)} that are no text, or too many to be shown. They can be downloaded.`;
    element("text").readOnly = text === undefined;
    element("editor").querySelector("[value=save]").disabled = text === undefined;
    element("editor").returnValue = "";
    element("editor").showModal();
    element(path === "" ? "name" : "text").focus();
  }
}

function made(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function textOf(bytes) {
  if (bytes.length > SHOWN_BYTES) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function sizeOf(length) {
  if (length < 1024) return length === 1 ? "1 byte" : `${length} bytes`;
  const [size, unit] = length < 1024 ** 2 ? [length / 1024, "KB"] : [length / 1024 ** 2, "MB"];
  return `${size.toFixed(1)} ${unit}`;
}

const isSame = (entry, bytes) =>
  entry instanceof Uint8Array && entry.length === bytes.length && entry.every((byte, at) => byte === bytes[at]);
