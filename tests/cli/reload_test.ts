/** SIGHUP reads the configuration again: what changes at once, what waits, and what is refused. */
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { join } from "node:path";
import { connect } from "node:tls";
import { merge, Reloader } from "../../lib/cli/reload.ts";
import { changedSettings, settingsOf } from "../../lib/cli/settings.ts";
import { type Config, loadConfig } from "../../lib/config.ts";
import { makeCertificate, shownCertificate } from "../support/certificate.ts";
import { htpasswdLine, TestGateway, until } from "../support/gateway.ts";
import { receiver } from "../support/service_manager.ts";
import { TestTerminal } from "../support/terminal.ts";

async function configOf(text: string): Promise<Config> {
  const readTextFile = () => Promise.resolve(text);
  return (await loadConfig({ file: "test.toml", env: {}, readTextFile })).config;
}

/** A reloader without a gateway; what it loads is `next.config`. */
async function scripted(config: Config) {
  const live = { settings: await settingsOf(config) };
  const [told, logged]: [string[], string[]] = [[], []];
  const next = { config, meanwhile: () => {} };
  const level = (name: string) => (message: string) => void logged.push(`${name} ${message}`);
  const reloader = new Reloader({
    load: () => Promise.resolve(next.config),
    running: () => live.settings.config,
    take: async (config, changed) => {
      live.settings = await changedSettings(config, changed);
      told.push(`pool ${live.settings.registry.poolSize}`);
      next.meanwhile();
    },
    tell: (stage) => Promise.resolve(void told.push(stage)),
    log: {
      error: level("error"),
      warning: level("warning"),
      notice: level("notice"),
      info: level("info"),
      debug: level("debug"),
    },
  });
  return { live, reloader, told, logged, next };
}

/** A gateway that reads a file, and what rewrites the file and reloads it. */
class Reloaded implements AsyncDisposable {
  private constructor(readonly home: string, readonly gateway: TestGateway) {}

  static async start(text: string, env: Record<string, string> = {}): Promise<Reloaded> {
    const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const file = join(home, "ttygate.toml");
    await Deno.writeTextFile(file, text.replaceAll("HOME", home));
    const gateway = await TestGateway.start({ home, env: { TTYGATE_CONFIG: file, ...env } });
    return new Reloaded(home, gateway);
  }

  /** Returns what was logged meanwhile, up to the line that says how it went. */
  async reload(text: string): Promise<string> {
    await Deno.writeTextFile(join(this.home, "ttygate.toml"), text.replaceAll("HOME", this.home));
    const from = this.gateway.log.length;
    this.gateway.process.kill("SIGHUP");
    const told = () => this.gateway.log.slice(from);
    await until(() =>
      /the configuration was not reloaded|reloaded the configuration.*/.test(told())
    );
    return told();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
    await Deno.remove(this.home, { recursive: true });
  }
}

Deno.test("merge() takes new values, but for those of keys that a gateway is made with", async () => {
  const running = await configOf('[gateway]\nlisten = ["127.0.0.1:1"]\n[pool]\nsize = 1\n');
  const read = await configOf(
    '[gateway]\nlisten = ["127.0.0.1:2"]\nstate_dir = "/other"\ntls_cert = "/c"\ntls_key = "/k"\n' +
      '[docker]\ninstance = "other"\n[container]\nmemory = "1GB"\n[pool]\nsize = 4\n',
  );
  const { config, changed, waiting } = merge(running, read);
  assertEquals(changed, ["container.memory", "pool.size"]);
  assertEquals(waiting, [
    "gateway.listen",
    "gateway.state_dir",
    "gateway.tls_cert",
    "gateway.tls_key",
    "docker.instance",
  ]);
  assertEquals(config.gateway, running.gateway);
  assertEquals(config.docker, running.docker);
  assertEquals([config.container.memoryBytes, config.pool.size], [1024 ** 3, 4]);
});

Deno.test("merge() finds nothing to do in the same configuration", async () => {
  const text =
    '[gateway]\ntls_cert = "/c"\ntls_key = "/k"\nallowed_origins = ["https://a.example"]\n';
  const [running, read] = [await configOf(text), await configOf(text)];
  assertEquals(merge(running, read), { config: running, changed: [], waiting: [] });
  const renewed = await configOf(text.replace("/c", "/d"));
  assertEquals(merge(running, renewed).changed, ["gateway.tls_cert"]);
});

Deno.test("reload() asked for while it reloads is done once more, and told of once", async () => {
  const larger = await configOf("[pool]\nsize = 4\n");
  const { reloader, told, next } = await scripted(await configOf("[pool]\nsize = 1\n"));
  next.meanwhile = () => {
    next.meanwhile = () => {};
    next.config = larger;
    for (let times = 0; times < 3; times++) reloader.reload();
  };
  await reloader.reload();
  assertEquals(told, ["begun", "pool 1", "pool 4", "over"]);
});

