/** What `guestbox/substrate` exports. */
import "./beside.js";

export { SupervisorTrap } from "./base/errors.js";
export { type AttachOptions, Substrate, type SubstrateImports, type SubstrateOptions } from "./substrate/host.js";
