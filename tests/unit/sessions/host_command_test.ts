/** How the shell of a machine is run, by what the agent may do there. */
import { assert, assertEquals } from "@std/assert";
import { shellCommand, sideCommand, stopCommand } from "../../../lib/sessions/host_command.ts";

const user = { name: "guest", uid: "1001", gid: "1002" };
const spec = {
  unit: "ttygate-shell-a-b",
  user,
  limits: { cpus: 0.5, memoryBytes: 209_715_200, pids: 128, diskBytes: 1 },
  lifetimeSeconds: 28_800,
};
const service = "ttygate-agent.service";

Deno.test("under systemd a shell is a unit with its user, its limits and an end", () => {
  const means = { root: true, systemd: true, service };
  const command = shellCommand(spec, means, ["script", "-c", "true"]);
  assertEquals(command[0], "systemd-run");
  for (
    const argument of [
      ...["--uid=guest", "--unit=ttygate-shell-a-b", "CPUQuota=50%", "MemoryMax=209715200"],
      ...["MemorySwapMax=0", "TasksMax=128", "RuntimeMaxSec=28800", `BindsTo=${service}`],
    ]
  ) assert(command.includes(argument), argument);
  assertEquals(command.slice(-3), ["script", "-c", "true"]);
  assertEquals(stopCommand(spec.unit, means), [
    ...["systemctl", "stop", "ttygate-shell-a-b.service"],
  ]);
});

Deno.test("an agent that is no service binds its shells to none", () => {
  const command = shellCommand(spec, { root: true, systemd: true, service: null }, []);
  assert(!command.some((argument) => argument.startsWith("BindsTo=")));
});

Deno.test("without root it is the agent's own user, by that user's own manager", () => {
  const means = { root: false, systemd: true, service: null };
  assertEquals(shellCommand(spec, means, ["script"]).some((one) => one.startsWith("--uid")), false);
  assert(shellCommand(spec, means, ["script"]).includes("--user"));
  assertEquals(stopCommand(spec.unit, means)?.[1], "--user");
});

Deno.test("without systemd it is that user's process, and dies with the agent", () => {
  const means = { root: true, systemd: false, service: null };
  const become = [
    ...["setpriv", "--reuid=1001", "--regid=1002", "--init-groups"],
    ...["--no-new-privs", "--pdeathsig=TERM"],
  ];
  assertEquals(shellCommand(spec, means, ["script"]), [...become, "script"]);
  assertEquals(sideCommand(user, means, ["stty"]), [...become, "stty"]);
  assertEquals(stopCommand(spec.unit, means), null);
});
