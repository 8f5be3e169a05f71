/** What an upgrade request to a terminal, or to a command, must be, and what it asks for. */
import type { Bucket } from "../bucket.ts";
import type { Visit } from "../agent/agent.ts";
import { GROUPS, NAME_CHARS } from "../agent/wire.ts";
import { sleep } from "../clock.ts";
import { SUBPROTOCOL } from "../protocol/frame.ts";
import type { Winsize } from "../types.ts";
import { nothingHere, Refusal } from "./answers.ts";
import type { Caller } from "./caller.ts";
import type { Gateway } from "./gateway.ts";
import { type Coming, comingOf } from "./guests.ts";
import { identify, type Identity, requireOwnOrigin } from "./identity.ts";
import { requireScope } from "./router.ts";

/** Where a command runs in a machine; names need no escapes. */
const RUN_PATH = /^\/api\/v1\/machines\/([a-z][a-z0-9-]*)\/run$/;
const DEFAULT_WINSIZE: Winsize = { cols: 80, rows: 24 };
/** The longest side of a terminal (struct winsize, tty_ioctl(4)). */
const MAX_CELLS = 65535;
/** What an upgrade costs of its user's allowance, and how long it may wait for its turn. */
const UPGRADE_UNITS = 100, UPGRADE_WAIT_MS = 2_000;

/** What an upgrade request asks for. */
export interface TerminalRequest extends Visit {
  readonly identity: Identity;
  /** As what they come to a terminal that is not theirs; null for one of their own. */
  readonly coming: Coming | null;
}

/**
 * Checks an upgrade request before it is accepted.
 *
 * @throws {Refusal} 400, 401, 403, 404, 426, 429 or 503
 * @throws the reason of `caller.gone` when the client has hung up
 */
export async function admitTerminal(caller: Caller, gateway: Gateway): Promise<TerminalRequest> {
  const [, run] = RUN_PATH.exec(caller.path ?? "") ?? [];
  if (caller.listener === "admin" || (caller.path !== "/terminal" && run === undefined)) {
    throw nothingHere();
  }
  const identity = await identifyOpening(caller, SUBPROTOCOL, gateway);
  const { query } = caller;
  const coming = run === undefined ? await comingOf(caller, identity, gateway) : null;
  const session = run === undefined ? coming?.session ?? query.get("session") : null;
  const request = {
    identity,
    coming,
    ...(coming && { guest: coming.role }),
    user: identity.principal.name,
    groups: gateway.stack.groupsOf(identity.principal.name).slice(0, GROUPS),
    remote: caller.remote,
    source: caller.source,
    winsize: {
      cols: integer(query, "cols", DEFAULT_WINSIZE.cols, 1, MAX_CELLS),
      rows: integer(query, "rows", DEFAULT_WINSIZE.rows, 1, MAX_CELLS),
    },
    node: nameIn(query, "node"),
    image: nameIn(query, "image"),
    machine: run ?? nameIn(query, "machine"),
    run: run !== undefined,
    resume: session === null ? null : {
      session,
      offset: integer(query, "offset", 0, 0, Number.MAX_SAFE_INTEGER),
      ...(query.has("viewer") && {
        viewer: integer(query, "viewer", 0, 0, Number.MAX_SAFE_INTEGER),
      }),
    },
  };
  await takeTurn(gateway.openings.of(request.user), caller, gateway);
  return request;
}

/** Who opens a WebSocket of that subprotocol, and may. @throws {Refusal} as above */
export async function identifyOpening(
  caller: Caller,
  subprotocol: string,
  gateway: Gateway,
): Promise<Identity> {
  gateway.noticed.look(caller);
  gateway.hosts.require(caller, gateway);
  requireOwnOrigin(caller, gateway);
  const identity = await identify(caller, gateway);
  requireScope(identity.principal, "shell");
  const offered = caller.headers.get("sec-websocket-protocol") ?? "";
  if (!offered.split(",").map((one) => one.trim()).includes(subprotocol)) {
    throw new Refusal(400, `The client does not speak the subprotocol ${subprotocol}.`);
  }
  requireWebSocket(caller);
  return identity;
}

/** What the handshake must say besides (RFC 6455, section 4.2.1). */
function requireWebSocket({ method, headers }: Caller): void {
  const key = headers.get("sec-websocket-key") ?? "";
  if (method !== "GET" || !/^[+/\dA-Za-z]{22}==$/.test(key)) {
    throw new Refusal(400, "This is no opening of a WebSocket.");
  }
  if (headers.get("sec-websocket-version") !== "13") {
    throw new Refusal(426, "Only version 13 of WebSocket is spoken here.", {
      "sec-websocket-version": "13",
    });
  }
}

/** Has a user who opens terminals over and over wait, so that others need not. */
export async function takeTurn(
  allowance: Bucket,
  { gone }: Pick<Caller, "gone">,
  { clock }: Pick<Gateway, "clock">,
): Promise<void> {
  if (allowance.waitMs > UPGRADE_WAIT_MS) {
    const wait = { "retry-after": String(Math.ceil(allowance.waitMs / 1000)) };
    throw new Refusal(429, "You open terminals too fast. Wait a few seconds.", wait);
  }
  const waitMs = allowance.spend(UPGRADE_UNITS);
  if (waitMs > 0) await sleep(waitMs, clock, gone);
  gone?.throwIfAborted();
}

function nameIn(query: URLSearchParams, name: string): string | null {
  const value = query.get(name);
  if (value === null || value.length <= NAME_CHARS) return value;
  throw new Refusal(400, `${name} may have ${NAME_CHARS} characters.`);
}

/** A whole number of a query. @throws {Refusal} 400 */
export function integer(
  query: URLSearchParams,
  name: string,
  absent: number,
  least: number,
  most: number,
): number {
  const text = query.get(name);
  if (text === null) return absent;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) {
    throw new Refusal(400, `${name} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}
