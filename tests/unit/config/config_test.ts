/** Proves what the configuration accepts, refuses and says about it. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConfigError, DEFAULT_FILE, loadConfig } from "../../../lib/config.ts";
import type { Config, ConfigProblem, ListenAddress } from "../../../lib/config.ts";

const FILE = "/etc/x.toml";

/** Loads text as if it were the file FILE; without text no file exists. */
function load(text?: string, env: Record<string, string> = {}) {
  const readTextFile = (path: string) =>
    path === FILE && text !== undefined
      ? Promise.resolve(text)
      : Promise.reject(new Deno.errors.NotFound(path));
  return loadConfig({ ...(text !== undefined && { file: FILE }), env, readTextFile });
}

async function problems(text?: string, env?: Record<string, string>): Promise<ConfigProblem[]> {
  const error: ConfigError = await assertRejects(() => load(text, env), ConfigError);
  return [...error.problems];
}

/** The one problem of one key with one value. */
async function refusal(section: string, key: string, value: string): Promise<string> {
  const found = await problems(`[${section}]\n${key} = ${value}\n`);
  assertEquals(found.length, 1, `${key} = ${value}: ${JSON.stringify(found)}`);
  assertEquals(found[0]!.key, `${section}.${key}`);
  assertEquals(found[0]!.line, 2);
  return found[0]!.message;
}

const DEFAULTS: Config = {
  gateway: {
    listen: [{ transport: "tcp", hostname: "127.0.0.1", port: 8080 }],
    agent: "own",
    adminSocket: "/run/ttygate/admin.sock",
    stateDir: "/var/lib/ttygate",
    basePath: "/",
    allowedOrigins: [],
    hosts: [],
    trustedProxies: [],
    idleExitMs: null,
    banner: "",
    tlsCert: null,
    tlsKey: null,
  },
  agent: {
    socket: "/run/ttygate/agent.sock",
    stateDir: "/var/lib/ttygate-agent",
    name: "",
    images: [],
    maxTotal: 50,
    labels: [],
    shell: "container",
    shellGroups: [],
    shellUser: "nobody",
  },
  docker: { socket: "/run/docker.sock", instance: "default", minFreeBytes: 2147483648 },
  container: {
    image: "ubuntu:24.04",
    command: ["/bin/bash", "-l"],
    cpus: 0.5,
    memoryBytes: 209715200,
    pids: 128,
    diskBytes: 1073741824,
    network: "ttygate",
    runtime: "",
    user: "",
    promptMarks: true,
  },
  session: {
    idleTimeoutMs: 900_000,
    idleWarningMs: 60_000,
    maxLifetimeMs: 28_800_000,
    reconnectGraceMs: 60_000,
    detachMaxMs: 3_600_000,
    maxTotal: 50,
    maxPerUser: 3,
    replayBytes: 262144,
    motd: "",
    uploadBytes: 1_073_741_824,
  },
  machines: { maxPerUser: 5, idleStopMs: null, home: "/root" },
  pool: { size: 2 },
  auth: {
    htpasswd: "/etc/ttygate/htpasswd",
    groups: "/etc/ttygate/groups",
    loginTtlMs: 43_200_000,
    deny: 5,
    unlockTimeMs: 600_000,
    minLength: 8,
    failDelayMs: 2000,
  },
  ssh: { listen: [] },
  registration: { mode: "off" },
  audit: { file: null, record: "off" },
  images: [],
};

/** Every key, each with its default and in the order of the documentation. */
const SAMPLE = `[gateway]
listen = ["127.0.0.1:8080"]
agent = "own"
admin_socket = "/run/ttygate/admin.sock"
state_dir = "/var/lib/ttygate"
base_path = "/"
allowed_origins = []
hosts = []
trusted_proxies = []
idle_exit = "off"
tls_cert = ""
tls_key = ""
banner = ""
[agent]
socket = "/run/ttygate/agent.sock"
state_dir = "/var/lib/ttygate-agent"
name = ""
images = []
max_total = 50
labels = []
shell = "container"
shell_groups = []
shell_user = "nobody"
[docker]
socket = "/run/docker.sock"
instance = "default"
min_free = "2GB"
[container]
image = "ubuntu:24.04"
command = ["/bin/bash", "-l"]
cpus = 0.5
memory = "200MB"
pids = 128
disk = "1GB"
network = "ttygate"
runtime = ""
user = ""
prompt_marks = "on"
[session]
idle_timeout = "15m"
idle_warning = "60s"
max_lifetime = "8h"
reconnect_grace = "60s"
detach_max = "1h"
max_total = 50
max_per_user = 3
replay = "256KB"
upload = "1GB"
motd = ""
[machines]
max_per_user = 5
idle_stop = "off"
home = "/root"
[pool]
size = 2
[auth]
htpasswd = "/etc/ttygate/htpasswd"
groups = "/etc/ttygate/groups"
login_ttl = "12h"
deny = 5
unlock_time = "10m"
fail_delay = "2s"
min_length = 8
[ssh]
listen = []
[registration]
mode = "off"
[audit]
file = ""
record = "off"
`;

