/** Proves that ordinary mistakes of an administrator are named before they hurt. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { judgeByDocker } from "../../../lib/cli/docker_view.ts";
import type { Identity } from "../../../lib/cli/doctor/access.ts";
import { checkGroups } from "../../../lib/cli/doctor/file_checks.ts";
import { checkListen } from "../../../lib/cli/doctor/listen_checks.ts";
import { checkModes } from "../../../lib/cli/doctor/mode_checks.ts";
import { judgeService, type ServiceState } from "../../../lib/cli/doctor/service_checks.ts";
import type { System } from "../../../lib/cli/doctor/system_checks.ts";
import { ownVariables, placeFor, type ServiceView } from "../../../lib/cli/service_view.ts";
import { loadConfig, type LoadedConfig } from "../../../lib/config.ts";

const SERVICE: Identity = { name: "ttygate", uid: Deno.uid()!, gids: [Deno.gid()!] };

function load(text: string, env: Record<string, string> = {}): Promise<LoadedConfig> {
  return loadConfig({ file: "t.toml", env, readTextFile: () => Promise.resolve(text) });
}

Deno.test("what anybody may change is broken, and what anybody may read of hashes is told", async () => {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "htpasswd");
  const found = async (mode: number, dirMode = 0o755, secret = true) => {
    await Deno.writeTextFile(path, "");
    await Deno.chmod(path, mode);
    await Deno.chmod(dir, dirMode);
    const findings = await checkModes([{ check: "htpasswd", path, secret }], SERVICE);
    return findings.map(({ status, mend }) => `${status} ${mend?.split(",")[0]?.split(";")[0]}`);
  };
  try {
    assertEquals(await found(0o640, 0o750), []);
    assertEquals(await found(0o644, 0o755, false), [], "groups and configuration hold no secrets");
    assertEquals(await found(0o644, 0o750), [], "nobody gets there");
    assertEquals(await found(0o644), [`warn 'chmod o= ${path}'`]);
    assertEquals(await found(0o755), [`warn 'chmod o= ${path}'`]);
    assertEquals(await found(0o666, 0o750), [`fail 'chmod o-w ${path}'`]);
    assertEquals(await found(0o640, 0o777), [`fail 'chmod o-w ${dir}'`]);
    assertEquals(await found(0o640, 0o1777), [], "as in /tmp nobody replaces what is another's");
    assertEquals(await checkModes([{ check: "x", path: `${dir}/none`, secret: true }], null), []);
    if (Deno.uid() !== 0) return; // only root gives files away
    await Deno.chown(path, null, 4711);
    await Deno.chmod(path, 0o660);
    await Deno.chmod(dir, 0o750);
    const [group] = await checkModes([{ check: "htpasswd", path, secret: true }], SERVICE);
    assertMatch(group!.message, /everybody in the group with the number 4711 may change/);
    await Deno.chown(path, 4711, 0);
    await Deno.chmod(path, 0o640);
    const [owner] = await checkModes([{ check: "htpasswd", path, secret: true }], SERVICE);
    assertMatch(owner!.message, /belongs to the user with the number 4711/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a name in a group that no user has is told", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "admin: alice bobb\nstaff: carol\n");
    const { status, message } = await checkGroups(path, null, new Set(["alice", "bob"]));
    assertEquals(status, "warn");
    assertMatch(message, /^bobb in the group admin of .* is no user, and so are 1 more$/);
    assertEquals((await checkGroups(path, null, null)).status, "ok", "users that nobody knows");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("what Docker cannot give is a mistake with file, line and key", async () => {
  const info = { NCPU: 2, MemTotal: 4 * 1024 ** 3, Runtimes: { runc: {}, runsc: {} } };
  const text = '[container]\ncpus = 64\nruntime = "runcs"\nmemory = "1TB"\nimage = "gone:1"\n';
  const missing = new Set(["gone:1", "ubuntu:24.04"]);
  const judged = async (text: string) => judgeByDocker(await load(text), { info, missing });
  const { problems, warnings } = await judged(text);
  assertEquals(problems.map(({ file, line, key }) => `${file}:${line}: ${key}`), [
    "t.toml:2: container.cpus",
    "t.toml:3: container.runtime",
  ]);
  assertMatch(problems[0]!.message, /^is 64, and Docker has 2/);
  assertMatch(problems[1]!.message, /it has runc, runsc/);
  assertEquals(warnings.map(({ line, key }) => `${line}: ${key}`), [
    "4: container.memory",
    "5: container.image",
  ]);
  const defaults = await judged("");
  assertEquals([defaults.problems, defaults.warnings], [[], []], "the default is pulled in time");
  const shim = await judged('[container]\nruntime = "io.containerd.kata.v2"\n');
  assertEquals(shim.problems, [], "Docker need not list it");
  const runsc = await judged('[container]\nruntime = "runsc"\ncpus = 2\n');
  assertEquals([runsc.problems, runsc.warnings], [[], []]);

  const ofImages = await judged(
    `[container]\ncpus = 64\n[image.a]\nimage = "gone:1"\n[image.b]\nruntime = "runcs"\n`,
  );
  const told = [...ofImages.problems, ...ofImages.warnings];
  assertEquals(told.map(({ line, key }) => `${line}: ${key}`), [
    "2: container.cpus",
    "6: image.b.runtime",
    "4: image.a.image",
  ], "and what an image has of [container] is told once");
});

Deno.test("a variable that is nobody's is told, and one that is meant for a key is a mistake", async () => {
  const loaded = await load("", {
    TTYGATE_CONFIG: "t.toml",
    TTYGATE_PORT: "tcp://10.0.0.1:8080",
    TTYGATE_SERVICE_HOST: "10.0.0.1",
    TTYGATE_UNRELATED: "fine",
  });
  assertEquals(loaded.warnings.map(({ variable }) => variable), ["TTYGATE_UNRELATED"]);
  for (
    const [variable, meant] of [
      ["TTYGATE_CONTANER_MEMORY", "container.memory"],
      ["TTYGATE_SESION_IDLE_TIMEOUT", "session.idle_timeout"],
      ["TTYGATE_GATEWAYS_LISTEN", "gateway.listen"],
    ] as const
  ) {
    const error = await load("", { [variable]: "1" }).then(() => null, (error) => error as Error);
    assertEquals(
      error?.message,
      `environment ${variable}: is no key's variable; did you mean ${meant}?`,
    );
  }
});

Deno.test("a restart loop is broken, with its cause; a service that goes on is fine", () => {
  const state: ServiceState = {
    active: "active",
    sub: "running",
    result: "success",
    status: 0,
    restarts: 0,
    activeSinceMs: 0,
  };
  const judged = (change: Partial<ServiceState>) =>
    judgeService("ttygate.service", { ...state, ...change }, 1_000_000)
      .map(({ status, message, mend }) => `${status}: ${message}; ${mend}`);
  assertEquals(judged({}), []);
  assertEquals(judged({ active: "inactive", sub: "dead" }), []);
  const loop = { active: "activating", sub: "auto-restart", restarts: 37, result: "exit-code" };
  assertEquals(judged({ ...loop, status: 1 }), [
    "fail: it does not start: systemd has restarted it 37 times; it ended with exit status 1; see " +
    "'journalctl -u ttygate.service -n 20'",
  ]);
  assertMatch(judged({ ...loop, status: 243 })[0]!, /LoadCredential= names is missing/);
  assertMatch(judged({ ...loop, status: 216 })[0]!, /a group of the unit does not exist/);
  assertMatch(
    judged({ restarts: 1, result: "watchdog", activeSinceMs: 990_000 })[0]!,
    /^warn: systemd has restarted it once, the last just now; it gave no sign of life/,
  );
  assertEquals(judged({ restarts: 1, result: "watchdog", activeSinceMs: 100_000 }), []);
  assertMatch(
    judged({ active: "failed", result: "signal", status: 9 })[0]!,
    /^fail: it failed; it was ended by signal 9/,
  );
  assertMatch(judged({ active: "activating", sub: "start" })[0]!, /^warn: it is starting/);
});

/** A systemd that has a socket unit, or none. */
function systemOf(active: string | null, listen: readonly string[] = []): System {
  const unit = {
    load: active === null ? "not-found" : "loaded",
    active: active ?? "",
    enabled: "",
  };
  return {
    unit: () => Promise.resolve(unit),
    ask: () => Promise.resolve([listen.map((place) => ["Stream", place])]),
  } as unknown as System;
}

