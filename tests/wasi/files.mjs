// The sessions, the guest of all of them, and the recorded traces. Node only.
import { readFileSync, readdirSync } from "node:fs";
import { wat } from "../../js/test/wat.mjs";

const at = (path) => new URL(path, import.meta.url);
const read = (path) => readFileSync(at(path), "utf8");

const all = (folder) => {
  const files = readdirSync(at(folder)).filter((file) => file.endsWith(".json"));
  return files.sort().map((file) => ({ name: file.replace(/\.json$/, ""), ...JSON.parse(read(`${folder}/${file}`)) }));
};

/** The sessions, by their names. */
export const sessions = all("sessions");

/** What the programs of Rust's standard library are given, by their names. */
export const programs = all("programs");

/** The recorded traces by the names of their sessions. */
export const recordedSessions = new Map(
  readdirSync(at("recorded"))
    .sort()
    .map((file) => [file.replace(/\.txt$/, ""), read(`recorded/${file}`)]),
);

/** The bytes of the guest of all sessions. */
export const guestBytes = () => wat(read("guest.wat"));
