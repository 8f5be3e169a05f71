/** The words of the log-in and of the terminal page, in English. */

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]] as const;

/** A time in its largest unit, rounded down: "1 minute", "5 hours". */
function time(seconds: number): string {
  const [name, size] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

export const en = {
  language: "en" as string,
  time,

  // The log-in.
  logIn: "Log in",
  logInTitle: "Log in – ttygate",
  logInFailedTitle: "Log-in failed – ttygate",
  loggingIn: "Logging in…",
  about: "A fresh Linux shell, in this browser.",
  userName: "User name",
  password: "Password",
  show: "Show",
  showPassword: "Show password",
  capsLock: "Caps Lock is on.",
  tryNow: "You can try again now.",
  denied: "The user name or the password is wrong.",
  locked: (wait: string) => `Too many failed log-ins. Try again in ${wait}.`,
  busy: (wait: string) =>
    `The server is busy checking log-ins. Nothing was wrong with yours: try again in ${wait}.`,
  slowed: (wait: string) =>
    "Many log-ins from your network have failed, so the server takes few. " +
    `Nothing was wrong with yours: try again in ${wait}.`,
  unapproved: "Your account waits for an administrator.",
  unavailable: "Log-in is not possible right now. The server's log says why.",
  wait: (seconds: number) =>
    seconds === 1
      ? "a second"
      : seconds < 120
      ? `${seconds} seconds`
      : `${Math.ceil(seconds / 60)} minutes`,

  // The bar and what stands in the page from the start.
  terminals: "Terminals",
  newTerminal: "New terminal",
  newTerminalChoose: "New terminal…",
  leavesTerminal: "leaves the terminal",
  screenReader: "Screen reader support",
  menu: "Menu",
  files: "Files",
  split: "Split",
  join: "Join",
  machines: "Machines",
  administration: "Administration",
  logOut: "Log out",
  logOutAsk: "Log out?",
  stay: "Stay",
  messages: "Messages",
  keepIt: "Keep it",
  hide: "Hide",
  connecting: "Connecting…",
  startOfTerminal: "Start of the terminal",
  needsScript: "The terminal needs JavaScript. Switch it on for this site and load the page again.",
  whatHappened: "What happened",
  copyOutput: "Copy output",
  downloadOutput: "Download output",
  anotherImage: "Another image",
  keys: "Keys",
  up: "Up",
  down: "Down",
  left: "Left",
  right: "Right",
  copy: "Copy",
  paste: "Paste",
  cpu: "CPU",
  memory: "Memory",
  processes: "Processes",

  // The status row.
  connected: "Connected",
  connectedMs: (ms: number) =>
    `Connected ${ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`}`,
  imageOn: (image: string, node: string) => `${image} on ${node}`,
  diskOf: (size: string) => `${size} disk`,
  endsIn: (time: string) => `Ends in ${time}`,
  runsOn: (time: string) => `Runs on ${time} without you`,
  hours: (h: number, min: number) => min === 0 ? `${h} h` : `${h} h ${min} min`,
  minutes: (min: number, s: number) => s === 0 ? `${min} min` : `${min} min ${s} s`,
  seconds: (s: number) => `${s} s`,
  ctrlClickOpens: (address: string) => `Ctrl and a click open ${address}`,

  // The way of a terminal.
  lost: "Connection lost — reconnecting…",
  restarting: "The server is being restarted — reconnecting…",
  reconnecting: "Reconnecting…",
  silent: "The server does not answer – what you type is kept and sent when it does",
  standsStill: "This terminal stands still on the server; what you type waits",
  ready: "The terminal is ready.",
  theImage: "the image",
  pulling: (image: string) => `Pulling ${image}…`,
  pullingPart: (image: string, percent: number) => `Pulling ${image} – ${percent} %`,
  creating: "Creating a fresh container…",
  starting: "Starting it…",
  waitingForShell: "Waiting for the shell…",
  skipped: (bytes: number) => `${bytes} bytes of output were skipped`,
  inputLost: (bytes: number) => `${bytes} bytes of input were lost on the way`,
  tooMuchInput: "That is too much input; it was not sent",
  newestOutput: "Newest output ↓",
  newLines: (count: number) => count === 1 ? "1 new line ↓" : `${count} new lines ↓`,

  // Its end, and other cards.
  newSession: "New session",
  enterForNew: "Press Enter for a new session.",
  tryAgain: "Try again",
  enterToTry: "Press Enter to try again.",
  elsewhere: "This session was opened in another tab.",
  bringBack: "Bring it back here",
  enterToBring: "Press Enter to bring it back here.",
  stillRunning: (count: number) =>
    count === 1
      ? "A terminal of yours is still running."
      : `${count} terminals of yours are still running.`,
  orGoOn: "Or go on with one of them here:",
  whatToRun: "What shall the new terminal run in?",
  allTaken: "All places on this server are taken.",
  letIn: "You will be let in as soon as one is free.",
  stopWaiting: "Stop waiting",
  waitingFor: (time: string) => `Waiting for ${time}.`,
  allWereTaken: "All places on this server were taken.",
  youStopped: "You stopped waiting for one.",
  youClosed: "You closed this terminal.",
  enterToLogIn: "Press Enter to log in.",
  noTerminalHere: "The server answers, but no terminal can be opened from here.",
  noTerminalWhy:
    "It may be busy, this address may not be one that it allows, or a proxy in between may " +
    "not pass WebSockets on.",
  ended: "Your terminal ended.",
  noSense: "The server could not make sense of this page and closed the connection.",
  mayBeThere: "Your terminal may still be there.",
  reconnect: "Reconnect",
  enterToReconnect: "Press Enter to reconnect.",
  gone: "This terminal is gone.",
  goneWhileAway: "It ended while this page was away.",
  noMore: "No more terminals can be opened now.",
  engineDown: "No terminal can be opened: the server's Docker Engine does not answer.",
  adminCanMend: "The administrator can mend it.",
  yoursGone: "Your terminal is gone.",
  goneAsLeft: (time: string) => `Your terminal of ${time} is gone: it ended as its page was left.`,
  goneLate: (time: string, grace: string) =>
    `Your terminal of ${time} is gone: nobody came back within ${grace}.`,
  goneAway: (time: string) => `Your terminal of ${time} is gone: it ended while you were away.`,
  thisIsNew: (why: string) => `${why} This is a new one.`,
  /** What the server says in English, by the reason; as it says it where there is nothing. */
  endings: {} as Readonly<Record<string, string | undefined>>,
  exited: (status: number): string | undefined => void status,

  ranFor: (time: string) => `It ran for ${time}. What was in it is gone.`,

  // Those that can be gone back to.
  inOtherWindow: "open in another window",
  startedNow: "started just now",
  startedAgo: (time: string) => `started ${time} ago`,
  usedNow: "used just now",
  quietFor: (time: string) => `quiet for ${time}`,
  bringHere: "Bring it here",
  goOn: "Continue",
  onNode: (node: string) => `on ${node}`,

  // What is about to end.
  endsIdle: (left: string) => `This terminal ends in ${left}: nothing is typed`,
  endsIdleUnless: (left: string) =>
    `This terminal ends in ${left} unless you type something: nothing is typed`,
  endsOld: (left: string) =>
    `This terminal ends in ${left}: it has lived for as long as it may. Save your work`,
  allEndNow: "Terminals end now",
  allEndIn: (left: string) => `Terminals end in ${left}`,
  logOutOne: "Your terminal ends, and so does what runs in it.",
  logOutOneLater: (grace: string) =>
    `Your terminal ends ${grace} later, unless you come back, and so does what runs in it.`,
  logOutAll: (count: number) => `Your ${count} terminals end, and so does what runs in them.`,
  logOutAllLater: (count: number, grace: string) =>
    `Your ${count} terminals end ${grace} later, unless you come back, and so does what runs in them.`,

  // Tabs.
  terminal: "Terminal",
  terminalNumber: (number: number) => `Terminal ${number}`,
  terminalSays: (number: number, text: string) => `Terminal ${number}: ${text}`,
  nameOf: (number: number) => `Name of terminal ${number}`,
  closeAndEnd: (number: number) => `Close terminal ${number} and end it`,
  markNews: " – new output",
  markBell: " – asks for attention",
  markEnded: " – ended",
  roomFor: (count: number) => `A page has room for ${count} terminals: close one first`,
  closingEnds: "Closing this tab ends its terminal, and what runs in it.",
  closingEndsTitled: (title: string) =>
    `Closing this tab ends its terminal, and “${title}” with it.`,
  close: "Close",
  wasEnded: (number: number) => `Terminal ${number} was ended`,
  runsOnAs: (number: number, why: string) => `Terminal ${number} runs on: ${why}`,
  answered: (status: number) => `the server answered ${status}`,

  // Around the terminal.
  leaveByKeys: "Terminal; Control Shift L leaves it",
  yourTerminal: "Your terminal",
  rang: "A program rang.",
  commandOver: (time: string) => `A command is over after ${time}.`,
  commandSucceeded: (time: string) => `A command succeeded after ${time}.`,
  commandFailed: (time: string) => `A command failed after ${time}.`,
  succeeded: "It succeeded",
  exitStatus: (status: number) => `Exit status ${status}`,
  programCopied: "The program copied text to the clipboard",
  programMayNotCopy: "The browser did not let the program copy",
  mayPrograms: "A program wants to put text into your clipboard. May programs do that?",
  allow: "Allow",
  never: "Never",
  copiedOnce: "Copied – Ctrl C once more interrupts the program",
  copied: "Copied",
  mayNotCopy: "The browser did not let the page copy",
  mayNotPaste: "The browser did not let the page paste",
  readerOn: "Screen reader support is on",
  readerOff: "Screen reader support is off",
  noPrompts: "No more prompts: a shell marks them by OSC 133",
  noCommand: "No command is known: a shell marks them by OSC 133",
  cannotOpen: "This cannot be opened now: the server does not answer",
};

export type TerminalWords = typeof en;
