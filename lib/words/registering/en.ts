/** The words of those who make their own account, in English. */

export const en = {
  title: "Register – ttygate",
  about: "An account of your own, for terminals in this browser.",
  register: "Register",
  working: "Registering…",
  registerInstead: "Register for an account",
  logInInstead: "Log in with an account",
  invitation: "Invitation",
  least: (count: number) => `A password has at least ${count} characters.`,
  approval: "An administrator approves each account.",
  waits: "Your account waits for an administrator. You can log in once it is approved.",
  tries: (wait: string) => `Too many people try to register. Try again in ${wait}.`,
  faults: {
    off: "Nobody can register here.",
    name: "A user name is 1 to 64 of the characters A-Z a-z 0-9 . _ @ - and does not start with -.",
    password: "This password cannot be: it is empty, too long, or has control characters.",
    "own-name": "The password cannot be your user name.",
    common: "This password is among the ten thousand most used, which are tried first.",
    taken: "This name is somebody's, or looks like somebody's. Choose another.",
    invite: "This invitation is none, was used, or has expired. Ask for another.",
    full: "There is no room for more accounts. Ask an administrator.",
    changed: "The account was changed meanwhile. Log in again.",
    unwritable: "Registering is not possible right now. The server's log says why.",
  },
};
export type RegisteringWords = typeof en;
