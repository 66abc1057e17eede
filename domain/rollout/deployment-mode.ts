/** Whether a deployment's selector is looked up each time, or was once. */
export const deploymentModes = ['live', 'frozen'] as const;

export type DeploymentMode = (typeof deploymentModes)[number];
