/** Generated from the routes of the API by `npm run generate`; not edited by hand. */

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process lives */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process can do its work */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/device/v1/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Register a gateway by its key, with an enrolment token or claim code at first */
        post: operations["registerGateway"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All artifacts, by name and version */
        get: operations["listArtifacts"];
        put?: never;
        /**
         * Add one version of an artifact
         * @description The same content again changes nothing (200); other content under the same version is refused (ARTIFACT_IMMUTABLE).
         */
        post: operations["addArtifact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All versions of an artifact, newest first */
        get: operations["listArtifactVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{name}/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One version of an artifact */
        get: operations["showArtifact"];
        put?: never;
        post?: never;
        /** Remove one version that no unfinished rollout needs */
        delete: operations["removeArtifact"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All gateways, by id */
        get: operations["listGateways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One gateway with its profile */
        get: operations["showGateway"];
        put?: never;
        post?: never;
        /** Take a gateway out of service; its token is void at once */
        delete: operations["decommissionGateway"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/profile-request": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask for a fresh profile at the next contact */
        post: operations["requestProfile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The values of a gateway; secrets are named, not shown */
        get: operations["listGatewayValues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Set and remove values of a gateway, all or nothing
         * @description They go to the gateway with the next task whose package declares them.
         */
        patch: operations["changeGatewayValues"];
        trace?: never;
    };
    "/api/v1/contested-gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Refused registrations under ids of gateways, the latest 1000 first */
        get: operations["listContestedGateways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/approval": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a gateway in that waits for it */
        post: operations["approveGateway"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/readmission": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an id be enrolled anew: its key and token are forgotten, labels and values stay */
        post: operations["readmitGateway"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Set and remove the operator's labels of a gateway, all or nothing */
        patch: operations["changeGatewayLabels"];
        trace?: never;
    };
    "/api/v1/expected-gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gateways that are to come, by id */
        get: operations["listExpectedGateways"];
        put?: never;
        /** Register gateways before they come, all or none; with a claim code each, shown this once */
        post: operations["expectGateways"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/expected-gateways/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Expect a gateway no more; its claim code is void */
        delete: operations["forgetExpectedGateway"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/enrolments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All enrolments, by name; their tokens are not shown */
        get: operations["listEnrolments"];
        put?: never;
        /** Make a token with which gateways may enrol; it is shown this once */
        post: operations["createEnrolment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/enrolments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Its token is void at once; gateways that enrolled with it stay */
        delete: operations["revokeEnrolment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All deployments, by name */
        get: operations["listDeployments"];
        put?: never;
        /** Name a set of gateways: a list, or a selector */
        post: operations["createDeployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One deployment, and how many gateways it has now */
        get: operations["showDeployment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a rollout would do, group by group, and why not */
        post: operations["planRollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All rollouts, newest first */
        get: operations["listRollouts"];
        put?: never;
        /** Provision artifacts to a deployment */
        post: operations["startRollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollouts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One rollout: counts, steps, groups */
        get: operations["showRollout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollouts/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Each gateway's part in a rollout */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollouts/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop what no gateway has begun to install */
        post: operations["cancelRollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollouts/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Progress as server-sent events
         * @description `progress` whenever something changed, `end` once; the data of both is a RolloutProgress.
         */
        get: operations["watchRollout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What gateways were ordered to do and what came of it, one item a gateway's part, oldest first */
        get: operations["listOrders"];
        put?: never;
        /** Uninstall, start or stop an artifact on the gateways that have it, or wipe gateways */
        post: operations["giveOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say what an order would do, without giving it */
        post: operations["previewOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orders/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraw an order from the gateways that have not begun with it */
        post: operations["cancelOrder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All nodes, what each serves and uses, and the pool that they are in */
        get: operations["listNodes"];
        put?: never;
        /** Have a further node launched; the answer names it */
        post: operations["startNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One node */
        get: operations["showNode"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Move what a node has to the others, let it finish what runs, then end it */
        post: operations["drainNode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/packages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All packages, newest first */
        get: operations["listPackages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/packages/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One package, with the log of its build */
        get: operations["showPackage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/packages/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The archive itself, for looking into it */
        get: operations["downloadPackage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trust": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who may sign */
        get: operations["showTrust"];
        /**
         * Publish roots and delegations
         * @description Files of metadata as they were signed. What is known already changes nothing; a chain that does not follow from it is refused (UNTRUSTED).
         */
        put: operations["publishTrust"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Artifact: {
            name: string;
            version: string;
            kind: string;
            digest: string;
            sizeBytes: number;
            /** Format: date-time */
            createdAt: string;
            /** @description Ids of the keys that have signed it */
            signedBy: string[];
            manifest: components["schemas"]["ArtifactManifest"];
        };
        ArtifactManifest: {
            name: string;
            version: string;
            /** @enum {unknown} */
            kind: "application" | "library" | "tool" | "hardware";
            description?: string;
            requires?: ({
                name: string;
                version?: string;
                optional?: boolean;
            } | {
                anyOf: {
                    name: string;
                    version?: string;
                }[];
                optional?: boolean;
            })[];
            provides?: {
                name: string;
                version: string;
            }[];
            conflicts?: {
                name: string;
                version?: string;
            }[];
            variants?: {
                platform?: {
                    arch?: string;
                    os?: string;
                    libc?: string;
                    kernel?: string;
                };
                size?: number;
                installedSize?: number;
                memory?: number;
                directory?: string;
                source?: {
                    directory: string;
                    build: string;
                };
            }[];
            configurations?: {
                path: string;
                template: string;
                values?: {
                    [key: string]: string;
                };
            }[];
            values?: {
                key: string;
                description?: string;
                default?: string;
            }[];
            policies?: {
                select?: string;
                start?: boolean;
                keepData?: boolean;
                prerelease?: boolean;
                removable?: boolean;
            };
            control?: {
                install?: string;
                uninstall?: string;
                start?: string;
                stop?: string;
            };
            health?: {
                check?: string;
                staysUpSeconds?: number;
                tcp?: number;
                http?: {
                    port: number;
                    path: string;
                };
                periodSeconds?: number;
            };
            limits?: {
                memoryBytes?: number;
                processes?: number;
                cpuPercent?: number;
                diskBytes?: number;
            };
            /** @enum {unknown} */
            isolation?: "full" | "user";
            needs?: {
                devices?: string[];
                paths?: string[];
                ports?: number[];
            };
            restart?: {
                /** @enum {unknown} */
                policy?: "always" | "onFailure" | "never";
                mostBackoffSeconds?: number;
            };
        };
        Gateway: {
            id: string;
            /** @enum {unknown} */
            state: "pending" | "queued" | "active" | "decommissioned";
            nodeId: string | null;
            protocol: string;
            strategy: string;
            agentVersion: string | null;
            /** Format: date-time */
            registeredAt: string;
            /** Format: date-time */
            lastSeenAt: string;
            /** @description What is not as it should be, by the state that it reported last: a line each */
            troubles: string[];
            labels: {
                [key: string]: string;
            };
            operatorLabels: {
                [key: string]: string;
            };
            /** @description Labels that the gateway may set itself: names, or `*` */
            reportedLabels: string[];
            /** @description What it proves itself by */
            key: string | null;
            /** @description It may be enrolled anew */
            readmitted: boolean;
            registeredFrom: string | null;
            profile: components["schemas"]["GatewayProfile"];
        };
        GatewayValue: {
            key: string;
            /** @description Null when it is a secret */
            value: string | null;
            secret: boolean;
            /** Format: date-time */
            updatedAt: string;
        };
        ValueChanges: {
            set?: {
                [key: string]: string;
            };
            /** @description What is set is secret: it is never shown again */
            secret?: boolean;
            unset?: string[];
        };
        ExpectedGateway: {
            id: string;
            labels: {
                [key: string]: string;
            };
            nodeId: string | null;
            /** @description It enrols by its claim code alone */
            hasCode: boolean;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
        };
        ExpectRequest: {
            gateways: {
                id: string;
                labels?: {
                    [key: string]: string;
                };
                /** @description The node that it is assigned to at its enrolment, if that is up */
                nodeId?: string;
            }[];
            /** @description Each gets a claim code, by which alone it enrols (default). Without, any enrolment token does that allows its id */
            codes?: boolean;
            /** @description Absent: it does not expire */
            expiresInSeconds?: number;
        };
        Contest: {
            gatewayId: string;
            /** @enum {unknown} */
            reason: "key" | "keyless" | "enrolment" | "mac" | "counter" | "decommissioned";
            /** @description That it came with; empty for none */
            key: string;
            /** @description Where it came from last */
            address: string;
            count: number;
            /** Format: date-time */
            firstAt: string;
            /** Format: date-time */
            lastAt: string;
        };
        Enrolment: {
            id: string;
            name: string;
            ids: string[];
            labels: {
                [key: string]: string;
            };
            reportedLabels: string[];
            nodeId: string | null;
            keyless: boolean;
            /** @enum {unknown} */
            approval: "automatic" | "person";
            most: number | null;
            used: number;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
        };
        EnrolmentRequest: {
            name: string;
            /** @description Patterns of the ids that may enrol, with `*` and `?`; absent: all */
            ids?: string[];
            labels?: {
                [key: string]: string;
            };
            /** @description Labels that its gateways may set themselves: names, or `*`; absent: none */
            reportedLabels?: (string | "*")[];
            /** @description The node that it is assigned to at its enrolment, if that is up */
            nodeId?: string;
            /** @description Gateways without a key are taken; absent: not */
            keyless?: boolean;
            /**
             * @description `person`: gateways wait until somebody approves them
             * @enum {unknown}
             */
            approval?: "automatic" | "person";
            /** @description Gateways that may enrol; absent: any number */
            most?: number;
            /** @description Absent: it does not expire */
            expiresInSeconds?: number;
        };
        GatewayProfile: {
            id: string;
            name?: string;
            mac?: string;
            hardware: {
                arch: string;
                cpus?: number;
                memoryTotal?: number;
                memoryFree?: number;
                diskTotal?: number;
                diskFree?: number;
                load?: number;
                uptimeSeconds?: number;
                components?: {
                    name: string;
                    version: string;
                }[];
                cpuFeatures?: string[];
            };
            software: {
                os: string;
                kernel?: string;
                libc?: string;
                tools?: {
                    name: string;
                    version: string;
                }[];
            };
            strategies?: string[];
            protocols?: string[];
            labels?: {
                [key: string]: string;
            };
            installed?: {
                name: string;
                version: string;
                installedSize?: number;
                requested?: boolean;
            }[];
            state?: {
                /** @enum {unknown} */
                isolation: "full" | "user" | "none";
                limits: boolean;
                digest: string;
                applications: {
                    name: string;
                    up: boolean;
                    restarts: number;
                    lastExit?: string;
                    check?: string;
                    sinceSeconds?: number;
                }[];
                damaged: string[];
                trees?: {
                    [key: string]: string;
                };
                rescued?: string;
            };
        };
        Deployment: {
            name: string;
            gatewayIds: string[];
            select: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        /** @description A plan, as leonore resolve --json prints it */
        Plan: {
            artifacts: ({
                name: string;
                version: string;
                /** @description Label of its platform; any when it runs anywhere */
                variant: string;
                /** @description Which of its variants */
                variantIndex: number | null;
                /** @description Names; the word request when it was asked for, installed when it only replaces what is there */
                requiredBy: string[];
            } & {
                [key: string]: unknown;
            })[];
            /** @description name@version of each */
            install: string[];
            /** @description name@version of each */
            remove: string[];
            /** @description name@version of each */
            keep: string[];
            /** @description name@version of each */
            orphans?: string[];
            /** @description What is removed goes before the new is unpacked, to make room */
            removeFirst: boolean;
            /** @description name@version of each */
            restore?: string[];
            downloadSize: number;
            installedSize: number;
            /** @description Highest number of bytes needed beyond what is there now */
            peakDisk: number;
            /** @description The dependency tree below each requested artifact */
            tree: unknown[];
            /**
             * @description Whether it is proven that no plan is better, or the budget ended before
             * @enum {unknown}
             */
            optimal?: "proven" | "best-found";
            /** @description Those of remove that an operator asked for and nothing replaces */
            consent?: string[];
        } & {
            [key: string]: unknown;
        };
        PlanAnswer: {
            gateways: number;
            incompatible: number;
            /** @description Gateways for which it was not found out in the time for planning whether there is a plan */
            undecided: number;
            groups: {
                gateways: number;
                /** @description Some of the gateways */
                sample: string[];
                plans: components["schemas"]["Plan"][];
                explanation: string | null;
                undecided: boolean;
            }[];
        };
        Rollout: {
            id: string;
            requests: string[];
            deployment: string;
            /** @enum {unknown} */
            state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled";
            deadlineSeconds: number;
            allowRemove: boolean;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
            failure: unknown;
            /** @description What it waits for besides gateways: PostgreSQL, Temporal, the blob store, a node; null: for nothing */
            waitingFor: string | null;
            counts: components["schemas"]["DeliveryCounts"];
            steps: components["schemas"]["RolloutStep"][];
            /** @description The largest 200 */
            groups: components["schemas"]["RolloutGroup"][];
            /** @description What happened to it besides its steps, in order */
            events: components["schemas"]["RolloutEvent"][];
        };
        RolloutSummary: {
            id: string;
            requests: string[];
            deployment: string;
            /** @enum {unknown} */
            state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled";
            deadlineSeconds: number;
            allowRemove: boolean;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
            failure: unknown;
            /** @description What it waits for besides gateways: PostgreSQL, Temporal, the blob store, a node; null: for nothing */
            waitingFor: string | null;
        };
        RolloutProgress: {
            id: string;
            /** @enum {unknown} */
            state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled";
            counts: components["schemas"]["DeliveryCounts"];
            steps: components["schemas"]["RolloutStep"][];
            failure: unknown;
            /** @description What it waits for besides gateways: PostgreSQL, Temporal, the blob store, a node; null: for nothing */
            waitingFor: string | null;
        };
        RolloutGroup: {
            id: string;
            nodeId: string;
            /** @enum {unknown} */
            state: "planned" | "built" | "failed" | "incompatible";
            gateways: number;
            plans: components["schemas"]["Plan"][];
            planIndex: number | null;
            packageId: string | null;
            attempts: {
                planIndex: number;
                /** @enum {unknown} */
                outcome: "built" | "reused" | "failed";
                packageId: string | null;
                error: string | null;
                log: string;
            }[];
            explanation: string | null;
        };
        RolloutStep: {
            /** @enum {unknown} */
            step: "i" | "ii" | "iii" | "iv" | "v" | "vi" | "vii" | "viii";
            name: string;
            /** @description Empty for steps that no single node does */
            nodeId: string;
            /** Format: date-time */
            startedAt: string;
            endedAt: string | null;
        };
        RolloutEvent: {
            /** @enum {unknown} */
            kind: "mended" | "node-lost" | "quarantined" | "corrected";
            /** @description Facts; `what` says it in words */
            detail: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            at: string;
        };
        DeliveryCounts: {
            pending: number;
            offered: number;
            downloading: number;
            installing: number;
            succeeded: number;
            failed: number;
            incompatible: number;
            lost: number;
            cancelled: number;
        };
        Delivery: {
            gatewayId: string;
            nodeId: string | null;
            groupId: string | null;
            /** @enum {unknown} */
            state: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled";
            protocol: string;
            strategy: string;
            error: unknown;
            explanation: string | null;
            packageId: string | null;
            /** Format: date-time */
            updatedAt: string;
            endedAt: string | null;
        };
        GatewayOrder: {
            order: string;
            gatewayId: string;
            /** @enum {unknown} */
            action: "uninstall" | "start" | "stop" | "wipe";
            artifact: string;
            /** @enum {unknown} */
            state: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled";
            /** @description The gateway's error, or null */
            error: unknown;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            deadlineAt: string;
            endedAt: string | null;
        };
        Node: {
            id: string;
            /** @description Empty while it is being launched */
            address: string;
            /** @enum {unknown} */
            state: "launching" | "active" | "draining" | "stopped" | "dead";
            /**
             * @description own: came by itself; operator: asked for; pool: launched because all nodes were full
             * @enum {unknown}
             */
            origin: "own" | "operator" | "pool";
            /** @description site, latitude, longitude */
            labels: {
                [key: string]: string;
            };
            gatewayCount: number;
            /** @description Unfinished deliveries of its gateways */
            deliveryCount: number;
            requestedAt: string | null;
            launchedAt: string | null;
            /** Format: date-time */
            startedAt: string;
            sharedAt: string | null;
            /** Format: date-time */
            heartbeatAt: string;
            /** @description Failed launches in a row */
            attempts: number;
            problem: string | null;
            /** @description What its process last said that it uses */
            stats: {
                /** @description Of all processors of its machine, 0 to 1 */
                cpuShare?: number;
                cpuSeconds?: number;
                /** @description Of its machine's memory, 0 to 1 */
                memoryShare?: number;
                rssBytes?: number;
                /** @description Requests of gateways that wait */
                queue?: number;
                /** @description Activities under way */
                activities?: number;
            } & {
                [key: string]: unknown;
            };
        };
        NodePool: {
            /** @enum {unknown} */
            strategy: "load" | "least-loaded" | "location";
            /** @description Gateways that fill a node */
            threshold: number;
            minNodes: number;
            /** @description 0: no node is launched for need */
            maxNodes: number;
            /** @description How long the load must be low before a node goes */
            settleMs: number;
            /** @description Registrations that wait for a node */
            queued: number;
        };
        Package: {
            id: string;
            /** @description sha256 of the archive */
            digest: string;
            sizeBytes: number;
            installedBytes: number;
            artifacts: string[];
            builtBy: string;
            /** Format: date-time */
            builtAt: string;
            /** Format: date-time */
            lastNeededAt: string;
            log: string;
        };
        /** @description Problem details (RFC 9457) */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @enum {unknown} */
            code: "MALFORMED_INPUT" | "MALFORMED_ARTIFACT" | "MALFORMED_CATALOG" | "MALFORMED_PACKAGE" | "SIGNATURE_INVALID" | "UNTRUSTED" | "UNAUTHENTICATED" | "IDENTITY_PROOF_REQUIRED" | "IDENTITY_PROOF_INVALID" | "FORBIDDEN" | "ENROLMENT_REFUSED" | "GATEWAY_DECOMMISSIONED" | "ARTIFACT_NOT_FOUND" | "GATEWAY_NOT_FOUND" | "ENROLMENT_NOT_FOUND" | "DEPLOYMENT_NOT_FOUND" | "ROLLOUT_NOT_FOUND" | "NODE_NOT_FOUND" | "PACKAGE_NOT_FOUND" | "ORDER_NOT_FOUND" | "DELIVERY_NOT_FOUND" | "ROUTE_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "UNSUPPORTED_MEDIA_TYPE" | "ARTIFACT_IMMUTABLE" | "ARTIFACT_IN_USE" | "ARTIFACT_NEEDED" | "DEPLOYMENT_EXISTS" | "DELIVERY_ENDED" | "GATEWAY_IDENTITY_TAKEN" | "GATEWAY_CONTESTED" | "REGISTRATION_REPLAYED" | "GATEWAY_NOT_PENDING" | "ENROLMENT_CONTRADICTS" | "ENROLMENT_EXISTS" | "ROLLOUT_ENDED" | "EMPTY_DEPLOYMENT" | "NO_COMMON_PROTOCOL" | "IDEMPOTENCY_KEY_REUSED" | "UNSATISFIABLE" | "PLANNING_TOO_HARD" | "COMPUTATION_TOO_HARD" | "TOO_LARGE" | "TOO_MANY_REQUESTS" | "BUILD_FAILED" | "BLOB_MISSING" | "NOT_THIS_NODE" | "PACKAGE_REBUILDING" | "SECRETS_UNAVAILABLE" | "VALUE_MISSING" | "NODE_UNAVAILABLE" | "NO_NODE" | "NODES_FULL" | "NODE_ID_TAKEN" | "NODE_NOT_ACTIVE" | "LAST_NODE" | "LAUNCH_FAILED" | "DATABASE_UNAVAILABLE" | "TEMPORAL_UNAVAILABLE" | "BLOBS_UNAVAILABLE" | "TASK_QUARANTINED" | "DEADLINE_PASSED" | "INTERNAL";
            actor: string;
            advice: string;
            retryable: boolean;
            instance: string;
            details?: {
                [key: string]: unknown;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        status: string;
                    };
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        database: boolean;
                        temporal: boolean;
                    };
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        database: boolean;
                        temporal: boolean;
                    };
                };
            };
        };
    };
    registerGateway: {
        parameters: {
            query?: never;
            header?: {
                "leonore-key"?: string;
                "leonore-counter"?: string;
                "leonore-proof"?: string;
                "leonore-secret"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    profile: components["schemas"]["GatewayProfile"];
                    pushAddress?: string;
                    agentVersion?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        gatewayId: string;
                        token?: string;
                        key?: string;
                        node: {
                            id: string;
                            address: string;
                        };
                        protocol: string;
                        strategy: string;
                        pollIntervalSeconds: number;
                    };
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        gatewayId: string;
                        /** @enum {string} */
                        state: "pending";
                        retryAfterSeconds: number;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listArtifacts: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Artifact"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    addArtifact: {
        parameters: {
            query?: never;
            header?: {
                /** @description By the publisher: public key and Ed25519 signature of the statement, in hex */
                "leonore-signature"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-tar": unknown;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listArtifactVersions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Artifact"][];
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showArtifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeArtifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGateways: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                /** @description Only those that report that something is not as it should be */
                unwell?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Gateway"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showGateway: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Gateway"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decommissionGateway: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listGatewayValues: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["GatewayValue"][];
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeGatewayValues: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ValueChanges"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["GatewayValue"][];
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listContestedGateways: {
        parameters: {
            query?: {
                gateway?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Contest"][];
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    approveGateway: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Gateway"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readmitGateway: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Make a claim code, by which alone it enrols anew */
                    code?: boolean;
                    /** @description Absent: it does not expire */
                    expiresInSeconds?: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        claimCode: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeGatewayLabels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    set?: {
                        [key: string]: string;
                    };
                    unset?: string[];
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Gateway"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listExpectedGateways: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ExpectedGateway"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    expectGateways: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExpectRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            id: string;
                            /** @description Shown this once; only its hash is kept */
                            claimCode: string | null;
                        }[];
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forgetExpectedGateway: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEnrolments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Enrolment"][];
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createEnrolment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description Patterns of the ids that may enrol, with `*` and `?`; absent: all */
                    ids?: string[];
                    labels?: {
                        [key: string]: string;
                    };
                    /** @description Labels that its gateways may set themselves: names, or `*`; absent: none */
                    reportedLabels?: (string | "*")[];
                    /** @description The node that it is assigned to at its enrolment, if that is up */
                    nodeId?: string;
                    /** @description Gateways without a key are taken; absent: not */
                    keyless?: boolean;
                    /**
                     * @description `person`: gateways wait until somebody approves them
                     * @enum {unknown}
                     */
                    approval?: "automatic" | "person";
                    /** @description Gateways that may enrol; absent: any number */
                    most?: number;
                    /** @description Absent: it does not expire */
                    expiresInSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        enrolment: components["schemas"]["Enrolment"];
                        /** @description Shown this once; only its hash is kept */
                        token: string;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeEnrolment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeployments: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Deployment"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    gatewayIds?: string[];
                    select?: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        gatewayIds: string[];
                        select: string | null;
                        /** Format: date-time */
                        createdAt: string;
                        /** @description Gateways it has now */
                        gateways: number;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    planRollout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    requests: string[];
                    deployment?: string;
                    gatewayId?: string;
                    plans?: number;
                    /** @description Newer versions may take away what was asked for before; default false */
                    allowRemove?: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanAnswer"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRollouts: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["RolloutSummary"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startRollout: {
        parameters: {
            query?: never;
            header?: {
                /** @description Sent again by the same caller, the same key gives the same answer and starts nothing more */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    requests: string[];
                    deployment: string;
                    deadlineSeconds?: number;
                    /**
                     * @description Spreads the gateways of this rollout over all nodes first; default: each stays on its node
                     * @enum {unknown}
                     */
                    balancer?: "load" | "least-loaded" | "location";
                    /** @description Newer versions may take away what was asked for before; default false */
                    allowRemove?: boolean;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutSummary"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showRollout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rollout"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                state?: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Delivery"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelRollout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RolloutSummary"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watchRollout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events until the rollout has ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["RolloutProgress"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOrders: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                order?: string;
                gateway?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["GatewayOrder"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    giveOrder: {
        parameters: {
            query?: never;
            header?: {
                /** @description Sent again by the same caller, the same key gives the same answer and starts nothing more */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    action: "uninstall" | "start" | "stop" | "wipe";
                    /** @description Name, without a version; only wipe is about no artifact */
                    artifact?: string;
                    /** @description Of uninstall: whether its data stays on the gateway; default: as the policy of the artifact says */
                    keepData?: boolean;
                    deployment?: string;
                    gatewayIds?: string[];
                    deadlineSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @description Gateways that have the artifact, and so get the order */
                        gateways: number;
                        /** @description Dependencies that nothing needs any more and that go with it, with the number of gateways; empty when the order was known */
                        also: {
                            [key: string]: number;
                        };
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewOrder: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    action: "uninstall" | "start" | "stop" | "wipe";
                    /** @description Name, without a version; only wipe is about no artifact */
                    artifact?: string;
                    /** @description Of uninstall: whether its data stays on the gateway; default: as the policy of the artifact says */
                    keepData?: boolean;
                    deployment?: string;
                    gatewayIds?: string[];
                    deadlineSeconds?: number;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Gateways that have the artifact, and so get the order */
                        gateways: number;
                        /** @description Dependencies that nothing needs any more and that go with it, with the number of gateways; empty when the order was known */
                        also: {
                            [key: string]: number;
                        };
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelOrder: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Gateways that it was withdrawn from */
                        cancelled: number;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listNodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Node"][];
                        pool: components["schemas"]["NodePool"];
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startNode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drainNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPackages: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Package"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showPackage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Package"];
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    downloadPackage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/gzip": unknown;
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    showTrust: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        root: null | {
                            version: number;
                            expires: string;
                        };
                        targets: null | {
                            version: number;
                            expires: string;
                            delegations: {
                                name: string;
                                paths: string[];
                                keyids: string[];
                                threshold: number;
                                terminating: boolean;
                            }[];
                            /** @description Names that nobody has to sign */
                            unsigned: string[];
                        };
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publishTrust: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    roots: string[];
                    targets: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        root: null | {
                            version: number;
                            expires: string;
                        };
                        targets: null | {
                            version: number;
                            expires: string;
                            delegations: {
                                name: string;
                                paths: string[];
                                keyids: string[];
                                threshold: number;
                                terminating: boolean;
                            }[];
                            /** @description Names that nobody has to sign */
                            unsigned: string[];
                        };
                    };
                };
            };
            /** @description The caller, the operator or the gateway must act */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description LEONORE cannot serve now; see Retry-After */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
