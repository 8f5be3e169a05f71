/** What a terminal may run in, as the gateway tells it, and what this browser chose last. */
/// <reference lib="dom" />
import type { ImageList } from "../lib/protocol/nodes.ts";

/** How long the answer may take. */
const ANSWER_MS = 3_000;
const KEY = "ttygate.image";

/** One of them. */
export type Image = ImageList["images"][number];

/** Asks the gateway below `base`. Never throws: where it does not say, there is nothing to choose. */
async function askImages(base: string): Promise<readonly Image[]> {
  try {
    const response = await fetch(`${base}/api/v1/images`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!response.ok) return [];
    const { images }: ImageList = await response.json();
    return images;
  } catch {
    return [];
  }
}

/** What the address asks for. */
export interface Asked {
  readonly image: string | null;
  readonly node: string | null;
  /** A machine of one's own, which runs in what it runs in. */
  readonly machine: string | null;
  /** `?choose`: to be asked, whatever was chosen before. */
  readonly choose: boolean;
}

function askedBy(search: string): Asked {
  const query = new URLSearchParams(search);
  const get = (name: string) => query.get(name);
  return {
    ...{ image: get("image"), node: get("node"), machine: get("machine") },
    choose: query.has("choose"),
  };
}

/**
 * The name of what a new terminal runs in: what the address asks for, or what was chosen last and is
 * still there. Null where there is nothing to choose; undefined where the person must be asked.
 */
function chosenImage(
  images: readonly Image[],
  { image, machine, choose }: Asked,
  last: string | null,
): string | null | undefined {
  const isThere = (wanted: string | null) => images.some(({ name }) => name === wanted);
  if (machine !== null) return null;
  if (images.length === 0) return image;
  if (image !== null) return isThere(image) ? image : undefined;
  if (images.length === 1) return null;
  return !choose && last !== null && isThere(last) ? last : undefined;
}

/** What this page's next terminal runs in, and where. */
export class ImageChoice {
  #asked = askedBy(location.search);
  #all: readonly Image[] = [];
  /** Resolves when it is known what there is. */
  readonly known: Promise<readonly Image[]>;

  /** @param images what there is, where that is known already */
  constructor(base: string, images: readonly Image[] | undefined) {
    if (images !== undefined) this.#all = images;
    const asked = images === undefined ? askImages(base) : Promise.resolve(images);
    this.known = asked.then((images) => this.#all = images);
  }

  /** All that there is, as far as is known. */
  get all(): readonly Image[] {
    return this.#all;
  }

  /** Whether the person came for a new terminal: to choose, or for a shell in a machine. */
  get isWanted(): boolean {
    return this.#asked.choose || this.#asked.machine !== null;
  }

  /** As in {@linkcode chosenImage}. */
  get image(): string | null | undefined {
    return chosenImage(this.#all, this.#asked, localStorage.getItem(KEY));
  }

  /** What the gateway is asked for. */
  get wish() {
    const { node, machine } = this.#asked;
    return { image: this.image ?? null, node, machine };
  }

  /** From now on it is this one, also on the next visit. */
  choose({ name }: Image): void {
    localStorage.setItem(KEY, name);
    this.#asked = { ...this.#asked, image: null, choose: false };
  }
}