Deno.test("without a file and without variables every key has its default", async () => {
  const { config, file, sources } = await load();
  assertEquals(config, DEFAULTS);
  assertEquals(file, null);
  assert([...sources.values()].every(({ from }) => from === "default"));
});

Deno.test("a file with every default written out means the same and is the source", async () => {
  const { config, sources, file } = await load(SAMPLE);
  assertEquals(config, DEFAULTS);
  assertEquals(file, FILE);
  const lines = SAMPLE.split("\n");
  let section = "";
  const written: string[] = [];
  lines.forEach((text, i) => {
    if (text.startsWith("[")) section = text.slice(1, -1);
    else if (text !== "") {
      const id = `${section}.${text.split(" ")[0]}`;
      written.push(id);
      const { value: _, ...origin } = sources.get(id)!;
      assertEquals(origin, { from: "file", file: FILE, line: i + 1 });
    }
  });
  assertEquals([...sources.keys()], written);
});

Deno.test("the configuration cannot be changed, at any depth", async () => {
  const { config } = await load();
  const walk = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null) return;
    assert(Object.isFrozen(value), path);
    for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
  };
  walk(config, "config");
});

Deno.test("every key can be overridden by its environment variable", async () => {
  const other: Record<string, [variable: string, value: unknown]> = {
    "gateway.listen": [
      "[::1]:0, /run/x.sock,localhost:80",
      [
        { transport: "tcp", hostname: "::1", port: 0 },
        { transport: "unix", path: "/run/x.sock" },
        { transport: "tcp", hostname: "localhost", port: 80 },
      ] satisfies ListenAddress[],
    ],
    "gateway.agent": ["/agent.sock", "/agent.sock"],
    "gateway.admin_socket": ["/a.sock", "/a.sock"],
    "gateway.state_dir": ["/state", "/state"],
    "gateway.base_path": ["/a/b/", "/a/b"],
    "gateway.allowed_origins": ["https://A.example,http://b:81/", [
      "https://a.example",
      "http://b:81",
    ]],
    "gateway.hosts": ["Shell.example.org.,*.b", ["shell.example.org", "*.b"]],
    "gateway.trusted_proxies": ["10.0.0.0/8,::1", ["10.0.0.0/8", "::1/128"]],
    "gateway.idle_exit": ["90s", 90_000],
    "gateway.tls_cert": ["/cert.pem", "/cert.pem"],
    "gateway.tls_key": ["/key.pem", "/key.pem"],
    "gateway.banner": ["Hello, you\nthere", "Hello, you\nthere"],
    "agent.socket": ["/b.sock", "/b.sock"],
    "agent.state_dir": ["/c", "/c"],
    "agent.name": ["node-1", "node-1"],
    "agent.images": ["python:3.13,node", ["python:3.13", "node"]],
    "agent.max_total": ["9", 9],
    "agent.labels": ["gpu,eu", ["gpu", "eu"]],
    "agent.shell": ["host", "host"],
    "agent.shell_groups": ["staff,admin", ["staff", "admin"]],
    "agent.shell_user": ["guest", "guest"],
    "docker.socket": ["/d.sock", "/d.sock"],
    "docker.instance": ["blue_1", "blue_1"],
    "docker.min_free": ["512MB", 536870912],
    "container.image": ["registry.local:5000/a/b@sha256:0f", "registry.local:5000/a/b@sha256:0f"],
    "container.command": ["/bin/sh,-c,id", ["/bin/sh", "-c", "id"]],
    "container.cpus": ["1.25", 1.25],
    "container.memory": ["6MiB", 6291456],
    "container.pids": ["3", 3],
    "container.disk": ["1.5GB", 1610612736],
    "container.network": ["none", "none"],
    "container.runtime": ["runsc", "runsc"],
    "container.user": ["1000:1000", "1000:1000"],
    "container.prompt_marks": ["off", false],
    "session.idle_timeout": ["1h30m", 5_400_000],
    "session.idle_warning": ["0s", 0],
    "session.max_lifetime": ["24d", 2_073_600_000],
    "session.reconnect_grace": ["0s", 0],
    "session.detach_max": ["0s", 0],
    "session.max_total": ["1", 1],
    "session.max_per_user": ["7", 7],
    "session.replay": ["1024B", 1024],
    "session.upload": ["0B", 0],
    "session.motd": ["Hi, all", "Hi, all"],
    "machines.max_per_user": ["0", 0],
    "machines.idle_stop": ["2h", 7_200_000],
    "machines.home": ["/home/me", "/home/me"],
    "pool.size": ["0", 0],
    "auth.htpasswd": ["/h", "/h"],
    "auth.groups": ["/g", "/g"],
    "auth.login_ttl": ["500ms", 500],
    "auth.deny": ["1", 1],
    "auth.unlock_time": ["1d2h3m4s5ms", 93_784_005],
    "auth.fail_delay": ["0ms", 0],
    "auth.min_length": ["12", 12],
    "ssh.listen": [
      "0.0.0.0:2222,[::]:2222",
      [
        { transport: "tcp", hostname: "0.0.0.0", port: 2222 },
        { transport: "tcp", hostname: "::", port: 2222 },
      ],
    ],
    "registration.mode": ["invite", "invite"],
    "audit.file": ["/var/log/a", "/var/log/a"],
    "audit.record": ["asciicast", "asciicast"],
  };
  const variable = (id: string) => `TTYGATE_${id.replace(".", "_").toUpperCase()}`;
  const env = Object.fromEntries(
    Object.entries(other).map(([id, [text]]) => [variable(id), text]),
  );
  const { config, sources } = await load(SAMPLE, env);
  assertEquals([...sources.keys()], Object.keys(other));
  for (const [id, { value: _, ...origin }] of sources) {
    assertEquals(origin, { from: "environment", variable: variable(id) });
  }
  const values = Object.values(config).flatMap((section) => Object.values(section));
  assertEquals(values, Object.values(other).map(([, value]) => value));
});

