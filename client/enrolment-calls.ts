import type { Client } from 'openapi-fetch';
import { answerOf } from './answer-of.js';
import type { paths } from './openapi.js';
import type { Contest, Enrolment, EnrolmentRequest, ExpectRequest, Gateway } from './resources.js';

/** Which gateways are let in, and which tried in vain; part of {@link LeonoreClient}. */
export class EnrolmentCalls {
  constructor(private readonly http: Client<paths>) {}

  /** Makes a token with which gateways may enrol; it is shown this once. */
  async create(body: EnrolmentRequest): Promise<{ enrolment: Enrolment; token: string }> {
    const { enrolment, token } = await answerOf(this.http.POST('/api/v1/enrolments', { body }));
    // Without a key no request is taken for one before.
    return { enrolment, token: token ?? '' };
  }

  async list(): Promise<Enrolment[]> {
    return (await answerOf(this.http.GET('/api/v1/enrolments'))).items;
  }

  async revoke(name: string): Promise<void> {
    await this.http.DELETE('/api/v1/enrolments/{name}', { params: { path: { name } } });
  }

  /** Registers gateways before they come. @returns their claim codes, shown this once */
  async expect(body: ExpectRequest): Promise<{ id: string; claimCode: string | null }[]> {
    return (await answerOf(this.http.POST('/api/v1/expected-gateways', { body }))).items;
  }

  /** Refused registrations under ids of gateways, the latest first. @param gateway of that one alone */
  async contests(gateway?: string): Promise<Contest[]> {
    const query = gateway === undefined ? {} : { gateway };
    return (await answerOf(this.http.GET('/api/v1/contested-gateways', { params: { query } }))).items;
  }

  /** Lets a gateway in that waits for it. */
  async approve(id: string): Promise<Gateway> {
    return answerOf(this.http.POST('/api/v1/gateways/{id}/approval', { params: { path: { id } } }));
  }

  /** Lets an id be enrolled anew. @returns the claim code, if one was asked for: it is shown this once */
  async readmit(
    id: string,
    body: { readonly code?: boolean; readonly expiresInSeconds?: number },
  ): Promise<{ id: string; claimCode: string | null }> {
    const path = { id };
    return answerOf(this.http.POST('/api/v1/gateways/{id}/readmission', { body, params: { path } }));
  }
}
