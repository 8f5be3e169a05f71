/** The words of terminals that are shared, in English. */

export const en = {
  // Who is there.
  watching: (count: number, names: string) => `${count} watching: ${names}`,
  mayType: (count: number, names: string) => `${count} may type: ${names}`,
  adminWatches: (name: string) => `${name}, an administrator, is watching`,
  adminsWatch: (names: string) => `${names}, administrators, are watching`,
  cameToWatch: (name: string) => `${name} is watching.`,
  cameToType: (name: string) => `${name} is here and may type.`,
  adminCame: (name: string) => `${name}, an administrator, is watching this terminal.`,
  left: (name: string) => `${name} left.`,
  nobody: "Nobody else is here.",

  // The dialog.
  share: "Share this terminal",
  whoMayCome: "Who has the link and an account here comes to it. You see who is there.",
  theyMay: "They may",
  kinds: { watch: "Watch", type: "Type as well" },
  forTime: "For",
  times: {
    short: "15 minutes",
    long: "1 hour",
    end: "Until the terminal ends, 24 hours at most",
  },
  caution: "Who types here can do all that you can do in this terminal.",
  makeLink: "Make a link",
  theLink: "The link",
  links: "Links",
  untilTime: (kind: string, time: string) => `${kind}, until ${time}`,
  end: "End",
  worthless: "The link leads nowhere now.",
  noAnswer: "The server does not answer.",

  // The page of a guest.
  sharedTerminal: "Shared terminal",
  ownTerminals: "Your own terminals",
  youWatch: (owner: string) => `You are watching ${owner}’s terminal`,
  youType: (owner: string) => `You are at ${owner}’s terminal and may type`,
  youWatchAsAdmin: (owner: string) => `You are watching ${owner}’s terminal, and ${owner} is told`,
  onlyWatch: "You may watch, and not type",
  leftBehind: "You were left behind: some output is left out",
  standsStill: "This terminal stands still on the server",
  cannotCome: "You cannot come to this terminal.",
  linkOver: "Its link has expired, was ended, or was made for somebody else.",
  noPlace: "There is no place left.",
  notAnyMore: "You are not at this terminal any more.",
  terminalEnded: "The terminal ended.",
  noLink: "This link leads to no terminal.",
  partMissing: "Ask for it again: a part of it is missing.",
};

export type SharingWords = typeof en;
