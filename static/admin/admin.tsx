/** The administrator's page: who is there, and what can be done about it. */
/// <reference lib="dom" />
import { render } from "preact";
import type { Clock } from "../../lib/types.ts";
import { applyGround, followSystem } from "../app/look.ts";
import { Preferred } from "../app/preferences.ts";
import { Api } from "./api.ts";
import { Events } from "./events.tsx";
import { Hour } from "./hour.tsx";
import { LiveLog } from "./live_log.tsx";
import { Message } from "./message.tsx";
import { Machines, Users } from "./people.tsx";
import { Poll } from "./poll.ts";
import { Invites, Waiting } from "./registering.tsx";
import { State } from "./state.ts";
import { Locks, Nodes, Sessions } from "./tables.tsx";
import { summary } from "./words.ts";
import { say } from "./say.ts";

const POLL_MS = 2_000;

interface Props {
  readonly state: State;
  readonly base: string;
  /** Who registers: `registration.mode`. */
  readonly registration: string;
  /** Who looks at it. */
  readonly me: string;
}

function Page({ state, base, registration, me }: Props) {
  const shown = state.shown.value;
  const engine = shown?.engine ?? null;
  return (
    <>
      <h1>{say.title}</h1>
      <p id="summary" class="muted">{shown === null ? say.asking : summary(shown)}</p>
      <div role="alert">
        {state.trouble.value !== "" && (
          <p class="trouble" id="trouble">
            {state.trouble.value}
            {state.isLoggedOut.value && (
              <a href={`${base}/login?next=${encodeURIComponent(`${base}/admin`)}`}>{say.logIn}</a>
            )}
          </p>
        )}
        {engine !== null && <p class="trouble" id="engine">{engine}</p>}
        {state.failure.value !== "" && <p class="trouble" id="failure">{state.failure.value}</p>}
      </div>
      {shown !== null && (
        <>
          {(registration === "approval" || shown.waiting.length > 0) && (
            <Waiting state={state} shown={shown} />
          )}
          <Sessions state={state} shown={shown} />
          <Message state={state} />
          <Machines state={state} shown={shown} />
          <Users state={state} shown={shown} me={me} />
          <Hour history={shown.overview.history} />
          <Nodes state={state} shown={shown} />
          {(registration === "invite" || shown.invites.length > 0) && (
            <Invites state={state} shown={shown} />
          )}
          <Locks state={state} shown={shown} />
          <Events events={shown.overview.events} atMs={shown.atMs} />
          <LiveLog base={base} />
        </>
      )}
      <p class="unseen" role="status">{state.said.value}</p>
    </>
  );
}

const clock: Clock = {
  now: () => performance.now(),
  timer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const { base = "", registration = "off" } = document.documentElement.dataset;
const state = new State(new Api(base, registration !== "off"));
const poll = new Poll({ everyMs: POLL_MS, clock, ask: () => state.ask() });
state.changed = () => poll.now();
const main = document.querySelector("main")!;
main.replaceChildren();
const me = document.getElementById("user")!.textContent;
render(<Page {...{ state, base, registration, me }} />, main);
const look = () => poll.seen(!document.hidden);
document.addEventListener("visibilitychange", look);
look();
// Last: where a browser keeps nothing, asking for it fails.
const preferred = new Preferred();
preferred.follow(applyGround);
followSystem(() => applyGround(preferred.now));
