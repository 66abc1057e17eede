import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import {
  attributeText,
  searchAttributes,
  type CampaignInput,
  type RolloutInput,
} from '../domain/orchestration.js';

/** Keys of the search attributes by which the Temporal UI finds workflows. */
export const attributeKeys = {
  campaign: defineSearchAttributeKey(searchAttributes.campaign, SearchAttributeType.KEYWORD),
  rollout: defineSearchAttributeKey(searchAttributes.rollout, SearchAttributeType.KEYWORD),
  artifact: defineSearchAttributeKey(searchAttributes.artifact, SearchAttributeType.KEYWORD),
  deployment: defineSearchAttributeKey(searchAttributes.deployment, SearchAttributeType.KEYWORD),
  node: defineSearchAttributeKey(searchAttributes.node, SearchAttributeType.KEYWORD),
  state: defineSearchAttributeKey(searchAttributes.state, SearchAttributeType.KEYWORD),
};

/** By which a rollout's own workflow is found. */
export function rolloutAttributes(input: RolloutInput): SearchAttributePair[] {
  return [
    { key: attributeKeys.rollout, value: input.rolloutId },
    { key: attributeKeys.artifact, value: attributeText(input.artifacts) },
    { key: attributeKeys.deployment, value: attributeText(input.deployment) },
  ];
}

/** By which the workflow of a campaign is found. */
export function campaignAttributes(input: CampaignInput): SearchAttributePair[] {
  return [
    { key: attributeKeys.campaign, value: input.campaignId },
    { key: attributeKeys.artifact, value: attributeText(input.artifacts) },
    { key: attributeKeys.deployment, value: attributeText(input.deployment) },
  ];
}

/** By which a part of a rollout is found that belongs to a node. */
export function partAttributes(input: RolloutInput, nodeId: string): SearchAttributePair[] {
  return [...rolloutAttributes(input), { key: attributeKeys.node, value: nodeId }];
}
