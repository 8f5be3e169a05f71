/** Who may register: the accounts that wait for an administrator, and invitations. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type {
  NewRegistrationInvite,
  RegistrationInvite,
  RegistrationList,
} from "../../lib/protocol/registration.ts";
import { copyText } from "../app/browser.ts";
import type { Shown } from "./api.ts";
import { Confirm } from "./confirm.tsx";
import type { State } from "./state.ts";
import { Table } from "./table.tsx";
import { span } from "./words.ts";
import { say } from "./say.ts";

const DAY_S = 86_400;
/** For how many days an invitation is good, as can be chosen. */
const DAYS = [1, 7, 30, 90], USUAL_DAYS = 7;

interface Props {
  readonly state: State;
  readonly shown: Shown;
}

/** Those that wait, where accounts wait. */
export function Waiting({ state, shown: { waiting, atMs } }: Props) {
  return (
    <Table
      id="registrations"
      title={say.waiting(waiting.length)}
      heads={[say.name, say.from, say.asked]}
      none={say.nobodyWaits}
      acts
    >
      {waiting.map((account) => <Account key={account.user} {...{ state, account, atMs }} />)}
    </Table>
  );
}

interface AccountProps {
  readonly state: State;
  readonly account: RegistrationList["registrations"][number];
  readonly atMs: number;
}

function Account({ state, account: { user, from, created }, atMs }: AccountProps) {
  const isAsked = state.asked.value === `refuse ${user}`;
  const isApproved = state.working.value.has(`approve ${user}`);
  return (
    <tr data-registration={user}>
      <th scope="row">{user}</th>
      <td>{from}</td>
      <td title={new Date(created).toLocaleString()}>
        {say.ago(span((atMs - Date.parse(created)) / 1000))}
      </td>
      <td class="acts">
        {!isAsked && (
          <button
            type="button"
            class="message"
            aria-label={say.approveWhat(user)}
            disabled={isApproved}
            onClick={(event) => {
              event.currentTarget.closest<HTMLElement>(".scroll")?.focus();
              void state.approve(user);
            }}
          >
            {say.approve}
          </button>
        )}
        {!isApproved && (
          <Confirm
            state={state}
            name={`refuse ${user}`}
            word={say.refuse}
            doing={say.refusing}
            what={say.refuseWhat(user)}
            yes={say.refuseIt}
            act={() => state.refuse(user)}
          />
        )}
      </td>
    </tr>
  );
}

/** Those that are good still, and another one, whose link is told once. */
export function Invites({ state, shown: { invites, atMs } }: Props) {
  return (
    <>
      <Table
        id="invites"
        title={say.invites}
        heads={[say.invite, say.made, say.until]}
        none={say.noInvites}
        acts
      >
        {invites.map((invite) => <Invite key={invite.id} {...{ state, invite, atMs }} />)}
      </Table>
      <NewInvite state={state} />
    </>
  );
}

interface InviteProps {
  readonly state: State;
  readonly invite: RegistrationInvite;
  readonly atMs: number;
}

function Invite({ state, invite: { id, created, expires }, atMs }: InviteProps) {
  const until = new Date(expires).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return (
    <tr data-invite={id}>
      <th scope="row">{id}</th>
      <td>{say.ago(span((atMs - Date.parse(created)) / 1000))}</td>
      <td>{until}</td>
      <td class="acts">
        <Confirm
          state={state}
          name={`uninvite ${id}`}
          word={say.takeBack}
          doing={say.takingBack}
          what={say.takeBackWhat(id)}
          yes={say.takeBackIt}
          act={() => state.takeBack(id)}
        />
      </td>
    </tr>
  );
}

function NewInvite({ state }: { readonly state: State }) {
  const made = useSignal<NewRegistrationInvite | null>(null), told = useSignal("");
  const days = useRef<HTMLSelectElement>(null), link = useRef<HTMLInputElement>(null);
  const make = async () => {
    if (state.working.value.has("invite")) return;
    made.value = await state.invite(Number(days.current!.value) * DAY_S);
    told.value = made.value === null ? "" : say.inviteMade;
    link.current?.select();
  };
  const copy = () =>
    copyText(link.current!.value).then(() => told.value = say.copied, () => {
      link.current!.select();
      told.value = say.copyYourself;
    });
  return (
    <form
      id="invite"
      class="tell"
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <label>
        {say.goodFor}{" "}
        <select ref={days}>
          {DAYS.map((count) => (
            <option key={count} value={count} selected={count === USUAL_DAYS}>
              {say.days(count)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">{say.makeInvite}</button>
      {made.value !== null && (
        <span class="link">
          <input
            ref={link}
            type="text"
            readOnly
            aria-label={say.inviteLink}
            value={location.origin + made.value.path}
          />
          <button type="button" onClick={() => void copy()}>{say.copy}</button>
        </span>
      )}
      <p role="status">{told}</p>
    </form>
  );
}
