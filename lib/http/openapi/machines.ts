/** Named machines, as the OpenAPI document tells them. */
import {
  MachineChangeShape,
  MachineListShape,
  MachineOrderShape,
  MachineShape,
} from "../../protocol/machines.ts";
import { answer, type Operations, PAGES } from "./operation.ts";

const ON_ITS_WAY = answer("It is on its way there, or has failed.", MachineShape);

export const MACHINES: Operations = {
  "GET /api/v1/machines": {
    id: "listMachines",
    summary: "Lists one's own machines, for administrators all",
    query: PAGES,
    answers: { 200: answer("The machines.", MachineListShape) },
    problems: ["agent-away"],
  },
  "GET /api/v1/machines/:name": {
    id: "showMachine",
    summary: "Shows a machine, or waits for a state of it",
    query: {
      until: { says: "Which state is waited for: running or stopped.", text: true },
      wait: { says: "For how many seconds at most.", least: 0, most: 30, usual: 0 },
    },
    answers: { 200: answer("The machine.", MachineShape), 202: ON_ITS_WAY },
    problems: ["machine", "agent-away"],
  },
  "PUT /api/v1/machines/:name": {
    id: "putMachine",
    summary: "Makes a machine, unless it is there",
    body: { json: [MachineOrderShape] },
    answers: {
      200: answer("It is there already.", MachineShape),
      201: {
        ...answer("It is being made.", MachineShape),
        headers: { "Location": "The machine's address." },
      },
    },
    problems: ["conflict", "too-many-machines", "unavailable", "agent-away"],
  },
  "PATCH /api/v1/machines/:name": {
    id: "changeMachine",
    summary: "Gives a machine another name",
    body: { json: [MachineChangeShape] },
    answers: { 200: answer("It has it.", MachineShape) },
    problems: ["machine", "conflict", "unavailable", "agent-away"],
  },
  "DELETE /api/v1/machines/:name": {
    id: "removeMachine",
    summary: "Stops a machine for good; for a day it can be restored",
    answers: { 204: answer("It is deleted.") },
    problems: ["machine", "unavailable", "agent-away"],
  },
  "GET /api/v1/machines/:name/events": {
    id: "sendMachineEvents",
    summary: "Tells how a machine is, now and whenever that changes",
    answers: {
      200: { says: "Events machine, until it is no more.", bytes: ["text/event-stream"] },
    },
    problems: ["machine", "too-many-streams", "agent-away"],
  },
  "POST /api/v1/machines/:name/start": {
    id: "startMachine",
    summary: "Starts a machine that is stopped, or has failed",
    answers: { 200: answer("It runs.", MachineShape), 202: ON_ITS_WAY },
    problems: ["machine", "unavailable", "agent-away"],
  },
  "POST /api/v1/machines/:name/stop": {
    id: "stopMachine",
    summary: "Ends all that runs in a machine",
    answers: { 200: answer("It is stopped.", MachineShape), 202: ON_ITS_WAY },
    problems: ["machine", "unavailable", "agent-away"],
  },
  "POST /api/v1/users/:name/machines/:machine/stop": {
    id: "stopUsersMachine",
    summary: "Ends all that runs in a machine of somebody's",
    answers: { 200: answer("It is stopped.", MachineShape), 202: ON_ITS_WAY },
    problems: ["machine", "unavailable", "agent-away"],
  },
  "GET /api/v1/machines/:name/run": {
    id: "runInMachine",
    summary:
      "Runs a command in a machine without a terminal, over a WebSocket (subprotocol ttygate.v1)",
    answers: {
      101: answer("The connection is a WebSocket now: its first message is the command."),
    },
    problems: ["bad-request", "upgrade", "machine", "too-fast", "agent-away"],
  },
  "POST /api/v1/machines/:name/restore": {
    id: "restoreMachine",
    summary: "Brings back what was deleted last under that name",
    answers: { 200: answer("It is back.", MachineShape) },
    problems: ["machine", "conflict", "too-many-machines", "unavailable", "agent-away"],
  },
  "GET /api/v1/machines/:name/ports/:port": {
    id: "openPort",
    summary: "Connects to a TCP port of a machine: a WebSocket of bytes, ttygate.port.v1",
    answers: { 101: answer("The WebSocket; its close says what is wrong with the port.") },
    problems: ["upgrade", "too-fast"],
  },
};