Deno.test("a reload changes what comes next and nothing of a session that runs", async () => {
  await using place = await Reloaded.start(
    "[container]\npids = 100\n[session]\nmax_per_user = 1\n",
  );
  const { gateway } = place;
  const cookie = await gateway.logIn();
  await using before = await TestTerminal.open(gateway, { cookie });
  await before.run("kept=yes");
  const foreign = { cookie, origin: "https://portal.example" };
  await TestTerminal.connect(gateway, foreign).then(() => assert(false), (error) => {
    assertEquals(error.status, 403);
  });

  const told = await place.reload(
    '[gateway]\nallowed_origins = ["https://portal.example"]\n' +
      '[container]\npids = 90\n[session]\nmax_per_user = 2\nidle_timeout = "7m"\n',
  );
  assertMatch(
    told,
    /reloaded .* changed="gateway\.allowed_origins, container\.pids, session\.idle_t/,
  );
  await using after = await TestTerminal.open(gateway, foreign);
  const [old, young] = [await before.event("ready"), await after.event("ready")];
  assertEquals([old.limits.pids, young.limits.pids], [100, 90]);
  assertEquals([old.idleTimeout, young.idleTimeout], [900, 420]);
  assertEquals(await before.run("echo $kept"), "yes");
  const pids = (await gateway.containers()).map(({ Id }) => gateway.docker.containers.inspect(Id));
  assertEquals(
    (await Promise.all(pids)).map(({ HostConfig }) => HostConfig.PidsLimit).toSorted(),
    [100, 90],
  );
  for (const terminal of [before, after]) {
    terminal.type("exit\r");
    await terminal.closed;
  }
});

Deno.test("ready shells of the old configuration are replaced at once by such of the new", async () => {
  await using place = await Reloaded.start("[container]\npids = 100\n", { TTYGATE_POOL_SIZE: "1" });
  const { gateway } = place;
  const pids = async () => {
    const inspected = (await gateway.containers())
      .map(({ Id }) => gateway.docker.containers.inspect(Id).catch(() => null));
    return (await Promise.all(inspected)).map((found) => found?.HostConfig.PidsLimit);
  };
  await until(async () => String(await pids()) === "100");
  await place.reload("[container]\npids = 90\n");
  await until(async () => String(await pids()) === "90");
});

Deno.test("trusted proxies and the time that a login lasts are taken over", async () => {
  await using place = await Reloaded.start("");
  const { gateway } = place;
  const cookieOf = async () => {
    const form = { username: "alice", password: "wonderland" };
    const headers = { "x-forwarded-proto": "https", "origin": `https://${gateway.host}` };
    const response = await gateway.postLogin(form, headers);
    await response.body?.cancel();
    return response.headers.getSetCookie()[0]!;
  };
  assertMatch(await cookieOf(), /^ttygate=.*Max-Age=43200/);
  await place.reload(
    '[gateway]\ntrusted_proxies = ["127.0.0.0/8"]\n[auth]\nlogin_ttl = "10m"\n',
  );
  assertMatch(await cookieOf(), /^__Host-ttygate=.*Max-Age=600/);
});

Deno.test("a wrong file changes nothing, and each mistake is told with file, line and key", async () => {
  await using place = await Reloaded.start("[session]\nmax_per_user = 1\n");
  const { gateway } = place;
  const cookie = await gateway.logIn();
  await using terminal = await TestTerminal.open(gateway, { cookie });
  const told = await place.reload(
    '[session]\nmax_per_user = 5\n[container]\nmemroy = "1GB"\npids = 0\n',
  );
  assertMatch(
    told,
    /error \S+ttygate\.toml:4: container\.memroy: is no key; did you mean memory\?/,
  );
  assertMatch(told, /error \S+ttygate\.toml:5: container\.pids: must be a whole number/);
  assertMatch(told, /error the configuration was not reloaded; the one before stays in effect/);
  await using second = await TestTerminal.connect(gateway, { cookie });
  assertEquals((await second.event("ended")).reason, "limit");
  assertEquals(await terminal.run("echo still here"), "still here");
  // Mended, it is taken over.
  await place.reload("[session]\nmax_per_user = 2\n");
  await using third = await TestTerminal.open(gateway, { cookie });
  for (const each of [terminal, third]) {
    each.type("exit\r");
    await each.closed;
  }
});

