/** A process of its own that floods one terminal and reads as fast as it can; ends with its input. */
import type { Target } from "./contenders/contender.ts";
import { Screen } from "./screen.ts";

/** So much has come when it counts as flooding. */
const FLOODING_BYTES = 64 * 1024;

const { screen } = await Screen.open(JSON.parse(Deno.args[0]!) as Target);
screen.type("yes\r");
await screen.seeBytes(FLOODING_BYTES);
console.log("flooding");
for await (const _ of Deno.stdin.readable) { /* Nothing is said to it. */ }
await screen[Symbol.asyncDispose]();
Deno.exit();
