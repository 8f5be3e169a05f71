/** Proves that the program in docs/api.md, in Python's standard library alone, is a whole visit. */
import { assertEquals, assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { TestGateway } from "../support/gateway.ts";
import { run } from "../support/run.ts";

const CLIENT = fileURLToPath(import.meta.resolve("./api_client.py"));
const PERSON = { TTYGATE_USER: "alice", TTYGATE_PASSWORD: "wonderland" };

/** The size gets to the terminal by another way than what is typed. */
const WAIT_FOR_SIZE =
  `for n in $(seq 300); do [ "$(stty size)" = "40 120" ] && break; sleep 0.1; done`;

const held = new AsyncDisposableStack();
const gateway = held.use(await TestGateway.start());
Deno.test.afterAll(() => held.disposeAsync());
const api = `${gateway.origin}/api/v1`;
const alice = { authorization: `Basic ${btoa("alice:wonderland")}` };

const visit = (env: Record<string, string>, command: string) =>
  run("python3", [CLIENT, gateway.origin, command], {
    env: { TTYGATE_TOKEN: "", no_proxy: "*", ...env },
  });

/** A token of alice's. */
async function makeToken(...scopes: string[]): Promise<string> {
  const response = await fetch(`${api}/tokens`, {
    method: "POST",
    headers: { ...alice, "content-type": "application/json" },
    body: JSON.stringify({ name: scopes.join(), scopes }),
  });
  return (await response.json()).token;
}

Deno.test("a program with a token opens a shell, sizes it, types, reads, lists it and ends it", async () => {
  const token = await makeToken("read", "shell");
  const { code, stdout, stderr } = await visit(
    { TTYGATE_TOKEN: token },
    `${WAIT_FOR_SIZE}; stty size; echo $((6*7)) 😀`,
  );
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /\r40 120\r\n42 😀\r\n[0-9a-f]{16}\r\n/);
  assertMatch(stdout, /session \w+ is there: True/);
  assertMatch(stdout, /ended: killed, exit code None: You ended this session\./);
});

Deno.test("by a password it makes a token for the visit, hears the shell's own end, and revokes it", async () => {
  const { code, stdout, stderr } = await visit(PERSON, "seq 3000 | tail -n 1; exit 7");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /\r3000\r\n/);
  assertMatch(stdout, /ended: exit, exit code 7: /);
  const { tokens } = await (await fetch(`${api}/tokens`, { headers: alice })).json();
  assertEquals(tokens.filter(({ name }: { name: string }) => name.startsWith("visit")), []);
});

Deno.test("it tells what is refused by its type", async () => {
  const token = await makeToken("read");
  const { code, stderr } = await visit({ TTYGATE_TOKEN: token }, "true");
  assertEquals(code, 1);
  assertMatch(stderr, /^urn:ttygate:scope: This token is not for that: it needs the scope "shell"/);
  const wrong = await visit({ ...PERSON, TTYGATE_PASSWORD: "wrong" }, "true");
  assertMatch(wrong.stderr, /^urn:ttygate:credentials: /);
});
