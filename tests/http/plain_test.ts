/** Terminals over plain HTTP with real shells and programs. */
import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { PROGRAMS_IMAGE } from "../support/image.ts";
import { PlainTerminal } from "../support/plain.ts";
import { TestTerminal } from "../support/terminal.ts";

Deno.test("a vim session by requests alone is the same, byte for byte, as who watches it sees", async () => {
  const users = { alice: "wonderland", root: "rooted" };
  const env = { TTYGATE_CONTAINER_IMAGE: PROGRAMS_IMAGE };
  await using gateway = await TestGateway.start({ users, env });
  const { origin } = gateway;
  const headers = { authorization: `Basic ${btoa("alice:wonderland")}` };
  const terminal = await PlainTerminal.open(origin, headers, { cols: 80, rows: 24 });
  await terminal.see(/[#$] $/);
  await using watcher = await TestTerminal.open(gateway, {
    cookie: await gateway.logIn("root", "rooted"),
    query: { session: terminal.id, watch: 1 },
  });
  await terminal.type("vim -u NONE notes\r");
  await terminal.see(/\[\?1049h[^]*notes/);
  await terminal.type("iwritten by plain requests 😀\x1b");
  await terminal.see(/😀/);
  await terminal.type(":wq\r");
  await terminal.see(/\[\?1049l[^]*[#$] $/);
  await terminal.type("cat notes; stty size; exit 7\r");
  let last: Response;
  while ((last = await terminal.read()).status < 300);
  assertEquals(last.status, 410);
  assertEquals((await last.json()).exitCode, 7);
  assert(terminal.output.includes("written by plain requests 😀\r\n24 80\r\n"));
  await watcher.closed;
  const seen = watcher.output;
  assertEquals(terminal.output.slice(-seen.length), seen);
  assert(seen.includes("\x1b[?1049l"));
});
