/** What every call to Docker has here: a deadline, and errors in the engine's terms. */
import {
  DockerError,
  DockerStreamError,
  DockerUnreachableError,
  DockerVersionError,
} from "deno-docker-api";
import { type EngineAnswer, EngineError } from "./errors.ts";

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
      throw new EngineError(error.message, { cause: error, answer: answerOf(error) });
    }
    if (error instanceof DOMException && error.name === "TimeoutError") {
      const message = "Cannot use the Docker Engine: it does not answer in time; see its journal";
      throw new EngineError(message, { cause: error, answer: "none" });
    }
    throw error;
  }
}

function answerOf(error: DockerError): EngineAnswer {
  if (error.isNotFound) return "missing";
  const unheard = [DockerUnreachableError, DockerVersionError, DockerStreamError];
  return unheard.some((kind) => error instanceof kind) ? "none" : "refused";
}
