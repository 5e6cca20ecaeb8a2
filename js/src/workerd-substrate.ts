/** `guestbox/substrate`, for workerd. */
import "./workerd.js";

export * from "./substrate.js";
