/** `ttygate uninstall`: removes what `ttygate install` installed. */
import { dirname } from "node:path";
import { type Command, UsageError } from "./command.ts";
import { asFailure, enabledUnits, exists, removeTree, takePrefix, unitNames } from "./install.ts";
import { CONFIG, LOCAL, placed } from "./layout.ts";

/** Logins, leases and recordings, and the caches: the service's own, and what root unpacked. */
const KEPT = ["/var/lib/ttygate", "/var/cache/ttygate", "/var/cache/ttygate-root"];

export const command: Command = {
  name: "uninstall",
  summary: "removes what install installed",
  help: `
Usage: ttygate uninstall [--prefix DIR] [--purge]

Removes what 'ttygate install' installed. The configuration and the users in /etc/ttygate stay, and
so does the system user ttygate.

  --prefix DIR  removes what was installed below DIR
  --purge       removes /etc/ttygate, /var/lib/ttygate and the caches as well
`,
  async run(args, { print }) {
    const { prefix, flags } = takePrefix(args, ["purge"]);
    if (prefix === "" && args.some((arg) => arg.startsWith("--prefix"))) {
      throw new UsageError("--prefix needs another directory than /");
    }
    const wanted = await stillEnabled(prefix);
    if (wanted.length > 0) {
      throw new Error(
        "cannot uninstall: the units are enabled; first, " +
          `'systemctl disable --now ${[...wanted, "ttygate.service"].join(" ")}'`,
      );
    }
    const paths = placed(LOCAL, unitNames()).map(({ to }) => to).filter((to) => to !== CONFIG);
    if (flags.purge) paths.push(dirname(CONFIG));
    paths.push(LOCAL.bin, LOCAL.lib);
    if (flags.purge) paths.push(...KEPT);
    let removed = 0;
    for (const path of paths) {
      try {
        if (!await removeTree(prefix + path)) continue;
      } catch (error) {
        throw asFailure(error);
      }
      removed++;
      print(`removed ${prefix}${path}`);
    }
    if (removed === 0) print("nothing of ttygate is installed there");
    else if (prefix === "") {
      print("");
      print("What is left to do, as root: systemctl daemon-reload");
    }
    return 0;
  },
};

/** The units that something wants, systemd.unit(5) under "[Install]". */
async function stillEnabled(prefix: string): Promise<string[]> {
  const wanted: string[] = [];
  for (const name of enabledUnits()) {
    const target = name.endsWith(".timer") ? "timers.target" : "sockets.target";
    if (await exists(`${prefix}${LOCAL.units}/${target}.wants/${name}`)) wanted.push(name);
  }
  return wanted;
}
