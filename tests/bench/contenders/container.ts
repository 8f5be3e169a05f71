/** The one container that all contenders run: ttygate's own profile, as JSON and as `docker run`. */
import type { ContainerCreate, Mount } from "deno-docker-api";
import { containerSpec } from "../../../lib/sessions/container_spec.ts";
import { SECCOMP_PROFILE } from "../../../lib/sessions/seccomp.ts";
import { WINSIZE } from "./contender.ts";

const TRAITS = {
  limitsDisk: false,
  root: "",
  hasSlices: false,
  runtime: "runc",
  hasSelinux: false,
  logDriver: "local",
  hasConmon: false,
  lacks: [],
  seccomp: SECCOMP_PROFILE,
} as const;

/** Whose container it is and how it differs from the default. */
export interface ContainerWish {
  readonly instance: string;
  readonly network: string;
  readonly image: string;
  /** Without a CPU limit. */
  readonly unlimited: boolean;
}

/** As for `POST /containers/create`. */
export function benchContainer(wish: ContainerWish, name: string): ContainerCreate {
  const { instance, network, image, unlimited } = wish;
  const spec = containerSpec(
    { session: name, user: "bench", role: "session", expires: 0 },
    {
      image,
      command: ["/bin/bash", "-l"],
      limits: { cpus: 0.5, memoryBytes: 200 * 1024 * 1024, pids: 128, diskBytes: 1024 ** 3 },
      network,
      runtime: "",
      user: "",
    },
    { instance, hostname: name, winsize: WINSIZE, traits: TRAITS },
  );
  if (!unlimited) return spec;
  return { ...spec, HostConfig: { ...spec.HostConfig, NanoCpus: undefined } };
}

/** The same as arguments of the docker command. */
export function dockerRun(wish: ContainerWish, name: string): string[] {
  const { HostConfig: host = {}, ...spec } = benchContainer(wish, name);
  const each = (flag: string, values: readonly string[] = []) => values.map((v) => `${flag}=${v}`);
  return [
    ...["run", "--interactive", "--tty", "--rm", "--init"],
    ...(host.NanoCpus === undefined ? [] : [`--cpus=${host.NanoCpus / 1e9}`]),
    `--memory=${host.Memory}`,
    `--memory-swap=${host.MemorySwap}`,
    `--pids-limit=${host.PidsLimit}`,
    ...each("--cap-drop", host.CapDrop),
    ...each("--cap-add", host.CapAdd),
    ...each("--security-opt", host.SecurityOpt?.map(asFile)),
    ...each("--mount", host.Mounts?.map(asText)),
    `--cgroupns=${host.CgroupnsMode}`,
    ...each("--ulimit", host.Ulimits?.map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`)),
    `--network=${host.NetworkMode}`,
    `--log-driver=${host.LogConfig?.Type}`,
    ...each(
      "--log-opt",
      Object.entries(host.LogConfig?.Config ?? {}).map((pair) => pair.join("=")),
    ),
    ...each("--env", spec.Env),
    ...each("--label", Object.entries(spec.Labels ?? {}).map((pair) => pair.join("="))),
    "--entrypoint=",
    spec.Image,
    ...(spec.Cmd ?? []),
  ];
}

/** The command wants a seccomp profile as a file. */
function asFile(option: string): string {
  const [, profile] = /^seccomp=(\{.*)$/.exec(option) ?? [];
  if (profile === undefined) return option;
  const path = `${Deno.env.get("TMPDIR") ?? "/tmp"}/ttygate-bench-seccomp.json`;
  Deno.writeTextFileSync(path, profile);
  return `seccomp=${path}`;
}

/** A volume as a list of what it has, in quotes where that is a list itself. */
function asText({ Type, Target, VolumeOptions }: Mount): string {
  const { Name, Options = {} } = VolumeOptions!.DriverConfig!;
  const options = Object.entries(Options).map(([name, value]) => `"volume-opt=${name}=${value}"`);
  return [`type=${Type}`, `target=${Target}`, "volume-nocopy", `volume-driver=${Name}`, ...options]
    .join();
}