Deno.test("an empty variable is an empty list, and no configuration file", async () => {
  const env = { TTYGATE_GATEWAY_ALLOWED_ORIGINS: "", TTYGATE_CONFIG: "" };
  assertEquals((await load(undefined, env)).config.gateway.allowedOrigins, []);
});

Deno.test("--config comes before TTYGATE_CONFIG, which comes before the default file", async () => {
  const asked: string[] = [];
  const readTextFile = (path: string) => {
    if (path.endsWith("/installed.toml")) return Promise.reject(new Deno.errors.NotFound(path));
    asked.push(path);
    return Promise.resolve("");
  };
  const env = { TTYGATE_CONFIG: "/env.toml" };
  assertEquals((await loadConfig({ file: "/a.toml", env, readTextFile })).file, "/a.toml");
  assertEquals((await loadConfig({ env, readTextFile })).file, "/env.toml");
  assertEquals((await loadConfig({ env: {}, readTextFile })).file, DEFAULT_FILE);
  assertEquals(asked, ["/a.toml", "/env.toml", DEFAULT_FILE]);
});

Deno.test("what an installation brought is beneath the default file, and beneath no other", async () => {
  const installed = "/usr/share/ttygate/installed.toml";
  const read = (texts: Record<string, string>) => (path: string) =>
    path in texts ? Promise.resolve(texts[path]!) : Promise.reject(new Deno.errors.NotFound(path));
  const agent = async (texts: Record<string, string>, file?: string) => {
    const readTextFile = read({ [installed]: '[gateway]\nagent = "/run/a.sock"\n', ...texts });
    const loaded = await loadConfig({ ...(file && { file }), env: {}, readTextFile });
    return [loaded.config.gateway.agent, loaded.file];
  };
  assertEquals(await agent({}), ["/run/a.sock", null]);
  assertEquals(await agent({ [DEFAULT_FILE]: "" }), ["/run/a.sock", DEFAULT_FILE]);
  assertEquals(await agent({ [DEFAULT_FILE]: '[gateway]\nagent = "own"\n' }), [
    "own",
    DEFAULT_FILE,
  ]);
  assertEquals(await agent({ "/a.toml": "" }, "/a.toml"), ["own", "/a.toml"]);
});

