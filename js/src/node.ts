/** What `guestbox` exports, for Node, where a server's bundle may have left the file behind. */
import { beside } from "./beside.js";
import { compile, packaged } from "./load/load.js";

export * from "./api.js";

packaged.source = async () => {
  try {
    return await compile(beside());
  } catch {
    return (await import("./load/inlined.js")).inlined();
  }
};
