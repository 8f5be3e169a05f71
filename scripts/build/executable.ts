/** Packs the program's directory into one file that unpacks and runs itself. */
import manifest from "../../deno.json" with { type: "json" };
import { RUN_FLAGS } from "./program.ts";
import { type Effort, replaceOnce, ROOT, run, say } from "./tools.ts";

const OFFSET_DIGITS = 8;

export interface PackOptions {
  /** The program's directory, whose name must be "ttygate". */
  readonly dir: string;
  /** The file to write. */
  readonly target: string;
  /** What every file's time is, in seconds since 1970. */
  readonly date: number;
  readonly effort: Effort;
}

/** Writes the executable. */
export async function packExecutable({ dir, target, date, effort }: PackOptions): Promise<void> {
  say("packing it with Deno into one file");
  const payload = `${target}.payload`;
  try {
    // The same input makes the same bytes.
    await run("sh", [
      "-ec",
      'tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$3" --mode=go-w ' +
      '-C "$1" -cf - ttygate | gzip -n -$4 >"$2"',
      ...["sh", `${dir}/..`, payload, String(date), effort === "full" ? "9" : "1"],
    ]);
    const bytes = await Deno.readFile(payload);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const stub = await makeStub(dir, digest.slice(0, 8).toHex());
    await Deno.writeFile(target, stub, { mode: 0o755 });
    await Deno.writeFile(target, bytes, { append: true });
    await Deno.chmod(target, 0o755);
  } finally {
    await Deno.remove(payload).catch(() => {});
  }
}

/** scripts/packaging/unpack.sh with everything filled in. */
async function makeStub(dir: string, digest: string): Promise<Uint8Array<ArrayBuffer>> {
  let text = await Deno.readTextFile(`${ROOT}scripts/packaging/unpack.sh`);
  const values: Record<string, string> = {
    "version=@VERSION@-@DIGEST@": `version=${manifest.version}-${digest}`,
    "# ttygate @VERSION@ ": `# ttygate ${manifest.version} `,
    "@DENO_BYTES@": String((await Deno.stat(`${dir}/deno`)).size),
    "@MAIN_BYTES@": String((await Deno.stat(`${dir}/main.js`)).size),
    "@FLAGS@": RUN_FLAGS.join(" "),
  };
  for (const [name, value] of Object.entries(values)) {
    text = replaceOnce(text, name, value, "scripts/packaging/unpack.sh");
  }
  const OFFSET = "@OFFSET@";
  const length = new TextEncoder().encode(text).length - OFFSET.length + OFFSET_DIGITS;
  const offset = String(length + 1).padStart(OFFSET_DIGITS, "0");
  return new TextEncoder().encode(replaceOnce(text, OFFSET, offset, "scripts/packaging/unpack.sh"));
}
