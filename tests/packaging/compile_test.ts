/** Proves what can be proven of `deno compile` without Deno's runtime archive: all is embedded. */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../../scripts/build/compile.ts";
import { filesBelow } from "../../scripts/build/tools.ts";
import { isBundled } from "../support/build.ts";
import { FreshCache } from "../support/cache.ts";
import { run } from "../support/run.ts";

Deno.test(
  "deno compile embeds every file that the program opens",
  { ignore: !isBundled },
  async () => {
    using cache = new FreshCache();
    await cache.run(["ttygate", "version"]);
    const program = cache.unpacked();
    const wanted = filesBelow(program).filter((name) =>
      name !== "deno" && !name.startsWith("cache/")
    );
    assert(wanted.includes("hash_worker.js") && wanted.includes("assets/manifest.json"));
    const target = join(cache.home, "compiled");
    // Any Deno does for the runtime here, as what it embeds is looked at and not run.
    await compile(program, target, { DENORT_BIN: Deno.execPath() });
    const bytes = Buffer.from(await Deno.readFile(target));
    const runtime = (await Deno.stat(Deno.execPath())).size;
    const missing = wanted.filter((name) =>
      bytes.indexOf(Deno.readFileSync(join(program, name)), runtime - 4096) < 0
    );
    assertEquals(missing, []);
  },
);

Deno.test(
  "no module of the bundled program imports what is not beside it",
  { ignore: !isBundled },
  async () => {
    using cache = new FreshCache();
    await cache.run(["ttygate", "version"]);
    const program = cache.unpacked();
    const entries = ["main.js", "hash_worker.js"];
    const modules = filesBelow(program).filter((name) => /^[^/]+\.js$/.test(name));
    const reached = new Set<string>();
    for (const entry of entries) {
      const { code, stdout } = await run(Deno.execPath(), [
        ...["info", "--json", "--no-config", "--no-lock", join(program, entry)],
      ]);
      assertEquals(code, 0);
      for (const { specifier, error } of JSON.parse(stdout).modules) {
        assertEquals(error, undefined);
        if (!specifier.startsWith("node:")) reached.add(fileURLToPath(specifier));
      }
    }
    assertEquals([...reached].sort(), modules.map((name) => join(program, name)).sort());
  },
);
