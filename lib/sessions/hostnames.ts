/** Short names for the hosts that containers seem to be, as prompts show them: `t1`, `t2` and so on. */

/** Gives each container the lowest number that no other one has. */
export class Hostnames {
  /** By container. */
  readonly #taken = new Map<string, string>();

  /** @param taken the names of the containers that there are already */
  constructor(taken: Iterable<readonly [container: string, hostname: string]> = []) {
    for (const [container, hostname] of taken) this.#taken.set(container, hostname);
  }

  /** The name of a container, which gets one where it has none. */
  take(container: string): string {
    const known = this.#taken.get(container);
    if (known !== undefined) return known;
    const taken = new Set(this.#taken.values());
    let number = 1;
    while (taken.has(`t${number}`)) number++;
    this.#taken.set(container, `t${number}`);
    return `t${number}`;
  }

  /** From now on the container is called so itself. */
  rename(container: string, to: string): void {
    const hostname = this.#taken.get(container);
    if (hostname !== undefined && this.#taken.delete(container)) this.#taken.set(to, hostname);
  }

  /** The container is gone: another one may get its name. */
  release(container: string): void {
    this.#taken.delete(container);
  }
}
