/** The phases of the terminal page, and which of them an event or a close code leads to; pure. */
import { CLOSE } from "../lib/protocol/frame.ts";
import type { StartProgress, TerminalEvent } from "../lib/types.ts";
import type { Image } from "./images.ts";
import type { Running } from "./running.ts";

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

const NEW_SESSION = { action: "New session", enter: "Press Enter for a new session." };
const TRY_AGAIN = { action: "Try again", enter: "Press Enter to try again." };

const ELSEWHERE: Stopped = {
  name: "elsewhere",
  message: "This session was opened in another tab.",
  detail: "",
  action: "Bring it back here",
  enter: "Press Enter to bring it back here.",
  next: "resume",
};

/** The phase of a visit while sessions run that nobody looks at. */
export function offering(running: readonly Running[]): Offering {
  const message = running.length === 1
    ? "A terminal of yours is still running."
    : `${running.length} terminals of yours are still running.`;
  return { name: "offering", message, detail: "", action: "New terminal", running };
}

/** The phase when a person has as many sessions as one may have, and may go on with one of them. */
export function offeringInstead({ message }: Ended, running: readonly Running[]): Offering {
  const detail = "Or go on with one of them here:";
  return { name: "offering", message, detail, action: TRY_AGAIN.action, running };
}

/** The phase of who may choose, and has not. */
export function choosing(images: readonly Image[]): Choosing {
  return {
    name: "choosing",
    message: "What shall the new terminal run in?",
    detail: "",
    action: "",
    images,
  };
}

/** The phase when the server has no place left. */
export function waiting(): Waiting {
  return {
    name: "waiting",
    message: "All places on this server are taken.",
    detail: "You will be let in as soon as one is free.",
    action: "Stop waiting",
  };
}

/** The phase when the person does not want to wait for a place. */
export const TIRED: Stopped = {
  name: "ended",
  message: "All places on this server were taken.",
  detail: "You stopped waiting for one.",
  ...TRY_AGAIN,
  next: "new",
};

/** The phase after `ended`. */
export function ended({ reason, message }: Ended): Stopped {
  if (reason === "replaced") return ELSEWHERE; // it ended here, not where it is now
  return {
    name: "ended",
    message,
    detail: "",
    ...(reason === "limit" ? TRY_AGAIN : NEW_SESSION),
    next: "new",
  };
}

/** The phase of an end that was the login's, too. */
export function loggedOut(phase: Stopped): Stopped {
  return { ...phase, action: "Log in", enter: "Press Enter to log in.", next: "login" };
}

/** The phase when the gateway answers requests but opens no terminal; `why` may be unknown, "". */
export function refused(why: string): Stopped {
  return {
    name: "refused",
    message: why || "The server answers, but no terminal can be opened from here.",
    detail: why
      ? ""
      : "It may be busy, this address may not be one that it allows, or a proxy in between may " +
        "not pass WebSockets on.",
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
        message: "Your terminal ended.",
        detail: "",
        ...NEW_SESSION,
        next: "new",
      };
    case CLOSE.protocolError:
      return {
        name: "broken",
        message: "The server could not make sense of this page and closed the connection.",
        detail: "Your terminal may still be there.",
        action: "Reconnect",
        enter: "Press Enter to reconnect.",
        next: "resume",
      };
    case CLOSE.loginEnded:
      return "login";
    case CLOSE.noSuchSession:
      return {
        name: "gone",
        message: "This terminal is gone.",
        detail: "It ended while this page was away.",
        ...NEW_SESSION,
        next: "new",
      };
    case CLOSE.takenOver:
      return ELSEWHERE;
    case CLOSE.limitReached:
      return {
        name: "ended",
        message: "No more terminals can be opened now.",
        detail: "",
        ...TRY_AGAIN,
        next: "new",
      };
    case CLOSE.engineDown:
      return {
        name: "down",
        message: "No terminal can be opened: the server's Docker Engine does not answer.",
        detail: "The administrator can mend it.",
        ...TRY_AGAIN,
        next: "resume",
      };
    case CLOSE.restarting:
      return { name: "reconnecting", cause: "restarting" };
    default:
      return { name: "reconnecting", cause: "lost" };
  }
}
