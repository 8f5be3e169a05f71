import { assert, assertEquals } from "@std/assert";
import { TestGateway } from "../support/gateway.ts";
import { PROGRAMS_IMAGE } from "../support/image.ts";
import { put } from "../support/put.ts";
import { TestTerminal } from "../support/terminal.ts";

/** Slow ones wait for answers that must not come. */
const LONGEST_MS = 120_000;
const LEAST_ATTEMPTS = 250;

/** A line of tests/attacks/container/escapes.py. */
interface Attempt {
  readonly name: string;
  /** What it got; null when it was stopped. */
  readonly got: string | null;
  readonly how: string;
}

function script(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`container/${name}`, import.meta.url));
}

Deno.test("of all ways out of a container, and into another's, none leads anywhere", async () => {
  await using gateway = await TestGateway.start({
    users: { mallory: "correct horse", alice: "wonderland" },
    env: { TTYGATE_CONTAINER_IMAGE: PROGRAMS_IMAGE, TTYGATE_SESSION_RECONNECT_GRACE: "0s" },
  });
  const { docker: { containers } } = gateway;
  await using neighbour = await TestTerminal.open(gateway, { cookie: await gateway.logIn() });
  await put(neighbour, "/tmp/neighbour.py", await script("neighbour.py"));
  neighbour.type("python3 /tmp/neighbour.py & \r");
  await neighbour.see(/listening/);
  const [other] = await gateway.containers();
  const { NetworkSettings } = await containers.inspect(other!.Id);
  const [{ IPAddress } = { IPAddress: "" }] = Object.values(NetworkSettings.Networks);

  const cookie = await gateway.logIn("mallory", "correct horse");
  await using terminal = await TestTerminal.open(gateway, { cookie });
  await put(terminal, "/tmp/escapes.py", await script("escapes.py"));
  terminal.type(`(python3 /tmp/escapes.py ${IPAddress} >/tmp/said 2>&1; touch /tmp/done) & \r`);
  const own = (await gateway.containers()).find(({ Id }) => Id !== other!.Id)!;
  const giveUpAt = performance.now() + LONGEST_MS;
  // Whatever Docker runs in the container is there for the taking meanwhile.
  for (let state = ""; !state.includes("done");) {
    assert(performance.now() < giveUpAt, await terminal.run("tail -n 3 /tmp/said"));
    await using stream = await containers.exec(own.Id, ["/bin/ls", "/tmp"]);
    state = "";
    for (let bytes; (bytes = await stream.read()) !== null;) {
      state += new TextDecoder().decode(bytes);
    }
  }
  // The shell says among them that the job is done.
  const lines = (await terminal.run("cat /tmp/said")).split("\n").filter((line) => /^{/.test(line));
  const [{ attempts }, ...tried] = lines.map((line) => JSON.parse(line)) as [
    { attempts: number },
    ...Attempt[],
  ];
  assertEquals(tried.length, attempts);
  assert(attempts >= LEAST_ATTEMPTS);
  assertEquals(tried.filter(({ got }) => got !== null), []);
  assertEquals(await neighbour.run("cat /tmp/visitors 2>/dev/null"), "");
  console.log(`${attempts} attempts, none succeeded`);
  for (const one of [terminal, neighbour]) one.type("exit\r");
  await Promise.all([terminal.closed, neighbour.closed]);
  await gateway.haveContainers(0);
});