Deno.test("keys that cannot change are named, and keep their values", async () => {
  await using place = await Reloaded.start("");
  const told = await place.reload(
    '[gateway]\nbase_path = "/elsewhere"\n[session]\nmax_total = 7\n',
  );
  assertMatch(told, /warning gateway\.base_path: takes effect at the next restart/);
  const response = await fetch(`${place.gateway.origin}/login`);
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

Deno.test("where no socket of systemd would start it again, idle_exit is told to have no effect", async () => {
  const warning = /warning gateway\.idle_exit has no effect: no systemd socket would start/;
  await using place = await Reloaded.start("");
  assertNotMatch(place.gateway.log, warning);
  await place.reload('[gateway]\nidle_exit = "1ms"\n');
  await place.gateway.logged(warning);
  const response = await fetch(`${place.gateway.origin}/login`);
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

Deno.test("another file of users counts from the reload on; one that is not there is refused", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    await Deno.writeTextFile(join(home, "old"), await htpasswdLine("alice", "wonderland"));
    await Deno.writeTextFile(join(home, "new"), await htpasswdLine("bob", "builder"));
    const users = (name: string) => configOf(`[auth]\nhtpasswd = "${home}/${name}"\n`);
    const { live, reloader, logged, next } = await scripted(await users("old"));
    next.config = await users("missing");
    await reloader.reload();
    assertEquals(reloader.failed, true);
    assertMatch(logged[0]!, /^error Cannot read \S+missing: it does not exist/);
    assert(live.settings.users.accounts().byName.has("alice"));
    next.config = await users("new");
    await reloader.reload();
    assertEquals(reloader.failed, false);
    assertEquals(live.settings.users.accounts().byName.has("alice"), false);
    assert(live.settings.users.accounts().byName.has("bob"));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("a renewed certificate is shown to new connections, and open ones stay", async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  try {
    for (const name of ["first", "second"]) await makeCertificate(home, name);
    const text = (name: string) =>
      `[gateway]\ntls_cert = "${home}/${name}.crt"\ntls_key = "${home}/${name}.key"\n`;
    await using place = await Reloaded.start(text("first"));
    const { gateway } = place;
    assertEquals(await shownCertificate(gateway.host), "first");
    const [host, port] = gateway.host.split(":");
    const open = connect({ host, port: Number(port), rejectUnauthorized: false });
    await new Promise((resolve) => open.once("secureConnect", resolve));

    await place.reload(text("second"));
    assertEquals(await shownCertificate(gateway.host), "second");
    const answer = new Promise((resolve) => open.once("data", (data) => resolve(String(data))));
    open.write("GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assertMatch(String(await answer), /^HTTP\/1\.1 200/);

    // Half of a renewal, as when a reload comes between the two files.
    await Deno.copyFile(join(home, "first.crt"), join(home, "second.crt"));
    const told = await place.reload(text("second"));
    assertMatch(told, /error .*second\.key is the key of another certificate than \S+second\.crt/);
    assertEquals(await shownCertificate(gateway.host), "second");

    await makeCertificate(home, "second");
    const plain = await place.reload("");
    assertMatch(plain, /gateway\.tls_cert, gateway\.tls_key: takes effect at the next restart/);
    assertEquals(await shownCertificate(gateway.host), "second");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("systemd is told of each stage of a life: ready, reloading, ready, stopping, and signs of it", async () => {
  const name = `ttygate-test-${crypto.randomUUID()}`;
  using manager = receiver(`\0${name}`);
  /** The next message that is no sign of life. */
  const nextStage = async () => {
    for (let text; (text = await manager.next());) {
      if (text !== "WATCHDOG=1") return text;
    }
    throw new Error("an empty message");
  };
  // No WATCHDOG_PID, as the process that it would name is not there yet.
  const env = { NOTIFY_SOCKET: `@${name}`, WATCHDOG_USEC: "200000" };
  await using place = await Reloaded.start("", env);
  const serving = "STATUS=Serving 0 sessions, 0 shells ready";
  assertEquals(await nextStage(), `READY=1\n${serving}`);
  const [uptime] = (await Deno.readTextFile("/proc/uptime")).split(" ");
  const reloaded = place.reload("[session]\nmax_total = true\n");
  const [, usec] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)\nSTATUS=Reloading$/.exec(await nextStage())!;
  assert(Number(usec) >= Number(uptime) * 1e6, `${usec} is before ${uptime}`);
  const failed = `${serving}; the last reload failed, the journal says why`;
  assertEquals(await nextStage(), `READY=1\n${failed}`);
  await reloaded;
  await place.reload("");
  await nextStage();
  assertEquals(await nextStage(), `READY=1\n${serving}`);
  for (let signs = 0; signs < 3; signs++) assertEquals(await manager.next(), "WATCHDOG=1");
  place.gateway.process.kill("SIGTERM");
  assertEquals(await nextStage(), "STOPPING=1\nSTATUS=Ending the sessions");
});

Deno.test("what Docker cannot give is refused, as no session would start", async () => {
  await using reloaded = await Reloaded.start("[container]\ncpus = 0.5\n");
  const told = await reloaded.reload("[container]\ncpus = 512\n");
  assertMatch(told, /error \S+ttygate\.toml:2: container\.cpus: is 512, and Docker has \d+/);
  assertMatch(told, /the configuration was not reloaded/);
});
