import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { searchAttributes } from '../domain/orchestration.js';

/** Keys of the search attributes by which the Temporal UI finds the workflows of a rollout. */
export const attributeKeys = {
  rollout: defineSearchAttributeKey(searchAttributes.rollout, SearchAttributeType.KEYWORD),
  artifact: defineSearchAttributeKey(searchAttributes.artifact, SearchAttributeType.KEYWORD),
  deployment: defineSearchAttributeKey(searchAttributes.deployment, SearchAttributeType.KEYWORD),
  node: defineSearchAttributeKey(searchAttributes.node, SearchAttributeType.KEYWORD),
  state: defineSearchAttributeKey(searchAttributes.state, SearchAttributeType.KEYWORD),
};
