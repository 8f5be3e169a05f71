/** A place in a machine that files are copied to or from, over the API of a gateway. */
import type { Api } from "../../../client/api.ts";
import { ApiError } from "../../../client/errors.ts";
import { type Entry, EntryShape, PlaceShape } from "../../../protocol/files.ts";
import { resolvedPath } from "../../../protocol/paths.ts";
import { pathOf } from "../machines.ts";

/** `NAME:PATH` of a machine; null of what is a path here. */
export function remoteOf(text: string): { readonly machine: string; readonly path: string } | null {
  const [, machine, path] = /^([a-z][a-z0-9-]{0,30}):(.*)$/s.exec(text) ?? [];
  return machine === undefined ? null : { machine, path: path! };
}

export class Place {
  private constructor(
    readonly api: Api,
    readonly machine: string,
    /** From the root on. */
    readonly path: string,
    /** Whether it is written as a folder. */
    readonly isFolder: boolean,
    /** The most that can be copied there at once. */
    readonly maxBytes: number,
  ) {}

  /** Finds home, and starts the machine where it is stopped. @throws {ApiError | AwayError} */
  static async find(api: Api, machine: string, text: string): Promise<Place> {
    const { home, maxBytes } = await api.ask(PlaceShape, "GET", `${pathOf(machine)}/files`);
    const path = resolvedPath(home ?? "/", text.replace(/^~(?=\/|$)/, home ?? "/"));
    if (path === null) throw new Error(`${text} is no path: a name in it is too long`);
    return new Place(api, machine, path, /(^|\/|\/\.|\/\.\.)$/.test(text), maxBytes);
  }

  /** The same in that folder. */
  in(name: string): Place {
    const path = resolvedPath(this.path, name)!;
    return new Place(this.api, this.machine, path, false, this.maxBytes);
  }

  /** What is there, links followed as far as to what they lead to; null where there is nothing. */
  async look(): Promise<Entry | null> {
    try {
      const entry = await this.api.ask(EntryShape, "GET", `${this.address}?stat`);
      return { ...entry, kind: entry.leadsTo ?? entry.kind };
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  /** Below `/api/v1`. */
  get address(): string {
    return `${pathOf(this.machine)}/files${this.path.split("/").map(encodeURIComponent).join("/")}`;
  }

  toString(): string {
    return `${this.machine}:${this.path}`;
  }
}
