/** Who guesses links to terminals: is slowed, alone, and told nothing. */
import { assert, assertEquals } from "@std/assert";
import { BURST_UNITS, UNITS_PER_SECOND } from "../../lib/terminal/allowance.ts";
import { TestGateway } from "../support/gateway.ts";
import { Machine } from "../support/scripted_agent.ts";
import { claim, shareOf } from "../support/share.ts";
import { TestTerminal } from "../support/terminal.ts";

/** What a user may claim at once, and a second; and how long a claim may wait for its turn. */
const BURST_CLAIMS = BURST_UNITS / 100, CLAIMS_PER_SECOND = UNITS_PER_SECOND / 100, WAIT_S = 2;
/** Fewer than the connections of one address that may wait. */
const GUESSES = 120;

let held: AsyncDisposableStack, gateway: TestGateway;

Deno.test.beforeAll(async () => {
  held = new AsyncDisposableStack();
  const agent = held.use(new Machine());
  const users = { alice: "wonderland", bob: "builder", mallory: "malice" };
  gateway = held.use(await TestGateway.start({ agent, users }));
});

Deno.test.afterAll(() => held.disposeAsync());

/** A guess that differs from a right token in one place. */
function near(token: string, at: number): string {
  const index = at % token.length;
  const other = token[index] === "A" ? "B" : "A";
  return token.slice(0, index) + other + token.slice(index + 1);
}

Deno.test("who guesses links in a burst is refused with 429, and others come meanwhile", async () => {
  const alice = await gateway.logIn();
  const bob = await gateway.logIn("bob", "builder");
  const mallory = await gateway.logIn("mallory", "malice");
  await using terminal = await TestTerminal.open(gateway, { cookie: alice });
  const order = { kind: "watch", seconds: null } as const;
  const { id, token } = await shareOf(gateway, alice, terminal.session, order);
  const beganMs = performance.now();
  const guesses = Array.from(
    { length: GUESSES },
    (_, i) => claim(gateway, mallory, near(token, i)),
  );
  assertEquals(await claim(gateway, bob, token), 200);
  await using guest = await TestTerminal.open(gateway, { cookie: bob, query: { share: id } });
  assertEquals((await guest.event("ready")).guest, "watch");
  const statuses = await Promise.all(guesses);
  const judged = statuses.filter((status) => status === 404).length;
  assertEquals(statuses.filter((status) => status === 429).length, GUESSES - judged);
  // A machine that is busy may take so long for them that there is room for each.
  const seconds = (performance.now() - beganMs) / 1000;
  const most = BURST_CLAIMS + CLAIMS_PER_SECOND * (seconds + WAIT_S);
  assert(judged <= most, `${judged} of ${GUESSES} guesses were judged in ${seconds} s`);
  terminal.type("exit\r");
  await terminal.closed;
});
