/** How a program has set the terminal, over restarts and with more output than anything keeps. */
import { assert } from "@std/assert";
import { Restarted } from "../support/restarted.ts";
import { TestTerminal } from "../support/terminal.ts";

let place: Restarted, cookie: string;

Deno.test.beforeAll(async () => {
  place = await Restarted.start();
  cookie = await place.gateway.logIn();
});

Deno.test.afterAll(() => place[Symbol.asyncDispose]());

for (const signal of ["SIGUSR2", "SIGKILL"] as const) {
  Deno.test(`after ${signal} the next gateway knows what a program has set long before`, async () => {
    await using before = await TestTerminal.open(place.gateway, { cookie });
    await before.see(/# $/);
    // More than is kept here, and more than Docker's log keeps.
    before.type("printf '\\e[?1049h\\e[?1002h\\e[?1006h'; seq 300000; echo do''ne; cat\r");
    await before.see(/done\r\n$/);
    const { session } = before;
    await place.restart(signal);
    await using after = await TestTerminal.open(place.gateway, { cookie, query: { session } });
    const { offset, modes = "" } = await after.event("ready");
    assert(offset > 0 && modes.startsWith("\x1b[?1049h"), `${offset} ${JSON.stringify(modes)}`);
    assert(modes.includes("\x1b[?1002h\x1b[?1006h"), JSON.stringify(modes));
    after.type("\x03");
    await after.see(/\^C[^]*# $/);
    after.type("exit\r");
    await after.closed;
  });
}
