/** The table of every configuration key: its default, what it may be, and its name in the code. */
import * as v from "valibot";
import {
  DURATION_MAX_MS,
  parseBasePath,
  parseCidr,
  parseDuration,
  parseHost,
  parseListenAddress,
  parseOrigin,
  parsePath,
  parseSocketPath,
} from "./units.ts";
import { duration, integer, list, matching, mustBe, number, size, text } from "./values.ts";

/** A value as TOML or the environment gives it; its type is that of the key's default. */
export type RawValue = string | number | readonly string[];

/** One key of the configuration. */
export interface Key<Field extends string, Value> {
  /** Its name in `Config`, with the unit. */
  readonly field: Field;
  /** As it would be written in TOML. */
  readonly initial: RawValue;
  readonly schema: v.GenericSchema<unknown, Value>;
}

function key<const Field extends string, Value>(
  field: Field,
  initial: RawValue,
  schema: v.GenericSchema<unknown, Value>,
): Key<Field, Value> {
  return { field, initial, schema };
}

const path = text('an absolute path, such as "/etc/ttygate/…"', parsePath);
const socketPath = text("an absolute path of at most 107 bytes", parseSocketPath);
const pathOrNone = text(
  'an absolute path, or "" for none',
  (text) => text === "" ? null : parsePath(text),
);
const durationOrOff = text(
  '"off" or a duration from "1ms" to "24d", such as "90s"',
  (text) => {
    const ms = parseDuration(text);
    return text === "off" ? null : ms && ms <= DURATION_MAX_MS ? ms : undefined;
  },
);

/** For people to read. */
function words(most: number) {
  return text(`a text of at most ${most} characters`, (text) => {
    return text.length <= most && !text.includes("\0") ? text : undefined;
  });
}
/** The alphabet that Docker allows in names. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/** The alphabet of references to images. */
const IMAGE = /^[A-Za-z0-9][A-Za-z0-9_./:@-]{0,254}$/;
const LABELS = list("labels", matching('a label such as "gpu"', NAME));

