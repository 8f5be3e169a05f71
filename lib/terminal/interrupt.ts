/** Keys that make a terminal signal its program. */

/** INTR, QUIT and SUSP of termios(3): ^C, ^\\ and ^Z. */
const INTERRUPTS = [0x03, 0x1c, 0x1a];

/** Whether input is one such key; within a paste or beside other keys it does not count. */
export function isInterrupt(bytes: Uint8Array): boolean {
  return bytes.length === 1 && INTERRUPTS.includes(bytes[0]!);
}
