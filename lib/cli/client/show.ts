/** `ttygate show`: tells all of one of one's own machines. */
import { type MachineDisk, MachineShape } from "../../protocol/machines.ts";
import { inSize } from "../words.ts";
import { machineCommand } from "./machines.ts";

export const command = machineCommand("show", {
  summary: "shows one of your machines there",
  usage: "NAME",
  help: "All that is known of it.",
  run: ({ api, path }) => api.ask(MachineShape, "GET", path),
  say: (
    { id, state, stage, percent, node, image, limits, disk: used, created, lastUsed, lastError },
  ) => {
    const done = percent === null ? "" : ` ${percent} %`;
    const { cpus, memory, pids, disk } = limits;
    return [
      `state    ${state}${stage === null ? "" : `, ${stage}${done}`}`,
      ...lastError === null ? [] : [`error    ${lastError}`],
      ...node === undefined ? [] : [`node     ${node}`],
      `image    ${image}`,
      `limits   ${cpus} CPUs, ${inSize(memory)} of memory, ${pids} processes, ${
        inSize(disk)
      } of disk`,
      ...used === null ? [] : [`disk     ${diskInWords(used)}`],
      `created  ${created}`,
      ...lastUsed === null ? [] : [`used     ${lastUsed}`],
      `id       ${id}`,
    ];
  },
});

function diskInWords({ home, container }: MachineDisk): string {
  const size = (bytes: number | null) => bytes === null ? "not measured" : inSize(bytes);
  return `${size(home)} at home, ${size(container)} elsewhere`;
}
