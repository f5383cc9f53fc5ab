// Tests the worker sizes of the instance types against the table of docs/reference/aws.md, "Fargate sizes".

import { describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { defaultInstance, findInstanceType, instanceNames, instanceTypes } from '../../core/instance/instance-types.ts';
import { checkKnown, checkRunnable, workerSize } from '../../core/instance/worker-size.ts';

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

  it('never get fewer cores or less memory than they promise, and are refused with the reason when too large', () => {
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
      if (problem !== undefined) {
        expect(problem).toContain(type.name);
        expect(() => workerSize(type.name)).toThrow(RangeError);
        expect(type.accelerator !== undefined || type.cores > 16 || type.memoryGib > 120).toBe(true);
        continue;
      }
      const size = workerSize(type.name);
      expect(size.cores).toBeGreaterThanOrEqual(type.cores);
      expect(size.memoryGib).toBeGreaterThanOrEqual(type.memoryGib);
      expect(possible).toContain(`${size.cores}/${size.memoryGib}`);
      expect(size.diskGb).toBeGreaterThanOrEqual(21);
      expect(size.diskGb).toBeLessThanOrEqual(200);
    }
  });

  it('are found by their exact names only', () => {
    expect(new Set(instanceNames).size).toBe(instanceNames.length);
    expect(findInstanceType(defaultInstance)?.cores).toBe(2);
    expect(checkKnown('foo')).toContain('no instance type "foo"');
    expect(checkKnown('mem2_ssd1_x3')).toContain('mem2_ssd1_x2, mem2_ssd1_x4');
    expect(checkKnown('azure:mem1_ssd1_x2')).toContain('in this region');
    expect(findInstanceType('constructor')).toBeUndefined();
    expect(checkKnown('mem2_ssd1_gpu_x16')).toBeUndefined();
    expect(checkRunnable('mem2_ssd1_gpu_x16')).toContain('GPU');
  });
});
