/** Opens the gateway's doors for SSH, and says what it asks of the gateway. */
import { AgentAwayError } from "../agent/agent.ts";
import { GROUPS } from "../agent/wire.ts";
import { away, Refusal } from "../http/answers.ts";
import { sourceOf } from "../http/caller.ts";
import type { Gateway } from "../http/gateway.ts";
import { logRefusal } from "../http/identity.ts";
import { Places } from "../http/places.ts";
import { withPort } from "../http/ports.ts";
import { serveTerminal } from "../http/terminal.ts";
import { takeTurn } from "../http/upgrade.ts";
import { MachineError } from "../protocol/machines.ts";
import { Allowances } from "../terminal/allowance.ts";
import { ending } from "../sessions/endings.ts";
import type { Door } from "../ssh/door.ts";
import { openHostKey } from "../ssh/host_key.ts";
import { SshServer, type SshTarget } from "../ssh/server.ts";
import { log } from "../log.ts";
import { visitorFiles } from "./ssh_files.ts";

/** How many connections may be there that have not logged in; each costs more than one of the web. */
const STRANGERS = 64;
/** What a connection costs of the thread's time, its handshake included, in turns of the web. */
const HANDSHAKE_TURNS = 30;
/** How many connections of one source may wait for their turns. */
const MOST_WAITING = 50;

/** Listens at an address or a socket. @throws {Error} where it has no host key, or cannot listen */
export async function openSsh(
  gateway: Gateway,
  stateDir: string,
  target: SshTarget,
): Promise<SshServer> {
  const hostKey = await openHostKey(stateDir);
  const server = await SshServer.listen(target, doorOf(gateway), hostKey);
  gateway.sshAddresses.add(server.address);
  log.info(`listening on ssh://${server.address}`, { hostKey: hostKey.fingerprint });
  return server;
}

/** What all of a gateway's sockets for SSH share. */
const shared = new WeakMap<Gateway, { readonly strangers: Places; readonly sent: Allowances }>();

function doorOf(gateway: Gateway): Door {
  const { clock, counted, stack, keys, places, fairQueue } = gateway;
  const { strangers, sent } = shared.get(gateway) ??
    { strangers: new Places(STRANGERS), sent: new Allowances(clock) };
  shared.set(gateway, { strangers, sent });
  return {
    ...{ clock, log, counted, stack, keys, places, strangers, sourceOf },
    get banner() {
      return gateway.banner;
    },
    turn(source, work) {
      if (fairQueue.waiting(source) >= MOST_WAITING) return null;
      if (fairQueue.enter(source, HANDSHAKE_TURNS)) {
        work();
        return { [Symbol.dispose]: () => {} };
      }
      return fairQueue.wait(source, work, HANDSHAKE_TURNS);
    },
    allowanceOf: (user) => sent.of(user),
    refused: (refusal, name, caller) => logRefusal(refusal, { name, caller }, gateway),
    async serve(
      opening,
      { user, machine, remote, source, ended },
      { winsize, command, run = false },
      gone,
    ) {
      try {
        const principal = stack.principalOf(user);
        if (principal === null) throw new Refusal(403, "Your account was locked or removed.");
        await takeTurn(gateway.openings.of(user), { gone }, gateway);
        const identity = { principal, ended, isLogin: false };
        const groups = stack.groupsOf(user).slice(0, GROUPS);
        const place = { machine, node: null, image: null, resume: null };
        const visit = { user, groups, remote, source, winsize, command, run, ...place };
        await serveTerminal(opening, { identity, coming: null, ...visit }, gateway);
      } catch (error) {
        if (error instanceof Refusal || gone.aborted) throw error;
        if (error instanceof AgentAwayError) {
          throw new Error("The server's containers cannot be reached now. Try again in a minute.");
        }
        counted.of(source).error("a terminal's connection failed", { user, error });
        throw new Error("The gateway failed. Its log says why.");
      }
    },
    async withPort({ user, machine, source, ended }, port, gone, use) {
      try {
        const principal = stack.principalOf(user);
        if (principal === null) throw new Refusal(403, "Your account was locked or removed.");
        await takeTurn(gateway.openings.of(user), { gone }, gateway);
        const identity = { principal, ended, isLogin: false };
        await withPort({ identity, machine: machine!, port }, gateway, gone, use);
      } catch (error) {
        if (error instanceof Refusal || error instanceof MachineError || gone.aborted) throw error;
        if (error instanceof AgentAwayError) throw new Error(away().message);
        counted.of(source).info("a connection to a port failed", { user, error });
        throw new Error("The connection broke off.");
      }
    },
    follow: (user) => gateway.logins.follow(user),
    files: (visitor, gone) => visitorFiles(visitor, gone, gateway),
    async end(session, { user, remote }) {
      const cause = ending("killed", "The session was ended by SSH.");
      const outcome = await gateway.agent.end(session, cause).catch(() => "unknown" as const);
      if (outcome !== "ended") return;
      const fields = { event: "session-kill", session, user, by: user, remote } as const;
      log.info("session ended by its client of SSH", fields);
    },
  };
}
