/** The files of sessions and machines, as the OpenAPI document tells them. */
import { EntryShape, ListingShape, MoveShape, PlaceShape } from "../../protocol/files.ts";
import { answer, type Operations } from "./operation.ts";

export const FILES: Operations = {
  ...filesOf("/api/v1/sessions/:id", "session", ""),
  ...filesOf("/api/v1/machines/:name", "machine", "Machine"),
};

/** @param infix in the names of the handlers */
function filesOf(path: string, what: "session" | "machine", infix: string): Operations {
  const gone = what === "session" ? [what] as const : [what, "unavailable", "agent-away"] as const;
  const tag = { "ETag": "The version of a file: send it in If-Match to change that one alone." };
  return {
    [`GET ${path}/files`]: {
      id: `show${infix}Place`,
      summary: what === "session"
        ? "Shows where a session's shell is, and how much one upload may have"
        : "Shows where a machine's home is, and how much one upload may have",
      answers: { 200: answer("The place.", PlaceShape) },
      problems: [...gone, "file-busy", "unable"],
    },
    [`GET ${path}/files/:path*`]: {
      id: `send${infix}File`,
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
          headers: tag,
        },
      },
      problems: [...gone, "file-missing", "file-denied", "file-kind", "file-busy", "unable"],
    },
    [`PUT ${path}/files/:path*`]: {
      id: `take${infix}File`,
      summary: "Takes a file, or a tar as a folder",
      query: {
        folder: { says: "The body is a tar, and becomes a folder.", flag: true },
        replace: { says: "Takes the place of a file that is there.", flag: true },
        mode: { says: "A file's permissions, in octal digits.", text: true },
      },
      body: { bytes: ["application/octet-stream", "application/x-tar"] },
      answers: { 201: answer("It is there.") },
      problems: [
        ...gone,
        ...["file-missing", "file-denied", "file-exists", "file-changed", "file-kind"] as const,
        ...["file-large", "file-broken", "file-busy", "length", "full", "unable"] as const,
      ],
    },
    [`PATCH ${path}/files/:path*`]: {
      id: `move${infix}File`,
      summary: "Gives a file or folder another path",
      body: { json: [MoveShape] },
      answers: { 204: answer("It has it.") },
      problems: [...gone, "file-missing", "file-denied", "file-exists", "file-kind", "unable"],
    },
    [`DELETE ${path}/files/:path*`]: {
      id: `remove${infix}File`,
      summary: "Removes a file, or a folder with all that is in it",
      answers: { 204: answer("It is gone.") },
      problems: [...gone, "file-missing", "file-denied", "unable"],
    },
  };
}
