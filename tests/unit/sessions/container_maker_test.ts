/** How containers are asked for of engines that differ, which a test plays. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type ContainerCreate, type Docker, DockerError, type VolumeCreate } from "deno-docker-api";
import { join } from "node:path";
import { ContainerMaker } from "../../../lib/sessions/container_maker.ts";
import { SECCOMP_PROFILE } from "../../../lib/sessions/seccomp.ts";
import { until } from "../../support/gateway.ts";

const INFO = {
  Driver: "overlay2",
  DriverStatus: [["Backing Filesystem", "extfs"]],
  DockerRootDir: "/var/lib/docker",
  CgroupDriver: "cgroupfs",
  CgroupVersion: "2",
  SecurityOptions: ["name=seccomp,profile=default"],
  DefaultRuntime: "runc",
  Plugins: { Log: ["json-file", "local"] },
};
const DOCKER = { info: INFO, components: ["Engine", "containerd", "runc"] };
const PODMAN = {
  info: {
    ...INFO,
    Driver: "overlay",
    CgroupVersion: "1",
    DefaultRuntime: "crun",
    Plugins: { Log: ["k8s-file", "none", "passthrough", "journald"] },
  },
  components: ["Podman Engine", "Conmon", "OCI Runtime (crun)"],
};

const PROFILE = {
  image: "ubuntu:24.04",
  command: ["/bin/bash"],
  user: "",
  network: "none",
  runtime: "",
  limits: { cpus: 1, memoryBytes: 1e8, pids: 64, diskBytes: 1e9 },
};
const identity = (session: string) =>
  ({ session, user: "alice", role: "session", expires: 0 }) as const;

/** An engine that notes what it is asked for; Podman's reads a seccomp profile from a file. */
class Played implements Disposable {
  readonly calls: string[] = [];
  /** With what the next removals are refused. */
  readonly removals: DockerError[] = [];
  readonly warnings: string[] = [];
  readonly specs: ContainerCreate[] = [];
  readonly dir = Deno.makeTempDirSync({ prefix: "ttygate-maker-" });
  readonly maker: ContainerMaker;
  /** What there is before. */
  listed: readonly { Id: string; Labels: Record<string, string> }[] = [];
  /** What is put into a container takes until then. */
  putting: Promise<void> = Promise.resolve();
  /** What the next creation is refused with. */
  refusal: string | null = null;

  constructor({ info, components }: typeof DOCKER | typeof PODMAN) {
    const readsFile = components.includes("Conmon");
    const note = (call: string) => Promise.resolve(void this.calls.push(call));
    const docker = {
      info: () => note("info").then(() => info),
      version: () => Promise.resolve({ Components: components.map((Name) => ({ Name })) }),
      apiVersion: () => Promise.resolve("1.43"),
      containers: {
        create: async (spec: ContainerCreate, { name }: { name: string }) => {
          await note(`create ${name}`);
          const seccomp = spec.HostConfig!.SecurityOpt![1]!;
          const isFile = seccomp.startsWith("seccomp=/");
          if (readsFile && !isFile) {
            throw refused(`opening seccomp profile failed: open ${seccomp}`);
          }
          if (this.refusal !== null) throw refused(this.refusal);
          this.specs.push(spec);
          return { Id: name };
        },
        inspect: (id: string) =>
          note(`inspect ${id}`).then(() => {
            if (this.refusal !== null) throw new DockerError("no such container", { status: 404 });
            return { Name: `/${id}`, Mounts: [{ Name: `${id}-ptys`, Destination: "/dev/pts" }] };
          }),
        remove: async (id: string) => {
          await note(`remove ${id}`);
          const refusal = this.removals.shift();
          if (refusal !== undefined) throw refusal;
        },
        putArchive: async (id: string) => {
          await note(`put into ${id}`);
          await this.putting;
          await note(`have put into ${id}`);
        },
        list: () => Promise.resolve(this.listed),
      },
      volumes: {
        create: ({ Name }: VolumeCreate) => note(`create volume ${Name}`),
        remove: (name: string) => note(`remove volume ${name}`),
      },
    };
    const log = { warning: (text: string) => this.warnings.push(text) };
    this.maker = new ContainerMaker({
      docker: docker as unknown as Docker,
      instance: "test",
      stateDir: this.dir,
      log: log as never,
    });
  }

  create(session: string): Promise<string> {
    return this.maker.create(identity(session), PROFILE, { cols: 80, rows: 24 });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }
}

function refused(dockerMessage: string): DockerError {
  return new DockerError(`Cannot create: ${dockerMessage}`, { status: 500, dockerMessage });
}

Deno.test("Docker gets the profile itself, and makes and removes the terminals' volume", async () => {
  using played = new Played(DOCKER);
  const id = await played.create("a");
  const [{ HostConfig }] = played.specs as [ContainerCreate];
  assertEquals(HostConfig!.SecurityOpt![1], `seccomp=${SECCOMP_PROFILE}`);
  assertEquals(HostConfig!.LogConfig!.Type, "local");
  assertEquals([HostConfig!.Binds, HostConfig!.Mounts![0]!.Target], [undefined, "/dev/pts"]);
  await played.maker.remove(id);
  assertEquals(played.calls, ["info", "create ttygate-a", "remove ttygate-a"]);
  assertEquals([...Deno.readDirSync(played.dir)], []);
});

