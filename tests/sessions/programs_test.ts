import { assertEquals } from "@std/assert";
import { TestGateway, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";
import { PROGRAMS_IMAGE } from "../support/image.ts";

let gateway: TestGateway, terminal: TestTerminal;

Deno.test.beforeAll(async () => {
  gateway = await TestGateway.start({
    env: {
      TTYGATE_CONTAINER_IMAGE: PROGRAMS_IMAGE,
      TTYGATE_CONTAINER_CPUS: "2",
      TTYGATE_SESSION_RECONNECT_GRACE: "0s",
    },
  });
  terminal = await TestTerminal.open(gateway, { cookie: await gateway.logIn() });
  await terminal.see(/# $/);
});

Deno.test.afterAll(async () => {
  await using _ = gateway;
  terminal.type("exit\r");
  await terminal.closed;
  await gateway.haveContainers(0);
  const labels = [`ttygate.ptys=${gateway.instance}`];
  // They go a moment after their container.
  await until(async () => (await gateway.docker.volumes.list({ labels })).length === 0);
});

/** Writes a program and runs it. */
async function runs(name: string, source: string, command: string): Promise<string> {
  // A line of the terminal takes 4095 bytes.
  terminal.type(`base64 -d >/tmp/${name} <<END\r`);
  const lines = btoa(source).match(/.{1,76}/g)!;
  for (const line of lines) terminal.type(`${line}\r`);
  terminal.type("END\r");
  return await terminal.run(`cd /tmp; ${command}`);
}

const SUCCEED: Readonly<Record<string, readonly [command: string, says: string]>> = {
  "vim writes a file": [
    "vim -es -c 'normal ihello' -c wq /tmp/vim.txt; cat /tmp/vim.txt",
    "hello",
  ],
  "tmux opens panes": [
    "tmux -f /dev/null new -d -s a && tmux split-window -t a && tmux list-panes -t a | wc -l; tmux kill-server",
    "2",
  ],
  "git commits": [
    "git init -q /tmp/g && cd /tmp/g && git -c user.name=a -c user.email=b commit -q --allow-empty -m c && git --no-pager log --format=%s; cd",
    "c",
  ],
  "strace sees system calls": ["strace -o /tmp/s true; grep -c execve /tmp/s", "1"],
  // Debian's has a file capability that containers have not, and works without.
  "ping needs no raw sockets": [
    "cp /usr/bin/ping /tmp && /tmp/ping -c 1 127.0.0.1 | grep -c '1 received'",
    "1",
  ],
  "ip and ss tell addresses and sockets": [
    "ip -brief address show lo | grep -o 127.0.0.1 && ss -lt | head -n 1 | cut -c 1-5",
    "127.0.0.1\nState",
  ],
  "users are made, and somebody becomes one": [
    "useradd -m joe && su -c 'id -un' joe && echo joe:secret | chpasswd && userdel -r joe 2>/dev/null; echo $?",
    "joe\n0",
  ],
  "top and ps see processes": ["ps -e | grep -c bash; top -bn1 | grep -c PID", "1\n1"],
  "a named pipe passes a line": ["mkfifo /tmp/p; (echo hi >/tmp/p &) ; cat /tmp/p", "hi"],
};

for (const [what, [command, says]] of Object.entries(SUCCEED)) {
  Deno.test(what, async () => {
    assertEquals(await terminal.run(command), says);
  });
}

Deno.test("gcc compiles a program with threads, which runs", async () => {
  const source = `#include <pthread.h>
#include <stdio.h>
static void *add(void *sum) { __atomic_add_fetch((int *) sum, 1, __ATOMIC_SEQ_CST); return 0; }
int main(void) {
  int sum = 0; pthread_t threads[8];
  for (int i = 0; i < 8; i++) pthread_create(&threads[i], 0, add, &sum);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], 0);
  printf("%d\\n", sum);
}`;
  assertEquals(await runs("t.c", source, "gcc -pthread t.c -o t && ./t"), "8");
});

Deno.test("python forks, talks over sockets, and watches many files at once", async () => {
  const source = `
import asyncio, multiprocessing, socket, threading
def square(n): return n * n
async def serve():
    async def echo(reader, writer):
        writer.write(await reader.readline()); writer.close()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"tcp\\n")
    print((await reader.readline()).decode().strip())
    process = await asyncio.create_subprocess_exec("echo", "child")
    await process.wait()
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: print(sum(pool.map(square, range(4))))
    asyncio.run(serve())
    threading.Thread(target=print, args=("thread",)).start()
`;
  assertEquals(await runs("p.py", source, "python3 p.py"), "14\ntcp\nchild\nthread");
});

Deno.test("node reads files, serves HTTP, and has workers and children", async () => {
  const source = `
const { Worker, isMainThread, parentPort } = require("node:worker_threads");
if (!isMainThread) parentPort.postMessage("worker");
else (async () => {
  console.log("" + String(await require("node:fs/promises").readFile("/etc/hostname")).length);
  const server = require("node:http").createServer((_, answer) => answer.end("http")).listen(0);
  require("node:http").get({ port: server.address().port }, (answer) =>
    answer.on("data", (data) => console.log(String(data))).on("end", () => server.close(() => {
      new Worker(__filename).once("message", (text) => {
        console.log(text);
        console.log(String(require("node:child_process").execSync("echo child")).trim());
      });
    })));
})();
`;
  assertEquals(await runs("n.js", source, "node n.js"), "3\nhttp\nworker\nchild");
});

Deno.test("a container has its 48 terminals, and no other feels that they are taken", async () => {
  const source = `
import os
held = []
try:
    while True: held.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError as error: print(len(held), error.strerror)
`;
  // The session itself has one.
  assertEquals(await runs("y.py", source, "python3 y.py"), "47 No space left on device");
});
