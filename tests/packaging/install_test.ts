/** Proves that `ttygate install` and `uninstall` do by hand what a package does, and no more. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { LOCAL, placed } from "../../lib/cli/layout.ts";
import { isBundled, VERSION_LINE } from "../support/build.ts";
import { FreshCache } from "../support/cache.ts";
import { run } from "../support/run.ts";
import { ttygate } from "../cli/program.ts";

const UNITS = Array.from(
  Deno.readDirSync(new URL("../../systemd/", import.meta.url)),
  ({ name }) => name,
);

function filesBelow(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(join(dir, name)) : [join(dir, name)]
  );
}

Deno.test("install puts everything below a prefix, says so, and does nothing twice", async () => {
  using cache = new FreshCache();
  const tree = join(cache.home, "tree");
  const first = await cache.run(["ttygate", "install", "--prefix", tree]);
  assertEquals([first.code, first.stderr], [0, ""]);
  const program = isBundled ? [LOCAL.bin, LOCAL.lib] : [LOCAL.bin];
  const expected = [...program, ...placed(LOCAL, UNITS).map(({ to }) => to)].sort();
  const said = (text: string) => text.trim().split("\n").map((line) => line.slice(6)).sort();
  assertEquals(said(first.stdout), expected.map((path) => tree + path));
  assert(first.stdout.split("\n").every((line) => line === "" || line.startsWith("wrote ")));
  for (const path of filesBelow(tree)) {
    const { mode } = await Deno.stat(path);
    assertEquals(mode! & 0o22, 0, path);
  }

  await Deno.writeTextFile(`${tree}/etc/ttygate/ttygate.toml`, "[pool]\nsize = 1\n");
  const again = await cache.run(["ttygate", "install", `--prefix=${tree}`]);
  assertEquals(said(again.stdout), expected.map((path) => tree + path));
  assertEquals(again.stdout.split("\n").filter((line) => line.startsWith("wrote ")), []);
  assertEquals(
    await Deno.readTextFile(`${tree}/etc/ttygate/ttygate.toml`),
    "[pool]\nsize = 1\n",
  );
});

Deno.test("what was installed runs from its place", {
  ignore: !isBundled,
}, async () => {
  using cache = new FreshCache();
  const tree = join(cache.home, "tree");
  await cache.run(["ttygate", "install", "--prefix", tree]);
  // What is written in it are the paths without the prefix, so it is run inside.
  const script = `for dir in bin lib lib64 dev proc usr/bin usr/lib; do
      [ -d "/$dir" ] && mkdir -p "$1/$dir" && mount --bind "/$dir" "$1/$dir"
    done
    exec chroot "$1" /usr/local/bin/ttygate version`;
  const { code, stdout, stderr } = await run("unshare", [
    "--mount",
    "sh",
    "-c",
    script,
    "sh",
    tree,
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, `${VERSION_LINE}\n`);
});

Deno.test("the units that install writes start the program that it installed", async () => {
  using cache = new FreshCache();
  const tree = join(cache.home, "tree");
  await cache.run(["ttygate", "install", "--prefix", tree]);
  const starts = UNITS.filter((name) => name.endsWith(".service")).map((name) =>
    /^ExecStart=(\S+)/m.exec(Deno.readTextFileSync(`${tree}${LOCAL.units}/${name}`))?.[1]
  );
  assertEquals(starts.sort(), ["/bin/sh", ...Array(3).fill(LOCAL.bin)]);
  const rules = `${tree}${LOCAL.share}/ttygate/egress.nft`;
  const egress = Deno.readTextFileSync(`${tree}${LOCAL.units}/ttygate-egress.service`);
  const named = new Set(egress.match(/\/\S+\/egress\.nft/g));
  assertEquals([...named], [rules.slice(tree.length)]);
  assert((await Deno.stat(rules)).isFile);
});

Deno.test("uninstall removes what install wrote, and with --purge the configuration", async () => {
  using cache = new FreshCache();
  const tree = join(cache.home, "tree");
  await cache.run(["ttygate", "install", "--prefix", tree]);
  const wants = `${tree}${LOCAL.units}/sockets.target.wants`;
  await Deno.mkdir(wants);
  await Deno.symlink("../ttygate.socket", `${wants}/ttygate.socket`);
  const refused = await cache.run(["ttygate", "uninstall", "--prefix", tree]);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertMatch(refused.stderr, /'systemctl disable --now ttygate\.socket ttygate\.service'/);

  await Deno.remove(wants, { recursive: true });
  assertEquals((await cache.run(["ttygate", "uninstall", "--prefix", tree])).code, 0);
  const configs = ["egress.nft", "ttygate.toml"].map((name) => `${tree}/etc/ttygate/${name}`);
  assertEquals(filesBelow(tree).sort(), configs);
  assertEquals((await cache.run(["ttygate", "uninstall", "--prefix", tree, "--purge"])).code, 0);
  assertEquals(filesBelow(tree), []);
  const { stdout } = await cache.run(["ttygate", "uninstall", "--prefix", tree]);
  assertEquals(stdout, "nothing of ttygate is installed there\n");
});

Deno.test("install says why it cannot, and what to do", async () => {
  const fromSource = await ttygate(["install", "--prefix", "/nowhere"]);
  assertEquals([fromSource.code, fromSource.stdout], [1, ""]);
  assertMatch(fromSource.stderr, /^ttygate: cannot install from source: 'deno task build' makes/);
  for (const words of [["--prefix"], ["--prefix", "relative"], ["--nope"], ["here"]]) {
    assertEquals((await ttygate(["install", ...words])).code, 2, words.join(" "));
  }
});
