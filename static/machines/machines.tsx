/** The page of one's machines: how they are, and what can be done with them. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { render } from "preact";
import { useRef } from "preact/hooks";
import { say as common } from "../admin/say.ts";
import { copyText } from "../app/browser.ts";
import { applyGround, followSystem } from "../app/look.ts";
import { Preferred } from "../app/preferences.ts";
import { Api } from "./api.ts";
import { Create } from "./create.tsx";
import { Machines } from "./list.tsx";
import { Live } from "./live.ts";
import { State } from "./state.ts";
import { Restore, Tombs } from "./tombs.tsx";
import { awayNodes, living, stateOf, type World } from "./world.ts";
import { say } from "./say.ts";

/** How often ages are told again. */
const TICK_MS = 5_000;
/** For how long it says that something was copied. */
const COPIED_MS = 1_500;

function Page({ state, base }: { readonly state: State; readonly base: string }) {
  const world = state.world.value;
  const away = world === null ? [] : awayNodes(world);
  const failure = state.failure.value;
  return (
    <>
      <div id="title">
        <div>
          <h1>{say.title}</h1>
          <p id="summary" class="muted">{world === null ? say.asking : summary(world)}</p>
        </div>
        {world !== null && <Create {...{ state, world }} />}
      </div>
      <div role="alert">
        {state.trouble.value !== "" && (
          <p class="trouble" id="trouble">
            {state.trouble.value}
            {state.isLoggedOut.value && (
              <a href={`${base}/login?next=${encodeURIComponent(`${base}/machines`)}`}>
                {common.logIn}
              </a>
            )}
          </p>
        )}
        {away.length > 0 && <p class="warn" id="away">{say.nodesAway(away.join(", "))}</p>}
        {failure?.id === "" && <p class="trouble" id="failure">{failure.message}</p>}
      </div>
      <Said state={state} />
      {world !== null && (
        <>
          <Machines {...{ state, world }} />
          <Tombs {...{ state, world }} />
        </>
      )}
    </>
  );
}

/** What was done; a deletion can be taken back here. */
function Said({ state }: { readonly state: State }) {
  const { text, deleted } = state.said.value;
  const tomb = deleted !== undefined && state.world.value !== null &&
    ![...living(state.world.value)].some(({ name }) => name === deleted);
  return (
    <div id="said" class={tomb ? "" : "unseen"}>
      <p role="status">{text}</p>
      {tomb && <Restore {...{ state, name: deleted, word: say.undo }} />}
    </div>
  );
}

function summary(world: World): string {
  const all = living(world);
  const count = (is: string) => all.filter((one) => stateOf(one, world) === is).length;
  const failed = count("failed");
  return [
    say.ofMost(all.length, world.most),
    say.runningThere(count("running")),
    ...failed > 0 ? [say.failedThere(failed)] : [],
  ].join(" · ");
}

/** The command that does what is in hand, to be copied. */
function CommandLine({ state }: { readonly state: State }) {
  const code = useRef<HTMLElement>(null);
  const isCopied = useSignal(false);
  const copy = async () => {
    try {
      await copyText(state.command.value);
      isCopied.value = true;
      setTimeout(() => isCopied.value = false, COPIED_MS);
    } catch {
      getSelection()?.selectAllChildren(code.current!); // for the person's own keys
    }
  };
  return (
    <>
      <span class="label">{say.sameBy}</span>
      <code ref={code} tabIndex={0}>{state.command}</code>
      <button type="button" id="copy" onClick={copy}>
        {isCopied.value ? say.copied : say.copy}
      </button>
    </>
  );
}

const base = document.documentElement.dataset.base ?? "";
const api = new Api(base);
const state = new State(api);
const live = new Live(api.events, {
  told: (event) => state.told(event),
  lost: (how) => state.lost(how),
});
const main = document.querySelector("main")!, footer = document.querySelector("footer")!;
main.replaceChildren();
render(<Page state={state} base={base} />, main);
render(<CommandLine state={state} />, footer);
// What has the focus, or was clicked, is in hand.
for (const kind of ["focusin", "click"]) {
  main.addEventListener(kind, ({ target }) => {
    const command = (target as Element).closest<HTMLElement>("[data-command]")?.dataset.command;
    if (command) state.command.value = command;
  });
}
const look = () => {
  live.seen(!document.hidden);
  state.tick();
};
state.again = look;
document.addEventListener("visibilitychange", look);
setInterval(() => state.tick(), TICK_MS);
look();
void state.ask();
// Last: where a browser keeps nothing, asking for it fails.
const preferred = new Preferred();
preferred.follow(applyGround);
followSystem(() => applyGround(preferred.now));
