/** Keys that can be replaced. `online` signs tasks, snapshot and timestamp; `builder` takes no new root. */
export const rotatableRoles = ['root', 'targets', 'online', 'builder'] as const;
export type RotatableRole = (typeof rotatableRoles)[number];
