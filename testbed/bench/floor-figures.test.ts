import { expect, test } from '@jest/globals';
import { floorFigures } from './floor-figures.js';

test('the goal is made of the floor of the same runs, and medians are compared', () => {
  const runs = [
    { seconds: 4, floorSeconds: 1 },
    { seconds: 3.4, floorSeconds: 1.2 },
    { seconds: 9, floorSeconds: 0.8 },
  ];
  const figures = floorFigures('svm', 'a package', runs, { factor: 1.5, plusSeconds: 2 });
  expect(figures.map(({ name, value, goal, met }) => [name, value, goal, met])).toEqual([
    ['svm_floor', 1, null, null],
    ['svm_time', 4, 3.5, false],
    ['svm_over_floor', 4, null, null],
  ]);
  const [, time] = floorFigures('jvm', 'a package', [{ seconds: 12, floorSeconds: 10 }], {
    factor: 1.2,
    plusSeconds: 0,
  });
  expect(time).toMatchObject({ goal: 12, met: true });
});
