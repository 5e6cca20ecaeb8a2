/** `guestbox/substrate`, for Node. */
import "./node.js";

export * from "./substrate.js";
