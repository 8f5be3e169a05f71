/** The phases of the terminal page, and which of them an event or a close code leads to; pure. */
import { CLOSE } from "../lib/terminal/frame.ts";
import type { StartProgress, TerminalEvent } from "../lib/types.ts";
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
  /** Whether that comes back to the same session rather than starting another. */
  readonly resume: boolean;
}

/** The person may go on with a session that is running, or not. */
export interface Offering extends Panel {
  readonly name: "offering";
  readonly running: readonly Running[];
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
  | Reconnecting
  /** On the way to another page. */
  | { readonly name: "leaving" }
  | Offering
  | Waiting
  | Stopped;

/** Whether the page waits for the person to ask. */
export function isStopped(phase: Phase): phase is Stopped {
  return "enter" in phase;
}

/** Whether there is a panel to be drawn. */
export function hasPanel(phase: Phase): phase is Stopped | Offering | Waiting {
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
  resume: true,
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
  resume: false,
};

/** The phase after `ended`. */
export function ended({ reason, message }: Ended): Stopped {
  if (reason === "replaced") return ELSEWHERE; // it ended here, not where it is now
  return {
    name: "ended",
    message,
    detail: `Reason: ${reason}.`,
    ...(reason === "limit" ? TRY_AGAIN : NEW_SESSION),
    resume: false,
  };
}

/** The phase when the gateway answers requests but opens no terminal; why cannot be seen from here. */
export const REFUSED: Stopped = {
  name: "refused",
  message: "The gateway answers, but it refused to open a terminal here.",
  detail: "It may be busy, or this address may not be one it allows.",
  ...TRY_AGAIN,
  resume: true,
};

/** What a close code leads to, when no `ended` came before it: a phase, or the log-in. */
export function afterClose(code: number): Stopped | Reconnecting | "login" {
  switch (code) {
    case CLOSE.ended:
      return {
        name: "ended",
        message: "The session ended.",
        detail: "",
        ...NEW_SESSION,
        resume: false,
      };
    case CLOSE.protocolError:
      return {
        name: "broken",
        message: "The connection broke the protocol and was closed.",
        detail: "The session itself may still be there.",
        action: "Reconnect",
        enter: "Press Enter to reconnect.",
        resume: true,
      };
    case CLOSE.loginEnded:
      return "login";
    case CLOSE.noSuchSession:
      return {
        name: "gone",
        message: "This session is gone.",
        detail: "It ended while this page was away.",
        ...NEW_SESSION,
        resume: false,
      };
    case CLOSE.takenOver:
      return ELSEWHERE;
    case CLOSE.limitReached:
      return {
        name: "ended",
        message: "No more sessions can be started now.",
        detail: "Reason: limit.",
        ...TRY_AGAIN,
        resume: false,
      };
    case CLOSE.engineDown:
      return {
        name: "down",
        message: "The Docker Engine does not answer, so no terminal can be opened.",
        detail: "Whoever runs this gateway can mend it.",
        ...TRY_AGAIN,
        resume: true,
      };
    case CLOSE.restarting:
      return { name: "reconnecting", cause: "restarting" };
    default:
      return { name: "reconnecting", cause: "lost" };
  }
}
