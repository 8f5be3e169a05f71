/** A list of the gateway's in a dialog: what is done to it, and what is shown then. */
/// <reference lib="dom" />
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export interface Listed<T> {
  readonly list: Signal<readonly T[]>;
  /** What was said last. */
  readonly said: Signal<string>;
  /** Does something that resolves to a sentence, and shows what there is then, or why it cannot be. */
  then(act: () => Promise<string>): Promise<void>;
}

export function useListed<T>(ask: () => Promise<readonly T[]>): Listed<T> {
  const list = useSignal<readonly T[]>([]), said = useSignal("");
  const then = async (act: () => Promise<string>) => {
    try {
      const text = await act();
      list.value = await ask();
      said.value = text;
    } catch (error) {
      said.value = (error as Error).message;
    }
  };
  useEffect(() => void then(() => Promise.resolve("")), []);
  return { list, said, then };
}