Deno.test("a named file that is missing is an error that names it", async () => {
  for (
    const [options, by] of [
      [{ file: "/no/such", env: {} }, "--config"],
      [{ env: { TTYGATE_CONFIG: "/no/such" } }, "TTYGATE_CONFIG"],
    ] as const
  ) {
    const error: ConfigError = await assertRejects(() => loadConfig(options), ConfigError);
    assertStringIncludes(error.message, "/no/such: cannot read the configuration");
    assertStringIncludes(error.message, by);
    assert(error.cause instanceof Deno.errors.NotFound);
  }
});

Deno.test("a default file that may not be read is an error", async () => {
  const readTextFile = () => Promise.reject(new Deno.errors.PermissionDenied("not for you"));
  const error: ConfigError = await assertRejects(
    () => loadConfig({ env: {}, readTextFile }),
    ConfigError,
  );
  assertStringIncludes(error.message, `${DEFAULT_FILE}: cannot read`);
});

Deno.test("all mistakes are told together, with file and line or variable", async () => {
  const text = `[gatway]
[gateway]
listen = []
[container]
memory = "200Mb"
cpu = 1
[session]
idle_timeout = 15
`;
  const env = {
    TTYGATE_CONTAINER_COMMAND: "",
    TTYGATE_POOL_SIZ: "1",
    TTYGATE_UNRELATED: "fine",
    TTYGATE_GATEWAY_TLS_KEY: "/k",
  };
  const error: ConfigError = await assertRejects(() => load(text, env), ConfigError);
  const starts = [
    `${FILE}:1: gatway: `,
    `${FILE}:3: gateway.listen: `,
    `${FILE}:5: container.memory: `,
    `${FILE}:6: container.cpu: `,
    `${FILE}:8: session.idle_timeout: `,
    "environment TTYGATE_POOL_SIZ: ",
    "environment TTYGATE_CONTAINER_COMMAND: ",
    "environment TTYGATE_GATEWAY_TLS_KEY: ",
  ];
  const lines = error.message.split("\n");
  assertEquals(lines.map((line, i) => line.slice(0, starts[i]?.length)), starts);
});

Deno.test("text that is not TOML is an error that names the line", async () => {
  for (
    const [text, line] of [["[session\n", 1], ["[pool]\nsize = \n", 2], ["\0", 1], [
      "a\n",
      1,
    ]] as const
  ) {
    const [problem, ...others] = await problems(text);
    assertEquals(others, []);
    assertEquals([problem?.file, problem?.line], [FILE, line]);
    assertStringIncludes(problem!.message, "not TOML");
  }
  const twice = await problems("[pool]\nsize = 1\nsize = 2\n");
  assertEquals(twice[0]?.line, 3);
});

Deno.test("dotted keys, inline tables, comments and CRLF are TOML like any other", async () => {
  const text = "pool.size = 4 # four\r\nsession = { max_total = 9, replay = '2KB' }\r\n";
  const { config, sources } = await load(text);
  assertEquals([config.pool.size, config.session.maxTotal], [4, 9]);
  assertEquals(config.session.replayBytes, 2048);
  assertEquals(sources.get("session.replay"), {
    from: "file",
    file: FILE,
    line: 2,
    value: "2KB",
  });
});

Deno.test("a mistaken name is told with what was probably meant", async () => {
  for (
    const [text, said] of [
      ["[sesion]\n", "did you mean [session]?"],
      ["[colour]\n", "there are gateway, agent, docker,"],
      ["[toString]\n", "is no section"],
      ["memory = '1GB'\n", "belongs under [container]"],
      ["session = 5\n", "is a section; write [session]"],
      ["[session]\nidleTimeout = '5m'\n", "did you mean idle_timeout?"],
      ["[session]\nmemory = '5m'\n", "belongs under [container]"],
      ["[pool]\ncolour = 1\n", "[pool] has size"],
      ["[pool]\nconstructor = 1\n", "[pool] has size"],
      ["[pool.size]\nx = 1\n", "is one value, not a table"],
      ["[pool]\nsize = {}\n", "is one value, not a table"],
      ["[[pool]]\nsize = 1\n", "[pool] has size"],
    ] as const
  ) {
    const found = await problems(text);
    assertEquals(found.length, 1, text);
    assertStringIncludes(found[0]!.message, said, text);
  }
  const [problem] = await problems(undefined, { TTYGATE_AUTH_HTPASWD: "/x" });
  assertStringIncludes(problem!.message, "did you mean htpasswd?");
});

