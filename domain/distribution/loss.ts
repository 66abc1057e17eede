/** What can be lost of a package on its way to an artifact, and why each is. */
export const lossReasons = {
  script: 'maintainer scripts are written for a whole system, as root; none is run',
  configuration: 'it is a file like all others: an update replaces it',
  relation: 'LEONORE knows no such relation',
  architecture: 'a package of another architecture was asked for; one of the gateway’s own is taken',
  epoch: 'SemVer has no room for it: order holds within an epoch',
  'byte-order': 'gateways do not report theirs: see that the package goes to the right ones by a selector',
  link: 'only plain files are carried; it was replaced by a copy of what it leads to',
  'dead-link': 'what it leads to is no file of the package',
  special: 'it is no file: devices, pipes and sockets are not carried',
  directory: 'it is empty',
  path: 'no gateway could hold a file of that name',
  attribute: 'files belong to whom the agent runs as; only whether they may be executed is kept',
} as const;

/** Something that could not be carried over. */
export interface Loss {
  readonly kind: keyof typeof lossReasons;
  /** The field with its text, the script or the file. */
  readonly what: string;
}
