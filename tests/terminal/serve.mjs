// Serves the page to a visitor of this machine, at the port that PORT names, by default 8080.
import { serve } from "../browser/server.mjs";

const port = Number(process.env.PORT ?? 8080);
const { base } = await serve({ port }).catch((error) => {
  if (error.code !== "EADDRINUSE") throw error;
  console.error(`the port ${port} is in use; name another one: make terminal PORT=8081`);
  process.exit(1);
});
console.log(`The terminal is at ${base}/tests/terminal/index.html`);
console.log("Ctrl-C ends the server.");
