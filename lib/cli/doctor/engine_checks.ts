/** Looks at the Docker Engine itself: whether it answers, its image, its cgroups, its machine. */
import { type Docker, DockerError, DockerUnreachableError, type Info } from "deno-docker-api";
import { describeError } from "../../log.ts";
import { withDeadline } from "../../sessions/docker_calls.ts";
import { engineTraits } from "../../sessions/container_spec.ts";
import { PullMeter } from "../../sessions/pull_meter.ts";
import { counted, fail, type Finding, ok, warn } from "./finding.ts";

const GIB = 1024 ** 3;
/** How long it may take to say what it is. */
const ANSWER_MS = 10_000;
/** Above that, what one clock wrote down is too old or too young by the other. */
const CLOCK_SKEW_MS = 5_000;

/** What no measurement tells. */
const LACKS = warn(
  "conmon",
  "this engine's conmon holds the terminals: the last keys before a crash of ttygate may be lost, " +
    "and a shell that used up its memory may be said to have ended with status 137 only",
  "know it, or use Docker, which has neither",
);

const MEND = "see 'journalctl -u docker', or mend docker.socket";

/** Whether the Engine can be used. @returns what it says of itself, null when it cannot */
export async function checkEngine(
  docker: Docker,
  socket: string,
  signal: AbortSignal,
  answerMs = ANSWER_MS,
): Promise<{ findings: Finding[]; info: Info | null }> {
  const check = "docker";
  const deadline = AbortSignal.timeout(answerMs);
  const options = { signal: AbortSignal.any([signal, deadline]) };
  try {
    const api = await docker.apiVersion(options);
    const [info, version] = [await docker.info(options), await docker.version(options)];
    // Docker's daemon calls itself so among its programs; others give their own name.
    const name = (version.Components?.[0]?.Name ?? "").replace(/^(Engine)?$/, "Docker");
    const message = `${socket} answers: ${name} ${info.ServerVersion}, API ${api} is spoken`;
    const skewMs = Math.abs(Date.parse(info.SystemTime) - Date.now());
    const skew = skewMs > CLOCK_SKEW_MS &&
      fail(
        "docker's clock",
        `it is ${Math.round(skewMs / 1000)} s away from this one`,
        "synchronise both ('timedatectl set-ntp true')",
      );
    const lacks = engineTraits(info, version).hasConmon && LACKS;
    const findings = [ok(check, message), skew, lacks].filter((finding) => finding !== false);
    return { findings, info };
  } catch (error) {
    signal.throwIfAborted();
    const finding = deadline.aborted
      ? fail(check, `${socket} does not answer within ${answerMs / 1000} s`, MEND)
      : fail(check, describeError(error), mendOf(error));
    return { findings: [finding], info: null };
  }
}

function mendOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Deno.errors.PermissionDenied || /os error 13\b/.test(cause.message)) {
      return "run this as root or as a member of the group docker";
    }
  }
  if (error instanceof DockerUnreachableError) {
    return "start it ('systemctl start docker'), install it, or mend docker.socket";
  }
  return MEND;
}

/** Whether the image is there; pulls it when it is not, as the first session would. */
export async function checkImage(
  docker: Docker,
  image: string,
  progress: (doing: string) => void,
  signal: AbortSignal,
): Promise<Finding> {
  const check = "image";
  try {
    let verb = "is there";
    let found = await inspected(docker, image, signal);
    if (found === null) {
      const meter = new PullMeter();
      for await (const line of docker.images.pull(image, { signal })) {
        progress(`pulling ${image}: ${meter.add(line)} %`);
      }
      verb = "was pulled";
      found = await docker.images.inspect(image, { signal: withDeadline(signal) });
    }
    return ok(check, `${image} ${verb} (${Math.round(found.Size / 1e6)} MB)`);
  } catch (error) {
    signal.throwIfAborted();
    const mend =
      `pull it by hand ('docker pull ${image}') or set container.image to one that is there`;
    return fail(check, describeError(error), mend);
  }
}

async function inspected(docker: Docker, image: string, signal: AbortSignal) {
  try {
    return await docker.images.inspect(image, { signal: withDeadline(signal) });
  } catch (error) {
    if (error instanceof DockerError && error.isNotFound) return null;
    throw error;
  }
}

/** How to have a container start that did not. */
export function startMend(said: string): string {
  // Docker brings its init, and Podman has it from a package of its own.
  return /init binary|catatonit/.test(said)
    ? "install the package catatonit, with which the engine begins a container's programs"
    : "mend what the engine says of it; 'journalctl -u docker' may know more";
}

/** What the cgroup driver means for `systemctl status ttygate.slice`. */
export function checkCgroups(
  { CgroupDriver, CgroupVersion }: Info,
  { booted, slice }: {
    /** Whether systemd runs here. */
    readonly booted: boolean;
    /** Where systemd has a session's container; null where it does not say. */
    readonly slice: string | null;
  },
): Finding {
  const driver = `driver ${CgroupDriver}, cgroup v${CgroupVersion ?? "1"}`;
  if (!booted) return ok("cgroups", driver);
  if (CgroupDriver !== "systemd") {
    return warn(
      "cgroups",
      `${driver}: containers are in no slice, so ttygate.slice neither shows nor bounds them`,
      'put "exec-opts": ["native.cgroupdriver=systemd"] into /etc/docker/daemon.json and restart ' +
        "Docker when no session runs",
    );
  }
  return ok("cgroups", slice === null ? driver : `${driver}: containers are in ${slice}`);
}

/** Whether all sessions together fit into the machine. */
export function checkCapacity(
  { MemTotal }: Pick<Info, "MemTotal">,
  { maxTotal, memoryBytes }: { readonly maxTotal: number; readonly memoryBytes: number },
): Finding {
  const gib = (bytes: number) => (bytes / GIB).toFixed(1);
  const most = `${counted(maxTotal, "session")} may take ${gib(maxTotal * memoryBytes)} GB ` +
    `of this machine's ${gib(MemTotal)}`;
  if (maxTotal * memoryBytes <= MemTotal) return ok("capacity", most);
  const fitting = Math.floor(MemTotal * 0.8 / memoryBytes);
  return warn(
    "capacity",
    most,
    fitting >= 1
      ? `set session.max_total to ${fitting} or container.memory to less, or put MemoryMax= on ttygate.slice`
      : "set container.memory to less than the machine has",
  );
}
