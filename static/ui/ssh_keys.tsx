/** The dialog of one's public keys for SSH: those that there are, and another one. */
/// <reference lib="dom" />
import { useRef } from "preact/hooks";
import type { KeyInfo, KeyList } from "../../lib/protocol/resources.ts";
import { askGateway } from "../app/ask_gateway.ts";
import { acts } from "../acts.ts";
import { language } from "../words.ts";
import { openDialog } from "./dialog.ts";
import { useListed } from "./listed.ts";

/**
 * Opens it; `closed` is called when it is closed.
 *
 * @param base where the gateway is
 */
export function openSshKeys(base: string, closed: () => void): void {
  const content = (close: () => void) => <Keys url={`${base}/api/v1/keys`} close={close} />;
  openDialog("share", acts.sshKeys, content, closed);
}

function Keys({ url, close }: { readonly url: string; close(): void }) {
  const { list, said, then } = useListed<KeyInfo>(async () => {
    const { keys }: KeyList = await (await askGateway(url, "GET")).json();
    return keys;
  });
  const field = useRef<HTMLInputElement>(null);

  const add = () =>
    then(async () => {
      await askGateway(url, "POST", { key: field.current!.value });
      field.current!.value = "";
      return acts.keyAdded;
    });
  const remove = async (id: string) => {
    await then(async () => {
      await askGateway(`${url}/${id}`, "DELETE");
      return acts.keyRemoved;
    });
    field.current?.focus(); // the button that had the keys is gone
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <h2>{acts.sshKeys}</h2>
      <p>{acts.whatKeysAre}</p>
      <label>
        <span>{acts.publicKey}</span>
        <input
          ref={field}
          type="text"
          name="key"
          required
          autoComplete="off"
          spellcheck={false}
          placeholder="ssh-ed25519 AAAA…"
        />
      </label>
      <p class="buttons">
        <button type="submit">{acts.addKey}</button>
      </p>
      <p role="status">{said.value}</p>
      {list.value.length > 0 && (
        <>
          <h3 id="ssh-keys">{acts.yourKeys}</h3>
          <ul aria-labelledby="ssh-keys">
            {list.value.map((key) => (
              <li key={key.id} data-key-id={key.id}>
                <span>{textOf(key)}</span>
                <button type="button" onClick={() => void remove(key.id)}>{acts.removeKey}</button>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="buttons">
        <button type="button" onClick={close}>{acts.done}</button>
      </p>
    </form>
  );
}

/** "alice@laptop – ssh-ed25519 SHA256:… – never used". */
function textOf({ name, type, fingerprint, lastUsed }: KeyInfo): string {
  const used = lastUsed === null
    ? acts.neverUsed
    : acts.lastUsed(new Date(lastUsed).toLocaleDateString(language, { dateStyle: "medium" }));
  return `${name} – ${type} ${fingerprint} – ${used}`;
}
