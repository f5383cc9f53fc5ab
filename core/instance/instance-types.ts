// The instance types that executables and runs may ask for: nominal cores, memory and disk, as data.

import { given } from '../given.ts';

/** Nominal values, as the platform's clients print them (docs/reference/api.md, "Instance types"). */
export type InstanceType = {
  readonly name: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly diskGb: number;
  /** Hardware beside processors, when the type has some. */
  readonly accelerator?: string;
};

/** The type of a job that does not ask for one. */
export const defaultInstance = 'mem2_hdd2_x2';

/** The type of that name. Undefined for a name that this platform does not offer. */
export function findInstanceType(name: string): InstanceType | undefined {
  return byName.get(name);
}

type Size = readonly [cores: number, memoryGib: number, diskGb: number];
type Family = { readonly sizes: readonly Size[]; readonly accelerator?: string };

const third: (gibPerCore: number) => readonly Size[] = (gibPerCore) =>
  (
    [
      [2, 118],
      [4, 237],
      [8, 474],
      [16, 950],
      [32, 1900],
      [48, 2850],
      [64, 3800],
      [96, 5700],
      [128, 7600],
    ] as const
  ).map(([cores, diskGb]) => [cores, cores * gibPerCore, diskGb]);

const regular = (cores: readonly number[], gibPerCore: number, gbPerCore: number): readonly Size[] =>
  cores.map((count) => [count, count * gibPerCore, count * gbPerCore]);

