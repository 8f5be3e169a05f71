/** The dialog by which a terminal is shared: who is there, a new link, and those that there are. */
/// <reference lib="dom" />
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ShareInfo, ShareOrder } from "../../lib/protocol/resources.ts";
import type { Shares } from "../app/shares.ts";
import type { GuestList } from "../guests.ts";
import { openDialog } from "./dialog.ts";
import { useListed } from "./listed.ts";
import { acts } from "../acts.ts";
import { sharing } from "../sharing.ts";
import { language, words } from "../words.ts";

/** For how long, in seconds; "" is until the terminal ends. */
const TIMES: readonly (readonly [value: string, text: string])[] = [
  ["900", sharing.times.short],
  ["3600", sharing.times.long],
  ["", sharing.times.end],
];

/**
 * Opens it; `closed` is called when it is closed.
 *
 * @param copyText rejects where the browser does not let it
 */
export function openShare(
  shares: Shares,
  guests: GuestList,
  copyText: (text: string) => Promise<void>,
  closed: () => void,
): void {
  const content = (close: () => void) => (
    <ShareForm shares={shares} guests={guests} copyText={copyText} close={close} />
  );
  openDialog("share", sharing.share, content, closed);
}

interface Props {
  readonly shares: Shares;
  readonly guests: GuestList;
  copyText(text: string): Promise<void>;
  close(): void;
}

function ShareForm({ shares, guests, copyText, close }: Props) {
  const { list, said, then } = useListed<ShareInfo>(() => shares.list());
  const kind = useSignal<ShareOrder["kind"]>("watch");
  const seconds = useSignal("900");
  /** The link that was made last, which nobody is told again. */
  const link = useSignal("");
  const there = useSignal(guests.text);
  const maker = useRef<HTMLButtonElement>(null);

  useEffect(() =>
    guests.follow(() => {
      there.value = guests.text;
      void then(() => Promise.resolve(said.value)); // who came by which
    }), []);

  const copy = () => copyText(link.value).then(() => words.copied, () => words.mayNotCopy);
  const make = () =>
    then(async () => {
      const time = seconds.value === "" ? null : Number(seconds.value);
      link.value = await shares.create({ kind: kind.value, seconds: time });
      return await copy();
    });
  const end = async (id: string) => {
    await then(async () => {
      await shares.end(id);
      link.value = "";
      return sharing.worthless;
    });
    maker.current?.focus(); // the button that had the keys is gone
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <h2>{sharing.share}</h2>
      <p>{sharing.whoMayCome}</p>
      <label>
        <span>{sharing.theyMay}</span>
        <select
          name="kind"
          value={kind.value}
          onChange={(event) => kind.value = event.currentTarget.value as ShareOrder["kind"]}
        >
          {Object.entries(sharing.kinds).map(([value, text]) => (
            <option key={value} value={value}>{text}</option>
          ))}
        </select>
      </label>
      <label>
        <span>{sharing.forTime}</span>
        <select
          name="seconds"
          value={seconds.value}
          onChange={(event) => seconds.value = event.currentTarget.value}
        >
          {TIMES.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
        </select>
      </label>
      {kind.value === "type" && <p class="caution">{sharing.caution}</p>}
      <p class="buttons">
        <button type="submit" ref={maker}>{sharing.makeLink}</button>
      </p>
      {link.value !== "" && <Link link={link.value} copy={() => void then(copy)} />}
      <p role="status">{said.value}</p>
      {list.value.length > 0 && (
        <>
          <h3 id="links">{sharing.links}</h3>
          <ul aria-labelledby="links">
            {list.value.map((share) => (
              <li key={share.id} data-share={share.id}>
                <span>{textOf(share)}</span>
                <button type="button" onClick={() => void end(share.id)}>{sharing.end}</button>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="here">{there.value || sharing.nobody}</p>
      <p class="buttons">
        <button type="button" onClick={close}>{acts.done}</button>
      </p>
    </form>
  );
}

/** The link, to be copied: by the button, or by hand where the browser lets no page copy. */
function Link({ link, copy }: { readonly link: string; copy(): void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), [link]);
  return (
    <p class="made">
      <input
        ref={field}
        type="text"
        readOnly
        aria-label={sharing.theLink}
        value={link}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" onClick={copy}>{words.copy}</button>
    </p>
  );
}

/** "Watch, until 14:05 – bob, carol". */
function textOf({ kind, expires, names }: ShareInfo): string {
  const end = new Date(expires);
  const isToday = end.toDateString() === new Date().toDateString();
  const time = end.toLocaleTimeString(language, { timeStyle: "short" });
  const day = isToday ? "" : `${end.toLocaleDateString(language, { weekday: "long" })}, `;
  const who = names.length === 0 ? "" : ` – ${names.join(", ")}`;
  return sharing.untilTime(sharing.kinds[kind], day + time) + who;
}