/** Sections and keys in the order in which `ttygate config show` prints them. */
export const SECTIONS = {
  gateway: {
    listen: key(
      "listen",
      ["127.0.0.1:8080"],
      list(
        'at least one "host:port", "[ipv6]:port" or "/path/to.sock"',
        text('"host:port", "[ipv6]:port" or "/path/to.sock"', parseListenAddress),
        1,
      ),
    ),
    agent: key(
      "agent",
      "own",
      text(
        '"own", "none", or the path of an agent\'s socket of at most 107 bytes',
        (text) => text === "own" || text === "none" ? text : parseSocketPath(text),
      ),
    ),
    admin_socket: key("adminSocket", "/run/ttygate/admin.sock", socketPath),
    state_dir: key("stateDir", "/var/lib/ttygate", path),
    base_path: key("basePath", "/", text('a path such as "/" or "/terminal"', parseBasePath)),
    allowed_origins: key(
      "allowedOrigins",
      [],
      list("origins", text('an origin such as "https://shell.example.org"', parseOrigin)),
    ),
    hosts: key(
      "hosts",
      [],
      list("host names", text('a host name such as "shell.example.org"', parseHost)),
    ),
    trusted_proxies: key(
      "trustedProxies",
      [],
      list("address ranges", text('an address or a CIDR such as "10.0.0.0/8"', parseCidr)),
    ),
    idle_exit: key("idleExitMs", "off", durationOrOff),
    tls_cert: key("tlsCert", "", pathOrNone),
    tls_key: key("tlsKey", "", pathOrNone),
    banner: key("banner", "", words(2000)),
  },
  agent: {
    socket: key("socket", "/run/ttygate/agent.sock", socketPath),
    state_dir: key("stateDir", "/var/lib/ttygate-agent", path),
    name: key(
      "name",
      "",
      matching(
        '"" or a name such as "node-1" (a-z, 0-9 and -, at most 31)',
        /^([a-z][a-z0-9-]{0,30})?$/,
      ),
    ),
    images: key(
      "images",
      [],
      list('images such as "python:3.13", or names of [image.*]', matching("an image", IMAGE)),
    ),
    // Unless it is written it is session.max_total, and the other way round: see config.ts.
    max_total: key("maxTotal", 50, integer(1, 100_000)),
    labels: key("labels", [], LABELS),
    shell: key(
      "shell",
      "container",
      v.picklist(["container", "host"], mustBe('"container" or "host"')),
    ),
    shell_groups: key(
      "shellGroups",
      [],
      list("groups of auth.groups", matching("a group", /^[^\s:]{1,255}$/)),
    ),
    shell_user: key(
      "shellUser",
      "nobody",
      matching("a user of this machine, other than root", /^(?!root$|0+$)[a-z_][a-z0-9_-]{0,30}$/),
    ),
  },
  docker: {
    socket: key("socket", "/run/docker.sock", socketPath),
    instance: key(
      "instance",
      "default",
      matching("a name of up to 63 letters, digits, dots, dashes or underscores", NAME),
    ),
    min_free: key("minFreeBytes", "2GB", size("0B", "64TB")),
  },
  container: {
    image: key(
      "image",
      "ubuntu:24.04",
      matching('an image such as "ubuntu:24.04"', IMAGE),
    ),
    command: key(
      "command",
      ["/bin/bash", "-l"],
      v.pipe(
        list("words, the program first", v.string(mustBe("a word in quotes")), 1),
        v.check(
          (words) => words[0] !== "" && words.every((word) => !word.includes("\0")),
          mustBe("a program and its arguments"),
        ),
      ),
    ),
    cpus: key("cpus", 0.5, number(0.01, 1024)),
    // Docker accepts no less than 6 MiB.
    memory: key("memoryBytes", "200MB", size("6MB", "64TB")),
    // Three: the container's init, its shell, and one program that the shell runs.
    pids: key("pids", 128, integer(3, 4194304)),
    disk: key("diskBytes", "1GB", size("1MB", "64TB")),
    network: key(
      "network",
      "ttygate",
      text(
        'the name of a Docker network, or "none"; "host" would share the server\'s own network',
        (text) => NAME.test(text) && text !== "host" ? text : undefined,
      ),
    ),
    runtime: key(
      "runtime",
      "",
      matching('a Docker runtime such as "runsc", or ""', /^([A-Za-z0-9][A-Za-z0-9_./-]*)?$/),
    ),
    user: key(
      "user",
      "",
      matching('"user", "uid" or "user:group", or ""', /^([\w][\w.-]*(:[\w][\w.-]*)?)?$/),
    ),
    prompt_marks: key(
      "promptMarks",
      "on",
      text('"on" or "off"', (text) => text === "on" ? true : text === "off" ? false : undefined),
    ),
  },
  session: {
    idle_timeout: key("idleTimeoutMs", "15m", duration("positive")),
    // May be longer than idle_timeout: a session then warns at half of it.
    idle_warning: key("idleWarningMs", "60s", duration("zero")),
    max_lifetime: key("maxLifetimeMs", "8h", duration("positive")),
    reconnect_grace: key("reconnectGraceMs", "60s", duration("zero")),
    detach_max: key("detachMaxMs", "1h", duration("zero")),
    max_total: key("maxTotal", 50, integer(1, 100_000)),
    max_per_user: key("maxPerUser", 3, integer(1, 100_000)),
    replay: key("replayBytes", "256KB", size("1KB", "1GB")),
    upload: key("uploadBytes", "1GB", size("0B", "64TB")),
    motd: key("motd", "", words(2000)),
  },
  machines: {
    max_per_user: key("maxPerUser", 5, integer(0, 1000)),
    idle_stop: key("idleStopMs", "off", durationOrOff),
    home: key(
      "home",
      "/root",
      text('an absolute path below "/", such as "/root"', (text) => {
        const path = parsePath(text);
        return path === "/" ? undefined : path;
      }),
    ),
  },
  pool: {
    size: key("size", 2, integer(0, 1000)),
  },
  auth: {
    htpasswd: key("htpasswd", "/etc/ttygate/htpasswd", path),
    groups: key("groups", "/etc/ttygate/groups", path),
    login_ttl: key("loginTtlMs", "12h", duration("positive")),
    deny: key("deny", 5, integer(1, 1000)),
    unlock_time: key("unlockTimeMs", "10m", duration("positive")),
    fail_delay: key("failDelayMs", "2s", duration("zero")),
    min_length: key("minLength", 8, integer(1, 72)),
  },
  ssh: {
    listen: key(
      "listen",
      [],
      list(
        'addresses such as "0.0.0.0:2222" or "[::]:2222"',
        text('an address such as "0.0.0.0:2222" or "[::]:2222"', (text) => {
          const address = parseListenAddress(text);
          return address?.transport === "tcp" ? address : undefined;
        }),
      ),
    ),
  },
  registration: {
    mode: key(
      "mode",
      "off",
      v.picklist(
        ["off", "invite", "approval", "open"],
        mustBe('"off", "invite", "approval" or "open"'),
      ),
    ),
  },
  audit: {
    file: key("file", "", pathOrNone),
    record: key(
      "record",
      "off",
      v.picklist(["off", "asciicast"], mustBe('"off" or "asciicast"')),
    ),
  },
} as const;

/** The keys of `[image.NAME]`; what is not written there is as in `[container]`. */
export const IMAGE_KEYS = {
  title: key("title", "", words(60)),
  labels: key("labels", [], LABELS),
  ...SECTIONS.container,
} as const;

type Sections = typeof SECTIONS;
type Fields<Keys> = {
  readonly [K in keyof Keys as Keys[K] extends Key<infer F, unknown> ? F : never]: Keys[K] extends
    Key<string, infer Value> ? Value : never;
};

/** One `[image.NAME]`. */
export type ImageSection = Fields<typeof IMAGE_KEYS> & { readonly name: string };

/** The configuration as rooms are handed it: units in the names, empty paths as null, frozen. */
export type Config =
  & { readonly [Section in keyof Sections]: Fields<Sections[Section]> }
  & { readonly images: readonly ImageSection[] };
/** A section that is there once. */
export type SectionName = keyof Sections;
