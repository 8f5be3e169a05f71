/** Files of real containers, over the gateway's API: bytes, names, rights, room, and tricks. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createTarPacker, type TarHeader, unpackTar } from "modern-tar";
import { pathIn } from "../../lib/protocol/paths.ts";
import { TestGateway, until } from "../support/gateway.ts";
import { TestTerminal } from "../support/terminal.ts";
import { rawConnection } from "../support/raw_http.ts";

const MB = 1024 * 1024;

let gateway: TestGateway, cookie: string, terminal: TestTerminal, plain: TestTerminal;
let mallory: string;

Deno.test.beforeAll(async () => {
  const home = await Deno.makeTempDir({ prefix: "ttygate-test-" });
  gateway = await TestGateway.start({
    home,
    users: { alice: "wonderland", mallory: "looking-glass", root: "queen-of-hearts" },
    env: {
      TTYGATE_SESSION_UPLOAD: "100MB",
      TTYGATE_CONTAINER_DISK: "250MB",
      TTYGATE_CONFIG: await configOf(home),
    },
  });
  cookie = await gateway.logIn();
  mallory = await gateway.logIn("mallory", "looking-glass");
  terminal = await TestTerminal.open(gateway, { cookie });
  plain = await TestTerminal.open(gateway, { cookie, query: { image: "plain" } });
  await shell("cd /srv && mkdir src && cd src");
});

Deno.test.afterAll(async () => {
  await terminal[Symbol.asyncDispose]();
  await plain[Symbol.asyncDispose]();
  await gateway[Symbol.asyncDispose]();
  await Deno.remove(gateway.home, { recursive: true });
});

/** A choice whose shell is not root's. */
async function configOf(home: string): Promise<string> {
  const path = `${home}/ttygate.toml`;
  await Deno.writeTextFile(path, '[image.plain]\nuser = "1234:1234"\n');
  return path;
}

let commands = 0;

/** Runs a line in the terminal. @returns what it printed */
async function shell(line: string, where = terminal): Promise<string> {
  const [mark, from] = [`done-${commands++}`, where.output.length];
  where.type(`${line}; printf '%s-%s\\n' ${mark} "$?"\r`);
  await where.see(new RegExp(`${mark}-\\d+\r\n`));
  const said = where.output.slice(from);
  // The line is echoed once more where it was typed before the prompt.
  const typed = said.lastIndexOf(`${mark} "`);
  return said.slice(said.indexOf("\n", typed) + 1, said.lastIndexOf(mark))
    // deno-lint-ignore no-control-regex -- what the shell says of its prompts
    .replaceAll(/\x1b\[\?2004[hl]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\r/g, "");
}

interface Ask extends RequestInit {
  readonly in?: TestTerminal;
  readonly as?: string;
}

function ask(path: string, query = "", { in: where = terminal, as, ...init }: Ask = {}) {
  const parts = path.split("/").map(encodeURIComponent).join("/");
  return fetch(`${gateway.origin}/api/v1/sessions/${where.session}/files${parts}${query}`, {
    ...init,
    headers: { cookie: as ?? cookie, origin: gateway.origin, ...init.headers },
  });
}

async function put(path: string, body: BodyInit, query = "", more: Ask = {}) {
  const response = await ask(path, query, { ...more, method: "PUT", body });
  return { status: response.status, text: await response.text() };
}

async function get(path: string, query = "", more: Ask = {}) {
  const response = await ask(path, query, more);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: decode(bytes) };
}

