/** Three machines in networks of their own, behind firewalls that nobody gets through, and one gateway. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TestAgent } from "../support/agent.ts";
import { PROGRAM, until } from "../support/gateway.ts";
import { Netns } from "../support/netns.ts";
import { NodePlace } from "../support/node_place.ts";
import { run } from "../support/run.ts";
import { TestTerminal } from "../support/terminal.ts";

const NAMES = ["east", "north", "west"] as const;
/** As a home's router has it: what was asked for may come in, and nothing else. */
const FIREWALL = "table inet home { chain in { type filter hook input priority 0; policy drop; " +
  "iif lo accept; ct state established,related accept; meta l4proto ipv6-icmp accept; }; }";

/** A machine that can reach the gateway and cannot be reached. */
class Machine implements AsyncDisposable {
  #held!: AsyncDisposableStack;
  agent!: TestAgent;
  /** The gateway's address on the cable, and the machine's. */
  gateway = "";
  address = "";
  #cable = "";
  #ns!: Netns;

  static async boot(): Promise<Machine> {
    const machine = new Machine();
    await using held = new AsyncDisposableStack();
    const ns = machine.#ns = held.use(await Netns.make("node"));
    const id = crypto.getRandomValues(new Uint8Array(3));
    const name = machine.#cable = `tg${id.toHex()}`;
    const net = `10.${200 + id[0]! % 50}.${id[1]}.${id[2]! & 0xfc}`;
    const of = (last: number) => net.replace(/\d+$/, (byte) => String(Number(byte) + last));
    [machine.gateway, machine.address] = [of(1), of(2)];
    const script = `ip link add ${name} type veth peer name up0 netns ${ns.name}
      ip address add ${machine.gateway}/30 dev ${name}
      ip link set ${name} up`;
    const { code, stderr } = await run("sh", ["-ec", script]);
    assertEquals([code, stderr], [0, ""]);
    await ns.run(`ip address add ${machine.address}/30 dev up0; ip link set up0 up`);
    await ns.run(`nft '${FIREWALL}'`);
    const program = await Deno.makeTempFile({ prefix: "ttygate-test-" });
    held.defer(() => Deno.remove(program));
    await Deno.writeTextFile(
      program,
      `#!/bin/sh\nexec nsenter --net=/run/netns/${ns.name} ${PROGRAM} "$@"\n`,
    );
    await Deno.chmod(program, 0o755);
    const env = { TTYGATE_CONTAINER_NETWORK: "none" };
    machine.agent = held.use(await TestAgent.start({ program, env }));
    machine.#held = held.move();
    return machine;
  }

  /** Has something listen on it, as a careless program does. */
  listen(port: number): Promise<void> {
    return this.#ns.listen(port);
  }

  /** Pulls the cable, or plugs it in: neither end hears a word. */
  async cable(state: "down" | "up"): Promise<void> {
    const { code } = await run("ip", ["link", "set", this.#cable, state]);
    assertEquals(code, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

Deno.test("three machines that cannot be reached serve one page", async () => {
  await using held = new AsyncDisposableStack();
  const machines = await Promise.all(NAMES.map(() => Machine.boot()));
  machines.forEach((machine) => held.use(machine));
  await using place = new NodePlace();
  const gateway = await place.begin({
    TTYGATE_GATEWAY_LISTEN: "0.0.0.0:0",
    TTYGATE_SESSION_MAX_PER_USER: "9",
  });
  const port = gateway.host.split(":")[1];
  for (const [i, name] of NAMES.entries()) {
    const { agent, gateway: address } = machines[i]!;
    await place.join(agent, name, { url: `http://${address}:${port}` });
  }
  const [east, , west] = machines as [Machine, Machine, Machine];
  await east.listen(7777);
  const dial = Deno.connect({
    hostname: east.address,
    port: 7777,
    signal: AbortSignal.timeout(500),
  });
  await assertRejects(() => dial);

  const cookie = await gateway.logIn();
  const sessions = async () => {
    const nodes = await place.nodes();
    return Object.fromEntries(nodes.map(({ name, sessions }) => [name, sessions]));
  };
  const open = async () => {
    const before = Object.values(await sessions()).reduce((sum, one) => sum! + one!, 0);
    const terminal = await TestTerminal.open(gateway, { cookie });
    const { node } = await terminal.event("ready");
    // Where the next one begins goes by what the nodes have told.
    await until(async () =>
      Object.values(await sessions()).reduce((sum, one) => sum! + one!, 0) === before! + 1
    );
    return { terminal, node: node! };
  };
  const exit = async (terminal: TestTerminal) => {
    terminal.type("exit\r");
    await terminal.closed;
  };

  // One on each, for the emptiest is taken.
  const first = [await open(), await open(), await open()];
  assertEquals(first.map(({ node }) => node).toSorted(), [...NAMES]);
  const on = Object.fromEntries(first.map(({ node, terminal }) => [node, terminal]));

  // Drained: those who are there hear of it, nobody else comes, and it is said when it is empty.
  assertMatch(
    await place.cli("node", "drain", "north", "--message", "New disks."),
    /1 session left/,
  );
  assertEquals((await on["north"]!.event("notice")).text, "New disks.");
  const second = [await open(), await open()];
  assertEquals(second.map(({ node }) => node).toSorted(), ["east", "west"]);
  assertMatch(await place.cli("node", "list"), /^north +online, draining +1\//m);
  await exit(on["north"]!);
  await until(async () => /^north +online, drained +0\//m.test(await place.cli("node", "list")));
  await place.cli("node", "undrain", "north");
  await until(async () => /^north +online +0\//m.test(await place.cli("node", "list")));

  // Lost: its sessions stand still, and are there again with it.
  const lost = on["west"]!;
  const session = lost.session;
  lost.type("n=0; while [ $n -lt 1500 ]; do n=$((n+1)); echo line $n; sleep 0.01; done\r");
  await lost.see(/^line 20\r$/m);
  await west.cable("down");
  await lost.closed;
  await until(async () => /^west +away +2\//m.test(await place.cli("node", "list")));
  const listed = JSON.parse(await place.cli("session", "list", "--json"));
  assertEquals(listed.find(({ id }: { id: string }) => id === session).phase, "away");
  const meanwhile = await open();
  assert(meanwhile.node !== "west");
  await west.cable("up");
  await place.online("west");
  const query = { session, offset: lost.offset };
  const back = await TestTerminal.open(gateway, { cookie, query });
  await back.see(/^line 1500\r$/m);
  const lines = [...(lost.output + back.output).matchAll(/^line (\d+)\r$/gm)].map(([, n]) =>
    Number(n)
  );
  assertEquals(lines, Array.from({ length: 1500 }, (_, i) => i + 1));

  // Removed while it lives: cut off at once, and a stranger from then on.
  const removed = on["east"]!;
  assertEquals(await place.cli("node", "remove", "east"), "removed east\n");
  await removed.closed;
  await gateway.logged(/a node is away node=east/);
  assert(!(await place.nodes()).some(({ name }) => name === "east"));
  for (const { node, terminal } of [...second, meanwhile]) {
    if (node !== "east") await exit(terminal);
  }
  await exit(back);
});
