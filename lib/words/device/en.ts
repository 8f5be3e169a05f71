/** The words of the page that lets another program log in, in English. */

export const en = {
  title: "Let a program log in – ttygate",
  about: "A program that cannot ask for a password shows a code.",
  code: "Code",
  next: "Next",
  compare: "Does the program show this code?",
  asks: (name: string, address: string, user: string) =>
    `${name}, from ${address}, wants to log in as you (${user}).`,
  caution:
    "Allow it only if you started it yourself just now. It can use your terminals and machines for 90 days.",
  allow: "Allow",
  refuse: "Refuse",
  allowed: "It may log in. You can close this page.",
  refused: "It may not log in. You can close this page.",
  unknown: "No program waits with this code. It may have expired: start again there.",
  tries: "Too many codes were wrong. Try again in some minutes.",
};
export type DeviceWords = typeof en;
