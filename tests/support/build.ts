/** What `deno task build` wrote, for the tests that run it; scripts/setup.sh --tests builds it. */
import manifest from "../../deno.json" with { type: "json" };
import { run } from "./run.ts";

const DIST = decodeURIComponent(new URL("../../dist/", import.meta.url).pathname);
const ARCHITECTURE = Deno.build.arch === "x86_64" ? "amd64" : "arm64";

export const VERSION: string = manifest.version;
export const EXECUTABLE = `${DIST}ttygate`;
export const PACKAGE = `${DIST}ttygate_${VERSION}_${ARCHITECTURE}.deb`;

/** Whether it is of the kind that unpacks itself, as where deno compile cannot be had. */
export const isBundled: boolean = startsWith(EXECUTABLE, "#!");
/** What `ttygate version` prints of what was built. */
export const VERSION_LINE = `ttygate ${VERSION} (${
  isBundled ? "bundled" : "compiled"
} executable, Deno ${Deno.version.deno})`;

function startsWith(path: string, text: string): boolean {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(text.length);
    file.readSync(bytes);
    return new TextDecoder().decode(bytes) === text;
  } catch {
    return true; // not built: whoever needs it says so
  }
}

/**
 * Makes a package of another version from the one that was built; only the version differs.
 *
 * @param without files that it does not have, by their absolute paths
 */
export async function repack(
  version: string,
  target: string,
  without: readonly string[] = [],
): Promise<void> {
  const { code, stderr } = await run("sh", [
    "-ec",
    `scratch=$(mktemp -d "\${TMPDIR:-/tmp}/ttygate-test-XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    dpkg-deb --raw-extract "$1" "$scratch/root"
    sed -i "s/^Version: .*/Version: $3/" "$scratch/root/DEBIAN/control"
    [ ! -d "$scratch/root/usr/lib/ttygate" ] || sed -i "s/\\bversion:\\"$2\\"/version:\\"$3\\"/" "$scratch"/root/usr/lib/ttygate/*.js
    target=$4; shift 4
    for file; do rm "$scratch/root$file"; sed -i "\\,  \${file#/}$,d" "$scratch/root/DEBIAN/md5sums"; done
    dpkg-deb --root-owner-group -Znone --build "$scratch/root" "$target"`,
    ...["sh", PACKAGE, VERSION, version, target, ...without],
  ]);
  if (code !== 0) throw new Error(`Cannot repack ${PACKAGE}: ${stderr}; deno task build makes it`);
}
