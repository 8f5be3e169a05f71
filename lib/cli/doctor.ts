/** `ttygate doctor`: proves each thing the gateway needs, and says how to mend what is not so. */
import { Docker, type Info } from "deno-docker-api";
import { type Config, ConfigError, formatProblem, type LoadedConfig } from "../config.ts";
import { createLog, describeError } from "../log.ts";
import { DockerEngine } from "../sessions/docker_engine.ts";
import type { Profile, StartProgress } from "../types.ts";
import { type Command, parseCommandArgs } from "./command.ts";
import {
  checkCapacity,
  checkCgroups,
  checkEngine,
  checkImage,
  startMend,
} from "./doctor/engine_checks.ts";
import {
  checkGroups,
  checkHtpasswd,
  checkSocket,
  checkStateDir,
  checkTls,
  usersOf,
} from "./doctor/file_checks.ts";
import { counted, fail, type Finding, ok, warn } from "./doctor/finding.ts";
import { checkSockets, checkTables, checkTerminals } from "./doctor/kernel.ts";
import {
  checkCpu,
  checkDisk,
  checkMemory,
  checkPids,
  checkPrivileges,
  probeLimits,
  unmeasured,
} from "./doctor/limits.ts";
import { checkListen } from "./doctor/listen_checks.ts";
import { checkModes } from "./doctor/mode_checks.ts";
import { checkNetwork } from "./doctor/network.ts";
import { Probe } from "./doctor/probe.ts";
import { checkProxies } from "./doctor/proxy_checks.ts";
import { formatFinding, ProgressLine, type Style, summary } from "./doctor/report.ts";
import { checkClock, checkUnits, sliceOf, System } from "./doctor/system_checks.ts";
import { judgeByDocker, missingImages } from "./docker_view.ts";
import { AGENT_SERVICE, placeFor, type ServiceView, serviceView } from "./service_view.ts";
import { terminalColumns } from "./terminal.ts";

export const command: Command = {
  name: "doctor",
  summary: "proves each thing the gateway needs",
  help: `
Usage: ttygate doctor [--json] [--config FILE]

Looks at what the gateway needs, one line each: ok, warn or FAIL, with how to mend it. Starts two
containers like a session's, measures in them whether the limits hold, and removes them. The image
is pulled and the network made where they are missing, as the first session would do it. Run it as
root, with the configuration of the gateway; a running gateway and its sessions are left alone.

  --json  prints a list of {check, status, message, mend}; status is ok, warn or fail

Exit status: 0 nothing is broken, 1 something is.
`,
  async run(args, { config: load, print }) {
    const { flags } = parseCommandArgs(args, { flags: ["json"] });
    using interrupt = untilInterrupted();
    const { signal } = interrupt;
    const style = styleOfTerminal();
    using progress = new ProgressLine(Deno.stderr.isTerminal() ? toTerminal : null);
    const findings: Finding[] = [];
    const tell = (news: Finding | string) => {
      if (typeof news === "string") return progress.show(news);
      progress.clear();
      findings.push(news);
      if (!flags.json) print(formatFinding(news, style));
    };
    const system = await System.open(signal);
    const service = await serviceView(system);
    try {
      // The gateway has what its unit says, and the one who asks has not.
      const loaded = await load(service?.env);
      const { file, warnings } = loaded;
      const place = file === null ? "there is no file, so the defaults hold" : `${file} is right`;
      const fromUnit = Object.keys(service?.env ?? {}).length;
      const also = fromUnit > 0 ? `, with ${counted(fromUnit, "variable")} of ttygate.service` : "";
      tell(ok("configuration", place + also));
      for (const warning of warnings) {
        tell(warn("configuration", formatProblem(warning), "mend its name, or take it away"));
      }
      await examine(loaded, { system, service, tell, signal });
    } catch (error) {
      if (signal.aborted) throw new Error("interrupted; what the doctor had made is removed");
      if (!(error instanceof ConfigError)) throw error;
      const mend = "mend it, the rest is looked at then";
      for (const problem of error.problems) {
        tell(fail("configuration", formatProblem(problem), mend));
      }
    }
    progress.clear();
    print(flags.json ? JSON.stringify(findings) : summary(findings));
    return findings.some(({ status }) => status === "fail") ? 1 : 0;
  },
};

