import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './client.js';

const mostRetries = 2;

/** Answers are kept as long as somebody looks at them, and a little longer for the way back. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: true,
      // What was refused is refused again.
      retry: (failures, error) =>
        failures < mostRetries && error instanceof ApiProblem && (error.status === 0 || error.status >= 500),
    },
    mutations: { retry: false },
  },
});
