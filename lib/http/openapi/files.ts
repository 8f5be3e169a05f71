/** A session's files, as the OpenAPI document tells them. */
import { EntryShape, ListingShape, MoveShape, PlaceShape } from "../../protocol/files.ts";
import { answer, type Operations } from "./operation.ts";

export const FILES: Operations = {
  "GET /api/v1/sessions/:id/files": {
    id: "showPlace",
    summary: "Shows where a session's shell is, and how much one upload may have",
    answers: { 200: answer("The place.", PlaceShape) },
    problems: ["session", "file-busy", "unable"],
  },
  "GET /api/v1/sessions/:id/files/:path*": {
    id: "sendFile",
    summary: "Sends a file, or a folder as an archive",
    query: {
      list: { says: "Lists a folder's entries instead.", flag: true },
      stat: { says: "Tells of the one file or folder instead.", flag: true },
      zip: { says: "Sends a folder as zip, not as tar.", flag: true },
    },
    answers: {
      200: {
        says: "A file's bytes, a folder as tar or zip; its entries, or itself, where asked for.",
        json: [ListingShape, EntryShape],
        bytes: ["application/octet-stream", "application/x-tar", "application/zip"],
      },
    },
    problems: ["session", "file-missing", "file-denied", "file-kind", "file-busy", "unable"],
  },
  "PUT /api/v1/sessions/:id/files/:path*": {
    id: "takeFile",
    summary: "Takes a file, or a tar as a folder",
    query: {
      folder: { says: "The body is a tar, and becomes a folder.", flag: true },
      replace: { says: "Takes the place of a file that is there.", flag: true },
    },
    body: { bytes: ["application/octet-stream", "application/x-tar"] },
    answers: { 201: answer("It is there.") },
    problems: [
      ...["session", "file-denied", "file-exists", "file-kind", "file-large"] as const,
      ...["file-broken", "file-busy", "length", "full", "unable"] as const,
    ],
  },
  "PATCH /api/v1/sessions/:id/files/:path*": {
    id: "moveFile",
    summary: "Gives a file or folder another path",
    body: { json: [MoveShape] },
    answers: { 204: answer("It has it.") },
    problems: ["session", "file-missing", "file-denied", "file-exists", "file-kind", "unable"],
  },
  "DELETE /api/v1/sessions/:id/files/:path*": {
    id: "removeFile",
    summary: "Removes a file, or a folder with all that is in it",
    answers: { 204: answer("It is gone.") },
    problems: ["session", "file-missing", "file-denied", "unable"],
  },
};
