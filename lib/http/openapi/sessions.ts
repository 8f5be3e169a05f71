/** Sessions, terminals over plain HTTP, and shares, as the OpenAPI document tells them. */
import {
  BroadcastOrderShape,
  BroadcastShape,
  ClaimOrderShape,
  ClaimShape,
  NewShareShape,
  OpenedShape,
  OwnedSessionShape,
  PlainOrderShape,
  SessionListShape,
  ShareListShape,
  ShareOrderShape,
  WinsizeShape,
} from "../../protocol/resources.ts";
import { answer, type Operations, PAGES, type Query } from "./operation.ts";

const BYTE = { least: 0, most: Number.MAX_SAFE_INTEGER } as const;
/** For a session that another client has: this one takes it, with its own size. */
const SIZE = {
  cols: {
    says: "The terminal's columns, where it is taken back.",
    least: 1,
    most: 65_535,
    usual: 80,
  },
  rows: { says: "Its rows.", least: 1, most: 65_535, usual: 24 },
} satisfies Readonly<Record<string, Query>>;

export const SESSIONS: Operations = {
  "GET /api/v1/events": {
    id: "sendEvents",
    summary: "Tells of one's own sessions and machines whenever they change, administrators of all",
    query: {
      own: { says: "An administrator's own alone.", flag: true },
      usage: { says: "Also what machines use that run, every 2 seconds.", flag: true },
    },
    answers: {
      200: {
        says: "The event snapshot with all there is, then one for each change.",
        bytes: ["text/event-stream"],
      },
    },
    problems: ["too-many-streams"],
  },
  "GET /api/v1/sessions": {
    id: "listSessions",
    summary: "Lists one's own sessions, for administrators all",
    query: PAGES,
    answers: { 200: answer("The sessions.", SessionListShape) },
  },
  "POST /api/v1/sessions": {
    id: "openPlain",
    summary: "Opens a terminal that is used by plain requests",
    body: { json: [PlainOrderShape] },
    answers: {
      201: {
        ...answer("It is there.", OpenedShape),
        headers: { "Location": "The session's address." },
      },
    },
    problems: ["not-found", "limit", "too-fast", "engine", "leaving", "agent-away"],
  },
  "GET /api/v1/sessions/:id": {
    id: "showSession",
    summary: "Shows a session",
    answers: { 200: answer("The session.", OwnedSessionShape) },
    problems: ["session"],
  },
  "DELETE /api/v1/sessions/:id": {
    id: "endSession",
    summary: "Ends a session, with all that runs in it",
    answers: { 204: answer("Its container is gone.") },
    problems: ["session", "leaving"],
  },
  "GET /api/v1/sessions/:id/output": {
    id: "sendOutput",
    summary: "Reads output from an offset on, which acknowledges what was before",
    query: {
      offset: { says: "The number of the first byte that is wanted.", ...BYTE, usual: 0 },
      wait: { says: "How many seconds to wait for output.", least: 0, most: 25, usual: 0 },
      ...SIZE,
    },
    answers: {
      200: {
        says: "What came since.",
        bytes: ["application/octet-stream"],
        headers: {
          "Ttygate-From": "The number of the first byte: later than asked for where some are gone.",
          "Ttygate-Offset": "The next offset to ask for.",
        },
      },
      204: {
        says: "Nothing came as yet.",
        headers: { "Ttygate-Offset": "The next offset to ask for." },
      },
    },
    problems: ["session", "taken-over", "ended"],
  },
  "POST /api/v1/sessions/:id/input": {
    id: "takeInput",
    summary: "Types; the same number again types nothing twice",
    query: { at: { says: "The number of the first byte that is sent.", ...BYTE }, ...SIZE },
    body: { bytes: ["application/octet-stream"] },
    answers: {
      204: {
        says: "The session has it.",
        headers: { "Ttygate-Input": "The number of the next byte of input." },
      },
    },
    problems: ["session", "input-number", "taken-over", "ended", "too-large", "input-waits"],
  },
  "PUT /api/v1/sessions/:id/size": {
    id: "resizePlain",
    summary: "Gives the terminal another size",
    query: SIZE,
    body: { json: [WinsizeShape] },
    answers: { 204: answer("It has it.") },
    problems: ["session", "taken-over", "ended"],
  },
  "POST /api/v1/sessions/:id/message": {
    id: "tellSession",
    summary: "Shows the person at a terminal a message",
    body: { json: [BroadcastOrderShape] },
    answers: { 200: answer("In how many terminals it is shown.", BroadcastShape) },
    problems: ["session"],
  },
  "POST /api/v1/broadcast": {
    id: "broadcast",
    summary: "Shows a message in every terminal that somebody looks at",
    body: { json: [BroadcastOrderShape] },
    answers: { 200: answer("In how many terminals it is shown.", BroadcastShape) },
  },
  "GET /api/v1/sessions/:id/shares": {
    id: "listShares",
    summary: "Lists the shares of a session",
    answers: { 200: answer("The shares.", ShareListShape) },
    problems: ["session"],
  },
  "POST /api/v1/sessions/:id/shares": {
    id: "createShare",
    summary: "Shares a session",
    body: { json: [ShareOrderShape] },
    answers: { 201: answer("The share, and its token, which is told this once.", NewShareShape) },
    problems: ["session", "forbidden", "conflict"],
  },
  "DELETE /api/v1/sessions/:id/shares/:share": {
    id: "endShare",
    summary: "Ends a share, and cuts off who came by it",
    answers: { 204: answer("It has ended.") },
    problems: ["session", "not-found"],
  },
  "POST /api/v1/shares/claim": {
    id: "claimShare",
    summary: "Trades the token of a link for the right to come to a terminal",
    body: { json: [ClaimOrderShape] },
    answers: { 200: answer("One may come.", ClaimShape) },
    problems: ["not-found", "conflict", "too-fast"],
  },
  "GET /api/v1/shares/:share": {
    id: "showShare",
    summary: "Shows a share that one has claimed",
    answers: { 200: answer("One may come.", ClaimShape) },
    problems: ["not-found"],
  },
};
