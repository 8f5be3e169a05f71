/** Files of machines in Docker, over the API: bytes, folders, versions, and a machine that stands still. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createTarPacker, unpackTar } from "modern-tar";
import { TestGateway, until } from "../support/gateway.ts";

const users = { alice: "wonderland", bob: "builder", root: "rooted" };
const held = new AsyncDisposableStack();
let gateway: TestGateway, alice: string;

Deno.test.beforeAll(async () => {
  const env = { TTYGATE_SESSION_UPLOAD: "50MB" };
  gateway = held.use(await TestGateway.start({ users, env }));
  alice = await gateway.logIn();
  await api("PUT", "/box", { body: "{}", headers: { "content-type": "application/json" } });
  const { status } = await api("GET", "/box?until=running&wait=30");
  assertEquals(status, 200);
});

Deno.test.afterAll(async () => {
  await held.disposeAsync();
});

async function api(method: string, path: string, { cookie = alice, ...init }: RequestInit & {
  readonly cookie?: string;
} = {}) {
  const response = await fetch(`${gateway.origin}/api/v1/machines${path}`, {
    ...{ method, ...init },
    headers: { cookie, origin: gateway.origin, ...init.headers },
  });
  const bytes = await response.bytes();
  const text = new TextDecoder().decode(bytes);
  const { status, headers } = response;
  return { status, bytes, text, tag: headers.get("etag"), type: headers.get("content-type") };
}

const file = (path: string) => `/box/files${path.split("/").map(encodeURIComponent).join("/")}`;

Deno.test("a file goes in and comes out as it is, with its permissions, whatever its name", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const name = "/root/-a b\n'\"$(x)%2F🙂";
  assertEquals((await api("PUT", `${file(name)}?mode=750`, { body: bytes })).status, 201);
  assertEquals((await api("GET", file(name))).bytes, bytes);
  const entry = JSON.parse((await api("GET", `${file(name)}?stat`)).text);
  assertEquals([entry.kind, entry.bytes, entry.mode], ["file", 65_536, 0o750]);
  const { entries } = JSON.parse((await api("GET", `${file("/root")}?list`)).text);
  assert(entries.some((entry: { name: string }) => `/root/${entry.name}` === name));
  const place = JSON.parse((await api("GET", "/box/files")).text);
  assertEquals(place, { folder: "/root", home: "/root", maxBytes: 50 * 1024 * 1024 });
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ to: "/root/other" });
  assertEquals((await api("PATCH", file(name), { body, headers: json })).status, 204);
  assertEquals((await api("DELETE", file("/root/other"))).status, 204);
  assertEquals((await api("GET", file("/root/other"))).status, 404);
  assertEquals((await api("PUT", `${file("/root/x")}?mode=8`, { body: "x" })).status, 400);
});

Deno.test("a folder goes in as a tar, and comes out as one", async () => {
  const { readable, controller } = createTarPacker();
  const entry = controller.add({ name: "in/deep.sh", type: "file", size: 2, mode: 0o755 });
  await new Blob(["hi"]).stream().pipeTo(entry);
  controller.finalize();
  const body = await new Response(readable).bytes();
  assertEquals((await api("PUT", `${file("/root/dir")}?folder`, { body })).status, 201);
  const { bytes, type } = await api("GET", file("/root/dir"));
  assertEquals(type, "application/x-tar");
  const found = (await unpackTar(bytes)).find(({ header }) => header.name === "dir/in/deep.sh");
  assertEquals([found?.header.mode, new TextDecoder().decode(found?.data)], [0o755, "hi"]);
});

Deno.test("a file is changed only where it is the version that is meant", async () => {
  const put = (body: string, tag?: string) =>
    api("PUT", file("/root/note"), { body, headers: tag === undefined ? {} : { "if-match": tag } });
  assertEquals((await put("none", "*")).status, 412);
  assertEquals((await put("one")).status, 201);
  assertEquals((await put("again")).status, 409);
  const { tag: first } = await api("GET", file("/root/note"));
  assertEquals((await put("two", first!)).status, 201);
  const { tag: second, text } = await api("GET", file("/root/note"));
  assertEquals(text, "two");
  assertNotEquals(first, second);
  const late = await put("three", first!);
  assertEquals([late.status, JSON.parse(late.text).type], [412, "urn:ttygate:file-changed"]);
  assertEquals((await put("four", '"nothing of ours"')).status, 412);
  assertEquals((await api("GET", file("/root/note"))).text, "two");
  assertEquals((await put("five", "*")).status, 201);
});

Deno.test("a machine that stands still is started for it", async () => {
  await api("POST", "/box/stop");
  assertEquals((await api("GET", "/box?until=stopped&wait=30")).status, 200);
  assertEquals((await api("PUT", `${file("/root/late")}?replace`, { body: "in" })).status, 201);
  assertEquals(JSON.parse((await api("GET", "/box")).text).state, "running");
});

Deno.test("what a machine uses of the disk is told once it was measured", async () => {
  const disk = async () => JSON.parse((await api("GET", "/box")).text).disk;
  await until(async () => await disk() !== null);
  const { home, container } = await disk();
  assert(container >= 0, container);
  // Engines before API 1.42 measure no volumes alone.
  assert(home === null || home >= 0, home);
});

Deno.test("machines' files are their user's alone", async () => {
  for (const [user, password] of [["bob", "builder"], ["root", "rooted"]] as const) {
    const cookie = await gateway.logIn(user, password);
    const { status, text } = await api("GET", file("/root"), { cookie });
    assertEquals([status, JSON.parse(text).type], [404, "urn:ttygate:machine"]);
  }
  const { status, text } = await api("PUT", file("/root/big"), { body: new Uint8Array(51 << 20) });
  assertEquals(status, 413);
  assertMatch(text, /50 MB may be copied at once/);
  assertEquals((await api("GET", "/box/files/root/..%2Fetc")).status, 400);
});
