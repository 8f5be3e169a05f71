/** The command that does the same as what is clicked; pure. */

/** What a new machine is wished to be. */
export interface Wish {
  readonly name: string;
  /** The name of what it runs in; "" for what the server gives by itself. */
  readonly image: string;
  /** "" for any. */
  readonly node: string;
}

export const LIST = "ttygate list";

export function createCommand({ name, image, node }: Wish): string {
  const options = [...image && ["--image", quoted(image)], ...node && ["--node", node]];
  return ["ttygate create", name || "NAME", ...options].join(" ");
}

export function commandOf(
  verb: "shell" | "show" | "start" | "stop" | "delete" | "restore",
  name: string,
): string {
  return `ttygate ${verb} ${name}`;
}

export function renameCommand(name: string, to: string): string {
  return `ttygate rename ${name} ${to || "NEW"}`;
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
