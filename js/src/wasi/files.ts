/** The files of a program: as they are given, and as they have become. */
import { type Bytes, bytesOf, checkBoolean, encodeText, isObject } from "../base/checks.js";
import { append, constant } from "../base/define.js";
import { known, optionsOf } from "../base/options.js";
import { Part } from "../base/tables.js";

/** What a file is made of: bytes, or text, which is written as UTF-8. */
export type Contents = Bytes | string;

/** A file whose bytes are asked for when a program first reads it, or opens it to change it. Made by `lazyFile`. */
export class LazyFile {
  /** Its size in bytes, and what gives them. `lazyFile` looks at both. */
  constructor(
    /** Its size in bytes. */
    readonly size: number,
    /** Gives its bytes. */
    readonly load: () => Contents | PromiseLike<Contents>,
  ) {}
}

/**
 * A file of so many bytes, which `load` gives once they are needed. What it throws ends the call of the program; where it
 * gives more or fewer bytes the program is told `IO`.
 */
export function lazyFile(size: number, load: () => Contents | PromiseLike<Contents>): LazyFile {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`size is not a whole number: ${size}`);
  if (typeof load !== "function") throw new TypeError("load is not a function");
  return new LazyFile(size, load);
}

/** A symbolic link. Made by `symbolicLink`. */
export class SymbolicLink {
  /** The path that it leads to. `symbolicLink` looks at it. */
  constructor(
    /** The path that it leads to. */
    readonly target: string,
  ) {}
}

/** A symbolic link that leads to a path, from the directory that it is in. */
export function symbolicLink(target: string): SymbolicLink {
  encodeText(target);
  return new SymbolicLink(target);
}

/** What there is by a name: a file, a link, or a directory with what is in it. */
export type FileEntry = Contents | LazyFile | SymbolicLink | Directory;

/** Entries by their names, which may be paths such as `src/main.c`: directories above are made. */
export type Directory = { readonly [path: string]: FileEntry } | ReadonlyMap<string, FileEntry>;

/** How a directory is mounted. */
export interface MountOptions {
  /** Whether a program is refused each change, with `ROFS`. */
  readonly readOnly?: boolean;
  /**
   * Told of each file that the program changed and then closed, or asked to have synchronised: by its path, with all its
   * bytes. What it returns is awaited, where the call is.
   */
  readonly onWrite?: (path: string, bytes: Uint8Array) => unknown;
}

const MOUNT_OPTIONS = known<MountOptions>({ onWrite: true, readOnly: true });

/** A directory with what a program may do with it. Made by `mount`. */
export class Mount {
  /** What it has, whether a program may only read, and who is told of what was written. `mount` looks at all of it. */
  constructor(
    /** What it has. */
    readonly tree: Directory,
    /** Whether a program may only read. */
    readonly isReadOnly: boolean,
    /** Told of each file that was changed and closed. */
    readonly onWrite: MountOptions["onWrite"],
  ) {}
}

/** A directory that a program may only read, or of which somebody is told what was written. */
export function mount(tree: Directory, given?: MountOptions): Mount {
  const { readOnly, onWrite } = optionsOf(given, MOUNT_OPTIONS);
  if (onWrite !== undefined && typeof onWrite !== "function") throw new TypeError("onWrite is not a function");
  const isReadOnly = checkBoolean("readOnly", readOnly);
  if (isReadOnly && onWrite !== undefined) throw new TypeError("onWrite is given for what is read-only");
  return new Mount(tree, isReadOnly, onWrite);
}

/** The directories that a program is given, by names such as `/` or `/data`. */
export type Mounts = { readonly [name: string]: Directory | Mount } | ReadonlyMap<string, Directory | Mount>;

/**
 * What directories have become: files, links and empty directories by their paths. A file with several names is the same
 * bytes by each.
 */
export interface Files {
  readonly [name: string]: { readonly [path: string]: Uint8Array | LazyFile | SymbolicLink | Directory };
}

/** Adds a part to what a system is made of. */
export type Add = (part: Part, name: Uint8Array, value?: Uint8Array, number?: number) => void;

/** Contents as bytes. */
export const contentsOf = (name: string, contents: Contents): Uint8Array =>
  typeof contents === "string" ? encodeText(contents) : bytesOf(name, contents);

