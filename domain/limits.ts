/** The limits of LEONORE, in one place, each with its reason. Exceeding one is always a clear error. */
export const limits = {
  /** SemVer versions longer than this are refused by node-semver itself. */
  versionLength: 256,
  /** Real catalogs have ranges of some thousand characters; each is parsed once, in time linear in its length. */
  rangeLength: 8_192,
  /** ustar allows 100 + 155 bytes; BusyBox tar reads it without extensions. */
  pathLength: 240,
  /** A selector is evaluated once a gateway; its size bounds that work. */
  selectorLength: 2_000,
  /** Requirements, provisions and conflicts an artifact may declare: distributions have meta packages of thousands. */
  requirements: 5_000,
  alternatives: 1_000,
  variants: 64,
  configurations: 64,
  templateLength: 64 * 1024,
  /** Values that one template may be filled with. */
  configurationValues: 1_000,
  /** PEM of the authorities that gateways are told: an old and a new one have some 4,000 characters. */
  authoritiesLength: 64 * 1024,
  /** artifact.yaml is parsed in memory. */
  manifestBytes: 1024 * 1024,
  /** A catalog file is parsed in memory, at about four bytes a byte; a larger one belongs into the repository. */
  catalogBytes: 90 * 1024 * 1024,
  /** YAML with places costs about 100 bytes of memory a byte and 1 s a MiB; a larger catalog comes as JSON. */
  yamlBytes: 16 * 1024 * 1024,
  /** Files of one artifact. */
  artifactFiles: 10_000,
  /** Bytes of one artifact: gateways of 16 MB disk are normal, so 1 GiB is ample. */
  artifactBytes: 1024 * 1024 * 1024,
  /** Requests that one rollout may name. */
  requests: 32,
  /** Plans that a caller may ask for. */
  plans: 50,
  /** The same two for `leonore resolve`, which keeps nobody else waiting. */
  offlineRequests: 1_000,
  offlinePlans: 1_000,
  /** Computations that wait for a process; each keeps its caller waiting, so more are told to come again. */
  waitingComputations: 64,
  /** Those of one caller, waiting and under way. */
  computationsOfOne: 16,
  /** Streams of events that one process serves at once, and those of one caller. */
  streams: { most: 200, ofOne: 50 },
  /** Callers and addresses whose requests are counted at a time; who comes back after so many others begins anew. */
  countedCallers: 20_000,
  /** Milliseconds over which requests are counted: long enough for a burst, short enough to be waited for. */
  budgetWindowMs: 10_000,
  /** Milliseconds of computing: an honest manifest of the largest size takes about one second. */
  checkingMs: 5_000,
  /**
   * Milliseconds of computing in a node's share of a rollout. For all gateways of the same facts: a large catalog takes
   * some milliseconds, so only puzzles need as much. For all together: many puzzles end one after the other, and the
   * rest is still planned.
   */
  planning: { groupMs: 10_000, totalMs: 300_000 },
  /** The same for a dry run, which somebody waits for. */
  dryRun: { groupMs: 5_000, totalMs: 20_000 },
  /** A profile is kept as one row and compared as a whole. */
  profileBytes: 64 * 1024,
  /** A profile in a file of `leonore resolve`, with whatever white space and comments people write. */
  profileFileBytes: 4 * 1024 * 1024,
  tools: 5_000,
  components: 1_000,
  /** Endpoints of one node: some protocols, each over a transport or two. */
  endpoints: 32,
  /** What a kernel lists for one processor: x86 has about 150. */
  cpuFeatures: 500,
  installed: 10_000,
  labels: 64,
  /** Values an artifact may declare, and a gateway may have: they travel with each task. */
  declaredValues: 32,
  gatewayValues: 64,
  /** Values of the fleet and of selectors: all of them are looked at when the labels of a gateway change. */
  sharedValues: 500,
  /** Characters of one value: it becomes a variable of the environment. */
  valueLength: 4_096,
  /** Devices, paths and ports that an artifact may declare, of each: somebody has to read them. */
  needs: 64,
  /** Reports that a gateway may send in one request. */
  reports: 32,
  /** Requirements that a task names, and characters of a range: a gateway reads them in a shell. */
  taskRequirements: { most: 200, rangeLength: 200 },
  /** Windows that a task names: two months of nights. */
  switchWindows: 64,
  /** Times that a delivery is planned anew because its gateway was in another state: more have another cause. */
  plansAnew: 5,
  /** Characters of a digest that a gateway names its state by. */
  stateDigestLength: 128,
  /** Text that a gateway may attach to a report. */
  reportDetailBytes: 8 * 1024,
  /** JSON bodies of the management API. */
  jsonBodyBytes: 1024 * 1024,
  /** Line and headers of a request to the management API: its filters have 4,400 characters, of up to 12 bytes in an address. */
  requestHeadBytes: 64 * 1024,
  /** JSON bodies of the device API. */
  deviceBodyBytes: 128 * 1024,
  /** Registrations that wait for a node; more are told to come again without being entered. */
  queuedRegistrations: 100_000,
  /** Gateways that wait for a person's approval; more are told to come again. */
  pendingGateways: 10_000,
  /** Refused registrations that are kept of one gateway, by reason and key; the longest ago goes. */
  contestsOfGateway: 8,
  /** Management tokens there are at once: each is somebody's to know of. */
  managementTokens: 1_000,
  /** Roles with scopes that one principal has, and characters of a scope: every question is asked within them. */
  grants: 16,
  scopeLength: 1_000,
  /** Groups of an identity provider that have roles, and bytes of the file that says so: somebody looks after each. */
  mappedGroups: 1_000,
  groupRolesBytes: 1024 * 1024,
  /** Sessions of one person at once: browsers and machines; with another the one that was used longest ago ends. */
  sessionsOfOne: 20,
  /** Sessions that a list shows. */
  listedSessions: 1_000,
  /** What is asked of the identity provider: milliseconds for an answer, bytes of one, and questions at once of a process. */
  identityProvider: { answerMs: 10_000, answerBytes: 1024 * 1024, atOnce: 32 },
  /** Seconds by which the clock of the identity provider may differ: more is no drift but a clock that nobody sets. */
  clockToleranceSeconds: 300,
  /** Seconds in which somebody signs in at the provider once he was sent there. */
  signInSeconds: 600,
  /**
   * Webhooks there are at once, those of them that were made within one scope, and characters of an address: each is told of
   * what happens by a workflow of its own, and no team takes them from the others.
   */
  webhooks: 50,
  webhooksOfScope: 10,
  webhookUrlLength: 2_000,
  /** Bytes of a body that the audit keeps whole; of a longer one it keeps how it began. */
  auditedBytes: 64 * 1024,
  /** Enrolments there are at once: each is somebody's to know of. */
  enrolments: 1_000,
  /** Gateways that one enrolment may take: more than that are a fleet of another size. */
  enrolmentGateways: 1_000_000,
  /** Patterns of ids of an enrolment: each is tried at each registration by it. */
  idGlobs: 32,
  /** Gateways that are expected at once, and that one request may name. */
  expectedGateways: { most: 200_000, perRequest: 1_000 },
  /** Gateways named one by one in a deployment; use a selector for more. */
  deploymentGateways: 10_000,
  /** The document of a strategy: fifty phases with long selectors. */
  strategyBytes: 256 * 1024,
  /** Phases that a campaign may state: each is looked at by somebody. */
  campaignPhases: 50,
  /** What is noted of a campaign by itself: more than any comes to that can still be understood. */
  campaignEvents: 10_000,
  /** Hours that anything of a campaign may take: a year. */
  campaignHours: 8_784,
  /** Gateways a chunk workflow waits for: keeps each history far below Temporal's 4,096 events. */
  chunkSize: 500,
  /** What is noted of a rollout besides its steps: more than any comes to that can still be understood. */
  rolloutEvents: 200,
  /** Rows a page holds at most. */
  pageSize: 500,
  /** Package entries that an agent accepts. */
  packageFiles: 20_000,
  /** Bytes that unpacking a package may write: bounds the work that a bomb could ask for, whatever the disk. */
  packageContentBytes: 4 * 1024 * 1024 * 1024,
} as const;