Deno.test("a value of the wrong type, unit or range is refused with what it may be", async () => {
  for (
    const [section, key, ...values] of [
      ["gateway", "listen", '"127.0.0.1:80"', "[]", "[80]", '[":80"]', '["a:65536"]', '["::1:80"]'],
      ["gateway", "listen", '["[x]:80"]', '["run/x.sock"]', '["/dir/"]', '["a:-1"]', '["host"]'],
      ["gateway", "admin_socket", '""', '"x.sock"', "1", `"/${"x".repeat(107)}"`],
      ["gateway", "base_path", '""', '"x"', '"//x"', '"/a/../b"', '"/a b"', '"/a?b"'],
      ["gateway", "allowed_origins", '["*"]', '["host"]', '["https://a/b"]', '["ws://a"]'],
      ["gateway", "allowed_origins", '["https://*.a"]', '["null"]', '["https://u@a"]', '"x"'],
      ["gateway", "hosts", '["a:80"]', '["https://a"]', '["a b"]', '["*"]', '[""]', '["[::1]"]'],
      ["gateway", "trusted_proxies", '["10.0.0.0/33"]', '["::/129"]', '["proxy"]', '["1.2.3/8"]'],
      ["gateway", "idle_exit", '"on"', '"0s"', '"25d"', "90", '""', "false"],
      ["docker", "instance", '""', '"-x"', '"a b"', '"a,b"', `"${"x".repeat(64)}"`],
      ["container", "image", '""', '"a b"', '"-v"', '"a\\nb"'],
      ["container", "command", "[]", '[""]', '"bash"', "[1]", '["a\\u0000"]'],
      ["container", "cpus", "0", "0.001", "-1", "inf", "nan", '"0.5"', "2000"],
      ["container", "memory", '"5MB"', '"200Mb"', '"200mb"', '"200"', "200", '"-1MB"', '"1PB"'],
      ["container", "pids", "0", "2", "-1", "1.5", '"many"', "5000000"],
      ["container", "network", '"host"', '""', '"container:x"'],
      ["container", "runtime", '"a b"', "1"],
      ["container", "user", '"a b"', '":0"', '"a:"'],
      ["session", "idle_timeout", '"0s"', '"15"', "15", '"15M"', '"15 m"', '"-5m"', '"1m1h"'],
      ["session", "idle_timeout", '""', '"off"', '"24d1ms"', '"99999999999999999999h"', '"1.5h"'],
      ["session", "reconnect_grace", '"-1s"', "0", '"never"'],
      ["session", "detach_max", '"-1s"', "0", '"never"'],
      ["session", "max_total", "0", "1.5", '"1"', "true", "2020-01-01"],
      ["session", "upload", '"-1B"', '"65TB"', "0"],
      ["session", "replay", '"0B"', '"2GB"'],
      ["pool", "size", "-1", "0.5"],
      ["auth", "htpasswd", '""', '"htpasswd"', '"/a\\u0000b"'],
      ["auth", "deny", "0"],
      ["audit", "record", '"on"', "true"],
      ["audit", "file", '"log"', "[]"],
    ] as const
  ) {
    for (const value of values) {
      const message = await refusal(section, key, value);
      assert(/^must be .+, not .+/.test(message), message);
    }
  }
});

Deno.test("a message stays one short line, whatever the value is", async () => {
  const message = await refusal("container", "image", `"x\\n${"y".repeat(10_000)}"`);
  assert(message.length < 200 && !message.includes("\n"), message);
});

Deno.test("a TLS certificate without its key is refused, and the other way round", async () => {
  for (const [one, other] of [["tls_cert", "tls_key"], ["tls_key", "tls_cert"]] as const) {
    assertStringIncludes(await refusal("gateway", one, '"/x.pem"'), `needs gateway.${other}`);
  }
  const text = '[gateway]\ntls_cert = "/c.pem"\ntls_key = "/k.pem"\n';
  assertEquals((await load(text)).config.gateway.tlsKey, "/k.pem");
});

