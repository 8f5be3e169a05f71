/** What the page loads when it is used for the first time; nothing in here is shared with the terminal. */
export { openAccount } from "./account.tsx";
export { Find } from "./find.tsx";
export { openPalette } from "./palette.tsx";
export { askToPaste } from "./paste.tsx";
export { openPreferences } from "./preferences.tsx";
export { openShare } from "./share.tsx";
export { openSshKeys } from "./ssh_keys.tsx";
