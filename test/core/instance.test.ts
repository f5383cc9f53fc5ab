// Tests the worker sizes of the instance types against the table of docs/reference/aws.md, "Fargate sizes".

import { describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { defaultInstance, findInstanceType, instanceNames, instanceTypes } from '../../core/instance/instance-types.ts';
import { checkKnown, checkRunnable, fitsWorker, workerSize, workerSizeNote } from '../../core/instance/worker-size.ts';

describe('instance types', () => {
  it.each([
    ['mem1_ssd1_v2_x2', 2, 4, 50, undefined],
    ['mem1_ssd1_v2_x8', 8, 16, 200, undefined],
    ['mem1_ssd1_v2_x16', 16, 32, 200, '200 GB of disk instead of 400 GB'],
    ['mem2_ssd1_v2_x4', 4, 16, 150, undefined],
    ['mem2_ssd1_v2_x16', 16, 64, 200, '200 GB of disk instead of 600 GB'],
    ['mem3_ssd1_v2_x2', 2, 16, 75, undefined],
    ['mem3_ssd1_v2_x4', 8, 32, 150, undefined],
    ['mem3_ssd1_v2_x8', 16, 64, 200, '200 GB of disk instead of 300 GB'],
    ['mem2_hdd2_x2', 2, 8, 200, '200 GB of disk instead of 840 GB'],
    ['mem1_ssd1_x2', 2, 4, 32, undefined],
    ['mem2_hdd2_x1', 1, 4, 200, '200 GB of disk instead of 410 GB'],
  ])('%s gets %d cores, %d GiB and %d GB', (name, cores, memoryGib, diskGb, shortfall) => {
    const size = workerSize(name);
    expect(size).toEqual({ cores, memoryGib, diskGb, ...given({ shortfall }) });
  });

  it('get at least the cores and the memory that they promise, or the most that a worker can have', () => {
    const possible = new Set(
      [
        [1, 2, 8, 1],
        [2, 4, 16, 1],
        [4, 8, 30, 1],
        [8, 16, 60, 4],
        [16, 32, 120, 8],
      ].flatMap(([cores = 0, from = 0, to = 0, step = 1]) =>
        Array.from({ length: (to - from) / step + 1 }, (_, index) => `${cores}/${from + index * step}`),
      ),
    );
    for (const type of instanceTypes) {
      const problem = checkRunnable(type.name);
      expect(problem === undefined, type.name).toBe(type.accelerator === undefined);
      if (problem !== undefined) {
        expect(problem).toContain(type.name);
        expect(() => workerSize(type.name)).toThrow(RangeError);
        continue;
      }
      const size = workerSize(type.name);
      expect(size.cores).toBeGreaterThanOrEqual(Math.min(type.cores, 16));
      expect(size.memoryGib).toBeGreaterThanOrEqual(Math.min(type.memoryGib, 120));
      expect(possible).toContain(`${size.cores}/${size.memoryGib}`);
      expect(size.diskGb).toBeGreaterThanOrEqual(21);
      expect(size.diskGb).toBeLessThanOrEqual(200);
      const fits = type.cores <= 16 && type.memoryGib <= 120;
      expect(fitsWorker(type.name), type.name).toBe(fits);
      expect(workerSizeNote(type.name) === undefined, type.name).toBe(fits);
    }
  });

  it.each([
    ['mem3_ssd1_v2_x16', 16, 120, '120 GiB of memory instead of 128 GiB, 200 GB of disk instead of 600 GB'],
    ['mem1_ssd1_v2_x36', 16, 72, '16 cores instead of 36, 200 GB of disk instead of 900 GB'],
    ['mem1_hdd2_x32', 16, 64, '16 cores instead of 32, 200 GB of disk instead of 3360 GB'],
    ['azure:mem4_ssd1_x16', 16, 120, '120 GiB of memory instead of 224 GiB, 200 GB of disk instead of 512 GB'],
    ['mem4_ssd1_x128', 16, 120, expect.stringContaining('16 cores instead of 128, 120 GiB of memory instead of 1952')],
  ])('larger than any worker get the nearest: %s', (name, cores, memoryGib, shortfall) => {
    expect(checkRunnable(name)).toBeUndefined();
    expect(workerSize(name)).toEqual({ cores, memoryGib, diskGb: 200, shortfall });
    expect(fitsWorker(name)).toBe(false);
    expect(workerSizeNote(name)).toMatch(/is larger than any worker: the job has a worker of at most 16 cores and /);
  });

  it.each([
    ['azure:mem1_ssd1_x2', 2, 4],
    ['azure:mem2_ssd1_x1', 1, 4],
    ['azure:mem3_ssd1_x4', 4, 28],
    ['dx_m1.large', 2, 8],
  ])('of other clouds and retired ones get a worker of their size: %s', (name, cores, memoryGib) => {
    expect(checkKnown(name)).toBeUndefined();
    expect(workerSize(name)).toMatchObject({ cores, memoryGib });
    expect(workerSizeNote(name)).toBeUndefined();
  });

  it.each([
    ['oci:mem2_ssd1_v3i_x4', 4, 16],
    ['mem1_ssd1_v9_x8', 8, 16],
    ['mem2_ssd1_x3', 4, 12],
    ['mem3_hdd1_x1', 1, 8],
    ['mem3_ssd1_x40', 16, 120],
  ])('that only their name describes get a worker of that size, and the log says so: %s', (name, cores, memoryGib) => {
    expect(checkKnown(name)).toBeUndefined();
    expect(workerSize(name)).toMatchObject({ cores, memoryGib });
    expect(workerSizeNote(name)).toContain(`${name} is not known here, and its name promises`);
    expect(workerSizeNote(name)).toContain(`a worker of at most ${cores} cores and ${memoryGib} GiB`);
  });

  it.each(['mem2_ssd1_gpu_x16', 'azure:mem3_ssd2_gpu4_x64', 'oci:mem2_ssd1_GPU_v2_x24', 'mem3_ssd2_fpga1_x4'])(
    'with an accelerator are known, and no job can have one: %s',
    (name) => {
      expect(checkKnown(name)).toBeUndefined();
      expect(checkRunnable(name)).toMatch(/ has a (GPU|FPGA), which no worker of this platform has$/);
      expect(() => workerSize(name)).toThrow(RangeError);
      expect(fitsWorker(name)).toBe(false);
    },
  );

  it.each(['foo', '', 'mem2_ssd1', 'mem2_ssd1_x', 'mem2_ssd1_x0', 'mem2_ssd1_x1001', 'ssd1_x2', 'a:b:mem1_ssd1_x2'])(
    'do not have the name %j',
    (name) => {
      expect(checkKnown(name)).toContain(`no instance type "${name}"`);
      expect(checkRunnable(name)).toBe(checkKnown(name));
      expect(() => workerSize(name)).toThrow(RangeError);
      expect(workerSizeNote(name)).toBeUndefined();
    },
  );

  it('are found by their exact names', () => {
    expect(new Set(instanceNames).size).toBe(instanceNames.length);
    expect(findInstanceType(defaultInstance)?.cores).toBe(2);
    expect(findInstanceType('constructor')).toBeUndefined();
    expect(checkKnown('mem2_ssd1_xx')).toContain('mem2_ssd1_x2, mem2_ssd1_x4');
  });
});
