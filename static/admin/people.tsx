/** The tables of the administrator's page about people: their machines, and their accounts. */
/// <reference lib="dom" />
import type { MachineInfo } from "../../lib/protocol/machines.ts";
import type { UserList } from "../../lib/protocol/resources.ts";
import { say as machineWords } from "../machines/say.ts";
import type { Shown } from "./api.ts";
import { Confirm } from "./confirm.tsx";
import type { State } from "./state.ts";
import { Table } from "./table.tsx";
import { ownNode, span } from "./words.ts";
import { say } from "./say.ts";

interface ShownProps {
  readonly state: State;
  readonly shown: Shown;
}

/** Everybody's. */
export function Machines({ state, shown: { machines, nodes, atMs } }: ShownProps) {
  const { items, isAll } = machines;
  const own = ownNode(nodes);
  return (
    <>
      <Table
        id="machines"
        title={say.machines}
        heads={[say.user, say.machine, say.node, say.image, say.state, say.lastUsed]}
        none={say.noMachines}
        acts
      >
        {items.map((machine) => <Machine key={machine.id} {...{ state, machine, own, atMs }} />)}
      </Table>
      {!isAll && <p class="muted">{say.notAll(items.length)}</p>}
    </>
  );
}

interface MachineProps {
  readonly state: State;
  readonly machine: MachineInfo;
  /** The name of the gateway's own machine. */
  readonly own: string;
  readonly atMs: number;
}

function Machine({ state, machine, own, atMs }: MachineProps) {
  const { id, user, name, node = own, image, state: is, lastUsed = null, lastError } = machine;
  const isUp = is === "running" || is === "creating" || is === "starting";
  return (
    <tr data-machine={id}>
      <th scope="row">{user}</th>
      <td>{name}</td>
      <td>{node}</td>
      <td class="long" title={image}>{image}</td>
      <td class={is === "failed" ? "warning" : ""} title={lastError ?? ""}>
        {machineWords.states[is]}
      </td>
      <td>{lastUsed !== null && say.ago(span((atMs - Date.parse(lastUsed)) / 1000))}</td>
      <td class="acts">
        {isUp && (
          <Confirm
            state={state}
            name={`stop ${id}`}
            word={machineWords.stop}
            doing={machineWords.stopping}
            what={say.stopWhat(user, name)}
            yes={machineWords.stopIt}
            act={() => state.stop(machine)}
          />
        )}
      </td>
    </tr>
  );
}

interface UsersProps extends ShownProps {
  /** Who looks at it, and must not be locked out of it. */
  readonly me: string;
}

/** Who has an account. */
export function Users({ state, shown, me }: UsersProps) {
  const { items, isAll } = shown.users;
  return (
    <>
      <Table
        id="users"
        title={say.users}
        heads={[say.name, say.state, say.sessions, say.machines]}
        none={say.noUsers}
        acts
      >
        {items.map((account) => <User key={account.user} {...{ state, shown, me, account }} />)}
      </Table>
      {!isAll && <p class="muted">{say.notAll(items.length)}</p>}
    </>
  );
}

interface UserProps extends UsersProps {
  readonly account: UserList["users"][number];
}

function User({ state, shown: { sessions, machines }, me, account }: UserProps) {
  const { user, locked, admin } = account;
  const of = (all: readonly { readonly user: string }[]) =>
    all.filter((one) => one.user === user).length;
  return (
    <tr data-user={user}>
      <th scope="row">{user}</th>
      <td class={locked ? "warning" : ""}>
        {locked ? say.locked : admin ? say.administrator : say.mayCome}
      </td>
      <td>{of(sessions)}</td>
      <td>{machines.isAll && of(machines.items)}</td>
      <td class="acts">
        {locked
          ? (
            <button
              type="button"
              aria-label={say.unlockWhat(user)}
              disabled={state.working.value.has(`lock ${user}`)}
              onClick={(event) => {
                event.currentTarget.closest<HTMLElement>(".scroll")?.focus();
                state.lock(user, false);
              }}
            >
              {say.unlock}
            </button>
          )
          : user !== me && (
            <Confirm
              state={state}
              name={`lock ${user}`}
              word={say.lock}
              doing={say.locking}
              what={say.lockWhat(user)}
              yes={say.lockIt}
              act={() => state.lock(user, true)}
            />
          )}
      </td>
    </tr>
  );
}
