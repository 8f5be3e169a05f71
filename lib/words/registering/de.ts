/** The words of those who make their own account, in German. */
import type { RegisteringWords } from "./en.ts";

export const de: RegisteringWords = {
  title: "Registrieren – ttygate",
  about: "Ein eigenes Konto für Terminals in diesem Browser.",
  register: "Registrieren",
  working: "Wird registriert …",
  registerInstead: "Ein Konto anlegen",
  logInInstead: "Mit einem Konto anmelden",
  invitation: "Einladung",
  least: (count) => `Ein Passwort hat mindestens ${count} Zeichen.`,
  approval: "Die Verwaltung gibt jedes Konto frei.",
  waits:
    "Ihr Konto wartet auf die Verwaltung. Sobald es freigegeben ist, können Sie sich anmelden.",
  tries: (wait) => `Zu viele möchten sich registrieren. Wieder möglich in ${wait}.`,
  faults: {
    off: "Hier kann sich niemand registrieren.",
    name: "Ein Benutzername hat 1 bis 64 der Zeichen A-Z a-z 0-9 . _ @ - und beginnt nicht mit -.",
    password: "Dieses Passwort geht nicht: es ist leer, zu lang oder enthält Steuerzeichen.",
    "own-name": "Das Passwort kann nicht Ihr Benutzername sein.",
    common: "Dieses Passwort ist unter den zehntausend häufigsten, die zuerst versucht werden.",
    taken: "Diesen Namen oder einen, der so aussieht, hat schon jemand. Wählen Sie einen anderen.",
    invite:
      "Diese Einladung gibt es nicht, sie wurde benutzt oder ist abgelaufen. Bitten Sie um eine neue.",
    full: "Für weitere Konten ist kein Platz. Fragen Sie die Verwaltung.",
    changed: "Das Konto wurde inzwischen geändert. Melden Sie sich neu an.",
    unwritable: "Registrieren ist gerade nicht möglich. Im Protokoll des Servers steht, warum.",
  },
};
