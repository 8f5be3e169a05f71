/** What the page makes of folders, and of programs' wishes, without a page. */
import { assertEquals } from "@std/assert";
import { unpackTar } from "modern-tar";
import { folderTar } from "../../../static/files/folder_tar.ts";
import { shortPath, sizeOf } from "../../../static/files/words.ts";
import { requestOf } from "../../../static/terminal/file_requests.ts";

Deno.test("a folder becomes a tar of all its files, whatever their names and sizes", async () => {
  const file = (text: string) => new File([text], "x", { lastModified: 86_400_000 });
  const long = `deep/${"ü".repeat(120)}/${"n".repeat(90)}`;
  const tar = await folderTar([
    { path: "empty/", file: null },
    { path: "none", file: file("") },
    { path: "a\n-b", file: file("x".repeat(512)) },
    { path: long, file: file("y".repeat(513)) },
  ]);
  const entries = await unpackTar(tar.stream());
  assertEquals(entries.map(({ header, data }) => [header.name, header.type, data?.length ?? 0]), [
    ["empty/", "directory", 0],
    ["none", "file", 0],
    ["a\n-b", "file", 512],
    [long, "file", 513],
  ]);
  assertEquals(entries[2]!.header.mtime, new Date(86_400_000));
  assertEquals(tar.size % 512, 0);
});

Deno.test("a program's wish has a verb and a path that leads where it says", () => {
  assertEquals(requestOf("get;/a b/ü"), { verb: "get", path: "/a b/ü" });
  assertEquals(requestOf("put;/"), { verb: "put", path: "/" });
  const none = ["", "get", "get;", "get;a", "del;/a", "get;/a/../b", "get;/a\nb", "get;/a\x85b"];
  for (const text of [...none, `get;/${"x/".repeat(2100)}`]) {
    assertEquals(requestOf(text), null, text);
  }
});

Deno.test("sizes and paths are written as people write them", () => {
  const sizes = [0, 999, 1024, 1536, 10 * 1024 * 1024, 2 ** 40].map(sizeOf);
  assertEquals(sizes, ["0 B", "999 B", "1 KB", "1.5 KB", "10 MB", "1 TB"]);
  const paths = ["/root", "/root/a", "/rooted", "/"].map((path) => shortPath(path, "/root"));
  assertEquals(paths, ["~", "~/a", "/rooted", "/"]);
  assertEquals([shortPath("/a", "/"), shortPath("/a", null)], ["/a", "/a"]);
});
