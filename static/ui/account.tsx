/** The dialog of one's own account: where one is logged in, and another password. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { LoginInfo, LoginList } from "../../lib/protocol/account.ts";
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
export function openAccount(base: string, closed: () => void): void {
  const content = (close: () => void) => <Account api={`${base}/api/v1`} close={close} />;
  openDialog("share", acts.yourAccount, content, closed);
}

function Account({ api, close }: { readonly api: string; close(): void }) {
  const { list, said, then } = useListed<LoginInfo>(async () => {
    const { logins }: LoginList = await (await askGateway(`${api}/logins`, "GET")).json();
    return logins.toReversed();
  });
  const isChanging = useSignal(false);
  const heading = useRef<HTMLHeadingElement>(null);

  const others = list.value.filter(({ current }) => !current);
  const end = async (ended: readonly LoginInfo[]) => {
    await then(async () => {
      for (const { id } of ended) await askGateway(`${api}/logins/${id}`, "DELETE");
      return acts.loginEnded(ended.length);
    });
    heading.current?.focus(); // the button that had the keys is gone
  };

  return (
    <>
      <h2>{acts.yourAccount}</h2>
      <h3 id="logins" ref={heading} tabIndex={-1}>{acts.yourLogins}</h3>
      <ul aria-labelledby="logins">
        {list.value.map((login) => (
          <li key={login.id} data-login={login.id}>
            <span>{textOf(login)}</span>
            {login.current ? <strong>{acts.thisLogin}</strong> : (
              <button
                type="button"
                aria-label={acts.endLoginWhat(textOf(login))}
                onClick={() => void end([login])}
              >
                {acts.endLogin}
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 1 && (
        <p class="buttons">
          <button type="button" onClick={() => void end(others)}>{acts.endOthers}</button>
        </p>
      )}
      <p role="status">{said.value}</p>
      {isChanging.value && (
        <Password
          url={`${api}/me/password`}
          said={(text) => said.value = text}
          changed={() => isChanging.value = false}
        />
      )}
      <p class="buttons">
        {!isChanging.value && (
          <button type="button" onClick={() => isChanging.value = true}>
            {acts.changePassword}
          </button>
        )}
        <button type="button" onClick={close}>{acts.done}</button>
      </p>
    </>
  );
}

interface PasswordProps {
  readonly url: string;
  said(text: string): void;
  changed(): void;
}

function Password({ url, said, changed }: PasswordProps) {
  const isSent = useSignal(false);
  const current = useRef<HTMLInputElement>(null), chosen = useRef<HTMLInputElement>(null);
  useEffect(() => current.current?.focus(), []);
  const change = async () => {
    isSent.value = true;
    try {
      const body = { current: current.current!.value, new: chosen.current!.value };
      await askGateway(url, "PUT", body);
      said(acts.passwordChanged);
      changed();
    } catch (error) {
      said((error as Error).message);
    } finally {
      isSent.value = false;
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void change();
      }}
    >
      <label>
        <span>{acts.currentPassword}</span>
        <input ref={current} type="password" autoComplete="current-password" required />
      </label>
      <label>
        <span>{acts.newPassword}</span>
        <input ref={chosen} type="password" autoComplete="new-password" required />
      </label>
      <p class="buttons">
        <button type="submit" disabled={isSent.value}>{acts.setPassword}</button>
      </p>
    </form>
  );
}

/** "Firefox · Linux – 192.0.2.7 – 28 Nov 2026, 09:30". */
function textOf({ browser, from, created }: LoginInfo): string {
  const when = created === null
    ? null
    : new Date(created).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  return [browser ?? acts.unknownBrowser, from, when].filter((part) => part !== null).join(" – ");
}
