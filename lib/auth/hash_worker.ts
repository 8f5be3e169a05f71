/** The thread that bcrypt runs on: answers one job at a time, as `hasher.ts` sends them. */
import { bcrypt, bcryptVerify } from "hash-wasm";

/** What to do. */
export type HashJob =
  | { readonly type: "verify"; readonly password: string; readonly hash: string }
  | { readonly type: "hash"; readonly password: string; readonly cost: number };

/** What came of it: whether the password matches, or the new hash; or why neither. */
export type HashAnswer =
  | { readonly type: "verified"; readonly matches: boolean }
  | { readonly type: "hashed"; readonly hash: string }
  | { readonly type: "failed"; readonly message: string };

const SALT_BYTES = 16;

async function answer(job: HashJob): Promise<HashAnswer> {
  switch (job.type) {
    case "verify":
      return { type: "verified", matches: await bcryptVerify(job) };
    case "hash": {
      const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
      const { password, cost: costFactor } = job;
      const hash = await bcrypt({ password, salt, costFactor, outputType: "encoded" });
      // The same algorithm; `$2y$` is how Apache spells it.
      return { type: "hashed", hash: hash.replace(/^\$2a\$/, "$2y$") };
    }
  }
}

// The type library of this project is a window's; a worker's own scope has this part of it.
const scope = self as unknown as {
  onmessage: (event: MessageEvent<HashJob>) => void;
  postMessage(answer: HashAnswer): void;
};

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage(await answer(data));
  } catch (error) {
    scope.postMessage({ type: "failed", message: String(error) });
  }
};
