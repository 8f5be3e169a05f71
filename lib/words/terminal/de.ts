/** The words of the log-in and of the terminal page, in German. */
import type { TerminalWords } from "./en.ts";

const UNITS = [
  ["Tag", "Tage", 86_400],
  ["Stunde", "Stunden", 3_600],
  ["Minute", "Minuten", 60],
  ["Sekunde", "Sekunden", 1],
] as const;

function time(seconds: number): string {
  const [one, more, size] = UNITS.find(([, , size]) => seconds >= size) ?? UNITS[3];
  const count = Math.floor(seconds / size);
  return `${count} ${count === 1 ? one : more}`;
}

export const de: TerminalWords = {
  language: "de",
  time,

  logIn: "Anmelden",
  logInTitle: "Anmelden – ttygate",
  logInFailedTitle: "Anmeldung fehlgeschlagen – ttygate",
  loggingIn: "Wird angemeldet …",
  about: "Eine frische Linux-Shell in diesem Browser.",
  userName: "Benutzername",
  password: "Passwort",
  show: "Zeigen",
  showPassword: "Passwort zeigen",
  capsLock: "Die Feststelltaste ist aktiv.",
  tryNow: "Sie können es jetzt wieder versuchen.",
  denied: "Der Benutzername oder das Passwort ist falsch.",
  locked: (wait) => `Zu viele fehlgeschlagene Anmeldungen. Wieder möglich in ${wait}.`,
  busy: (wait) =>
    "Der Server prüft gerade viele Anmeldungen. An Ihrer war nichts falsch: " +
    `versuchen Sie es wieder in ${wait}.`,
  slowed: (wait) =>
    "Aus Ihrem Netz sind viele Anmeldungen fehlgeschlagen, deshalb nimmt der Server nur wenige " +
    `an. An Ihrer war nichts falsch: versuchen Sie es wieder in ${wait}.`,
  unapproved: "Ihr Konto wartet auf die Verwaltung.",
  unavailable: "Anmelden ist gerade nicht möglich. Im Protokoll des Servers steht, warum.",
  wait: (seconds) =>
    seconds === 1
      ? "einer Sekunde"
      : seconds < 120
      ? `${seconds} Sekunden`
      : `${Math.ceil(seconds / 60)} Minuten`,

  terminals: "Terminals",
  newTerminal: "Neues Terminal",
  newTerminalChoose: "Neues Terminal …",
  leavesTerminal: "verlässt das Terminal",
  screenReader: "Unterstützung für Bildschirmleser",
  menu: "Menü",
  files: "Dateien",
  split: "Aufteilen",
  join: "Nur eines",
  machines: "Maschinen",
  administration: "Verwaltung",
  logOut: "Abmelden",
  logOutAsk: "Abmelden?",
  stay: "Bleiben",
  messages: "Meldungen",
  keepIt: "Behalten",
  hide: "Ausblenden",
  connecting: "Verbinden …",
  startOfTerminal: "Start des Terminals",
  needsScript:
    "Das Terminal braucht JavaScript. Erlauben Sie es für diese Seite und laden Sie sie neu.",
  whatHappened: "Was geschehen ist",
  copyOutput: "Ausgabe kopieren",
  downloadOutput: "Ausgabe herunterladen",
  anotherImage: "Anderes Image",
  keys: "Tasten",
  up: "Auf",
  down: "Ab",
  left: "Links",
  right: "Rechts",
  copy: "Kopieren",
  paste: "Einfügen",
  cpu: "CPU",
  memory: "Speicher",
  processes: "Prozesse",

  connected: "Verbunden",
  connectedMs: (ms) =>
    `Verbunden ${ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1).replace(".", ",")} s`}`,
  imageOn: (image, node) => `${image} auf ${node}`,
  diskOf: (size) => `${size} Platte`,
  endsIn: (time) => `Endet in ${time}`,
  runsOn: (time) => `Läuft ohne Sie ${time} weiter`,
  hours: (h, min) => min === 0 ? `${h} h` : `${h} h ${min} min`,
  minutes: (min, s) => s === 0 ? `${min} min` : `${min} min ${s} s`,
  seconds: (s) => `${s} s`,
  ctrlClickOpens: (address) => `Strg und ein Klick öffnen ${address}`,

  lost: "Verbindung verloren – wird wieder verbunden …",
  restarting: "Der Server wird neu gestartet – wird wieder verbunden …",
  reconnecting: "Wird wieder verbunden …",
  silent: "Der Server antwortet nicht – was Sie tippen, wird behalten und dann gesendet",
  standsStill: "Dieses Terminal ist auf dem Server angehalten; was Sie tippen, wartet",
  ready: "Das Terminal ist bereit.",
  theImage: "das Image",
  pulling: (image) => `${image} wird geladen …`,
  pullingPart: (image, percent) => `${image} wird geladen – ${percent} %`,
  creating: "Ein frischer Container entsteht …",
  starting: "Er startet …",
  waitingForShell: "Warten auf die Shell …",
  skipped: (bytes) => `${bytes} Bytes Ausgabe wurden übersprungen`,
  inputLost: (bytes) => `${bytes} Bytes Eingabe gingen unterwegs verloren`,
  tooMuchInput: "Das ist zu viel Eingabe; sie wurde nicht gesendet",
  newestOutput: "Neueste Ausgabe ↓",
  newLines: (count) => count === 1 ? "1 neue Zeile ↓" : `${count} neue Zeilen ↓`,

  newSession: "Neue Sitzung",
  enterForNew: "Die Eingabetaste öffnet eine neue.",
  tryAgain: "Nochmals versuchen",
  enterToTry: "Die Eingabetaste versucht es nochmals.",
  elsewhere: "Diese Sitzung wurde in einem anderen Tab geöffnet.",
  bringBack: "Hierher zurückholen",
  enterToBring: "Die Eingabetaste holt sie hierher zurück.",
  stillRunning: (count) =>
    count === 1
      ? "Ein Terminal von Ihnen läuft noch."
      : `${count} Terminals von Ihnen laufen noch.`,
  orGoOn: "Oder hier mit einem davon weitermachen:",
  whatToRun: "Worin soll das neue Terminal laufen?",
  allTaken: "Alle Plätze auf diesem Server sind belegt.",
  letIn: "Sie kommen hinein, sobald einer frei ist.",
  stopWaiting: "Nicht mehr warten",
  waitingFor: (time) => `Sie warten seit ${time}.`,
  allWereTaken: "Alle Plätze auf diesem Server waren belegt.",
  youStopped: "Sie haben nicht länger gewartet.",
  youClosed: "Sie haben dieses Terminal geschlossen.",
  enterToLogIn: "Die Eingabetaste führt zur Anmeldung.",
  noTerminalHere: "Der Server antwortet, aber von hier lässt sich kein Terminal öffnen.",
  noTerminalWhy:
    "Vielleicht ist er überlastet, diese Adresse ist nicht erlaubt, oder ein Proxy dazwischen " +
    "lässt keine WebSockets durch.",
  ended: "Ihr Terminal ist zu Ende.",
  noSense: "Der Server hat diese Seite nicht verstanden und die Verbindung geschlossen.",
  mayBeThere: "Ihr Terminal ist vielleicht noch da.",
  reconnect: "Wieder verbinden",
  enterToReconnect: "Die Eingabetaste verbindet wieder.",
  gone: "Dieses Terminal gibt es nicht mehr.",
  goneWhileAway: "Es endete, während diese Seite weg war.",
  noMore: "Gerade lassen sich keine weiteren Terminals öffnen.",
  engineDown: "Kein Terminal lässt sich öffnen: die Docker Engine des Servers antwortet nicht.",
  adminCanMend: "Wer den Server verwaltet, kann das beheben.",
  yoursGone: "Ihr Terminal gibt es nicht mehr.",
  goneAsLeft: (time) =>
    `Ihr Terminal von ${time} gibt es nicht mehr: es endete, als die Seite verlassen wurde.`,
  goneLate: (time, grace) =>
    `Ihr Terminal von ${time} gibt es nicht mehr: niemand kam innerhalb von ${grace} zurück.`,
  goneAway: (time) =>
    `Ihr Terminal von ${time} gibt es nicht mehr: es endete, während Sie weg waren.`,
  thisIsNew: (why) => `${why} Dies ist ein neues.`,
  endings: {
    exit: "Die Shell ist zu Ende.",
    idle: "Das Terminal endete: es kam keine Eingabe mehr, oder niemand kam zurück.",
    lifetime: "Das Terminal hat seine längste Zeit erreicht.",
    killed: "Das Terminal wurde von außen beendet.",
    oom: "Die Shell wurde beendet: der Speicher ihres Containers war aufgebraucht.",
    disk: "Das Terminal wurde beendet: seine Dateien brauchten zu viel Platz.",
    engine: "Der Container ist verloren: die Container-Engine hat ihn losgelassen.",
    shutdown: "Der Server wird angehalten.",
    unshared: "Die Freigabe ist abgelaufen oder wurde beendet.",
    limit: "Gerade lassen sich keine weiteren Terminals öffnen.",
  },
  exited: (status) => status === 0 ? undefined : `Die Shell endete mit dem Status ${status}.`,

  ranFor: (time) => `Es lief ${time}. Was darin war, ist weg.`,

  inOtherWindow: "in einem anderen Fenster offen",
  startedNow: "gerade gestartet",
  startedAgo: (time) => `gestartet vor ${dative(time)}`,
  usedNow: "gerade benutzt",
  quietFor: (time) => `still seit ${dative(time)}`,
  bringHere: "Hierher holen",
  goOn: "Weiter",
  onNode: (node) => `auf ${node}`,

  endsIdle: (left) => `Dieses Terminal endet in ${left}: es wird nichts getippt`,
  endsIdleUnless: (left) => `Dieses Terminal endet in ${left}, wenn Sie nichts tippen`,
  endsOld: (left) =>
    `Dieses Terminal endet in ${left}: es hat so lange gelebt, wie es darf. Sichern Sie Ihre Arbeit`,
  allEndNow: "Die Terminals enden jetzt",
  allEndIn: (left) => `Die Terminals enden in ${left}`,
  logOutOne: "Ihr Terminal endet, und mit ihm, was darin läuft.",
  logOutOneLater: (grace) =>
    `Ihr Terminal endet ${grace} später, und mit ihm, was darin läuft, ` +
    "wenn Sie nicht zurückkommen.",
  logOutAll: (count) => `Ihre ${count} Terminals enden, und mit ihnen, was darin läuft.`,
  logOutAllLater: (count, grace) =>
    `Ihre ${count} Terminals enden ${grace} später, und mit ihnen, was darin läuft, ` +
    "wenn Sie nicht zurückkommen.",

  terminal: "Terminal",
  terminalNumber: (number) => `Terminal ${number}`,
  terminalSays: (number, text) => `Terminal ${number}: ${text}`,
  nameOf: (number) => `Name von Terminal ${number}`,
  closeAndEnd: (number) => `Terminal ${number} schließen und beenden`,
  markNews: " – neue Ausgabe",
  markBell: " – bittet um Aufmerksamkeit",
  markEnded: " – zu Ende",
  roomFor: (count) => `Eine Seite hat Platz für ${count} Terminals: schließen Sie zuerst eines`,
  closingEnds: "Mit dem Tab endet sein Terminal, und was darin läuft.",
  closingEndsTitled: (title) => `Mit dem Tab endet sein Terminal, und „${title}“ darin.`,
  close: "Schließen",
  wasEnded: (number) => `Terminal ${number} wurde beendet`,
  runsOnAs: (number, why) => `Terminal ${number} läuft weiter: ${why}`,
  answered: (status) => `der Server antwortete ${status}`,

  leaveByKeys: "Terminal; Strg Umschalt L verlässt es",
  yourTerminal: "Ihr Terminal",
  rang: "Ein Programm hat geklingelt.",
  commandOver: (time) => `Ein Befehl ist nach ${dative(time)} fertig.`,
  commandSucceeded: (time) => `Ein Befehl ist nach ${dative(time)} gelungen.`,
  commandFailed: (time) => `Ein Befehl ist nach ${dative(time)} fehlgeschlagen.`,
  succeeded: "Gelungen",
  exitStatus: (status) => `Status ${status}`,
  programCopied: "Das Programm hat Text in die Zwischenablage kopiert",
  programMayNotCopy: "Der Browser ließ das Programm nicht kopieren",
  mayPrograms: "Ein Programm will Text in Ihre Zwischenablage legen. Dürfen Programme das?",
  allow: "Erlauben",
  never: "Nie",
  copiedOnce: "Kopiert – nochmals Strg C unterbricht das Programm",
  copied: "Kopiert",
  mayNotCopy: "Der Browser ließ die Seite nicht kopieren",
  mayNotPaste: "Der Browser ließ die Seite nicht einfügen",
  readerOn: "Unterstützung für Bildschirmleser ist an",
  readerOff: "Unterstützung für Bildschirmleser ist aus",
  noPrompts: "Keine weiteren Eingabezeilen: eine Shell markiert sie mit OSC 133",
  noCommand: "Kein Befehl ist bekannt: eine Shell markiert sie mit OSC 133",
  cannotOpen: "Das lässt sich gerade nicht öffnen: der Server antwortet nicht",
};

/** "Tage" after "vor", "seit" and "nach". */
function dative(time: string): string {
  return time.replace(/Tage$/, "Tagen").replace(/^1 Stunde$/, "einer Stunde")
    .replace(/^1 Minute$/, "einer Minute").replace(/^1 Sekunde$/, "einer Sekunde")
    .replace(/^1 Tag$/, "einem Tag");
}
