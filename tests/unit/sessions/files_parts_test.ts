/** What files are made of that needs no container: listings, archives, and words. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createTarPacker, type TarHeader, unpackTar } from "modern-tar";
import { ENTRIES, FilesError } from "../../../lib/protocol/files.ts";
import { cleanPath, folderOf, nameOf, pathIn } from "../../../lib/protocol/paths.ts";
import { namedTar, namedZip, safeTar } from "../../../lib/sessions/files/archives.ts";
import { failure } from "../../../lib/sessions/files/failure.ts";
import { listCommand, listingOf } from "../../../lib/sessions/files/listing.ts";

const MARK = "0123";

function line(name: string, { raw = "81a4", size = "5", time = "60" } = {}): string {
  return `${MARK} ${raw} ${size} ${time} ${name}\n`;
}

function tar(entries: readonly (TarHeader & { readonly text?: string })[]) {
  const { readable, controller } = createTarPacker();
  (async () => {
    for (const { text = "", ...header } of entries) {
      const bytes = new TextEncoder().encode(text);
      const writer = controller.add({ ...header, size: bytes.length }).getWriter();
      if (bytes.length > 0) await writer.write(bytes);
      await writer.close();
    }
    controller.finalize();
  })();
  return readable;
}

async function inside(stream: ReadableStream<Uint8Array>) {
  const bytes = new Uint8Array(await new Response(stream as BodyInit).arrayBuffer());
  return (await unpackTar(bytes)).map(({ header, data }) => ({
    ...header,
    text: data && new TextDecoder().decode(data),
  }));
}

Deno.test("a path is clean only when it leads where it says", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["/", "/"],
    ["//a///b/", "/a/b"],
    ["/a b/-rf/\n", "/a b/-rf/\n"],
    ["/...", "/..."],
    ["a", null],
    ["", null],
    ["/a/../b", null],
    ["/..", null],
    ["/./a", null],
    ["/a\0b", null],
    [`/${"ü".repeat(127)}`, `/${"ü".repeat(127)}`],
    [`/${"ü".repeat(128)}`, null],
    ["/x".repeat(2048), null],
  ];
  for (const [text, path] of cases) assertEquals(cleanPath(text), path, text.slice(0, 20));
  assertEquals([folderOf("/a"), folderOf("/a/b"), folderOf("/")], ["/", "/a", "/"]);
  assertEquals([nameOf("/a/b"), nameOf("/"), pathIn("/", "a"), pathIn("/a", "b")], [
    "b",
    "",
    "/a",
    "/a/b",
  ]);
});

Deno.test("entries are told apart whatever their names are", () => {
  const names = ["-rf", "a\nb", "two words", "fake\n0124 81a4 9 9 other", "\n"];
  const text = names.map((name) => line(`/d/${name}`)).join("");
  const { entries, more } = listingOf("/d", text, MARK, true);
  assertEquals(entries.map(({ name }) => name), names);
  assertEquals(more, false);
});

Deno.test("kinds, sizes, times and permissions are those of stat(1)", () => {
  const text = line("/d/dir", { raw: "41ed", size: "4096" }) +
    line("/d/pipe", { raw: "11a4" }) + line("/d/up", { raw: "a1ff" }) +
    line("/d/lost", { raw: "a1ff" }) +
    line("/d/big", { size: "18446744073709551615", time: "-1" }) +
    `${MARK} 41ed to /d/up\n`;
  const { entries } = listingOf("/d", text, MARK, true);
  const seen = entries.map(({ name, kind, mode, leadsTo }) => [name, kind, mode, leadsTo]);
  assertEquals(seen, [
    ["dir", "folder", 0o755, undefined],
    ["pipe", "other", 0o644, undefined],
    ["up", "link", 0o777, "folder"],
    ["lost", "link", 0o777, null],
    ["big", "file", 0o644, undefined],
  ]);
  assertEquals(entries[4]!.bytes, Number.MAX_SAFE_INTEGER);
  assertEquals(entries[4]!.changed, "1969-12-31T23:59:59.000Z");
});

Deno.test("names and times that no file has are none", () => {
  const long = "x".repeat(2000);
  const text = [".", "..", long].map((name) => line(`/d/${name}`)).join("") +
    line("/d/old", { time: `-${"9".repeat(40)}` }) + line("/d/new", { time: "9".repeat(40) });
  const { entries } = listingOf("/d", text, MARK, true);
  assertEquals(entries.map(({ name, changed }) => [name, changed.slice(0, 7)]), [
    ["old", "-271821"],
    ["new", "+275760"],
  ]);
});

Deno.test("a listing that is cut, or over the bound, says that there is more", () => {
  const cut = listingOf("/d", line("/d/a") + line("/d/whole-or-not"), MARK, false);
  assertEquals([cut.entries.length, cut.more], [1, true]);
  const many = Array.from({ length: ENTRIES + 1 }, (_, at) => line(`/d/${at}`)).join("");
  const { entries, more } = listingOf("/d", many, MARK, true);
  assertEquals([entries.length, more], [ENTRIES, true]);
});

Deno.test("names are arguments of their own, and begin with a slash", () => {
  const command = listCommand("/-delete", "entries", MARK);
  assertEquals(command.filter((word) => word.includes("-delete")), ["/-delete/"]);
});

Deno.test("a tar that comes in has files and folders below one, and its end", async () => {
  const got = await inside(safeTar(tar([
    { name: "./", type: "directory", size: 0 },
    { name: "./a/", type: "directory", size: 0, mode: 0o700 },
    { name: "a/b", size: 0, text: "x", mode: 0o4755, uid: 7, uname: "eve" },
    { name: "l", type: "symlink", linkname: "/etc", size: 0 },
    { name: "h", type: "link", linkname: "../x", size: 0 },
    { name: "p", type: "fifo", size: 0 },
    { name: "d", type: "block-device", size: 0 },
  ])));
  const seen = got.map(({ name, mode, uid, uname, text }) => [name, mode, uid, uname, text ?? ""]);
  assertEquals(seen, [
    ["all/", 0o755, 0, "", ""],
    ["all/a/", 0o700, 0, "", ""],
    ["all/a/b", 0o755, 0, "", "x"],
    ["end", 0o644, 0, "", ""],
  ]);
});

Deno.test("a tar whose names lead elsewhere, or that is none, is refused", async () => {
  for (const name of ["../x", "a/../../x", "/x", "a/./../..", "./../x"]) {
    const error = await assertRejects(() => inside(safeTar(tar([{ name, size: 0 }]))), FilesError);
    assertEquals((error as FilesError).fault, "broken", name);
  }
  const none = new Blob(["x".repeat(2000)]).stream();
  const error = await assertRejects(() => inside(safeTar(none)), FilesError);
  assertEquals((error as FilesError).fault, "broken");
});

Deno.test("what goes out has the folder's name before it, and says what is missing", async () => {
  const source = () =>
    tar([
      { name: "./", type: "directory", size: 0 },
      { name: "./b", size: 0, text: "x" },
      { name: "./c", type: "link", linkname: "./b", size: 0 },
      { name: "./l", type: "symlink", linkname: "../up", size: 0 },
      { name: "./p", type: "fifo", size: 0 },
    ]);
  const got = await inside(namedTar(source(), "n", () => Promise.resolve("tar: ./q: no\n")));
  assertEquals(got.map(({ name, linkname, text }) => [name, linkname, text ?? ""]), [
    ["n/", "", ""],
    ["n/b", "", "x"],
    ["n/c", "n/b", ""],
    ["n/l", "../up", ""],
    ["n/NOT-COPIED.txt", "", "tar: ./q: no\n"],
  ]);
  const zip = namedZip(source(), "n", () => Promise.resolve(null));
  const text = await new Response(zip).text();
  assert(text.startsWith("PK") && text.includes("n/b") && !text.includes("n/l"), text);
});

Deno.test("why a program could not do it is told in words, without the names' line breaks", () => {
  const cases: readonly (readonly [code: number, said: string, fault: string])[] = [
    [91, "", "missing"],
    [93, "", "denied"],
    [94, "", "exists"],
    [95, "", "broken"],
    [1, "cat: write error: No space left on device\n", "full"],
    [1, "mv: cannot move 'a': Permission denied\n", "denied"],
    [1, "sh: can't create /x: Read-only file system\n", "denied"],
    [1, "find: '/x': No such file or directory\n", "missing"],
    [1, "find: '/x/': Not a directory\n", "kind"],
    [127, "tar: not found\n", "unable"],
    [126, 'OCI runtime exec failed: exec: "find": executable file not found in $PATH\n', "unable"],
    [126, 'exec: "sh": stat sh: no such file or directory: not found', "unable"],
    [7, "\x1b[31mred\n", "unable"],
    [1, 'exec: "\x1b[31m": not found', "unable"],
    // What is looked for would take minutes in all of it.
    [1, "a".repeat(256 * 1024), "unable"],
  ];
  for (const [code, said, fault] of cases) {
    const error = failure("/a\nb/c", code, said);
    assertEquals(error.fault, fault, said);
    // deno-lint-ignore no-control-regex -- that is what it is about
    assertEquals(/[\x00-\x1f]/.test(error.message), false, error.message);
  }
});