async function tarOf(entries: readonly (TarHeader & { readonly text?: string })[]) {
  const { readable, controller } = createTarPacker();
  const packed = new Response(readable).bytes();
  for (const { text = "", ...header } of entries) {
    const bytes = new TextEncoder().encode(text);
    const writer = controller.add({ ...header, size: bytes.length }).getWriter();
    if (bytes.length > 0) await writer.write(bytes);
    await writer.close();
  }
  controller.finalize();
  return await packed;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What is in the folder of hidden names, which nothing may be left of. */
async function assertNothingLeft(folder = "/srv/src", where = terminal) {
  await until(async () => {
    const { text } = await get(folder, "?list", { in: where });
    return !text.includes(".ttygate-");
  });
}

Deno.test("the place is the shell's working directory, wherever it went", async () => {
  const { text, status } = await get("");
  assertEquals(status, 200);
  assertEquals(JSON.parse(text), { folder: "/srv/src", home: "/root", maxBytes: 100 * MB });
});

Deno.test("any name goes in and out as it is: line breaks, dashes, quotes, other alphabets", async () => {
  const names = [
    "-rf",
    "a\nb",
    "$(touch pwned)`x`",
    "'\"\\",
    "größe 漢字 🙂",
    "*?[a]",
    ".hidden",
    "%2e%2e",
    "x".repeat(255),
    "trailing ",
    ";reboot",
    "\t\x1b[31m",
  ];
  for (const name of names) {
    const path = pathIn("/srv/src", name);
    assertEquals(await put(path, `in ${name}`), { status: 201, text: "" });
    const { status, text, headers } = await get(path);
    assertEquals([status, text], [200, `in ${name}`]);
    assertEquals(headers.get("content-length"), String(new TextEncoder().encode(text).length));
  }
  const { entries } = JSON.parse((await get("/srv/src", "?list")).text);
  const found = entries.map(({ name }: { name: string }) => name).sort();
  assertEquals(found, names.toSorted());
  for (const name of names) {
    const response = await ask(pathIn("/srv/src", name), "", { method: "DELETE" });
    assertEquals(response.status, 204);
  }
  assertEquals(JSON.parse((await get("/srv/src", "?list")).text).entries, []);
});

Deno.test("a download runs nothing on our site, whatever it is", async () => {
  await put("/srv/src/x.html", "<script>alert(1)</script>");
  const { headers } = await get("/srv/src/x.html");
  assertEquals(headers.get("content-type"), "application/octet-stream");
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertMatch(headers.get("content-security-policy")!, /^sandbox; default-src 'none'/);
  const name = `attachment; filename="x.html"; filename*=UTF-8''x.html`;
  assertEquals(headers.get("content-disposition"), name);
  assertEquals(headers.get("cache-control"), "no-store");
});

Deno.test("what is there stays there, unless it is to be replaced", async () => {
  await put("/srv/src/one", "first");
  const refused = await put("/srv/src/one", "second");
  assertEquals(refused.status, 409);
  assertMatch(refused.text, /There is a one in \/srv\/src already/);
  assertEquals((await get("/srv/src/one")).text, "first");
  assertEquals((await put("/srv/src/one", "second", "?replace")).status, 201);
  assertEquals((await get("/srv/src/one")).text, "second");
  // Also where a folder, or a link to one, has the name: nothing goes into it.
  await shell("mkdir -p /srv/dir && touch /srv/dir/kept && ln -s /srv/dir one-link");
  assertEquals((await put("/srv/src/one-link", "x")).status, 409);
  assertEquals((await put("/srv/src/one-link", "now a file", "?replace")).status, 201);
  assertEquals(await shell("ls /srv/dir; cat one-link"), "kept\nnow a file");
  await assertNothingLeft();
});

Deno.test("a folder comes out as a tar and as a zip, and goes in as a tar", async () => {
  const tar = await tarOf([
    { name: "./", type: "directory", size: 0 },
    { name: "./a/", type: "directory", size: 0, mode: 0o755 },
    { name: "./a/run", type: "file", size: 0, mode: 0o755, text: "#!/bin/sh\n" },
    { name: "./a/\n-ü", type: "file", size: 0, mode: 0o600, text: "odd" },
    { name: "./empty/", type: "directory", size: 0 },
  ]);
  assertEquals(await put("/srv/src/up", tar, "?folder"), { status: 201, text: "" });
  const listed = await shell("find up -printf '%P %m %U\\n' | sort");
  assert(listed.includes("a/run 755 0") && listed.includes("empty 755 0"), listed);
  const out = await get("/srv/src/up");
  assertEquals(out.headers.get("content-type"), "application/x-tar");
  assertMatch(out.headers.get("content-disposition")!, /filename="up.tar"/);
  const entries = await unpackTar(out.bytes);
  const got = entries.map(({ header, data }) => [header.name, data && decode(data)]);
  assertEquals(got.find(([name]) => name === "up/a/\n-ü")?.[1], "odd");
  assertEquals(got.some(([name]) => name === "up/empty/"), true);
  const zip = await get("/srv/src/up", "?zip");
  assertEquals(zip.headers.get("content-type"), "application/zip");
  assert(decode(zip.bytes.subarray(0, 2)) === "PK" && decode(zip.bytes).includes("up/a/run"));
  assertEquals((await put("/srv/src/up", tar, "?folder")).status, 409);
  assertEquals((await put("/srv/src/up", tar, "?folder&replace")).status, 201);
  assertEquals((await put("/srv/src/made", "", "?folder")).status, 201);
  assertEquals((await get("/srv/src/made", "?stat")).text.includes('"folder"'), true);
  await assertNothingLeft();
});

Deno.test("a tar's names do not lead out of its folder, and its links are left out", async () => {
  for (const name of ["../out", "a/../../out", "/etc/out"]) {
    const tar = await tarOf([{ name, type: "file", size: 0, text: "x" }]);
    assertEquals((await put("/srv/src/bad", tar, "?folder")).status, 400, name);
  }
  const tar = await tarOf([
    { name: "link", type: "symlink", linkname: "/etc", size: 0 },
    { name: "hard", type: "link", linkname: "/etc/passwd", size: 0 },
    { name: "dev", type: "character-device", size: 0 },
    { name: "link/new", type: "file", size: 0, text: "in the folder" },
    { name: "setuid", type: "file", size: 0, mode: 0o6755, text: "x" },
  ]);
  assertEquals((await put("/srv/src/ok", tar, "?folder")).status, 201);
  assertEquals(
    await shell("ls -A1 /etc/new ok 2>/dev/null; stat -c %a ok/setuid"),
    "ok:\nlink\nsetuid\n755\n",
  );
  assertEquals((await put("/srv/src/cut", tar.subarray(0, 1200), "?folder")).status, 400);
  assertEquals((await put("/srv/src/no", "this is no tar at all", "?folder")).status, 400);
  await assertNothingLeft();
  assertEquals(await shell("ls -d bad cut no 2>/dev/null"), "");
});

Deno.test("paths with dots, NULs and other nonsense are refused, and others' addresses are not reached", async () => {
  const root = `${gateway.origin}/api/v1/sessions/${terminal.session}/files`;
  for (const path of ["/a%2F..%2F..%2Fetc", "/%2E%2E%2Fetc", "/a%00b", `/${"x".repeat(256)}`]) {
    const response = await fetch(root + path, { headers: { cookie } });
    await response.body?.cancel();
    assertEquals(response.status, 400, path);
  }
  const twice = await fetch(`${root}/srv%252F..%252Fetc`, { headers: { cookie } });
  await twice.body?.cancel();
  assertEquals(twice.status, 404);
});

Deno.test("links lead where the shell sees them lead, and nowhere else", async () => {
  await shell("ln -s /etc/hostname l1; ln -s ../../../../../../etc/hostname l2; ln -s /nowhere l3");
  await shell("ln -s l4 l4; ln -s /etc l5; ln -s /proc/1/root/etc/hostname l6");
  const hostname = await shell("cat /etc/hostname");
  for (const link of ["l1", "l2", "l6", "l5/hostname"]) {
    assertEquals((await get(`/srv/src/${link}`)).text, hostname, link);
  }
  const own = await Deno.readTextFile("/etc/hostname");
  assert(own !== hostname);
  for (const link of ["l3", "l4"]) assertEquals((await get(`/srv/src/${link}`)).status, 404, link);
  const listed = JSON.parse((await get("/srv/src", "?list")).text).entries as {
    name: string;
    kind: string;
    leadsTo?: string | null;
  }[];
  const leads = Object.fromEntries(listed.map(({ name, leadsTo }) => [name, leadsTo]));
  assertEquals([leads["l1"], leads["l3"], leads["l5"]], ["file", null, "folder"]);
  assert(JSON.parse((await get("/srv/src/l5", "?list")).text).entries.length > 10);
  // Into a linked folder; and what is removed is the link.
  await shell("mkdir target; ln -s target into");
  assertEquals((await put("/srv/src/into/x", "through")).status, 201);
  assertEquals(await shell("cat target/x"), "through");
  assertEquals((await ask("/srv/src/into", "", { method: "DELETE" })).status, 204);
  assertEquals(await shell("ls target"), "x\n");
});

Deno.test("devices, pipes and sockets are neither read nor waited for", async () => {
  await shell("mkdir odd; mkfifo odd/pipe; ln -s /dev/zero odd/zero; echo kept > odd/file");
  for (const path of ["/srv/src/odd/pipe", "/srv/src/odd/zero", "/dev/zero", "/dev/tty"]) {
    const { status, text } = await get(path);
    assertEquals(status, 409, text);
  }
  const { bytes } = await get("/srv/src/odd");
  const names = (await unpackTar(bytes)).map(({ header }) => header.name);
  assertEquals(names.toSorted(), ["odd/", "odd/file", "odd/zero"]);
  const put409 = await put("/srv/src/odd/pipe", "x");
  assertEquals(put409.status, 409);
  assertEquals((await put("/srv/src/odd/pipe", "now a file", "?replace")).status, 201);
});

// Where the watch over the disk does not count it: it takes such a file for as large as it says.
Deno.test("a sparse file of 1 TB begins to come at once, and letting go of it ends the program", async () => {
  await shell("truncate -s 1T /dev/shm/sparse");
  const response = await ask("/dev/shm/sparse");
  assertEquals(response.headers.get("content-length"), String(1024 ** 4));
  const reader = response.body!.getReader();
  await reader.read();
  // The shell goes on meanwhile, and so does everything else about it.
  terminal.resize(100, 30);
  await until(async () => (await shell("stty size")).includes("30 100"));
  await reader.cancel();
  await until(async () => await shell("grep -lx cat /proc/[0-9]*/comm") === "");
  await shell("rm /dev/shm/sparse");
});

Deno.test("files of the kernel, which say that they are empty, come whole", async () => {
  assertMatch((await get("/proc/meminfo")).text, /^MemTotal/);
});

Deno.test("what the shell's user may not, nobody may through the gateway", async () => {
  await shell("true", plain);
  const at = { in: plain };
  assertEquals((await put("/etc/x", "x", "", at)).status, 403);
  assertEquals((await get("/etc/shadow", "", at)).status, 403);
  assertEquals((await get("/root", "?list", at)).status, 403);
  assertEquals((await ask("/etc/passwd", "", { ...at, method: "DELETE" })).status, 403);
  const move = { ...at, method: "PATCH", body: '{"to":"/tmp/passwd"}' };
  const json = { "content-type": "application/json" };
  assertEquals((await ask("/etc/passwd", "", { ...move, headers: json })).status, 403);
  assertEquals((await put("/tmp/mine", "x", "", at)).status, 201);
  assertEquals(await shell("stat -c '%u %g' /tmp/mine", plain), "1234 1234\n");
  // A folder with something unreadable comes as far as may be, and says what is missing.
  await shell(
    "mkdir /tmp/half; echo a > /tmp/half/a; echo b > /tmp/half/b; chmod 0 /tmp/half/b",
    plain,
  );
  const entries = await unpackTar((await get("/tmp/half", "", at)).bytes);
  assertEquals(entries.map(({ header }) => header.name).toSorted(), [
    "half/",
    "half/NOT-COPIED.txt",
    "half/a",
  ]);
  const note = entries.find(({ header }) => header.name.endsWith("NOT-COPIED.txt"));
  assertMatch(decode(note!.data!), /b.*[Pp]ermission denied/s);
});

Deno.test("a place that is read-only says so, and so does one that is no folder", async () => {
  for (const folder of ["/sys", "/proc"]) {
    const { status, text } = await put(`${folder}/x`, "x");
    assertEquals(status, 403, text);
  }
  assertEquals((await put("/etc/passwd/x", "x")).status, 404);
  assertEquals((await put("/nowhere/x", "x")).status, 404);
  assertEquals((await get("/etc/passwd", "?list")).status, 409);
});

Deno.test("no room: on a full file system, and where the terminal's disk is too small", async () => {
  // /dev/shm has 64 MB, and is in memory, which Docker's own copying would not even see.
  const shm = await put("/dev/shm/x", new Uint8Array(70 * MB));
  assertEquals(shm.status, 507);
  assertMatch(shm.text, /no room for x in \/dev\/shm/);
  assertEquals(await shell("ls -A /dev/shm"), "");
  assertEquals((await put("/dev/shm/y", "small")).status, 201);
  await shell("head -c 220000000 /dev/zero > /srv/large");
  const disk = await put("/srv/src/x", new Uint8Array(50 * MB));
  await shell("rm /srv/large");
  // Where the server's disk cannot be seen nobody can tell.
  assertEquals(disk.status, 507);
  assertMatch(disk.text, /of its 250 MB left/);
  await assertNothingLeft();
});

Deno.test("an upload over session.upload is refused, and one without a length", async () => {
  const { status, text } = await put("/srv/src/x", new Uint8Array(101 * MB));
  assertEquals(status, 413);
  assertMatch(text, /100 MB may be copied at once/);
  const body = new Blob(["x"]).stream();
  assertEquals((await put("/srv/src/x", body)).status, 411);
});

Deno.test("an upload that is cut leaves nothing, and one that takes long is taken", async () => {
  const head = `PUT /api/v1/sessions/${terminal.session}/files/srv/src/slow HTTP/1.1\r\n` +
    `Host: ${gateway.host}\r\nOrigin: ${gateway.origin}\r\nCookie: ${cookie}\r\n` +
    "Content-Length: 1000000\r\n\r\n";
  using connection = await rawConnection(gateway.host);
  await connection.write(new TextEncoder().encode(head + "x".repeat(1000)));
  await until(async () => (await shell("ls -A")).includes(".ttygate-"));
  assertEquals((await get("/srv/src/slow")).status, 404);
  connection.close();
  await assertNothingLeft();
  assertEquals((await get("/srv/src/slow")).status, 404);
});

Deno.test("files are their user's, and an administrator's; others and foreign pages are kept out", async () => {
  await put("/srv/src/secret", "mine");
  const there = "/srv/src/secret";
  assertEquals((await get(there, "", { as: mallory })).status, 404);
  assertEquals((await get("", "", { as: mallory })).status, 404);
  assertEquals((await put("/srv/src/x", "x", "", { as: mallory })).status, 404);
  assertEquals((await get(there, "", { as: "ttygate=nothing" })).status, 401);
  const root = await gateway.logIn("root", "queen-of-hearts");
  assertEquals((await get(there, "", { as: root })).text, "mine");
  // Each time, also where one's own copies of the same minute are told once.
  assertEquals((await get("/srv/src", "?list", { as: root })).status, 200);
  const seen = gateway.log.split("\n").filter((line) => line.includes("an administrator uses"));
  const told = seen.map((line) => [/user=alice/, /by=root/].every((part) => part.test(line)));
  assertEquals(told, [true, true]);
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    const headers = { origin: "https://evil.example" };
    const response = await ask(there, "", {
      method,
      headers,
      body: method === "DELETE" ? null : "x",
    });
    await response.body?.cancel();
    assertEquals(response.status, 403, method);
  }
  await gateway.logged(/a file was copied out of a session/);
});

