/** Nodes, images and what administrators see, as the OpenAPI document tells them. */
import {
  ImageListShape,
  InvitationShape,
  InviteShape,
  NodeListShape,
  NodeShape,
} from "../../protocol/nodes.ts";
import { OverviewShape } from "../../protocol/overview.ts";
import { DrainOrderShape, DrainShape } from "../../protocol/resources.ts";
import { answer, type Operations } from "./operation.ts";

export const NODES: Operations = {
  "GET /api/v1/images": {
    id: "listImages",
    summary: "Lists what one's sessions may run in, first what they do by themselves",
    answers: { 200: answer("The images.", ImageListShape) },
  },
  "GET /api/v1/overview": {
    id: "showOverview",
    summary: "Tells what sessions use, what has happened, and the last hour",
    answers: { 200: answer("The overview.", OverviewShape) },
  },
  "GET /api/v1/nodes": {
    id: "listNodes",
    summary: "Lists the nodes",
    answers: { 200: answer("The nodes.", NodeListShape) },
  },
  "POST /api/v1/nodes": {
    id: "inviteNode",
    summary: "Invites a machine to be a node",
    body: { json: [InviteShape] },
    answers: {
      201: answer("The invitation, and its token, which is told this once.", InvitationShape),
    },
    problems: ["conflict"],
  },
  "GET /api/v1/nodes/:name": {
    id: "showNode",
    summary: "Shows a node",
    answers: { 200: answer("The node.", NodeShape) },
    problems: ["not-found"],
  },
  "DELETE /api/v1/nodes/:name": {
    id: "removeNode",
    summary: "Removes a node: its connections end now",
    answers: { 204: answer("It is none any more.") },
    problems: ["not-found", "conflict"],
  },
  "GET /api/v1/nodes/:name/drain": {
    id: "showNodeDrain",
    summary: "Shows whether a node is drained",
    answers: { 200: answer("The drain.", DrainShape) },
    problems: ["not-found", "agent-away"],
  },
  "POST /api/v1/nodes/:name/drain": {
    id: "drainNode",
    summary: "Drains a node: no new sessions there, and those that run are told",
    body: { json: [DrainOrderShape] },
    answers: { 200: answer("The drain.", DrainShape) },
    problems: ["not-found", "agent-away"],
  },
  "DELETE /api/v1/nodes/:name/drain": {
    id: "undrainNode",
    summary: "Takes a node's drain back",
    answers: { 200: answer("There is none.", DrainShape) },
    problems: ["not-found", "agent-away"],
  },
};
