/** Moves the compiled code that Deno keeps of a program along with the program's files. */
import { backup, DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Deno's databases, and the table of each that is keyed by a module's address. */
const TABLES: readonly (readonly [file: string, table: string])[] = [
  ["v8_code_cache_v2", "codecache"],
  ["dep_analysis_cache_v2", "moduleinfocache"],
  ["node_analysis_cache_v2", "cjsanalysiscache"],
];

/**
 * Copies a Deno cache, its entries for modules below `from` now being for those below `to`; those
 * for other modules are left behind, but for Deno's own. What makes a database readable where nobody may write comes along: its write-ahead log, empty, and
 * the index of that (https://www.sqlite.org/wal.html#readonly).
 *
 * @throws {Error} when a database is not what this version of Deno writes
 */
export async function moveCodeCache(
  { source, target, from, to }: Readonly<Record<"source" | "target" | "from" | "to", string>>,
): Promise<void> {
  const scratch = await Deno.makeTempDir({ dir: target, prefix: ".moving-" });
  try {
    for (const [file, table] of TABLES) {
      const path = join(scratch, file);
      {
        using old = new DatabaseSync(join(source, file), { readOnly: true });
        await backup(old, path);
      }
      using moved = new DatabaseSync(path);
      moved.exec("PRAGMA journal_mode = WAL");
      const isOf = "substr(specifier, 1, length(:from)) = :from";
      const values = { from: directoryUrl(from), to: directoryUrl(to) };
      moved.prepare(`DELETE FROM ${table} WHERE specifier GLOB 'file:*' AND NOT ${isOf}`)
        .run({ from: values.from });
      moved.prepare(
        `UPDATE ${table} SET specifier = :to || substr(specifier, length(:from) + 1) WHERE ${isOf}`,
      ).run(values);
      moved.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      moved.prepare(`SELECT count(*) FROM ${table}`).get();
      for (const suffix of ["", "-wal", "-shm"]) {
        await Deno.copyFile(path + suffix, join(target, file + suffix));
        await Deno.chmod(join(target, file + suffix), 0o644);
      }
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

function directoryUrl(path: string): string {
  return `${pathToFileURL(path).href.replace(/\/$/, "")}/`;
}
