/** Addresses in the output: underlined under the pointer, told in full, opened by Ctrl and a click. */
/// <reference lib="dom" />
import { WebLinksAddon } from "@xterm/addon-web-links";
import type { ILinkHandler, Terminal } from "@xterm/xterm";

/** Whether an address leads to a page, and not to a program of the person's. */
export function isPage(address: string): boolean {
  try {
    return ["http:", "https:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

/**
 * What is done with links, also with those that a program names by itself (OSC 8): its text may say
 * one address and lead to another, so the true one is told before it is opened.
 *
 * @param told is given the address under the pointer; null where there is none
 */
export function linkHandler(told: (address: string | null) => void): ILinkHandler {
  return {
    activate: (event, address) => {
      const isMeant = event.ctrlKey || event.metaKey;
      if (isMeant && isPage(address)) open(address, "_blank", "noopener,noreferrer");
    },
    hover: (_event, address) => told(isPage(address) ? address : null),
    leave: () => told(null),
    allowNonHttpProtocols: false,
  };
}

/** Finds plain addresses in the output too. */
export function findAddresses(terminal: Terminal, handler: ILinkHandler): void {
  const { activate, hover, leave } = handler;
  terminal.loadAddon(
    new WebLinksAddon(
      (event, address) => activate(event, address, undefined!),
      {
        hover: (event, address) => hover?.(event, address, undefined!),
        leave: (event, address) => leave?.(event, address, undefined!),
      },
    ),
  );
}