/** Family → sizes; a type's name is `<family>_x<cores>`. */
const families: { readonly [family: string]: Family } = {
  mem1_ssd1_v2: { sizes: regular([2, 4, 8, 16, 36, 72], 2, 25) },
  mem1_ssd2_v2: { sizes: regular([2, 4, 8, 16, 36, 72], 2, 80) },
  mem1_ssd2_v3: { sizes: third(2) },
  mem2_ssd1_v2: { sizes: regular([2, 4, 8, 16, 32, 48, 64, 96], 4, 37.5) },
  mem2_ssd2_v2: { sizes: [...regular([2, 4, 8, 16, 32, 48, 64], 4, 80), [96, 384, 7480]] },
  mem2_ssd2_v3: { sizes: third(4) },
  mem3_ssd1_v2: { sizes: [...regular([2, 4, 8, 16, 32, 48, 96], 8, 37.5), [64, 512, 3200]] },
  mem3_ssd2_v2: { sizes: regular([2, 4, 8, 16, 32, 64], 7.625, 237.5) },
  mem3_ssd2_v3: { sizes: third(8) },
  mem3_ssd3: { sizes: regular([2, 4, 8, 12, 24, 48, 96], 8, 625) },
  mem4_ssd1: { sizes: [[128, 1952, 3840]] },
  mem1_ssd1: {
    sizes: [
      [2, 3.8, 32],
      [4, 7.5, 80],
      [8, 15, 160],
      [16, 30, 320],
      [32, 60, 640],
      [36, 72, 900],
    ],
  },
  mem1_ssd2: {
    sizes: [
      [2, 3.8, 160],
      [4, 7.5, 320],
      [8, 15, 640],
      [16, 30, 1280],
      [36, 60, 2880],
    ],
  },
  mem2_ssd1: {
    sizes: [
      [2, 7.5, 32],
      [4, 15, 80],
      [8, 30, 160],
    ],
  },
  mem2_ssd2: {
    sizes: [
      [2, 8, 160],
      [4, 16, 320],
      [8, 32, 1280],
      [16, 64, 2560],
      [40, 160, 3200],
      [64, 256, 5120],
    ],
  },
  mem3_ssd1: {
    sizes: [
      [2, 15, 32],
      [4, 30.5, 80],
      [8, 61, 160],
      [16, 122, 320],
      [32, 244, 640],
    ],
  },
  mem3_ssd2: {
    sizes: [
      [4, 30.5, 800],
      [8, 61, 1600],
      [16, 122, 3200],
      [32, 244, 6400],
    ],
  },
  mem1_hdd1: {
    sizes: [
      [2, 3.75, 200],
      [4, 7.5, 400],
      [8, 15, 800],
      [16, 30, 1600],
      [36, 60, 3200],
    ],
  },
  mem1_hdd1_v2: { sizes: regular([2, 4, 8, 16, 36, 72, 96], 2, 100) },
  mem1_hdd2: {
    sizes: [
      [1, 1.7, 160],
      [8, 7, 1680],
    ],
  },
  mem2_hdd2: {
    sizes: [
      [1, 3.8, 410],
      [2, 7.5, 840],
      [4, 15, 1680],
    ],
  },
  mem2_hdd2_v2: {
    sizes: [
      [2, 8, 1000],
      [4, 16, 2000],
    ],
  },
  mem3_hdd2: {
    sizes: [
      [2, 17.1, 420],
      [4, 34.2, 850],
      [8, 68.4, 1680],
    ],
  },
  mem3_hdd2_v2: {
    sizes: [
      [2, 16, 500],
      [4, 32, 1000],
      [8, 64, 2000],
    ],
  },
  mem2_ssd1_gpu: {
    sizes: [
      [16, 64, 225],
      [32, 128, 900],
      [48, 192, 900],
      [64, 256, 900],
    ],
    accelerator: 'GPU',
  },
  mem2_ssd1_gpu1: {
    sizes: [
      [32, 128, 900],
      [64, 256, 900],
    ],
    accelerator: 'GPU',
  },
  mem2_ssd1_gpu4: { sizes: [[48, 192, 900]], accelerator: 'GPU' },
  mem2_ssd2_gpu1: {
    sizes: [
      [4, 16, 250],
      [8, 32, 450],
      [16, 64, 600],
      [32, 128, 900],
      [64, 256, 1900],
    ],
    accelerator: 'GPU',
  },
  mem2_ssd2_gpu4: {
    sizes: [
      [48, 192, 3800],
      [96, 384, 3800],
    ],
    accelerator: 'GPU',
  },
  mem2_ssd2_gpu8: { sizes: [[192, 768, 7600]], accelerator: 'GPU' },
  mem2_ssd2_gpu1_v2: {
    sizes: [
      [4, 16, 250],
      [8, 32, 450],
      [16, 64, 600],
      [32, 128, 900],
      [64, 256, 1880],
    ],
    accelerator: 'GPU',
  },
  mem2_ssd2_gpu4_v2: {
    sizes: [
      [48, 192, 3760],
      [96, 384, 3760],
    ],
    accelerator: 'GPU',
  },
  mem2_ssd2_gpu8_v2: { sizes: [[192, 768, 7520]], accelerator: 'GPU' },
  mem3_ssd1_gpu1: {
    sizes: [
      [16, 128, 600],
      [32, 256, 900],
    ],
    accelerator: 'GPU',
  },
  mem3_ssd2_fpga1: { sizes: [[24, 256, 940]], accelerator: 'FPGA' },
  mem3_ssd2_fpga2: { sizes: [[48, 512, 1880]], accelerator: 'FPGA' },
  mem3_ssd2_fpga8: { sizes: [[192, 2048, 7520]], accelerator: 'FPGA' },
};

/** Every type, in the order of the table. */
export const instanceTypes: readonly InstanceType[] = Object.entries(families).flatMap(
  ([family, { sizes, accelerator }]) =>
    sizes.map(([cores, memoryGib, diskGb]) => ({
      name: `${family}_x${cores}`,
      cores,
      memoryGib,
      diskGb,
      ...given({ accelerator }),
    })),
);
export const instanceNames: readonly string[] = instanceTypes.map(({ name }) => name);

const byName = new Map(instanceTypes.map((type) => [type.name, type]));
