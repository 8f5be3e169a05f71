/** The words of the page of one's machines, in English. */

/** "1 machine", "2 machines". */
function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

export const en = {
  title: "Machines",
  lead: "A machine is a container that stays, with a name and a home that is kept.",
  asking: "Asking the gateway…",
  ofMost: (number: number, limit: number) => `${number} of ${count(limit, "machine")}`,
  runningThere: (number: number) => `${number} running`,
  failedThere: (number: number) => `${number} failed`,
  none: "You have no machine yet.",
  noneMay: "Nobody may have machines here.",
  full: (number: number) =>
    `You have ${number}, which is as many as you may have: delete one first.`,

  // How one is.
  states: {
    creating: "being made",
    starting: "starting",
    running: "running",
    stopping: "stopping",
    stopped: "stopped",
    failed: "failed",
    deleted: "deleted",
    away: "its node is away",
  },
  stages: { pull: "fetching its image", create: "making its container", start: "starting it" },
  withPercent: (what: string, percent: number) => `${what}, ${percent} %`,
  progressOf: (name: string) => `Progress of ${name}`,
  machine: "Machine",
  state: "State",
  image: "Image",
  node: "Node",
  cpu: "CPU",
  memory: "Memory",
  disk: "Disk",
  used: "Last used",
  cpuOf: (name: string) => `CPU of ${name}`,
  memoryOf: (name: string) => `Memory of ${name}`,
  usedAt: (time: string) => `used ${time} ago`,
  shells: (number: number) => `${count(number, "shell")} open`,

  // What can be done.
  open: "Open shell",
  openWhat: (name: string) => `Open shell in ${name}`,
  start: "Start",
  startWhat: (name: string) => `Start ${name}`,
  again: "Try again",
  againWhat: (name: string) => `Try again to start ${name}`,
  stop: "Stop…",
  stopIt: "Stop it",
  stopWhat: (name: string) => `Stop ${name} with all that runs in it`,
  stopping: "Stopping…",
  rename: "Rename",
  renameWhat: (name: string) => `Rename ${name}`,
  newName: "New name",
  delete: "Delete…",
  deleteIt: "Delete it",
  deleteWhat: (name: string) => `Delete ${name}; for 24 hours it can be brought back`,
  deleting: "Deleting…",
  details: "Details",
  detailsOf: (name: string) => `Details of ${name}`,
  undo: "Undo",

  // A new one.
  create: "New machine",
  createIt: "Create",
  creating: "Creating…",
  name: "Name",
  nameRule: "A letter a to z, then up to 30 of a-z, 0-9 and -.",
  nameTaken: (name: string) => `You have a machine ${name} already.`,
  runsIn: "Runs in",
  anyNode: "Wherever there is room",
  draining: (node: string) => `${node} (takes none now)`,

  // More of one.
  happened: "What happened",
  nothing: "Nothing is known of before.",
  limits: "Limits",
  limitsAre: (cpus: number, size: string, processes: number) =>
    `${cpus} CPU, ${size} memory, ${processes} processes`,
  made: "Made",

  // Those that are gone.
  deleted: "Deleted",
  restore: "Restore",
  restoreWhat: (name: string) => `Restore ${name}`,
  restoring: "Restoring…",
  goneIn: (time: string) => `gone for good in ${time}`,

  // By command.
  sameBy: "The same by command",
  copy: "Copy",
  copied: "Copied",

  // What is said.
  isMade: (name: string) => `${name} is being made.`,
  isStarted: (name: string) => `${name} starts.`,
  isStopped: (name: string) => `${name} stops.`,
  isRenamed: (name: string, to: string) => `${name} is now called ${to}.`,
  isDeleted: (name: string) => `${name} is deleted. For 24 hours it can be brought back.`,
  isRestored: (name: string) => `${name} is back.`,
  lost: "The gateway does not answer. The page comes back by itself.",
  tooMany: "This page is open in too many places. Close one of them and load this one again.",
  nodesAway: (nodes: string) =>
    `Cannot reach ${nodes}. What you have there is kept, and comes back with it.`,
};

export type MachinesWords = typeof en;
