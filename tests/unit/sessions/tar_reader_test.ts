/** Archives that somebody made to harm who reads them, or who unpacks them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createTarPacker, type TarHeader, unpackTar } from "modern-tar";
import { concat } from "../../../lib/bytes.ts";
import { FilesError } from "../../../lib/protocol/files.ts";
import { namedTar, namedZip, safeTar } from "../../../lib/sessions/files/archives.ts";
import { readTar } from "../../../lib/sessions/files/tar_reader.ts";

const MB = 1024 * 1024;
const END = new Uint8Array(1024);
const encode = (text: string) => new TextEncoder().encode(text);

/** A header as it is written, with whatever is to be in its fields. */
function header(name: string, { type = "0", size = "0", link = "", mtime = "0" } = {}) {
  const block = new Uint8Array(512);
  const put = (at: number, text: string) => block.set(encode(text), at);
  put(0, name);
  put(100, "0004755\0");
  put(124, size.padStart(11, "0"));
  put(136, mtime.padStart(11, "0"));
  put(148, "        ");
  put(156, type);
  put(157, link);
  put(257, "ustar\x0000");
  put(148, block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0 ");
  return block;
}

/** What is said of the next entry: type "x", or "L" for a name. */
function extra(type: string, data: Uint8Array) {
  const filling = new Uint8Array((512 - data.length % 512) % 512);
  return concat([header("extra", { type, size: data.length.toString(8) }), data, filling]);
}

function streamOf(...parts: readonly Uint8Array[]) {
  return ReadableStream.from(parts.map((part) => Uint8Array.from(part)));
}

async function read(...parts: readonly Uint8Array[]) {
  const seen: [string, string, string][] = [];
  for await (const { header: { name, type }, body } of readTar(streamOf(...parts))) {
    seen.push([name, type, await new Response(body).text()]);
  }
  return seen;
}

async function refused(work: () => Promise<unknown>): Promise<string> {
  const error = await assertRejects(work, FilesError) as FilesError;
  assertEquals(error.fault, "broken");
  assert(error.message.length < 500, `the message has ${error.message.length} characters`);
  return error.message;
}

async function unpacked(stream: ReadableStream<Uint8Array>) {
  const bytes = new Uint8Array(await new Response(stream as BodyInit).arrayBuffer());
  return (await unpackTar(bytes)).map(({ header: { name, type, mode } }) => [name, type, mode]);
}

const noFailure = () => Promise.resolve(null);

Deno.test("what other programs write is read: long names of both kinds, prefixes, bodies, folders", async () => {
  const { readable, controller } = createTarPacker();
  const long = "d/".repeat(200) + "ü".repeat(100);
  const entries: readonly TarHeader[] = [
    { name: "./", type: "directory", size: 0 },
    { name: long, type: "file", size: 3 },
    { name: `${"p".repeat(120)}/n`, type: "file", size: 3 },
  ];
  const packed = new Response(readable).bytes();
  for (const entry of entries) {
    const writer = controller.add(entry).getWriter();
    if (entry.type === "file") await writer.write(encode("abc"));
    await writer.close();
  }
  controller.finalize();
  assertEquals(await read(await packed), [
    ["./", "directory", ""],
    [long, "file", "abc"],
    [`${"p".repeat(120)}/n`, "file", "abc"],
  ]);
  const gnu = extra("L", encode("g".repeat(300) + "\0"));
  const file = header("short", { size: "3", type: "\0" });
  const body = concat([encode("xyz"), new Uint8Array(509)]);
  assertEquals(
    await read(gnu, file, body, header("dev", { type: "3" }), END, new Uint8Array(8192)),
    [
      ["g".repeat(300), "file", "xyz"],
      ["dev", "other", ""],
    ],
  );
});

Deno.test("a body that nobody reads is passed over, whole or in part", async () => {
  const big = new Uint8Array(MB).fill(1);
  const names: string[] = [];
  const parts = [header("a", { size: MB.toString(8) }), big, header("b"), END];
  for await (const { header: { name }, body } of readTar(streamOf(...parts))) {
    names.push(name);
    const reader = body.getReader();
    if (name === "a") await reader.read();
  }
  assertEquals(names, ["a", "b"]);
});

Deno.test("records that would have to be read again and again are refused at once", async () => {
  // To readers that look for a record's length up to the next space, each is as long as all the rest.
  const lengths = encode("1\n".repeat(MB / 4) + " ");
  await refused(() => read(extra("x", lengths), header("f"), END));
  for (const record of ["9 path=a", "0 path=a\n", "-3 path=a\n", "99999999 a=b\n", "9  path=a\n"]) {
    await refused(() => read(extra("x", encode(record)), header("f"), END));
  }
});

Deno.test("an archive that says too much of an entry, goes on after its end, or stops is refused", async () => {
  await refused(() => read(header("x", { type: "x", size: (2 * MB).toString(8) }), END));
  await refused(() => read(header("f"), END, new Uint8Array(2 * MB)));
  await refused(() => read(header("f", { size: "7777" }), END));
  await refused(() => read(header("f")));
  for (const size of ["99999999999999999", "-1", "1e9", "0x10"]) {
    const record = `${`size=${size}\n`.length + 3} size=${size}\n`;
    await refused(() => read(extra("x", encode(record)), header("f"), END));
  }
  await refused(() => read(header("f", { size: "9" }), END));
});

Deno.test("a time that no clock has is a time", async () => {
  const record = "25 mtime=999999999999999\n";
  const parts = [extra("x", encode(record)), header("f"), END];
  assertEquals((await unpacked(safeTar(streamOf(...parts)))).length, 3);
});

Deno.test("the refusal of a name has no more of it than a line", async () => {
  const name = encode(`../${"\x1b[31m\n".repeat(10_000)}`);
  const message = await refused(() =>
    unpacked(safeTar(streamOf(extra("L", name), header("f"), END)))
  );
  // deno-lint-ignore no-control-regex -- that is what it is about
  assertEquals(/[\x00-\x1f]/.test(message), false);
});

Deno.test("a container's tar leads nobody who unpacks it out of the folder", async () => {
  const hostile = [
    header("../evil"),
    header("./a/../../evil"),
    header("b", { type: "1", link: "../../etc/passwd" }),
  ];
  for (const pack of [namedTar, namedZip]) {
    for (const one of hostile) {
      await refused(() => new Response(pack(streamOf(one, END), "n", noFailure)).bytes());
    }
  }
  const absolute = await unpacked(namedTar(streamOf(header("/etc/x"), END), "n", noFailure));
  assertEquals(absolute, [["n/etc/x", "file", 0o755]]);
  const atRoot = await unpacked(namedTar(streamOf(header("/etc/x"), END), "", noFailure));
  assertEquals(atRoot, [["etc/x", "file", 0o755]]);
  const windows = header("..\\..\\evil.exe");
  const zip = await new Response(namedZip(streamOf(windows, END), "n", noFailure)).text();
  assert(zip.includes("n/.._.._evil.exe") && !zip.includes("\\"), zip);
});

Deno.test("nothing is unpacked through a link: links go last, the inner ones before the outer", async () => {
  const parts = [
    header("./a///", { type: "2", link: "/home/you/.ssh" }),
    header("./a/x", { type: "2", link: "evil" }),
    header("./a/keys"),
    END,
  ];
  assertEquals(await unpacked(namedTar(streamOf(...parts), "n", noFailure)), [
    ["n/a/keys", "file", 0o755],
    ["n/a/x", "symlink", 0o755],
    ["n/a", "symlink", 0o755],
  ]);
});
