import type { Client } from 'openapi-fetch';
import { itemsOf } from './all-pages.js';
import { answerOf } from './answer-of.js';
import type { paths } from './openapi.js';
import type { AuditFilter } from './requests.js';
import type { AuditEntry, Token, TokenRequest, Whoami } from './resources.js';

/** Who may do what, and who did; part of {@link LeonoreClient}. */
export class PeopleCalls {
  constructor(private readonly http: Client<paths>) {}

  /** Whose token is sent, and what it may do. */
  async whoami(): Promise<Whoami> {
    return answerOf(this.http.GET('/api/v1/whoami'));
  }

  /** Makes a token for a person or a service. @returns it with what is sent as bearer token, shown this once */
  async createToken(body: TokenRequest): Promise<{ token: Token; secret: string }> {
    const { token, secret } = await answerOf(this.http.POST('/api/v1/tokens', { body }));
    // Without a key no request is taken for one before.
    return { token, secret: secret ?? '' };
  }

  async tokens(): Promise<Token[]> {
    return (await answerOf(this.http.GET('/api/v1/tokens'))).items;
  }

  async revokeToken(name: string): Promise<void> {
    await this.http.DELETE('/api/v1/tokens/{name}', { params: { path: { name } } });
  }

  /** Who changed what, the latest first; read a page at a time, for as long as somebody goes on. */
  audit(filter: AuditFilter): AsyncGenerator<AuditEntry> {
    return itemsOf((page) => this.http.GET('/api/v1/audit', { params: { query: { ...page, ...filter } } }));
  }
}