Deno.test("a port that is taken is broken, and an address that does not count is told", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const place = `127.0.0.1:${(taken.addr as Deno.NetAddr).port}`;
  const config = await load(`[gateway]\nlisten = ["${place}"]\nadmin_socket = "/no/such.sock"\n`);
  const [busy] = await checkListen(config, systemOf(null));
  assertEquals([busy!.status, busy!.message], ["fail", `another program listens on ${place}`]);
  const [failed, ignored] = await checkListen(config, systemOf("failed", [place]));
  assertEquals(failed!.message, `another program listens on ${place}`);
  assertEquals([ignored!.check, ignored!.status], ["gateway.listen", "warn"]);
  assertMatch(ignored!.message, /systemd listens for the gateway, on 127/);
  assertEquals(await checkListen(await load(""), systemOf("active", [place])), []);
});

Deno.test("the environment and the files of the service are seen as it has them", () => {
  assertEquals(
    ownVariables(["PATH=/bin", "TTYGATE_POOL_SIZE=1", "TTYGATE_POOL_SIZE=2", "TTYGATE_X=a=b"]),
    { TTYGATE_POOL_SIZE: "2", TTYGATE_X: "a=b" },
  );
  const service: ServiceView = {
    user: SERVICE,
    env: {},
    credentials: new Map([["tls.key", "/etc/letsencrypt/privkey.pem"]]),
  };
  assertEquals(placeFor(service, "/run/credentials/ttygate.service/tls.key"), {
    path: "/etc/letsencrypt/privkey.pem",
    readBySystemd: true,
  });
  assertEquals(placeFor(service, "/etc/letsencrypt/privkey.pem").readBySystemd, true);
  assertEquals(placeFor(service, "/etc/ttygate/htpasswd").readBySystemd, false);
  assertEquals(placeFor(null, "/etc/x").path, "/etc/x");
});
