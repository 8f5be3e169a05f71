/** Proves that the Debian package is in order by what Debian itself looks at. */
import { assert, assertEquals } from "@std/assert";
import { PACKAGE, VERSION } from "../support/build.ts";
import { run } from "../support/run.ts";

async function output(program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, { env: { LC_ALL: "C.UTF-8" } });
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

Deno.test("lintian finds neither errors nor warnings in the package", async () => {
  const root = Deno.uid() === 0 ? ["--allow-root"] : [];
  assertEquals(await output("lintian", [...root, "--fail-on", "error,warning", PACKAGE]), "");
});

Deno.test("the package names itself, its version and its files of configuration", async () => {
  const fields = ["Package", "Version", "Depends", "Recommends"];
  const control = await output("dpkg-deb", ["--field", PACKAGE, ...fields]);
  assert(control.startsWith(`Package: ttygate\nVersion: ${VERSION}\n`), control);
  assert(/^Depends: .*\bnftables\b/m.test(control), control);
  assert(/^Recommends: docker\.io \|/m.test(control), control);
  assertEquals(
    await output("dpkg-deb", ["--info", PACKAGE, "conffiles"]),
    "/etc/ttygate/ttygate.toml\n/etc/ttygate/egress.nft\n",
  );
});

Deno.test("the package brings what people read", async () => {
  const contents = await output("dpkg-deb", ["--contents", PACKAGE]);
  const docs = [...Deno.readDirSync(new URL("../../docs/", import.meta.url))]
    .map(({ name }) => `docs/${name}`);
  for (const name of ["README.md", "changelog.gz", "NEWS.gz", "copyright", ...docs]) {
    assert(contents.includes(` ./usr/share/doc/ttygate/${name}\n`), name);
  }
});

Deno.test("everything in the package is root's, and others can write to none of it", async () => {
  const lines = (await output("dpkg-deb", ["--contents", PACKAGE])).trim().split("\n");
  assert(lines.length > 30);
  const wrong = lines.filter((line) => !/^[d-]rw[x-]r-[x-]r-[x-] root\/root /.test(line));
  assertEquals(wrong, []);
});
