/** The image that tests run their containers from. */

/** Debian with what people run, made by scripts/setup.sh --tests. */
export const PROGRAMS_IMAGE = "ttygate/test-programs:latest";

let image: string | undefined;

/** The image `scripts/image.sh` names: `TTYGATE_CONTAINER_IMAGE`, else what setup provided. */
export function testImage(): string {
  return image ??= Deno.env.get("TTYGATE_CONTAINER_IMAGE") || askScript();
}

function askScript(): string {
  const script = new URL("../../scripts/image.sh", import.meta.url).pathname;
  const { success, stdout, stderr } = new Deno.Command(script).outputSync();
  if (!success) throw new Error(`Cannot name the test image: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}
