import { anyLabel, type Labels } from '../gateway/labels.js';

/** `person`: a gateway that enrols is `pending` until somebody approves it. */
export const approvals = ['automatic', 'person'] as const;
export type Approval = (typeof approvals)[number];

/** What a gateway gets that enrols, and what it may do. */
export interface EnrolmentGrant {
  /** The enrolment that counts it; null when none does. */
  readonly enrolmentId: string | null;
  /** Gateways without a key are taken. */
  readonly keyless: boolean;
  /** The operator's labels. */
  readonly labels: Labels;
  /** Labels that the device may set itself: names, or `*`. */
  readonly reportedLabels: readonly string[];
  /** The node that it is assigned to if that is up; null when any will do. */
  readonly nodeId: string | null;
  readonly approval: Approval;
}

/** What a shared token allows (LEONORE_ENROLMENT_TOKENS): everything, so that trying needs no preparation. */
export const sharedGrant: EnrolmentGrant = {
  enrolmentId: null,
  keyless: true,
  labels: {},
  reportedLabels: [anyLabel],
  nodeId: null,
  approval: 'automatic',
};