Deno.test("a rename does not take a name that is taken, and moves folders with all in them", async () => {
  const headers = { "content-type": "application/json" };
  const move = async (from: string, to: string) => {
    const body = JSON.stringify({ to });
    const response = await ask(from, "", { method: "PATCH", headers, body });
    await response.body?.cancel();
    return response.status;
  };
  await shell("mkdir m1 m2; touch m1/in; touch taken");
  assertEquals(await move("/srv/src/m1", "/srv/src/m2"), 409);
  assertEquals(await move("/srv/src/m1", "/srv/src/m3"), 204);
  assertEquals(await shell("ls m3"), "in\n");
  assertEquals(await move("/srv/src/gone", "/srv/src/m4"), 404);
  assertEquals(await move("/srv/src/m3", "/srv/nowhere/m4"), 404);
  assertEquals(await move("/srv/src/m3", "relative"), 400);
  assertEquals((await ask("/", "", { method: "DELETE" })).status, 409);
});

Deno.test("a folder of more entries than are listed says so", async () => {
  await shell("mkdir many && cd many && seq 2500 | xargs touch && cd ..");
  const { entries, more } = JSON.parse((await get("/srv/src/many", "?list")).text);
  assertEquals([entries.length, more], [2000, true]);
});

Deno.test("an image without the programs is told apart from what is not there", async () => {
  await shell("mv /usr/bin/find /usr/bin/find.away; mv /usr/bin/tar /usr/bin/tar.away");
  const listed = await get("/srv/src", "?list");
  const packed = await get("/srv/src/many");
  await shell("mv /usr/bin/find.away /usr/bin/find; mv /usr/bin/tar.away /usr/bin/tar");
  assertEquals(listed.status, 501, listed.text);
  assertMatch(listed.text, /has no program find/);
  assertEquals(packed.status, 501, packed.text);
  assertMatch(packed.text, /has no program tar/);
});

Deno.test("a session that ends takes its transfers with it", async () => {
  await using other = await TestTerminal.open(gateway, { cookie });
  await shell("truncate -s 1T /dev/shm/sparse", other);
  const response = await ask("/dev/shm/sparse", "", { in: other });
  const reader = response.body!.getReader();
  await reader.read();
  other.type("exit\r");
  assertEquals((await other.closed).code, 1000);
  let broke = false;
  while (!broke) broke = await reader.read().then(({ done }) => done, () => true);
});
