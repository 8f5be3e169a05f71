/** `ttygate sweep`: removes this instance's containers that no live gateway owns. */
import { isJournal, log } from "../log.ts";
import { DockerEngine } from "../sessions/docker_engine.ts";
import { MachineFile, sweepMachines } from "../agent/machines/machine_file.ts";
import type { ContainerSummary } from "../sessions/engine.ts";
import { sweepRight } from "../sessions/leases.ts";
import { sweep } from "../sessions/sweeper.ts";
import { stateDirOf } from "./local_agent.ts";
import { type Command, parseCommandArgs } from "./command.ts";

export const command: Command = {
  name: "sweep",
  summary: "removes containers that no live gateway owns",
  help: `
Usage: ttygate sweep [--dry-run] [--json] [--config FILE]

Removes the containers of this instance (docker.instance) that no live gateway owns, whatever
state they are in. Sessions of a running gateway are left alone, and so are machines, but for those
that were deleted a day ago: they are removed with what they kept.

  --dry-run  says what it would remove, and removes nothing
  --json     prints the report as JSON
`,
  async run(args, { config: load, print, printError }) {
    const { flags } = parseCommandArgs(args, { flags: ["dry-run", "json"] });
    const { config } = await load();
    const { docker } = config;
    const stateDir = stateDirOf(config);
    const dryRun = flags["dry-run"] === true;
    using engine = new DockerEngine({ ...docker, stateDir, minFreeBytes: () => 0, log });
    using right = await sweepRight(stateDir, docker.instance);
    const { removed, spared, failed } = await sweep(
      engine,
      () => right.leased(),
      { dryRun, signal: new AbortController().signal },
    );
    if (!dryRun && failed.length === 0) await right.forget();
    const machines = await sweepMachines(
      new MachineFile(stateDir, docker.instance),
      engine.machines,
      { dryRun, nowMs: Date.now() },
    );
    if (flags.json) {
      const failures = failed.map(({ container, error }) => ({
        ...describe(container),
        error: error.message,
      }));
      print(JSON.stringify({
        instance: docker.instance,
        dryRun,
        removed: removed.map(describe),
        spared: spared.map(describe),
        failed: failures,
        machines: machines.removed.map(({ id, user, name }) => ({ id, user, name })),
      }));
    } else if (isJournal(Deno.env.get("JOURNAL_STREAM")) && !dryRun) {
      for (const { name, state, session, user } of removed) {
        log.notice(`removed ${name}`, { event: "sweep", session, user, state });
      }
      for (const { id, name, user } of machines.removed) {
        log.notice("a deleted machine is gone", {
          event: "machine-sweep",
          machine: id,
          name,
          user,
        });
      }
    } else {
      const verb = dryRun ? "would remove" : "removed";
      for (const { name, state, user } of removed) {
        print(`${verb} ${name} (${state}${user ? `, of ${user}` : ""})`);
      }
      const count = removed.length === 1 ? "1 container" : `${removed.length} containers`;
      for (const { name, user } of machines.removed) {
        print(`${verb} the deleted machine ${name} of ${user}`);
      }
      // What runs this each minute need not hear of nothing.
      const worthSaying = dryRun || removed.length > 0 || Deno.stdout.isTerminal();
      if (worthSaying) print(`${verb} ${count}, spared ${spared.length}`);
    }
    if (!dryRun) await engine.tidy();
    for (const { machine: { name, user }, error } of machines.failed) {
      printError(`ttygate: cannot remove the deleted machine ${name} of ${user}: ${error.message}`);
    }
    if (failed.length === 0) return machines.failed.length === 0 ? 0 : 1;
    const [{ container, error }] = failed as [typeof failed[number]];
    const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : "";
    printError(
      `ttygate: cannot remove ${container.name}${more}: ${error.message}; ` +
        `the next sweep tries again, 'docker rm -f ${container.name}' does it by hand`,
    );
    return 1;
  },
};

function describe({ id, name, state, session, user }: ContainerSummary) {
  return { id, name, state, session, user };
}
