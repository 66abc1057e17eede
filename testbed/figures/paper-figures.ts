/** The figures of the paper's evaluation (section IV) that are reproduced, and what its text says of their shape. */
import type { PackageName } from '../packages/package-kind.js';

export const figureNames = ['5a', '5c', '6a', '6c', '7a'] as const;
export type FigureName = (typeof figureNames)[number];

export interface PaperFigure {
  readonly title: string;
  readonly package: PackageName;
  readonly strategy: 'pull' | 'push';
  /** Numbers of gateways, as in the paper. */
  readonly sizes: readonly number[];
  /** Gateways that fill a node; the second one is launched when the first is full. */
  readonly threshold: number;
  /**
   * The curve as the text describes it. The pictures are not in the text, so the heights have no unit: only where the
   * curve turns, and whether it rises, falls or stays, is the paper's.
   */
  readonly shape: readonly (readonly [gateways: number, height: number])[];
  /** The words that the shape is drawn after. */
  readonly words: string;
}

const upTo1000 = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000];
const upTo4000 = [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000];

export const paperFigures: Readonly<Record<FigureName, PaperFigure>> = {
  '5a': {
    title: 'Pull each second, SVM package',
    package: 'svm',
    strategy: 'pull',
    sizes: upTo1000,
    threshold: 500,
    shape: [
      [100, 0.3],
      [300, 0.5],
      [500, 0.95],
      [600, 0.85],
      [900, 0.85],
      [1000, 0.95],
    ],
    words:
      'almost linear to 300, sharp rise to 500, second node, slight decrease, constant from 600 to 900, rise',
  },
  '5c': {
    title: 'Pull each second, JVM package',
    package: 'jvm',
    strategy: 'pull',
    sizes: upTo1000,
    threshold: 500,
    shape: [
      [100, 0.12],
      [500, 0.52],
      [600, 0.64],
      [1000, 1],
    ],
    words: 'linear, a slight increase when the second node comes at 500, almost no outliers',
  },
  '6a': {
    title: 'Push, SVM package',
    package: 'svm',
    strategy: 'push',
    sizes: upTo1000,
    threshold: 500,
    shape: [
      [100, 0.25],
      [500, 0.9],
      [600, 0.85],
      [900, 0.85],
      [1000, 0.98],
    ],
    words: 'sharp rise to 500, second node, almost constant, rise from 900',
  },
  '6c': {
    title: 'Push, JVM package',
    package: 'jvm',
    strategy: 'push',
    sizes: upTo1000,
    threshold: 500,
    shape: [
      [100, 0.12],
      [200, 0.24],
      [300, 0.33],
      [400, 0.43],
      [500, 0.58],
      [1000, 1],
    ],
    words: 'as by pull at first, a little less from 300, full load from 400 to 500, then linear',
  },
  '7a': {
    title: 'Push, SVM package, large deployment',
    package: 'svm',
    strategy: 'push',
    sizes: upTo4000,
    threshold: 2500,
    shape: [
      [500, 0.15],
      [2500, 0.75],
      [3000, 0.75],
      [3500, 0.93],
      [4000, 1],
    ],
    words: 'almost linear to 2500, second node, constant to 3000, rise, flatter towards 4000',
  },
};
