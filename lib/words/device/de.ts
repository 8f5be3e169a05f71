/** The words of the page that lets another program log in, in German. */
import type { DeviceWords } from "./en.ts";

export const de: DeviceWords = {
  title: "Ein Programm anmelden – ttygate",
  about: "Ein Programm, das nicht nach einem Passwort fragen kann, zeigt einen Code.",
  code: "Der Code",
  next: "Weiter",
  compare: "Zeigt das Programm diesen Code?",
  asks: (name, address, user) => `${name}, von ${address}, will sich als Sie (${user}) anmelden.`,
  caution:
    "Nur zulassen, wenn Sie es eben selbst gestartet haben. Es kann 90 Tage lang Ihre Terminals und Maschinen benutzen.",
  allow: "Zulassen",
  refuse: "Ablehnen",
  allowed: "Das Programm darf sich anmelden. Sie können diese Seite schließen.",
  refused: "Das Programm darf sich nicht anmelden. Sie können diese Seite schließen.",
  unknown:
    "Kein Programm wartet mit diesem Code. Er kann abgelaufen sein: dort noch einmal beginnen.",
  tries: "Zu viele Codes waren falsch. In einigen Minuten wieder versuchen.",
};
