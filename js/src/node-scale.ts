/** `guestbox/scale`, for Node. */
import "./node.js";

export * from "./scale.js";
