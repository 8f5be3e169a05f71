/** The tables of the administrator's page: sessions, nodes and locked names. */
/// <reference lib="dom" />
import type { UsageInfo } from "../../lib/protocol/overview.ts";
import type { NodeInfo } from "../../lib/protocol/nodes.ts";
import type { LockList, OwnedSession } from "../../lib/protocol/resources.ts";
import type { Shown } from "./api.ts";
import { Confirm } from "./confirm.tsx";
import { MessageRow } from "./message.tsx";
import { Meter } from "./meter.tsx";
import type { State } from "./state.ts";
import { Table } from "./table.tsx";
import { Watch } from "./watch.tsx";
import { ownNode, size, span, stateOf } from "./words.ts";
import { say } from "./say.ts";

/** Input within so many seconds is now. */
const NOW_S = 5;

interface ShownProps {
  readonly state: State;
  readonly shown: Shown;
}

const HEADS = [
  say.user,
  say.node,
  say.image,
  say.started,
  say.lastInput,
  say.cpu,
  say.memory,
  say.processes,
];

export function Sessions({ state, shown: { sessions, nodes, overview, atMs } }: ShownProps) {
  const own = ownNode(nodes);
  return (
    <Table
      id="sessions"
      title={say.sessions}
      heads={[...HEADS, say.from]}
      none={say.noSessions}
      acts
    >
      {sessions.map((session) => (
        <Session
          key={session.id}
          {...{ state, session, own, atMs }}
          usage={overview.usage[session.id]}
        />
      ))}
    </Table>
  );
}

interface SessionProps {
  readonly state: State;
  readonly session: OwnedSession;
  /** The name of the gateway's own machine. */
  readonly own: string;
  readonly atMs: number;
  /** Undefined while it is not measured. */
  readonly usage: UsageInfo | undefined;
}

function Session({ state, session, own, atMs, usage }: SessionProps) {
  const { id, user, node = own, image, started, phase } = session;
  const { idleSeconds, remote, attached } = session;
  const age = span((atMs - Date.parse(started)) / 1000);
  const idle = idleSeconds === null ? "" : idleSeconds < NOW_S ? say.now : span(idleSeconds);
  const asked = state.asked.value;
  const row = (
    <tr key="row" data-session={id}>
      <th scope="row">{user}</th>
      <td>{node}</td>
      <td class="long" title={image}>{image}</td>
      <td>{age}</td>
      <td>{idle}</td>
      <td title={usage && say.of(usage.cpu, usage.cpuLimit)}>
        {usage && <Meter label={say.cpuOf(user)} used={usage.cpu} limit={usage.cpuLimit} />}
      </td>
      <td title={usage && say.of(size(usage.memory), size(usage.memoryLimit))}>
        {usage && (
          <Meter
            label={say.memoryOf(user)}
            used={usage.memory}
            limit={usage.memoryLimit}
          />
        )}
      </td>
      <td title={usage && say.of(usage.pids, usage.pidsLimit)}>
        {usage && (
          <Meter
            label={say.processesOf(user)}
            used={usage.pids}
            limit={usage.pidsLimit}
          />
        )}
      </td>
      <td>
        {remote ?? ""}
        {!attached && <span class="muted">{remote === null ? say.away : ` · ${say.away}`}</span>}
      </td>
      <td class="acts">
        {phase === "live" && asked !== `end ${id}` && (
          <>
            {!session.own && <Watch session={session} />}
            <button
              type="button"
              class="message"
              aria-label={say.messageTo(user)}
              aria-expanded={asked === `tell ${id}`}
              onClick={() => state.asked.value = asked === `tell ${id}` ? null : `tell ${id}`}
            >
              {say.message}
            </button>
          </>
        )}
        {phase === "away"
          ? <span class="muted">{say.nodeAway}</span>
          : phase === "ending" || phase === "gone"
          ? <span class="muted">{say.ending}</span>
          : (
            <Confirm
              state={state}
              name={`end ${id}`}
              word={say.end}
              doing={say.ending}
              what={say.endWhat(user, age)}
              yes={say.endIt}
              act={() => state.end(session)}
            />
          )}
      </td>
    </tr>
  );
  const columns = HEADS.length + 2;
  return (
    <>
      {row}
      {asked === `tell ${id}` && <MessageRow key="message" {...{ state, session, columns }} />}
    </>
  );
}

export function Nodes({ state, shown: { nodes } }: ShownProps) {
  return (
    <Table
      id="nodes"
      title={say.nodes}
      heads={[say.node, say.state, say.sessions, say.readyShells, say.image, say.from]}
      none={say.noNodes}
      acts
    >
      {nodes.map((node) => <Node key={node.name} state={state} node={node} />)}
    </Table>
  );
}

function Node({ state, node }: { readonly state: State; readonly node: NodeInfo }) {
  const { name, kind, sessions, maxTotal, ready, image, remote, draining } = node;
  const isOnline = node.state === "online";
  return (
    <tr data-node={name}>
      <th scope="row">{name}</th>
      <td class={isOnline && !draining ? "" : "warning"}>{stateOf(node)}</td>
      <td>
        {sessions === null ? "" : maxTotal === null ? sessions : say.of(sessions, maxTotal)}
      </td>
      <td>{ready}</td>
      <td class="long" title={image ?? ""}>{image}</td>
      <td>{kind === "local" ? say.thisMachine : remote}</td>
      <td class="acts">
        {isOnline && !draining && (
          <Confirm
            state={state}
            name={`drain ${name}`}
            word={say.drain}
            doing={say.draining}
            what={say.drainWhat(name)}
            yes={say.drainIt}
            act={() => state.drain(name, true)}
          />
        )}
        {isOnline && draining && (
          <button
            type="button"
            aria-label={say.undrainWhat(name)}
            disabled={state.working.value.has(`drain ${name}`)}
            onClick={() => state.drain(name, false)}
          >
            {say.undrain}
          </button>
        )}
      </td>
    </tr>
  );
}

export function Locks({ state, shown: { locks } }: ShownProps) {
  return (
    <Table
      id="locks"
      title={say.locks}
      heads={[say.name, say.from, say.failures, say.until]}
      none={say.noLocks}
      acts
    >
      {locks.map((lock) => <Lock key={`${lock.user} ${lock.from}`} state={state} lock={lock} />)}
    </Table>
  );
}

interface LockProps {
  readonly state: State;
  readonly lock: LockList["locks"][number];
}

function Lock({ state, lock: { user, from, failures, until } }: LockProps) {
  return (
    <tr data-lock={user}>
      <th scope="row">{user}</th>
      <td>{from ?? say.everywhere}</td>
      <td>{failures}</td>
      <td>{new Date(until).toLocaleTimeString([], { timeStyle: "short" })}</td>
      <td class="acts">
        <button
          type="button"
          aria-label={say.unlockWhat(user)}
          disabled={state.working.value.has(`unlock ${user}`)}
          onClick={(event) => {
            event.currentTarget.closest<HTMLElement>(".scroll")?.focus();
            state.unlock(user);
          }}
        >
          {say.unlock}
        </button>
      </td>
    </tr>
  );
}
