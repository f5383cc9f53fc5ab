// Instance types that no worker is named after: those of other clouds, those that DNAnexus has retired, and those that
// are known by their form alone (docs/reference/api.md, "Instance types").

import { findInstanceType, type InstanceType } from './instance-types.ts';

/** A type as an executable may name it. */
export type NamedType = InstanceType & {
  /** True when only the name says how large it is. */
  readonly estimated?: true;
};

/** The type of that name, wherever it is or was offered. Undefined for a name that is not of the form of a type. */
export function readInstanceType(name: string): NamedType | undefined {
  return findInstanceType(name) ?? otherTypes.get(name) ?? estimate(name);
}

function estimate(name: string): NamedType | undefined {
  const [, memory, family = '', size] = form.exec(name) ?? [];
  const cores = Number(size);
  if (memory === undefined || !(cores >= 1 && cores <= largestCoreCount)) return undefined;
  const [accelerator] = /gpu|fpga/i.exec(family) ?? [];
  const gib = cores * (gibPerCore[memory] ?? largestGibPerCore);
  const type = { name, cores, memoryGib: gib, diskGb: cores * gbPerCore, estimated: true } as const;
  return accelerator === undefined ? type : { ...type, accelerator: accelerator.toUpperCase() };
}

const form = /^(?:[a-z]+:)?mem(\d)_(?:ssd|hdd)\d+((?:_[a-z0-9]+)*)_x(\d+)$/i;
const gibPerCore: { readonly [memory: string]: number } = { 1: 2, 2: 4, 3: 8 };
const largestGibPerCore = 16;
const gbPerCore = 25;
const largestCoreCount = 1_000;

const rows: readonly (readonly [name: string, cores: number, memoryGib: number, diskGb: number])[] = [
  ['azure:mem1_ssd1_x2', 2, 3.9, 32],
  ['azure:mem1_ssd1_x4', 4, 7.8, 64],
  ['azure:mem1_ssd1_x8', 8, 15.7, 128],
  ['azure:mem1_ssd1_x16', 16, 31.4, 256],
  ['azure:mem2_ssd1_x1', 1, 3.5, 128],
  ['azure:mem2_ssd1_x2', 2, 7, 128],
  ['azure:mem2_ssd1_x4', 4, 14, 128],
  ['azure:mem2_ssd1_x8', 8, 28, 256],
  ['azure:mem2_ssd1_x16', 16, 56, 512],
  ['azure:mem3_ssd1_x2', 2, 14, 128],
  ['azure:mem3_ssd1_x4', 4, 28, 128],
  ['azure:mem3_ssd1_x8', 8, 56, 256],
  ['azure:mem3_ssd1_x16', 16, 112, 512],
  ['azure:mem3_ssd1_x20', 20, 140, 640],
  ['azure:mem4_ssd1_x2', 2, 28, 128],
  ['azure:mem4_ssd1_x4', 4, 56, 128],
  ['azure:mem4_ssd1_x8', 8, 112, 256],
  ['azure:mem4_ssd1_x16', 16, 224, 512],
  ['azure:mem4_ssd1_x32', 32, 448, 2048],
  ['azure:mem5_ssd2_x64', 64, 1792, 8192],
  ['azure:mem5_ssd2_x128', 128, 3892, 16384],
  ['mem1_hdd2_x32', 32, 60.5, 3360],
  ['dx_m1.medium', 1, 3.75, 420],
  ['dx_m1.large', 2, 7.5, 840],
  ['dx_m1.xlarge', 4, 15, 1680],
  ['dx_c1.xlarge', 8, 7, 1680],
  ['dx_m2.xlarge', 2, 17.1, 420],
  ['dx_m2.2xlarge', 4, 34.2, 850],
  ['dx_m2.4xlarge', 8, 68.4, 1680],
  ['dx_cc2.8xlarge', 32, 60.5, 3360],
];
const otherTypes = new Map(
  rows.map(([name, cores, memoryGib, diskGb]): [string, NamedType] => [name, { name, cores, memoryGib, diskGb }]),
);
