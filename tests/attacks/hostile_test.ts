import { assert, assertEquals } from "@std/assert";
import { ttygate, until } from "../support/gateway.ts";
import { assertOthersGoOn, playOn, startGateway } from "./own_gateway.ts";

/** A busy machine's; what is felt on a quiet one `deno task attack hostile` tells. */
const MOST_ECHO_MS = 5_000;

Deno.test("a hostile session hurts nobody else, and leaves nothing", async () => {
  await using gateway = await startGateway({ TTYGATE_SESSION_RECONNECT_GRACE: "0s" });
  const { instance } = gateway;
  const seen = new Set<string>();
  const watch = setInterval(async () => {
    for (const { Id } of await gateway.containers().catch(() => [])) seen.add(Id);
  }, 200);
  const outcome = await playOn(gateway, { name: "hostile", scale: 10, seconds: 45 });
  clearInterval(watch);
  assert(outcome.did["things done"]! > 10);
  assertOthersGoOn(outcome, { echoMs: MOST_ECHO_MS });

  await gateway.haveContainers(0);
  // Docker leaves the volume of a container into which something is being put: the timer's sweep takes it.
  const { code, stderr } = await ttygate(["sweep"], { env: gateway.env });
  assertEquals([code, stderr], [0, ""]);
  const labels = [`ttygate.ptys=${instance}`];
  await until(async () => (await gateway.docker.volumes.list({ labels })).length === 0);
  assert(seen.size > 10);
  const leftOf = (text: string) => [...seen].filter((id) => text.includes(id));
  assertEquals(leftOf(await Deno.readTextFile("/proc/self/mountinfo")), []);
  await until(() => leftOf(processes()).length === 0);
  const leases = Deno.readDirSync(`${gateway.home}/state/instances/${instance}/leases`);
  assertEquals(Array.from(leases, ({ name }) => name), []);
});

/** The cgroups of all processes, in which a container's id is, and their command lines. */
function processes(): string {
  const read = (path: string) => {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return ""; // it has ended
    }
  };
  return [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name)).map(({ name }) =>
    read(`/proc/${name}/cgroup`) + read(`/proc/${name}/cmdline`)
  ).join("\n");
}