Deno.test("an engine that reads the profile from a file is found out once, and loses no protection", async () => {
  using played = new Played(PODMAN);
  await played.create("a");
  await played.create("b");
  const path = join(played.dir, "seccomp.json");
  assertEquals(await Deno.readTextFile(path), SECCOMP_PROFILE);
  for (const { HostConfig } of played.specs) {
    assertEquals(HostConfig!.SecurityOpt, ["no-new-privileges", `seccomp=${path}`]);
  }
  const creates = played.calls.filter((call) => /^create ttygate/.test(call));
  assertEquals(creates, ["create ttygate-a", "create ttygate-a", "create ttygate-b"]);
});

Deno.test("an engine without the log driver local keeps output in its own, bounded", async () => {
  using played = new Played(PODMAN);
  await played.create("a");
  assertEquals(played.specs[0]!.HostConfig!.LogConfig, {
    Type: "k8s-file",
    Config: { "max-size": "1m" },
  });
});

Deno.test("where conmon holds the terminals their volume comes before a container and goes after it", async () => {
  using played = new Played(PODMAN);
  const id = await played.create("a");
  const { Binds, Mounts } = played.specs[0]!.HostConfig!;
  assertEquals([Binds, Mounts], [["ttygate-a-ptys:/dev/pts:nocopy,nosuid,noexec,dev"], undefined]);
  assert(played.calls.includes("create volume ttygate-a-ptys"));
  const removals = ["remove ttygate-a", "remove volume ttygate-a-ptys"];
  await played.maker.remove(id);
  assertEquals(played.calls.slice(-2), removals);
  // One that another process has made.
  await played.maker.remove(id);
  assertEquals(played.calls.slice(-3), ["inspect ttygate-a", ...removals]);
});

Deno.test("of a container that is refused nothing stays", async () => {
  using played = new Played(PODMAN);
  played.refusal = "no such network";
  await assertRejects(() => played.create("a"), DockerError, "no such network");
  assertEquals(played.calls.at(-1), "remove volume ttygate-a-ptys");
});

Deno.test("hosts are numbered, each with the lowest number that no living container has", async () => {
  using played = new Played(DOCKER);
  const { maker } = played;
  played.listed = [{ Id: "before", Labels: { "ttygate.hostname": "t2" } }];
  const [a] = await Promise.all(["a", "b", "c"].map((session) => played.create(session)));
  await maker.remove(a!);
  await played.create("d");
  played.refusal = "no such network";
  await assertRejects(() => played.create("e"), DockerError);
  played.refusal = null;
  await maker.create({ ...identity("p"), role: "probe" }, PROFILE, { cols: 80, rows: 24 });
  await maker.remove("before");
  await played.create("f");
  await played.create("g");
  const names = played.specs.map(({ Hostname, Labels }) => {
    assertEquals(Labels!["ttygate.hostname"], Hostname);
    return Hostname;
  });
  assertEquals(names, ["t1", "t3", "t4", "t1", "probe", "t2", "t5"]);
});

Deno.test("what the engine does not protect is said once", async () => {
  using played = new Played(PODMAN);
  await played.create("a");
  await played.create("b");
  assertEquals(played.warnings.length, 1);
  const SecurityOptions = ["name=seccomp,profile=default", "name=rootless"];
  using rootless = new Played({ ...PODMAN, info: { ...INFO, SecurityOptions } });
  await rootless.create("a");
  assertEquals(rootless.warnings.map((text) => /open files/.test(text)), [true]);
  using docker = new Played({ ...DOCKER, info: { ...INFO, CgroupVersion: "1" } });
  await docker.create("a");
  assertEquals(docker.warnings, []);
});

Deno.test("a container is removed once what is being put into it is there", async () => {
  using played = new Played(DOCKER);
  const { maker, calls } = played;
  const id = await maker.create(identity("one"), PROFILE, { cols: 80, rows: 24 });
  const { promise, resolve } = Promise.withResolvers<void>();
  played.putting = promise;
  const furnished = maker.furnish(id, new AbortController().signal);
  await until(() => calls.includes(`put into ${id}`));
  const removed = maker.remove(id);
  resolve();
  await Promise.all([furnished, removed]);
  assert(calls.indexOf(`have put into ${id}`) < calls.indexOf(`remove ${id}`));
});

Deno.test("a container that the engine cannot remove yet is removed a moment later", async () => {
  using played = new Played(DOCKER);
  const id = await played.create("a");
  const failed = (status: number, dockerMessage: string) =>
    new DockerError(dockerMessage, { status, dockerMessage });
  played.removals.push(
    failed(500, 'driver "overlay2" failed to remove root filesystem: directory not empty'),
    failed(500, "could not kill container: did not receive an exit event"),
  );
  await played.maker.remove(id);
  assertEquals(played.calls.slice(-3), Array(3).fill("remove ttygate-a"));
  played.removals.push(failed(400, "not like this"));
  await assertRejects(() => played.maker.remove(id), DockerError, "not like this");
});