/** Tells what is found as it is found; a string is what is being done. */
type Tell = (news: Finding | string) => void;

async function examine(
  loaded: LoadedConfig,
  { system, service, tell, signal }: {
    readonly system: System;
    readonly service: ServiceView | null;
    readonly tell: Tell;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { config, file } = loaded;
  const { docker: { socket }, container, session, gateway, agent, auth } = config;
  using docker = new Docker({ socketPath: socket });

  tell("asking the Docker Engine");
  const { findings, info } = await checkEngine(docker, socket, signal);
  findings.forEach(tell);
  if (info === null) {
    tell(warn("containers", "nothing could be measured without Docker", "mend it first"));
  } else {
    const image = await checkImage(docker, container.image, tell, signal);
    tell(image);
    const others = await missingImages(docker, loaded, signal).catch(() => new Set<string>());
    others.delete(container.image); // of which it is told above
    const { problems, warnings } = judgeByDocker(loaded, { info, missing: others });
    for (const problem of problems) {
      tell(
        fail("configuration", formatProblem(problem), "mend it, then 'systemctl reload ttygate'"),
      );
    }
    for (const warning of warnings) {
      tell(warn("configuration", formatProblem(warning), "mend it, unless it is meant so"));
    }
    if (image.status === "ok") {
      await examineContainers(config, { docker, info, system, tell, signal });
    } else tell(warn("containers", "nothing could be measured without the image", "mend it first"));
    tell(checkCapacity(info, { ...session, ...container }));
    tell(checkSockets(info));
  }

  tell("reading the files");
  const user = service?.user ?? null;
  const writer = gateway.agent === "own"
    ? user
    : (await serviceView(system, AGENT_SERVICE))?.user ?? null;
  const refused = await checkSocket(socket, writer, gateway.agent === "own" ? null : user);
  if (refused !== null) tell(refused);
  const place = (path: string) => placeFor(service, path);
  const readerOf = (path: string) => place(path).readBySystemd ? null : user;
  const [htpasswd, groups] = [place(auth.htpasswd).path, place(auth.groups).path];
  (await checkHtpasswd(htpasswd, readerOf(auth.htpasswd))).forEach(tell);
  tell(await checkGroups(groups, readerOf(auth.groups), await usersOf(htpasswd)));
  const kept = [
    { check: "htpasswd", path: htpasswd, secret: true },
    { check: "groups", path: groups, secret: false },
    ...file === null ? [] : [{ check: "configuration", path: file, secret: false }],
    ...gateway.tlsKey === null
      ? []
      : [{ check: "tls", path: place(gateway.tlsKey).path, secret: true }],
  ];
  (await checkModes(kept, user)).forEach(tell);
  tell(await checkStateDir(gateway.stateDir, user));
  if (gateway.agent !== "own") tell(await checkStateDir(agent.stateDir, writer));
  const tls = await checkTls(
    {
      tlsCert: gateway.tlsCert && place(gateway.tlsCert).path,
      tlsKey: gateway.tlsKey && place(gateway.tlsKey).path,
    },
    readerOf(gateway.tlsKey ?? ""),
    Date.now(),
  );
  if (tls !== null) tell(tls);

  tell("asking systemd");
  (await checkUnits(system, Date.now())).forEach(tell);
  (await checkListen(loaded, system)).forEach(tell);
  (await checkProxies(gateway.adminSocket)).forEach(tell);
  tell(await checkClock(system));
}

/** What is measured with, beside the configuration. */
interface Instruments {
  readonly docker: Docker;
  readonly info: Info;
  readonly system: System;
  readonly tell: Tell;
  readonly signal: AbortSignal;
}

/** Starts two containers of the session's own spec and measures in them. */
async function examineContainers(config: Config, instruments: Instruments): Promise<void> {
  const { container, docker: { socket, instance }, session, pool } = config;
  const { docker, info, system, tell, signal } = instruments;
  const { cpus, memoryBytes, pids, diskBytes } = container;
  const limits = probeLimits({ cpus, memoryBytes, pids, diskBytes });
  const profile: Profile = { ...container, limits };
  // The engine's log would say again what the findings say.
  const log = createLog(() => {}, { prefix: false, clock: () => new Date() });
  using place = await temporaryDirectory();
  const { stateDir } = place;
  using engine = new DockerEngine({ socket, instance, stateDir, log, minFreeBytes: () => 0 });
  const progress = ({ stage }: StartProgress) => tell(`containers: ${stage}`);
  const start = () => Probe.start({ docker, engine, profile, progress, signal });

  tell("starting two containers");
  await using made = new AsyncDisposableStack();
  const starts = await Promise.allSettled([start(), start()]);
  const [probe, peer] = starts.map((one) =>
    one.status === "fulfilled" ? made.use(one.value) : null
  );
  signal.throwIfAborted();
  if (!probe || !peer) {
    const failed = starts.find((one) => one.status === "rejected") as PromiseRejectedResult;
    const said = describeError(failed.reason);
    return tell(fail("containers", said, startMend(said)));
  }
  tell(ok("containers", "a session's container starts"));
  const slice = await sliceOf(system, probe.container);
  tell(checkCgroups(info, { booted: system.booted, slice }));

  const { active } = await system.unit("ttygate-egress.service");
  const networked = { docker, network: container.network, active: active === "active" };
  const disk = { engine, limitBytes: diskBytes, minFreeBytes: config.docker.minFreeBytes };
  const most = session.maxTotal + pool.size;
  const measurements: readonly [
    check: string,
    doing: string,
    measure: () => Promise<Finding | Finding[]>,
  ][] = [
    ["privileges", "looking at privileges", () => checkPrivileges(probe, container.runtime)],
    ["cpu", "keeping a CPU busy", () => checkCpu(probe, limits, info.NCPU)],
    ["memory", "filling the memory", () => checkMemory(probe, limits)],
    ["disk", "filling the disk", () => checkDisk(probe, limits, disk)],
    ["network", "trying the network", () => checkNetwork({ ...networked, probe, peer })],
    ["terminals", "opening terminals", () => checkTerminals(probe, container.runtime)],
    ["kernel's tables", "asking the kernel", () => checkTables(probe, most)],
    ["pids", "starting processes", () => checkPids(probe, limits)],
  ];
  for (const [check, doing, measure] of measurements) {
    tell(doing);
    try {
      [await measure()].flat().forEach(tell);
    } catch (error) {
      signal.throwIfAborted();
      tell(unmeasured(check, describeError(error)));
    }
  }
  tell("removing the containers");
}

/** A signal that SIGINT, SIGTERM and SIGHUP abort; the second one ends the process at once. */
function untilInterrupted(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const interrupt = () => {
    if (controller.signal.aborted) Deno.exit(1);
    controller.abort();
  };
  for (const name of names) Deno.addSignalListener(name, interrupt);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of names) Deno.removeSignalListener(name, interrupt);
    },
  };
}

/** For a file that the engine reads: the gateway's own directory is its user's. */
async function temporaryDirectory(): Promise<Disposable & { readonly stateDir: string }> {
  const stateDir = await Deno.makeTempDir({ prefix: "ttygate-doctor-" });
  return { stateDir, [Symbol.dispose]: () => Deno.removeSync(stateDir, { recursive: true }) };
}

function styleOfTerminal(): Style {
  const columns = terminalColumns();
  return { columns, colour: columns !== null && !Deno.noColor };
}

function toTerminal(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
