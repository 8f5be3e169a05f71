/** Why a file of this computer cannot be read or written, in words. */

export function whyNot(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file or folder";
  if (error instanceof Deno.errors.PermissionDenied) return "you may not";
  return (error as Error).message;
}
