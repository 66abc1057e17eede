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
        /**
         * Remove one version that nobody needs
         * @description Refused (ARTIFACT_IN_USE) while a gateway has it, or a wanted state, a campaign or its way back needs it, unless forced; while an unfinished rollout installs it also then. It may come again, but with no other content.
         */
        delete: operations["removeArtifact"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/artifacts/{name}/{version}/dependents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who has a version of an artifact, and what would break if it were removed */
        get: operations["showDependents"];
        put?: never;
        post?: never;
        delete?: never;
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
        /** Gateways, by id or as they are sorted: all, or those that are asked for */
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
        /** One gateway with its profile, and since when it has what is installed */
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
    "/api/v1/fleet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many gateways there are, how they stand, and what they have; of all, or those that are asked for */
        get: operations["countGateways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What to choose among in a list of gateways: what they have, most first, with numbers
         * @description Of the whole fleet the numbers are kept, and told at once whatever its size; of a part of it, gateways are counted one by one, up to some thousand unless all are asked for.
         */
        get: operations["facetGateways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/fleet/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the fleet stood and which versions it had, over time */
        get: operations["showFleetHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A gateway's part in rollouts and orders, the newest first */
        get: operations["listGatewayDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to a gateway, in order: its first registration, what people did, moves and changes of its profile, its last 100 rollouts and orders */
        get: operations["showGatewayHistory"];
        put?: never;
        post?: never;
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
        /** The values of a gateway and where each comes from; secrets are named, not shown */
        get: operations["listGatewayValues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Set and remove values of a gateway's own, all or nothing
         * @description What is installed on the gateway and declares them is configured anew.
         */
        patch: operations["changeGatewayValues"];
        trace?: never;
    };
    "/api/v1/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The values of fleet and selectors; secrets are named, not shown */
        get: operations["listSharedValues"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Set and remove values of the fleet, or of all gateways that a selector matches; all or nothing
         * @description The nearest value of a key counts: the gateway before selectors, these before the fleet. Gateways that have something that declares the key are configured anew.
         */
        patch: operations["changeSharedValues"];
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
        /** Other gateways under the same name; rollouts whose gateways are resolved keep theirs */
        put: operations["changeDeployment"];
        post?: never;
        /** Forget the name of a set of gateways; refused while something needs it */
        delete: operations["removeDeployment"];
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
        /** Rollouts, newest first or as they are sorted: all, or those that are asked for */
        get: operations["listRollouts"];
        put?: never;
        /** Provision artifacts to a deployment, to gateways, or to all that a selector matches */
        post: operations["startRollout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollouts/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What to choose among in a list of rollouts, with numbers */
        get: operations["facetRollouts"];
        put?: never;
        post?: never;
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
    "/api/v1/rollouts/{id}/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Deliveries of a rollout by state, and those that ended badly by class, node and reason */
        get: operations["facetDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollouts/{id}/deliveries/{gateway}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One gateway's part in a rollout: what came of it, why, and all that happened to it */
        get: operations["showDelivery"];
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
    "/api/v1/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What ended badly of late in rollouts and orders, the latest first */
        get: operations["listTroubledDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What ended badly of late, by state, class, node and reason */
        get: operations["facetTroubledDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What changes, as server-sent events
         * @description An event each second and topic at most, whatever changes meanwhile. Rollouts and campaigns are told when they have changed, and are to be merged by their ids. With Last-Event-ID what the caller knows is not told again. A tick is said every two seconds when nothing else is.
         */
        get: operations["watchFleet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/wanted-states": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All wanted states, newest first */
        get: operations["listWantedStates"];
        put?: never;
        /** Keep the gateways of a deployment at artifacts */
        post: operations["wantState"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/wanted-states/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One wanted state: how many gateways stand how, and the rollouts it has started */
        get: operations["showWantedState"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/wanted-states/{id}/gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How gateways stand to a wanted state, and why, by id */
        get: operations["listWantedGateways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/wanted-states/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keep a deployment no longer; what is installed stays, and rollouts under way go on */
        post: operations["endWantedState"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Campaigns, newest first or as they are sorted: all, or those that are asked for */
        get: operations["listCampaigns"];
        put?: never;
        /** Provision artifacts in phases */
        post: operations["startCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a campaign would do, and when: phases, plans, windows, bytes over each line, risks */
        post: operations["previewCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What to choose among in a list of campaigns, with numbers */
        get: operations["facetCampaigns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One campaign: its phases, rollouts and what happened */
        get: operations["showCampaign"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/progress": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a campaign has come over time, beside how far it was predicted to, and when it ends */
        get: operations["showCampaignProgress"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a campaign did, gateway by gateway, with the evidence: a page, or all of it as a download */
        get: operations["reportCampaign"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Nothing new begins until it is resumed */
        post: operations["pauseCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on; what has failed so far is accepted */
        post: operations["resumeCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Nothing new begins; what runs finishes, and the campaign ends */
        post: operations["stopCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Likewise, and what has not switched is withdrawn */
        post: operations["abortCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approve a phase, so that the next one begins */
        post: operations["approveCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Bring back what was: of a phase, or of all gateways that the campaign changed */
        post: operations["rollbackCampaign"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try again what failed */
        post: operations["retryCampaign"];
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
        /** Uninstall, start or stop an artifact on the gateways that have it, wipe gateways, or ask for their profiles */
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
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All tokens, by name; what is sent as bearer token is not shown */
        get: operations["listTokens"];
        put?: never;
        /** Make a token for a person or a service; it is shown this once */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whose token is sent, and what it may do */
        get: operations["whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** It is void at once, for streams too that are open */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How people can sign in */
        get: operations["signInWays"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign-in/device": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a sign-in that is done in a browser elsewhere */
        post: operations["beginDeviceSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign-in/device/outcome": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether it is done; then a session, whose secret is shown this once */
        post: operations["deviceSignInOutcome"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End the session that the request is sent in */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in, the latest first */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** It is void at once, for streams too that are open */
        delete: operations["revokeSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was asked to be changed, by whom and from where, and what came of it; the latest first */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Webhooks by name; their secrets are not shown */
        get: operations["listWebhooks"];
        put?: never;
        /** Have somebody told of what happens; what requests are signed with is shown this once */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One webhook, and how it stands */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /** It is told nothing any more, nor what waits for it */
        delete: operations["removeWebhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{name}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send it a message to try it by */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{name}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give it another secret, shown this once; the one before signs too for a while */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{name}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What it is to be told, and was; the latest first */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{name}/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One delivery, and what came of it */
        get: operations["getWebhookDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/webhooks/{name}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try anew what was given up, as often as at first */
        post: operations["retryWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ids": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rollouts, orders, campaigns and wanted states whose ids begin so; at most 50 */
        get: operations["findIds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    "rollout.ended": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A rollout has ended */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "rollout.ended";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description A rollout has ended */
                        data: {
                            rollout: {
                                id: string;
                                /** @enum {unknown} */
                                state: "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
                                requests: string[];
                                /** @description Whom it went to, as people read it */
                                deployment: string;
                                campaignId: string | null;
                                createdBy: string | null;
                                failure: {
                                    code: string;
                                    message: string;
                                } | null;
                            };
                            /** @description Deliveries by state */
                            counts: {
                                pending: number;
                                offered: number;
                                downloading: number;
                                installing: number;
                                succeeded: number;
                                failed: number;
                                incompatible: number;
                                lost: number;
                                cancelled: number;
                                superseded: number;
                            };
                            /** @description It had ended before, and late reports have changed what it came to */
                            corrected: boolean;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "campaign.started": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A campaign has been asked for */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "campaign.started";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description A campaign has been asked for */
                        data: {
                            campaign: {
                                id: string;
                                /** @enum {unknown} */
                                state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                                reason: string | null;
                                selected: string[];
                                /** @description Whom it goes to, as people read it */
                                deployment: string;
                                createdBy: string | null;
                            };
                            /** @description Who did it; null: the campaign itself */
                            by: string | null;
                            /** @description As that person said */
                            why: string | null;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "campaign.awaiting-approval": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A phase waits for somebody to approve it */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "campaign.awaiting-approval";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description A phase waits for somebody to approve it */
                        data: {
                            campaign: {
                                id: string;
                                /** @enum {unknown} */
                                state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                                reason: string | null;
                                selected: string[];
                                /** @description Whom it goes to, as people read it */
                                deployment: string;
                                createdBy: string | null;
                            };
                            /** @description Who did it; null: the campaign itself */
                            by: string | null;
                            /** @description As that person said */
                            why: string | null;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "campaign.paused": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A person has paused a campaign */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "campaign.paused";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description A person has paused a campaign */
                        data: {
                            campaign: {
                                id: string;
                                /** @enum {unknown} */
                                state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                                reason: string | null;
                                selected: string[];
                                /** @description Whom it goes to, as people read it */
                                deployment: string;
                                createdBy: string | null;
                            };
                            /** @description Who did it; null: the campaign itself */
                            by: string | null;
                            /** @description As that person said */
                            why: string | null;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "campaign.halted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A campaign has paused itself, or begins nothing new any more */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "campaign.halted";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description A campaign has paused itself, or begins nothing new any more */
                        data: {
                            campaign: {
                                id: string;
                                /** @enum {unknown} */
                                state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                                reason: string | null;
                                selected: string[];
                                /** @description Whom it goes to, as people read it */
                                deployment: string;
                                createdBy: string | null;
                            };
                            /** @description Who did it; null: the campaign itself */
                            by: string | null;
                            /** @description As that person said */
                            why: string | null;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "campaign.rolling-back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gateways of a campaign go back to what they had */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "campaign.rolling-back";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description Gateways of a campaign go back to what they had */
                        data: {
                            campaign: {
                                id: string;
                                /** @enum {unknown} */
                                state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                                reason: string | null;
                                selected: string[];
                                /** @description Whom it goes to, as people read it */
                                deployment: string;
                                createdBy: string | null;
                            };
                            /** @description Who did it; null: the campaign itself */
                            by: string | null;
                            /** @description As that person said */
                            why: string | null;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "campaign.ended": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A campaign has ended; its state says how */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "campaign.ended";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description A campaign has ended; its state says how */
                        data: {
                            campaign: {
                                id: string;
                                /** @enum {unknown} */
                                state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                                reason: string | null;
                                selected: string[];
                                /** @description Whom it goes to, as people read it */
                                deployment: string;
                                createdBy: string | null;
                            };
                            /** @description Who did it; null: the campaign itself */
                            by: string | null;
                            /** @description As that person said */
                            why: string | null;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "gateway.silent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gateways were not heard of for longer than their own pauses explain */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "gateway.silent";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description Gateways were not heard of for longer than their own pauses explain */
                        data: {
                            gateways: {
                                id: string;
                                /** Format: date-time */
                                lastHeardAt: string;
                            }[];
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "gateway.back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gateways that had been silent were heard of again */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "gateway.back";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description Gateways that had been silent were heard of again */
                        data: {
                            gateways: {
                                id: string;
                                /** Format: date-time */
                                silentSince: string;
                            }[];
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "gateway.contested": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Somebody else registers under the ids of gateways: the first time within a day */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "gateway.contested";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description Somebody else registers under the ids of gateways: the first time within a day */
                        data: {
                            gateways: {
                                id: string;
                                reason: string;
                                address: string;
                            }[];
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "wanted-state.broken": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gateways that were as is wanted are not any more, or cannot be brought there */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "wanted-state.broken";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description Gateways that were as is wanted are not any more, or cannot be brought there */
                        data: {
                            wantedState: {
                                id: string;
                                requests: string[];
                                deployment: string;
                            };
                            gateways: {
                                id: string;
                                /** @enum {unknown} */
                                standing: "held" | "drifted" | "moving" | "cannot" | "silent" | "conflict";
                                reason: string | null;
                            }[];
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "wanted-state.kept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gateways that were told to be broken are as is wanted again */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "wanted-state.kept";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description Gateways that were told to be broken are as is wanted again */
                        data: {
                            wantedState: {
                                id: string;
                                requests: string[];
                                deployment: string;
                            };
                            gateways: {
                                id: string;
                                /** @enum {unknown} */
                                standing: "held" | "drifted" | "moving" | "cannot" | "silent" | "conflict";
                                reason: string | null;
                            }[];
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "webhook.test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Somebody tries the webhook */
        post: {
            parameters: {
                query?: never;
                header: {
                    /** @description The same however often it is sent */
                    "webhook-id": string;
                    /** @description Of this attempt, in seconds since 1970 */
                    "webhook-timestamp": string;
                    /** @description v1, and HMAC-SHA256 over id.timestamp.body in base64; several, separated by spaces, while secrets change */
                    "webhook-signature": string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @constant */
                        type: "webhook.test";
                        /**
                         * Format: date-time
                         * @description When it happened
                         */
                        timestamp: string;
                        /** @description Somebody tries the webhook */
                        data: {
                            /** @description Its name */
                            webhook: string;
                            sentBy: string;
                        };
                    };
                };
            };
            responses: {
                /** @description It is taken; any other answer is tried again */
                "2XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
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
            /** @description Name of the artifact, in lower case. */
            name: string;
            /** @description Version by SemVer 2.0, such as `1.4.0`; once added it never takes other content. */
            version: string;
            /**
             * @description What it is: an `application` is run, a `library` is used by others, a `tool` is called, `hardware` stands for a component.
             * @enum {unknown}
             */
            kind: "application" | "library" | "tool" | "hardware";
            /** @description For people, who choose by it. */
            description?: string;
            /** @description What must be on the gateway; what is not there is brought along. */
            requires?: ({
                /** @description Name of an artifact, of something that artifacts provide, or of a tool or component of the gateway. */
                name: string;
                /** @description Versions that will do, such as `^1.2` or `>=1 <3`; any when absent. */
                version?: string;
                /** @description It is brought along where that is possible, and left out where it is not. */
                optional?: boolean;
            } | {
                /** @description Alternatives, the best first; one of them must be there. */
                anyOf: {
                    /** @description Name of an artifact, of something that artifacts provide, or of a tool or component of the gateway. */
                    name: string;
                    /** @description Versions that will do, such as `^1.2` or `>=1 <3`; any when absent. */
                    version?: string;
                }[];
                /** @description It is brought along where that is possible, and left out where it is not. */
                optional?: boolean;
            })[];
            /** @description Other names under which it can be required. */
            provides?: {
                /** @description What others may require instead of the name of this artifact. */
                name: string;
                /** @description Version of what is provided, by SemVer 2.0; it need not be that of the artifact. */
                version: string;
            }[];
            /** @description What must not be on the gateway beside it. */
            conflicts?: {
                /** @description Name of an artifact, of something that artifacts provide, or of a tool or component of the gateway. */
                name: string;
                /** @description Versions that will do, such as `^1.2` or `>=1 <3`; any when absent. */
                version?: string;
            }[];
            /** @description One for each platform; without any, all files go to every gateway. */
            variants?: {
                /** @description The gateways that this variant is for: all that is named must fit. */
                platform?: {
                    /** @description Architecture as gateways report it: `armv7`, `aarch64`, `x86_64`, `i686`, `mips`, `riscv64`, ... */
                    arch?: string;
                    /** @description Operating system: `linux`. */
                    os?: string;
                    /** @description C library: `glibc` or `musl`, with a range if need be (`glibc >=2.31`); for programs that are linked with it. */
                    libc?: string;
                    /** @description Range over the gateway's kernel version, such as `>=5.4`. */
                    kernel?: string;
                };
                /**
                 * @description For devices with a client of their own: the one file of this variant is delivered as it is. Absent: for gateways with an agent.
                 * @enum {unknown}
                 */
                format?: "swu" | "rauc" | "mender" | "raw";
                /** @description Bytes to download for this variant; filled in from the files when they are given. */
                size?: number;
                /** @description Bytes on the gateway's disk once installed; filled in from the files, else `size`. */
                installedSize?: number;
                /** @description Memory that the variant needs while it runs, in bytes. */
                memory?: number;
                /** @description Directory of the artifact whose files are this variant's (pre-built binary). */
                directory?: string;
                /** @description Built from source on a node, once for all gateways that need it. */
                source?: {
                    /** @description Directory of the artifact that the script is run in. */
                    directory: string;
                    /** @description Script inside that directory; POSIX sh. It leaves its result in `$LEONORE_OUTPUT`. */
                    build: string;
                };
            }[];
            /** @description Files rendered from templates when the package is built. */
            configurations?: {
                /** @description File that is made, inside the artifact. */
                path: string;
                /** @description Its text; `{{key}}` is replaced by the value. */
                template: string;
                /** @description Values of the template by key, the same on every gateway. */
                values?: {
                    [key: string]: string;
                };
            }[];
            /** @description Values that differ from gateway to gateway, secrets among them. */
            values?: {
                /** @description Name of its file in `$LEONORE_VALUES` and, in capitals, of its variable `LEONORE_VALUE_...`. */
                key: string;
                /** @description What it is for. */
                description?: string;
                /** @description For gateways that have none of their own; without it such a gateway's delivery fails. */
                default?: string;
            }[];
            /** @description What LEONORE may do with it. */
            policies?: {
                /** @description Selector over profile and labels: where the artifact may go. */
                select?: string;
                /** @description Start after the installation (default true for applications). */
                start?: boolean;
                /** @description Keep the data directory on uninstall (default false). */
                keepData?: boolean;
                /** @description A prerelease may be chosen even when no range names one (default false). */
                prerelease?: boolean;
                /** @description False: never removed from a gateway to make room or to satisfy another request (default true). */
                removable?: boolean;
            };
            /** @description Scripts inside the artifact's files, by the action they serve; run with POSIX sh. */
            control?: {
                /** @description Run once its files are in place, before it is started. */
                install?: string;
                /** @description Run before its files are removed. */
                uninstall?: string;
                /** @description Is the application: it stays in the foreground for as long as it runs. */
                start?: string;
                /** @description Asks it to end; what is left after it is ended by signals. */
                stop?: string;
                /** @description Has the running application take over values that have changed; without it, it is started anew. */
                reload?: string;
            };
            /** @description Evidence that it works: all that is named must hold, and that it stays up. */
            health?: {
                /** @description A script that must exit 0. */
                check?: string;
                /** @description How long it must stay up; 1 when absent. */
                staysUpSeconds?: number;
                /** @description A port of its own that must take connections. */
                tcp?: number;
                /** @description A request to itself that must be answered, by neither a refusal nor a failure. */
                http?: {
                    /** @description Port of the gateway itself. */
                    port: number;
                    /** @description What is asked for, such as `/health`. */
                    path: string;
                };
                /** @description Between two checks for ever after; without it they are asked of a delivery alone. */
                periodSeconds?: number;
            };
            /** @description What its processes may take together, where the gateway can limit it; the agent's own limits otherwise. */
            limits?: {
                /** @description Memory of all its processes. */
                memoryBytes?: number;
                /** @description Processes at a time. */
                processes?: number;
                /** @description Of one core. */
                cpuPercent?: number;
                /** @description What it may keep on the disk, in its data directory. */
                diskBytes?: number;
            };
            /**
             * @description The least that its applications are to be kept from the system; gateways of a lower level have no plan.
             * @enum {unknown}
             */
            isolation?: "full" | "user";
            /** @description What it uses of the gateway beyond its own directories: for whoever reads the plan, and opens it on the device. */
            needs?: {
                /** @description Device files, such as `/dev/ttyS1`. */
                devices?: string[];
                /** @description Files and directories of the system. */
                paths?: string[];
                /** @description Ports that it listens on. */
                ports?: number[];
            };
            /** @description What happens when an application ends by itself. */
            restart?: {
                /**
                 * @description `onFailure`: not when it ended with status 0. Default `always`.
                 * @enum {unknown}
                 */
                policy?: "always" | "onFailure" | "never";
                /** @description The longest pause before it is started again; 60 when absent. */
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
            /** @description Why this channel was agreed on */
            channelReason: string;
            /** @description Channels agreed on besides, in the order in which they are tried: `http/pull` */
            fallbacks: string[];
            /** @description Since when it is known to be away, where its protocol tells */
            awaySince: string | null;
            agentVersion: string | null;
            /** Format: date-time */
            registeredAt: string;
            /** Format: date-time */
            lastSeenAt: string;
            /** @description Its pause between two polls */
            pollSeconds: number;
            /** @description silent: not heard of for longer than its pauses explain; contested: within a day */
            conditions: ("online" | "silent" | "queued" | "pending" | "contested" | "decommissioned")[];
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
        GatewayDetail: {
            id: string;
            /** @enum {unknown} */
            state: "pending" | "queued" | "active" | "decommissioned";
            nodeId: string | null;
            protocol: string;
            strategy: string;
            /** @description Why this channel was agreed on */
            channelReason: string;
            /** @description Channels agreed on besides, in the order in which they are tried: `http/pull` */
            fallbacks: string[];
            /** @description Since when it is known to be away, where its protocol tells */
            awaySince: string | null;
            agentVersion: string | null;
            /** Format: date-time */
            registeredAt: string;
            /** Format: date-time */
            lastSeenAt: string;
            /** @description Its pause between two polls */
            pollSeconds: number;
            /** @description silent: not heard of for longer than its pauses explain; contested: within a day */
            conditions: ("online" | "silent" | "queued" | "pending" | "contested" | "decommissioned")[];
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
            /** @description By name@version, of what a delivery brought */
            installedSince: {
                [key: string]: string;
            };
        };
        GatewayValue: {
            key: string;
            /** @description Null when it is a secret */
            value: string | null;
            secret: boolean;
            /**
             * @description Where it comes from: the nearest that there is
             * @enum {unknown}
             */
            level: "gateway" | "select" | "fleet";
            /** @description The selector that it comes by; null unless level is select */
            select: string | null;
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
        SharedValue: {
            key: string;
            /** @description Null when it is a secret */
            value: string | null;
            secret: boolean;
            /** @description Null: of the fleet */
            select: string | null;
            /** Format: date-time */
            updatedAt: string;
        };
        SharedValueChanges: {
            /** @description A selector; without it: the fleet */
            select?: string;
            set?: {
                [key: string]: string;
            };
            /** @description What is set is secret: it is never shown again */
            secret?: boolean;
            unset?: string[];
        };
        WantedState: {
            id: string;
            requests: string[];
            deployment: string;
            automatic: boolean;
            /** @description Null: new versions go to all at once */
            strategy: components["schemas"]["CampaignStrategy"] | null;
            deadlineSeconds: number;
            /** @description `name@version` of the newest that counts, one for each request */
            versions: string[];
            /** @description Why a newer version is not brought out */
            problem: string | null;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
        };
        WantedStateDetail: {
            id: string;
            requests: string[];
            deployment: string;
            automatic: boolean;
            /** @description Null: new versions go to all at once */
            strategy: components["schemas"]["CampaignStrategy"] | null;
            deadlineSeconds: number;
            /** @description `name@version` of the newest that counts, one for each request */
            versions: string[];
            /** @description Why a newer version is not brought out */
            problem: string | null;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
            /** @description How many gateways stand how */
            compliance: {
                held: number;
                drifted: number;
                moving: number;
                cannot: number;
                silent: number;
                conflict: number;
            };
            /** @description Not all gateways have been looked at yet */
            lookingAtAll: boolean;
            /** @description The last ones that it has started, newest first */
            rollouts: {
                id: string;
                gateways: number;
                state: string;
                /** Format: date-time */
                createdAt: string;
            }[];
            /** @description The last ones that it has started, newest first; none without a strategy */
            campaigns: {
                id: string;
                /** @description NAME@VERSION that it brings */
                selected: string[];
                /** @enum {unknown} */
                state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                /** Format: date-time */
                createdAt: string;
            }[];
        };
        WantedMember: {
            gatewayId: string;
            /** @enum {unknown} */
            standing: "held" | "drifted" | "moving" | "cannot" | "silent" | "conflict";
            reason: string | null;
            /** @description Rollouts in a row that did not bring it there */
            attempts: number;
            dueAt: string | null;
            rollout: string | null;
            /** Format: date-time */
            changedAt: string;
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
            reason: "key" | "keyless" | "enrolment" | "mac" | "counter" | "decommissioned" | "twice";
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
        AuditEntry: {
            id: string;
            /** Format: date-time */
            at: string;
            /** @description Who asked */
            principal: string;
            principalId: string;
            /** @description Where the request came from */
            address: string;
            requestId: string;
            /** @description operationId of the request */
            action: string;
            /** @description What it is about, such as gateways/gw-1 */
            subject: string;
            /** @description The body, without secrets */
            asked: unknown;
            /** @description How the subject looked; null when it was not there */
            before: unknown;
            /** @description null: the process ended before it could say */
            outcome: {
                status: number;
                code: string | null;
                made: string | null;
                /** @description How it, or what was made, looked then */
                after: unknown;
            } | null;
        };
        Token: {
            name: string;
            grants: {
                /** @enum {unknown} */
                role: "viewer" | "operator" | "publisher" | "approver" | "admin";
                /** @description A selector; null: the whole fleet */
                scope: string | null;
            }[];
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            lastUsedAt: string | null;
        };
        /** @description Who asks, and what that may do */
        Whoami: {
            name: string;
            grants: {
                /** @enum {unknown} */
                role: "viewer" | "operator" | "publisher" | "approver" | "admin";
                /** @description A selector; null: the whole fleet */
                scope: string | null;
            }[];
        };
        TokenRequest: {
            name: string;
            /** @description What each allows holds within its own scope */
            grants: {
                /** @enum {unknown} */
                role: "viewer" | "operator" | "publisher" | "approver" | "admin";
                /** @description A selector over the operator's labels; absent: the whole fleet */
                scope?: string;
            }[];
            /** @description Absent: it does not expire */
            expiresInSeconds?: number;
        };
        Session: {
            id: string;
            /** @enum {unknown} */
            kind: "dashboard" | "cli";
            name: string;
            /** @description Who it is at the provider */
            subject: string;
            /** @description The provider */
            issuer: string;
            /** @description What it may do now, by the groups of the person */
            grants: {
                /** @enum {unknown} */
                role: "viewer" | "operator" | "publisher" | "approver" | "admin";
                /** @description A selector; null: the whole fleet */
                scope: string | null;
            }[];
            /** @description Where he signed in from */
            address: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            lastUsedAt: string;
            /** Format: date-time */
            expiresAt: string;
        };
        Webhook: {
            name: string;
            url: string;
            events: string[];
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            /** @description Deliveries that are yet to be made */
            waiting: number;
            /** @description Deliveries that were given up; they may be tried anew */
            dead: number;
            /** @description Deliveries that went unmade because there were too many */
            dropped: number;
            /** @description Attempts in a row that failed */
            failures: number;
            /** @description Until then nothing is sent, after attempts that failed */
            restsUntil: string | null;
            /** @description When its receiver answered 410: it is told nothing since, until somebody tries it */
            goneAt: string | null;
            /** @description It is told of gateways that any of these selectors matches; none: of the whole fleet */
            scopes: string[];
            /** @description Until then the secret before this one signs too */
            previousSecretUntil: string | null;
        };
        WebhookRequest: {
            name: string;
            /** @description Where it is sent: https, and not to loopback, link-local or private addresses unless they were opened */
            url: string;
            /** @description What it is told of; absent: all that there is now */
            events?: ("rollout.ended" | "campaign.started" | "campaign.awaiting-approval" | "campaign.paused" | "campaign.halted" | "campaign.rolling-back" | "campaign.ended" | "gateway.silent" | "gateway.back" | "gateway.contested" | "wanted-state.broken" | "wanted-state.kept")[];
        };
        WebhookDelivery: {
            /** @description The header webhook-id */
            id: string;
            type: string;
            data: unknown;
            /** Format: date-time */
            occurredAt: string;
            /** @enum {unknown} */
            state: "waiting" | "delivered" | "dead";
            attempts: number;
            dueAt: string | null;
            triedAt: string | null;
            /** @description What was answered to the last attempt */
            status: number | null;
            /** @description Why the last attempt does not count */
            problem: string | null;
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
                formats?: ("swu" | "rauc" | "mender" | "raw")[];
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
            /**
             * @description live: the selector is looked up each time; frozen: it was looked up once, or the gateways are a list
             * @enum {unknown}
             */
            mode: "live" | "frozen";
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
                demands?: {
                    /** @description What its processes may take together, where the gateway can limit it; the agent's own limits otherwise. */
                    limits?: {
                        /** @description Memory of all its processes. */
                        memoryBytes?: number;
                        /** @description Processes at a time. */
                        processes?: number;
                        /** @description Of one core. */
                        cpuPercent?: number;
                        /** @description What it may keep on the disk, in its data directory. */
                        diskBytes?: number;
                    };
                    /**
                     * @description The least that its applications are to be kept from the system; gateways of a lower level have no plan.
                     * @enum {unknown}
                     */
                    isolation?: "full" | "user";
                    /** @description What it uses of the gateway beyond its own directories: for whoever reads the plan, and opens it on the device. */
                    needs?: {
                        /** @description Device files, such as `/dev/ttyS1`. */
                        devices?: string[];
                        /** @description Files and directories of the system. */
                        paths?: string[];
                        /** @description Ports that it listens on. */
                        ports?: number[];
                    };
                    /** @description What happens when an application ends by itself. */
                    restart?: {
                        /**
                         * @description `onFailure`: not when it ended with status 0. Default `always`.
                         * @enum {unknown}
                         */
                        policy?: "always" | "onFailure" | "never";
                        /** @description The longest pause before it is started again; 60 when absent. */
                        mostBackoffSeconds?: number;
                    };
                };
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
            /** @description Gateways that have a plan, and would be offered nothing since they lack values */
            lackingValues: number;
            /** @description What all gateways together would fetch */
            downloadBytes: number;
            /** @description Gateways for which it was not found out in the time for planning whether there is a plan */
            undecided: number;
            groups: {
                gateways: number;
                /** @description Some of the gateways */
                sample: string[];
                plans: components["schemas"]["Plan"][];
                explanation: string | null;
                undecided: boolean;
                /** @description The package of the first plan; null when there is nothing to do */
                package: {
                    /** @description It was built before */
                    there: boolean;
                    /** @description What a gateway fetches: of the archive, or what the plan says while there is none */
                    bytes: number;
                } | null;
                /** @description Gateways that have all of it, and get other values without a package */
                configured: {
                    gateways: number;
                    /** @description Some of the gateways */
                    sample: string[];
                };
                /** @description Gateways that would be offered nothing since they lack values */
                lacking: {
                    /** @description What has no value */
                    keys: string;
                    gateways: number;
                    /** @description Some of the gateways */
                    sample: string[];
                }[];
                /** @description What to look at before it begins */
                risks: {
                    /** @enum {unknown} */
                    kind: "downgrade" | "removal" | "silent";
                    /** @description In words */
                    what: string;
                    gateways: number;
                    /** @description Some of the gateways */
                    sample: string[];
                }[];
            }[];
        };
        Rollout: {
            id: string;
            requests: string[];
            /** @description Whom it goes to, for people: the deployment, or what is named */
            deployment: string;
            /** @enum {unknown} */
            state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
            deadlineSeconds: number;
            allowRemove: boolean;
            allowDowngrade: boolean;
            /** @description Who asked for it */
            createdBy: string | null;
            /** @description The campaign that it belongs to */
            campaign: string | null;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
            failure: unknown;
            /** @description What it waits for besides gateways: PostgreSQL, Temporal, the blob store, a node; null: for nothing */
            waitingFor: string | null;
            /** @description Why the rollout as a whole came to nothing, and what to do; null when it did not */
            failureText: string | null;
            counts: components["schemas"]["DeliveryCounts"];
            /** @description Its deliveries by protocol and strategy */
            channels: {
                protocol: string;
                strategy: string;
                counts: components["schemas"]["DeliveryCounts"];
            }[];
            steps: components["schemas"]["RolloutStep"][];
            /** @description The largest 200 */
            groups: components["schemas"]["RolloutGroup"][];
            /** @description What happened to it besides its steps, in order */
            events: components["schemas"]["RolloutEvent"][];
            /** @description Where Temporal's web UI shows its workflow; null where nobody has said where that is */
            temporalUi: string | null;
        };
        RolloutSummary: {
            id: string;
            requests: string[];
            /** @description Whom it goes to, for people: the deployment, or what is named */
            deployment: string;
            /** @enum {unknown} */
            state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
            deadlineSeconds: number;
            allowRemove: boolean;
            allowDowngrade: boolean;
            /** @description Who asked for it */
            createdBy: string | null;
            /** @description The campaign that it belongs to */
            campaign: string | null;
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
            state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
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
            superseded: number;
        };
        Delivery: {
            gatewayId: string;
            nodeId: string | null;
            groupId: string | null;
            /** @enum {unknown} */
            state: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled" | "superseded";
            protocol: string;
            strategy: string;
            error: unknown;
            /** @description Id of the newer rollout that took its place */
            supersededBy: string | null;
            /** @description What went wrong, what the gateway has now, and what to do; null when nothing went wrong */
            failure: string | null;
            explanation: string | null;
            packageId: string | null;
            /** Format: date-time */
            updatedAt: string;
            endedAt: string | null;
            /** @description Why it ended badly; null when it did not */
            reason: {
                /** @description The same wherever it went wrong for this reason: lists are asked by it */
                key: string;
                /** @enum {unknown} */
                class: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                /** @description What happened, with # where ids, addresses and numbers stand */
                template: string;
                /** @description What stands there, in order */
                parameters: string[];
                /** @description The end of what a script printed */
                output: string | null;
            } | null;
        };
        FleetDelivery: {
            /** @description Id of the rollout or the order */
            rollout: string;
            requests: string[];
            gatewayId: string;
            nodeId: string | null;
            groupId: string | null;
            /** @enum {unknown} */
            state: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled" | "superseded";
            protocol: string;
            strategy: string;
            error: unknown;
            /** @description Id of the newer rollout that took its place */
            supersededBy: string | null;
            /** @description What went wrong, what the gateway has now, and what to do; null when nothing went wrong */
            failure: string | null;
            explanation: string | null;
            packageId: string | null;
            /** Format: date-time */
            updatedAt: string;
            endedAt: string | null;
            /** @description Why it ended badly; null when it did not */
            reason: {
                /** @description The same wherever it went wrong for this reason: lists are asked by it */
                key: string;
                /** @enum {unknown} */
                class: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                /** @description What happened, with # where ids, addresses and numbers stand */
                template: string;
                /** @description What stands there, in order */
                parameters: string[];
                /** @description The end of what a script printed */
                output: string | null;
            } | null;
        };
        DeliveryFacets: {
            total: number;
            /** @description False: there are more than are counted one by one, and the numbers are those of so many */
            complete: boolean;
            /**
             * Format: date-time
             * @description The moment that the numbers speak of
             */
            countedAt: string;
            facets: {
                state: {
                    /** @enum {unknown} */
                    value: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled" | "superseded";
                    count: number;
                }[];
                class: {
                    /** @enum {unknown} */
                    value: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                    count: number;
                }[];
                node: {
                    value: string;
                    count: number;
                }[];
                /** @description What went wrong most, first */
                reason: {
                    /** @description The same wherever it went wrong for this reason: lists are asked by it */
                    key: string;
                    /** @enum {unknown} */
                    class: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                    /** @description What happened, with # where ids, addresses and numbers stand */
                    template: string;
                    count: number;
                    example: {
                        gatewayId: string;
                        rollout: string;
                        /** @description What stands there, in order */
                        parameters: string[];
                        /** @description The end of what a script printed */
                        output: string | null;
                    };
                }[];
            };
        };
        Campaign: {
            id: string;
            requests: string[];
            /** @description NAME@VERSION: the same in all phases */
            selected: string[];
            /** @description To what, for people */
            deployment: string;
            /** @enum {unknown} */
            state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
            /** @description Why it is in this state */
            reason: string | null;
            waitingFor: string | null;
            /** @description Who asked for it */
            createdBy: string | null;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
            strategy: components["schemas"]["CampaignStrategy"];
            /** @description Empty until its gateways are chosen */
            phases: components["schemas"]["CampaignPhase"][];
            /** @description What it started, in order; the first 500 */
            rollouts: {
                id: string;
                phase: number;
                /** @enum {unknown} */
                work: "phase" | "retry" | "roll-back";
                /** @description install; uninstall for what came besides */
                action: string;
                requests: string[];
                /** @enum {unknown} */
                state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
                /** Format: date-time */
                createdAt: string;
                endedAt: string | null;
            }[];
            wayBack: {
                /** @description Gateways that are on their way still */
                open: number;
                /** @description Gateways that are left as they are; the first 500 */
                left: {
                    gatewayId: string;
                    because: string;
                }[];
            } | null;
            /** @description What people and the campaign did, in order */
            events: components["schemas"]["CampaignEvent"][];
            /** @description Where Temporal's web UI shows its workflow; null where nobody has said where that is */
            temporalUi: string | null;
        };
        CampaignSummary: {
            id: string;
            requests: string[];
            /** @description NAME@VERSION: the same in all phases */
            selected: string[];
            /** @description To what, for people */
            deployment: string;
            /** @enum {unknown} */
            state: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
            /** @description Why it is in this state */
            reason: string | null;
            waitingFor: string | null;
            /** @description Who asked for it */
            createdBy: string | null;
            /** Format: date-time */
            createdAt: string;
            endedAt: string | null;
        };
        CampaignPreview: {
            /** @description What gateways are drawn by: give it to the start for the same phases */
            id: string;
            requests: string[];
            /** @description NAME@VERSION: the same in all phases */
            selected: string[];
            /** @description To what, for people */
            deployment: string;
            gateways: number;
            /** @description What a delivery is taken to last */
            deliverySeconds: number;
            /** @description Whether that is what the last ones took */
            isMeasured: boolean;
            /**
             * Format: date-time
             * @description If all goes well, and approvals are given at once
             */
            endsAt: string;
            phases: {
                /** @description The first is 1 */
                phase: number;
                name: string;
                gateways: number;
                /** @description In the order in which they are served; the first 100 */
                gatewayIds: string[];
                /** @description Null: not before the deadline */
                beginsAt: string | null;
                endsAt: string | null;
                /** @description Role of who has to approve it */
                approval: string | null;
                /** @description The next window of each time zone; empty without windows */
                zones: {
                    zone: string;
                    gateways: number;
                    /** Format: date-time */
                    opensAt: string;
                    /** Format: date-time */
                    closesAt: string;
                }[];
                /** @description Gateways that need the same, the most first; at most 20 */
                groups: {
                    gateways: number;
                    /** @description The first of them */
                    sample: string[];
                    /** @description NAME@VERSION in order */
                    install: string[];
                    remove: string[];
                    /** @description Why there is no plan, or why nobody knows */
                    explanation: string | null;
                    /** @description Null where none is needed */
                    package: {
                        /** @description It was built before */
                        there: boolean;
                        /** @description That each gateway fetches */
                        bytes: number;
                    } | null;
                    /** @description Gateways without values that the package needs */
                    lacking: number;
                }[];
                /** @description How many there are */
                groupCount: number;
                /** @description Those that no phase before has needed */
                packagesToBuild: number;
                packagesThere: number;
                /** @description Of all gateways together */
                downloadBytes: number;
                /** @description The busiest line first; at most 50 */
                sites: {
                    /** @description Value of the label; empty for gateways without it */
                    site: string;
                    gateways: number;
                    /** @description That go over its line */
                    bytes: number;
                }[];
                /** @description How many there are */
                siteCount: number;
            }[];
            /** @description Label whose values name lines: that of the speed limit, or `site` */
            siteLabel: string;
            risks: {
                /** @enum {unknown} */
                kind: "silent" | "unknown-zone" | "deadline" | "downgrade" | "removal" | "no-plan" | "lacking-values";
                text: string;
                sample: string[];
            }[];
        };
        CampaignProgress: {
            gateways: number;
            /** @description From its start to its end, real or predicted, at even distances; empty until its gateways are chosen */
            samples: {
                /** Format: date-time */
                at: string;
                /** @description Gateways whose work had ended; null: that is to come */
                ended: number | null;
                succeeded: number | null;
                /** @description Predicted at its start, were deliveries as slow as the slowest of ten */
                atLeast: number;
                /** @description Likewise, as quick as the quickest of ten */
                atMost: number;
            }[];
            /** @description When it ends, if it goes on from where it is as was predicted; null: it has, or somebody has to decide first */
            ends: {
                /** Format: date-time */
                earliest: string;
                /** Format: date-time */
                latest: string;
            } | null;
            /** @description As was predicted at its start, were all to go well, and approvals given at once; null: no window opens before its deadline */
            predicted: {
                /** Format: date-time */
                earliest: string;
                /** Format: date-time */
                latest: string;
            } | null;
            /** @description Whether it stands on what deliveries took that had ended before; else it is a guess */
            isMeasured: boolean;
        };
        CampaignPhase: {
            /** @description The first is 1 */
            phase: number;
            name: string;
            gateways: number;
            startedAt: string | null;
            notBegun: number;
            /** @description At work */
            open: number;
            succeeded: number;
            /** @description By class of failure */
            failed: {
                network: number;
                integrity: number;
                space: number;
                script: number;
                health: number;
                incompatible: number;
                lost: number;
                internal: number;
            };
            /** @description Out: cancelled, superseded, taken out of service, or on its way back */
            left: number;
            /** @description Succeeded, and not well after the bake time */
            unwell: number;
        };
        CampaignEvent: {
            /** Format: date-time */
            at: string;
            kind: string;
            /** @description Null: the campaign itself */
            who: string | null;
            why: string | null;
            detail: {
                [key: string]: unknown;
            };
        };
        CampaignEvidence: {
            gatewayId: string;
            /** @description The first is 1 */
            phase: number;
            /** @description waiting, gone, or the state of its last delivery */
            standing: string;
            /** @description Its last work */
            rollout: string | null;
            /** @description Deliveries that it had */
            attempts: number;
            /** @description name@version that it had when it was first given work */
            before: string[] | null;
            /** @description name@version that it has now */
            installed: string[] | null;
            /** @description sha256 of the archive that it was brought */
            archiveDigest: string | null;
            /** @description Digest by which the gateway named its state before */
            stateBefore: string | null;
            /** @description What went wrong, in sentences */
            failure: string | null;
            reason: {
                /** @enum {unknown} */
                class: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                /** @description What happened, with # where ids, addresses and numbers stand */
                template: string;
                /** @description What stands there, in order */
                parameters: string[];
                /** @description The end of what a script printed */
                output: string | null;
            } | null;
            /** @description Why the way back leaves it as it is */
            leftBecause: string | null;
            offeredAt: string | null;
            endedAt: string | null;
        };
        /** Strategy of a campaign */
        CampaignStrategy: {
            /** @description One after the other; what they leave is the last phase, `rest` */
            phases: ({
                name?: string;
                /** @description So many gateways */
                count?: number;
                /** @description Percent of all gateways, rounded up */
                percent?: number;
                /** @description All gateways that the selector matches */
                select?: string;
                /** @description What must hold before the next phase begins */
                gate?: {
                    /** @description Part of the phase that must have succeeded; 1 less the share of the error budget when not given */
                    successShare?: number;
                    /** @description After this long the applications must still be up and their checks good */
                    bakeMinutes?: number;
                    /** @description Somebody has to approve */
                    approval?: {
                        /** @enum {unknown} */
                        role: "operator" | "admin";
                    };
                };
            } & (unknown | unknown | unknown))[];
            /** @description What must hold before the next phase begins */
            gate?: {
                /** @description Part of the phase that must have succeeded; 1 less the share of the error budget when not given */
                successShare?: number;
                /** @description After this long the applications must still be up and their checks good */
                bakeMinutes?: number;
                /** @description Somebody has to approve */
                approval?: {
                    /** @enum {unknown} */
                    role: "operator" | "admin";
                };
            };
            errorBudget?: {
                /** @description Part of the ended gateways of the phase under way that may have failed */
                share?: number;
                /** @description Gateways of the campaign that may have failed */
                count?: number;
                /** @description Ended gateways of the phase from which on shares count */
                minimumSample?: number;
                classes?: {
                    network?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                    integrity?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                    space?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                    script?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                    health?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                    incompatible?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                    lost?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                    internal?: {
                        /** @description Part of the ended gateways of the phase under way that may have failed */
                        share?: number;
                        /** @description Gateways of the campaign that may have failed */
                        count?: number;
                    };
                };
                /** @enum {unknown} */
                onBreach: "pause" | "stop" | "roll-back-phase" | "roll-back-all";
            };
            retries?: {
                classes: ("network" | "integrity" | "space" | "lost" | "internal")[];
                /** @description Retries of one gateway */
                most: number;
                firstDelaySeconds: number;
                factor: number;
                longestDelaySeconds: number;
            };
            /** @description When gateways may switch to the new software; downloads may begin before */
            windows?: {
                /** @description IANA time zone of gateways that name none; UTC when not given */
                zone?: string;
                /** @description Label of a gateway that names its IANA time zone */
                zoneLabel?: string;
                weekly: {
                    days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
                    /** @description HH:MM */
                    from: string;
                    /** @description HH:MM up to 24:00; not later than `from`: of the next day */
                    to: string;
                }[];
                freezes?: {
                    /** @description YYYY-MM-DD or YYYY-MM-DDTHH:MM, in the zone of the gateway; a day is meant with all its hours */
                    from: string;
                    /** @description YYYY-MM-DD or YYYY-MM-DDTHH:MM, in the zone of the gateway; a day is meant with all its hours */
                    to: string;
                    reason?: string;
                }[];
            };
            speed?: {
                gatewaysPerMinute?: number;
                /** @description So many gateways with the same value of the label at a time */
                downloadsByLabel?: {
                    label: string;
                    most: number;
                };
            };
            /**
             * @description `emergency` overtakes work that is queued
             * @enum {unknown}
             */
            priority?: "normal" | "emergency";
            /** @description What an emergency does not wait for */
            skip?: ("phases" | "windows")[];
            /** @description Silence after which a gateway is lost, from its window on where there are windows; 24 when not given */
            lostAfterHours?: number;
            /** @description After this long nothing new begins; 720 when not given */
            deadlineHours?: number;
        };
        GatewayDelivery: {
            /** @description Id of the rollout or the order */
            rollout: string;
            gatewayId: string;
            /** @description install, or what was ordered */
            action: string;
            requests: string[];
            artifact: string | null;
            /** @description Who asked for it */
            createdBy: string | null;
            /** @enum {unknown} */
            state: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled" | "superseded";
            /** @description What went wrong, what the gateway has now, and what to do; null when nothing went wrong */
            failure: string | null;
            error: unknown;
            explanation: string | null;
            packageId: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            endedAt: string | null;
            /** @description What happened to it, in order */
            history: {
                /** Format: date-time */
                at: string;
                /** @description In words */
                what: string;
            }[];
        };
        GatewayEvent: {
            /** Format: date-time */
            at: string;
            /** @enum {unknown} */
            kind: "registered" | "delivery" | "person" | "contest" | "moved" | "profile" | "agent" | "channel" | "state";
            /** @description In words */
            what: string;
            /** @description What it belongs to */
            rollout: string | null;
            /** @description Who asked for it */
            by: string | null;
        };
        Fleet: {
            gateways: number;
            conditions: {
                online: number;
                silent: number;
                queued: number;
                pending: number;
                contested: number;
                decommissioned: number;
            };
            /** @description The 500 that most have */
            installed: {
                name: string;
                version: string;
                gateways: number;
            }[];
            nodes: {
                id: string;
                gateways: number;
            }[];
            protocols: {
                protocol: string;
                gateways: number;
            }[];
            /** @description Deliveries that ended badly within a day, by the class of the failure, or as what they ended */
            failures: {
                class: string;
                deliveries: number;
            }[];
            /** @description How they stand to the wanted states that have not ended; empty within a scope */
            wanted: {
                id: string;
                deployment: string;
                requests: string[];
                /** @description How many gateways stand how */
                compliance: {
                    held: number;
                    drifted: number;
                    moving: number;
                    cannot: number;
                    silent: number;
                    conflict: number;
                };
            }[];
        };
        FleetHistory: {
            /** @description At most 500, the oldest first; the older they are, the fewer were kept */
            samples: {
                /** Format: date-time */
                at: string;
                gateways: number;
                conditions: {
                    online: number;
                    silent: number;
                    queued: number;
                    pending: number;
                    contested: number;
                    decommissioned: number;
                };
                /** @description The 30 that most had, or those of the artifact that was asked for */
                versions: {
                    name: string;
                    version: string;
                    gateways: number;
                }[];
            }[];
        };
        GatewayFacets: {
            total: number;
            /** @description False: there are more than are counted one by one, and the numbers are those of so many */
            complete: boolean;
            /**
             * Format: date-time
             * @description The moment that the numbers speak of
             */
            countedAt: string;
            facets: {
                /** @description A gateway may be contested besides */
                state: {
                    /** @enum {unknown} */
                    value: "online" | "silent" | "queued" | "pending" | "contested" | "decommissioned";
                    count: number;
                }[];
                /** @description The 200 that most have */
                artifact: {
                    /** @description name@version */
                    value: string;
                    name: string;
                    version: string;
                    count: number;
                }[];
                /** @description The 200 that most have */
                node: {
                    value: string;
                    count: number;
                }[];
                /** @description Protocol and strategy */
                protocol: {
                    value: string;
                    count: number;
                }[];
                /** @description 50 labels by name, and of each the 20 values that most have */
                label: {
                    key: string;
                    values: {
                        value: string;
                        count: number;
                    }[];
                }[];
            };
        };
        WorkFacets: {
            total: number;
            /** @description False: there are more than are counted one by one, and the numbers are those of so many */
            complete: boolean;
            /**
             * Format: date-time
             * @description The moment that the numbers speak of
             */
            countedAt: string;
            facets: {
                state: {
                    value: string;
                    count: number;
                }[];
                /** @description Names of who asked for them */
                createdBy: {
                    value: string;
                    count: number;
                }[];
            };
        };
        Dependents: {
            gateways: {
                count: number;
                /** @description Some of them */
                sample: string[];
            };
            /** @description Artifacts of the repository that nothing else would do for */
            needs: {
                artifact: string;
                because: string;
            }[];
            /** @description Ids of wanted states that are kept at it */
            wantedStates: string[];
            /** @description Ids of campaigns that bring it and have not ended */
            campaigns: string[];
            /** @description Ids of rollouts that install it and have not ended */
            rollouts: string[];
            /** Format: date-time */
            countedAt: string;
        };
        StreamMessage: {
            /**
             * Format: date-time
             * @description When it was looked at
             */
            at: string;
            /** @description How old it was when it was sent */
            ageMs: number;
            items: {
                id: string;
                requests: string[];
                /** @description Whom it goes to, for people: the deployment, or what is named */
                deployment: string;
                /** @enum {unknown} */
                state: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
                deadlineSeconds: number;
                allowRemove: boolean;
                allowDowngrade: boolean;
                /** @description Who asked for it */
                createdBy: string | null;
                /** @description The campaign that it belongs to */
                campaign: string | null;
                /** Format: date-time */
                createdAt: string;
                endedAt: string | null;
                failure: unknown;
                /** @description What it waits for besides gateways: PostgreSQL, Temporal, the blob store, a node; null: for nothing */
                waitingFor: string | null;
                counts: components["schemas"]["DeliveryCounts"];
            }[];
        } | {
            /**
             * Format: date-time
             * @description When it was looked at
             */
            at: string;
            /** @description How old it was when it was sent */
            ageMs: number;
            items: components["schemas"]["CampaignSummary"][];
        } | {
            /**
             * Format: date-time
             * @description When it was looked at
             */
            at: string;
            /** @description How old it was when it was sent */
            ageMs: number;
            total: number;
            complete: boolean;
            conditions: {
                online: number;
                silent: number;
                queued: number;
                pending: number;
                contested: number;
                decommissioned: number;
            };
        } | {
            /**
             * Format: date-time
             * @description When it was looked at
             */
            at: string;
            /** @description How old it was when it was sent */
            ageMs: number;
            items: components["schemas"]["Node"][];
        } | {
            /**
             * Format: date-time
             * @description When it was looked at
             */
            at: string;
            /** @description How old it was when it was sent */
            ageMs: number;
            progress: components["schemas"]["RolloutProgress"];
        } | {
            /**
             * Format: date-time
             * @description When it was looked at
             */
            at: string;
            /** @description How old it was when it was sent */
            ageMs: number;
        };
        GatewayOrder: {
            order: string;
            gatewayId: string;
            /** @enum {unknown} */
            action: "uninstall" | "start" | "stop" | "wipe" | "profile" | "configure";
            artifact: string;
            /** @enum {unknown} */
            state: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled" | "superseded";
            /** @description The gateway's error, or null */
            error: unknown;
            /** @description Who gave it */
            createdBy: string | null;
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
            /** @description Where it serves which protocol */
            endpoints: {
                protocol: string;
                /** @enum {unknown} */
                transport: "tcp" | "udp";
                address: string;
                strategies: string[];
                pushScheme: string | null;
                /** @enum {unknown} */
                tls: "none" | "server" | "mutual";
            }[];
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
            /** @description Channels or protocols that gateways are spoken to by where they can, in order */
            channels: string[];
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
            code: "MALFORMED_INPUT" | "MALFORMED_ARTIFACT" | "MALFORMED_CATALOG" | "STRATEGY_INVALID" | "WINDOW_NEVER_OPENS" | "MALFORMED_PACKAGE" | "SIGNATURE_INVALID" | "UNTRUSTED" | "UNAUTHENTICATED" | "SIGN_IN_REFUSED" | "SIGN_IN_NOT_ALLOWED" | "CLOCKS_DIFFER" | "CSRF_TOKEN_REQUIRED" | "SIGN_IN_NOT_CONFIGURED" | "SESSION_NOT_FOUND" | "IDENTITY_PROVIDER_UNAVAILABLE" | "IDENTITY_PROOF_REQUIRED" | "IDENTITY_PROOF_INVALID" | "FORBIDDEN" | "ENROLMENT_REFUSED" | "CLIENT_CERTIFICATE_REQUIRED" | "CHANNEL_NOT_PRIVATE" | "GATEWAY_DECOMMISSIONED" | "ARTIFACT_NOT_FOUND" | "GATEWAY_NOT_FOUND" | "ENROLMENT_NOT_FOUND" | "TOKEN_NOT_FOUND" | "WEBHOOK_NOT_FOUND" | "DEPLOYMENT_NOT_FOUND" | "ROLLOUT_NOT_FOUND" | "CAMPAIGN_NOT_FOUND" | "NODE_NOT_FOUND" | "PACKAGE_NOT_FOUND" | "ORDER_NOT_FOUND" | "DELIVERY_NOT_FOUND" | "ROUTE_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "UNSUPPORTED_MEDIA_TYPE" | "ARTIFACT_IMMUTABLE" | "ARTIFACT_IN_USE" | "ARTIFACT_NEEDED" | "WANTED_STATE_NOT_FOUND" | "WANTED_STATE_CONFLICT" | "DEPLOYMENT_IN_USE" | "SUPERSEDED" | "DEPLOYMENT_EXISTS" | "DELIVERY_ENDED" | "GATEWAY_IDENTITY_TAKEN" | "GATEWAY_CONTESTED" | "REGISTRATION_REPLAYED" | "GATEWAY_NOT_PENDING" | "ENROLMENT_CONTRADICTS" | "TOKEN_EXISTS" | "WEBHOOK_EXISTS" | "ENROLMENT_EXISTS" | "ROLLOUT_ENDED" | "CAMPAIGN_EXISTS" | "CAMPAIGN_ENDED" | "CAMPAIGN_STATE_FORBIDS" | "APPROVAL_NOT_ALLOWED" | "EMPTY_DEPLOYMENT" | "NO_COMMON_PROTOCOL" | "IDEMPOTENCY_KEY_REUSED" | "UNSATISFIABLE" | "PLANNING_TOO_HARD" | "COMPUTATION_TOO_HARD" | "TOO_LARGE" | "TOO_MANY_REQUESTS" | "BUILD_FAILED" | "BLOB_MISSING" | "NOT_THIS_NODE" | "PACKAGE_REBUILDING" | "SECRETS_UNAVAILABLE" | "VALUE_MISSING" | "NODE_UNAVAILABLE" | "NO_NODE" | "NODES_FULL" | "NODE_ID_TAKEN" | "NODE_NOT_ACTIVE" | "LAST_NODE" | "LAUNCH_FAILED" | "DATABASE_UNAVAILABLE" | "TEMPORAL_UNAVAILABLE" | "BLOBS_UNAVAILABLE" | "TASK_QUARANTINED" | "DEADLINE_PASSED" | "INTERNAL";
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
                /**
                 * @example {
                 *       "profile": {
                 *         "id": "gw-1",
                 *         "hardware": {
                 *           "arch": "armv7",
                 *           "memoryTotal": 67108864,
                 *           "diskTotal": 16777216,
                 *           "diskFree": 12582912
                 *         },
                 *         "software": {
                 *           "os": "linux",
                 *           "kernel": "5.10.0",
                 *           "libc": "musl"
                 *         },
                 *         "strategies": [
                 *           "pull"
                 *         ],
                 *         "protocols": [
                 *           "http"
                 *         ],
                 *         "labels": {
                 *           "room": "2.14"
                 *         },
                 *         "installed": [
                 *           {
                 *             "name": "thermometer",
                 *             "version": "1.0.0",
                 *             "requested": true
                 *           }
                 *         ]
                 *       },
                 *       "agentVersion": "0.1.0"
                 *     }
                 */
                "application/json": {
                    profile: components["schemas"]["GatewayProfile"];
                    pushAddress?: string;
                    agentVersion?: string;
                    pollIntervalSeconds?: number;
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
                        endpoints?: {
                            protocol: string;
                            strategy: string;
                            /** @enum {unknown} */
                            transport: "tcp" | "udp";
                            address: string;
                            /** @enum {unknown} */
                            tls: "none" | "server" | "mutual";
                        }[];
                        pollIntervalSeconds: number;
                        authorities?: string;
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
            query?: {
                /** @description Whether it goes though somebody needs it */
                force?: "true" | "false";
            };
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
    showDependents: {
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
                    "application/json": components["schemas"]["Dependents"];
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
    listGateways: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                /** @description A selector */
                select?: string;
                /** @description Part of id, name, mac or a label, in whatever case */
                text?: string;
                /** @description silent: not heard of for longer than its own pauses explain; contested: within a day */
                state?: "online" | "silent" | "queued" | "pending" | "contested" | "decommissioned";
                /** @description What is installed: NAME or NAME@RANGE */
                artifact?: string;
                /** @description The node that serves it */
                node?: string;
                /** @description The protocol that it speaks */
                protocol?: string;
                /** @description Only those that report that something is not as it should be */
                unwell?: "true" | "false";
                /** @description default id; with - the other way round */
                sort?: "id" | "-id" | "lastSeen" | "-lastSeen" | "registered" | "-registered";
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
                    "application/json": components["schemas"]["GatewayDetail"];
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
    countGateways: {
        parameters: {
            query?: {
                /** @description A selector */
                select?: string;
                /** @description Part of id, name, mac or a label, in whatever case */
                text?: string;
                /** @description silent: not heard of for longer than its own pauses explain; contested: within a day */
                state?: "online" | "silent" | "queued" | "pending" | "contested" | "decommissioned";
                /** @description What is installed: NAME or NAME@RANGE */
                artifact?: string;
                /** @description The node that serves it */
                node?: string;
                /** @description The protocol that it speaks */
                protocol?: string;
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
                    "application/json": components["schemas"]["Fleet"];
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
    facetGateways: {
        parameters: {
            query?: {
                /** @description A selector */
                select?: string;
                /** @description Part of id, name, mac or a label, in whatever case */
                text?: string;
                /** @description silent: not heard of for longer than its own pauses explain; contested: within a day */
                state?: "online" | "silent" | "queued" | "pending" | "contested" | "decommissioned";
                /** @description What is installed: NAME or NAME@RANGE */
                artifact?: string;
                /** @description The node that serves it */
                node?: string;
                /** @description The protocol that it speaks */
                protocol?: string;
                /** @description Only those that report that something is not as it should be */
                unwell?: "true" | "false";
                /** @description All of a part are counted, however many they are: seconds in a large fleet. Who asks the same within half a minute is told the same; `complete` is false where it would take more than 20 s, or too many ask */
                all?: "true" | "false";
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
                    "application/json": components["schemas"]["GatewayFacets"];
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
    showFleetHistory: {
        parameters: {
            query?: {
                /** @description Default: a week before `to` */
                from?: string;
                /** @description Default: now */
                to?: string;
                /** @description The versions of this one */
                artifact?: string;
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
                    "application/json": components["schemas"]["FleetHistory"];
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
    listGatewayDeliveries: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                cursor?: string;
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
                        items: components["schemas"]["GatewayDelivery"][];
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
    showGatewayHistory: {
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
                        items: components["schemas"]["GatewayEvent"][];
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
                        /** @description Artifacts on the gateway that were given other values, and are still to be configured */
                        pending: {
                            artifact: string;
                            /** Format: date-time */
                            since: string;
                            /** @description Orders in a row that came to nothing */
                            attempts: number;
                            order: string | null;
                            problem: string | null;
                        }[];
                        /** @description Keys among those set that no artifact of the repository declares: nothing will ask for them */
                        undeclared: string[];
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
                /**
                 * @example {
                 *       "set": {
                 *         "interval": "60"
                 *       },
                 *       "unset": [
                 *         "offset"
                 *       ]
                 *     }
                 */
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
                        /** @description Artifacts on the gateway that were given other values, and are still to be configured */
                        pending: {
                            artifact: string;
                            /** Format: date-time */
                            since: string;
                            /** @description Orders in a row that came to nothing */
                            attempts: number;
                            order: string | null;
                            problem: string | null;
                        }[];
                        /** @description Keys among those set that no artifact of the repository declares: nothing will ask for them */
                        undeclared: string[];
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
    listSharedValues: {
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
                        items: components["schemas"]["SharedValue"][];
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
    changeSharedValues: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "select": "labels.building == \"b1\"",
                 *       "set": {
                 *         "interval": "60"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["SharedValueChanges"];
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
                        items: components["schemas"]["SharedValue"][];
                        /** @description Keys among those set that no artifact of the repository declares: nothing will ask for them */
                        undeclared: string[];
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
                /**
                 * @example {
                 *       "code": true,
                 *       "expiresInSeconds": 86400
                 *     }
                 */
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
                /**
                 * @example {
                 *       "set": {
                 *         "building": "b1"
                 *       },
                 *       "unset": [
                 *         "floor"
                 *       ]
                 *     }
                 */
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
                /**
                 * @example {
                 *       "gateways": [
                 *         {
                 *           "id": "gw-1",
                 *           "labels": {
                 *             "building": "b1"
                 *           }
                 *         }
                 *       ],
                 *       "codes": true,
                 *       "expiresInSeconds": 604800
                 *     }
                 */
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
            header?: {
                /** @description Sent again by the same caller, the same key gives the same answer and starts nothing more */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "building-1",
                 *       "ids": [
                 *         "b1-*"
                 *       ],
                 *       "labels": {
                 *         "building": "b1"
                 *       },
                 *       "most": 200,
                 *       "expiresInSeconds": 604800
                 *     }
                 */
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
                        /** @description Shown this once; only its hash is kept, so a request that is sent again is answered null */
                        token: string | null;
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
            header?: {
                /** @description Sent again by the same caller, the same key gives the same answer and starts nothing more */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "building-1",
                 *       "select": "labels.building == \"b1\""
                 *     }
                 */
                "application/json": {
                    name: string;
                    gatewayIds?: string[];
                    select?: string;
                    /**
                     * @description Of a selector; default live. frozen: who matches now belongs to it from now on
                     * @enum {unknown}
                     */
                    mode?: "live" | "frozen";
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
                        /**
                         * @description live: the selector is looked up each time; frozen: it was looked up once, or the gateways are a list
                         * @enum {unknown}
                         */
                        mode: "live" | "frozen";
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
    changeDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "gatewayIds": [
                 *         "gw-1",
                 *         "gw-2"
                 *       ]
                 *     }
                 */
                "application/json": {
                    gatewayIds?: string[];
                    select?: string;
                    /**
                     * @description Of a selector; default live. frozen: who matches now belongs to it from now on
                     * @enum {unknown}
                     */
                    mode?: "live" | "frozen";
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
    removeDeployment: {
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
    planRollout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "requests": [
                 *         "thermometer@^2"
                 *       ],
                 *       "deployment": "building-1",
                 *       "plans": 3
                 *     }
                 */
                "application/json": {
                    requests: string[];
                    deployment?: string;
                    /** @description Ids of gateways */
                    gateways?: string[];
                    /** @description A selector */
                    select?: string;
                    /** @description The same as gateways with this one alone */
                    gatewayId?: string;
                    plans?: number;
                    /** @description Newer versions may take away what was asked for before; default false */
                    allowRemove?: boolean;
                    /** @description How long to compute at most for all gateways with the same facts; default 5 */
                    budgetSeconds?: number;
                    /** @description What is asked for may come in an older version than a gateway has; default false */
                    allowDowngrade?: boolean;
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
                /** @description Part of id, requests, target or author, in whatever case */
                text?: string;
                /** @description Name of who asked for it */
                createdBy?: string;
                state?: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
                campaign?: string;
                /** @description default -created: newest first */
                sort?: "-created" | "created";
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
                /**
                 * @example {
                 *       "requests": [
                 *         "thermometer@^2"
                 *       ],
                 *       "deployment": "building-1",
                 *       "deadlineSeconds": 3600
                 *     }
                 */
                "application/json": {
                    requests: string[];
                    deployment?: string;
                    /** @description Ids of gateways */
                    gateways?: string[];
                    /** @description A selector */
                    select?: string;
                    deadlineSeconds?: number;
                    /**
                     * @description Spreads the gateways of this rollout over all nodes first; default: each stays on its node
                     * @enum {unknown}
                     */
                    balancer?: "load" | "least-loaded" | "location";
                    /** @description Newer versions may take away what was asked for before; default false */
                    allowRemove?: boolean;
                    /** @description What is asked for may come in an older version than a gateway has; default false */
                    allowDowngrade?: boolean;
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
    facetRollouts: {
        parameters: {
            query?: {
                /** @description Part of id, requests, target or author, in whatever case */
                text?: string;
                /** @description Name of who asked for it */
                createdBy?: string;
                state?: "requested" | "running" | "cancelling" | "succeeded" | "partly" | "failed" | "cancelled" | "superseded";
                campaign?: string;
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
                    "application/json": components["schemas"]["WorkFacets"];
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
                /** @description A selector over the gateway */
                select?: string;
                /** @description Part of the gateway's id, name, mac or a label, in whatever case */
                text?: string;
                /** @description The node that it was with */
                node?: string;
                /** @description What kind of failure it was */
                class?: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                /** @description Key of a reason */
                reason?: string;
                state?: "pending" | "offered" | "downloading" | "installing" | "succeeded" | "failed" | "incompatible" | "lost" | "cancelled" | "superseded";
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
    facetDeliveries: {
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
                    "application/json": components["schemas"]["DeliveryFacets"];
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
    showDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                gateway: string;
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
                    "application/json": components["schemas"]["GatewayDelivery"];
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
                    "text/event-stream": {
                        event: string;
                        id?: string;
                        data: string;
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
    listTroubledDeliveries: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                /** @description A selector over the gateway */
                select?: string;
                /** @description Part of the gateway's id, name, mac or a label, in whatever case */
                text?: string;
                /** @description The node that it was with */
                node?: string;
                /** @description What kind of failure it was */
                class?: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                /** @description Key of a reason */
                reason?: string;
                /** @description As what it ended; default: all of these */
                state?: "failed" | "incompatible" | "lost";
                rollout?: string;
                campaign?: string;
                /** @description Ended within so many hours, 1 to 720 (default 168) */
                sinceHours?: string;
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
                        items: components["schemas"]["FleetDelivery"][];
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
    facetTroubledDeliveries: {
        parameters: {
            query?: {
                /** @description A selector over the gateway */
                select?: string;
                /** @description Part of the gateway's id, name, mac or a label, in whatever case */
                text?: string;
                /** @description The node that it was with */
                node?: string;
                /** @description What kind of failure it was */
                class?: "network" | "integrity" | "space" | "script" | "health" | "incompatible" | "lost" | "internal";
                /** @description Key of a reason */
                reason?: string;
                /** @description As what it ended; default: all of these */
                state?: "failed" | "incompatible" | "lost";
                rollout?: string;
                campaign?: string;
                /** @description Ended within so many hours, 1 to 720 (default 168) */
                sinceHours?: string;
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
                    "application/json": components["schemas"]["DeliveryFacets"];
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
    watchFleet: {
        parameters: {
            query?: {
                /** @description What to tell of, separated by commas: rollouts, campaigns, gateways, nodes */
                topics?: string;
                /** @description Ids of rollouts whose progress is told besides, separated by commas */
                rollout?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events until the caller leaves; each is named after what it tells of */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": {
                        event: string;
                        id?: string;
                        data: string;
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
    listWantedStates: {
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
                        items: components["schemas"]["WantedState"][];
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
    wantState: {
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
                /**
                 * @example {
                 *       "requests": [
                 *         "thermometer@^2"
                 *       ],
                 *       "deployment": "building-1",
                 *       "strategy": "canary"
                 *     }
                 */
                "application/json": {
                    requests: string[];
                    deployment: string;
                    /** @description A new version in the range is rolled out by itself; default: false without a strategy */
                    automatic?: boolean;
                    /** @description How a new version goes through the gateways, by a campaign; to all at once when not given */
                    strategy?: ("all-at-once" | "canary" | "careful" | "emergency") | {
                        [key: string]: unknown;
                    };
                    /** @description Time that a gateway has in a rollout until it counts as lost; default: one day */
                    deadlineSeconds?: number;
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
                    "application/json": components["schemas"]["WantedState"];
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
    showWantedState: {
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
                    "application/json": components["schemas"]["WantedStateDetail"];
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
    listWantedGateways: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                standing?: "held" | "drifted" | "moving" | "cannot" | "silent" | "conflict";
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
                        items: components["schemas"]["WantedMember"][];
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
    endWantedState: {
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
                    "application/json": components["schemas"]["WantedState"];
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
    listCampaigns: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                cursor?: string;
                /** @description Part of id, requests, target or author, in whatever case */
                text?: string;
                /** @description Name of who asked for it */
                createdBy?: string;
                state?: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
                /** @description default -created: newest first */
                sort?: "-created" | "created";
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
                        items: components["schemas"]["CampaignSummary"][];
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
    startCampaign: {
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
                /**
                 * @example {
                 *       "requests": [
                 *         "thermometer@^2"
                 *       ],
                 *       "deployment": "building-1",
                 *       "strategy": {
                 *         "phases": [
                 *           {
                 *             "name": "canary",
                 *             "percent": 5,
                 *             "gate": {
                 *               "bakeSeconds": 3600
                 *             }
                 *           },
                 *           {
                 *             "percent": 100
                 *           }
                 *         ]
                 *       },
                 *       "reason": "the sensor reads half a degree too high"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: uuid
                     * @description As a preview gave it: phases get the same gateways; another one when not given
                     */
                    id?: string;
                    requests: string[];
                    deployment?: string;
                    gateways?: string[];
                    select?: string;
                    /** @description How it goes through the gateways; all at once when not given */
                    strategy?: ("all-at-once" | "canary" | "careful" | "emergency") | {
                        [key: string]: unknown;
                    };
                    /** @description Newer versions may take away what was asked for before; default false */
                    allowRemove?: boolean;
                    /** @description What was asked for may come in an older version than the gateway has; default false */
                    allowDowngrade?: boolean;
                    /** @description Why, for those who read it later */
                    reason?: string;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
    previewCampaign: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "requests": [
                 *         "thermometer@^2"
                 *       ],
                 *       "deployment": "building-1",
                 *       "strategy": {
                 *         "phases": [
                 *           {
                 *             "name": "canary",
                 *             "percent": 5,
                 *             "gate": {
                 *               "bakeSeconds": 3600
                 *             }
                 *           },
                 *           {
                 *             "percent": 100
                 *           }
                 *         ]
                 *       },
                 *       "reason": "the sensor reads half a degree too high"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: uuid
                     * @description As a preview gave it: phases get the same gateways; another one when not given
                     */
                    id?: string;
                    requests: string[];
                    deployment?: string;
                    gateways?: string[];
                    select?: string;
                    /** @description How it goes through the gateways; all at once when not given */
                    strategy?: ("all-at-once" | "canary" | "careful" | "emergency") | {
                        [key: string]: unknown;
                    };
                    /** @description Newer versions may take away what was asked for before; default false */
                    allowRemove?: boolean;
                    /** @description What was asked for may come in an older version than the gateway has; default false */
                    allowDowngrade?: boolean;
                    /** @description Why, for those who read it later */
                    reason?: string;
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
                    "application/json": components["schemas"]["CampaignPreview"];
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
    facetCampaigns: {
        parameters: {
            query?: {
                /** @description Part of id, requests, target or author, in whatever case */
                text?: string;
                /** @description Name of who asked for it */
                createdBy?: string;
                state?: "waiting" | "running" | "baking" | "awaiting-approval" | "paused" | "stopping" | "aborting" | "rolling-back" | "succeeded" | "partly" | "failed" | "stopped" | "aborted" | "rolled-back";
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
                    "application/json": components["schemas"]["WorkFacets"];
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
    showCampaign: {
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
                    "application/json": components["schemas"]["Campaign"];
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
    showCampaignProgress: {
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
                    "application/json": components["schemas"]["CampaignProgress"];
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
    reportCampaign: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                /** @description json: a page at a time (default); jsonl, csv: all of it as a download */
                format?: "json" | "jsonl" | "csv";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By gateway id */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["CampaignEvidence"][];
                        nextCursor: string | null;
                    };
                    "application/jsonl": string;
                    "text/csv": string;
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
    pauseCampaign: {
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
                /**
                 * @example {
                 *       "reason": "the shop opens at nine"
                 *     }
                 */
                "application/json": {
                    /** @description Why, for those who read it later */
                    reason?: string;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
    resumeCampaign: {
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
                /**
                 * @example {
                 *       "reason": "the shop opens at nine"
                 *     }
                 */
                "application/json": {
                    /** @description Why, for those who read it later */
                    reason?: string;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
    stopCampaign: {
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
                /**
                 * @example {
                 *       "reason": "the shop opens at nine"
                 *     }
                 */
                "application/json": {
                    /** @description Why, for those who read it later */
                    reason?: string;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
    abortCampaign: {
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
                /**
                 * @example {
                 *       "reason": "the shop opens at nine"
                 *     }
                 */
                "application/json": {
                    /** @description Why, for those who read it later */
                    reason?: string;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
    approveCampaign: {
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
                /**
                 * @example {
                 *       "reason": "the canary is well",
                 *       "phase": 1
                 *     }
                 */
                "application/json": {
                    /** @description Why, for those who read it later */
                    reason?: string;
                    /** @description The first is 1 */
                    phase?: number;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
    rollbackCampaign: {
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
                /**
                 * @example {
                 *       "reason": "the shop opens at nine",
                 *       "phase": 1
                 *     }
                 */
                "application/json": {
                    /** @description Why, for those who read it later */
                    reason?: string;
                    /** @description The first is 1 */
                    phase?: number;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
    retryCampaign: {
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
                /**
                 * @example {
                 *       "reason": "the line of site 4 is mended"
                 *     }
                 */
                "application/json": {
                    /** @description Why, for those who read it later */
                    reason?: string;
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
                    "application/json": components["schemas"]["CampaignSummary"];
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
                /**
                 * @example {
                 *       "action": "uninstall",
                 *       "artifact": "thermometer",
                 *       "gatewayIds": [
                 *         "gw-1"
                 *       ],
                 *       "keepData": true
                 *     }
                 */
                "application/json": {
                    /** @enum {unknown} */
                    action: "uninstall" | "start" | "stop" | "wipe" | "profile";
                    /** @description Name, without a version; wipe and profile are about no artifact */
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
                        /** @description Gateways that get the order: those meant that have the artifact */
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
                /**
                 * @example {
                 *       "action": "uninstall",
                 *       "artifact": "thermometer",
                 *       "gatewayIds": [
                 *         "gw-1"
                 *       ],
                 *       "keepData": true
                 *     }
                 */
                "application/json": {
                    /** @enum {unknown} */
                    action: "uninstall" | "start" | "stop" | "wipe" | "profile";
                    /** @description Name, without a version; wipe and profile are about no artifact */
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
                        /** @description Gateways that get the order: those meant that have the artifact */
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
            header?: {
                /** @description Sent again by the same caller, the same key gives the same answer and starts nothing more */
                "idempotency-key"?: string;
            };
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
                /**
                 * @example {
                 *       "roots": [
                 *         "{\"signatures\":[…],\"signed\":{…}}"
                 *       ],
                 *       "targets": "{\"signatures\":[…],\"signed\":{…}}"
                 *     }
                 */
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
    listTokens: {
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
                        items: components["schemas"]["Token"][];
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
    createToken: {
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
                /**
                 * @example {
                 *       "name": "site-team",
                 *       "grants": [
                 *         {
                 *           "role": "operator",
                 *           "scope": "labels.building in (\"b1\", \"b2\")"
                 *         }
                 *       ],
                 *       "expiresInSeconds": 7776000
                 *     }
                 */
                "application/json": components["schemas"]["TokenRequest"];
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
                        token: components["schemas"]["Token"];
                        /** @description What is sent as bearer token. Shown this once; a request that is sent again is answered null */
                        secret: string | null;
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
    whoami: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who asks, and what that may do */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Whoami"];
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
    revokeToken: {
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
    signInWays: {
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
                        /** @description The OpenID provider that people can sign in by; null: there is none, and tokens alone are taken */
                        issuer: string | null;
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
    beginDeviceSignIn: {
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
                        /** @description To ask with whether it is done; to be kept secret */
                        deviceCode: string;
                        /** @description What the person is to see there, or to type */
                        userCode: string;
                        verificationUri: string;
                        verificationUriComplete: string | null;
                        expiresInSeconds: number;
                        /** @description Between two questions */
                        intervalSeconds: number;
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
    deviceSignInOutcome: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "deviceCode": "as the provider gave it"
                 *     }
                 */
                "application/json": {
                    deviceCode: string;
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
                        /**
                         * @description Not done yet; slow-down: ask five seconds less often from now on
                         * @enum {unknown}
                         */
                        state: "pending" | "slow-down";
                    } | {
                        /** @enum {string} */
                        state: "signed-in";
                        /** @description What is sent as bearer token; shown this once */
                        secret: string;
                        name: string;
                        grants: {
                            /** @enum {unknown} */
                            role: "viewer" | "operator" | "publisher" | "approver" | "admin";
                            /** @description A selector; null: the whole fleet */
                            scope: string | null;
                        }[];
                        /** Format: date-time */
                        expiresAt: string;
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
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
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
    listSessions: {
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
                        items: components["schemas"]["Session"][];
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
    revokeSession: {
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
    listAudit: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                /** @description Name of who asked */
                principal?: string;
                /** @description operationId of the request */
                action?: string;
                /** @description What it is about, or how that begins: gateways/gw-1 */
                subject?: string;
                /** @description instance of the problem, or id in the log */
                request?: string;
                from?: string;
                to?: string;
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
                        items: components["schemas"]["AuditEntry"][];
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
    listWebhooks: {
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
                        items: components["schemas"]["Webhook"][];
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
    createWebhook: {
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
                /**
                 * @example {
                 *       "name": "ops",
                 *       "url": "https://hooks.example/leonore",
                 *       "events": [
                 *         "rollout.ended",
                 *         "gateway.silent"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["WebhookRequest"];
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
                        webhook: components["schemas"]["Webhook"];
                        /** @description By which signatures are verified. Shown this once; a request that is sent again is answered null */
                        secret: string | null;
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
    getWebhook: {
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
                    "application/json": components["schemas"]["Webhook"];
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
    removeWebhook: {
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
    testWebhook: {
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
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
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
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "overlapSeconds": 21600
                 *     }
                 */
                "application/json": {
                    /** @description For how long the secret before it signs too; a day when not given */
                    overlapSeconds?: number;
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
                        webhook: components["schemas"]["Webhook"];
                        /** @description By which signatures are verified. Shown this once; a request that is sent again is answered null */
                        secret: string | null;
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
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description Items a page, 1 to 500 (default 100) */
                limit?: string;
                /** @description nextCursor of the page before */
                cursor?: string;
                state?: "waiting" | "delivered" | "dead";
            };
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
                        items: components["schemas"]["WebhookDelivery"][];
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
    getWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
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
                    "application/json": components["schemas"]["WebhookDelivery"];
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
    retryWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "deliveryIds": [
                 *         "0b5c1f6e-8f0f-4f0e-9a53-5f7f2f3b8a11"
                 *       ]
                 *     }
                 */
                "application/json": {
                    /** @description Those among the deliveries that were given up; absent: all of them */
                    deliveryIds?: string[];
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
                        retried: number;
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
    findIds: {
        parameters: {
            query: {
                /** @description How the id begins: at least four hexadecimal digits */
                prefix: string;
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
                        items: {
                            id: string;
                            /** @enum {unknown} */
                            kind: "rollout" | "order" | "campaign" | "wanted-state";
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
}
