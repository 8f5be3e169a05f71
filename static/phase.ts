/** The phases of the terminal page, and which of them an event or a close code leads to; pure. */
import { CLOSE } from "../lib/terminal/frame.ts";
import type { StartProgress, TerminalEvent } from "../lib/types.ts";

/** Nothing goes on until the person asks for it. */
export interface Stopped {
  readonly name: "ended" | "gone" | "elsewhere" | "broken" | "down" | "refused";
  /** A sentence: what happened. */
  readonly message: string;
  /** A sentence under it; may be empty. */
  readonly detail: string;
  /** What the button does. */
  readonly action: string;
  /** What Enter does, which is the same. */
  readonly enter: string;
  /** Whether that comes back to the same session rather than starting another. */
  readonly resume: boolean;
}

export type Phase =
  | { readonly name: "connecting" }
  | { readonly name: "starting"; readonly progress: StartProgress | { readonly stage: "prompt" } }
  | { readonly name: "live" }
  | { readonly name: "reconnecting" }
  /** On the way to another page. */
  | { readonly name: "leaving" }
  | Stopped;

/** Whether the page waits for the person to ask. */
export function isStopped(phase: Phase): phase is Stopped {
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

/** The phase after `ended`. */
export function ended(
  { reason, message }: Extract<TerminalEvent, { type: "ended" }>,
): Stopped {
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

/** What a close code leads to, when no `ended` came before it: a phase, the log-in, or a new try. */
export function afterClose(code: number): Stopped | "login" | "retry" {
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
    default:
      return "retry";
  }
}
