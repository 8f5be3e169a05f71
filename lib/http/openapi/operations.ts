/** All that is said of routes of the API; a test tells which route is missing, and which is none. */
import { ACCOUNTS } from "./accounts.ts";
import { FILES } from "./files.ts";
import { MACHINES } from "./machines.ts";
import { NODES } from "./nodes.ts";
import type { Operations } from "./operation.ts";
import { SESSIONS } from "./sessions.ts";

const ITSELF: Operations = {
  "GET /api/v1/openapi.json": {
    id: "showOpenApi",
    summary: "Sends this document",
    answers: {
      200: {
        says: "OpenAPI 3.1.",
        bytes: ["application/json"],
        headers: { "ETag": "Send it in If-None-Match, to be told whether it has changed." },
      },
      304: { says: "It has not changed." },
    },
  },
};

export const OPERATIONS: Operations = {
  ...SESSIONS,
  ...FILES,
  ...MACHINES,
  ...ACCOUNTS,
  ...NODES,
  ...ITSELF,
};
