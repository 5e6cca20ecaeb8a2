/** `guestbox/scale`, for workerd. */
import "./workerd.js";

export * from "./scale.js";
