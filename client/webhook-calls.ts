import type { Client } from 'openapi-fetch';
import { answerOf } from './answer-of.js';
import type { paths } from './openapi.js';
import type { Webhook, WebhookDelivery, WebhookRequest } from './resources.js';

/** A webhook, with what its requests are signed with. */
interface ShownSecret {
  readonly webhook: Webhook;
  readonly secret: string;
}

/** What may be asked of webhooks; part of {@link LeonoreClient}. */
export class WebhookCalls {
  constructor(private readonly http: Client<paths>) {}

  /** Has somebody told of what happens. @returns it with its secret, shown this once */
  async create(body: WebhookRequest): Promise<ShownSecret> {
    const { webhook, secret } = await answerOf(this.http.POST('/api/v1/webhooks', { body }));
    // Without a key no request is taken for one before.
    return { webhook, secret: secret ?? '' };
  }

  async list(): Promise<Webhook[]> {
    return (await answerOf(this.http.GET('/api/v1/webhooks'))).items;
  }

  async get(name: string): Promise<Webhook> {
    return answerOf(this.http.GET('/api/v1/webhooks/{name}', { params: { path: { name } } }));
  }

  async remove(name: string): Promise<void> {
    await this.http.DELETE('/api/v1/webhooks/{name}', { params: { path: { name } } });
  }

  /** Sends it a message to try it by. @returns the delivery, as it is before it is made */
  async test(name: string): Promise<WebhookDelivery> {
    return answerOf(this.http.POST('/api/v1/webhooks/{name}/test', { params: { path: { name } } }));
  }

  /**
   * Gives it another secret.
   * @param overlapSeconds for how long the one before signs too; a day when not given
   */
  async rotate(name: string, overlapSeconds?: number): Promise<ShownSecret> {
    const body = overlapSeconds === undefined ? {} : { overlapSeconds };
    const params = { path: { name } };
    const { webhook, secret } = await answerOf(
      this.http.POST('/api/v1/webhooks/{name}/secret', { params, body }),
    );
    return { webhook, secret: secret ?? '' };
  }

  /** Its latest deliveries. @param most at most 500 */
  async deliveries(
    name: string,
    state: WebhookDelivery['state'] | undefined,
    most: number,
  ): Promise<WebhookDelivery[]> {
    const query = { limit: String(most), ...(state === undefined ? {} : { state }) };
    const params = { path: { name }, query };
    return (await answerOf(this.http.GET('/api/v1/webhooks/{name}/deliveries', { params }))).items;
  }

  async delivery(name: string, id: string): Promise<WebhookDelivery> {
    const params = { path: { name, id } };
    return answerOf(this.http.GET('/api/v1/webhooks/{name}/deliveries/{id}', { params }));
  }

  /** Has tried anew what was given up. @param ids none: all of it. @returns how many there were */
  async retry(name: string, ids: readonly string[]): Promise<number> {
    const body = ids.length === 0 ? {} : { deliveryIds: [...ids] };
    const params = { path: { name } };
    return (await answerOf(this.http.POST('/api/v1/webhooks/{name}/retry', { params, body }))).retried;
  }
}
