/** Guests of a terminal in a container: a flood, sizes, a restart. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { htpasswdLine, until } from "../support/gateway.ts";
import { Restarted } from "../support/restarted.ts";
import { claim, shareOf } from "../support/share.ts";
import { TestTerminal } from "../support/terminal.ts";

const FLOOD_BYTES = 24_000_000;

interface People {
  readonly place: Restarted;
  readonly alice: string;
  readonly bob: string;
}

/** A gateway where alice and bob have logged in. */
async function begin(place: Restarted): Promise<People> {
  const { gateway } = place;
  const line = await htpasswdLine("bob", "builder");
  await Deno.writeTextFile(join(gateway.home, "htpasswd"), line, { append: true });
  const alice = await gateway.logIn();
  return { place, alice, bob: await gateway.logIn("bob", "builder") };
}

let people: People;
Deno.test.beforeAll(async () => {
  people = await begin(await Restarted.start());
});
Deno.test.afterAll(() => people.place[Symbol.asyncDispose]());

/** A terminal of alice's, and bob as its guest. */
async function scene(
  kind: "watch" | "type",
  { acks = true, among: { place: { gateway }, alice, bob } = people } = {},
) {
  const terminal = await TestTerminal.open(gateway, { cookie: alice });
  await terminal.see(/# $/);
  const share = await shareOf(gateway, alice, terminal.session, { kind, seconds: null });
  assertEquals(await claim(gateway, bob, share.token), 200);
  const query = { share: share.id };
  const guest = await TestTerminal.open(gateway, { cookie: bob, acks, query });
  await guest.see(/# $/);
  return { terminal, guest, share };
}

/** Has much printed; resolves with how much of it came. */
async function flood(terminal: TestTerminal): Promise<number> {
  const before = terminal.outputBytes, from = terminal.output.length;
  terminal.type(`head -c ${FLOOD_BYTES} /dev/zero | tr '\\0' x; echo do''ne\r`);
  await until(() =>
    terminal.output.slice(Math.max(from, terminal.output.length - 200))
      .includes("done\r\n"), 120_000);
  assert(terminal.events.every(({ type }) => type !== "skip"));
  return terminal.outputBytes - before;
}

async function finish(terminal: TestTerminal) {
  terminal.type("exit\r");
  await terminal.closed;
}

Deno.test("a guest that takes nothing takes nothing from a flood, and sees its end when it goes on", async () => {
  const { terminal, guest } = await scene("watch", { acks: false });
  guest.pause();
  const beside = await flood(terminal);
  guest.resume();
  await until(() => guest.outputBytes >= 512 * 1024);
  guest.ack(guest.offset);
  const { from, to, modes } = await guest.event("skip");
  assert(to - from > FLOOD_BYTES / 2, `${from} ${to}`);
  assertEquals(typeof modes, "string");
  await guest.see(/xdone\r\n/);
  guest.cut();
  await until(() =>
    terminal.events.some((one) => one.type === "guests" && one.guests.length === 0)
  );
  const alone = await flood(terminal);
  assert(Math.abs(beside - alone) < 1_000, `${beside} with a guest, ${alone} without`);
  await finish(terminal);
});

Deno.test("a guest's size is not the terminal's, and what it types is the shell's", async () => {
  const { terminal, guest } = await scene("type");
  terminal.resize(101, 33);
  await guest.event("size");
  await until(async () => await terminal.run("stty size") === "33 101");
  guest.resize(20, 10);
  const from = terminal.output.length;
  guest.type("stty size\r");
  await terminal.see(/stty size\r\n[^\n]*33 101\r\n/, from);
  guest.cut();
  await finish(terminal);
});

Deno.test("a guest that may only watch types nothing", async () => {
  const { terminal, guest } = await scene("watch");
  guest.type("echo intru''der\r");
  guest.type("");
  await guest.event("alive");
  terminal.type("echo ow''ner\r");
  await guest.see(/owner\r\n/);
  assert(!/intruder/.test(terminal.output), terminal.output);
  guest.cut();
  await finish(terminal);
});

/** Owner and guest come back to a gateway that was restarted. */
async function restart(among: People) {
  const { place, alice, bob } = among;
  const { terminal, guest, share } = await scene("type", { among });
  terminal.type("echo bef''ore\r");
  await guest.see(/before\r\n.*# $/);
  const { session } = terminal;
  const [owners, guests] = [terminal.offset, guest.offset];
  await place.restart("SIGUSR2");
  assertEquals([(await terminal.closed).code, (await guest.closed).code], [1012, 1012]);
  const { gateway } = place;
  const query = { session, offset: owners };
  await using owner = await TestTerminal.open(gateway, { cookie: alice, query });
  const back = { share: share.id, offset: guests };
  await using watcher = await TestTerminal.open(gateway, { cookie: bob, query: back });
  assertEquals((await watcher.event("ready")).offset, guests);
  watcher.type("echo af''ter\r");
  await owner.see(/after\r\n/);
  await watcher.see(/after\r\n/);
  assertMatch(watcher.output, /^(?!.*before)/s);
  await finish(owner);
}

Deno.test("after a restart of the gateway owner and guest go on where they were", () =>
  restart(people));

Deno.test("the same at a node that dialled", async () => {
  await using place = await Restarted.start({}, { apart: "dialled" });
  await restart(await begin(place));
});
