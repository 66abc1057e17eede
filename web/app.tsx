import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useSyncExternalStore } from 'react';
import { RouterProvider } from 'react-aria-components';
import { Route, Router, Switch, useLocation } from 'wouter';
import { queryClient } from './api/query-client.js';
import { session } from './api/session.js';
import { AskDialog } from './components/dialogs.js';
import { Frame } from './components/frame.js';
import { Loading } from './components/loaded.js';
import { PageBoundary } from './components/page-boundary.js';
import { RenewSession, SignedInPage, SignInPage, signedInPath } from './components/sign-in.js';
import { usePath, useSearch } from './logic/address.js';
import { NotFoundPage } from './pages/not-found.js';

const OverviewPage = lazy(() => import('./pages/overview.js'));
const CampaignsPage = lazy(() => import('./pages/campaigns.js'));
const CampaignPage = lazy(() => import('./pages/campaign.js'));
const CampaignReportPage = lazy(() => import('./pages/campaign-report.js'));
const RolloutsPage = lazy(() => import('./pages/rollouts.js'));
const RolloutPage = lazy(() => import('./pages/rollout.js'));
const PlanPage = lazy(() => import('./pages/plan.js'));
const GatewaysPage = lazy(() => import('./pages/gateways.js'));
const GatewayPage = lazy(() => import('./pages/gateway.js'));
const ArtifactsPage = lazy(() => import('./pages/artifacts.js'));
const ArtifactPage = lazy(() => import('./pages/artifact.js'));
const PackagesPage = lazy(() => import('./pages/packages.js'));
const PackagePage = lazy(() => import('./pages/package.js'));
const DeploymentsPage = lazy(() => import('./pages/deployments.js'));
const DeploymentPage = lazy(() => import('./pages/deployment.js'));
const WantedStatesPage = lazy(() => import('./pages/wanted-states.js'));
const NewWantedStatePage = lazy(() => import('./pages/new-wanted-state.js'));
const WantedStatePage = lazy(() => import('./pages/wanted-state.js'));
const OrdersPage = lazy(() => import('./pages/orders.js'));
const NodesPage = lazy(() => import('./pages/nodes.js'));
const HistoryPage = lazy(() => import('./pages/history.js'));
const AccessPage = lazy(() => import('./pages/access.js'));

/** The dashboard: who is signed in sees its pages; each has an address (views.json names the first part of it). */
export function App() {
  const { state } = useSyncExternalStore(session.subscribe, session.facts);
  return (
    <QueryClientProvider client={queryClient}>
      {location.pathname === signedInPath ? (
        <SignedInPage />
      ) : state === 'signed-out' ? (
        <SignInPage />
      ) : (
        <Router hook={usePath} searchHook={useSearch}>
          <SignedIn isExpired={state === 'expired'} />
        </Router>
      )}
    </QueryClientProvider>
  );
}

function SignedIn({ isExpired }: { readonly isExpired: boolean }) {
  const [location, navigate] = useLocation();
  return (
    <RouterProvider navigate={navigate}>
      <Frame>
        <PageBoundary key={location}>
          <Suspense fallback={<Loading />}>
            <Pages />
          </Suspense>
        </PageBoundary>
      </Frame>
      <AskDialog key={location} />
      {isExpired && <RenewSession />}
    </RouterProvider>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <OverviewPage />
      </Route>
      <Route path="/campaigns">
        <CampaignsPage />
      </Route>
      <Route path="/campaigns/:id">{({ id }) => <CampaignPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/campaigns/:id/report">
        {({ id }) => <CampaignReportPage key={id} id={decodeURIComponent(id)} />}
      </Route>
      <Route path="/rollouts">
        <RolloutsPage />
      </Route>
      <Route path="/rollouts/:id">{({ id }) => <RolloutPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/plan">
        <PlanPage />
      </Route>
      <Route path="/gateways">
        <GatewaysPage />
      </Route>
      <Route path="/gateways/:id">{({ id }) => <GatewayPage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/artifacts">
        <ArtifactsPage />
      </Route>
      <Route path="/artifacts/:name">
        {({ name }) => <ArtifactPage key={name} name={decodeURIComponent(name)} />}
      </Route>
      <Route path="/packages">
        <PackagesPage />
      </Route>
      <Route path="/packages/:id">{({ id }) => <PackagePage key={id} id={decodeURIComponent(id)} />}</Route>
      <Route path="/deployments">
        <DeploymentsPage />
      </Route>
      <Route path="/deployments/:name">
        {({ name }) => <DeploymentPage key={name} name={decodeURIComponent(name)} />}
      </Route>
      <Route path="/wanted-states">
        <WantedStatesPage />
      </Route>
      <Route path="/wanted-states/new">
        <NewWantedStatePage />
      </Route>
      <Route path="/wanted-states/:id">
        {({ id }) => <WantedStatePage key={id} id={decodeURIComponent(id)} />}
      </Route>
      <Route path="/orders">
        <OrdersPage />
      </Route>
      <Route path="/nodes">
        <NodesPage />
      </Route>
      <Route path="/history">
        <HistoryPage />
      </Route>
      <Route path="/access">
        <AccessPage />
      </Route>
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  );
}
