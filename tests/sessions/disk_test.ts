/** Proves on real disks that who fills them is ended, that nothing starts when they are nearly full. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DockerDaemon } from "../support/docker_daemon.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { run } from "../support/run.ts";
import { TestTerminal } from "../support/terminal.ts";

const open = async (gateway: TestGateway, { acks = true } = {}) =>
  await TestTerminal.open(gateway, { cookie: await gateway.logIn(), acks });

Deno.test("a container that writes past its disk is ended, beside a flood that nobody reads", async () => {
  await using gateway = await TestGateway.start({ env: { TTYGATE_CONTAINER_DISK: "128MB" } });
  await using other = await open(gateway);
  await using writer = await open(gateway, { acks: false });
  // In many files, beside a flood.
  writer.type("yes & for i in 1 2 3 4 5 6 7 8; do head -c 64M /dev/zero > /f$i; done\r");
  const { reason, exitCode, message } = await writer.event("ended");
  assertEquals([reason, exitCode], ["disk", null]);
  assertMatch(
    message,
    /^The session's files took [\d.]+ MB of the disk, over its limit of 128 MB\.$/,
  );
  await writer.closed;
  assertEquals(await other.run("echo $((6 * 7))"), "42");
  assertMatch(gateway.log, /session ended .*reason=disk/);
  await gateway.haveContainers(1);
  other.type("exit\r");
  await other.closed;
});

Deno.test("what is deleted while it is written is no reason to end", async () => {
  await using gateway = await TestGateway.start({ env: { TTYGATE_CONTAINER_DISK: "64MB" } });
  await using terminal = await open(gateway);
  const written = "for i in 1 2 3 4 5 6; do head -c 32M /dev/zero > /f; sync; rm /f; done; echo $i";
  assertEquals(await terminal.run(written), "6");
  terminal.type("exit\r");
  assertEquals((await terminal.event("ended")).reason, "exit");
  await terminal.closed;
});

Deno.test("nobody reserves disk without writing it, and programs that try go on", async () => {
  await using gateway = await TestGateway.start();
  await using terminal = await open(gateway);
  const refused = "fallocate -l 1G /f 2>&1; fallocate -n -l 1G /f 2>&1";
  assertMatch(await terminal.run(refused), /^(fallocate: .*(not supported|unsupported)\s*){2}$/);
  const punched = "head -c 8M /dev/zero > /f; fallocate -p -l 8M /f && stat -c '%s %b' /f";
  assertEquals(await terminal.run(punched), "8388608 0");
  terminal.type("exit\r");
  await terminal.closed;
});

Deno.test("a disk that is nearly full starts nothing, and under half of the mark the writer ends", async () => {
  await using disk = await LoopDisk.make("1400M");
  await using daemon = await DockerDaemon.start({ liveRestore: false, dataRoot: disk.path });
  await using gateway = await TestGateway.start({
    env: {
      TTYGATE_DOCKER_SOCKET: daemon.socket,
      TTYGATE_DOCKER_MIN_FREE: "700MB",
      TTYGATE_CONTAINER_NETWORK: "none",
      TTYGATE_CONTAINER_DISK: "20GB",
    },
  });
  await using other = await open(gateway);
  await using writer = await open(gateway);
  const free = () => disk.freeBytes();
  assert(await free() > 900e6, `${await free()} bytes are free`);
  // A file that is open and deleted: what it takes no count of files has.
  await writer.run("exec 3>/f; rm /f");
  const leave = async (bytes: number) => {
    const size = await free() - bytes;
    await writer.run(`head -c ${Math.floor(size)} /dev/zero >&3; echo done`);
  };
  await leave(600e6);
  await gateway.logged(/the disk of Docker's data is nearly full/);
  const refused = await TestTerminal.connect(gateway, { cookie: await gateway.logIn() });
  const { reason, message } = await refused.event("ended");
  assertEquals(reason, "limit");
  assertMatch(message, /^The server's disk is nearly full, so no terminal can be started now/);
  assertEquals((await refused.closed).code, 4429);
  assertEquals((await fetch(`${gateway.origin}/readyz`)).status, 503);
  assertEquals(await writer.run("echo still"), "still");

  // Docker tells what a container has written once a second at most.
  writer.type("for i in 1 2 3 4 5 6 7 8 9; do head -c 45M /dev/zero >&3; sleep 0.5; done\r");
  const ended = await writer.event("ended");
  assertEquals(ended.reason, "disk");
  assertMatch(
    ended.message,
    /^The server's disk was almost full, and this session wrote most to it/,
  );
  await writer.closed;
  assertEquals(await other.run("echo still"), "still");
  await until(async () => (await fetch(`${gateway.origin}/readyz`)).status === 200);
  await using next = await open(gateway);
  for (const terminal of [next, other]) {
    terminal.type("exit\r");
    await terminal.closed;
  }
});

/** A small disk of its own, in a file. */
class LoopDisk implements AsyncDisposable {
  private constructor(private readonly dir: string, readonly path: string) {}

  static async make(size: string): Promise<LoopDisk> {
    const dir = await Deno.makeTempDir({ prefix: "ttygate-test-" });
    const disk = new LoopDisk(dir, `${dir}/mounted`);
    await Deno.mkdir(disk.path);
    const script = `truncate -s ${size} ${dir}/disk; mkfs.ext4 -q -m 0 ${dir}/disk; ` +
      `mount -o loop ${dir}/disk ${disk.path}`;
    const { code, stderr } = await run("sh", ["-ec", script]);
    if (code !== 0) throw new Error(`Cannot make a disk: ${stderr}`);
    return disk;
  }

  async freeBytes(): Promise<number> {
    const { stdout } = await run("stat", ["--file-system", "--format=%a %S", this.path]);
    const [blocks, size] = stdout.split(" ").map(Number);
    return blocks! * size!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["--lazy", this.path]);
    await Deno.remove(this.dir, { recursive: true });
  }
}
