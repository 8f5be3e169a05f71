/** `ttygate uninstall`: removes what `ttygate install` installed. */
import { Docker } from "deno-docker-api";
import { dirname } from "node:path";
import { LABEL } from "../sessions/container_spec.ts";
import { withDeadline } from "../sessions/docker_calls.ts";
import { type Command, UsageError } from "./command.ts";
import { asFailure, enabledUnits, exists, removeTree, takePrefix, unitNames } from "./install.ts";
import { describeError } from "../log.ts";
import { CONFIG, CONFIGS, LOCAL, placed } from "./layout.ts";

/** Logins, leases and recordings, and the caches: the service's own, and what root unpacked. */
const KEPT = [
  ...["/var/lib/ttygate", "/var/lib/ttygate-agent"],
  ...["/var/cache/ttygate", "/var/cache/ttygate-agent", "/var/cache/ttygate-root"],
];

const DROP_IN = /\/ttygate[^/]*\.d\/[^/]+$/;

/** Which target has a kind of unit started. */
const WANTED_BY: Readonly<Record<string, string>> = {
  ".socket": "sockets.target",
  ".timer": "timers.target",
  ".service": "multi-user.target",
};

/** Docker's own choice, where the configuration names no other. */
const DOCKER_SOCKET = "/run/docker.sock";

export const command: Command = {
  name: "uninstall",
  summary: "removes what install installed",
  help: `
Usage: ttygate uninstall [--prefix DIR] [--purge]

Removes what 'ttygate install' installed, and the Docker networks that the gateway made. The
configuration and the users in /etc/ttygate stay, and so do the system users.

  --prefix DIR  removes what was installed below DIR
  --purge       removes /etc/ttygate, what is kept in /var/lib and the caches as well
`,
  async run(args, { print, config: load }) {
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
    const paths = placed(LOCAL, unitNames()).map(({ to }) => to).filter((to) =>
      !CONFIGS.includes(to)
    );
    if (flags.purge) paths.push(dirname(CONFIG));
    paths.push(LOCAL.bin, LOCAL.lib, `${LOCAL.share}/ttygate`);
    if (flags.purge) paths.push(...KEPT);
    let removed = 0;
    if (prefix === "") {
      // A configuration with a mistake in it is no reason to leave anything behind.
      const socket = await load().then(({ config }) => config.docker.socket, () => DOCKER_SOCKET);
      for (const line of await removeNetworks(socket)) {
        print(line);
        removed++;
      }
    }
    for (const path of paths) {
      try {
        if (!await removeTree(prefix + path)) continue;
      } catch (error) {
        throw asFailure(error);
      }
      removed++;
      print(`removed ${prefix}${path}`);
      // Of a unit that has drop-ins of the administrator's, too, the directory stays.
      if (DROP_IN.test(path)) await Deno.remove(dirname(prefix + path)).catch(() => {});
    }
    if (removed === 0) print("nothing of ttygate is installed there");
    else if (prefix === "") {
      print("");
      print("What is left to do, as root: systemctl daemon-reload");
    }
    return 0;
  },
};

/** Removes the networks that a gateway made; returns what there is to tell of each. */
async function removeNetworks(socketPath: string): Promise<string[]> {
  using docker = new Docker({ socketPath });
  const options = () => ({ signal: withDeadline() });
  // Without a Docker that answers there is none to remove.
  const made = await docker.networks.list({ labels: [LABEL.instance], ...options() })
    .catch(() => []);
  return await Promise.all(made.map(({ Id, Name }) =>
    docker.networks.remove(Id, options()).then(
      () => `removed Docker's network ${Name}`,
      (error) => `kept    Docker's network ${Name}: ${describeError(error)}`,
    )
  ));
}

/** Those that an administrator may have wanted besides. */
const OPTIONAL = ["ttygate-ssh.socket"];

/** The units that something wants, systemd.unit(5) under "[Install]". */
async function stillEnabled(prefix: string): Promise<string[]> {
  const wanted: string[] = [];
  for (const name of [...enabledUnits(), ...OPTIONAL]) {
    const target = WANTED_BY[name.slice(name.lastIndexOf("."))]!;
    if (await exists(`${prefix}${LOCAL.units}/${target}.wants/${name}`)) wanted.push(name);
  }
  return wanted;
}
