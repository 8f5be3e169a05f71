/** What the browser does for the page: copies, saves, sounds, and tells on the desktop. */
/// <reference lib="dom" />

/** How long a file that is saved is kept for the browser. */
const SAVED_MS = 60_000;

/** @throws {Error} when the browser does not let it; on plain HTTP from elsewhere none does */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard === undefined) throw new Error("Cannot copy: the page is not secure");
  await navigator.clipboard.writeText(text);
}

/** Saves a terminal's output as a file. */
export function save(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `terminal-${new Date().toISOString().slice(0, 16).replace(":", "-")}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), SAVED_MS);
}

/** Tells on the desktop, where that is allowed; one at a time, which leads to the page. */
export function notify(title: string, body: string): void {
  if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
  const notice = new Notification(title, { body, tag: "ttygate" });
  notice.onclick = () => {
    focus();
    notice.close();
  };
}

/** A short, quiet tone. */
export function beep(): void {
  const audio = new AudioContext();
  const tone = audio.createOscillator(), volume = audio.createGain();
  volume.gain.value = 0.05;
  tone.connect(volume).connect(audio.destination);
  tone.onended = () => void audio.close();
  tone.start();
  tone.stop(audio.currentTime + 0.08);
}
