/** What every call to Docker has here: a deadline, and errors in the engine's terms. */
import {
  DockerError,
  DockerStreamError,
  DockerUnreachableError,
  DockerVersionError,
} from "deno-docker-api";
import { EngineError } from "./errors.ts";

/** How long one ordinary request may take before the engine counts as gone. */
const REQUEST_MS = 30_000;

/** The signal, and the deadline of an ordinary request. */
export function withDeadline(signal?: AbortSignal): AbortSignal {
  const deadline = AbortSignal.timeout(REQUEST_MS);
  return signal ? AbortSignal.any([signal, deadline]) : deadline;
}

/** Passes results and aborts on; turns Docker's errors into the engine's. */
export async function asEngineError<T>(work: Promise<T> | (() => Promise<T>)): Promise<T> {
  try {
    return await (typeof work === "function" ? work() : work);
  } catch (error) {
    if (error instanceof DockerError) {
      const answered = !(error instanceof DockerUnreachableError ||
        error instanceof DockerVersionError || error instanceof DockerStreamError);
      throw new EngineError(error.message, { cause: error, answered });
    }
    if (error instanceof DOMException && error.name === "TimeoutError") {
      const message = "Cannot use the Docker Engine: it does not answer in time; see its journal";
      throw new EngineError(message, { cause: error, answered: false });
    }
    throw error;
  }
}
