/** What `guestbox/scale` exports. */
import "./beside.js";

export * from "./scale/store.js";
export * from "./scale/wire.js";
