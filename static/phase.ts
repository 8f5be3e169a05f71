/** The phases of the terminal page, and which of them an event or a close code leads to; pure. */
import { CLOSE } from "../lib/protocol/frame.ts";
import type { StartProgress, TerminalEvent } from "../lib/types.ts";
import type { Image } from "./images.ts";
import type { Running } from "./running.ts";
import { inWords, words } from "./words.ts";

type Ended = Extract<TerminalEvent, { type: "ended" }>;

/** A panel stands over the terminal. */
interface Panel {
  /** A sentence: what happened. */
  readonly message: string;
  /** A sentence under it; may be empty. */
  readonly detail: string;
  /** What its button does. */
  readonly action: string;
}

/** Nothing goes on until the person asks for it. */
export interface Stopped extends Panel {
  readonly name: "ended" | "gone" | "elsewhere" | "broken" | "down" | "refused";
  /** What Enter does, which is the same as the button does. */
  readonly enter: string;
  /** What that is: another session, the same one again, or the log-in. */
  readonly next: "new" | "resume" | "login";
}

/** The person may go on with a session that is running, or not. */
export interface Offering extends Panel {
  readonly name: "offering";
  readonly running: readonly Running[];
}

/** The person says what a new terminal shall run in. */
export interface Choosing extends Panel {
  readonly name: "choosing";
  readonly images: readonly Image[];
}

/** All places are taken: the page asks again until there is one. */
export interface Waiting extends Panel {
  readonly name: "waiting";
}

/** The page tries to come back, for a reason that it tells. */
export interface Reconnecting {
  readonly name: "reconnecting";
  readonly cause: "lost" | "restarting" | "asked";
}

export type Phase =
  | { readonly name: "connecting" }
  | { readonly name: "starting"; readonly progress: StartProgress | { readonly stage: "prompt" } }
  | { readonly name: "live" }
  /** The connection is there, but nothing comes from the other side, not even when it is asked. */
  | { readonly name: "silent" }
  | Reconnecting
  /** On the way to another page. */
  | { readonly name: "leaving" }
  | Offering
  | Choosing
  | Waiting
  | Stopped;

/** Whether a connection follows the session, as far as is known. */
export function isLive({ name }: Phase): boolean {
  return name === "live" || name === "silent";
}

/** Whether there is a terminal, as far as is known, that would end if the person went. */
export function mayEnd({ name }: Phase): boolean {
  return ["live", "silent", "reconnecting", "elsewhere", "broken"].includes(name);
}

/** Whether the page waits for the person to ask. */
export function isStopped(phase: Phase): phase is Stopped {
  return "enter" in phase;
}

/** Whether what is typed is for the shell, at once or later. */
export function takesKeys(phase: Phase): boolean {
  return !hasPanel(phase) && phase.name !== "leaving";
}

/** Whether there is a panel to be drawn. */
export function hasPanel(phase: Phase): phase is Stopped | Offering | Choosing | Waiting {
  return "action" in phase;
}

const NEW_SESSION = { action: words.newSession, enter: words.enterForNew };
const TRY_AGAIN = { action: words.tryAgain, enter: words.enterToTry };

const ELSEWHERE: Stopped = {
  name: "elsewhere",
  message: words.elsewhere,
  detail: "",
  action: words.bringBack,
  enter: words.enterToBring,
  next: "resume",
};

/** The phase of a visit while sessions run that nobody looks at. */
export function offering(running: readonly Running[]): Offering {
  const message = words.stillRunning(running.length);
  return { name: "offering", message, detail: "", action: words.newTerminal, running };
}

/** The phase when a person has as many sessions as one may have, and may go on with one of them. */
export function offeringInstead({ message }: Ended, running: readonly Running[]): Offering {
  const detail = words.orGoOn;
  return { name: "offering", message, detail, action: TRY_AGAIN.action, running };
}

/** The phase of who may choose, and has not. */
export function choosing(images: readonly Image[]): Choosing {
  return {
    name: "choosing",
    message: words.whatToRun,
    detail: "",
    action: "",
    images,
  };
}

/** The phase when the server has no place left. */
export function waiting(): Waiting {
  return {
    name: "waiting",
    message: words.allTaken,
    detail: words.letIn,
    action: words.stopWaiting,
  };
}

/** The phase when the person does not want to wait for a place. */
export const TIRED: Stopped = {
  name: "ended",
  message: words.allWereTaken,
  detail: words.youStopped,
  ...TRY_AGAIN,
  next: "new",
};

/** The phase of the last terminal of a page, which the person closed. */
export const CLOSED: Stopped = {
  name: "ended",
  message: words.youClosed,
  detail: "",
  ...NEW_SESSION,
  next: "new",
};

/** The phase of a terminal that was gone when its page came back; `why` is a sentence. */
export function gone(why: string): Stopped {
  return { name: "gone", message: why, detail: "", ...NEW_SESSION, next: "new" };
}

/** The phase after `ended`; `ageS` is how old the session was, where that is known. */
export function ended(
  { reason, message, exitCode }: Ended,
  ageS: number | null = null,
): Stopped {
  if (reason === "replaced") return ELSEWHERE; // it ended here, not where it is now
  return {
    name: "ended",
    message: (exitCode === null ? undefined : words.exited(exitCode)) ?? words.endings[reason] ??
      message,
    detail: ageS === null ? "" : words.ranFor(inWords(ageS)),
    ...(reason === "limit" ? TRY_AGAIN : NEW_SESSION),
    next: "new",
  };
}

/** The phase of an end that was the login's, too. */
export function loggedOut(phase: Stopped): Stopped {
  return { ...phase, action: words.logIn, enter: words.enterToLogIn, next: "login" };
}

/** The phase when the gateway answers requests but opens no terminal; `why` may be unknown, "". */
export function refused(why: string): Stopped {
  return {
    name: "refused",
    message: why || words.noTerminalHere,
    detail: why ? "" : words.noTerminalWhy,
    ...TRY_AGAIN,
    next: "resume",
  };
}

/** What a close code leads to, when no `ended` came before it: a phase, or the log-in. */
export function afterClose(code: number): Stopped | Reconnecting | "login" {
  switch (code) {
    case CLOSE.ended:
      return {
        name: "ended",
        message: words.ended,
        detail: "",
        ...NEW_SESSION,
        next: "new",
      };
    case CLOSE.protocolError:
      return {
        name: "broken",
        message: words.noSense,
        detail: words.mayBeThere,
        action: words.reconnect,
        enter: words.enterToReconnect,
        next: "resume",
      };
    case CLOSE.loginEnded:
      return "login";
    case CLOSE.noSuchSession:
      return { ...gone(words.gone), detail: words.goneWhileAway };
    case CLOSE.takenOver:
      return ELSEWHERE;
    case CLOSE.shareEnded: // `ended` says why
    case CLOSE.limitReached:
      return {
        name: "ended",
        message: words.noMore,
        detail: "",
        ...TRY_AGAIN,
        next: "new",
      };
    case CLOSE.engineDown:
      return {
        name: "down",
        message: words.engineDown,
        detail: words.adminCanMend,
        ...TRY_AGAIN,
        next: "resume",
      };
    case CLOSE.restarting:
      return { name: "reconnecting", cause: "restarting" };
    default:
      return { name: "reconnecting", cause: "lost" };
  }
}
