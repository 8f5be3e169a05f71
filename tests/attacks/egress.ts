/** A session that tries every address that is none of the internet's, and prints what it reached. */
import { TestTerminal } from "../support/terminal.ts";
import type { Attack } from "./attack.ts";

/** Where a service may be: the server's own, private networks' routers and first machines, metadata. */
const TARGETS = [
  ...["169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192"],
  ...["10.0.0.1", "10.0.0.2", "172.16.0.1", "172.17.0.1", "172.17.0.2", "172.18.0.1"],
  ...["192.168.0.1", "192.168.1.1", "100.64.0.1"],
];
const PORTS = [22, 80, 443, 2375, 5432, 6379, 8080];
/** How long each may take. */
const TRY_SECONDS = 2;

export const attack: Attack = {
  summary: "tries the server, private networks and metadata from a session",
  account: true,
  async play(victim, { signal }) {
    const terminal = await TestTerminal.open(victim, { cookie: victim.cookie });
    const cut = () => terminal.cut();
    signal.addEventListener("abort", cut, { once: true });
    const count = { tried: 0, reached: 0, blocked: 0 };
    try {
      // The container's own router is the server.
      const router = await terminal.run(ROUTER);
      for (const target of [router, ...TARGETS]) {
        const said = await terminal.run(
          PORTS.map((port) =>
            `(timeout ${TRY_SECONDS} bash -c ': <>/dev/tcp/${target}/${port}' 2>&1 && echo open) ` +
            `| grep -oE 'refused|open' | sed 's/^/${port} /' &`
          ).join(" ") + " wait",
        );
        // A refusal is an answer, too; the shell says it twice.
        const reached = new Set(
          Array.from(said.matchAll(/^\d+ (refused|open)/gm), ([line]) => line),
        );
        count.tried += PORTS.length;
        count.reached += reached.size;
        count.blocked += PORTS.length - reached.size;
        if (reached.size > 0) console.error(`  ${target} reached: ${[...reached].join(", ")}`);
      }
    } catch {
      // The time is up.
    } finally {
      signal.removeEventListener("abort", cut);
      terminal.cut();
    }
    return count;
  },
};

/** /proc/net/route has it in hexadecimal, its bytes the other way round. */
const ROUTER =
  "printf '%d.%d.%d.%d\\n' $(awk '$2 == \"00000000\" { print $3 }' /proc/net/route | head -n 1 | " +
  "sed -E 's/(..)(..)(..)(..)/0x\\4 0x\\3 0x\\2 0x\\1/')";
