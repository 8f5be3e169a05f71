/** The words of the administrators' page, in English. */

/** "1 session", "2 sessions". */
function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

export const en = {
  // Times: "9 s", "42 min", "3 h 10 min", "2 d 4 h".
  units: { d: "d", h: "h", min: "min", s: "s" },
  ago: (time: string) => `${time} ago`,
  now: "now",

  title: "Administration",
  asking: "Asking the gateway…",
  logIn: "Log in",
  sessionsThere: (number: number) => count(number, "session"),
  usersThere: (number: number) => count(number, "user"),
  shellsReady: (number: number) => count(number, "ready shell"),
  nodesThere: (number: number) => count(number, "node"),
  awayOf: (nodes: string, away: number) => `${nodes}, ${away} away`,
  engineWorks: "engine works",
  engineBroken: "engine does not work",

  // Tables.
  acts: "What can be done",
  sessions: "Sessions",
  noSessions: "Nobody has a session now.",
  user: "User",
  node: "Node",
  image: "Image",
  started: "Started",
  lastInput: "Last input",
  cpu: "CPU",
  memory: "Memory",
  processes: "Processes",
  from: "From",
  of: (used: string | number, limit: string | number) => `${used} of ${limit}`,
  cpuOf: (user: string) => `CPU of ${user}`,
  memoryOf: (user: string) => `Memory of ${user}`,
  processesOf: (user: string) => `Processes of ${user}`,
  away: "away",
  message: "Message",
  messageTo: (user: string) => `Message to ${user}`,
  nodeAway: "Its node is away",
  ending: "Ending…",
  end: "End…",
  endWhat: (user: string, age: string) => `End the session that ${user} started ${age} ago`,
  endIt: "End it",
  watch: "Watch",
  watchWhat: (user: string) => `Watch the terminal of ${user}, who is told`,
  isTold: (user: string) => `${user} is told`,
  cancel: "Cancel",
  ask: (what: string) => `${what}?`,

  nodes: "Nodes",
  noNodes: "There is no node.",
  state: "State",
  readyShells: "Ready shells",
  thisMachine: "this machine",
  states: { online: "Online", draining: "Draining", away: "Away", invited: "Invited" },
  drain: "Drain…",
  draining: "Draining…",
  drainWhat: (name: string) => `Drain ${name}: no new sessions begin there, those that run go on`,
  drainIt: "Drain it",
  undrain: "Undrain",
  undrainWhat: (name: string) => `Undrain ${name}`,

  locks: "Locked names",
  noLocks: "No name is locked.",
  name: "Name",
  failures: "Failed log-ins",
  until: "Until",
  everywhere: "everywhere",
  unlock: "Unlock",
  unlockWhat: (name: string) => `Unlock ${name}`,

  events: "Recent events",
  noEvents: "Nothing has happened yet.",
  when: "When",
  event: "Event",
  what: "What",

  hour: "The last hour",
  noFigures: "There is a figure each minute; two of them make a line.",
  atMost: (most: string) => `at most ${most}`,
  chart: (title: string, now: string, most: string) =>
    `${title} in the last hour: ${now} now, at most ${most}`,

  // Messages and answers.
  toEverybody: "Message to everybody",
  toEverybodyHint: "Shown above every terminal that somebody looks at now",
  toOneHint: (user: string) => `Shown above this terminal of ${user}`,
  send: "Send",
  hasEnded: (user: string) => `The session of ${user} has ended.`,
  shownTo: (user: string) => `Shown in the terminal of ${user}.`,
  notSeen: (user: string) => `${user} does not look at that terminal now, and did not see it.`,
  nobodySaw: "Nobody looks at a terminal now, so nobody saw it.",
  shownIn: (number: number) => `Shown in ${count(number, "terminal")}.`,
  mayLogIn: (name: string) => `${name} can log in again.`,
  noneBegin: (name: string) => `No new sessions begin on ${name}.`,
  mayBegin: (name: string) => `Sessions can begin again on ${name}.`,
  loggedOut: "You are logged out.",
  notKeptUp: (message: string) => `${message} This page is no longer kept up.`,
  asksAgain: "The page asks again every 2 seconds.",
  isFrom: (time: string) => `What you see is from ${time}; the page asks again every 2 seconds.`,
  notUnderstood: "The gateway's answer was not understood.",
  noAnswer: "The gateway does not answer.",
  answersError: (status: number) => `The gateway answers with the error ${status}.`,
};

export type AdminWords = typeof en;