Deno.test("an idle warning longer than the idle timeout is no mistake", async () => {
  const { config } = await load('[session]\nidle_timeout = "30s"\nidle_warning = "60s"\n');
  assertEquals([config.session.idleTimeoutMs, config.session.idleWarningMs], [30_000, 60_000]);
});

Deno.test("units of sizes are powers of 1024, in either spelling", async () => {
  for (
    const [text, bytes] of [
      ["200MB", 209715200],
      ["200MiB", 209715200],
      ["209715200B", 209715200],
      ["204800KB", 209715200],
      ["0.5GB", 536870912],
      ["1 TiB", 1099511627776],
    ] as const
  ) {
    const { config } = await load(`[container]\nmemory = "${text}"\n`);
    assertEquals(config.container.memoryBytes, bytes, text);
  }
});

Deno.test("[image.NAME] is as [container] but for what it says", async () => {
  const text = `[container]
cpus = 2
[image.python]
title = "Python 3"
image = "python:3.13"
memory = "100MB"
[image.node-js]
labels = ["gpu"]
`;
  const { config: { container, images }, sources } = await load(text);
  assertEquals(images, [
    {
      ...container,
      ...{ name: "python", title: "Python 3", labels: [] },
      ...{ image: "python:3.13", memoryBytes: 104_857_600 },
    },
    { ...container, name: "node-js", title: "node-js", labels: ["gpu"] },
  ]);
  assertEquals(sources.get("image.python.memory"), {
    ...{ from: "file", file: FILE, line: 6, value: "100MB" },
  });
});

Deno.test("a variable sets a key of an image, also of one that no file has", async () => {
  const env = { TTYGATE_IMAGE_PYTHON_MEMORY: "6MB", TTYGATE_IMAGE_NODE_JS_COMMAND: "node,-i" };
  const { config: { images } } = await load('[image.python]\nimage = "python:3.13"\n', env);
  const found = images.map(({ name, image, memoryBytes, command }) => [
    ...[name, image, memoryBytes, ...command],
  ]);
  assertEquals(found, [
    ["python", "python:3.13", 6_291_456, "/bin/bash", "-l"],
    ["node-js", "ubuntu:24.04", 209_715_200, "node", "-i"],
  ]);
});

Deno.test("mistakes in an image are told like any other", async () => {
  const text = `[image]
title = "?"
[image.Big]
title = "Big"
[image.host]
image = "a"
[image.a]
memorry = "1GB"
cpus = 0
[images.b]
title = "B"
`;
  const told = (await problems(text)).map(({ line, key, message }) => `${line} ${key} ${message}`);
  const because = "a name is a letter a to z, then up to 30 of a-z, 0-9 and -";
  assertEquals(told, [
    "1 image needs a name: write [image.NAME]",
    `3 image.Big cannot be a name of an image: ${because}`,
    "5 image.host cannot be a name of an image: host is kept for another choice",
    "8 image.a.memorry is no key; did you mean memory?",
    "9 image.a.cpus must be a number from 0.01 to 1024, not 0",
    "10 images is no section; did you mean [image.NAME]?",
  ]);
});

Deno.test("how many sessions there may be is said of all, of this machine, or of each", async () => {
  const both = async (text: string) => {
    const { config: { session, agent } } = await load(text);
    return [session.maxTotal, agent.maxTotal];
  };
  assertEquals(await both("[session]\nmax_total = 7\n"), [7, 7]);
  assertEquals(await both("[agent]\nmax_total = 8\n"), [8, 8]);
  assertEquals(await both("[session]\nmax_total = 7\n[agent]\nmax_total = 8\n"), [7, 8]);
});

Deno.test("a machine's own shell is offered to groups that are named, and is never root's", async () => {
  const [problem] = await problems('[agent]\nshell = "host"\n');
  assertEquals([problem!.key, problem!.line], ["agent.shell", 2]);
  assertStringIncludes(problem!.message, "needs agent.shell_groups beside it");
  for (const user of ["root", "0", "00", "", "a b", "-x"]) {
    await refusal("agent", "shell_user", JSON.stringify(user));
  }
  const text = '[agent]\nshell = "host"\nshell_groups = ["staff"]\nshell_user = "guest"\n';
  assertEquals((await load(text)).config.agent.shellGroups, ["staff"]);
});