/** The pairs of an object or a Map. */
export function pairsOf<T>(
  name: string,
  names: { readonly [name: string]: T } | ReadonlyMap<string, T>,
): readonly (readonly [string, T])[] {
  if (names instanceof Map) return [...(names as ReadonlyMap<string, T>)];
  if (!isObject(names) || Array.isArray(names)) throw new TypeError(`${name} is no object; give names with what is there, or a Map`);
  return Object.entries(names);
}

/** The mounts of a system. */
export class FileSystem {
  private readonly mounts = new Map<string, Mount>();
  private readonly lazy: LazyFile[] = [];

  /** Takes what is given, and adds it. */
  add(files: Mounts, add: Add): void {
    for (const [name, given] of pairsOf("files", files)) {
      const mounted = given instanceof Mount ? given : new Mount(given, false, undefined);
      const isWrittenBack = mounted.onWrite !== undefined;
      const part = mounted.isReadOnly ? Part.MOUNT_READ_ONLY : isWrittenBack ? Part.MOUNT_WRITE_BACK : Part.MOUNT;
      add(part, encodeText(name));
      this.mounts.set(name, mounted);
      this.addTree(mounted.tree, "", add);
    }
  }

  private addTree(tree: Directory, above: string, add: Add): void {
    for (const [name, entry] of pairsOf(above === "" ? "a mount" : `the entry \`${above}\``, tree)) {
      const path = above === "" ? name : `${above}/${name}`;
      const place = encodeText(path);
      if (entry instanceof LazyFile) {
        append(this.lazy, entry);
        add(Part.LAZY_FILE, place, undefined, entry.size);
      } else if (entry instanceof SymbolicLink) {
        add(Part.LINK, place, encodeText(entry.target));
      } else if (typeof entry === "string" || entry instanceof ArrayBuffer || ArrayBuffer.isView(entry) || isShared(entry)) {
        add(Part.FILE_BYTES, place, contentsOf(`the file \`${path}\``, entry));
      } else {
        add(Part.DIRECTORY, place);
        this.addTree(entry, path, add);
      }
    }
  }

  /** The bytes of a lazy file, by its token. */
  load(token: number): Contents | PromiseLike<Contents> {
    return (this.lazy[token] as LazyFile).load();
  }

  /** Tells whoever wants to know what was written. */
  written(name: string, path: string, bytes: Uint8Array): unknown {
    return this.mounts.get(name)?.onWrite?.(path, bytes);
  }

  /** What those have become that can be written to. */
  files(look: (mount: string) => readonly Seen[], bytes: (path: string) => Uint8Array): Files {
    const files = Object.create(null) as Files;
    for (const [name, { isReadOnly }] of this.mounts) {
      if (isReadOnly) continue;
      const known = new Map<number, Uint8Array>();
      const seen = look(name);
      constant(
        files,
        name,
        this.directory(seen, (path, number) => knownBytes(known, number, () => bytes(path))),
        true,
      );
    }
    return files;
  }

  private directory(seen: readonly Seen[], bytes: (path: string, number: number) => Uint8Array): object {
    const directory = Object.create(null) as object;
    const above = new Set(seen.map(([path]) => path.slice(0, Math.max(path.lastIndexOf("/"), 0))));
    for (const [path, kind, more] of seen) {
      if (kind === Part.DIRECTORY && above.has(path)) continue;
      constant(
        directory,
        path,
        this.entry(kind, more, () => bytes(path, more as number)),
        true,
      );
    }
    return directory;
  }

  private entry(kind: Part, more: number | string | undefined, bytes: () => Uint8Array): FileEntry {
    switch (kind) {
      case Part.DIRECTORY:
        return {};
      case Part.LAZY_FILE:
        return this.lazy[more as number] as LazyFile;
      case Part.LINK:
        return new SymbolicLink(more as string);
      default:
        return bytes();
    }
  }
}

/** What was seen of a mount: a path, what is there, and what more is known of that. */
export type Seen = readonly [path: string, kind: Part, more?: number | string];

/** Bytes by their number. A file may have ten thousand names, and is copied once. */
export function knownBytes(known: Map<number, Uint8Array>, number: number, copy: () => Uint8Array): Uint8Array {
  const bytes = known.get(number) ?? copy();
  known.set(number, bytes);
  return bytes;
}

const isShared = (entry: object): entry is SharedArrayBuffer => Object.prototype.toString.call(entry) === "[object SharedArrayBuffer]";
